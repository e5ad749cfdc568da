/* SPDX-License-Identifier: Apache-2.0 */
/* Results of jobs: their rows are those of the report, a report that is too long or not wanted any
 * more ends. */
#include "handlers/job_result.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "tests/support/check.h"
#include "tests/support/world.h"

enum {
    CANDLES = 3000,
    CURVE = 1200 * 1000 /* points: more than a report takes */
};

/* Comes and goes with every candle. */
static const char busy_json[] =
    "{\"version\":1,\"name\":\"busy\",\"symbol\":\"BTC/USDT\",\"timeframe\":\"5m\","
    "\"entry\":{\"condition\":\"close > 0\",\"direction\":\"long\",\"confidence\":0.9},"
    "\"exit\":{\"max_candles\":1},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.2},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}";

struct fixture {
    struct memory_journal journal;
    struct world world;
    char *csv;
    struct strategy *strategy;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    struct world_options o = world_options_default();

    f->csv = world_candles(11, CANDLES, 1000);
    o.without_strategy = true;
    o.strategy = busy_json;
    o.symbol_count = 1;
    o.symbols[0] = "BTC/USDT";
    o.csv[0] = f->csv;
    memory_journal_init(&f->journal);
    world_open(&f->world, &o, &f->journal);
    assert_ok(strategy_parse(busy_json, sizeof busy_json - 1, true, NULL, &f->strategy));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    strategy_release(f->strategy);
    world_close(&f->world);
    memory_journal_release(&f->journal);
    free(f->csv);
    free(f);
    return 0;
}

static enum err run_one(const struct fixture *f, struct backtest_options *o,
                        struct backtest_result *r)
{
    struct diag_list diags = {0};

    *o = (struct backtest_options){.strategies = (const struct strategy *const *)&f->strategy,
                                   .strategy_count = 1,
                                   .feed = &f->world.feed,
                                   .instruments = f->world.instruments,
                                   .instrument_count = 1,
                                   .terms = trial_terms_default()};
    return backtest_run(o, &diags, r);
}

static bool count_down(void *context)
{
    int *left = context;

    return --*left > 0;
}

static void test_writing_ends_at_once(void **state)
{
    struct fixture *f = *state;
    struct backtest_options o;
    struct backtest_result r;
    struct job_result *result = NULL;
    struct backtest_point *points;
    size_t count;
    int left = 100;

    assert_ok(run_one(f, &o, &r));
    assert_true(backtest_fill_count(&r) > CANDLES / 2);
    assert_err(job_result_new(&o, &r, count_down, &left, &result), ERR_CANCELED);
    assert_int_equal(left, 0); /* nobody was asked again */
    points = r.watch.points;
    count = r.watch.count;
    r.watch.points = xcalloc(CURVE, sizeof *points);
    r.watch.count = CURVE;
    left = INT32_MAX;
    assert_err(job_result_new(&o, &r, count_down, &left, &result), ERR_LIMIT);
    assert_null(result);
    free(r.watch.points);
    r.watch.points = points;
    r.watch.count = count;
    backtest_result_release(&r);
}

/* "key":"value" of a row. */
static bool says(const struct job_row *row, const char *key, const char *value)
{
    char text[96];

    (void)snprintf(text, sizeof text, "\"%s\":\"%s\"", key, value);
    return memmem(row->json, row->length, text, strlen(text)) != NULL;
}

static void check_trade(const struct job_row *row, const struct fill *fill)
{
    char id[24], at[TIME_TEXT_MAX];

    assert_true(row->json[0] == '{' && row->json[row->length - 1] == '}');
    assert_null(memmem(row->json + 1, row->length - 1, "{", 1));
    (void)snprintf(id, sizeof id, "%lld", (long long)fill->id);
    time_print(fill->at_us, at);
    assert_true(says(row, "id", id) && says(row, "timestamp", at));
    assert_string_equal(row->symbol, fill->symbol);
    assert_int_equal(row->side, fill->side);
    assert_true(says(row, "side", side_name(fill->side)));
    assert_int_equal(row->at_us, fill->at_us);
    assert_int_equal(row->order_id, fill->order_id);
    assert_int_equal(row->position_id, fill->position_id);
}

static void test_rows_are_those_of_the_report(void **state)
{
    struct fixture *f = *state;
    struct backtest_options o;
    struct backtest_result r;
    struct job_result *result = NULL;
    struct job_row row;
    struct fill space;
    size_t length;
    int left = INT32_MAX;

    assert_ok(run_one(f, &o, &r));
    assert_ok(job_result_new(&o, &r, count_down, &left, &result));
    assert_int_equal(job_result_count(result, BACKTEST_LIST_TRADES), backtest_fill_count(&r));
    for (size_t i = 0; i < backtest_fill_count(&r); i++) {
        job_result_row(result, BACKTEST_LIST_TRADES, i, &row);
        check_trade(&row, backtest_fill(&r, i, &space));
    }
    assert_int_equal(job_result_count(result, BACKTEST_LIST_EQUITY), r.trial.daily.count);
    assert_int_equal(job_result_count(result, BACKTEST_LIST_CURVE), r.watch.count);
    job_result_row(result, BACKTEST_LIST_CURVE, r.watch.count - 1, &row);
    assert_int_equal(row.at_us, r.watch.points[r.watch.count - 1].at_us);
    assert_memory_equal(row.json + row.length, "]}", 2);
    (void)job_result_report(result, &length);
    assert_true(job_result_bytes(result) > length + backtest_fill_count(&r) * sizeof row.at_us);
    backtest_result_release(&r);
    job_result_release(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writing_ends_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_are_those_of_the_report, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
