/* SPDX-License-Identifier: Apache-2.0 */
/* Fees in third assets, summed by asset. */
#include "engine/fee_sums.h"

#include <string.h>

#include "core/log.h"

void fee_sums_add(struct fee_sums *f, const char *currency, struct money amount)
{
    size_t at = 0;

    while (at < f->count && strcmp(f->list[at].currency, currency) < 0)
        at++;
    if (at == f->count || strcmp(f->list[at].currency, currency) != 0) {
        if (f->count == FEE_SUMS) {
            LOG_WARN("fee_not_summed", "currency", currency, NULL);
            return;
        }
        memmove(&f->list[at + 1], &f->list[at], (f->count - at) * sizeof f->list[0]);
        f->list[at] = (struct fee_sum){.amount = MONEY_ZERO};
        copy_text(f->list[at].currency, sizeof f->list[at].currency, currency);
        f->count++;
    }
    if (money_add(f->list[at].amount, amount, &f->list[at].amount))
        LOG_WARN("fee_not_summed", "currency", currency, NULL);
}

void fee_sums_fill(struct fee_sums *f, const struct fill *fill)
{
    if (fill->fee_kind == FEE_OTHER && money_sign(fill->fee) != 0)
        fee_sums_add(f, fill->fee_currency, fill->fee);
}
