/* SPDX-License-Identifier: Apache-2.0 */
/* What both markets' new orders have in common. */
#include "sandbox/place.h"

#include <string.h>

#include "sandbox/limits.h"
#include "sandbox/margin.h"
#include "sandbox/match.h"
#include "sandbox/reply.h"
#include "sandbox/rules.h"
#include "sandbox/trade.h"

bool place_side(struct call *c, const struct asked *p, enum box_side *out)
{
    const char *side = asked_get(p, "side");

    if (!side)
        return call_missing(c, "side");
    if (strcmp(side, "BUY") != 0 && strcmp(side, "SELL") != 0)
        return call_fail(c, -1117, "Invalid side.");
    *out = strcmp(side, "BUY") == 0 ? BOX_BUY : BOX_SELL;
    return true;
}

bool place_tif(struct call *c, const struct asked *p, enum box_tif *out)
{
    const char *name = asked_get(p, "timeInForce");
    const int count = c->market == BOX_SPOT ? BOX_GTX : BOX_GTD + 1;

    if (!name)
        return true;
    for (int i = 0; i < count; i++)
        if (strcmp(name, reply_tif((enum box_tif)i)) == 0) {
            *out = (enum box_tif)i;
            return true;
        }
    return call_fail(c, -1115, "Invalid timeInForce.");
}

/* splitmix64: the venue's own ids repeat with the seed. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static void make_client_id(const struct box *b, char out[BOX_CLIENT_ID])
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint64_t x = mix(b->options.seed ^ b->orders.count);

    for (int i = 0; i < 22; i++) {
        out[i] = letters[x % (sizeof letters - 1)];
        x = mix(x);
    }
    out[22] = 0;
}

bool place_client_id(struct call *c, const struct asked *p, const char *name,
                     char out[BOX_CLIENT_ID])
{
    const char *id = asked_get(p, name);

    if (!id) {
        make_client_id(c->b, out);
        return true;
    }
    if (!rules_check_client_id(c, name, id))
        return false;
    (void)copy_text(out, BOX_CLIENT_ID, id);
    return true;
}

bool place_read_answer(struct call *c, const struct asked *p, enum box_type type,
                       enum place_answer *out)
{
    const char *name = asked_get(p, "newOrderRespType");

    *out =
        c->market == BOX_SPOT && (type == BOX_MARKET || type == BOX_LIMIT) ? PLACE_FULL : PLACE_ACK;
    if (!name)
        return true;
    if (strcmp(name, "ACK") == 0)
        *out = PLACE_ACK;
    else if (strcmp(name, "RESULT") == 0)
        *out = PLACE_RESULT;
    else if (strcmp(name, "FULL") == 0 && c->market == BOX_SPOT)
        *out = PLACE_FULL;
    else
        return call_fail(c, -1130, "Data sent for parameter 'newOrderRespType' is not valid.");
    return true;
}

/* ---- Checks ---- */

/* Client ids are unique among open orders; an algo order's among open algo orders. */
static bool check_duplicate(struct call *c, const struct box_order *o)
{
    const struct box_order *other = book_by_client(c->b, c->market, o->client_id, o->is_algo);

    if (!other || !book_is_live(other))
        return true;
    if (c->market == BOX_SPOT)
        return call_fail(c, -2010, "Duplicate order sent.");
    return call_fail(c, -4116, "ClientOrderId is duplicated.");
}

static bool check_price(struct call *c, const struct box_order *o)
{
    const bool is_spot = c->market == BOX_SPOT;
    bool crosses;

    if (o->is_waiting) {
        if (!match_is_triggered(c->b, o))
            return true;
        return is_spot ? call_fail(c, -2010, "Order would trigger immediately.")
                       : call_fail(c, -2021, "Order would immediately trigger.");
    }
    if (o->type == BOX_MARKET)
        return true;
    crosses = match_crosses(c->b, o->pair, o->side, o->price);
    if (o->type == BOX_LIMIT_MAKER && crosses)
        return call_fail(c, -2010, "Order would immediately match and take.");
    if (o->tif == BOX_GTX && crosses)
        return call_fail(c, -5022,
                         "Due to the order could not be executed as maker, the Post Only order "
                         "will be rejected. The order will not be recorded in the order history.");
    if (!is_spot && o->tif == BOX_FOK && !crosses)
        return call_fail(c, -5021,
                         "Due to the order could not be filled immediately, the FOK order has been "
                         "rejected. The order will not be recorded in the order history.");
    return true;
}

bool place_check(struct call *c, const struct box_order *o)
{
    if (c->b->pairs[o->pair].is_halted)
        return c->market == BOX_SPOT ? call_fail(c, -2010, "Market is closed.")
                                     : call_fail(c, -4108, "Symbol is on settling or closed.");
    return check_duplicate(c, o) && rules_check(c, o) && check_price(c, o);
}

/* ---- Money ---- */

static bool has_spot_money(const struct box *b, const struct box_order *o)
{
    const struct box_pair *p = &b->pairs[o->pair];
    const bool is_buy = o->side == BOX_BUY;
    const struct box_asset *a = book_asset(b, BOX_SPOT, is_buy ? p->quote : p->base);
    struct money need = {o->size.e12};

    if (o->type != BOX_MARKET)
        need = trade_lock_of(o, o->size);
    else if (is_buy)
        need = box_notional(trade_ask(b, o->pair), o->size);
    return money_cmp(a->free, need) >= 0;
}

static bool check_margin(struct call *c, const struct box_order *o)
{
    const struct box_pair *p = &c->b->pairs[o->pair];
    const struct price at = o->type == BOX_LIMIT ? o->price : trade_taker(c->b, o->pair, o->side);
    const struct size held = p->positions[o->leg].amount;
    const bool adds = held.e12 == 0 || (held.e12 > 0) == (o->side == BOX_BUY);

    if (o->reduce_only && trade_allowed(c->b, o).e12 == 0)
        return call_fail(c, -2022, "ReduceOnly Order is rejected.");
    if (o->leg != BOX_BOTH && !adds && size_cmp(trade_allowed(c->b, o), o->size) < 0)
        return call_fail(c, -2022, "ReduceOnly Order is rejected.");
    if (!margin_affords(c->b, o, at))
        return call_fail(c, -2019, "Margin is insufficient.");
    if (adds && !o->reduce_only &&
        (box_notional(at, o->size).e12 + margin_value(c->b, o->pair, o->leg).e12) /
                INT64_C(1000000000000) >
            margin_cap(p->leverage))
        return call_fail(c, -2027, "Exceeded the maximum allowable position at current leverage.");
    return true;
}

struct box_order *place_submit(struct call *c, const struct box_order *o)
{
    struct box *b = c->b;
    struct box_order *added;

    if (!place_check(c, o))
        return NULL;
    if (c->market == BOX_SPOT && !has_spot_money(b, o)) {
        call_fail(c, -2010, "Account has insufficient balance for requested action.");
        return NULL;
    }
    if (c->market == BOX_USDM && !o->is_algo && !check_margin(c, o))
        return NULL;
    if (!limits_allow_order(c))
        return NULL;
    added = book_add(b, o);
    if (!added) {
        call_fail(c, -1008, "The sandbox remembers no more orders; start it anew.");
        return NULL;
    }
    added->created_us = added->updated_us = b->now_us;
    added->working_us = o->is_waiting ? 0 : b->now_us;
    if (c->market == BOX_SPOT && added->type != BOX_MARKET)
        ASSERT(trade_lock(b, added));
    limits_count_order(c);
    match_arrive(b, added);
    return added;
}
