/* SPDX-License-Identifier: Apache-2.0 */
/* Orders on their way out: intents, exits, sending, and the flush that ties them to the journal. */
#include "engine/execution.h"

#include "core/log.h"
#include "engine/booking.h"
#include "engine/dispatch.h"
#include "engine/expiry.h"
#include "engine/inquiry.h"
#include "engine/protection.h"
#include "engine/retry.h"
#include "engine/roster.h"

/* Rounds of commit, send and drain in one flush.  Each needs a venue answer that makes a new
 * intent (a rejected stop makes an exit, whose fill ends it), so a handful is suspicious. */
enum {
    FLUSH_ROUNDS_MAX = 8
};

static void execution_wish(struct order *o, const struct order_wish *w)
{
    copy_text(o->label, sizeof(o->label), w->label);
    o->life = w->life;
    o->expires_us = w->expires_us > 0 ? w->expires_us : TIME_NONE;
    if (!w->replaces)
        return;
    o->replaces_id = w->replaces->id;
    o->replaces_filled = w->replaces->filled;
}

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
        .is_whole = i->is_whole,
        .oco_group = i->oco_group,
        .size = i->size,
        .limit_price = i->limit_price,
        .stop_price = i->stop_price,
        .decision_price = i->decision_price,
        .attached_stop = i->attached_stop,
        .attached_target = i->attached_target,
        .slippage_tolerance = i->slippage_tolerance,
        .created_us = state_now(s),
        .intended_us = state_now(s),
        .send_after_us = TIME_NONE,
        .request_expires_us = TIME_NONE,
        .expires_us = TIME_NONE,
        .submitted_us = TIME_NONE,
        .filled_us = TIME_NONE,
        .ended_us = TIME_NONE,
        .updated_us = state_now(s),
    };
    struct leaf_context context;
    struct live_order *live;
    struct leaf leaf;
    enum err e;

    o.request_expires_us = state_expiry(s, o.purpose, o.created_us);
    if (i->wish)
        execution_wish(&o, i->wish);
    /* Entries leave room: what closes or protects must never be refused for want of it. */
    if (s->order_count >= (i->purpose == PURPOSE_ENTRY ? LIMIT_OPEN_ORDERS / 2 : LIMIT_OPEN_ORDERS))
        return ERR_LIMIT;
    copy_text(o.symbol, sizeof(o.symbol), instrument->symbol);
    copy_text(o.strategy, sizeof(o.strategy), lane->slot->row.name);
    copy_text(o.strategy_id, sizeof(o.strategy_id), p ? p->strategy_id : lane_strategy_id(lane));
    context = state_leaf_context(s, o.strategy);
    e = ledger_order(&context, &o, i->signal_leaf, instrument, s->epoch, &leaf);
    if (e)
        return e;
    s->account.last_order_id = o.id;
    s->account.last_intent_id = o.intent_id;
    state_add_leaf(s, &leaf);
    live = state_add_order(s, &o, lane);
    if (i->signal_leaf) {
        live->has_signal_leaf = true;
        live->signal_leaf = *i->signal_leaf;
    }
    journal_batch_put_order(&s->pending, &o);
    *id = o.id;
    return ERR_OK;
}

struct size execution_sellable(const struct engine_state *s, const struct lane *lane)
{
    const struct instrument *i = lane_instrument(s, lane);
    const struct position *p = lane->position;
    struct size whole;

    if (!p)
        return SIZE_ZERO;
    /* No fee is taken from a perpetual; its lot may have become coarser. */
    return i->is_spot                                          ? position_sellable(p, i->lot)
           : size_to_step(p->size, i->lot, ROUND_DOWN, &whole) ? p->size
                                                               : whole;
}

bool execution_is_leaving(const struct engine_state *s, const struct lane *lane)
{
    const struct position *p = lane->position;
    const struct live_order *live = p->exit_order_id ? state_order(s, p->exit_order_id) : NULL;

    return live && (live->order.is_whole ||
                    size_cmp(order_left(&live->order), execution_sellable(s, lane)) >= 0);
}

/* Of the position, among those that have ended; NULL: none. */
static const struct order *execution_newest_exit(const struct engine_state *s,
                                                 const struct lane *lane, bool only_whole)
{
    const struct order *newest = NULL;

    for (size_t i = 0; i < s->ended_capacity; i++) {
        const struct order *o = &s->ended[i];

        if (o->purpose == PURPOSE_EXIT && o->position_id == lane->position->id &&
            (o->is_whole || !only_whole) && (!newest || o->id > newest->id))
            newest = o;
    }
    return newest;
}

void execution_close_again(struct engine_state *s, struct lane *lane, const struct order *was)
{
    bool came_to_nothing = was->status == ORDER_REJECTED || was->status == ORDER_ABSENT ||
                           (was->status == ORDER_CANCELED && was->error == VENUE_ERROR_NOT_SENT);

    if (was->is_whole) /* a part that does not leave says nothing of the rest */
        lane->close_again = s->options.venue->traits.outlives_us &&
                            was->exit_reason == EXIT_MANUAL && came_to_nothing &&
                            retry_passes(was->error);
}

void execution_recall_closes(struct engine_state *s)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        const struct position *p = lane->position;
        const struct live_order *live =
            p && p->exit_order_id ? state_order(s, p->exit_order_id) : NULL;
        const struct order *newest = p ? execution_newest_exit(s, lane, true) : NULL;

        if (newest && !(live && live->order.is_whole))
            execution_close_again(s, lane, newest);
    }
}

bool execution_goes_on(const struct engine_state *s, const struct lane *lane,
                       enum exit_reason *reason)
{
    const struct order *newest;

