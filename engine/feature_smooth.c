/* SPDX-License-Identifier: Apache-2.0 */
/* EMA, RSI, CMO and ATR, one candle at a time (Wilder 1978; seeds and lookbacks as in TA-Lib). */
#include "engine/feature_smooth.h"

void feature_ema_init(struct feature_ema *f, int period, int skip)
{
    *f = (struct feature_ema){.value = NAN,
                              .factor = 2.0 / (double)(period + 1),
                              .period = period,
                              .skip = skip,
                              .left = period + skip};
}

/* The rare path: before the seed is complete, and an unknown input. */
double feature_ema_seed(struct feature_ema *f, double x)
{
    if (isnan(x)) {
        feature_ema_init(f, f->period, f->skip);
        return NAN;
    }
    if (f->left <= f->period)
        f->sum += x;
    f->left--;
    if (f->left > 0)
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
    *f = (struct feature_rsi){.last = NAN, .period = (double)period, .left = period + 1};
}

/* The rare path: before the first value, and an unknown input. */
bool feature_rsi_seed(struct feature_rsi *f, double x)
{
    double change = x - f->last;

    if (isnan(x)) {
        feature_rsi_init(f, (int)f->period);
        return false;
    }
    f->last = x;
    if (!isnan(change)) {
        f->gain += change > 0 ? change : 0;
        f->loss += change < 0 ? -change : 0;
    }
    f->left--;
    if (f->left > 0)
        return false;
    f->gain /= f->period;
    f->loss /= f->period;
    return true;
}

double feature_cmo_push(struct feature_rsi *f, double x)
{
    double total;

    if (!feature_rsi_is_rare(f, x))
        feature_rsi_next(f, x);
    else if (!feature_rsi_seed(f, x))
        return NAN;
    total = f->gain + f->loss;
    return total > 0 ? 100 * ((f->gain - f->loss) / total) : 0;
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

void feature_wilder_init(struct feature_wilder *f, int period)
{
    *f = (struct feature_wilder){.period = period};
}

double feature_wilder_push(struct feature_wilder *f, double x)
{
    double period = (double)f->period;

    if (isnan(x)) {
        feature_wilder_init(f, f->period);
        return NAN;
    }
    if (f->count == f->period) {
        f->value = (f->value * (period - 1) + x) / period;
        return f->value;
    }
    f->value += x;
    if (++f->count < f->period)
        return NAN;
    f->value /= period;
    return f->value;
}
