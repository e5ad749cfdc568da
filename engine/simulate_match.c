/* SPDX-License-Identifier: Apache-2.0 */
/* Which orders a candle executes, in what sequence, at what price and how much of them. */
#include "engine/simulate_book.h"

#include "core/amount_text.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SIM_BASE_DECIMALS = 8 /* of a fee in the base asset, as Binance keeps its balances */
};

/* One execution that the market allows. */
struct execution {
    int64_t at_us;
    struct price price;
    bool is_maker;
    bool is_capped; /* by the candle's share of volume */
};

enum err sim_taker_price(const struct simulate *s, const struct sim_order *o, struct ratio slippage,
                         struct price p, struct price *out)
{
    const struct price tick = s->markets[o->instrument].instrument.tick;
    const enum rounding against = o->side == SIDE_BUY ? ROUND_UP : ROUND_DOWN;
    struct ratio factor = {AMOUNT_ONE + (int)o->side * slippage.e12};
    struct price moved = p;
    enum err e;

    e = slippage.e12 ? price_times(p, factor, against, &moved) : ERR_OK;
    if (e)
        return e;
    e = price_to_step(moved, tick, against, &moved);
    if (e)
        return e;
    *out = price_max(moved, tick); /* a sell at less than a tick would give nothing */
    return ERR_OK;
}

/* What may execute of an order: what is left, within the holding and the candle's liquidity. */
static struct size executable_size(const struct simulate *s, const struct sim_order *o,
                                   bool is_capped)
{
    const struct sim_market *m = &s->markets[o->instrument];
    struct size most = {o->size.e12 - o->filled.e12 - o->taken.e12};

    if (o->reduce_only) {
        struct size held = o->side == SIDE_SELL ? m->holding : size_neg(m->holding);

        /* Fees in the base asset leave less than a lot of it, which nobody can sell. */
        if (size_cmp(held, most) < 0 && size_to_step(held, m->instrument.lot, ROUND_ZERO, &most))
            most = SIZE_ZERO;
        most = size_max(size_min(most, sim_position_left(s, o)), SIZE_ZERO);
    }
    if (is_capped && size_cmp(m->liquidity, most) < 0) {
        if (size_to_step(m->liquidity, m->instrument.lot, ROUND_ZERO, &most))
            most = SIZE_ZERO;
    }
    return most;
}

/* What one fill does to the balances; everything is computed before anything changes. */
struct booking {
    struct money cash, margin, fee, reserved;
    bool fee_in_base;
    struct size holding, filled;
};

/* A perpetual's fill: what opens adds to the margin, what closes takes its share of the margin out
 * and moves cash by the profit. */
static enum err book_perpetual(const struct sim_market *m, struct size moved, struct money notional,
                               struct booking *b)
{
    const bool closes =
        (m->holding.e12 > 0 && moved.e12 < 0) || (m->holding.e12 < 0 && moved.e12 > 0);
    const int scale = m->instrument.money_scale;
    const struct size held = size_abs(m->holding);
    const struct size part = closes ? size_min(size_abs(moved), held) : SIZE_ZERO;
    struct money share = MONEY_ZERO; /* of the margin */
    struct money value = MONEY_ZERO; /* of the part at the fill's price */
    struct money profit;
    enum err e = ERR_OK;

    if (closes) {
        e = money_share(m->margin, part, held, ROUND_HALF_EVEN, &share);
        if (e)
            return e;
        e = money_share(notional, part, size_abs(moved), ROUND_HALF_EVEN, &value);
        if (e)
            return e;
        share = money_to_scale(share, scale, ROUND_HALF_EVEN);
        value = money_to_scale(value, scale, ROUND_HALF_EVEN);
    }
    e = m->holding.e12 > 0 ? money_sub(value, share, &profit) : money_sub(share, value, &profit);
    if (e)
        return e;
    e = money_add(b->cash, profit, &b->cash);
    if (e)
        return e;
    /* What is beyond the holding turned it: that part opens. */
    return money_add(m->margin, (struct money){notional.e12 - value.e12 - share.e12}, &b->margin);
}

