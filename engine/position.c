/* SPDX-License-Identifier: Apache-2.0 */
/* Books fills into a position, exactly, and keeps its protective level. */
#include "engine/position.h"

#include <string.h>

#include "core/amount_text.h"
#include "core/jwriter.h"

static struct price average(struct money notional, struct size size)
{
    struct price p = PRICE_ZERO;

    if (size_sign(size) <= 0 || money_per_size(notional, size, ROUND_HALF_EVEN, &p))
        return PRICE_ZERO;
    return p;
}

struct price position_entry_price(const struct position *p)
{
    return average(p->entry_notional, p->entry_size);
}

struct price position_exit_price(const struct position *p)
{
    return average(p->exit_notional, p->exit_size);
}

static bool is_tie(struct money m, int scale)
{
    i128 up = money_to_scale(m, scale, ROUND_UP).e12;
    i128 down = money_to_scale(m, scale, ROUND_DOWN).e12;

    return up - m.e12 == m.e12 - down;
}

/* m * part / whole to the money scale, half even, as if rounded once: a quotient that lies between
 * two steps of 10^-12 must not become a tie of the money scale on the way. */
static enum err share_of(struct money m, struct size part, struct size whole, int scale,
                         struct money *out)
{
    struct money below, above;
    enum err e;

    if (part.e12 == whole.e12) { /* all that is left, whatever earlier shares were rounded to */
        *out = m;
        return ERR_OK;
    }
    if (scale == AMOUNT_DECIMALS)
        return money_share(m, part, whole, ROUND_HALF_EVEN, out);
    e = money_share(m, part, whole, ROUND_DOWN, &below);
    if (e)
        return e;
    e = money_share(m, part, whole, ROUND_UP, &above);
    if (e)
        return e;
    *out = money_to_scale(is_tie(below, scale) ? above : below, scale, ROUND_HALF_EVEN);
    /* A fee finer than the money scale must not be shared out beyond what there is. */
    if (money_cmp(money_abs(*out), money_abs(m)) > 0)
        *out = m;
    return ERR_OK;
}

/* Sums are made beside the position and taken over together: an error changes nothing. */
static enum err apply_opening(struct position *p, struct fill *f)
{
    struct size fee = {(int)p->direction * fill_fee_size(f).e12};
    struct size received = {f->size.e12 - fee.e12};
    struct size size, entry_size, fee_size;
    struct money entry_notional, entry_fee, cost_left, entry_fee_left;
    enum err e;

    if (size_sign(received) <= 0)
        return ERR_CONFLICT;
    e = size_add(p->size, received, &size);
    if (!e)
        e = size_add(p->entry_size, f->size, &entry_size);
    if (!e)
        e = size_add(p->fee_size, fee, &fee_size);
    if (!e)
        e = money_add(p->entry_notional, f->notional, &entry_notional);
    if (!e)
        e = money_add(p->entry_fee, fill_fee_value(f), &entry_fee);
    if (!e)
        e = money_add(p->cost_left, f->notional, &cost_left);
    if (!e)
        e = money_add(p->entry_fee_left, fill_fee_cash(f), &entry_fee_left);
    if (e)
        return e;
    if (p->entry_size.e12 == 0) {
        p->opened_us = f->at_us;
        p->closed_us = TIME_NONE;
        p->extreme = f->price;
        p->worst = f->price;
    }
    p->size = size;
    p->entry_size = entry_size;
    p->fee_size = fee_size;
    p->entry_notional = entry_notional;
    p->entry_fee = entry_fee;
    p->cost_left = cost_left;
    p->entry_fee_left = entry_fee_left;
    f->opens = true;
    f->pnl = MONEY_ZERO;
    return ERR_OK;
}

/* direction * (proceeds - cost) - fees. */
static enum err closing_pnl(const struct position *p, const struct fill *f, struct money cost,
                            struct money entry_fee, struct money *out)
{
    struct money gain;
    enum err e;

    if (p->direction == DIRECTION_LONG)
        e = money_sub(f->notional, cost, &gain);
    else
        e = money_sub(cost, f->notional, &gain);
    if (!e)
        e = money_sub(gain, fill_fee_cash(f), &gain);
    if (!e)
        e = money_sub(gain, entry_fee, &gain);
    if (!e)
        *out = gain;
    return e;
}

