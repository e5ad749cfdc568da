/* SPDX-License-Identifier: Apache-2.0 */
/* The sections that protect, pace and size a position: every spelling, every mistake, what they
 * answer while a strategy runs. */
#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "engine/strategy.h"
#include "tests/support/check.h"

static struct diag_list diags;

static enum err parse(const char *members, struct strategy **out)
{
    char json[2048];

    (void)snprintf(json, sizeof json, "{\"name\":\"a\",\"entry\":{\"condition\":\"true\"}%s%s}",
                   *members ? "," : "", members);
    *out = NULL;
    diags.count = diags.dropped = 0;
    return strategy_parse(json, strlen(json), false, &diags, out);
}

static struct strategy *parsed(const char *members)
{
    struct strategy *s;

    if (parse(members, &s))
        fail_msg("%s: %s: %s (%s)", members, diags.items[0].field, diags.items[0].message,
                 diags.items[0].hint);
    return s;
}

static void same_id(const char *a, const char *b)
{
    struct strategy *first = parsed(a), *second = parsed(b);

    if (strcmp(strategy_id(first), strategy_id(second)) != 0)
        fail_msg("%s\n%s", a, b);
    strategy_release(first);
    strategy_release(second);
}

static void assert_ratio(struct ratio r, const char *text)
{
    char got[AMOUNT_TEXT_MAX];

    ratio_print(r, got);
    assert_string_equal(got, text);
}

static void push(struct strategy_run *r, int64_t high, int64_t low, int64_t close)
{
    const struct candle c = {
        .open = low, .high = high, .low = low, .close = close, .price_scale = 1};

    strategy_run_push(r, &c);
}

static void test_roi(void **state)
{
    struct strategy *s =
        parsed("\"params\":{\"p\":0.04},\"roi\":{\"240\":-0.01,\"30\":\"p / 2\",\"0\":\"params.p\","
               "\"60\":0.0,\"x-why\":1}");
    static const char *const profits[] = {"0.04", "0.02", "0", "-0.01"};
    static const int minutes[] = {0, 30, 60, 240};

    (void)state;
    assert_int_equal(strategy_roi_count(s), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(strategy_roi(s, i).after_us, minutes[i] * 60 * US_PER_S);
        assert_ratio(strategy_roi(s, i).profit, profits[i]);
    }
    strategy_release(s);
    same_id("\"roi\":{\"30\":0.02,\"0\":0.04}", "\"minimal_roi\":{\"0\":\"0.04\",\"030\":0.020}");
    same_id("\"roi\":{\"30\":0.02,\"0\":0.04}",
            "\"roi\":[{\"after_minutes\":30,\"profit\":0.02},{\"after_minutes\":0,\"profit\":"
            "\"0.02 * 2\"}]");
    same_id("\"roi\":{}", "");
    same_id("\"roi\":null", "");
    s = parsed("\"roi\":{\"0\":10}");
    assert_string_equal(strategy_warnings(s)->items[0].code, "looks_like_percent");
    strategy_release(s);
}

static void test_cooldown(void **state)
{
    struct strategy *s = parsed("\"cooldown\":12");

    (void)state;
    assert_int_equal(strategy_cooldown(s).candles, 12);
    assert_int_equal(strategy_cooldown(s).after_stop_candles, 12);
    strategy_release(s);
    s = parsed("\"cooldown\":{\"candles\":12,\"after_stop_candles\":48}");
    assert_int_equal(strategy_cooldown(s).candles, 12);
    assert_int_equal(strategy_cooldown(s).after_stop_candles, 48);
    strategy_release(s);
    same_id("\"cooldown\":12", "\"cooldown\":{\"candles\":\"6 * 2\",\"after_stop_candles\":3}");
    same_id("\"cooldown\":0", "");
    same_id("\"cooldown\":{\"candles\":null}", "");
}

