/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers of candle files, exactly: a 64-bit count and how many decimals it has. */
#ifndef EXCHANGE_CANDLE_NUMBER_H
#define EXCHANGE_CANDLE_NUMBER_H

#include "core/amount.h"

enum {
    CANDLE_NUMBER_SHORT = 18 /* characters; so many digits fit 64 bits */
};

struct candle_number {
    int64_t value; /* >= 0 */
    int decimals;  /* 0..12, the fewest that are exact */
};

enum candle_number_fault {
    NUMBER_GOOD,
    NUMBER_EMPTY,
    NUMBER_NEGATIVE,
    NUMBER_NOT_FINITE, /* nan, inf */
    NUMBER_MALFORMED,
    NUMBER_TOO_PRECISE, /* more than 12 decimals */
    NUMBER_TOO_LARGE    /* more than 18 digits */
};

/* Reads "digits[.digits][e[+-]digits]" of exactly this length; "1.", ".5" and leading zeros are
 * numbers too, signs are not.  *out is untouched unless NUMBER_GOOD. */
enum candle_number_fault candle_number_parse(const char *text, size_t length,
                                             struct candle_number *out);

/* The inner loop of reading a file: digits and a point up to a comma or the end, too few to
 * overflow.  *at moves to where it stopped.  False, wherever *at is then, when it is anything else,
 * which candle_number_parse judges. */
static inline bool candle_number_short(const char **at, const char *end, struct candle_number *out)
{
    const char *start = *at, *point = NULL, *text = start;
    uint64_t value = 0; /* may wrap: the length is checked below */
    int64_t digits;
    int decimals;

    for (; text < end && *text != ','; text++) {
        unsigned digit = (unsigned)(unsigned char)*text - '0';

        if (digit <= 9)
            value = value * 10 + digit;
        else if (*text == '.' && !point)
            point = text;
        else
            return false;
    }
    *at = text;
    if (text - start < 1 || text - start > CANDLE_NUMBER_SHORT || (point && text - start == 1))
        return false;
    digits = (int64_t)value;
    decimals = point ? (int)(text - point) - 1 : 0;
    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;
    if (decimals > AMOUNT_DECIMALS)
        return false;
    *out = (struct candle_number){digits, decimals};
    return true;
}

/* value * 10^digits; false beyond 18 digits. */
bool candle_number_scale(int64_t value, int digits, int64_t *out);

#endif
