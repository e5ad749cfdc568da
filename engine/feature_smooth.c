/* SPDX-License-Identifier: Apache-2.0 */
/* EMA, RSI, CMO and ATR (Wilder 1978) and KAMA (Kaufman 1995), one candle at a time; seeds and
 * lookbacks as in TA-Lib. */
#include "engine/feature_smooth.h"

/* A running sum that shrank to this part of its peak has lost digits: it is made afresh. */
static const double SHRUNK = 1e-3;

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

size_t feature_kama_size(int period)
{
    return sizeof(struct feature_kama) + (size_t)period * sizeof(double);
}

void feature_kama_init(struct feature_kama *f, int period)
{
    *f = (struct feature_kama){.value = NAN, .last = NAN, .period = period};
}

/* The ring's oldest value is at `at`: the way from it to the newest. */
static void kama_refresh(struct feature_kama *f)
{
    int32_t at = f->at;

    f->way = 0;
    for (int32_t i = 1; i < f->period; i++) {
        int32_t next = at + 1 == f->period ? 0 : at + 1;

        f->way += fabs(f->ring[next] - f->ring[at]);
        at = next;
    }
    f->peak = f->way;
}

/* Before the ring is full. */
static void kama_seed(struct feature_kama *f, double x)
{
    f->way += f->count > 0 ? fabs(x - f->last) : 0;
    f->peak = f->way;
    f->ring[f->count++] = x;
    f->value = f->last = x;
}

double feature_kama_push(struct feature_kama *f, double x)
{
    double oldest, next, straight, factor;

    if (isnan(x)) {
        feature_kama_init(f, f->period);
        return NAN;
    }
    if (f->count < f->period) {
        kama_seed(f, x);
        return NAN;
    }
    oldest = f->ring[f->at];
    next = f->ring[f->at + 1 == f->period ? 0 : f->at + 1];
    f->way += fabs(x - f->last);
    f->peak = f->way > f->peak ? f->way : f->peak;
    straight = f->way > 0 ? fmin(fabs(x - oldest) / f->way, 1) : 1;
    factor = straight * (2.0 / 3 - 2.0 / 31) + 2.0 / 31;
    f->value += (x - f->value) * (factor * factor);
    f->way -= fabs(next - oldest);
    f->last = f->ring[f->at] = x;
    f->at = f->at + 1 == f->period ? 0 : f->at + 1;
    if (f->at == 0 || f->way < SHRUNK * f->peak)
        kama_refresh(f);
    return f->value;
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
