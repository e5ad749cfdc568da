/* SPDX-License-Identifier: Apache-2.0 */
/* Port: where orders go and what becomes of them comes from.
 *
 * submit, cancel, replace, query and reconcile queue a request and return at once; what comes of it
 * is told by next_event, at any later time, in any order, more than once if the venue does so.  All
 * functions are called by the engine's thread; a connector with threads of its own wakes it by
 * what `listen` gave.  Nothing is ever sent a second time by the connector itself: an order request
 * whose outcome it cannot tell is VENUE_UNKNOWN, and the engine asks about it by query.
 *
 * Certain and uncertain: VENUE_NOT_SENT (no byte left) and VENUE_REJECTED (the venue refused and
 * executes nothing of it) are certain.  Everything else that is no answer is VENUE_UNKNOWN. */
#ifndef ENGINE_VENUE_H
#define ENGINE_VENUE_H

#include "engine/feed.h"
#include "engine/order.h"
#include "engine/venue_error.h"

enum venue_event_kind {
    /* Of one order. */
    VENUE_ACCEPTED,      /* venue_order_id */
    VENUE_REJECTED,      /* error, reason, retry_after_us */
    VENUE_NOT_SENT,      /* error, reason, retry_after_us */
    VENUE_UNKNOWN,       /* error, reason: sent, outcome not known */
    VENUE_FILL,          /* price, size, fee, venue_fill_id, is_maker */
    VENUE_CANCELED,      /* reason; executed */
    VENUE_EXPIRED,       /* reason; executed: ended by the venue itself */
    VENUE_CANCEL_FAILED, /* error, reason, retry_after_us: not canceled as far as is known */
    VENUE_STATE,         /* answer to query: state, executed; the fills were told before */
    VENUE_QUERY_FAILED,  /* error, retry_after_us: nothing was learned */
    /* Of the account. */
    VENUE_ACCOUNT,        /* answer to reconcile: `account` has it */
    VENUE_ACCOUNT_FAILED, /* error, retry_after_us */
    /* Of the venue. */
    VENUE_MARKET, /* symbol ("" all), market, reason; rules */
    VENUE_GAP     /* events may have been missed (reconnected): reconcile */
};

/* What query found. */
enum venue_order_state {
    VENUE_ORDER_ABSENT, /* no order of this client order id; a proof only once it is too late */
    VENUE_ORDER_OPEN,
    VENUE_ORDER_FILLED,
    VENUE_ORDER_CANCELED,
    VENUE_ORDER_EXPIRED,
    VENUE_ORDER_REJECTED
};
enum venue_market_state {
    VENUE_MARKET_TRADING,
    VENUE_MARKET_HALTED, /* the symbol takes no orders; those that rest may have gone */
    VENUE_MARKET_MAINTENANCE
};

enum {
    VENUE_CLIENT_ID = 37, /* the longest client order id of any owner (Binance: 36), with NUL */
    VENUE_ORDER_ID = LIMIT_NAME
};

struct venue_event {
    enum venue_event_kind kind;
    /* Which order: ours when the connector knows it, else 0 and the ids the venue gave, of which
     * one may be "". */
    int64_t order_id;
    char client_order_id[VENUE_CLIENT_ID];
    char venue_order_id[VENUE_ORDER_ID];
    int64_t at_us;        /* engine time */
    struct price price;   /* fills */
    struct size size;     /* of this fill */
    struct size executed; /* of the whole order so far, by the venue's account of it */
    bool executed_is_known;
    struct money fee;
    char fee_currency[LIMIT_ASSET];
    char venue_fill_id[LIMIT_NAME]; /* the venue's trade id, unique with the symbol: the engine
                                     * books a fill that is told twice once */
    bool is_maker;
    enum venue_order_state state;
    enum venue_error error;
    int64_t retry_after_us; /* a duration: nothing of this kind before; 0: not told */
    enum venue_market_state market;
    /* VENUE_MARKET: steps and bounds of now; NULL: not told.  Valid until the next next_event. */
    const struct instrument *rules;
    char symbol[LIMIT_SYMBOL];
    char reason[LIMIT_REASON]; /* rejected, canceled, expired: the venue's words */
};

