/* SPDX-License-Identifier: Apache-2.0 */
/* An order that takes another's place: its size, and what it waits for. */
#include "engine/replacement.h"

#include "engine/booking.h"

static const struct order *replacement_old(struct engine_state *s, int64_t id)
{
    const struct live_order *live = state_order(s, id);

    return live ? &live->order : state_ended_of(s, &(struct venue_event){.order_id = id});
}

bool replacement_is_untouched(const struct live_order *old)
{
    return !old->is_touched && size_sign(old->order.filled) == 0;
}

void replacement_settle(struct engine_state *s, int64_t ended_id)
{
    const struct order *ended = state_ended_of(s, &(struct venue_event){.order_id = ended_id});

    for (size_t i = 0; i < s->order_count && ended && ended->replaced_by; i++) {
        const struct live_order *live = s->orders[i];

        if (live->order.replaces_id != ended_id || live->order.status != ORDER_NEW ||
            live->cancel_wanted || size_cmp(ended->filled, live->order.replaces_filled) <= 0)
            continue;
        booking_end_unsent(s, live->order.id, "never sent: the order it replaces filled meanwhile",
                           true);
        return; /* the list has changed, and no other waits for the same place */
    }
}

bool replacement_fit(struct engine_state *s, struct order *o)
{
    const struct order *old = replacement_old(s, o->replaces_id);

    if (!old)
        return false;
    o->size.e12 -= old->filled.e12 - o->replaces_filled.e12;
    o->replaces_filled = old->filled;
    return size_sign(o->size) > 0;
}

void replacement_name(struct engine_state *s, const struct order *by)
{
    struct live_order *live = state_order(s, by->replaces_id);
    struct order *old =
        live ? &live->order : state_ended_of(s, &(struct venue_event){.order_id = by->replaces_id});

    if (!old)
        return;
    old->replaced_by = by->id;
    journal_batch_put_order(&s->pending, old);
}

struct live_order *replacement_of(const struct engine_state *s, const struct live_order *by)
{
    const struct order *o = &by->order;
    struct live_order *old =
        o->replaces_id && o->purpose == PURPOSE_ENTRY ? state_order(s, o->replaces_id) : NULL;

    if (!old || !s->options.venue->traits.has_replace || !replacement_is_untouched(old) ||
        old->order.status == ORDER_NEW)
        return NULL;
    return old;
}

bool replacement_is_awaited(const struct engine_state *s, const struct live_order *old)
{
    for (size_t i = 0; i < s->order_count && old->order.replaced_by; i++) {
        const struct live_order *by = s->orders[i];
        enum order_status status = by->order.status;

        if (by->order.replaces_id == old->order.id && !by->cancel_wanted &&
            (status == ORDER_NEW || status == ORDER_SUBMITTED || status == ORDER_UNKNOWN))
            return replacement_of(s, by) == old;
    }
    return false;
}
