/* SPDX-License-Identifier: Apache-2.0 */
/* Orders by hand: placed under a name of their own, judged as every entry is, and replaced. */
#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"
#include "engine/decide.h"
#include "engine/execution.h"
#include "engine/operator_hand.h"
#include "engine/roster.h"

const char order_hand_name[] = "manual";

const char order_hand_far[] = "limit_price: the venue takes none so far from the market";

static enum direction order_direction(enum side side)
{
    return side == SIDE_BUY ? DIRECTION_LONG : DIRECTION_SHORT;
}

/* What no venue would take, whatever the account: the exact sizes and prices. */
static unsigned order_faults(const struct instrument *i, const struct order_request *o)
{
    unsigned faults = 0;

    if (!is_multiple(o->size.e12, i->lot.e12))
        faults |= DENIED_LOT_SIZE;
    if (!is_multiple(o->limit_price.e12, i->tick.e12) ||
        !is_multiple(o->stop_loss.e12, i->tick.e12) ||
        !is_multiple(o->take_profit.e12, i->tick.e12))
        faults |= DENIED_TICK_SIZE;
    return faults;
}

struct price order_hand_price(const struct engine_state *s, size_t instrument, enum side side,
                              struct price limit)
{
    struct price last = s->tapes[instrument].last;

    if (price_sign(limit) <= 0)
        return last;
    return side == SIDE_SELL ? price_max(limit, last) : limit;
}

bool order_hand_is_far(const struct engine_state *s, size_t instrument,
                       const struct order_request *o)
{
    return o->type == ORDER_LIMIT && price_sign(o->limit_price) > 0 &&
           !instrument_takes_price(&s->instruments[instrument], o->side == SIDE_BUY, o->limit_price,
                                   s->tapes[instrument].last);
}

enum err order_hand_denied(struct command_reply *reply)
{
    size_t n = (size_t)snprintf(reply->detail, sizeof(reply->detail), "denied:");

    for (int bit = 0; bit < DENIED_COUNT_ && n < sizeof(reply->detail); bit++) {
        if (reply->signal.denials >> bit & 1)
            n += (size_t)snprintf(reply->detail + n, sizeof(reply->detail) - n, " %s",
                                  denial_name(bit));
    }
    reply->has_signal = true;
    return ERR_RISK_DENIED;
}

/* The label names an order of ours that lives, or has ended lately. */
static bool label_is_taken(const struct engine_state *s, const char *label)
{
    for (size_t i = 0; label[0] && i < s->order_count; i++) {
        if (strcmp(s->orders[i]->order.label, label) == 0)
            return true;
    }
    for (size_t i = 0; label[0] && i < s->ended_capacity; i++) {
        if (s->ended[i].id > 0 && strcmp(s->ended[i].label, label) == 0)
            return true;
    }
    return false;
}

static enum err order_check(const struct engine_state *s, const struct command *c,
                            struct command_reply *reply, size_t *instrument)
{
    const struct order_request *o = &c->order;

    if (!s->options.feed)
        return operator_refuse(reply, ERR_NO_FEED, "configure `candles`");
    if (s->loop == LOOP_FAILED)
        return operator_refuse(reply, ERR_LOOP_FAILED,
                               "restart the daemon after mending its cause");
    if (!o->reduce_only && s->loop != LOOP_RUNNING && s->loop != LOOP_PAUSED)
        return operator_refuse(reply, ERR_NOT_RUNNING,
                               "orders that open are taken while the loop runs or is paused");
    if (!state_instrument(s, c->symbol, instrument))
        return operator_refuse(reply, ERR_FIELD, "symbol: the feed has no such symbol");
    if (price_sign(s->tapes[*instrument].last) <= 0)
        return operator_refuse(reply, ERR_CONFLICT, "the symbol has no price yet");
    if (o->expires_us != TIME_NONE && o->expires_us <= state_now(s))
        return operator_refuse(reply, ERR_FIELD,
                               "expires_at: it has passed, by the time of GET /v1/loop");
    if (order_hand_is_far(s, *instrument, o))
        return operator_refuse(reply, ERR_FIELD, order_hand_far);
    if (label_is_taken(s, o->label))
        return operator_refuse(reply, ERR_DUPLICATE_ORDER,
                               "an order of this account has this client_order_id already");
    return ERR_OK;
}

/* ---- Entries ---- */

static struct sizing order_sizing(const struct order_request *o)
{
    if (size_sign(o->size) > 0)
        return (struct sizing){.kind = SIZING_FIXED_BASE, .value = (struct ratio){o->size.e12}};
    return (struct sizing){.kind = SIZING_FIXED_QUOTE, .value = (struct ratio){o->notional.e12}};
}

/* Judges and, unless that is all, makes an entry; reply->signal says what came of it.  A lane whose
 * entry gives way is asked for the next one already. */
