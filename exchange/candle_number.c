/* SPDX-License-Identifier: Apache-2.0 */
/* Exact decimal numbers of candle files, read by hand because they are most of a file's bytes. */
#include "exchange/candle_number.h"

#include <string.h>
#include <strings.h>

#include "core/amount.h"
#include "core/limits.h"

enum {
    DIGITS_MAX = 18,
    EXPONENT_MAX = 400
};

static const int64_t power[DIGITS_MAX + 1] = {
    INT64_C(1),
    INT64_C(10),
    INT64_C(100),
    INT64_C(1000),
    INT64_C(10000),
    INT64_C(100000),
    INT64_C(1000000),
    INT64_C(10000000),
    INT64_C(100000000),
    INT64_C(1000000000),
    INT64_C(10000000000),
    INT64_C(100000000000),
    INT64_C(1000000000000),
    INT64_C(10000000000000),
    INT64_C(100000000000000),
    INT64_C(1000000000000000),
    INT64_C(10000000000000000),
    INT64_C(100000000000000000),
    INT64_C(1000000000000000000),
};

bool candle_number_scale(int64_t value, int digits, int64_t *out)
{
    int64_t scaled;

    if (value == 0) {
        *out = 0;
        return true;
    }
    if (digits < 0 || digits > DIGITS_MAX ||
        __builtin_mul_overflow(value, power[digits], &scaled) || scaled >= power[DIGITS_MAX])
        return false;
    *out = scaled;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What is wrong with a text that is no number. */
static enum candle_number_fault fault_of(const char *text, size_t length)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    const char *word = text;
    size_t n = length;

    if (n == 0)
        return NUMBER_EMPTY;
    if (*word == '-' || *word == '+') {
        word++;
        n--;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (n == strlen(words[i]) && strncasecmp(word, words[i], n) == 0)
            return NUMBER_NOT_FINITE;
    }
    if (*text == '-' && n > 0 && (is_digit(*word) || *word == '.'))
        return NUMBER_NEGATIVE;
    return NUMBER_MALFORMED;
}

/* Applies "e[+-]digits" to value * 10^-decimals. */
static enum candle_number_fault apply_exponent(const char *text, const char *end,
                                               struct candle_number *n)
{
    bool negative = false;
    int exponent = 0;

    if (text < end && (*text == '-' || *text == '+'))
        negative = *text++ == '-';
    if (text == end)
        return NUMBER_MALFORMED;
    for (; text < end; text++) {
        if (!is_digit(*text))
            return NUMBER_MALFORMED;
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*text - '0');
    }
    n->decimals += negative ? exponent : -exponent;
    while (n->decimals > 0 && n->value % 10 == 0 && n->value != 0) {
        n->value /= 10;
        n->decimals--;
    }
    if (n->value == 0)
        n->decimals = 0;
    if (n->decimals < 0) {
        if (!candle_number_scale(n->value, -n->decimals, &n->value))
            return NUMBER_TOO_LARGE;
        n->decimals = 0;
    }
    return NUMBER_GOOD;
}

/* Reads the digits after the point.  Zeros are taken in only when another digit follows them, so
 * that those at the end neither count as decimals nor as digits. */
static const char *read_fraction(const char *at, const char *end, struct candle_number *n,
                                 bool *too_long)
{
    int zeros = 0;

    for (; at < end && is_digit(*at); at++) {
        if (*at == '0') {
            zeros++;
            continue;
        }
        if (!candle_number_scale(n->value, zeros + 1, &n->value))
            *too_long = true;
        n->value += *at - '0';
        n->decimals += zeros + 1;
        zeros = 0;
    }
    return at;
}

enum candle_number_fault candle_number_parse(const char *text, size_t length,
                                             struct candle_number *out)
{
    const char *end = text + length;
    const char *at = text;
    struct candle_number n = {0};
    bool too_long = false;
    enum candle_number_fault fault;
    size_t digits;

    if (candle_number_short(&at, end, &n) && at == end) {
        *out = n;
        return NUMBER_GOOD;
    }
    n = (struct candle_number){0};
    at = text;
    if (length > LIMIT_CANDLE_LINE)
        return NUMBER_TOO_LARGE;
    for (; at < end && is_digit(*at); at++) {
        if (n.value >= power[DIGITS_MAX - 1])
            too_long = true;
        else
            n.value = n.value * 10 + (*at - '0');
    }
    digits = (size_t)(at - text);
    if (at < end && *at == '.') {
        const char *fraction = ++at;

        at = read_fraction(at, end, &n, &too_long);
        digits += (size_t)(at - fraction);
    }
    if (digits == 0)
        return fault_of(text, length);
    if (at < end && (*at == 'e' || *at == 'E')) {
        fault = apply_exponent(at + 1, end, &n);
        if (fault)
            return fault;
    } else if (at < end) {
        return fault_of(text, length);
    }
    if (n.decimals > AMOUNT_DECIMALS)
        return NUMBER_TOO_PRECISE;
    if (too_long)
        return NUMBER_TOO_LARGE;
    *out = n;
    return NUMBER_GOOD;
}
