/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps round trips in few bytes and gives them back as positions and fills. */
#include "engine/backtest_rounds.h"

#include <stdlib.h>

enum {
    FIRST = 64,
    PREPARED = 1024 /* items whose memory is asked for together */
};

struct backtest_round *backtest_rounds_next(struct backtest_rounds *r)
{
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : FIRST;
        r->list = xrealloc(r->list, r->capacity * sizeof *r->list);
    }
    if (r->count % PREPARED == 0 && r->count > 0)
        memory_prepare(r->list + r->count, PREPARED * sizeof *r->list);
    return &r->list[r->count];
}

void backtest_rounds_release(struct backtest_rounds *r)
{
    free(r->list);
    *r = (struct backtest_rounds){0};
}

void backtest_rounds_position(const struct backtest_rounds *r, size_t i, struct position *out)
{
    const struct backtest_round *b = &r->list[i];

    *out = r->position;
    out->id = (int64_t)i + 1;
    out->status = POSITION_CLOSED;
    out->first_size = out->entry_size = out->exit_size = b->size;
    out->entry_notional = b->entry.notional;
    out->entry_fee = b->entry.fee;
    out->exit_notional = b->exit.notional;
    out->exit_fee = b->exit.fee;
    out->realized_pnl = b->pnl;
    out->stop_loss = b->stop_loss;
    out->take_profit = b->take_profit;
    out->trailing_stop = b->trailing_stop;
    out->roi_target = b->roi_target;
    out->extreme = b->extreme;
    out->worst = b->worst;
    out->mark = b->exit.price;
    out->signal_id = b->signal_id;
    out->entry_order_id = b->entry.order_id;
    out->candles_held = b->candles_held;
    out->opened_us = b->entry.at_us;
    out->closed_us = out->updated_us = b->exit.at_us;
    out->exit_reason = b->reason;
}

void backtest_rounds_fill(const struct backtest_rounds *r, size_t i, struct fill *out)
{
    const struct backtest_round *b = &r->list[i / 2];
    const bool opens = i % 2 == 0;
    const struct backtest_leg *leg = opens ? &b->entry : &b->exit;
    const bool is_long = r->position.direction == DIRECTION_LONG;

    *out = r->fill;
    out->id = (int64_t)i + 1;
    out->order_id = leg->order_id;
    out->position_id = (int64_t)(i / 2) + 1;
    out->side = is_long == opens ? SIDE_BUY : SIDE_SELL;
    out->price = leg->price;
    out->size = b->size;
    out->notional = leg->notional;
    out->fee = leg->fee;
    out->slippage = leg->slippage;
    out->is_maker = !opens && b->exit_is_maker;
    out->opens = opens;
    out->pnl = opens ? MONEY_ZERO : b->pnl;
    out->at_us = leg->at_us;
}
