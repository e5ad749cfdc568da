/* SPDX-License-Identifier: Apache-2.0 */
/* Port: market data in time order.
 *
 * At one instant T events come by kind as enum feed_kind has them, each kind in instrument order:
 *
 *   FEED_DETAIL    finer candles that end at T: the inside of a candle that has not closed yet, or
 *                  closes now.  Told only where they make up a candle (engine/detail.h)
 *   FEED_CLOSE     candles that end at T, whole
 *   FEED_FUNDING   the funding of a perpetual that is stamped T
 *   FEED_OPEN      candles that begin at T: the open price, and the volume only as the simulator's
 *                  liquidity
 *
 * So funding at T is paid by who held the position before T: what a stop or target inside the
 * candle that ends at T has closed does not pay, what a market order opens at the open of T does
 * not pay, what one closes at that open does.  A stamp a few milliseconds after T, as venues write
 * them, is an instant of its own: there the open of T has happened. */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "engine/candle.h"
#include "engine/funding.h"
#include "engine/instrument.h"

enum feed_kind {
    FEED_DETAIL,
    FEED_CLOSE,
    FEED_FUNDING,
    FEED_OPEN
};

struct feed_event {
    enum feed_kind kind;
    bool has_detail;   /* a close: the finer candles of this one were told before */
    size_t instrument; /* index in the engine's instruments */
    int64_t at_us;     /* when it becomes known */
    union {
        struct candle candle;          /* all kinds but FEED_FUNDING */
        const struct funding *funding; /* lives as long as the feed; its own time is unshifted */
    };
};

typedef void feed_take_fn(void *context, const struct feed_event *e);

/* Candles of one instrument, by time. */
struct candle_span {
    const struct candle *candles;
    size_t count;
};

typedef void feed_wake_fn(void *context);

struct feed {
    void *self;
    /* A venue's: events are taken when they come, not at the next cycle, and what came before the
     * account's first instant is in the history. */
    bool is_live;
    /* What the feed's threads call, from then on, when there may be something to take; NULL for a
     * feed without threads of its own. */
    void (*listen)(void *self, feed_wake_fn *wake, void *context);
    /* Time and kind of the next event without taking it; ERR_END when the recording has ended,
     * another error when the source fails (may be asked again). */
    enum err (*peek)(void *self, int64_t *at_us, enum feed_kind *kind);
    enum err (*next)(void *self, struct feed_event *out);
    /* Back to the first event; all times get shift_us added. */
    void (*rewind)(void *self, int64_t shift_us);
    int64_t (*timeframe_us)(void *self);
    int64_t (*first_us)(void *self); /* open of the first candle, unshifted */
    /* Tells every FEED_CLOSE up to until_us (shifted time) again, in the order of `next`, without
     * moving it; any thread.  most > 0: at most so many candles of each instrument, the newest. */
    enum err (*history)(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                        feed_take_fn *take, void *context);
    /* All that history tells of one instrument, unshifted, where the feed has it in memory: gaps
     * filled, in one scale, CANDLE_LAST on the last one.  Nothing changes or moves it before the
     * feed is freed; any thread.  False: there is no such instrument.  NULL: not in memory. */
    bool (*candles)(void *self, size_t instrument, struct candle_span *out);
};

#endif
