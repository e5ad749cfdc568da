/* SPDX-License-Identifier: Apache-2.0 */
/* Fills, booked: positions, cash, statistics, leaves; orders and positions that have ended. */
#include "engine/booking.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "engine/booking_parts.h"
#include "engine/income.h"
#include "engine/manage.h"
#include "engine/mark.h"
#include "engine/roster.h"

/* What the rules give at this entry price, or the order brought along from outside. */
static void booking_levels(const struct engine_state *s, const struct lane *lane,
                           const struct order *o, struct price *stop_loss,
                           struct price *take_profit)
{
    const struct position *p = lane->position;
    const struct instrument *i = lane_instrument(s, lane);
    double stop, target;

    if (!lane->now.run) {
        manage_told_levels(p, i->tick, o, stop_loss, take_profit);
        return;
    }
    strategy_run_levels(lane->now.run, price_to_double(position_entry_price(p)), &stop, &target);
    manage_levels(p, i, stop, target, stop_loss, take_profit);
}

/* The levels of a position that has just been opened, from the rules at its entry price. */
static void booking_set_levels(struct engine_state *s, struct lane *lane, const struct order *o)
{
    struct position *p = lane->position;

    booking_levels(s, lane, o, &p->stop_loss, &p->take_profit);
    mark_roi(s, lane);
    if (s->options.limits.stop_loss_required && price_sign(p->stop_loss) == 0)
        LOG_ERROR("stop_loss_unknown", "symbol", p->symbol, "position", LOG_NUMBER(p->id), NULL);
}

/* A position that has grown has another entry price: its target follows, its stop only if that
 * protects more. */
static void booking_move_levels(struct engine_state *s, struct lane *lane, const struct order *o)
{
    struct position *p = lane->position;
    struct price stop, target;
    int side;

    booking_levels(s, lane, o, &stop, &target);
    side = price_cmp(stop, p->stop_loss) * (int)p->direction;
    if (price_sign(stop) > 0 && (price_sign(p->stop_loss) == 0 || side > 0))
        p->stop_loss = stop;
    if (price_sign(target) > 0)
        p->take_profit = target;
    mark_roi(s, lane);
}

static struct position *booking_open(struct engine_state *s, const struct order *o)
{
    struct position *p = xcalloc(1, sizeof(*p));
    int64_t now = state_now(s);

    p->id = s->account.last_position_id + 1;
    copy_text(p->symbol, sizeof(p->symbol), o->symbol);
    copy_text(p->strategy, sizeof(p->strategy), o->strategy);
    copy_text(p->strategy_id, sizeof(p->strategy_id), o->strategy_id);
    p->direction = o->side == SIDE_BUY ? DIRECTION_LONG : DIRECTION_SHORT;
    p->status = POSITION_OPEN;
    p->signal_id = o->signal_id;
    p->entry_order_id = o->id;
    p->first_size = o->size;
    p->opened_us = now;
    p->closed_us = TIME_NONE;
    p->updated_us = now;
    p->unprotected_since_us = s->options.venue->traits.outlives_us ? now : TIME_NONE;
    return p;
}

/* Cash after a fill.  A spot trade moves its notional; a perpetual only profit and fees: pnl is net
 * of the entry fee's share, which was paid when the position was opened. */
enum err booking_cash(struct engine_state *s, const struct instrument *instrument,
                      const struct fill *f, struct money entry_fee_share)
{
    struct money cash = s->account.cash;
    enum err e;

    if (instrument->is_spot) {
        e = f->side == SIDE_BUY ? money_sub(cash, f->notional, &cash)
                                : money_add(cash, f->notional, &cash);
        if (e == ERR_OK)
            e = money_sub(cash, fill_fee_cash(f), &cash);
    } else if (f->opens) {
        e = money_sub(cash, fill_fee_cash(f), &cash);
    } else {
        e = money_add(cash, f->pnl, &cash);
        if (e == ERR_OK)
            e = money_add(cash, entry_fee_share, &cash);
    }
    if (e == ERR_OK)
        s->account.cash = cash;
    return e;
}

/* The fee as the venue told it, and what it comes to: in quote to the money scale, in base at the
 * fill's price, in a third asset nothing that is ours to convert. */
static enum err booking_fee(const struct instrument *instrument, const struct venue_event *event,
                            struct fill *f)
{
    struct size base = {event->fee.e12};
    enum err e;

