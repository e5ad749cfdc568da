/* SPDX-License-Identifier: Apache-2.0 */
/* Orders on their way out: intents, exits, sending, and the flush that ties them to the journal. */
#include "engine/execution.h"

#include <stdlib.h>

#include "core/log.h"
#include "engine/booking.h"
#include "engine/roster.h"

/* Rounds of commit, send and drain in one flush.  Each needs a venue answer that makes a new
 * intent (a rejected stop makes an exit, whose fill ends it), so a handful is suspicious. */
enum {
    FLUSH_ROUNDS_MAX = 8
};

enum err execution_intend(struct engine_state *s, const struct intent *i, int64_t *id)
{
    struct lane *lane = i->lane;
    const struct instrument *instrument = lane_instrument(s, lane);
    const struct position *p = lane->position;
    struct order o = {
        .id = s->account.last_order_id + 1,
        .intent_id = s->account.last_intent_id + 1,
        .attempt = 1,
        .signal_id = i->signal_id,
        .position_id = p ? p->id : 0,
        .side = i->side,
        .type = i->type,
        .purpose = i->purpose,
        .status = ORDER_NEW,
        .exit_reason = i->exit_reason,
        .reduce_only = i->purpose != PURPOSE_ENTRY,
        .oco_group = i->oco_group,
        .size = i->size,
        .limit_price = i->limit_price,
        .stop_price = i->stop_price,
        .decision_price = i->decision_price,
        .attached_stop = i->attached_stop,
        .attached_target = i->attached_target,
        .slippage_tolerance = i->slippage_tolerance,
        .created_us = state_now(s),
        .request_expires_us = TIME_NONE,
        .submitted_us = TIME_NONE,
        .filled_us = TIME_NONE,
        .ended_us = TIME_NONE,
        .updated_us = state_now(s),
    };
    const struct venue_traits *traits = &s->options.venue->traits;
    struct leaf_context context;
    struct leaf leaf;
    enum err e;

    if (traits->has_expiry)
        o.request_expires_us = o.created_us + traits->request_window_us;
    /* Entries leave room: what closes or protects must never be refused for want of it. */
    if (s->order_count >= (i->purpose == PURPOSE_ENTRY ? LIMIT_OPEN_ORDERS / 2 : LIMIT_OPEN_ORDERS))
        return ERR_LIMIT;
    copy_text(o.symbol, sizeof(o.symbol), instrument->symbol);
    copy_text(o.strategy, sizeof(o.strategy), lane->slot->row.name);
    copy_text(o.strategy_id, sizeof(o.strategy_id), p ? p->strategy_id : lane_strategy_id(lane));
    context = state_leaf_context(s, o.strategy);
    e = ledger_order(&context, &o, i->signal_leaf, instrument, &leaf);
    if (e)
        return e;
    s->account.last_order_id = o.id;
    s->account.last_intent_id = o.intent_id;
    state_add_leaf(s, &leaf);
    state_add_order(s, &o, lane);
    journal_batch_put_order(&s->pending, &o);
    *id = o.id;
    return ERR_OK;
}

static void execution_want_cancel(struct engine_state *s, int64_t *order_id)
{
    struct live_order *live = *order_id ? state_order(s, *order_id) : NULL;

    if (live)
        live->cancel_wanted = true;
    *order_id = 0;
}

bool execution_is_leaving(struct engine_state *s, const struct position *p)
{
    const struct live_order *live = p->exit_order_id ? state_order(s, p->exit_order_id) : NULL;

    return live && size_cmp(order_left(&live->order), p->size) >= 0;
}

enum err execution_exit(struct engine_state *s, struct lane *lane, struct size size,
                        enum exit_reason reason, const struct signal *signal)
{
    struct position *p = lane->position;
    struct intent i = {.lane = lane,
                       .type = ORDER_MARKET,
                       .purpose = PURPOSE_EXIT,
                       .exit_reason = reason,
                       .decision_price = lane_tape(s, lane)->last};
    bool is_part = size_sign(size) > 0 && size_cmp(size, p->size) < 0;
    int64_t id;
    enum err e;

