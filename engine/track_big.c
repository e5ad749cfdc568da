/* SPDX-License-Identifier: Apache-2.0 */
/* 512-bit arithmetic limb by limb; division and roots bit by bit. */
#include "engine/track_big.h"

enum {
    LIMB_BITS = 64,
    BIG_BITS = BIG_LIMBS * LIMB_BITS
};

struct big big_of(u128 value)
{
    return (struct big){{(uint64_t)value, (uint64_t)(value >> LIMB_BITS)}};
}

bool big_is_zero(const struct big *a)
{
    uint64_t all = 0;

    for (int i = 0; i < BIG_LIMBS; i++)
        all |= a->limb[i];
    return all == 0;
}

int big_cmp(const struct big *a, const struct big *b)
{
    for (int i = BIG_LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

struct big big_add(struct big a, struct big b)
{
    u128 carry = 0;

    for (int i = 0; i < BIG_LIMBS; i++) {
        carry += (u128)a.limb[i] + b.limb[i];
        a.limb[i] = (uint64_t)carry;
        carry >>= LIMB_BITS;
    }
    ASSERT(carry == 0);
    return a;
}

struct big big_sub(struct big a, struct big b)
{
    uint64_t borrow = 0;

    for (int i = 0; i < BIG_LIMBS; i++) {
        u128 left = (u128)a.limb[i] - b.limb[i] - borrow;

        a.limb[i] = (uint64_t)left;
        borrow = (left >> LIMB_BITS) != 0;
    }
    ASSERT(borrow == 0);
    return a;
}

struct big big_mul(struct big a, struct big b)
{
    struct big product = {{0}};

    for (int i = 0; i < BIG_LIMBS; i++) {
        u128 carry = 0;

        for (int k = 0; k < BIG_LIMBS; k++) {
            if (i + k >= BIG_LIMBS) {
                ASSERT(carry == 0 && (a.limb[i] == 0 || b.limb[k] == 0));
                continue;
            }
            carry += (u128)a.limb[i] * b.limb[k] + product.limb[i + k];
            product.limb[i + k] = (uint64_t)carry;
            carry >>= LIMB_BITS;
        }
        ASSERT(carry == 0);
    }
    return product;
}

static bool bit_of(const struct big *a, int bit)
{
    return a->limb[bit / LIMB_BITS] >> (bit % LIMB_BITS) & 1;
}

static struct big one_bit(int bit)
{
    struct big one = {{0}};

    one.limb[bit / LIMB_BITS] = UINT64_C(1) << (bit % LIMB_BITS);
    return one;
}

struct big big_div(struct big a, struct big b, struct big *rest)
{
    struct big quotient = {{0}}, left = {{0}};

    ASSERT(!big_is_zero(&b));
    for (int bit = BIG_BITS - 1; bit >= 0; bit--) {
        left = big_add(left, left); /* left < b, and b stays far below 2^511 */
        left.limb[0] |= bit_of(&a, bit);
        if (big_cmp(&left, &b) >= 0) {
            left = big_sub(left, b);
            quotient.limb[bit / LIMB_BITS] |= UINT64_C(1) << (bit % LIMB_BITS);
        }
    }
    if (rest)
        *rest = left;
    return quotient;
}

/* One more than a when the discarded part, told by its comparison with one half, says so. */
static struct big nearest(struct big a, int against_half)
{
    bool up = against_half > 0 || (against_half == 0 && (a.limb[0] & 1));

    return up ? big_add(a, big_of(1)) : a;
}

struct big big_round(struct big n, struct big d)
{
    struct big rest, quotient = big_div(n, d, &rest), twice = big_add(rest, rest);

    return nearest(quotient, big_cmp(&twice, &d));
}

/* The largest r with r * r <= a. */
static struct big root_of(struct big a)
{
    struct big root = {{0}};

    for (int bit = BIG_BITS / 2 - 2; bit >= 0; bit--) {
        struct big longer = big_add(root, one_bit(bit)), square = big_mul(longer, longer);

        if (big_cmp(&square, &a) <= 0)
            root = longer;
    }
    return root;
}

struct big big_round_root(struct big n, struct big d)
{
    struct big root = root_of(big_div(n, d, NULL));
    struct big odd = big_add(big_add(root, root), big_of(1)); /* twice the middle to the next */
    struct big middle = big_mul(big_mul(odd, odd), d), whole = big_mul(n, big_of(4));

    return nearest(root, big_cmp(&whole, &middle));
}

bool big_fits(const struct big *a, i128 *out)
{
    for (int i = 2; i < BIG_LIMBS; i++)
        if (a->limb[i] != 0)
            return false;
    if (a->limb[1] >> (LIMB_BITS - 1))
        return false;
    *out = (i128)((u128)a->limb[1] << LIMB_BITS | a->limb[0]);
    return true;
}
