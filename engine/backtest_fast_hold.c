/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path's candles in a position at which only equity moves: many at once, by whole numbers.
 *
 * Where equity is linear in the close, what a sample means for peak and drawdown is read off the
 * close itself.  Only samples that are a new peak, or as low as the lowest since the newest peak,
 * are told to the account's statistics: the others would change nothing that these do not. */
#include "core/amount_text.h"
#include "engine/backtest_fast.h"

enum {
    HOLD_FEW = 8 /* candles that go one by one where many cannot */
};

#define NONE SIZE_MAX

/* "x" is the close, of a short its negative: equity rises with it. */
struct stretch {
    struct fast *f;
    const struct candle *c;
    int64_t sign;
    i128 rise;         /* of equity, when x rises by 1 */
    int64_t peak;      /* from here on equity is at its peak or above it */
    int64_t above;     /* from here on it is above */
    int64_t deep;      /* below here there may be a new drawdown */
    int64_t drop;      /* so far below a new peak there is none */
    size_t first;      /* behind the newest sample at the peak */
    size_t rise_first; /* samples at the peak or above, not told yet; NONE: there are none */
    size_t rise_last, highest; /* highest: the newest that is above all before it, or NONE */
    int64_t low;               /* since then */
    int64_t begin_us;          /* of sample 0 */
};

/* Beyond all closes that are looked at (bounds_of), and a sum of two of them fits. */
static const int64_t farthest = INT64_MAX / 4;

static int64_t clamped(i128 value)
{
    return value > farthest ? farthest : value < -farthest ? -farthest : (int64_t)value;
}

static i128 floor_of(i128 a, i128 b)
{
    return a / b - (a % b < 0);
}

static int64_t x_of(const struct stretch *s, size_t k)
{
    return s->sign * s->c[k].close;
}

static int64_t time_of(const struct stretch *s, size_t k)
{
    return s->begin_us + (int64_t)k * s->f->timeframe_us;
}

static struct money equity_of(const struct stretch *s, int64_t x)
{
    return (struct money){s->f->base + s->rise * x};
}

/* The least x of at least so much equity. */
static int64_t x_from(const struct stretch *s, i128 equity)
{
    return clamped(-floor_of(s->f->base - equity, s->rise));
}

static void find_deep(struct stretch *s)
{
    s->deep = x_from(s, s->f->quiet_low);
    s->drop = clamped((s->f->p->equity_peak.e12 - s->f->quiet_low) / s->rise);
}

/* The samples below the peak up to k: one by one only those that may be the deepest, or as deep
 * when rounded to 12 decimals. */
static void end_fall(struct stretch *s, size_t k)
{
    struct fast *f = s->f;
    const i128 digit = f->p->equity_peak.e12 / AMOUNT_ONE + 1;
    int64_t least;

    if (k == s->first)
        return;
    if (s->low < s->deep) {
        least = s->low + clamped(digit / s->rise + 1);
        for (size_t i = s->first; i < k; i++) {
            if (x_of(s, i) > least)
                continue;
            performance_drawdown(f->p, equity_of(s, x_of(s, i)), time_of(s, i));
            backtest_watch_below(&f->r->watch, f->p, time_of(s, i), time_of(s, i));
        }
        f->quiet_low = performance_quiet_low(f->p).e12;
        find_deep(s);
    }
    backtest_watch_below(&f->r->watch, f->p, time_of(s, k - 1), time_of(s, k - 1));
}

/* The samples at the peak or above it end: they are told together. */
static void end_rise(struct stretch *s)
{
    struct performance *p = s->f->p;

    if (s->highest != NONE) {
        p->equity_peak = equity_of(s, x_of(s, s->highest));
        p->peak_us = time_of(s, s->highest);
    }
    backtest_watch_peak(&s->f->r->watch, equity_of(s, x_of(s, s->rise_last)),
                        time_of(s, s->rise_first), time_of(s, s->rise_last));
    s->first = s->rise_last + 1;
    s->low = INT64_MAX;
    s->rise_first = s->highest = NONE;
}

/* Sample k is at the peak or above it. */
static void rise_to(struct stretch *s, size_t k, int64_t x)
{
    if (s->rise_first == NONE) {
        end_fall(s, k);
        s->rise_first = k;
    }
    s->rise_last = k;
    if (x >= s->above) {
        s->highest = k;
        s->peak = x;
        s->above = x + 1;
        s->deep = x - s->drop;
    }
}

static void take_sample(struct stretch *s, size_t k, int64_t x)
{
    if (x >= s->peak) {
        rise_to(s, k, x);
        return;
    }
    if (s->rise_first != NONE)
        end_rise(s);
    s->low = x < s->low ? x : s->low;
}

