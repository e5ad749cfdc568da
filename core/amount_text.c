/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and prints amounts as decimal text, and gives the nearest double. */
#include "core/amount_text.h"

#include <string.h>

enum {
    INTEGER_DIGITS_MAX = 26,
    MAGNITUDE_DIGITS = 40 /* 10^38 has 39 digits */
};

i128 amount_power(int exponent)
{
    static const int64_t powers[AMOUNT_DECIMALS + 1] = {
        1,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        INT64_C(10000000000),
        INT64_C(100000000000),
        INT64_C(1000000000000),
    };

    ASSERT(exponent >= 0 && exponent <= AMOUNT_DECIMALS);
    return powers[exponent];
}

static size_t count_digits(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

static void append_digits(u128 *magnitude, const char *digits, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        *magnitude = *magnitude * 10 + (unsigned)(digits[i] - '0');
}

enum err amount_parse(const char *text, size_t length, i128 *out)
{
    const char *whole, *decimals = "";
    size_t whole_count, decimal_count = 0, i;
    bool negative = length > 0 && text[0] == '-';
    u128 magnitude = 0;

    whole = text + negative;
    length -= negative;
    whole_count = count_digits(whole, length);
    if (whole_count == 0 || (whole_count > 1 && whole[0] == '0'))
        return ERR_SYNTAX;
    if (whole_count < length) {
        if (whole[whole_count] != '.')
            return ERR_SYNTAX;
        decimals = whole + whole_count + 1;
        decimal_count = count_digits(decimals, length - whole_count - 1);
        if (decimal_count == 0 || whole_count + 1 + decimal_count != length)
            return ERR_SYNTAX;
    }
    if (whole_count > INTEGER_DIGITS_MAX)
        return ERR_OVERFLOW;
    for (i = AMOUNT_DECIMALS; i < decimal_count; i++) {
        if (decimals[i] != '0')
            return ERR_PRECISION;
    }
    if (decimal_count > AMOUNT_DECIMALS)
        decimal_count = AMOUNT_DECIMALS;
    append_digits(&magnitude, whole, whole_count);
    append_digits(&magnitude, decimals, decimal_count);
    magnitude *= (u128)amount_power(AMOUNT_DECIMALS - (int)decimal_count);
    *out = negative ? -(i128)magnitude : (i128)magnitude;
    return ERR_OK;
}

/* The digits of a magnitude, at least `least` of them; returns where they begin in the buffer. */
static char *print_magnitude(u128 magnitude, int least, char buffer[MAGNITUDE_DIGITS])
{
    char *at = buffer + MAGNITUDE_DIGITS;
    uint64_t small;

    /* 128-bit divisions are slow: most amounts need none. */
    while (magnitude > UINT64_MAX) {
        *--at = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
        least--;
    }
    small = (uint64_t)magnitude;
    while (small > 0 || least > 0) {
        *--at = (char)('0' + (int)(small % 10));
        small /= 10;
        least--;
    }
    return at;
}

size_t amount_print(i128 e12, int scale, char text[AMOUNT_TEXT_MAX])
{
    char buffer[MAGNITUDE_DIGITS], *digits;
    u128 magnitude = e12 < 0 ? -(u128)e12 : (u128)e12;
    size_t count, whole, at = 0;

    magnitude /= (u128)amount_power(AMOUNT_DECIMALS - scale);
    digits = print_magnitude(magnitude, scale + 1, buffer);
    count = (size_t)(buffer + MAGNITUDE_DIGITS - digits);
    whole = count - (size_t)scale;
    if (e12 < 0)
        text[at++] = '-';
    memcpy(text + at, digits, whole);
    at += whole;
    if (scale > 0) {
        text[at++] = '.';
        memcpy(text + at, digits + whole, (size_t)scale);
        at += (size_t)scale;
    }
    text[at] = '\0';
    return at;
}

static int leading_zeros(u128 x)
{
    const uint64_t high = (uint64_t)(x >> 64);

    return high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)x);
}

double amount_to_double(i128 e12)
{
    /* Integers up to 2^53 and powers of ten up to 10^22 are exact doubles, so one division is the
     * only rounding. */
    const i128 exact = (i128)1 << 53;
    u128 magnitude = e12 < 0 ? -(u128)e12 : (u128)e12, quotient;
    int shift;
    double value;

    if (e12 >= -exact && e12 <= exact)
        return (double)(int64_t)e12 / 1e12;
    /* The quotient of all 128 bits has 88 of them and more: far beyond the 53 of a double, so that
     * a rest that is not zero is told by any bit behind them, and the conversion rounds once. */
    shift = leading_zeros(magnitude);
    magnitude <<= shift;
    quotient = magnitude / (u128)AMOUNT_ONE;
    if (quotient * (u128)AMOUNT_ONE != magnitude)
        quotient |= 1;
    value = __builtin_ldexp((double)quotient, -shift);
    return e12 < 0 ? -value : value;
}
