/* SPDX-License-Identifier: Apache-2.0 */
/* Each kernel against the plain definition over its window, and what an unknown input does. */
#include "engine/feature_window.h"

#include <math.h>
#include <stdlib.h>

#include "engine/feature_smooth.h"
#include "tests/support/check.h"

enum {
    LENGTH = 3000
};

/* A walk with calm and wild stretches, jumps of six orders of magnitude, and flat runs. */
static void make_inputs(double x[LENGTH], uint64_t seed)
{
    struct check_random random = {seed};
    double at = 100;

    for (int i = 0; i < LENGTH; i++) {
        double step = (double)(check_random_next(&random) >> 11) / 0x1p53 - 0.5;

        if ((i / 200) % 5 != 4)
            at += step * ((i / 300) % 3 == 2 ? 20 : 0.1);
        x[i] = i % 977 == 500 ? at + 1e8 : at;
    }
}

static void near(double got, double wanted, double scale, int i)
{
    if (isnan(got) != isnan(wanted) || fabs(got - wanted) > 1e-10 * scale)
        fail_msg("candle %d: %.17g, not %.17g", i, got, wanted);
}

/* The definitions over x[i - n + 1 .. i]. */
struct plain {
    double mean, weighted, deviation, highest, lowest, scale;
};

static struct plain plain_of(const double *x, int i, int n)
{
    struct plain p = {NAN, NAN, NAN, NAN, NAN, 1};
    long double sum = 0, weighted = 0, squares = 0;

    if (i < n - 1)
        return p;
    p.highest = p.lowest = x[i];
    for (int k = 0; k < n; k++) {
        double v = x[i - n + 1 + k];

        sum += v;
        weighted += (long double)v * (k + 1);
        p.highest = fmax(p.highest, v);
        p.lowest = fmin(p.lowest, v);
        p.scale = fmax(p.scale, fabs(v));
    }
    for (int k = 0; k < n; k++) {
        long double d = x[i - n + 1 + k] - sum / n;

        squares += d * d;
    }
    p.mean = (double)(sum / n);
    p.weighted = (double)(weighted / ((long double)n * (n + 1) / 2));
    p.deviation = (double)sqrtl(squares / n);
    return p;
}

static void check_period(const double *x, int n)
{
    struct feature_window *sma = malloc(feature_window_size(n));
    struct feature_window *wma = malloc(feature_window_size(n));
    struct feature_window *deviation = malloc(feature_window_size(n));
    struct feature_extreme *highest = malloc(feature_extreme_size(n));
    struct feature_extreme *lowest = malloc(feature_extreme_size(n));

    assert_true(sma && wma && deviation && highest && lowest);
    feature_window_init(sma, n, 0);
    feature_window_init(wma, n, 0);
    feature_window_init(deviation, n, 0);
    feature_extreme_init(highest, n);
    feature_extreme_init(lowest, n);
    for (int i = 0; i < LENGTH; i++) {
        struct plain p = plain_of(x, i, n);
        double d = feature_stddev_push(deviation, x[i]);

        near(feature_sma_push(sma, x[i]), p.mean, p.scale, i);
        near(feature_wma_push(wma, x[i]), p.weighted, p.scale, i);
        near(d, p.deviation, fmax(p.deviation, 1e-3), i);
        near(feature_extreme_push(highest, x[i]), p.highest, 0, i);
        near(-feature_extreme_push(lowest, -x[i]), p.lowest, 0, i);
    }
    free(sma);
    free(wma);
    free(deviation);
    free(highest);
    free(lowest);
}

static void test_windows(void **state)
{
    static const int periods[] = {1, 2, 3, 7, 20, 64, 333, 2999};
    static double x[LENGTH];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(periods); i++) {
        make_inputs(x, i);
        check_period(x, periods[i]);
    }
}

