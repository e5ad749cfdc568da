/* SPDX-License-Identifier: Apache-2.0 */
/* Marks at closed candles: trailing stops, ROI targets, equity and its daily leaf. */
#include "engine/mark.h"

#include <stdlib.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "engine/execution.h"
#include "engine/manage.h"
#include "engine/protection.h"

static void mark_trailing(struct engine_state *s, struct lane *lane)
{
    struct position *p = lane->position;
    struct price level;

    if (!lane->now.run ||
        !manage_trail(lane->now.strategy, lane->now.run, p, lane_instrument(s, lane)->tick, &level))
        return;
    p->trailing_stop = level;
    p->updated_us = state_now(s);
}

void mark_roi(struct engine_state *s, struct lane *lane)
{
    struct position *p = lane->position;

    p->roi_target = PRICE_ZERO;
    if (lane->now.strategy)
        p->roi_target = manage_roi(lane->now.strategy, p, lane_instrument(s, lane)->tick,
                                   state_now(s) - p->opened_us);
}

enum err mark_position(struct engine_state *s, struct lane *lane)
{
    struct position *p = lane->position;
    const struct candle *c = &lane_tape(s, lane)->candle;

    if (!p)
        return ERR_OK;
    position_pass_candle(p, candle_price(c, c->high), candle_price(c, c->low),
                         candle_price(c, c->close));
    if (execution_is_leaving(s, lane))
        return ERR_OK;
    mark_trailing(s, lane);
    mark_roi(s, lane);
    return protection_set(s, lane);
}

enum err mark_detail(struct engine_state *s, struct lane *lane, const struct candle *c)
{
    struct position *p = lane->position;

    if (!p)
        return ERR_OK;
    position_pass_detail(p, candle_price(c, c->high), candle_price(c, c->low),
                         candle_price(c, c->close));
    if (execution_is_leaving(s, lane))
        return ERR_OK;
    mark_trailing(s, lane);
    return protection_set(s, lane);
}

/* The mark of one finished day: a row and a leaf. */
static enum err mark_daily(struct engine_state *s, size_t mark)
{
    struct equity_point point = {.equity = s->daily.equity[mark],
                                 .cash = s->account.cash,
                                 .is_daily = true,
                                 .day = s->daily.day[mark]};
    struct position *list;
    const struct instrument **instruments;
    struct leaf_context context = state_leaf_context(s, "");
    struct money equity, exposure;
    struct leaf leaf;
    size_t i, n = 0;
    enum err e;

    /* A mark is the equity at its day's first instant (engine/performance.c). */
    point.at_us = point.day * US_PER_DAY;
    e = state_equity(s, &equity, &point.unrealized, &exposure);
    if (e)
        return e;
    list = xcalloc(s->position_count + 1, sizeof(*list));
    instruments = xcalloc(s->position_count + 1, sizeof(*instruments));
    for (i = 0; i < s->lane_count && n < s->position_count; i++) {
        if (s->lanes[i]->position) {
            list[n] = *s->lanes[i]->position;
            instruments[n++] = lane_instrument(s, s->lanes[i]);
        }
    }
    e = ledger_equity(&context, &point, list, n, instruments, &leaf);
    free(list);
    free(instruments);
    if (e)
        return e;
    state_add_leaf(s, &leaf);
    journal_batch_add_equity(&s->pending, &point);
    return ERR_OK;
}

void mark_equity(struct engine_state *s, int64_t at_us)
{
    struct money equity, unrealized, exposure;
    size_t mark = s->daily.count;
    enum err e = state_equity(s, &equity, &unrealized, &exposure);

    if (e == ERR_OK) {
        performance_sample(&s->account.performance, &s->daily, equity, s->position_count > 0,
                           at_us);
        for (; mark < s->daily.count && e == ERR_OK; mark++)
            e = mark_daily(s, mark);
    }
    if (e) {
        s->cycle_errors++;
        LOG_ERROR("equity_failed", "error", err_code(e), NULL);
    }
}
