/* SPDX-License-Identifier: Apache-2.0 */
/* Reads recorded candles: CSV with a header, gzip or zstd compressed, Binance's JSON klines, or our
 * own column cache (exchange/candle_cache.h), told apart by their first bytes.
 *
 * CSV: the header names at least timestamp (or open_time), open, high, low, close and volume, in
 * any order and among others; timestamps are the candles' open in Unix milliseconds.  JSON: an
 * array of arrays [open time, open, high, low, close, volume, ...], numbers or strings. */
#ifndef EXCHANGE_CANDLE_FILE_H
#define EXCHANGE_CANDLE_FILE_H

#include "exchange/candle_series.h"

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

/* A candle whose time had been there before; the first of them is the one that was kept. */
struct candle_duplicate {
    int64_t open_us;
    int line;      /* in the unpacked text */
    size_t after;  /* index of the candle that was kept */
    bool is_equal; /* the same values too */
};
/* As candle_file_read, but a candle that is there twice is counted and not refused: for reports.
 * The caller frees *duplicates. */
MUST_USE enum err candle_file_survey(const char *path, struct diag_list *diags,
                                     struct candle_series *out,
                                     struct candle_duplicate **duplicates, size_t *count);

#endif
