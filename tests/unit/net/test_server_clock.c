/* SPDX-License-Identifier: Apache-2.0 */
/* The estimate of a server's clock: its median, its bound, and what it refuses. */
#include "net/server_clock.h"

#include "core/clock.h"
#include "tests/support/check.h"

#define SERVER_AHEAD_US INT64_C(1700000000000000)

static void ask(struct server_clock *c, int64_t sent_us, int64_t there_us, int64_t back_us)
{
    const int64_t server_us = sent_us + there_us + SERVER_AHEAD_US;

    /* Servers tell whole milliseconds. */
    assert_ok(server_clock_add(c, sent_us, sent_us + there_us + back_us,
                               server_us - server_us % 1000, 2 * US_PER_S));
}

static void test_the_error_is_within_its_bound(void **state)
{
    struct check_random random = {7};

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct server_clock c = {0};
        int64_t at_us = 1 + (int64_t)(check_random_next(&random) % 1000000000), server_us, error_us;
        const int samples = 1 + (int)(check_random_next(&random) % 9);

        for (int i = 0; i < samples; i++) {
            ask(&c, at_us, (int64_t)(check_random_next(&random) % 900000),
                (int64_t)(check_random_next(&random) % 900000));
            at_us += 3 * US_PER_S;
        }
        assert_int_equal(server_clock_is_ready(&c), samples >= 3);
        assert_ok(server_clock_now(&c, at_us, &server_us, &error_us));
        assert_true(server_us - (at_us + SERVER_AHEAD_US) <= error_us);
        assert_true((at_us + SERVER_AHEAD_US) - server_us <= error_us);
        assert_true(error_us <= 901000 + 30 * 100);
    }
}

static void test_one_answer_that_was_held_up_does_not_count(void **state)
{
    struct server_clock c = {0};
    int64_t server_us, error_us;

    (void)state;
    ask(&c, 1000000, 1000, 1000);
    ask(&c, 2000000, 1000, 1500000);
    ask(&c, 4000000, 1000, 1000);
    assert_ok(server_clock_now(&c, 5000000, &server_us, &error_us));
    assert_true(error_us <= 2500);
    assert_true(server_us - 5000000 - SERVER_AHEAD_US < 2000);
    /* The longer ago, the less sure. */
    assert_ok(server_clock_now(&c, 3605000000, &server_us, &error_us));
    assert_true(error_us > 3600 * 100 && error_us < 3600 * 100 + 3000);
}

static void test_what_is_refused(void **state)
{
    struct server_clock c = {0};
    int64_t server_us = 5, error_us = 5;

    (void)state;
    assert_err(server_clock_now(&c, 1, &server_us, &error_us), ERR_AGAIN);
    assert_err(server_clock_add(&c, 10, 9, 0, 1000), ERR_INVALID);
    assert_err(server_clock_add(&c, 10, 1011, 0, 1000), ERR_INVALID);
    assert_int_equal(c.count, 0);
    ask(&c, 1, 1, 1);
    server_clock_reset(&c);
    assert_err(server_clock_now(&c, 1, &server_us, &error_us), ERR_AGAIN);
    assert_int_equal(server_us, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_error_is_within_its_bound),
        cmocka_unit_test(test_one_answer_that_was_held_up_does_not_count),
        cmocka_unit_test(test_what_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
