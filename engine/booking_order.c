/* SPDX-License-Identifier: Apache-2.0 */
/* What the venue tells of an order: its progress, its end, and what an end leads to. */
#include "core/log.h"
#include "engine/attempt.h"
#include "engine/booking_parts.h"
#include "engine/comparison.h"
#include "engine/execution.h"
#include "engine/expiry.h"
#include "engine/gate.h"
#include "engine/inquiry.h"
#include "engine/protection.h"
#include "engine/replacement.h"
#include "engine/roster.h"

/* How an order ends. */
struct ending {
    enum order_status to;
    const char *reason;
    bool came_to_nothing; /* certainly: the intent may have another attempt */
    enum venue_error error;
    int64_t retry_after_us;
};

/* Nothing comes of the intent: what it was for has to go on without it. */
static void booking_give_up(struct engine_state *s, const struct live_order *was, bool was_target)
{
    struct lane *lane = was->lane;
    struct position *p = lane->position;

    if (!p)
        return;
    /* Which of the two it was is not told: the stop is tried alone. */
    if (was->pair_id && p->id == was->order.position_id) {
        lane->pair_refused = true;
        return;
    }
    /* A position whose stop the venue refuses must not stay unprotected.  One that never left and
     * is not of the size that is wanted by now was not refused: protection.c makes another. */
    if (was->order.purpose == PURPOSE_STOP_LOSS && p->id == was->order.position_id &&
        !was->cancel_wanted &&
        !(was->order.error == VENUE_ERROR_NOT_SENT &&
          size_cmp(was->order.size, execution_sellable(s, lane)) > 0))
        lane->exit_price_missing = true;
    /* A target it refuses would be refused again, and again: the stop has to do. */
    if (was_target)
        p->take_profit = p->roi_target = PRICE_ZERO;
    if (was->order.purpose == PURPOSE_EXIT && !order_is_resting_exit(&was->order) &&
        s->options.venue->traits.outlives_us) {
        protection_pause_leaving(s, lane);
        if (p->id == was->order.position_id && !was->cancel_wanted)
            execution_close_again(s, lane, &was->order);
    }
}

static enum err booking_end(struct engine_state *s, struct live_order *live,
                            const struct ending *ending)
{
    struct order *o = &live->order;
    const struct position *p = live->lane->position;
    bool was_target = p && p->target_order_id == o->id;
    struct live_order was;
    enum err e;

    copy_text(o->reason, sizeof(o->reason), ending->reason);
    o->error = ending->error;
    if (ending->to == ORDER_REJECTED) {
        s->account.orders_rejected++;
        LOG_WARN("order_rejected", "order", LOG_NUMBER(o->id), "symbol", o->symbol, "reason",
                 ending->reason, NULL);
    }
    order_move(o, ending->to, state_now(s));
    was = *live;
    e = booking_close_order(s, o->id);
    if (e == ERR_OK)
        replacement_settle(s, was.order.id);
    if (e == ERR_OK && ending->came_to_nothing &&
        !attempt_next(s, &was, ending->error, ending->retry_after_us))
        booking_give_up(s, &was, was_target);
    return e ? e : booking_dust(s, was.lane, false);
}

/* The venue says that the order is over, and how much of it was executed.  Until all of that was
 * told fill by fill it stays alive; so does one whose place another waits for, or whose rest
 * another exit takes over, until that is said. */
static enum err booking_over(struct engine_state *s, struct live_order *live,
                             const struct venue_event *event, enum order_status to)
{
    struct order *o = &live->order;
    bool must_know = s->options.venue->traits.outlives_us && (o->replaced_by || o->is_whole);
    bool has_all =
        event->executed_is_known ? size_cmp(o->filled, event->executed) >= 0 : !must_know;
    char reason[LIMIT_REASON];

    if (to == ORDER_FILLED && !event->executed_is_known)
        has_all = false; /* else it would have ended with its last fill */
    if (!has_all) {
        live->has_ended = true;
        live->end = to == ORDER_FILLED ? ORDER_CANCELED : to;
        live->executed = event->executed_is_known ? event->executed : o->size;
        copy_text(live->end_reason, sizeof(live->end_reason), event->reason);
        inquiry_want(live);
        return ERR_OK;
    }
    copy_text(reason, sizeof(reason), event->reason);
    /* Executed in part, so not refused. */
    if ((to == ORDER_REJECTED && size_sign(o->filled) > 0) || to == ORDER_FILLED)
        to = ORDER_CANCELED;
    if (to == ORDER_CANCELED && expiry_is_why(o)) {
        to = ORDER_EXPIRED;
        copy_text(reason, sizeof(reason), o->reason);
    }
    if (order_is_closing(o)) /* a fill may still come */
        copy_text(reason, sizeof(reason), order_closing);
    if (!order_may_move(o->status, to))
        return ERR_CONFLICT;
    return booking_end(s, live,
                       &(struct ending){.to = to,
                                        .reason = reason,
                                        .came_to_nothing = to == ORDER_REJECTED,
                                        .error = event->error,
                                        .retry_after_us = event->retry_after_us});
}

