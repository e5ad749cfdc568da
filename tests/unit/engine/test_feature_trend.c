/* SPDX-License-Identifier: Apache-2.0 */
/* What TA-Lib does not have, against plain implementations of the published definitions. */
#include "engine/feature_trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/feature_volume.h"
#include "engine/strategy.h"
#include "tests/support/check.h"

enum {
    LENGTH = 2000,
    VALUES = 26
};

static const int64_t QUARTER_US = 900 * US_PER_S;

/* The market: as candles, and as plain numbers. */
static struct candle candles[LENGTH];
static double o[LENGTH], h[LENGTH], l[LENGTH], c[LENGTH], v[LENGTH];

/* What is expected, by the plain definitions. */
static double wanted[LENGTH][VALUES];

static const char artifact[] =
    "{\"name\":\"all\",\"timeframe\":\"15m\",\"entry\":{\"condition\":\"close > 0\"},\"features\":{"
    "\"st\":{\"type\":\"supertrend\",\"period\":7,\"factor\":2.5},"
    "\"kc\":\"keltner(close, 20, 1.5, 10)\",\"dc\":\"donchian(15)\","
    "\"cloud\":\"ichimoku(9, 26, 52, 26)\",\"ha\":\"heikin_ashi()\",\"daily\":\"vwap()\","
    "\"rolling\":\"rolling_vwap(30)\",\"z\":\"zscore(close, 25, 1)\",\"busy\":\"volume_ratio(12)\","
    "\"r\":\"returns(close, 3)\",\"old\":\"lag(high, 5)\",\"st_line\":\"supertrend(7, 2.5)\","
    "\"st_up\":\"supertrend_direction(7, 2.5)\",\"ha_high_\":\"ha_high()\","
    "\"b\":\"ichimoku_span_b()\"}}";

static const char *const names[] = {"st.line",     "st.direction", "kc.upper",
                                    "kc.middle",   "kc.lower",     "dc.upper",
                                    "dc.middle",   "dc.lower",     "cloud.tenkan",
                                    "cloud.kijun", "cloud.span_a", "cloud.span_b",
                                    "ha.open",     "ha.high",      "ha.low",
                                    "ha.close",    "daily",        "rolling",
                                    "z",           "busy",         "r",
                                    "old",         "st_line.line", "st_line.direction",
                                    "st_up",       "ha_high_",     "b"};

static double unit(struct check_random *random)
{
    return (double)(check_random_next(random) >> 11) / 0x1p53;
}

/* A walk in cents with trends, a stretch without volume, and a start in the middle of a day. */
static void make_market(void)
{
    struct check_random random = {11};
    double at = 50000;

    for (int i = 0; i < LENGTH; i++) {
        struct candle *k = &candles[i];
        double trend = (i / 150) % 2 == 0 ? 12 : -12;

        k->open_us = (i + 30) * QUARTER_US;
        k->open = llround(at);
        at = fmax(at + trend + (unit(&random) - 0.5) * 200, 1000);
        k->close = llround(at);
        k->high = (k->open > k->close ? k->open : k->close) + llround(unit(&random) * 90);
        k->low = (k->open < k->close ? k->open : k->close) - llround(unit(&random) * 90);
        k->volume = i % 500 < 40 ? 0 : llround(unit(&random) * 1e6);
        k->price_scale = 2;
        k->size_scale = 4;
        assert_ok(candle_check(k));
        o[i] = candle_double(k->open, 2);
        h[i] = candle_double(k->high, 2);
        l[i] = candle_double(k->low, 2);
        c[i] = candle_double(k->close, 2);
        v[i] = candle_double(k->volume, 4);
    }
}

/* Wilder 1978: the mean of the first n true ranges, then a part of 1 / n of each new one. */
static void plain_atr(int n, double atr[LENGTH])
{
    double sum = 0;

    for (int i = 0; i < LENGTH; i++) {
        double range =
            i == 0 ? 0 : fmax(h[i] - l[i], fmax(fabs(h[i] - c[i - 1]), fabs(l[i] - c[i - 1])));

        sum += i <= n ? range : 0;
        atr[i] = i < n ? NAN : i == n ? sum / n : atr[i - 1] + (range - atr[i - 1]) / n;
    }
}

/* Seban's rule in the words of its common description: the final upper band is the basic one when
 * that is lower or the last close broke the final one, and so on; the line changes sides when the
 * close passes the band it follows. */
static void plain_supertrend(int n, double factor, int column)
{
    static double atr[LENGTH], upper[LENGTH], lower[LENGTH];
    bool is_up = false;

    plain_atr(n, atr);
    for (int i = 0; i < LENGTH; i++) {
        double middle = (h[i] + l[i]) / 2;

        wanted[i][column] = wanted[i][column + 1] = NAN;
        if (i < n)
            continue;
        upper[i] = middle + factor * atr[i];
        lower[i] = middle - factor * atr[i];
        if (i == n) {
            is_up = c[i] >= middle;
        } else {
            if (!(upper[i] < upper[i - 1] || c[i - 1] > upper[i - 1]))
                upper[i] = upper[i - 1];
            if (!(lower[i] > lower[i - 1] || c[i - 1] < lower[i - 1]))
                lower[i] = lower[i - 1];
            if (is_up && c[i] < lower[i])
                is_up = false;
            else if (!is_up && c[i] > upper[i])
                is_up = true;
        }
        wanted[i][column] = is_up ? lower[i] : upper[i];
        wanted[i][column + 1] = is_up ? 1 : -1;
    }
}

