/* SPDX-License-Identifier: Apache-2.0 */
/* Ehlers' homodyne discriminator and what is made of it (Rocket Science for Traders, 2001). */
#include "engine/feature_cycle.h"

#include <math.h>

static double degrees(double radians)
{
    return radians * (180 / M_PI);
}

void feature_cycle_init(struct feature_cycle *f, int start, int first)
{
    *f = (struct feature_cycle){.start = start, .first = first};
}

/* The truncated Hilbert transform of a ring whose newest input is at `at`: the same wave, a quarter
 * of a cycle later.  gain makes up for what the truncation takes off at this cycle length. */
static double transform(double ring[FEATURE_CYCLE_TAPS], int32_t at, double x, double gain)
{
    const int32_t mask = FEATURE_CYCLE_TAPS - 1;

    ring[at & mask] = x;
    return (0.0962 * (x - ring[(at - 6) & mask]) +
            0.5769 * (ring[(at - 2) & mask] - ring[(at - 4) & mask])) *
           gain;
}

/* The phasor turned by im / re since the candle before: a whole turn takes so many candles. */
static void measure(struct feature_cycle *f)
{
    double length = f->length;

    if (f->imaginary != 0 && f->real != 0)
        length = 2 * M_PI / atan(f->imaginary / f->real);
    length = fmax(fmin(length, 1.5 * f->length), 0.67 * f->length);
    length = fmax(fmin(length, FEATURE_CYCLE_MOST), 6);
    f->length = 0.2 * length + 0.8 * f->length;
    f->smooth_length = 0.33 * f->length + 0.67 * f->smooth_length;
}

static void discriminate(struct feature_cycle *f, double smooth)
{
    double gain = 0.075 * f->length + 0.54;
    double detrended = transform(f->taps[0], f->count, smooth, gain);
    double quadrature = transform(f->taps[1], f->count, detrended, gain);
    double in_phase = f->taps[1][(f->count - 3) & (FEATURE_CYCLE_TAPS - 1)];
    double turned = transform(f->taps[2], f->count, in_phase, gain);
    double turned_quadrature = transform(f->taps[3], f->count, quadrature, gain);
    double i = 0.2 * (in_phase - turned_quadrature) + 0.8 * f->in_phase;
    double q = 0.2 * (quadrature + turned) + 0.8 * f->quadrature;

    f->real = 0.2 * (i * f->in_phase + q * f->quadrature) + 0.8 * f->real;
    f->imaginary = 0.2 * (i * f->quadrature - q * f->in_phase) + 0.8 * f->imaginary;
    f->in_phase = i;
    f->quadrature = q;
    measure(f);
}

double feature_cycle_push(struct feature_cycle *f, double price)
{
    if (isnan(price)) {
        feature_cycle_init(f, f->start, f->first);
        return NAN;
    }
    if (f->count >= f->start)
        discriminate(f, (4 * price + 3 * f->prices[0] + 2 * f->prices[1] + f->prices[2]) / 10);
    f->prices[2] = f->prices[1];
    f->prices[1] = f->prices[0];
    f->prices[0] = price;
    f->count++;
    /* Only its place in the rings matters from here on. */
    if (f->count == INT32_MAX)
        f->count -= 1 << 30;
    return f->count > f->first ? f->smooth_length : NAN;
}

void feature_cycle_mean_init(struct feature_cycle_mean *f)
{
    f->count = 0;
}

/* Takes a value and gives how many of the newest ones make the cycle; 0: not known. */
static int32_t cycle_put(struct feature_cycle_mean *f, double x, double length)
{
    int32_t n;

    if (isnan(x)) {
        feature_cycle_mean_init(f);
        return 0;
    }
    f->ring[f->count++ & (FEATURE_CYCLE_RING - 1)] = x;
    if (isnan(length))
        return 0;
    n = (int32_t)(length + 0.5);
    return n <= f->count ? n : 0;
}

/* The value of i candles ago. */
static double cycle_value(const struct feature_cycle_mean *f, int32_t i)
{
    return f->ring[(f->count - 1 - i) & (FEATURE_CYCLE_RING - 1)];
}

double feature_cycle_mean_push(struct feature_cycle_mean *f, double price, double length)
{
    int32_t n = cycle_put(f, price, length);
    double sum = 0;

    for (int32_t i = 0; i < n; i++)
        sum += cycle_value(f, i);
    return n > 0 ? sum / (double)n : NAN;
}

void feature_cycle_phase_init(struct feature_cycle_phase *f)
{
    f->part[0] = f->part[1] = NAN;
    feature_cycle_mean_init(&f->prices);
}

/* The first harmonic of the last n values.  The newest one is taken off first: over a whole cycle
 * that changes nothing, but the price's size would cost digits. */
static double phase_of(const struct feature_cycle_mean *f, int32_t n)
{
    double newest = cycle_value(f, 0);
    double turn_cos = cos(2 * M_PI / (double)n), turn_sin = sin(2 * M_PI / (double)n);
    double c = 1, s = 0, real = 0, imaginary = 0;

    for (int32_t i = 0; i < n; i++) {
        double d = cycle_value(f, i) - newest;
        double next = c * turn_cos - s * turn_sin;

        real += s * d;
        imaginary += c * d;
        s = s * turn_cos + c * turn_sin;
        c = next;
    }
    /* Nothing but rounding noise of the prices. */
    if (hypot(real, imaginary) <= 1e-12 * (double)n * fabs(newest))
        return NAN;
    return degrees(atan2(real, imaginary));
}

double feature_cycle_phase_push(struct feature_cycle_phase *f, double smooth, double length)
{
    int32_t n = cycle_put(&f->prices, smooth, length);
    double phase = n > 0 ? phase_of(&f->prices, n) : NAN;

    /* From cosine to sine, and one candle for the lag of the smoothing. */
    phase += 90 + 360 / length;
    phase += phase > 315 ? -360 : phase <= -45 ? 360 : 0;
    f->part[0] = sin((phase + 45) * (M_PI / 180));
    f->part[1] = phase;
    return sin(phase * (M_PI / 180));
}
