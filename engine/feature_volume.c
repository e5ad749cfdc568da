/* SPDX-License-Identifier: Apache-2.0 */
/* MFI, OBV, AD and ADOSC as TA-Lib computes them; VWAP is the sum of price * volume over the sum of
 * volume. */
#include "engine/feature_volume.h"

#include <math.h>

#include "core/clock.h"
#include "engine/feature_window.h"

static struct feature_window *mfi_window(struct feature_mfi *f, int i)
{
    return (struct feature_window *)(void *)(f->windows +
                                             (size_t)i * feature_window_size(f->period));
}

size_t feature_mfi_size(int period)
{
    return sizeof(struct feature_mfi) + 2 * feature_window_size(period);
}

void feature_mfi_init(struct feature_mfi *f, int period)
{
    *f = (struct feature_mfi){.last = NAN, .period = period};
    for (int i = 0; i < 2; i++)
        feature_window_init(mfi_window(f, i), period, 0);
}

double feature_mfi_push(struct feature_mfi *f, double price, double volume)
{
    double change = price - f->last;
    double flow = price * volume;
    double noise = 1e-12 * fabs(price); /* hlc3 of the same decimals may differ by a binary digit */
    double up, down;

    if (isnan(flow)) {
        feature_mfi_init(f, f->period);
        return NAN;
    }
    f->last = price;
    if (isnan(change))
        return NAN;
    up = feature_sma_push(mfi_window(f, 0), change > noise ? flow : 0);
    down = feature_sma_push(mfi_window(f, 1), change < -noise ? flow : 0);
    if (isnan(up))
        return NAN;
    return up + down > 0 ? 100 * (up / (up + down)) : 0;
}

void feature_obv_init(struct feature_obv *f)
{
    *f = (struct feature_obv){NAN, 0};
}

double feature_obv_push(struct feature_obv *f, double price, double volume)
{
    if (isnan(price) || isnan(volume)) {
        feature_obv_init(f);
        return NAN;
    }
    if (isnan(f->last) || price > f->last)
        f->value += volume;
    else if (price < f->last)
        f->value -= volume;
    f->last = price;
    return f->value;
}

void feature_total_init(struct feature_total *f)
{
    f->value = 0;
}

double feature_total_push(struct feature_total *f, double x)
{
    if (isnan(x)) {
        feature_total_init(f);
        return NAN;
    }
    f->value += x;
    return f->value;
}

void feature_adosc_init(struct feature_adosc *f, int fast, int slow)
{
    *f = (struct feature_adosc){.fast_period = fast, .slow_period = slow};
}

/* AD moves by `flow` and the average follows by 2 / (period + 1) of the way. */
static double follow(double distance, double flow, int32_t period)
{
    return (distance - flow) * ((double)(period - 1) / (double)(period + 1));
}

double feature_adosc_push(struct feature_adosc *f, double flow)
{
    int32_t most = f->fast_period > f->slow_period ? f->fast_period : f->slow_period;

    if (isnan(flow)) {
        feature_adosc_init(f, f->fast_period, f->slow_period);
        return NAN;
    }
    if (f->count > 0) {
        f->fast = follow(f->fast, flow, f->fast_period);
        f->slow = follow(f->slow, flow, f->slow_period);
    }
    if (f->count < most)
        f->count++;
    return f->count == most ? f->fast - f->slow : NAN;
}

void feature_vwap_init(struct feature_vwap *f)
{
    *f = (struct feature_vwap){.day = -1};
}

double feature_vwap_push(struct feature_vwap *f, int64_t open_us, double price, double volume)
{
    int64_t day = open_us / US_PER_DAY;
    double money = price * volume;

    if (isnan(money)) {
        feature_vwap_init(f);
        return NAN;
    }
    if (day != f->day) {
        f->is_whole = f->day >= 0 || open_us % US_PER_DAY == 0;
        f->day = day;
        f->money = 0;
        f->volume = 0;
    }
    f->money += money;
    f->volume += volume;
    return f->is_whole && f->volume > 0 ? f->money / f->volume : NAN;
}
