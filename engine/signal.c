/* SPDX-License-Identifier: Apache-2.0 */
/* The words of signals: sides, actions, decisions and the reasons of a denial. */
#include "engine/signal.h"

#include <string.h>

const char *side_name(enum side s)
{
    return s == SIDE_BUY ? "buy" : "sell";
}

bool side_of_name(const char *name, enum side *out)
{
    if (strcmp(name, "buy") == 0)
        *out = SIDE_BUY;
    else if (strcmp(name, "sell") == 0)
        *out = SIDE_SELL;
    else
        return false;
    return true;
}

const char *signal_action_name(enum signal_action a)
{
    return a == SIGNAL_ENTRY ? "entry" : "exit";
}

const char *signal_decision_name(enum signal_decision d)
{
    return d == SIGNAL_ACCEPTED ? "accepted" : "denied";
}

const char *denial_name(int bit)
{
    static const char *const names[DENIED_COUNT_] = {
        "confidence_too_low", "loop_paused",        "candle_gap",         "short_on_spot",
        "opposite_position",  "no_stop_loss",       "max_open_positions", "max_drawdown",
        "insufficient_cash",  "min_notional",       "max_exposure",       "overflow",
        "cooldown",           "volatility_unknown", "signal_expired",     "no_position",
        "strategy_retired",   "position_open",      "order_unknown",      "position_unprotected",
        "not_reconciled",     "symbol_halted",      "venue_halted",       "venue_maximum",
        "entry_pending",      "max_order_notional", "lot_size",           "tick_size",
    };

    ASSERT(bit >= 0 && bit < DENIED_COUNT_);
    return names[bit];
}
