/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a new futures order, plain or conditional. */
#include "sandbox/place.h"
#include "sandbox/reply.h"
#include "sandbox/trade.h"

#include <string.h>

#include "core/amount_text.h"

static const char *const legs[BOX_LEG_COUNT_] = {"BOTH", "LONG", "SHORT"};

static bool read_type(struct call *c, const struct asked *p, bool is_algo, struct box_order *o)
{
    const char *name = asked_get(p, "type");

    if (!name)
        return call_missing(c, "type");
    for (int i = 0; i < BOX_TYPE_COUNT_; i++) {
        const char *known = reply_type(BOX_USDM, (enum box_type)i);

        if (!known || strcmp(known, name) != 0)
            continue;
        o->type = o->original = (enum box_type)i;
        o->is_waiting = i != BOX_LIMIT && i != BOX_MARKET;
        o->is_algo = is_algo;
        if (o->is_waiting && !is_algo)
            return call_fail(c, -4120,
                             "Order type not supported for this endpoint. Please use the Algo "
                             "Order API endpoints instead.");
        return !is_algo || o->is_waiting || call_fail(c, -1116, "Invalid orderType.");
    }
    return call_fail(c, -1116, "Invalid orderType.");
}

static bool read_leg(struct call *c, const struct asked *p, struct box_order *o)
{
    const char *name = asked_get(p, "positionSide");

    for (int i = 0; name && i < BOX_LEG_COUNT_; i++)
        if (strcmp(name, legs[i]) == 0)
            o->leg = (enum box_leg)i;
    if (name && strcmp(name, legs[o->leg]) != 0)
        return call_fail(c, -1130, "Data sent for parameter 'positionSide' is not valid.");
    if ((o->leg != BOX_BOTH) != c->b->is_dual)
        return call_fail(c, -4061, "Order's position side does not match user's setting.");
    return true;
}

static bool read_trailing(struct call *c, const struct asked *p, struct box_order *o)
{
    i128 rate = 0;

    if (!call_amount(c, p, "callbackRate", &rate) ||
        !call_amount(c, p, asked_get(p, "activationPrice") ? "activationPrice" : "activatePrice",
                     &o->stop.e12))
        return false;
    if (rate == 0)
        return call_missing(c, "callbackRate");
    if (rate < AMOUNT_ONE / 10 || rate > 10 * AMOUNT_ONE)
        return call_fail(c, -2007, "Invalid callBack rate");
    o->trail_callback_e4 = (int64_t)(rate * 100 / AMOUNT_ONE);
    o->is_activated = o->stop.e12 == 0;
    o->extreme = trade_mark(c->b, o->pair);
    return true;
}

/* A price for what is limited, a trigger for what waits. */
static bool read_prices(struct call *c, const struct asked *p, struct box_order *o)
{
    const bool is_limit = o->type == BOX_LIMIT || o->type == BOX_STOP || o->type == BOX_TAKE;
    const char *trigger = asked_get(p, "triggerPrice") ? "triggerPrice" : "stopPrice";

    if (!call_amount(c, p, "price", &o->price.e12))
        return false;
    if (is_limit && !asked_get(p, "price"))
        return call_missing(c, "price");
    if (is_limit && o->price.e12 == 0)
        return call_fail(c, -4001, "Price less than 0.");
    if (!is_limit && asked_get(p, "price") && o->price.e12 > 0)
        return call_fail(c, -1106, "Parameter 'price' sent when not required.");
    if (!o->is_waiting)
        return true;
    if (o->type == BOX_TRAIL)
        return read_trailing(c, p, o);
    if (!call_amount(c, p, trigger, &o->stop.e12))
        return false;
    return o->stop.e12 > 0 || call_missing(c, "triggerPrice");
}

static bool read_flags(struct call *c, const struct asked *p, struct box_order *o)
{
    const char *working = asked_get(p, "workingType");

    if (!call_bool(c, p, "reduceOnly", &o->reduce_only) ||
        !call_bool(c, p, "closePosition", &o->close_position))
        return false;
    if (o->reduce_only && c->b->is_dual)
        return call_fail(c, -1106, "Parameter 'reduceonly' sent when not required.");
    if (o->close_position && (!o->is_waiting || o->price.e12 > 0))
        return call_fail(c, -4136, "Target strategy invalid for orderType %s,closePosition true",
                         reply_type(BOX_USDM, o->type));
    if (o->close_position && asked_get(p, "quantity"))
        return call_fail(c, -4137, "Quantity must be zero with closePosition equals true");
    if (o->close_position && o->reduce_only)
        return call_fail(c, -4138, "Reduce only must be true with closePosition equals true");
    o->is_mark_price = working && strcmp(working, "MARK_PRICE") == 0;
    return true;
}

static bool read_expiry(struct call *c, const struct asked *p, struct box_order *o)
{
    int64_t at_ms = 0;

    if (o->tif != BOX_GTD)
        return true;
    if (asked_integer(p, "goodTillDate", &at_ms) != ASKED_OK)
        return call_missing(c, "goodTillDate");
    if (at_ms < 0 || at_ms > INT64_C(253402300799000))
        at_ms = 0;
    o->expires_us = at_ms * US_PER_MS;
    return o->expires_us > c->b->now_us ||
           call_fail(c, -1130, "Data sent for parameter 'goodTillDate' is not valid.");
}

bool place_read_usdm(struct call *c, const struct asked *p, bool is_algo, struct box_order *out)
{
    struct box_order o = {0};
    const char *prevention = asked_get(p, "selfTradePreventionMode");

    if (!call_pair(c, p, &o.pair) || !place_side(c, p, &o.side) || !read_type(c, p, is_algo, &o) ||
        !read_leg(c, p, &o) || !place_tif(c, p, &o.tif) ||
        !call_amount(c, p, "quantity", &o.size.e12) || !read_prices(c, p, &o) ||
        !read_flags(c, p, &o) || !read_expiry(c, p, &o))
        return false;
    if (o.type == BOX_LIMIT && !asked_get(p, "timeInForce"))
        return call_missing(c, "timeInForce");
    if (!o.close_position && !asked_get(p, "quantity"))
        return call_missing(c, "quantity");
    if (!place_client_id(c, p, is_algo ? "clientAlgoId" : "newClientOrderId", o.client_id))
        return false;
    (void)copy_text(o.trade_prevention, sizeof o.trade_prevention,
                    prevention ? prevention
                    : is_algo  ? "EXPIRE_MAKER"
                               : "NONE");
    *out = o;
    return true;
}