    if (lane->position->exit_order_id)
        return false;
    *reason = EXIT_MANUAL;
    if (lane->close_again && state_now(s) >= lane->leave_after_us &&
        size_sign(execution_sellable(s, lane)) > 0)
        return true;
    newest = execution_newest_exit(s, lane, false);
    if (!newest || !newest->is_whole)
        return false;
    *reason = newest->exit_reason;
    /* It came forward, so that it does not go round for ever. */
    if (newest->status == ORDER_EXPIRED)
        return s->options.venue->traits.outlives_us && size_sign(newest->filled) > 0;
    /* Filled, and something is left: by the venue's maximum, or of what an entry filled after the
     * exit was made. */
    return newest->status == ORDER_FILLED && (s->options.venue->traits.outlives_us ||
                                              size_sign(lane_instrument(s, lane)->market_max) > 0);
}

static void execution_end_resting_exits(struct engine_state *s, const struct position *p)
{
    for (size_t i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (live->order.position_id == p->id && order_is_resting_exit(&live->order))
            live->cancel_wanted = true;
    }
}

/* A stop that rests locks what an exit beside it would sell. */
static bool execution_rests_lock(const struct engine_state *s)
{
    const struct venue_traits *t = &s->options.venue->traits;

    return t->outlives_us && t->rest_locks_size;
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
    struct size whole = execution_sellable(s, lane);
    bool is_part = size_sign(size) > 0 && size_cmp(size, whole) < 0;
    int64_t id;
    enum err e;

    ASSERT(is_part ? p->exit_order_id == 0 : !execution_is_leaving(s, lane));
    if (!is_part && lane->close_again) /* whatever is the reason now, it carries that wish on */
        i.exit_reason = EXIT_MANUAL;
    if (size_sign(whole) == 0) {
        state_end_entry(s, lane);
        return ERR_CONFLICT;
    }
    i.side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    i.size = instrument_most(lane_instrument(s, lane), false, is_part ? size : whole);
    i.is_whole = !is_part;
    if (signal) {
        i.signal_id = signal->id;
        i.signal_leaf = &signal->leaf_hash;
    }
    e = execution_intend(s, &i, &id);
    if (e)
        return e;
    /* Cancels go out before the exit (dispatch_send), so a spot balance is free for it. */
    if (!is_part || execution_rests_lock(s)) {
        state_want_cancel(s, &p->stop_order_id);
        state_want_cancel(s, &p->target_order_id);
    }
    if (!is_part) {
        state_want_cancel(s, &p->exit_order_id);
        execution_end_resting_exits(s, p);
        lane->close_again = false;
    }
    state_end_entry(s, lane); /* else its rest would open anew what this closes */
    p->exit_order_id = id;
    p->updated_us = state_now(s);
    if (is_part && execution_rests_lock(s))
        state_touch(s, lane); /* a stop of what stays */
    return ERR_OK;
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
        protection_set_touched(s);
}

void execution_hear(struct engine_state *s)
{
    const struct venue *v = s->options.venue;

    if (v && s->options.pace == PACE_REALTIME)
        expiry_watch(s);
    if (!v || !v->traits.outlives_us)
        return;
    if (v->due_us(v->self) <= state_monotonic_us(s))
        execution_drain(s);
    for (size_t i = 0; i < s->order_count; i++)
        inquiry_watch(s, s->orders[i]);
    protection_watch(s);
}

/* Engine time of the next thing to be done; INT64_MAX: nothing is, of itself. */
static int64_t execution_due_us(const struct engine_state *s)
{
    int64_t due_us = dispatch_due_us(s), protection_us = protection_due_us(s);
    int64_t expiry_us = expiry_due_us(s);

    due_us = expiry_us < due_us ? expiry_us : due_us;
    if (!s->options.venue->traits.outlives_us)
        return due_us;
    for (size_t i = 0; i < s->order_count; i++) {
        int64_t watch_us = inquiry_watch_us(s, s->orders[i]);

        due_us = watch_us < due_us ? watch_us : due_us;
    }
    return protection_us < due_us ? protection_us : due_us;
}

/* Something may become due between cycles: in a replay nothing does. */
static bool execution_has_clock(const struct engine_state *s)
{
    const struct venue *v = s->options.venue;

    return v && (v->traits.outlives_us || s->options.pace == PACE_REALTIME);
}

bool execution_is_due(const struct engine_state *s)
{
    return execution_has_clock(s) && execution_due_us(s) <= state_now(s);
}

int64_t execution_wait(const struct engine_state *s, int64_t wait_us, bool waits_for_journal)
{
    const struct venue *v = s->options.venue;
    int64_t due_us, left_us;

    if (!execution_has_clock(s))
        return wait_us;
    due_us = v->due_us(v->self);
    left_us = due_us == INT64_MAX ? INT64_MAX : due_us - state_monotonic_us(s);
    wait_us = left_us < wait_us ? left_us : wait_us;
    due_us = waits_for_journal ? INT64_MAX : execution_due_us(s);
    left_us = due_us == INT64_MAX ? INT64_MAX : due_us - state_now(s);
    wait_us = left_us < wait_us ? left_us : wait_us;
    return wait_us < 0 ? 0 : wait_us;
}

static bool execution_has_work(const struct engine_state *s)
{
    return state_must_commit(s) || dispatch_due_us(s) <= state_now(s);
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
        dispatch_send(s);
        execution_drain(s);
    }
    if (round == FLUSH_ROUNDS_MAX)
        LOG_ERROR("flush_did_not_settle", "orders", LOG_NUMBER(s->order_count), NULL);
    return state_commit(s, false);
}
