/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts: every spelling, every mistake at once, one canonical form, decisions and levels. */
#include "engine/strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "tests/support/check.h"

static struct diag_list diags;

static enum err parse(const char *json, struct strategy **out)
{
    diags.count = diags.dropped = 0;
    return strategy_parse(json, strlen(json), false, &diags, out);
}

static struct strategy *parsed(const char *json)
{
    struct strategy *s = NULL;
    enum err e = parse(json, &s);

    if (e)
        fail_msg("%s: %s: %s (%s)", json, diags.items[0].field, diags.items[0].message,
                 diags.items[0].hint);
    return s;
}

static void same_id(const char *a, const char *b)
{
    struct strategy *first = parsed(a);
    struct strategy *second = parsed(b);

    assert_string_equal(strategy_id(first), strategy_id(second));
    strategy_release(first);
    strategy_release(second);
}

/* The design's own example. */
static const char example[] =
    "{\"version\":1,\"name\":\"ema_pullback\",\"symbol\":\"BTC/USDT\",\"timeframe\":\"5m\","
    "\"params\":{\"fast\":12,\"slow\":26},"
    "\"features\":{\"ema_fast\":{\"type\":\"ema\",\"period\":\"fast\"},"
    "\"ema_slow\":\"ema(close, slow)\",\"rsi\":\"rsi(close,14)\",\"atr\":\"atr(14)\"},"
    "\"entry\":{\"condition\":\"ema_fast > ema_slow and rsi < 70\",\"direction\":\"long\","
    "\"confidence\":\"clamp((70-rsi)/40, 0, 1)\",\"min_confidence\":0.3,"
    "\"trigger\":\"ema trend, rsi {rsi:.1f}\"},"
    "\"exit\":{\"condition\":\"crossed_below(ema_fast, ema_slow)\",\"max_candles\":288},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.02},"
    "\"take_profit\":{\"type\":\"expr\",\"value\":\"entry_price + 3*atr\"},"
    "\"trailing_stop\":{\"pct\":0.01,\"activate_at\":0.015},"
    "\"position_sizing\":{\"type\":\"risk_pct\",\"value\":0.005,\"max_quote\":1000},"
    "\"metrics\":{\"sharpe\":1.8,\"win_rate\":0.56}}";

static void test_example(void **state)
{
    struct strategy *s = parsed(example);
    char text[AMOUNT_TEXT_MAX];

    (void)state;
    assert_string_equal(strategy_name(s), "ema_pullback");
    assert_int_equal(strlen(strategy_id(s)), 64);
    assert_int_equal(strategy_symbol_count(s), 1);
    assert_string_equal(strategy_symbol(s, 0), "BTC/USDT");
    assert_true(strategy_trades(s, "BTC/USDT"));
    assert_false(strategy_trades(s, "ETH/USDT"));
    assert_int_equal(strategy_timeframe_us(s), 300 * US_PER_S);
    assert_int_equal(strategy_warmup(s), 194); /* RSI and ATR of 14 need longest */
    assert_int_equal(strategy_direction(s), DIRECTION_LONG);
    assert_int_equal(strategy_sizing(s).kind, SIZING_RISK_PCT);
    ratio_print(strategy_sizing(s).value, text);
    assert_string_equal(text, "0.005");
    money_print(strategy_sizing(s).max_quote, text);
    assert_string_equal(text, "1000");
    ratio_print(strategy_min_confidence(s), text);
    assert_string_equal(text, "0.3");
    assert_true(strategy_has_trailing(s));
    ratio_print(strategy_trailing_pct(s), text);
    assert_string_equal(text, "0.01");
    ratio_print(strategy_trailing_activation(s), text);
    assert_string_equal(text, "0.015");
    assert_int_equal(strategy_max_candles(s), 288);
    assert_int_equal(strategy_feature_count(s), 4);
    assert_string_equal(strategy_feature_name(s, 2), "rsi");
    assert_int_equal(strategy_warnings(s)->count, 0);
    strategy_release(s);
}

