/* SPDX-License-Identifier: Apache-2.0 */
/* Candles as rows of a binary COPY, both ways; only the candle_*.c files include it. */
#ifndef STORE_CANDLE_ROWS_H
#define STORE_CANDLE_ROWS_H

#include "core/error.h"
#include "engine/candle.h"

enum {
    /* A count of fields, then the length and the bytes of each: seven in, without the last out. */
    CANDLE_ROW_IN = 2 + 6 * (4 + 8) + (4 + 4),
    CANDLE_ROW_OUT = 2 + 6 * (4 + 8),
    COPY_HEADER = 19,
    COPY_TRAILER = 2
};

#define CANDLE_COLUMNS "open_at, open, high, low, close, volume"

void candle_copy_header(unsigned char out[COPY_HEADER]);
void candle_copy_trailer(unsigned char out[COPY_TRAILER]);
/* open_at, open, high, low, close, volume, series. */
void candle_row_put(const struct candle *c, int32_t series, unsigned char out[CANDLE_ROW_IN]);

/* Reads one message of a COPY of CANDLE_COLUMNS: *is_row is false for one without a row.  The first
 * message begins with the header.  ERR_DB_QUERY when it is not what a server sends. */
MUST_USE enum err candle_row_get(const char *message, size_t length, bool is_first,
                                 struct candle *out, bool *is_row);

#endif
