/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamp tokens made by OpenSSL's command line: judged at their time, refused when spoilt. */
#include "core/timestamp.h"

#include <stdlib.h>

#include "core/clock.h"
#include "tests/support/check.h"

struct token {
    char *answer, *trusted;
    size_t length;
    struct digest imprint;
    uint8_t nonce[TIMESTAMP_NONCE_BYTES];
};

static struct token load(const char *answer, const char *trusted)
{
    struct token t;

    t.answer = check_data(answer, &t.length);
    t.trusted = check_data(trusted, NULL);
    digest_of("traderd", 7, &t.imprint);
    for (int i = 0; i < TIMESTAMP_NONCE_BYTES; i++)
        t.nonce[i] = (uint8_t)(i + 1);
    return t;
}

static void release(struct token *t)
{
    free(t->answer);
    free(t->trusted);
}

static enum err verify(const struct token *t, const uint8_t *nonce, struct timestamp *out)
{
    char reason[160];
    enum err e = timestamp_verify(t->answer, t->length, &t->imprint, nonce, t->trusted, out, reason,
                                  sizeof reason);

    assert_int_equal(e == ERR_OK, reason[0] == '\0');
    return e;
}

static void test_a_token_holds_at_its_own_time(void **state)
{
    struct token t = load("timestamps/answer.tsr", "timestamps/ca.pem");
    struct timestamp stamp;
    char text[TIME_TEXT_MAX];

    (void)state;
    assert_ok(verify(&t, t.nonce, &stamp));
    time_print(stamp.at_us, text);
    assert_string_equal(text, "2026-11-27T14:44:18.767448Z");
    assert_int_equal(stamp.accuracy_us, 1500100);
    assert_string_equal(stamp.authority, "/O=traderd tests/CN=Test TSA");
    /* Later nobody knows the nonce any more. */
    assert_ok(verify(&t, NULL, &stamp));
    release(&t);
}

static void test_what_is_not_the_same_is_refused(void **state)
{
    struct token t = load("timestamps/answer.tsr", "timestamps/ca.pem");
    struct token other = load("timestamps/answer.tsr", "timestamps/other.pem");
    struct token refused = load("timestamps/refused.tsr", "timestamps/ca.pem");
    struct token empty = load("timestamps/answer.tsr", "timestamps/README.md");
    struct timestamp stamp;

    (void)state;
    t.nonce[3] ^= 1;
    assert_err(verify(&t, t.nonce, &stamp), ERR_CONFLICT);
    t.imprint.bytes[0] ^= 1;
    assert_err(verify(&t, NULL, &stamp), ERR_CONFLICT);
    assert_err(verify(&other, other.nonce, &stamp), ERR_CONFLICT);
    assert_err(verify(&refused, refused.nonce, &stamp), ERR_INVALID);
    assert_err(verify(&empty, empty.nonce, &stamp), ERR_SYNTAX);
    release(&t);
    release(&other);
    release(&refused);
    release(&empty);
}

/* No bit of a token can be changed, and no byte is missing or too many. */
static void test_a_spoilt_token_never_holds(void **state)
{
    struct token t = load("timestamps/answer.tsr", "timestamps/ca.pem");
    struct timestamp whole, stamp;
    size_t held = 0;

    (void)state;
    assert_ok(verify(&t, t.nonce, &whole));
    for (size_t i = 0; i < t.length; i++) {
        t.answer[i] ^= 1;
        /* What the signature does not cover (the status' text, spare certificates, how the
         * algorithm's parameters are written) may change, but never what the token says. */
        if (verify(&t, t.nonce, &stamp) == ERR_OK) {
            held++;
            assert_int_equal(stamp.at_us, whole.at_us);
            assert_int_equal(stamp.accuracy_us, whole.accuracy_us);
        }
        t.answer[i] ^= 1;
    }
    assert_true(held < t.length / 2);
    for (size_t n = 0; n < t.length; n++) {
        size_t length = t.length;

        t.length = n;
        assert_int_not_equal(verify(&t, t.nonce, &stamp), ERR_OK);
        t.length = length;
    }
    release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_holds_at_its_own_time),
        cmocka_unit_test(test_what_is_not_the_same_is_refused),
        cmocka_unit_test(test_a_spoilt_token_never_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
