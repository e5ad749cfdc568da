/* SPDX-License-Identifier: Apache-2.0 */
/* Higher timeframes, other symbols, words of time and outside values: spelling and mistakes. */
#include <stdio.h>

#include "core/clock.h"
#include "engine/rule_compile.h"
#include "tests/support/check.h"
#include "tests/support/rules.h"

static void test_normal_text(void **state)
{
    static const char *const cases[][2] = {
        {"close@1h", "close @ 1h"},
        {"close of 'BTC/USDT' > 1", "close of \"BTC/USDT\" > 1"},
        {"close @ 1h of \"BTC/USDT\"", "close of \"BTC/USDT\" @ 1h"},
        {"close @ 4h @ 1h", "close @ 4h"},
        {"(close of 'BTC/USDT') of 'BTC/USDT' @ 1d @ 4h", "close of \"BTC/USDT\" @ 1d"},
        {"(close + open) @ 5m * 2", "(close + open) * 2"},
        {"close of 'ETH/USDT' @ 1h", "close @ 1h"},
        {"(close + 1) of 'ETH/USDT'[2]", "(close + 1)[2]"},
        {"(close + open)@1h", "(close + open) @ 1h"},
        {"(-close) @ 1h", "(-close) @ 1h"},
        {"-close @ 1h", "-close @ 1h"},
        {"close[1] @ 1h", "close[1] @ 1h"},
        {"close @ 1h[1]", "(close @ 1h)[1]"},
        {"(close @ 1h)[1]", "(close @ 1h)[1]"},
        {"ema(50) of 'BTC/USDT' @ 1h", "ema(close, 50) of \"BTC/USDT\" @ 1h"},
        {"(mean > mean[1]) @ 4h", "(mean > mean[1]) @ 4h"},
        {"session=='us'", "session == \"us\""},
        {"'sun' != weekday", "\"sun\" != weekday"},
        {"bands.upper @ 1h - ext.news", "bands.upper @ 1h - ext.news"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rule_set *set = rules_set_new();
        struct text normal, again;

        text_init(&normal, 4096);
        text_init(&again, 4096);
        if (rules_compile(set, cases[i][0], &normal).type == TYPE_BROKEN)
            fail_msg("%s: %s", cases[i][0], rules_diags.items[0].message);
        assert_string_equal(normal.data, cases[i][1]);
        assert_true(rules_compile(set, normal.data, &again).type != TYPE_BROKEN);
        assert_string_equal(again.data, normal.data);
        text_release(&normal);
        text_release(&again);
        rules_set_free(set);
    }
}

/* What is written in two ways is computed once. */
static void test_sharing(void **state)
{
    static const char *const same[][2] = {
        {"mean @ 1h", "sma(close, 3) @ 1h"},
        {"close of 'BTC/USDT' @ 1h", "close @ 1h of 'BTC/USDT'"},
        {"btc", "close of 'BTC/USDT'"},
        {"close @ 5m", "close of 'ETH/USDT'"},
        {"(close + open @ 1h) @ 1h", "(close + open) @ 1h"},
        {"5 @ 1h", "5 of 'BTC/USDT'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        struct rule_set *set = rules_set_new();
        struct rule_value a = rules_compile(set, same[i][0], NULL),
                          b = rules_compile(set, same[i][1], NULL);

        assert_true(a.type != TYPE_BROKEN);
        assert_int_equal(a.nodes[0], b.nodes[0]);
        rules_set_free(set);
    }
}

struct mistake {
    const char *rule, *code;
    int column, length;
    const char *hint; /* how it begins; NULL: any */
};

static void test_mistakes(void **state)
{
    static const struct mistake cases[] = {
        {"close @ 1x > 1", "timeframe_unknown", 1, 10, "did you mean '1s'?"},
        {"close @ quarterly > 1", "timeframe_unknown", 1, 17, "1s 1m 3m"},
        {"close @ 1m > 1", "timeframe_finer", 1, 10, "a rule sees whole candles"},
        {"(open + close @ 15m) @ 1h > 1", "timeframe_finer", 9, 11, "a rule sees whole candles"},
        {"(close @ 12h) @ 8h > 1", "timeframe_uneven", 2, 11, "its candles would end"},
        {"close @ 3m > 1", "timeframe_finer", 1, 10, NULL},
        {"close @ 1h[-1] > 1", "look_ahead", 12, 1, NULL},
        {"close @ -1h > 1", "syntax", 9, 1, NULL},
        {"(close of 'BTC/USDT') of 'XRP/USDT' > 1", "symbol_nested", 2, 19, "give each part"},
        {"(close + open of 'ETH/USDT') of 'BTC/USDT' > 1", "symbol_nested", 10, 18, NULL},
        {"close of 'BTCUSDT' > 1", "symbol_invalid", 1, 18, NULL},
        {"position.pnl_pct @ 1h > 1", "no_history", 1, 16, "position.*, entry_price and ext.*"},
        {"(entry_price - close) @ 1h > 1", "no_history", 2, 11, NULL},
        {"ext.news @ 1h > 1", "no_history", 1, 8, NULL},
        {"ext.news of 'BTC/USDT' > 1", "no_history", 1, 8, NULL},
        {"ext.news[1] > 1", "no_history", 1, 11, "ext.* is known as of now"},
        {"ema(ext.news * close, 3) > 1", "no_history", 1, 24, NULL},
        {"crossed_above(ext.news, 0)", "no_history", 1, 26, NULL},
        {"rising(ext.news)", "no_history", 1, 16, NULL},
        {"ext.sentimnt > 1", "ext_undeclared", 1, 12, "did you mean 'sentiment'?"},
        {"ext > 1", "unknown_name", 1, 3, NULL},
        {"ema(5000) @ 1d @ 4h + ema(close @ 1d, 5000) @ 1d > 1", "", 0, 0, NULL},
        {"emma(close, 3) @ 1h > 1", "unknown_function", 1, 14, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rule_set *set = rules_set_new();
        struct rule_value value = rules_compile(set, cases[i].rule, NULL);
        const struct diag *d = &rules_diags.items[0];

        if (cases[i].code[0] == '\0') {
            assert_true(value.type != TYPE_BROKEN);
            rules_set_free(set);
            continue;
        }
        if (value.type != TYPE_BROKEN || rules_diags.count != 1)
            fail_msg("%s: %zu mistakes", cases[i].rule, rules_diags.count);
        if (strcmp(d->code, cases[i].code) != 0 || d->column != cases[i].column ||
            d->length != cases[i].length)
            fail_msg("%s: %s at %d+%d: %s", cases[i].rule, d->code, d->column, d->length,
                     d->message);
        if (cases[i].hint && strncmp(d->hint, cases[i].hint, strlen(cases[i].hint)) != 0)
            fail_msg("%s: hint %s", cases[i].rule, d->hint);
        rules_set_free(set);
    }
}

/* A feature is compiled for the place of its use, and its mistakes there are its own. */
static void test_features(void **state)
{
    struct rule_set *set = rules_set_new();

    (void)state;
    assert_int_equal(rules_compile(set, "quarter @ 1h > 1", NULL).type, TYPE_BROKEN);
    assert_int_equal(rules_diags.count, 1);
    assert_string_equal(rules_diags.items[0].code, "timeframe_finer");
    assert_string_equal(rules_diags.items[0].field, "quarter");
    assert_int_equal(rules_compile(set, "quarter @ 1h > 1", NULL).type, TYPE_BROKEN);
    assert_int_equal(rules_diags.count, 1); /* told once */
    assert_int_equal(rules_compile(set, "btc of 'XRP/USDT' > 1", NULL).type, TYPE_BROKEN);
    assert_string_equal(rules_diags.items[1].code, "symbol_nested");
    assert_int_equal(rules_compile(set, "channel.upper > channel.lower", NULL).type, TYPE_TRUTH);
    rules_add_feature(set, "a", "b @ 1h");
    rules_add_feature(set, "b", "a + 1");
    assert_int_equal(rule_compile_feature(set, set->feature_count - 1).type, TYPE_BROKEN);
    assert_string_equal(rules_diags.items[2].code, "circular");
    assert_int_equal(rules_diags.count, 3);
    assert_int_equal(rules_compile(set, "emma(close, 3) @ 1x of 'btc' > 1", NULL).type,
                     TYPE_BROKEN);
    assert_int_equal(rules_diags.count, 6); /* all three at once */
    rules_set_free(set);
}

static void test_limits(void **state)
{
    static const char *const frames[] = {"5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h"};
    struct rule_set *set = rules_set_new();
    char rule[128];
    int streams = 0;

    (void)state;
    for (int i = 0; i < LIMIT_OTHER_SYMBOLS; i++) {
        (void)snprintf(rule, sizeof rule, "close of \"S%d/USDT\"", i);
        assert_int_equal(rules_compile(set, rule, NULL).type, TYPE_NUMBER);
    }
    assert_int_equal(rules_compile(set, "close of \"S9/USDT\"", NULL).type, TYPE_BROKEN);
    assert_string_equal(rules_diags.items[0].code, "limit_exceeded");
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        (void)snprintf(rule, sizeof rule, "close @ %s", frames[i]);
        streams += rules_compile(set, rule, NULL).type == TYPE_NUMBER;
    }
    assert_int_equal(streams, LIMIT_STREAMS - LIMIT_OTHER_SYMBOLS);
    assert_string_equal(rules_diags.items[1].code, "limit_exceeded");
    rules_set_free(set);
    set = rules_set_new();
    set->timeframe_us = US_PER_S;
    assert_int_equal(rules_compile(set, "ema(5000) @ 1d", NULL).type, TYPE_BROKEN);
    assert_string_equal(rules_diags.items[0].code, "warmup_too_long");
    rules_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_text), cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_mistakes),    cmocka_unit_test(test_features),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
