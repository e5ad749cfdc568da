/* SPDX-License-Identifier: Apache-2.0 */
/* 256-bit products of 128-bit magnitudes and their quotients: what core/amount.c rounds once. */
#ifndef CORE_WIDE_H
#define CORE_WIDE_H

#include "core/base.h"

struct wide {
    u128 high;
    u128 low;
};

/* The exact product. */
struct wide wide_multiply(u128 a, u128 b);

/* n / d and the rest; false, and nothing written, when the quotient has more than 128 bits or d is
 * zero. */
bool wide_divide(struct wide n, u128 d, u128 *quotient, u128 *rest) MUST_USE;

#endif
