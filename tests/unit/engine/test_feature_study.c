/* SPDX-License-Identifier: Apache-2.0 */
/* Studies and candle patterns against their definitions, written here once more in the plainest
 * way: over whole arrays, every window added up anew. */
#include "engine/feature_smooth.h"
#include "engine/feature_trend.h"
#include "engine/feature_volume.h"
#include "engine/feature_window.h"
#include "tests/unit/engine/test_feature.h"

enum {
    LENGTH = 1200
};

static struct candle candles[LENGTH];
static double o[LENGTH], h[LENGTH], l[LENGTH], c[LENGTH], v[LENGTH];

static void make_market(uint64_t seed)
{
    make_candles(candles, LENGTH, seed);
    for (int i = 0; i < LENGTH; i++) {
        o[i] = candle_double(candles[i].open, 4);
        h[i] = candle_double(candles[i].high, 4);
        l[i] = candle_double(candles[i].low, 4);
        c[i] = candle_double(candles[i].close, 4);
        v[i] = candle_double(candles[i].volume, 3);
    }
}

/* The column of values against one made by `plain`. */
static void check_column(const double *values, int count, int column, double (*plain)(int candle),
                         double tolerance)
{
    for (int i = 0; i < LENGTH; i++) {
        double got = values[i * count + column], wanted = plain(i);

        if (isnan(got) != isnan(wanted) || fabs(got - wanted) > tolerance * fmax(1, fabs(wanted)))
            fail_msg("column %d of candle %d is %.17g, not %.17g", column, i, got, wanted);
    }
}

static double mean(const double *x, int i, int n)
{
    long double sum = 0;

    if (i < n - 1)
        return NAN;
    for (int k = 0; k < n; k++)
        sum += (long double)x[i - k];
    return (double)(sum / n);
}

/* Kaufman: 12 candles. */
static double plain_kama(int i)
{
    double value = c[11];

    if (i < 12)
        return NAN;
    for (int at = 12; at <= i; at++) {
        double way = 0, straight, factor;

        for (int k = 0; k < 12; k++)
            way += fabs(c[at - k] - c[at - k - 1]);
        straight = way > 0 ? fabs(c[at] - c[at - 12]) / way : 1;
        factor = straight * 2 / 3 + (1 - straight) * 2 / 31;
        value += factor * factor * (c[at] - value);
    }
    return value;
}

static double flow(int i)
{
    return h[i] > l[i] ? v[i] * ((c[i] - l[i]) - (h[i] - c[i])) / (h[i] - l[i]) : 0;
}

static double plain_ad(int i)
{
    double sum = 0;

    for (int k = 0; k <= i; k++)
        sum += flow(k);
    return sum;
}

/* Chaikin: 4 and 9 candles. */
static double plain_adosc(int i)
{
    double ad = flow(0), fast = ad, slow = ad;

    if (i < 8)
        return NAN;
    for (int k = 1; k <= i; k++) {
        ad += flow(k);
        fast += (ad - fast) * 2 / 5;
        slow += (ad - slow) * 2 / 10;
    }
    return fast - slow;
}

/* Wilder: 8 candles; side 1 upward, -1 downward. */
static double plain_dm(int i, int side)
{
    double sum = 0;

    if (i < 7)
        return NAN;
    for (int k = 1; k <= i; k++) {
        int64_t up = candles[k].high - candles[k - 1].high;
        int64_t down = candles[k - 1].low - candles[k].low;
        int64_t mine = side > 0 ? up : down, other = side > 0 ? down : up;

        if (k >= 8)
            sum -= sum / 8;
        sum += mine > 0 && mine > other ? (double)mine / 10000 : 0;
    }
    return sum;
}

static double plain_plus_dm(int i)
{
    return plain_dm(i, 1);
}

static double plain_minus_dm(int i)
{
    return plain_dm(i, -1);
}