/* ---- The account as the venue sees it ---- */

struct venue_open_order {
    char client_order_id[VENUE_CLIENT_ID];
    char venue_order_id[VENUE_ORDER_ID];
    char symbol[LIMIT_SYMBOL];
    enum side side;
    struct size size, executed;
    struct price price; /* limit or stop price; 0: none */
};
struct venue_trade {
    char venue_fill_id[LIMIT_NAME];
    char client_order_id[VENUE_CLIENT_ID]; /* "" when the venue's list has only the next */
    char venue_order_id[VENUE_ORDER_ID];
    char symbol[LIMIT_SYMBOL];
    enum side side;
    struct price price;
    struct size size;
    struct money fee;
    char fee_currency[LIMIT_ASSET];
    bool is_maker;
    int64_t at_us; /* venue time */
};
struct venue_balance {
    char asset[LIMIT_ASSET];
    struct size free, locked;
    struct size owned; /* without the profit of open positions */
};
struct venue_position { /* derivatives: every position that is not 0 */
    char symbol[LIMIT_SYMBOL];
    struct size size; /* negative: short */
    struct price entry_price;
};
struct venue_income {    /* derivatives: funding that was paid (negative) or got */
    char id[LIMIT_NAME]; /* the venue's, unique with the symbol: booked once however often told */
    char symbol[LIMIT_SYMBOL];
    char currency[LIMIT_ASSET];
    struct money amount;
    int64_t at_us; /* venue time of the stamp */
};
/* Each list is the venue's at some moment between asked_us and the event; they are not of one
 * moment.  Valid until the next call of next_event. */
struct venue_account {
    int64_t asked_us, venue_us; /* engine time of the question; the venue's clock in between */
    const struct venue_open_order *orders; /* of all owners */
    size_t order_count;
    const struct venue_trade *trades; /* by time, from since_us on, of all owners */
    size_t trade_count;
    const struct venue_balance *balances;
    size_t balance_count;
    const struct venue_position *positions;
    size_t position_count;
    const struct venue_income *incomes; /* by time, from well before since_us on, of all owners */
    size_t income_count;
};

/* ---- What a venue can ---- */

enum venue_ids {
    VENUE_IDS_OPEN, /* a client order id is unique among open orders only */
    VENUE_IDS_EVER  /* for ever: a second order of the same id is refused */
};
struct venue_traits {
    bool outlives_us;     /* after a restart it is asked what became of orders, not told */
    bool tells_fill_once; /* no fill is ever told twice: the engine need not remember ids */
    enum venue_ids ids;
    bool has_reduce_only;
    bool has_oco;              /* as soon as one order of an oco_group executes the others end; what
                                * they lock is locked once.  See submit_pair. */
    bool has_replace;          /* replace is one request */
    bool has_expiry;           /* it refuses requests that arrive after request_expires_us */
    bool has_cancel_after;     /* see cancel_after */
    bool tells_funding;        /* in the account's picture: the engine computes none */
    bool rest_locks_size;      /* spot: what a resting sell may sell is free for no other order */
    int64_t request_window_us; /* has_expiry: how long after it was made a request is good */
    /* How long after its expiry a request that arrived in time may still become an order, how far
     * its clock and ours may differ, and how long an order may be missing from its answers. */
    int64_t processing_us, clock_error_us, query_lag_us;
};

typedef void venue_wake_fn(void *context);

struct venue {
    void *self;
    struct venue_traits traits;

    /* ---- Requests: ERR_OK means queued, and exactly one answer of the kinds named comes (beside
     * what else happens to the order); an error that nothing was or will be sent. ---- */

