/* SPDX-License-Identifier: Apache-2.0 */
/* What the venue holds of a position, taken over, what one strategy's order took of another's, and
 * what no order can take: entries of the log that no order asked for. */
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "engine/booking_parts.h"

static const char less_text[] = "the venue holds less than the trades made";
static const char more_text[] = "the venue holds more than the trades made";
static const char crossed_text[] = "an order of another strategy took it: the venue knows the sum";

/* The difference as the fill it is booked like; no row of fills has it. */
static enum err adopt_fill(const struct engine_state *s, const struct lane *lane, enum side side,
                           struct size size, struct price price, struct fill *out)
{
    const struct instrument *i = lane_instrument(s, lane);
    const struct position *p = lane->position;
    struct fill f = {
        .side = side, .price = price, .size = size, .fee_kind = FEE_QUOTE, .at_us = state_now(s)};
    enum err e = notional_of(price, size, ROUND_HALF_EVEN, &f.notional);

    if (e)
        return e;
    f.notional = money_to_scale(f.notional, i->money_scale, ROUND_HALF_EVEN);
    copy_text(f.symbol, sizeof(f.symbol), p->symbol);
    copy_text(f.strategy, sizeof(f.strategy), p->strategy);
    copy_text(f.strategy_id, sizeof(f.strategy_id), p->strategy_id);
    copy_text(f.fee_currency, sizeof(f.fee_currency), i->quote);
    *out = f;
    return ERR_OK;
}

static void adopt_tell(const struct position *p, const struct fill *f)
{
    char size[AMOUNT_TEXT_MAX], price[AMOUNT_TEXT_MAX];

    size_print(f->size, size);
    price_print(f->price, price);
    LOG_WARN("position_adopted", "symbol", p->symbol, "position", LOG_NUMBER(p->id), "side",
             side_name(f->side), "size", size, "price", price, NULL);
}

static enum err adopt_part(struct engine_state *s, struct lane *lane, enum side side,
                           struct size size, struct price price, const char *reason)
{
    const struct instrument *i = lane_instrument(s, lane);
    struct position *p = lane->position, after = *p;
    struct leaf_context context = state_leaf_context(s, p->strategy);
    struct correction c = {.reason = reason,
                           .position_id = p->id,
                           .symbol = p->symbol,
                           .strategy_id = p->strategy_id,
                           .side = side,
                           .size = size,
                           .price = price};
    struct leaf leaf;
    struct fill f;
    enum err e = adopt_fill(s, lane, side, size, price, &f);

    if (e == ERR_OK)
        e = position_apply_fill(&after, &f, EXIT_MANUAL, i->money_scale);
    if (e)
        return e;
    c.pnl = f.pnl;
    e = ledger_correct(&context, &c, i, &leaf);
    if (e)
        return e;
    e = booking_cash(s, i, &f, (struct money){p->entry_fee_left.e12 - after.entry_fee_left.e12});
    if (e) {
        leaf_release(&leaf);
        return e;
    }
    *p = after;
    adopt_tell(p, &f);
    state_add_leaf(s, &leaf);
    performance_dust(&s->account.performance, f.pnl);
    s->dealings.adoptions++;
    s->effects = true;
    state_touch(s, lane);
    journal_batch_put_position(&s->pending, p);
    if (!f.opens)
        state_end_entry(s, lane);
    if (p->status == POSITION_CLOSED) {
        booking_close_position(s, lane);
        return ERR_OK;
    }
    return booking_dust(s, lane, !f.opens);
}

enum err booking_adopt(struct engine_state *s, size_t instrument, struct size theirs,
                       struct price price)
{
    struct size ours = SIZE_ZERO, left;
    enum side side;
    enum err e = ERR_OK;

