/* SPDX-License-Identifier: Apache-2.0 */
/* Every indicator against TA-Lib's numbers, at any price scale, and independent of the future. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/strategy.h"
#include "tests/support/check.h"

enum {
    ROWS = 1500,
    COLUMNS = 26
};

/* In the order of the files' columns. */
static const struct {
    const char *name, *feature; /* TA-Lib's, and as strategy_feature_name has it */
    int power;                  /* of the price scale: 1 for prices, 0 for oscillators */
} columns[COLUMNS] = {
    {"SMA_5", "a01", 1},
    {"SMA_20", "a02", 1},
    {"SMA_50", "a03", 1},
    {"SMA_200", "a04", 1},
    {"EMA_5", "a05", 1},
    {"EMA_12", "a06", 1},
    {"EMA_26", "a07", 1},
    {"EMA_100", "a08", 1},
    {"WMA_10", "a09", 1},
    {"RSI_2", "a10", 0},
    {"RSI_7", "a11", 0},
    {"RSI_14", "a12", 0},
    {"MACD_12_26_9", "a13.macd", 1},
    {"MACDSIGNAL_12_26_9", "a13.signal", 1},
    {"MACDHIST_12_26_9", "a13.hist", 1},
    {"BBUPPER_20_2", "a14.upper", 1},
    {"BBMIDDLE_20_2", "a14.middle", 1},
    {"BBLOWER_20_2", "a14.lower", 1},
    {"ATR_14", "a15", 1},
    {"STDDEV_20_1", "a16", 1},
    {"MIN_L_20", "a17", 1},
    {"MAX_H_20", "a18", 1},
    {"MOM_10", "a19", 1},
    {"TYPPRICE", "a20", 1},
    {"MEDPRICE", "a21", 1},
    {"AVGPRICE", "a22", 1},
};

static const char artifact[] =
    "{\"name\":\"all\",\"entry\":{\"condition\":\"close > 0\"},\"features\":{"
    "\"a01\":\"sma(close,5)\",\"a02\":\"sma(close,20)\",\"a03\":\"sma(close,50)\","
    "\"a04\":\"sma(close,200)\",\"a05\":\"ema(close,5)\",\"a06\":\"ema(close,12)\","
    "\"a07\":\"ema(close,26)\",\"a08\":\"ema(close,100)\",\"a09\":\"wma(close,10)\","
    "\"a10\":\"rsi(2)\",\"a11\":\"rsi(7)\",\"a12\":\"rsi(14)\",\"a13\":\"macd()\","
    "\"a14\":\"bbands(close,20,2)\",\"a15\":\"atr(14)\",\"a16\":\"stddev(close,20)\","
    "\"a17\":\"lowest(low,20)\",\"a18\":\"highest(high,20)\",\"a19\":\"change(close,10)\","
    "\"a20\":\"hlc3\",\"a21\":\"hl2\",\"a22\":\"ohlc4\"}}";

struct series {
    int count;
    struct candle candles[ROWS];
};

static struct strategy *strategy_all(void)
{
    struct diag_list diags = {0};
    struct strategy *s = NULL;

    assert_ok(strategy_parse(artifact, strlen(artifact), false, &diags, &s));
    assert_int_equal(strategy_feature_count(s), COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        assert_string_equal(strategy_feature_name(s, i), columns[i].feature);
    return s;
}

static int64_t scaled(const char *text, int scale)
{
    return llround(strtod(text, NULL) * pow(10, scale));
}

/* Candles of a CSV file whose prices have `scale` decimals. */
static struct series *read_series(const char *file, int scale)
{
    struct series *s = calloc(1, sizeof *s);
    char *data = check_data(file, NULL);
    char *cursor = data;
    char *line = check_line(&cursor);

