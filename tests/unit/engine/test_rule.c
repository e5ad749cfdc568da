/* SPDX-License-Identifier: Apache-2.0 */
/* The rule language: normal text, every mistake with its place, three-valued values, sharing. */
#include <math.h>
#include <stdlib.h>

#include "engine/rule_compile.h"
#include "engine/rule_parse.h"
#include "engine/rule_run.h"
#include "tests/support/check.h"

static struct diag_list diags;

static void add_feature(struct rule_set *set, const char *name, const char *rule)
{
    struct rule_feature *f = &set->features[set->feature_count++];
    struct rule_place place = {f->field, 0, false, set->diags};

    assert_true(copy_text(f->name, sizeof f->name, name));
    assert_true(copy_text(f->field, sizeof f->field, name));
    assert_ok(rule_parse(rule, strlen(rule), &place, &f->ast));
}

static struct rule_set *set_new(void)
{
    struct rule_set *set = malloc(sizeof *set);

    assert_non_null(set);
    diags.count = 0;
    rule_set_init(set, &diags);
    set->parameter_count = 2;
    set->parameters[0] = (struct rule_parameter_value){"fast", 3};
    set->parameters[1] = (struct rule_parameter_value){"k", 0.5};
    add_feature(set, "rsi", "rsi(close, 2)");
    add_feature(set, "ema_slow", "ema(close, 6)");
    add_feature(set, "m", "macd(close, 2, 4, 2)");
    add_feature(set, "bands", "bbands(close, 3)");
    add_feature(set, "up", "rising(close, 2)");
    return set;
}

static void set_free(struct rule_set *set)
{
    rule_set_release(set);
    free(set);
}

/* The value of a rule compiled in a scope; TYPE_BROKEN leaves diags. */
static struct rule_value compile(struct rule_set *set, const char *rule, enum rule_scope scope,
                                 struct text *normal)
{
    struct rule_place place = {"rule", 0, false, set->diags};
    struct rule_value value = {.type = TYPE_BROKEN};
    struct rule_ast *ast;

    if (rule_parse(rule, strlen(rule), &place, &ast))
        return value;
    value = rule_compile(set, ast, scope, &place, TYPE_BROKEN);
    if (normal)
        rule_print(ast, normal);
    rule_ast_free(ast);
    return value;
}

