/* SPDX-License-Identifier: Apache-2.0 */
/* What a strategy wished on one candle, and what became of the wish. */
#ifndef ENGINE_SIGNAL_H
#define ENGINE_SIGNAL_H

#include "core/amount.h"
#include "core/digest.h"
#include "core/limits.h"
#include "engine/strategy.h"

enum side {
    SIDE_BUY = 1,
    SIDE_SELL = -1
};
const char *side_name(enum side s); /* "buy" "sell" */
bool side_of_name(const char *name, enum side *out);

enum signal_action {
    SIGNAL_ENTRY,
    SIGNAL_EXIT
};
enum signal_decision {
    SIGNAL_ACCEPTED,
    SIGNAL_DENIED
};
const char *signal_action_name(enum signal_action a);     /* "entry" "exit" */
const char *signal_decision_name(enum signal_decision d); /* "accepted" "denied" */

/* Why our own risk check refused or changed something: a bit each, so that all are told. */
enum denial {
    DENIED_CONFIDENCE = 1 << 0,
    DENIED_PAUSED = 1 << 1,
    DENIED_CANDLE_GAP = 1 << 2,
    DENIED_SHORT_ON_SPOT = 1 << 3,
    DENIED_OPPOSITE_POSITION = 1 << 4,
    DENIED_NO_STOP_LOSS = 1 << 5,
    DENIED_MAX_OPEN_POSITIONS = 1 << 6,
    DENIED_MAX_DRAWDOWN = 1 << 7,
    DENIED_INSUFFICIENT_CASH = 1 << 8,
    DENIED_MIN_NOTIONAL = 1 << 9,
    DENIED_MAX_EXPOSURE = 1 << 10,
    DENIED_OVERFLOW = 1 << 11,
    DENIED_COOLDOWN = 1 << 12,
    DENIED_VOLATILITY_UNKNOWN = 1 << 13,
    DENIED_EXPIRED = 1 << 14,
    DENIED_NO_POSITION = 1 << 15,
    DENIED_RETIRED = 1 << 16,
    DENIED_POSITION_OPEN = 1 << 17,
    DENIED_ORDER_UNKNOWN = 1 << 18,
    DENIED_UNPROTECTED = 1 << 19,
    DENIED_NOT_RECONCILED = 1 << 20,
    DENIED_SYMBOL_HALTED = 1 << 21,
    DENIED_VENUE_HALTED = 1 << 22,
    DENIED_VENUE_MAXIMUM = 1 << 23,
    DENIED_ENTRY_PENDING = 1 << 24, /* the rest is of orders by hand */
    DENIED_ORDER_NOTIONAL = 1 << 25,
    DENIED_LOT_SIZE = 1 << 26,
    DENIED_TICK_SIZE = 1 << 27,
    DENIED_COUNT_ = 28
};
/* "confidence_too_low", "loop_paused", ...: stable words of the API, for bit numbers. */
const char *denial_name(int bit);

struct signal {
    int64_t id; /* 1, 2, ... of the account */
    int64_t at_us;
    int64_t candle_us; /* open time of the candle decided on */
    char symbol[LIMIT_SYMBOL];
    char strategy[LIMIT_NAME];
    char strategy_id[DIGEST_HEX];
    enum signal_action action;
    enum side side;
    enum signal_decision decision;
    unsigned denials;        /* enum denial bits; 0 when accepted */
    struct ratio confidence; /* 6 decimals */
    struct price price;      /* the candle's close: what slippage is measured against */
    struct size size;        /* what risk approved; 0 when denied */
    struct size size_asked;  /* what the strategy's sizing asked for */
    char trigger[LIMIT_REASON];
    struct digest leaf_hash;
};

#endif
