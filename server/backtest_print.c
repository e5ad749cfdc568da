/* SPDX-License-Identifier: Apache-2.0 */
/* Shows a backtest to people: what it earned, where, when, and what the artifact had claimed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "server/backtest.h"

static void print_money(const char *name, struct money m, const char *currency)
{
    char text[AMOUNT_TEXT_MAX];

    (void)money_print_scale(m, 2, text);
    printf("  %-22s %s%s%s\n", name, text, *currency ? " " : "", currency);
}

static void print_statistic(const char *name, const struct statistic *s, double times,
                            const char *unit)
{
    if (s->undefined)
        printf("  %-22s - (%s)\n", name, s->undefined);
    else
        printf("  %-22s %.*f%s\n", name, times > 1 ? 2 : 3, s->value * times, unit);
}

static void print_range(const struct backtest_options *o, const struct backtest_result *r)
{
    char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

    time_print(r->first_us, from);
    time_print(r->last_us, to);
    for (size_t i = 0; i < o->strategy_count; i++)
        printf("%s  %.12s\n", strategy_name(o->strategies[i]), strategy_id(o->strategies[i]));
    printf("%.16s to %.16s UTC, %" PRId64 " candles of %s, %zu symbol%s\n\n", from, to, r->candles,
           timeframe_name(r->timeframe_us), r->symbol_count, r->symbol_count == 1 ? "" : "s");
}

static void print_metrics(const struct backtest_result *r)
{
    const struct performance_report *p = &r->trial.report;
    const struct account *a = &r->trial.account;
    const struct statistic drawdown = {ratio_to_double(p->max_drawdown), NULL};

    print_money("equity", a->performance.equity, a->quote);
    print_statistic("total return", &r->extras.total_return, 100, " %");
    print_statistic("yearly (CAGR)", &p->cagr, 100, " %");
    print_statistic("max drawdown", &drawdown, 100, " %");
    print_statistic("Sharpe ratio", &p->sharpe_ratio, 1, "");
    print_statistic("Sortino ratio", &p->sortino_ratio, 1, "");
    print_statistic("Calmar ratio", &p->calmar_ratio, 1, "");
    printf("  %-22s %" PRId64 " (%" PRId64 " won, %" PRId64 " lost)\n", "trades", p->total_trades,
           p->wins, p->losses);
    print_statistic("win rate", &p->win_rate, 100, " %");
    print_statistic("profit factor", &p->profit_factor, 1, "");
    print_statistic("average win", &p->avg_win, 1, "");
    print_statistic("average loss", &p->avg_loss, 1, "");
    print_statistic("expectancy", &p->expectancy, 1, "");
    print_statistic("expectancy in R", &r->extras.expectancy_r, 1, "");
    print_statistic("SQN", &r->extras.sqn, 1, p->total_trades < 30 ? " (few trades)" : "");
    print_statistic("candles held", &r->extras.avg_candles_held, 1, "");
    print_statistic("exposure", &p->exposure, 100, " %");
    print_money("fees", p->fees_paid, a->quote);
    if (money_sign(p->funding_paid) != 0)
        print_money("funding paid", p->funding_paid, a->quote);
    print_money("turnover", p->turnover, a->quote);
    printf("  %-22s %" PRId64 " denied, %" PRId64 " unknown; %" PRId64 " orders rejected\n",
           "signals", a->signals_denied, a->signals_unknown, a->orders_rejected);
    if (r->ended_count == 0)
        return;
    printf("\nOpen at the end: %zu, closed at the last close. None of the figures above counts it; "
           "with it:\n",
           r->ended_count);
    print_money("equity", r->ended_equity, a->quote);
    print_statistic("win rate", &r->ended_report.win_rate, 100, " %");
}

static void print_rows(const char *title, const struct backtest_row *rows, size_t count)
{
    char pnl[AMOUNT_TEXT_MAX];

    printf("\n%-24s %8s %8s %8s %14s %8s\n", title, "trades", "won", "lost", "profit", "candles");
    for (size_t i = 0; i < count; i++) {
        const struct backtest_row *row = &rows[i];

        (void)money_print_scale(row->pnl, 2, pnl);
        printf("%-24s %8" PRId64 " %8" PRId64 " %8" PRId64 " %14s %8.1f\n", row->name, row->trades,
               row->wins, row->losses, pnl,
               row->trades > 0 ? (double)row->candles_held / (double)row->trades : 0);
    }
}

static void print_months(const struct backtest_result *r)
{
    char pnl[AMOUNT_TEXT_MAX];

    printf("\n%-24s %8s %8s %8s %14s\n", "month", "trades", "won", "return", "profit closed");
    for (size_t i = 0; i < r->month_count; i++) {
        const struct backtest_month *m = &r->months[i];

        (void)money_print_scale(m->pnl, 2, pnl);
        printf("%04d-%02d                  %8" PRId64 " %8" PRId64 " %6.2f %% %14s\n", m->year,
               m->month, m->trades, m->wins,
               money_sign(m->begin) > 0
                   ? (money_to_double(m->end) / money_to_double(m->begin) - 1) * 100
                   : 0,
               pnl);
    }
}

/* A ratio in a table's cell. */
static void print_cell(const struct statistic *s, double times)
{
    if (s->undefined)
        printf(" %8s", "-");
    else
        printf(" %8.2f", s->value * times);
}

