/* SPDX-License-Identifier: Apache-2.0 */
/* How a configured venue is doing: what is left of its limits, its clock, the line of requests, and
 * how fresh each symbol's candles are. */
#ifndef HANDLERS_VENUE_SOURCE_H
#define HANDLERS_VENUE_SOURCE_H

#include "core/limits.h"
#include "core/text.h"

enum {
    VENUE_LIMITS = 8
};

struct venue_limit {
    const char *kind; /* weight orders requests */
    int64_t window_us, limit;
    int64_t used; /* as we count it */
    int64_t told; /* as the venue counted last; -1: it has not yet */
};
struct venue_symbol {
    char symbol[LIMIT_SYMBOL];
    int64_t candle_us; /* when its newest candle ended, by the venue's clock; TIME_NONE: none */
    int64_t silent_us; /* since its newest good answer */
    int64_t filled;    /* candles that were filled in */
    int failures;      /* answers in a row that were none */
};
struct venue_health {
    char url[LIMIT_PATH];
    struct venue_limit limits[VENUE_LIMITS];
    size_t limit_count;
    uint64_t sent, rate_limited, bans, clock_errors; /* since the start; a ban is both */
    int64_t blocked_until_us, banned_until_us;       /* wall time; TIME_NONE: not */
    size_t waiting;                                  /* requests that have not left yet */
    int64_t oldest_us;                               /* how long the oldest of them has waited */
    bool knows_time;
    int64_t offset_us, time_error_us; /* the venue's clock less ours, and its error bound */
    int64_t venue_us;                 /* the venue's time, as far as it is known */
    struct venue_symbol *symbols;     /* owned: free */
    size_t symbol_count;
};

/* NULL show: no venue is configured. */
struct venue_source {
    void (*show)(const void *self, struct venue_health *out); /* any thread, never waits long */
    const void *self;
};

struct handlers;
/* The families of a configured venue; nothing without one. */
void venue_print(const struct handlers *h, bool openmetrics, struct text *out);

#endif
