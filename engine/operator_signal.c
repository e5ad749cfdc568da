/* SPDX-License-Identifier: Apache-2.0 */
/* Signals from outside: the same risk check, log and orders as a rule's, under a name of their
 * own. */
#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"
#include "engine/decide.h"
#include "engine/execution.h"
#include "engine/operator_parts.h"
#include "engine/roster.h"

/* A level given as a price, or as a distance from the price in the direction `side`; 0: none.
 * Rounded to the tick towards the market, as every level is. */
static enum err signal_level(const struct engine_state *s, const struct lane *lane,
                             struct price given, struct ratio distance, int side, struct price *out)
{
    const struct instrument *i = lane_instrument(s, lane);
    enum rounding mode = side > 0 ? ROUND_DOWN : ROUND_UP;
    struct ratio factor = {AMOUNT_ONE + (side > 0 ? distance.e12 : -distance.e12)};
    struct price level = given;
    enum err e = ERR_OK;

    *out = PRICE_ZERO;
    if (price_sign(given) <= 0 && ratio_sign(distance) <= 0)
        return ERR_OK;
    if (price_sign(given) <= 0)
        e = price_times(lane_tape(s, lane)->last, factor, mode, &level);
    if (e == ERR_OK)
        e = price_to_step(level, i->tick, mode, &level);
    if (e == ERR_OK)
        *out = level;
    return e;
}

/* A target behind the price would be taken at once; a stop there is risk's to deny. */
static bool signal_target_is_good(const struct risk_request *q, struct price last)
{
    return price_sign(q->take_profit) == 0 ||
           price_cmp(q->take_profit, last) * (int)q->direction > 0;
}

static enum err signal_enter(struct engine_state *s, struct lane *lane, const struct command *c,
                             struct signal *signal, struct command_reply *reply)
{
    const struct outside_signal *o = &c->signal;
    int forward = (int)o->direction;
    struct risk_request request = {.direction = o->direction,
                                   .confidence_known = true,
                                   .sizing = o->sizing,
                                   .validate_only = c->validate_only};
    struct risk_view view;
    enum err e =
        signal_level(s, lane, o->stop_loss, o->stop_loss_pct, -forward, &request.stop_loss);

    if (e == ERR_OK)
        e = signal_level(s, lane, o->take_profit, o->take_profit_pct, forward,
                         &request.take_profit);
    if (e == ERR_OK)
        e = decide_view(s, lane, o->direction, &view);
    if (e)
        return e;
    if (!signal_target_is_good(&request, lane_tape(s, lane)->last))
        return operator_refuse(reply, ERR_FIELD,
                               "take_profit: it lies on the wrong side of the price");
    if (lane->position || lane->entry_order_id)
        signal->denials |= DENIED_POSITION_OPEN;
    if (lane->slot->row.state != SLOT_ACTIVE)
        signal->denials |= DENIED_RETIRED;
    return decide_intend(s, lane, signal, &request, &view, NULL);
}

static enum err signal_leave(struct engine_state *s, struct lane *lane, const struct command *c,
                             struct signal *signal)
{
    struct position *p = lane->position;
    enum err e;

    signal->side = c->signal.direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    if (!p || size_sign(execution_sellable(s, lane)) == 0)
        signal->denials |= DENIED_NO_POSITION;
    if (p)
        signal->side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    signal->decision = signal->denials ? SIGNAL_DENIED : SIGNAL_ACCEPTED;
    if (p && !signal->denials)
        signal->size = signal->size_asked = execution_sellable(s, lane);
    if (c->validate_only)
        return ERR_OK;
    e = decide_record(s, lane, signal);
    if (e || signal->denials || execution_is_leaving(s, lane))
        return e;
    return execution_exit(s, lane, SIZE_ZERO, EXIT_SIGNAL, signal);
}

static enum err signal_check(const struct engine_state *s, const struct command *c,
                             struct command_reply *reply, size_t *instrument)
{
    if (!s->options.feed)
        return operator_refuse(reply, ERR_NO_FEED, "configure `candles`");
    if (s->loop != LOOP_RUNNING && s->loop != LOOP_PAUSED)
        return operator_refuse(reply, ERR_NOT_RUNNING,
                               "signals are taken while the loop runs or is paused");
    if (!state_instrument(s, c->symbol, instrument))
        return operator_refuse(reply, ERR_FIELD, "symbol: the feed has no such symbol");
    if (price_sign(s->tapes[*instrument].last) <= 0)
        return operator_refuse(reply, ERR_CONFLICT, "the symbol has no price yet");
    return ERR_OK;
}

/* A lane that is judged only: nothing of a source that does not exist yet is made. */
static enum err signal_judge(struct engine_state *s, const struct command *c, size_t instrument,
                             struct command_reply *reply)
{
    struct signal *signal = &reply->signal;
    struct slot slot = {.row = {.is_outside = true, .state = SLOT_ACTIVE}};
    struct lane fresh = {.slot = &slot, .instrument = instrument};
    struct slot *known = roster_slot(s, c->name);
    struct lane *lane = known ? roster_lane(s, known, instrument) : NULL;

    if (known && !known->row.is_outside) {
        (void)snprintf(reply->detail, LIMIT_REASON, "%s is an artifact's name", c->name);
        return ERR_NAME_TAKEN;
    }
    copy_text(slot.row.name, sizeof(slot.row.name), c->name);
    lane = lane ? lane : &fresh;
    decide_signal_init(s, lane, c->signal.action, signal);
    signal->confidence = c->signal.confidence;
    copy_text(signal->trigger, sizeof(signal->trigger), c->reason);
    return c->signal.action == SIGNAL_ENTRY ? signal_enter(s, lane, c, signal, reply)
                                            : signal_leave(s, lane, c, signal);
}

static enum err signal_carry_out(struct engine_state *s, const struct command *c, size_t instrument,
                                 struct command_reply *reply)
{
    struct roster_change change = {.action = "activate", .actor = c->actor};
    struct signal *signal = &reply->signal;
    struct slot *slot;
    struct lane *lane;
    enum err e = roster_outside(s, c->name, &change, &slot, reply->detail);

    if (e)
        return e;
    lane = roster_lane(s, slot, instrument);
    if (!lane) /* the source was ended, and its lane went with its last position */
        return operator_refuse(reply, ERR_NOT_ACTIVE, "this source of signals is ending");
    decide_signal_init(s, lane, c->signal.action, signal);
    signal->confidence = c->signal.confidence;
    copy_text(signal->trigger, sizeof(signal->trigger), c->reason);
    if (c->signal.expires_us > 0 && clock_monotonic_us() > c->signal.expires_us)
        signal->denials |= DENIED_EXPIRED;
    e = c->signal.action == SIGNAL_ENTRY ? signal_enter(s, lane, c, signal, reply)
                                         : signal_leave(s, lane, c, signal);
    if (e == ERR_OK && signal->decision == SIGNAL_ACCEPTED) {
        int64_t id =
            c->signal.action == SIGNAL_ENTRY ? lane->entry_order_id : lane->position->exit_order_id;
        const struct live_order *live = state_order(s, id);

        reply->has_order = live != NULL;
        if (live)
            reply->order = live->order;
    }
    return e;
}

enum err operator_signal(struct engine_state *s, const struct command *c,
                         struct command_reply *reply)
{
    size_t instrument;
    enum err e = signal_check(s, c, reply, &instrument);

    if (e)
        return e;
    e = c->validate_only ? signal_judge(s, c, instrument, reply)
                         : signal_carry_out(s, c, instrument, reply);
    reply->has_signal = e == ERR_OK;
    return e;
}
