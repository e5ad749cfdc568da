/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON reading: what is refused, where, and what comes out. */
#include "core/jnode.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "core/limits.h"
#include "core/text.h"
#include "tests/support/check.h"

static void test_values(void **state)
{
    static const char json[] = "{\"b\": [null, true, false, -5, 2.5, \"h\\u00e9\"],\n"
                               " \"a\": {\"z\": 9223372036854775807, \"y\": {}}}";
    static const enum jkind kinds[] = {J_NULL, J_BOOL, J_BOOL, J_INTEGER, J_REAL, J_STRING};
    struct diag_list diags = {0};
    const struct jnode *list, *value;
    struct jnode *root = NULL;
    void *it = NULL;
    const char *key;
    struct text t;
    size_t i;

    (void)state;
    assert_ok(jnode_parse(json, sizeof(json) - 1, "x", &diags, &root));
    assert_int_equal(diags.count, 0);
    list = jnode_member(root, "b");
    assert_int_equal(jnode_count(list), COUNT_OF(kinds));
    for (i = 0; i < COUNT_OF(kinds); i++)
        assert_int_equal(jnode_kind(jnode_item(list, i)), kinds[i]);
    assert_true(jnode_bool(jnode_item(list, 1)));
    assert_false(jnode_bool(jnode_item(list, 2)));
    assert_int_equal(jnode_integer(jnode_item(list, 3)), -5);
    assert_true(jnode_number(jnode_item(list, 3)) == -5.0);
    assert_true(jnode_number(jnode_item(list, 4)) == 2.5);
    assert_string_equal(jnode_text(jnode_item(list, 5)), "h\xC3\xA9");
    assert_int_equal(jnode_text_length(jnode_item(list, 5)), 3);
    assert_null(jnode_member(root, "c"));
    assert_false(jnode_is(NULL, J_NULL));
    assert_true(jnode_next(root, &it, &key, &value));
    assert_string_equal(key, "b");
    assert_true(jnode_next(root, &it, &key, &value));
    assert_string_equal(key, "a");
    assert_int_equal(jnode_count(value), 2);
    assert_false(jnode_next(root, &it, &key, &value));
    text_init(&t, 1024);
    jnode_print_sorted(root, &t);
    assert_string_equal(t.data, "{\"a\":{\"y\":{},\"z\":9223372036854775807},"
                                "\"b\":[null,true,false,-5,2.5,\"h\xC3\xA9\"]}");
    text_release(&t);
    jnode_free(root);
    jnode_free(NULL);
    assert_string_equal(jkind_name(J_OBJECT), "object");
}

