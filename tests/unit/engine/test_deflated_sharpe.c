/* SPDX-License-Identifier: Apache-2.0 */
/* The deflated Sharpe ratio against the numbers of its authors, and moments reckoned by hand. */
#include "tests/support/check.h"

#include <math.h>

#include "engine/deflated_sharpe.h"

static void assert_near(double mine, double wanted, double tolerance)
{
    if (!(fabs(mine - wanted) <= tolerance))
        fail_msg("%.17g is not %.17g", mine, wanted);
}

/* The example of the paper: a ratio of 2.5 a year from 1250 days, 250 a year, as the best of N
 * trials whose yearly ratios have the variance 1/2. */
static const double paper_variance = 0.5 / 250;

static struct return_shape paper_shape(double skewness, double kurtosis)
{
    return (struct return_shape){2.5 / sqrt(250), skewness, kurtosis, 1250};
}

static void the_authors_example(void **state)
{
    const struct return_shape fat = paper_shape(-3, 10), normal = paper_shape(0, 3);
    const double hundred = deflated_sharpe_threshold(100, paper_variance);
    const double few = deflated_sharpe_threshold(46, paper_variance);
    const double some = deflated_sharpe_threshold(88, paper_variance);

    (void)state;
    assert_near(hundred, 0.1132, 0.00005);
    assert_near(deflated_sharpe(&fat, hundred), 0.9004, 0.00005);
    assert_near(deflated_sharpe(&fat, few), 0.9505, 0.00005);
    assert_near(deflated_sharpe(&normal, some), 0.9505, 0.00005);
    /* To all digits, by another library's inverse of the normal distribution. */
    assert_near(hundred, 0.11317200186513214, 1e-14);
    assert_near(deflated_sharpe(&fat, hundred), 0.9003968344493904, 1e-13);
}

static void one_trial_or_no_variation_expects_nothing(void **state)
{
    const struct return_shape s = paper_shape(-3, 10);

    (void)state;
    assert_near(deflated_sharpe_threshold(1, paper_variance), 0, 0);
    assert_near(deflated_sharpe_threshold(100, 0), 0, 0);
    assert_true(deflated_sharpe(&s, 0) > deflated_sharpe(&s, 0.1));
    assert_near(deflated_sharpe(&s, s.sharpe), 0.5, 1e-15);
}

static struct daily_equity equity_of(const char *const *values, size_t count)
{
    struct daily_equity d = {0};

    for (size_t i = 0; i < count; i++) {
        struct money m;

        assert_ok(money_parse(values[i], strlen(values[i]), &m));
        daily_equity_append(&d, (int64_t)i, m);
    }
    return d;
}

/* Returns 0.1, -0.1, 0.1: mean 1/30, deviations 1/15, -2/15, 1/15; so the sample deviation is
 * sqrt(6/225 / 2), the skewness -1/sqrt(2), the kurtosis 1.5. */
static void moments_by_hand(void **state)
{
    static const char *const values[] = {"100", "110", "99", "108.9"};
    struct daily_equity d = equity_of(values, COUNT_OF(values));
    const struct return_shape s = return_shape_of(&d);

    (void)state;
    assert_near(s.samples, 3, 0);
    assert_near(s.sharpe, 1.0 / 30 / sqrt(6.0 / 225 / 2), 1e-13);
    assert_near(s.skewness, -1 / sqrt(2), 1e-12);
    assert_near(s.kurtosis, 1.5, 1e-12);
    daily_equity_release(&d);
}

static void no_value_without_variation_or_days(void **state)
{
    static const char *const flat[] = {"100", "100", "100"}, *const few[] = {"100", "110"},
                             *const ruined[] = {"100", "0", "10", "20"};
    struct daily_equity d = equity_of(flat, COUNT_OF(flat));
    struct return_shape s = return_shape_of(&d);

    (void)state;
    assert_true(isnan(s.sharpe) && isnan(deflated_sharpe(&s, 0)));
    daily_equity_release(&d);
    d = equity_of(few, COUNT_OF(few));
    s = return_shape_of(&d);
    assert_true(isnan(s.sharpe) && isnan(deflated_sharpe(&s, 0)));
    daily_equity_release(&d);
    d = equity_of(ruined, COUNT_OF(ruined));
    s = return_shape_of(&d);
    assert_true(isnan(s.sharpe) && isnan(deflated_sharpe(&s, 0)));
    daily_equity_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_authors_example),
        cmocka_unit_test(one_trial_or_no_variation_expects_nothing),
        cmocka_unit_test(moments_by_hand),
        cmocka_unit_test(no_value_without_variation_or_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
