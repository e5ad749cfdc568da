/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of backtests against published values; curve, drawdown and windows by hand; what is
 * refused and what is canceled. */
#include "tests/support/check.h"

#include <math.h>
#include <stdlib.h>

#include "engine/backtest_parts.h"
#include "tests/support/world.h"

#define MIDNIGHT (INT64_C(19723) * US_PER_DAY) /* 2024-01-01 */

static struct money money(const char *text)
{
    struct money m = MONEY_ZERO;

    assert_ok(money_parse(text, strlen(text), &m));
    return m;
}

static void assert_near(struct statistic s, double wanted)
{
    assert_null(s.undefined);
    if (fabs(s.value - wanted) > 1e-9 * fabs(wanted))
        fail_msg("got %.17g, wanted %.17g", s.value, wanted);
}

/* ---- The vectors ---- */

/* Trades, midnights and what is expected of them, in the place of a run. */
static void read_vectors(struct backtest_result *r, double *sqn)
{
    char *bytes = check_data("metrics/trades_and_equity.txt", NULL), *cursor = bytes, *line;
    struct performance *p = &r->trial.account.performance;
    int64_t at_us = MIDNIGHT;

    while ((line = check_line(&cursor))) {
        char *rest = strchr(line, ' ');

        if (!rest)
            continue;
        *rest++ = '\0';
        if (strcmp(line, "start") == 0) {
            performance_init(p, money(rest));
        } else if (strcmp(line, "trade") == 0) {
            const struct position trip = {
                .realized_pnl = money(rest), .closed_us = MIDNIGHT, .exit_reason = EXIT_SIGNAL};

            performance_trip(p, trip.realized_pnl);
            backtest_add_trip(r, &trip, 0, 0);
        } else if (strcmp(line, "equity") == 0) {
            (void)performance_sample(p, &r->trial.daily, money(rest), false, at_us);
            backtest_watch_sample(&r->watch, p, false);
            at_us += US_PER_DAY;
        } else if (strncmp(rest, "sqn ", 4) == 0) {
            *sqn = strtod(rest + 4, NULL);
        }
    }
    free(bytes);
}

static void test_vectors(void **state)
{
    const struct backtest_options o = {.strategy_count = 0};
    struct backtest_result r = {.is_fast = true};
    const struct performance *p = &r.trial.account.performance;
    double sqn = 0;

    (void)state;
    backtest_watch_init(&r.watch, NULL, 0);
    read_vectors(&r, &sqn);
    r.trial.equity = p->equity;
    assert_ok(backtest_tables(&o, &r));
    assert_true(sqn > 1.7);
    assert_near(r.extras.sqn, sqn);
    assert_near(r.extras.sqn100, sqn); /* of 39 trades */
    assert_false(r.extras.sqn_of_r);
    assert_string_equal(r.extras.expectancy_r.undefined, "a trade had no stop loss");
    assert_near(r.extras.total_return,
                money_to_double(p->equity) / money_to_double(p->starting_equity) - 1);
    assert_near(r.ended_report.win_rate, 22.0 / 39);
    assert_true(r.watch.max_drawdown.e12 == p->max_drawdown.e12);
    assert_int_equal(r.watch.deepest.trough_us, p->trough_us);
    assert_int_equal(r.month_count, 3);
    assert_int_equal(r.months[0].trades, 39);
    backtest_result_release(&r);
}

/* R multiples 1, -1, 2, 0.5: mean 0.625, sample deviation 1.25 (sum of squares 6.25 less 1.5625
 * over 3 is 1.5625). */
static void test_r_multiples(void **state)
{
    static const char *const pnls[] = {"20", "-20", "40", "10"};
    const struct backtest_options o = {.strategy_count = 0};
    struct backtest_result r = {.is_fast = true};

    (void)state;
    backtest_watch_init(&r.watch, NULL, 0);
    performance_init(&r.trial.account.performance, money("1000"));
    (void)performance_sample(&r.trial.account.performance, &r.trial.daily, money("1050"), true,
                             MIDNIGHT);
    for (size_t i = 0; i < COUNT_OF(pnls); i++) {
        /* 2 units at 100, stop at 90: 20 at risk. */
        struct position p = {.realized_pnl = money(pnls[i]),
                             .entry_size = {money("2").e12},
                             .entry_notional = money("200"),
                             .stop_loss = {money("90").e12},
                             .candles_held = (int64_t)i,
                             .closed_us = MIDNIGHT,
                             .exit_reason = EXIT_STOP_LOSS};

        backtest_add_trip(&r, &p, 0, 0);
    }
    assert_ok(backtest_tables(&o, &r));
    assert_true(r.extras.sqn_of_r);
    assert_near(r.extras.expectancy_r, 0.625);
    assert_near(r.extras.sqn, 2 * 0.625 / 1.25);
    assert_near(r.extras.avg_candles_held, 1.5);
    assert_int_equal(r.reason_count, 1);
    assert_string_equal(r.reasons[0].name, "stop_loss");
    assert_int_equal(r.reasons[0].wins, 3);
    assert_true(r.reasons[0].pnl.e12 == money("50").e12);
    backtest_result_release(&r);
}

/* ---- The watch ---- */

