/* SPDX-License-Identifier: Apache-2.0 */
/* Whether finer candles are the inside of the candles of a feed.
 *
 * A candle has an inside when the finer candles that open within it make it up: the first opens
 * where it opens, the last closes where it closes, the highest and the lowest reach as far, each
 * within one tick.  Some may be missing (venues write none for a minute without trades) as long as
 * that holds.  Where too few are there to make it up, the candle has no inside and is played as a
 * whole.  Where all are there and still make another candle, they are the finer candles of
 * something else: that is refused. */
#ifndef ENGINE_DETAIL_H
#define ENGINE_DETAIL_H

#include "core/error.h"
#include "engine/candle.h"

struct detail {
    const struct candle *candles; /* the finer ones, by time; borrowed */
    size_t count;
    int64_t detail_us, timeframe_us; /* of the finer ones, which divides that of the candles */
    struct price tick;
    size_t next;
    /* Those that are an inside, in order; owned. */
    struct candle *kept;
    size_t kept_count, kept_capacity;
};

/* What a finer candle contradicts. */
struct detail_fault {
    size_t at;        /* index of the finer candle */
    const char *what; /* "open" "high" "low" "close" */
    struct price made, wanted;
};

/* The next candle of the feed, in order; those filled in over gaps are not to be told.  False: it
 * is contradicted. */
bool detail_take(struct detail *d, const struct candle *whole, struct detail_fault *fault);
void detail_release(struct detail *d);

#endif
