/* SPDX-License-Identifier: Apache-2.0 */
/* Trading statistics against published values, and where they are undefined. */
#include "tests/support/check.h"

#include <math.h>
#include <stdlib.h>

#include "core/jwriter.h"
#include "engine/performance.h"

#define MIDNIGHT (INT64_C(19723) * US_PER_DAY) /* 2024-01-01 */

static struct money money(const char *text)
{
    struct money m = MONEY_ZERO;

    assert_ok(money_parse(text, strlen(text), &m));
    return m;
}

static bool is_near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * fmax(1e-300, fabs(b)) || fabs(a - b) <= 1e-15;
}

/* The statistic of that name in a vector file; false for those we do not make. */
static bool value_of(const struct performance_report *r, const char *name, double *out)
{
    const struct {
        const char *name;
        double value;
        const char *undefined;
    } table[] = {
        {"trades", (double)r->total_trades, NULL},
        {"wins", (double)r->wins, NULL},
        {"losses", (double)r->losses, NULL},
        {"breakeven", (double)r->breakeven, NULL},
        {"win_rate", r->win_rate.value, r->win_rate.undefined},
        {"avg_win", r->avg_win.value, r->avg_win.undefined},
        {"avg_loss", r->avg_loss.value, r->avg_loss.undefined},
        {"profit_factor", r->profit_factor.value, r->profit_factor.undefined},
        {"expectancy", r->expectancy.value, r->expectancy.undefined},
        {"expectancy_ratio", r->expectancy_ratio.value, r->expectancy_ratio.undefined},
        {"net_profit", money_to_double(r->current_pnl), NULL},
        {"sharpe", r->sharpe_ratio.value, r->sharpe_ratio.undefined},
        {"sharpe_252", r->sharpe_ratio.value * sqrt(252.0 / 365), r->sharpe_ratio.undefined},
        {"sortino", r->sortino_ratio.value, r->sortino_ratio.undefined},
        {"sortino_252", r->sortino_ratio.value * sqrt(252.0 / 365), r->sortino_ratio.undefined},
        {"volatility", r->volatility.value, r->volatility.undefined},
        {"annual_volatility_252", r->volatility.value * sqrt(252.0 / 365), r->volatility.undefined},
        {"max_drawdown", ratio_to_double(r->max_drawdown), NULL},
        {"max_drawdown_abs", money_to_double(r->max_drawdown_abs), NULL},
        {"cagr", r->cagr.value, r->cagr.undefined},
        {"calmar", r->calmar_ratio.value, r->calmar_ratio.undefined},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (strcmp(table[i].name, name) != 0)
            continue;
        assert_null(table[i].undefined);
        *out = table[i].value;
        return true;
    }
    return false;
}

/* What a vector file's lines drive. */
struct run {
    struct performance p;
    struct daily_equity daily;
    struct performance_report report;
    int64_t next_us;
    double tolerance;
    int checked;
};

static void run_begin(struct run *r, struct money start)
{
    daily_equity_release(&r->daily);
    performance_init(&r->p, start);
    r->next_us = MIDNIGHT;
}

static void run_sample(struct run *r, struct money equity)
{
    performance_sample(&r->p, &r->daily, equity, false, r->next_us);
    r->next_us += US_PER_DAY;
}

/* Daily returns, compounded from 1000. */
static void run_series(struct run *r, char *text)
{
    char *saved = NULL, *word;
    struct money equity = money("1000");
    struct ratio change;

    run_begin(r, equity);
    run_sample(r, equity);
    for (word = strtok_r(text, " ", &saved); word; word = strtok_r(NULL, " ", &saved)) {
        assert_ok(ratio_parse(word, strlen(word), &change));
        change.e12 += INT64_C(1000000000000);
        assert_ok(money_times(equity, change, ROUND_HALF_EVEN, &equity));
        run_sample(r, equity);
    }
}