static void test_normal_text(void **state)
{
    static const char *const cases[][2] = {
        {"close>1", "close > 1"},
        {"((close)) > (1)", "close > 1"},
        {"a1", NULL},
        {"close>1&&open<2||!up", "close > 1 and open < 2 or not up"},
        {"close > 1 AND (open < 2 OR NOT up)", "close > 1 and (open < 2 or not up)"},
        {"(close - open) - high", "close - open - high"},
        {"close - (open - high)", "close - (open - high)"},
        {"close - (open * high)", "close - open * high"},
        {"(close + open) * high", "(close + open) * high"},
        {"-(-close)", "--close"},
        {"-(close + 1)", "-(close + 1)"},
        {"(-close)[2]", "(-close)[2]"},
        {"-close[2]", "-close[2]"},
        {"(up == true) == false", "(up == true) == false"},
        {"1.50 + 0.0025 + 1e-9 + 2E3 + 007", "1.5 + 0.0025 + 1e-9 + 2000 + 7"},
        {".5*1e20 + 100000000000000000", "0.5 * 1e20 + 1e17"},
        {"ema(close,9)", "ema(close, 9)"},
        {"ema(9)", "ema(close, 9)"},
        {"rsi()", "rsi(close, 14)"},
        {"rsi(hl2)", "rsi(hl2, 14)"},
        {"atr()", "atr(14)"},
        {"macd_hist()", "macd_hist(close, 12, 26, 9)"},
        {"bb_upper(20, 2.5)", "bb_upper(close, 20, 2.5, 0)"},
        {"ema(close, fast)", "ema(close, params.fast)"},
        {"ema(fast * 2)", "ema(close, params.fast * 2)"},
        {"rising(close)", "rising(close, 1)"},
        {"if(up, 1, 2) % 2", "if(up, 1, 2) % 2"},
        {"sar() + sar(0.05)", "sar(0.02, 0.2) + sar(0.05, 0.2)"},
        {"stochrsi_k(14) + keltner_upper(hl2)",
         "stochrsi_k(close, 14, 14, 3) + keltner_upper(hl2, 20, 2, 10)"},
        {"obv() + lag(3)", "obv() + lag(close, 3)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rule_set *set = set_new();
        struct text normal;
        struct rule_value value;

        text_init(&normal, 4096);
        value = compile(set, cases[i][0], SCOPE_FEATURE, &normal);
        assert_true((value.type == TYPE_BROKEN) == (cases[i][1] == NULL));
        if (cases[i][1])
            assert_string_equal(normal.data, cases[i][1]);
        text_release(&normal);
        set_free(set);
    }
}

struct mistake {
    const char *rule, *code;
    int column, length;
    const char *hint; /* how it begins; NULL: any */
};

static void check_mistakes(const struct mistake *cases, size_t count, enum rule_scope scope)
{
    for (size_t i = 0; i < count; i++) {
        struct rule_set *set = set_new();
        struct rule_value value = compile(set, cases[i].rule, scope, NULL);
        const struct diag *d = &diags.items[0];

        if (value.type != TYPE_BROKEN || diags.count != 1)
            fail_msg("%s: %zu mistakes", cases[i].rule, diags.count);
        if (strcmp(d->code, cases[i].code) != 0 || d->column != cases[i].column ||
            d->length != cases[i].length)
            fail_msg("%s: %s at %d+%d: %s", cases[i].rule, d->code, d->column, d->length,
                     d->message);
        assert_string_equal(d->field, "rule");
        if (cases[i].hint && strncmp(d->hint, cases[i].hint, strlen(cases[i].hint)) != 0)
            fail_msg("%s: hint %s", cases[i].rule, d->hint);
        set_free(set);
    }
}

static void test_mistakes(void **state)
{
    static const struct mistake cases[] = {
        {"close > ema_slw", "unknown_name", 9, 7, "did you mean 'ema_slow'?"},
        {"clos > 1", "unknown_name", 1, 4, "did you mean 'close'?"},
        {"rsi < fast", "unknown_name", 7, 4, "did you mean 'params.fast'?"},
        {"rsi < params.fest", "unknown_name", 7, 11, "did you mean 'params.fast'?"},
        {"1 < close < 3", "chained_comparison", 11, 1, "write a < b and b < c"},
        {"rsi and up", "type_mismatch", 1, 3, NULL},
        {"up and 3", "type_mismatch", 8, 1, "compare it"},
        {"up + 1", "type_mismatch", 1, 2, "if("},
        {"up > 1", "type_mismatch", 1, 2, NULL},
        {"up == 1", "type_mismatch", 1, 2, NULL},
        {"not close", "type_mismatch", 5, 5, NULL},
        {"-up", "type_mismatch", 2, 2, NULL},
        {"bands > 1", "type_mismatch", 1, 5, "declare it"},
        {"bands.uper > 1", "unknown_name", 1, 10, "use .upper, .middle"},
        {"rsi.signal > 1", "unknown_name", 1, 10, "it is one value"},
        {"if(up, 1, up)", "type_mismatch", 1, 13, NULL},
        {"close[-1]", "look_ahead", 7, 1, "x[1]"},
        {"close[1001]", "lag_invalid", 7, 4, NULL},
        {"close[1.5]", "lag_invalid", 7, 3, NULL},
        {"close[rsi]", "syntax", 7, 3, NULL},
        {"emma(close, 3)", "unknown_function", 1, 14, "did you mean 'ema'?"},
        {"ema(close)", "argument_count", 1, 10, "ema(source, period)"},
        {"abs()", "argument_count", 1, 5, NULL},
        {"abs(1, 2)", "argument_count", 1, 9, NULL},
        {"min(1,2,3,4,5,6,7,8,9)", "argument_count", 21, 1, NULL},
        {"ema(close, rsi)", "not_constant", 12, 3, NULL},
        {"ema(close, 0)", "out_of_range", 12, 1, "a whole number from 1 to 5000"},
        {"ema(close, 2.5)", "out_of_range", 12, 3, NULL},
        {"ema(close, 5001)", "out_of_range", 12, 4, NULL},
        {"macd(close, 26, 12, 9) > 0", "out_of_range", 1, 22, NULL},
        {"stoch(9) > 1", "type_mismatch", 1, 8, "declare it as a feature and use .k, .d"},
        {"heikin_ashi() > 1", "type_mismatch", 1, 13, "declare it as a feature and use .open"},
        {"supertrend(10, 101) > 1", "out_of_range", 16, 3, "a number from 0 to 100"},
        {"sar(2) > 1", "out_of_range", 5, 1, "a number from 0 to 1"},
        {"cci(501) > 1", "out_of_range", 5, 3, "a whole number from 2 to 500"},
        {"adx(1) > 1", "out_of_range", 5, 1, NULL},
        {"vwap(5) > 1", "argument_count", 1, 7, "vwap()"},
        {"ichimoku_span_c() > 1", "unknown_function", 1, 17, "did you mean 'ichimoku_span_a'?"},
    };

    (void)state;
    check_mistakes(cases, COUNT_OF(cases), SCOPE_ENTRY);
}

static void test_spelling_mistakes(void **state)
{
    static const struct mistake cases[] = {
        {"1 / 0 > close", "no_value", 1, 5, NULL},
        {"close > log(-1)", "no_value", 9, 7, NULL},
        {"close >", "syntax", 8, 1, NULL},
        {"", "syntax", 1, 1, NULL},
        {"(close", "syntax", 7, 1, NULL},
        {"close)", "syntax", 6, 1, NULL},
        {"close = 3", "syntax", 7, 1, "compare with '=='"},
        {"close & open", "syntax", 7, 1, "write 'and'"},
        {"close | open", "syntax", 7, 1, "write 'or'"},
        {"close ^ 2", "syntax", 7, 1, NULL},
        {"close $ 2", "syntax", 7, 1, NULL},
        {"close == 'x'", "string_not_allowed", 10, 3, "session == \"us\""},
        {"'x' + 1", "string_not_allowed", 1, 3, "names stand without quotes"},
        {"'us' == \"us\"", "string_not_allowed", 9, 4, NULL},
        {"session == 'us", "string_invalid", 12, 3, "printable ASCII"},
        {"session == 'usa'", "unknown_word", 12, 5, "did you mean 'us'?"},
        {"session != \"london\"", "unknown_word", 12, 8, "asia, europe, us, off"},
        {"weekday == \"Mon\"", "unknown_word", 12, 5, "did you mean 'mon'?"},
        {"session == weekday", "type_mismatch", 1, 18, NULL},
        {"session > 1", "type_mismatch", 1, 7, "compare it by == with one of: asia"},
        {"session and up", "type_mismatch", 1, 7, NULL},
        {"ext.mood > 1", "ext_undeclared", 1, 8, "declare how old"},
        {"close @ 1h > 1", "timeframe_missing", 1, 10, "name it in the artifact"},
        {"close @ > 1", "syntax", 9, 1, NULL},
        {"close of BTC", "syntax", 10, 3, NULL},
        {"close of 'btc' > 1", "symbol_invalid", 1, 14, "\"BTC/USDT\""},
        {"14rsi", "number_invalid", 1, 3, NULL},
        {"1.2345678901234567 > 0", "number_precision", 1, 18, NULL},
        {"1e30 > close", "number_range", 1, 4, NULL},
        {"close == not up", "syntax", 10, 3, "put it in parentheses"},
        {"close open", "syntax", 7, 4, NULL},
        {"position.bars_held > 3", "not_here", 1, 18, NULL},
        {"entry_price > 3", "not_here", 1, 11, NULL},
    };

    (void)state;
    check_mistakes(cases, COUNT_OF(cases), SCOPE_ENTRY);
}

static void test_exit_mistakes(void **state)
{
    static const struct mistake cases[] = {
        {"position.size > 3", "unknown_name", 1, 13, "position.bars_held"},
        {"position.best_pnl_pt > 3", "unknown_name", 1, 20, "did you mean 'best_pnl_pct'?"},
        {"position.pnl_pct of \"BTC/USDT\" > 0", "no_history", 1, 16, "position.*"},
        {"(entry_price + 1) of \"BTC/USDT\" > 0", "no_history", 2, 11, NULL},
        {"entry_price[1] > 3", "no_history", 1, 14, NULL},
        {"crossed_above(close, entry_price)", "no_history", 1, 33, NULL},
        {"ema(position.pnl_pct * close, 3) > 0", "no_history", 1, 32, NULL},
    };

    (void)state;
    check_mistakes(cases, COUNT_OF(cases), SCOPE_EXIT);
}

static char *repeat(const char *head, const char *part, int times, const char *tail)
{
    struct text t;

    text_init(&t, 1 << 20);
    text_string(&t, head);
    for (int i = 0; i < times; i++)
        text_string(&t, part);
    text_string(&t, tail);
    return text_take(&t, NULL);
}

static void test_limits(void **state)
{
    static const struct {
        const char *head, *part;
        int times;
        const char *code;
    } cases[] = {
        {"close > 1", " ", 5000, "expression_too_long"},
        {"close", " + close", 200, "expression_too_long"},
        {"", "(", 100, "expression_too_deep"},
        {"", "-", 100, "expression_too_deep"},
        {"", "not ", 100, "expression_too_deep"},
        {"macd_hist()", "+macd_hist()", 60, "expression_too_long"}, /* once written out */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rule_set *set = set_new();
        char *rule = repeat(cases[i].head, cases[i].part, cases[i].times, "");

        assert_int_equal(compile(set, rule, SCOPE_ENTRY, NULL).type, TYPE_BROKEN);
        assert_string_equal(diags.items[0].code, cases[i].code);
        free(rule);
        set_free(set);
    }
}

static const struct candle candles[] = {
    {.open = 10, .high = 15, .low = 9, .close = 12, .volume = 3},
    {.open = 12, .high = 14, .low = 11, .close = 13, .volume = 0},
    {.open = 13, .high = 20, .low = 12, .close = 18, .volume = 5},
    {.open = 18, .high = 19, .low = 10, .close = 11, .volume = 2},
    {.open = 11, .high = 12, .low = 10, .close = 11, .volume = 1},
};

/* Values after each of the five candles; '?' is unknown. */
static void check_values(const char *rule, const double wanted[5])
{
    const struct rule_context context = {12.5, 3, 0.25, 0.5, -0.125, 2, 1};
    struct rule_set *set = set_new();
    struct rule_value value = compile(set, rule, SCOPE_EXIT, NULL);
    struct rule_run r;
    int node = value.nodes[0];
    int *roots[] = {&node};

    if (value.type == TYPE_BROKEN)
        fail_msg("%s: %s", rule, diags.items[0].message);
    rule_graph_finish(&set->graph, roots, 1);
    rule_run_init(&r, &set->graph);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(candles); i++) {
            double x;

            rule_run_push(&r, &candles[i]);
            x = rule_run_value(&r, node, &context);
            if (isnan(x) != isnan(wanted[i]) || fabs(x - wanted[i]) > 1e-12)
                fail_msg("%s: candle %zu: %g, not %g", rule, i, x, wanted[i]);
        }
        rule_run_reset(&r);
    }
    rule_run_release(&r);
    set_free(set);
}

