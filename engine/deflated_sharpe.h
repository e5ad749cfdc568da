/* SPDX-License-Identifier: Apache-2.0 */
/* The deflated Sharpe ratio: how likely it is that the best of many trials is better than luck.
 *
 * D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias,
 * Backtest Overfitting and Non-Normality", Journal of Portfolio Management 40 (5), 2014, 94-107.
 * Of N independent trials without any skill, whose Sharpe ratios vary by V, the best is expected at
 *
 *     SR0 = sqrt(V) * ((1 - g) * Z^-1(1 - 1/N) + g * Z^-1(1 - 1/(N*e))),  g = 0.5772156649...
 *
 * and of T returns with the skewness s and the kurtosis k (a normal one has 3), the ratio SR has
 *
 *     DSR = Z((SR - SR0) * sqrt(T - 1) / sqrt(1 - s*SR + (k - 1)/4 * SR^2)).
 *
 * All ratios are per return, not per year; Z is the normal distribution.  Pure; any thread. */
#ifndef ENGINE_DEFLATED_SHARPE_H
#define ENGINE_DEFLATED_SHARPE_H

#include "engine/performance.h"

/* The shape of a series of returns; all NaN but samples when the Sharpe ratio has no value. */
struct return_shape {
    double sharpe;   /* mean over sample deviation, per return */
    double skewness; /* m3 / m2^1.5 of the population */
    double kurtosis; /* m4 / m2^2: 3 for normal returns */
    double samples;
};

/* Of the daily returns that the Sharpe ratio of engine/performance.h is made of. */
struct return_shape return_shape_of(const struct daily_equity *daily);

/* SR0: 0 for fewer than two trials. */
double deflated_sharpe_threshold(int64_t trials, double variance);
/* DSR, 0 to 1; NaN when a part has no value, or fewer than three returns. */
double deflated_sharpe(const struct return_shape *shape, double threshold);

#endif