    for (size_t i = 0; i < s->lane_count; i++) {
        const struct position *p = s->lanes[i]->position;

        if (p && s->lanes[i]->instrument == instrument)
            ours.e12 += (int)p->direction * p->size.e12;
    }
    if (size_sign(theirs) != size_sign(ours))
        theirs = SIZE_ZERO;
    left.e12 = theirs.e12 - ours.e12;
    if (size_sign(ours) == 0 || size_sign(left) == 0 ||
        (s->instruments[instrument].is_spot && size_cmp(theirs, ours) > 0))
        return ERR_NOT_FOUND;
    side = size_sign(left) > 0 ? SIDE_BUY : SIDE_SELL;
    left = size_abs(left);
    for (size_t i = 0; i < s->lane_count && size_sign(left) > 0 && e == ERR_OK; i++) {
        struct lane *lane = s->lanes[i];
        struct size part = left;

        if (!lane->position || lane->instrument != instrument)
            continue;
        if ((int)side != (int)lane->position->direction)
            part = size_min(left, lane->position->size);
        left.e12 -= part.e12;
        e = adopt_part(s, lane, side, part, price,
                       (int)side == (int)lane->position->direction ? more_text : less_text);
    }
    return e;
}

enum err booking_cross(struct engine_state *s, struct lane *lane, struct price price)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < s->lane_count && lane->position && e == ERR_OK; i++) {
        struct lane *of = s->lanes[i];
        struct size size;
        bool was_long = lane->position->direction == DIRECTION_LONG;

        if (of == lane || of->instrument != lane->instrument || !of->position ||
            of->position->direction == lane->position->direction)
            continue;
        size = size_min(lane->position->size, of->position->size);
        e = adopt_part(s, of, was_long ? SIDE_BUY : SIDE_SELL, size, price, crossed_text);
        if (e == ERR_OK)
            e = adopt_part(s, lane, was_long ? SIDE_SELL : SIDE_BUY, size, price, crossed_text);
    }
    return e;
}

/* ---- Dust ---- */

/* What is left of a position can be in no order: below the least size, or at a real venue, where
 * no order of the lane is alive any more, less than the minimum notional. */
static bool is_dust(const struct engine_state *s, const struct lane *lane)
{
    const struct instrument *instrument = lane_instrument(s, lane);
    const struct position *p = lane->position;
    struct money value;

    if (!instrument->is_spot)
        return false;
    if (size_cmp(position_sellable(p, instrument->lot), instrument_least(instrument)) < 0)
        return true;
    return s->options.venue->traits.outlives_us && lane->order_count == 0 &&
           !notional_of(p->mark, p->size, ROUND_DOWN, &value) &&
           money_cmp(value, instrument->min_notional) < 0;
}

enum err booking_dust(struct engine_state *s, struct lane *lane, bool was_exit)
{
    const struct instrument *instrument = lane_instrument(s, lane);
    const struct venue *venue = s->options.venue;
    struct leaf_context context;
    struct position after;
    struct cash_move m;
    struct leaf leaf;
    enum err e;

    /* An entry that goes on may make it large enough. */
    if (!lane->position || (lane->entry_order_id && !was_exit) || !is_dust(s, lane))
        return ERR_OK;
    /* Owed, because it was sold out of what another strategy holds: that one has so much less. */
    if (lane->position->direction == DIRECTION_SHORT) {
        e = booking_cross(s, lane, lane->position->mark);
        if (e || !lane->position)
            return e;
    }
    context = state_leaf_context(s, lane->position->strategy);
    after = *lane->position;
    e = cash_move_of_dust(&after, instrument, context.at_us, &m);
    m.id = s->account.last_cash_id + 1;
    if (e == ERR_OK)
        e = ledger_cash(&context, &m, instrument, &leaf);
    if (e)
        return e;
    *lane->position = after;
    if (venue->give_up)
        venue->give_up(venue->self, lane->instrument,
                       after.direction == DIRECTION_LONG ? m.size : size_neg(m.size));
    s->account.last_cash_id = m.id;
    performance_dust(&s->account.performance, m.pnl);
    journal_batch_add_cash(&s->pending, &m, state_add_leaf(s, &leaf));
    booking_close_position(s, lane);
    return ERR_OK;
}