/* Chande: 10 candles, of equal extremes the newest. */
static double plain_aroon(const double *x, double sign, int i)
{
    int best = 0;

    if (i < 10)
        return NAN;
    for (int k = 1; k <= 10; k++)
        best = sign * x[i - k] > sign * x[i - best] ? k : best;
    return 100.0 * (10 - best) / 10;
}

static double plain_aroon_up(int i)
{
    return plain_aroon(h, 1, i);
}

static double plain_aroon_down(int i)
{
    return plain_aroon(l, -1, i);
}

static double plain_aroon_osc(int i)
{
    return plain_aroon_up(i) - plain_aroon_down(i);
}

/* Buying pressure and true range of n candles. */
static double plain_pressure(int i, int n)
{
    double pressure = 0, range = 0;

    for (int k = 0; k < n; k++) {
        double bottom = fmin(l[i - k], c[i - k - 1]);

        pressure += c[i - k] - bottom;
        range += fmax(h[i - k], c[i - k - 1]) - bottom;
    }
    return range > 0 ? pressure / range : NAN;
}

/* Williams: 5, 11 and 20 candles. */
static double plain_ultosc(int i)
{
    return i < 20 ? NAN
                  : 100 *
                        (4 * plain_pressure(i, 5) + 2 * plain_pressure(i, 11) +
                         plain_pressure(i, 20)) /
                        7;
}

static double plain_trima(int i)
{
    static const int weights[] = {1, 2, 3, 4, 4, 3, 2, 1};
    double sum = 0;

    if (i < 7)
        return NAN;
    for (int k = 0; k < 8; k++)
        sum += weights[k] * c[i - k];
    return sum / 20;
}

/* Six averages of 4 candles, each of the one before, for t3 and trix. */
static double plain_averages[6][LENGTH];

static void make_averages(void)
{
    const double *x = c;

    for (int pass = 0, first = 0; pass < 6; pass++) {
        double *out = plain_averages[pass];

        for (int i = 0; i < LENGTH; i++) {
            if (i < first + 3)
                out[i] = NAN;
            else if (i == first + 3)
                out[i] = mean(x, i, 4);
            else
                out[i] = out[i - 1] + (x[i] - out[i - 1]) * 2 / 5;
        }
        first += 3;
        x = out;
    }
}

static double plain_t3(int i)
{
    double e3 = plain_averages[2][i], e4 = plain_averages[3][i];
    double e5 = plain_averages[4][i], e6 = plain_averages[5][i];

    /* The published coefficients for a factor of 0.5. */
    return -0.125 * e6 + (3 * 0.25 + 3 * 0.125) * e5 + (-6 * 0.25 - 3 * 0.5 - 3 * 0.125) * e4 +
           (1 + 3 * 0.5 + 0.125 + 3 * 0.25) * e3;
}

static double plain_trix(int i)
{
    const double *triple = plain_averages[2];

    return i < 1 ? NAN : 100 * (triple[i] - triple[i - 1]) / triple[i - 1];
}

static void test_studies(void **state)
{
    static const char *const rules[] = {
        "kama(close, 12)",   "ad()",           "adosc(4, 9)",
        "plus_dm(8)",        "minus_dm(8)",    "aroon_up(10)",
        "aroon_down(10)",    "aroon_osc(10)",  "trima(close, 8)",
        "t3(close, 4, 0.5)", "trix(close, 4)", "ultosc(20, 5, 11)",
    };
    static double (*const plain[])(int) = {
        plain_kama,     plain_ad,       plain_adosc,      plain_plus_dm,
        plain_minus_dm, plain_aroon_up, plain_aroon_down, plain_aroon_osc,
        plain_trima,    plain_t3,       plain_trix,       plain_ultosc,
    };

    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        double *values;

        make_market(seed);
        make_averages();
        values = features_of(rules, COUNT_OF(rules), candles, LENGTH);
        for (int j = 0; j < (int)COUNT_OF(rules); j++)
            check_column(values, COUNT_OF(rules), j, plain[j], 1e-10);
        free(values);
    }
}

