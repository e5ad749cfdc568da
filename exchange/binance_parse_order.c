/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of all kinds of answers: spot, USD-M, algo, pairs, cancel-replace, lists. */
#include <stdlib.h>
#include <string.h>

#include "exchange/binance_field.h"
#include "exchange/binance_parse.h"

static const struct {
    const char *name;
    enum binance_type type;
} types[] = {
    {"LIMIT", BINANCE_LIMIT},
    {"MARKET", BINANCE_MARKET_ORDER},
    {"LIMIT_MAKER", BINANCE_LIMIT_MAKER},
    {"STOP_LOSS", BINANCE_STOP_LOSS},
    {"STOP_MARKET", BINANCE_STOP_LOSS},
    {"STOP_LOSS_LIMIT", BINANCE_STOP_LIMIT},
    {"STOP", BINANCE_STOP_LIMIT},
    {"TAKE_PROFIT_MARKET", BINANCE_TAKE_PROFIT},
    {"TAKE_PROFIT_LIMIT", BINANCE_TAKE_LIMIT},
    {"TRAILING_STOP_MARKET", BINANCE_TRAILING_STOP},
};

static const struct {
    const char *name;
    enum binance_status status;
} statuses[] = {
    {"NEW", BINANCE_NEW},
    {"PENDING_NEW", BINANCE_NEW},
    {"TRIGGERING", BINANCE_NEW}, /* algo: its order is on its way to the book */
    {"PARTIALLY_FILLED", BINANCE_PARTIALLY_FILLED},
    {"FILLED", BINANCE_FILLED},
    {"CANCELED", BINANCE_CANCELED},
    {"PENDING_CANCEL", BINANCE_PENDING_CANCEL},
    {"REJECTED", BINANCE_REJECTED},
    {"EXPIRED", BINANCE_EXPIRED},
    {"EXPIRED_IN_MATCH", BINANCE_EXPIRED},
    {"TRIGGERED", BINANCE_TRIGGERED},
    {"FINISHED", BINANCE_TRIGGERED}, /* algo: the order it became has ended */
};

void binance_order_release(struct binance_order *o)
{
    free(o->fills);
    o->fills = NULL;
    o->fill_count = 0;
}

void binance_orders_release(struct binance_orders *l)
{
    for (size_t i = 0; i < l->count; i++)
        binance_order_release(&l->items[i]);
    free(l->items);
    *l = (struct binance_orders){0};
}

static enum err read_status(const struct jnode *n, const char *key, struct binance_order *o,
                            struct diag_list *diags)
{
    char name[32];
    enum err e;

    if (!binance_has(n, key))
        return ERR_OK;
    e = binance_text(n, key, name, sizeof name, diags);
    if (e)
        return e;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        if (strcmp(statuses[i].name, name) == 0) {
            o->status = statuses[i].status;
            return ERR_OK;
        }
    }
    (void)diag_add(diags, key, "venue_answer", "the order state '%s' is not known", name);
    return ERR_INVALID;
}

static enum err read_type(const struct jnode *n, const char *key, struct binance_order *o,
                          struct diag_list *diags)
{
    char name[32];
    enum err e;

    if (!binance_has(n, key))
        return ERR_OK;
    e = binance_text(n, key, name, sizeof name, diags);
    if (e)
        return e;
    o->type = BINANCE_TYPE_OTHER;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(types[i].name, name) == 0)
            o->type = types[i].type;
    }
    /* One word for two things: the price says which. */
    if (strcmp(name, "TAKE_PROFIT") == 0)
        o->type = price_sign(o->price) > 0 ? BINANCE_TAKE_LIMIT : BINANCE_TAKE_PROFIT;
    return ERR_OK;
}

static enum err read_side(const struct jnode *n, struct binance_order *o, struct diag_list *diags)
{
    char name[8];
    enum err e;

    if (!binance_has(n, "side"))
        return ERR_OK;
    e = binance_text(n, "side", name, sizeof name, diags);
    if (e)
        return e;
    o->has_side = true;
    o->side = strcmp(name, "SELL") == 0 ? SIDE_SELL : SIDE_BUY;
    if (o->side == SIDE_SELL || strcmp(name, "BUY") == 0)
        return ERR_OK;
    (void)diag_add(diags, "side", "venue_answer", "the side '%s' is not known", name);
    return ERR_INVALID;
}

static enum err read_fill(const struct jnode *n, struct binance_fill *f, struct diag_list *diags)
{
    enum err e;

    *f = (struct binance_fill){.at_us = TIME_NONE};
    if (!jnode_is(n, J_OBJECT)) {
        (void)diag_add(diags, "fills", "venue_answer", "a fill is not an object");
        return ERR_INVALID;
    }
    e = binance_id(n, "tradeId", f->id, diags);
    e = e ? e : binance_price(n, "price", &f->price, diags);
    e = e ? e : binance_size(n, "qty", &f->size, diags);
    e = e ? e : binance_money(n, "commission", &f->fee, diags);
    return e ? e : binance_text(n, "commissionAsset", f->fee_asset, sizeof f->fee_asset, diags);
}

