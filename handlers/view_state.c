/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what a snapshot says: the loop, the metrics and the account. */
#include <stdio.h>

#include "handlers/strategy_view.h"
#include "handlers/view.h"

static void view_deadman(struct jwriter *w, const struct snapshot *s)
{
    jw_key(w, "deadman");
    if (s->renew_until_wall_us == TIME_NONE) {
        jw_null(w);
        return;
    }
    jw_object(w);
    jw_member_integer(w, "timeout_s", s->account.deadman_us / US_PER_S);
    jw_member_text(w, "action", deadman_action_name(s->account.deadman_action));
    jw_member_time(w, "expires_at", s->renew_until_wall_us);
    jw_object_end(w);
}

void view_loop(struct jwriter *w, const struct snapshot *s)
{
    jw_member_text(w, "state", loop_state_name(s->state));
    jw_member_text(w, "mode", trading_mode_name(s->account.mode));
    jw_member_text(w, "account", s->account.id);
    jw_member_text(w, "strategy", s->strategy[0] ? s->strategy : NULL);
    jw_member_text(w, "strategy_id", s->strategy_id[0] ? s->strategy_id : NULL);
    jw_key(w, "strategies");
    strategy_view_slots(w, s);
    jw_member_text(w, "feed", s->has_feed ? s->feed : NULL);
    jw_member_text(w, "pace", s->pace);
    jw_member_time(w, "since", s->state_since_us);
    jw_member_text(w, "reason", s->reason[0] ? s->reason : NULL);
    jw_member_integer(w, "cycle_count", s->account.cycle_count);
    jw_member_time(w, "last_cycle_at", s->last_cycle_us);
    jw_member_time(w, "last_cycle_wall_at",
                   s->last_cycle_wall_us > 0 ? s->last_cycle_wall_us : TIME_NONE);
    jw_member_integer(w, "cycle_interval_ms", s->cycle_interval_us / US_PER_MS);
    jw_member_integer(w, "cycle_errors", s->cycle_errors);
    jw_member_integer(w, "symbol_errors", s->symbol_errors);
    jw_member_integer(w, "instruments", (int64_t)s->instrument_count);
    jw_member_integer(w, "open_positions", (int64_t)s->position_count);
    jw_member_integer(w, "open_orders", (int64_t)s->order_count);
    jw_member_bool(w, "journal_waiting", s->journal_waiting);
    view_deadman(w, s);
    view_as_of(w, s);
}

static void statistic(struct jwriter *w, const char *name, const struct statistic *s)
{
    char note[48];

    if (!s->undefined) {
        jw_member_double(w, name, s->value);
        return;
    }
    snprintf(note, sizeof note, "%s_note", name);
    jw_member_null(w, name);
    jw_member_text(w, note, s->undefined);
}

/* Averages are money: quotients of exact sums, to 8 decimals. */
static void average(struct jwriter *w, const char *name, const struct statistic *s,
                    struct money sum, int64_t count)
{
    struct size parts = {(i128)count * INT64_C(1000000000000)};
    struct price quotient = {0};

    if (s->undefined || count <= 0 || money_per_size(sum, parts, ROUND_HALF_EVEN, &quotient)) {
        statistic(w, name, &(struct statistic){0, s->undefined ? s->undefined : "no trades"});
        return;
    }
    jw_member_money(w, name, money_to_scale((struct money){quotient.e12}, 8, ROUND_HALF_EVEN), -1);
}

static void method(struct jwriter *w)
{
    jw_key(w, "method");
    jw_object(w);
    jw_member_text(w, "returns", "daily, at 00:00 UTC");
    jw_member_integer(w, "periods_per_year", 365);
    jw_member_text(w, "risk_free_rate", "0");
    jw_member_text(w, "deviation", "sample");
    jw_member_text(w, "drawdown",
                   "positive fraction of the peak, from equity at every close of a candle");
    jw_member_text(w, "trades", "closed round trips, net of all fees and of funding");
    jw_object_end(w);
}

/* In assets that are neither quote nor base: no part of any other figure. */
static void other_fees(struct jwriter *w, const struct fee_sums *f)
{
    jw_key(w, "fees_other");
    jw_array(w);
    for (size_t i = 0; i < f->count; i++) {
        jw_object(w);
        jw_member_text(w, "currency", f->list[i].currency);
        jw_member_money(w, "amount", f->list[i].amount, -1);
        jw_object_end(w);
    }
    jw_array_end(w);
}

