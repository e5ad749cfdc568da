/* SPDX-License-Identifier: Apache-2.0 */
/* Latencies and slippage land in their buckets, and quantiles are bounds of those. */
#include "engine/quality.h"

#include "tests/support/check.h"

static void test_times_fall_into_their_buckets(void **state)
{
    struct fill_quality q = {0};

    (void)state;
    assert_int_equal(quality_quantile_us(&q, QUALITY_SENT_FILLED, 0.5), -1);
    quality_time(&q, QUALITY_SENT_FILLED, -5);
    quality_time(&q, QUALITY_SENT_FILLED, 100);
    quality_time(&q, QUALITY_SENT_FILLED, 101);
    quality_time(&q, QUALITY_SENT_FILLED, 40 * 1000 * 1000);
    assert_int_equal(q.times[QUALITY_SENT_FILLED][0], 1); /* up to 10 us */
    assert_int_equal(q.times[QUALITY_SENT_FILLED][3], 1); /* up to 100 us */
    assert_int_equal(q.times[QUALITY_SENT_FILLED][4], 1);
    assert_int_equal(q.times[QUALITY_SENT_FILLED][QUALITY_TIMES], 1);
    assert_int_equal(q.time_total_us[QUALITY_SENT_FILLED], 40000201);
    assert_int_equal(quality_quantile_us(&q, QUALITY_SENT_FILLED, 0.5), 100);
    assert_int_equal(quality_quantile_us(&q, QUALITY_SENT_FILLED, 0.75), 250);
    assert_true(quality_quantile_us(&q, QUALITY_SENT_FILLED, 0.99) == INT64_MAX);
    assert_int_equal(q.time_count[QUALITY_DECIDED_SENT], 0);
    assert_int_equal(quality_time_us[0], 10);
    assert_int_equal(quality_time_us[QUALITY_TIMES - 1], 10 * 1000 * 1000);
    for (size_t i = 1; i < QUALITY_TIMES; i++)
        assert_true(quality_time_us[i] > quality_time_us[i - 1]);
    for (size_t i = 1; i < QUALITY_BPS; i++)
        assert_true(quality_slippage_bps[i] > quality_slippage_bps[i - 1]);
}

static void test_slippage_is_of_the_notional_and_signed(void **state)
{
    struct fill_quality q = {0};
    struct fill f = {.notional.e12 = (i128)10000 * INT64_C(1000000000000),
                     .slippage.e12 = (i128)3 * INT64_C(1000000000000)};

    (void)state;
    quality_fill(&q, &f); /* 3 bps */
    f.slippage.e12 = -f.slippage.e12;
    quality_fill(&q, &f);
    f.notional.e12 = 0; /* nothing to measure by */
    quality_fill(&q, &f);
    assert_int_equal(q.slippage_count, 2);
    assert_true(q.slippage_total_bps > -1e-9 && q.slippage_total_bps < 1e-9);
    assert_int_equal(q.slippage[8], 1); /* up to 5 */
    assert_int_equal(q.slippage[4], 1); /* up to -1 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_fall_into_their_buckets),
        cmocka_unit_test(test_slippage_is_of_the_notional_and_signed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
