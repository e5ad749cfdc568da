/* SPDX-License-Identifier: Apache-2.0 */
/* Averages that remember everything: the exponential ones, Wilder's, and RSI, CMO, ATR on them.
 *
 * All kernels share one habit.  A push gives the value as of that candle, NaN while it is not
 * known yet.  An input that is NaN makes the kernel start again, as if just made: a window with a
 * hole in it is not a window.  The structs are plain memory: copying one copies the state. */
#ifndef ENGINE_FEATURE_SMOOTH_H
#define ENGINE_FEATURE_SMOOTH_H

#include <math.h>

#include "core/base.h"

/* EMA as TA-Lib has it: the first value is the mean of the first `period` inputs, then
 * previous + (x - previous) * 2 / (period + 1).
 *
 * skip: how many inputs are dropped before the seed.  MACD needs it: TA-Lib seeds the fast
 * average on the last `fast` of the first `slow` candles, not on the first ones. */
struct feature_ema {
    double value; /* NaN until the seed is complete */
    double factor, sum;
    int32_t period, skip;
    int32_t left; /* inputs until then */
};

void feature_ema_init(struct feature_ema *f, int period, int skip);
double feature_ema_seed(struct feature_ema *f, double x);

/* The next value, NaN before the seed is complete and for an unknown input: then it is
 * feature_ema_seed's turn. */
static inline double feature_ema_next(const struct feature_ema *f, double x)
{
    return f->value + (x - f->value) * f->factor;
}

static inline double feature_ema_push(struct feature_ema *f, double x)
{
    double next = feature_ema_next(f, x);

    if (__builtin_expect(next != next, 0))
        return feature_ema_seed(f, x);
    f->value = next;
    return next;
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
    double period;
    int32_t left; /* inputs until the first value is known */
};

void feature_rsi_init(struct feature_rsi *f, int period);
/* Takes one input; true when the averages are known with it. */
bool feature_rsi_seed(struct feature_rsi *f, double x);

static inline bool feature_rsi_is_rare(const struct feature_rsi *f, double x)
{
    return __builtin_expect(f->left != 0 || x != x, 0);
}

/* The usual input: known, and the averages are. */
static inline void feature_rsi_next(struct feature_rsi *f, double x)
{
    double change = x - f->last;
    double size = fabs(change);

    /* One of the sums is 0 and the other twice the change: exact, and without a branch, whose
     * direction the processor could not guess. */
    f->last = x;
    f->gain = (f->gain * (f->period - 1) + (size + change) * 0.5) / f->period;
    f->loss = (f->loss * (f->period - 1) + (size - change) * 0.5) / f->period;
}

/* Gain and loss beside one another in one register: one division makes both, and the same bits. */
typedef double feature_pair __attribute__((vector_size(2 * sizeof(double))));

static inline feature_pair feature_rsi_pair(feature_pair both, double period, double change)
{
    const double size = fabs(change);
    const feature_pair x = {size + change, size - change};

    return (both * (period - 1) + x * 0.5) / period;
}

/* TA-Lib takes totals below 1e-14 for nothing; that would break at tiny prices.  Without any change
 * the gain is 0, and so is its share of whatever: no branch is needed. */
static inline double feature_rsi_share(double gain, double total)
{
    return 100 * (gain / (total > 0 ? total : 1));
}

static inline double feature_rsi_value(const struct feature_rsi *f)
{
    return feature_rsi_share(f->gain, f->gain + f->loss);
}

static inline double feature_rsi_push(struct feature_rsi *f, double x)
{
    if (feature_rsi_is_rare(f, x))
        return feature_rsi_seed(f, x) ? feature_rsi_value(f) : NAN;
    feature_rsi_next(f, x);
    return feature_rsi_value(f);
}

/* CMO (Chande) as TA-Lib has it: on Wilder's averages, not on sums. */
double feature_cmo_push(struct feature_rsi *f, double x);
static inline int feature_rsi_lookback(int period)
{
    return period;
}

/* KAMA (Kaufman 1995): an exponential average whose factor lies between those of 30 and 2 candles,
 * squared, by how straight the way of the last `period` candles was.  Begins with the input before
 * the first value, as in TA-Lib; a price that stood still counts as straight. */
struct feature_kama {
    double value, last;
    double way,
        peak; /* sum of |changes| of the last `period` inputs; its largest since it was made */
    int32_t period, count, at, padding;
    double ring[];
};

enum {
    /* In a market without any direction KAMA forgets 0.4 % a candle; in one that wanders, some
     * 5 %.  The tests find the values equal by then. */
    FEATURE_KAMA_SETTLE = 400
};

size_t feature_kama_size(int period);
void feature_kama_init(struct feature_kama *f, int period);
double feature_kama_push(struct feature_kama *f, double x);

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

/* Wilder's average by itself: the mean of the first `period` inputs, then
 * (previous * (period - 1) + x) / period. */
struct feature_wilder {
    double value;
    int32_t period, count;
};

void feature_wilder_init(struct feature_wilder *f, int period);
double feature_wilder_push(struct feature_wilder *f, double x);
static inline int feature_wilder_lookback(int period)
{
    return period - 1;
}

#endif
