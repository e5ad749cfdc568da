/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the shortest decimal digits of a double and lays them out. */
#include "core/double_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/c_locale.h"

enum {
    DIGITS_MAX = 17,          /* always enough for a double */
    DIGITS_SURE = DBL_DIG,    /* as many survive a round trip through any normal double */
    EXPONENT_FORM_BELOW = -4, /* repr writes 1e-05 but 0.0001 */
    EXPONENT_FORM_FROM = 16   /* repr writes 1e+16 but 1000000000000000.0 */
};

/* digits * 10^(exponent - (count - 1)): scientific notation with `count` digits. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int exponent;
};

/* The nearest decimal of `count` digits.  The point is skipped whatever the locale makes it. */
static void decimal_of(double value, int count, struct decimal *d)
{
    char text[DOUBLE_TEXT_MAX];
    const char *at = text;
    int n = 0;

    snprintf(text, sizeof(text), "%.*e", count - 1, value);
    for (; *at && *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9')
            d->digits[n++] = *at;
    }
    ASSERT(n == count && *at == 'e');
    d->digits[n] = '\0';
    d->count = n;
    d->exponent = (int)strtol(at + 1, NULL, 10);
}

static bool reads_back(const struct decimal *d, double value)
{
    char text[DOUBLE_TEXT_MAX];

    snprintf(text, sizeof(text), "%se%d", d->digits, d->exponent - (d->count - 1));
    return c_locale_double(text) == value;
}

/* Just below a power of two doubles lie closer together than above it.  There the nearest decimal
 * may miss where the next one still reads back. */
static bool neighbour_reads_back(struct decimal *d, double value)
{
    struct decimal other = *d;
    int64_t digits = strtoll(d->digits, NULL, 10);
    int step;

    for (step = -1; step <= 1; step += 2) {
        if (snprintf(other.digits, sizeof(other.digits), "%lld", (long long)(digits + step)) !=
            d->count)
            continue;
        if (reads_back(&other, value)) {
            *d = other;
            return true;
        }
    }
    return false;
}

static void shortest_decimal(double value, struct decimal *d)
{
    /* Where 15 digits are sure, a shorter answer is the same with zeros at the end. */
    int count = value < DBL_MIN ? 1 : DIGITS_SURE;

    for (; count < DIGITS_MAX; count++) {
        decimal_of(value, count, d);
        if (reads_back(d, value) || neighbour_reads_back(d, value))
            break;
    }
    if (count == DIGITS_MAX)
        decimal_of(value, count, d);
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
    d->digits[d->count] = '\0';
}

/* The integers that read back as the value once it is multiplied by 10^k, and the value between
 * them: whole + rest / 2^shift. */
struct scaled {
    uint64_t low, high, whole;
    u128 rest;
    int shift;
};

/* Multiplies exactly in 128 bits, so that the result has 17 digits before the point.  False where
 * that does not go: for values beyond about 1e-15 and 1e16. */
static bool scale_value(double value, int exponent, struct scaled *s)
{
    const int k = DIGITS_MAX - 1 - exponent;
    int two;
    const uint64_t m = (uint64_t)ldexp(frexp(value, &two), DBL_MANT_DIG);
    const bool is_power = m == UINT64_C(1) << (DBL_MANT_DIG - 1); /* the gap below is a half one */
    u128 five = 1, middle, low, high, mask;

    if (k < 0 || k > 31)
        return false;
    /* Quarters of the gap between doubles: its halves are whole numbers of them. */
    s->shift = 2 - (two - DBL_MANT_DIG) - k;
    if (s->shift < 1 || s->shift > 70)
        return false;
    for (int i = 0; i < k; i++)
        five *= 5;
    mask = ((u128)1 << s->shift) - 1;
    middle = 4 * m * five;
    low = middle - (is_power ? 1 : 2) * five;
    high = middle + 2 * five;
    s->whole = (uint64_t)(middle >> s->shift);
    s->rest = middle & mask;
    s->low = (uint64_t)((low + mask) >> s->shift);
    s->high = (uint64_t)(high >> s->shift);
    if (m % 2 == 1) { /* half way is read as the even neighbour */
        s->low += (low & mask) == 0;
        s->high -= (high & mask) == 0;
    }
    return true;
}

