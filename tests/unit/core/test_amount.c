/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts against CPython's integers and fractions, and their texts. */
#include "core/amount.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/amount_text.h"
#include "core/wide.h"
#include "tests/support/check.h"

static i128 integer_of(const char *text)
{
    bool negative = *text == '-';
    u128 value = 0;

    for (text += negative; *text; text++)
        value = value * 10 + (unsigned)(*text - '0');
    return negative ? -(i128)value : (i128)value;
}

static enum rounding mode_of(const char *word)
{
    if (strcmp(word, "down") == 0)
        return ROUND_DOWN;
    if (strcmp(word, "up") == 0)
        return ROUND_UP;
    return strcmp(word, "zero") == 0 ? ROUND_ZERO : ROUND_HALF_EVEN;
}

static enum err error_of(const char *word)
{
    if (strcmp(word, "overflow") == 0)
        return ERR_OVERFLOW;
    return strcmp(word, "invalid") == 0 ? ERR_INVALID : ERR_OK;
}

static void same(i128 got, i128 wanted, int line)
{
    if (got != wanted)
        fail_msg("line %d: the amounts differ by %lld", line, (long long)(got - wanted));
}

static void test_scale_vectors(void **state)
{
    char *data = check_data("core/scale.txt", NULL), *cursor = data, *line;
    char mode[8], a[48], b[48], c[48], answer[48];
    int number = 0;

    (void)state;
    while ((line = check_line(&cursor)) != NULL) {
        struct money out = {42};

        number++;
        assert_int_equal(sscanf(line, "%7s %47s %47s %47s %47s", mode, a, b, c, answer), 5);
        assert_err(money_share((struct money){integer_of(a)}, (struct size){integer_of(b)},
                               (struct size){integer_of(c)}, mode_of(mode), &out),
                   error_of(answer));
        same(out.e12, error_of(answer) ? 42 : integer_of(answer), number);
    }
    assert_true(number > 1000);
    free(data);
}

/* (high, low) mod d by 256 single-bit steps: slow, and nothing like the code under test. */
static u128 slow_rest(struct wide n, u128 d)
{
    u128 rest = 0;
    int i;

    for (i = 255; i >= 0; i--) {
        u128 bit = (i >= 128 ? n.high >> (i - 128) : n.low >> i) & 1;
        bool carry = (bool)(rest >> 127);

        rest = rest << 1 | bit;
        if (carry || rest >= d)
            rest -= d;
    }
    return rest;
}

static u128 random_wide(struct check_random *r)
{
    u128 x = (u128)check_random_next(r) << 64 | check_random_next(r);
    uint64_t kind = check_random_next(r);

    x >>= kind % 128;
    if (kind >> 8 & 1)
        x |= ~(u128)0 << (kind >> 16 & 127); /* runs of ones find wrong guesses */
    if (kind >> 9 & 1)
        x &= ~(u128)0 << (kind >> 24 & 127);
    return x;
}

static void test_wide_division(void **state)
{
    struct check_random r = {1};
    u128 quotient, rest;
    int i, done = 0;

    (void)state;
    for (i = 0; i < 200000; i++) {
        struct wide n = {random_wide(&r), random_wide(&r)}, back;
        u128 d = random_wide(&r);

        if (!wide_divide(n, d, &quotient, &rest)) {
            assert_true(n.high >= d);
            continue;
        }
        done++;
        assert_true(n.high < d && rest < d);
        back = wide_multiply(quotient, d);
        back.low += rest;
        back.high += back.low < rest;
        assert_true(back.high == n.high && back.low == n.low);
        if (i % 16 == 0)
            assert_true(rest == slow_rest(n, d));
    }
    assert_true(done > 10000);
}

