/* SPDX-License-Identifier: Apache-2.0 */
/* Exact arithmetic of prices, sizes, money and ratios: one count of 10^-12 in four types. */
#include "core/amount.h"

#include "core/amount_text.h"
#include "core/wide.h"

enum {
    DOUBLE_MANTISSA_BITS = 53,
    PRODUCT_BITS = 128
};

static u128 magnitude_of(i128 value)
{
    return value < 0 ? -(u128)value : (u128)value;
}

/* The signed value of a magnitude; ERR_OVERFLOW beyond the range of amounts. */
static enum err signed_of(u128 magnitude, bool negative, i128 *out)
{
    if (magnitude >= AMOUNT_LIMIT)
        return ERR_OVERFLOW;
    *out = negative ? -(i128)magnitude : (i128)magnitude;
    return ERR_OK;
}

/* Where a discarded part lies between two neighbours. */
enum remainder {
    REMAINDER_NONE,
    REMAINDER_BELOW_HALF,
    REMAINDER_HALF,
    REMAINDER_ABOVE_HALF
};

static enum remainder remainder_of(u128 rest, u128 whole)
{
    u128 other = whole - rest; /* rest < whole: doubling could wrap, this cannot */

    if (rest == 0)
        return REMAINDER_NONE;
    if (rest < other)
        return REMAINDER_BELOW_HALF;
    return rest == other ? REMAINDER_HALF : REMAINDER_ABOVE_HALF;
}

/* Whether a magnitude cut at `remainder` must become one larger. */
static bool rounds_away(u128 magnitude, enum remainder remainder, bool negative, enum rounding mode)
{
    if (remainder == REMAINDER_NONE)
        return false;
    if (mode == ROUND_DOWN)
        return negative;
    if (mode == ROUND_UP)
        return !negative;
    if (mode == ROUND_ZERO)
        return false;
    ASSERT(mode == ROUND_HALF_EVEN);
    return remainder == REMAINDER_ABOVE_HALF || (remainder == REMAINDER_HALF && (magnitude & 1));
}

static enum err amount_add(i128 a, i128 b, i128 *out)
{
    i128 sum;

    if (__builtin_add_overflow(a, b, &sum)) /* 2 * 10^38 is more than 2^127 */
        return ERR_OVERFLOW;
    return signed_of(magnitude_of(sum), sum < 0, out);
}

/* n / d.  In a function of its own: beside the rest, compilers make both by one call that answers
 * through memory, and wait for it. */
static __attribute__((noinline)) u128 quotient_of(u128 n, u128 d)
{
    return n / d;
}

static int leading_zeros(u128 x)
{
    const uint64_t high = (uint64_t)(x >> 64);

    return high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)x | 1);
}

/* The quotient of x * y and a divisor that is not 0, and its rest; false when it has more than 128
 * bits. */
static inline bool multiply_divide(u128 x, u128 y, u128 divisor, u128 *quotient, u128 *rest)
{
    u128 product;

    if (!((x | y) >> 64))
        product = (u128)(uint64_t)x * (uint64_t)y;
    else if (leading_zeros(x) + leading_zeros(y) >= PRODUCT_BITS)
        product = x * y;
    else
        return wide_divide(wide_multiply(x, y), divisor, quotient, rest);
    *quotient = quotient_of(product, divisor);
    *rest = product - *quotient * divisor;
    return true;
}

/* a * b / c, rounded once; ERR_INVALID when c is zero. */
static enum err amount_scale(i128 a, i128 b, i128 c, enum rounding mode, i128 *out)
{
    const bool negative = ((a < 0) != (b < 0)) != (c < 0);
    const u128 divisor = magnitude_of(c);
    u128 quotient, rest;

    if (c == 0)
        return ERR_INVALID;
    /* Before the increment, so that it cannot wrap. */
    if (!multiply_divide(magnitude_of(a), magnitude_of(b), divisor, &quotient, &rest) ||
        quotient >= AMOUNT_LIMIT)
        return ERR_OVERFLOW;
    if (rest && rounds_away(quotient, remainder_of(rest, divisor), negative, mode))
        quotient++;
    return signed_of(quotient, negative, out);
}

/* The magnitude of the multiple of step nearest by the rule: up to 10^38 + step, so not always an
 * amount. */
