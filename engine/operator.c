/* SPDX-License-Identifier: Apache-2.0 */
/* An operator's commands: loop states, closing positions, canceling orders. */
#include "engine/operator.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "engine/execution.h"
#include "engine/gate.h"
#include "engine/operator_parts.h"
#include "engine/renewal.h"

enum err operator_refuse(struct command_reply *reply, enum err e, const char *detail)
{
    copy_text(reply->detail, sizeof(reply->detail), detail);
    return e;
}

static const char *operator_action(enum command_kind k, bool is_rollback)
{
    switch (k) {
    case COMMAND_START:
        return "start";
    case COMMAND_PAUSE:
        return "pause";
    case COMMAND_RESUME:
        return "resume";
    case COMMAND_STOP:
        return "stop";
    case COMMAND_CLOSE_POSITION:
        return "close_position";
    case COMMAND_CLOSE_ALL:
        return "close_all";
    case COMMAND_CANCEL_ORDER:
        return "cancel_order";
    case COMMAND_CANCEL_ALL:
        return "cancel_all";
    case COMMAND_ACTIVATE:
        return is_rollback ? "rollback" : "activate";
    case COMMAND_DEACTIVATE:
        return "deactivate";
    case COMMAND_SIGNAL:
        return "signal";
    case COMMAND_PLACE_ORDER:
        return "place_order";
    case COMMAND_REPLACE_ORDER:
        return "replace_order";
    case COMMAND_SET_EXT:
        return "set_feature";
    case COMMAND_DROP_EXT:
        return "drop_feature";
    case COMMAND_DEADMAN:
        return "deadman";
    case COMMAND_ENTRY:
        break; /* it is a leaf of its own */
    }
    ASSERT(false && "command kind");
    return "";
}

enum err operator_log(struct engine_state *s, const struct command *c)
{
    struct leaf_context context = state_leaf_context(s, "");
    struct control control = {.action = operator_action(c->kind, c->is_rollback),
                              .actor = c->actor,
                              .reason = c->reason,
                              .target = c->id};
    struct leaf leaf;
    enum err e;

    if (s->account.log_size == 0)
        return ERR_OK; /* no feed yet, so no log */
    e = ledger_control(&context, &control, &leaf);
    if (e == ERR_OK)
        state_add_leaf(s, &leaf);
    return e;
}

static void operator_set_loop(struct engine_state *s, enum loop_state loop)
{
    LOG_INFO("loop", "state", loop_state_name(loop), NULL);
    s->loop = loop;
    s->entries_allowed = loop == LOOP_RUNNING;
    s->effects = true;
}

void operator_resume_wanted(struct engine_state *s)
{
    bool able = s->options.feed && (s->slot_count > 0 || s->options.outside_signals);

    if (!able || s->account.wanted == WANTED_STOPPED)
        operator_set_loop(s, LOOP_STOPPED);
    else if (s->account.wanted == WANTED_RUNNING && !s->options.resumes_paused)
        operator_set_loop(s, LOOP_RUNNING);
    else
        operator_set_loop(s, LOOP_PAUSED);
}

static enum err operator_start(struct engine_state *s, const struct command *c,
                               struct command_reply *reply)
{
    if (c->mode != s->account.mode)
        return operator_refuse(reply, ERR_ALREADY_RUNNING,
                               s->account.mode == MODE_LIVE
                                   ? "this daemon trades live: say so by {\"mode\": \"live\"}"
                                   : "this daemon trades on paper; live needs a configuration "
                                     "with mode live");
    if (s->loop == LOOP_FAILED)
        return operator_refuse(reply, ERR_LOOP_FAILED,
                               "restart the daemon after mending its cause");
    if (!s->options.feed)
        return operator_refuse(reply, ERR_NO_FEED, "configure `candles`");
    if (s->slot_count == 0 && !s->options.outside_signals)
        return operator_refuse(reply, ERR_NO_STRATEGY,
                               "configure `strategy`, or upload one and activate it");
    if (s->loop == LOOP_RUNNING || s->loop == LOOP_FINISHED)
        return ERR_OK;
    if (s->loop == LOOP_PAUSED)
        return operator_refuse(reply, ERR_CONFLICT, "the loop is paused: use resume");
    s->account.ever_commanded = true;
    s->account.wanted = WANTED_RUNNING;
    gate_start_anew(s);
    operator_set_loop(s, LOOP_RUNNING);
    return operator_log(s, c);
}

