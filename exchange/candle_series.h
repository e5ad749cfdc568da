/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as a whole: the candles of one symbol and timeframe, in order, all of one scale. */
#ifndef EXCHANGE_CANDLE_SERIES_H
#define EXCHANGE_CANDLE_SERIES_H

#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"
#include "engine/candle.h"

/* No price and no volume has more digits than this many, written with its scale. */
#define CANDLE_VALUE_MAX INT64_C(999999999999999999)
/* 9999-12-31T23:59:59.999Z, the last instant time_print knows. */
#define CANDLE_TIME_MS_MAX INT64_C(253402300799999)

struct candle_series {
    struct candle *candles;
    size_t count;
    int64_t timeframe_us;        /* the smallest step between candles; a name of timeframe_name */
    int price_scale, size_scale; /* the most decimals seen, zeros at the end not counted */
    struct digest digest;        /* of the candles' values, independent of the file's format */
    char symbol[LIMIT_SYMBOL];   /* empty: the file does not tell */
    bool has_lines;              /* CSV: candle i stands in line i + 2 */
};
void candle_series_release(struct candle_series *s);

/* Makes what other code has put together equal to what a file of it would give: the fewest decimals
 * that are exact, one scale for all, the digest.  The candles must be valid, in order and of one
 * scale already. */
void candle_series_seal(struct candle_series *s);

/* The digest alone; at least one candle. */
void candle_series_digest(const struct candle *candles, size_t count, struct digest *out);

/* What is wrong with a candle that should follow the one at previous_us (INT64_MIN: none) on the
 * grid of the timeframe: a few words, or NULL when nothing is.  Checks times, prices and volume. */
const char *candle_series_fault(const struct candle *c, int64_t previous_us, int64_t timeframe_us);

/* How many candles are missing before candle i; none before the first. */
int64_t candle_series_gap(const struct candle_series *s, size_t i);
/* How many candles open before an instant. */
size_t candle_series_before(const struct candle_series *s, int64_t at_us);

#endif
