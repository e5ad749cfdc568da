/* SPDX-License-Identifier: Apache-2.0 */
/* Stops and targets of positions at the venue, and the clock of a position without a stop. */
#include "engine/protection.h"

#include <stdlib.h>

#include "core/log.h"
#include "engine/execution.h"

/* One protective order in place of an old one; both ids are the position's fields. */
static enum err protection_replace(struct engine_state *s, const struct intent *wanted,
                                   int64_t *order_id)
{
    int64_t id;
    enum err e = execution_intend(s, wanted, &id);

    if (e)
        return e;
    state_want_cancel(s, order_id);
    *order_id = id;
    return ERR_OK;
}

/* True when the order rests with this size and price; a triggered one is left to finish. */
static bool protection_rests(struct engine_state *s, int64_t order_id, struct size size,
                             struct price level)
{
    const struct live_order *live = order_id ? state_order(s, order_id) : NULL;

    if (!live || live->cancel_wanted)
        return false;
    return size_cmp(order_left(&live->order), size) == 0 &&
           price_cmp(live->order.type == ORDER_LIMIT ? live->order.limit_price
                                                     : live->order.stop_price,
                     level) == 0;
}

static bool protection_triggered(struct engine_state *s, int64_t order_id)
{
    const struct live_order *live = order_id ? state_order(s, order_id) : NULL;

    return live && size_sign(live->order.filled) > 0;
}

/* Where the stop locks what a target would sell, and the two do not go as one. */
static bool protection_watches_target(const struct engine_state *s, const struct lane *lane)
{
    const struct venue_traits *t = &s->options.venue->traits;

    return t->rest_locks_size && (!t->has_oco || lane->pair_refused);
}

/* A stop and a target that were, or will be, sent as one: neither waits while the other is out. */
static bool protection_is_pair(const struct engine_state *s, const struct position *p)
{
    const struct live_order *stop = state_order(s, p->stop_order_id);
    const struct live_order *target = state_order(s, p->target_order_id);

    return stop && target &&
           (stop->order.status == ORDER_NEW) == (target->order.status == ORDER_NEW);
}

/* Leaves at the market once the price has come to the target. */
static enum err protection_watch_target(struct engine_state *s, struct lane *lane,
                                        struct price level, enum exit_reason reason)
{
    struct price last = lane_tape(s, lane)->last;
    bool is_reached = price_sign(level) > 0 && price_sign(last) > 0 &&
                      price_cmp(last, level) * (int)lane->position->direction >= 0;

    if (!is_reached || lane->position->exit_order_id || state_now(s) < lane->leave_after_us)
        return ERR_OK;
    return execution_exit(s, lane, SIZE_ZERO, reason, NULL);
}

/* A stop and, unless that is 0, a target; what is missing of either is made. */
struct protection {
    struct size size;
    struct price stop, target;
    enum exit_reason target_reason;
    bool has_stop, has_target; /* it rests already, or there is none to be */
};

/* What a position leaves for at its stop, or where that cannot rest. */
static enum exit_reason protection_stop_reason(const struct position *p)
{
    return price_sign(p->trailing_stop) > 0 ? EXIT_TRAILING_STOP : EXIT_STOP_LOSS;
}

static enum err protection_place(struct engine_state *s, struct lane *lane,
                                 const struct protection *wanted)
{
    struct position *p = lane->position;
    struct intent i = {.lane = lane,
                       .side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY,
                       .size = wanted->size,
                       .oco_group = p->id,
                       .signal_id = p->signal_id};
    enum err e = ERR_OK;

    if (!wanted->has_stop) {
        i.type = ORDER_STOP_MARKET;
        i.purpose = PURPOSE_STOP_LOSS;
        i.exit_reason = protection_stop_reason(p);
        i.stop_price = i.decision_price = wanted->stop;
        e = protection_replace(s, &i, &p->stop_order_id);
    }
    if (e == ERR_OK && !wanted->has_target) {
        i.type = ORDER_LIMIT;
        i.purpose = PURPOSE_TAKE_PROFIT;
        i.exit_reason = wanted->target_reason;
        i.stop_price = PRICE_ZERO;
        i.limit_price = i.decision_price = wanted->target;
        e = protection_replace(s, &i, &p->target_order_id);
    }
    return e;
}

/* Where stop and target go as one, neither moves alone; nor does a stop stay beside a target that
 * is not wanted any more. */
