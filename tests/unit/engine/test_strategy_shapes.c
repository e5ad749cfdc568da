/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts as pipelines hand them over, ids that stay what they are, and the property that what
 * means the same has the same id and decides the same, however it is spelt and ordered. */
#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "engine/strategy.h"
#include "tests/support/check.h"

static struct diag_list diags;

static enum err parse(const char *json, bool stop_loss_required, struct strategy **out)
{
    *out = NULL;
    diags.count = diags.dropped = 0;
    return strategy_parse(json, strlen(json), stop_loss_required, &diags, out);
}

static struct strategy *parsed(const char *json)
{
    struct strategy *s;

    if (parse(json, false, &s))
        fail_msg("%s: %s: %s (%s)", json, diags.items[0].field, diags.items[0].message,
                 diags.items[0].hint);
    return s;
}

/* What a promoting pipeline writes; %s: its rules, if any. */
#define WINNER                                                                                     \
    "{\"id\":\"run7-gen12-a3f\",\"promoted_at\":\"2026-01-01T00:00:00Z\",\"session_id\":\"s1\","   \
    "\"generation\":12,\"params\":{\"ema_fast\":9,\"ema_slow\":21,\"rsi_entry\":35,\"stop_loss\":" \
    "0.02},%s\"metrics\":{\"sharpe_ratio\":1.9,\"win_rate\":0.58,\"profit_factor\":1.7,"           \
    "\"max_drawdown\":0.08,\"total_return\":0.41,\"sortino\":2.6,\"trades\":211},"                 \
    "\"fitness\":0.83,\"mutation_type\":\"jitter\",\"parent_id\":\"run7-gen11-9bc\"}"

static void test_winner_with_rules(void **state)
{
    char json[2048];
    struct strategy *s;

    (void)state;
    (void)snprintf(json, sizeof json, WINNER,
                   "\"entry_condition\":\"ema(close, params.ema_fast) > ema(close, "
                   "params.ema_slow) and rsi(14) < params.rsi_entry\",\"stop_loss\":"
                   "{\"type\":\"pct\",\"value\":\"params.stop_loss\"},");
    assert_ok(parse(json, true, &s));
    assert_string_equal(strategy_name(s), "run7-gen12-a3f");
    assert_int_equal(strategy_warnings(s)->count, 1);
    assert_string_equal(strategy_warnings(s)->items[0].code, "name_from_id");
    assert_int_equal(strategy_metric_count(s), 8);
    assert_string_equal(strategy_metric_name(s, 0), "sharpe");
    assert_string_equal(strategy_metric_name(s, 7), "fitness");
    strategy_release(s);
}

static void test_winner_without_rules(void **state)
{
    char json[2048];
    struct strategy *s;

    (void)state;
    (void)snprintf(json, sizeof json, WINNER, "");
    assert_err(parse(json, true, &s), ERR_INVALID);
    assert_int_equal(diags.count, 2);
    assert_string_equal(diags.items[0].field, "entry.condition");
    assert_string_equal(diags.items[0].code, "missing");
    assert_non_null(strstr(diags.items[0].hint, "algorithm that is not in the file"));
    assert_non_null(strstr(diags.items[0].hint, "params.ema_fast"));
    assert_string_equal(diags.items[1].field, "stop_loss");
    assert_non_null(strstr(diags.items[1].hint, "params.stop_loss"));
}

static void test_what_is_missing_is_named(void **state)
{
    struct strategy *s;

    (void)state;
    assert_err(
        parse("{\"nam\":\"a\",\"entry\":{\"condition\":\"true\"},\"stoploss\":0.02}", true, &s),
        ERR_INVALID);
    assert_int_equal(diags.count, 2);
    assert_string_equal(diags.items[0].hint, "'nam' is not known; write 'name'");
    assert_string_equal(diags.items[1].hint, "'stoploss' is not known; write 'stop_loss'");
    assert_err(parse("{\"id\":7,\"entry\":{\"condition\":\"true\"}}", true, &s), ERR_INVALID);
    assert_string_equal(diags.items[0].field, "name");
    assert_non_null(strstr(diags.items[1].hint, "\"pct\""));
}