/* Samples from .. to - 1, which go into one point of the curve. */
static void take_point(struct stretch *s, size_t from, size_t to)
{
    int64_t low = INT64_MAX, high = INT64_MIN;

    for (size_t k = from; k < to; k++) {
        const int64_t x = x_of(s, k);

        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    if (high < s->peak) {
        take_sample(s, from, low);
    } else {
        for (size_t k = from; k < to; k++)
            take_sample(s, k, x_of(s, k));
    }
    backtest_watch_point(&s->f->r->watch, &(struct backtest_run){
                                              .low = equity_of(s, low),
                                              .last = equity_of(s, x_of(s, to - 1)),
                                              .count = (int64_t)(to - from),
                                              .last_us = time_of(s, to - 1),
                                          });
}

/* Where the candles' range must stay: between the orders, and for a window under way, which has a
 * peak and drawdowns of its own, where its samples mean nothing. */
struct bounds {
    int64_t low, high; /* reached: no longer */
};

static struct bounds bounds_of(const struct stretch *s, const struct backtest_window *v)
{
    struct bounds b = {s->f->low_hit, s->f->high_hit};
    int64_t least, most;

    b.high = b.high < farthest ? b.high : farthest;
    if (!v)
        return b;
    least = x_from(s, v->quiet_low.e12) - 1;
    most = x_from(s, v->performance.equity_peak.e12 + 1);
    if (s->sign < 0) {
        const int64_t x = least;

        least = -most;
        most = -x;
    }
    b.low = least > b.low ? least : b.low;
    b.high = most < b.high ? most : b.high;
    return b;
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

/* How many of the candles stay within the bounds and follow one another; notes their extremes. */
static size_t count_within(struct stretch *s, size_t most, struct bounds b)
{
    struct fast *f = s->f;
    int64_t low = INT64_MAX, high = INT64_MIN;
    size_t k = 0;

    for (; k < most; k++) {
        const struct candle *c = &s->c[k];

        if (c->low <= b.low || c->high >= b.high || (c->flags & CANDLE_AFTER_GAP))
            break;
        low = c->low < low ? c->low : low;
        high = c->high > high ? c->high : high;
    }
    if (k > 0)
        keep_extremes(f, high, low);
    return k;
}

static void window_take(struct backtest_window *v, struct money equity, int64_t at_us, size_t count)
{
    v->performance.equity = equity;
    v->performance.last_us = at_us;
    v->performance.bars += (int64_t)count;
    v->performance.bars_exposed += (int64_t)count;
}

/* As many candles from i on, at most so many, as only move equity; returns how many. */
static size_t hold_many(struct fast *f, size_t i, size_t most)
{
    struct backtest_watch *w = &f->r->watch;
    struct backtest_window *v = w->window < w->window_count ? &w->windows[w->window] : NULL;
    struct performance *p = f->p;
    struct stretch s = {.f = f,
                        .c = &f->candles[i],
                        .sign = f->slope < 0 ? -1 : 1,
                        .rise = f->slope < 0 ? -f->slope : f->slope,
                        .low = INT64_MAX,
                        .rise_first = NONE,
                        .highest = NONE,
                        .begin_us = f->candles[i].open_us + f->timeframe_us};
    int64_t until_us = f->quiet_until_us;
    struct money peak = p->equity_peak;
    size_t count, take;

    if (!w->has_sample || (v && !v->is_begun))
        return 0;
    if (v && v->quiet_until_us < until_us)
        until_us = v->quiet_until_us;
    if (until_us <= s.begin_us)
        return 0;
    if ((until_us - 1 - s.begin_us) / f->timeframe_us < (int64_t)most)
        most = (size_t)((until_us - 1 - s.begin_us) / f->timeframe_us) + 1;
    count = count_within(&s, most, bounds_of(&s, v));
    if (count == 0)
        return 0;
    s.peak = x_from(&s, peak.e12);
    s.above = x_from(&s, peak.e12 + 1);
    find_deep(&s);
    for (size_t k = 0; k < count; k += take) {
        take = (size_t)backtest_watch_room(w);
        take = count - k < take ? count - k : take;
        take_point(&s, k, k + take);
    }
    if (s.rise_first != NONE)
        end_rise(&s);
    else
        end_fall(&s, count);
    if (money_cmp(p->equity_peak, peak) != 0)
        f->quiet_low = performance_quiet_low(p).e12;
    w->equity = p->equity = equity_of(&s, x_of(&s, count - 1));
    p->last_us = time_of(&s, count - 1);
    p->bars += (int64_t)count;
    p->bars_exposed += (int64_t)count;
    f->a->cycle_count += (int64_t)count;
    f->mark = s.c[count - 1].close;
    f->position.candles_held += (int64_t)count;
    if (v)
        window_take(v, p->equity, p->last_us, count);
    return count;
}

/* One candle; false, and nothing done: it goes the usual way. */
static bool hold_one(struct fast *f, const struct candle *c)
{
    if (c->low <= f->low_hit || c->high >= f->high_hit || (c->flags & CANDLE_AFTER_GAP))
        return false;
    keep_extremes(f, c->high, c->low);
    f->mark = c->close;
    f->position.candles_held++;
    fast_sample(f, fast_equity(f, c->close), c->open_us + f->timeframe_us);
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
    return fast_count_without(f->exit, i - f->first, i - f->first + most, TRI_TRUE);
}

/* In a position: as long as no order is touched and no exit is due. */
size_t fast_skip_held(struct fast *f, size_t i)
{
    size_t k = i, end, stop, count;

    if (f->best == 0) /* the first candle goes the usual way */
        return i;
    end = i + count_held(f, i);
    while (k < end) {
        count = f->is_linear ? hold_many(f, k, end - k) : 0;
        k += count;
        stop = end - k < HOLD_FEW ? end : k + (count > 0 ? 1 : HOLD_FEW);
        while (k < stop && hold_one(f, &f->candles[k]))
            k++;
        if (k < stop)
            break;
    }
    f->pushed += (int64_t)(k - i);
    return k;
}
