/* SPDX-License-Identifier: Apache-2.0 */
/* Filters and their messages, spot's and futures'. */
#include "sandbox/rules.h"

#include <string.h>

#include "core/amount_text.h"
#include "sandbox/trade.h"

enum {
    SPOT_MIN_NOTIONAL = 5,
    USDM_MIN_NOTIONAL = 5,
    PERCENT_UP = 5,   /* of the price of now: times, */
    PERCENT_DOWN = 5, /* and by */
    DECIMALS_MAX = 8
};

struct money rules_most_notional(void)
{
    return (struct money){9000000 * AMOUNT_ONE};
}

/* How many digits stand before the point: 0 for 0.4, 1 for 4, 5 for 40,000. */
static int digits_before(struct price p)
{
    int digits = 0;

    for (i128 e12 = p.e12; e12 >= AMOUNT_ONE; e12 /= 10)
        digits++;
    return digits;
}

void rules_make(enum box_market market, int price_scale, struct price first, struct box_rules *out)
{
    const int digits = digits_before(first);
    int lot = market == BOX_SPOT ? digits : digits - 2;

    lot = lot < 0 ? 0 : lot;
    /* A price times a size is then exact, and parts of what is locked add up to it. */
    lot = lot < AMOUNT_DECIMALS - price_scale ? lot : AMOUNT_DECIMALS - price_scale;
    *out = (struct box_rules){
        .tick = price_from_scaled(1, price_scale),
        .price_max = {RULES_PRICE_MAX * AMOUNT_ONE},
        .lot = size_from_scaled(1, lot),
        .price_scale = price_scale,
        .size_scale = lot,
        .min_notional = {(market == BOX_SPOT ? SPOT_MIN_NOTIONAL : USDM_MIN_NOTIONAL) * AMOUNT_ONE},
    };
    /* About 90 million of the quote at the first price, and a round figure. */
    out->size_max = size_from_scaled(9, 0);
    for (i128 worth = first.e12 * 9; worth < 9000000 * AMOUNT_ONE; worth *= 10)
        out->size_max.e12 *= 10;
}

void rules_set_lot(struct box_rules *r, struct size lot)
{
    const int finest = AMOUNT_DECIMALS - r->price_scale;

    if (size_scale_of(lot) > finest)
        lot = size_from_scaled(1, finest);
    r->lot = lot;
    if (size_scale_of(lot) > r->size_scale)
        r->size_scale = size_scale_of(lot);
}

