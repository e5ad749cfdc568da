/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every indicator of the language, whatever it computes: no value depends on the
 * future, on how candles come in or on what was there before a reset; after the warm-up none knows
 * where it began; and none takes a small price for zero. */
#include "engine/rule_table.h"
#include "tests/unit/engine/test_feature.h"

enum {
    LENGTH = 2600,
    MOST = FUNCTION_COUNT_,
    PART = 50 /* rules of one strategy */
};

static char texts[MOST][96];
static const char *rules[MOST];
static int count;

/* Each function from `highest` on with its defaults, and 9 where there is none. */
static int make_rules(void **state)
{
    (void)state;
    for (int id = FUNCTION_HIGHEST; id < FUNCTION_COUNT_; id++) {
        const struct rule_function *f = rule_function_at((enum rule_function_id)id);
        char *text = texts[count];
        size_t size = sizeof texts[count];
        size_t used = (size_t)snprintf(text, size, "%s(", f->name);

        if (f->members && !f->is_number)
            continue; /* its members have names of their own */
        for (int i = 0; i < rule_function_parameters(f); i++) {
            const struct rule_parameter *p = &f->parameters[i];
            const char *comma = i > 0 ? ", " : "";

            if (p->kind == PARAMETER_SOURCE || p->kind == PARAMETER_NUMBER)
                used += (size_t)snprintf(text + used, size - used, "%s%s", comma,
                                         i == 0 ? "close" : "high");
            else
                used += (size_t)snprintf(text + used, size - used, "%s%g", comma,
                                         isnan(p->initial) ? 9 : p->initial);
        }
        used += (size_t)snprintf(text + used, size - used, ")");
        assert_true(used < size);
        rules[count++] = text;
    }
    return count > 90 ? 0 : -1;
}

static int part_of(int start)
{
    return count - start < PART ? count - start : PART;
}

static bool is_same(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

/* At prices of a million and of a millionth: the same, times a power of the factor. */
static void test_price_scale(void **state)
{
    static const int scales[] = {0, 7, 12};
    static struct candle candles[LENGTH];
    static const int powers[] = {0, 1, 2};

    (void)state;
    make_candles(candles, LENGTH, 21);
    for (int start = 0; start < count; start += PART) {
        int n = part_of(start);
        double *base = features_of(&rules[start], n, candles, LENGTH);

        for (size_t s = 0; s < COUNT_OF(scales); s++) {
            double factor = pow(10, 4 - scales[s]);
            double *other;

            for (int i = 0; i < LENGTH; i++)
                candles[i].price_scale = (uint8_t)scales[s];
            other = features_of(&rules[start], n, candles, LENGTH);
            for (int j = 0; j < n; j++) {
                bool fits = false;

                for (size_t p = 0; p < COUNT_OF(powers) && !fits; p++) {
                    double by = pow(factor, powers[p]);

                    fits = true;
                    for (int i = 0; i < LENGTH && fits; i++) {
                        double x = base[i * n + j], y = other[i * n + j] / by;

                        fits = isnan(x) == isnan(y) &&
                               !(fabs(x - y) > 1e-9 * fmax(fabs(x), fabs(y)) + 1e-9);
                    }
                }
                if (!fits)
                    fail_msg("%s is not the same at prices %g times as large", rules[start + j],
                             factor);
            }
            free(other);
        }
        for (int i = 0; i < LENGTH; i++)
            candles[i].price_scale = 4;
        free(base);
    }
}

/* The first candles alone, and the same run after another market and a reset: bit for bit. */
static void test_truncation_and_reset(void **state)
{
    static struct candle candles[LENGTH], others[LENGTH];

    (void)state;
    make_candles(candles, LENGTH, 22);
    make_candles(others, LENGTH, 23);
    for (int start = 0; start < count; start += PART) {
        int n = part_of(start);
        double *whole = features_of(&rules[start], n, candles, LENGTH);
        double *some = features_of(&rules[start], n, candles, 777);
        struct strategy *s = features_parse(&rules[start], n);
        struct strategy_run *r = strategy_run_new(s);

        for (int i = 0; i < 777 * n; i++)
            assert_true(is_same(some[i], whole[i]));
        for (int i = 0; i < LENGTH; i++)
            strategy_run_push(r, &others[i]);
        strategy_run_reset(r);
        for (int i = 0; i < LENGTH; i++) {
            strategy_run_push(r, &candles[i]);
            for (int j = 0; j < n; j++) {
                if (!is_same(strategy_run_feature(r, feature_index(s, j)), whole[i * n + j]))
                    fail_msg("%s differs after a reset, candle %d", rules[start + j], i);
            }
        }
        strategy_run_free(r);
        strategy_release(s);
        free(whole);
        free(some);
    }
}

/* The warm-up of each function alone: it has a value before it ends, and then the value of a run
 * that began earlier.  Sums since the beginning never forget. */
static void test_warmup(void **state)
{
    static struct candle candles[LENGTH];

    (void)state;
    make_candles(candles, LENGTH, 24);
    for (int j = 0; j < count; j++) {
        double *whole = features_of(&rules[j], 1, candles, LENGTH);
        struct strategy *s = features_parse(&rules[j], 1);
        int begin = strcmp(rules[j], "vwap()") == 0 ? 0 : 700;
        int warmup = strategy_warmup(s);
        double *late = features_of(&rules[j], 1, candles + begin, LENGTH - begin);
        bool is_sum = strcmp(rules[j], "obv()") == 0 || strcmp(rules[j], "ad()") == 0;

        double most = 0;
        int known = 0;

        assert_true(warmup > 0 && begin + warmup < LENGTH);
        for (int i = 0; i < LENGTH; i++)
            most = fmax(most, fabs(whole[i]));
        while (known < warmup && isnan(late[known]))
            known++;
        if (known == warmup)
            fail_msg("%s has no value after %d candles", rules[j], warmup);
        for (int i = begin + warmup; i < LENGTH && !is_sum; i++) {
            double x = whole[i], y = late[i - begin];

            if (isnan(x) != isnan(y) || fabs(x - y) > 2e-5 * most)
                fail_msg("%s of candle %d is %.17g, and %.17g when it began at %d", rules[j], i, x,
                         y, begin);
        }
        strategy_release(s);
        free(whole);
        free(late);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_price_scale),
        cmocka_unit_test(test_truncation_and_reset),
        cmocka_unit_test(test_warmup),
    };

    return cmocka_run_group_tests(tests, make_rules, NULL);
}
