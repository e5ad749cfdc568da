/* SPDX-License-Identifier: Apache-2.0 */
/* What the C benches share: a world in memory without a disk, and candles that are made up.
 *
 * The journal here keeps nothing and counts: what is left is the engine's own work.  Whatever goes
 * wrong ends the program with a sentence, for a bench has nobody to hand an error to. */
#ifndef BENCH_BENCH_WORLD_H
#define BENCH_BENCH_WORLD_H

#include <stdio.h>

#include "engine/engine.h"
#include "engine/simulate.h"
#include "exchange/recorded_feed.h"

enum {
    BENCH_SYMBOLS_MAX = 100,
    BENCH_CANDLES_MAX = 1000 * 1000, /* of one symbol */
    BENCH_SCALE_PRICE = 2,
    BENCH_SCALE_SIZE = 5
};

struct bench_counts {
    uint64_t commits, leaves, fills;
    uint64_t orders, positions; /* rows written: many a time the same ones */
};

struct bench_world {
    struct strategy *strategy;
    struct instrument instruments[BENCH_SYMBOLS_MAX];
    size_t symbol_count;
    size_t candle_count; /* of all symbols */
    struct recorded_feed *recorded;
    struct feed feed;
    struct simulate *simulate;
    struct venue venue;
    struct journal journal;
    struct bench_counts counts;
    struct engine *engine;
};

/* The artifact in a file; for_all takes its symbol away, so that it trades every one. */
struct strategy *bench_strategy(const char *path, bool for_all);

/* A random walk of n five-minute candles, the same for the same seed.  bench_file reads a
 * recording.  Both are released by candle_series_release or taken by bench_world_open. */
void bench_candles(uint64_t seed, size_t n, struct candle_series *out);
void bench_file(const char *path, struct candle_series *out);
/* "S007/USDT": the symbols of made-up candles; the file is "S007USDT-5m.csv". */
void bench_symbol(size_t i, char symbol[LIMIT_SYMBOL]);
/* Candles as a CSV file with the header traderd reads. */
void bench_write(FILE *file, const struct candle_series *series);

/* Takes the strategy and the series over. */
void bench_world_open(struct bench_world *w, struct strategy *strategy_take,
                      struct candle_series *series_take, const char *const *symbols, size_t count);
void bench_world_close(struct bench_world *w);

int64_t bench_now_ns(void); /* monotonic */
int64_t bench_cpu_ns(void); /* of this process: other programs do not lengthen it */
/* A whole number from 1 to max out of an argument. */
size_t bench_number(const char *text, size_t max);
/* The value at a fraction of the sorted list, which it sorts. */
int64_t bench_quantile(int64_t *values, size_t count, double fraction);
NO_RETURN void bench_die(const char *what, enum err e, const struct diag_list *diags);

#endif
