/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers of candle files, exactly: a 64-bit count and how many decimals it has. */
#ifndef EXCHANGE_CANDLE_NUMBER_H
#define EXCHANGE_CANDLE_NUMBER_H

#include "core/base.h"

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

/* value * 10^digits; false beyond 18 digits. */
bool candle_number_scale(int64_t value, int digits, int64_t *out);

#endif
