/* SPDX-License-Identifier: Apache-2.0 */
/* The market price at any instant, from recorded candles moved in time.
 *
 * Prices here are counts of the tick, 10^-scale.  A candle of length T is five straight lines:
 * open held to T/8, to the extreme nearer the open at 3T/8, to the other at 5T/8, to the close at
 * 7T/8, held to T.  Gaps and the time after the last candle are flat at the last close. */
#ifndef SANDBOX_PATH_H
#define SANDBOX_PATH_H

#include "engine/candle.h"

struct path {
    const struct candle *candles;
    size_t count;
    int64_t timeframe_us;
    int64_t shift_us; /* market time - recorded time */
    int price_scale;
};

/* A line from (from_us, from) to (to_us, to); to_us itself belongs to the next one. */
struct path_line {
    int64_t from_us, to_us; /* to_us may be INT64_MAX: nothing comes after */
    int64_t from, to;
};

/* The line that holds an instant; it is not before the first candle (ASSERT). */
struct path_line path_line_at(const struct path *p, int64_t at_us);
/* The price on a line. */
int64_t path_on(const struct path_line *l, int64_t at_us);
int64_t path_ticks(const struct path *p, int64_t at_us);

/* The first instant in [from_us, to_us) of the line at which the price is at or beyond a level, at
 * or above it when `upward`, else at or below it; false when it does not get there. */
bool path_reaches(const struct path_line *l, int64_t from_us, int64_t level, bool upward,
                  int64_t *at_us);

/* Index of the candle that holds an instant, or the last one before it. */
size_t path_index(const struct path *p, int64_t at_us);
/* When candle i opens, in market time. */
int64_t path_open_us(const struct path *p, size_t i);
/* The candle as seen at an instant: one under way has what the lines have shown so far and the
 * elapsed share of the volume.  False when it has not opened yet. */
bool path_candle(const struct path *p, size_t i, int64_t at_us, struct candle *out);

#endif
