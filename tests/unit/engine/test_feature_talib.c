/* SPDX-License-Identifier: Apache-2.0 */
/* Every indicator against TA-Lib's numbers, at any price scale, and independent of the future. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/strategy.h"
#include "tests/support/check.h"
#include "tests/unit/engine/test_feature_talib.h"

enum {
    ROWS = 1500,
    HALVES = 2, /* one strategy cannot have so many features */
    HALF = COLUMNS / HALVES,
    FLAT_FROM = 700, /* candles of the made-up series that leave TA-Lib rounding noise */
    FLAT_TO = 790,
    TIE = 309, /* up and down movements are equal: TA-Lib lets rounding noise decide */
    TIE_FORGOTTEN = 700
};

struct series {
    int count;
    struct candle candles[ROWS];
};

/* A strategy whose features are the columns from `first` on. */
static struct strategy *strategy_of(int first, int count)
{
    static char text[16 * 1024];
    struct diag_list diags = {0};
    struct strategy *s = NULL;
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "{\"name\":\"all\",\"entry\":{\"condition\":\"close > 0\"},");

    used += (size_t)snprintf(text + used, sizeof text - used, "\"features\":{");
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\"c%02d\":\"%s\"",
                                 i > 0 ? "," : "", first + i, columns[first + i].rule);
    used += (size_t)snprintf(text + used, sizeof text - used, "}}");
    assert_true(used < sizeof text);
    if (strategy_parse(text, used, false, &diags, &s))
        fail_msg("%s: %s", diags.items[0].field, diags.items[0].message);
    return s;
}

/* The columns, each half a strategy, and where each is among its strategy's features: one value as
 * a number may be several as a feature. */
struct both {
    struct strategy *s[HALVES];
    size_t feature[COLUMNS];
};

static struct both both_new(void)
{
    struct both b = {0};

    for (int i = 0; i < HALVES; i++) {
        size_t at = 0;

        b.s[i] = strategy_of(i * HALF, HALF);
        for (int j = i * HALF; j < (i + 1) * HALF; j++) {
            char name[8];

            (void)snprintf(name, sizeof name, "c%02d", j);
            while (strncmp(strategy_feature_name(b.s[i], at), name, 3) != 0)
                at++;
            b.feature[j] = at;
        }
    }
    return b;
}

static void both_free(struct both *b)
{
    for (int i = 0; i < HALVES; i++)
        strategy_release(b->s[i]);
}

