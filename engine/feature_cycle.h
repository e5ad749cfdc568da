/* SPDX-License-Identifier: Apache-2.0 */
/* The dominant cycle of a price (Ehlers, Rocket Science for Traders, 2001): its length by the
 * Hilbert transform, its phase, and the mean price over it.  Conventions as in TA-Lib.
 *
 * See feature_smooth.h for what NaN does. */
#ifndef ENGINE_FEATURE_CYCLE_H
#define ENGINE_FEATURE_CYCLE_H

#include "core/base.h"

enum {
    FEATURE_CYCLE_MOST = 50, /* candles of the longest cycle */
    FEATURE_CYCLE_RING = 64, /* the next power of two */
    FEATURE_CYCLE_TAPS = 8,  /* the transform looks 6 candles back */
    /* Every stage forgets a fifth a candle, but the limits on how fast the length may change make
     * the whole forget when they let go.  The tests find the values equal by then. */
    FEATURE_CYCLE_SETTLE = 300
};

/* Length of the dominant cycle in candles, 6 to 50.  TA-Lib begins its transform `start` candles
 * after the first one, and shows the first value at candle `first`. */
struct feature_cycle {
    double prices[3]; /* the newest first */
    /* Inputs of the four transforms, rings: smoothed price, detrended, in phase, in quadrature. */
    double taps[4][FEATURE_CYCLE_TAPS];
    double in_phase, quadrature; /* smoothed */
    double real, imaginary;      /* of the product of two neighbouring phasors */
    double length, smooth_length;
    int32_t count, start, first, padding;
};

void feature_cycle_init(struct feature_cycle *f, int start, int first);
double feature_cycle_push(struct feature_cycle *f, double price);

/* The mean of as many prices as the cycle has candles. */
struct feature_cycle_mean {
    double ring[FEATURE_CYCLE_RING];
    int64_t count;
};

void feature_cycle_mean_init(struct feature_cycle_mean *f);
double feature_cycle_mean_push(struct feature_cycle_mean *f, double price, double length);

/* Where in the cycle the smoothed price is.  The push gives the sine of the phase, part 0 is the
 * sine an eighth of a cycle later, part 1 the phase in degrees, above -45 up to 315.  A price that
 * does not move has no phase: unknown. */
struct feature_cycle_phase {
    double part[2];
    struct feature_cycle_mean prices;
};

void feature_cycle_phase_init(struct feature_cycle_phase *f);
double feature_cycle_phase_push(struct feature_cycle_phase *f, double smooth, double length);

#endif
