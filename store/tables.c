/* SPDX-License-Identifier: Apache-2.0 */
/* Says which member of each of the engine's structs is which column, and how enums are named. */
#include "store/tables.h"

#include "engine/account.h"
#include "engine/cash_move.h"
#include "engine/strategy_slot.h"

/* ---- Words: every one as the API says it ---- */

static const char *word_mode(int v)
{
    return trading_mode_name((enum trading_mode)v);
}

static const char *word_phase(int v)
{
    return v == PHASE_DECIDED ? "decided" : "done";
}

static const char *word_wanted(int v)
{
    static const char *const names[] = {"stopped", "running", "paused"};

    ASSERT(v >= WANTED_STOPPED && v <= WANTED_PAUSED);
    return names[v];
}

static const char *word_side(int v)
{
    return v ? side_name((enum side)v) : NULL;
}

static const char *word_direction(int v)
{
    return v == DIRECTION_LONG ? "long" : v == DIRECTION_SHORT ? "short" : NULL;
}

static const char *word_action(int v)
{
    return signal_action_name((enum signal_action)v);
}

static const char *word_decision(int v)
{
    return signal_decision_name((enum signal_decision)v);
}

static const char *word_type(int v)
{
    return order_type_name((enum order_type)v);
}

static const char *word_deadman(int v)
{
    return deadman_action_name((enum deadman_action)v);
}

static const char *word_life(int v)
{
    return order_life_name((enum order_life)v);
}

static const char *word_purpose(int v)
{
    return order_purpose_name((enum order_purpose)v);
}

static const char *word_order_status(int v)
{
    return order_status_name((enum order_status)v);
}

static const char *word_venue_error(int v)
{
    return venue_error_name((enum venue_error)v);
}

static const char *word_exit_reason(int v)
{
    return exit_reason_name((enum exit_reason)v);
}

static const char *word_effective(int v)
{
    return effective_name((enum effective)v);
}

static const char *word_slot_state(int v)
{
    return slot_state_name((enum slot_state)v);
}

static const char *word_cash(int v)
{
    return cash_kind_name((enum cash_kind)v);
}

static const char *word_position_status(int v)
{
    return v == POSITION_OPEN ? "open" : "closed";
}

#define TABLE(sql_name, list, type)                                     \
    {                                                                   \
        .name = (sql_name), .columns = (list), .count = COUNT_OF(list), \
        .row_size = sizeof(struct type)                                 \
    }

/* ---- Account ---- */