static enum err book_fill(const struct simulate *s, const struct sim_order *o, struct size size,
                          struct price price, struct booking *out)
{
    const struct sim_market *m = &s->markets[o->instrument];
    const int scale = m->instrument.money_scale;
    struct size moved = o->side == SIDE_BUY ? size : size_neg(size);
    struct booking b = {.filled = {o->filled.e12 + size.e12},
                        .margin = m->margin,
                        .cash = s->cash,
                        .fee_in_base =
                            sim_fee_is_received(s, &m->instrument) && o->side == SIDE_BUY};
    struct money notional;
    enum err e;

    e = notional_of(price, size, ROUND_HALF_EVEN, &notional);
    if (e)
        return e;
    notional = money_to_scale(notional, scale, ROUND_HALF_EVEN);
    if (b.fee_in_base) {
        e = sim_fee((struct money){size.e12}, s->options.fee_rate, SIM_BASE_DECIMALS, &b.fee);
        moved.e12 -= b.fee.e12;
    } else {
        e = sim_fee(notional, s->options.fee_rate, scale, &b.fee);
        if (!e)
            e = money_sub(s->cash, b.fee, &b.cash);
    }
    if (e)
        return e;
    if (!m->instrument.is_spot)
        e = book_perpetual(m, moved, notional, &b);
    else if (o->side == SIDE_BUY)
        e = money_sub(b.cash, notional, &b.cash);
    else
        e = money_add(b.cash, notional, &b.cash);
    if (e)
        return e;
    e = size_add(m->holding, moved, &b.holding);
    if (e)
        return e;
    if (o->is_entry) {
        struct size left = {o->size.e12 - b.filled.e12};

        e = sim_cost(s, &m->instrument, left, sim_cost_price(o), &b.reserved);
        if (e)
            return e;
    }
    *out = b;
    return ERR_OK;
}

/* Executes an order as far as holding and liquidity allow, tells it, and ends its OCO siblings. */
static void execute(struct simulate *s, struct sim_order *o, const struct execution *x)
{
    struct sim_market *m = &s->markets[o->instrument];
    struct size size = executable_size(s, o, false);
    struct size part = executable_size(s, o, x->is_capped);
    struct booking b;
    struct venue_event *event;
    char filled[AMOUNT_TEXT_MAX];

    if (size.e12 == 0) {
        sim_end(s, o, VENUE_EXPIRED, "reduce_only", x->at_us);
        return;
    }
    if (part.e12 == 0)
        return;
    if (book_fill(s, o, part, x->price, &b)) {
        sim_end(s, o, VENUE_EXPIRED, "amount_overflow", x->at_us);
        return;
    }
    s->cash = b.cash;
    s->reserved.e12 += b.reserved.e12 - o->reserved.e12;
    o->reserved = b.reserved;
    o->filled = b.filled;
    m->holding = b.holding;
    m->margin = b.margin;
    if (x->is_capped)
        m->liquidity.e12 -= part.e12;

    event = sim_event(s, VENUE_FILL, o->id, x->at_us);
    event->price = x->price;
    event->size = part;
    event->fee = b.fee;
    event->is_maker = x->is_maker;
    (void)copy_text(event->fee_currency, sizeof event->fee_currency,
                    b.fee_in_base ? m->instrument.base : m->instrument.quote);
    (void)size_print(o->filled, filled);
    (void)snprintf(event->venue_fill_id, sizeof event->venue_fill_id, "%lld-%s", (long long)o->id,
                   filled);
    sim_cancel_siblings(s, o, x->at_us);
    sim_take(s, o, part);
    if (size_cmp(o->filled, o->size) == 0)
        sim_remove(s, o);
    else if (executable_size(s, o, false).e12 == 0)
        sim_end(s, o, VENUE_EXPIRED, "reduce_only", x->at_us);
}

