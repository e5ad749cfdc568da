/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a new spot order. */
#include "sandbox/place.h"
#include "sandbox/reply.h"
#include "sandbox/trade.h"

#include <string.h>

/* Which parameters each type must have. */
static const struct {
    const char *type;
    bool tif, price, stop;
} needs[] = {
    [BOX_LIMIT] = {"LIMIT", true, true, false},
    [BOX_MARKET] = {"MARKET", false, false, false},
    [BOX_LIMIT_MAKER] = {"LIMIT_MAKER", false, true, false},
    [BOX_STOP] = {"STOP_LOSS_LIMIT", true, true, true},
    [BOX_STOP_MARKET] = {"STOP_LOSS", false, false, true},
    [BOX_TAKE] = {"TAKE_PROFIT_LIMIT", true, true, true},
    [BOX_TAKE_MARKET] = {"TAKE_PROFIT", false, false, true},
};

static bool read_type(struct call *c, const struct asked *p, struct box_order *o)
{
    const char *name = asked_get(p, "type");

    if (!name)
        return call_missing(c, "type");
    for (size_t i = 0; i < COUNT_OF(needs); i++)
        if (strcmp(needs[i].type, name) == 0) {
            o->type = o->original = (enum box_type)i;
            return true;
        }
    return call_fail(c, -1116, "Invalid orderType.");
}

static bool demand(struct call *c, const struct asked *p, const char *name, bool is_needed)
{
    const bool is_there = asked_get(p, name) != NULL;

    if (is_needed && !is_there)
        return call_missing(c, name);
    if (!is_needed && is_there)
        return call_fail(c, -1106, "Parameter '%s' sent when not required.", name);
    return true;
}

static bool read_trailing(struct call *c, const struct asked *p, struct box_order *o)
{
    int64_t bips = 0;

    if (asked_integer(p, "trailingDelta", &bips) == ASKED_BAD)
        return call_fail(c, -1100, "Illegal characters found in parameter 'trailingDelta'.");
    if (!asked_get(p, "trailingDelta"))
        return true;
    if (bips < 10 || bips > 2000)
        return call_fail(c, -1013, "Filter failure: TRAILING_DELTA");
    o->trail_bips = bips;
    o->is_activated = o->stop.e12 == 0;
    o->extreme = trade_mark(c->b, o->pair);
    return true;
}

/* quoteOrderQty: as many lots as it pays for at the taker's price of now. */
static bool size_of_quote(struct call *c, struct box_order *o)
{
    const struct box_rules *r = &c->b->pairs[o->pair].rules;
    const struct price at = trade_taker(c->b, o->pair, o->side);

    if (o->quote_size.e12 > INT64_C(1000000000) * (i128)INT64_C(1000000000000))
        return call_fail(c, -1013, "Filter failure: NOTIONAL");
    if (money_per_price(o->quote_size, at, ROUND_DOWN, &o->size) ||
        size_to_step(o->size, r->lot, ROUND_DOWN, &o->size) || o->size.e12 == 0)
        return call_fail(c, -1013, "Filter failure: NOTIONAL");
    return true;
}

static bool read_amounts(struct call *c, const struct asked *p, struct box_order *o)
{
    const bool by_quote = o->type == BOX_MARKET && asked_get(p, "quoteOrderQty");
    const bool has_delta = asked_get(p, "trailingDelta") != NULL;

    if (!call_amount(c, p, "quantity", &o->size.e12) ||
        !call_amount(c, p, "price", &o->price.e12) ||
        !call_amount(c, p, "stopPrice", &o->stop.e12) ||
        !call_amount(c, p, "icebergQty", &o->iceberg.e12) ||
        !call_amount(c, p, "quoteOrderQty", &o->quote_size.e12))
        return false;
    if (!demand(c, p, "quantity", !by_quote) || !demand(c, p, "price", needs[o->type].price) ||
        (!has_delta && !demand(c, p, "stopPrice", needs[o->type].stop)))
        return false;
    if (o->price.e12 == 0 && needs[o->type].price)
        return call_fail(c, -1013, "Invalid price.");
    if (o->size.e12 == 0 && !by_quote)
        return call_fail(c, -1013, "Invalid quantity.");
    o->is_waiting = needs[o->type].stop;
    if (o->is_waiting && !read_trailing(c, p, o))
        return false;
    return !by_quote || size_of_quote(c, o);
}

bool place_read_spot(struct call *c, const struct asked *p, struct box_order *out)
{
    struct box_order o = {0};
    const char *prevention = asked_get(p, "selfTradePreventionMode");

    if (!call_pair(c, p, &o.pair) || !place_side(c, p, &o.side) || !read_type(c, p, &o) ||
        !place_tif(c, p, &o.tif) || !demand(c, p, "timeInForce", needs[o.type].tif) ||
        !read_amounts(c, p, &o) || !place_client_id(c, p, "newClientOrderId", o.client_id))
        return false;
    (void)copy_text(o.trade_prevention, sizeof o.trade_prevention,
                    prevention ? prevention : "NONE");
    *out = o;
    return true;
}
