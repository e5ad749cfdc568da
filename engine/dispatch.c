/* SPDX-License-Identifier: Apache-2.0 */
/* Which orders, cancels and questions go to the venue now, and which have to wait for what. */
#include "engine/dispatch.h"

#include "core/amount_text.h"
#include "core/log.h"
#include "engine/booking.h"
#include "engine/comparison.h"
#include "engine/deadman.h"
#include "engine/execution.h"
#include "engine/gate.h"
#include "engine/inquiry.h"
#include "engine/protection.h"
#include "engine/replacement.h"

/* Less than this before its expiry a request is not sent any more. */
static const int64_t too_late_us = 200 * US_PER_MS;
/* After a request that the connector could not take. */
static const int64_t refused_pause_us = 100 * US_PER_MS;

static const struct venue_traits *dispatch_traits(const struct engine_state *s)
{
    return &s->options.venue->traits;
}

/* The venue may have it, and it may still execute. */
static bool dispatch_is_out(const struct live_order *live)
{
    return live->order.status != ORDER_NEW;
}

/* Another order of the same position: the newer stop that is to take this one's place. */
static const struct live_order *dispatch_successor(const struct engine_state *s,
                                                   const struct live_order *old)
{
    for (size_t i = s->order_count; i-- > 0;) {
        const struct live_order *live = s->orders[i];
        const struct order *o = &live->order;

        if (live != old && o->position_id == old->order.position_id && !live->cancel_wanted &&
            o->purpose == PURPOSE_STOP_LOSS && o->id > old->order.id &&
            (o->status == ORDER_NEW || o->status == ORDER_SUBMITTED || o->status == ORDER_UNKNOWN))
            return live;
    }
    return NULL;
}

/* Where stop and target go as one: what `new` is to go with; NULL: nothing. */
static struct live_order *dispatch_partner(const struct engine_state *s,
                                           const struct live_order *new)
{
    enum order_purpose other =
        new->order.purpose == PURPOSE_STOP_LOSS ? PURPOSE_TAKE_PROFIT : PURPOSE_STOP_LOSS;

    if (!s->options.venue->submit_pair ||
        (new->order.purpose != PURPOSE_STOP_LOSS &&new->order.purpose != PURPOSE_TAKE_PROFIT))
        return NULL;
    for (size_t i = s->order_count; i-- > 0;) {
        struct live_order *live = s->orders[i];

        if (live->order.position_id == new->order.position_id && live->order.purpose == other &&
            live->order.status == ORDER_NEW && !live->cancel_wanted)
            return live;
    }
    return NULL;
}

/* An order of the position of this purpose is, or may be, at the venue. */
static bool dispatch_has_out(const struct engine_state *s, int64_t position_id,
                             enum order_purpose purpose)
{
    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live->order.position_id == position_id && live->order.purpose == purpose &&
            dispatch_is_out(live))
            return true;
    }
    return false;
}

/* One request may move a stop here; not one of a pair, nor into a pair. */
static bool dispatch_may_replace(const struct engine_state *s, const struct live_order *new)
{
    const struct venue *v = s->options.venue;

    return v->traits.has_replace && new->order.purpose == PURPOSE_STOP_LOSS &&
           (!v->submit_pair || (!dispatch_partner(s, new) &&
                                !dispatch_has_out(s, new->order.position_id, PURPOSE_TAKE_PROFIT)));
}

/* A stop stays while its successor is not confirmed, where both may rest or one request moves
 * it, as long as it is untouched; an entry until that request replaces it. */
static bool dispatch_keeps(const struct engine_state *s, const struct live_order *live)
{
    const struct venue_traits *t = dispatch_traits(s);
    const struct live_order *new;

    if (live->order.purpose == PURPOSE_ENTRY)
        return replacement_is_awaited(s, live);
    if (!t->outlives_us || live->order.purpose != PURPOSE_STOP_LOSS)
        return false;
    new = dispatch_successor(s, live);
    return new && (protection_may_overlap(t) ||
                   (replacement_is_untouched(live) && dispatch_may_replace(s, new)));
}

