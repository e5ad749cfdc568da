/* SPDX-License-Identifier: Apache-2.0 */
/* Marks at closed candles: trailing stops, ROI targets, equity and its daily leaf. */
#include "engine/mark.h"

#include <math.h>
#include <stdlib.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "engine/execution.h"

/* Where the rules want the trailing stop: false when they do not say. */
static bool mark_trailing_level(const struct lane *lane, struct price *out)
{
    const struct position *p = lane->position;
    double level = strategy_run_trailing(lane->now.run, price_to_double(position_entry_price(p)),
                                         price_to_double(p->extreme));

    return isfinite(level) && price_from_double(level, ROUND_HALF_EVEN, out) == ERR_OK &&
           price_sign(*out) > 0;
}

static void mark_trailing(struct engine_state *s, struct lane *lane)
{
    const struct strategy *strategy = lane->now.strategy;
    struct position *p = lane->position;
    struct price tick = lane_instrument(s, lane)->tick, wanted, level;
    struct ratio activation, distance;
    bool moves;

    if (!lane->now.run || !strategy_has_trailing(strategy))
        return;
    activation = strategy_trailing_activation(strategy);
    distance = strategy_trailing_pct(strategy);
    if (ratio_sign(distance) > 0)
        moves = position_trail(p, distance, activation, tick, &level);
    else
        moves = mark_trailing_level(lane, &wanted) &&
                position_trail_to(p, wanted, activation, tick, &level);
    if (moves) {
        p->trailing_stop = level;
        p->updated_us = state_now(s);
    }
}

void mark_roi(struct engine_state *s, struct lane *lane)
{
    const struct strategy *strategy = lane->now.strategy;
    const struct instrument *instrument = lane_instrument(s, lane);
    struct position *p = lane->position;
    int64_t age_us = state_now(s) - p->opened_us;
    bool is_long = p->direction == DIRECTION_LONG, found = false;
    struct ratio profit = {0}, factor;
    struct price level;
    size_t i;

    for (i = 0; strategy && i < strategy_roi_count(strategy); i++) {
        struct roi_step step = strategy_roi(strategy, i);

        if (step.after_us > age_us)
            break;
        profit = step.profit;
        found = true;
    }
    p->roi_target = PRICE_ZERO;
    if (!found)
        return;
    factor.e12 = AMOUNT_ONE + (is_long ? profit.e12 : -profit.e12);
    /* Rounded towards the market, like every target. */
    if (price_times(position_entry_price(p), factor, is_long ? ROUND_DOWN : ROUND_UP, &level) ||
        price_to_step(level, instrument->tick, is_long ? ROUND_DOWN : ROUND_UP, &level) ||
        price_sign(level) <= 0)
        return;
    p->roi_target = level;
}

enum err mark_position(struct engine_state *s, struct lane *lane)
{
    struct position *p = lane->position;
    const struct candle *c = &lane_tape(s, lane)->candle;

    if (!p)
        return ERR_OK;
    position_pass_candle(p, candle_price(c, c->high), candle_price(c, c->low),
                         candle_price(c, c->close));
    if (execution_is_leaving(s, p))
        return ERR_OK;
    mark_trailing(s, lane);
    mark_roi(s, lane);
    return execution_protect(s, lane);
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