/* The venue has it, or nobody knows whether it has. */
static void booking_progress(struct engine_state *s, struct live_order *live, enum order_status to,
                             const struct venue_event *event)
{
    struct order *o = &live->order;

    if (event->venue_order_id[0])
        copy_text(o->venue_order_id, sizeof(o->venue_order_id), event->venue_order_id);
    if (!order_may_move(o->status, to))
        return; /* it is known to be further */
    o->error = event->error;
    if (to == ORDER_ACCEPTED && s->options.venue->traits.outlives_us &&
        o->submitted_us != TIME_NONE)
        quality_time(&s->quality, QUALITY_SENT_ACKNOWLEDGED, state_now(s) - o->submitted_us);
    order_move(o, to, state_now(s));
    journal_batch_put_order(&s->pending, o);
    if (to == ORDER_ACCEPTED && o->purpose == PURPOSE_ENTRY)
        live->lane->filter_refusals = 0;
    if (to == ORDER_UNKNOWN)
        inquiry_want(live);
    else
        inquiry_settle(live);
}

/* The venue refused it, or it never left.  That its id is taken says that it did arrive. */
static enum err booking_refused(struct engine_state *s, struct live_order *live,
                                const struct venue_event *event)
{
    struct lane *lane = live->lane;
    bool was_sent = event->kind == VENUE_REJECTED;
    struct ending ending = {.to = was_sent ? ORDER_REJECTED : ORDER_CANCELED,
                            .reason = event->reason,
                            .came_to_nothing = true,
                            .error = event->error,
                            .retry_after_us = event->retry_after_us};

    if (event->error == VENUE_ERROR_DUPLICATE_ID) {
        booking_progress(s, live, ORDER_UNKNOWN, event);
        return ERR_OK;
    }
    if (!order_may_move(live->order.status, ending.to))
        return ERR_CONFLICT;
    if (event->error == VENUE_ERROR_REDUCE_ONLY && lane->position && live->order.reduce_only &&
        lane->position->id == live->order.position_id) {
        /* Others hold the other side, and the venue the sum: it has nothing to reduce. */
        enum err e = booking_cross(s, lane, lane->position->mark);

        if (e)
            return e;
    }
    return booking_end(s, live, &ending);
}

/* Its cancel came to nothing, as far as the venue says: it may have ended before. */
static void booking_cancel_failed(struct engine_state *s, struct live_order *live,
                                  const struct venue_event *event)
{
    int64_t pause_us = US_PER_S / 2;

    live->cancel_sent = false;
    live->is_touched |= event->error == VENUE_ERROR_NOT_OPEN;
    if (pause_us < event->retry_after_us)
        pause_us = event->retry_after_us;
    live->hold_until_us = state_now(s) + pause_us;
    inquiry_want(live);
}

/* The answer to a question about it. */
static enum err booking_state(struct engine_state *s, struct live_order *live,
                              const struct venue_event *event)
{
    struct order *o = &live->order;

    if (event->state != VENUE_ORDER_ABSENT)
        live->query_sent = false;
    switch (event->state) {
    case VENUE_ORDER_ABSENT:
        if (!live->query_sent || !inquiry_not_found(s, live))
            return ERR_OK;
        LOG_WARN("order_absent", "order", LOG_NUMBER(o->id), "symbol", o->symbol, NULL);
        return booking_end(s, live,
                           &(struct ending){.to = ORDER_ABSENT,
                                            .reason = "the venue never had it",
                                            .came_to_nothing = true});
    case VENUE_ORDER_OPEN:
        booking_progress(s, live, ORDER_ACCEPTED, event);
        /* Its fills lag; or the answer does, when it has been told that the order has ended. */
        if (live->has_ended ||
            (event->executed_is_known && size_cmp(o->filled, event->executed) < 0))
            inquiry_want(live);
        else
            inquiry_settle(live);
        return ERR_OK;
    case VENUE_ORDER_FILLED:
        return booking_over(s, live, event, ORDER_FILLED);
    case VENUE_ORDER_CANCELED:
        return booking_over(s, live, event, ORDER_CANCELED);
    case VENUE_ORDER_EXPIRED:
        return booking_over(s, live, event, ORDER_EXPIRED);
    case VENUE_ORDER_REJECTED:
        return booking_over(s, live, event, ORDER_REJECTED);
    }
    return ERR_INVALID;
}

