/* SPDX-License-Identifier: Apache-2.0 */
/* The wide integers of tl-metrics-1: products, quotients, roots, and where they end. */
#include "tests/support/check.h"

#include "engine/track_big.h"

static struct big random_big(struct check_random *r, int limbs)
{
    struct big b = {{0}};

    for (int i = 0; i < limbs; i++)
        b.limb[i] = check_random_next(r);
    return b;
}

static void test_products_divide_back(void **state)
{
    struct check_random r = {7};

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct big a = random_big(&r, 1 + i % 5), b = random_big(&r, 1 + i % 3), rest;
        struct big added = random_big(&r, 1), product, quotient;

        if (big_cmp(&added, &b) >= 0)
            added = (struct big){{0}};
        product = big_add(big_mul(a, b), added);
        quotient = big_div(product, b, &rest);
        assert_memory_equal(&quotient, &a, sizeof a);
        assert_memory_equal(&rest, &added, sizeof added);
        product = big_sub(product, added);
        quotient = big_div(product, b, &rest);
        assert_true(big_is_zero(&rest) && big_cmp(&quotient, &a) == 0);
    }
}

static uint64_t rounded(uint64_t n, uint64_t d)
{
    struct big b = big_round(big_of(n), big_of(d));

    return b.limb[0];
}

static uint64_t rounded_root(u128 n, u128 d)
{
    struct big b = big_round_root(big_of(n), big_of(d));

    return b.limb[0];
}

static void test_rounding_is_half_even(void **state)
{
    struct check_random r = {11};

    (void)state;
    assert_int_equal(rounded(5, 2), 2);
    assert_int_equal(rounded(7, 2), 4);
    assert_int_equal(rounded(1, 2), 0);
    assert_int_equal(rounded(3, 2), 2);
    assert_int_equal(rounded(8, 3), 3);
    assert_int_equal(rounded_root(9, 4), 2);  /* 1.5: tie, to the even */
    assert_int_equal(rounded_root(25, 4), 2); /* 2.5 */
    assert_int_equal(rounded_root(26, 4), 3);
    assert_int_equal(rounded_root(0, 5), 0);
    for (int i = 0; i < 500; i++) {
        uint64_t n = check_random_next(&r) >> 12, root = rounded_root(n, 1);

        assert_true((u128)root * root <= (u128)n + root);
        assert_true((u128)(root + 1) * (root + 1) > (u128)n + root);
    }
}

static void overflow_product(void *context)
{
    struct big b = {{0}};

    (void)context;
    b.limb[5] = 1;
    (void)big_mul(b, b);
}

static void test_what_passes_512_bits_aborts(void **state)
{
    i128 small;
    struct big b = {{0, UINT64_C(1) << 63}};

    (void)state;
    assert_true(check_aborts(overflow_product, NULL));
    assert_false(big_fits(&b, &small));
    b.limb[1]--;
    assert_true(big_fits(&b, &small) && small > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_divide_back),
        cmocka_unit_test(test_rounding_is_half_even),
        cmocka_unit_test(test_what_passes_512_bits_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
