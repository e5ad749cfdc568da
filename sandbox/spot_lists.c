/* SPDX-License-Identifier: Apache-2.0 */
/* Spot's OCO lists: one cancels the other. */
#include "sandbox/endpoints.h"
#include "sandbox/find.h"
#include "sandbox/limits.h"
#include "sandbox/match.h"
#include "sandbox/place.h"
#include "sandbox/reply.h"
#include "sandbox/trade.h"

#include <string.h>

/* One half's parameters under the names of a single order: name in the list, name in the order. */
struct rename {
    const char *from, *to;
};

static const struct rename above[] = {
    {"symbol", "symbol"},
    {"side", "side"},
    {"quantity", "quantity"},
    {"aboveType", "type"},
    {"abovePrice", "price"},
    {"aboveStopPrice", "stopPrice"},
    {"aboveTrailingDelta", "trailingDelta"},
    {"aboveTimeInForce", "timeInForce"},
    {"aboveIcebergQty", "icebergQty"},
    {"aboveClientOrderId", "newClientOrderId"},
};
static const struct rename below[] = {
    {"symbol", "symbol"},
    {"side", "side"},
    {"quantity", "quantity"},
    {"belowType", "type"},
    {"belowPrice", "price"},
    {"belowStopPrice", "stopPrice"},
    {"belowTrailingDelta", "trailingDelta"},
    {"belowTimeInForce", "timeInForce"},
    {"belowIcebergQty", "icebergQty"},
    {"belowClientOrderId", "newClientOrderId"},
};
static const struct rename old_limit[] = {
    {"symbol", "symbol"},
    {"side", "side"},
    {"quantity", "quantity"},
    {"price", "price"},
    {"limitIcebergQty", "icebergQty"},
    {"limitClientOrderId", "newClientOrderId"},
};
static const struct rename old_stop[] = {
    {"symbol", "symbol"},
    {"side", "side"},
    {"quantity", "quantity"},
    {"stopPrice", "stopPrice"},
    {"stopLimitPrice", "price"},
    {"stopLimitTimeInForce", "timeInForce"},
    {"trailingDelta", "trailingDelta"},
    {"stopIcebergQty", "icebergQty"},
    {"stopClientOrderId", "newClientOrderId"},
};

static void add(struct asked *p, const char *name, const char *value)
{
    /* Borrowed: the result is never released. */
    p->items[p->count].name = (char *)(uintptr_t)name;
    p->items[p->count++].value = (char *)(uintptr_t)value;
}

static struct asked renamed(const struct call *c, const struct rename *names, size_t count)
{
    struct asked p = {0};

    for (size_t i = 0; i < count; i++) {
        const char *value = asked_get(&c->params, names[i].from);

        if (value)
            add(&p, names[i].to, value);
    }
    return p;
}

/* The level a half waits at. */
static struct price level_of(const struct box_order *o)
{
    return o->is_waiting ? o->stop : o->price;
}

static bool add_both(struct call *c, const struct box_order o[2], struct box_list *list)
{
    struct box *b = c->b;
    const size_t dearer =
        money_cmp(trade_lock_of(&o[0], o[0].size), trade_lock_of(&o[1], o[1].size)) < 0;
    const struct box_pair *p = &b->pairs[o[0].pair];
    const struct box_asset *a = book_asset(b, BOX_SPOT, o[0].side == BOX_BUY ? p->quote : p->base);
    struct box_list *added;

    if (money_cmp(a->free, trade_lock_of(&o[dearer], o[dearer].size)) < 0)
        return call_fail(c, -2010, "Account has insufficient balance for requested action.");
    if (!limits_allow_order(c))
        return false;
    if (b->live_count + 2 > LIMIT_BOX_LIVE || b->orders.count + 2 > LIMIT_BOX_ORDERS)
        return call_fail(c, -1008, "The sandbox remembers no more orders; start it anew.");
    added = book_add_list(b, list);
    ASSERT(added);
    for (size_t i = 0; i < 2; i++) {
        struct box_order *half = book_add(b, &o[i]);

        half->list_id = added->id;
        half->created_us = half->updated_us = b->now_us;
        half->working_us = half->is_waiting ? 0 : b->now_us;
        added->orders[i] = half->id;
        if (i == dearer)
            ASSERT(trade_lock(b, half));
        limits_count_order(c);
    }
    *list = *added;
    return true;
}

static void put_list(struct call *c, const struct box_list *l, bool has_reports)
{
    struct jwriter *w = &c->w;

    jw_object(w);
    jw_member_integer(w, "orderListId", l->id);
    jw_member_text(w, "contingencyType", "OCO");
    jw_member_text(w, "listStatusType", l->is_done ? "ALL_DONE" : "EXEC_STARTED");
    jw_member_text(w, "listOrderStatus", l->is_done ? "ALL_DONE" : "EXECUTING");
    jw_member_text(w, "listClientOrderId", l->client_id);
    put_ms(w, "transactionTime", l->created_us);
    jw_member_text(w, "symbol", c->b->pairs[l->pair].id);
    jw_key(w, "orders");
    jw_array(w);
    for (size_t i = 0; i < COUNT_OF(l->orders); i++) {
        const struct box_order *o = book_order(c->b, l->orders[i]);

        jw_object(w);
        jw_member_text(w, "symbol", c->b->pairs[o->pair].id);
        jw_member_integer(w, "orderId", o->id);
        jw_member_text(w, "clientOrderId", o->client_id);
        jw_object_end(w);
    }
    jw_array_end(w);
    if (has_reports) {
        jw_key(w, "orderReports");
        jw_array(w);
        for (size_t i = 0; i < COUNT_OF(l->orders); i++) {
            const struct box_order *o = book_order(c->b, l->orders[i]);

            if (book_is_live(o))
                reply_spot_new(w, c->b, o, PLACE_RESULT);
            else
                reply_spot_cancel(w, c->b, o, l->client_id);
        }
        jw_array_end(w);
    }
    jw_object_end(w);
}

