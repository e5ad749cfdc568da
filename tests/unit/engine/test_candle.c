/* SPDX-License-Identifier: Apache-2.0 */
/* Timeframes, candle checks, and doubles equal to strtod of the decimal text. */
#include "engine/candle.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/check.h"

static void test_timeframes(void **state)
{
    static const char *const names[] = {"1s", "1m", "3m", "5m", "15m", "30m", "1h",
                                        "2h", "4h", "6h", "8h", "12h", "1d"};
    int64_t us = 7;
    int64_t last = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_ok(timeframe_parse(names[i], &us));
        assert_true(us > last);
        assert_string_equal(timeframe_name(us), names[i]);
        last = us;
    }
    assert_ok(timeframe_parse("5m", &us));
    assert_int_equal(us, INT64_C(300000000));
    assert_err(timeframe_parse("7m", &us), ERR_INVALID);
    assert_err(timeframe_parse("", &us), ERR_INVALID);
    assert_int_equal(us, INT64_C(300000000));
    assert_null(timeframe_name(7));
}

static void test_double(void **state)
{
    struct check_random random = {1};

    (void)state;
    for (int i = 0; i < 200000; i++) {
        int64_t value = (int64_t)(check_random_next(&random) >> (11 + i % 50));
        int scale = i % 13;
        char text[64];

        (void)snprintf(text, sizeof text, "%llde-%d", (long long)value, scale);
        assert_true(candle_double(value, scale) == strtod(text, NULL));
    }
    assert_true(candle_double(4881051, 2) == 48810.51);
}

static void test_check(void **state)
{
    const struct candle good = {.open = 10, .high = 12, .low = 9, .close = 11, .volume = 0};
    struct candle c = good;

    (void)state;
    assert_ok(candle_check(&c));
    c.low = 0;
    assert_err(candle_check(&c), ERR_CANDLE);
    c = good;
    c.open = 13;
    assert_err(candle_check(&c), ERR_CANDLE);
    c = good;
    c.close = 8;
    assert_err(candle_check(&c), ERR_CANDLE);
    c = good;
    c.volume = -1;
    assert_err(candle_check(&c), ERR_CANDLE);
    c = good;
    c.price_scale = 13;
    assert_err(candle_check(&c), ERR_CANDLE);
    c = good;
    c.high = 8;
    assert_err(candle_check(&c), ERR_CANDLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeframes),
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
