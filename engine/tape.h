/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a feed's past, held in memory and played again as a feed of its own.
 *
 * So that a trial can play what the daemon's own feed is playing at the same time. */
#ifndef ENGINE_TAPE_H
#define ENGINE_TAPE_H

#include "engine/feed.h"

/* Which part: see `history` of engine/feed.h. */
struct feed_past {
    const struct feed *feed;
    int64_t until_us, shift_us;
    int64_t most; /* candles of each instrument; 0: all */
    /* The instruments on the tape: what each of the feed's becomes, or TAPE_LEAVE_OUT.  NULL: all
     * of them, as they are. */
    const size_t *place_of;
};
#define TAPE_LEAVE_OUT SIZE_MAX

struct tape;

/* Any thread.  The last candle of each instrument has CANDLE_LAST.  ERR_END: nothing has closed by
 * then; the feed's own errors. */
MUST_USE enum err tape_record(const struct feed_past *past, struct tape **out);
void tape_free(struct tape *t); /* NULL allowed */
/* Plays from the beginning; times are those of the past, shifted only by its own rewind. */
struct feed tape_feed(struct tape *t);
size_t tape_candles(const struct tape *t); /* of all instruments */

#endif