static void finish(struct position *p, int64_t at_us)
{
    p->status = POSITION_CLOSED;
    p->closed_us = at_us;
}

/* What a closing fill makes a position smaller by.  A fee in the base asset comes out of what is
 * left, as far as that goes: the rest of it was not the position's. */
static struct size closing_size(const struct position *p, const struct fill *f)
{
    struct size fee = {(int)p->direction * fill_fee_size(f).e12};
    struct size rest = {p->size.e12 - f->size.e12};

    return (struct size){f->size.e12 + size_min(fee, rest).e12};
}

static enum err apply_closing(struct position *p, struct fill *f, enum exit_reason reason,
                              int money_scale)
{
    struct money cost, entry_fee, pnl, realized_pnl, exit_notional, exit_fee;
    struct size gone, exit_size;
    enum err e;

    if (size_cmp(f->size, p->size) > 0)
        return ERR_CONFLICT;
    gone = closing_size(p, f);
    if (size_sign(gone) <= 0)
        return ERR_CONFLICT;
    e = share_of(p->cost_left, gone, p->size, money_scale, &cost);
    if (!e)
        e = share_of(p->entry_fee_left, gone, p->size, money_scale, &entry_fee);
    if (!e)
        e = closing_pnl(p, f, cost, entry_fee, &pnl);
    if (!e)
        e = money_add(p->realized_pnl, pnl, &realized_pnl);
    if (!e)
        e = size_add(p->exit_size, f->size, &exit_size);
    if (!e)
        e = money_add(p->exit_notional, f->notional, &exit_notional);
    if (!e)
        e = money_add(p->exit_fee, fill_fee_value(f), &exit_fee);
    if (e)
        return e;
    p->realized_pnl = realized_pnl;
    p->exit_size = exit_size;
    p->exit_notional = exit_notional;
    p->exit_fee = exit_fee;
    p->size.e12 -= gone.e12;
    p->fee_size.e12 += gone.e12 - f->size.e12;
    p->cost_left.e12 -= cost.e12;
    p->entry_fee_left.e12 -= entry_fee.e12;
    p->exit_reason = reason;
    if (p->size.e12 == 0)
        finish(p, f->at_us);
    f->opens = false;
    f->pnl = pnl;
    return ERR_OK;
}

enum err position_apply_fill(struct position *p, struct fill *f, enum exit_reason reason,
                             int money_scale)
{
    enum err e;

    ASSERT(strcmp(p->symbol, f->symbol) == 0);
    if (size_sign(f->size) <= 0 || price_sign(f->price) <= 0)
        return ERR_INVALID;
    if (p->status == POSITION_CLOSED)
        return ERR_CONFLICT;
    if ((int)f->side == (int)p->direction)
        e = apply_opening(p, f);
    else
        e = apply_closing(p, f, reason, money_scale);
    if (e)
        return e;
    p->mark = f->price;
    p->updated_us = f->at_us;
    f->position_id = p->id;
    return ERR_OK;
}

struct size position_sellable(const struct position *p, struct size lot)
{
    struct size whole;

    return size_to_step(p->size, lot, ROUND_DOWN, &whole) ? SIZE_ZERO : whole;
}

enum err position_give_up(struct position *p, int64_t at_us, struct size *size, struct money *pnl)
{
    struct money lost = {-(int)p->direction * p->cost_left.e12 - p->entry_fee_left.e12};
    enum err e = money_add(p->realized_pnl, lost, &p->realized_pnl);

    if (e)
        return e;
    *size = p->dust = p->size;
    *pnl = lost;
    p->size = SIZE_ZERO;
    p->cost_left = p->entry_fee_left = MONEY_ZERO;
    p->updated_us = at_us;
    finish(p, at_us);
    return ERR_OK;
}

enum err position_unrealized(const struct position *p, struct money *out)
{
    struct money value, gain;
    enum err e;

    e = notional_of(p->mark, p->size, ROUND_HALF_EVEN, &value);
    if (e)
        return e;
    if (p->direction == DIRECTION_LONG)
        e = money_sub(value, p->cost_left, &gain);
    else
        e = money_sub(p->cost_left, value, &gain);
    if (e)
        return e;
    *out = gain;
    return ERR_OK;
}