    copy_text(f->fee_currency, sizeof(f->fee_currency), event->fee_currency);
    f->fee_kind = instrument_fee_kind(instrument, f->fee_currency);
    f->fee = event->fee;
    if (f->fee_kind == FEE_QUOTE)
        f->fee = money_to_scale(event->fee, instrument->money_scale, ROUND_HALF_EVEN);
    if (f->fee_kind != FEE_BASE)
        return ERR_OK;
    e = notional_of(f->price, base, ROUND_HALF_EVEN, &f->fee_worth);
    f->fee_worth = money_to_scale(f->fee_worth, instrument->money_scale, ROUND_HALF_EVEN);
    return e;
}

static enum err booking_make_fill(struct engine_state *s, const struct live_order *live,
                                  const struct venue_event *event, struct fill *out)
{
    const struct instrument *instrument = lane_instrument(s, live->lane);
    const struct order *o = &live->order;
    struct price worse;
    struct money slip;
    struct fill f = {
        .id = s->account.last_fill_id + 1,
        .order_id = o->id,
        .side = o->side,
        .price = event->price,
        .size = event->size,
        .is_maker = event->is_maker,
        .order_done = size_cmp(event->size, order_left(o)) == 0,
        .at_us = state_now(s),
        .order_leaf_hash = o->leaf_hash,
    };
    enum err e;

    e = notional_of(f.price, f.size, ROUND_HALF_EVEN, &f.notional);
    if (e == ERR_OK)
        e = o->side == SIDE_BUY ? price_sub(f.price, o->decision_price, &worse)
                                : price_sub(o->decision_price, f.price, &worse);
    if (e == ERR_OK)
        e = notional_of(worse, f.size, ROUND_HALF_EVEN, &slip);
    if (e == ERR_OK)
        e = booking_fee(instrument, event, &f);
    if (e)
        return e;
    f.notional = money_to_scale(f.notional, instrument->money_scale, ROUND_HALF_EVEN);
    f.slippage = money_to_scale(slip, instrument->money_scale, ROUND_HALF_EVEN);
    copy_text(f.venue_fill_id, sizeof(f.venue_fill_id), event->venue_fill_id);
    copy_text(f.symbol, sizeof(f.symbol), o->symbol);
    copy_text(f.strategy, sizeof(f.strategy), o->strategy);
    copy_text(f.strategy_id, sizeof(f.strategy_id), o->strategy_id);
    copy_text(f.client_order_id, sizeof(f.client_order_id), o->client_order_id);
    *out = f;
    return ERR_OK;
}

enum err booking_close_order(struct engine_state *s, int64_t order_id)
{
    struct live_order *live = state_order(s, order_id);
    struct leaf_context context = state_leaf_context(s, live->order.strategy);
    struct lane *lane = live->lane;
    struct position *p = lane->position;
    struct leaf leaf;
    enum err e = ledger_close(&context, &live->order, lane_instrument(s, lane), &leaf);

    if (e)
        return e;
    state_add_leaf(s, &leaf);
    journal_batch_put_order(&s->pending, &live->order);
    if (lane->entry_order_id == order_id)
        lane->entry_order_id = 0;
    if (p && p->stop_order_id == order_id)
        p->stop_order_id = 0;
    if (p && p->target_order_id == order_id)
        p->target_order_id = 0;
    if (p && p->exit_order_id == order_id)
        p->exit_order_id = 0;
    state_keep_ended(s, &live->order);
    state_drop_order(s, order_id);
    roster_flat(s, lane);
    return ERR_OK;
}

/* A position that has closed: its last row, its statistics, and its other orders taken away. */
void booking_close_position(struct engine_state *s, struct lane *lane)
{
    struct position *p = lane->position;
    size_t i;

    performance_trip(&s->account.performance, position_net(p));
    for (i = 0; i < s->order_count; i++) {
        if (s->orders[i]->order.position_id == p->id &&
            s->orders[i]->order.purpose != PURPOSE_ENTRY)
            s->orders[i]->cancel_wanted = true;
    }
    p->stop_order_id = p->target_order_id = p->exit_order_id = 0;
    journal_batch_put_position(&s->pending, p);
    s->last_closed = *p;
    income_note_held(s, p);
    lane->cooldown_until_us = roster_cooldown_end(s, lane, p);
    free(p);
    lane->position = NULL;
    lane->exit_price_missing = lane->pair_refused = lane->close_again = false;
    s->position_count--;
    roster_flat(s, lane);
}

