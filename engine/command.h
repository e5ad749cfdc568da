/* SPDX-License-Identifier: Apache-2.0 */
/* What other threads may ask of the engine, by value, and what it answers. */
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include "core/error.h"
#include "engine/account.h"
#include "engine/ledger.h"
#include "engine/order.h"
#include "engine/position.h"
#include "engine/strategy_slot.h"

enum command_kind {
    COMMAND_START,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_STOP,
    COMMAND_CLOSE_POSITION,
    COMMAND_CLOSE_ALL,
    COMMAND_CANCEL_ORDER,
    COMMAND_CANCEL_ALL,
    COMMAND_ACTIVATE,      /* `strategy` with `effective`; is_rollback names it so in the history */
    COMMAND_DEACTIVATE,    /* `name`: no entries any more; close_positions closes what is open */
    COMMAND_SIGNAL,        /* `signal`, of the outside source `name` */
    COMMAND_SET_EXT,       /* `ext` */
    COMMAND_PLACE_ORDER,   /* `order` in `symbol` */
    COMMAND_REPLACE_ORDER, /* the order `id`: order.size, limit_price (0: as before), version */
    COMMAND_DROP_EXT,      /* ext.name's value of ext.symbol, or every one of them when it is "" */
    COMMAND_DEADMAN,       /* `deadman` */
    COMMAND_ENTRY          /* `entry`: an entry about the log itself */
};

/* A wish that comes from outside and passes the same risk check as a rule's. */
struct outside_signal {
    enum signal_action action;
    enum direction direction;
    struct ratio confidence;
    struct sizing sizing;   /* entries */
    struct price stop_loss; /* prices; 0: none */
    struct price take_profit;
    struct ratio stop_loss_pct, take_profit_pct; /* or distances from the price, as fractions */
    int64_t expires_us;                          /* monotonic; 0: never */
};

/* An order by hand.  One that opens is judged as every entry is; one that only reduces closes the
 * position that orders by hand have opened. */
struct order_request {
    enum side side;
    enum order_type type;     /* market or limit */
    enum order_life life;     /* limit orders */
    struct size size;         /* 0: `notional`, or all of the position that is reduced */
    struct money notional;    /* at the price the order is judged by; 0: `size` */
    struct price limit_price; /* limit orders */
    struct price stop_loss;   /* of the position it opens; 0: none */
    struct price take_profit; /* likewise */
    bool reduce_only;
    int64_t expires_us;          /* engine time; TIME_NONE: never */
    char label[LIMIT_LABEL];     /* the user's own id; "" none */
    char version[ORDER_VERSION]; /* REPLACE: the state it was seen in; "" any */
};

enum {
    COMMAND_RESULTS_MAX = 256
};

struct command {
    enum command_kind kind;
    enum trading_mode mode;    /* START */
    int64_t id;                /* CLOSE_POSITION, CANCEL_ORDER */
    struct size size;          /* CLOSE_POSITION: 0 means percentage or all */
    struct ratio percentage;   /* CLOSE_POSITION: 0 means all; in (0, 1] */
    char symbol[LIMIT_SYMBOL]; /* CLOSE_ALL, CANCEL_ALL: only this one; "" all; SIGNAL */
    bool close_positions;      /* STOP, DEACTIVATE */
    bool cancel_orders;        /* STOP, CLOSE_ALL: entries that wait */
    char reason[LIMIT_REASON];
    char actor[LIMIT_NAME];
    const struct strategy *strategy; /* ACTIVATE: the ticket holds a reference of its own */
    enum effective effective;        /* ACTIVATE */
    bool is_rollback;                /* ACTIVATE */
    bool validate_only;              /* ACTIVATE, SIGNAL, PLACE_ORDER: judge, change nothing */
    char name[LIMIT_NAME];           /* DEACTIVATE, SIGNAL */
    struct outside_signal signal;
    struct order_request order; /* PLACE_ORDER, REPLACE_ORDER; CLOSE_POSITION: type, limit_price */
    struct ext_value ext;       /* SET_EXT; at_us TIME_NONE: now */
    struct {
        int64_t timeout_us; /* 0: it ends */
        enum deadman_action action;
    } deadman; /* DEADMAN */
    struct {
        enum leaf_kind kind;
        const char *object; /* engine/ledger_about.h; the ticket holds a copy of its own */
        size_t length;
        int64_t at; /* only as the entry of this index; -1: wherever it falls */
    } entry;        /* ENTRY */
};

/* One thing that *_ALL did. */
struct command_result {
    int64_t id;
    char symbol[LIMIT_SYMBOL];
    enum err error;
    int64_t order_id; /* the closing order, 0: none */
};

struct command_reply {
    enum err error;
    char detail[LIMIT_REASON]; /* why not, when error is set */
    bool durable;              /* false: accepted and queued, the database is away */
    bool has_order, has_position, has_signal, has_slot;
    struct order order;
    struct position position;
    struct signal signal;
    struct strategy_slot slot;
    struct ext_value ext; /* SET_EXT: as it is kept */
    int64_t entry_index;  /* ENTRY: where it stands */
    int64_t as_of_us;     /* engine time of the answer */
    size_t result_count;
    struct command_result results[COMMAND_RESULTS_MAX];
};

#endif