static void test_scaling(void **state)
{
    struct strategy *s =
        parsed("\"scale_in\":{\"condition\":\"position.pnl_pct < -0.02\",\"part\":1.5,"
               "\"max_count\":3,\"min_candles\":2},"
               "\"scale_out\":{\"condition\":\"close > 11\",\"part\":0.5}");
    struct strategy_run *r = strategy_run_new(s);
    struct position_view position = {.is_open = true, .entry_price = 10, .pnl_ratio = -0.01};
    struct decision d;

    (void)state;
    assert_true(strategy_scale_in(s).is_used);
    assert_ratio(strategy_scale_in(s).part, "1.5");
    assert_int_equal(strategy_scale_in(s).max_count, 3);
    assert_int_equal(strategy_scale_in(s).min_candles, 2);
    assert_true(strategy_scale_out(s).is_used);
    assert_ratio(strategy_scale_out(s).part, "0.5");
    assert_int_equal(strategy_scale_out(s).max_count, 1);
    assert_int_equal(strategy_scale_out(s).min_candles, 1);
    strategy_run_decide(r, &position, &d); /* nothing was pushed: not warm */
    assert_int_equal(d.scale_in, TRI_UNKNOWN);
    assert_int_equal(d.scale_out, TRI_UNKNOWN);
    push(r, 130, 90, 120);
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.scale_in, TRI_FALSE);
    assert_int_equal(d.scale_out, TRI_TRUE);
    position.pnl_ratio = -0.03;
    push(r, 130, 90, 100);
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.scale_in, TRI_TRUE);
    assert_int_equal(d.scale_out, TRI_FALSE);
    position.is_open = false;
    strategy_run_decide(r, &position, &d);
    assert_int_equal(d.scale_in, TRI_FALSE);
    strategy_run_decide(r, NULL, &d);
    assert_int_equal(d.scale_in, TRI_FALSE);
    strategy_run_free(r);
    strategy_release(s);
    s = parsed("");
    r = strategy_run_new(s);
    assert_false(strategy_scale_in(s).is_used);
    position.is_open = true;
    strategy_run_decide(r, &position, &d); /* no section: false, warm or not */
    assert_int_equal(d.scale_in, TRI_FALSE);
    assert_int_equal(d.scale_out, TRI_FALSE);
    strategy_run_free(r);
    strategy_release(s);
}

/* After 40 candles of range 2 that close at 10, and one that reaches 12. */
static double trailing(const char *members, double entry_price, double extreme)
{
    struct strategy *s = parsed(members);
    struct strategy_run *r = strategy_run_new(s);
    double level;

    assert_true(strategy_has_trailing(s));
    assert_int_equal(ratio_sign(strategy_trailing_pct(s)) > 0, strstr(members, "pct") != NULL);
    for (int i = 0; i < 40; i++)
        push(r, 110, 90, 100);
    push(r, 120, 100, 110);
    level = strategy_run_trailing(r, entry_price, extreme);
    strategy_run_free(r);
    strategy_release(s);
    return level;
}

static void test_trailing(void **state)
{
    static const char multiple[] = "\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":1.5}";
    static const char chandelier[] =
        "\"trailing_stop\":{\"type\":\"expr\",\"value\":\"highest(high, 22) - 3 * atr(14)\"}";
    static const char entry[] =
        "\"trailing_stop\":{\"type\":\"expr\",\"value\":\"entry_price + 1\",\"activate_at\":0.1}";

    (void)state;
    assert_true(fabs(trailing(multiple, 10, 12) - 9) < 1e-9);
    assert_true(fabs(trailing("\"direction\":\"short\",\"trailing_stop\":{\"type\":\"atr_mult\","
                              "\"value\":1.5}",
                              10, 8) -
                     11) < 1e-9);
    assert_true(fabs(trailing(chandelier, 10, 12) - 6) < 1e-9);
    assert_true(trailing(entry, 10, 12) == 11);
    assert_true(isnan(trailing(entry, 12, 12)));  /* above the best price */
    assert_true(isnan(trailing(multiple, 1, 2))); /* below zero */
    assert_true(isnan(trailing("\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":1,"
                               "\"period\":60}",
                               10, 12))); /* not yet known */
    assert_true(isnan(trailing("\"trailing_stop\":{\"type\":\"pct\",\"value\":0.01}", 10, 12)));
    same_id("\"trailing_stop\":{\"pct\":0.01,\"activate_at\":0.02}",
            "\"trailing_stop\":{\"type\":\"pct\",\"value\":\"0.01\",\"activate_at\":\"0.02\"}");
    same_id("\"trailing_stop\":0.01", "\"trailing_stop\":{\"pct\":0.01,\"type\":null}");
    same_id(
        "\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":2}",
        "\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":2,\"period\":14,\"activate_at\":0}");
}

