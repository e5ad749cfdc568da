/* SPDX-License-Identifier: Apache-2.0 */
/* Books executions: spot moves two assets, futures a position and the wallet. */
#include "sandbox/trade.h"

#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"

struct price trade_mark(const struct box *b, size_t pair)
{
    const struct box_pair *p = &b->pairs[pair];

    return price_from_scaled(path_ticks(&p->path, b->now_us), p->path.price_scale);
}

static struct price moved(const struct box *b, size_t pair, enum box_side side)
{
    const enum rounding against = side == BOX_BUY ? ROUND_UP : ROUND_DOWN;
    const struct ratio factor = {AMOUNT_ONE + (int)side * b->options.slippage.e12};
    const struct price tick = b->pairs[pair].rules.tick;
    struct price p = trade_mark(b, pair);

    ASSERT(price_times(p, factor, against, &p) == ERR_OK);
    ASSERT(price_to_step(p, tick, against, &p) == ERR_OK);
    return price_max(p, tick);
}

struct price trade_ask(const struct box *b, size_t pair)
{
    return moved(b, pair, BOX_BUY);
}

struct price trade_bid(const struct box *b, size_t pair)
{
    return moved(b, pair, BOX_SELL);
}

struct price trade_taker(const struct box *b, size_t pair, enum box_side side)
{
    return moved(b, pair, side);
}

struct size trade_rest(const struct box_order *o)
{
    return (struct size){o->size.e12 - o->filled.e12};
}

/* ---- Spot's locks ---- */

struct money trade_lock_of(const struct box_order *o, struct size rest)
{
    if (o->side == BOX_SELL)
        return (struct money){rest.e12};
    return box_notional(o->price.e12 ? o->price : o->stop, rest);
}

static struct box_asset *paid_with(const struct box *b, const struct box_order *o)
{
    const struct box_pair *p = &b->pairs[o->pair];
    struct box_asset *a = book_asset(b, BOX_SPOT, o->side == BOX_BUY ? p->quote : p->base);

    ASSERT(a);
    return a;
}

bool trade_lock(struct box *b, struct box_order *o)
{
    const struct money need = trade_lock_of(o, trade_rest(o));
    struct box_asset *a = paid_with(b, o);

    if (money_cmp(a->free, need) < 0)
        return false;
    a->free.e12 -= need.e12;
    a->locked.e12 += need.e12;
    o->locked = need;
    return true;
}

void trade_unlock(struct box *b, struct box_order *o)
{
    struct box_asset *a;

    if (o->locked.e12 == 0)
        return;
    a = paid_with(b, o);
    a->free.e12 += o->locked.e12;
    a->locked.e12 -= o->locked.e12;
    o->locked = MONEY_ZERO;
}

static void fill_spot(struct box *b, struct box_order *o, struct box_trade *t)
{
    const struct box_pair *p = &b->pairs[o->pair];
    struct box_asset *base = book_asset(b, BOX_SPOT, p->base);
    struct box_asset *quote = book_asset(b, BOX_SPOT, p->quote);
    const struct money size = {t->size.e12};

    if (o->locked.e12 > 0) {
        const struct money kept = trade_lock_of(o, (struct size){trade_rest(o).e12 - t->size.e12});
        struct box_asset *a = o->side == BOX_BUY ? quote : base;

        a->locked.e12 -= o->locked.e12 - kept.e12;
        a->free.e12 += o->locked.e12 - kept.e12;
        o->locked = kept;
    }
    if (o->side == BOX_BUY) {
        t->fee = box_share(size, b->options.spot_fee);
        quote->free.e12 -= t->quote.e12;
        base->free = box_add(base->free, (struct money){size.e12 - t->fee.e12});
    } else {
        t->fee = box_share(t->quote, b->options.spot_fee);
        base->free.e12 -= size.e12;
        quote->free = box_add(quote->free, (struct money){t->quote.e12 - t->fee.e12});
    }
    ASSERT(quote->free.e12 >= 0 && base->free.e12 >= 0);
    (void)copy_text(t->fee_asset, sizeof t->fee_asset, o->side == BOX_BUY ? p->base : p->quote);
}

/* ---- Futures' positions ---- */