bool rules_check_client_id(struct call *c, const char *name, const char *id)
{
    const char *more = c->market == BOX_SPOT ? "" : ".:/";
    const size_t length = strlen(id);
    bool is_good = length >= 1 && length <= 36;

    for (const char *at = id; is_good && *at; at++)
        is_good = (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
                  (*at >= 'A' && *at <= 'Z') || *at == '-' || *at == '_' || strchr(more, *at);
    if (is_good)
        return true;
    if (c->market == BOX_USDM)
        return call_fail(c, -4015, "Client order id is not valid.");
    return call_fail(c, -1100,
                     "Illegal characters found in parameter '%s'; legal range is "
                     "'^[a-zA-Z0-9-_]{1,36}$'.",
                     name);
}

static bool is_multiple(i128 value, i128 step)
{
    return value % step == 0;
}

static bool spot_filter(struct call *c, const char *name)
{
    return call_fail(c, -1013, "Filter failure: %s", name);
}

static bool has_decimals_over(i128 e12, int most)
{
    return !is_multiple(e12, amount_power(AMOUNT_DECIMALS - most));
}

static bool check_spot(struct call *c, const struct box_order *o)
{
    const struct box_rules *r = &c->b->pairs[o->pair].rules;
    const struct price prices[2] = {o->price, o->stop};
    const struct price mark = trade_mark(c->b, o->pair);

    if (has_decimals_over(o->size.e12, DECIMALS_MAX))
        return call_fail(c, -1111, "Parameter 'quantity' has too much precision.");
    for (size_t i = 0; i < COUNT_OF(prices); i++) {
        if (has_decimals_over(prices[i].e12, DECIMALS_MAX))
            return call_fail(c, -1111, "Parameter '%s' has too much precision.",
                             i == 0 ? "price" : "stopPrice");
        if (price_cmp(prices[i], r->price_max) > 0 || !is_multiple(prices[i].e12, r->tick.e12))
            return spot_filter(c, "PRICE_FILTER");
    }
    if (o->size.e12 <= 0 || size_cmp(o->size, r->size_max) > 0 ||
        !is_multiple(o->size.e12, r->lot.e12))
        return spot_filter(c, "LOT_SIZE");
    if (o->price.e12 &&
        (o->price.e12 > mark.e12 * PERCENT_UP || o->price.e12 < mark.e12 / PERCENT_DOWN))
        return spot_filter(c, "PERCENT_PRICE_BY_SIDE");
    return true;
}

static bool check_usdm(struct call *c, const struct box_order *o)
{
    const struct box_rules *r = &c->b->pairs[o->pair].rules;
    const struct price prices[2] = {o->price, o->stop};
    const struct price mark = trade_mark(c->b, o->pair);

    if (has_decimals_over(o->size.e12, r->size_scale))
        return call_fail(c, -1111, "Precision is over the maximum defined for this asset.");
    if (o->size.e12 <= 0 && !o->close_position)
        return call_fail(c, -4003, "Quantity less than or equal to zero.");
    if (!is_multiple(o->size.e12, r->lot.e12))
        return call_fail(c, -4023, "Qty not increased by step size.");
    if (size_cmp(o->size, r->size_max) > 0)
        return call_fail(c, -4005, "Quantity greater than max quantity.");
    for (size_t i = 0; i < COUNT_OF(prices); i++) {
        if (price_cmp(prices[i], r->price_max) > 0)
            return call_fail(c, -4002, "Price greater than max price.");
        if (!is_multiple(prices[i].e12, r->tick.e12))
            return call_fail(c, -4014, "Price not increased by tick size.");
    }
    if (o->price.e12 > mark.e12 * PERCENT_UP)
        return call_fail(c, -4016, "Limit price can't be higher than %lld.",
                         (long long)(mark.e12 * PERCENT_UP / AMOUNT_ONE));
    if (o->price.e12 && o->price.e12 < mark.e12 / PERCENT_DOWN)
        return call_fail(c, -4024, "Limit price can't be lower than %lld.",
                         (long long)(mark.e12 / PERCENT_DOWN / AMOUNT_ONE));
    return true;
}

static bool check_notional(struct call *c, const struct box_order *o)
{
    const struct box_rules *r = &c->b->pairs[o->pair].rules;
    struct price at = o->price.e12 ? o->price : o->stop;
    char least[AMOUNT_TEXT_MAX];

    if (o->reduce_only || o->close_position)
        return true;
    if (at.e12 == 0)
        at = trade_mark(c->b, o->pair);
    if (money_cmp(box_notional(at, o->size), r->min_notional) >= 0)
        return true;
    if (c->market == BOX_SPOT)
        return spot_filter(c, "NOTIONAL");
    (void)money_print(r->min_notional, least);
    return call_fail(c, -4164,
                     "Order's notional must be no smaller than %s (unless you choose reduce only).",
                     least);
}

static bool check_numbers(struct call *c, const struct box_order *o)
{
    size_t all = 0, waiting = 0;

    for (size_t i = 0; i < c->b->live_count; i++) {
        const struct box_order *other = book_order(c->b, c->b->live[i]);

        if (other->pair != o->pair)
            continue;
        all++;
        waiting += other->is_waiting;
    }
    if (c->market == BOX_SPOT) {
        if (all >= RULES_MAX_ORDERS)
            return spot_filter(c, "MAX_NUM_ORDERS");
        if (o->is_waiting && waiting >= RULES_MAX_SPOT_STOPS)
            return spot_filter(c, "MAX_NUM_ALGO_ORDERS");
        return true;
    }
    if (o->is_waiting ? waiting >= RULES_MAX_USDM_STOPS : all - waiting >= RULES_MAX_ORDERS)
        return call_fail(c, o->is_waiting ? -4045 : -2025, "Reach max open order limit.");
    return true;
}

bool rules_check(struct call *c, const struct box_order *o)
{
    const bool is_good = c->market == BOX_SPOT ? check_spot(c, o) : check_usdm(c, o);

    return is_good && check_notional(c, o) && check_numbers(c, o);
}