/* Closes that double and halve by turns: returns 1 and -1/2. */
static void test_volatility(void **state)
{
    struct strategy *s = parsed("\"timeframe\":\"1d\",\"position_sizing\":{\"type\":"
                                "\"vol_target\",\"value\":0.4,\"period\":2,\"max_quote\":500}");
    struct strategy_run *r = strategy_run_new(s);
    double wanted = sqrt(2 * 0.75 * 0.75) * sqrt(365);

    (void)state;
    assert_int_equal(strategy_sizing(s).kind, SIZING_VOL_TARGET);
    assert_ratio(strategy_sizing(s).value, "0.4");
    assert_int_equal(strategy_warmup(s), 3);
    for (int i = 0; i < 3; i++) {
        assert_true(isnan(strategy_run_volatility(r)));
        push(r, 200, 100, i % 2 == 0 ? 100 : 200);
    }
    assert_true(fabs(strategy_run_volatility(r) - wanted) < 1e-12);
    for (int i = 0; i < 3; i++)
        push(r, 200, 100, 150);
    assert_true(isnan(strategy_run_volatility(r))); /* nothing moved */
    strategy_run_free(r);
    strategy_release(s);
    s = parsed("\"position_sizing\":{\"value\":0.1,\"period\":7}");
    assert_string_equal(strategy_warnings(s)->items[0].code, "not_used");
    r = strategy_run_new(s);
    assert_true(isnan(strategy_run_volatility(r)));
    strategy_run_free(r);
    strategy_release(s);
    same_id("\"timeframe\":\"5m\",\"position_sizing\":{\"type\":\"vol_target\",\"value\":0.4}",
            "\"timeframe\":\"5m\",\"position_sizing\":{\"type\":\"vol_target\",\"value\":0.4,"
            "\"period\":20}");
    same_id("\"position_sizing\":{\"value\":0.1,\"period\":7}", "");
}

static void test_ext(void **state)
{
    struct strategy *s = parsed("\"ext\":{\"sentiment\":{\"max_age_s\":3600},\"fear\":60,"
                                "\"x-source\":\"s\"}");

    (void)state;
    assert_int_equal(strategy_ext_count(s), 2);
    assert_string_equal(strategy_ext_name(s, 0), "fear");
    assert_int_equal(strategy_ext_max_age_us(s, 0), 60 * US_PER_S);
    assert_string_equal(strategy_ext_name(s, 1), "sentiment");
    assert_int_equal(strategy_ext_max_age_us(s, 1), 3600 * US_PER_S);
    strategy_release(s);
    same_id("\"ext\":{\"a\":1,\"b\":864000}",
            "\"ext\":{\"b\":{\"max_age_s\":\"864000\"},\"a\":{\"max_age_s\":1.0}}");
    same_id("\"ext\":{}", "");
}

