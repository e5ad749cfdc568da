/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's memory: live orders by instrument and id, balances, events not yet taken.
 *
 * Only simulate*.c and backtest*.c include it.  Orders lie in slots; each instrument chains its own
 * by ascending id, each hash bucket chains those of equal hash.  Links hold slot + 1, so that 0
 * ends a chain. */
#ifndef ENGINE_SIMULATE_BOOK_H
#define ENGINE_SIMULATE_BOOK_H

#include "engine/simulate.h"

enum {
    SIM_BUCKETS = 4096
};

struct sim_order {
    int64_t id; /* 0: the slot is free */
    size_t instrument;
    enum side side;
    enum order_type type;
    enum order_life life;
    bool is_entry;    /* has to be paid for: not reduce-only, and no spot sell */
    bool reduce_only; /* or a spot sell, which cannot sell what is not there */
    bool protects;    /* a stop or target, sized to all of its position */
    int opens_left;   /* to let pass before a market order fills */
    int64_t oco_group;
    int64_t position_id; /* 0: none, as of entries */
    struct size size, filled;
    struct size taken;  /* of the size: by other orders of its position, which has it no more */
    struct price level; /* of a limit or stop */
    struct price decision;
    struct ratio tolerance;  /* 0: off */
    struct money reserved;   /* entries: cash kept for what is left */
    uint32_t next, previous; /* on the instrument */
    uint32_t bucket_next;    /* also the chain of free slots */
};

struct sim_market {
    struct instrument instrument;
    uint32_t first, last; /* orders */
    bool has_price;
    struct price price;    /* the newest seen */
    int64_t candle_us;     /* the candle that `liquidity` belongs to */
    struct size liquidity; /* what the cap leaves; meaningless with the cap off */
    struct size holding;
    struct money margin; /* perpetuals: the entry notional of the holding */
};

struct sim_position { /* as told after a restart */
    int64_t id;
    struct size size;
};

struct sim_ref { /* an order as of now: gone when the slot has another id */
    uint32_t slot;
    int64_t id;
};

struct simulate {
    struct simulate_options options; /* instruments are in markets */
    struct sim_market *markets;
    size_t *by_symbol; /* indexes of markets, sorted by symbol */
    struct sim_order *orders;
    uint32_t order_count, slots_used, free_slot;
    uint32_t buckets[SIM_BUCKETS];
    struct money cash;
    struct money reserved;      /* the sum over all orders */
    struct venue_event *events; /* a ring */
    size_t event_head, event_count, event_capacity;
    struct sim_position *positions; /* for restore alone */
    size_t position_count;
};

/* Looks an order up by id; NULL when it is not in the book. */
struct sim_order *sim_find(struct simulate *s, int64_t id);
/* The instrument of a symbol; false when there is none. */
bool sim_instrument(const struct simulate *s, const char *symbol, size_t *index);
/* Copies an order into the book: there must be room, and its id must be new. */
struct sim_order *sim_insert(struct simulate *s, const struct sim_order *o);
/* Takes an order out and gives back what was reserved for it. */
void sim_remove(struct simulate *s, struct sim_order *o);
/* References to the instrument's orders by ascending id, into a new array (free() ends it). */
struct sim_ref *sim_list(const struct simulate *s, size_t instrument, size_t *count);
/* The order a reference meant, NULL when it has ended since. */
struct sim_order *sim_get(struct simulate *s, struct sim_ref ref);

/* Queues an event, zeroed but for its kind, order and time; valid until the next push. */
struct venue_event *sim_event(struct simulate *s, enum venue_event_kind kind, int64_t order_id,
                              int64_t at_us);
/* Ends a live order with an event of this kind and reason. */
void sim_end(struct simulate *s, struct sim_order *o, enum venue_event_kind kind,
             const char *reason, int64_t at_us);

/* What is left of its position as far as the orders know that protect it: no exit of the position
 * may execute more.  Else it would take from another strategy's position in the same instrument,
 * which the holding is the sum of.  The order's own size when none of them lives. */
struct size sim_position_left(const struct simulate *s, const struct sim_order *o);
/* Tells the other orders of its position that `part` of it has executed. */
void sim_take(struct simulate *s, const struct sim_order *o, struct size part);
/* Ends the other orders of its OCO group ("oco"). */
void sim_cancel_siblings(struct simulate *s, const struct sim_order *o, int64_t at_us);

/* The price an entry is paid at as far as the check goes: a limit's own, else the decision price,
 * else the stop price. */
struct price sim_cost_price(const struct sim_order *o);
/* Cash that an order's open size would need at a price, a fee in cash included. */
MUST_USE enum err sim_cost(const struct simulate *s, const struct instrument *i, struct size size,
                           struct price p, struct money *out);
/* Cash that no order has reserved and that is no margin. */
MUST_USE enum err sim_cash_free(const struct simulate *s, struct money *out);
/* The fee of a notional: rounded once, half even, to the money scale. */
MUST_USE enum err sim_fee(struct money notional, struct ratio rate, int money_scale,
                          struct money *out);

/* True where a buy's fee is taken from what it receives. */
static inline bool sim_fee_is_received(const struct simulate *s, const struct instrument *i)
{
    return s->options.fee_in == FEE_IN_RECEIVED && i->is_spot;
}

static inline bool sim_is_immediate(const struct sim_order *o)
{
    return o->life == LIFE_IOC || o->life == LIFE_FOK;
}
/* True for an order that waits for an open: a market order, a limit that does not rest, or a stop
 * that has begun to fill. */
static inline bool sim_waits_for_open(const struct sim_order *o)
{
    return o->type == ORDER_MARKET || sim_is_immediate(o) ||
           (o->type == ORDER_STOP_MARKET && o->filled.e12 > 0);
}
/* True when a limit lies at or beyond a market price. */
bool sim_crosses(const struct sim_order *o, struct price market);

/* A resting order that a candle touches; the lowest (leg, distance, is_limit, id) comes first. */
struct sim_hit {
    struct sim_ref ref;
    int leg; /* 0 at the open, then 1 and 2 */
    i128 distance;
    bool is_limit;
    struct price price;
};

/* A candle's prices as amounts. */
struct sim_range {
    struct price open, high, low;
    bool high_first; /* on the adaptive path */
};
struct sim_range sim_range_of(const struct candle *c);

/* A price as the taker gets it: moved by the slippage and rounded to the tick, both against it. */
MUST_USE enum err sim_taker_price(const struct simulate *s, const struct sim_order *o,
                                  struct ratio slippage, struct price p, struct price *out);
/* True when an entry's price lies beyond its tolerance, against the trader. */
bool sim_is_beyond_tolerance(const struct sim_order *o, struct price p);
/* True when a candle touches a resting order; fills in where on its path and at what price. */
bool sim_find_hit(const struct simulate *s, const struct sim_order *o, const struct sim_range *r,
                  struct sim_hit *out);
int sim_compare_hits(const void *a, const void *b); /* for qsort: the order of execution */
/* Why an entry is rejected when it arrives, or NULL; notes what is reserved for it. */
const char *sim_entry_objection(const struct simulate *s, struct sim_order *o);

/* The venue port's market and settle (simulate_match.c). */
void sim_market_event(struct simulate *s, const struct feed_event *e);
void sim_settle(struct simulate *s, size_t instrument, int64_t at_us);

#endif
