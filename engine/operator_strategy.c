/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about strategies: activating, deactivating, and values from outside. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "engine/operator_parts.h"
#include "engine/roster.h"

static enum err operator_check_account(const struct engine_state *s, struct command_reply *reply)
{
    if (!s->options.feed)
        return operator_refuse(reply, ERR_NO_FEED, "configure `candles`");
    if (s->loop == LOOP_FAILED)
        return operator_refuse(reply, ERR_LOOP_FAILED,
                               "restart the daemon after mending its cause");
    return ERR_OK;
}

static void operator_answer_slot(const struct engine_state *s, const char *name,
                                 struct command_reply *reply)
{
    const struct slot *slot = roster_slot(s, name);

    reply->has_slot = slot != NULL;
    if (slot)
        reply->slot = slot->row;
}

enum err operator_activate(struct engine_state *s, const struct command *c,
                           struct command_reply *reply)
{
    struct roster_change change = {.action = c->is_rollback ? "rollback" : "activate",
                                   .actor = c->actor,
                                   .effective = c->effective,
                                   .validate_only = c->validate_only};
    int64_t before = s->account.last_activation_id;
    enum err e = operator_check_account(s, reply);

    if (e == ERR_OK)
        e = roster_activate(s, c->strategy, &change, reply->detail);
    if (e == ERR_OK && s->account.last_activation_id != before)
        e = operator_log(s, c);
    if (e == ERR_OK)
        operator_answer_slot(s, strategy_name(c->strategy), reply);
    return e;
}

static enum err operator_close_slot(struct engine_state *s, const struct slot *slot,
                                    struct command_reply *reply)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        int64_t id, order_id = 0;
        enum err e;

        if (lane->slot != slot || !lane->position)
            continue;
        id = lane->position->id;
        e = operator_close_lane(s, lane, SIZE_ZERO, &order_id);
        operator_add_result(reply, id, lane_instrument(s, lane)->symbol, e, order_id);
        if (e)
            return e;
    }
    return ERR_OK;
}

enum err operator_deactivate(struct engine_state *s, const struct command *c,
                             struct command_reply *reply)
{
    struct roster_change change = {
        .action = "deactivate", .actor = c->actor, .effective = EFFECTIVE_NOW};
    const struct slot *slot;
    enum err e = operator_check_account(s, reply);

    if (e == ERR_OK)
        e = roster_deactivate(s, c->name, &change, reply->detail);
    if (e == ERR_OK)
        e = operator_log(s, c);
    slot = roster_slot(s, c->name);
    if (e == ERR_OK && c->close_positions)
        e = operator_close_slot(s, slot, reply);
    if (e)
        return e;
    operator_answer_slot(s, c->name, reply);
    operator_finish_closes(s, reply);
    /* A loop that stands still has no next cycle to sweep it away. */
    e = roster_sweep(s);
    if (e == ERR_OK && !roster_slot(s, c->name))
        reply->slot.state = SLOT_ENDED;
    return e;
}

/* ---- Values from outside ---- */

static enum err operator_check_ext(const struct engine_state *s, const struct ext_value *v,
                                   struct command_reply *reply)
{
    char now[TIME_TEXT_MAX];
    size_t at;

    if (!isfinite(v->value) || fabs(v->value) > 1e150)
        return operator_refuse(reply, ERR_FIELD, "value: a finite number is needed");
    if (v->symbol[0] && !state_instrument(s, v->symbol, &at))
        return operator_refuse(reply, ERR_FIELD, "symbol: the feed has no such symbol");
    if (v->at_us > state_now(s)) {
        time_print(state_now(s), now);
        (void)snprintf(reply->detail, sizeof(reply->detail),
                       "at: this is in the future; the engine's time is %s", now);
        return ERR_FIELD;
    }
    return ERR_OK;
}

static void operator_insert_ext(struct engine_state *s, size_t at, const struct ext_value *v)
{
    s->ext_values = xrealloc(s->ext_values, (s->ext_value_count + 1) * sizeof(*s->ext_values));
    memmove(&s->ext_values[at + 1], &s->ext_values[at],
            (s->ext_value_count - at) * sizeof(*s->ext_values));
    s->ext_values[at] = *v;
    s->ext_value_count++;
}

/* No leaf goes with it, so the commit must be asked for; amid a cycle the next one takes it. */
static void operator_keep_ext(struct engine_state *s, struct command_reply *reply)
{
    if (s->step != STEP_IDLE || state_commit(s, true) != ERR_OK)
        reply->durable = false;
}

enum err operator_set_ext(struct engine_state *s, const struct command *c,
                          struct command_reply *reply)
{
    struct ext_value v = c->ext;
    bool found;
    size_t at;
    enum err e = operator_check_account(s, reply);

    if (v.at_us == TIME_NONE)
        v.at_us = state_now(s);
    if (e == ERR_OK)
        e = operator_check_ext(s, &v, reply);
    if (e)
        return e;
    at = roster_ext_place(s, v.name, v.symbol, &found);
    if (found && s->ext_values[at].at_us > v.at_us)
        return operator_refuse(reply, ERR_STALE, "a newer value of this name is known already");
    if (!found && s->ext_value_count == LIMIT_EXT_VALUES)
        return operator_refuse(reply, ERR_LIMIT, "too many names and symbols from outside");
    if (found)
        s->ext_values[at] = v;
    else
        operator_insert_ext(s, at, &v);
    journal_batch_put_ext_value(&s->pending, &v);
    reply->ext = v;
    operator_keep_ext(s, reply);
    return ERR_OK;
}

enum err operator_drop_ext(struct engine_state *s, const struct command *c,
                           struct command_reply *reply)
{
    size_t kept = 0, before = s->ext_value_count;
    enum err e = operator_check_account(s, reply);

    if (e)
        return e;
    for (size_t i = 0; i < before; i++) {
        struct ext_value v = s->ext_values[i];

        if (strcmp(v.name, c->ext.name) != 0 ||
            (c->ext.symbol[0] && strcmp(v.symbol, c->ext.symbol) != 0)) {
            s->ext_values[kept++] = v;
            continue;
        }
        v.is_removed = true;
        journal_batch_put_ext_value(&s->pending, &v);
    }
    s->ext_value_count = kept;
    if (kept == before)
        return operator_refuse(reply, ERR_NOT_FOUND, "no value of this name is known");
    operator_keep_ext(s, reply);
    return ERR_OK;
}