    ASSERT(is_part ? p->exit_order_id == 0 : !execution_is_leaving(s, p));
    i.side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    i.size = is_part ? size : p->size;
    if (signal) {
        i.signal_id = signal->id;
        i.signal_leaf = &signal->leaf_hash;
    }
    e = execution_intend(s, &i, &id);
    if (e)
        return e;
    /* Cancels go out before the exit (execution_send), so a spot balance is free for it. */
    if (!is_part) {
        execution_want_cancel(s, &p->stop_order_id);
        execution_want_cancel(s, &p->target_order_id);
        execution_want_cancel(s, &p->exit_order_id);
    }
    state_end_entry(s, lane); /* else its rest would open anew what this closes */
    p->exit_order_id = id;
    p->updated_us = state_now(s);
    return ERR_OK;
}

/* One protective order in place of an old one; both ids are the position's fields. */
static enum err execution_replace(struct engine_state *s, const struct intent *wanted,
                                  int64_t *order_id)
{
    int64_t id;
    enum err e = execution_intend(s, wanted, &id);

    if (e)
        return e;
    execution_want_cancel(s, order_id);
    *order_id = id;
    return ERR_OK;
}

/* True when the order rests with this size and price; a triggered one is left to finish. */
static bool execution_rests(struct engine_state *s, int64_t order_id, const struct position *p,
                            struct price level)
{
    const struct live_order *live = order_id ? state_order(s, order_id) : NULL;

    if (!live || live->cancel_wanted)
        return false;
    return size_cmp(order_left(&live->order), p->size) == 0 &&
           price_cmp(live->order.type == ORDER_LIMIT ? live->order.limit_price
                                                     : live->order.stop_price,
                     level) == 0;
}

static bool execution_triggered(struct engine_state *s, int64_t order_id)
{
    const struct live_order *live = order_id ? state_order(s, order_id) : NULL;

    return live && size_sign(live->order.filled) > 0;
}

enum err execution_protect(struct engine_state *s, struct lane *lane)
{
    struct position *p = lane->position;
    struct intent i = {.lane = lane};
    struct price level;
    enum exit_reason target_reason;
    enum err e = ERR_OK;

    if (!p || execution_is_leaving(s, p))
        return ERR_OK;
    level = position_stop_level(p);
    i.side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    i.size = p->size;
    i.oco_group = p->id;
    i.signal_id = p->signal_id;
    if (execution_triggered(s, p->stop_order_id))
        return ERR_OK;
    if (price_sign(level) > 0 && !execution_rests(s, p->stop_order_id, p, level)) {
        i.type = ORDER_STOP_MARKET;
        i.purpose = PURPOSE_STOP_LOSS;
        i.exit_reason = price_sign(p->trailing_stop) > 0 ? EXIT_TRAILING_STOP : EXIT_STOP_LOSS;
        i.stop_price = level;
        i.decision_price = level;
        e = execution_replace(s, &i, &p->stop_order_id);
        if (e)
            return e;
    }
    level = position_target_level(p, &target_reason);
    if (price_sign(level) > 0 && !execution_rests(s, p->target_order_id, p, level)) {
        i.type = ORDER_LIMIT;
        i.purpose = PURPOSE_TAKE_PROFIT;
        i.exit_reason = target_reason;
        i.stop_price = PRICE_ZERO;
        i.limit_price = level;
        i.decision_price = level;
        e = execution_replace(s, &i, &p->target_order_id);
    }
    return e;
}

void execution_send(struct engine_state *s)
{
    const struct venue *v = s->options.venue;
    int64_t now = state_now(s);
    size_t i;

    ASSERT(!state_must_commit(s));
    for (i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (live->cancel_wanted && !live->cancel_sent && live->order.status != ORDER_NEW &&
            v->cancel(v->self, &live->order, now) == ERR_OK)
            live->cancel_sent = true;
    }
    for (i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (live->order.status != ORDER_NEW)
            continue;
        if (live->cancel_wanted || (live->order.purpose == PURPOSE_ENTRY && !state_may_enter(s))) {
            booking_end_unsent(s, live->order.id);
            i = (size_t)-1; /* the list changed: look again from the start */
            continue;
        }
        if (v->submit(v->self, &live->order, now) == ERR_OK) {
            order_move(&live->order, ORDER_SUBMITTED, now);
            journal_batch_put_order(&s->pending, &live->order);
        }
    }
}