#define U NAN
#define VALUES(...) ((const double[5]){__VA_ARGS__})

static void test_values(void **state)
{
    (void)state;
    check_values("close", VALUES(12, 13, 18, 11, 11));
    check_values("close[1]", VALUES(U, 12, 13, 18, 11));
    check_values("close[1][1]", VALUES(U, U, 12, 13, 18));
    check_values("close[0]", VALUES(12, 13, 18, 11, 11));
    check_values("hl2", VALUES(12, 12.5, 16, 14.5, 11));
    check_values("ohlc4 * 4 - hlc3 * 3", VALUES(10, 12, 13, 18, 11));
    check_values("1 + 2 * 3 - -4 % 3 / 2", VALUES(7.5, 7.5, 7.5, 7.5, 7.5));
    check_values("close / volume", VALUES(4, U, 3.6, 5.5, 11));
    check_values("close % 5", VALUES(2, 3, 3, 1, 1));
    check_values("highest(high, 3)", VALUES(U, U, 20, 20, 20));
    check_values("lowest(low, 3)", VALUES(U, U, 9, 10, 10));
    check_values("change(close, 2)", VALUES(U, U, 6, -2, -7));
    check_values("crossed_above(close, 12.5)", VALUES(0, 1, 0, 0, 0));
    check_values("crossed_above(close, 11)", VALUES(U, 0, 0, 0, 0));
    check_values("crossed_below(close, 12.5)", VALUES(U, 0, 0, 1, 0));
    check_values("rising(close)", VALUES(U, 1, 1, 0, 0));
    check_values("falling(close, 2)", VALUES(U, U, 0, 0, 0));
    check_values("between(close, 12, 13)", VALUES(1, 1, 0, 0, 0));
    check_values("clamp(close, 12, 13)", VALUES(12, 13, 13, 12, 12));
    check_values("clamp(close, 13, 12)", VALUES(U, U, U, U, U));
    check_values("min(close, 12) + max(close, 12)", VALUES(24, 25, 30, 23, 23));
    check_values("if(close > 12, close, -1)", VALUES(-1, 13, 18, -1, -1));
    check_values("if(close[1] > 12, 1, 0)", VALUES(U, 0, 1, 1, 0));
    check_values("abs(close - 12) + sqrt(4) + log(exp(1))", VALUES(3, 4, 9, 4, 4));
    check_values("entry_price + position.bars_held", VALUES(15.5, 15.5, 15.5, 15.5, 15.5));
    check_values("position.best_pnl_pct + position.worst_pnl_pct",
                 VALUES(0.375, 0.375, 0.375, 0.375, 0.375));
    check_values("10 * position.scale_ins + position.scale_outs", VALUES(21, 21, 21, 21, 21));
    check_values("close > entry_price and position.pnl_pct > 0.2", VALUES(0, 1, 1, 0, 0));
    check_values("sma(close, params.fast)", VALUES(U, U, 43.0 / 3, 14, 40.0 / 3));
}

