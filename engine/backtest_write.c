/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what a backtest measured and how, and its tables, as JSON. */
#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/jwriter.h"
#include "engine/backtest.h"

/* The value, or null and NAME_note with the reason. */
static void write_statistic(struct jwriter *w, const char *name, const struct statistic *s)
{
    char note[48];

    if (!s->undefined) {
        jw_member_double(w, name, s->value);
        return;
    }
    (void)snprintf(note, sizeof note, "%s_note", name);
    jw_member_null(w, name);
    jw_member_text(w, note, s->undefined);
}

/* Averages are money: quotients of exact sums, to 8 decimals. */
static void write_average(struct jwriter *w, const char *name, const struct statistic *s,
                          struct money sum, int64_t count)
{
    const struct size parts = {(i128)count * AMOUNT_ONE};
    struct price quotient;

    if (s->undefined || money_per_size(sum, parts, ROUND_HALF_EVEN, &quotient)) {
        write_statistic(w, name, &(struct statistic){0, s->undefined ? s->undefined : "no trades"});
        return;
    }
    jw_member_money(w, name, money_to_scale((struct money){quotient.e12}, 8, ROUND_HALF_EVEN), -1);
}

static void write_trips(struct jwriter *w, const struct performance *p,
                        const struct performance_report *r)
{
    struct money total;

    if (money_add(p->win_sum, p->loss_sum, &total))
        total = MONEY_ZERO;
    jw_member_integer(w, "total_trades", r->total_trades);
    jw_member_integer(w, "wins", r->wins);
    jw_member_integer(w, "losses", r->losses);
    jw_member_integer(w, "breakeven", r->breakeven);
    write_statistic(w, "win_rate", &r->win_rate);
    write_average(w, "avg_win", &r->avg_win, p->win_sum, r->wins);
    write_average(w, "avg_loss", &r->avg_loss, p->loss_sum, r->losses);
    write_statistic(w, "profit_factor", &r->profit_factor);
    write_statistic(w, "payoff", &r->payoff);
    write_average(w, "expectancy", &r->expectancy, total, r->total_trades);
    write_statistic(w, "expectancy_ratio", &r->expectancy_ratio);
    jw_member_integer(w, "longest_loss_run", r->longest_loss_run);
    jw_member_money(w, "current_pnl", r->current_pnl, -1);
    jw_member_money(w, "fees_paid", r->fees_paid, -1);
    jw_member_money(w, "funding_paid", r->funding_paid, -1);
    jw_member_money(w, "turnover", r->turnover, -1);
}

static void write_equity_statistics(struct jwriter *w, const struct performance *p,
                                    const struct performance_report *r)
{
    write_statistic(w, "sharpe_ratio", &r->sharpe_ratio);
    write_statistic(w, "sortino_ratio", &r->sortino_ratio);
    write_statistic(w, "calmar_ratio", &r->calmar_ratio);
    write_statistic(w, "volatility", &r->volatility);
    write_statistic(w, "cagr", &r->cagr);
    jw_member_bool(w, "cagr_is_reliable", r->days >= 30);
    write_statistic(w, "exposure_ratio", &r->exposure);
    jw_member_double(w, "max_drawdown", ratio_to_double(r->max_drawdown));
    jw_member_money(w, "max_drawdown_abs", r->max_drawdown_abs, -1);
    jw_member_money(w, "starting_equity", p->starting_equity, -1);
    jw_member_money(w, "equity", p->equity, -1);
    jw_member_double(w, "days", r->days);
}

static void write_drawdown(struct jwriter *w, const struct backtest_watch *v)
{
    const struct backtest_drawdown *d = &v->deepest;

    jw_key(w, "drawdown");
    jw_object(w);
    jw_member_time(w, "peak_at", d->peak_us);
    jw_member_time(w, "trough_at", d->trough_us);
    jw_member_time(w, "recovered_at", d->recovered_us);
    jw_member_double(w, "longest_days", (double)v->longest_us / (double)US_PER_DAY);
    jw_object_end(w);
}

/* What is open at the end, as if it counted. */
static void write_ended(struct jwriter *w, const struct backtest_result *r)
{
    const struct performance_report *with = &r->ended_report;

    jw_key(w, "end_of_data");
    jw_object(w);
    jw_member_integer(w, "positions", (int64_t)r->ended_count);
    jw_member_integer(w, "total_trades", with->total_trades);
    write_statistic(w, "win_rate", &with->win_rate);
    write_statistic(w, "profit_factor", &with->profit_factor);
    jw_member_money(w, "current_pnl", with->current_pnl, -1);
    jw_member_money(w, "fees_paid", with->fees_paid, -1);
    jw_member_money(w, "equity", r->ended_equity, -1);
    jw_object_end(w);
}