static void protection_join(struct engine_state *s, struct position *p, struct protection *wanted)
{
    bool is_whole = wanted->has_stop && wanted->has_target;

    if (price_sign(wanted->target) == 0) {
        wanted->has_stop &= p->target_order_id == 0;
        state_want_cancel(s, &p->target_order_id);
    } else if (price_sign(wanted->stop) > 0 && !(is_whole && protection_is_pair(s, p))) {
        wanted->has_stop = wanted->has_target = false;
    }
}

/* The venue would refuse a target so far from its price: it rests already, or is watched. */
static bool protection_is_too_far(struct engine_state *s, const struct lane *lane, struct size size,
                                  struct price target)
{
    const struct position *p = lane->position;
    struct price last = lane_tape(s, lane)->last;

    return price_sign(target) > 0 && price_sign(last) > 0 &&
           !instrument_takes_price(lane_instrument(s, lane), p->direction == DIRECTION_SHORT,
                                   target, last) &&
           !protection_rests(s, p->target_order_id, size, target);
}

/* What is to be protected: where resting orders lock what they sell, a part that is on its way out
 * is left free. */
static struct size protection_size(struct engine_state *s, const struct lane *lane)
{
    const struct venue_traits *t = &s->options.venue->traits;
    const struct live_order *exit = state_order(s, lane->position->exit_order_id);
    struct size size = execution_sellable(s, lane);

    if (exit && t->outlives_us && t->rest_locks_size)
        size.e12 -= order_left(&exit->order).e12;
    return size;
}

enum err protection_set(struct engine_state *s, struct lane *lane)
{
    struct position *p = lane->position;
    struct size whole = protection_size(s, lane);
    /* The venue takes no larger stop; what is beyond has none, and leaves after the limit. */
    struct protection wanted = {.size = instrument_most(lane_instrument(s, lane), false, whole)};
    bool is_watched = protection_watches_target(s, lane);
    struct price target;
    enum err e;

    if (size_sign(wanted.size) <= 0 || execution_is_leaving(s, lane) ||
        protection_triggered(s, p->stop_order_id))
        return ERR_OK;
    wanted.stop = position_stop_level(p);
    target = position_target_level(p, &wanted.target_reason);
    is_watched |= protection_is_too_far(s, lane, wanted.size, target);
    wanted.target = is_watched ? PRICE_ZERO : target;
    wanted.has_stop = price_sign(wanted.stop) == 0 ||
                      protection_rests(s, p->stop_order_id, wanted.size, wanted.stop) ||
                      protection_rests(s, p->stop_order_id, whole, wanted.stop);
    wanted.has_target = price_sign(wanted.target) == 0 ||
                        protection_rests(s, p->target_order_id, wanted.size, wanted.target);
    if (s->options.venue->submit_pair)
        protection_join(s, p, &wanted);
    e = protection_place(s, lane, &wanted);
    return e || !is_watched ? e : protection_watch_target(s, lane, target, wanted.target_reason);
}

static int protection_by_lane(const void *a, const void *b)
{
    size_t x = (*(struct lane *const *)a)->place, y = (*(struct lane *const *)b)->place;

    return (x > y) - (x < y);
}

/* True when no stop can be placed, or an exit for that reason came to nothing. */
static bool protection_must_leave(struct engine_state *s, const struct lane *lane)
{
    const struct position *p = lane->position;

    return size_sign(execution_sellable(s, lane)) > 0 && !execution_is_leaving(s, lane) &&
           (lane->exit_price_missing ||
            (s->options.limits.stop_loss_required && price_sign(position_stop_level(p)) == 0));
}

/* Protects the lanes that were touched, in lane order whatever the order of events was, so that the
 * log does not depend on it.  A lane that fails stays touched and is tried again. */
void protection_set_touched(struct engine_state *s)
{
    size_t i, count = s->touched_count;

    qsort(s->touched, count, sizeof(s->touched[0]), protection_by_lane);
    s->touched_count = 0;
    for (i = 0; i < count; i++) {
        struct lane *lane = s->touched[i];
        enum exit_reason reason;
        enum err e;

        lane->touched = false;
        if (!lane->position)
            continue;
        if (execution_goes_on(s, lane, &reason)) {
            e = execution_exit(s, lane, SIZE_ZERO, reason, NULL);
        } else if (protection_must_leave(s, lane)) {
            /* A stop that was refused would be again: nothing but leaving helps, later. */
            lane->exit_price_missing = true;
            if (state_now(s) < lane->leave_after_us)
                continue;
            lane->exit_price_missing = false;
            e = execution_exit(s, lane, SIZE_ZERO, protection_stop_reason(lane->position), NULL);
        } else {
            e = protection_set(s, lane);
        }
        if (e) {
            s->symbol_errors++;
            LOG_ERROR("protection_failed", "symbol", lane_instrument(s, lane)->symbol, "error",
                      err_code(e), NULL);
            state_touch(s, lane); /* writes to a place already read: touched_count <= i */
        }
    }
}

