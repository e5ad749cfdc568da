/* SPDX-License-Identifier: Apache-2.0 */
/* Moments of daily returns, the normal distribution and its inverse, and what they judge. */
#include "engine/deflated_sharpe.h"

#include <math.h>

static const double euler_gamma = 0.57721566490153286061;
static const double deviation_noise = 1e-14; /* as engine/performance.c has it */

static double daily_return(const struct daily_equity *d, size_t i)
{
    return money_to_double(d->equity[i]) / money_to_double(d->equity[i - 1]) - 1;
}

struct return_shape return_shape_of(const struct daily_equity *d)
{
    struct return_shape s = {NAN, NAN, NAN, d->count > 0 ? (double)(d->count - 1) : 0};
    double sum = 0, m2 = 0, m3 = 0, m4 = 0, mean, variance;

    if (d->count < 3)
        return s;
    for (size_t i = 1; i < d->count; i++) {
        if (money_sign(d->equity[i - 1]) <= 0)
            return s;
        sum += daily_return(d, i);
    }
    mean = sum / s.samples;
    for (size_t i = 1; i < d->count; i++) {
        const double x = daily_return(d, i) - mean;

        m2 += x * x;
        m3 += x * x * x;
        m4 += x * x * x * x;
    }
    if (!(sqrt(m2 / (s.samples - 1)) > deviation_noise))
        return s;
    variance = m2 / s.samples;
    s.sharpe = mean / sqrt(m2 / (s.samples - 1));
    s.skewness = m3 / s.samples / (variance * sqrt(variance));
    s.kurtosis = m4 / s.samples / (variance * variance);
    return s;
}

static double normal_below(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

/* Where this part of the distribution lies above: Z^-1(1 - part).  By halving, which is slow and
 * exact, and asked twice a sweep. */
static double normal_above(double part)
{
    double low = -40, high = 40;

    while (high - low > 1e-15 * fmax(1, fabs(low))) {
        const double middle = low + (high - low) / 2;

        if (middle <= low || middle >= high)
            break;
        if (normal_below(-middle) > part)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double deflated_sharpe_threshold(int64_t trials, double variance)
{
    const double n = (double)trials;

    if (trials < 2 || !(variance > 0))
        return 0;
    return sqrt(variance) *
           ((1 - euler_gamma) * normal_above(1 / n) + euler_gamma * normal_above(1 / (n * M_E)));
}

double deflated_sharpe(const struct return_shape *s, double threshold)
{
    const double spread =
        1 - s->skewness * s->sharpe + (s->kurtosis - 1) / 4 * s->sharpe * s->sharpe;

    if (!(spread > 0) || s->samples < 3)
        return NAN;
    return normal_below((s->sharpe - threshold) * sqrt(s->samples - 1) / sqrt(spread));
}
