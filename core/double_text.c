/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the shortest decimal digits of a double and lays them out. */
#include "core/double_text.h"

#include <float.h>
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

static int print_plain(const struct decimal *d, const char *sign, char text[DOUBLE_TEXT_MAX])
{
    int whole = d->exponent + 1;

    if (whole <= 0)
        return snprintf(text, DOUBLE_TEXT_MAX, "%s0.%.*s%s", sign, -whole, "0000", d->digits);
    if (whole >= d->count)
        return snprintf(text, DOUBLE_TEXT_MAX, "%s%s%.*s.0", sign, d->digits, whole - d->count,
                        "0000000000000000");
    return snprintf(text, DOUBLE_TEXT_MAX, "%s%.*s.%s", sign, whole, d->digits, d->digits + whole);
}

size_t double_print(double value, char text[DOUBLE_TEXT_MAX])
{
    const char *sign = __builtin_signbit(value) ? "-" : "";
    struct decimal d = {{"0"}, 1, 0};
    int n;

    ASSERT(__builtin_isfinite(value));
    if (value != 0)
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