static void test_max_candles(void **state)
{
    static const char *const spellings[] = {"\"exit\":{\"hold_periods\":48}",
                                            "\"exit\":{\"max_bars\":48}",
                                            "\"exit\":{\"time_exit\":48}",
                                            "\"hold_periods\":48",
                                            "\"max_bars\":\"40 + 8\"",
                                            "\"time_exit\":48.0",
                                            "\"max_candles\":48",
                                            "\"exit\":{\"max_candles\":48,\"time_exit\":null}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(spellings); i++)
        same_id("\"exit\":{\"max_candles\":48}", spellings[i]);
}

/* null is the same as absent, everywhere. */
static void test_null(void **state)
{
    static const char *const members[] = {
        "version",  "symbol",      "symbols",        "timeframe",       "params",        "features",
        "ext",      "exit",        "stop_loss",      "take_profit",     "trailing_stop", "roi",
        "cooldown", "scale_in",    "scale_out",      "position_sizing", "startup_bars",  "metrics",
        "fitness",  "minimal_roi", "direction",      "confidence",      "trigger",       "reason",
        "size_usd", "max_candles", "min_confidence", "entry_condition", "exit_condition"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        char text[64];

        (void)snprintf(text, sizeof text, "\"%s\":null", members[i]);
        same_id(text, "");
    }
}

static void test_metrics(void **state)
{
    static const char *const names[] = {"sharpe",        "sortino", "win_rate", "max_drawdown",
                                        "profit_factor", "trades",  "my_score", "fitness"};
    static const double values[] = {1.8, 2.5, 0.56, 0.07, 1.4, 120, -3, 0.91};
    struct strategy *s = parsed("\"metrics\":{\"sharpe_ratio\":1.8,\"Sortino Ratio\":\"2.5\","
                                "\"winrate\":0.56,\"max_dd\":0.07,\"pf\":1.4,\"sharpe\":1.8,"
                                "\"total_trades\":120,\"my-score\":-3,\"x-run\":\"r\","
                                "\"calmar\":null},\"fitness\":0.91");

    (void)state;
    assert_int_equal(strategy_metric_count(s), COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_string_equal(strategy_metric_name(s, i), names[i]);
        assert_true(strategy_metric_value(s, i) == values[i]);
    }
    assert_int_equal(strategy_warnings(s)->count, 0);
    strategy_release(s);
    same_id("\"metrics\":{\"sharpe\":1.8},\"fitness\":1,\"id\":\"x\",\"generation\":7", "");
    s = parsed("\"metrics\":{\"pf\":1.4,\"profit_factor\":1.5,\"\\u00e9\":1,\"curve\":[1],"
               "\"win_rate\":56,\"note\":\"good\"}");
    assert_int_equal(strategy_metric_count(s), 2);
    assert_int_equal(strategy_warnings(s)->count, 5);
    assert_string_equal(strategy_warnings(s)->items[0].code, "given_twice");
    assert_string_equal(strategy_warnings(s)->items[1].code, "name_invalid");
    assert_string_equal(strategy_warnings(s)->items[2].code, "type_mismatch");
    assert_string_equal(strategy_warnings(s)->items[3].code, "looks_like_percent");
    assert_string_equal(strategy_warnings(s)->items[4].field, "metrics.note");
    strategy_release(s);
}

/* One mistake each: its field, code and column. */
static const struct {
    const char *members, *field, *code;
    int column;
} mistakes[] = {
    {"\"roi\":0.04", "roi", "type_mismatch", 0},
    {"\"roi\":{\"0\":40}", "roi.0", "out_of_range", 0},
    {"\"roi\":{\"0\":-0.6}", "roi.0", "out_of_range", 0},
    {"\"roi\":{\"0\":true}", "roi.0", "type_mismatch", 0},
    {"\"roi\":{\"0\":\"close\"}", "roi.0", "not_constant", 0},
    {"\"roi\":{\"1.5\":0.1}", "roi.1.5", "field_invalid", 0},
    {"\"roi\":{\"-1\":0.1}", "roi.-1", "field_invalid", 0},
    {"\"roi\":{\"\":0.1}", "roi.", "field_invalid", 0},
    {"\"roi\":{\"5256001\":0.1}", "roi.5256001", "field_invalid", 0},
    {"\"roi\":{\"99999999999999999999\":0.1}", "roi.99999999999999999999", "field_invalid", 0},
    {"\"minimal_roi\":{\"1\":0.1,\"01\":0.2}", "minimal_roi.01", "given_twice", 0},
    {"\"roi\":{\"0\":0.1},\"minimal_roi\":{\"0\":0.1}", "minimal_roi", "given_twice", 0},
    {"\"roi\":[0.04]", "roi[0]", "type_mismatch", 0},
    {"\"roi\":[{\"profit\":0.04}]", "roi[0]", "type_mismatch", 0},
    {"\"roi\":[{\"after_minutes\":1.5,\"profit\":0.04}]", "roi[0].after_minutes", "out_of_range",
     0},
    {"\"roi\":[{\"after_minutes\":1,\"profit\":11}]", "roi[0].profit", "out_of_range", 0},
    {"\"cooldown\":-1", "cooldown", "out_of_range", 0},
    {"\"cooldown\":1.5", "cooldown", "out_of_range", 0},
    {"\"cooldown\":[1]", "cooldown", "type_mismatch", 0},
    {"\"cooldown\":{\"candles\":true}", "cooldown.candles", "type_mismatch", 0},
    {"\"cooldown\":{\"after_stop_candles\":2000000}", "cooldown.after_stop_candles", "out_of_range",
     0},
    {"\"scale_in\":\"close > 1\"", "scale_in", "type_mismatch", 0},
    {"\"scale_in\":{\"part\":1}", "scale_in.condition", "missing", 0},
    {"\"scale_in\":{\"condition\":\"true\"}", "scale_in.part", "missing", 0},
    {"\"scale_in\":{\"condition\":\"close\",\"part\":1}", "scale_in.condition", "type_mismatch", 1},
    {"\"scale_in\":{\"condition\":\"true\",\"part\":0}", "scale_in.part", "out_of_range", 0},
    {"\"scale_in\":{\"condition\":\"true\",\"part\":50}", "scale_in.part", "out_of_range", 0},
    {"\"scale_in\":{\"condition\":\"true\",\"part\":1,\"max_count\":0}", "scale_in.max_count",
     "out_of_range", 0},
    {"\"scale_in\":{\"condition\":\"true\",\"part\":1,\"max_count\":101}", "scale_in.max_count",
     "out_of_range", 0},
    {"\"scale_in\":{\"condition\":\"true\",\"part\":1,\"min_candles\":0}", "scale_in.min_candles",
     "out_of_range", 0},
    {"\"scale_out\":{\"condition\":\"true\",\"part\":1}", "scale_out.part", "out_of_range", 0},
    {"\"scale_out\":{\"condition\":\"true\",\"part\":-0.5}", "scale_out.part", "out_of_range", 0},
    {"\"scale_out\":{\"condition\":\"position.x > 1\",\"part\":0.5}", "scale_out.condition",
     "unknown_name", 1},
    {"\"trailing_stop\":true", "trailing_stop", "type_mismatch", 0},
    {"\"trailing_stop\":1", "trailing_stop", "out_of_range", 0},
    {"\"trailing_stop\":{\"pct\":0.1,\"type\":\"pct\",\"value\":0.1}", "trailing_stop.pct",
     "given_twice", 0},
    {"\"trailing_stop\":{\"type\":\"atr_mult\"}", "trailing_stop.value", "missing", 0},
    {"\"trailing_stop\":{\"value\":3}", "trailing_stop.type", "field_invalid", 0},
    {"\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":0}", "trailing_stop.value", "out_of_range",
     0},
    {"\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":1,\"period\":6000}",
     "trailing_stop.period", "out_of_range", 0},
    {"\"trailing_stop\":{\"type\":\"expr\",\"value\":\"close > 1\"}", "trailing_stop.value",
     "type_mismatch", 1},
    {"\"trailing_stop\":{\"type\":\"expr\",\"value\":\"position.pnl_pct\"}", "trailing_stop.value",
     "not_here", 1},
    {"\"position_sizing\":{\"type\":\"vol_target\",\"value\":0.2}", "position_sizing.type",
     "timeframe_missing", 0},
    {"\"timeframe\":\"1h\",\"position_sizing\":{\"type\":\"vol_target\",\"value\":6}",
     "position_sizing.value", "out_of_range", 0},
    {"\"timeframe\":\"1h\",\"position_sizing\":{\"type\":\"vol_target\"}", "position_sizing.value",
     "missing", 0},
    {"\"timeframe\":\"1h\",\"position_sizing\":{\"type\":\"vol_target\",\"value\":1,\"period\":1}",
     "position_sizing.period", "out_of_range", 0},
    {"\"ext\":[\"a\"]", "ext", "type_mismatch", 0},
    {"\"ext\":{\"a\":0}", "ext.a", "out_of_range", 0},
    {"\"ext\":{\"a\":864001}", "ext.a", "out_of_range", 0},
    {"\"ext\":{\"a\":null}", "ext.a", "type_mismatch", 0},
    {"\"ext\":{\"a\":{}}", "ext.a.max_age_s", "missing", 0},
    {"\"ext\":{\"a\":{\"max_age_s\":0.5}}", "ext.a.max_age_s", "out_of_range", 0},
    {"\"ext\":{\"close\":60}", "ext.close", "name_invalid", 0},
    {"\"ext\":{\"a b\":60}", "ext.a b", "name_invalid", 0},
    {"\"exit\":{\"max_candles\":3,\"hold_periods\":3}", "exit.hold_periods", "given_twice", 0},
    {"\"max_bars\":3,\"exit\":{\"time_exit\":3}", "exit.time_exit", "given_twice", 0},
    {"\"exit\":{\"max_candles\":3},\"max_candles\":3", "max_candles", "given_twice", 0},
    {"\"time_exit\":\"soon\"", "time_exit", "unknown_name", 1},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct strategy *s;

        assert_err(parse(mistakes[i].members, &s), ERR_INVALID);
        assert_null(s);
        if (diags.count != 1 || strcmp(diags.items[0].field, mistakes[i].field) != 0 ||
            strcmp(diags.items[0].code, mistakes[i].code) != 0 ||
            diags.items[0].column != mistakes[i].column)
            fail_msg("%s: %zu: %s %s %d", mistakes[i].members, diags.count, diags.items[0].field,
                     diags.items[0].code, diags.items[0].column);
        assert_true(diags.items[0].message[0] != '\0');
    }
}