/* A fill of an order that had ended: its row tells, its status stays. */
static void booking_late(struct engine_state *s, struct order *o)
{
    struct order *kept = state_ended_of(s, &(struct venue_event){.order_id = o->id});

    LOG_ERROR("late_fill", "order", LOG_NUMBER(o->id), "symbol", o->symbol, "status",
              order_status_name(o->status), NULL);
    s->dealings.late_fills++;
    o->updated_us = state_now(s);
    if (kept)
        *kept = *o;
    journal_batch_put_order(&s->pending, o);
}

/* The trade's leaf, the fill's row, the order's progress. */
static enum err booking_record_fill(struct engine_state *s, struct live_order *live,
                                    const struct fill *f)
{
    struct leaf_context context = state_leaf_context(s, f->strategy);
    struct order *o = &live->order;
    struct leaf leaf;
    enum err e = ledger_trade(&context, f, lane_instrument(s, live->lane), &leaf);

    if (e)
        return e;
    if (s->options.venue->traits.outlives_us) {
        if (size_sign(o->filled) == 0 && o->submitted_us != TIME_NONE && o->type == ORDER_MARKET)
            quality_time(&s->quality, QUALITY_SENT_FILLED, state_now(s) - o->submitted_us);
        quality_fill(&s->quality, f);
    }
    s->account.last_fill_id = f->id;
    journal_batch_add_fill(&s->pending, f, state_add_leaf(s, &leaf));
    o->filled.e12 += f->size.e12;
    o->filled_notional.e12 += f->notional.e12;
    o->fee.e12 += fill_fee_value(f).e12;
    o->position_id = f->position_id;
    performance_fill(&s->account.performance, f->notional, fill_fee_value(f), f->pnl);
    fee_sums_fill(&s->other_fees, f);
    if (order_is_final(o->status)) {
        booking_late(s, o);
        return ERR_OK;
    }
    order_move(o, f->order_done ? ORDER_FILLED : ORDER_PARTIALLY_FILLED, f->at_us);
    journal_batch_put_order(&s->pending, o);
    return f->order_done ? booking_close_order(s, o->id) : ERR_OK;
}

/* More was sold, or bought, than was held: such a position has no levels and leaves at once. */
static void booking_orphan(struct engine_state *s, struct lane *lane)
{
    LOG_ERROR("position_orphan", "symbol", lane->position->symbol, "position",
              LOG_NUMBER(lane->position->id), NULL);
    lane->exit_price_missing = true;
    s->dealings.compare_wanted = true;
}

/* What a fill leaves behind beside its record: a new position with its levels, a moved one. */
static void booking_settle(struct engine_state *s, struct live_order *live, struct position *p,
                           const struct fill *f, bool opened)
{
    struct lane *lane = live->lane;

    if (opened) {
        s->account.last_position_id = p->id;
        lane->position = p;
        s->position_count++;
    }
    if (f->opens && live->order.purpose != PURPOSE_ENTRY)
        booking_orphan(s, lane);
    else if (opened)
        booking_set_levels(s, lane, &live->order);
    else if (f->opens && live->order.id != p->entry_order_id)
        booking_move_levels(s, lane, &live->order);
    if (!f->opens)
        state_end_entry(s, lane);
}

/* A fill, or the part of it that closes a position, or the part beyond. */
static enum err booking_part(struct engine_state *s, struct live_order *live,
                             const struct venue_event *event)
{
    struct lane *lane = live->lane;
    const struct instrument *instrument = lane_instrument(s, lane);
    struct position *p = lane->position;
    struct position after;
    bool opened = false;
    struct fill f;
    enum err e;

    e = booking_make_fill(s, live, event, &f);
    if (e)
        return e;
    if (!p) {
        p = booking_open(s, &live->order);
        opened = true;
    }
    after = *p;
    e = position_apply_fill(&after, &f, live->order.exit_reason, instrument->money_scale);
    if (e == ERR_OK)
        e = booking_cash(s, instrument, &f,
                         (struct money){p->entry_fee_left.e12 - after.entry_fee_left.e12});
    if (e) {
        if (opened)
            free(p);
        return e;
    }
    *p = after;
    booking_settle(s, live, p, &f, opened);
    e = booking_record_fill(s, live, &f);
    if (e == ERR_OK) {
        journal_batch_put_position(&s->pending, p);
        if (p->status == POSITION_CLOSED)
            booking_close_position(s, lane);
        else
            e = booking_dust(s, lane, !f.opens);
    }
    return e;
}