/* Raschke: an exponential average, and bands at a multiple of the average true range. */
static void plain_keltner(int n, double factor, int atr_period, int column)
{
    static double atr[LENGTH];
    double sum = 0, average = NAN;

    plain_atr(atr_period, atr);
    for (int i = 0; i < LENGTH; i++) {
        sum += i < n ? c[i] : 0;
        average = i < n - 1 ? NAN : i == n - 1 ? sum / n : average + (c[i] - average) * 2 / (n + 1);
        wanted[i][column] = average + factor * atr[i];
        wanted[i][column + 1] = average;
        wanted[i][column + 2] = average - factor * atr[i];
    }
}

/* The extremes of candles i - n + 1 to i, and their middle; NaN before there are n. */
static void plain_extremes(int i, int n, double *highest, double *lowest)
{
    *highest = *lowest = NAN;
    for (int k = i - n + 1; k <= i && i >= n - 1; k++) {
        *highest = fmax(*highest, h[k]);
        *lowest = fmin(*lowest, l[k]);
    }
}

static double plain_middle(int i, int n)
{
    double highest, lowest;

    plain_extremes(i, n, &highest, &lowest);
    return (highest + lowest) / 2;
}

/* Hosoda: middles of ranges; the spans stand displaced into the future. */
static void plain_ichimoku(int column)
{
    for (int i = 0; i < LENGTH; i++) {
        int past = i - 26;

        wanted[i][column] = plain_middle(i, 9);
        wanted[i][column + 1] = plain_middle(i, 26);
        wanted[i][column + 2] =
            past < 0 ? NAN : (plain_middle(past, 9) + plain_middle(past, 26)) / 2;
        wanted[i][column + 3] = past < 0 ? NAN : plain_middle(past, 52);
    }
}

/* Valcu 2004. */
static void plain_heikin_ashi(int column)
{
    for (int i = 0; i < LENGTH; i++) {
        double close = (o[i] + h[i] + l[i] + c[i]) / 4;
        double open =
            i == 0 ? (o[0] + c[0]) / 2 : (wanted[i - 1][column] + wanted[i - 1][column + 3]) / 2;

        wanted[i][column] = open;
        wanted[i][column + 1] = fmax(h[i], fmax(open, close));
        wanted[i][column + 2] = fmin(l[i], fmin(open, close));
        wanted[i][column + 3] = close;
    }
}

/* The volume's mean price over candles from..i. */
static double plain_vwap(int from, int i)
{
    long double money = 0, volume = 0;

    for (int k = from; k <= i; k++) {
        money += (long double)(h[k] + l[k] + c[k]) / 3 * (long double)v[k];
        volume += (long double)v[k];
    }
    return volume > 0 ? (double)(money / volume) : NAN;
}

static void plain_volumes(int column)
{
    int day_start = -1;

    for (int i = 0; i < LENGTH; i++) {
        long double sum = 0;

        if (candles[i].open_us % US_PER_DAY == 0)
            day_start = i;
        wanted[i][column] = day_start < 0 ? NAN : plain_vwap(day_start, i);
        wanted[i][column + 1] = i < 29 ? NAN : plain_vwap(i - 29, i);
        for (int k = i - 11; k <= i && i >= 11; k++)
            sum += (long double)v[k];
        wanted[i][column + 3] = sum > 0 ? (double)((long double)v[i] * 12 / sum) : NAN;
    }
}

static void plain_others(int column)
{
    for (int i = 0; i < LENGTH; i++) {
        long double mean = 0, squares = 0;

        for (int k = i - 24; k <= i && i >= 24; k++)
            mean += (long double)c[k] / 25;
        for (int k = i - 24; k <= i && i >= 24; k++)
            squares += ((long double)c[k] - mean) * ((long double)c[k] - mean);
        wanted[i][column] =
            i < 24 ? NAN : (double)(((long double)c[i] - mean) / sqrtl(squares / 24));
        wanted[i][column + 2] = i < 3 ? NAN : c[i] / c[i - 3] - 1;
        wanted[i][column + 3] = i < 5 ? NAN : h[i - 5];
    }
}

