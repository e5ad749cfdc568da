/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle functions on prices whose cycle is known, and on none. */
#include "engine/feature_cycle.h"

#include "tests/unit/engine/test_feature.h"

enum {
    LENGTH = 600
};

static const char *const rules[] = {"ht_dcperiod()", "ht_sine()", "ht_lead_sine()", "ht_dcphase()",
                                    "ht_trendline()"};

enum {
    PERIOD,
    SINE,
    LEAD,
    PHASE,
    TREND,
    RULES
};

static struct candle at(double price)
{
    int64_t p = llround(price * 1e9);

    return (struct candle){
        .open = p, .high = p, .low = p, .close = p, .volume = 1, .price_scale = 9};
}

/* A pure wave: its length is found, its phase advances by a full turn each length, and the trend
 * line is its middle. */
static void test_waves(void **state)
{
    static struct candle candles[LENGTH];

    (void)state;
    for (int length = 10; length <= 40; length += 3) {
        double *values;

        for (int i = 0; i < LENGTH; i++)
            candles[i] = at(100 + 5 * sin(2 * M_PI * i / length));
        values = features_of(rules, RULES, candles, LENGTH);
        for (int i = 400; i < LENGTH; i++) {
            const double *v = &values[i * RULES];
            double turn = fmod(v[PHASE] - values[(i - 1) * RULES + PHASE] + 720, 360);

            assert_true(fabs(v[PERIOD] - length) < 0.12 * length);
            assert_true(fabs(turn - 360.0 / length) < 0.5 * 360 / length);
            assert_true(fabs(v[SINE] - sin(2 * M_PI * i / length)) < 0.35);
            assert_true(fabs(v[SINE] - sin(v[PHASE] * M_PI / 180)) < 1e-12);
            assert_true(fabs(v[LEAD] - sin((v[PHASE] + 45) * M_PI / 180)) < 1e-12);
            assert_true(v[PHASE] > -45 && v[PHASE] <= 315);
            assert_true(fabs(v[TREND] - 100) < 1);
        }
        free(values);
    }
}

/* Without a move there is no phase, but a trend line; after it the cycle is found again. */
static void test_flat(void **state)
{
    static struct candle candles[LENGTH];
    double *values;

    (void)state;
    for (int i = 0; i < LENGTH; i++)
        candles[i] = at(i >= 200 && i < 300 ? 123.456 : 100 + 5 * sin(2 * M_PI * i / 20));
    values = features_of(rules, RULES, candles, LENGTH);
    for (int i = 260; i < 300; i++) {
        const double *v = &values[i * RULES];

        assert_true(isnan(v[SINE]) && isnan(v[LEAD]) && isnan(v[PHASE]));
        assert_true(fabs(v[TREND] - 123.456) < 1e-12 * 123 && v[PERIOD] >= 6 && v[PERIOD] <= 50);
    }
    for (int i = 550; i < LENGTH; i++)
        assert_true(fabs(values[i * RULES + SINE] - sin(2 * M_PI * i / 20)) < 0.2);
    free(values);
}

/* First values, and none before. */
static void test_lookback(void **state)
{
    static const int first[RULES] = {32, 63, 63, 63, 63};
    static struct candle candles[LENGTH];
    double *values;

    (void)state;
    make_candles(candles, LENGTH, 5);
    values = features_of(rules, RULES, candles, 100);
    for (int i = 0; i < 100; i++) {
        for (int j = 0; j < RULES; j++)
            assert_true(isnan(values[i * RULES + j]) == (i < first[j]));
    }
    free(values);
}

static void test_unknown_input(void **state)
{
    struct feature_cycle cycle[2];
    struct feature_cycle_mean mean[2];
    struct feature_cycle_phase phase[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        feature_cycle_init(&cycle[k], 5, 20);
        feature_cycle_mean_init(&mean[k]);
        feature_cycle_phase_init(&phase[k]);
    }
    for (int i = 0; i < 90; i++) {
        (void)feature_cycle_push(&cycle[0], 50 + i % 7);
        (void)feature_cycle_mean_push(&mean[0], 50 + i % 7, 9);
        (void)feature_cycle_phase_push(&phase[0], 50 + i % 7, 9);
    }
    assert_true(isnan(feature_cycle_push(&cycle[0], NAN)));
    assert_true(isnan(feature_cycle_mean_push(&mean[0], NAN, 9)));
    assert_true(isnan(feature_cycle_phase_push(&phase[0], NAN, 9)) && isnan(phase[0].part[1]));
    for (int i = 0; i < 90; i++) {
        double x = 100 + (i * 37) % 11;
        double got[2][4];

        for (int k = 0; k < 2; k++) {
            got[k][0] = feature_cycle_push(&cycle[k], x);
            got[k][1] = feature_cycle_mean_push(&mean[k], x, 12);
            got[k][2] = feature_cycle_phase_push(&phase[k], x, 12);
            got[k][3] = phase[k].part[0];
        }
        for (int j = 0; j < 4; j++) {
            assert_true(isnan(got[1][j]) ? isnan(got[0][j]) : got[0][j] == got[1][j]);
            assert_true(isnan(got[0][j]) == (i < (j == 0 ? 20 : 11)));
        }
    }
}

/* The place in the rings survives as many candles as can be counted. */
static void test_long_run(void **state)
{
    struct feature_cycle young, old;

    (void)state;
    feature_cycle_init(&young, 0, 0);
    for (int i = 0; i < 64; i++)
        (void)feature_cycle_push(&young, 100 + i % 9);
    old = young;
    old.count = INT32_MAX - 63; /* the same place in rings of a power of two */
    for (int i = 0; i < 200; i++) {
        double x = 100 + (i * 5) % 13;

        assert_true(feature_cycle_push(&old, x) == feature_cycle_push(&young, x));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waves),    cmocka_unit_test(test_flat),
        cmocka_unit_test(test_lookback), cmocka_unit_test(test_unknown_input),
        cmocka_unit_test(test_long_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