static void test_canonical(void **state)
{
    static const char *const artifacts[] = {
        example,
        "{\"name\":\"a\",\"entry\":{\"condition\":\"close>open\"}}",
        "{\"name\":\"a\",\"entry\":{\"condition\":\"true\",\"trigger\":\"{{x}} {close} \\u2192\"},"
        "\"features\":[\"rsi_14\",\"macd\",\"bbands_20_2\"],\"stop_loss\":\"lowest(low,5)\","
        "\"take_profit\":{\"type\":\"atr_mult\",\"value\":\"1.5\",\"period\":7},"
        "\"trailing_stop\":\"0.01\",\"startup_bars\":50,\"symbols\":[\"B/C\",\"A/B\",\"B/C\"],"
        "\"params\":{\"x\":0.1,\"y\":-3e-7},\"exit\":{\"condition\":\"rsi_14>50\"},"
        "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":\"123456789.123456789012\"}}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(artifacts); i++) {
        struct strategy *s = parsed(artifacts[i]), *again;
        size_t length, length_again;
        const char *canonical = strategy_canonical(s, &length);

        assert_int_equal(strlen(canonical), length);
        again = parsed(canonical);
        assert_string_equal(strategy_canonical(again, &length_again), canonical);
        assert_string_equal(strategy_id(again), strategy_id(s));
        assert_int_equal(strategy_warmup(again), strategy_warmup(s));
        assert_int_equal(strategy_warnings(again)->count, 0);
        strategy_release(again);
        strategy_release(s);
    }
}

static void test_spellings(void **state)
{
    (void)state;
    same_id(
        "{\"name\":\"a\",\"entry\":{\"condition\":\"rsi_14>70\",\"direction\":\"short\","
        "\"confidence\":0.8,\"trigger\":\"t\"},\"exit\":{\"condition\":\"rsi_14<50\","
        "\"max_candles\":10},\"features\":[\"rsi_14\"],"
        "\"position_sizing\":{\"type\":\"fixed_quote\",\"value\":250}}",
        "{\"name\":\"a\",\"direction\":-1,\"confidence\":\"0.80\",\"entry_condition\":"
        "\"(rsi_14 > 70)\",\"exit_condition\":\"rsi_14<50.0\",\"reason\":\"t\",\"size_usd\":250,"
        "\"max_candles\":10,\"features\":{\"rsi_14\":{\"type\":\"rsi\"}},\"x-id\":1,"
        "\"metrics\":{}}");
    same_id("{\"name\":\"a\",\"entry\":{\"condition\":\"true\"},\"stop_loss\":0.02,"
            "\"trailing_stop\":0.01,\"symbol\":\"A/B\"}",
            "{\"version\":1,\"name\":\"a\",\"entry\":{\"condition\":\"true\",\"confidence\":1,"
            "\"min_confidence\":0},\"stop_loss\":{\"type\":\"pct\",\"value\":\"0.01 * 2\"},"
            "\"params\":{},\"trailing_stop\":{\"pct\":\"0.02 / 2\"},\"symbols\":[\"A/B\"],"
            "\"position_sizing\":{\"value\":0.1}}");
}

/* A parameter may stand for any number. */
static void test_parameters(void **state)
{
    struct strategy *s =
        parsed("{\"name\":\"a\",\"params\":{\"sl\":0.02,\"n\":5,\"risk\":0.01},"
               "\"entry\":{\"condition\":\"close > params.n\"},\"max_candles\":\"n * 2\","
               "\"stop_loss\":{\"type\":\"pct\",\"value\":\"sl\"},\"startup_bars\":\"n\","
               "\"position_sizing\":{\"type\":\"risk_pct\",\"value\":\"params.risk\"}}");
    char text[AMOUNT_TEXT_MAX];

    (void)state;
    assert_int_equal(strategy_max_candles(s), 10);
    assert_int_equal(strategy_warmup(s), 5);
    ratio_print(strategy_sizing(s).value, text);
    assert_string_equal(text, "0.01");
    strategy_release(s);
}

