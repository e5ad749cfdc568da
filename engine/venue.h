/* SPDX-License-Identifier: Apache-2.0 */
/* Port: where orders go and fills come from. */
#ifndef ENGINE_VENUE_H
#define ENGINE_VENUE_H

#include "engine/feed.h"
#include "engine/order.h"

enum venue_event_kind {
    VENUE_ACCEPTED,
    VENUE_REJECTED,
    VENUE_FILL,
    VENUE_CANCELED,
    VENUE_EXPIRED
};

struct venue_event {
    enum venue_event_kind kind;
    int64_t order_id; /* ours */
    int64_t at_us;
    struct price price; /* fills */
    struct size size;
    struct money fee;
    char fee_currency[LIMIT_ASSET];
    char venue_fill_id[LIMIT_NAME];
    bool is_maker;
    char reason[LIMIT_REASON]; /* rejected, canceled, expired */
};

struct venue {
    void *self;
    /* Sends one durable order; the answer and all that follows comes through next_event.  at_us is
     * the engine's time.  An error means the venue could not be asked (nothing was sent). */
    enum err (*submit)(void *self, const struct order *o, int64_t at_us);
    /* Asks to cancel; VENUE_CANCELED or a fill follows.  Unknown ids are VENUE_CANCELED too. */
    enum err (*cancel)(void *self, int64_t order_id, int64_t at_us);
    /* Takes the oldest event; false when there is none. */
    bool (*next_event)(void *self, struct venue_event *out);
    /* What the market did: a simulated venue fills by it, a real one ignores it. */
    void (*market)(void *self, const struct feed_event *e);
    /* Tells a simulated venue to fill market orders of this instrument at the newest price now,
     * for an operator who closes while no candle moves; a real one ignores it. */
    void (*settle)(void *self, size_t instrument, int64_t at_us);
    /* After a restart: an order the journal says is alive.  A simulated venue takes it back into
     * its book as it was, or, when its status is `new`, as if it were submitted now (the answer
     * comes through next_event); a real one queries its state. */
    enum err (*restore)(void *self, const struct order *o);
    /* After a restart, before restore: the balances the journal says we have (holding: base size,
     * negative for a short).  For a simulated venue to check orders by; a real one ignores it. */
    void (*fund)(void *self, struct money cash);
    void (*hold)(void *self, size_t instrument, struct size holding);
};

#endif
