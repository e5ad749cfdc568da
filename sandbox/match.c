/* SPDX-License-Identifier: Apache-2.0 */
/* Executes orders on arrival and when the line of prices touches them. */
#include "sandbox/match.h"

#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"
#include "sandbox/funding.h"
#include "sandbox/margin.h"
#include "sandbox/trade.h"

enum {
    BIPS = 10000
};

bool match_crosses(const struct box *b, size_t pair, enum box_side side, struct price limit)
{
    const struct price taker = trade_taker(b, pair, side);

    return side == BOX_BUY ? price_cmp(limit, taker) >= 0 : price_cmp(limit, taker) <= 0;
}

/* A buy's stop and a sell's take-profit wait for a higher price. */
static bool waits_upward(const struct box_order *o)
{
    const bool is_take = o->type == BOX_TAKE || o->type == BOX_TAKE_MARKET;

    return (o->side == BOX_BUY) != is_take;
}

static bool is_trailing(const struct box_order *o)
{
    return o->trail_bips > 0 || o->trail_callback_e4 > 0;
}

bool match_is_triggered(const struct box *b, const struct box_order *o)
{
    const int order = price_cmp(trade_mark(b, o->pair), o->stop);

    if (is_trailing(o))
        return false;
    return waits_upward(o) ? order >= 0 : order <= 0;
}

static bool can_pay(const struct box *b, const struct box_order *o, struct price price,
                    struct size size)
{
    const struct box_pair *p = &b->pairs[o->pair];
    const struct box_asset *a;

    if (p->market == BOX_USDM)
        return margin_affords(b, o, price);
    a = book_asset(b, BOX_SPOT, o->side == BOX_BUY ? p->quote : p->base);
    return o->side == BOX_SELL || a->free.e12 + o->locked.e12 >= box_notional(price, size).e12;
}

/* The share of an execution that a fault lets through, once. */
static struct size faulty_part(struct box *b, const struct box_order *o, struct size size)
{
    struct size part = size;

    if (b->part.e12 == 0)
        return size;
    ASSERT(size_times(size, b->part, ROUND_DOWN, &part) == ERR_OK);
    ASSERT(size_to_step(part, b->pairs[o->pair].rules.lot, ROUND_DOWN, &part) == ERR_OK);
    b->part = (struct ratio){0};
    return part;
}

static void execute(struct box *b, struct box_order *o, struct price price, bool is_maker)
{
    const struct size allowed = trade_allowed(b, o);
    struct size size = faulty_part(b, o, allowed);

    if (size.e12 < allowed.e12 && o->tif == BOX_FOK)
        size = SIZE_ZERO;
    if (allowed.e12 == 0 || (!is_maker && !can_pay(b, o, price, allowed))) {
        trade_end(b, o, BOX_EXPIRED);
        return;
    }
    if (size.e12 > 0)
        trade_fill(b, o, price, size, is_maker);
    if (!book_is_live(o))
        return;
    if (size.e12 == allowed.e12 || o->type == BOX_MARKET)
        trade_end(b, o, BOX_EXPIRED); /* reduce-only, or no more to be had */
    else
        o->hold_until_us = b->now_us + US_PER_S;
}

void match_arrive(struct box *b, struct box_order *o)
{
    const bool is_market = o->type == BOX_MARKET;

    if (o->is_waiting)
        return;
    if (is_market || match_crosses(b, o->pair, o->side, o->price))
        execute(b, o, trade_taker(b, o->pair, o->side), false);
    if (book_is_live(o) && (o->tif == BOX_IOC || o->tif == BOX_FOK))
        trade_end(b, o, BOX_EXPIRED);
}

/* ---- What waits for a price ---- */