static void print_windows(const struct backtest_options *o, const struct backtest_result *r)
{
    char from[TIME_TEXT_MAX];

    if (r->watch.window_count == 0)
        return;
    printf("\n%-24s %8s %8s %8s %8s %8s\n", "window from", "trades", "won %", "return %", "Sharpe",
           "drawdn %");
    for (size_t i = 0; i < r->watch.window_count; i++) {
        const struct backtest_window *v = &r->watch.windows[i];
        double begin = money_to_double(v->performance.starting_equity);
        const struct statistic total = {
            begin > 0 ? money_to_double(v->performance.equity) / begin - 1 : 0,
            begin > 0 ? NULL : "no start balance"};
        const struct statistic drawdown = {ratio_to_double(v->report.max_drawdown), NULL};

        time_print(v->from_us, from);
        printf("%.16s %-7s %8" PRId64, from,
               ratio_sign(o->split) <= 0 ? ""
               : i == 0                  ? "train"
                                         : "test",
               v->report.total_trades);
        print_cell(&v->report.win_rate, 100);
        print_cell(&total, 100);
        print_cell(&v->report.sharpe_ratio, 1);
        print_cell(&drawdown, 100);
        printf("\n");
    }
}

static void print_claims(const struct backtest_options *o, const struct backtest_result *r)
{
    const struct strategy *s = o->strategies[0];

    if (o->strategy_count != 1 || strategy_metric_count(s) == 0)
        return;
    printf("\n%-24s %14s %14s\n", "the artifact claims", "claimed", "measured");
    for (size_t i = 0; i < strategy_metric_count(s); i++) {
        struct statistic space;
        const struct statistic *mine = backtest_measured(r, strategy_metric_name(s, i), &space);

        printf("%-24s %14.4f ", strategy_metric_name(s, i), strategy_metric_value(s, i));
        if (mine && !mine->undefined)
            printf("%14.4f\n", mine->value);
        else
            printf("%14s\n", "-");
    }
}

static void print_warning(void *context, const char *sentence)
{
    (void)context;
    printf("Warning: %s.\n\n", sentence);
}

void backtest_print(const struct backtest_options *o, const struct backtest_result *r)
{
    print_range(o, r);
    backtest_warn(o, r, print_warning, NULL);
    print_metrics(r);
    print_rows("exit reason", r->reasons, r->reason_count);
    if (r->symbol_count > 1)
        print_rows("symbol", r->symbols, r->symbol_count);
    if (r->strategy_count > 1)
        print_rows("strategy", r->strategies, r->strategy_count);
    print_months(r);
    print_windows(o, r);
    print_claims(o, r);
}
