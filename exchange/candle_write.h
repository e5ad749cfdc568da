/* SPDX-License-Identifier: Apache-2.0 */
/* Writes candles as canonical CSV: the same candles give the same bytes.
 *
 * The header "timestamp,open,high,low,close,volume", then a line a candle: open time in Unix
 * milliseconds, shortest exact decimals, a line feed behind each. */
#ifndef EXCHANGE_CANDLE_WRITE_H
#define EXCHANGE_CANDLE_WRITE_H

#include "core/text.h"
#include "exchange/candle_series.h"

#define CANDLE_CSV_HEADER "timestamp,open,high,low,close,volume\n"

enum {
    CANDLE_CSV_LINE = 192 /* more than any line has */
};

/* Appends the line of one candle. */
void candle_csv_line(struct text *t, const struct candle *c);
/* A whole file, there whole or not at all; ERR_IO with a diag. */
MUST_USE enum err candle_csv_write(const char *path, const struct candle_series *s,
                                   struct diag_list *diags);

#endif