static enum err read_fills(const struct jnode *n, struct binance_order *o, struct diag_list *diags)
{
    const struct jnode *list;
    enum err e;

    if (!binance_has(n, "fills"))
        return ERR_OK;
    e = binance_member_list(n, "fills", BINANCE_FILLS, diags, &list);
    if (e)
        return e;
    o->has_fills = true;
    o->fills = xcalloc(jnode_count(list) + 1, sizeof *o->fills);
    for (size_t i = 0; !e && i < jnode_count(list); i++) {
        e = read_fill(jnode_item(list, i), &o->fills[i], diags);
        o->fills[i].side = o->side;
        o->fill_count = i + 1;
    }
    return e;
}

/* The members an algo order names in its own way. */
static enum err read_algo(const struct jnode *n, struct binance_order *o, struct diag_list *diags)
{
    enum err e = binance_id(n, "algoId", o->id, diags);

    o->is_algo = true;
    e = e ? e : binance_text(n, "clientAlgoId", o->client_id, sizeof o->client_id, diags);
    e = e ? e : binance_may_id(n, "actualOrderId", o->actual_id, diags);
    e = e ? e : binance_may_size(n, "quantity", &o->size, diags);
    e = e ? e : binance_may_price(n, "triggerPrice", &o->stop, diags);
    e = e ? e : read_status(n, "algoStatus", o, diags);
    e = e ? e : read_type(n, "orderType", o, diags);
    e = e ? e : binance_may_time(n, "createTime", &o->at_us, diags);
    if (strcmp(o->actual_id, "0") == 0)
        o->actual_id[0] = '\0';
    return e;
}

static enum err read_ordinary(const struct jnode *n, struct binance_order *o,
                              struct diag_list *diags)
{
    /* A cancel's answer has the cancel's own id as clientOrderId. */
    const char *name = binance_has(n, "origClientOrderId") ? "origClientOrderId" : "clientOrderId";
    struct money quote = {-1};
    i128 average = 0;
    enum err e = binance_id(n, "orderId", o->id, diags);

    e = e ? e : binance_text(n, name, o->client_id, sizeof o->client_id, diags);
    e = e ? e : binance_may_size(n, "origQty", &o->size, diags);
    e = e ? e : binance_may_size(n, "executedQty", &o->executed, diags);
    e = e ? e : binance_may_price(n, "stopPrice", &o->stop, diags);
    e = e ? e : binance_may_money(n, "cummulativeQuoteQty", &quote, diags);
    e = e ? e : binance_may_money(n, "cumQuote", &quote, diags);
    e = e ? e : binance_rough(n, "avgPrice", &average, diags);
    e = e ? e : read_status(n, "status", o, diags);
    e = e ? e : read_type(n, "type", o, diags);
    e = e ? e : binance_may_time(n, "transactTime", &o->at_us, diags);
    e = e ? e : binance_may_time(n, "time", &o->at_us, diags);
    e = e ? e : read_fills(n, o, diags);
    if (e)
        return e;
    o->average = (struct price){average};
    /* A negative amount means "not known" (orders of before 2018). */
    if (money_sign(quote) >= 0)
        o->quote = quote;
    if (average == 0 && money_sign(quote) > 0 && size_sign(o->executed) > 0)
        e = money_per_size(quote, o->executed, ROUND_HALF_EVEN, &o->average);
    return e;
}

static enum err read_order(const struct jnode *n, struct binance_order *out,
                           struct diag_list *diags)
{
    struct binance_order o = {.status = BINANCE_STATUS_NONE,
                              .type = BINANCE_TYPE_OTHER,
                              .at_us = TIME_NONE,
                              .updated_us = TIME_NONE};
    enum err e;

    if (!jnode_is(n, J_OBJECT)) {
        (void)diag_add(diags, "order", "venue_answer", "an order is not an object");
        return ERR_INVALID;
    }
    e = binance_text(n, "symbol", o.symbol, sizeof o.symbol, diags);
    e = e ? e : binance_may_price(n, "price", &o.price, diags);
    e = e ? e : read_side(n, &o, diags);
    e = e ? e : binance_may_bool(n, "reduceOnly", &o.reduce_only, diags);
    e = e ? e : binance_may_time(n, "updateTime", &o.updated_us, diags);
    if (!e)
        e = binance_has(n, "algoId") ? read_algo(n, &o, diags) : read_ordinary(n, &o, diags);
    if (!e && (size_sign(o.size) < 0 || size_sign(o.executed) < 0 || price_sign(o.price) < 0)) {
        (void)diag_add(diags, "order", "venue_answer", "an order has a negative size or price");
        e = ERR_INVALID;
    }
    if (e) {
        binance_order_release(&o);
        return e;
    }
    if (o.at_us == TIME_NONE)
        o.at_us = o.updated_us;
    *out = o;
    return ERR_OK;
}

