/* SPDX-License-Identifier: Apache-2.0 */
/* Unsigned integers of 512 bits: what the ratios of tl-metrics-1 are exact in before they are
 * rounded once.
 *
 * The inputs' bounds (engine/track.h) keep every value below 2^400; what would pass 2^512 is our
 * bug and aborts.  Slow and plain: a statement needs a few hundred operations. */
#ifndef ENGINE_TRACK_BIG_H
#define ENGINE_TRACK_BIG_H

#include "core/base.h"

enum {
    BIG_LIMBS = 8
};

struct big {
    uint64_t limb[BIG_LIMBS]; /* least significant first */
};

struct big big_of(u128 value);
bool big_is_zero(const struct big *a);
int big_cmp(const struct big *a, const struct big *b);
struct big big_add(struct big a, struct big b);
struct big big_sub(struct big a, struct big b); /* a >= b */
struct big big_mul(struct big a, struct big b);
/* a / b rounded down, b > 0; rest may be NULL. */
struct big big_div(struct big a, struct big b, struct big *rest);

/* n / d to the nearest integer, ties to even; d > 0. */
struct big big_round(struct big n, struct big d);
/* The square root of n / d to the nearest integer, ties to even; d > 0. */
struct big big_round_root(struct big n, struct big d);

/* False when it does not fit into 127 bits. */
bool big_fits(const struct big *a, i128 *out) MUST_USE;

#endif