/* What was sent with it is being canceled: it ends with that. */
static bool dispatch_ends_with_its_pair(const struct engine_state *s, const struct live_order *live)
{
    const struct live_order *other = live->pair_id ? state_order(s, live->pair_id) : NULL;

    return other && other->cancel_sent;
}

/* When its cancel may be sent; INT64_MAX: none is to be. */
static int64_t dispatch_cancel_due_us(const struct engine_state *s, const struct live_order *live)
{
    if (!live->cancel_wanted || live->cancel_sent || live->has_ended || !dispatch_is_out(live) ||
        live->order.status == ORDER_UNKNOWN || dispatch_keeps(s, live) ||
        dispatch_ends_with_its_pair(s, live))
        return INT64_MAX;
    return live->hold_until_us;
}

/* The stop that one replace request would move, the entry it would replace; NULL: there is none. */
static struct live_order *dispatch_predecessor(const struct engine_state *s,
                                               const struct live_order *new)
{
    if (new->order.purpose == PURPOSE_ENTRY)
        return replacement_of(s, new);
    if (!dispatch_may_replace(s, new))
        return NULL;
    for (size_t i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (live != new && live->order.position_id == new->order.position_id &&
            live->order.purpose == PURPOSE_STOP_LOSS &&
            live->cancel_wanted &&dispatch_is_out(live) && replacement_is_untouched(live))
            return live;
    }
    return NULL;
}

/* An order of the position, or in whose place this one is to be, that has to leave the venue before
 * this one may go there. */
static bool dispatch_is_blocked(const struct engine_state *s, const struct live_order *new)
{
    const struct venue_traits *t = dispatch_traits(s);
    const struct live_order *old = dispatch_predecessor(s, new);
    const struct order *o = &new->order;

    if (o->replaces_id && state_order(s, o->replaces_id) && !old)
        return true;
    if (!t->outlives_us || o->purpose == PURPOSE_ENTRY)
        return false;
    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live == new || live == old || live->order.position_id != o->position_id ||
            !live->cancel_wanted || live->order.purpose == PURPOSE_ENTRY || !dispatch_is_out(live))
            continue;
        if (o->purpose == PURPOSE_EXIT || !protection_may_overlap(t))
            return true;
    }
    return false;
}

static bool dispatch_is_replaceable(const struct live_order *old)
{
    return !old->cancel_sent && !old->has_ended &&
           (old->order.status == ORDER_ACCEPTED || old->order.status == ORDER_PARTIALLY_FILLED);
}

/* When the request expires as far as sending goes; INT64_MAX: never. */
static int64_t dispatch_deadline_us(const struct order *o)
{
    return o->request_expires_us == TIME_NONE ? INT64_MAX : o->request_expires_us - too_late_us;
}

/* An entry that would take what rests of ours on the other side: a venue would let us trade with
 * ourselves, or end one of the two. */
static bool dispatch_meets_ours(const struct engine_state *s, const struct live_order *live)
{
    const struct order *o = &live->order;
    struct price bound = o->type == ORDER_LIMIT ? o->limit_price : lane_tape(s, live->lane)->last;

    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *other = s->orders[i];

        if (other->lane->instrument == live->lane->instrument && other->order.side != o->side &&
            other->order.type == ORDER_LIMIT && dispatch_is_out(other) && !other->has_ended &&
            (int)o->side * price_cmp(bound, other->order.limit_price) >= 0)
            return true;
    }
    return false;
}

