/* SPDX-License-Identifier: Apache-2.0 */
/* Exits by hand: at the market, or at a limit that rests beside the stop. */
#include <string.h>

#include "engine/execution.h"
#include "engine/operator_hand.h"
#include "engine/roster.h"

/* What other resting exits of the position will take, but for one that gives way. */
static struct size resting_exits(const struct engine_state *s, const struct position *p,
                                 const struct order *but)
{
    struct size sum = SIZE_ZERO;

    for (size_t i = 0; i < s->order_count; i++) {
        const struct order *o = &s->orders[i]->order;

        if (o->position_id == p->id && order_is_resting_exit(o) && !o->replaced_by && o != but)
            sum.e12 += order_left(o).e12;
    }
    return sum;
}

/* A venue knows the sum of what is held: when the stop and an exit beside it both execute,
 * reduce-only stops neither before what others hold is gone too. */
static bool others_hold(const struct engine_state *s, const struct lane *lane)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        const struct lane *of = s->lanes[i];

        if (of != lane && of->instrument == lane->instrument &&
            (of->position || of->entry_order_id))
            return true;
    }
    return false;
}

enum err order_exit_check(const struct engine_state *s, const struct lane *lane,
                          const struct order_request *o, const struct order *but,
                          struct command_reply *reply)
{
    const struct position *p = lane->position;
    struct size room = execution_sellable(s, lane);

    if (s->options.venue->traits.rest_locks_size)
        return operator_refuse(reply, ERR_CONFLICT,
                               "what a resting order may sell is locked at this venue, and the "
                               "stop needs it: close at the market");
    if (others_hold(s, lane))
        return operator_refuse(reply, ERR_CONFLICT,
                               "another strategy holds the symbol, and beside the stop a resting "
                               "exit might take its part: close at the market");
    if (p->exit_order_id)
        return operator_refuse(reply, ERR_CONFLICT, "an exit of the position is on its way");
    if (!is_multiple(o->limit_price.e12, lane_instrument(s, lane)->tick.e12))
        return operator_refuse(reply, ERR_FIELD, "limit_price: it is not a multiple of the tick");
    if (order_hand_is_far(s, lane->instrument, o))
        return operator_refuse(reply, ERR_FIELD, order_hand_far);
    room.e12 -= resting_exits(s, p, but).e12;
    room = instrument_most(lane_instrument(s, lane), true, room);
    if (size_sign(room) <= 0 || size_cmp(o->size, room) > 0)
        return operator_refuse(reply, ERR_FIELD,
                               "size: it is larger than what no other exit of the position takes");
    return ERR_OK;
}

enum err order_exit_make(struct engine_state *s, struct lane *lane, const struct order_request *o,
                         const struct order *replaces, int64_t *id)
{
    const struct position *p = lane->position;
    struct order_wish wish = {
        .label = o->label, .life = o->life, .expires_us = o->expires_us, .replaces = replaces};
    struct intent i = {.lane = lane,
                       .side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY,
                       .type = ORDER_LIMIT,
                       .purpose = PURPOSE_EXIT,
                       .exit_reason = EXIT_MANUAL,
                       .size = o->size,
                       .limit_price = o->limit_price,
                       .wish = &wish};

    i.decision_price = order_hand_price(s, lane->instrument, i.side, o->limit_price);
    return execution_intend(s, &i, id);
}

enum err operator_resting_exit(struct engine_state *s, struct lane *lane,
                               const struct order_request *o, struct command_reply *reply,
                               int64_t *id)
{
    struct order_request wish = *o;
    enum err e;

    wish.side = lane->position->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    if (size_sign(wish.size) == 0)
        wish.size = execution_sellable(s, lane);
    e = order_exit_check(s, lane, &wish, NULL, reply);
    return e ? e : order_exit_make(s, lane, &wish, NULL, id);
}

/* The size that is to leave, as a multiple of the lot; 0: all of it. */
static enum err reduced_size(const struct engine_state *s, const struct lane *lane,
                             const struct order_request *o, struct command_reply *reply,
                             struct size *out)
{
    const struct instrument *i = lane_instrument(s, lane);
    struct price price = order_hand_price(s, lane->instrument, o->side, o->limit_price);
    enum err e = ERR_OK;

    *out = o->size;
    if (money_sign(o->notional) > 0) {
        e = money_per_price(o->notional, price, ROUND_DOWN, out);
        if (e == ERR_OK)
            e = size_to_step(*out, i->lot, ROUND_DOWN, out);
        if (e || size_sign(*out) == 0)
            return operator_refuse(reply, ERR_FIELD, "notional: it is less than one lot");
    }
    if (!is_multiple(out->e12, i->lot.e12))
        return operator_refuse(reply, ERR_FIELD, "size: it is not a multiple of the lot");
    if (size_cmp(*out, execution_sellable(s, lane)) > 0)
        return operator_refuse(reply, ERR_FIELD, "size: it is larger than the position");
    return ERR_OK;
}

/* At the market: the label goes onto the exit, which is in the pending batch already. */
static enum err reduce_now(struct engine_state *s, struct lane *lane, struct size size,
                           const char *label, int64_t *id)
{
    enum err e = operator_close_lane(s, lane, size, id);
    struct live_order *live = e ? NULL : state_order(s, *id);

    if (live) {
        copy_text(live->order.label, sizeof(live->order.label), label);
        journal_batch_put_order(&s->pending, &live->order);
    }
    return e;
}

enum err order_hand_reduce(struct engine_state *s, const struct command *c, size_t instrument,
                           struct command_reply *reply)
{
    struct slot *slot = roster_slot(s, order_hand_name);
    struct lane *lane = slot ? roster_lane(s, slot, instrument) : NULL;
    struct order_request wish = c->order;
    int64_t id = 0;
    enum err e;

    reply->signal = (struct signal){.at_us = state_now(s),
                                    .action = SIGNAL_EXIT,
                                    .side = c->order.side,
                                    .decision = SIGNAL_ACCEPTED};
    copy_text(reply->signal.symbol, sizeof(reply->signal.symbol), c->symbol);
    if (!lane || !lane->position || (int)lane->position->direction == (int)c->order.side) {
        reply->signal.decision = SIGNAL_DENIED;
        reply->signal.denials = DENIED_NO_POSITION;
        reply->has_signal = true;
        return c->validate_only ? ERR_OK : order_hand_denied(reply);
    }
    e = reduced_size(s, lane, &c->order, reply, &wish.size);
    if (e)
        return e;
    if (lane->position->exit_order_id)
        return operator_refuse(reply, ERR_CONFLICT, "an exit of the position is on its way");
    reply->signal.size = size_sign(wish.size) ? wish.size : execution_sellable(s, lane);
    reply->signal.size_asked = reply->signal.size;
    reply->signal.price = order_hand_price(s, instrument, wish.side, wish.limit_price);
    reply->has_signal = true;
    if (c->validate_only) {
        wish.size = reply->signal.size;
        return wish.type == ORDER_LIMIT ? order_exit_check(s, lane, &wish, NULL, reply) : ERR_OK;
    }
    e = wish.type == ORDER_LIMIT ? operator_resting_exit(s, lane, &wish, reply, &id)
                                 : reduce_now(s, lane, wish.size, wish.label, &id);
    if (e)
        return e;
    reply->has_order = true;
    reply->order = state_order(s, id)->order;
    e = order_hand_log(s, c, id);
    operator_finish_closes(s, reply);
    return e;
}
