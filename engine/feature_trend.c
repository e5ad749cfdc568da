/* SPDX-License-Identifier: Apache-2.0 */
/* DMI and SAR (Wilder, New Concepts in Technical Trading Systems, 1978, as TA-Lib computes them),
 * supertrend (Seban), Heikin-Ashi (Valcu, Stocks and Commodities, February 2004). */
#include "engine/feature_trend.h"

#include <math.h>

void feature_dmi_init(struct feature_dmi *f, int period)
{
    *f = (struct feature_dmi){.part = {NAN, NAN}, .period = period};
}

/* Adds a candle's movements to the sums: the larger of the two, when it went beyond the last
 * candle at all.  Movements that differ by rounding noise only are equal, and count for neither. */
static void movement_add(double up, double down, double noise, double *plus, double *minus)
{
    if (up > 0 && up > down + noise)
        *plus += up;
    else if (down > 0 && down > up + noise)
        *minus += down;
}

/* The candle's movements and true range, added to what is left of the past. */
static void dmi_add(struct feature_dmi *f, double high, double low, double keep)
{
    f->plus *= keep;
    f->minus *= keep;
    movement_add(high - f->last_high, f->last_low - low, 1e-12 * high, &f->plus, &f->minus);
    f->range = f->range * keep + (fmax(high, f->last_close) - fmin(low, f->last_close));
}

double feature_dmi_push(struct feature_dmi *f, double high, double low, double close)
{
    double period = (double)f->period;
    double total;

    if (isnan(high - low) || isnan(close)) {
        feature_dmi_init(f, f->period);
        return NAN;
    }
    if (f->count > 0)
        dmi_add(f, high, low, f->count < f->period ? 1 : (period - 1) / period);
    f->last_high = high;
    f->last_low = low;
    f->last_close = close;
    if (f->count < f->period) {
        f->count++;
        return NAN;
    }
    f->part[0] = f->range > 0 ? 100 * (f->plus / f->range) : 0;
    f->part[1] = f->range > 0 ? 100 * (f->minus / f->range) : 0;
    /* Without any movement the last DX stands, as in TA-Lib. */
    total = f->part[0] + f->part[1];
    if (total > 0)
        f->dx = 100 * (fabs(f->part[0] - f->part[1]) / total);
    return f->dx;
}

void feature_dm_init(struct feature_dm *f, int period)
{
    *f = (struct feature_dm){.part = {NAN}, .period = period};
}

double feature_dm_push(struct feature_dm *f, double high, double low)
{
    double period = (double)f->period;
    double keep = f->count < f->period ? 1 : (period - 1) / period;

    if (isnan(high) || isnan(low)) {
        feature_dm_init(f, f->period);
        return NAN;
    }
    if (f->count > 0) {
        f->plus *= keep;
        f->minus *= keep;
        movement_add(high - f->last_high, f->last_low - low, 1e-12 * high, &f->plus, &f->minus);
    }
    f->last_high = high;
    f->last_low = low;
    if (f->count < f->period && ++f->count < f->period)
        return NAN;
    f->part[0] = f->minus;
    return f->plus;
}

void feature_sar_init(struct feature_sar *f, double step)
{
    *f = (struct feature_sar){.step = step};
}

static void sar_begin(struct feature_sar *f, double high, double low, double most)
{
    double up = high - f->last_high, down = f->last_low - low;

    f->is_long = !(down > 0 && down > up);
    f->extreme = f->is_long ? high : low;
    f->value = f->is_long ? f->last_low : f->last_high;
    f->factor = fmin(f->step, most);
    f->last_high = high;
    f->last_low = low;
}

/* Never inside the range of this candle and the one before: above both, or below both. */
static double sar_bounded(const struct feature_sar *f, double value, double high, double low)
{
    if (f->is_long)
        return fmin(value, fmin(low, f->last_low));
    return fmax(value, fmax(high, f->last_high));
}

double feature_sar_push(struct feature_sar *f, double high, double low, double most)
{
    double result;
    bool is_hit, is_further;

    if (isnan(high) || isnan(low) || isnan(most)) {
        feature_sar_init(f, f->step);
        return NAN;
    }
    if (f->count == 0) {
        f->count = 1;
        f->last_high = high;
        f->last_low = low;
        return NAN;
    }
    if (f->count == 1) {
        f->count = 2;
        sar_begin(f, high, low, most);
    }
    is_hit = f->is_long ? low <= f->value : high >= f->value;
    is_further = f->is_long ? high > f->extreme : low < f->extreme;
    if (is_hit) {
        f->is_long = !f->is_long;
        f->value = sar_bounded(f, f->extreme, high, low);
        f->factor = fmin(f->step, most);
    } else if (is_further) {
        f->factor = fmin(f->factor + f->step, most);
    }
    if (is_hit || is_further)
        f->extreme = f->is_long ? high : low;
    result = f->value;
    f->value = sar_bounded(f, f->value + f->factor * (f->extreme - f->value), high, low);
    f->last_high = high;
    f->last_low = low;
    return result;
}

void feature_supertrend_init(struct feature_supertrend *f)
{
    *f = (struct feature_supertrend){.part = {NAN}, .last_close = NAN};
}

double feature_supertrend_push(struct feature_supertrend *f, double middle, double width,
                               double close)
{
    double upper = middle + width, lower = middle - width;
    bool is_up;

    if (isnan(upper) || isnan(close)) {
        feature_supertrend_init(f);
        return NAN;
    }
    if (isnan(f->last_close)) {
        is_up = close >= middle;
    } else {
        if (upper > f->upper && f->last_close <= f->upper)
            upper = f->upper;
        if (lower < f->lower && f->last_close >= f->lower)
            lower = f->lower;
        is_up = f->part[0] > 0 ? close >= lower : close > upper;
    }
    f->upper = upper;
    f->lower = lower;
    f->last_close = close;
    f->part[0] = is_up ? 1 : -1;
    return is_up ? lower : upper;
}

void feature_ha_open_init(struct feature_ha_open *f)
{
    *f = (struct feature_ha_open){NAN, NAN};
}

double feature_ha_open_push(struct feature_ha_open *f, double open, double close, double ha_close)
{
    if (isnan(open) || isnan(close) || isnan(ha_close)) {
        feature_ha_open_init(f);
        return NAN;
    }
    f->open = isnan(f->open) ? (open + close) / 2 : (f->open + f->close) / 2;
    f->close = ha_close;
    return f->open;
}
