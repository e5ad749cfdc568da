/* SPDX-License-Identifier: Apache-2.0 */
/* tl-metrics-1: every formula on figures made by hand and by others, and the bytes of a
 * statement. */
#include "tests/support/amounts.h"
#include "tests/support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/amount_text.h"
#include "core/clock.h"
#include "engine/track.h"

/* ---- Logs made by hand ---- */

struct fixture {
    struct track track;
    int64_t at_us;
    int trade;
};

static void begin(struct fixture *f)
{
    track_init(&f->track);
    f->at_us = INT64_C(1700006400000000); /* a midnight */
    f->trade = 0;
}

static void push(struct fixture *f, const char *kind, const char *body)
{
    char at[TIME_TEXT_MAX];
    struct record_fault fault;
    struct record r;
    struct text t;
    bool first = strcmp(kind, "mode") < 0;

    time_print(f->at_us, at);
    text_init(&t, LIMIT_LEAF_BYTES);
    if (first)
        text_format(&t,
                    "{\"%s\": %s, \"mode\": \"paper\", \"strategy\": \"s\", \"timestamp\": \"%s\"}",
                    kind, body, at);
    else
        text_format(&t,
                    "{\"mode\": \"paper\", \"strategy\": \"s\", \"timestamp\": \"%s\", \"%s\": %s}",
                    at, kind, body);
    if (record_parse(t.data, t.length, &r, &fault))
        fail_msg("byte %zu: %s: %s", fault.offset, fault.why, t.data);
    track_push(&f->track, &r);
    text_release(&t);
}

static void genesis(struct fixture *f, const char *equity)
{
    char body[256];

    (void)snprintf(body, sizeof body,
                   "{\"origin\": \"o\", \"quote\": \"USDT\", \"starting_equity\": \"%s\"}", equity);
    push(f, "genesis", body);
}

static void trade_in(struct fixture *f, int position, const char *side, const char *price,
                     const char *size, const char *pnl)
{
    char body[640];

    f->trade++;
    (void)snprintf(
        body, sizeof body,
        "{\"client_order_id\": \"x\", \"fee\": \"0.10\", \"fee_currency\": \"USDT\", "
        "\"id\": \"%d\", \"order\": \"%064d\", \"order_id\": \"1\", \"pnl\": \"%s\", "
        "\"position_id\": \"%d\", \"price\": \"%s\", \"side\": \"%s\", \"size\": \"%s\", "
        "\"status\": \"filled\", \"symbol\": \"BTC/USDT\"}",
        f->trade, 0, pnl, position, price, side, size);
    push(f, "trade", body);
}

static void trip(struct fixture *f, const char *pnl)
{
    int position = f->trade + 1;

    trade_in(f, position, "buy", "100", "1", "0.00");
    trade_in(f, position, "sell", "100", "1", pnl);
}

static void day(struct fixture *f, const char *equity)
{
    char body[64];

    (void)snprintf(body, sizeof body, "{\"equity\": \"%s\"}", equity);
    push(f, "equity", body);
    f->at_us += US_PER_DAY;
}

static void check_metric(struct fixture *f, const char *name, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];
    bool defined = track_metric(&f->track, name, text);

    assert_null(f->track.broken);
    if (!wanted && defined)
        fail_msg("%s is %s, not undefined", name, text);
    if (wanted && !defined)
        fail_msg("%s is undefined", name);
    if (wanted && strcmp(text, wanted) != 0)
        fail_msg("%s is %s, not %s", name, text, wanted);
}

static void test_round_trips(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    genesis(&f, "1000");
    check_metric(&f, "total_trades", "0");
    check_metric(&f, "win_rate", NULL);
    trip(&f, "3.00");
    check_metric(&f, "avg_win", "3");
    check_metric(&f, "profit_factor", NULL);
    trip(&f, "-1.00");
    trip(&f, "-1.50");
    trip(&f, "0.00");
    trip(&f, "1.00");
    trip(&f, "-0.50");
    check_metric(&f, "total_trades", "6");
    check_metric(&f, "wins", "2");
    check_metric(&f, "losses", "3");
    check_metric(&f, "breakeven", "1");
    check_metric(&f, "win_rate", "0.333333333333");
    check_metric(&f, "avg_win", "2");
    check_metric(&f, "avg_loss", "-1");
    check_metric(&f, "profit_factor", "1.333333333333");
    check_metric(&f, "payoff", "2");
    check_metric(&f, "expectancy", "0.166666666667");
    check_metric(&f, "expectancy_ratio", "0");
    check_metric(&f, "current_pnl", "1");
    check_metric(&f, "fees_paid", "1.2");
    check_metric(&f, "turnover", "1200");
    check_metric(&f, "longest_loss_run", "2");
    check_metric(&f, "no_such_metric", NULL);
    track_release(&f.track);
}