bool sim_is_beyond_tolerance(const struct sim_order *o, struct price p)
{
    const bool is_buy = o->side == SIDE_BUY;
    struct ratio factor = {AMOUNT_ONE + (int)o->side * o->tolerance.e12};
    struct price bound;

    if (!o->is_entry || o->tolerance.e12 <= 0 || o->decision.e12 <= 0)
        return false;
    if (price_times(o->decision, factor, is_buy ? ROUND_DOWN : ROUND_UP, &bound))
        return true;
    return is_buy ? price_cmp(p, bound) > 0 : price_cmp(p, bound) < 0;
}

/* Lets an open pass at which a delayed order would have filled; false when its turn has come. */
static bool is_delayed(struct sim_order *o, bool is_open)
{
    if (!is_open || o->opens_left == 0)
        return false;
    o->opens_left--;
    return true;
}

bool sim_crosses(const struct sim_order *o, struct price market)
{
    return o->side == SIDE_BUY ? price_cmp(o->level, market) >= 0
                               : price_cmp(o->level, market) <= 0;
}

/* A limit that does not rest: takes what the market gives within it, and ends.  x->price is what a
 * taker pays now. */
static void execute_at_once(struct simulate *s, struct sim_ref ref, struct execution *x)
{
    struct sim_order *o = sim_get(s, ref);
    const struct size left = {o->size.e12 - o->filled.e12};

    if (sim_crosses(o, s->markets[o->instrument].price) &&
        (o->life == LIFE_IOC || size_cmp(executable_size(s, o, x->is_capped), left) == 0)) {
        x->price =
            o->side == SIDE_BUY ? price_min(x->price, o->level) : price_max(x->price, o->level);
        execute(s, o, x);
    }
    o = sim_get(s, ref);
    if (o)
        sim_end(s, o, VENUE_EXPIRED, order_life_name(o->life), x->at_us);
}

/* Executes all orders of an instrument that wait for a market price, at an open or right now. */
static void execute_waiting(struct simulate *s, size_t instrument, int64_t at_us, bool is_open)
{
    const struct price market = s->markets[instrument].price;
    const bool is_capped = is_open && s->options.volume_cap.e12 > 0;
    size_t count;
    struct sim_ref *refs = sim_list(s, instrument, &count);

    for (size_t i = 0; i < count; i++) {
        struct execution x = {.at_us = at_us, .is_capped = is_capped};
        struct sim_order *o = sim_get(s, refs[i]);

        if (!o || !sim_waits_for_open(o) || is_delayed(o, is_open))
            continue;
        if (o->type == ORDER_MARKET && sim_is_beyond_tolerance(o, market))
            sim_end(s, o, VENUE_EXPIRED, "slippage_tolerance", at_us);
        else if (sim_taker_price(s, o, s->options.slippage, market, &x.price))
            sim_end(s, o, VENUE_EXPIRED, "amount_overflow", at_us);
        else if (sim_is_immediate(o))
            execute_at_once(s, refs[i], &x);
        else
            execute(s, o, &x);
    }
    free(refs);
}

struct sim_range sim_range_of(const struct candle *c)
{
    return (struct sim_range){
        .open = candle_price(c, c->open),
        .high = candle_price(c, c->high),
        .low = candle_price(c, c->low),
        .high_first = c->high - c->open < c->open - c->low,
    };
}

bool sim_find_hit(const struct simulate *s, const struct sim_order *o, const struct sim_range *r,
                  struct sim_hit *out)
{
    const bool is_limit = o->type == ORDER_LIMIT;
    /* A buy stop and a sell limit wait for a higher price, the other two for a lower one. */
    const bool upward = (o->side == SIDE_BUY) != is_limit;
    const int sign = upward ? 1 : -1;
    const bool adaptive = s->options.intrabar == INTRABAR_ADAPTIVE;
    i128 touch = o->level.e12;
    i128 to_open, to_extreme;