static enum err order_enter(struct engine_state *s, struct lane *lane, const struct command *c,
                            const struct order *replaces, struct command_reply *reply)
{
    const struct order_request *o = &c->order;
    struct position *p = lane->position;
    struct signal *signal = &reply->signal;
    struct entry_terms terms = {
        .type = o->type,
        .limit_price = o->limit_price,
        .wish = {
            .label = o->label, .life = o->life, .expires_us = o->expires_us, .replaces = replaces}};
    struct risk_request request = {.direction = order_direction(o->side),
                                   .confidence_known = true,
                                   .stop_loss = o->stop_loss,
                                   .take_profit = o->take_profit,
                                   .sizing = order_sizing(o),
                                   .is_exact = size_sign(o->size) > 0,
                                   .validate_only = c->validate_only};
    struct risk_view view;
    enum err e;

    decide_signal_init(s, lane, SIGNAL_ENTRY, signal);
    signal->price = order_hand_price(s, lane->instrument, o->side, o->limit_price);
    signal->confidence = (struct ratio){AMOUNT_ONE};
    copy_text(signal->trigger, sizeof(signal->trigger), c->reason[0] ? c->reason : "by hand");
    if (p && p->direction == request.direction && price_sign(request.stop_loss) == 0)
        request.stop_loss = position_stop_level(p); /* it has one */
    if (lane->entry_order_id && !replaces)
        signal->denials |= DENIED_ENTRY_PENDING;
    if (lane->slot->row.state != SLOT_ACTIVE)
        signal->denials |= DENIED_RETIRED;
    signal->denials |= order_faults(lane_instrument(s, lane), o);
    /* What is off the lot or tick has no place in a leaf: it is refused without one. */
    request.validate_only |= (signal->denials & (DENIED_LOT_SIZE | DENIED_TICK_SIZE)) != 0;
    e = decide_view(s, lane, request.direction, &view);
    if (e)
        return e;
    return decide_intend(s, lane, signal, &request, &view, &terms);
}

static enum err order_target_check(const struct engine_state *s, size_t instrument,
                                   const struct order_request *o, struct command_reply *reply)
{
    struct price price = order_hand_price(s, instrument, o->side, o->limit_price);

    if (price_sign(o->take_profit) > 0 && price_cmp(o->take_profit, price) * (int)o->side <= 0)
        return operator_refuse(reply, ERR_FIELD,
                               "take_profit: it lies on the wrong side of the price");
    return ERR_OK;
}

enum err order_hand_log(struct engine_state *s, const struct command *c, int64_t order_id)
{
    struct command about = *c;

    about.id = order_id;
    return operator_log(s, &about);
}

static enum err order_open(struct engine_state *s, const struct command *c, size_t instrument,
                           struct command_reply *reply)
{
    struct roster_change change = {.action = "activate", .actor = c->actor};
    struct slot fresh_slot = {.row = {.is_outside = true, .state = SLOT_ACTIVE}};
    struct lane fresh = {.slot = &fresh_slot, .instrument = instrument};
    struct slot *slot = roster_slot(s, order_hand_name);
    struct lane *lane;
    enum err e = order_target_check(s, instrument, &c->order, reply);

    if (e)
        return e;
    if (slot && !slot->row.is_outside)
        return operator_refuse(reply, ERR_NAME_TAKEN, "`manual` is an artifact's name");
    if (!c->validate_only && !order_faults(&s->instruments[instrument], &c->order))
        e = roster_outside(s, order_hand_name, &change, &slot, reply->detail);
    if (e)
        return e;
    lane = slot ? roster_lane(s, slot, instrument) : &fresh;
    copy_text(fresh_slot.row.name, sizeof(fresh_slot.row.name), order_hand_name);
    if (!lane) /* the source was ended, and its lane went with its last position */
        return operator_refuse(reply, ERR_NOT_ACTIVE, "orders by hand are ending");
    if (lane->position && (lane->position->exit_order_id || lane->close_again))
        return operator_refuse(reply, ERR_CONFLICT, "an exit of the position is on its way");
    e = order_enter(s, lane, c, NULL, reply);
    if (e == ERR_OK && reply->signal.denials && !c->validate_only) {
        operator_finish_closes(s, reply); /* that it was denied is durable before the answer */
        return order_hand_denied(reply);
    }
    reply->has_signal = e == ERR_OK;
    if (e || c->validate_only)
        return e;
    reply->has_order = true;
    reply->order = state_order(s, lane->entry_order_id)->order;
    return order_hand_log(s, c, reply->order.id);
}

enum err operator_place_order(struct engine_state *s, const struct command *c,
                              struct command_reply *reply)
{
    size_t instrument;
    enum err e = order_check(s, c, reply, &instrument);

    if (e)
        return e;
    return c->order.reduce_only ? order_hand_reduce(s, c, instrument, reply)
                                : order_open(s, c, instrument, reply);
}

/* ---- Replacing ---- */

static enum err replace_check(const struct engine_state *s, const struct command *c,
                              struct command_reply *reply)
{
    const struct live_order *live = state_order(s, c->id);
    char version[ORDER_VERSION];

