/* SPDX-License-Identifier: Apache-2.0 */
/* The error table's look-ups, the list of diags, bounded copies and lasting assertions. */
#include "core/error.h"

#include "core/text.h"
#include "tests/support/check.h"

static void test_table(void **state)
{
    enum err e, other;

    (void)state;
    assert_string_equal(err_code(ERR_OK), "ok");
    assert_int_equal(err_status(ERR_OVERFLOW), 422);
    for (e = (enum err)1; e < ERR_COUNT_; e++) {
        assert_true(err_status(e) >= 400 && err_status(e) < 600);
        assert_true(strlen(err_sentence(e)) > 5);
        for (other = (enum err)1; other < e; other++)
            assert_string_not_equal(err_code(e), err_code(other));
    }
}

static void test_diags(void **state)
{
    struct diag_list list = {0};
    char text[400];
    struct diag *d;
    int i;

    (void)state;
    diag_describe(&list, ERR_SYNTAX, text, sizeof(text));
    assert_string_equal(text, err_sentence(ERR_SYNTAX));
    diag_describe(NULL, ERR_SYNTAX, text, sizeof(text));
    assert_string_equal(text, err_sentence(ERR_SYNTAX));
    d = diag_add(&list, "entry.condition", "unknown_name", "There is no \"%s\".", "rsj");
    diag_describe(&list, ERR_SYNTAX, text, sizeof(text));
    assert_string_equal(text, "entry.condition: There is no \"rsj\".");
    d->line = 3;
    d->column = 7;
    diag_hint(d, "did you mean %s?", "rsi");
    diag_describe(&list, ERR_SYNTAX, text, sizeof(text));
    assert_string_equal(text, "entry.condition:3:7: There is no \"rsj\". (did you mean rsi?)");
    diag_describe(&list, ERR_SYNTAX, text, 8);
    assert_string_equal(text, "entry.c");
    for (i = 0; i < DIAG_MAX + 3; i++) {
        d = diag_add(&list, NULL, "code", "message");
        d->line = i;
    }
    assert_int_equal(list.count, DIAG_MAX);
    assert_int_equal(list.dropped, 4);
    d = diag_add(NULL, "field", "code", "message");
    diag_hint(d, "hint");
    assert_string_equal(d->hint, "hint");
}

/* A cut message must still be UTF-8: it goes into JSON. */
static void test_cut_characters(void **state)
{
    char message[sizeof(((struct diag *)0)->message) + 8];
    struct diag *d;
    size_t lead;

    (void)state;
    for (lead = 0; lead < 4; lead++) {
        memset(message, 'a', lead);
        for (size_t i = lead; i + 4 < sizeof(message); i += 4)
            memcpy(message + i, "\xF0\x9F\x98\x80", 5);
        d = diag_add(NULL, message, "code", "%s", message);
        assert_true(text_is_utf8(d->message, strlen(d->message)));
        assert_true(strlen(d->message) >= sizeof(d->message) - 5);
        assert_true(text_is_utf8(d->field, strlen(d->field)));
    }
}

static void test_copy_text(void **state)
{
    char to[4];

    (void)state;
    assert_true(copy_text(to, sizeof(to), "abc"));
    assert_string_equal(to, "abc");
    assert_false(copy_text(to, sizeof(to), "abcd"));
    assert_string_equal(to, "abc");
    assert_false(copy_text(to, sizeof(to), "ab\xC3\xA9"));
    assert_string_equal(to, "ab");
}

static void break_it(void *context)
{
    ASSERT(*(int *)context == 2);
}

static void test_assertions_stay_on(void **state)
{
    int one = 1, two = 2;

    (void)state;
    assert_true(check_aborts(break_it, &one));
    assert_false(check_aborts(break_it, &two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_diags),
        cmocka_unit_test(test_cut_characters),
        cmocka_unit_test(test_copy_text),
        cmocka_unit_test(test_assertions_stay_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
