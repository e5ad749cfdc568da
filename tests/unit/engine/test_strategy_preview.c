/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are what the engine would see; a preview counts them and keeps the last entries. */
#include <math.h>
#include <stdlib.h>

#include "core/jnode.h"
#include "engine/strategy_preview.h"
#include "exchange/recorded_feed.h"
#include "tests/support/check.h"

#define MINUTE (60 * US_PER_S)

static const char rising_json[] =
    "{\"version\":1,\"name\":\"rising\",\"timeframe\":\"1m\",\"symbol\":\"BTC/USDT\","
    "\"features\":{\"mean\":\"sma(close,3)\",\"gain\":\"close - close[1]\"},"
    "\"entry\":{\"condition\":\"gain > 0\",\"confidence\":\"clamp(gain / 10, 0, 1)\","
    "\"trigger\":\"up by {gain:.1f}\"},"
    "\"exit\":{\"condition\":\"gain < 0\"},\"stop_loss\":0.1,\"take_profit\":0.2}";

enum {
    SYMBOLS = 2,
    CANDLES = 12
};

/* Closes of BTC/USDT; minute 6 is missing. */
static const int closes[CANDLES] = {100, 101, 102, 99, 98, 104, 0, 105, 105, 103, 108, 109};

struct fixture {
    struct strategy *strategy;
    struct instrument instruments[SYMBOLS];
    struct recorded_feed *recorded;
    struct feed feed;
};

static void fixture_begin(struct fixture *f)
{
    static const char *const names[SYMBOLS] = {"ETH/USDT", "BTC/USDT"};
    struct candle_series series[SYMBOLS] = {0};

    *f = (struct fixture){0};
    assert_ok(strategy_parse(rising_json, strlen(rising_json), false, NULL, &f->strategy));
    for (size_t i = 0; i < SYMBOLS; i++) {
        assert_ok(instrument_init(&f->instruments[i], names[i], price_from_scaled(1, 2),
                                  size_from_scaled(1, 5), MONEY_ZERO));
        series[i].candles = xcalloc(CANDLES, sizeof *series[i].candles);
        series[i].timeframe_us = MINUTE;
        for (int k = 0; k < CANDLES; k++)
            if (closes[k] > 0)
                series[i].candles[series[i].count++] = (struct candle){.open_us = k * MINUTE,
                                                                       .open = closes[k],
                                                                       .high = closes[k],
                                                                       .low = closes[k],
                                                                       .close = closes[k],
                                                                       .volume = 1};
    }
    assert_ok(recorded_feed_new_take(series, SYMBOLS, f->instruments, NULL, &f->recorded));
    f->feed = recorded_feed_port(f->recorded);
}

static void fixture_end(struct fixture *f)
{
    recorded_feed_free(f->recorded);
    strategy_release(f->strategy);
}

/* Rows as they came. */
struct table {
    double values[CANDLES][ROW_COLUMNS_MAX];
    int64_t open_us[CANDLES];
    size_t count;
};

static void take_row(void *context, const struct row *row)
{
    struct table *t = context;

    assert_int_equal(row->instrument, 1);
    assert_int_equal(row->at_us, row->candle->open_us + MINUTE);
    row_values(row, t->values[t->count]);
    t->open_us[t->count++] = row->candle->open_us;
}

static void play(struct fixture *f, int64_t from_us, struct table *t)
{
    struct rows_options o = {.strategy = f->strategy,
                             .instruments = f->instruments,
                             .instrument_count = SYMBOLS,
                             .from_us = from_us,
                             .take = take_row,
                             .context = t};
    struct rows *r = rows_new(&o);

    *t = (struct table){0};
    assert_ok(f->feed.history(f->feed.self, INT64_MAX, 0, 0, rows_push, r));
    rows_end(r);
    rows_free(r);
}

