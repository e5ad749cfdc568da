/* SPDX-License-Identifier: Apache-2.0 */
/* The next attempt at an intent whose last one certainly came to nothing. */
#include "engine/attempt.h"

#include <string.h>

#include "core/log.h"
#include "engine/execution.h"
#include "engine/gate.h"
#include "engine/replacement.h"
#include "engine/retry.h"
#include "engine/roster.h"

/* An entry of a version that still makes entries; nothing else has taken its place. */
static bool attempt_is_entry_wanted(const struct engine_state *s, const struct live_order *was)
{
    const struct lane *lane = was->lane;

    return state_may_enter(s) && lane->entry_order_id == 0 &&
           lane->slot->row.state == SLOT_ACTIVE &&
           strcmp(lane_strategy_id(lane), was->order.strategy_id) == 0;
}

/* The intent still makes sense: nobody wants it gone, and what it was to close or protect is there
 * and has no other order for it. */
static bool attempt_is_wanted(const struct engine_state *s, const struct live_order *was)
{
    const struct order *o = &was->order;
    const struct position *p = was->lane->position;
    struct size size =
        instrument_most(lane_instrument(s, was->lane), false, execution_sellable(s, was->lane));
    enum exit_reason reason;

    if (was->cancel_wanted || (order_has_expiry(o) && state_now(s) >= o->expires_us) ||
        order_is_immediate(o)) /* its moment has passed */
        return false;
    if (o->purpose == PURPOSE_ENTRY)
        return attempt_is_entry_wanted(s, was);
    if (!p || p->id != o->position_id || p->exit_order_id)
        return false;
    switch (o->purpose) {
    case PURPOSE_EXIT:
        return true;
    case PURPOSE_STOP_LOSS:
        return p->stop_order_id == 0 && size_cmp(o->size, size) == 0 &&
               price_cmp(o->stop_price, position_stop_level(p)) == 0;
    default:
        return p->target_order_id == 0 && size_cmp(o->size, size) == 0 &&
               price_cmp(o->limit_price, position_target_level(p, &reason)) == 0;
    }
}

/* The size of the next attempt; false when it would be below what can be traded. */
static bool attempt_size(const struct engine_state *s, const struct live_order *was,
                         struct ratio part, struct size *out)
{
    const struct instrument *i = lane_instrument(s, was->lane);
    const struct position *p = was->lane->position;
    const struct order *o = &was->order;
    struct price price = o->type == ORDER_LIMIT ? o->limit_price : o->decision_price;
    struct money notional;

    if (size_times(o->size, part, ROUND_DOWN, out) || size_to_step(*out, i->lot, ROUND_DOWN, out))
        return false;
    if (o->purpose != PURPOSE_ENTRY && p)
        *out = size_min(*out, execution_sellable(s, was->lane));
    *out = instrument_most(i, o->type == ORDER_LIMIT, *out);
    if (size_sign(*out) <= 0)
        return false;
    return o->purpose != PURPOSE_ENTRY || (!notional_of(price, *out, ROUND_DOWN, &notional) &&
                                           money_cmp(notional, i->min_notional) >= 0);
}

static enum err attempt_make(struct engine_state *s, const struct live_order *was, struct size size,
                             int64_t delay_us)
{
    int64_t now = state_now(s);
    struct order o = was->order;
    struct leaf_context context = state_leaf_context(s, o.strategy);
    struct live_order *live;
    struct leaf leaf;
    enum err e;

    o.id = s->account.last_order_id + 1;
    o.attempt++;
    o.size = size;
    o.status = ORDER_NEW;
    o.created_us = o.updated_us = now;
    o.submitted_us = o.ended_us = TIME_NONE;
    o.send_after_us = now + delay_us;
    o.request_expires_us = state_expiry(s, o.purpose, o.send_after_us);
    o.venue_order_id[0] = '\0';
    o.error = VENUE_ERROR_NONE;
    o.reason[0] = '\0';
    e = ledger_order(&context, &o, was->has_signal_leaf ? &was->signal_leaf : NULL,
                     lane_instrument(s, was->lane), s->epoch, &leaf);
    if (e)
        return e;
    s->account.last_order_id = o.id;
    state_add_leaf(s, &leaf);
    live = state_add_order(s, &o, was->lane);
    live->has_signal_leaf = was->has_signal_leaf;
    live->signal_leaf = was->signal_leaf;
    live->alike_error = was->alike_error;
    live->alike = was->alike;
    journal_batch_put_order(&s->pending, &o);
    if (o.replaces_id)
        replacement_name(s, &o);
    switch (o.purpose) {
    case PURPOSE_ENTRY:
        was->lane->entry_order_id = o.id;
        break;
    case PURPOSE_EXIT:
        if (!order_is_resting_exit(&o))
            was->lane->position->exit_order_id = o.id;
        break;
    case PURPOSE_STOP_LOSS:
        was->lane->position->stop_order_id = o.id;
        break;
    default:
        was->lane->position->target_order_id = o.id;
        break;
    }
    return ERR_OK;
}

static void attempt_measure(struct engine_state *s, const struct live_order *was,
                            const struct retry_verdict *v)
{
    switch (v->measure) {
    case RETRY_NOTHING:
        break;
    case RETRY_HALT_ENTRIES:
        gate_halt_entries(s, was->order.reason);
        break;
    case RETRY_HALT_SYMBOL:
        gate_refused(s, was->lane->instrument, was->order.reason);
        break;
    case RETRY_RECONCILE:
        s->dealings.compare_wanted = true;
        break;
    }
    if (v->silence_us > 0 && s->dealings.silent_until_us < state_now(s) + v->silence_us)
        s->dealings.silent_until_us = state_now(s) + v->silence_us;
}

bool attempt_next(struct engine_state *s, const struct live_order *was, enum venue_error error,
                  int64_t retry_after_us)
{
    const struct order *o = &was->order;
    struct live_order before = *was;
    struct retry_case c = {.error = error,
                           .attempt = o->attempt,
                           .is_entry = o->purpose == PURPOSE_ENTRY,
                           .is_stop = o->purpose == PURPOSE_STOP_LOSS,
                           .retry_after_us = retry_after_us};
    struct retry_verdict v;
    struct size size;
    enum err e;

    if (!s->options.venue->traits.outlives_us || size_sign(o->filled) > 0)
        return false;
    before.alike = was->alike > 0 && was->alike_error == error ? was->alike + 1 : 1;
    before.alike_error = error;
    c.alike = before.alike;
    v = retry_decide(&c);
    attempt_measure(s, was, &v);
    if (error == VENUE_ERROR_FILTER && c.is_entry)
        gate_filter_refused(s, was->lane, o->reason);
    if (!v.again || !attempt_is_wanted(s, was) ||
        (o->replaces_id && !replacement_fit(s, &before.order)) ||
        !attempt_size(s, &before, v.size, &size))
        return false;
    /* By the filters that we know it was right, so it would be refused again. */
    if (error == VENUE_ERROR_FILTER && c.is_entry && size_cmp(size, o->size) == 0)
        return false;
    e = attempt_make(s, &before, size, v.delay_us);
    if (e) {
        s->symbol_errors++;
        LOG_ERROR("attempt_failed", "order", LOG_NUMBER(o->id), "error", err_code(e), NULL);
    }
    return e == ERR_OK;
}