/* The multiple of the greatest power of ten between low and high that is nearest to the value. */
static uint64_t shortest_between(const struct scaled *s)
{
    uint64_t ten = 1, digits;
    u128 over, unit;

    while (s->high / (10 * ten) * (10 * ten) >= s->low)
        ten *= 10;
    digits = s->whole / ten * ten;
    over = ((u128)(s->whole - digits) << s->shift) + s->rest;
    unit = (u128)ten << s->shift;
    if (2 * over > unit || (2 * over == unit && digits / ten % 2 == 1))
        digits += ten;
    if (digits < s->low)
        digits += ten;
    if (digits > s->high)
        digits -= ten;
    return digits;
}

/* The same as shortest_decimal where 128 bits are enough, which is nearly always, and much faster:
 * the features command prints millions. */
static bool shortest_fast(double value, struct decimal *d)
{
    struct scaled s;
    uint64_t digits;

    d->exponent = (int)floor(log10(value));
    if (value < DBL_MIN || !scale_value(value, d->exponent, &s))
        return false;
    digits = shortest_between(&s);
    if (digits >= UINT64_C(100000000000000000)) { /* 9.99... became 10, or the logarithm was low */
        if (digits > UINT64_C(100000000000000000))
            return false;
        digits /= 10;
        d->exponent++;
    }
    if (digits < UINT64_C(10000000000000000))
        return false;
    while (digits % 10 == 0)
        digits /= 10;
    d->count = 0;
    for (uint64_t left = digits; left > 0; left /= 10)
        d->count++;
    d->digits[d->count] = '\0';
    for (int i = d->count; i > 0; digits /= 10)
        d->digits[--i] = (char)('0' + digits % 10);
    return true;
}

static char *append(char *at, const char *bytes, int count)
{
    memcpy(at, bytes, (size_t)count);
    return at + count;
}

static int print_plain(const struct decimal *d, const char *sign, char text[DOUBLE_TEXT_MAX])
{
    const int whole = d->exponent + 1;
    char *at = text;

    if (*sign)
        *at++ = *sign;
    if (whole <= 0) { /* down to 0.0001 */
        at = append(at, "0.0000", 2 - whole);
        at = append(at, d->digits, d->count);
    } else if (whole >= d->count) {
        at = append(at, d->digits, d->count);
        at = append(at, "0000000000000000", whole - d->count);
        at = append(at, ".0", 2);
    } else {
        at = append(at, d->digits, whole);
        *at++ = '.';
        at = append(at, d->digits + whole, d->count - whole);
    }
    *at = '\0';
    return (int)(at - text);
}

size_t double_print(double value, char text[DOUBLE_TEXT_MAX])
{
    const char *sign = __builtin_signbit(value) ? "-" : "";
    struct decimal d = {{"0"}, 1, 0};
    int n;

    ASSERT(__builtin_isfinite(value));
    if (value != 0 && !shortest_fast(__builtin_fabs(value), &d))
        shortest_decimal(__builtin_fabs(value), &d);
    if (d.exponent >= EXPONENT_FORM_BELOW && d.exponent < EXPONENT_FORM_FROM)
        n = print_plain(&d, sign, text);
    else
        n = snprintf(text, DOUBLE_TEXT_MAX, "%s%c%s%se%c%02d", sign, d.digits[0],
                     d.count > 1 ? "." : "", d.digits + 1, d.exponent < 0 ? '-' : '+',
                     abs(d.exponent));
    ASSERT(n > 0 && n < DOUBLE_TEXT_MAX);
    return (size_t)n;
}
