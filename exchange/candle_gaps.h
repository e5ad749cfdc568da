/* SPDX-License-Identifier: Apache-2.0 */
/* What is missing in a recording, and where nothing was traded. */
#ifndef EXCHANGE_CANDLE_GAPS_H
#define EXCHANGE_CANDLE_GAPS_H

#include "exchange/candle_series.h"

/* Candles that follow each other: of the gap, or without volume. */
struct candle_range {
    int64_t first_us, last_us; /* open times of the first and the last of them */
    size_t count;
};

struct candle_gaps {
    int64_t first_us, last_us; /* open times of what is recorded */
    size_t count, expected;    /* recorded; and from first to last without a gap */
    size_t missing, filled;    /* and how many of them a feed fills in (LIMIT_GAP_FILL) */
    struct candle_range *gaps; /* in order */
    size_t gap_count;
    struct candle_range *quiet; /* runs of candles without volume, in order */
    size_t quiet_count, quiet_candles;
    size_t longest_gap, longest_quiet; /* candles */
};

void candle_gaps_find(const struct candle_series *s, struct candle_gaps *out);
void candle_gaps_release(struct candle_gaps *g);

#endif