void backtest_write_metrics(struct jwriter *w, const struct backtest_result *r)
{
    const struct account *a = &r->trial.account;
    const struct performance *p = &a->performance;

    jw_object(w);
    jw_member_text(w, "currency", a->quote);
    write_trips(w, p, &r->trial.report);
    write_statistic(w, "expectancy_r", &r->extras.expectancy_r);
    write_statistic(w, "sqn", &r->extras.sqn);
    write_statistic(w, "sqn100", &r->extras.sqn100);
    jw_member_text(w, "sqn_of", r->extras.sqn_of_r ? "r_multiples" : "pnl");
    jw_member_bool(w, "sqn_is_reliable", r->trial.report.total_trades >= 30);
    write_statistic(w, "avg_candles_held", &r->extras.avg_candles_held);
    write_statistic(w, "total_return", &r->extras.total_return);
    write_equity_statistics(w, p, &r->trial.report);
    write_statistic(w, "recovery_days", &r->extras.recovery_days);
    write_drawdown(w, &r->watch);
    jw_member_integer(w, "open_positions", (int64_t)r->trial.open_count);
    jw_member_integer(w, "signals_total", a->signals_accepted + a->signals_denied);
    jw_member_integer(w, "signals_denied", a->signals_denied);
    jw_member_integer(w, "signals_unknown", a->signals_unknown);
    jw_member_integer(w, "orders_rejected", a->orders_rejected);
    jw_member_integer(w, "symbol_errors", r->trial.symbol_errors);
    jw_member_integer(w, "candles", r->candles);
    jw_member_time(w, "from", r->first_us);
    jw_member_time(w, "to", r->last_us);
    write_ended(w, r);
    jw_object_end(w);
}

static void write_method(struct jwriter *w)
{
    jw_key(w, "method");
    jw_object(w);
    jw_member_text(w, "returns", "daily_mtm");
    jw_member_text(w, "day", "00:00 UTC");
    jw_member_integer(w, "periods_per_year", 365);
    jw_member_integer(w, "rf", 0);
    jw_member_integer(w, "ddof", 1);
    jw_member_text(w, "drawdown",
                   "positive fraction of the peak, from equity at every close of a candle");
    jw_member_text(w, "trades", "closed round trips, net of all fees and of funding");
    jw_member_text(w, "end_of_data",
                   "positions open at the end are closed at the last close, told apart and counted "
                   "nowhere else");
    jw_member_text(w, "fills",
                   "decided at a candle's close; market orders at the next open, stops and targets "
                   "within candles");
    jw_member_text(w, "funding",
                   "size * mark * rate at each stamp, for positions open then; current_pnl and "
                   "realized_pnl are without it");
    jw_object_end(w);
}

static void write_limits(struct jwriter *w, const struct risk_limits *l)
{
    jw_member_ratio(w, "min_confidence", l->min_confidence);
    jw_member_ratio(w, "max_position_ratio", l->max_position_ratio);
    jw_member_ratio(w, "max_exposure_ratio", l->max_exposure_ratio);
    jw_member_ratio(w, "max_drawdown", l->max_drawdown);
    jw_member_money(w, "max_order_notional", l->max_order_notional, -1);
    jw_member_integer(w, "max_open_positions", l->max_open_positions);
}

