/* SPDX-License-Identifier: Apache-2.0 */
/* Tests decimal numbers of candle files: exactness, limits, and what is refused as what. */
#include "tests/support/check.h"

#include <stdio.h>

#include "exchange/candle_number.h"

static void reads(const char *text, int64_t value, int decimals)
{
    struct candle_number n;

    assert_int_equal(candle_number_parse(text, strlen(text), &n), NUMBER_GOOD);
    assert_int_equal(n.value, value);
    assert_int_equal(n.decimals, decimals);
}

static void refuses(const char *text, enum candle_number_fault fault)
{
    struct candle_number n = {7, 7};

    assert_int_equal(candle_number_parse(text, strlen(text), &n), fault);
    assert_int_equal(n.value, 7);
    assert_int_equal(n.decimals, 7);
}

static void test_plain(void **state)
{
    (void)state;
    reads("0", 0, 0);
    reads("0.000", 0, 0);
    reads("42150.5", 421505, 1);
    reads("42150.50", 421505, 1);
    reads("20234.87000000", 2023487, 2);
    reads("0.00000719", 719, 8);
    reads("007.010", 701, 2);
    reads("5.", 5, 0);
    reads(".5", 5, 1);
    reads("160724819770", INT64_C(160724819770), 0);
    reads("999999999999999999", INT64_C(999999999999999999), 0);
    reads("0.000000000001", 1, 12);
    reads("999999.999999999999", INT64_C(999999999999999999), 12);
    reads("000000000000000000000000001", 1, 0);
    reads("1.00000000000000000000000000000", 1, 0);
}

static void test_exponents(void **state)
{
    (void)state;
    reads("1e-05", 1, 5);
    reads("1.5E-3", 15, 4);
    reads("12e2", 1200, 0);
    reads("1.2e+1", 12, 0);
    reads("1.25e1", 125, 1);
    reads("10e-1", 1, 0);
    reads("0e400", 0, 0);
    reads("0e-9999999999", 0, 0);
    reads("1e17", INT64_C(100000000000000000), 0);
    refuses("1e18", NUMBER_TOO_LARGE);
    refuses("1e99999999999999999999", NUMBER_TOO_LARGE);
    refuses("1e-13", NUMBER_TOO_PRECISE);
    refuses("1e-99999999999999999999", NUMBER_TOO_PRECISE);
    refuses("1e", NUMBER_MALFORMED);
    refuses("1e+", NUMBER_MALFORMED);
    refuses("1e5x", NUMBER_MALFORMED);
    refuses("1e1e1", NUMBER_MALFORMED);
}

static void test_refused(void **state)
{
    (void)state;
    refuses("", NUMBER_EMPTY);
    refuses("-1", NUMBER_NEGATIVE);
    refuses("-.5", NUMBER_NEGATIVE);
    refuses("-0.0", NUMBER_NEGATIVE);
    refuses("+1", NUMBER_MALFORMED);
    refuses("-", NUMBER_MALFORMED);
    refuses(".", NUMBER_MALFORMED);
    refuses("nan", NUMBER_NOT_FINITE);
    refuses("-NaN", NUMBER_NOT_FINITE);
    refuses("inf", NUMBER_NOT_FINITE);
    refuses("-Infinity", NUMBER_NOT_FINITE);
    refuses("infinite", NUMBER_MALFORMED);
    refuses("0x10", NUMBER_MALFORMED);
    refuses("1,5", NUMBER_MALFORMED);
    refuses("1 ", NUMBER_MALFORMED);
    refuses("\"1\"", NUMBER_MALFORMED);
    refuses("1.2.3", NUMBER_MALFORMED);
    refuses("null", NUMBER_MALFORMED);
    refuses("1000000000000000000", NUMBER_TOO_LARGE);
    refuses("1234567.123456789012", NUMBER_TOO_LARGE);
    refuses("0.0000000000001", NUMBER_TOO_PRECISE);
    refuses("1.0000000000000000000000000000001", NUMBER_TOO_PRECISE);
}

/* Any count and any number of decimals reads back as itself, in three spellings. */
static void test_random(void **state)
{
    struct check_random random = {1};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        const int digits = (int)(check_random_next(&random) % 18) + 1;
        int decimals = (int)(check_random_next(&random) % 13);
        int64_t value = (int64_t)(check_random_next(&random) >> 4);
        int64_t limit = 1;
        int64_t whole, power = 1;
        char text[64];

        for (int d = 0; d < digits; d++)
            limit *= 10;
        value %= limit;
        (void)snprintf(text, sizeof text, "%llde-%d", (long long)value, decimals);
        for (; decimals > 0 && value % 10 == 0; decimals--)
            value /= 10;
        if (value == 0)
            decimals = 0;
        reads(text, value, decimals);
        for (int d = 0; d < decimals; d++)
            power *= 10;
        whole = value / power;
        (void)snprintf(text, sizeof text, decimals ? "%lld.%0*lld" : "%lld", (long long)whole,
                       decimals, (long long)(value % power));
        reads(text, value, decimals);
    }
}

static void test_scale(void **state)
{
    int64_t out = 7;

    (void)state;
    assert_true(candle_number_scale(12, 3, &out));
    assert_int_equal(out, 12000);
    assert_true(candle_number_scale(0, 400, &out));
    assert_int_equal(out, 0);
    assert_true(candle_number_scale(9, 17, &out));
    assert_false(candle_number_scale(10, 17, &out));
    assert_false(candle_number_scale(1, 18, &out));
    assert_false(candle_number_scale(1, 19, &out));
    assert_false(candle_number_scale(INT64_C(999999999999999999), 18, &out));
    assert_int_equal(out, INT64_C(900000000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),   cmocka_unit_test(test_exponents),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_random),
        cmocka_unit_test(test_scale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
