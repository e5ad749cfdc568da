/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of an artifact in JSON: everything known of a good one, every mistake with the text
 * it is in. */
#include "engine/strategy_report.h"

#include "core/jnode.h"
#include "tests/support/check.h"

static struct jnode *report_of(const char *json, bool is_good)
{
    static struct diag_list diags;
    struct strategy *s = NULL;
    struct jnode *root = NULL;
    struct jwriter w;
    struct text out;

    diags.count = diags.dropped = 0;
    assert_int_equal(!strategy_parse(json, strlen(json), false, &diags, &s), is_good);
    text_init(&out, LIMIT_JSON_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &out);
    jw_object(&w);
    strategy_report(&w, s, &diags, json, strlen(json));
    jw_object_end(&w);
    assert_true(jwriter_ok(&w));
    assert_ok(jnode_parse(out.data, out.length, "report", NULL, &root));
    assert_true(jnode_bool(jnode_member(root, "valid")) == is_good);
    text_release(&out);
    strategy_release(s);
    return root;
}

static const char *item(const struct jnode *root, const char *list, size_t i)
{
    return jnode_text(jnode_item(jnode_member(root, list), i));
}

static void test_good(void **state)
{
    struct jnode *root = report_of(
        "{\"name\":\"a\",\"entry\":{\"condition\":\"b.upper > 1\",\"trigr\":1},\"timeframe\":"
        "\"1h\",\"symbols\":[\"B/C\",\"A/B\"],\"features\":{\"b\":\"bbands(20)\"},"
        "\"ext\":{\"mood\":60},\"metrics\":{\"pf\":1.5}}",
        true);
    const struct jnode *warning = jnode_item(jnode_member(root, "warnings"), 0);
    const struct jnode *ext = jnode_item(jnode_member(root, "ext"), 0);

    (void)state;
    assert_int_equal(jnode_text_length(jnode_member(root, "id")), 64);
    assert_string_equal(jnode_text(jnode_member(root, "name")), "a");
    assert_string_equal(jnode_text(jnode_member(warning, "field")), "entry.trigr");
    assert_string_equal(jnode_text(jnode_member(warning, "hint")), "did you mean 'trigger'?");
    assert_int_equal(jnode_count(jnode_member(root, "errors")), 0);
    assert_int_equal(jnode_count(jnode_member(root, "features")), 3);
    assert_string_equal(item(root, "features", 0), "b.upper");
    assert_int_equal(jnode_integer(jnode_member(root, "warmup_candles")), 20);
    assert_string_equal(item(root, "symbols", 0), "A/B");
    assert_int_equal(jnode_count(jnode_member(root, "other_symbols")), 0);
    assert_string_equal(jnode_text(jnode_member(ext, "name")), "mood");
    assert_int_equal(jnode_integer(jnode_member(ext, "max_age_s")), 60);
    assert_string_equal(jnode_text(jnode_member(root, "timeframe")), "1h");
    assert_true(jnode_number(jnode_member(jnode_member(root, "metrics"), "profit_factor")) == 1.5);
    jnode_free(root);
}

static void test_refused(void **state)
{
    struct jnode *root = report_of(
        "{\"name\":\"a\",\"entry\":{\"condition\":\"close > opne\"},\"features\":[\"emma_3\"],"
        "\"scale_in\":{\"condition\":\"clos > 1\",\"part\":9000}}",
        false);
    const struct jnode *errors = jnode_member(root, "errors");
    const struct jnode *e = jnode_item(errors, 1);

    (void)state;
    assert_true(jnode_is(jnode_member(root, "id"), J_NULL));
    assert_true(jnode_is(jnode_member(root, "warmup_candles"), J_NULL));
    assert_int_equal(jnode_count(errors), 4);
    assert_true(jnode_is(jnode_member(jnode_item(errors, 0), "expr"), J_NULL)); /* no column */
    assert_string_equal(jnode_text(jnode_member(e, "field")), "entry.condition");
    assert_string_equal(jnode_text(jnode_member(e, "code")), "unknown_name");
    assert_int_equal(jnode_integer(jnode_member(e, "column")), 9);
    assert_int_equal(jnode_integer(jnode_member(e, "length")), 4);
    assert_string_equal(jnode_text(jnode_member(e, "hint")), "did you mean 'open'?");
    assert_string_equal(jnode_text(jnode_member(e, "expr")), "close > opne");
    e = jnode_item(errors, 2);
    assert_string_equal(jnode_text(jnode_member(e, "expr")), "clos > 1");
    jnode_free(root);
    root = report_of("{\"name\":", false);
    e = jnode_item(jnode_member(root, "errors"), 0);
    assert_int_equal(jnode_integer(jnode_member(e, "line")), 1);
    assert_true(jnode_is(jnode_member(e, "expr"), J_NULL));
    jnode_free(root);
}

static void test_field_text(void **state)
{
    static const char json[] = "{\"a\":{\"b\":\"x\"},\"c\":[1,{\"d\":\"y\"},\"z\"],\"e\":\"\"}";
    static const struct {
        const char *field, *text;
    } cases[] = {
        {"a.b", "x"},    {"c[1].d", "y"}, {"c[2]", "z"},
        {"a", NULL},     {"a.c", NULL},   {"c[0]", NULL},
        {"c[3]", NULL},  {"c.d", NULL},   {"", NULL},
        {"a.b.c", NULL}, {".", NULL},     {"a[0]", NULL},
        {"c[", NULL},    {"e", NULL},     {"c[99999999999999999999]", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text out;
        bool is_found;

        text_init(&out, 100);
        is_found = strategy_field_text(json, strlen(json), cases[i].field, &out);
        if (is_found != (cases[i].text != NULL))
            fail_msg("%s", cases[i].field);
        if (is_found)
            assert_string_equal(out.data, cases[i].text);
        text_release(&out);
    }
}

/* The diag alone, as an answer of the API quotes it. */
static void test_diag(void **state)
{
    struct diag d = {.field = "a", .column = 2, .length = 3, .code = "c", .message = "m"};
    struct jwriter w;
    struct text out;

    (void)state;
    text_init(&out, 1000);
    jwriter_init(&w, JSTYLE_COMPACT, &out);
    jw_object(&w);
    strategy_report_diag(&w, &d, "{\"a\":\"b c d\"}", 13);
    jw_object_end(&w);
    assert_true(jwriter_ok(&w));
    assert_string_equal(out.data,
                        "{\"field\":\"a\",\"line\":0,\"column\":2,\"length\":3,\"code\":\"c\","
                        "\"message\":\"m\",\"hint\":\"\",\"expr\":\"b c d\"}");
    text_clear(&out);
    jwriter_init(&w, JSTYLE_COMPACT, &out);
    jw_object(&w);
    strategy_report_diag(&w, &d, NULL, 0);
    jw_object_end(&w);
    assert_non_null(strstr(out.data, "\"expr\":null"));
    text_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_field_text),
        cmocka_unit_test(test_diag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