static void test_products(void **state)
{
    struct price p;
    struct size s;
    struct money m;
    struct ratio r = {5 * AMOUNT_ONE / 10000}; /* 5 bps */

    (void)state;
    assert_ok(price_parse("67012.35", 8, &p));
    assert_ok(size_parse("0.01", 4, &s));
    assert_ok(notional_of(p, s, ROUND_HALF_EVEN, &m));
    assert_true(m.e12 == INT64_C(670123500000000));
    assert_ok(money_times(m, r, ROUND_DOWN, &m));
    assert_true(m.e12 == INT64_C(335061750000));
    assert_ok(price_times(p, r, ROUND_UP, &p));
    assert_true(p.e12 == INT64_C(33506175000000));
    assert_ok(size_times(s, r, ROUND_ZERO, &s));
    assert_true(s.e12 == 5000000);
    assert_ok(money_per_price((struct money){10 * AMOUNT_ONE}, (struct price){3 * AMOUNT_ONE},
                              ROUND_ZERO, &s));
    assert_true(s.e12 == INT64_C(3333333333333));
    assert_ok(money_per_size((struct money){-10 * AMOUNT_ONE}, (struct size){3 * AMOUNT_ONE},
                             ROUND_DOWN, &p));
    assert_true(p.e12 == INT64_C(-3333333333334));
    assert_ok(money_ratio((struct money){1}, (struct money){3}, ROUND_HALF_EVEN, &r));
    assert_true(r.e12 == INT64_C(333333333333));
    assert_err(money_ratio((struct money){1}, MONEY_ZERO, ROUND_HALF_EVEN, &r), ERR_INVALID);
    assert_err(money_per_price((struct money){1}, PRICE_ZERO, ROUND_UP, &s), ERR_INVALID);
}

/* a * b / 10^12, cut, and whether a rest was cut off; false beyond the range of amounts. */
static bool product_of(u128 a, u128 b, u128 *quotient, bool *has_rest)
{
    u128 rest;

    if (!wide_divide(wide_multiply(a, b), (u128)AMOUNT_ONE, quotient, &rest))
        return false;
    *has_rest = rest != 0;
    return *quotient < AMOUNT_LIMIT - 1;
}

/* Factors of all lengths, both signs: products that fit two limbs are divided by another way. */
static void test_products_of_all_lengths(void **state)
{
    struct check_random r = {2};
    int done = 0, inexact = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        const u128 a = random_wide(&r) >> 1, b = random_wide(&r) >> 1;
        const bool minus = check_random_next(&r) & 1;
        const struct money m = {minus ? -(i128)a : (i128)a};
        struct money down, up, cut, made;
        bool has_rest;
        u128 q;

        if (!product_of(a, b, &q, &has_rest))
            continue;
        done++;
        inexact += has_rest;
        assert_ok(money_times(m, (struct ratio){(i128)b}, ROUND_DOWN, &down));
        assert_ok(money_times(m, (struct ratio){(i128)b}, ROUND_UP, &up));
        assert_true(down.e12 == (minus ? -(i128)(q + has_rest) : (i128)q));
        assert_true(up.e12 == (minus ? -(i128)q : (i128)(q + has_rest)));
        assert_ok(money_times_scale(m, (struct ratio){(i128)b}, 8, &made));
        cut = down.e12 & 1 ? down : up;
        assert_true(made.e12 == money_to_scale(cut, 8, ROUND_HALF_EVEN).e12);
    }
    assert_true(done > 50000 && inexact > 10000);
}