    /* Sends one durable order, not after o->request_expires_us.  VENUE_ACCEPTED, VENUE_REJECTED,
     * VENUE_NOT_SENT or VENUE_UNKNOWN; a fill or an end may stand for the acceptance. */
    enum err (*submit)(void *self, const struct order *o, int64_t at_us);
    /* VENUE_CANCELED, or VENUE_CANCEL_FAILED; of an order that has ended what its end was. */
    enum err (*cancel)(void *self, const struct order *o, int64_t at_us);
    /* Cancels and, only if that succeeded, submits in its place: what cancel and what submit
     * answer.  Cancels only what nothing was executed of: `with` was made of the whole, so what was
     * executed untold would be executed again (VENUE_CANCEL_FAILED and VENUE_ERROR_NOT_OPEN;
     * VENUE_NOT_SENT).  NULL without has_replace. */
    enum err (*replace)(void *self, const struct order *o, const struct order *with, int64_t at_us);
    /* Sends a stop and a target of one oco_group and size as one: both come to rest or neither.  As
     * soon as one executes, even in part, or is canceled, the other ends.  What submit answers, for
     * each.  NULL: orders of a group are submitted one by one. */
    enum err (*submit_pair)(void *self, const struct order *stop, const struct order *target,
                            int64_t at_us);
    /* The next two are NULL for a venue that does not outlive us: it answers at once and tells
     * everything once, so there is nothing to ask about. */
    /* What became of an order: its fills, then VENUE_STATE; or VENUE_QUERY_FAILED. */
    enum err (*query)(void *self, const struct order *o, int64_t at_us);
    /* The account's picture, trades from since_us (engine time) on: VENUE_ACCOUNT or
     * VENUE_ACCOUNT_FAILED. */
    enum err (*reconcile)(void *self, int64_t since_us, int64_t at_us);
    /* All open orders of the instrument end unless this is asked again within after_us; 0 ends the
     * wish.  NULL without has_cancel_after.  No answer is told. */
    enum err (*cancel_after)(void *self, size_t instrument, int64_t after_us, int64_t at_us);

    /* ---- Events ---- */

    /* Takes the oldest event; false when there is none. */
    bool (*next_event)(void *self, struct venue_event *out);
    /* The picture of the VENUE_ACCOUNT event just taken; NULL like reconcile. */
    const struct venue_account *(*account)(void *self);
    /* Monotonic time (clock_monotonic_us) at which next_event is to be called although nobody woke
     * the engine; 0: events wait; INT64_MAX: no such time. */
    int64_t (*due_us)(void *self);
    /* What a connector's threads call, from then on, when an event has come; NULL for a venue
     * without threads of its own. */
    void (*listen)(void *self, venue_wake_fn *wake, void *context);

    /* After a restart: an order the journal says is alive.  A venue that outlives us learns whose
     * the events to come are.  Another takes it back into its book as it was, or, when its status
     * is `new`, as if it were submitted now (the answer comes through next_event). */
    enum err (*restore)(void *self, const struct order *o);

    /* ---- Simulated venues only; NULL: a real one ---- */

    /* What the market did: all events but FEED_FUNDING. */
    void (*market)(void *self, const struct feed_event *e);
    /* Fills market orders of this instrument at the newest price now, for an operator who closes
     * while no candle moves. */
    void (*settle)(void *self, size_t instrument, int64_t at_us);
    /* After a restart, before restore: the balances the journal says we have (holding: base size,
     * negative for a short), to check orders by.  fund also when funding moved cash, which the
     * engine charges position by position. */
    void (*fund)(void *self, struct money cash);
    void (*hold)(void *self, size_t instrument, struct size holding);
    /* Likewise: an open position and its size, which no order of it can execute more of. */
    void (*own)(void *self, int64_t position_id, struct size size);
    /* Spot: so much of the holding (negative: of a short) belongs to no position any more. */
    void (*give_up)(void *self, size_t instrument, struct size dust);
};

#endif
