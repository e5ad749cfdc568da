/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path's equity, and the stretches of candles at which nothing else happens. */
#include <string.h>

#include "engine/backtest_fast.h"

enum {
    HOLD_MANY = 32 /* candles looked at together: most positions have no more to look forward to */
};

/* ---- Equity ---- */

static __attribute__((noinline)) void sample_fully(struct fast *f, struct money equity,
                                                   int64_t at_us)
{
    (void)performance_sample(f->p, &f->t->daily, equity, f->has_position, at_us);
    backtest_watch_sample(&f->r->watch, f->p, f->has_position);
    f->a->cycle_count++;
    f->quiet_until_us = (f->p->day + 1) * US_PER_DAY;
    f->quiet_low = performance_quiet_low(f->p).e12;
}

/* Many samples at once that concern nothing but the newest equity, as fast_sample would take them
 * one by one: the lowest, the highest and the newest of them.  False, and nothing done: they may.
 */
static bool sample_quiet(struct fast *f, const struct backtest_run *s)
{
    struct performance *p = f->p;

    if (s->last_us >= f->quiet_until_us || s->low.e12 < f->quiet_low ||
        s->high.e12 > p->equity_peak.e12 || !backtest_watch_quick_run(&f->r->watch, s))
        return false;
    p->equity = s->last;
    p->last_us = s->last_us;
    p->bars += s->count;
    p->bars_exposed += s->exposed ? s->count : 0;
    f->a->cycle_count += s->count;
    return true;
}

/* The same as sample_fully, at once where no mark, no drawdown and no window is concerned. */
void fast_sample(struct fast *f, struct money equity, int64_t at_us)
{
    struct performance *p = f->p;
    const struct backtest_run one = {.low = equity,
                                     .high = equity,
                                     .last = equity,
                                     .exposed = f->has_position,
                                     .count = 1,
                                     .last_us = at_us};

    if (sample_quiet(f, &one))
        return;
    if (at_us >= f->quiet_until_us || equity.e12 < f->quiet_low ||
        !backtest_watch_quick(&f->r->watch, equity, at_us)) {
        sample_fully(f, equity, at_us);
        return;
    }
    if (equity.e12 > p->equity_peak.e12) {
        p->equity_peak = equity;
        p->peak_us = at_us;
        f->quiet_low = performance_quiet_low(f->p).e12;
    }
    p->equity = equity;
    p->last_us = at_us;
    p->bars++;
    p->bars_exposed += f->has_position;
    f->a->cycle_count++;
}

/* Closes of candles i .. end - 1 without a position. */
static void sample_flat(struct fast *f, size_t i, size_t end)
{
    const struct money equity = fast_equity(f, 0);
    const struct backtest_run quiet = {.low = equity,
                                       .high = equity,
                                       .last = equity,
                                       .count = (int64_t)(end - i),
                                       .last_us = f->candles[end - 1].open_us + f->timeframe_us};
    const struct equity_stretch s = {
        .equity = equity,
        .first_us = f->candles[i].open_us + f->timeframe_us,
        .step_us = f->timeframe_us,
        .count = (int64_t)(end - i),
    };

    if (sample_quiet(f, &quiet))
        return;
    performance_stretch(f->p, &f->t->daily, &s);
    backtest_watch_stretch(&f->r->watch, f->p, &s);
    f->a->cycle_count += s.count;
    f->quiet_until_us = (f->p->day + 1) * US_PER_DAY;
    f->quiet_low = performance_quiet_low(f->p).e12;
}

/* ---- Stretches at which nothing happens ---- */

/* How many of the bytes from k on, before end, have nothing of these bits. */
static size_t count_without(const uint8_t *bytes, size_t k, size_t end, uint8_t bits)
{
    const uint64_t wanted = bits * UINT64_C(0x0101010101010101);
    const size_t begin = k;
    uint64_t eight;

    for (; k + sizeof eight <= end; k += sizeof eight) {
        memcpy(&eight, bytes + k, sizeof eight);
        if (eight & wanted)
            break;
    }
    while (k < end && !(bytes[k] & bits))
        k++;
    return k - begin;
}

/* Without a position and without an order: up to the first candle whose rule is not false, that
 * opens after a gap, or that is not evaluated yet. */
size_t fast_skip_flat(struct fast *f, size_t i)
{
    const size_t end = f->next_apart - f->first;
    size_t k = i + count_without(f->entry, i - f->first, end, TRI_TRUE | TRI_UNKNOWN);

    if (k == f->next_apart && k > i)
        k--; /* its open may be at another instant: the usual way knows */
    if (k == i)
        return i;
    sample_flat(f, i, k);
    f->pushed += (int64_t)(k - i);
    return k;
}

