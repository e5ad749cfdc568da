/* SPDX-License-Identifier: Apache-2.0 */
/* Thins the curve, follows the drawdowns, and keeps each window's own statistics. */
#include "engine/backtest_watch.h"

#include <stdlib.h>
#include <string.h>

void backtest_watch_init(struct backtest_watch *w, const struct backtest_window *windows,
                         size_t count)
{
    *w = (struct backtest_watch){
        .points = xmalloc(BACKTEST_POINTS * sizeof *w->points), /* written when counted */
        .stride = 1,
        .filled = 1,
        .peak_us = TIME_NONE,
        .deepest = {TIME_NONE, TIME_NONE, TIME_NONE},
        .windows = xcalloc(count + 1, sizeof *w->windows),
        .window_count = count,
    };
    for (size_t i = 0; i < count; i++)
        w->windows[i] =
            (struct backtest_window){.from_us = windows[i].from_us, .to_us = windows[i].to_us};
}

void backtest_watch_release(struct backtest_watch *w)
{
    for (size_t i = 0; i < w->window_count; i++)
        daily_equity_release(&w->windows[i].daily);
    free(w->windows);
    free(w->points);
    *w = (struct backtest_watch){0};
}

/* ---- The curve ---- */

static void halve(struct backtest_watch *w)
{
    size_t kept = w->count / 2;

    for (size_t i = 0; i < kept; i++) {
        const struct backtest_point *a = &w->points[2 * i], *b = &w->points[2 * i + 1];

        w->points[i] = (struct backtest_point){
            .at_us = b->at_us, .equity = b->equity, .low = money_min(a->low, b->low)};
    }
    w->count = kept;
    w->stride *= 2;
    w->filled = w->stride;
}

void backtest_watch_full(struct backtest_watch *w)
{
    if (w->count == BACKTEST_POINTS)
        halve(w);
}

/* As many samples of the stretch as go into one point; returns how many. */
static int64_t fill_point(struct backtest_watch *w, const struct equity_stretch *s, int64_t done)
{
    const int64_t room = backtest_watch_room(w);
    const int64_t take = s->count - done < room ? s->count - done : room;
    const struct backtest_run run = {.low = s->equity,
                                     .last = s->equity,
                                     .count = take,
                                     .last_us = s->first_us + (done + take - 1) * s->step_us};

    backtest_watch_point(w, &run);
    return take;
}

/* ---- Drawdowns ---- */

void backtest_watch_peak(struct backtest_watch *w, struct money equity, int64_t first_us,
                         int64_t last_us)
{
    if (w->under_us > 0) {
        if (first_us - w->peak_us > w->longest_us)
            w->longest_us = first_us - w->peak_us;
        if (w->deepest.peak_us == w->peak_us && w->deepest.recovered_us == TIME_NONE)
            w->deepest.recovered_us = first_us;
    }
    w->peak = equity;
    w->peak_us = last_us;
    w->under_us = 0;
}

void backtest_watch_below(struct backtest_watch *w, const struct performance *p, int64_t first_us,
                          int64_t last_us)
{
    w->under_us = last_us - w->peak_us;
    if (w->under_us > w->longest_us)
        w->longest_us = w->under_us;
    if (ratio_cmp(p->max_drawdown, w->max_drawdown) > 0) {
        w->max_drawdown = p->max_drawdown;
        w->deepest = (struct backtest_drawdown){
            .peak_us = w->peak_us, .trough_us = first_us, .recovered_us = TIME_NONE};
    }
}

static void follow_drawdown(struct backtest_watch *w, const struct performance *p,
                            const struct equity_stretch *s)
{
    const int64_t last_us = s->first_us + (s->count - 1) * s->step_us;

    if (!w->has_sample) /* the start balance is the first peak */
        w->peak = p->starting_equity;
    if (w->peak_us == TIME_NONE)
        w->peak_us = s->first_us;
    w->has_sample = true;
    w->equity = s->equity;
    if (money_cmp(s->equity, w->peak) >= 0)
        backtest_watch_peak(w, s->equity, s->first_us, last_us);
    else
        backtest_watch_below(w, p, s->first_us, last_us);
}

/* ---- Windows ---- */

/* The samples of one stretch that lie in the window go into it. */
static void window_take(struct backtest_window *v, const struct equity_stretch *s,
                        struct money before)
{
    struct equity_stretch part = *s;
    int64_t skipped = 0, last_us = s->first_us + (s->count - 1) * s->step_us;

    if (last_us < v->from_us || s->first_us > v->to_us)
        return;
    if (s->first_us < v->from_us)
        skipped = (v->from_us - s->first_us + s->step_us - 1) / s->step_us;
    part.first_us += skipped * s->step_us;
    part.count -= skipped;
    if (last_us > v->to_us)
        part.count -= (last_us - v->to_us + s->step_us - 1) / s->step_us;
    if (part.count <= 0)
        return;
    if (!v->is_begun) {
        /* It begins with what the account had at its first moment, or before it. */
        performance_init(&v->performance,
                         part.first_us == v->from_us || skipped > 0 ? s->equity : before);
        v->is_begun = true;
    }
    performance_stretch(&v->performance, &v->daily, &part);
    v->quiet_low = performance_quiet_low(&v->performance);
    v->quiet_until_us = (v->performance.day + 1) * US_PER_DAY;
    if (v->quiet_until_us > v->to_us)
        v->quiet_until_us = v->to_us;
}

static void follow_windows(struct backtest_watch *w, const struct equity_stretch *s,
                           struct money before)
{
    const int64_t last_us = s->first_us + (s->count - 1) * s->step_us;

    while (w->window < w->window_count) {
        window_take(&w->windows[w->window], s, before);
        if (last_us < w->windows[w->window].to_us)
            return;
        w->window++; /* the next one begins where this one ends */
    }
}

void backtest_watch_stretch(struct backtest_watch *w, const struct performance *p,
                            const struct equity_stretch *s)
{
    const struct money before = w->has_sample ? w->equity : p->starting_equity;

    for (int64_t done = 0; done < s->count;)
        done += fill_point(w, s, done);
    if (s->count <= 0)
        return;
    follow_drawdown(w, p, s);
    if (w->window_count > 0)
        follow_windows(w, s, before);
}

void backtest_watch_sample(struct backtest_watch *w, const struct performance *p, bool exposed)
{
    const struct equity_stretch s = {
        .equity = p->equity, .exposed = exposed, .first_us = p->last_us, .step_us = 1, .count = 1};

    backtest_watch_stretch(w, p, &s);
}
