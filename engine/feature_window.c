/* SPDX-License-Identifier: Apache-2.0 */
/* Sliding windows (formulas as in TA-Lib; Bollinger's deviation is the population's). */
#include "engine/feature_window.h"

#include <math.h>

/* A running sum that shrank to this part of its peak has lost digits: it is made afresh. */
static const double SHRUNK = 1e-3;

size_t feature_window_size(int period)
{
    return sizeof(struct feature_window) + (size_t)period * sizeof(double);
}

void feature_window_init(struct feature_window *f, int period, int ddof)
{
    *f = (struct feature_window){.period = period, .ddof = ddof};
}

/* Puts x into the ring and returns what it pushed out (0 while filling).  Unknown input: false. */
static inline bool window_put(struct feature_window *f, double x, double *old)
{
    if (__builtin_expect(isnan(x), 0)) {
        feature_window_init(f, f->period, f->ddof);
        return false;
    }
    *old = f->count == f->period ? f->ring[f->at] : 0;
    f->ring[f->at] = x;
    f->at = f->at + 1 == f->period ? 0 : f->at + 1;
    if (f->count < f->period)
        f->count++;
    return true;
}

static void sma_refresh(struct feature_window *f)
{
    f->sum = 0;
    for (int32_t i = 0; i < f->count; i++)
        f->sum += f->ring[i];
    f->peak = fabs(f->sum);
}

double feature_sma_push(struct feature_window *f, double x)
{
    double old = 0, size;

    if (!window_put(f, x, &old))
        return NAN;
    f->sum = f->sum + x - old;
    size = fabs(f->sum);
    f->peak = size > f->peak ? size : f->peak;
    if (__builtin_expect(f->at == 0 || size < SHRUNK * f->peak, 0))
        sma_refresh(f);
    return f->count == f->period ? f->sum / (double)f->period : NAN;
}

static void wma_refresh(struct feature_window *f)
{
    double weight = 1;

    f->sum = 0;
    f->weighted = 0;
    for (int32_t i = 0, at = f->count == f->period ? f->at : 0; i < f->count; i++) {
        f->sum += f->ring[at];
        f->weighted += f->ring[at] * weight;
        weight += 1;
        at = at + 1 == f->period ? 0 : at + 1;
    }
    f->peak = fabs(f->sum);
}

double feature_wma_push(struct feature_window *f, double x)
{
    bool was_full = f->count == f->period;
    double period = (double)f->period;
    double old;

    if (!window_put(f, x, &old))
        return NAN;
    if (was_full) {
        f->weighted += period * x - f->sum;
        f->sum += x - old;
    } else {
        f->weighted += (double)f->count * x;
        f->sum += x;
    }
    if (fabs(f->sum) > f->peak)
        f->peak = fabs(f->sum);
    if (f->at == 0 || fabs(f->sum) < SHRUNK * f->peak)
        wma_refresh(f);
    return f->count == f->period ? f->weighted / (period * (period + 1) / 2) : NAN;
}

/* Two passes around the mean: exact zero for equal inputs. */
static void stddev_refresh(struct feature_window *f)
{
    double first = f->ring[0];
    double offset = 0;

    for (int32_t i = 0; i < f->count; i++)
        offset += f->ring[i] - first;
    f->anchor = first + offset / (double)f->count;
    f->sum = 0;
    f->weighted = 0;
    for (int32_t i = 0; i < f->count; i++) {
        double d = f->ring[i] - f->anchor;

        f->sum += d;
        f->weighted += d * d;
    }
    f->peak = f->weighted;
}

double feature_stddev_push(struct feature_window *f, double x)
{
    bool was_full = f->count == f->period;
    double n = (double)f->period;
    double old, in, out, squares;

    if (!window_put(f, x, &old))
        return NAN;
    if (f->count < f->period)
        return NAN;
    in = x - f->anchor;
    out = old - f->anchor;
    f->sum += in - out;
    f->weighted += in * in;
    f->peak = f->weighted > f->peak ? f->weighted : f->peak;
    f->weighted -= out * out;
    squares = f->weighted - f->sum * f->sum / n;
    if (__builtin_expect(!was_full || f->at == 0 || !(squares >= SHRUNK * f->peak), 0)) {
        stddev_refresh(f);
        squares = f->weighted - f->sum * f->sum / n;
    }
    return squares > 0 ? sqrt(squares / (n - (double)f->ddof)) : 0;
}