/* Strong three-valued logic: certain halves decide, comparisons with unknown do not. */
static void test_unknown(void **state)
{
    (void)state;
    check_values("close[1] > 12", VALUES(U, 0, 1, 1, 0));
    check_values("not close[1] > 12", VALUES(U, 1, 0, 0, 1));
    check_values("close[1] != close[1]", VALUES(U, 0, 0, 0, 0));
    check_values("close[2] > 0 and close > 100", VALUES(0, 0, 0, 0, 0));
    check_values("close > 100 and close[2] > 0", VALUES(0, 0, 0, 0, 0));
    check_values("close[2] > 0 and close > 0", VALUES(U, U, 1, 1, 1));
    check_values("close[2] > 0 or close > 0", VALUES(1, 1, 1, 1, 1));
    check_values("close > 0 or close[2] > 0", VALUES(1, 1, 1, 1, 1));
    check_values("close[2] > 100 or close > 100", VALUES(U, U, 0, 0, 0));
    check_values("close / volume > 3 or volume == 0", VALUES(1, 1, 1, 1, 1));
    /* A hole in a window starts it again. */
    check_values("sma(close / volume, 2)", VALUES(U, U, U, 4.55, 8.25));
}

static void test_sharing(void **state)
{
    struct rule_set *set = set_new();
    int before;

    (void)state;
    assert_int_equal(compile(set, "ema(close, 9) > bb_upper(close, 20, 2)", SCOPE_ENTRY, NULL).type,
                     TYPE_TRUTH);
    before = set->graph.count;
    assert_int_equal(compile(set, "(ema(9)) > bb_upper(20)", SCOPE_ENTRY, NULL).type, TYPE_TRUTH);
    assert_int_equal(set->graph.count, before);
    assert_int_equal(compile(set, "stddev(20) > 2 * 1", SCOPE_ENTRY, NULL).type, TYPE_TRUTH);
    assert_true(set->graph.count <= before + 2); /* one comparison, no second deviation */
    set_free(set);
}

static void test_features(void **state)
{
    struct rule_set *set = set_new();

    (void)state;
    add_feature(set, "a", "b + 1");
    add_feature(set, "b", "c * 2");
    add_feature(set, "c", "a[1]");
    assert_int_equal(rule_compile_feature(set, 5).type, TYPE_BROKEN);
    assert_int_equal(diags.count, 1);
    assert_string_equal(diags.items[0].code, "circular");
    assert_int_equal(compile(set, "b > 1 and c > 2", SCOPE_ENTRY, NULL).type, TYPE_BROKEN);
    assert_int_equal(diags.count, 1);   /* the circle is told of once */
    add_feature(set, "k", "close * k"); /* the parameter: the feature would be a circle */
    assert_int_equal(rule_compile_feature(set, 8).type, TYPE_NUMBER);
    add_feature(set, "l", "close * k");
    assert_int_equal(rule_compile_feature(set, 9).type, TYPE_BROKEN);
    assert_string_equal(diags.items[1].code, "ambiguous");
    set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_text),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_spelling_mistakes),
        cmocka_unit_test(test_exit_mistakes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_features),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
