/* SPDX-License-Identifier: Apache-2.0 */
/* Averages that remember everything: the exponential one and Wilder's, with RSI and ATR on them.
 *
 * All kernels share one habit.  A push gives the value as of that candle, NaN while it is not
 * known yet.  An input that is NaN makes the kernel start again, as if just made: a window with a
 * hole in it is not a window.  The structs are plain memory: copying one copies the state. */
#ifndef ENGINE_FEATURE_SMOOTH_H
#define ENGINE_FEATURE_SMOOTH_H

#include "core/base.h"

/* EMA as TA-Lib has it: the first value is the mean of the first `period` inputs, then
 * previous + (x - previous) * 2 / (period + 1).
 *
 * skip: how many inputs are dropped before the seed.  MACD needs it: TA-Lib seeds the fast
 * average on the last `fast` of the first `slow` candles, not on the first ones. */
struct feature_ema {
    double value, factor, sum;
    int32_t period, skip, count;
};

void feature_ema_init(struct feature_ema *f, int period, int skip);
double feature_ema_seed(struct feature_ema *f, double x);

static inline double feature_ema_push(struct feature_ema *f, double x)
{
    if (__builtin_expect(f->count < f->period + f->skip || x != x, 0))
        return feature_ema_seed(f, x);
    f->value += (x - f->value) * f->factor;
    return f->value;
}

static inline int feature_ema_lookback(int period, int skip)
{
    return period - 1 + skip;
}
/* Candles until the seed weighs less than 1e-6: 6.9 * (period + 1). */
int feature_ema_settle(int period);
/* The same for Wilder's average, which forgets half as fast: 13.8 * period. */
int feature_wilder_settle(int period);

/* RSI (Wilder 1978): gains and losses are averaged over the first `period` changes and then by
 * (previous * (period - 1) + x) / period.  No gain and no loss gives 0, as in TA-Lib. */
struct feature_rsi {
    double last, gain, loss;
    int32_t period, count; /* count: inputs seen, at most period + 1 */
};

void feature_rsi_init(struct feature_rsi *f, int period);
double feature_rsi_push(struct feature_rsi *f, double x);
static inline int feature_rsi_lookback(int period)
{
    return period;
}

/* ATR (Wilder 1978): the true range of the first candle is not defined, so the first mean is over
 * candles 1 to `period`. */
struct feature_atr {
    double last_close, value;
    int32_t period, count;
};

void feature_atr_init(struct feature_atr *f, int period);
double feature_atr_push(struct feature_atr *f, double high, double low, double close);
static inline int feature_atr_lookback(int period)
{
    return period;
}

#endif