/* TA-Lib issue 243: a true deviation of 1.6e-8 came out as 0. */
static void test_tiny(void **state)
{
    struct feature_window *f = malloc(feature_window_size(5));
    static const double x[] = {1.00e-6, 1.01e-6, 1.02e-6, 1.03e-6, 1.05e-6};
    double d = NAN;

    (void)state;
    assert_non_null(f);
    feature_window_init(f, 5, 0);
    for (size_t i = 0; i < COUNT_OF(x); i++)
        d = feature_stddev_push(f, x[i]);
    assert_true(fabs(d - 1.7204650534085253e-8) < 1e-20);
    feature_window_init(f, 5, 1);
    for (size_t i = 0; i < COUNT_OF(x); i++)
        d = feature_stddev_push(f, x[i]);
    assert_true(fabs(d - 1.7204650534085253e-8 * sqrt(1.25)) < 1e-20);
    free(f);
}

/* After a NaN a kernel is as new: the same inputs give the same bits. */
static void test_unknown_input(void **state)
{
    static const double x[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};
    struct feature_ema ema[2];
    struct feature_rsi rsi[2];
    struct feature_atr atr[2];
    struct feature_streak streak[2];

    (void)state;
    for (int which = 0; which < 2; which++) {
        feature_ema_init(&ema[which], 3, 2);
        feature_rsi_init(&rsi[which], 3);
        feature_atr_init(&atr[which], 3);
        feature_streak_init(&streak[which], 2, 1);
    }
    for (size_t i = 0; i < COUNT_OF(x); i++) {
        (void)feature_ema_push(&ema[0], x[i] * 7);
        (void)feature_rsi_push(&rsi[0], x[i] * 7);
        (void)feature_atr_push(&atr[0], x[i] + 1, x[i], x[i]);
        (void)feature_streak_push(&streak[0], -x[i]);
    }
    assert_true(isnan(feature_ema_push(&ema[0], NAN)));
    assert_true(isnan(feature_rsi_push(&rsi[0], NAN)));
    assert_true(isnan(feature_atr_push(&atr[0], 2, NAN, 1)));
    assert_true(isnan(feature_streak_push(&streak[0], NAN)));
    for (size_t i = 0; i < COUNT_OF(x); i++) {
        double got[4], wanted[4];

        for (int which = 0; which < 2; which++) {
            double *out = which ? wanted : got;

            out[0] = feature_ema_push(&ema[which], x[i]);
            out[1] = feature_rsi_push(&rsi[which], x[i]);
            out[2] = feature_atr_push(&atr[which], x[i] + 2, x[i] - 1, x[i]);
            out[3] = feature_streak_push(&streak[which], x[i]);
        }
        assert_memory_equal(got, wanted, sizeof got);
        assert_true(isnan(got[0]) == (i < 4));
        assert_true(isnan(got[1]) == (i < 3));
        assert_true(isnan(got[2]) == (i < 3));
        assert_true(isnan(got[3]) == (i < 2));
    }
}

static void test_lag_and_streak(void **state)
{
    static const double x[] = {1, 2, 3, 3, 4, 5, 6, 2};
    static const double rising[] = {NAN, NAN, 1, 0, 0, 1, 1, 0};
    struct feature_lag *lag = malloc(feature_lag_size(3));
    struct feature_streak streak;

    (void)state;
    assert_non_null(lag);
    feature_lag_init(lag, 3);
    feature_streak_init(&streak, 2, 1);
    for (int i = 0; i < (int)COUNT_OF(x); i++) {
        near(feature_lag_push(lag, x[i]), i < 3 ? NAN : x[i - 3], 0, i);
        near(feature_streak_push(&streak, x[i]), rising[i], 0, i);
    }
    free(lag);
}

static void test_flat_rsi(void **state)
{
    struct feature_rsi rsi;
    double x = NAN;

    (void)state;
    feature_rsi_init(&rsi, 5);
    for (int i = 0; i < 6; i++)
        x = feature_rsi_push(&rsi, 42);
    assert_true(x == 0);
    assert_true(feature_rsi_push(&rsi, 43) == 100);
    assert_int_equal(feature_ema_settle(26), 187);
    assert_int_equal(feature_wilder_settle(14), 194);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),       cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_unknown_input), cmocka_unit_test(test_lag_and_streak),
        cmocka_unit_test(test_flat_rsi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
