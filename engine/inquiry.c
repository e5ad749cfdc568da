/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a venue that outlives us what became of an order, until it is known. */
#include "engine/inquiry.h"

#include "core/log.h"

enum {
    NEGATIVES_WANTED = 2
};
static const int64_t first_pause_us = US_PER_S / 2; /* doubling */
static const int64_t longest_pause_us = 30 * US_PER_S;
/* While a position or an intent waits for the answer. */
static const int64_t hurried_pause_us = 2 * US_PER_S;
static const int64_t hurry_us = 60 * US_PER_S;
static const int64_t alarm_after_us = 10 * 60 * US_PER_S; /* unknown for so long: tell people */
static const int64_t market_us = 5 * US_PER_S;            /* a market order has executed by then */
static const int64_t answer_us = 30 * US_PER_S;           /* beyond every time-out of a connector */

void inquiry_want(struct live_order *live)
{
    if (!live->query_wanted)
        live->queries = 0;
    live->query_wanted = true;
}

void inquiry_settle(struct live_order *live)
{
    live->query_wanted = false;
    live->query_sent = false;
    live->query_after_us = 0;
    live->queries = 0;
    live->absences = 0;
}

int64_t inquiry_due_us(const struct live_order *live)
{
    return live->query_wanted && !live->query_sent ? live->query_after_us : INT64_MAX;
}

static int64_t inquiry_pause_us(const struct live_order *live)
{
    bool is_hurried = live->query_asked_us - live->order.updated_us < hurry_us;
    int64_t most_us = is_hurried ? hurried_pause_us : longest_pause_us, pause_us = first_pause_us;

    for (int i = 1; i < live->queries && pause_us < most_us; i++)
        pause_us *= 2;
    return pause_us < most_us ? pause_us : most_us;
}

void inquiry_send(struct engine_state *s, struct live_order *live)
{
    const struct venue *v = s->options.venue;
    int64_t now = state_now(s);

    if (inquiry_due_us(live) > now)
        return;
    live->queries++;
    live->query_asked_us = now;
    live->asked_monotonic_us = state_monotonic_us(s);
    live->query_after_us = now + inquiry_pause_us(live);
    live->query_sent = v->query(v->self, &live->order, now) == ERR_OK;
}

/* What executes on arrival, and ends then. */
static bool inquiry_is_brief(const struct order *o)
{
    return o->type == ORDER_MARKET || order_is_immediate(o);
}

int64_t inquiry_watch_us(const struct engine_state *s, const struct live_order *live)
{
    const struct venue_traits *t = &s->options.venue->traits;

    if (live->query_sent)
        return live->query_asked_us + answer_us;
    if (!live->query_wanted && inquiry_is_brief(&live->order) &&
        (live->order.status == ORDER_ACCEPTED || live->order.status == ORDER_PARTIALLY_FILLED))
        return (live->watched_us > live->order.updated_us ? live->watched_us
                                                          : live->order.updated_us) +
               market_us;
    if (live->order.status == ORDER_SUBMITTED)
        return live->order.submitted_us + t->request_window_us + t->processing_us + answer_us;
    return INT64_MAX;
}

void inquiry_watch(struct engine_state *s, struct live_order *live)
{
    if (inquiry_watch_us(s, live) > state_now(s))
        return;
    if (inquiry_is_brief(&live->order) && !live->query_sent &&
        live->order.status != ORDER_SUBMITTED) {
        inquiry_want(live);
        live->watched_us = state_now(s); /* once in a while */
        return;
    }
    LOG_ERROR("venue_silent", "order", LOG_NUMBER(live->order.id), "symbol", live->order.symbol,
              NULL);
    live->query_sent = false;
    inquiry_want(live);
    if (live->order.status == ORDER_SUBMITTED)
        order_move(&live->order, ORDER_UNKNOWN, state_now(s));
    s->effects = true;
}

void inquiry_sent(const struct engine_state *s, struct live_order *live)
{
    if (live->order.request_expires_us != TIME_NONE)
        live->expires_monotonic_us =
            state_monotonic_us(s) + live->order.request_expires_us - state_now(s);
}

void inquiry_found(const struct engine_state *s, struct live_order *live)
{
    int64_t least_us = state_monotonic_us(s) + s->options.venue->traits.request_window_us;

    inquiry_sent(s, live);
    if (live->expires_monotonic_us < least_us)
        live->expires_monotonic_us = least_us;
}

/* The monotonic instant after which a negative answer proves absence; INT64_MAX: none does. */
static int64_t inquiry_absent_after(const struct engine_state *s, struct live_order *live)
{
    const struct venue_traits *t = &s->options.venue->traits;

    if (!t->has_expiry || live->order.request_expires_us == TIME_NONE)
        return INT64_MAX;
    if (live->expires_monotonic_us == 0)
        inquiry_found(s, live);
    return live->expires_monotonic_us + t->processing_us + t->clock_error_us + t->query_lag_us;
}

/* Tells people once an order has been unknown for long. */
static void inquiry_alarm(const struct engine_state *s, const struct live_order *live)
{
    int64_t age_us = live->query_asked_us - live->order.updated_us;

    if (live->order.status == ORDER_UNKNOWN && age_us >= alarm_after_us &&
        age_us < alarm_after_us + longest_pause_us)
        LOG_ERROR("order_unknown", "order", LOG_NUMBER(live->order.id), "symbol",
                  live->order.symbol, "what",
                  s->options.venue->traits.has_expiry
                      ? "the venue has not told for 10 minutes what became of it"
                      : "its absence cannot be proven here: look at the venue",
                  NULL);
}

void inquiry_failed(struct engine_state *s, struct live_order *live, int64_t retry_after_us)
{
    int64_t now = state_now(s);

    live->query_sent = false;
    if (retry_after_us > 0 && live->query_after_us < now + retry_after_us)
        live->query_after_us = now + retry_after_us;
    inquiry_alarm(s, live);
}

bool inquiry_not_found(struct engine_state *s, struct live_order *live)
{
    int64_t after_us = inquiry_absent_after(s, live), least_us;

    live->query_sent = false;
    inquiry_alarm(s, live);
    /* What the venue has acknowledged, or executed, exists: its answers lag. */
    if (live->order.status != ORDER_UNKNOWN || size_sign(live->order.filled) > 0 ||
        live->order.venue_order_id[0])
        return false;
    if (live->asked_monotonic_us > after_us) {
        if (live->absences++ == 0)
            live->query_after_us = live->query_asked_us + first_pause_us;
    } else if (after_us != INT64_MAX) {
        least_us = state_now(s) + after_us + 1 - state_monotonic_us(s);
        if (live->query_after_us > least_us)
            live->query_after_us = least_us; /* not later than the first answer that counts */
    }
    return live->absences >= NEGATIVES_WANTED;
}