/* One artifact with one mistake each: its field, code and column. */
static const struct {
    const char *members, *field, *code;
    int column;
} mistakes[] = {
    {"\"version\":2", "version", "field_invalid", 0},
    {"\"timeframe\":\"7m\"", "timeframe", "field_invalid", 0},
    {"\"symbol\":\"btc\"", "symbol", "field_invalid", 0},
    {"\"symbols\":\"BTC/USDT\"", "symbols", "type_mismatch", 0},
    {"\"symbols\":[\"A/B\",7]", "symbols[1]", "field_invalid", 0},
    {"\"params\":[1]", "params", "type_mismatch", 0},
    {"\"params\":{\"a\":\"b\"}", "params.a", "type_mismatch", 0},
    {"\"params\":{\"close\":1}", "params.close", "name_invalid", 0},
    {"\"params\":{\"a b\":1}", "params.a b", "name_invalid", 0},
    {"\"params\":{\"a\":1e200}", "params.a", "out_of_range", 0},
    {"\"features\":3", "features", "type_mismatch", 0},
    {"\"features\":{\"hl2\":\"close\"}", "features.hl2", "name_invalid", 0},
    {"\"features\":{\"a\":7}", "features.a", "type_mismatch", 0},
    {"\"features\":{\"a\":{\"type\":\"emma\",\"period\":3}}", "features.a.type", "unknown_function",
     0},
    {"\"features\":{\"a\":{\"period\":3}}", "features.a.type", "missing", 0},
    {"\"features\":{\"a\":{\"type\":\"ema\"}}", "features.a.period", "missing", 0},
    {"\"features\":{\"a\":{\"type\":\"ema\",\"period\":0}}", "features.a", "out_of_range", 0},
    {"\"features\":{\"a\":\"ema(close, 0)\"}", "features.a", "out_of_range", 12},
    {"\"features\":[\"emma_3\"]", "features[0]", "unknown_function", 0},
    {"\"features\":[{\"period\":5}]", "features[0]", "type_mismatch", 0},
    {"\"features\":{\"a\":\"a + 1\"}", "features.a", "circular", 0},
    {"\"exit\":\"close > 1\"", "exit", "type_mismatch", 0},
    {"\"exit\":{\"condition\":\"close + 1\"}", "exit.condition", "type_mismatch", 1},
    {"\"exit\":{\"max_candles\":-1}", "exit.max_candles", "out_of_range", 0},
    {"\"exit\":{\"max_candles\":1.5}", "exit.max_candles", "out_of_range", 0},
    {"\"direction\":\"up\"", "direction", "field_invalid", 0},
    {"\"confidence\":85", "confidence", "out_of_range", 0},
    {"\"confidence\":\"rsi\"", "confidence", "unknown_name", 1},
    {"\"confidence\":true", "confidence", "type_mismatch", 1},
    {"\"min_confidence\":30", "min_confidence", "out_of_range", 0},
    {"\"trigger\":\"a {rsi}\"", "trigger", "unknown_name", 4},
    {"\"trigger\":\"a {close:.1g}\"", "trigger", "format_invalid", 4},
    {"\"trigger\":\"a {close\"", "trigger", "syntax", 3},
    {"\"trigger\":\"a }\"", "trigger", "syntax", 3},
    {"\"trigger\":7", "trigger", "type_mismatch", 0},
    {"\"stop_loss\":2", "stop_loss", "out_of_range", 0},
    {"\"stop_loss\":0", "stop_loss", "out_of_range", 0},
    {"\"stop_loss\":{\"value\":2}", "stop_loss.type", "field_invalid", 0},
    {"\"stop_loss\":{\"type\":\"pct\"}", "stop_loss.value", "missing", 0},
    {"\"stop_loss\":{\"type\":\"pct\",\"value\":2}", "stop_loss.value", "out_of_range", 0},
    {"\"stop_loss\":{\"type\":\"pct\",\"value\":\"close\"}", "stop_loss.value", "not_constant", 0},
    {"\"stop_loss\":{\"type\":\"atr_mult\",\"value\":200}", "stop_loss.value", "out_of_range", 0},
    {"\"stop_loss\":{\"type\":\"atr_mult\",\"value\":2,\"period\":0}", "stop_loss.period",
     "out_of_range", 0},
    {"\"take_profit\":\"position.pnl_pct\"", "take_profit", "not_here", 1},
    {"\"trailing_stop\":{}", "trailing_stop.pct", "missing", 0},
    {"\"trailing_stop\":{\"pct\":0.01,\"activate_at\":1.5}", "trailing_stop.activate_at",
     "out_of_range", 0},
    {"\"position_sizing\":{\"type\":\"all\"}", "position_sizing.type", "field_invalid", 0},
    {"\"position_sizing\":{\"type\":\"fixed_quote\"}", "position_sizing.value", "missing", 0},
    {"\"position_sizing\":{\"type\":\"equity_pct\",\"value\":10}", "position_sizing.value",
     "out_of_range", 0},
    {"\"position_sizing\":{\"type\":\"risk_pct\",\"value\":0.01}", "position_sizing.type",
     "stop_loss_missing", 0},
    {"\"position_sizing\":{\"max_quote\":-1}", "position_sizing.max_quote", "out_of_range", 0},
    {"\"position_sizing\":{\"value\":0.1},\"size_usd\":5", "size_usd", "given_twice", 0},
    {"\"entry_condition\":\"true\"", "entry_condition", "given_twice", 0},
    {"\"trigger\":\"a\",\"reason\":\"b\"", "reason", "given_twice", 0},
    {"\"metrics\":1", "metrics", "type_mismatch", 0},
    {"\"startup_bars\":\"x\"", "startup_bars", "unknown_name", 1},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct strategy *s = NULL;
        char json[512];

        (void)snprintf(json, sizeof json, "{\"name\":\"a\",\"entry\":{\"condition\":\"true\"},%s}",
                       mistakes[i].members);
        assert_err(parse(json, &s), ERR_INVALID);
        assert_null(s);
        if (diags.count != 1 || strcmp(diags.items[0].field, mistakes[i].field) != 0 ||
            strcmp(diags.items[0].code, mistakes[i].code) != 0 ||
            diags.items[0].column != mistakes[i].column)
            fail_msg("%s: %zu: %s %s %d", mistakes[i].members, diags.count, diags.items[0].field,
                     diags.items[0].code, diags.items[0].column);
    }
}