static const struct column account_columns[] = {
    COLUMN_CHARS(account, id, "id"),
    COLUMN_CHARS(account, quote, "quote"),
    COLUMN_NAMED(account, mode, "mode", word_mode, MODE_PAPER, MODE_BACKTEST),
    COLUMN(account, cash, "cash", AMOUNT),
    COLUMN(account, last_order_id, "last_order_id", INTEGER),
    COLUMN(account, last_intent_id, "last_intent_id", INTEGER),
    COLUMN(account, last_signal_id, "last_signal_id", INTEGER),
    COLUMN(account, last_position_id, "last_position_id", INTEGER),
    COLUMN(account, last_fill_id, "last_fill_id", INTEGER),
    COLUMN(account, last_cash_id, "last_cash_id", INTEGER),
    COLUMN(account, signals_accepted, "signals_accepted", INTEGER),
    COLUMN(account, signals_denied, "signals_denied", INTEGER),
    COLUMN(account, signals_unknown, "signals_unknown", INTEGER),
    COLUMN(account, orders_rejected, "orders_rejected", INTEGER),
    COLUMN(account, cycle_count, "cycle_count", INTEGER),
    COLUMN(account, log_size, "log_size", INTEGER),
    COLUMN(account, last_leaf_us, "last_leaf_at", TIME),
    COLUMN(account, cursor_us, "cursor_at", TIME),
    COLUMN_NAMED(account, phase, "phase", word_phase, PHASE_DONE, PHASE_DECIDED),
    COLUMN(account, feed_shift_us, "feed_shift_us", INTEGER),
    COLUMN(account, config_digest, "config_digest", DIGEST),
    COLUMN_CHARS(account, config_strategy_id, "config_strategy_id"),
    COLUMN_CHARS(account, feed_id, "feed_id"),
    COLUMN(account, last_activation_id, "last_activation_id", INTEGER),
    COLUMN(account, ever_commanded, "ever_commanded", BOOL),
    COLUMN_NAMED(account, wanted, "wanted", word_wanted, WANTED_STOPPED, WANTED_PAUSED),
    COLUMN(account, deadman_us, "deadman_us", INTEGER),
    COLUMN_NAMED(account, deadman_action, "deadman_action", word_deadman, DEADMAN_PAUSE,
                 DEADMAN_FLATTEN),
    COLUMN(account, performance.wins, "wins", INTEGER),
    COLUMN(account, performance.losses, "losses", INTEGER),
    COLUMN(account, performance.breakeven, "breakeven", INTEGER),
    COLUMN(account, performance.win_sum, "win_sum", AMOUNT),
    COLUMN(account, performance.loss_sum, "loss_sum", AMOUNT),
    COLUMN(account, performance.loss_run, "loss_run", INTEGER),
    COLUMN(account, performance.loss_run_max, "loss_run_max", INTEGER),
    COLUMN(account, performance.realized_pnl, "realized_pnl", AMOUNT),
    COLUMN(account, performance.fees_paid, "fees_paid", AMOUNT),
    COLUMN(account, performance.funding_paid, "funding_paid", AMOUNT),
    COLUMN(account, performance.turnover, "turnover", AMOUNT),
    COLUMN(account, performance.starting_equity, "starting_equity", AMOUNT),
    COLUMN(account, performance.equity, "equity", AMOUNT),
    COLUMN(account, performance.equity_peak, "equity_peak", AMOUNT),
    COLUMN(account, performance.max_drawdown_abs, "max_drawdown_abs", AMOUNT),
    COLUMN(account, performance.max_drawdown, "max_drawdown", AMOUNT),
    COLUMN(account, performance.peak_us, "peak_at", TIME),
    COLUMN(account, performance.trough_us, "trough_at", TIME),
    COLUMN(account, performance.first_us, "first_sample_at", TIME),
    COLUMN(account, performance.last_us, "last_sample_at", TIME),
    COLUMN(account, performance.day, "newest_day", INTEGER),
    COLUMN(account, performance.bars, "candles", INTEGER),
    COLUMN(account, performance.bars_exposed, "candles_exposed", INTEGER),
};
const struct table table_account = TABLE("account", account_columns, account);

/* ---- Orders ---- */

