/* SPDX-License-Identifier: Apache-2.0 */
/* How large an artifact and its parts may be, and the spellings of features. */
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "engine/strategy.h"
#include "tests/support/check.h"

static struct diag_list diags;

static enum err parse(const char *members, struct strategy **out)
{
    struct text json;
    enum err e;

    text_init(&json, 4 * LIMIT_JSON_BYTES);
    text_format(&json, "{\"name\":\"a\",\"entry_condition\":\"true\",%s}", members);
    *out = NULL;
    diags.count = diags.dropped = 0;
    e = strategy_parse(json.data, json.length, false, &diags, out);
    text_release(&json);
    return e;
}

/* The members are refused with this code as the only mistake, in a field that begins like this. */
static void refused(const struct text *members, const char *field, const char *code)
{
    struct strategy *s;

    assert_false(members->full);
    assert_int_not_equal(parse(members->data, &s), ERR_OK);
    assert_null(s);
    if (diags.count != 1 || strncmp(diags.items[0].field, field, strlen(field)) != 0 ||
        strcmp(diags.items[0].code, code) != 0)
        fail_msg("%.60s: %zu: %s %s", members->data, diags.count, diags.items[0].field,
                 diags.items[0].code);
}

static void accepted(const struct text *members)
{
    struct strategy *s;

    if (parse(members->data, &s))
        fail_msg("%.60s: %s %s", members->data, diags.items[0].field, diags.items[0].message);
    strategy_release(s);
}

/* `count` times the pattern, whose one %d counts, between head and tail. */
static void repeat(struct text *t, const char *head, const char *pattern, int count,
                   const char *tail)
{
    text_clear(t);
    text_string(t, head);
    for (int i = 0; i < count; i++) {
        text_string(t, i > 0 ? "," : "");
        for (const char *p = pattern; *p; p++) {
            if (*p == '#')
                text_format(t, "%d", i);
            else
                text_char(t, *p);
        }
    }
    text_string(t, tail);
}

static void test_counts(void **state)
{
    static const struct {
        const char *head, *pattern, *tail, *field;
        int most;
    } lists[] = {
        {"\"symbols\":[", "\"A#/B\"", "]", "symbols", LIMIT_SYMBOLS},
        {"\"params\":{", "\"p#\":#", "}", "params", 64},
        {"\"features\":{", "\"f#\":\"close\"", "}", "features", LIMIT_FEATURES},
        {"\"features\":[", "\"ema_1#\"", "]", "features", LIMIT_FEATURES},
        {"\"features\":{", "\"f#\":\"macd()\"", "}", "features", LIMIT_FEATURES / 3},
        {"\"ext\":{", "\"e#\":60", "}", "ext", LIMIT_FEATURES},
        {"\"roi\":{", "\"#\":0.1", "}", "roi.32", LIMIT_ROI_STEPS},
    };
    struct text t;

    (void)state;
    text_init(&t, LIMIT_JSON_BYTES);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        repeat(&t, lists[i].head, lists[i].pattern, lists[i].most, lists[i].tail);
        accepted(&t);
        repeat(&t, lists[i].head, lists[i].pattern, lists[i].most + 1, lists[i].tail);
        refused(&t, lists[i].field, "limit_exceeded");
    }
    text_release(&t);
}

static void test_reasons(void **state)
{
    struct text t;
    struct strategy *s;

    (void)state;
    text_init(&t, LIMIT_JSON_BYTES);
    repeat(&t, "\"trigger\":\"", "{close}", 17, "\"");
    accepted(&t);
    repeat(&t, "\"trigger\":\"", "{close}", 18, "\"");
    refused(&t, "trigger", "limit_exceeded");
    repeat(&t, "\"trigger\":\"", "abcdefg", 128, "\"");
    accepted(&t);
    repeat(&t, "\"trigger\":\"", "abcdefg", 129, "\"");
    refused(&t, "trigger", "too_long");
    text_clear(&t);
    text_string(&t, "\"trigger\":\"tab\\t \\u2192\"");
    assert_ok(parse(t.data, &s));
    assert_string_equal(strategy_warnings(s)->items[0].code, "not_printable");
    strategy_release(s);
    text_release(&t);
}

static void test_a_document_too_long(void **state)
{
    struct text t;
    struct strategy *s;

    (void)state;
    text_init(&t, 2 * LIMIT_JSON_BYTES);
    text_string(&t, "\"x-note\":\"");
    while (t.length < LIMIT_JSON_BYTES)
        text_string(&t, "0123456789");
    text_char(&t, '"');
    assert_err(parse(t.data, &s), ERR_LIMIT);
    assert_string_equal(diags.items[0].code, "too_long");
    text_release(&t);
}

