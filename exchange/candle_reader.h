/* SPDX-License-Identifier: Apache-2.0 */
/* What the CSV and the JSON reader share: fields become checked candles, mistakes become diags.
 *
 * Only the candle_*.c files include it. */
#ifndef EXCHANGE_CANDLE_READER_H
#define EXCHANGE_CANDLE_READER_H

#include "core/text.h"
#include "exchange/candle_file.h"
#include "exchange/candle_number.h"

enum candle_field {
    FIELD_TIME,
    FIELD_OPEN,
    FIELD_HIGH,
    FIELD_LOW,
    FIELD_CLOSE,
    FIELD_VOLUME,
    FIELD_COUNT_
};
const char *candle_field_name(enum candle_field f); /* timestamp open high low close volume */

struct slice {
    const char *text;
    size_t length;
};

struct candle_reader {
    const char *name;        /* of the file */
    const char *begin, *end; /* its text */
    const char *line_start;
    int line; /* 1-based, where line_start is */
    bool is_json;
    struct diag_list *diags;
    struct candle *candles;
    size_t count, capacity;
    int price_scale, size_scale; /* the most decimals so far */
    bool keeps_duplicates;       /* counts candles that are there twice in place of refusing them */
    struct candle_duplicate *duplicates;
    size_t duplicate_count, duplicate_room;
};

/* Notes a mistake at the bytes of `where` (NULL text: the whole line); returns it for a hint. */
struct diag *candle_reader_mistake(const struct candle_reader *r, struct slice where,
                                   const char *code, const char *format, ...) PRINTF_LIKE(4, 5);

/* Bytes of a file as they may stand in a message: printable and short. */
struct shown {
    char text[48];
};
struct shown candle_reader_show(struct slice s);

/* Appends one candle of the current line. */
MUST_USE enum err candle_reader_add(struct candle_reader *r,
                                    const struct slice fields[FIELD_COUNT_]);
/* The same when the fields were read already, each as candle_number_parse would. */
MUST_USE enum err candle_reader_take(struct candle_reader *r,
                                     const struct slice fields[FIELD_COUNT_],
                                     struct candle_number numbers[FIELD_COUNT_]);
/* Brings all candles to one scale, finds the timeframe, checks its grid, and moves them out. */
MUST_USE enum err candle_reader_finish(struct candle_reader *r, struct candle_series *out);

/* Read all of begin..end (candle_csv.c, candle_json.c). */
MUST_USE enum err candle_csv_read(struct candle_reader *r);
MUST_USE enum err candle_json_read(struct candle_reader *r);

/* Unpacks gzip or zstd, known by their first bytes, into `out`; *packed is false, and nothing done,
 * for other data (candle_unpack.c). */
MUST_USE enum err candle_unpack(const char *data, size_t length, const char *name,
                                struct diag_list *diags, struct text *out, bool *packed);

#endif