/* A position grows and is closed in parts, as a short: one round trip. */
static void test_parts_are_one_round_trip(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    genesis(&f, "1000");
    trade_in(&f, 9, "sell", "100", "1", "0.00");
    trade_in(&f, 9, "sell", "110", "2", "0.00");
    trade_in(&f, 9, "buy", "90", "1", "16.50");
    assert_true(f.track.book.last.pnl == money("16.50").e12); /* 106.67 - 90 - 0.10 - 0.07 */
    check_metric(&f, "total_trades", "0");
    trade_in(&f, 9, "buy", "120", "2", "-26.90");
    assert_true(f.track.book.last.pnl == money("-26.90").e12); /* 213.33 - 240 - 0.10 - 0.13 */
    assert_true(f.track.book.last.closed);
    check_metric(&f, "total_trades", "1");
    check_metric(&f, "losses", "1");
    check_metric(&f, "avg_loss", "-10.4");
    assert_int_equal(f.track.book.count, 0);
    track_release(&f.track);
}

static void adopt(struct fixture *f, int position, const char *side, const char *price,
                  const char *size, const char *pnl)
{
    char body[320];

    (void)snprintf(body, sizeof body,
                   "{\"kind\": \"adopt\", \"pnl\": \"%s\", \"position_id\": \"%d\", "
                   "\"price\": \"%s\", \"side\": \"%s\", \"size\": \"%s\", "
                   "\"symbol\": \"BTC/USDT\"}",
                   pnl, position, price, side, size);
    push(f, "correct", body);
}

/* What is taken over of a venue moves positions and profits, but is no trade. */
static void test_what_is_adopted_is_part_of_the_round_trip(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    genesis(&f, "1000");
    trade_in(&f, 9, "buy", "100", "2", "0.00");
    adopt(&f, 9, "sell", "90", "1", "-10.05");
    assert_true(f.track.book.last.pnl == money("-10.05").e12);
    push(&f, "correct", "{\"kind\": \"note\", \"pnl\": \"5\"}");
    adopt(&f, 9, "buy", "80", "1", "0.00");
    assert_true(f.track.book.last.opens);
    trade_in(&f, 9, "sell", "100", "2", "19.85");
    assert_true(f.track.book.last.pnl == money("19.85").e12);
    check_metric(&f, "total_trades", "1");
    check_metric(&f, "avg_win", "9.8");
    check_metric(&f, "current_pnl", "9.8");
    check_metric(&f, "turnover", "400");
    check_metric(&f, "fees_paid", "0.2");
    adopt(&f, 10, "sell", "50", "1", "0.00");
    adopt(&f, 10, "buy", "50", "1", "0.00");
    check_metric(&f, "breakeven", "1");
    adopt(&f, 11, "sell", "50", "1", "0.00");
    adopt(&f, 11, "buy", "50", "2", "0.00");
    assert_string_equal(f.track.broken, "a trade closes more than its position holds");
    track_release(&f.track);
}

static void test_funding_belongs_to_its_position_and_deposits_to_nobody(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    genesis(&f, "1000");
    day(&f, "1000");
    trade_in(&f, 1, "buy", "100", "1", "0.00");
    push(&f, "cash", "{\"amount\": \"-2.5\", \"kind\": \"funding\", \"position_id\": \"1\"}");
    trade_in(&f, 1, "sell", "100", "1", "2.00");
    check_metric(&f, "losses", "1");
    check_metric(&f, "current_pnl", "2");
    check_metric(&f, "funding_paid", "2.5");
    push(&f, "cash", "{\"amount\": \"-0.5\", \"kind\": \"funding\", \"position_id\": null}");
    check_metric(&f, "losses", "1");
    check_metric(&f, "funding_paid", "3");
    push(&f, "cash", "{\"amount\": \"500\", \"kind\": \"deposit\"}");
    day(&f, "1400");
    check_metric(&f, "total_return", "-0.1");
    check_metric(&f, "max_drawdown_abs", "100");
    check_metric(&f, "max_drawdown", "0.066666666667");
    push(&f, "cash", "{\"amount\": \"-2.5\", \"kind\": \"funding\", \"position_id\": \"1\"}");
    assert_non_null(f.track.broken);
    track_release(&f.track);
}

