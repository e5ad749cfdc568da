/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets, idempotency keys and bearer tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/limits.h"
#include "handlers/tokens.h"
#include "server/idempotency.h"
#include "server/throttle.h"

static void buckets_empty_and_fill(void **state)
{
    struct throttle *t = throttle_new(60);
    struct throttle_state s = {0};
    int64_t now_us = 1000 * US_PER_S;

    (void)state;
    for (int i = 0; i < 60; i++)
        assert_int_equal(throttle_take(t, "a", now_us, &s), ERR_OK);
    assert_int_equal(s.left, 0);
    assert_int_equal(throttle_take(t, "a", now_us, &s), ERR_RATE_LIMITED);
    assert_int_equal(s.reset_s, 1);
    assert_int_equal(throttle_look(t, "a", now_us, NULL), ERR_RATE_LIMITED);
    assert_int_equal(throttle_take(t, "b", now_us, NULL), ERR_OK);
    now_us += 2 * US_PER_S;
    assert_int_equal(throttle_take(t, "a", now_us, &s), ERR_OK);
    assert_int_equal(s.left, 1);
    assert_int_equal(throttle_look(t, "a", now_us, NULL), ERR_OK);
    assert_int_equal(throttle_take(t, "a", now_us, &s), ERR_OK);
    assert_int_equal(throttle_take(t, "a", now_us, &s), ERR_RATE_LIMITED);
    now_us += 3600 * US_PER_S;
    assert_int_equal(throttle_take(t, "a", now_us, &s), ERR_OK);
    assert_int_equal(s.left, 59);
    throttle_free(t);
}

static void no_limit_is_no_limit(void **state)
{
    struct throttle *t = throttle_new(0);

    (void)state;
    for (int i = 0; i < 100000; i++)
        assert_int_equal(throttle_take(t, "a", 1, NULL), ERR_OK);
    throttle_free(t);
}

static void keys_are_quoted_or_bare(void **state)
{
    char key[LIMIT_IDEMPOTENCY_KEY + 1], longest[LIMIT_IDEMPOTENCY_KEY + 2];

    (void)state;
    assert_int_equal(idempotency_parse("\"a b\"", key), ERR_OK);
    assert_string_equal(key, "a b");
    assert_int_equal(idempotency_parse("\"a\\\"b\"", key), ERR_OK);
    assert_string_equal(key, "a\"b");
    assert_int_equal(idempotency_parse("8e03978e-40d5", key), ERR_OK);
    assert_string_equal(key, "8e03978e-40d5");
    assert_int_equal(idempotency_parse("", key), ERR_IDEMPOTENCY_KEY);
    assert_int_equal(idempotency_parse("\"\"", key), ERR_IDEMPOTENCY_KEY);
    assert_int_equal(idempotency_parse("\"", key), ERR_IDEMPOTENCY_KEY);
    assert_int_equal(idempotency_parse("a b", key), ERR_IDEMPOTENCY_KEY);
    assert_int_equal(idempotency_parse("a\"b", key), ERR_IDEMPOTENCY_KEY);
    assert_int_equal(idempotency_parse("caf\xc3\xa9", key), ERR_IDEMPOTENCY_KEY);
    memset(longest, 'x', sizeof longest);
    longest[LIMIT_IDEMPOTENCY_KEY + 1] = 0;
    assert_int_equal(idempotency_parse(longest, key), ERR_IDEMPOTENCY_KEY);
    longest[LIMIT_IDEMPOTENCY_KEY] = 0;
    assert_int_equal(idempotency_parse(longest, key), ERR_OK);
}

static void tokens_tell_their_id(void **state)
{
    struct token t = {0};
    struct digest digest;
    char text[TOKEN_TEXT_MAX], id[24];

    (void)state;
    token_make(&t, text);
    assert_int_equal(strlen(text), TOKEN_TEXT_MAX - 1);
    assert_true(token_of_text(text, id, &digest));
    assert_string_equal(id, t.id);
    assert_memory_equal(digest.bytes, t.secret.bytes, DIGEST_BYTES);
    text[20] = text[20] == 'A' ? 'B' : 'A';
    assert_true(token_of_text(text, id, &digest));
    assert_memory_not_equal(digest.bytes, t.secret.bytes, DIGEST_BYTES);
    assert_false(token_of_text("", id, &digest));
    assert_false(token_of_text("tk_", id, &digest));
    text[0] = 'x';
    assert_false(token_of_text(text, id, &digest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_empty_and_fill),
        cmocka_unit_test(no_limit_is_no_limit),
        cmocka_unit_test(keys_are_quoted_or_bare),
        cmocka_unit_test(tokens_tell_their_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