void backtest_write_instruments(struct jwriter *w, const struct backtest_options *o)
{
    jw_key(w, "instruments");
    jw_array(w);
    for (size_t i = 0; i < o->instrument_count; i++) {
        const struct instrument *in = &o->instruments[i];

        jw_object(w);
        jw_member_text(w, "symbol", in->symbol);
        jw_member_price(w, "tick_size", in->tick, -1);
        jw_member_size(w, "lot_size", in->lot, -1);
        jw_member_money(w, "min_notional", in->min_notional, -1);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_config(struct jwriter *w, const struct backtest_options *o,
                         const struct backtest_result *r)
{
    const struct trial_terms *t = &o->terms;

    jw_key(w, "config");
    jw_object(w);
    jw_member_money(w, "starting_equity", t->starting_equity, -1);
    jw_member_ratio(w, "fee_rate", t->fee_rate);
    if (t->fee_in != FEE_IN_QUOTE)
        jw_member_text(w, "fee_in", fee_in_name(t->fee_in));
    jw_member_ratio(w, "slippage", t->slippage);
    jw_member_ratio(w, "slippage_tolerance", t->slippage_tolerance);
    jw_member_ratio(w, "volume_cap", t->volume_cap);
    jw_member_text(w, "intrabar", intrabar_name(t->intrabar));
    jw_member_text(w, "limit_fill", t->limit_fill == LIMIT_FILL_THROUGH ? "through" : "touch");
    jw_member_integer(w, "delay_candles", t->delay_candles);
    write_limits(w, &t->limits);
    jw_member_text(w, "timeframe", timeframe_name(r->timeframe_us));
    backtest_write_instruments(w, o);
    backtest_write_beside(w, o, r);
    jw_object_end(w);
}

const struct statistic *backtest_measured(const struct backtest_result *r, const char *claim,
                                          struct statistic *space)
{
    const struct performance_report *p = &r->trial.report;
    const struct {
        const char *name;
        const struct statistic *value;
    } table[] = {
        {"sqn", &r->extras.sqn},
        {"total_return", &r->extras.total_return},
        {"avg_win", &p->avg_win},
        {"avg_loss", &p->avg_loss},
    };
    const struct statistic *ratio = performance_ratio(p, claim);

    if (ratio)
        return ratio;
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strcmp(table[i].name, claim) == 0)
            return table[i].value;
    *space = (struct statistic){0, NULL};
    if (strcmp(claim, "trades") == 0)
        space->value = (double)p->total_trades;
    else if (strcmp(claim, "max_drawdown") == 0)
        space->value = ratio_to_double(p->max_drawdown);
    else
        return NULL;
    return space;
}

static void write_claims(struct jwriter *w, const struct strategy *s,
                         const struct backtest_result *r, bool is_alone)
{
    struct statistic space;

    jw_key(w, "claims");
    jw_array(w);
    for (size_t i = 0; i < strategy_metric_count(s); i++) {
        const char *name = strategy_metric_name(s, i);
        const struct statistic *mine = is_alone ? backtest_measured(r, name, &space) : NULL;

        jw_object(w);
        jw_member_text(w, "name", name);
        jw_member_double(w, "claimed", strategy_metric_value(s, i));
        if (mine)
            write_statistic(w, "measured", mine);
        else
            jw_member_null(w, "measured");
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_row(struct jwriter *w, const struct backtest_row *row, const char *key)
{
    jw_member_text(w, key, row->name);
    jw_member_integer(w, "trades", row->trades);
    jw_member_integer(w, "wins", row->wins);
    jw_member_integer(w, "losses", row->losses);
    jw_member_money(w, "pnl", row->pnl, -1);
    jw_member_money(w, "fees", row->fees, -1);
    jw_member_money(w, "funding_paid", row->funding_paid, -1);
    if (row->trades > 0)
        jw_member_double(w, "avg_candles_held", (double)row->candles_held / (double)row->trades);
    else
        jw_member_null(w, "avg_candles_held");
}

static void write_rows(struct jwriter *w, const char *table, const char *key,
                       const struct backtest_row *rows, size_t count)
{
    jw_key(w, table);
    jw_array(w);
    for (size_t i = 0; i < count; i++) {
        jw_object(w);
        write_row(w, &rows[i], key);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_strategies(struct jwriter *w, const struct backtest_options *o,
                             const struct backtest_result *r)
{
    jw_key(w, "strategies");
    jw_array(w);
    for (size_t i = 0; i < o->strategy_count; i++) {
        jw_object(w);
        jw_member_text(w, "id", strategy_id(o->strategies[i]));
        write_row(w, &r->strategies[i], "name");
        write_claims(w, o->strategies[i], r, o->strategy_count == 1);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_months(struct jwriter *w, const struct backtest_result *r)
{
    char month[24];

    jw_key(w, "months");
    jw_array(w);
    for (size_t i = 0; i < r->month_count; i++) {
        const struct backtest_month *m = &r->months[i];

        (void)snprintf(month, sizeof month, "%04d-%02d", m->year, m->month);
        jw_object(w);
        jw_member_text(w, "month", month);
        jw_member_money(w, "begin_equity", m->begin, -1);
        jw_member_money(w, "end_equity", m->end, -1);
        if (money_sign(m->begin) > 0)
            jw_member_double(w, "return", money_to_double(m->end) / money_to_double(m->begin) - 1);
        else
            jw_member_null(w, "return");
        jw_member_integer(w, "trades", m->trades);
        jw_member_integer(w, "wins", m->wins);
        jw_member_money(w, "pnl", m->pnl, -1);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_windows(struct jwriter *w, const struct backtest_options *o,
                          const struct backtest_result *r)
{
    static const char *const halves[] = {"train", "test"};

    jw_key(w, "windows");
    jw_array(w);
    for (size_t i = 0; i < r->watch.window_count; i++) {
        const struct backtest_window *v = &r->watch.windows[i];

        jw_object(w);
        jw_member_integer(w, "number", (int64_t)i + 1);
        jw_member_text(w, "name", ratio_sign(o->split) > 0 ? halves[i] : NULL);
        jw_member_time(w, "from", v->from_us);
        jw_member_time(w, "to", v->to_us);
        write_trips(w, &v->performance, &v->report);
        write_equity_statistics(w, &v->performance, &v->report);
        jw_object_end(w);
    }
    jw_array_end(w);
}

void backtest_write_report(struct jwriter *w, const struct backtest_options *o,
                           const struct backtest_result *r)
{
    jw_key(w, "metrics");
    backtest_write_metrics(w, r);
    write_method(w);
    write_config(w, o, r);
    backtest_write_warnings(w, o, r);
    jw_key(w, "strategy");
    jw_object(w);
    jw_member_text(w, "id", strategy_id(o->strategies[0]));
    jw_member_text(w, "name", strategy_name(o->strategies[0]));
    jw_object_end(w);
    write_strategies(w, o, r);
    write_windows(w, o, r);
}

void backtest_write_tables(struct jwriter *w, const struct backtest_result *r)
{
    write_rows(w, "exit_reasons", "reason", r->reasons, r->reason_count);
    write_rows(w, "symbols", "symbol", r->symbols, r->symbol_count);
    write_months(w, r);
}
