/* SPDX-License-Identifier: Apache-2.0 */
/* EMA, RSI and ATR, one candle at a time (Wilder 1978; seeds and lookbacks as in TA-Lib). */
#include "engine/feature_smooth.h"

#include <math.h>

void feature_ema_init(struct feature_ema *f, int period, int skip)
{
    *f = (struct feature_ema){
        .value = NAN, .factor = 2.0 / (double)(period + 1), .period = period, .skip = skip};
}

/* The rare path: before the seed is complete, and an unknown input. */
double feature_ema_seed(struct feature_ema *f, double x)
{
    if (isnan(x)) {
        feature_ema_init(f, f->period, f->skip);
        return NAN;
    }
    if (f->count >= f->skip)
        f->sum += x;
    f->count++;
    if (f->count < f->period + f->skip)
        return NAN;
    f->value = f->sum / (double)f->period;
    return f->value;
}

int feature_ema_settle(int period)
{
    return (int)ceil(6.9 * (double)(period + 1));
}

int feature_wilder_settle(int period)
{
    return (int)ceil(13.8 * (double)period);
}

void feature_rsi_init(struct feature_rsi *f, int period)
{
    *f = (struct feature_rsi){.last = NAN, .period = period};
}

double feature_rsi_push(struct feature_rsi *f, double x)
{
    double change = x - f->last;
    double gain = change > 0 ? change : 0;
    double loss = change < 0 ? -change : 0;
    double period = (double)f->period;
    double total;

    if (isnan(x)) {
        feature_rsi_init(f, f->period);
        return NAN;
    }
    f->last = x;
    if (f->count <= f->period) {
        if (f->count > 0) {
            f->gain += gain;
            f->loss += loss;
        }
        if (f->count++ < f->period)
            return NAN;
        f->gain /= period;
        f->loss /= period;
    } else {
        f->gain = (f->gain * (period - 1) + gain) / period;
        f->loss = (f->loss * (period - 1) + loss) / period;
    }
    /* TA-Lib takes totals below 1e-14 for nothing; that would break at tiny prices. */
    total = f->gain + f->loss;
    return total > 0 ? 100 * (f->gain / total) : 0;
}

void feature_atr_init(struct feature_atr *f, int period)
{
    *f = (struct feature_atr){.last_close = NAN, .period = period};
}

double feature_atr_push(struct feature_atr *f, double high, double low, double close)
{
    double range = high - low;
    double period = (double)f->period;
    double up = fabs(high - f->last_close);
    double down = fabs(low - f->last_close);

    if (isnan(range) || isnan(close)) {
        feature_atr_init(f, f->period);
        return NAN;
    }
    f->last_close = close;
    if (f->count == 0) {
        f->count = 1;
        return NAN;
    }
    range = up > range ? up : range;
    range = down > range ? down : range;
    if (f->count <= f->period) {
        f->value += range;
        if (f->count++ < f->period)
            return NAN;
        f->value /= period;
    } else {
        f->value = (f->value * (period - 1) + range) / period;
    }
    return f->value;
}