/* ---- The clock ---- */

bool protection_may_overlap(const struct venue_traits *t)
{
    return t->has_reduce_only && !t->rest_locks_size;
}

/* Stops that are confirmed to rest, together, cover the position. */
static bool protection_covers(const struct engine_state *s, const struct lane *lane)
{
    const struct position *p = lane->position;
    struct size covered = SIZE_ZERO;

    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];
        const struct order *o = &live->order;

        if (o->position_id == p->id && o->purpose == PURPOSE_STOP_LOSS && !live->cancel_sent &&
            !live->has_ended &&
            (o->status == ORDER_ACCEPTED || o->status == ORDER_PARTIALLY_FILLED))
            covered.e12 += order_left(o).e12;
    }
    return size_cmp(covered, execution_sellable(s, lane)) >= 0;
}

static int64_t protection_limit_us(const struct engine_state *s)
{
    return s->options.unprotected_limit_us > 0 ? s->options.unprotected_limit_us : INT64_MAX / 2;
}

bool protection_is_overdue(const struct engine_state *s)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        const struct position *p = s->lanes[i]->position;

        if (p && p->unprotected_since_us != TIME_NONE &&
            state_now(s) - p->unprotected_since_us > protection_limit_us(s))
            return true;
    }
    return false;
}

void protection_pause_leaving(struct engine_state *s, struct lane *lane)
{
    static const int64_t first_us = US_PER_S, longest_us = 60 * US_PER_S;

    lane->leave_pause_us = lane->leave_pause_us ? 2 * lane->leave_pause_us : first_us;
    if (lane->leave_pause_us > longest_us)
        lane->leave_pause_us = longest_us;
    lane->leave_after_us = state_now(s) + lane->leave_pause_us;
}

/* When a lane's position is to be looked at again; INT64_MAX: not of itself. */
static int64_t protection_lane_due_us(const struct engine_state *s, const struct lane *lane)
{
    const struct position *p = lane->position;
    int64_t limit_us;

    if (p && lane->close_again && !p->exit_order_id && size_sign(execution_sellable(s, lane)) > 0)
        return lane->leave_after_us;
    if (!p || p->unprotected_since_us == TIME_NONE || execution_is_leaving(s, lane))
        return INT64_MAX;
    if (lane->exit_price_missing)
        return lane->leave_after_us;
    limit_us = p->unprotected_since_us + protection_limit_us(s);
    return limit_us > lane->leave_after_us ? limit_us : lane->leave_after_us;
}

int64_t protection_due_us(const struct engine_state *s)
{
    int64_t due_us = INT64_MAX;

    if (!s->options.venue || !s->options.venue->traits.outlives_us)
        return INT64_MAX;
    for (size_t i = 0; i < s->lane_count; i++) {
        int64_t lane_us = protection_lane_due_us(s, s->lanes[i]);

        due_us = lane_us < due_us ? lane_us : due_us;
    }
    return due_us;
}

void protection_watch(struct engine_state *s)
{
    int64_t now = state_now(s);

    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        struct position *p = lane->position;

        if (!p)
            continue;
        if (lane->close_again && protection_lane_due_us(s, lane) <= now)
            state_touch(s, lane);
        if (protection_covers(s, lane)) {
            if (p->unprotected_since_us != TIME_NONE)
                s->effects = true;
            p->unprotected_since_us = TIME_NONE;
            if (!lane->close_again)
                lane->leave_pause_us = 0;
            continue;
        }
        if (p->unprotected_since_us == TIME_NONE) {
            p->unprotected_since_us = now;
            s->effects = true;
        }
        if (protection_lane_due_us(s, lane) > now)
            continue;
        LOG_ERROR("position_unprotected", "symbol", p->symbol, "position", LOG_NUMBER(p->id), NULL);
        lane->exit_price_missing = true;
        state_touch(s, lane);
    }
    if (s->touched_count > 0)
        protection_set_touched(s);
}
