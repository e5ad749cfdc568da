/* SPDX-License-Identifier: Apache-2.0 */
/* Published values: TA-Lib's regression tests, and the small cases of its Python package. */
#include <math.h>
#include <stdlib.h>

#include "engine/feature_smooth.h"
#include "engine/feature_window.h"
#include "tests/unit/engine/test_feature.h"

enum {
    CANDLES = 252,
    ROWS = 400,
    RULES = 60, /* of one strategy */
    CELLS = 20
};

struct published_row {
    int candle;
    double value, tolerance;
    const char *rule;
};

static int read_rows(char *data, struct published_row rows[ROWS])
{
    char *cursor = data;
    char *line = check_line(&cursor);
    int count = 0;

    assert_string_equal(line, "candle,value,tolerance,rule");
    while ((line = check_line(&cursor)) && *line) {
        struct published_row *row = &rows[count++];

        assert_true(count <= ROWS);
        row->candle = (int)strtol(strsep(&line, ","), NULL, 10);
        row->value = strtod(strsep(&line, ","), NULL);
        row->tolerance = strtod(strsep(&line, ","), NULL);
        row->rule = line;
    }
    return count;
}

/* Rows of the same rule stand together: one feature each. */
static int check_some(const struct published_row *rows, int count, const struct candle *candles)
{
    const char *rules[RULES];
    int feature[ROWS], used = 0, n = 0;
    double *values;

    for (; n < count; n++) {
        bool is_new = used == 0 || strcmp(rules[used - 1], rows[n].rule) != 0;

        if (is_new && used == RULES)
            break;
        if (is_new)
            rules[used++] = rows[n].rule;
        feature[n] = used - 1;
    }
    values = features_of(rules, used, candles, CANDLES);
    for (int i = 0; i < n; i++) {
        double got = values[rows[i].candle * used + feature[i]];

        if (!(fabs(got - rows[i].value) <= 1.001 * rows[i].tolerance))
            fail_msg("%s of candle %d is %.12g, not %.12g", rows[i].rule, rows[i].candle, got,
                     rows[i].value);
    }
    free(values);
    return n;
}

static void test_regression_rows(void **state)
{
    static struct published_row rows[ROWS];
    static struct candle candles[CANDLES];
    char *data = check_data("indicators/published.csv", NULL);
    int count = read_rows(data, rows);

    (void)state;
    assert_int_equal(count, 340);
    assert_int_equal(read_candles("indicators/ta252.input.csv", 3, candles, CANDLES), CANDLES);
    for (int done = 0; done < count;)
        done += check_some(rows + done, count - done, candles);
    free(data);
}

/* The cells of one line of the small cases; an empty one is NaN. */
static int read_case(const char *name, double cells[CELLS])
{
    char *data = check_data("indicators/small-cases.csv", NULL);
    char *cursor = data;
    char *line;
    int count = 0;

    while ((line = check_line(&cursor)) && *line) {
        if (strcmp(strsep(&line, ","), name) != 0)
            continue;
        for (const char *cell; (cell = strsep(&line, ","));) {
            assert_true(count < CELLS);
            cells[count++] = *cell ? strtod(cell, NULL) : NAN;
        }
        break;
    }
    free(data);
    assert_true(count > 0);
    return count;
}

/* What pushing the case's inputs gives is what it says. */
static void check_case(const char *name, double (*push)(void *kernel, double x), void *kernel)
{
    double in[CELLS], out[CELLS];
    char line[64];
    int count;

    (void)snprintf(line, sizeof line, "%s in", name);
    count = read_case(line, in);
    (void)snprintf(line, sizeof line, "%s out", name);
    assert_int_equal(read_case(line, out), count);
    for (int i = 0; i < count; i++) {
        double got = push(kernel, in[i]);

        if (isnan(got) != isnan(out[i]) || fabs(got - out[i]) > 1e-9 * fabs(out[i]))
            fail_msg("%s, input %d: %.17g, not %.17g", name, i, got, out[i]);
    }
}

static double push_ema(void *kernel, double x)
{
    return feature_ema_push(kernel, x);
}

static double push_rsi(void *kernel, double x)
{
    return feature_rsi_push(kernel, x);
}

static double push_change(void *kernel, double x)
{
    return x - feature_lag_push(kernel, x);
}

static double push_lowest(void *kernel, double x)
{
    return -feature_extreme_push(kernel, -x);
}

static double push_aroon(void *kernel, double x)
{
    return 100 * (2 - feature_extreme_age_push(kernel, x)) / 2;
}

static double push_aroon_low(void *kernel, double x)
{
    return push_aroon(kernel, -x);
}

static double push_stddev(void *kernel, double x)
{
    return feature_stddev_push(kernel, x);
}

static void test_small_cases(void **state)
{
    void *memory = malloc(4096);

    (void)state;
    assert_non_null(memory);
    feature_ema_init(memory, 3, 0);
    check_case("EMA_3", push_ema, memory);
    feature_rsi_init(memory, 10);
    check_case("RSI_10 of tiny prices", push_rsi, memory);
    feature_lag_init(memory, 1);
    check_case("MOM_1", push_change, memory);
    feature_lag_init(memory, 2);
    check_case("MOM_2", push_change, memory);
    feature_extreme_init(memory, 2);
    check_case("MIN_2", push_lowest, memory);
    feature_extreme_init(memory, 3);
    check_case("AROON_2 up", push_aroon, memory);
    feature_extreme_init(memory, 3);
    check_case("AROON_2 down", push_aroon_low, memory);
    feature_window_init(memory, 5, 0);
    check_case("STDDEV_5 of tiny prices", push_stddev, memory);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regression_rows),
        cmocka_unit_test(test_small_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