enum err binance_parse_order(const char *json, size_t length, struct diag_list *diags,
                             struct binance_order *out)
{
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = read_order(root, out, diags);
    jnode_free(root);
    return e;
}

static enum err read_orders(const struct jnode *list, const char *name, struct diag_list *diags,
                            struct binance_orders *out)
{
    struct binance_orders l = {0};
    enum err e = binance_list(list, name, BINANCE_ORDERS, diags);

    if (e)
        return e;
    l.items = xcalloc(jnode_count(list) + 1, sizeof *l.items);
    for (size_t i = 0; !e && i < jnode_count(list); i++) {
        const struct jnode *item = jnode_item(list, i);

        if (jnode_is(item, J_OBJECT) && binance_has(item, "orderReports"))
            continue; /* a pair among the canceled; its orders are listed in its own answer */
        e = read_order(item, &l.items[l.count], diags);
        l.count += e == ERR_OK;
    }
    if (e)
        binance_orders_release(&l);
    else
        *out = l;
    return e;
}

enum err binance_parse_orders(const char *json, size_t length, struct diag_list *diags,
                              struct binance_orders *out)
{
    struct jnode *root;
    enum err e = binance_open(json, length, J_ARRAY, diags, &root);

    if (e)
        return e;
    e = read_orders(root, "orders", diags, out);
    jnode_free(root);
    return e;
}

enum err binance_parse_pair(const char *json, size_t length, struct diag_list *diags,
                            struct binance_orders *out)
{
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = read_orders(jnode_member(root, "orderReports"), "orderReports", diags, out);
    jnode_free(root);
    return e;
}

static enum err read_step(const struct jnode *n, const char *key, enum binance_step *out,
                          struct diag_list *diags)
{
    char word[16];
    enum err e = binance_text(n, key, word, sizeof word, diags);

    if (e)
        return e;
    *out = strcmp(word, "SUCCESS") == 0         ? BINANCE_STEP_DONE
           : strcmp(word, "NOT_ATTEMPTED") == 0 ? BINANCE_STEP_NOT_TRIED
                                                : BINANCE_STEP_FAILED;
    return ERR_OK;
}

static void read_refusal(const struct jnode *n, struct binance_refusal *out)
{
    const struct jnode *message = jnode_is(n, J_OBJECT) ? jnode_member(n, "msg") : NULL;

    *out = (struct binance_refusal){0};
    if (!jnode_is(n, J_OBJECT) || binance_integer(n, "code", &out->code, NULL) != ERR_OK)
        return;
    if (jnode_is(message, J_STRING))
        (void)copy_text(out->message, sizeof out->message, jnode_text(message));
}

static enum err read_replaced(const struct jnode *root, struct diag_list *diags,
                              struct binance_replaced *r)
{
    /* When it failed, the whole is wrapped: {"code":…,"msg":…,"data":{…}}. */
    const struct jnode *n = binance_has(root, "data") ? jnode_member(root, "data") : root;
    enum err e;

    if (!jnode_is(n, J_OBJECT)) {
        (void)diag_add(diags, "data", "venue_answer", "'data' is not an object");
        return ERR_INVALID;
    }
    e = read_step(n, "cancelResult", &r->cancel, diags);
    e = e ? e : read_step(n, "newOrderResult", &r->place, diags);
    if (!e && r->cancel == BINANCE_STEP_DONE)
        e = read_order(jnode_member(n, "cancelResponse"), &r->canceled, diags);
    if (!e && r->place == BINANCE_STEP_DONE)
        e = read_order(jnode_member(n, "newOrderResponse"), &r->placed, diags);
    read_refusal(jnode_member(n, "cancelResponse"), &r->cancel_refusal);
    read_refusal(jnode_member(n, "newOrderResponse"), &r->place_refusal);
    return e;
}

enum err binance_parse_replaced(const char *json, size_t length, struct diag_list *diags,
                                struct binance_replaced *out)
{
    struct binance_replaced r = {0};
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = read_replaced(root, diags, &r);
    jnode_free(root);
    if (e) {
        binance_order_release(&r.canceled);
        binance_order_release(&r.placed);
        return e;
    }
    *out = r;
    return ERR_OK;
}

bool binance_parse_refusal(const char *json, size_t length, struct binance_refusal *out)
{
    struct jnode *root;

    if (binance_open(json, length, J_OBJECT, NULL, &root) != ERR_OK)
        return false;
    read_refusal(root, out);
    jnode_free(root);
    return out->code != 0;
}

enum err binance_parse_done(const char *json, size_t length, struct diag_list *diags)
{
    struct jnode *root;
    int64_t code = 200;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    if (binance_has(root, "code"))
        e = binance_integer(root, "code", &code, diags);
    jnode_free(root);
    if (!e && code != 200) {
        (void)diag_add(diags, "code", "venue_answer", "the venue's code is %lld, not 200",
                       (long long)code);
        e = ERR_INVALID;
    }
    return e;
}