static void test_all_mistakes_at_once(void **state)
{
    struct strategy *s = NULL;

    (void)state;
    assert_err(parse("{\"name\":\"\",\"features\":{\"a\":\"ema(close)\",\"b\":\"a + rsy\"},"
                     "\"entry\":{\"condition\":\"a > b and clos > 1 and opne < 2\"},"
                     "\"stop_loss\":2,\"exit\":{\"condition\":\"1\"}}",
                     &s),
               ERR_INVALID);
    assert_int_equal(diags.count, 7);
    assert_string_equal(diags.items[0].field, "name");
    assert_string_equal(diags.items[1].field, "features.a");
    assert_string_equal(diags.items[2].field, "features.b");
    assert_int_equal(diags.items[2].column, 5);
    assert_string_equal(diags.items[3].field, "entry.condition");
    assert_int_equal(diags.items[3].column, 11);
    assert_int_equal(diags.items[4].column, 24);
    assert_string_equal(diags.items[4].hint, "did you mean 'open'?");
    assert_string_equal(diags.items[5].field, "exit.condition");
    assert_string_equal(diags.items[6].field, "stop_loss");
    assert_err(parse("{}", &s), ERR_INVALID);
    assert_int_equal(diags.count, 2);
    assert_err(parse("[]", &s), ERR_INVALID);
    assert_err(parse("{", &s), ERR_SYNTAX);
    /* Without a list the verdict is the same. */
    assert_err(strategy_parse("{}", 2, false, NULL, &s), ERR_INVALID);
    assert_null(s);
}

static void test_stop_loss_required(void **state)
{
    static const char json[] = "{\"name\":\"a\",\"entry\":{\"condition\":\"true\"}}";
    struct strategy *s = NULL;

    (void)state;
    diags.count = 0;
    assert_err(strategy_parse(json, strlen(json), true, &diags, &s), ERR_INVALID);
    assert_string_equal(diags.items[0].field, "stop_loss");
    assert_string_equal(diags.items[0].code, "missing");
}

