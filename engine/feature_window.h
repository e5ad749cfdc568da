/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of the last `period` inputs: simple and weighted mean, standard deviation, extremes,
 * lags and streaks.
 *
 * A push costs O(1), amortised, but for CCI.  Running sums would collect rounding noise for ever,
 * so each is made afresh whenever its ring is full once more, and at once when a large value has
 * just left and took the small digits with it.  Inputs are at most RULE_NUMBER_MAX
 * (engine/rule_graph.h) in magnitude, so that squares do not overflow.  See feature_smooth.h for
 * what NaN does. */
#ifndef ENGINE_FEATURE_WINDOW_H
#define ENGINE_FEATURE_WINDOW_H

#include "core/base.h"

/* SMA, WMA and STDDEV keep their window in the ring behind the struct. */
struct feature_window {
    double sum;      /* of ring - anchor */
    double weighted; /* WMA: weights 1..period; STDDEV: sum of squares of ring - anchor */
    double anchor;   /* STDDEV: near the mean, so that little cancels; 0 for the others */
    double peak;     /* largest sum (STDDEV: sum of squares) since the sums were made afresh */
    int32_t period, count, at, ddof;
    double ring[];
};

size_t feature_window_size(int period);
void feature_window_init(struct feature_window *f, int period, int ddof);
double feature_sma_push(struct feature_window *f, double x);
double feature_wma_push(struct feature_window *f, double x);
/* Scale-free, where TA-Lib takes a variance below 1e-14 for nothing.  ddof 0: population (TA-Lib,
 * Bollinger), 1: sample. */
double feature_stddev_push(struct feature_window *f, double x);
/* CCI (Lambert 1980): (x - mean) / (0.015 * mean deviation); 0 where the deviation is only rounding
 * noise.  The deviation is taken around a mean that moves, so this push costs O(period). */
double feature_cci_push(struct feature_window *f, double x);
static inline int feature_window_lookback(int period)
{
    return period - 1;
}

/* The largest input of the window, by a queue of those that may still become it.  For the
 * smallest, push -x and negate the result. */
struct feature_extreme {
    int64_t now; /* inputs since the start */
    int32_t period, head, count;
    struct feature_extreme_item {
        double value;
        int64_t at;
    } items[];
};

size_t feature_extreme_size(int period);
void feature_extreme_init(struct feature_extreme *f, int period);
double feature_extreme_push(struct feature_extreme *f, double x);
/* The same, but gives how many inputs ago it was; of equal ones the newest counts. */
double feature_extreme_age_push(struct feature_extreme *f, double x);

/* The input of `lag` candles ago.  A NaN passes through: it does not start anything again. */
struct feature_lag {
    int32_t lag, at;
    double ring[];
};

size_t feature_lag_size(int lag);
void feature_lag_init(struct feature_lag *f, int lag);
static inline double feature_lag_push(struct feature_lag *f, double x)
{
    double old = f->ring[f->at];

    f->ring[f->at] = x;
    f->at = f->at + 1 == f->lag ? 0 : f->at + 1;
    return old;
}

/* 1 when each of the last `length` inputs was above (below, for a negative sign) the one before
 * it, else 0. */
struct feature_streak {
    double last, sign;
    int32_t length, run, count;
};

void feature_streak_init(struct feature_streak *f, int length, double sign);
double feature_streak_push(struct feature_streak *f, double x);

#endif