/* A futures conditional order becomes an order of its own. */
static void trigger_algo(struct box *b, struct box_order *algo)
{
    struct box_order o = *algo;
    struct box_order *added;
    const int64_t algo_id = algo->id;

    algo->triggered_us = b->now_us;
    trade_end(b, algo, BOX_EXPIRED); /* told as FINISHED or TRIGGERED, by triggered_us */
    o.is_algo = false;
    o.is_waiting = false;
    o.type = o.price.e12 > 0 ? BOX_LIMIT : BOX_MARKET;
    o.created_us = o.updated_us = o.working_us = b->now_us;
    if (o.close_position) {
        o.reduce_only = true;
        o.size = size_abs(b->pairs[o.pair].positions[o.leg].amount);
    }
    if (o.size.e12 == 0)
        return;
    added = book_add(b, &o);
    if (!added)
        return;
    book_order(b, algo_id)->actual_id = added->id;
    match_arrive(b, added);
}

static void trigger(struct box *b, struct box_order *o)
{
    if (is_trailing(o) && !o->is_activated) {
        o->is_activated = true;
        o->extreme = trade_mark(b, o->pair);
        return;
    }
    if (o->is_algo) {
        trigger_algo(b, o);
        return;
    }
    o->is_waiting = false;
    o->type = o->price.e12 > 0 ? BOX_LIMIT : BOX_MARKET;
    o->working_us = b->now_us;
    o->updated_us = b->now_us;
    match_arrive(b, o);
}

/* A level in ticks; a trailing one that lies between two is met by the tick beyond it. */
static int64_t ticks_of(const struct box *b, size_t pair, i128 e12, bool upward)
{
    const i128 tick = amount_power(AMOUNT_DECIMALS - b->pairs[pair].path.price_scale);

    return (int64_t)(upward ? (e12 + tick - 1) / tick : e12 / tick);
}

static i128 trailing_level(const struct box_order *o, bool upward)
{
    const i128 share = o->trail_bips > 0 ? o->trail_bips : o->trail_callback_e4;
    const i128 distance = o->extreme.e12 / BIPS * share;

    return upward ? o->extreme.e12 + distance : o->extreme.e12 - distance;
}

/* What a live order waits for; false when it waits for nothing. */
static bool waits_for(const struct box *b, const struct box_order *o, int64_t *ticks, bool *upward)
{
    i128 level;

    if (b->pairs[o->pair].is_halted)
        return false;
    *upward = o->is_waiting ? waits_upward(o) : o->side == BOX_SELL;
    level = o->is_waiting ? o->stop.e12 : o->price.e12;
    if (o->is_waiting && is_trailing(o)) {
        if (o->is_activated)
            level = trailing_level(o, *upward);
        else
            *upward = !*upward;
    }
    *ticks = ticks_of(b, o->pair, level, *upward);
    return true;
}

struct hit {
    int64_t at_us, order_id;
};

static bool find_hit(const struct box *b, int64_t end_us, struct hit *out)
{
    bool found = false;

    for (size_t i = 0; i < b->live_count; i++) {
        const struct box_order *o = book_order(b, b->live[i]);
        const struct path_line line = path_line_at(&b->pairs[o->pair].path, b->now_us);
        const int64_t from_us = o->hold_until_us > b->now_us ? o->hold_until_us : b->now_us;
        int64_t ticks, at_us;
        bool upward;

        if (from_us >= end_us || !waits_for(b, o, &ticks, &upward) ||
            !path_reaches(&line, from_us, ticks, upward, &at_us) || at_us >= end_us)
            continue;
        if (!found || at_us < out->at_us)
            *out = (struct hit){at_us, o->id};
        found = true;
    }
    return found;
}

/* A limit is touched at its price, or the price jumped beyond it where a line begins. */
static void touch(struct box *b, struct box_order *o)
{
    const struct path_line line = path_line_at(&b->pairs[o->pair].path, b->now_us);
    const struct price mark = trade_mark(b, o->pair);
    struct price price = o->price;

    if (b->now_us == line.from_us)
        price = o->side == BOX_BUY ? price_min(price, mark) : price_max(price, mark);
    execute(b, o, price, true);
}