static void test_sums_and_range(void **state)
{
    struct money most = {(i128)(AMOUNT_LIMIT - 1)}, out = {7};
    char text[AMOUNT_TEXT_MAX];

    (void)state;
    assert_err(money_add(most, (struct money){1}, &out), ERR_OVERFLOW);
    assert_err(money_sub(money_neg(most), (struct money){1}, &out), ERR_OVERFLOW);
    assert_err(money_add(most, most, &out), ERR_OVERFLOW);
    assert_true(out.e12 == 7);
    assert_ok(money_sub(most, most, &out));
    assert_true(out.e12 == 0);
    assert_int_equal(money_print(most, text), 39);
    assert_string_equal(text, "99999999999999999999999999.999999999999");
    assert_int_equal(money_print(money_neg(most), text), 40);
    assert_string_equal(text, "-99999999999999999999999999.999999999999");
    money_print_scale(most, 0, text);
    assert_string_equal(text, "100000000000000000000000000");
    assert_true(money_to_scale(most, 0, ROUND_UP).e12 == most.e12 - (AMOUNT_ONE - 1));
    assert_true(money_to_scale(money_neg(most), 2, ROUND_HALF_EVEN).e12 < 0);
    assert_int_equal(money_cmp(most, money_neg(most)), 1);
    assert_int_equal(money_sign(money_neg(most)), -1);
    assert_true(money_abs(money_neg(most)).e12 == most.e12);
    assert_true(money_min(most, MONEY_ZERO).e12 == 0 && money_max(most, MONEY_ZERO).e12 > 0);
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        enum err error;
        const char *printed;
    } cases[] = {
        {"0", ERR_OK, "0"},
        {"-0", ERR_OK, "0"},
        {"-0.000", ERR_OK, "0"},
        {"0.1", ERR_OK, "0.1"},
        {"-3", ERR_OK, "-3"},
        {"10.50", ERR_OK, "10.5"},
        {"0.000000000001", ERR_OK, "0.000000000001"},
        {"1.0000000000010000", ERR_OK, "1.000000000001"},
        {"99999999999999999999999999", ERR_OK, "99999999999999999999999999"},
        {"99999999999999999999999999.999999999999", ERR_OK,
         "99999999999999999999999999.999999999999"},
        {"100000000000000000000000000", ERR_OVERFLOW, NULL},
        {"0.0000000000001", ERR_PRECISION, NULL},
        {"1.0000000000010001", ERR_PRECISION, NULL},
        {"", ERR_SYNTAX, NULL},
        {"-", ERR_SYNTAX, NULL},
        {"+1", ERR_SYNTAX, NULL},
        {" 1", ERR_SYNTAX, NULL},
        {"1 ", ERR_SYNTAX, NULL},
        {"007", ERR_SYNTAX, NULL},
        {"00", ERR_SYNTAX, NULL},
        {"-01", ERR_SYNTAX, NULL},
        {".5", ERR_SYNTAX, NULL},
        {"5.", ERR_SYNTAX, NULL},
        {"1.2.3", ERR_SYNTAX, NULL},
        {"1,5", ERR_SYNTAX, NULL},
        {"1e3", ERR_SYNTAX, NULL},
        {"--1", ERR_SYNTAX, NULL},
        {"0x10", ERR_SYNTAX, NULL},
        {"NaN", ERR_SYNTAX, NULL},
        {"1.0000000000001x", ERR_SYNTAX, NULL},
    };
    char text[AMOUNT_TEXT_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT_OF(cases); i++) {
        struct price p = {99};

        assert_err(price_parse(cases[i].text, strlen(cases[i].text), &p), cases[i].error);
        if (cases[i].error) {
            assert_true(p.e12 == 99);
            continue;
        }
        assert_int_equal(price_print(p, text), strlen(cases[i].printed));
        assert_string_equal(text, cases[i].printed);
    }
    /* The text need not end with NUL. */
    struct size s;
    assert_ok(size_parse("12.345", 4, &s));
    assert_true(s.e12 == 123 * AMOUNT_ONE / 10);
}

static void test_print_scale(void **state)
{
    static const struct {
        int64_t e12;
        int scale;
        const char *text;
    } cases[] = {
        {INT64_C(67012350000000000), 2, "67012.35"},
        {INT64_C(10000000000), 8, "0.01000000"},
        {INT64_C(125000000000), 2, "0.12"},
        {INT64_C(135000000000), 2, "0.14"},
        {INT64_C(-125000000001), 2, "-0.13"},
        {INT64_C(-1), 2, "0.00"},
        {INT64_C(-1), 12, "-0.000000000001"},
        {0, 0, "0"},
        {INT64_C(500000000000), 0, "0"},
        {INT64_C(1500000000000), 0, "2"},
        {INT64_C(-999999999999), 3, "-1.000"},
    };
    char text[AMOUNT_TEXT_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT_OF(cases); i++) {
        size_t n = money_print_scale((struct money){cases[i].e12}, cases[i].scale, text);

        assert_string_equal(text, cases[i].text);
        assert_int_equal(n, strlen(text));
    }
}