static void test_warnings(void **state)
{
    struct strategy *s = parsed("{\"name\":\"a\",\"entry\":{\"condition\":\"true\",\"x-a\":1,"
                                "\"triger\":\"t\"},\"stop_los\":0.02,\"features\":{\"a\":"
                                "{\"type\":\"sma\",\"period\":3,\"len\":4}}}");
    const struct diag_list *warnings = strategy_warnings(s);

    (void)state;
    assert_int_equal(warnings->count, 3);
    assert_string_equal(warnings->items[0].field, "stop_los");
    assert_string_equal(warnings->items[0].code, "unknown_key");
    assert_string_equal(warnings->items[0].hint, "did you mean 'stop_loss'?");
    assert_string_equal(warnings->items[1].field, "features.a.len");
    assert_string_equal(warnings->items[2].field, "entry.triger");
    strategy_release(s);
}

static void push(struct strategy_run *r, int64_t high, int64_t low, int64_t close)
{
    const struct candle c = {
        .open = low, .high = high, .low = low, .close = close, .price_scale = 1};

    strategy_run_push(r, &c);
}

static void test_decide(void **state)
{
    struct strategy *s = parsed(
        "{\"name\":\"a\",\"features\":{\"avg\":\"sma(close, 3)\",\"b\":\"bbands(close, 2)\"},"
        "\"entry\":{\"condition\":\"close > avg\",\"confidence\":\"(close - avg) / 2\","
        "\"trigger\":\"avg {avg:.2f} {close > 1} {b.upper:.1f} {log(0 - close)} {{}}\"},"
        "\"exit\":{\"condition\":\"position.pnl_pct > 0.1 or position.bars_held > 5\"}}");
    struct strategy_run *r = strategy_run_new(s);
    struct position_view position = {0};
    struct decision d;

    (void)state;
    assert_int_equal(strategy_warmup(s), 3);
    push(r, 100, 90, 95);
    push(r, 100, 90, 96);
    assert_false(strategy_run_is_warm(r));
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.entry, TRI_UNKNOWN);
    assert_int_equal(d.exit, TRI_FALSE);
    assert_true(isnan(d.confidence));
    push(r, 120, 90, 100);
    assert_true(strategy_run_is_warm(r));
    assert_int_equal(strategy_run_pushed(r), 3);
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.entry, TRI_TRUE);
    assert_true(fabs(d.confidence - 0.15) < 1e-12);
    assert_string_equal(d.trigger, "avg 9.70 true 10.2 unknown {}");
    position = (struct position_view){
        .is_open = true, .entry_price = 9, .candles_held = 2, .pnl_ratio = 0.05};
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.exit, TRI_FALSE);
    position.pnl_ratio = 0.11;
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.exit, TRI_TRUE);
    push(r, 300, 90, 300);
    strategy_run_decide(r, NULL, &d);
    assert_true(d.confidence == 1); /* clamped */
    push(r, 90, 10, 10);
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.entry, TRI_FALSE);
    assert_string_equal(d.trigger, "");
    assert_true(d.confidence == 0);
    assert_string_equal(strategy_feature_name(s, 1), "b.upper");
    assert_true(fabs(strategy_run_feature(r, 0) - 41.0 / 3) < 1e-12);
    strategy_run_reset(r);
    assert_false(strategy_run_is_warm(r));
    assert_true(isnan(strategy_run_feature(r, 0)));
    strategy_run_free(r);
    strategy_release(s);
}

/* Levels of an entry at 10 after candles whose range is 2. */
static void check_levels(const char *members, double stop, double take)
{
    char json[512];
    struct strategy *s;
    struct strategy_run *r;
    double got[2];

    (void)snprintf(json, sizeof json, "{\"name\":\"a\",\"entry_condition\":\"true\",%s}", members);
    s = parsed(json);
    r = strategy_run_new(s);
    for (int i = 0; i < 20; i++)
        push(r, 110, 90, 100);
    strategy_run_levels(r, 10, &got[0], &got[1]);
    if (isnan(got[0]) != isnan(stop) || fabs(got[0] - stop) > 1e-12 ||
        isnan(got[1]) != isnan(take) || fabs(got[1] - take) > 1e-12)
        fail_msg("%s: %g %g", members, got[0], got[1]);
    strategy_run_free(r);
    strategy_release(s);
}