/* ---- Time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* No line of a pair that matters bends before this, and nothing is due. */
static int64_t step_end(const struct box *b, int64_t to_us)
{
    int64_t end = earlier(to_us, funding_next_us(b));

    for (size_t i = 0; i < b->pair_count; i++) {
        const struct box_pair *p = &b->pairs[i];

        if (b->countdown_us[i])
            end = earlier(end, b->countdown_us[i]);
        if (p->positions[0].amount.e12 || p->positions[1].amount.e12 || p->positions[2].amount.e12)
            end = earlier(end, path_line_at(&p->path, b->now_us).to_us);
    }
    for (size_t i = 0; i < b->live_count; i++) {
        const struct box_order *o = book_order(b, b->live[i]);

        end = earlier(end, path_line_at(&b->pairs[o->pair].path, b->now_us).to_us);
        if (o->expires_us)
            end = earlier(end, o->expires_us);
    }
    return end > b->now_us ? end : b->now_us + 1;
}

static void move_to(struct box *b, int64_t at_us)
{
    b->now_us = at_us;
    for (size_t i = 0; i < b->live_count; i++) {
        struct box_order *o = book_order(b, b->live[i]);
        const struct price mark = trade_mark(b, o->pair);

        if (o->is_waiting && is_trailing(o) && o->is_activated)
            o->extreme =
                waits_upward(o) ? price_min(o->extreme, mark) : price_max(o->extreme, mark);
    }
}

static void cancel_of_pair(struct box *b, size_t pair)
{
    for (size_t i = b->live_count; i-- > 0;) {
        struct box_order *o = book_order(b, b->live[i]);

        if (o->pair == pair && !o->is_algo)
            trade_end(b, o, BOX_CANCELED);
    }
}

/* What is due at this very instant. */
static void be_due(struct box *b)
{
    funding_be_due(b);
    for (size_t i = 0; i < b->pair_count; i++)
        if (b->countdown_us[i] && b->now_us >= b->countdown_us[i]) {
            b->countdown_us[i] = 0;
            cancel_of_pair(b, i);
        }
    for (size_t i = b->live_count; i-- > 0;) {
        struct box_order *o = book_order(b, b->live[i]);

        if (o->expires_us && b->now_us >= o->expires_us)
            trade_end(b, o, BOX_EXPIRED);
    }
}

/* The first instant in [now, end) at which a margin is short; false when there is none. */
static bool find_shortage(struct box *b, int64_t end_us, int64_t *at_us)
{
    const int64_t now_us = b->now_us;
    int64_t low = now_us, high = end_us - 1;
    bool is_short;
    size_t pair;

    is_short = margin_is_short(b, &pair);
    if (is_short) {
        *at_us = now_us;
        return true;
    }
    b->now_us = high;
    is_short = margin_is_short(b, &pair);
    while (is_short && high - low > 1) {
        b->now_us = low + (high - low) / 2;
        if (margin_is_short(b, &pair))
            high = b->now_us;
        else
            low = b->now_us;
    }
    b->now_us = now_us;
    *at_us = high;
    return is_short;
}

void match_advance(struct box *b, int64_t to_us)
{
    while (b->now_us < to_us) {
        const int64_t end_us = step_end(b, to_us);
        struct hit hit = {0};
        const bool is_hit = find_hit(b, end_us, &hit);
        int64_t short_us;
        size_t pair;

        if (find_shortage(b, is_hit ? hit.at_us + 1 : end_us, &short_us)) {
            move_to(b, short_us);
            if (margin_is_short(b, &pair))
                margin_liquidate(b, pair);
        } else if (is_hit) {
            struct box_order *o = book_order(b, hit.order_id);

            move_to(b, hit.at_us);
            if (o->is_waiting)
                trigger(b, o);
            else
                touch(b, o);
        } else {
            move_to(b, end_us);
            be_due(b);
        }
    }
}
