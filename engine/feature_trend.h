/* SPDX-License-Identifier: Apache-2.0 */
/* Trend followers with a state of their own: directional movement, parabolic SAR, supertrend and
 * the open of Heikin-Ashi candles.
 *
 * A kernel with several outputs keeps the others in `part`, at the start of its struct, where the
 * evaluator picks them up.  See feature_smooth.h for what NaN does. */
#ifndef ENGINE_FEATURE_TREND_H
#define ENGINE_FEATURE_TREND_H

#include "core/base.h"

enum {
    /* SAR and supertrend forget where they began when the trend turns, which takes as long as it
     * takes.  Ten times supertrend's usual period; the tests find the values equal by then. */
    FEATURE_TREND_SETTLE = 100,
    FEATURE_HA_OPEN_SETTLE = 20 /* half of the past is forgotten a candle: 2^-20 */
};

/* Directional movement (Wilder 1978).  As in TA-Lib the sums of the first period - 1 movements
 * and ranges are carried on as previous - previous / period + x.  The push gives DX, part 0 is +DI
 * and part 1 is -DI. */
struct feature_dmi {
    double part[2];
    double plus, minus, range; /* the running sums */
    double last_high, last_low, last_close, dx;
    int32_t period, count;
};

void feature_dmi_init(struct feature_dmi *f, int period);
double feature_dmi_push(struct feature_dmi *f, double high, double low, double close);

/* Directional movement by itself, smoothed in the same way, from one candle earlier on.  The push
 * gives +DM, part 0 is -DM. */
struct feature_dm {
    double part[1];
    double plus, minus, last_high, last_low;
    int32_t period, count;
};

void feature_dm_init(struct feature_dm *f, int period);
double feature_dm_push(struct feature_dm *f, double high, double low);

/* Parabolic stop and reverse (Wilder 1978), begun as in TA-Lib: short when the second candle's
 * downward movement is the larger one, else long. */
struct feature_sar {
    double value, extreme; /* the stop for the next candle; the trend's best price */
    double factor, step;
    double last_high, last_low;
    int32_t count;
    bool is_long;
};

void feature_sar_init(struct feature_sar *f, double step);
double feature_sar_push(struct feature_sar *f, double high, double low, double most);

/* Supertrend (Seban): bands at middle +- width, which only ever come nearer to the price until it
 * closes beyond one.  The push gives the line, part 0 is 1 in an upward trend and -1 else. */
struct feature_supertrend {
    double part[1];
    double upper, lower, last_close;
};

void feature_supertrend_init(struct feature_supertrend *f);
double feature_supertrend_push(struct feature_supertrend *f, double middle, double width,
                               double close);

/* Heikin-Ashi's open: the mean of the open and close of the candle before; the first one is the
 * middle of the real candle's body. */
struct feature_ha_open {
    double open, close; /* of the Heikin-Ashi candle before */
};

void feature_ha_open_init(struct feature_ha_open *f);
double feature_ha_open_push(struct feature_ha_open *f, double open, double close, double ha_close);

#endif
