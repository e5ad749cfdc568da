/* SPDX-License-Identifier: Apache-2.0 */
/* What is durable about a strategy that trades: its name, its version, and what shall follow.
 *
 * A slot is one strategy name of the account: positions are keyed by account, name and symbol.
 * Activating another version of the name fills `next` and lets it take over as `effective` says:
 *
 *   now          at once: it decides on the candle that is open now, and manages open positions
 *   next_candle  it decides on candles that open after the activation, and manages open positions
 *   when_flat    on each symbol as soon as no position and no entry is there; until then the
 *                version that opened the position goes on managing it, and makes no entries */
#ifndef ENGINE_STRATEGY_SLOT_H
#define ENGINE_STRATEGY_SLOT_H

#include "core/clock.h"
#include "core/digest.h"
#include "core/limits.h"

enum effective {
    EFFECTIVE_NOW,
    EFFECTIVE_NEXT_CANDLE,
    EFFECTIVE_WHEN_FLAT
};
const char *effective_name(enum effective e); /* "now" "next_candle" "when_flat" */
bool effective_of_name(const char *name, enum effective *out);

enum slot_state {
    SLOT_ACTIVE,
    SLOT_ENDING, /* no entries any more; ends with the last position */
    SLOT_ENDED
};
const char *slot_state_name(enum slot_state s); /* "active" "ending" "ended" */
bool slot_state_of_name(const char *name, enum slot_state *out);

/* One row of the account's slots, by name. */
struct strategy_slot {
    char name[LIMIT_NAME];
    int64_t ordinal; /* 1, 2, ...: the order in which slots decide; kept when a version changes */
    char strategy_id[DIGEST_HEX];
    char next_id[DIGEST_HEX]; /* "" when nothing waits */
    enum effective effective;
    int64_t from_us; /* engine time of the newest activation */
    bool is_outside; /* a source of POST /v1/signals: strategy_id names no artifact's rules */
    enum slot_state state;
};

/* One row of the account's history of activations: what rollback goes back to. */
struct activation {
    int64_t id; /* 1, 2, ... of the account */
    int64_t at_us;
    char name[LIMIT_NAME];
    char strategy_id[DIGEST_HEX];
    char previous_id[DIGEST_HEX]; /* the version before it; "" for the first */
    char action[16];              /* "activate" "rollback" "deactivate" "configure" */
    enum effective effective;
    char actor[LIMIT_NAME];
};

/* The newest value of one name (and symbol) from outside. */
struct ext_value {
    char name[LIMIT_NAME];
    char symbol[LIMIT_SYMBOL]; /* "": of every symbol that has none of its own */
    double value;              /* finite */
    int64_t at_us;             /* when it was true, engine time */
    bool is_removed;           /* in a batch: it is known no longer */
};

#endif
