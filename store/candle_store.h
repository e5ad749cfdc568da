/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded candles in PostgreSQL: written and read whole by COPY, on a connection of its own.
 *
 * Apart from store.h, because it needs no account and no data directory, and because ten millions
 * of rows take longer than a query of the API may.  One thread at a time. */
#ifndef STORE_CANDLE_STORE_H
#define STORE_CANDLE_STORE_H

#include "core/error.h"
#include "core/limits.h"
#include "engine/candle.h"

struct candle_store;

/* Connects and runs the migrations that are missing.  Errors have a diag. */
MUST_USE enum err candle_store_open(const char *database_url, struct diag_list *diags,
                                    struct candle_store **out);
void candle_store_close(struct candle_store *s); /* NULL allowed */
/* True when the URL itself holds a password: other users could read it among the arguments. */
bool candle_store_has_password(const char *database_url);

struct stored_series {
    char venue[LIMIT_NAME];    /* may be empty */
    char symbol[LIMIT_SYMBOL]; /* venue, symbol and timeframe name a series */
    int64_t timeframe_us;
    int price_scale, size_scale;
    /* What the database adds. */
    int64_t id, count;
    int64_t first_us, last_us; /* open times; TIME_NONE: it has no candles */
};

struct candle_write {
    const struct stored_series *series; /* names, and the scales of the candles below */
    const struct candle *candles;       /* at least one, in order, all of the series' scales */
    size_t count;
    bool replaces; /* candles that differ are overwritten, in place of being an error */
    /* Told after some hundred thousand rows; NULL: not wanted. */
    void (*progress)(void *context, size_t done, size_t count);
    void *context;
};
struct candle_written {
    size_t added, replaced; /* all others were there already, and equal */
};

/* One transaction: all of it or nothing.  Writing the same candles again changes nothing.
 * ERR_CONFLICT with a diag that names the first candle which differs from the stored one, unless
 * `replaces`; ERR_LIMIT when numbers do not fit one scale with those stored. */
MUST_USE enum err candle_store_write(struct candle_store *s, const struct candle_write *w,
                                     struct diag_list *diags, struct candle_written *out);

/* All series, by symbol, timeframe and venue; the caller frees the array. */
MUST_USE enum err candle_store_list(struct candle_store *s, struct diag_list *diags,
                                    struct stored_series **out, size_t *count);

/* The candles of a series, in order; venue, symbol and timeframe of *series name it, the rest is
 * filled in.  The caller frees the array.  ERR_NOT_FOUND with a diag. */
MUST_USE enum err candle_store_read(struct candle_store *s, struct stored_series *series,
                                    struct diag_list *diags, struct candle **out, size_t *count);

#endif