/* An entry whose price has run away, or whose signal is old, is not worth its next attempt. */
static const char *dispatch_objection(const struct engine_state *s, const struct live_order *live)
{
    const struct order *o = &live->order;
    struct price last = lane_tape(s, live->lane)->last, bound;
    struct ratio factor = {AMOUNT_ONE + (int)o->side * o->slippage_tolerance.e12};
    bool is_buy = o->side == SIDE_BUY;
    const struct feed *f = s->options.feed;

    if (o->purpose != PURPOSE_ENTRY || !dispatch_traits(s)->outlives_us)
        return NULL;
    if (state_now(s) - o->intended_us > f->timeframe_us(f->self))
        return "the signal is too old";
    if (dispatch_meets_ours(s, live))
        return "never sent: it would trade with our own order";
    if (ratio_sign(o->slippage_tolerance) <= 0 || o->type != ORDER_MARKET)
        return NULL;
    if (price_times(o->decision_price, factor, is_buy ? ROUND_DOWN : ROUND_UP, &bound))
        return "slippage_tolerance";
    return (is_buy ? price_cmp(last, bound) > 0 : price_cmp(last, bound) < 0) ? "slippage_tolerance"
                                                                              : NULL;
}

/* Made to sell, or buy back, more than is left, because a stop executed meanwhile. */
static bool dispatch_is_too_large(const struct engine_state *s, const struct live_order *live)
{
    const struct position *p = live->lane->position;

    return dispatch_traits(s)->outlives_us && live->order.purpose != PURPOSE_ENTRY && p &&
           p->id == live->order.position_id && size_cmp(live->order.size, p->size) > 0;
}

/* A market exit that keeps not to the venue's filters any more: they have changed since. */
static bool dispatch_is_misfit(const struct engine_state *s, const struct live_order *live)
{
    return dispatch_traits(s)->outlives_us && live->order.purpose == PURPOSE_EXIT &&
           live->order.type == ORDER_MARKET &&
           !instrument_takes_size(lane_instrument(s, live->lane), false, live->order.size);
}

static const char dispatch_too_late[] = "never sent: too late";
static const char dispatch_followed[] = "never sent: another daemon may have it";

/* Without database and lease this daemon may have been followed.  What the database may know is
 * then the successor's, who asks the venue about it once and takes its absence for good; what is
 * still wanted here is made anew, by a name of our own. */
static bool dispatch_is_followed(const struct engine_state *s, const struct order *o)
{
    const struct engine_options *options = &s->options;

    return s->spooling && o->id <= s->tried_order_id && options->lease_left_us &&
           options->lease_left_us(options->lease) <= 0;
}

/* Why a new order ends without being sent; NULL: it does not. */
static const char *dispatch_unsent_reason(const struct engine_state *s,
                                          const struct live_order *live)
{
    const struct order *o = &live->order;
    int64_t now = state_now(s);

    if (live->cancel_wanted || (o->purpose == PURPOSE_ENTRY && !state_may_enter(s)))
        return "never sent";
    if (dispatch_is_followed(s, o))
        return dispatch_followed;
    if (now >= dispatch_deadline_us(o))
        return dispatch_too_late;
    if (o->send_after_us != TIME_NONE && now < o->send_after_us)
        return NULL;
    if (dispatch_is_misfit(s, live))
        return "never sent: the venue's filters have changed";
    return dispatch_is_too_large(s, live) ? "never sent: the position is smaller now"
                                          : dispatch_objection(s, live);
}

/* When it may be sent for its own part. */
static int64_t dispatch_turn_us(const struct live_order *live)
{
    int64_t after_us = live->order.send_after_us;

    return after_us != TIME_NONE && after_us > live->hold_until_us ? after_us : live->hold_until_us;
}

/* A target does not go by itself where it goes with a stop: one that waits sends both; one that is
 * out has to end first. */
static bool dispatch_waits_for_stop(const struct engine_state *s, const struct live_order *live)
{
    return s->options.venue->submit_pair && live->order.purpose == PURPOSE_TAKE_PROFIT &&
           (dispatch_partner(s, live) ||
            dispatch_has_out(s, live->order.position_id, PURPOSE_STOP_LOSS));
}