static void test_returns(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    genesis(&f, "100");
    check_metric(&f, "total_return", NULL);
    day(&f, "100");
    check_metric(&f, "daily_returns", "0");
    day(&f, "110");
    check_metric(&f, "total_return", "0.1");
    check_metric(&f, "sharpe_ratio", NULL);
    day(&f, "99");
    /* Returns 0.1 and -0.1: the mean is 0, the sample deviation sqrt(0.02). */
    check_metric(&f, "sharpe_ratio", "0");
    check_metric(&f, "volatility", "2.701851217221");
    check_metric(&f, "total_return", "-0.01");
    check_metric(&f, "max_drawdown", "0.1");
    day(&f, "108.9");
    /* 0.1, -0.1, 0.1: mean 0.1 / 3, deviation sqrt(0.04 / 3), downside sqrt(0.01 / 3). */
    check_metric(&f, "sharpe_ratio", "5.515130702591");
    check_metric(&f, "sortino_ratio", "11.030261405183");
    day(&f, "0");
    check_metric(&f, "total_return", "-1");
    day(&f, "10");
    check_metric(&f, "sharpe_ratio", NULL);
    check_metric(&f, "daily_returns", "5");
    track_release(&f.track);
}

/* The figures of others (tests/data/metrics), which are doubles. */
static void test_figures_of_others(void **state)
{
    static const char *const same[][2] = {
        {"sharpe", "sharpe_ratio"},       {"sortino", "sortino_ratio"},
        {"volatility", "volatility"},     {"profit_factor", "profit_factor"},
        {"win_rate", "win_rate"},         {"expectancy", "expectancy"},
        {"max_drawdown", "max_drawdown"}, {"expectancy_ratio", "expectancy_ratio"},
    };
    char *bytes = check_data("metrics/trades_and_equity.txt", NULL), *cursor = bytes, *line;
    struct fixture f;
    int compared = 0;

    (void)state;
    begin(&f);
    while ((line = check_line(&cursor))) {
        char *rest = NULL, *word = strtok_r(line, " ", &rest);
        char *value = strtok_r(NULL, " ", &rest), *third = strtok_r(NULL, " ", &rest);
        char text[AMOUNT_TEXT_MAX];

        if (!word || !value)
            continue;
        if (strcmp(word, "start") == 0)
            genesis(&f, value);
        else if (strcmp(word, "trade") == 0)
            trip(&f, value);
        else if (strcmp(word, "equity") == 0)
            day(&f, value);
        for (size_t i = 0; third && i < COUNT_OF(same); i++) {
            double ours, theirs = strtod(third, NULL);

            if (strcmp(value, same[i][0]) != 0)
                continue;
            assert_true(track_metric(&f.track, same[i][1], text));
            ours = strtod(text, NULL);
            if (fabs(ours - theirs) > 1e-9 * fabs(theirs))
                fail_msg("%s: %.17g, not %.17g", value, ours, theirs);
            compared++;
        }
    }
    assert_int_equal(compared, COUNT_OF(same));
    free(bytes);
    track_release(&f.track);
}

