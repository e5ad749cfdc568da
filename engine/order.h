/* SPDX-License-Identifier: Apache-2.0 */
/* One order attempt: what was intended, and how far it came.
 *
 *   new ──► submitted ──► accepted ──► partially_filled ──► filled
 *    │          │             │               │
 *    │          ├─► rejected  ├─► canceled ◄──┤        canceled by us, expired by the venue
 *    │          └─► unknown   └─► expired  ◄──┘        (slippage tolerance, OCO sibling, end)
 *    │                └─► absent                       proven not to be at the venue
 *    ├─► unknown (a restart cannot tell whether it was sent)
 *    └─► canceled (never sent)
 *
 * `new` is durable before anything is sent.  order_move is the one function that changes a status.
 * That a cancel is wanted is no status: it is in live_order, and for what an operator or an exit
 * wants canceled in `reason` of the living order's row.  What was filled of an order that had ended
 * already (a late fill) is added to its row; its status stays.
 * A venue may tell a fill or an end before or instead of the acceptance, and refuse what it had
 * accepted (no cash at the open): submitted and accepted go to every status on their right.  An
 * unknown order becomes what the venue says when it is asked. */
#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include "engine/signal.h"
#include "engine/venue_error.h"

enum order_status {
    ORDER_NEW,
    ORDER_SUBMITTED,
    ORDER_ACCEPTED,
    ORDER_PARTIALLY_FILLED,
    ORDER_FILLED,
    ORDER_CANCELED,
    ORDER_REJECTED,
    ORDER_EXPIRED,
    ORDER_UNKNOWN,
    ORDER_ABSENT,
    ORDER_STATUS_COUNT_
};
enum order_type {
    ORDER_MARKET,
    ORDER_STOP_MARKET,
    ORDER_LIMIT,
    ORDER_TYPE_COUNT_
};
/* How long a limit order is good; LIFE_GTC of every other type. */
enum order_life {
    LIFE_GTC,       /* until it is filled, canceled or expires */
    LIFE_IOC,       /* what does not execute at once expires */
    LIFE_FOK,       /* it executes at once and whole, or expires */
    LIFE_POST_ONLY, /* as gtc, but refused where it would take what rests */
    LIFE_COUNT_
};
enum order_purpose {
    PURPOSE_ENTRY,
    PURPOSE_EXIT,
    PURPOSE_STOP_LOSS,
    PURPOSE_TAKE_PROFIT,
    PURPOSE_COUNT_
};
enum exit_reason {
    EXIT_NONE,
    EXIT_STOP_LOSS,
    EXIT_TAKE_PROFIT,
    EXIT_TRAILING_STOP,
    EXIT_SIGNAL,
    EXIT_TIME,
    EXIT_ROI,
    EXIT_MANUAL,
    EXIT_KILL_SWITCH,
    EXIT_MAINTENANCE,
    EXIT_LIQUIDATION,
    EXIT_END_OF_DATA,
    EXIT_REASON_COUNT_
};

/* The API's words; of_name false when the word is not one. */
const char *order_status_name(enum order_status s);
bool order_status_of_name(const char *name, enum order_status *out);
const char *order_type_name(enum order_type t); /* market stop_market limit */
bool order_type_of_name(const char *name, enum order_type *out);
const char *order_life_name(enum order_life l);       /* gtc ioc fok post_only */
const char *order_purpose_name(enum order_purpose p); /* entry exit stop_loss take_profit */
bool order_purpose_of_name(const char *name, enum order_purpose *out);
const char *exit_reason_name(enum exit_reason r); /* architecture.md section 6; "" for none */
bool exit_reason_of_name(const char *name, enum exit_reason *out);

