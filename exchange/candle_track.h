/* SPDX-License-Identifier: Apache-2.0 */
/* Candles of one symbol as they come in: in order, short gaps filled flat, the oldest forgotten. */
#ifndef EXCHANGE_CANDLE_TRACK_H
#define EXCHANGE_CANDLE_TRACK_H

#include "core/limits.h"
#include "engine/candle.h"

enum {
    TRACK_MOST = 500000,     /* candles in memory: a year of minutes, 28 MB */
    TRACK_FORGOTTEN = 100000 /* of them, when there are more */
};

struct candle_track {
    struct candle *candles; /* ascending */
    size_t count, room;
    int64_t filled; /* how many were never told by the venue */
};
void candle_track_release(struct candle_track *t);

const struct candle *candle_track_newest(const struct candle_track *t); /* NULL: none */
/* The candle that opens at an instant, or NULL.  Valid until the track changes. */
const struct candle *candle_track_at(const struct candle_track *t, int64_t open_us);

/* Appends a closed candle; one that is not newer than the newest is dropped.  Up to LIMIT_GAP_FILL
 * missing ones are filled flat before it, behind more it gets CANDLE_AFTER_GAP.  Returns how many
 * were missing. */
int64_t candle_track_take(struct candle_track *t, const struct candle *c, int64_t timeframe_us);
/* Appends a flat candle at the newest close: nobody waits for the real one any more. */
void candle_track_flat(struct candle_track *t, int64_t open_us);

/* The same candles in memory of their own. */
void candle_track_copy(const struct candle_track *from, struct candle_track *to);

#endif
