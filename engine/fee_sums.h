/* SPDX-License-Identifier: Apache-2.0 */
/* Fees that were paid in assets which are neither quote nor base (BNB), by asset: told, and no part
 * of cash and profit, because nothing of ours says what they are worth. */
#ifndef ENGINE_FEE_SUMS_H
#define ENGINE_FEE_SUMS_H

#include "engine/fill.h"

enum {
    FEE_SUMS = 16 /* venues know one or two such assets; what is beyond is not summed */
};
struct fee_sum {
    char currency[LIMIT_ASSET];
    struct money amount; /* of that asset */
};
struct fee_sums {
    struct fee_sum list[FEE_SUMS]; /* by currency */
    size_t count;
};

/* Adds what the fill paid, if it paid in such an asset. */
void fee_sums_fill(struct fee_sums *f, const struct fill *fill);
void fee_sums_add(struct fee_sums *f, const char *currency, struct money amount);

#endif