static void test_limits(void **state)
{
    struct text members;
    struct strategy *s;

    (void)state;
    text_init(&members, 2000);
    text_string(&members, "\"roi\":{");
    for (int i = 0; i < LIMIT_ROI_STEPS + 1; i++)
        text_format(&members, "%s\"%d\":0.1", i > 0 ? "," : "", i);
    text_char(&members, '}');
    assert_err(parse(members.data, &s), ERR_INVALID);
    assert_string_equal(diags.items[0].code, "limit_exceeded");
    text_clear(&members);
    text_string(&members, "\"ext\":{");
    for (int i = 0; i < LIMIT_FEATURES + 1; i++)
        text_format(&members, "%s\"e%d\":60", i > 0 ? "," : "", i);
    text_char(&members, '}');
    assert_err(parse(members.data, &s), ERR_INVALID);
    assert_string_equal(diags.items[0].code, "limit_exceeded");
    text_clear(&members);
    text_string(&members, "\"metrics\":{");
    for (int i = 0; i < 40; i++)
        text_format(&members, "%s\"m%d\":%d", i > 0 ? "," : "", i, i);
    text_char(&members, '}');
    s = parsed(members.data);
    assert_int_equal(strategy_metric_count(s), 32);
    assert_int_equal(strategy_warnings(s)->count, 8);
    assert_string_equal(strategy_warnings(s)->items[0].code, "limit_exceeded");
    strategy_release(s);
    text_release(&members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roi),         cmocka_unit_test(test_cooldown),
        cmocka_unit_test(test_scaling),     cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_volatility),  cmocka_unit_test(test_ext),
        cmocka_unit_test(test_max_candles), cmocka_unit_test(test_null),
        cmocka_unit_test(test_metrics),     cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
