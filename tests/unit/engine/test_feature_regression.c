/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and correlations against the definitions over the window, at any price. */
#include "engine/feature_regression.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/check.h"

enum {
    LENGTH = 2500
};

static double random_unit(struct check_random *random)
{
    return (double)(check_random_next(random) >> 11) / 0x1p53;
}

/* Two walks that have something in common; calm, wild and flat stretches, and a few jumps. */
static void make_inputs(double x[LENGTH], double y[LENGTH], uint64_t seed)
{
    struct check_random random = {seed};
    double at = 100, other = 50;

    for (int i = 0; i < LENGTH; i++) {
        double size = (i / 200) % 5 == 4 ? 0 : (i / 300) % 3 == 2 ? 20 : 0.01;
        double step = size * (random_unit(&random) - 0.5);

        at += step;
        other += 0.4 * step + size * (random_unit(&random) - 0.5);
        x[i] = i % 977 == 500 ? at + 1e7 : at;
        y[i] = other;
    }
}

static void near(double got, double wanted, double tolerance, int i)
{
    if (isnan(got) != isnan(wanted) || fabs(got - wanted) > tolerance)
        fail_msg("input %d: %.17g, not %.17g", i, got, wanted);
}

/* End and slope of the line through x[i - n + 1 .. i], and the largest distance from its mean. */
static void plain_line(const double *x, int i, int n, double out[2], double *size)
{
    long double mean = 0, slope = 0, squares = 0;

    *size = 0;
    for (int k = 0; k < n; k++)
        mean += (long double)x[i - k] / n;
    for (int k = 0; k < n; k++) {
        long double t = (long double)(n - 1) / 2 - k;

        slope += t * ((long double)x[i - k] - mean);
        squares += t * t;
        *size = fmax(*size, fabs(x[i - k] - (double)mean));
    }
    out[1] = (double)(slope / squares);
    out[0] = (double)(mean + slope / squares * (n - 1) / 2);
}

static void test_line(void **state)
{
    static const int periods[] = {2, 3, 14, 100, 701};
    static double x[LENGTH], y[LENGTH];

    (void)state;
    make_inputs(x, y, 11);
    for (size_t p = 0; p < COUNT_OF(periods); p++) {
        int n = periods[p];
        struct feature_line *f = malloc(feature_line_size(n));

        assert_non_null(f);
        feature_line_init(f, n);
        for (int i = 0; i < LENGTH; i++) {
            double end = feature_line_push(f, x[i]), size;
            double wanted[2] = {NAN, NAN};

            if (i >= n - 1)
                plain_line(x, i, n, wanted, &size);
            else
                size = 0;
            near(end, wanted[0], 1e-15 * fabs(wanted[0]) + 1e-11 * size, i);
            near(f->part[0], wanted[1], 1e-11 * size, i);
        }
        free(f);
    }
}

static double plain_correl(const double *x, const double *y, int i, int n)
{
    long double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

    for (int k = i - n + 1; k <= i; k++) {
        mx += (long double)x[k] / n;
        my += (long double)y[k] / n;
    }
    for (int k = i - n + 1; k <= i; k++) {
        long double a = (long double)x[k] - mx, b = (long double)y[k] - my;

        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    if (sqrtl(xx / n) < 1e-12L * fabsl(mx) || sqrtl(yy / n) < 1e-12L * fabsl(my))
        return NAN;
    return (double)(xy / sqrtl(xx) / sqrtl(yy));
}

static void test_correl(void **state)
{
    static const int periods[] = {2, 3, 30, 333};
    static double x[LENGTH], y[LENGTH];

    (void)state;
    make_inputs(x, y, 12);
    for (size_t p = 0; p < COUNT_OF(periods); p++) {
        int n = periods[p];
        struct feature_correl *f = malloc(feature_correl_size(n));

        assert_non_null(f);
        feature_correl_init(f, n);
        for (int i = 0; i < LENGTH; i++)
            near(feature_correl_push(f, x[i], y[i]), i < n - 1 ? NAN : plain_correl(x, y, i, n),
                 1e-10, i);
        free(f);
    }
}

/* Small steps at any price give the same, and a price that stands still gives exactly that. */
static void test_scale(void **state)
{
    static double x[LENGTH], y[LENGTH];
    struct feature_line *line = malloc(feature_line_size(20));
    struct feature_correl *correl = malloc(feature_correl_size(20));
    double wanted[LENGTH][3];

    (void)state;
    assert_true(line && correl);
    make_inputs(x, y, 13);
    for (int power = 0; power >= -120; power -= 60) {
        double factor = pow(10, power);

        feature_line_init(line, 20);
        feature_correl_init(correl, 20);
        for (int i = 0; i < LENGTH; i++) {
            double got[3] = {feature_line_push(line, x[i] * factor) / factor,
                             line->part[0] / factor,
                             feature_correl_push(correl, x[i] * factor, y[i] * factor)};

            for (int j = 0; j < 3 && power < 0; j++)
                near(got[j], wanted[i][j], 1e-9 * fmax(fabs(wanted[i][j]), j < 2 ? 1e-3 : 1), i);
            for (int j = 0; j < 3 && power == 0; j++)
                wanted[i][j] = got[j];
        }
    }
    feature_line_init(line, 20);
    for (int i = 0; i < 100; i++) {
        double end = feature_line_push(line, 0.1);

        assert_true(i < 19 || (end == 0.1 && line->part[0] == 0));
        assert_true(isnan(feature_correl_push(correl, 0.1, i)) || i < 19);
    }
    free(line);
    free(correl);
}

/* After an unknown input both are as new: the same inputs give the same bits. */
static void test_unknown_input(void **state)
{
    static const double x[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};
    struct feature_line *line[2];
    struct feature_correl *correl[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        line[k] = malloc(feature_line_size(4));
        correl[k] = malloc(feature_correl_size(4));
        assert_true(line[k] && correl[k]);
        feature_line_init(line[k], 4);
        feature_correl_init(correl[k], 4);
    }
    for (size_t i = 0; i < COUNT_OF(x); i++) {
        (void)feature_line_push(line[0], 7 * x[i]);
        (void)feature_correl_push(correl[0], x[i], -x[i]);
    }
    assert_true(isnan(feature_line_push(line[0], NAN)) && isnan(line[0]->part[0]));
    assert_true(isnan(feature_correl_push(correl[0], 1, NAN)));
    for (size_t i = 0; i < COUNT_OF(x); i++) {
        double got[2], wanted[2];

        got[0] = feature_line_push(line[0], x[i]);
        got[1] = feature_correl_push(correl[0], x[i], x[(i + 3) % 12]);
        wanted[0] = feature_line_push(line[1], x[i]);
        wanted[1] = feature_correl_push(correl[1], x[i], x[(i + 3) % 12]);
        assert_memory_equal(got, wanted, sizeof got);
        assert_true(isnan(got[0]) == (i < 3) && isnan(got[1]) == (i < 3));
    }
    for (int k = 0; k < 2; k++) {
        free(line[k]);
        free(correl[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_correl),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_unknown_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