/* When a new order is to be sent or ended; INT64_MAX: something else has to happen before. */
static int64_t dispatch_order_due_us(const struct engine_state *s, const struct live_order *live)
{
    const struct order *o = &live->order;
    const struct live_order *old, *partner;
    int64_t due_us;

    if (o->status != ORDER_NEW)
        return INT64_MAX;
    if (dispatch_unsent_reason(s, live))
        return 0;
    due_us = dispatch_turn_us(live);
    partner = dispatch_partner(s, live);
    if (partner && dispatch_turn_us(partner) > due_us)
        due_us = dispatch_turn_us(partner);
    old = dispatch_predecessor(s, live);
    if (dispatch_is_blocked(s, live) || (old && !dispatch_is_replaceable(old)) ||
        dispatch_waits_for_stop(s, live) ||
        (o->purpose == PURPOSE_ENTRY && gate_denials(s, live->lane->instrument)))
        due_us = INT64_MAX;
    return due_us < dispatch_deadline_us(o) ? due_us : dispatch_deadline_us(o);
}

static void dispatch_moved(struct engine_state *s, const struct live_order *live)
{
    s->markets[live->lane->instrument].moved_us = state_now(s);
}

static void dispatch_cancels(struct engine_state *s, int64_t now)
{
    const struct venue *v = s->options.venue;

    for (size_t i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (dispatch_cancel_due_us(s, live) > now)
            continue;
        live->cancel_sent = v->cancel(v->self, &live->order, now) == ERR_OK;
        if (!live->cancel_sent)
            live->hold_until_us = now + refused_pause_us;
        dispatch_moved(s, live);
    }
}

/* Ends a new order that is not sent.  An exit that would be too large, or misfits, is made anew,
 * one that is to rest by its next attempt; so is one of the whole that waited in vain for what it
 * has to wait for: that it is wanted is not forgotten with its last attempt.  Stops and targets of
 * the size there is are protection.c's. */
static void dispatch_end(struct engine_state *s, const struct live_order *live, const char *reason)
{
    struct lane *lane = live->lane;
    enum exit_reason why = live->order.exit_reason;
    bool is_too_large = dispatch_is_too_large(s, live);
    bool is_smaller = is_too_large && order_is_resting_exit(&live->order);
    bool is_anew = live->order.purpose == PURPOSE_EXIT && !is_smaller && !live->cancel_wanted &&
                   (is_too_large || dispatch_is_misfit(s, live) || reason == dispatch_followed ||
                    (reason == dispatch_too_late && live->order.is_whole));
    struct size size = SIZE_ZERO; /* all of it */
    enum err e;

    if (!is_too_large && !live->order.is_whole)
        is_anew &=
            !size_to_step(live->order.size, lane_instrument(s, lane)->lot, ROUND_DOWN, &size) &&
            size_sign(size) > 0;

    booking_end_unsent(s, live->order.id, reason, reason == dispatch_too_late || is_smaller);
    if (!is_anew || !lane->position || lane->position->exit_order_id)
        return;
    e = execution_exit(s, lane, size, why, NULL);
    if (e) {
        s->symbol_errors++;
        LOG_ERROR("exit_failed", "symbol", lane_instrument(s, lane)->symbol, "error", err_code(e),
                  NULL);
    }
}

/* The order as it is sent: one that needs the lease is good for no longer than that is ours, by the
 * monotonic clock, whatever the wall clock did since it was intended. */
static struct order dispatch_leaving(const struct engine_state *s, const struct live_order *live,
                                     int64_t now)
{
    const struct engine_options *options = &s->options;
    struct order o = live->order;
    int64_t ends_us;

    if (o.purpose != PURPOSE_ENTRY || !options->lease_left_us || o.request_expires_us == TIME_NONE)
        return o;
    ends_us = now + options->lease_left_us(options->lease);
    if (o.request_expires_us > ends_us)
        o.request_expires_us = ends_us;
    return o;
}