static void test_rows(void **state)
{
    struct table t;
    struct fixture f;

    (void)state;
    fixture_begin(&f);
    assert_int_equal(row_columns(f.strategy), 7);
    assert_string_equal(row_column_name(f.strategy, 1), "gain");
    assert_string_equal(row_column_name(f.strategy, 2), "entry");
    assert_string_equal(row_column_name(f.strategy, 6), "take_profit");
    play(&f, INT64_MIN, &t);
    assert_int_equal(t.count, CANDLES); /* the filled in one is pushed as well */
    assert_true(isnan(t.values[1][0]) && isnan(t.values[1][2]));
    assert_true(t.values[2][0] == 101 && t.values[2][1] == 1);
    assert_true(t.values[2][2] == 1 && t.values[2][3] == 0 && t.values[2][4] == 0.1);
    assert_true(t.values[3][2] == 0 && t.values[3][3] == 1);
    assert_true(t.values[3][5] == 99 * (1 - 0.1) && t.values[3][6] == 99 * (1 + 0.2));
    assert_true(t.values[6][1] == 0 && t.open_us[6] == 6 * MINUTE);
    play(&f, 4 * MINUTE, &t); /* nothing from before */
    assert_int_equal(t.count, CANDLES - 4);
    assert_true(isnan(t.values[0][1]));
    fixture_end(&f);
}

static struct jnode *preview(struct fixture *f, int64_t until_us, int64_t candles)
{
    const struct preview_options o = {.strategy = f->strategy,
                                      .feed = &f->feed,
                                      .until_us = until_us,
                                      .instruments = f->instruments,
                                      .instrument_count = SYMBOLS,
                                      .candles = candles};
    struct jwriter w;
    struct text text;
    struct jnode *root;

    text_init(&text, 1 << 20);
    jwriter_init(&w, JSTYLE_COMPACT, &text);
    assert_ok(strategy_preview(&o, &w));
    assert_true(jwriter_ok(&w));
    assert_ok(jnode_parse(text.data, text.length, "preview", NULL, &root));
    text_release(&text);
    return root;
}

static int64_t count_of(const struct jnode *symbol, const char *rule, const char *outcome)
{
    return jnode_integer(jnode_member(jnode_member(symbol, rule), outcome));
}

static void test_preview(void **state)
{
    const struct jnode *symbol, *signals;
    struct jnode *root;
    struct fixture f;

    (void)state;
    fixture_begin(&f);
    root = preview(&f, INT64_MAX / 2, 0);
    assert_int_equal(jnode_integer(jnode_member(root, "candles_needed")), 3);
    assert_int_equal(jnode_count(jnode_member(root, "symbols")), 1);
    symbol = jnode_item(jnode_member(root, "symbols"), 0);
    assert_string_equal(jnode_text(jnode_member(symbol, "symbol")), "BTC/USDT");
    assert_int_equal(jnode_integer(jnode_member(symbol, "candles")), CANDLES - 1);
    assert_int_equal(count_of(symbol, "entry", "unknown"), 2);
    assert_int_equal(count_of(symbol, "entry", "true"), 5); /* minutes 2, 5, 7, 10 and 11 */
    assert_int_equal(count_of(symbol, "entry", "false"), 4);
    assert_int_equal(count_of(symbol, "exit", "true"), 3);
    signals = jnode_member(root, "signals");
    assert_int_equal(jnode_count(signals), 5);
    assert_string_equal(jnode_text(jnode_member(jnode_item(signals, 0), "trigger")), "up by 1.0");
    assert_string_equal(jnode_text(jnode_member(jnode_item(signals, 4), "candle")),
                        "1970-01-01T00:02:00.000000Z");
    jnode_free(root);

    root = preview(&f, 6 * MINUTE, 2); /* as of minute 6, of the newest two */
    symbol = jnode_item(jnode_member(root, "symbols"), 0);
    assert_int_equal(jnode_integer(jnode_member(symbol, "candles")), 2);
    assert_int_equal(jnode_integer(jnode_member(symbol, "candles_available")), 5);
    assert_int_equal(count_of(symbol, "entry", "true"), 1);
    assert_string_equal(jnode_text(jnode_member(symbol, "close")), "104");
    jnode_free(root);

    root = preview(&f, 0, 0); /* nothing has closed yet */
    assert_int_equal(jnode_count(jnode_member(root, "symbols")), 0);
    jnode_free(root);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_preview)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