    if (!live)
        return operator_refuse(reply,
                               c->id > 0 && c->id <= s->account.last_order_id ? ERR_NOT_REPLACEABLE
                                                                              : ERR_NOT_FOUND,
                               "no live order has this id");
    if (live->order.purpose == PURPOSE_STOP_LOSS || live->order.purpose == PURPOSE_TAKE_PROFIT)
        return operator_refuse(reply, ERR_NOT_REPLACEABLE,
                               "it protects an open position, and moves with it");
    if (live->order.type != ORDER_LIMIT)
        return operator_refuse(reply, ERR_NOT_REPLACEABLE, "only a limit order rests");
    if (order_is_immediate(&live->order))
        return operator_refuse(reply, ERR_NOT_REPLACEABLE, "an ioc or fok order never rests");
    if (live->cancel_wanted || live->has_ended)
        return operator_refuse(reply, ERR_NOT_REPLACEABLE,
                               "it is being canceled or replaced already");
    if (live->order.status != ORDER_ACCEPTED && live->order.status != ORDER_PARTIALLY_FILLED)
        return operator_refuse(reply, ERR_NOT_REPLACEABLE,
                               "the venue has not said yet that it rests");
    order_version(&live->order, version);
    if (c->order.version[0] && strcmp(c->order.version, version) != 0)
        return operator_refuse(reply, ERR_VERSION,
                               "the order has changed: read it, and decide anew");
    return ERR_OK;
}

/* What the order shall be now: the size is what is wanted together with what it has filled. */
static enum err replace_wish(const struct engine_state *s, const struct live_order *live,
                             const struct command *c, struct command_reply *reply,
                             struct order_request *out)
{
    const struct order *old = &live->order;
    size_t instrument = live->lane->instrument;
    struct size size = size_sign(c->order.size) > 0 ? c->order.size : old->size;

    *out =
        (struct order_request){.side = old->side,
                               .type = ORDER_LIMIT,
                               .life = old->life,
                               .limit_price = old->limit_price,
                               .stop_loss = old->attached_stop,
                               .take_profit = old->attached_target,
                               .reduce_only = old->reduce_only,
                               .expires_us = order_has_expiry(old) ? old->expires_us : TIME_NONE};
    copy_text(out->label, sizeof(out->label), old->label);
    if (price_sign(c->order.limit_price) > 0)
        out->limit_price = c->order.limit_price;
    if (order_hand_is_far(s, instrument, out))
        return operator_refuse(reply, ERR_FIELD, order_hand_far);
    if (size_cmp(size, old->size) == 0 && price_cmp(out->limit_price, old->limit_price) == 0)
        return operator_refuse(reply, ERR_FIELD, "size: neither size nor limit_price is another");
    out->size.e12 = size.e12 - old->filled.e12;
    if (size_sign(out->size) <= 0)
        return operator_refuse(reply, ERR_FIELD, "size: so much of it is filled already");
    return ERR_OK;
}

static enum err replace_entry(struct engine_state *s, struct live_order *old,
                              const struct command *c, struct command_reply *reply, int64_t *id)
{
    struct lane *lane = old->lane;
    int64_t before = s->account.last_order_id;
    enum err e;

    old->gives_way = true;
    e = order_enter(s, lane, c, &old->order, reply);
    old->gives_way = false;
    if (e == ERR_OK && reply->signal.denials) {
        operator_finish_closes(s, reply);
        return order_hand_denied(reply);
    }
    *id = lane->entry_order_id;
    ASSERT(e || *id > before);
    return e;
}

static enum err replace_exit(struct engine_state *s, struct live_order *old,
                             const struct order_request *wish, struct command_reply *reply,
                             int64_t *id)
{
    enum err e;

    if (!is_multiple(wish->size.e12, lane_instrument(s, old->lane)->lot.e12))
        return operator_refuse(reply, ERR_FIELD, "size: it is not a multiple of the lot");
    if (!old->lane->position || old->lane->position->id != old->order.position_id)
        return operator_refuse(reply, ERR_NOT_REPLACEABLE, "its position has closed");
    e = order_exit_check(s, old->lane, wish, &old->order, reply);
    return e ? e : order_exit_make(s, old->lane, wish, &old->order, id);
}

enum err operator_replace_order(struct engine_state *s, const struct command *c,
                                struct command_reply *reply)
{
    struct command judged = *c;
    struct live_order *old;
    int64_t id = 0;
    enum err e = replace_check(s, c, reply);

    if (e)
        return e;
    old = state_order(s, c->id);
    e = replace_wish(s, old, c, reply, &judged.order);
    if (e)
        return e;
    judged.validate_only = false;
    e = old->order.purpose == PURPOSE_ENTRY ? replace_entry(s, old, &judged, reply, &id)
                                            : replace_exit(s, old, &judged.order, reply, &id);
    if (e)
        return e;
    /* In the rows beside the new order's, so that no crash leaves both of them wanted. */
    old->cancel_wanted = true;
    old->order.replaced_by = id;
    old->order.updated_us = state_now(s);
    copy_text(old->order.reason, sizeof(old->order.reason), "replaced");
    journal_batch_put_order(&s->pending, &old->order);
    reply->has_order = true;
    reply->order = state_order(s, id)->order;
    e = operator_log(s, c);
    operator_finish_closes(s, reply);
    return e;
}