/* Uploaded strategies are known by these: a new section must not change them. */
static void test_ids_stay(void **state)
{
    static const char example[] =
        "{\"version\":1,\"name\":\"ema_pullback\",\"symbol\":\"BTC/USDT\",\"timeframe\":\"5m\","
        "\"params\":{\"fast\":12,\"slow\":26},\"features\":{\"ema_fast\":{\"type\":\"ema\","
        "\"period\":\"fast\"},\"ema_slow\":\"ema(close, slow)\",\"rsi\":\"rsi(close,14)\","
        "\"atr\":\"atr(14)\"},\"entry\":{\"condition\":\"ema_fast > ema_slow and rsi < 70\","
        "\"direction\":\"long\",\"confidence\":\"clamp((70-rsi)/40, 0, 1)\",\"min_confidence\":"
        "0.3,\"trigger\":\"ema trend, rsi {rsi:.1f}\"},\"exit\":{\"condition\":\"crossed_below("
        "ema_fast, ema_slow)\",\"max_candles\":288},\"stop_loss\":{\"type\":\"pct\",\"value\":"
        "0.02},\"take_profit\":{\"type\":\"expr\",\"value\":\"entry_price + 3*atr\"},"
        "\"trailing_stop\":{\"pct\":0.01,\"activate_at\":0.015},\"position_sizing\":{\"type\":"
        "\"risk_pct\",\"value\":0.005,\"max_quote\":1000}}";
    static const struct {
        const char *json, *id;
    } cases[] = {
        {example, "85799db2ac7884cabc96b9eeec89ebdf99a5a3ecb17cf60526c40489b5c11777"},
        {"{\"name\":\"a\",\"entry\":{\"condition\":\"close>open\"},\"stop_loss\":0.02}",
         "b17d0a40812a34e6c0b1eaa35400db5ab15369927d939657b9b359dd7b12c7db"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct strategy *s = parsed(cases[i].json);

        assert_string_equal(strategy_id(s), cases[i].id);
        strategy_release(s);
    }
}

/* No field has its default here. */
static const char everything[] =
    "{\"name\":\"a\",\"symbols\":[\"B/C\",\"A/B\"],\"timeframe\":\"1h\",\"params\":{\"n\":7},"
    "\"features\":{\"x\":\"sma(close, n)\"},\"ext\":{\"mood\":77},\"entry\":{"
    "\"condition\":\"x > ext.mood\",\"direction\":\"short\",\"confidence\":\"0.4 + 0.1\","
    "\"min_confidence\":0.3,\"trigger\":\"{x}\"},\"exit\":{\"condition\":\"x < 3\","
    "\"max_candles\":9},\"stop_loss\":{\"type\":\"atr_mult\",\"value\":2.5,\"period\":5},"
    "\"take_profit\":\"entry_price * 0.9\",\"trailing_stop\":{\"type\":\"atr_mult\","
    "\"value\":3.5,\"period\":6,\"activate_at\":0.015},\"roi\":{\"5\":0.03,\"90\":-0.02},"
    "\"cooldown\":{\"candles\":4,\"after_stop_candles\":8},\"scale_in\":{"
    "\"condition\":\"close > 5\",\"part\":0.7,\"max_count\":3,\"min_candles\":2},"
    "\"scale_out\":{\"condition\":\"close < 5\",\"part\":0.3,\"max_count\":4,"
    "\"min_candles\":5},\"position_sizing\":{\"type\":\"vol_target\",\"value\":0.4,"
    "\"period\":11,\"max_quote\":99},\"startup_bars\":123}";

static void same_scaling(struct scaling a, struct scaling b)
{
    assert_true(a.is_used && b.is_used && ratio_cmp(a.part, b.part) == 0);
    assert_int_equal(a.max_count, b.max_count);
    assert_int_equal(a.min_candles, b.min_candles);
}

static void test_the_normal_form_keeps_everything(void **state)
{
    static const char *const periods[] = {"\"period\":11,\"type\":\"vol_target\"",
                                          "\"period\":5,\"type\":\"atr_mult\"",
                                          "\"period\":6,\"type\":\"atr_mult\""};
    struct strategy *a = parsed(everything), *b;
    size_t length;

    (void)state;
    assert_int_equal(strategy_warnings(a)->count, 0);
    b = parsed(strategy_canonical(a, &length));
    assert_string_equal(strategy_id(a), strategy_id(b));
    assert_int_equal(strategy_symbol_count(b), 2);
    assert_int_equal(strategy_timeframe_us(b), 3600 * US_PER_S);
    assert_int_equal(strategy_ext_max_age_us(b, 0), 77 * US_PER_S);
    assert_int_equal(strategy_direction(b), DIRECTION_SHORT);
    assert_int_equal(ratio_cmp(strategy_min_confidence(a), strategy_min_confidence(b)), 0);
    assert_int_equal(strategy_max_candles(b), 9);
    assert_int_equal(ratio_cmp(strategy_trailing_activation(a), strategy_trailing_activation(b)),
                     0);
    assert_int_equal(ratio_sign(strategy_trailing_activation(b)), 1);
    assert_int_equal(strategy_roi_count(b), 2);
    assert_int_equal(ratio_cmp(strategy_roi(a, 1).profit, strategy_roi(b, 1).profit), 0);
    assert_int_equal(strategy_cooldown(b).candles, 4);
    assert_int_equal(strategy_cooldown(b).after_stop_candles, 8);
    same_scaling(strategy_scale_in(a), strategy_scale_in(b));
    assert_int_equal(strategy_scale_in(b).min_candles, 2);
    same_scaling(strategy_scale_out(a), strategy_scale_out(b));
    assert_int_equal(strategy_sizing(b).kind, SIZING_VOL_TARGET);
    assert_int_equal(money_cmp(strategy_sizing(a).max_quote, strategy_sizing(b).max_quote), 0);
    for (size_t i = 0; i < COUNT_OF(periods); i++)
        assert_non_null(strstr(strategy_canonical(b, &length), periods[i]));
    assert_int_equal(strategy_warmup(b), 123);
    strategy_release(a);
    strategy_release(b);
}

/* Other symbols stand in the order of their names, whatever the rules read first. */
static void test_others(void **state)
{
    static const char several[] =
        "{\"name\":\"a\",\"symbols\":[\"BTC/USDT\",\"XRP/USDT\"],\"entry\":{\"condition\":"
        "\"close of \\\"SOL/USDT\\\" > close of \\\"ADA/USDT\\\" and "
        "close of \\\"BTC/USDT\\\" > 1\"}}";
    static const char own[] = "{\"name\":\"a\",\"symbol\":\"BTC/USDT\",\"entry\":{\"condition\":"
                              "\"close of \\\"BTC/USDT\\\" > 1\"}}";
    struct strategy *s = parsed(several);
    struct strategy_run *r = strategy_run_new(s);
    struct candle c = {.open = 2, .high = 2, .low = 2, .close = 2};
    static const int64_t closes[] = {1, 2, 3}; /* ADA, BTC, SOL */
    struct decision d;

    (void)state;
    assert_int_equal(strategy_other_count(s), 3);
    assert_string_equal(strategy_other_symbol(s, 0), "ADA/USDT");
    assert_string_equal(strategy_other_symbol(s, 1), "BTC/USDT"); /* read and traded */
    assert_string_equal(strategy_other_symbol(s, 2), "SOL/USDT");
    for (size_t i = 0; i < 3; i++) {
        struct candle other = {.open = 1, .high = 3, .low = 1, .close = closes[i]};

        strategy_run_push_other(r, i, &other);
    }
    strategy_run_push(r, &c);
    strategy_run_decide(r, NULL, &d);
    assert_int_equal(d.entry, TRI_TRUE);
    strategy_run_free(r);
    strategy_release(s);
    s = parsed(own);
    assert_int_equal(strategy_other_count(s), 0); /* its only symbol is no other one */
    r = strategy_run_new(s);
    strategy_run_push(r, &c);
    strategy_run_decide(r, NULL, &d);
    assert_int_equal(d.entry, TRI_TRUE);
    strategy_run_free(r);
    strategy_release(s);
}

/* A word is shown as itself: 1970-01-01 was a Thursday. */
static void test_words_in_a_reason(void **state)
{
    struct strategy *s = parsed("{\"name\":\"a\",\"entry\":{\"condition\":\"true\",\"trigger\":"
                                "\"{weekday} {weekday == 'thu'} {hour:.0f}\"}}");
    struct strategy_run *r = strategy_run_new(s);
    struct candle c = {.open_us = 0, .open = 2, .high = 2, .low = 2, .close = 2};
    struct decision d;

    (void)state;
    strategy_run_push(r, &c);
    strategy_run_decide(r, NULL, &d);
    assert_string_equal(d.trigger, "thu true 0");
    strategy_run_free(r);
    strategy_release(s);
}

/* Values from outside are numbered by name. */
static void test_ext_is_read(void **state)
{
    struct strategy *s = parsed("{\"name\":\"a\",\"ext\":{\"mood\":60,\"fear\":60},"
                                "\"entry_condition\":\"ext.mood > 1 and ext.fear < 1\"}");
    struct strategy_run *r = strategy_run_new(s);
    struct candle c = {.open = 2, .high = 2, .low = 2, .close = 2};
    struct strategy *none;
    struct decision d;

    (void)state;
    strategy_run_push(r, &c);
    strategy_run_decide(r, NULL, &d);
    assert_int_equal(d.entry, TRI_UNKNOWN);
    strategy_run_set_ext(r, 0, 0.5); /* fear */
    strategy_run_set_ext(r, 1, 2);
    strategy_run_push(r, &c);
    strategy_run_decide(r, NULL, &d);
    assert_int_equal(d.entry, TRI_TRUE);
    strategy_run_free(r);
    strategy_release(s);
    assert_err(parse("{\"name\":\"a\",\"ext\":{\"mood\":60},\"entry_condition\":\"ext.mod > 1\"}",
                     false, &none),
               ERR_INVALID);
    assert_string_equal(diags.items[0].code, "ext_undeclared");
}

enum {
    SPELLINGS = 3,
    CANDLES = 120,
    ROUNDS = 400
};

/* Members of an artifact, each in several spellings of one meaning; '@' is a digit. */
static const char *const members[][SPELLINGS] = {
    {"\"stop_loss\":0.0@", "\"stop_loss\":{\"type\":\"pct\",\"value\":\"0.0@0\"}",
     "\"stop_loss\":{\"value\":\"@ / 100\",\"type\":\"pct\"}"},
    {"\"take_profit\":{\"type\":\"atr_mult\",\"value\":@}",
     "\"take_profit\":{\"period\":14,\"value\":\"@.0\",\"type\":\"atr_mult\"}",
     "\"take_profit\":{\"type\":\"atr_mult\",\"value\":\"0.5*2*@\",\"period\":\"7+7\"}"},
    {"\"trailing_stop\":0.0@", "\"trailing_stop\":{\"pct\":0.0@,\"activate_at\":null}",
     "\"trailing_stop\":{\"type\":\"pct\",\"value\":0.0@,\"activate_at\":0}"},
    {"\"roi\":{\"0\":0.@,\"1@\":0.01}", "\"minimal_roi\":{\"1@\":\"0.01\",\"0\":\"0.@\"}",
     "\"roi\":[{\"after_minutes\":1@,\"profit\":0.01},{\"profit\":0.@,\"after_minutes\":0}]"},
    {"\"cooldown\":@", "\"cooldown\":{\"candles\":@}",
     "\"cooldown\":{\"after_stop_candles\":@,\"candles\":\"@\"}"},
    {"\"scale_in\":{\"condition\":\"position.pnl_pct<-0.0@\",\"part\":1}",
     "\"scale_in\":{\"part\":\"1.0\",\"max_count\":1,\"condition\":\"(position.pnl_pct) < -0.0@\"}",
     "\"scale_in\":{\"condition\":\"position.pnl_pct < -.0@\",\"part\":1,\"min_candles\":1}"},
    {"\"scale_out\":{\"condition\":\"close>10@\",\"part\":0.@}",
     "\"scale_out\":{\"condition\":\"close > 10@.0\",\"part\":\"0.@\",\"max_count\":1}",
     "\"scale_out\":{\"min_candles\":1,\"part\":\"@/10\",\"condition\":\"( close > 10@ )\"}"},
    {"\"ext\":{\"mood\":6@,\"fear\":60}", "\"ext\":{\"fear\":{\"max_age_s\":60},\"mood\":\"6@\"}",
     "\"ext\":{\"mood\":{\"max_age_s\":\"60 + @\"},\"fear\":60.0}"},
    {"\"exit\":{\"condition\":\"close<9@\",\"max_candles\":1@}",
     "\"exit_condition\":\"(close < 9@)\",\"max_candles\":1@",
     "\"exit\":{\"hold_periods\":\"10+@\",\"condition\":\"close < 9@.0\"}"},
    {"\"position_sizing\":{\"type\":\"fixed_quote\",\"value\":10@}", "\"size_usd\":10@",
     "\"position_sizing\":{\"value\":\"100 + @\",\"type\":\"fixed_quote\",\"max_quote\":0}"},
    {"\"direction\":\"long\",\"min_confidence\":0.@", "\"min_confidence\":\"0.@\"",
     "\"direction\":1,\"min_confidence\":0.@0"},
    {"\"symbols\":[\"B/C\",\"A@/B\"]", "\"symbol\":\"B/C\",\"symbols\":[\"A@/B\"]",
     "\"symbols\":[\"A@/B\",\"B/C\",\"A@/B\"]"},
    {"\"features\":{\"a\":\"rsi(1@)\",\"b\":\"sma(close,1@)\"}",
     "\"features\":{\"b\":{\"type\":\"sma\",\"period\":1@},\"a\":{\"type\":\"rsi\",\"period\":1@}}",
     "\"features\":[{\"name\":\"b\",\"type\":\"sma\",\"period\":\"1@\"},"
     "{\"name\":\"a\",\"type\":\"rsi\",\"source\":\"close\",\"period\":\"1@\"}]"},
};

enum {
    MEMBERS = COUNT_OF(members)
};

struct choice {
    bool is_there;
    int digit;
};

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

/* One document of these choices, spelt and ordered at random.  Constant arithmetic gives another
 * rule, so conditions keep their operators. */
static struct strategy *build(const struct choice choices[MEMBERS], uint32_t *seed)
{
    int order[MEMBERS];
    struct text json;
    struct strategy *s;

    for (int i = 0; i < MEMBERS; i++) {
        int at = (int)draw(seed, (uint32_t)i + 1);

        order[i] = order[at];
        order[at] = i;
    }
    text_init(&json, 16384);
    text_string(&json, "{\"name\":\"a\"");
    for (int i = 0; i < MEMBERS; i++) {
        const char *spelling = members[order[i]][draw(seed, SPELLINGS)];

        if (!choices[order[i]].is_there)
            continue;
        text_char(&json, ',');
        for (const char *p = spelling; *p; p++)
            text_char(&json, *p == '@' ? (char)('0' + choices[order[i]].digit) : *p);
    }
    text_string(&json, ",\"entry_condition\":\"close>100\"}");
    s = parsed(json.data);
    text_release(&json);
    return s;
}

static void same_decisions(const struct strategy *a, const struct strategy *b, uint32_t *seed)
{
    struct strategy_run *runs[2] = {strategy_run_new(a), strategy_run_new(b)};
    struct position_view position = {.is_open = true, .entry_price = 100};

    for (int i = 0; i < CANDLES; i++) {
        int64_t close = 90 + draw(seed, 21);
        struct candle c = {.open = close, .high = close + 2, .low = close - 2, .close = close};
        struct decision d[2];
        double level[2][3];

        position.candles_held = i;
        position.pnl_ratio = (double)close / 100 - 1;
        memset(d, 0, sizeof d);
        for (int j = 0; j < 2; j++) {
            strategy_run_push(runs[j], &c);
            strategy_run_decide(runs[j], &position, &d[j]);
            strategy_run_levels(runs[j], 100, &level[j][0], &level[j][1]);
            level[j][2] = strategy_run_trailing(runs[j], 100, 110);
        }
        assert_int_equal(d[0].entry, d[1].entry);
        assert_int_equal(d[0].exit, d[1].exit);
        assert_int_equal(d[0].scale_in, d[1].scale_in);
        assert_int_equal(d[0].scale_out, d[1].scale_out);
        assert_memory_equal(&d[0].confidence, &d[1].confidence, sizeof d[0].confidence);
        assert_string_equal(d[0].trigger, d[1].trigger);
        assert_memory_equal(level[0], level[1], sizeof level[0]);
    }
    strategy_run_free(runs[0]);
    strategy_run_free(runs[1]);
}

static void test_spelling_and_order_mean_nothing(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct choice choices[MEMBERS];
        struct strategy *first, *second, *again, *other;
        const char *canonical, *canonical_again;
        size_t length, length_again;
        int changed = (int)draw(&seed, MEMBERS);

        for (int i = 0; i < MEMBERS; i++)
            choices[i] = (struct choice){draw(&seed, 3) > 0, 1 + (int)draw(&seed, 9)};
        first = build(choices, &seed);
        second = build(choices, &seed);
        assert_string_equal(strategy_id(first), strategy_id(second));
        canonical = strategy_canonical(first, &length);
        again = parsed(canonical);
        canonical_again = strategy_canonical(again, &length_again);
        assert_string_equal(canonical, canonical_again);
        assert_int_equal(strategy_warnings(again)->count, 0);
        same_decisions(second, again, &seed);
        choices[changed].digit = choices[changed].digit % 9 + 1;
        other = build(choices, &seed);
        assert_int_equal(strcmp(strategy_id(first), strategy_id(other)) == 0,
                         !choices[changed].is_there);
        choices[changed].is_there = !choices[changed].is_there;
        strategy_release(other);
        other = build(choices, &seed);
        assert_string_not_equal(strategy_id(first), strategy_id(other));
        strategy_release(first);
        strategy_release(second);
        strategy_release(again);
        strategy_release(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_winner_with_rules),
        cmocka_unit_test(test_winner_without_rules),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_ids_stay),
        cmocka_unit_test(test_the_normal_form_keeps_everything),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_words_in_a_reason),
        cmocka_unit_test(test_ext_is_read),
        cmocka_unit_test(test_spelling_and_order_mean_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