struct money position_net(const struct position *p)
{
    struct money net;

    return money_add(p->realized_pnl, p->funding, &net) ? p->realized_pnl : net;
}

void position_pass_detail(struct position *p, struct price high, struct price low,
                          struct price close)
{
    if (p->direction == DIRECTION_LONG) {
        p->extreme = price_max(p->extreme, high);
        p->worst = price_min(p->worst, low);
    } else {
        p->extreme = price_min(p->extreme, low);
        p->worst = price_max(p->worst, high);
    }
    p->mark = close;
}

void position_pass_candle(struct position *p, struct price high, struct price low,
                          struct price close)
{
    position_pass_detail(p, high, low, close);
    p->candles_held++;
}

static bool is_better(const struct position *p, struct price a, struct price b)
{
    return p->direction == DIRECTION_LONG ? a.e12 > b.e12 : a.e12 < b.e12;
}

/* price * (1 + part * sign), rounded by the rule; false out of range. */
static bool moved_by(struct price price, struct ratio part, int sign, enum rounding mode,
                     struct price *out)
{
    struct ratio factor = {AMOUNT_ONE + (sign > 0 ? part.e12 : -part.e12)};

    return !price_times(price, factor, mode, out);
}

/* The nearest price to the mark, on the tick, that does not touch it. */
static bool beside_mark(const struct position *p, struct price tick, struct price *out)
{
    enum rounding mode = p->direction == DIRECTION_LONG ? ROUND_DOWN : ROUND_UP;

    if (price_to_step(p->mark, tick, mode, out))
        return false;
    if (out->e12 == p->mark.e12)
        out->e12 -= tick.e12 * (int)p->direction;
    return true;
}

/* True once the best price has been where trailing begins. */
static bool is_trailing(const struct position *p, struct ratio activation)
{
    struct price begin;
    enum rounding safe = p->direction == DIRECTION_LONG ? ROUND_UP : ROUND_DOWN;

    return p->status == POSITION_OPEN &&
           moved_by(position_entry_price(p), activation, (int)p->direction, safe, &begin) &&
           !is_better(p, begin, p->extreme);
}

bool position_trail_to(const struct position *p, struct price level, struct ratio activation,
                       struct price tick, struct price *out)
{
    struct price made, nearest, now = position_stop_level(p);
    enum rounding safe = p->direction == DIRECTION_LONG ? ROUND_UP : ROUND_DOWN;

    if (!is_trailing(p, activation))
        return false;
    /* The safe side is nearer to the market: the stop triggers earlier, never later. */
    if (price_to_step(level, tick, safe, &made) || !beside_mark(p, tick, &nearest))
        return false;
    /* A stop at or beyond the newest close would be refused or trigger at once. */
    if (is_better(p, made, nearest))
        made = nearest;
    if (price_sign(made) <= 0 || (price_sign(now) > 0 && !is_better(p, made, now)))
        return false;
    *out = made;
    return true;
}

bool position_trail(const struct position *p, struct ratio distance, struct ratio activation,
                    struct price tick, struct price *level)
{
    struct price made;
    enum rounding safe = p->direction == DIRECTION_LONG ? ROUND_UP : ROUND_DOWN;

    return ratio_sign(distance) > 0 &&
           moved_by(p->extreme, distance, -(int)p->direction, safe, &made) &&
           position_trail_to(p, made, activation, tick, level);
}

struct price position_stop_level(const struct position *p)
{
    return price_sign(p->trailing_stop) > 0 ? p->trailing_stop : p->stop_loss;
}

struct price position_target_level(const struct position *p, enum exit_reason *reason)
{
    bool has_roi = price_sign(p->roi_target) > 0;

    /* The nearer one: a better price for us lies further away. */
    if (has_roi &&
        (price_sign(p->take_profit) == 0 || is_better(p, p->take_profit, p->roi_target))) {
        *reason = EXIT_ROI;
        return p->roi_target;
    }
    *reason = EXIT_TAKE_PROFIT;
    return p->take_profit;
}