/* Each rule alone is small enough. */
static void test_too_complex(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, LIMIT_JSON_BYTES);
    repeat(&t, "\"features\":{", "\"f#\":\"sma(close, 4#)\"", 30, "}");
    accepted(&t);
    text_clear(&t);
    text_string(&t, "\"features\":{");
    for (int i = 0; i < 60; i++) {
        text_format(&t, "%s\"f%d\":\"close", i > 0 ? "," : "", i);
        for (int j = 0; j < 60; j++)
            text_format(&t, " + %d * open", 2 + i * 60 + j);
        text_char(&t, '"');
    }
    text_char(&t, '}');
    refused(&t, "features.f", "too_complex");
    text_clear(&t);
    for (size_t i = 0; i < 5; i++) {
        static const char *const rules[][2] = {
            {"\"exit_condition\":\"0", " > 1\""},
            {",\"scale_in\":{\"part\":1,\"condition\":\"0", " > 1\"}"},
            {",\"scale_out\":{\"part\":0.5,\"condition\":\"0", " > 1\"}"},
            {",\"stop_loss\":\"0", "\""},
            {",\"take_profit\":\"0", "\""}};

        text_string(&t, rules[i][0]);
        for (size_t j = 0; j < 55; j++)
            text_format(&t, " + entry_price * %zu", 2 + i * 55 + j);
        text_string(&t, rules[i][1]);
    }
    refused(&t, "exit.condition", "too_complex");
    text_release(&t);
}

static const char *id_of(const char *members, char id[DIGEST_HEX])
{
    struct strategy *s;

    if (parse(members, &s))
        fail_msg("%s: %s %s", members, diags.items[0].field, diags.items[0].message);
    assert_int_equal(strategy_warnings(s)->count, 0);
    (void)copy_text(id, DIGEST_HEX, strategy_id(s));
    strategy_release(s);
    return id;
}

static void test_features_by_other_names(void **state)
{
    static const char *const same[][2] = {
        {"\"features\":{\"a\":\"rsi(close, 7)\"}",
         "\"features\":{\"a\":{\"type\":\"rsi\",\"length\":7}}"},
        {"\"features\":{\"a\":\"rsi(close, 7)\"}",
         "\"features\":{\"a\":{\"type\":\"rsi\",\"timeperiod\":\"7\",\"period\":null}}"},
        {"\"features\":{\"a\":\"macd(close, 5, 9, 3)\"}",
         "\"features\":{\"a\":{\"type\":\"macd\",\"fastperiod\":5,\"slow_period\":9,"
         "\"signalperiod\":3}}"},
        {"\"features\":{\"a\":\"bbands(close, 9, 1, 0)\"}",
         "\"features\":{\"a\":{\"type\":\"bbands\",\"window\":9,\"std\":1}}"},
        {"\"features\":[\"ema_12\",\"rsi\"]",
         "\"features\":[{\"type\":\"ema\",\"period\":12},{\"type\":\"rsi\"}]"},
        {"\"features\":[\"bbands_9_1\"]",
         "\"features\":[{\"type\":\"bbands\",\"window\":9,\"nbdev\":1,\"name\":null}]"},
    };
    static const struct {
        const char *members, *field, *code;
    } mistakes[] = {
        {"\"features\":{\"a\":{\"type\":\"rsi\",\"period\":7,\"length\":9}}", "features.a.length",
         "given_twice"},
        {"\"features\":[{\"type\":\"ema\",\"period\":\"12\"}]", "features[0]", "type_mismatch"},
        {"\"features\":[{\"type\":\"emma\"}]", "features[0].type", "unknown_function"},
        {"\"features\":[{\"type\":\"ema\"}]", "features[0].period", "missing"},
        {"\"features\":[\"rsi\",{\"type\":\"rsi\"}]", "features[1]", "given_twice"},
        {"\"features\":[\"rsi_14\",\"rsi_14\"]", "features[1]", "given_twice"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        char a[DIGEST_HEX], b[DIGEST_HEX];

        assert_string_equal(id_of(same[i][0], a), id_of(same[i][1], b));
    }
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct strategy *s;

        assert_err(parse(mistakes[i].members, &s), ERR_INVALID);
        assert_string_equal(diags.items[0].field, mistakes[i].field);
        assert_string_equal(diags.items[0].code, mistakes[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_a_document_too_long),
        cmocka_unit_test(test_too_complex),
        cmocka_unit_test(test_features_by_other_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