static enum err operator_pause(struct engine_state *s, const struct command *c,
                               struct command_reply *reply)
{
    if (s->loop == LOOP_PAUSED)
        return ERR_OK;
    if (s->loop != LOOP_RUNNING)
        return operator_refuse(reply, ERR_NOT_RUNNING, "only a running loop can be paused");
    s->account.ever_commanded = true;
    s->account.wanted = WANTED_PAUSED;
    operator_set_loop(s, LOOP_PAUSED);
    return operator_log(s, c);
}

static enum err operator_resume(struct engine_state *s, const struct command *c,
                                struct command_reply *reply)
{
    if (s->loop == LOOP_RUNNING)
        return ERR_OK;
    if (s->loop != LOOP_PAUSED)
        return operator_refuse(reply, ERR_NOT_RUNNING, "only a paused loop can be resumed");
    s->account.wanted = WANTED_RUNNING;
    gate_start_anew(s);
    operator_set_loop(s, LOOP_RUNNING);
    return operator_log(s, c);
}

/* Lets a simulated venue fill now what no candle will move. */
static void operator_settle(struct engine_state *s, const struct lane *lane)
{
    const struct venue *v = s->options.venue;

    if (v->settle)
        v->settle(v->self, lane->instrument, state_now(s));
    execution_drain(s);
}

void operator_add_result(struct command_reply *reply, int64_t id, const char *symbol, enum err e,
                         int64_t order_id)
{
    struct command_result *r;

    if (reply->result_count == COMMAND_RESULTS_MAX)
        return;
    r = &reply->results[reply->result_count++];
    *r = (struct command_result){.id = id, .error = e, .order_id = order_id};
    copy_text(r->symbol, sizeof(r->symbol), symbol);
}

static const char operator_canceled[] = "cancel requested";

/* The wish is in the order's row, beside the command's leaf, so that no crash forgets it. */
static void operator_want_cancel(struct engine_state *s, struct live_order *live, const char *why)
{
    live->cancel_wanted = true;
    copy_text(live->order.reason, sizeof(live->order.reason), why);
    live->order.updated_us = state_now(s);
    journal_batch_put_order(&s->pending, &live->order);
}

/* closing: what they fill all the same is not to stay either. */
static void operator_cancel_entries(struct engine_state *s, const char *symbol, bool closing,
                                    struct command_reply *reply)
{
    size_t i;

    for (i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (symbol[0] && strcmp(symbol, live->order.symbol) != 0)
            continue;
        if (live->order.purpose == PURPOSE_ENTRY) {
            operator_want_cancel(s, live, closing ? order_closing : operator_canceled);
            operator_add_result(reply, live->order.id, live->order.symbol, ERR_OK, live->order.id);
        }
    }
}

/* An exit that is on its way for another reason is the operator's too from now on, in its row, so
 * that it is asked for again, whatever dies, when it comes to nothing: execution_goes_on. */
static void operator_want_exit(struct engine_state *s, const struct lane *lane)
{
    struct live_order *live = state_order(s, lane->position->exit_order_id);

    if (!live || (live->order.is_whole && live->order.exit_reason == EXIT_MANUAL))
        return;
    live->order.is_whole = true;
    live->order.exit_reason = EXIT_MANUAL;
    live->order.updated_us = state_now(s);
    journal_batch_put_order(&s->pending, &live->order);
}

/* One position's exit, whole or in part; an exit under way answers as it is. */
enum err operator_close_lane(struct engine_state *s, struct lane *lane, struct size size,
                             int64_t *order_id)
{
    struct position *p = lane->position;
    bool is_part = size_sign(size) > 0 && size_cmp(size, execution_sellable(s, lane)) < 0;
    enum err e = ERR_OK;

    if (is_part ? !p->exit_order_id : !execution_is_leaving(s, lane))
        e = execution_exit(s, lane, size, EXIT_MANUAL, NULL);
    else if (!is_part)
        operator_want_exit(s, lane);
    *order_id = p->exit_order_id;
    return e;
}

enum err operator_settle_closes(struct engine_state *s)
{
    enum err e;
    size_t i;

    s->closes_wait = true;
    e = execution_flush(s);
    if (e)
        return e;
    for (i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->position && s->lanes[i]->position->exit_order_id)
            operator_settle(s, s->lanes[i]);
    }
    e = execution_flush(s);
    if (e == ERR_OK)
        s->closes_wait = false;
    return e;
}

