/* SPDX-License-Identifier: Apache-2.0 */
/* Futures orders: new, batch, modify, query, cancel; conditional ones; the dead-man timer. */
#include "sandbox/endpoints.h"
#include "sandbox/find.h"
#include "sandbox/match.h"
#include "sandbox/place.h"
#include "sandbox/reply.h"
#include "sandbox/rules.h"
#include "sandbox/trade.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH_MAX = 5
};

static bool place_one(struct call *c, const struct asked *p)
{
    struct box_order o;
    enum place_answer answer;
    const struct box_order *added;

    if (!place_read_usdm(c, p, false, &o) || !place_read_answer(c, p, o.type, &answer))
        return false;
    added = place_submit(c, &o);
    if (!added)
        return false;
    reply_usdm_new(&c->w, c->b, added, answer);
    return true;
}

void usdm_order_new(struct call *c)
{
    (void)place_one(c, &c->params);
}

void usdm_order_test(struct call *c)
{
    struct box_order o;

    if (!place_read_usdm(c, &c->params, false, &o) || !place_check(c, &o))
        return;
    reply_usdm_new(&c->w, c->b, &o, PLACE_ACK);
}

/* ---- Batches: each fails by itself ---- */

typedef bool batch_one(struct call *c, const struct asked *p);

static void put_batch(struct call *c, const char *name, batch_one *run)
{
    const char *text = asked_get(&c->params, name);
    struct jnode *list = NULL;

    if (!text) {
        call_missing(c, name);
        return;
    }
    if (jnode_parse(text, strlen(text), name, NULL, &list) || !jnode_is(list, J_ARRAY) ||
        jnode_count(list) == 0) {
        call_fail(c, -1130, "Data sent for parameter '%s' is not valid.", name);
    } else if (jnode_count(list) > BATCH_MAX) {
        call_fail(c, -4082, "Invalid number of batch place orders.");
    } else {
        jw_array(&c->w);
        for (size_t i = 0; i < jnode_count(list); i++) {
            struct asked p = {0};

            if (asked_of_json(jnode_item(list, i), &p))
                call_fail(c, -1130, "Data sent for parameter '%s' is not valid.", name);
            else
                (void)run(c, &p);
            if (c->error.status)
                call_write_error(&c->w, &c->error);
            c->error = (struct call_error){0};
            asked_release(&p);
        }
        jw_array_end(&c->w);
    }
    jnode_free(list);
}

void usdm_batch_new(struct call *c)
{
    put_batch(c, "batchOrders", place_one);
}

/* A cancel and a new order with the same ids; Binance lets only limit orders be modified. */
static bool modify_one(struct call *c, const struct asked *p)
{
    struct box_order *o = find_order(c, p, "orderId", "origClientOrderId", -2013);
    struct box_order changed, before;
    enum box_side side;

    if (!o)
        return false;
    if (!book_is_live(o))
        return call_fail(c, -2013, "Order does not exist.");
    if (o->type != BOX_LIMIT)
        return call_fail(c, -1116, "Invalid orderType.");
    if (!place_side(c, p, &side))
        return false;
    changed = before = *o;
    if (!call_amount(c, p, "quantity", &changed.size.e12) ||
        !call_amount(c, p, "price", &changed.price.e12))
        return false;
    if (!asked_get(p, "quantity") || !asked_get(p, "price"))
        return call_missing(c, asked_get(p, "quantity") ? "price" : "quantity");
    if (side != o->side)
        return call_fail(c, -1117, "Invalid side.");
    if (changed.size.e12 == before.size.e12 && changed.price.e12 == before.price.e12)
        return call_fail(c, -5027, "No need to modify the order.");
    if (size_cmp(changed.size, o->filled) <= 0) {
        trade_end(c->b, o,
                  BOX_CANCELED); /* as Binance does when less than what is executed is asked */
    } else {
        if (!rules_check(c, &changed))
            return false;
        if (o->tif == BOX_GTX && match_crosses(c->b, o->pair, o->side, changed.price)) {
            trade_end(c->b, o, BOX_CANCELED);
            return call_fail(c, -5022,
                             "Due to the order could not be executed as maker, the Post Only order "
                             "will be rejected.");
        }
        o->size = changed.size;
        o->price = changed.price;
        o->updated_us = c->b->now_us;
        match_arrive(c->b, o);
    }
    reply_usdm_order(&c->w, c->b, o, false);
    return true;
}

void usdm_order_modify(struct call *c)
{
    (void)modify_one(c, &c->params);
}

void usdm_batch_modify(struct call *c)
{
    put_batch(c, "batchOrders", modify_one);
}

/* ---- Queries ---- */

static void put_order(struct jwriter *w, const struct box *b, const struct box_order *o)
{
    reply_usdm_order(w, b, o, true);
}

void usdm_order_get(struct call *c)
{
    const struct box_order *o = find_order(c, &c->params, "orderId", "origClientOrderId", -2013);

    if (o)
        put_order(&c->w, c->b, o);
}

void usdm_order_get_open(struct call *c)
{
    const struct box_order *o = find_order(c, &c->params, "orderId", "origClientOrderId", -2013);

    if (o && !book_is_live(o))
        call_fail(c, -2013, "Order does not exist.");
    else if (o)
        put_order(&c->w, c->b, o);
}

void usdm_orders_open(struct call *c)
{
    find_open(c, false, put_order);
}

void usdm_orders_all(struct call *c)
{
    find_all(c, false, put_order);
}

void usdm_trades(struct call *c)
{
    find_trades(c, reply_usdm_trade);
}