struct order {
    int64_t id;                      /* 1, 2, ... of the account */
    int64_t intent_id;               /* attempts of one wish share it */
    int attempt;                     /* 1, 2, 3 */
    int64_t signal_id;               /* 0: not from a signal (manual) */
    int64_t position_id;             /* 0 until an entry's first fill */
    char client_order_id[33];        /* hex of the first 16 bytes of leaf_hash */
    char venue_order_id[LIMIT_NAME]; /* "" until the venue has told one */
    struct digest leaf_hash;
    char symbol[LIMIT_SYMBOL];
    char strategy[LIMIT_NAME];
    char strategy_id[DIGEST_HEX];
    enum side side;
    enum order_type type;
    enum order_life life;
    enum order_purpose purpose;
    enum order_status status;
    enum exit_reason exit_reason; /* what the exit will be called; EXIT_NONE for entries */
    bool reduce_only;
    bool is_whole;     /* a market exit of all that is held, or of as much as one order may have */
    int64_t oco_group; /* > 0: the venue cancels the others as soon as one executes */
    char label[LIMIT_LABEL];     /* the user's own client order id; "" none; unique by intent */
    int64_t replaces_id;         /* the order this one takes the place of; 0: none */
    int64_t replaced_by;         /* the order that takes this one's place; 0: none */
    struct size replaces_filled; /* what that one had filled when this one's size was made */
    struct size size;
    struct size filled;
    struct money filled_notional;
    struct money fee;
    struct price limit_price;        /* ORDER_LIMIT */
    struct price stop_price;         /* ORDER_STOP_MARKET */
    struct price decision_price;     /* what slippage is measured against */
    struct price attached_stop;      /* entries of outside signals: the levels the position gets */
    struct price attached_target;    /* 0: none */
    struct ratio slippage_tolerance; /* entries: fraction; 0 off */
    int64_t created_us;
    int64_t intended_us;        /* when the first attempt was made: the age of the wish */
    int64_t send_after_us;      /* a later attempt waits until then; TIME_NONE: at once */
    int64_t request_expires_us; /* the venue refuses it when it arrives later; TIME_NONE: never */
    int64_t expires_us;         /* what is left of it is canceled then; TIME_NONE: never */
    int64_t submitted_us;       /* TIME_NONE until then, as the next two */
    int64_t filled_us;
    int64_t ended_us;
    int64_t updated_us;
    enum venue_error error;    /* class of the newest refusal */
    char reason[LIMIT_REASON]; /* why rejected, canceled, expired; else empty */
};

static inline bool order_is_final(enum order_status s)
{
    return s == ORDER_FILLED || s == ORDER_CANCELED || s == ORDER_REJECTED || s == ORDER_EXPIRED ||
           s == ORDER_ABSENT;
}
/* An exit at a price of its own, beside the stop: it rests until the price comes. */
static inline bool order_is_resting_exit(const struct order *o)
{
    return o->purpose == PURPOSE_EXIT && o->type == ORDER_LIMIT;
}
/* It executes on arrival as far as it ever will: it never rests, and has one attempt. */
static inline bool order_is_immediate(const struct order *o)
{
    return o->life == LIFE_IOC || o->life == LIFE_FOK;
}
static inline bool order_has_expiry(const struct order *o)
{
    return o->expires_us > 0;
}
static inline struct size order_left(const struct order *o)
{
    return (struct size){o->size.e12 - o->filled.e12};
}

/* The reason of an entry that an operator wants gone because all is to close: what of it executes
 * all the same leaves at once. */
extern const char order_closing[];
bool order_is_closing(const struct order *o);

/* True when the diagram above has this arrow. */
bool order_may_move(enum order_status from, enum order_status to);
/* Moves the status (ASSERT that it may) and stamps submitted_us, filled_us, ended_us,
 * updated_us. */
void order_move(struct order *o, enum order_status to, int64_t at_us);

/* Names the order's state: another text as soon as its status, size, price or what was filled of
 * it is another.  What If-Match is compared with. */
enum {
    ORDER_VERSION = 17 /* 16 hex digits and NUL */
};
void order_version(const struct order *o, char out[ORDER_VERSION]);

#endif