/* The mean of n values before candle i. */
static double before(double (*measure)(int), int i, int n)
{
    double sum = 0;

    for (int k = 1; k <= n; k++)
        sum += measure(i - k);
    return sum / n;
}

static double body(int i)
{
    return fabs(c[i] - o[i]);
}

static double range(int i)
{
    return h[i] - l[i];
}

static double top(int i)
{
    return fmax(o[i], c[i]);
}

static double bottom(int i)
{
    return fmin(o[i], c[i]);
}

static double plain_doji(int i)
{
    return i < 10 ? NAN : body(i) <= 0.1 * before(range, i, 10) ? 100 : 0;
}

static double plain_hammer(int i)
{
    if (i < 11)
        return NAN;
    return body(i) < before(body, i, 10) && bottom(i) - l[i] > body(i) &&
                   h[i] - top(i) < 0.1 * before(range, i, 10) &&
                   bottom(i) <= l[i - 1] + 0.2 * before(range, i - 1, 5)
               ? 100
               : 0;
}

static double plain_shooting_star(int i)
{
    if (i < 11)
        return NAN;
    return body(i) < before(body, i, 10) && h[i] - top(i) > body(i) &&
                   bottom(i) - l[i] < 0.1 * before(range, i, 10) && bottom(i) > top(i - 1)
               ? -100
               : 0;
}

static double plain_engulfing(int i)
{
    bool is_white = c[i] >= o[i];
    double size;

    if (i < 2)
        return NAN;
    if (is_white == (c[i - 1] >= o[i - 1]) || top(i) < top(i - 1) || bottom(i) > bottom(i - 1) ||
        (top(i) == top(i - 1) && bottom(i) == bottom(i - 1)))
        return 0;
    size = top(i) > top(i - 1) && bottom(i) < bottom(i - 1) ? 100 : 80;
    return is_white ? size : -size;
}

static double plain_morning_star(int i)
{
    if (i < 12)
        return NAN;
    return body(i - 2) > before(body, i - 2, 10) && c[i - 2] < o[i - 2] &&
                   body(i - 1) <= before(body, i - 1, 10) && top(i - 1) < bottom(i - 2) &&
                   body(i) > before(body, i, 10) && c[i] >= o[i] &&
                   c[i] > c[i - 2] + 0.4 * body(i - 2)
               ? 100
               : 0;
}

/* Opens away from the last close, so that bodies have gaps, and long shadows now and then. */
static void make_gaps(uint64_t seed)
{
    struct check_random random = {seed};

    make_market(seed);
    for (int i = 0; i < LENGTH; i++) {
        struct candle *k = &candles[i];
        int64_t shadow = (int64_t)(check_random_next(&random) % 3);
        int64_t far = 200 + (int64_t)(check_random_next(&random) % 900);

        k->open += (int64_t)(check_random_next(&random) % 900) - 450;
        if (check_random_next(&random) % 3 == 0)
            k->close = k->open + (int64_t)(check_random_next(&random) % 60) - 30;
        k->high = (k->open > k->close ? k->open : k->close) + (shadow == 1 ? far : 3 * shadow);
        k->low = (k->open < k->close ? k->open : k->close) - (shadow == 0 ? far : 2 * shadow);
        o[i] = candle_double(k->open, 4);
        h[i] = candle_double(k->high, 4);
        l[i] = candle_double(k->low, 4);
        c[i] = candle_double(k->close, 4);
        assert_ok(candle_check(k));
    }
}

