/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from an attempt that came to nothing: every class, both budgets, every delay. */
#include "tests/support/check.h"

#include "core/amount_text.h"
#include "core/clock.h"
#include "engine/retry.h"

static struct retry_case entry_case(enum venue_error e)
{
    return (struct retry_case){.error = e, .attempt = 1, .alike = 1, .is_entry = true};
}

static struct retry_case exit_case(enum venue_error e)
{
    return (struct retry_case){.error = e, .attempt = 1, .alike = 1};
}

static void test_every_class(void **state)
{
    static const struct {
        enum venue_error error;
        bool entry, entry_again, exit, exit_again; /* second: the same error a second time */
        enum retry_measure measure;
    } rows[] = {
        {VENUE_ERROR_NONE, true, true, true, true, RETRY_NOTHING},
        {VENUE_ERROR_NOT_SENT, true, true, true, true, RETRY_NOTHING},
        {VENUE_ERROR_AMBIGUOUS, true, true, true, true, RETRY_NOTHING},
        {VENUE_ERROR_RATE_LIMIT, true, true, true, true, RETRY_NOTHING},
        {VENUE_ERROR_BANNED, false, false, true, false, RETRY_NOTHING},
        {VENUE_ERROR_CLOCK, true, false, true, false, RETRY_NOTHING},
        {VENUE_ERROR_FUNDS, true, true, true, false, RETRY_RECONCILE},
        {VENUE_ERROR_FILTER, true, false, true, false, RETRY_NOTHING},
        {VENUE_ERROR_DUPLICATE_ID, false, false, false, false, RETRY_RECONCILE},
        {VENUE_ERROR_OVERLOAD, true, true, true, true, RETRY_NOTHING},
        {VENUE_ERROR_AUTH, false, false, false, false, RETRY_HALT_ENTRIES},
        {VENUE_ERROR_MARKET, false, false, false, false, RETRY_HALT_SYMBOL},
        {VENUE_ERROR_NOT_OPEN, true, true, true, true, RETRY_NOTHING},
        {VENUE_ERROR_WOULD_TRIGGER, false, false, false, false, RETRY_NOTHING},
        {VENUE_ERROR_REDUCE_ONLY, false, false, false, false, RETRY_RECONCILE},
        {VENUE_ERROR_OTHER, false, false, false, false, RETRY_NOTHING},
    };

    (void)state;
    assert_int_equal(COUNT_OF(rows), VENUE_ERROR_COUNT_);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct retry_case entry = entry_case(rows[i].error), leave = exit_case(rows[i].error);

        assert_int_equal(retry_decide(&entry).again, rows[i].entry);
        assert_int_equal(retry_decide(&leave).again, rows[i].exit);
        assert_int_equal(retry_decide(&entry).measure, rows[i].measure);
        entry.attempt = leave.attempt = entry.alike = leave.alike = 2;
        assert_int_equal(retry_decide(&entry).again, rows[i].entry_again);
        assert_int_equal(retry_decide(&leave).again, rows[i].exit_again);
        entry.attempt = leave.attempt = RETRY_ATTEMPTS_MAX; /* the budget is spent */
        assert_false(retry_decide(&entry).again);
        assert_false(retry_decide(&leave).again);
    }
}

static void test_delays_are_one_and_two_seconds(void **state)
{
    struct retry_case c = entry_case(VENUE_ERROR_NOT_SENT);

    (void)state;
    assert_int_equal(retry_decide(&c).delay_us, US_PER_S);
    c.attempt = 2;
    assert_int_equal(retry_decide(&c).delay_us, 2 * US_PER_S);
    c.retry_after_us = 7 * US_PER_S; /* the venue asked for more */
    assert_int_equal(retry_decide(&c).delay_us, 7 * US_PER_S);
    assert_int_equal(retry_decide(&c).silence_us, 0);
    c = exit_case(VENUE_ERROR_BANNED);
    c.retry_after_us = 60 * US_PER_S;
    assert_int_equal(retry_decide(&c).silence_us, 60 * US_PER_S);
    assert_int_equal(retry_decide(&c).delay_us, 60 * US_PER_S);
}

static void test_funds_make_an_entry_smaller(void **state)
{
    struct retry_case c = entry_case(VENUE_ERROR_FUNDS);

    (void)state;
    assert_true(retry_decide(&c).size.e12 == AMOUNT_ONE / 10 * 9);
    c = exit_case(VENUE_ERROR_FUNDS);
    assert_true(retry_decide(&c).size.e12 == AMOUNT_ONE);
    c.is_stop = true; /* it leaves at the market instead */
    assert_false(retry_decide(&c).again);
}

static void test_a_clock_that_stays_wrong_halts(void **state)
{
    struct retry_case c = entry_case(VENUE_ERROR_CLOCK);

    (void)state;
    c.attempt = c.alike = 2;
    assert_int_equal(retry_decide(&c).measure, RETRY_HALT_ENTRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class),
        cmocka_unit_test(test_delays_are_one_and_two_seconds),
        cmocka_unit_test(test_funds_make_an_entry_smaller),
        cmocka_unit_test(test_a_clock_that_stays_wrong_halts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