    if (is_limit && s->options.limit_fill == LIMIT_FILL_THROUGH)
        touch += sign * s->markets[o->instrument].instrument.tick.e12;
    to_open = sign * (touch - r->open.e12);
    to_extreme = sign * (touch - (upward ? r->high.e12 : r->low.e12));
    if (to_extreme > 0)
        return false;
    out->is_limit = is_limit;
    out->distance = to_open > 0 ? to_open : 0;
    if (to_open <= 0)
        out->leg = 0;
    else if (adaptive)
        out->leg = upward == r->high_first ? 1 : 2;
    else
        out->leg = is_limit ? 2 : 1;
    /* Both an open beyond a stop and one beyond a limit are the price there really was. */
    out->price = upward ? price_max(o->level, r->open) : price_min(o->level, r->open);
    if (o->life == LIFE_POST_ONLY) /* it rested before the market came to it */
        out->price = o->level;
    return true;
}

int sim_compare_hits(const void *a, const void *b)
{
    const struct sim_hit *x = a;
    const struct sim_hit *y = b;

    if (x->leg != y->leg)
        return x->leg < y->leg ? -1 : 1;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    if (x->is_limit != y->is_limit)
        return y->is_limit ? -1 : 1;
    return (x->ref.id > y->ref.id) - (x->ref.id < y->ref.id);
}

static void execute_hit(struct simulate *s, const struct sim_hit *h, int64_t at_us)
{
    struct sim_order *o = sim_get(s, h->ref);
    struct execution x = {.at_us = at_us, .is_capped = s->options.volume_cap.e12 > 0};

    if (!o)
        return;
    x.is_maker = h->is_limit && price_cmp(h->price, o->level) == 0;
    if (sim_taker_price(s, o, h->is_limit ? (struct ratio){0} : s->options.slippage, h->price,
                        &x.price))
        sim_end(s, o, VENUE_EXPIRED, "amount_overflow", at_us);
    else
        execute(s, o, &x);
}

/* Executes resting orders against a closed candle, in the sequence of its assumed path. */
static void execute_resting(struct simulate *s, size_t instrument, const struct candle *c,
                            int64_t at_us)
{
    const struct sim_range r = sim_range_of(c);
    struct sim_hit *hits = NULL;
    size_t hit_count = 0;
    size_t count;
    struct sim_ref *refs = sim_list(s, instrument, &count);

    if (count > 0)
        hits = xmalloc(count * sizeof *hits);
    for (size_t i = 0; i < count; i++) {
        const struct sim_order *o = sim_get(s, refs[i]);
        struct sim_hit h = {.ref = refs[i]};

        if (!sim_waits_for_open(o) && sim_find_hit(s, o, &r, &h))
            hits[hit_count++] = h;
    }
    if (hit_count > 1)
        qsort(hits, hit_count, sizeof *hits, sim_compare_hits);
    for (size_t i = 0; i < hit_count; i++)
        execute_hit(s, &hits[i], at_us);
    free(hits);
    free(refs);
}

/* Starts the candle's liquidity; its open and its close share it. */
static void begin_candle(struct simulate *s, struct sim_market *m, const struct candle *c)
{
    struct size volume = candle_volume(c);

    if (m->candle_us == c->open_us)
        return;
    m->candle_us = c->open_us;
    if (size_times(volume, s->options.volume_cap, ROUND_DOWN, &m->liquidity))
        m->liquidity = volume;
}

void sim_market_event(struct simulate *s, const struct feed_event *e)
{
    const struct candle *c = &e->candle;
    struct sim_market *m;

    ASSERT(e->instrument < s->options.instrument_count && e->kind != FEED_FUNDING);
    m = &s->markets[e->instrument];
    if (e->kind != FEED_DETAIL)
        begin_candle(s, m, c);
    m->has_price = true;
    m->price = candle_price(c, e->kind == FEED_OPEN ? c->open : c->close);
    if (e->kind == FEED_CLOSE && e->has_detail)
        return; /* what it touched was executed within it */
    if (c->volume == 0 || (c->flags & CANDLE_SYNTHETIC) || !m->first)
        return;
    if (e->kind == FEED_OPEN)
        execute_waiting(s, e->instrument, e->at_us, true);
    else
        execute_resting(s, e->instrument, c, e->at_us);
}

void sim_settle(struct simulate *s, size_t instrument, int64_t at_us)
{
    ASSERT(instrument < s->options.instrument_count);
    if (s->markets[instrument].has_price)
        execute_waiting(s, instrument, at_us, false);
}