static bool is_skipped(int column, int row)
{
    return columns[column].is_noise && row >= FLAT_FROM && row <= FLAT_TO;
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

/* values[row][column] of pushing `count` candles into new runs. */
static double (*compute(const struct both *b, const struct candle *candles, int count))[COLUMNS]
{
    double(*values)[COLUMNS] = calloc((size_t)count, sizeof *values);

    assert_non_null(values);
    for (int half = 0; half < HALVES; half++) {
        struct strategy_run *r = strategy_run_new(b->s[half]);

        for (int i = 0; i < count; i++) {
            strategy_run_push(r, &candles[i]);
            for (int j = half * HALF; j < (half + 1) * HALF; j++)
                values[i][j] = strategy_run_feature(r, b->feature[j]);
        }
        strategy_run_free(r);
    }
    return values;
}

static void compare(double got, double wanted, double relative, int column, int row)
{
    double tolerance = relative * fmax(fabs(wanted), 1);

    if (isnan(got) != isnan(wanted) || fabs(got - wanted) > tolerance)
        fail_msg("%s of candle %d is %.17g, not %.17g", columns[column].name, row, got, wanted);
}

/* ADX, ADXR, DX, +DI, -DI, +DM and -DM. */
static bool is_directional(int column)
{
    return strstr(columns[column].name, "DX") || strstr(columns[column].name, "_DI_") ||
           strstr(columns[column].name, "_DM_");
}

/* TA-Lib's own deviation is off by up to 3e-8 of itself there; see test_deviation. */
static double tolerance_of(int column, bool has_flat)
{
    bool is_deviation = strncmp(columns[column].name, "STDDEV", 6) == 0 ||
                        strncmp(columns[column].name, "VAR", 3) == 0;

    return has_flat && is_deviation ? 1e-7 : 1e-9;
}

static void check_file(const char *input, const char *expected, int scale, bool has_flat)
{
    struct both b = both_new();
    struct series *in = read_series(input, scale);
    double(*values)[COLUMNS] = compute(&b, in->candles, in->count);
    char *data = check_data(expected, NULL);
    char *cursor = data;
    char *line = check_line(&cursor);

    for (int j = 0; j < COLUMNS; j++)
        assert_string_equal(strsep(&line, ","), columns[j].name);
    for (int i = 0; i < in->count; i++) {
        line = check_line(&cursor);
        assert_non_null(line);
        for (int j = 0; j < COLUMNS; j++) {
            const char *cell = strsep(&line, ",");

            bool is_noise =
                is_skipped(j, i) || (is_directional(j) && i >= TIE && i <= TIE_FORGOTTEN);

            if (!has_flat || !is_noise)
                compare(values[i][j], *cell ? strtod(cell, NULL) : NAN, tolerance_of(j, has_flat),
                        j, i);
        }
    }
    free(data);
    free(values);
    free(in);
    both_free(&b);
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

/* The first known value, and the warm-up each column asks for by itself. */
static void test_lookback(void **state)
{
    struct both b = both_new();
    struct series *in = read_series("indicators/ta252.input.csv", 3);
    double(*values)[COLUMNS] = compute(&b, in->candles, in->count);
    char *data = check_data("indicators/lookback.csv", NULL);
    char *cursor = data;
    char *line = check_line(&cursor);

    (void)state;
    for (int j = 0; j < COLUMNS; j++) {
        struct strategy *one = strategy_of(j, 1);
        int lookback;

        line = check_line(&cursor);
        assert_string_equal(strsep(&line, ","), columns[j].name);
        lookback = (int)strtol(line, NULL, 10);
        assert_true(lookback == 0 || isnan(values[lookback - 1][j]));
        assert_true(!isnan(values[lookback][j]));
        assert_true(strategy_warmup(one) > lookback);
        strategy_release(one);
    }
    free(data);
    free(values);
    free(in);
    both_free(&b);
}

/* The same market at prices near 3e-5: nothing may be taken for zero. */
static void test_scale(void **state)
{
    struct both b = both_new();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*normal)[COLUMNS] = compute(&b, in->candles, in->count);
    double(*micro)[COLUMNS];

    (void)state;
    for (int i = 0; i < in->count; i++)
        in->candles[i].price_scale = 11;
    micro = compute(&b, in->candles, in->count);
    for (int i = 0; i < in->count; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            if (!is_skipped(j, i))
                compare(micro[i][j] * pow(1e9, columns[j].power), normal[i][j], 1e-9, j, i);
        }
    }
    free(normal);
    free(micro);
    free(in);
    both_free(&b);
}

/* Against the definition, in two passes and more digits. */
static void test_deviation(void **state)
{
    enum {
        STDDEV = 65
    };
    struct both b = both_new();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*values)[COLUMNS] = compute(&b, in->candles, in->count);

    (void)state;
    for (int i = 19; i < in->count; i++) {
        long double mean = 0, squares = 0;

        for (int k = i - 19; k <= i; k++)
            mean += (long double)in->candles[k].close / 100 / 20;
        for (int k = i - 19; k <= i; k++) {
            long double d = (long double)in->candles[k].close / 100 - mean;

            squares += d * d;
        }
        compare(values[i][STDDEV], (double)sqrtl(squares / 20), 1e-12, STDDEV, i);
        if (i >= 719 && i < 760)
            assert_true(values[i][STDDEV] == 0);
    }
    free(values);
    free(in);
    both_free(&b);
}

/* Whether the name begins with one of these words. */
static bool is_one_of(const char *name, const char *words)
{
    while (*words) {
        size_t length = strcspn(words, " ");

        if (strncmp(name, words, length) == 0)
            return true;
        words += length + (words[length] == ' ');
    }
    return false;
}