/* Candles of a position, at most so many, while nothing is due: all that they reached. */
struct reach {
    int64_t low, high, close_low, close_high;
    int flags;
};

static struct reach reach_of(const struct candle *c, size_t count)
{
    struct reach r = {INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, 0};

    for (size_t k = 0; k < count; k++) {
        r.low = c[k].low < r.low ? c[k].low : r.low;
        r.high = c[k].high > r.high ? c[k].high : r.high;
        r.close_low = c[k].close < r.close_low ? c[k].close : r.close_low;
        r.close_high = c[k].close > r.close_high ? c[k].close : r.close_high;
        r.flags |= c[k].flags;
    }
    return r;
}

static void keep_extremes(struct fast *f, int64_t high, int64_t low)
{
    const bool is_long = f->position.direction == DIRECTION_LONG;
    const int64_t best = is_long ? high : low, worst = is_long ? low : high;

    if (is_long ? best > f->best : best < f->best)
        f->best = best;
    if (is_long ? worst < f->worst : worst > f->worst)
        f->worst = worst;
}

static struct money linear_equity(const struct fast *f, int64_t close)
{
    return (struct money){f->base + f->slope * close};
}

/* So many candles at once; false, and nothing done: something may happen at one of them. */
static bool hold_many(struct fast *f, size_t i, size_t count)
{
    const struct candle *c = &f->candles[i];
    const struct reach r = reach_of(c, count);
    struct money a, b;
    struct backtest_run s;

    if (r.low <= f->low_hit || r.high >= f->high_hit || (r.flags & CANDLE_AFTER_GAP))
        return false;
    a = linear_equity(f, r.close_low);
    b = linear_equity(f, r.close_high);
    s = (struct backtest_run){.low = money_min(a, b),
                              .high = money_max(a, b),
                              .last = linear_equity(f, c[count - 1].close),
                              .exposed = true,
                              .count = (int64_t)count,
                              .last_us = c[count - 1].open_us + f->timeframe_us};
    if (!sample_quiet(f, &s))
        return false;
    keep_extremes(f, r.high, r.low);
    f->mark = c[count - 1].close;
    f->position.candles_held += (int64_t)count;
    return true;
}

/* One candle; false, and nothing done: it goes the usual way. */
static bool hold_one(struct fast *f, const struct candle *c)
{
    if (c->low <= f->low_hit || c->high >= f->high_hit || (c->flags & CANDLE_AFTER_GAP))
        return false;
    keep_extremes(f, c->high, c->low);
    f->mark = c->close;
    f->position.candles_held++;
    fast_sample(f, f->is_linear ? linear_equity(f, c->close) : fast_equity(f, c->close),
                c->open_us + f->timeframe_us);
    return true;
}

/* How many candles from i on may be held without a look at the clock, the exit rule and the time
 * limit; the block's last one, whose next may open apart, goes the usual way. */
static size_t count_held(const struct fast *f, size_t i)
{
    const int64_t at_us = f->candles[i].open_us + f->timeframe_us;
    size_t most = f->next_apart - 1 - i;

    if (f->max_candles > 0) {
        const int64_t left = f->max_candles - 1 - f->position.candles_held;

        most = left <= 0 ? 0 : (size_t)left < most ? (size_t)left : most;
    }
    if (at_us + (int64_t)most * f->timeframe_us > f->roi_due_us)
        most = at_us >= f->roi_due_us
                   ? 0
                   : (size_t)((f->roi_due_us - at_us + f->timeframe_us - 1) / f->timeframe_us);
    return count_without(f->exit, i - f->first, i - f->first + most, TRI_TRUE);
}

/* In a position: as long as no order is touched and no exit is due. */
size_t fast_skip_held(struct fast *f, size_t i)
{
    size_t k = i, end;

    if (f->best == 0) /* the first candle goes the usual way */
        return i;
    end = i + count_held(f, i);
    while (k < end) {
        const size_t room = (size_t)backtest_watch_room(&f->r->watch);
        const size_t most = room < HOLD_MANY ? room : HOLD_MANY;
        const size_t count = end - k < most ? end - k : most, stop = k + count;

        if (f->is_linear && hold_many(f, k, count)) {
            k = stop;
            continue;
        }
        while (k < stop && hold_one(f, &f->candles[k]))
            k++;
        if (k < stop)
            break;
    }
    f->pushed += (int64_t)(k - i);
    return k;
}