static void run_expect(struct run *r, const char *text)
{
    const char *blank = strchr(text, ' ');
    char name[40];
    double got;

    assert_non_null(blank);
    memset(name, 0, sizeof name);
    memcpy(name, text, (size_t)(blank - text));
    performance_report(&r->p, &r->daily, &r->report);
    if (!value_of(&r->report, name, &got))
        return;
    r->checked++;
    if (!is_near(got, strtod(blank + 1, NULL), r->tolerance))
        fail_msg("%s: got %.17g, wanted %s", name, got, blank + 1);
}

static void run_file(struct run *r, const char *file)
{
    char *bytes = check_data(file, NULL), *cursor = bytes, *line, *rest;

    while ((line = check_line(&cursor))) {
        rest = strchr(line, ' ');
        if (!rest)
            continue;
        *rest++ = '\0';
        if (strcmp(line, "start") == 0) {
            run_begin(r, money(rest));
        } else if (strcmp(line, "series") == 0) {
            run_series(r, rest);
        } else if (strcmp(line, "trade") == 0) {
            performance_trip(&r->p, money(rest));
            performance_fill(&r->p, MONEY_ZERO, MONEY_ZERO, money(rest));
        } else if (strcmp(line, "equity") == 0) {
            run_sample(r, money(rest));
        } else {
            run_expect(r, rest);
        }
    }
    free(bytes);
    daily_equity_release(&r->daily);
}

static void test_our_vectors(void **state)
{
    struct run r = {.tolerance = 1e-9};

    (void)state;
    run_file(&r, "metrics/trades_and_equity.txt");
    assert_int_equal(r.checked, 18);
    assert_int_equal(r.report.payoff.undefined == NULL, 1);
    assert_true(is_near(r.report.days, 90, 1e-15));
}

static void test_published_vectors(void **state)
{
    struct run r = {.tolerance = 1e-8};

    (void)state;
    run_file(&r, "metrics/published.txt");
    assert_int_equal(r.checked, 11);
}

static void test_nothing_happened(void **state)
{
    struct daily_equity daily = {0};
    struct performance_report r;
    struct performance p;

    (void)state;
    performance_init(&p, money("1000"));
    performance_report(&p, &daily, &r);
    assert_string_equal(r.win_rate.undefined, "no closed trades");
    assert_string_equal(r.profit_factor.undefined, "no closed trades");
    assert_string_equal(r.expectancy_ratio.undefined, "no closed trades");
    assert_string_equal(r.sharpe_ratio.undefined, "fewer than two days");
    assert_string_equal(r.cagr.undefined, "less than one day");
    assert_string_equal(r.calmar_ratio.undefined, "less than one day");
    assert_string_equal(r.exposure.undefined, "no samples");
    assert_int_equal(ratio_sign(r.max_drawdown), 0);
}

static void test_only_wins_or_only_losses(void **state)
{
    struct daily_equity daily = {0};
    struct performance_report r;
    struct performance p;

    (void)state;
    performance_init(&p, money("1000"));
    performance_trip(&p, money("5"));
    performance_report(&p, &daily, &r);
    assert_null(r.win_rate.undefined);
    assert_true(r.win_rate.value == 1);
    assert_string_equal(r.profit_factor.undefined, "no losses");
    assert_string_equal(r.avg_loss.undefined, "no losses");
    assert_string_equal(r.payoff.undefined, "no losses");
    performance_init(&p, money("1000"));
    performance_trip(&p, money("-5"));
    performance_report(&p, &daily, &r);
    assert_string_equal(r.avg_win.undefined, "no wins");
    assert_true(r.profit_factor.value == 0 && !r.profit_factor.undefined);
    assert_true(r.avg_loss.value == -5);
    assert_string_equal(r.expectancy_ratio.undefined, "no wins");
}

