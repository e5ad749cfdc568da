/* SPDX-License-Identifier: Apache-2.0 */
/* The account's own numbers: cash, counters, statistics and how far the engine has come.
 *
 * One row, written with every commit, so that what a restart reads is one moment's truth. */
#ifndef ENGINE_ACCOUNT_H
#define ENGINE_ACCOUNT_H

#include "core/digest.h"
#include "core/limits.h"
#include "engine/performance.h"

enum trading_mode {
    MODE_PAPER,
    MODE_LIVE,
    MODE_BACKTEST
};
const char *trading_mode_name(enum trading_mode m); /* paper live backtest */

/* What the operator last wanted; durable, survives a crash. */
enum wanted_state {
    WANTED_STOPPED,
    WANTED_RUNNING,
    WANTED_PAUSED
};

/* How far a cycle at cursor_us came: see engine/cycle.h. */
enum cycle_phase {
    PHASE_DONE,   /* everything at cursor_us is done */
    PHASE_DECIDED /* closes at cursor_us are done and durable, opens are not */
};

/* What an operator's dead-man switch does when it is not renewed. */
enum deadman_action {
    DEADMAN_PAUSE,
    DEADMAN_FLATTEN /* and close every position */
};
const char *deadman_action_name(enum deadman_action a); /* pause flatten */

struct account {
    char id[LIMIT_NAME]; /* "sim-paper-main" */
    char quote[LIMIT_ASSET];
    enum trading_mode mode;
    struct money cash;
    int64_t last_order_id, last_intent_id, last_signal_id, last_position_id, last_fill_id,
        last_cash_id;
    int64_t signals_accepted, signals_denied, signals_unknown;
    int64_t orders_rejected;
    int64_t cycle_count;
    int64_t log_size;     /* entries in the trade log, this commit included */
    int64_t last_leaf_us; /* time stamp of the newest leaf */
    int64_t cursor_us;    /* feed time reached; TIME_NONE before the first */
    enum cycle_phase phase;
    int64_t feed_shift_us;               /* realtime recordings: added to every candle's time */
    struct digest config_digest;         /* of the newest config leaf's declarations */
    char config_strategy_id[DIGEST_HEX]; /* of the configured artifact when last started; "" none */
    char feed_id[DIGEST_HEX];            /* of the newest config leaf; "" before the first */
    int64_t last_activation_id;
    bool ever_commanded; /* start, pause, resume or stop was said once: autostart is over */
    enum wanted_state wanted;
    int64_t deadman_us; /* engine/renewal.h: renewed within this; 0: not armed */
    enum deadman_action deadman_action;
    struct performance performance;
};

/* What SQL keeps of one sample of the equity curve. */
struct equity_point {
    int64_t at_us;
    struct money equity;
    struct money cash;
    struct money unrealized;
    bool is_daily; /* the mark of a finished UTC day: carries an equity leaf */
    int64_t day;   /* days since 1970 of that mark, when is_daily */
};

#endif