static void dispatch_submitted(struct engine_state *s, struct live_order *live, int64_t now)
{
    const struct order *o = &live->order;

    inquiry_sent(s, live);
    order_move(&live->order, ORDER_SUBMITTED, now);
    if (s->options.venue->traits.outlives_us) {
        quality_time(&s->quality, QUALITY_DECIDED_SENT, now - o->created_us);
        if (s->step == STEP_DECIDED && o->attempt == 1 &&
            (o->purpose == PURPOSE_ENTRY || o->purpose == PURPOSE_EXIT))
            quality_time(&s->quality, QUALITY_CLOSED_DECIDED, o->created_us - s->step_at_us);
    }
    journal_batch_put_order(&s->pending, &live->order);
}

static void dispatch_submit(struct engine_state *s, struct live_order *live)
{
    const struct venue *v = s->options.venue;
    const int64_t now = state_now(s); /* not of the first one that was sent: that may be long ago */
    struct live_order *old = dispatch_predecessor(s, live), *partner = dispatch_partner(s, live);
    const struct order leaving = dispatch_leaving(s, live, now);
    enum err e = partner ? v->submit_pair(v->self, &leaving, &partner->order, now)
                 : old   ? v->replace(v->self, &old->order, &leaving, now)
                         : v->submit(v->self, &leaving, now);

    dispatch_moved(s, live);
    if (e) {
        live->hold_until_us = now + refused_pause_us;
        return;
    }
    if (old)
        old->cancel_sent = true;
    dispatch_submitted(s, live, now);
    if (!partner)
        return;
    live->pair_id = partner->order.id;
    partner->pair_id = live->order.id;
    dispatch_submitted(s, partner, now);
}

static void dispatch_orders(struct engine_state *s, int64_t now)
{
    for (size_t i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];
        const struct live_order *partner = dispatch_partner(s, live);
        const char *reason;

        if (dispatch_order_due_us(s, live) > now || live->is_fresh ||
            (partner && partner->is_fresh))
            continue;
        reason = dispatch_unsent_reason(s, live);
        if (reason) {
            dispatch_end(s, live, reason);
            i = (size_t)-1; /* the list changed: look again from the start */
            continue;
        }
        dispatch_submit(s, live);
    }
}

void dispatch_send(struct engine_state *s)
{
    int64_t now = state_now(s);

    ASSERT(!state_must_commit(s));
    if (s->dealings.silent_until_us > now)
        return;
    for (size_t i = 0; i < s->order_count; i++)
        s->orders[i]->is_fresh = false; /* durable by now */
    dispatch_cancels(s, now);
    dispatch_orders(s, now);
    if (!dispatch_traits(s)->outlives_us)
        return;
    for (size_t i = 0; i < s->order_count; i++)
        inquiry_send(s, s->orders[i]);
    comparison_send(s);
    deadman_keep(s);
}

int64_t dispatch_due_us(const struct engine_state *s)
{
    int64_t due_us = INT64_MAX;

    if (!s->options.venue)
        return INT64_MAX;
    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];
        int64_t order_us = dispatch_order_due_us(s, live);
        int64_t cancel_us = dispatch_cancel_due_us(s, live), query_us = inquiry_due_us(live);

        due_us = order_us < due_us ? order_us : due_us;
        due_us = cancel_us < due_us ? cancel_us : due_us;
        due_us = query_us < due_us ? query_us : due_us;
    }
    if (dispatch_traits(s)->outlives_us && comparison_due_us(s) < due_us)
        due_us = comparison_due_us(s);
    if (dispatch_traits(s)->outlives_us && deadman_due_us(s) < due_us)
        due_us = deadman_due_us(s);
    if (due_us != INT64_MAX && due_us < s->dealings.silent_until_us)
        due_us = s->dealings.silent_until_us;
    return due_us;
}
