/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers with a maximum, UTF-8, files, near misses. */
#include "core/text.h"

#include <stdlib.h>

#include "tests/support/check.h"

static void test_maximum(void **state)
{
    struct text t;
    size_t length;
    char *taken;

    (void)state;
    text_init(&t, 5);
    text_string(&t, "abc");
    text_format(&t, "%d", 42);
    assert_string_equal(t.data, "abc42");
    assert_false(t.full);
    text_char(&t, 'x');
    assert_true(t.full);
    text_append(&t, "", 0);
    assert_string_equal(t.data, "abc42");
    text_clear(&t);
    assert_false(t.full);
    text_format(&t, "%s", "abcdef");
    assert_true(t.full);
    assert_int_equal(t.length, 0);
    text_clear(&t);
    text_string(&t, "hi");
    taken = text_take(&t, &length);
    assert_string_equal(taken, "hi");
    assert_int_equal(length, 2);
    assert_null(t.data);
    free(taken);
    taken = text_take(&t, NULL);
    assert_string_equal(taken, "");
    free(taken);
    text_release(&t);
}

static void test_growth(void **state)
{
    struct text t;
    int i;

    (void)state;
    text_init(&t, SIZE_MAX);
    for (i = 0; i < 100000; i++)
        text_char(&t, (char)('a' + i % 26));
    assert_int_equal(t.length, 100000);
    assert_int_equal(t.data[99999], 'a' + 99999 % 26);
    text_release(&t);
}

static void test_files(void **state)
{
    char *folder = check_folder_new(), *path = check_path(folder, "file");
    struct text t;

    (void)state;
    check_write_file(path, "12345", 5);
    text_init(&t, 5);
    assert_ok(text_read_file(&t, path));
    assert_string_equal(t.data, "12345");
    text_release(&t);
    text_init(&t, 4);
    assert_err(text_read_file(&t, path), ERR_LIMIT);
    text_clear(&t);
    assert_err(text_read_file(&t, folder), ERR_IO);
    assert_err(text_read_file(&t, "/nonexistent/file"), ERR_IO);
    text_release(&t);
    free(path);
    check_folder_free(folder);
}

static void test_utf8(void **state)
{
    static const struct {
        const char *bytes;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\x7F", true},
        {"\xC2\x80", true},
        {"\xDF\xBF", true},
        {"\xE0\xA0\x80", true},
        {"\xED\x9F\xBF", true},
        {"\xEE\x80\x80", true},
        {"\xEF\xBF\xBF", true},
        {"\xF0\x90\x80\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\x80", false},
        {"\xC0\x80", false},
        {"\xC1\xBF", false},
        {"\xE0\x9F\xBF", false},
        {"\xED\xA0\x80", false},
        {"\xED\xBF\xBF", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF5\x80\x80\x80", false},
        {"\xFF", false},
        {"\xC3", false},
        {"\xE2\x82", false},
        {"\xF0\x9F\x98", false},
        {"\xC3(", false},
    };
    uint32_t code = 0;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(text_is_utf8(cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
    assert_false(text_is_utf8("a\0b", 3));
    assert_int_equal(text_decode("\xF0\x9F\x98\x80z", 5, &code), 4);
    assert_int_equal(code, 0x1F600);
    assert_int_equal(text_decode("", 0, &code), 0);
    assert_int_equal(code, 0x1F600);
}

static void test_edit_distance(void **state)
{
    char longer[200];

    (void)state;
    assert_int_equal(edit_distance("", ""), 0);
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
    assert_int_equal(edit_distance("lsiten", "listen"), 1);
    assert_int_equal(edit_distance("ca", "abc"), 3);
    assert_int_equal(edit_distance("fee_rate", "fee_rates"), 1);
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(edit_distance(longer, "a"), sizeof(longer) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maximum),       cmocka_unit_test(test_growth),
        cmocka_unit_test(test_files),         cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_edit_distance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