static void test_loss_runs(void **state)
{
    static const char *const pnl[] = {"-1", "-1", "0", "-1", "2", "-1", "-1", "-1", "3"};
    struct performance p;

    (void)state;
    performance_init(&p, money("1000"));
    for (size_t i = 0; i < COUNT_OF(pnl); i++)
        performance_trip(&p, money(pnl[i]));
    assert_int_equal(p.loss_run_max, 3);
    assert_int_equal(p.loss_run, 0);
    assert_int_equal(p.breakeven, 1);
    assert_int_equal(p.losses, 6);
}

static void check_mark(const struct daily_equity *d, size_t i, int64_t day, const char *equity)
{
    assert_true(i < d->count);
    assert_int_equal(d->day[i], MIDNIGHT / US_PER_DAY + day);
    assert_int_equal(money_cmp(d->equity[i], money(equity)), 0);
}

static void test_marks_are_the_value_at_midnight(void **state)
{
    struct daily_equity d = {0};
    struct performance p;
    const int64_t hour = 3600 * US_PER_S;

    (void)state;
    performance_init(&p, money("1000"));
    assert_false(performance_sample(&p, &d, money("1001"), false, MIDNIGHT + 5 * hour));
    assert_false(performance_sample(&p, &d, money("1002"), true, MIDNIGHT + 23 * hour));
    assert_int_equal(d.count, 1);
    check_mark(&d, 0, 0, "1000"); /* the start balance, not the first sample */
    /* After midnight: the newest value before it. */
    assert_true(performance_sample(&p, &d, money("1003"), true, MIDNIGHT + 25 * hour));
    check_mark(&d, 1, 1, "1002");
    /* At midnight: the sample itself, which ends the day. */
    assert_true(performance_sample(&p, &d, money("1004"), true, MIDNIGHT + 48 * hour));
    check_mark(&d, 2, 2, "1004");
    /* A mark once made stays. */
    assert_false(performance_sample(&p, &d, money("1005"), true, MIDNIGHT + 48 * hour));
    check_mark(&d, 2, 2, "1004");
    assert_int_equal(d.count, 3);
    /* Days without a sample keep the last value, but the midnight of the sample is its own. */
    assert_true(performance_sample(&p, &d, money("1006"), true, MIDNIGHT + 5 * 24 * hour));
    assert_int_equal(d.count, 6);
    check_mark(&d, 3, 3, "1005");
    check_mark(&d, 4, 4, "1005");
    check_mark(&d, 5, 5, "1006");
    assert_int_equal(p.bars, 6);
    assert_int_equal(p.bars_exposed, 5);
    daily_equity_release(&d);
}

static void test_a_start_at_midnight_and_before_1970(void **state)
{
    struct daily_equity d = {0};
    struct performance p;

    (void)state;
    performance_init(&p, money("1000"));
    assert_false(performance_sample(&p, &d, money("999"), false, -US_PER_DAY));
    assert_int_equal(d.count, 1);
    assert_int_equal(d.day[0], -1);
    assert_int_equal(money_cmp(d.equity[0], money("1000")), 0);
    assert_false(performance_sample(&p, &d, money("998"), false, -1));
    assert_true(performance_sample(&p, &d, money("997"), false, 0));
    assert_int_equal(d.day[1], 0);
    assert_int_equal(money_cmp(d.equity[1], money("997")), 0);
    daily_equity_release(&d);
}

static void test_drawdown_counts_the_start_and_every_sample(void **state)
{
    struct daily_equity d = {0};
    struct performance p;

    (void)state;
    performance_init(&p, money("1000"));
    performance_sample(&p, &d, money("900"), false, MIDNIGHT + 1);
    assert_true(p.max_drawdown.e12 == INT64_C(100000000000));
    assert_int_equal(p.trough_us, MIDNIGHT + 1);
    performance_sample(&p, &d, money("2000"), false, MIDNIGHT + 2);
    assert_int_equal(p.peak_us, MIDNIGHT + 2);
    /* Larger as money, smaller as a part. */
    performance_sample(&p, &d, money("1850"), false, MIDNIGHT + 3);
    assert_true(p.max_drawdown.e12 == INT64_C(100000000000));
    assert_int_equal(money_cmp(p.max_drawdown_abs, money("150")), 0);
    assert_int_equal(p.trough_us, MIDNIGHT + 1);
    performance_sample(&p, &d, money("-100"), false, MIDNIGHT + 4);
    assert_true(p.max_drawdown.e12 == INT64_C(1050000000000));
    daily_equity_release(&d);
}