static void test_levels(void **state)
{
    (void)state;
    check_levels("\"stop_loss\":0.02,\"take_profit\":0.05", 9.8, 10.5);
    check_levels("\"stop_loss\":0.02,\"take_profit\":0.05,\"direction\":\"short\"", 10.2, 9.5);
    check_levels("\"stop_loss\":{\"type\":\"atr_mult\",\"value\":1.5},"
                 "\"take_profit\":{\"type\":\"atr_mult\",\"value\":2,\"period\":3}",
                 7, 14);
    check_levels("\"stop_loss\":{\"type\":\"atr_mult\",\"value\":1.5},\"direction\":-1", 13, NAN);
    check_levels("\"stop_loss\":{\"type\":\"atr_mult\",\"value\":6}", NAN, NAN); /* below zero */
    check_levels("\"stop_loss\":{\"type\":\"atr_mult\",\"value\":1,\"period\":30}", NAN, NAN);
    check_levels("\"stop_loss\":{\"type\":\"expr\",\"value\":\"lowest(low, 5)\"},"
                 "\"take_profit\":\"entry_price + 2 * atr(14)\"",
                 9, 14);
    check_levels("\"stop_loss\":\"entry_price * 1.01\",\"take_profit\":\"close - 1\"", NAN, NAN);
    check_levels("\"x-none\":1", NAN, NAN);
}

static void test_warmup(void **state)
{
    static const struct {
        const char *members;
        int warmup;
    } cases[] = {
        {"\"features\":[\"ema_26\"]", 187},
        {"\"features\":[\"rsi_14\"]", 194},
        {"\"features\":[\"sma_20\"]", 20},
        {"\"features\":{\"a\":\"sma(close,20)[5]\"}", 25},
        {"\"features\":{\"a\":\"close\"}", 1},
        {"\"features\":[\"ema_26\"],\"startup_bars\":50", 50},
        {"\"features\":[\"ema_26\"],\"startup_bars\":5", 26},
        {"\"features\":[\"ema_26\"],\"startup_bars\":500", 500},
        {"\"stop_loss\":{\"type\":\"atr_mult\",\"value\":2}", 194},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char json[256];
        struct strategy *s;

        (void)snprintf(json, sizeof json, "{\"name\":\"a\",\"entry_condition\":\"true\",%s}",
                       cases[i].members);
        s = parsed(json);
        assert_int_equal(strategy_warmup(s), cases[i].warmup);
        strategy_release(s);
    }
}

/* A long reason is cut, and the reason of a strategy without one is its rule. */
static void test_trigger(void **state)
{
    struct text json;
    struct strategy *s;
    struct strategy_run *r;
    struct decision d;

    (void)state;
    text_init(&json, 4096);
    text_string(&json, "{\"name\":\"a\",\"entry\":{\"condition\":\"close>1\",\"trigger\":\"");
    for (int i = 0; i < 100; i++)
        text_string(&json, "word ");
    text_string(&json, "\"}}");
    s = parsed(json.data);
    r = strategy_run_new(s);
    push(r, 110, 90, 100);
    strategy_run_decide(r, NULL, &d);
    assert_int_equal(strlen(d.trigger), LIMIT_REASON - 1);
    strategy_run_free(r);
    strategy_release(s);
    text_release(&json);
    s = parsed("{\"name\":\"a\",\"entry\":{\"condition\":\"close>1\"}}");
    r = strategy_run_new(s);
    push(r, 110, 90, 100);
    strategy_run_decide(r, NULL, &d);
    assert_string_equal(d.trigger, "close > 1");
    strategy_run_free(r);
    strategy_release(s);
}

static void test_winner(void **state)
{
    struct text text;
    struct strategy *s = NULL;

    (void)state;
    text_init(&text, LIMIT_JSON_BYTES);
    assert_ok(text_read_file(&text, "artifacts/winner.json"));
    diags.count = 0;
    assert_ok(strategy_parse(text.data, text.length, true, &diags, &s));
    assert_string_equal(strategy_name(s), "adaptive_momentum_v3");
    assert_int_equal(strategy_warnings(s)->count, 0);
    assert_true(strategy_warmup(s) < 400);
    strategy_release(s);
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_all_mistakes_at_once),
        cmocka_unit_test(test_stop_loss_required),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_warmup),
        cmocka_unit_test(test_trigger),
        cmocka_unit_test(test_winner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
