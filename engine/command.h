/* SPDX-License-Identifier: Apache-2.0 */
/* What other threads may ask of the engine, by value, and what it answers. */
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include "core/error.h"
#include "engine/account.h"
#include "engine/position.h"

enum command_kind {
    COMMAND_START,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_STOP,
    COMMAND_CLOSE_POSITION,
    COMMAND_CLOSE_ALL,
    COMMAND_CANCEL_ORDER,
    COMMAND_CANCEL_ALL
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
    char symbol[LIMIT_SYMBOL]; /* CLOSE_ALL, CANCEL_ALL: only this one; "" all */
    bool close_positions;      /* STOP */
    bool cancel_orders;        /* STOP, CLOSE_ALL: entries that wait */
    char reason[LIMIT_REASON];
    char actor[LIMIT_NAME];
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
    bool has_order, has_position;
    struct order order;
    struct position position;
    size_t result_count;
    struct command_result results[COMMAND_RESULTS_MAX];
};

#endif