/* What the command asked for is durable, sent and, where the venue is ours, filled. */
void operator_finish_closes(struct engine_state *s, struct command_reply *reply)
{
    if (operator_settle_closes(s) != ERR_OK)
        reply->durable = false;
}

static void operator_close_every(struct engine_state *s, const char *symbol,
                                 struct command_reply *reply)
{
    size_t i;

    for (i = 0; i < s->lane_count; i++) {
        const struct position *p = s->lanes[i]->position;
        int64_t order_id = 0;
        enum err e;

        if (!p || (symbol[0] && strcmp(symbol, p->symbol) != 0))
            continue;
        e = operator_close_lane(s, s->lanes[i], SIZE_ZERO, &order_id);
        operator_add_result(reply, p->id, p->symbol, e, order_id);
    }
}

static enum err operator_stop(struct engine_state *s, const struct command *c,
                              struct command_reply *reply)
{
    /* Stopped for want of a feed or strategy is not yet what the next start would be. */
    bool already = s->loop == LOOP_STOPPED && s->account.wanted == WANTED_STOPPED;
    enum err e = ERR_OK;

    s->account.ever_commanded = true;
    s->account.wanted = WANTED_STOPPED;
    if (s->loop != LOOP_FAILED && !already)
        operator_set_loop(s, LOOP_STOPPED);
    if (!already || c->close_positions || c->cancel_orders)
        e = operator_log(s, c);
    if (c->cancel_orders)
        operator_cancel_entries(s, "", c->close_positions, reply);
    if (c->close_positions)
        operator_close_every(s, "", reply);
    operator_finish_closes(s, reply);
    return e;
}

static void operator_newest_order(struct engine_state *s, int64_t id, struct order *out)
{
    const struct live_order *live = state_order(s, id);

    if (live)
        *out = live->order;
    for (size_t i = 0; i < s->ended_capacity && !live; i++) {
        if (s->ended[i].id == id)
            *out = s->ended[i];
    }
}

/* The size asked for, as a multiple of the lot; 0 means all of it. */
static enum err operator_close_size(const struct engine_state *s, const struct lane *lane,
                                    const struct command *c, struct command_reply *reply,
                                    struct size *out)
{
    const struct position *p = lane->position;
    struct size size = c->size, rounded;
    enum err e = ERR_OK;

    if (size_sign(c->size) < 0 || c->percentage.e12 < 0)
        return operator_refuse(reply, ERR_FIELD, "the size is negative");
    if (c->percentage.e12 > 0)
        e = size_times(p->size, c->percentage, ROUND_DOWN, &size);
    if (e == ERR_OK)
        e = size_to_step(size, lane_instrument(s, lane)->lot, ROUND_DOWN, &rounded);
    if (e)
        return operator_refuse(reply, ERR_FIELD, "the size cannot be computed");
    if (size_cmp(size, p->size) > 0)
        return operator_refuse(reply, ERR_FIELD, "the size is larger than the position");
    /* 0 would mean all of it. */
    if ((size_sign(size) > 0 || c->percentage.e12 > 0) && size_sign(rounded) == 0)
        return operator_refuse(reply, ERR_FIELD, "the size is smaller than one lot");
    if (c->percentage.e12 == 0 && size_cmp(size, rounded) != 0)
        return operator_refuse(reply, ERR_FIELD, "the size is not a multiple of the lot");
    *out = rounded;
    return ERR_OK;
}

/* The lane with this open position, or NULL. */
static struct lane *operator_lane_of(const struct engine_state *s, int64_t position_id)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->position && s->lanes[i]->position->id == position_id)
            return s->lanes[i];
    }
    return NULL;
}

static enum err operator_close_position(struct engine_state *s, const struct command *c,
                                        struct command_reply *reply)
{
    struct lane *lane = operator_lane_of(s, c->id);
    struct order_request wish = c->order;
    struct size size = SIZE_ZERO;
    int64_t order_id = 0;
    enum err e;

