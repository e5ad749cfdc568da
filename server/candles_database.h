/* SPDX-License-Identifier: Apache-2.0 */
/* The database of `traderd candles`: named by a URL, or the one of the configuration. */
#ifndef SERVER_CANDLES_DATABASE_H
#define SERVER_CANDLES_DATABASE_H

#include "core/config.h"
#include "exchange/candle_series.h"
#include "store/candle_store.h"
#include "store/private_pg.h"

/* What the options say; NULL: not given. */
struct candles_place {
    const char *database; /* a URL without a password, or "config" */
    const char *config, *data;
    const char *venue;
};

struct candles_database {
    struct config *config;
    struct private_pg *cluster;
    int lock; /* of the data directory, while its cluster is ours */
    struct candle_store *store;
};

/* Opens it; errors have a diag.  End with candles_database_close, after an error too. */
MUST_USE enum err candles_database_open(const struct candles_place *place, struct diag_list *diags,
                                        struct candles_database *out);
void candles_database_close(struct candles_database *d);

/* Writes a series with its symbol, and says on stdout what came of it. */
MUST_USE enum err candles_database_write(const struct candles_place *place, bool replaces,
                                         const struct candle_series *s, struct diag_list *diags);
/* Reads the series of a symbol and a timeframe, as a file of it would be read. */
MUST_USE enum err candles_database_read(const struct candles_place *place, const char *symbol,
                                        int64_t timeframe_us, struct diag_list *diags,
                                        struct candle_series *out);

#endif
