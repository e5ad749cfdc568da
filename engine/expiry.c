/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that are good until a time of their own: what is left of them is canceled then. */
#include "engine/expiry.h"

#include <string.h>

static const char expiry_reason[] = "expires_at has come";

bool expiry_is_why(const struct order *o)
{
    return strcmp(o->reason, expiry_reason) == 0;
}

static int64_t expiry_order_us(const struct live_order *live)
{
    return order_has_expiry(&live->order) && !live->cancel_wanted && !live->has_ended
               ? live->order.expires_us
               : INT64_MAX;
}

int64_t expiry_due_us(const struct engine_state *s)
{
    int64_t due_us = INT64_MAX;

    for (size_t i = 0; i < s->order_count; i++) {
        int64_t order_us = expiry_order_us(s->orders[i]);

        due_us = order_us < due_us ? order_us : due_us;
    }
    return due_us;
}

/* The wish is in the order's row, so that no crash forgets why it ended. */
void expiry_watch(struct engine_state *s)
{
    int64_t now = state_now(s);

    for (size_t i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (expiry_order_us(live) > now)
            continue;
        live->cancel_wanted = true;
        copy_text(live->order.reason, sizeof(live->order.reason), expiry_reason);
        live->order.updated_us = now;
        journal_batch_put_order(&s->pending, &live->order);
        s->effects = true;
    }
}
