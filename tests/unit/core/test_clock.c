/* SPDX-License-Identifier: Apache-2.0 */
/* Instants to text and back, and clocks that stand where they are put. */
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

#include "tests/support/check.h"

static void test_print_against_libc(void **state)
{
    struct check_random r = {7};
    char text[TIME_TEXT_MAX], wanted[96], date[80];
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        /* Years 0001 to 9999 are -62135596800 to 253402300799 seconds. */
        int64_t s = (int64_t)(check_random_next(&r) % UINT64_C(315537897600)) - 62135596800;
        int64_t us = (int64_t)(check_random_next(&r) % 1000000), back;
        time_t seconds = (time_t)s;
        struct tm parts;

        assert_non_null(gmtime_r(&seconds, &parts));
        snprintf(date, sizeof(date), "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        snprintf(wanted, sizeof(wanted), "%.19s.%06dZ", date, (int)us);
        time_print(s * US_PER_S + us, text);
        assert_string_equal(text, wanted);
        assert_ok(time_parse(text, strlen(text), &back));
        assert_true(back == s * US_PER_S + us);
    }
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
        enum err error;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, ERR_OK},
        {"1969-12-31T23:59:59.999999Z", -1, ERR_OK},
        {"2024-01-15T10:30:00.000000Z", INT64_C(1705314600000000), ERR_OK},
        {"2024-01-15T10:30:00.5Z", INT64_C(1705314600500000), ERR_OK},
        {"2024-01-15t10:30:00z", INT64_C(1705314600000000), ERR_OK},
        {"2024-01-15T12:00:00+01:30", INT64_C(1705314600000000), ERR_OK},
        {"2024-01-15T00:30:00-10:00", INT64_C(1705314600000000), ERR_OK},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000000), ERR_OK},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000000), ERR_OK},
        {"1705314600000", INT64_C(1705314600000000), ERR_OK},
        {"-1", -1000, ERR_OK},
        {"0", 0, ERR_OK},
        {"", 0, ERR_SYNTAX},
        {"-", 0, ERR_SYNTAX},
        {"1.5", 0, ERR_SYNTAX},
        {"+1", 0, ERR_SYNTAX},
        {" 1", 0, ERR_SYNTAX},
        {"99999999999999999999", 0, ERR_SYNTAX},
        {"300000000000000", 0, ERR_SYNTAX},
        {"1900-02-29T00:00:00Z", 0, ERR_SYNTAX},
        {"2023-02-29T00:00:00Z", 0, ERR_SYNTAX},
        {"2024-13-01T00:00:00Z", 0, ERR_SYNTAX},
        {"2024-00-01T00:00:00Z", 0, ERR_SYNTAX},
        {"2024-01-32T00:00:00Z", 0, ERR_SYNTAX},
        {"2024-01-15T24:00:00Z", 0, ERR_SYNTAX},
        {"2024-01-15T10:60:00Z", 0, ERR_SYNTAX},
        {"2024-01-15T10:30:60Z", 0, ERR_SYNTAX},
        {"2024-01-15T10:30:00", 0, ERR_SYNTAX},
        {"2024-01-15T10:30:00.Z", 0, ERR_SYNTAX},
        {"2024-01-15T10:30:00.0000000Z", 0, ERR_SYNTAX},
        {"2024-01-15T10:30:00Zx", 0, ERR_SYNTAX},
        {"2024-01-15 10:30:00Z", 0, ERR_SYNTAX},
        {"2024-1-15T10:30:00Z", 0, ERR_SYNTAX},
        {"2024-01-15T10:30:00+0100", 0, ERR_SYNTAX},
        {"2024-01-15T10:30:00+24:00", 0, ERR_SYNTAX},
        {"0001-01-01T00:00:00+00:01", 0, ERR_SYNTAX},
        {"9999-12-31T23:59:59-00:01", 0, ERR_SYNTAX},
        {"2024-01-15", 0, ERR_SYNTAX},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT_OF(cases); i++) {
        int64_t us = 42;

        assert_err(time_parse(cases[i].text, strlen(cases[i].text), &us), cases[i].error);
        assert_true(us == (cases[i].error ? 42 : cases[i].us));
    }
}

static void test_civil(void **state)
{
    int year, month, day;

    (void)state;
    time_civil(-1, &year, &month, &day);
    assert_int_equal(year * 10000 + month * 100 + day, 19691231);
    time_civil(INT64_C(951782400000000), &year, &month, &day);
    assert_int_equal(year * 10000 + month * 100 + day, 20000229);
}

static void step_back(void *context)
{
    clock_set(context, 4);
}

static void print_year_10000(void *context)
{
    time_print(INT64_C(253402300800) * US_PER_S, context);
}

static void test_clocks(void **state)
{
    struct clock c = clock_virtual(5), real = clock_real();
    char text[TIME_TEXT_MAX];
    int64_t before = clock_wall_us(), monotonic = clock_monotonic_us();

    (void)state;
    assert_true(clock_now(&c) == 5);
    clock_set(&c, 5);
    clock_set(&c, 9);
    assert_true(clock_now(&c) == 9);
    assert_true(check_aborts(step_back, &c));
    assert_true(check_aborts(print_year_10000, text));
    assert_true(clock_now(&real) >= before);
    assert_true(clock_monotonic_us() >= monotonic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_against_libc),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_civil),
        cmocka_unit_test(test_clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
