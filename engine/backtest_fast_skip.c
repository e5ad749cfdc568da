/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path's equity, and the stretches of candles without a position. */
#include <string.h>

#include "engine/backtest_fast.h"

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

size_t fast_count_without(const uint8_t *bytes, size_t k, size_t end, uint8_t bits)
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
    size_t k = i + fast_count_without(f->entry, i - f->first, end, TRI_TRUE | TRI_UNKNOWN);

    if (k == f->next_apart && k > i)
        k--; /* its open may be at another instant: the usual way knows */
    if (k == i)
        return i;
    sample_flat(f, i, k);
    f->pushed += (int64_t)(k - i);
    return k;
}