    assert_non_null(s);
    assert_string_equal(line, "open,high,low,close,volume");
    while ((line = check_line(&cursor)) && *line) {
        struct candle *c = &s->candles[s->count++];
        int64_t *fields[] = {&c->open, &c->high, &c->low, &c->close, &c->volume};

        c->price_scale = (uint8_t)scale;
        c->size_scale = 6;
        for (size_t i = 0; i < COUNT_OF(fields); i++)
            *fields[i] = scaled(strsep(&line, ","), i == 4 ? 6 : scale);
        assert_ok(candle_check(c));
    }
    free(data);
    return s;
}

/* values[row][column] of pushing candles 0..count-1 into a new run. */
static double (*compute(const struct strategy *s, const struct series *in, int count))[COLUMNS]
{
    double(*values)[COLUMNS] = calloc((size_t)count, sizeof *values);
    struct strategy_run *r = strategy_run_new(s);

    assert_non_null(values);
    for (int i = 0; i < count; i++) {
        strategy_run_push(r, &in->candles[i]);
        for (size_t j = 0; j < COLUMNS; j++)
            values[i][j] = strategy_run_feature(r, j);
    }
    strategy_run_free(r);
    return values;
}

static void compare(double got, double wanted, double relative, const char *name, int row)
{
    double tolerance = relative * fmax(fabs(wanted), 1);

    if (isnan(got) != isnan(wanted) || fabs(got - wanted) > tolerance)
        fail_msg("%s of candle %d is %.17g, not %.17g", name, row, got, wanted);
}

static void check_file(const char *input, const char *expected, int scale, bool has_flat)
{
    struct strategy *s = strategy_all();
    struct series *in = read_series(input, scale);
    double(*values)[COLUMNS] = compute(s, in, in->count);
    char *data = check_data(expected, NULL);
    char *cursor = data;
    char *line = check_line(&cursor);

    for (size_t j = 0; j < COLUMNS; j++)
        assert_string_equal(strsep(&line, ","), columns[j].name);
    for (int i = 0; i < in->count; i++) {
        line = check_line(&cursor);
        assert_non_null(line);
        for (size_t j = 0; j < COLUMNS; j++) {
            const char *cell = strsep(&line, ",");
            bool is_noise = has_flat && j == 9 && i >= 700 && i <= 790;

            /* TA-Lib's own deviation is off by up to 3e-8 here; see test_deviation. */
            if (!is_noise)
                compare(values[i][j], *cell ? strtod(cell, NULL) : NAN,
                        has_flat && j == 19 ? 1e-7 : 1e-9, columns[j].name, i);
        }
    }
    free(data);
    free(values);
    free(in);
    strategy_free(s);
}

static void test_talib_data(void **state)
{
    (void)state;
    check_file("indicators/ta252.input.csv", "indicators/ta252.expected.csv", 3, false);
}

static void test_synthetic_data(void **state)
{
    (void)state;
    check_file("indicators/synth1500.input.csv", "indicators/synth1500.expected.csv", 2, true);
}

static void test_lookback(void **state)
{
    struct strategy *s = strategy_all();
    struct series *in = read_series("indicators/ta252.input.csv", 3);
    double(*values)[COLUMNS] = compute(s, in, in->count);
    char *data = check_data("indicators/lookback.csv", NULL);
    char *cursor = data;
    char *line = check_line(&cursor);

    (void)state;
    while ((line = check_line(&cursor)) && *line) {
        const char *name = strsep(&line, ",");
        size_t lookback = strtoul(line, NULL, 10);

        for (size_t j = 0; j < COLUMNS; j++) {
            if (strcmp(columns[j].name, name) != 0)
                continue;
            assert_true(lookback == 0 || isnan(values[lookback - 1][j]));
            assert_true(!isnan(values[lookback][j]));
        }
    }
    free(data);
    free(values);
    free(in);
    strategy_free(s);
}

/* The same market at prices near 3e-5: nothing may be taken for zero. */
static void test_scale(void **state)
{
    struct strategy *s = strategy_all();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*normal)[COLUMNS] = compute(s, in, in->count);
    double(*micro)[COLUMNS];

    (void)state;
    for (int i = 0; i < in->count; i++)
        in->candles[i].price_scale = 11;
    micro = compute(s, in, in->count);
    for (int i = 0; i < in->count; i++) {
        for (size_t j = 0; j < COLUMNS; j++) {
            bool is_noise = j == 9 && i >= 700 && i <= 790;

            if (!is_noise)
                compare(columns[j].power ? micro[i][j] * 1e9 : micro[i][j], normal[i][j], 1e-9,
                        columns[j].name, i);
        }
    }
    free(normal);
    free(micro);
    free(in);
    strategy_free(s);
}

/* Against the definition, in two passes and more digits. */
static void test_deviation(void **state)
{
    struct strategy *s = strategy_all();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*values)[COLUMNS] = compute(s, in, in->count);

    (void)state;
    for (int i = 19; i < in->count; i++) {
        long double mean = 0, squares = 0;

        for (int k = i - 19; k <= i; k++)
            mean += (long double)in->candles[k].close / 100 / 20;
        for (int k = i - 19; k <= i; k++) {
            long double d = (long double)in->candles[k].close / 100 - mean;

            squares += d * d;
        }
        compare(values[i][19], (double)sqrtl(squares / 20), 1e-12, "stddev", i);
        if (i >= 719 && i < 760)
            assert_true(values[i][19] == 0);
    }
    free(values);
    free(in);
    strategy_free(s);
}

/* The value of candle t must not change, by a single bit, when later candles are not there. */
static void test_truncation(void **state)
{
    struct strategy *s = strategy_all();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*whole)[COLUMNS] = compute(s, in, in->count);

    (void)state;
    for (int t = 1; t <= in->count; t += 97) {
        double(*part)[COLUMNS] = compute(s, in, t);

        assert_memory_equal(part, whole, (size_t)t * sizeof *part);
        free(part);
    }
    free(whole);
    free(in);
    strategy_free(s);
}

static void test_reset(void **state)
{
    struct strategy *s = strategy_all();
    struct series *in = read_series("indicators/ta252.input.csv", 3);
    double(*fresh)[COLUMNS] = compute(s, in, in->count);
    struct strategy_run *r = strategy_run_new(s);

    (void)state;
    for (int i = 0; i < 100; i++)
        strategy_run_push(r, &in->candles[in->count - 1 - i]);
    strategy_run_reset(r);
    assert_int_equal(strategy_run_pushed(r), 0);
    for (int i = 0; i < in->count; i++) {
        strategy_run_push(r, &in->candles[i]);
        for (size_t j = 0; j < COLUMNS; j++) {
            double x = strategy_run_feature(r, j);

            assert_memory_equal(&x, &fresh[i][j], sizeof x);
        }
    }
    strategy_run_free(r);
    free(fresh);
    free(in);
    strategy_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talib_data), cmocka_unit_test(test_synthetic_data),
        cmocka_unit_test(test_lookback),   cmocka_unit_test(test_scale),
        cmocka_unit_test(test_truncation), cmocka_unit_test(test_reset),
        cmocka_unit_test(test_deviation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