static const struct column order_columns[] = {
    COLUMN(order, id, "id", INTEGER),
    COLUMN(order, intent_id, "intent_id", INTEGER),
    COLUMN(order, attempt, "attempt", INT),
    COLUMN(order, signal_id, "signal_id", ID),
    COLUMN(order, position_id, "position_id", ID),
    COLUMN_CHARS(order, client_order_id, "client_order_id"),
    COLUMN(order, leaf_hash, "leaf_hash", DIGEST),
    COLUMN_CHARS(order, symbol, "symbol"),
    COLUMN_CHARS(order, strategy, "strategy"),
    COLUMN_CHARS(order, strategy_id, "strategy_id"),
    COLUMN_NAMED(order, side, "side", word_side, SIDE_SELL, SIDE_BUY),
    COLUMN_NAMED(order, type, "type", word_type, 0, ORDER_TYPE_COUNT_ - 1),
    COLUMN_NAMED(order, life, "time_in_force", word_life, 0, LIFE_COUNT_ - 1),
    COLUMN_NAMED(order, purpose, "purpose", word_purpose, 0, PURPOSE_COUNT_ - 1),
    COLUMN_NAMED(order, status, "status", word_order_status, 0, ORDER_STATUS_COUNT_ - 1),
    COLUMN_NAMED(order, exit_reason, "exit_reason", word_exit_reason, 0, EXIT_REASON_COUNT_ - 1),
    COLUMN(order, reduce_only, "reduce_only", BOOL),
    COLUMN(order, is_whole, "is_whole", BOOL),
    COLUMN(order, oco_group, "oco_group", INTEGER),
    COLUMN(order, size, "size", AMOUNT),
    COLUMN(order, filled, "filled", AMOUNT),
    COLUMN(order, filled_notional, "filled_notional", AMOUNT),
    COLUMN(order, fee, "fee", AMOUNT),
    COLUMN(order, limit_price, "limit_price", AMOUNT),
    COLUMN(order, stop_price, "stop_price", AMOUNT),
    COLUMN(order, decision_price, "decision_price", AMOUNT),
    COLUMN(order, attached_stop, "attached_stop", AMOUNT),
    COLUMN(order, attached_target, "attached_target", AMOUNT),
    COLUMN(order, slippage_tolerance, "slippage_tolerance", AMOUNT),
    COLUMN_CHARS(order, venue_order_id, "venue_order_id"),
    COLUMN(order, created_us, "created_at", TIME),
    COLUMN(order, intended_us, "intended_at", TIME),
    COLUMN(order, send_after_us, "send_after", TIME),
    COLUMN(order, request_expires_us, "request_expires_at", TIME),
    COLUMN_CHARS(order, label, "label"),
    COLUMN(order, expires_us, "expires_at", TIME),
    COLUMN(order, replaces_id, "replaces_id", ID),
    COLUMN(order, replaced_by, "replaced_by", ID),
    COLUMN(order, replaces_filled, "replaces_filled", AMOUNT),
    COLUMN(order, submitted_us, "submitted_at", TIME),
    COLUMN(order, filled_us, "filled_at", TIME),
    COLUMN(order, ended_us, "ended_at", TIME),
    COLUMN(order, updated_us, "updated_at", TIME),
    COLUMN_NAMED(order, error, "error", word_venue_error, 0, VENUE_ERROR_COUNT_ - 1),
    COLUMN_CHARS(order, reason, "reason"),
};
const struct table table_order = TABLE("orders", order_columns, order);

/* ---- Fills ---- */

static const struct column fill_columns[] = {
    COLUMN(fill, id, "id", INTEGER),
    COLUMN(fill, order_id, "order_id", INTEGER),
    COLUMN(fill, position_id, "position_id", INTEGER),
    COLUMN_CHARS(fill, venue_fill_id, "venue_fill_id"),
    COLUMN_CHARS(fill, symbol, "symbol"),
    COLUMN_CHARS(fill, strategy, "strategy"),
    COLUMN_CHARS(fill, strategy_id, "strategy_id"),
    COLUMN_NAMED(fill, side, "side", word_side, SIDE_SELL, SIDE_BUY),
    COLUMN(fill, price, "price", AMOUNT),
    COLUMN(fill, size, "size", AMOUNT),
    COLUMN(fill, notional, "notional", AMOUNT),
    COLUMN(fill, fee, "fee", AMOUNT),
    COLUMN_CHARS(fill, fee_currency, "fee_currency"),
    COLUMN(fill, is_maker, "is_maker", BOOL),
    COLUMN(fill, order_done, "order_done", BOOL),
    COLUMN(fill, opens, "opens", BOOL),
    COLUMN(fill, pnl, "pnl", AMOUNT),
    COLUMN(fill, slippage, "slippage", AMOUNT),
    COLUMN(fill, at_us, "at", TIME),
    COLUMN(fill, order_leaf_hash, "order_leaf_hash", DIGEST),
    COLUMN_CHARS(fill, client_order_id, "client_order_id"),
};
const struct table table_fill = TABLE("fill", fill_columns, fill);

/* ---- Positions ---- */