/* Every pattern is found where its definition says, and each is found often enough to mean it. */
static void test_patterns(void **state)
{
    static const char *const rules[] = {"cdl_doji()", "cdl_hammer()", "cdl_shooting_star()",
                                        "cdl_engulfing()", "cdl_morning_star(0.4)"};
    static double (*const plain[])(int) = {plain_doji, plain_hammer, plain_shooting_star,
                                           plain_engulfing, plain_morning_star};
    int found[COUNT_OF(rules)] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        double *values;

        make_gaps(seed);
        values = features_of(rules, COUNT_OF(rules), candles, LENGTH);
        for (int j = 0; j < (int)COUNT_OF(rules); j++) {
            check_column(values, COUNT_OF(rules), j, plain[j], 0);
            for (int i = 20; i < LENGTH; i++)
                found[j] += values[i * (int)COUNT_OF(rules) + j] != 0;
        }
        free(values);
    }
    for (size_t j = 0; j < COUNT_OF(rules); j++)
        assert_true(found[j] >= 10);
}

/* Typical prices that are equal in decimals, though the second is larger by a binary digit, are no
 * rise: nothing flows. */
static void test_equal_typical_prices(void **state)
{
    static const char *const rules[] = {"mfi(1)", "change(hlc3)"};
    static const struct candle two[] = {
        {0, 13866, 13872, 13861, 13872, 7, 4, 0, 0},
        {US_PER_S, 13866, 13874, 13865, 13866, 7, 4, 0, 0},
    };
    double *values = features_of(rules, 2, two, 2);

    (void)state;
    assert_true(values[3] > 0 && values[3] < 1e-15);
    assert_true(values[2] == 0);
    free(values);
}

/* An unknown input makes each kernel start again, as if just made. */
static void test_unknown_input(void **state)
{
    struct feature_kama *kama[2];
    struct feature_extreme *age[2];
    struct feature_dm dm[2];
    struct feature_total total[2];
    struct feature_adosc adosc[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        kama[k] = malloc(feature_kama_size(4));
        age[k] = malloc(feature_extreme_size(4));
        assert_true(kama[k] && age[k]);
        feature_kama_init(kama[k], 4);
        feature_extreme_init(age[k], 4);
        feature_dm_init(&dm[k], 4);
        feature_total_init(&total[k]);
        feature_adosc_init(&adosc[k], 2, 5);
    }
    for (int i = 0; i < 50; i++) {
        (void)feature_kama_push(kama[0], i % 7);
        (void)feature_extreme_age_push(age[0], i % 7);
        (void)feature_dm_push(&dm[0], 10 + i % 7, 9 - i % 3);
        (void)feature_total_push(&total[0], i);
        (void)feature_adosc_push(&adosc[0], i % 5);
    }
    assert_true(isnan(feature_kama_push(kama[0], NAN)));
    assert_true(isnan(feature_extreme_age_push(age[0], NAN)));
    assert_true(isnan(feature_dm_push(&dm[0], 9, NAN)) && isnan(dm[0].part[0]));
    assert_true(isnan(feature_total_push(&total[0], NAN)));
    assert_true(isnan(feature_adosc_push(&adosc[0], NAN)));
    for (int i = 0; i < 50; i++) {
        static const int first[] = {4, 3, 3, 3, 0, 4};
        double x = (i * 5) % 11, got[2][6];

        for (int k = 0; k < 2; k++) {
            got[k][0] = feature_kama_push(kama[k], x);
            got[k][1] = feature_extreme_age_push(age[k], x);
            got[k][2] = feature_dm_push(&dm[k], x + 2, x - 1);
            got[k][3] = dm[k].part[0];
            got[k][4] = feature_total_push(&total[k], x);
            got[k][5] = feature_adosc_push(&adosc[k], x);
        }
        for (int j = 0; j < 6; j++) {
            assert_true(isnan(got[1][j]) ? isnan(got[0][j]) : got[0][j] == got[1][j]);
            assert_true(isnan(got[0][j]) == (i < first[j]));
        }
    }
    for (int k = 0; k < 2; k++) {
        free(kama[k]);
        free(age[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_studies),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_equal_typical_prices),
        cmocka_unit_test(test_unknown_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
