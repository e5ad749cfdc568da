/* SPDX-License-Identifier: Apache-2.0 */
/* Reads recorded candles: CSV with a header, gzip or zstd compressed, or Binance's JSON klines.
 *
 * CSV: the header names at least timestamp (or open_time), open, high, low, close and volume, in
 * any order and among others; timestamps are the candles' open in Unix milliseconds.  JSON: an
 * array of arrays [open time, open, high, low, close, volume, ...], numbers or strings. */
#ifndef EXCHANGE_CANDLE_FILE_H
#define EXCHANGE_CANDLE_FILE_H

#include "core/digest.h"
#include "core/error.h"
#include "engine/candle.h"

struct candle_series {
    struct candle *candles;
    size_t count;
    int64_t timeframe_us;        /* the smallest step between candles; a name of timeframe_name */
    int price_scale, size_scale; /* the most decimals seen, zeros at the end not counted */
    struct digest digest;        /* of the candles' values, independent of the file's format */
};
void candle_series_release(struct candle_series *s);

/* Refused with file, line and reason: missing column, cut last line, not a number, NaN, negative,
 * high < low or not enclosing open and close, unsorted or duplicate times, times off the grid of
 * the timeframe, fewer than two candles, too many decimals.  Gaps are kept here (the feed fills
 * them).  ERR_IO: the file cannot be read; ERR_LIMIT: it is too large; ERR_CANDLE: what it says is
 * wrong.  Reading stops at the first mistake. */
MUST_USE enum err candle_file_read(const char *path, struct diag_list *diags,
                                   struct candle_series *out);
/* The same from bytes (for tests and fuzzing); name stands for the file in messages. */
MUST_USE enum err candle_parse(const char *data, size_t length, const char *name,
                               struct diag_list *diags, struct candle_series *out);

#endif