static double double_of_bits(const char *hex)
{
    uint64_t bits = strtoull(hex, NULL, 16);
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void test_from_double_vectors(void **state)
{
    char *data = check_data("core/from_double.txt", NULL), *cursor = data, *line;
    char mode[8], bits[20], answer[48];
    struct ratio out;
    int number = 0;

    (void)state;
    while ((line = check_line(&cursor)) != NULL) {
        number++;
        out.e12 = 42;
        assert_int_equal(sscanf(line, "%7s %19s %47s", mode, bits, answer), 3);
        assert_err(ratio_from_double(double_of_bits(bits), mode_of(mode), &out), error_of(answer));
        same(out.e12, error_of(answer) ? 42 : integer_of(answer), number);
    }
    free(data);
    assert_err(ratio_from_double((double)NAN, ROUND_ZERO, &out), ERR_OVERFLOW);
}

static void test_to_double_vectors(void **state)
{
    char *data = check_data("core/to_double.txt", NULL), *cursor = data, *line;
    char count[48], bits[20];

    (void)state;
    while ((line = check_line(&cursor)) != NULL) {
        double got, wanted;

        assert_int_equal(sscanf(line, "%47s %19s", count, bits), 2);
        got = price_to_double((struct price){integer_of(count)});
        wanted = double_of_bits(bits);
        if (memcmp(&got, &wanted, sizeof(got)) != 0)
            fail_msg("%s gives %.17g instead of %.17g", count, got, wanted);
    }
    free(data);
}

/* The nearest double is the one that reading the exact text gives, at every length and where two
 * doubles are as near. */
static void test_to_double_is_nearest(void **state)
{
    struct check_random r = {.state = 20};

    (void)state;
    for (int i = 0; i < 200000; i++) {
        const unsigned bits = (unsigned)(check_random_next(&r) % 126);
        u128 count = ((u128)check_random_next(&r) << 64 | check_random_next(&r)) >> (127 - bits);
        struct price p;
        char text[AMOUNT_TEXT_MAX];
        double got, wanted;

        if (i % 4 == 0 && bits > 70) /* half way between two doubles, or just beside */
            count = (((count >> (bits - 53)) | 1) << (bits - 53)) / 1000000000000 * 1000000000000 +
                    check_random_next(&r) % 3 - 1;
        if (count >= (u128)UINT64_C(10000000000000000000) * UINT64_C(10000000000000000000))
            continue;
        p = (struct price){i % 2 ? (i128)count : -(i128)count};
        (void)price_print(p, text);
        got = price_to_double(p);
        wanted = strtod(text, NULL);
        if (memcmp(&got, &wanted, sizeof got) != 0 && wanted != 0)
            fail_msg("%s gives %.17g instead of %.17g", text, got, wanted);
    }
}

static void test_steps(void **state)
{
    struct size s, out = {7};
    struct price p;

    (void)state;
    assert_ok(size_parse("0.123456", 8, &s));
    assert_ok(size_to_step(s, (struct size){10000000}, ROUND_ZERO, &out));
    assert_true(out.e12 == INT64_C(123450000000));
    assert_ok(size_to_step(s, (struct size){10000000}, ROUND_UP, &out));
    assert_true(out.e12 == INT64_C(123460000000));
    assert_ok(size_to_step((struct size){-s.e12}, (struct size){10000000}, ROUND_DOWN, &out));
    assert_true(out.e12 == INT64_C(-123460000000));
    assert_err(size_to_step(s, SIZE_ZERO, ROUND_ZERO, &out), ERR_INVALID);
    assert_err(size_to_step(s, (struct size){-1}, ROUND_ZERO, &out), ERR_INVALID);
    assert_true(out.e12 == INT64_C(-123460000000));
    assert_ok(price_to_step((struct price){25}, (struct price){10}, ROUND_HALF_EVEN, &p));
    assert_true(p.e12 == 20);
    assert_ok(price_to_step((struct price){35}, (struct price){10}, ROUND_HALF_EVEN, &p));
    assert_true(p.e12 == 40);
    assert_err(price_to_step((struct price){(i128)(AMOUNT_LIMIT - 1)},
                             (struct price){(i128)(AMOUNT_LIMIT - 2)}, ROUND_UP, &p),
               ERR_OVERFLOW);
    assert_true(money_to_scale((struct money){INT64_C(1005000000000)}, 2, ROUND_HALF_EVEN).e12 ==
                INT64_C(1000000000000));
}

static void test_scales(void **state)
{
    (void)state;
    assert_int_equal(price_scale_of(PRICE_ZERO), 0);
    assert_int_equal(price_scale_of((struct price){10000000000}), 2);
    assert_int_equal(size_scale_of((struct size){1}), 12);
    assert_int_equal(size_scale_of((struct size){100 * AMOUNT_ONE}), 0);
    assert_true(price_from_scaled(INT64_MAX, 0).e12 == (i128)INT64_MAX * AMOUNT_ONE);
    assert_true(price_from_scaled(-6701235, 2).e12 == INT64_C(-67012350000000000));
    assert_true(size_from_scaled(INT64_MIN, 12).e12 == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_vectors),
        cmocka_unit_test(test_wide_division),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_products_of_all_lengths),
        cmocka_unit_test(test_sums_and_range),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_print_scale),
        cmocka_unit_test(test_from_double_vectors),
        cmocka_unit_test(test_to_double_vectors),
        cmocka_unit_test(test_to_double_is_nearest),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_scales),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