void view_metrics(struct jwriter *w, const struct snapshot *s)
{
    const struct performance_report *r = &s->report;
    const struct performance *p = &s->account.performance;
    struct money total = {0};

    jw_member_text(w, "mode", trading_mode_name(s->account.mode));
    jw_member_text(w, "loop_state", loop_state_name(s->state));
    jw_member_text(w, "currency", s->account.quote);
    jw_member_integer(w, "total_trades", r->total_trades);
    jw_member_integer(w, "wins", r->wins);
    jw_member_integer(w, "losses", r->losses);
    jw_member_integer(w, "breakeven", r->breakeven);
    statistic(w, "win_rate", &r->win_rate);
    average(w, "avg_win", &r->avg_win, p->win_sum, r->wins);
    average(w, "avg_loss", &r->avg_loss, p->loss_sum, r->losses);
    statistic(w, "profit_factor", &r->profit_factor);
    statistic(w, "payoff", &r->payoff);
    if (money_add(p->win_sum, p->loss_sum, &total))
        total = (struct money){0};
    average(w, "expectancy", &r->expectancy, total, r->total_trades);
    statistic(w, "expectancy_ratio", &r->expectancy_ratio);
    statistic(w, "sharpe_ratio", &r->sharpe_ratio);
    statistic(w, "sortino_ratio", &r->sortino_ratio);
    statistic(w, "calmar_ratio", &r->calmar_ratio);
    statistic(w, "volatility", &r->volatility);
    statistic(w, "cagr", &r->cagr);
    statistic(w, "exposure_ratio", &r->exposure);
    jw_member_double(w, "max_drawdown", ratio_to_double(r->max_drawdown));
    jw_member_money(w, "max_drawdown_abs", r->max_drawdown_abs, -1);
    jw_member_integer(w, "longest_loss_run", r->longest_loss_run);
    jw_member_money(w, "current_pnl", r->current_pnl, -1);
    jw_member_money(w, "unrealized_pnl", s->unrealized, -1);
    jw_member_money(w, "fees_paid", r->fees_paid, -1);
    other_fees(w, &s->other_fees);
    jw_member_money(w, "funding_paid", r->funding_paid, -1);
    jw_member_money(w, "turnover", r->turnover, -1);
    jw_member_money(w, "equity", s->equity, -1);
    jw_member_money(w, "starting_equity", p->starting_equity, -1);
    jw_member_money(w, "exposure", s->exposure, -1);
    jw_member_integer(w, "open_positions", (int64_t)s->position_count);
    jw_member_integer(w, "signals_total", s->account.signals_accepted + s->account.signals_denied);
    jw_member_integer(w, "signals_denied", s->account.signals_denied);
    jw_member_integer(w, "orders_rejected", s->account.orders_rejected);
    jw_member_integer(w, "cycle_count", s->account.cycle_count);
    jw_member_time(w, "last_cycle_at", s->last_cycle_us);
    jw_key(w, "cycle_us");
    jw_object(w);
    jw_member_integer(w, "p50", s->cycle_p50_us);
    jw_member_integer(w, "p99", s->cycle_p99_us);
    jw_object_end(w);
    jw_member_double(w, "days", r->days);
    method(w);
    view_as_of(w, s);
}

void view_account(struct jwriter *w, const struct snapshot *s)
{
    jw_member_text(w, "id", s->account.id);
    jw_member_text(w, "mode", trading_mode_name(s->account.mode));
    jw_member_text(w, "currency", s->account.quote);
    jw_member_money(w, "equity", s->equity, -1);
    jw_member_money(w, "starting_equity", s->account.performance.starting_equity, -1);
    jw_member_money(w, "cash", s->account.cash, -1);
    jw_member_money(w, "exposure", s->exposure, -1);
    jw_member_money(w, "unrealized_pnl", s->unrealized, -1);
    jw_member_money(w, "realized_pnl", s->report.current_pnl, -1);
    jw_member_money(w, "fees_paid", s->report.fees_paid, -1);
    jw_member_money(w, "funding_paid", s->report.funding_paid, -1);
    jw_member_bool(w, "trading_blocked", s->state == LOOP_HALTED || s->state == LOOP_FAILED);
    jw_member_integer(w, "log_size", s->account.log_size);
    view_as_of(w, s);
}