static void make_wanted(void)
{
    make_market();
    plain_supertrend(7, 2.5, 0);
    plain_keltner(20, 1.5, 10, 2);
    for (int i = 0; i < LENGTH; i++) {
        plain_extremes(i, 15, &wanted[i][5], &wanted[i][7]);
        wanted[i][6] = plain_middle(i, 15);
    }
    plain_ichimoku(8);
    plain_heikin_ashi(12);
    plain_volumes(16);
    plain_others(18);
    for (int i = 0; i < LENGTH; i++) {
        wanted[i][22] = wanted[i][0];
        wanted[i][23] = wanted[i][1];
        wanted[i][24] = wanted[i][1];
        wanted[i][25] = wanted[i][13];
    }
}

static struct strategy *parse(const char *text)
{
    struct diag_list diags = {0};
    struct strategy *s = NULL;

    if (strategy_parse(text, strlen(text), false, &diags, &s))
        fail_msg("%s: %s", diags.items[0].field, diags.items[0].message);
    return s;
}

static void test_definitions(void **state)
{
    struct strategy *s = parse(artifact);
    struct strategy_run *r = strategy_run_new(s);

    (void)state;
    make_wanted();
    assert_int_equal(strategy_feature_count(s), COUNT_OF(names));
    for (size_t j = 0; j < COUNT_OF(names); j++)
        assert_string_equal(strategy_feature_name(s, j), names[j]);
    for (int i = 0; i < LENGTH; i++) {
        strategy_run_push(r, &candles[i]);
        for (size_t j = 0; j < VALUES; j++) {
            double got = strategy_run_feature(r, j), is = wanted[i][j];

            if (isnan(got) != isnan(is) || fabs(got - is) > 1e-9 * fmax(fabs(is), 1))
                fail_msg("%s of candle %d is %.17g, not %.17g", names[j], i, got, is);
        }
        assert_true(isnan(wanted[i][11]) || strategy_run_feature(r, 26) == wanted[i][11]);
    }
    strategy_run_free(r);
    strategy_release(s);
}

/* An unknown input makes each kernel start again, as if just made. */
static void test_unknown_input(void **state)
{
    struct feature_dmi dmi, dmi_new;
    struct feature_sar sar, sar_new;
    struct feature_supertrend st, st_new;
    struct feature_ha_open ha, ha_new;
    struct feature_vwap day, day_new;

    (void)state;
    feature_dmi_init(&dmi, 3);
    feature_sar_init(&sar, 0.02);
    feature_supertrend_init(&st);
    feature_ha_open_init(&ha);
    feature_vwap_init(&day);
    dmi_new = dmi, sar_new = sar, st_new = st, ha_new = ha, day_new = day;
    for (int i = 0; i < 9; i++) {
        (void)feature_dmi_push(&dmi, 10 + i, 9 + i, 9.5);
        (void)feature_sar_push(&sar, 10 + i, 9 + i, 0.2);
        (void)feature_supertrend_push(&st, 10 + i, 2, 9 + i);
        (void)feature_ha_open_push(&ha, 10 + i, 9, 9.5);
        (void)feature_vwap_push(&day, i * US_PER_DAY, 10 + i, 1);
    }
    assert_true(isnan(feature_dmi_push(&dmi, 10, NAN, 9)));
    assert_true(isnan(feature_sar_push(&sar, NAN, 9, 0.2)));
    assert_true(isnan(feature_supertrend_push(&st, 10, 2, NAN)));
    assert_true(isnan(feature_ha_open_push(&ha, 10, NAN, 9)));
    assert_true(isnan(feature_vwap_push(&day, 5, 10, NAN)));
    for (int i = 0; i < 9; i++) {
        double x = 10 + (i * 7) % 5;
        double got[] = {feature_dmi_push(&dmi, x + 1, x - 1, x),
                        feature_sar_push(&sar, x, x - 1, 1), feature_supertrend_push(&st, x, 2, 10),
                        feature_ha_open_push(&ha, x, 9, 8),
                        feature_vwap_push(&day, i * US_PER_DAY, x, 2)};
        double is[] = {
            feature_dmi_push(&dmi_new, x + 1, x - 1, x), feature_sar_push(&sar_new, x, x - 1, 1),
            feature_supertrend_push(&st_new, x, 2, 10), feature_ha_open_push(&ha_new, x, 9, 8),
            feature_vwap_push(&day_new, i * US_PER_DAY, x, 2)};

        for (size_t j = 0; j < COUNT_OF(got); j++)
            assert_true(isnan(is[j]) ? isnan(got[j]) : got[j] == is[j]);
    }
}

/* VWAP asks for a whole day of candles, whatever their length. */
static void test_vwap_warmup(void **state)
{
    struct strategy *quarter =
        parse("{\"name\":\"a\",\"timeframe\":\"15m\",\"entry\":{\"condition\":\"close>vwap()\"}}");
    struct strategy *unnamed = parse("{\"name\":\"a\",\"entry\":{\"condition\":\"close>vwap()\"}}");

    (void)state;
    assert_int_equal(strategy_warmup(quarter), 96);
    assert_int_equal(strategy_warmup(unnamed), 1440);
    strategy_release(quarter);
    strategy_release(unnamed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_unknown_input),
        cmocka_unit_test(test_vwap_warmup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