/* The part of a fill that only closes what is open; 0: all of it is of one kind. */
static struct size booking_closing_part(const struct live_order *live,
                                        const struct venue_event *event)
{
    const struct position *p = live->lane->position;

    if (!p || (int)p->direction == (int)live->order.side || size_cmp(event->size, p->size) <= 0)
        return SIZE_ZERO;
    return p->size;
}

/* One fill that closes a position and goes beyond: two trades, the second with a "+" to its id. */
static enum err booking_split(struct engine_state *s, struct live_order *live,
                              const struct venue_event *event, struct size part)
{
    struct venue_event first = *event, rest = *event;
    enum err e = money_share(event->fee, part, event->size, ROUND_DOWN, &first.fee);

    if (e)
        return e;
    first.size = part;
    rest.size.e12 -= part.e12;
    rest.fee.e12 -= first.fee.e12;
    (void)snprintf(rest.venue_fill_id, sizeof(rest.venue_fill_id), "%.*s+",
                   (int)sizeof(rest.venue_fill_id) - 2, event->venue_fill_id);
    e = booking_part(s, live, &first);
    return e ? e : booking_part(s, live, &rest);
}

enum err booking_fill(struct engine_state *s, struct live_order *live,
                      const struct venue_event *event)
{
    const struct venue_traits *traits = &s->options.venue->traits;
    char symbol[LIMIT_SYMBOL];
    struct size part;
    enum err e;

    copy_text(symbol, sizeof(symbol), live->order.symbol);
    if (!traits->tells_fill_once && fill_ids_has(&s->fill_ids, symbol, event->venue_fill_id))
        return ERR_OK; /* told before */
    if (size_sign(event->size) <= 0 || price_sign(event->price) <= 0 ||
        size_cmp(event->size, order_left(&live->order)) > 0)
        return ERR_CONFLICT;
    if (!traits->outlives_us && !live->lane->position && live->order.purpose != PURPOSE_ENTRY)
        return ERR_CONFLICT;
    part = traits->outlives_us ? booking_closing_part(live, event) : SIZE_ZERO;
    e = size_sign(part) > 0 ? booking_split(s, live, event, part) : booking_part(s, live, event);
    if (e == ERR_OK && !traits->tells_fill_once)
        (void)fill_ids_add(&s->fill_ids, symbol, event->venue_fill_id);
    return e;
}

/* ---- Funding ---- */

static enum err booking_charge(struct engine_state *s, struct lane *lane, const struct funding *f,
                               bool *moved)
{
    const struct instrument *instrument = lane_instrument(s, lane);
    const struct leaf_context context = state_leaf_context(s, lane->position->strategy);
    struct position after = *lane->position;
    struct money cash;
    struct cash_move m;
    struct leaf leaf;
    enum err e = cash_move_of_funding(&after, instrument, f, &m);

    if (e || money_sign(m.amount) == 0)
        return e;
    m.id = s->account.last_cash_id + 1;
    m.at_us = context.at_us;
    e = money_add(s->account.cash, m.amount, &cash);
    if (!e)
        e = money_add(after.funding, m.amount, &after.funding);
    if (!e)
        e = ledger_cash(&context, &m, instrument, &leaf);
    if (e)
        return e;
    after.updated_us = m.at_us;
    *lane->position = after;
    s->account.cash = cash;
    s->account.last_cash_id = m.id;
    performance_funding(&s->account.performance, m.amount);
    journal_batch_add_cash(&s->pending, &m, state_add_leaf(s, &leaf));
    journal_batch_put_position(&s->pending, lane->position);
    *moved = true;
    return ERR_OK;
}

void booking_funding(struct engine_state *s, const struct feed_event *event)
{
    const struct tape *tape = &s->tapes[event->instrument];
    const struct venue *venue = s->options.venue;
    struct funding f = *event->funding;
    bool moved = false;

    if (venue->traits.tells_funding)
        return;
    if (price_sign(f.mark) == 0 && tape->has_candle)
        f.mark = candle_price(&tape->candle, tape->candle.close);
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        enum err e = ERR_OK;

        if (lane->instrument == event->instrument && lane->position)
            e = booking_charge(s, lane, &f, &moved);
        if (!e)
            continue;
        s->symbol_errors++;
        LOG_ERROR("funding_failed", "symbol", lane_instrument(s, lane)->symbol, "error",
                  err_code(e), NULL);
    }
    if (moved && venue->fund)
        venue->fund(venue->self, s->account.cash);
}
