/* SPDX-License-Identifier: Apache-2.0 */
/* What a backtest notes of its equity on the way: a thinned curve, drawdowns, windows.
 *
 * It is told every sample of equity, one by one or in stretches of equal ones; both give the same
 * bits.  Memory does not grow with the number of samples. */
#ifndef ENGINE_BACKTEST_WATCH_H
#define ENGINE_BACKTEST_WATCH_H

#include "engine/performance.h"

enum {
    BACKTEST_POINTS = 4096,
    BACKTEST_WINDOWS = 1000
};

/* A point stands for `stride` samples: the newest of them, and the lowest. */
struct backtest_point {
    int64_t at_us;
    struct money equity, low;
};

/* Equity below a peak it had before. */
struct backtest_drawdown {
    int64_t peak_us;      /* the last moment at the peak; TIME_NONE: no drawdown */
    int64_t trough_us;    /* the lowest moment */
    int64_t recovered_us; /* back at the peak; TIME_NONE: not yet */
};

/* A part of the time, judged alone: its start balance is the equity it begins with. */
struct backtest_window {
    int64_t from_us, to_us; /* samples at both ends count */
    bool is_begun;
    struct money quiet_low;         /* see performance_quiet_low */
    int64_t quiet_until_us;         /* its end, or the end of its day */
    struct performance performance; /* of its samples; trips and fills are added at the end */
    struct daily_equity daily;
    struct performance_report report; /* made at the end */
};

struct backtest_watch {
    struct backtest_point *points; /* BACKTEST_POINTS of them */
    size_t count;
    int64_t stride, filled; /* samples a point, and of the newest point */
    bool has_sample;
    struct money equity, peak; /* newest, highest */
    int64_t peak_us;           /* the last moment at the peak */
    struct ratio max_drawdown;
    struct backtest_drawdown deepest;
    int64_t longest_us; /* the longest time below a peak; a drawdown at the end counts */
    int64_t under_us;   /* below the peak now, since its moment; 0: not below */
    struct backtest_window *windows;
    size_t window_count, window; /* window: the one under way */
};

/* begin and end of each window, by time, without gaps; windows may be NULL when there are none. */
void backtest_watch_init(struct backtest_watch *w, const struct backtest_window *windows,
                         size_t count);
void backtest_watch_release(struct backtest_watch *w);
/* Told after performance_sample of the account; p is the account's. */
void backtest_watch_sample(struct backtest_watch *w, const struct performance *p, bool exposed);
/* Told after performance_stretch. */
void backtest_watch_stretch(struct backtest_watch *w, const struct performance *p,
                            const struct equity_stretch *s);
/* Samples a step apart of which only a few are told. */
struct backtest_run {
    struct money low, high, last;
    bool exposed;
    int64_t count, last_us;
};
/* How many of them go into one point of the curve, beginning with the next. */
static inline int64_t backtest_watch_room(const struct backtest_watch *w)
{
    return w->filled == w->stride ? w->stride : w->stride - w->filled;
}
/* Makes room for another point where there is none. */
void backtest_watch_full(struct backtest_watch *w);
/* Tells the curve alone of them, at most so many: the lowest and the newest. */
static inline void backtest_watch_point(struct backtest_watch *w, const struct backtest_run *s)
{
    struct backtest_point *point;

    if (w->filled == w->stride) {
        backtest_watch_full(w);
        w->points[w->count++] = (struct backtest_point){.low = s->low};
        w->filled = 0;
    }
    point = &w->points[w->count - 1];
    point->at_us = s->last_us;
    point->equity = s->last;
    if (s->low.e12 < point->low.e12)
        point->low = s->low;
    w->filled += s->count;
}
/* Tells all but the curve and the windows of samples at the peak or above it, or below it: of the
 * first and the newest of them.  p is the account's and was told. */
void backtest_watch_peak(struct backtest_watch *w, struct money equity, int64_t first_us,
                         int64_t last_us);
void backtest_watch_below(struct backtest_watch *w, const struct performance *p, int64_t first_us,
                          int64_t last_us);
/* Told of samples none of which is a new drawdown; false, and nothing done: they are not as simple
 * as that, use one of the above. */
static inline bool backtest_watch_quick_run(struct backtest_watch *w, const struct backtest_run *s)
{
    struct backtest_window *v = w->window < w->window_count ? &w->windows[w->window] : NULL;

    if (backtest_watch_room(w) < s->count || !w->has_sample || s->high.e12 >= w->peak.e12)
        return false;
    if (v && (!v->is_begun || s->last_us >= v->quiet_until_us || s->low.e12 < v->quiet_low.e12 ||
              s->high.e12 > v->performance.equity_peak.e12))
        return false;
    if (v) {
        v->performance.equity = s->last;
        v->performance.last_us = s->last_us;
        v->performance.bars += s->count;
        v->performance.bars_exposed += s->exposed ? s->count : 0;
    }
    backtest_watch_point(w, s);
    w->equity = s->last;
    w->under_us = s->last_us - w->peak_us;
    if (w->under_us > w->longest_us)
        w->longest_us = w->under_us;
    return true;
}

/* Told of a sample that is no new drawdown, inline where that is possible; false: use
 * backtest_watch_sample. */
static inline bool backtest_watch_quick(struct backtest_watch *w, struct money equity,
                                        int64_t at_us)
{
    struct backtest_point *point;
    const bool is_peak = equity.e12 >= w->peak.e12;

    if (w->filled == w->stride || w->window_count > 0 || !w->has_sample ||
        (is_peak && w->under_us > 0))
        return false;
    point = &w->points[w->count - 1];
    point->at_us = at_us;
    point->equity = equity;
    if (equity.e12 < point->low.e12)
        point->low = equity;
    w->filled++;
    w->equity = equity;
    if (is_peak) {
        w->peak = equity;
        w->peak_us = at_us;
        return true;
    }
    w->under_us = at_us - w->peak_us;
    if (w->under_us > w->longest_us)
        w->longest_us = w->under_us;
    return true;
}

#endif