static u128 round_to(i128 value, i128 step, enum rounding mode)
{
    const u128 magnitude = magnitude_of(value), whole = (u128)step;
    const u128 count =
        (magnitude | whole) >> 64 ? magnitude / whole : (uint64_t)magnitude / (uint64_t)whole;
    const u128 rest = magnitude - count * whole;

    if (rest == 0)
        return magnitude;
    if (rounds_away(count, remainder_of(rest, whole), value < 0, mode))
        return magnitude - rest + whole;
    return magnitude - rest;
}

static enum err amount_to_step(i128 value, i128 step, enum rounding mode, i128 *out)
{
    if (step <= 0)
        return ERR_INVALID;
    return signed_of(round_to(value, step, mode), value < 0, out);
}

/* Not by amount_to_step: the outermost amounts round to 10^38, which is text but no amount. */
static size_t amount_print_scale(i128 value, int scale, char text[AMOUNT_TEXT_MAX])
{
    i128 rounded;

    ASSERT(scale >= 0 && scale <= AMOUNT_DECIMALS);
    rounded = (i128)round_to(value, amount_power(AMOUNT_DECIMALS - scale), ROUND_HALF_EVEN);
    return amount_print(value < 0 ? -rounded : rounded, scale, text);
}

static i128 amount_from_scaled(int64_t value, int scale)
{
    ASSERT(scale >= 0 && scale <= AMOUNT_DECIMALS);
    return (i128)value * amount_power(AMOUNT_DECIMALS - scale);
}

static int amount_scale_of(i128 value)
{
    int scale = AMOUNT_DECIMALS;

    while (scale > 0 && value % 10 == 0) {
        value /= 10;
        scale--;
    }
    return scale;
}

/* value * 10^12 as mantissa * 2^exponent, exactly; the exponent's sign says which way to shift. */
static enum err amount_from_double(double value, enum rounding mode, i128 *out)
{
    bool negative = __builtin_signbit(value) != 0;
    enum remainder remainder = REMAINDER_NONE;
    u128 magnitude, cut;
    int exponent;

    if (!__builtin_isfinite(value))
        return ERR_OVERFLOW;
    if (value == 0) {
        *out = 0;
        return ERR_OK;
    }
    value =
        __builtin_ldexp(__builtin_frexp(__builtin_fabs(value), &exponent), DOUBLE_MANTISSA_BITS);
    exponent -= DOUBLE_MANTISSA_BITS;
    magnitude = (u128)(uint64_t)value * (u128)amount_power(AMOUNT_DECIMALS); /* below 2^93 */
    if (exponent >= 0) {
        if (exponent >= PRODUCT_BITS || magnitude > (AMOUNT_LIMIT - 1) >> exponent)
            return ERR_OVERFLOW;
        return signed_of(magnitude << exponent, negative, out);
    }
    if (-exponent >= PRODUCT_BITS) {
        /* Less than 2^93 / 2^128: nothing is left but the fact that it was not zero. */
        magnitude = 0;
        remainder = REMAINDER_BELOW_HALF;
    } else {
        cut = (u128)1 << -exponent;
        remainder = remainder_of(magnitude & (cut - 1), cut);
        magnitude >>= -exponent;
    }
    if (rounds_away(magnitude, remainder, negative, mode))
        magnitude++;
    return signed_of(magnitude, negative, out);
}

#define AMOUNT_DEFINITIONS(type)                                                        \
    enum err type##_parse(const char *text, size_t length, struct type *out)            \
    {                                                                                   \
        return amount_parse(text, length, &out->e12);                                   \
    }                                                                                   \
    size_t type##_print(struct type value, char text[AMOUNT_TEXT_MAX])                  \
    {                                                                                   \
        return amount_print(value.e12, amount_scale_of(value.e12), text);               \
    }                                                                                   \
    size_t type##_print_scale(struct type value, int scale, char text[AMOUNT_TEXT_MAX]) \
    {                                                                                   \
        return amount_print_scale(value.e12, scale, text);                              \
    }                                                                                   \
    enum err type##_add(struct type a, struct type b, struct type *out)                 \
    {                                                                                   \
        return amount_add(a.e12, b.e12, &out->e12);                                     \
    }                                                                                   \
    enum err type##_sub(struct type a, struct type b, struct type *out)                 \
    {                                                                                   \
        return amount_add(a.e12, -b.e12, &out->e12);                                    \
    }                                                                                   \
    enum err type##_from_double(double value, enum rounding mode, struct type *out)     \
    {                                                                                   \
        return amount_from_double(value, mode, &out->e12);                              \
    }                                                                                   \
    double type##_to_double(struct type value)                                          \
    {                                                                                   \
        return amount_to_double(value.e12);                                             \
    }