/* One by one and in stretches of equal ones: the same points, drawdowns and windows. */
static void test_watch(void **state)
{
    const int64_t step = 300 * US_PER_S, count = 50000;
    struct backtest_window windows[3];
    struct backtest_watch a, b;
    struct performance p = {0}, q = {0};
    struct daily_equity days = {0}, nights = {0};
    struct check_random dice = {3};
    int64_t at_us = MIDNIGHT;

    (void)state;
    for (int64_t i = 0; i < 3; i++)
        windows[i] = (struct backtest_window){.from_us = MIDNIGHT + i * count * step / 3,
                                              .to_us = MIDNIGHT + (i + 1) * count * step / 3};
    backtest_watch_init(&a, windows, 3);
    backtest_watch_init(&b, windows, 3);
    performance_init(&p, money("1000"));
    performance_init(&q, money("1000"));
    while (at_us < MIDNIGHT + count * step) {
        const struct equity_stretch s = {
            .equity = {money("1000").e12 + (i128)(check_random_next(&dice) % 1000000) * 300000000},
            .exposed = check_random_next(&dice) % 2,
            .first_us = at_us,
            .step_us = step,
            .count = 1 + (int64_t)(check_random_next(&dice) % 700),
        };

        performance_stretch(&q, &nights, &s);
        backtest_watch_stretch(&b, &q, &s);
        for (int64_t i = 0; i < s.count; i++, at_us += step) {
            (void)performance_sample(&p, &days, s.equity, s.exposed, at_us);
            backtest_watch_sample(&a, &p, s.exposed);
        }
    }
    assert_memory_equal(&p, &q, sizeof p);
    assert_int_equal(days.count, nights.count);
    assert_memory_equal(days.equity, nights.equity, days.count * sizeof *days.equity);
    assert_true(a.stride > 1 && a.count > BACKTEST_POINTS / 2);
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        assert_int_equal(a.points[i].at_us, b.points[i].at_us);
        assert_true(a.points[i].equity.e12 == b.points[i].equity.e12);
        assert_true(a.points[i].low.e12 == b.points[i].low.e12);
    }
    assert_memory_equal(&a.deepest, &b.deepest, sizeof a.deepest);
    assert_int_equal(a.longest_us, b.longest_us);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(&a.windows[i].performance, &b.windows[i].performance, sizeof p);
        assert_true(a.windows[i].performance.bars >= count / 3);
    }
    daily_equity_release(&days);
    daily_equity_release(&nights);
    backtest_watch_release(&a);
    backtest_watch_release(&b);
}

/* 100, 110, 99, 104.5, 110, 105: a tenth below the peak, and back after three steps. */
static void test_drawdown_by_hand(void **state)
{
    static const char *const equities[] = {"100", "110", "99", "104.5", "110", "105"};
    struct backtest_watch w;
    struct performance p;
    struct daily_equity days = {0};

    (void)state;
    backtest_watch_init(&w, NULL, 0);
    performance_init(&p, money("100"));
    for (size_t i = 0; i < COUNT_OF(equities); i++) {
        (void)performance_sample(&p, &days, money(equities[i]), true,
                                 MIDNIGHT + (int64_t)i * US_PER_S);
        backtest_watch_sample(&w, &p, true);
    }
    assert_true(w.max_drawdown.e12 == money("0.1").e12);
    assert_int_equal(w.deepest.peak_us, MIDNIGHT + 1 * US_PER_S);
    assert_int_equal(w.deepest.trough_us, MIDNIGHT + 2 * US_PER_S);
    assert_int_equal(w.deepest.recovered_us, MIDNIGHT + 4 * US_PER_S);
    assert_int_equal(w.longest_us, 3 * US_PER_S);
    assert_int_equal(w.under_us, US_PER_S);
    daily_equity_release(&days);
    backtest_watch_release(&w);
}

/* ---- Refused and canceled ---- */

static bool stop_at_half(void *context, int64_t done, int64_t total)
{
    *(int64_t *)context = total;
    return done * 2 < total;
}

static void test_canceled_and_refused(void **state)
{
    struct world_options wo = world_options_default();
    struct memory_journal journal;
    struct world w;
    int64_t total = 0;
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct backtest_result r;
    char *csv = world_candles(5, 140000, 1000);
    struct backtest_options o;

    (void)state;
    wo.strategy = "{\"name\":\"n\",\"features\":{\"m\":\"sma(close,9)\"},\"entry\":{\"condition\":"
                  "\"close < m\"},\"exit\":{\"condition\":\"close > m\"},\"stop_loss\":0.05}";
    wo.symbol_count = 1;
    wo.symbols[0] = "BTC/USDT";
    wo.csv[0] = csv;
    memory_journal_init(&journal);
    world_open(&w, &wo, &journal);
    o = (struct backtest_options){.strategies = (const struct strategy *const *)&w.strategy,
                                  .strategy_count = 1,
                                  .feed = &w.feed,
                                  .instruments = w.instruments,
                                  .instrument_count = 1,
                                  .terms = trial_terms_default(),
                                  .progress = stop_at_half,
                                  .context = &total};
    assert_err(backtest_run(&o, NULL, &r), ERR_CANCELED);
    assert_true(total > 0);
    o.path = BACKTEST_WHOLE;
    assert_err(backtest_run(&o, NULL, &r), ERR_CANCELED);
    o.progress = NULL;
    o.strategies = (const struct strategy *const[]){w.strategy, w.strategy};
    o.strategy_count = 2;
    assert_err(backtest_run(&o, diags, &r), ERR_NAME_TAKEN);
    assert_int_equal(diags->count, 1);
    o.strategy_count = 1;
    o.from_us = INT64_MAX / 2;
    assert_err(backtest_run(&o, diags, &r), ERR_END);
    o.to_us = 1;
    assert_err(backtest_run(&o, diags, &r), ERR_INVALID);
    world_close(&w);
    memory_journal_release(&journal);
    free(csv);
    free(diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_r_multiples),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_drawdown_by_hand),
        cmocka_unit_test(test_canceled_and_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
