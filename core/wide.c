/* SPDX-License-Identifier: Apache-2.0 */
/* Multiplies and divides 128-bit magnitudes through 64-bit limbs, exactly. */
#include "core/wide.h"

static uint64_t low_limb(u128 x)
{
    return (uint64_t)x;
}

static uint64_t high_limb(u128 x)
{
    return (uint64_t)(x >> 64);
}

struct wide wide_multiply(u128 a, u128 b)
{
    u128 low = (u128)low_limb(a) * low_limb(b);
    u128 cross = (u128)high_limb(a) * low_limb(b);
    u128 other = (u128)low_limb(a) * high_limb(b);
    u128 high = (u128)high_limb(a) * high_limb(b);
    u128 middle = (u128)high_limb(low) + low_limb(cross) + low_limb(other);

    return (struct wide){
        .high = high + high_limb(cross) + high_limb(other) + high_limb(middle),
        .low = middle << 64 | low_limb(low),
    };
}

/* One limb of a quotient: (high, low) / d for high < d whose top bit is set (Knuth, algorithm D).
 * The guess from the divisor's upper limb is at most two too large. */
static uint64_t divide_limb(u128 high, uint64_t low, u128 d, u128 *rest)
{
    u128 guess = high / high_limb(d);
    u128 over = high % high_limb(d);

    while (high_limb(guess) || guess * low_limb(d) > (over << 64 | low)) {
        guess--;
        over += high_limb(d);
        if (high_limb(over))
            break;
    }
    /* Wraps modulo 2^128, but the true rest is less than d and so comes out right. */
    *rest = (high << 64 | low) - guess * d;
    return low_limb(guess);
}

static int leading_zeros(u128 x)
{
    if (high_limb(x))
        return __builtin_clzll(high_limb(x));
    return 64 + __builtin_clzll(low_limb(x));
}

bool wide_divide(struct wide n, u128 d, u128 *quotient, u128 *rest)
{
    u128 left;
    uint64_t upper, lower;
    int shift;

    if (n.high >= d)
        return false;
    if (n.high == 0) {
        *quotient = n.low / d;
        *rest = n.low - *quotient * d; /* a multiplication is cheaper than a second division */
        return true;
    }
    shift = leading_zeros(d);
    if (shift) {
        /* n.high < d, so the shift loses no bit. */
        n.high = n.high << shift | n.low >> (128 - shift);
        n.low <<= shift;
        d <<= shift;
    }
    upper = divide_limb(n.high, high_limb(n.low), d, &left);
    lower = divide_limb(left, low_limb(n.low), d, &left);
    *quotient = (u128)upper << 64 | lower;
    *rest = left >> shift;
    return true;
}