/* After a fill: the venue had said that this order is over, and now all of it was told. */
static enum err booking_catch_up(struct engine_state *s, int64_t order_id)
{
    struct live_order *live = state_order(s, order_id);
    char reason[LIMIT_REASON];

    if (!live)
        replacement_settle(s, order_id);
    if (!live || !live->has_ended || size_cmp(live->order.filled, live->executed) < 0)
        return ERR_OK;
    copy_text(reason, sizeof(reason), live->end_reason);
    return booking_end(
        s, live,
        &(struct ending){.to = live->end == ORDER_REJECTED ? ORDER_CANCELED : live->end,
                         .reason = reason});
}

/* What others hold of the instrument, as far as an order of this side would make it smaller. */
static struct size booking_others(const struct engine_state *s, const struct lane *lane,
                                  enum side side)
{
    struct size sum = SIZE_ZERO;

    for (size_t i = 0; i < s->lane_count; i++) {
        const struct lane *of = s->lanes[i];

        if (of != lane && of->instrument == lane->instrument && of->position &&
            (int)of->position->direction != (int)side)
            sum.e12 += of->position->size.e12;
    }
    return sum;
}

/* An entry that may have executed untold: the lane's own, else one of the instrument. */
static struct live_order *booking_entry_of(struct engine_state *s, const struct lane *lane,
                                           enum side side, struct size beyond)
{
    struct live_order *entry = NULL;

    for (size_t i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (live->order.purpose != PURPOSE_ENTRY)
            continue;
        if (live->lane == lane)
            return live;
        if (live->lane->instrument == lane->instrument && live->order.side != side &&
            live->order.status != ORDER_NEW)
            entry = live;
    }
    return size_cmp(booking_others(s, lane, side), beyond) >= 0 ? NULL : entry;
}

/* Where reduce-only holds at the venue, more cannot have been reduced than was held: a fill of the
 * entry was not told yet.  Booked before that, the order would have opened a position; so the entry
 * is asked about, and then this fill is told again. */
static bool booking_is_early(struct engine_state *s, struct live_order *live,
                             const struct venue_event *event)
{
    const struct position *p = live->lane->position;
    const struct order *o = &live->order;
    bool is_closing = p && (int)p->direction != (int)o->side;
    struct size beyond = event->size;
    struct live_order *entry;

    if (is_closing)
        beyond.e12 -= p->size.e12;
    if (!o->reduce_only || !s->options.venue->traits.has_reduce_only || size_sign(beyond) <= 0 ||
        fill_ids_has(&s->fill_ids, o->symbol, event->venue_fill_id))
        return false;
    entry = booking_entry_of(s, live->lane, o->side, beyond);
    if (!entry)
        return false;
    LOG_WARN("fill_waits", "order", LOG_NUMBER(o->id), "entry", LOG_NUMBER(entry->order.id), NULL);
    inquiry_want(entry);
    inquiry_want(live);
    s->dealings.compare_wanted = true; /* finds the fill of an order that has ended */
    return true;
}

/* A fill, and what it took of others' where the venue's reduce-only bounds the sum. */
static enum err booking_take_fill(struct engine_state *s, struct live_order *live,
                                  const struct venue_event *event)
{
    struct lane *lane = live->lane;
    const enum side side = live->order.side;
    const bool is_bounded = live->order.reduce_only && s->options.venue->traits.has_reduce_only;
    const bool is_closing = order_is_closing(&live->order);
    enum err e = booking_fill(s, live, event);

    if (e == ERR_OK && is_closing && lane->position && s->options.venue->traits.outlives_us)
        lane->close_again = true;
    if (e || !is_bounded || !lane->position || (int)lane->position->direction != (int)side)
        return e;
    return booking_cross(s, lane, event->price);
}