/* A flat market: what is not defined is unknown, and what TA-Lib leaves as noise is 0. */
static void test_flat(void **state)
{
    struct both b = both_new();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*values)[COLUMNS] = compute(&b, in->candles, in->count);

    (void)state;
    for (int j = 0; j < COLUMNS; j++) {
        const char *name = columns[j].name;

        for (int i = 745; i < 760; i++) {
            if (is_one_of(name, "STOCH WILLR BOP CORREL ULTOSC HT_SINE HT_LEADSINE"))
                assert_true(isnan(values[i][j]));
            else if (is_one_of(name, "CCI MFI"))
                assert_true(values[i][j] == 0);
            else
                assert_true(!isnan(values[i][j]));
        }
    }
    free(values);
    free(in);
    both_free(&b);
}

/* The value of candle t must not change, by a single bit, when later candles are not there. */
static void test_truncation(void **state)
{
    struct both b = both_new();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*whole)[COLUMNS] = compute(&b, in->candles, in->count);

    (void)state;
    for (int t = 1; t <= in->count; t += 97) {
        double(*part)[COLUMNS] = compute(&b, in->candles, t);

        assert_memory_equal(part, whole, (size_t)t * sizeof *part);
        free(part);
    }
    free(whole);
    free(in);
    both_free(&b);
}

/* These never forget. */
static bool is_sum_of_all(const char *name)
{
    return strcmp(name, "OBV") == 0 || strcmp(name, "AD") == 0;
}

/* After its warm-up a column no longer knows where it began. */
static void test_warmup(void **state)
{
    static const int starts[] = {137, 420, 800};
    struct both b = both_new();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*whole)[COLUMNS] = compute(&b, in->candles, in->count);

    (void)state;
    for (int j = 0; j < COLUMNS; j++) {
        struct strategy *one = strategy_of(j, 1);
        int warmup = strategy_warmup(one);

        for (size_t k = 0; k < COUNT_OF(starts) && !is_sum_of_all(columns[j].name); k++) {
            struct strategy_run *r = strategy_run_new(one);
            int last = starts[k] + warmup - 1;

            assert_true(last < in->count);
            for (int i = starts[k]; i <= last; i++)
                strategy_run_push(r, &in->candles[i]);
            assert_true(strategy_run_is_warm(r));
            if (!is_skipped(j, last))
                compare(strategy_run_feature(r, 0), whole[last][j], 2e-5, j, last);
            strategy_run_free(r);
        }
        strategy_release(one);
    }
    free(whole);
    free(in);
    both_free(&b);
}

/* Pushed in blocks of any length, and after another market and a reset. */
static void test_blocks_and_reset(void **state)
{
    struct both b = both_new();
    struct series *in = read_series("indicators/synth1500.input.csv", 2);
    double(*fresh)[COLUMNS] = compute(&b, in->candles, in->count);
    struct check_random random = {7};

    (void)state;
    for (int half = 0; half < HALVES; half++) {
        struct strategy_run *r = strategy_run_new(b.s[half]);
        struct decision decision;

        for (int i = 0; i < 400; i++)
            strategy_run_push(r, &in->candles[in->count - 1 - i]);
        strategy_run_reset(r);
        assert_int_equal(strategy_run_pushed(r), 0);
        for (int i = 0; i < in->count; i++) {
            strategy_run_push(r, &in->candles[i]);
            if (check_random_next(&random) % 7 > 0)
                continue; /* the block goes on */
            strategy_run_decide(r, NULL, &decision);
            for (int j = half * HALF; j < (half + 1) * HALF; j++) {
                double x = strategy_run_feature(r, b.feature[j]);

                assert_memory_equal(&x, &fresh[i][j], sizeof x);
            }
        }
        strategy_run_free(r);
    }
    free(fresh);
    free(in);
    both_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talib_data), cmocka_unit_test(test_synthetic_data),
        cmocka_unit_test(test_lookback),   cmocka_unit_test(test_scale),
        cmocka_unit_test(test_truncation), cmocka_unit_test(test_blocks_and_reset),
        cmocka_unit_test(test_deviation),  cmocka_unit_test(test_flat),
        cmocka_unit_test(test_warmup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