/* The sum of ring - from, in four chains that the processor can work on at once. */
static double sum_from(const double *ring, int32_t count, double from)
{
    double sums[4] = {0, 0, 0, 0};
    int32_t i = 0;

    for (; i + 4 <= count; i += 4) {
        sums[0] += ring[i] - from;
        sums[1] += ring[i + 1] - from;
        sums[2] += ring[i + 2] - from;
        sums[3] += ring[i + 3] - from;
    }
    for (; i < count; i++)
        sums[0] += ring[i] - from;
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* The sum of |ring - from - offset|, likewise. */
static double sum_of_distances(const double *ring, int32_t count, double from, double offset)
{
    double sums[4] = {0, 0, 0, 0};
    int32_t i = 0;

    for (; i + 4 <= count; i += 4) {
        sums[0] += fabs(ring[i] - from - offset);
        sums[1] += fabs(ring[i + 1] - from - offset);
        sums[2] += fabs(ring[i + 2] - from - offset);
        sums[3] += fabs(ring[i + 3] - from - offset);
    }
    for (; i < count; i++)
        sums[0] += fabs(ring[i] - from - offset);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Everything is taken relative to x, so that a price large against its moves costs no digits. */
double feature_cci_push(struct feature_window *f, double x)
{
    double n = (double)f->period;
    double offset, deviation, old;

    if (!window_put(f, x, &old) || f->count < f->period)
        return NAN;
    offset = sum_from(f->ring, f->period, x) / n;
    deviation = sum_of_distances(f->ring, f->period, x, offset) / n;
    return deviation > 1e-12 * fabs(x) ? -offset / (0.015 * deviation) : 0;
}

size_t feature_extreme_size(int period)
{
    return sizeof(struct feature_extreme) + (size_t)period * sizeof(struct feature_extreme_item);
}

void feature_extreme_init(struct feature_extreme *f, int period)
{
    f->now = 0;
    f->period = period;
    f->head = 0;
    f->count = 0;
}

double feature_extreme_push(struct feature_extreme *f, double x)
{
    int32_t tail;

    if (isnan(x)) {
        feature_extreme_init(f, f->period);
        return NAN;
    }
    f->now++;
    /* The oldest leaves the window first, so that the queue never holds more than period. */
    if (f->count > 0 && f->items[f->head].at <= f->now - f->period) {
        f->head = f->head + 1 == f->period ? 0 : f->head + 1;
        f->count--;
    }
    while (f->count > 0) {
        tail = f->head + f->count - 1;
        if (tail >= f->period)
            tail -= f->period;
        if (f->items[tail].value > x)
            break;
        f->count--;
    }
    tail = f->head + f->count;
    if (tail >= f->period)
        tail -= f->period;
    f->items[tail] = (struct feature_extreme_item){x, f->now};
    f->count++;
    return f->now >= f->period ? f->items[f->head].value : NAN;
}

double feature_extreme_age_push(struct feature_extreme *f, double x)
{
    double value = feature_extreme_push(f, x);

    return isnan(value) ? NAN : (double)(f->now - f->items[f->head].at);
}

size_t feature_lag_size(int lag)
{
    return sizeof(struct feature_lag) + (size_t)lag * sizeof(double);
}

void feature_lag_init(struct feature_lag *f, int lag)
{
    f->lag = lag;
    f->at = 0;
    for (int i = 0; i < lag; i++)
        f->ring[i] = NAN;
}

void feature_streak_init(struct feature_streak *f, int length, double sign)
{
    *f = (struct feature_streak){.last = NAN, .sign = sign, .length = length};
}

double feature_streak_push(struct feature_streak *f, double x)
{
    double change = (x - f->last) * f->sign;

    if (isnan(x)) {
        feature_streak_init(f, f->length, f->sign);
        return NAN;
    }
    f->last = x;
    if (f->count <= f->length)
        f->count++;
    f->run = change > 0 ? f->run + 1 : 0;
    if (f->run > f->length)
        f->run = f->length;
    return f->count > f->length ? (double)(f->run == f->length) : NAN;
}
