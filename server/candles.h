/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `traderd candles` share; only the candles*.c files include it. */
#ifndef SERVER_CANDLES_H
#define SERVER_CANDLES_H

#include <stdio.h>

#include "exchange/candle_merge.h"

enum {
    CANDLES_FILES = 4096 /* of one import */
};

/* The parts: each gets the words after its name and returns the exit status. */
int candles_import(int count, char **arguments);
int candles_gaps(int count, char **arguments);
int candles_show(int count, char **arguments);
int candles_verify(int count, char **arguments);
int candles_resample(int count, char **arguments);
int candles_export(int count, char **arguments);
int candles_list(int count, char **arguments); /* candles_database.c */
int candles_download(int count, char **arguments);

/* One candle file with its symbol: the file's own, else that of its name, else empty. */
MUST_USE enum err candles_read(const char *path, struct diag_list *diags,
                               struct candle_series *out);
/* False with a diag unless it is written BASE/QUOTE. */
bool candles_symbol_check(const char *symbol, struct diag_list *diags);

/* What a name asks for: a cache (.tdc), CSV (.csv, or - for the standard output). */
enum candles_format {
    CANDLES_UNKNOWN,
    CANDLES_CACHE,
    CANDLES_CSV,
    CANDLES_STDOUT
};
/* CANDLES_UNKNOWN with a diag for other names. */
enum candles_format candles_format_of(const char *path, struct diag_list *diags);
/* Writes a series in the format of the name; the cache asks for a symbol. */
MUST_USE enum err candles_write(const char *path, const struct candle_series *s,
                                struct diag_list *diags);
/* Lines first to first + count of a series as CSV on the standard output. */
MUST_USE enum err candles_print(const struct candle_series *s, size_t first, size_t count,
                                struct diag_list *diags);

/* "BTC/USDT 5m, 26,404 candles, 2021-09-02T00:00:00Z to ...", without a line break. */
void candles_describe(const struct candle_series *s, FILE *stream);
/* A whole number with its thousands apart. */
struct grouped {
    char text[32];
};
struct grouped candles_grouped(uint64_t value);
/* A time of whole seconds: "2021-09-02T00:00:00Z". */
struct timed {
    char text[32];
};
struct timed candles_timed(int64_t us);

/* The mistakes, and the exit status they ask for: wrong input, or a failure. */
int candles_refuse(const struct diag_list *diags, enum err e);

#endif