/* Both halves are read already; the first is the one above. */
static void place_list(struct call *c, struct box_order o[2])
{
    struct box_list list = {.pair = o[0].pair};
    const struct price mark = trade_mark(c->b, o[0].pair);

    if (!place_client_id(c, &c->params, "listClientOrderId", list.client_id))
        return;
    if (strcmp(o[0].client_id, o[1].client_id) == 0)
        o[1].client_id[0] = o[1].client_id[0] == 'a' ? 'b' : 'a';
    if ((level_of(&o[0]).e12 && price_cmp(level_of(&o[0]), mark) <= 0) ||
        (level_of(&o[1]).e12 && price_cmp(level_of(&o[1]), mark) >= 0) ||
        o[0].is_waiting == o[1].is_waiting) {
        call_fail(c, -2010, "The relationship of the prices for the orders is not correct.");
        return;
    }
    list.created_us = c->b->now_us;
    if (!place_check(c, &o[0]) || !place_check(c, &o[1]) || !add_both(c, o, &list))
        return;
    put_list(c, &list, true);
}

void spot_list_new(struct call *c)
{
    const struct asked halves[2] = {renamed(c, above, COUNT_OF(above)),
                                    renamed(c, below, COUNT_OF(below))};
    struct box_order o[2];

    if (!asked_get(&c->params, "aboveType"))
        call_missing(c, "aboveType");
    else if (!asked_get(&c->params, "belowType"))
        call_missing(c, "belowType");
    else if (place_read_spot(c, &halves[0], &o[0]) && place_read_spot(c, &halves[1], &o[1]))
        place_list(c, o);
}

/* The older call: price is the limit's, stopPrice the stop's. */
void spot_oco_new(struct call *c)
{
    struct asked limit = renamed(c, old_limit, COUNT_OF(old_limit));
    struct asked stop = renamed(c, old_stop, COUNT_OF(old_stop));
    struct box_order o[2];
    bool sells;

    if (!asked_get(&c->params, "stopPrice") && !asked_get(&c->params, "trailingDelta")) {
        call_missing(c, "stopPrice");
        return;
    }
    add(&limit, "type", "LIMIT_MAKER");
    add(&stop, "type", asked_get(&c->params, "stopLimitPrice") ? "STOP_LOSS_LIMIT" : "STOP_LOSS");
    if (!place_read_spot(c, &limit, &o[0]) || !place_read_spot(c, &stop, &o[1]))
        return;
    sells = o[0].side == BOX_SELL;
    if (sells) {
        place_list(c, o);
    } else {
        struct box_order turned[2] = {o[1], o[0]};

        place_list(c, turned);
    }
}

static struct box_list *find_list(struct call *c, const char *client_id)
{
    const char *name = asked_get(&c->params, client_id);
    struct box_list *l = NULL;
    int64_t id = 0;

    if (!call_integer(c, "orderListId", 0, INT64_MAX, &id))
        return NULL;
    if (id > 0)
        l = book_list(c->b, id);
    for (int64_t i = (int64_t)c->b->lists.count; !l && name && i > 0; i--)
        if (strcmp(book_list(c->b, i)->client_id, name) == 0)
            l = book_list(c->b, i);
    if (!l && id == 0 && !name)
        call_fail(c, -1102, "Param '%s' or 'orderListId' must be sent, but both were empty/null!",
                  client_id);
    return l;
}

void spot_list_get(struct call *c)
{
    const struct box_list *l = find_list(c, "origClientOrderId");

    if (l)
        put_list(c, l, false);
    else
        call_fail(c, -2018, "Order list does not exist.");
}

void spot_list_cancel(struct call *c)
{
    struct box_list *l = find_list(c, "listClientOrderId");

    if (!l || l->is_done) {
        call_fail(c, -2011, "Unknown order list sent.");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(l->orders); i++) {
        struct box_order *o = book_order(c->b, l->orders[i]);

        if (book_is_live(o))
            trade_end(c->b, o, BOX_CANCELED);
    }
    put_list(c, l, true);
}

static void put_lists(struct call *c, bool open_only)
{
    jw_array(&c->w);
    for (int64_t i = 1; i <= (int64_t)c->b->lists.count; i++) {
        const struct box_list *l = book_list(c->b, i);

        if (!open_only || !l->is_done)
            put_list(c, l, false);
    }
    jw_array_end(&c->w);
}

void spot_lists_open(struct call *c)
{
    put_lists(c, true);
}

void spot_lists_all(struct call *c)
{
    put_lists(c, false);
}