static void test_the_statement(void **state)
{
    static const char wanted[] =
        "{\"alg\": \"tl-metrics-1\", \"from\": \"2023-11-15T00:00:00.000000Z\", \"metrics\": "
        "{\"avg_loss\": null, \"avg_win\": \"3\", \"breakeven\": \"0\", \"current_pnl\": \"3\", "
        "\"daily_returns\": \"0\", \"expectancy\": \"3\", \"expectancy_ratio\": null, "
        "\"fees_paid\": \"0.2\", \"funding_paid\": \"0\", \"longest_loss_run\": \"0\", "
        "\"losses\": \"0\", \"max_drawdown\": \"0\", \"max_drawdown_abs\": \"0\", "
        "\"payoff\": null, \"profit_factor\": null, \"sharpe_ratio\": null, "
        "\"sortino_ratio\": null, \"total_return\": null, \"total_trades\": \"1\", "
        "\"turnover\": \"200\", \"volatility\": null, \"win_rate\": \"1\", \"wins\": \"1\"}, "
        "\"mode\": \"paper\", \"origin\": \"o\", "
        "\"root\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\", "
        "\"to\": \"2023-11-15T00:00:00.000000Z\", \"tree_size\": 3, \"undefined\": "
        "{\"avg_loss\": \"no losses\", \"expectancy_ratio\": \"no losses\", "
        "\"payoff\": \"no losses\", \"profit_factor\": \"no losses\", "
        "\"sharpe_ratio\": \"fewer than two days\", \"sortino_ratio\": \"fewer than two days\", "
        "\"total_return\": \"no finished day\", \"volatility\": \"fewer than two days\"}}";
    const struct digest zeros = {{0}};
    struct fixture f;
    struct text t;

    (void)state;
    begin(&f);
    text_init(&t, TRACK_STATEMENT_BYTES);
    assert_err(track_statement(&f.track, &zeros, &t), ERR_INVALID);
    genesis(&f, "1000");
    trip(&f, "3.00");
    assert_ok(track_statement(&f.track, &zeros, &t));
    assert_string_equal(t.data, wanted);
    text_release(&t);
    track_release(&f.track);
}

/* Each breaks the log for good. */
static void test_logs_without_a_statement(void **state)
{
    struct fixture f;

    (void)state;
    for (int i = 0; i < 7; i++) {
        begin(&f);
        if (i > 0)
            genesis(&f, "1000");
        trade_in(&f, 1, "buy", "100", "1", "0.00");
        if (i == 1)
            genesis(&f, "1000");
        else if (i == 2)
            trade_in(&f, 1, "sell", "100", "2", "0.00");
        else if (i == 3)
            trade_in(&f, 1, "sell", "0", "1", "0.00");
        else if (i == 4)
            day(&f, "1e3");
        else if (i == 5)
            track_skip(&f.track);
        else if (i == 6)
            trade_in(&f, 1, "buy", "99999999999999999999999999", "9999999999", "0.00");
        assert_non_null(f.track.broken);
        track_release(&f.track);
    }
}

/* Ten thousand positions open at once, closed in another order. */
static void test_many_open_positions(void **state)
{
    enum {
        MANY = 10007
    };
    struct fixture f;

    (void)state;
    begin(&f);
    genesis(&f, "1000");
    for (int i = 1; i <= MANY; i++)
        trade_in(&f, i * 3, "buy", "100", "1", "0.00");
    assert_int_equal(f.track.book.count, MANY);
    for (int i = 0; i < MANY; i++)
        trade_in(&f, (i * 5003 % MANY + 1) * 3, "sell", "100", "1", "-0.20");
    assert_int_equal(f.track.book.count, 0);
    check_metric(&f, "losses", "10007");
    track_release(&f.track);
}

static void test_the_genesis_quotes_the_fixed_text(void **state)
{
    char hex[DIGEST_HEX];
    struct digest d;
    struct text t;

    (void)state;
    text_init(&t, LIMIT_JSON_BYTES);
    assert_ok(text_read_file(&t, "docs/tl-metrics-1.md"));
    digest_of(t.data, t.length, &d);
    hex_print(d.bytes, DIGEST_BYTES, hex);
    assert_string_equal(hex, TRACK_ALGORITHM_SHA256);
    text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_parts_are_one_round_trip),
        cmocka_unit_test(test_what_is_adopted_is_part_of_the_round_trip),
        cmocka_unit_test(test_funding_belongs_to_its_position_and_deposits_to_nobody),
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_figures_of_others),
        cmocka_unit_test(test_the_statement),
        cmocka_unit_test(test_logs_without_a_statement),
        cmocka_unit_test(test_many_open_positions),
        cmocka_unit_test(test_the_genesis_quotes_the_fixed_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