static void report_of(const char *const *equity, size_t count, struct performance_report *r)
{
    struct run run = {0};

    run_begin(&run, money(equity[0]));
    for (size_t i = 0; i < count; i++)
        run_sample(&run, money(equity[i]));
    performance_report(&run.p, &run.daily, r);
    daily_equity_release(&run.daily);
}

static void test_undefined_ratios_say_why(void **state)
{
    static const char *const flat[] = {"1000", "1000", "1000"};
    static const char *const steady[] = {"100", "110", "121", "133.1"};
    static const char *const ruined[] = {"100", "0", "50"};
    static const char *const two[] = {"100", "110"};
    struct performance_report r;

    (void)state;
    report_of(flat, COUNT_OF(flat), &r);
    assert_string_equal(r.sharpe_ratio.undefined, "no variation");
    assert_string_equal(r.sortino_ratio.undefined, "no losing days");
    assert_string_equal(r.calmar_ratio.undefined, "no drawdown");
    assert_true(r.volatility.value == 0 && !r.volatility.undefined);
    assert_true(r.cagr.value == 0 && !r.cagr.undefined);
    report_of(steady, COUNT_OF(steady), &r); /* equal returns up to the noise of doubles */
    assert_string_equal(r.sharpe_ratio.undefined, "no variation");
    report_of(ruined, COUNT_OF(ruined), &r);
    assert_string_equal(r.sharpe_ratio.undefined, "equity was not positive");
    report_of(ruined, 2, &r);
    assert_true(r.cagr.value == -1 && !r.cagr.undefined);
    assert_string_equal(r.sharpe_ratio.undefined, "fewer than two days");
    report_of(two, COUNT_OF(two), &r);
    assert_string_equal(r.sharpe_ratio.undefined, "fewer than two days");
    assert_null(r.cagr.undefined);
    assert_true(is_near(r.cagr.value, pow(1.1, 365) - 1, 1e-12));
}

static void test_sums_stop_at_the_largest_amount(void **state)
{
    struct performance p;
    struct money huge = money("60000000000000000000000000");

    (void)state;
    performance_init(&p, money("1000"));
    performance_fill(&p, huge, MONEY_ZERO, MONEY_ZERO);
    performance_fill(&p, huge, money("1"), money("2"));
    assert_int_equal(money_cmp(p.turnover, huge), 0);
    assert_int_equal(money_cmp(p.fees_paid, money("1")), 0);
    assert_int_equal(money_cmp(p.realized_pnl, money("2")), 0);
}

static void test_many_days_grow_the_array(void **state)
{
    struct daily_equity d = {0};

    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        daily_equity_append(&d, i, (struct money){i});
    assert_int_equal(d.count, 1000);
    for (int64_t i = 0; i < 1000; i++)
        assert_true(d.day[i] == i && d.equity[i].e12 == i);
    daily_equity_release(&d);
    assert_null(d.day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_vectors),
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_nothing_happened),
        cmocka_unit_test(test_only_wins_or_only_losses),
        cmocka_unit_test(test_loss_runs),
        cmocka_unit_test(test_marks_are_the_value_at_midnight),
        cmocka_unit_test(test_a_start_at_midnight_and_before_1970),
        cmocka_unit_test(test_drawdown_counts_the_start_and_every_sample),
        cmocka_unit_test(test_undefined_ratios_say_why),
        cmocka_unit_test(test_sums_stop_at_the_largest_amount),
        cmocka_unit_test(test_many_days_grow_the_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