static const struct column position_columns[] = {
    COLUMN(position, id, "id", INTEGER),
    COLUMN_CHARS(position, symbol, "symbol"),
    COLUMN_CHARS(position, strategy, "strategy"),
    COLUMN_CHARS(position, strategy_id, "strategy_id"),
    COLUMN_NAMED(position, direction, "direction", word_direction, DIRECTION_SHORT, DIRECTION_LONG),
    COLUMN_NAMED(position, status, "status", word_position_status, POSITION_OPEN, POSITION_CLOSED),
    COLUMN(position, size, "size", AMOUNT),
    COLUMN(position, entry_size, "entry_size", AMOUNT),
    COLUMN(position, fee_size, "fee_size", AMOUNT),
    COLUMN(position, dust, "dust", AMOUNT),
    COLUMN(position, entry_notional, "entry_notional", AMOUNT),
    COLUMN(position, entry_fee, "entry_fee", AMOUNT),
    COLUMN(position, cost_left, "cost_left", AMOUNT),
    COLUMN(position, entry_fee_left, "entry_fee_left", AMOUNT),
    COLUMN(position, exit_size, "exit_size", AMOUNT),
    COLUMN(position, exit_notional, "exit_notional", AMOUNT),
    COLUMN(position, exit_fee, "exit_fee", AMOUNT),
    COLUMN(position, realized_pnl, "realized_pnl", AMOUNT),
    COLUMN(position, funding, "funding", AMOUNT),
    COLUMN(position, stop_loss, "stop_loss", AMOUNT),
    COLUMN(position, take_profit, "take_profit", AMOUNT),
    COLUMN(position, trailing_stop, "trailing_stop", AMOUNT),
    COLUMN(position, roi_target, "roi_target", AMOUNT),
    COLUMN(position, extreme, "extreme", AMOUNT),
    COLUMN(position, worst, "worst", AMOUNT),
    COLUMN(position, mark, "mark", AMOUNT),
    COLUMN(position, signal_id, "signal_id", ID),
    COLUMN(position, entry_order_id, "entry_order_id", ID),
    COLUMN(position, stop_order_id, "stop_order_id", ID),
    COLUMN(position, target_order_id, "target_order_id", ID),
    COLUMN(position, exit_order_id, "exit_order_id", ID),
    COLUMN(position, scale_ins, "scale_ins", INTEGER),
    COLUMN(position, scale_outs, "scale_outs", INTEGER),
    COLUMN(position, scaled_candles, "scaled_candles", INTEGER),
    COLUMN(position, first_size, "first_size", AMOUNT),
    COLUMN(position, candles_held, "candles_held", INTEGER),
    COLUMN(position, opened_us, "opened_at", TIME),
    COLUMN(position, closed_us, "closed_at", TIME),
    COLUMN(position, updated_us, "updated_at", TIME),
    COLUMN_NAMED(position, exit_reason, "exit_reason", word_exit_reason, 0, EXIT_REASON_COUNT_ - 1),
};
const struct table table_position = TABLE("position", position_columns, position);

/* ---- Signals ---- */

static const struct column signal_columns[] = {
    COLUMN(signal, id, "id", INTEGER),
    COLUMN(signal, at_us, "at", TIME),
    COLUMN(signal, candle_us, "candle_at", TIME),
    COLUMN_CHARS(signal, symbol, "symbol"),
    COLUMN_CHARS(signal, strategy, "strategy"),
    COLUMN_CHARS(signal, strategy_id, "strategy_id"),
    COLUMN_NAMED(signal, action, "action", word_action, SIGNAL_ENTRY, SIGNAL_EXIT),
    COLUMN_NAMED(signal, side, "side", word_side, SIDE_SELL, SIDE_BUY),
    COLUMN_NAMED(signal, decision, "decision", word_decision, SIGNAL_ACCEPTED, SIGNAL_DENIED),
    COLUMN(signal, denials, "denials", INT),
    COLUMN(signal, confidence, "confidence", AMOUNT),
    COLUMN(signal, price, "price", AMOUNT),
    COLUMN(signal, size, "size", AMOUNT),
    COLUMN(signal, size_asked, "size_asked", AMOUNT),
    COLUMN_CHARS(signal, trigger, "trigger"),
    COLUMN(signal, leaf_hash, "leaf_hash", DIGEST),
};
const struct table table_signal = TABLE("signal", signal_columns, signal);

