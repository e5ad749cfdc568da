/* SPDX-License-Identifier: Apache-2.0 */
/* Price and volume together: money flow, on-balance volume, accumulation, the day's average price.
 *
 * See feature_smooth.h for what NaN does. */
#ifndef ENGINE_FEATURE_VOLUME_H
#define ENGINE_FEATURE_VOLUME_H

#include "core/base.h"

/* MFI (Quong and Soudack): the part of price times volume that came with rising prices, in percent,
 * over `period` changes.  No flow at all gives 0; TA-Lib took any flow below 1 for none before 0.8.
 * Prices that differ by rounding noise only are equal. */
struct feature_mfi {
    double last;
    int32_t period;
    int32_t padding;
    unsigned char windows[]; /* two struct feature_window: rising and falling */
};

size_t feature_mfi_size(int period);
void feature_mfi_init(struct feature_mfi *f, int period);
double feature_mfi_push(struct feature_mfi *f, double price, double volume);

/* OBV (Granville): begins with the first volume, as in TA-Lib. */
struct feature_obv {
    double last, value;
};

void feature_obv_init(struct feature_obv *f);
double feature_obv_push(struct feature_obv *f, double price, double volume);

/* A sum since the beginning: AD (Williams, Chaikin) is one of money flows. */
struct feature_total {
    double value;
};

void feature_total_init(struct feature_total *f);
double feature_total_push(struct feature_total *f, double x);

/* ADOSC (Chaikin): the fast less the slow exponential average of AD, both begun with its first
 * value, as in TA-Lib.  Takes the money flow itself: kept are the averages' distances from AD, so
 * that AD's size, which grows for ever, costs no digits. */
struct feature_adosc {
    double fast, slow; /* average less AD */
    int32_t fast_period, slow_period, count, padding;
};

void feature_adosc_init(struct feature_adosc *f, int fast, int slow);
double feature_adosc_push(struct feature_adosc *f, double flow);

/* Mean price by volume since 00:00 UTC.  Unknown until a day began before our eyes, and while
 * nothing was traded. */
struct feature_vwap {
    double money, volume;
    int64_t day;   /* days since 1970; -1: nothing pushed */
    bool is_whole; /* we saw the day begin */
};

void feature_vwap_init(struct feature_vwap *f);
double feature_vwap_push(struct feature_vwap *f, int64_t open_us, double price, double volume);

#endif
