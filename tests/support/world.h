/* SPDX-License-Identifier: Apache-2.0 */
/* A whole trading world in memory: recorded feed, simulated venue, memory journal, engine. */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include "engine/engine.h"
#include "engine/feed_join.h"
#include "engine/simulate.h"
#include "exchange/recorded_feed.h"
#include "tests/support/memory_journal.h"

enum {
    WORLD_SYMBOLS_MAX = 128
};

/* What a test chooses; world_options_default fills in the product's defaults. */
struct world_options {
    const char *strategy; /* artifact JSON */
    const char *symbols[WORLD_SYMBOLS_MAX];
    const char *csv[WORLD_SYMBOLS_MAX]; /* candles as CSV text, beside symbols */
    size_t symbol_count;
    const char *fee_rate, *slippage_bps, *tolerance_bps, *volume_cap;
    enum fee_in fee_in;
    const char *lot; /* of every symbol; NULL: the default */
    enum intrabar intrabar;
    const struct feed_beside *beside; /* one a symbol; NULL: nothing */
    int64_t clock_step_us; /* the monotonic clock goes on by so much with each look at it */
    bool autostart;
    bool without_strategy; /* as if none were configured */
};

struct world {
    struct world_options options;
    struct memory_journal *journal; /* borrowed: outlives the world */
    struct journal journal_port;
    struct strategy *strategy;
    struct instrument instruments[WORLD_SYMBOLS_MAX];
    struct recorded_feed *recorded;
    struct feed recorded_port;
    struct feed_join *join; /* NULL without options.beside */
    struct feed feed;
    struct simulate *simulate;
    struct venue venue;
    struct engine *engine;
};

struct world_options world_options_default(void);
/* Opens a world on a journal: a new account, or its recovery. */
void world_open(struct world *w, const struct world_options *o, struct memory_journal *journal);
void world_close(struct world *w); /* as kill -9 would: nothing is flushed */

/* Steps until the feed has ended or `steps` are done; true when it ended. */
bool world_run(struct world *w, uint64_t steps);
/* Carries a command out between two steps. */
enum err world_command(struct world *w, const struct command *c, struct command_reply *reply);

/* A random walk of n five-minute candles as CSV text, from a seed; the caller frees it. */
char *world_candles(uint64_t seed, size_t n, double first_price);

#endif