static void test_refused(void **state)
{
    static const struct {
        const char *json;
        size_t length; /* 0: strlen */
        int line;      /* 0: not looked at */
        int column;
        const char *code;
    } cases[] = {
        {"", 0, 1, 0, "json_syntax"},
        {"{", 0, 1, 1, "json_syntax"},
        {"{\"a\": 1,\n \"a\": 2}", 0, 2, 4, "json_duplicate_key"},
        {"{\"a\": 1} x", 0, 1, 0, "json_trailing_text"},
        {"[1,\n\n ?]", 0, 3, 2, "json_syntax"},
        {"[NaN]", 0, 1, 0, "json_syntax"},
        {"[Infinity]", 0, 1, 0, "json_syntax"},
        {"[9223372036854775808]", 0, 1, 0, "json_number"},
        {"[-9223372036854775809]", 0, 1, 0, "json_number"},
        {"[1e400]", 0, 1, 0, "json_number"},
        {"[\"a\\u0000b\"]", 0, 1, 0, "json_nul"},
        {"[1]\0", 4, 1, 4, "json_nul"},
        {"\"a\0b\"", 5, 1, 3, "json_nul"},
        {"[\"\xFF\"]", 0, 1, 0, "json_utf8"},
        {"[\"\xED\xA0\x80\"]", 0, 1, 0, "json_utf8"},
        {"[\"\\ud800\"]", 0, 1, 0, "json_syntax"},
        {"[01]", 0, 1, 0, "json_syntax"},
        {"{'a': 1}", 0, 1, 0, "json_syntax"},
        {"[1,]", 0, 1, 0, "json_syntax"},
        {"\xEF\xBB\xBF[]", 0, 1, 0, "json_syntax"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT_OF(cases); i++) {
        size_t length = cases[i].length ? cases[i].length : strlen(cases[i].json);
        struct diag_list diags = {0};
        struct jnode *root = NULL;

        assert_err(jnode_parse(cases[i].json, length, "body", &diags, &root), ERR_SYNTAX);
        assert_null(root);
        assert_int_equal(diags.count, 1);
        assert_string_equal(diags.items[0].field, "body");
        assert_string_equal(diags.items[0].code, cases[i].code);
        assert_int_equal(diags.items[0].line, cases[i].line);
        if (cases[i].column)
            assert_int_equal(diags.items[0].column, cases[i].column);
        assert_true(diags.items[0].message[0] != '\0');
    }
}

static void test_depth(void **state)
{
    static const char quoted[] = "[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]";
    char json[2 * LIMIT_JSON_DEPTH + 8];
    struct diag_list diags = {0};
    struct jnode *root = NULL;
    size_t depth = LIMIT_JSON_DEPTH;

    (void)state;
    memset(json, '[', depth);
    memset(json + depth, ']', depth);
    assert_ok(jnode_parse(json, 2 * depth, "x", &diags, &root));
    jnode_free(root);
    root = NULL;
    depth++;
    memset(json, '[', depth);
    memset(json + depth, ']', depth);
    assert_err(jnode_parse(json, 2 * depth, "x", &diags, &root), ERR_SYNTAX);
    assert_string_equal(diags.items[0].code, "json_depth");
    assert_int_equal(diags.items[0].column, (int)depth);
    /* Brackets in strings are no levels, also behind an escaped quote. */
    assert_ok(jnode_parse(quoted, sizeof(quoted) - 1, "x", NULL, &root));
    jnode_free(root);
}

static void test_too_large(void **state)
{
    char *json = xmalloc(LIMIT_JSON_BYTES + 1);
    struct diag_list diags = {0};
    struct jnode *root = NULL;

    (void)state;
    memset(json, ' ', LIMIT_JSON_BYTES + 1);
    json[0] = '1';
    assert_ok(jnode_parse(json, LIMIT_JSON_BYTES, "x", &diags, &root));
    assert_int_equal(jnode_integer(root), 1);
    jnode_free(root);
    assert_err(jnode_parse(json, LIMIT_JSON_BYTES + 1, "x", &diags, &root), ERR_LIMIT);
    assert_int_equal(diags.count, 1);
    free(json);
}

static enum err money_of(const char *json, bool numbers, struct money *out)
{
    struct jnode *root = NULL;
    enum err e;

    assert_ok(jnode_parse(json, strlen(json), "x", NULL, &root));
    e = jnode_money(root, numbers, out);
    jnode_free(root);
    return e;
}

static void test_money(void **state)
{
    struct money m = {0};

    (void)state;
    assert_ok(money_of("\"0.10\"", false, &m));
    assert_true(m.e12 == INT64_C(100000000000));
    assert_ok(money_of("0.1", true, &m));
    assert_true(m.e12 == INT64_C(100000000000));
    assert_ok(money_of("-9223372036854775808", true, &m));
    assert_true(m.e12 == (i128)INT64_MIN * INT64_C(1000000000000));
    assert_err(money_of("0.1", false, &m), ERR_INVALID);
    assert_err(money_of("true", true, &m), ERR_INVALID);
    assert_err(money_of("1e300", true, &m), ERR_OVERFLOW);
    assert_err(money_of("\"0.0000000000001\"", true, &m), ERR_PRECISION);
}

static void test_comma_locale(void **state)
{
    struct jnode *root = NULL;
    char *folder = check_folder_new(), command[512];

    (void)state;
    /* Made here, because few machines have it.  localedef is pleased with exit 1: warnings. */
    (void)snprintf(command, sizeof(command),
                   "localedef -i de_DE -f UTF-8 --no-archive %s/de_DE.UTF-8 >/dev/null 2>&1",
                   folder);
    assert_in_range(WEXITSTATUS(system(command)), 0, 1);
    assert_int_equal(setenv("LOCPATH", folder, 1), 0);
    assert_non_null(setlocale(LC_ALL, "de_DE.UTF-8"));
    assert_string_equal(localeconv()->decimal_point, ",");
    assert_ok(jnode_parse("[2.5]", 5, "x", NULL, &root));
    assert_true(jnode_number(jnode_item(root, 0)) == 2.5);
    jnode_free(root);
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    check_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),  cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_money),  cmocka_unit_test(test_comma_locale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