    if (!lane)
        return operator_refuse(
            reply, c->id > 0 && c->id <= s->account.last_position_id ? ERR_NOT_OPEN : ERR_NOT_FOUND,
            "no open position has this id");
    e = operator_close_size(s, lane, c, reply, &size);
    wish.size = size;
    if (e == ERR_OK && wish.type == ORDER_LIMIT)
        e = operator_resting_exit(s, lane, &wish, reply, &order_id);
    if (e == ERR_OK)
        e = operator_log(s, c);
    if (e == ERR_OK && wish.type != ORDER_LIMIT)
        e = operator_close_lane(s, lane, size, &order_id);
    if (e)
        return e;
    reply->has_order = true;
    reply->order = state_order(s, order_id)->order;
    reply->has_position = true;
    reply->position = *lane->position;
    operator_finish_closes(s, reply);
    lane = operator_lane_of(s, c->id);
    if (lane)
        reply->position = *lane->position;
    else if (s->last_closed.id == c->id)
        reply->position = s->last_closed;
    operator_newest_order(s, order_id, &reply->order);
    return ERR_OK;
}

static enum err operator_cancel_order(struct engine_state *s, const struct command *c,
                                      struct command_reply *reply)
{
    struct live_order *live = state_order(s, c->id);
    enum err e;

    if (!live)
        return operator_refuse(reply,
                               c->id > 0 && c->id <= s->account.last_order_id ? ERR_NOT_CANCELABLE
                                                                              : ERR_NOT_FOUND,
                               "no live order has this id");
    if (live->order.purpose == PURPOSE_STOP_LOSS || live->order.purpose == PURPOSE_TAKE_PROFIT)
        return operator_refuse(reply, ERR_NOT_CANCELABLE,
                               "it protects an open position: close the position instead");
    e = operator_log(s, c);
    if (e)
        return e;
    operator_want_cancel(s, live, operator_canceled);
    reply->has_order = true;
    reply->order = live->order;
    operator_finish_closes(s, reply);
    operator_newest_order(s, c->id, &reply->order);
    return ERR_OK;
}

static enum err operator_all(struct engine_state *s, const struct command *c,
                             struct command_reply *reply)
{
    enum err e = operator_log(s, c);

    if (e)
        return e;
    if (c->kind == COMMAND_CANCEL_ALL)
        operator_cancel_entries(s, c->symbol, false, reply);
    else
        operator_close_every(s, c->symbol, reply);
    if (c->kind == COMMAND_CLOSE_ALL && c->cancel_orders) {
        struct command_reply ignored = {0};

        operator_cancel_entries(s, c->symbol, true, &ignored);
    }
    operator_finish_closes(s, reply);
    return ERR_OK;
}

void operator_carry_out(struct engine_state *s, const struct command *c,
                        struct command_reply *reply)
{
    enum err e = ERR_OK;

    memset(reply, 0, sizeof(*reply));
    reply->durable = true;
    switch (c->kind) {
    case COMMAND_START:
        e = operator_start(s, c, reply);
        break;
    case COMMAND_PAUSE:
        e = operator_pause(s, c, reply);
        break;
    case COMMAND_RESUME:
        e = operator_resume(s, c, reply);
        break;
    case COMMAND_STOP:
        e = operator_stop(s, c, reply);
        break;
    case COMMAND_CLOSE_POSITION:
        e = operator_close_position(s, c, reply);
        break;
    case COMMAND_CLOSE_ALL:
    case COMMAND_CANCEL_ALL:
        e = operator_all(s, c, reply);
        break;
    case COMMAND_CANCEL_ORDER:
        e = operator_cancel_order(s, c, reply);
        break;
    case COMMAND_ACTIVATE:
        e = operator_activate(s, c, reply);
        break;
    case COMMAND_DEACTIVATE:
        e = operator_deactivate(s, c, reply);
        break;
    case COMMAND_SIGNAL:
        e = operator_signal(s, c, reply);
        break;
    case COMMAND_PLACE_ORDER:
        e = operator_place_order(s, c, reply);
        break;
    case COMMAND_REPLACE_ORDER:
        e = operator_replace_order(s, c, reply);
        break;
    case COMMAND_DEADMAN:
        e = renewal_command(s, c);
        break;
    case COMMAND_SET_EXT:
        e = operator_set_ext(s, c, reply);
        break;
    case COMMAND_DROP_EXT:
        e = operator_drop_ext(s, c, reply);
        break;
    case COMMAND_ENTRY:
        e = operator_entry(s, c, reply);
        break;
    }
    /* Once is enough: a journal that is away may take all of its time to say so. */
    if (e == ERR_OK && reply->durable && state_must_commit(s) && execution_flush(s) != ERR_OK)
        reply->durable = false;
    if (reply->has_order) /* it may have been sent by now */
        operator_newest_order(s, reply->order.id, &reply->order);
    reply->error = e;
    reply->as_of_us = state_now(s);
    s->effects = true;
}
