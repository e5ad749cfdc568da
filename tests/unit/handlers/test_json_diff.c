/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that a difference of two JSON documents is the operations that lead from one to the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "handlers/json_diff.h"

static struct jnode *parse(const char *json)
{
    struct jnode *n = NULL;

    assert_int_equal(jnode_parse(json, strlen(json), "", NULL, &n), ERR_OK);
    return n;
}

static void expect(const char *from, const char *to, const char *patch)
{
    struct jnode *a = parse(from), *b = parse(to);
    struct jwriter w;
    struct text out;

    text_init(&out, LIMIT_JSON_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &out);
    json_diff(&w, a, b);
    assert_true(jwriter_ok(&w));
    assert_string_equal(out.data, patch);
    text_release(&out);
    jnode_free(a);
    jnode_free(b);
}

static void equal_documents_need_nothing(void **state)
{
    (void)state;
    expect("{}", "{}", "[]");
    expect("{\"a\":[1,2.5,\"x\",null,true],\"b\":{\"c\":1}}",
           "{\"b\":{\"c\":1},\"a\":[1,2.5,\"x\",null,true]}", "[]");
}

static void members_are_added_removed_and_replaced(void **state)
{
    (void)state;
    expect("{\"a\":1,\"b\":2}", "{\"a\":3,\"c\":{\"d\":[]}}",
           "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":3},{\"op\":\"remove\",\"path\":\"/b\"},"
           "{\"op\":\"add\",\"path\":\"/c\",\"value\":{\"d\":[]}}]");
    expect("{\"a\":{\"b\":{\"c\":true}}}", "{\"a\":{\"b\":{\"c\":false}}}",
           "[{\"op\":\"replace\",\"path\":\"/a/b/c\",\"value\":false}]");
}

static void lists_change_item_by_item_and_at_their_end(void **state)
{
    (void)state;
    expect(
        "{\"l\":[1,2,3,4]}", "{\"l\":[1,5]}",
        "[{\"op\":\"replace\",\"path\":\"/l/1\",\"value\":5},{\"op\":\"remove\",\"path\":\"/l/3\"},"
        "{\"op\":\"remove\",\"path\":\"/l/2\"}]");
    expect("{\"l\":[1]}", "{\"l\":[1,{\"a\":1},\"z\"]}",
           "[{\"op\":\"add\",\"path\":\"/l/1\",\"value\":{\"a\":1}},"
           "{\"op\":\"add\",\"path\":\"/l/2\",\"value\":\"z\"}]");
}

/* A number is not its text, 1 is not 1.0, and null is a value. */
static void kinds_are_told_apart(void **state)
{
    (void)state;
    expect("{\"a\":1}", "{\"a\":\"1\"}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":\"1\"}]");
    expect("{\"a\":1}", "{\"a\":1.0}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1.0}]");
    expect("{\"a\":1}", "{\"a\":null}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":null}]");
    expect("{\"a\":[]}", "{\"a\":{}}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":{}}]");
    expect("[1]", "{}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{}}]");
}

static void names_are_escaped_as_pointers_want_them(void **state)
{
    (void)state;
    expect("{}", "{\"a/b\":{},\"m~n\":1}",
           "[{\"op\":\"add\",\"path\":\"/a~1b\",\"value\":{}},"
           "{\"op\":\"add\",\"path\":\"/m~0n\",\"value\":1}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_documents_need_nothing),
        cmocka_unit_test(members_are_added_removed_and_replaced),
        cmocka_unit_test(lists_change_item_by_item_and_at_their_end),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(names_are_escaped_as_pointers_want_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
