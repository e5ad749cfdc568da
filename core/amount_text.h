/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal text and doubles of a bare count of 10^-12: the untyped inside of core/amount.h, which
 * is what everything else includes. */
#ifndef CORE_AMOUNT_TEXT_H
#define CORE_AMOUNT_TEXT_H

#include "core/amount.h"

#define AMOUNT_ONE ((i128)INT64_C(1000000000000))
/* 10^38: the first magnitude that does not fit numeric(38,12). */
#define AMOUNT_LIMIT ((u128)UINT64_C(10000000000000000000) * UINT64_C(10000000000000000000))

/* 10^exponent for 0..12. */
i128 amount_power(int exponent);

/* The grammar and the errors of type_parse in core/amount.h. */
MUST_USE enum err amount_parse(const char *text, size_t length, i128 *out);

/* Exactly `scale` decimals of a value that has no more of them; returns the length. */
size_t amount_print(i128 e12, int scale, char text[AMOUNT_TEXT_MAX]);

double amount_to_double(i128 e12);

#endif
