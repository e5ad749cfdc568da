/* SPDX-License-Identifier: Apache-2.0 */
/* Exact prices, sizes, money and ratios: counts of 10^-12 in 128 bits, one type each.
 *
 * Invariant: |e12| < 10^38, so that every amount fits SQL numeric(38,12).  Arithmetic that would
 * leave this range returns ERR_OVERFLOW and leaves its output untouched; nothing wraps.  Products
 * and quotients go through a 256-bit intermediate and are rounded once, by the rule named in the
 * call.  The structs have one member each so that adding a price to a size does not compile. */
#ifndef CORE_AMOUNT_H
#define CORE_AMOUNT_H

#include "core/base.h"
#include "core/error.h"

struct price {
    i128 e12;
};
struct size {
    i128 e12;
};
struct money {
    i128 e12;
};
/* A plain factor: a fee rate, a percentage as a fraction. */
struct ratio {
    i128 e12;
};

enum rounding {
    ROUND_DOWN,     /* towards minus infinity */
    ROUND_UP,       /* towards plus infinity */
    ROUND_ZERO,     /* towards zero: what sizes use */
    ROUND_HALF_EVEN /* to nearest, ties to even: what money uses */
};

enum {
    AMOUNT_DECIMALS = 12,
    AMOUNT_TEXT_MAX = 48 /* sign, 26 digits, point, 12 decimals, NUL, and room */
};

#define PRICE_ZERO ((struct price){0})
#define SIZE_ZERO ((struct size){0})
#define MONEY_ZERO ((struct money){0})

/* The same operations for each of the four types.
 *
 * parse: "-?digits[.digits]" with at most 26 integer digits; no exponent, blank, plus sign or
 *   leading point; more than 12 decimals is ERR_PRECISION unless they are zeros, more than 26
 *   integer digits ERR_OVERFLOW, anything else wrong is ERR_SYNTAX.  The text need not end with
 *   NUL.  A leading zero ("007") is ERR_SYNTAX.
 * print: the shortest exact text ("0.1", "-3", "0"; never "-0"); returns its length.
 * print_scale: exactly `scale` decimals (0..12), rounded half even; returns its length.
 * add, sub: ERR_OVERFLOW out of range.
 * from_double: nearest 10^-12 by the named rounding of the exact binary value; ERR_OVERFLOW for
 *   NaN, infinity and anything out of range.
 * to_double: the nearest double of the exact value. */
#define AMOUNT_OPERATIONS(type)                                                          \
    MUST_USE enum err type##_parse(const char *text, size_t length, struct type *out);   \
    size_t type##_print(struct type value, char text[AMOUNT_TEXT_MAX]);                  \
    size_t type##_print_scale(struct type value, int scale, char text[AMOUNT_TEXT_MAX]); \
    MUST_USE enum err type##_add(struct type a, struct type b, struct type *out);        \
    MUST_USE enum err type##_sub(struct type a, struct type b, struct type *out);        \
    MUST_USE enum err type##_from_double(double value, enum rounding, struct type *out); \
    double type##_to_double(struct type value);                                          \
    static inline int type##_cmp(struct type a, struct type b)                           \
    {                                                                                    \
        return (a.e12 > b.e12) - (a.e12 < b.e12);                                        \
    }                                                                                    \
    static inline int type##_sign(struct type a)                                         \
    {                                                                                    \
        return (a.e12 > 0) - (a.e12 < 0);                                                \
    }                                                                                    \
    static inline struct type type##_neg(struct type a)                                  \
    {                                                                                    \
        return (struct type){-a.e12};                                                    \
    }                                                                                    \
    static inline struct type type##_abs(struct type a)                                  \
    {                                                                                    \
        return a.e12 < 0 ? (struct type){-a.e12} : a;                                    \
    }                                                                                    \
    static inline struct type type##_min(struct type a, struct type b)                   \
    {                                                                                    \
        return a.e12 < b.e12 ? a : b;                                                    \
    }                                                                                    \
    static inline struct type type##_max(struct type a, struct type b)                   \
    {                                                                                    \
        return a.e12 > b.e12 ? a : b;                                                    \
    }

AMOUNT_OPERATIONS(price)
AMOUNT_OPERATIONS(size)
AMOUNT_OPERATIONS(money)
AMOUNT_OPERATIONS(ratio)

/* value * 10^-scale, exact for scale 0..12: how 64-bit candle columns widen to amounts. */
struct price price_from_scaled(int64_t value, int scale);
struct size size_from_scaled(int64_t value, int scale);

/* Products and quotients, rounded once as named; ERR_INVALID when the divisor is zero. */
MUST_USE enum err notional_of(struct price p, struct size s, enum rounding, struct money *out);
MUST_USE enum err money_per_price(struct money m, struct price p, enum rounding, struct size *out);
MUST_USE enum err money_per_size(struct money m, struct size s, enum rounding, struct price *out);
MUST_USE enum err money_times(struct money m, struct ratio r, enum rounding, struct money *out);
MUST_USE enum err price_times(struct price p, struct ratio r, enum rounding, struct price *out);
MUST_USE enum err size_times(struct size s, struct ratio r, enum rounding, struct size *out);
/* m * part / whole: a share of an amount, e.g. the entry fee's share of a partial close. */
MUST_USE enum err money_share(struct money m, struct size part, struct size whole, enum rounding,
                              struct money *out);
/* a / b as a factor, rounded; ERR_INVALID when b is zero. */
MUST_USE enum err money_ratio(struct money a, struct money b, enum rounding, struct ratio *out);

/* To a whole multiple of step by the named rounding; ERR_INVALID unless step > 0. */
MUST_USE enum err price_to_step(struct price p, struct price step, enum rounding,
                                struct price *out);
MUST_USE enum err size_to_step(struct size s, struct size step, enum rounding, struct size *out);
/* m * r to `scale` decimals (0..12), half even, as if rounded once: a product between two steps of
 * 10^-12 makes no false tie. */
MUST_USE enum err money_times_scale(struct money m, struct ratio r, int scale, struct money *out);
/* Money to `scale` decimals (0..12).  Where that would be 10^38 it rounds towards zero instead. */
struct money money_to_scale(struct money m, int scale, enum rounding);

/* How many decimals the shortest text has: the scale of a tick or lot. */
int price_scale_of(struct price p);
int size_scale_of(struct size s);

#endif
