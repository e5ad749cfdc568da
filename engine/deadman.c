/* SPDX-License-Identifier: Apache-2.0 */
/* The venue's dead-man timer: entries that rest there end when this daemon is heard no more. */
#include "engine/deadman.h"

/* A request may arrive so much later than it was made. */
static const int64_t slack_us = 15 * US_PER_S;
static const int64_t again_us = US_PER_S; /* after a request that the connector could not take */

enum at_venue {
    NOTHING, /* a timer that runs out ends nothing yet, but may end the next position's stop */
    ENTRIES, /* that rest, and no more */
    HOLDING  /* a position, or what closes one; or an entry at the market, which will be held */
};

static enum at_venue at_venue(const struct engine_state *s, size_t instrument)
{
    enum at_venue what = NOTHING;
    bool is_coming = false;

    for (size_t i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->instrument == instrument && s->lanes[i]->position)
            return HOLDING;
    }
    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live->lane->instrument != instrument || live->has_ended)
            continue;
        if (live->order.purpose != PURPOSE_ENTRY)
            return HOLDING;
        if (live->order.type != ORDER_LIMIT)
            is_coming = true;
        else if (live->order.status != ORDER_NEW)
            what = ENTRIES;
    }
    return what == NOTHING && is_coming ? HOLDING : what;
}

static bool is_used(const struct engine_state *s)
{
    return s->options.dead_man_us > 0 && s->options.venue->cancel_after;
}

/* What the venue is to be told of an instrument, and when (monotonic: a wall clock that is set back
 * must not let the timer run out); -1: nothing. */
static int64_t wish(const struct engine_state *s, size_t instrument, int64_t *due_us)
{
    const struct market *m = &s->markets[instrument];
    enum at_venue what = at_venue(s, instrument);

    *due_us = m->timer_next_us;
    if ((what == NOTHING && !m->timer_is_known) || (what == ENTRIES && !state_may_enter(s)))
        return -1;
    if (!m->timer_is_known || m->timer_is_set != (what == ENTRIES))
        *due_us = 0;
    if (what == ENTRIES)
        return s->options.dead_man_us;
    return !m->timer_is_known || m->timer_until_us > state_monotonic_us(s) ? 0 : -1;
}

static void tell(struct engine_state *s, size_t instrument, int64_t after_us)
{
    const struct venue *v = s->options.venue;
    struct market *m = &s->markets[instrument];
    int64_t now = state_monotonic_us(s), length_us = s->options.dead_man_us;

    if (!m->timer_is_known || after_us > 0)
        m->timer_until_us = now + length_us + slack_us;
    m->timer_is_known = true;
    m->timer_is_set = after_us > 0;
    m->timer_next_us =
        now +
        (v->cancel_after(v->self, instrument, after_us, state_now(s)) ? again_us : length_us / 3);
}

void deadman_keep(struct engine_state *s)
{
    if (!is_used(s))
        return;
    for (size_t i = 0; i < s->options.instrument_count; i++) {
        int64_t due_us, after_us = wish(s, i, &due_us);

        if (after_us >= 0 && due_us <= state_monotonic_us(s))
            tell(s, i, after_us);
    }
}

int64_t deadman_due_us(const struct engine_state *s)
{
    int64_t first_us = INT64_MAX;

    if (!is_used(s))
        return INT64_MAX;
    for (size_t i = 0; i < s->options.instrument_count; i++) {
        int64_t due_us;

        if (wish(s, i, &due_us) >= 0 && due_us < first_us)
            first_us = due_us;
    }
    if (first_us == INT64_MAX)
        return INT64_MAX;
    first_us -= state_monotonic_us(s);
    return state_now(s) + (first_us > 0 ? first_us : 0);
}