/* ---- Cancels ---- */

static bool cancel_one(struct call *c, const struct asked *p)
{
    struct box_order *o = find_order(c, p, "orderId", "origClientOrderId", -2011);

    if (!o)
        return false;
    if (!book_is_live(o))
        return call_fail(c, -2011, "Unknown order sent.");
    trade_end(c->b, o, BOX_CANCELED);
    reply_usdm_order(&c->w, c->b, o, false);
    return true;
}

void usdm_order_cancel(struct call *c)
{
    (void)cancel_one(c, &c->params);
}

/* orderIdList=[1,2] or origClientOrderIdList=["a","b"]. */
void usdm_batch_cancel(struct call *c)
{
    const bool by_id = asked_get(&c->params, "orderIdList") != NULL;
    const char *name = by_id ? "orderIdList" : "origClientOrderIdList";
    const char *text = asked_get(&c->params, name);
    const char *symbol = asked_get(&c->params, "symbol");
    struct jnode *list = NULL;

    if (!text) {
        call_missing(c, name);
    } else if (jnode_parse(text, strlen(text), name, NULL, &list) || !jnode_is(list, J_ARRAY) ||
               jnode_count(list) > 2 * BATCH_MAX) {
        call_fail(c, -1130, "Data sent for parameter '%s' is not valid.", name);
    } else {
        jw_array(&c->w);
        for (size_t i = 0; i < jnode_count(list); i++) {
            const struct jnode *item = jnode_item(list, i);
            struct text value;
            struct asked p = {.count = 2};

            text_init(&value, 64);
            if (jnode_is(item, J_INTEGER))
                text_format(&value, "%lld", (long long)jnode_integer(item));
            else if (jnode_is(item, J_STRING))
                text_string(&value, jnode_text(item));
            p.items[0].name = (char *)(uintptr_t) "symbol";
            p.items[0].value = (char *)(uintptr_t)(symbol ? symbol : "");
            p.items[1].name = (char *)(uintptr_t)(by_id ? "orderId" : "origClientOrderId");
            p.items[1].value = value.data ? value.data : (char *)(uintptr_t) "";
            if (!cancel_one(c, &p))
                call_write_error(&c->w, &c->error);
            c->error = (struct call_error){0};
            text_release(&value);
        }
        jw_array_end(&c->w);
    }
    jnode_free(list);
}

static void cancel_of_pair(struct call *c, bool algo)
{
    struct box *b = c->b;
    size_t pair;

    if (!call_pair(c, &c->params, &pair))
        return;
    for (size_t i = b->live_count; i-- > 0;) {
        struct box_order *o = book_order(b, b->live[i]);

        if (o->pair == pair && o->is_algo == algo)
            trade_end(b, o, BOX_CANCELED);
    }
    jw_object(&c->w);
    jw_member_integer(&c->w, "code", 200);
    jw_member_text(&c->w, "msg", "The operation of cancel all open order is done.");
    jw_object_end(&c->w);
}

void usdm_orders_cancel_all(struct call *c)
{
    cancel_of_pair(c, false);
}

void usdm_countdown(struct call *c)
{
    int64_t ms = -1;
    size_t pair;

    if (!call_pair(c, &c->params, &pair) || !call_integer(c, "countdownTime", 0, INT32_MAX, &ms))
        return;
    if (ms < 0) {
        call_missing(c, "countdownTime");
        return;
    }
    c->b->countdown_us[pair] = ms == 0 ? 0 : c->b->now_us + ms * US_PER_MS;
    jw_object(&c->w);
    jw_member_text(&c->w, "symbol", c->b->pairs[pair].id);
    jw_member_price(&c->w, "countdownTime", price_from_scaled(ms, 0), 0);
    jw_object_end(&c->w);
}

/* ---- Conditional orders ---- */

void usdm_algo_new(struct call *c)
{
    const char *kind = asked_get(&c->params, "algoType");
    struct box_order o;
    const struct box_order *added;

    if (!kind)
        call_missing(c, "algoType");
    else if (strcmp(kind, "CONDITIONAL") != 0)
        call_fail(c, -1130, "Data sent for parameter 'algoType' is not valid.");
    else if (place_read_usdm(c, &c->params, true, &o)) {
        added = place_submit(c, &o);
        if (added)
            reply_algo(&c->w, c->b, added);
    }
}

void usdm_algo_get(struct call *c)
{
    const struct box_order *o = find_order(c, &c->params, "algoId", "clientAlgoId", -2013);

    if (o)
        reply_algo(&c->w, c->b, o);
}

void usdm_algo_cancel(struct call *c)
{
    struct box_order *o = find_order(c, &c->params, "algoId", "clientAlgoId", -2011);

    if (!o)
        return;
    if (!book_is_live(o)) {
        call_fail(c, -2011, "Unknown order sent.");
        return;
    }
    trade_end(c->b, o, BOX_CANCELED);
    jw_object(&c->w);
    jw_member_integer(&c->w, "algoId", o->id);
    jw_member_text(&c->w, "clientAlgoId", o->client_id);
    jw_member_text(&c->w, "code", "200");
    jw_member_text(&c->w, "msg", "success");
    jw_object_end(&c->w);
}

void usdm_algos_open(struct call *c)
{
    find_open(c, true, reply_algo);
}

void usdm_algos_all(struct call *c)
{
    find_all(c, true, reply_algo);
}

void usdm_algos_cancel_all(struct call *c)
{
    cancel_of_pair(c, true);
}