/* What closes takes its share of the cost out; the rest opens. */
static void fill_position(struct box *b, struct box_order *o, struct box_trade *t)
{
    struct box_pair *p = &b->pairs[o->pair];
    struct box_position *pos = &p->positions[o->leg];
    const struct size delta = o->side == BOX_BUY ? t->size : size_neg(t->size);
    const bool closes = pos->amount.e12 != 0 && (pos->amount.e12 > 0) != (delta.e12 > 0);
    const struct size held = size_abs(pos->amount);
    const struct size part = closes ? size_min(held, t->size) : SIZE_ZERO;
    const struct size opened = {t->size.e12 - part.e12};
    struct money opening = t->quote;

    if (part.e12 > 0) {
        const struct money cost = box_part(pos->cost, part, held);
        const struct money value = box_part(t->quote, part, t->size);
        const struct money margin = box_part(pos->margin, part, held);

        t->pnl.e12 = pos->amount.e12 > 0 ? value.e12 - cost.e12 : cost.e12 - value.e12;
        opening.e12 -= value.e12;
        pos->cost.e12 -= cost.e12;
        pos->margin.e12 -= margin.e12;
    }
    pos->amount.e12 += delta.e12;
    if (opened.e12 > 0) {
        pos->cost = box_add(pos->cost, opening);
        if (p->is_isolated)
            pos->margin = box_add(pos->margin, (struct money){opening.e12 / p->leverage});
    }
    if (pos->amount.e12 == 0) {
        pos->cost = MONEY_ZERO;
        pos->margin = MONEY_ZERO;
    }
    pos->updated_us = b->now_us;
}

static void fill_futures(struct box *b, struct box_order *o, struct box_trade *t)
{
    const struct box_pair *p = &b->pairs[o->pair];
    struct box_asset *wallet = book_asset(b, BOX_USDM, p->quote);
    const struct ratio rate = t->is_maker ? b->options.maker_fee : b->options.taker_fee;

    fill_position(b, o, t);
    t->fee = box_share(t->quote, rate);
    wallet->free.e12 += t->pnl.e12 - t->fee.e12;
    (void)copy_text(t->fee_asset, sizeof t->fee_asset, p->quote);
    if (t->pnl.e12 != 0)
        book_add_income(b, &(struct box_income){BOX_INCOME_PNL, o->pair, t->pnl, b->now_us,
                                                (int64_t)b->trades.count + 1});
    book_add_income(b, &(struct box_income){BOX_INCOME_FEE, o->pair, money_neg(t->fee), b->now_us,
                                            (int64_t)b->trades.count + 1});
}

/* ---- Both ---- */

static void end_sibling(struct box *b, struct box_order *o)
{
    struct box_list *l = book_list(b, o->list_id);

    if (!l || l->is_done)
        return;
    l->is_done = true;
    for (size_t i = 0; i < COUNT_OF(l->orders); i++) {
        struct box_order *other = book_order(b, l->orders[i]);

        if (other == o || !book_is_live(other))
            continue;
        /* The half that stays takes the lock, if it was the other's. */
        if (other->locked.e12 > 0 && book_is_live(o) && o->locked.e12 == 0) {
            o->locked = other->locked;
            other->locked = MONEY_ZERO;
        }
        trade_end(b, other, BOX_EXPIRED);
    }
}

void trade_fill(struct box *b, struct box_order *o, struct price price, struct size size,
                bool is_maker)
{
    struct box_trade t = {.order_id = o->id, .pair = o->pair, .price = price, .size = size};

    ASSERT(book_is_live(o) && size.e12 > 0 && size_cmp(size, trade_rest(o)) <= 0);
    end_sibling(b, o);
    t.quote = box_notional(price, size);
    t.side = o->side;
    t.leg = o->leg;
    t.is_maker = is_maker;
    t.at_us = b->now_us;
    if (b->pairs[o->pair].market == BOX_SPOT)
        fill_spot(b, o, &t);
    else
        fill_futures(b, o, &t);
    (void)book_add_trade(b, &t);
    o->filled.e12 += size.e12;
    o->spent = box_add(o->spent, t.quote);
    o->updated_us = b->now_us;
    o->status = o->filled.e12 == o->size.e12 ? BOX_FILLED : BOX_PARTIALLY_FILLED;
    if (o->status == BOX_FILLED)
        book_end(b, o);
}

void trade_end(struct box *b, struct box_order *o, enum box_status status)
{
    ASSERT(book_is_live(o) && status >= BOX_CANCELED);
    trade_unlock(b, o);
    o->status = status;
    o->updated_us = b->now_us;
    book_end(b, o);
    if (o->list_id) {
        struct box_list *l = book_list(b, o->list_id);

        if (!l->is_done) {
            l->is_done = true;
            for (size_t i = 0; i < COUNT_OF(l->orders); i++) {
                struct box_order *other = book_order(b, l->orders[i]);

                if (other != o && book_is_live(other))
                    trade_end(b, other, status);
            }
        }
    }
}

struct size trade_allowed(const struct box *b, const struct box_order *o)
{
    const struct box_position *pos = &b->pairs[o->pair].positions[o->leg];
    const bool closes_leg =
        (o->leg == BOX_LONG && o->side == BOX_SELL) || (o->leg == BOX_SHORT && o->side == BOX_BUY);
    struct size held = o->side == BOX_SELL ? pos->amount : size_neg(pos->amount);

    if (!o->reduce_only && !closes_leg)
        return trade_rest(o);
    held = size_max(held, SIZE_ZERO);
    return size_min(trade_rest(o), held);
}