/* Of an order that has ended only fills still count; but what the venue never had cannot be
 * there. */
static enum err booking_apply_ended(struct engine_state *s, const struct venue_event *event)
{
    const struct order *ended = state_ended_of(s, event);
    struct live_order late = {0};
    const struct slot *slot;
    size_t instrument;

    if (!ended)
        return ERR_NOT_FOUND;
    if (event->kind == VENUE_ACCEPTED && ended->status == ORDER_ABSENT)
        s->dealings.compare_wanted = true;
    if (event->kind != VENUE_FILL)
        return s->options.venue->traits.outlives_us ? ERR_OK : ERR_NOT_FOUND;
    late.order = *ended;
    slot = roster_slot(s, ended->strategy);
    if (slot && state_instrument(s, ended->symbol, &instrument))
        late.lane = roster_lane(s, slot, instrument);
    if (!late.lane) {
        s->dealings.compare_wanted = true;
        return ERR_NOT_FOUND;
    }
    s->effects = true;
    state_touch(s, late.lane);
    s->markets[late.lane->instrument].moved_us = state_now(s);
    return booking_is_early(s, &late, event) ? ERR_OK : booking_take_fill(s, &late, event);
}

/* What tells of no order. */
static bool booking_apply_venue(struct engine_state *s, const struct venue_event *event)
{
    switch (event->kind) {
    case VENUE_ACCOUNT:
        comparison_answer(s);
        return true;
    case VENUE_ACCOUNT_FAILED:
        comparison_failed(s, event->retry_after_us);
        return true;
    case VENUE_MARKET:
        gate_market(s, event);
        return true;
    case VENUE_GAP:
        LOG_WARN("venue_gap", "reason", event->reason, NULL);
        s->dealings.is_compared = false;
        s->dealings.compare_wanted = true;
        s->dealings.compare_sent = false; /* a picture under way may be of before */
        s->dealings.compare_after_us = 0;
        return true;
    default:
        return false;
    }
}

enum err booking_apply(struct engine_state *s, const struct venue_event *event)
{
    struct live_order *live;
    int64_t order_id;
    enum err e;

    if (booking_apply_venue(s, event))
        return ERR_OK;
    live = state_order_of(s, event);
    if (!live)
        return booking_apply_ended(s, event);
    order_id = live->order.id;
    s->effects = true;
    if (event->kind != VENUE_ACCEPTED)
        state_touch(s, live->lane);
    s->markets[live->lane->instrument].moved_us = state_now(s);
    switch (event->kind) {
    case VENUE_ACCEPTED:
        booking_progress(s, live, ORDER_ACCEPTED, event);
        return ERR_OK;
    case VENUE_UNKNOWN:
        booking_progress(s, live, ORDER_UNKNOWN, event);
        return ERR_OK;
    case VENUE_FILL:
        if (live->order.status == ORDER_NEW) /* the connector took it, and said that it did not */
            order_move(&live->order, ORDER_SUBMITTED, state_now(s));
        if (booking_is_early(s, live, event))
            return ERR_OK;
        e = booking_take_fill(s, live, event);
        return e ? e : booking_catch_up(s, order_id);
    case VENUE_REJECTED:
    case VENUE_NOT_SENT:
        return booking_refused(s, live, event);
    case VENUE_CANCELED:
        return booking_over(s, live, event, ORDER_CANCELED);
    case VENUE_EXPIRED:
        return booking_over(s, live, event, ORDER_EXPIRED);
    case VENUE_CANCEL_FAILED:
        booking_cancel_failed(s, live, event);
        return ERR_OK;
    case VENUE_STATE:
        return booking_state(s, live, event);
    case VENUE_QUERY_FAILED:
        inquiry_failed(s, live, event->retry_after_us);
        return ERR_OK;
    default:
        return ERR_INVALID;
    }
}

void booking_end_unsent(struct engine_state *s, int64_t order_id, const char *reason, bool again)
{
    struct live_order *live = state_order(s, order_id);
    enum err e;

    ASSERT(live && live->order.status == ORDER_NEW);
    state_touch(s, live->lane);
    e = booking_end(s, live,
                    &(struct ending){.to = ORDER_CANCELED,
                                     .reason = reason,
                                     .came_to_nothing = again,
                                     .error = again ? VENUE_ERROR_NOT_SENT : VENUE_ERROR_NONE});
    ASSERT(e == ERR_OK);
}