static int execution_by_lane(const void *a, const void *b)
{
    size_t x = (*(struct lane *const *)a)->place, y = (*(struct lane *const *)b)->place;

    return (x > y) - (x < y);
}

/* True when no stop can be placed, or an exit for that reason came to nothing. */
static bool execution_must_leave(struct engine_state *s, const struct lane *lane)
{
    const struct position *p = lane->position;

    return !execution_is_leaving(s, p) &&
           (lane->exit_price_missing ||
            (s->options.limits.stop_loss_required && price_sign(position_stop_level(p)) == 0));
}

/* Protects the lanes that were touched, in lane order whatever the order of events was, so that the
 * log does not depend on it.  A lane that fails stays touched and is tried again. */
static void execution_protect_touched(struct engine_state *s)
{
    size_t i, count = s->touched_count;

    qsort(s->touched, count, sizeof(s->touched[0]), execution_by_lane);
    s->touched_count = 0;
    for (i = 0; i < count; i++) {
        struct lane *lane = s->touched[i];
        enum err e;

        lane->touched = false;
        if (!lane->position)
            continue;
        if (execution_must_leave(s, lane)) {
            lane->exit_price_missing = false;
            e = execution_exit(s, lane, SIZE_ZERO, EXIT_STOP_LOSS, NULL);
        } else {
            e = execution_protect(s, lane);
        }
        if (e) {
            s->symbol_errors++;
            LOG_ERROR("protection_failed", "symbol", lane_instrument(s, lane)->symbol, "error",
                      err_code(e), NULL);
            state_touch(s, lane); /* writes to a place already read: touched_count <= i */
        }
    }
}

void execution_drain(struct engine_state *s)
{
    const struct venue *v = s->options.venue;
    struct venue_event event;

    while (v->next_event(v->self, &event)) {
        enum err e = booking_apply(s, &event);

        if (e) {
            s->symbol_errors++;
            LOG_ERROR("venue_event_refused", "order", LOG_NUMBER(event.order_id), "error",
                      err_code(e), NULL);
        }
    }
    if (s->touched_count > 0)
        execution_protect_touched(s);
}

void execution_hear(struct engine_state *s)
{
    const struct venue *v = s->options.venue;

    if (v && v->traits.outlives_us && v->due_us(v->self) <= clock_monotonic_us())
        execution_drain(s);
}

int64_t execution_wait(const struct engine_state *s, int64_t wait_us)
{
    const struct venue *v = s->options.venue;
    int64_t due_us = v ? v->due_us(v->self) : INT64_MAX, left_us;

    if (due_us == INT64_MAX)
        return wait_us;
    left_us = due_us - clock_monotonic_us();
    if (left_us < 0)
        return 0;
    return left_us < wait_us ? left_us : wait_us;
}

static bool execution_has_work(const struct engine_state *s)
{
    size_t i;

    if (state_must_commit(s))
        return true;
    for (i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live->order.status == ORDER_NEW || (live->cancel_wanted && !live->cancel_sent))
            return true;
    }
    return false;
}

enum err execution_flush(struct engine_state *s)
{
    int round;

    for (round = 0; round < FLUSH_ROUNDS_MAX && execution_has_work(s); round++) {
        enum err e = state_commit(s, false);

        if (e)
            return e;
        if (!s->options.venue)
            return ERR_OK;
        execution_send(s);
        execution_drain(s);
    }
    if (round == FLUSH_ROUNDS_MAX)
        LOG_ERROR("flush_did_not_settle", "orders", LOG_NUMBER(s->order_count), NULL);
    return state_commit(s, false);
}
