/* SPDX-License-Identifier: Apache-2.0 */
/* Straight lines through the last `period` inputs, and how two inputs go together.
 *
 * A push costs O(1), amortised: sums are kept of distances from an anchor near the mean, so that
 * little cancels at any price, and are made afresh as in feature_window.h.  See feature_smooth.h
 * for what NaN does. */
#ifndef ENGINE_FEATURE_REGRESSION_H
#define ENGINE_FEATURE_REGRESSION_H

#include "core/base.h"

/* The line of least squares (Gauss).  The push gives its value at the newest input, part 0 is its
 * slope a candle. */
struct feature_line {
    double part[1];
    double anchor;
    double sum, weighted; /* of ring - anchor; weights 0 (oldest) to period - 1 */
    double squares, peak; /* of ring - anchor, and their largest since the sums were made */
    int32_t period, count, at, padding;
    double ring[];
};

size_t feature_line_size(int period);
void feature_line_init(struct feature_line *f, int period);
double feature_line_push(struct feature_line *f, double x);

/* Pearson's correlation of two inputs, -1 to 1; unknown while either deviates by no more than
 * rounding noise. */
struct feature_correl {
    struct feature_correl_side {
        double anchor;
        double sum, squares; /* of value - anchor */
        double peak;         /* largest squares since the sums were made */
    } x, y;
    double products;
    int32_t period, count, at, padding;
    struct feature_correl_pair {
        double x, y;
    } ring[];
};

size_t feature_correl_size(int period);
void feature_correl_init(struct feature_correl *f, int period);
double feature_correl_push(struct feature_correl *f, double x, double y);

#endif