/* ---- Cash without fills ---- */

static const struct column cash_columns[] = {
    COLUMN(cash_move, id, "id", INTEGER),
    COLUMN_NAMED(cash_move, kind, "kind", word_cash, 0, CASH_KIND_COUNT_ - 1),
    COLUMN(cash_move, at_us, "at", TIME),
    COLUMN(cash_move, position_id, "position_id", ID),
    COLUMN_CHARS(cash_move, symbol, "symbol"),
    COLUMN_CHARS(cash_move, strategy, "strategy"),
    COLUMN_CHARS(cash_move, strategy_id, "strategy_id"),
    COLUMN_CHARS(cash_move, currency, "currency"),
    COLUMN(cash_move, size, "size", AMOUNT),
    COLUMN(cash_move, mark, "mark", AMOUNT),
    COLUMN(cash_move, rate, "rate", AMOUNT),
    COLUMN(cash_move, amount, "amount", AMOUNT),
    COLUMN(cash_move, pnl, "pnl", AMOUNT),
    COLUMN_CHARS(cash_move, venue_id, "venue_id"),
    COLUMN(cash_move, venue_us, "venue_at", TIME),
};
const struct table table_cash = TABLE("cash_move", cash_columns, cash_move);

/* ---- The equity curve ---- */

static const struct column equity_columns[] = {
    COLUMN(equity_point, at_us, "at", TIME),
    COLUMN(equity_point, equity, "equity", AMOUNT),
    COLUMN(equity_point, cash, "cash", AMOUNT),
    COLUMN(equity_point, unrealized, "unrealized", AMOUNT),
    COLUMN(equity_point, is_daily, "is_daily", BOOL),
    COLUMN(equity_point, day, "day", INTEGER),
};
const struct table table_equity = TABLE("equity", equity_columns, equity_point);

/* ---- Strategies ---- */

static const struct column slot_columns[] = {
    COLUMN_CHARS(strategy_slot, name, "name"),
    COLUMN(strategy_slot, ordinal, "ordinal", INTEGER),
    COLUMN_CHARS(strategy_slot, strategy_id, "strategy_id"),
    COLUMN_CHARS(strategy_slot, next_id, "next_id"),
    COLUMN_NAMED(strategy_slot, effective, "effective", word_effective, EFFECTIVE_NOW,
                 EFFECTIVE_WHEN_FLAT),
    COLUMN(strategy_slot, from_us, "from_at", TIME),
    COLUMN(strategy_slot, is_outside, "is_outside", BOOL),
    COLUMN_NAMED(strategy_slot, state, "state", word_slot_state, SLOT_ACTIVE, SLOT_ENDED),
};
const struct table table_slot = TABLE("strategy_slot", slot_columns, strategy_slot);

static const struct column activation_columns[] = {
    COLUMN(activation, id, "id", INTEGER),
    COLUMN(activation, at_us, "at", TIME),
    COLUMN_CHARS(activation, name, "name"),
    COLUMN_CHARS(activation, strategy_id, "strategy_id"),
    COLUMN_CHARS(activation, previous_id, "previous_id"),
    COLUMN_CHARS(activation, action, "action"),
    COLUMN_NAMED(activation, effective, "effective", word_effective, EFFECTIVE_NOW,
                 EFFECTIVE_WHEN_FLAT),
    COLUMN_CHARS(activation, actor, "actor"),
};
const struct table table_activation = TABLE("strategy_activation", activation_columns, activation);

static const struct column ext_value_columns[] = {
    COLUMN_CHARS(ext_value, name, "name"),
    COLUMN_CHARS(ext_value, symbol, "symbol"),
    COLUMN(ext_value, value, "value", REAL),
    COLUMN(ext_value, at_us, "at", TIME),
};
const struct table table_ext_value = {.name = "ext_value",
                                      .columns = ext_value_columns,
                                      .count = COUNT_OF(ext_value_columns),
                                      .row_size = sizeof(struct ext_value),
                                      .key_count = 2};