AMOUNT_DEFINITIONS(price)
AMOUNT_DEFINITIONS(size)
AMOUNT_DEFINITIONS(money)
AMOUNT_DEFINITIONS(ratio)

struct price price_from_scaled(int64_t value, int scale)
{
    return (struct price){amount_from_scaled(value, scale)};
}

struct size size_from_scaled(int64_t value, int scale)
{
    return (struct size){amount_from_scaled(value, scale)};
}

enum err notional_of(struct price p, struct size s, enum rounding mode, struct money *out)
{
    return amount_scale(p.e12, s.e12, AMOUNT_ONE, mode, &out->e12);
}

enum err money_per_price(struct money m, struct price p, enum rounding mode, struct size *out)
{
    return amount_scale(m.e12, AMOUNT_ONE, p.e12, mode, &out->e12);
}

enum err money_per_size(struct money m, struct size s, enum rounding mode, struct price *out)
{
    return amount_scale(m.e12, AMOUNT_ONE, s.e12, mode, &out->e12);
}

enum err money_times(struct money m, struct ratio r, enum rounding mode, struct money *out)
{
    return amount_scale(m.e12, r.e12, AMOUNT_ONE, mode, &out->e12);
}

enum err price_times(struct price p, struct ratio r, enum rounding mode, struct price *out)
{
    return amount_scale(p.e12, r.e12, AMOUNT_ONE, mode, &out->e12);
}

enum err size_times(struct size s, struct ratio r, enum rounding mode, struct size *out)
{
    return amount_scale(s.e12, r.e12, AMOUNT_ONE, mode, &out->e12);
}

enum err money_share(struct money m, struct size part, struct size whole, enum rounding mode,
                     struct money *out)
{
    return amount_scale(m.e12, part.e12, whole.e12, mode, &out->e12);
}

enum err money_ratio(struct money a, struct money b, enum rounding mode, struct ratio *out)
{
    return amount_scale(a.e12, AMOUNT_ONE, b.e12, mode, &out->e12);
}

enum err price_to_step(struct price p, struct price step, enum rounding mode, struct price *out)
{
    return amount_to_step(p.e12, step.e12, mode, &out->e12);
}

enum err size_to_step(struct size s, struct size step, enum rounding mode, struct size *out)
{
    return amount_to_step(s.e12, step.e12, mode, &out->e12);
}

struct money money_to_scale(struct money m, int scale, enum rounding mode)
{
    struct money rounded = MONEY_ZERO;
    enum err e;

    ASSERT(scale >= 0 && scale <= AMOUNT_DECIMALS);
    e = amount_to_step(m.e12, amount_power(AMOUNT_DECIMALS - scale), mode, &rounded.e12);
    if (e) /* only the outermost money: ROUND_ZERO never leaves the range */
        e = amount_to_step(m.e12, amount_power(AMOUNT_DECIMALS - scale), ROUND_ZERO, &rounded.e12);
    ASSERT(!e);
    return rounded;
}

enum err money_times_scale(struct money m, struct ratio r, int scale, struct money *out)
{
    const bool negative = (m.e12 < 0) != (r.e12 < 0);
    struct money cut;
    u128 quotient, rest;
    enum err e;

    if (scale == AMOUNT_DECIMALS)
        return money_times(m, r, ROUND_HALF_EVEN, out);
    if (!multiply_divide(magnitude_of(m.e12), magnitude_of(r.e12), (u128)AMOUNT_ONE, &quotient,
                         &rest))
        return ERR_OVERFLOW;
    /* The product may have more than 12 decimals.  Cutting it to an odd last digit marks it as
     * inexact, so that the one rounding that counts sees no false tie. */
    e = signed_of(rest ? quotient | 1 : quotient, negative, &cut.e12);
    if (e)
        return e;
    *out = money_to_scale(cut, scale, ROUND_HALF_EVEN);
    return ERR_OK;
}

int price_scale_of(struct price p)
{
    return amount_scale_of(p.e12);
}

int size_scale_of(struct size s)
{
    return amount_scale_of(s.e12);
}
