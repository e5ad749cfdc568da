/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of rule_step_table.h are made of. */
#ifndef ENGINE_RULE_STEP_H
#define ENGINE_RULE_STEP_H

#include "engine/feature_cycle.h"
#include "engine/feature_regression.h"
#include "engine/feature_smooth.h"
#include "engine/feature_trend.h"
#include "engine/feature_volume.h"
#include "engine/feature_window.h"
#include "engine/rule_kernel.h"
#include "engine/rule_run.h"

/* Exact in binary64, so that one division gives the nearest double. */
static const double power[RULE_RUN_SCALES] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* a > b now and a <= b a candle ago, three-valued: a certain "no" of either half decides. */
static inline double cross_push(struct rule_cross *f, double a, double b)
{
    double is_above = rule_greater(a, b);
    double result = rule_and(is_above, f->was_ready);

    f->was_ready = 1 - is_above;
    return result;
}

#define MINUTE_US (60 * US_PER_S)
#define HOUR_US (60 * MINUTE_US)

static inline int64_t in_day(int64_t us)
{
    int64_t rest = us % US_PER_DAY;

    return rest < 0 ? rest + US_PER_DAY : rest;
}

static inline double hour_of(int64_t us)
{
    return (double)(in_day(us) / HOUR_US);
}

static inline double day_of_month(int64_t us)
{
    int year, month, day;

    time_civil(us, &year, &month, &day);
    return day;
}

static inline double month_of(int64_t us)
{
    int year, month, day;

    time_civil(us, &year, &month, &day);
    return month;
}

/* Asia until 8 UTC, Europe until 13, the US until 21. */
static inline double session_of(int64_t us)
{
    double hour = hour_of(us);

    return hour < 8 ? 0 : hour < 13 ? 1 : hour < 21 ? 2 : 3;
}

/* 1970-01-01 was a Thursday, number 3. */
static inline double weekday_of(int64_t us)
{
    int64_t days = (us - in_day(us)) / US_PER_DAY;

    return (double)(((days + 3) % 7 + 7) % 7);
}

/* Another symbol's value counts only beside its candle of the same time, and after a gap not before
 * it has settled: nobody waits for another symbol's warm-up. */
static inline double sample_other(const struct rule_border *border, int64_t open_us, double value)
{
    const struct rule_feed *feed = border->feed;

    return feed->open_us == open_us && feed->count >= border->settle ? value : NAN;
}

#endif
