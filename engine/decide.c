/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions on closed candles: trailing stops, equity marks, exit and entry signals. */
#include "engine/decide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/execution.h"

enum err decide_trail(struct engine_state *s, size_t index)
{
    struct lane *lane = &s->lanes[index];
    struct position *p = lane->position;
    const struct candle *c = &lane->candle;
    const struct strategy *strategy = s->options.strategy;
    struct price level;

    if (!p)
        return ERR_OK;
    position_pass_candle(p, candle_price(c, c->high), candle_price(c, c->low),
                         candle_price(c, c->close));
    if (!strategy || !strategy_has_trailing(strategy) || p->exit_order_id)
        return ERR_OK;
    if (position_trail(p, strategy_trailing_pct(strategy), strategy_trailing_activation(strategy),
                       s->instruments[index].tick, &level)) {
        p->trailing_stop = level;
        p->updated_us = state_now(s);
    }
    return execution_protect(s, index);
}

/* The mark of one finished day: a row and a leaf. */
static enum err decide_daily_mark(struct engine_state *s, size_t mark)
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
        if (s->lanes[i].position) {
            list[n] = *s->lanes[i].position;
            instruments[n++] = &s->instruments[i];
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

void decide_equity(struct engine_state *s, int64_t at_us)
{
    struct money equity, unrealized, exposure;
    size_t mark = s->daily.count;
    enum err e = state_equity(s, &equity, &unrealized, &exposure);

    if (e == ERR_OK) {
        performance_sample(&s->account.performance, &s->daily, equity, s->position_count > 0,
                           at_us);
        for (; mark < s->daily.count && e == ERR_OK; mark++)
            e = decide_daily_mark(s, mark);
    }
    if (e) {
        s->cycle_errors++;
        LOG_ERROR("equity_failed", "error", err_code(e), NULL);
    }
}

/* Logs a signal and keeps its row; *leaf_hash is what orders refer to. */
static enum err decide_record(struct engine_state *s, size_t lane, struct signal *signal)
{
    struct leaf_context context = state_leaf_context(s, signal->strategy);
    struct leaf leaf;
    enum err e;

    signal->id = s->account.last_signal_id + 1;
    e = ledger_signal(&context, signal, &s->instruments[lane], &leaf);
    if (e)
        return e;
    s->account.last_signal_id = signal->id;
    signal->leaf_hash = leaf.leaf_hash;
    journal_batch_add_signal(&s->pending, signal, state_add_leaf(s, &leaf));
    if (signal->decision == SIGNAL_ACCEPTED)
        s->account.signals_accepted++;
    else
        s->account.signals_denied++;
    return ERR_OK;
}

static void decide_signal_init(const struct engine_state *s, size_t index,
                               enum signal_action action, const struct decision *d,
                               struct signal *out)
{
    const struct lane *lane = &s->lanes[index];
    struct ratio confidence = {0};

    *out =
        (struct signal){.at_us = state_now(s), .candle_us = lane->candle.open_us, .action = action};
    copy_text(out->symbol, sizeof(out->symbol), s->instruments[index].symbol);
    copy_text(out->strategy, sizeof(out->strategy), strategy_name(s->options.strategy));
    copy_text(out->strategy_id, sizeof(out->strategy_id), strategy_id(s->options.strategy));
    copy_text(out->trigger, sizeof(out->trigger), d->trigger);
    if (isfinite(d->confidence) &&
        ratio_from_double(d->confidence, ROUND_HALF_EVEN, &confidence) == ERR_OK)
        confidence.e12 = money_to_scale((struct money){confidence.e12}, 6, ROUND_HALF_EVEN).e12;
    out->confidence = confidence;
    out->price = lane->last;
}

/* Exit rule or time exit of an open position: a signal and a market order for the next open. */
static enum err decide_exit(struct engine_state *s, size_t index, struct decision *d)
{
    struct position *p = s->lanes[index].position;
    int max_candles = strategy_max_candles(s->options.strategy);
    bool own = strcmp(p->strategy_id, strategy_id(s->options.strategy)) == 0;
    bool rule = own && d->exit == TRI_TRUE;
    bool timed = max_candles > 0 && p->candles_held >= max_candles;
    struct signal signal;
    enum err e;

    if (p->exit_order_id || !(rule || timed))
        return ERR_OK;
    copy_text(d->trigger, sizeof(d->trigger), rule ? "exit rule" : "max_candles reached");
    decide_signal_init(s, index, SIGNAL_EXIT, d, &signal);
    signal.side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    signal.decision = SIGNAL_ACCEPTED;
    signal.size = p->size;
    signal.size_asked = p->size;
    e = decide_record(s, index, &signal);
    if (e == ERR_OK)
        e = execution_exit(s, index, SIZE_ZERO, rule ? EXIT_SIGNAL : EXIT_TIME, &signal);
    return e;
}

/* Cash, exposure and counts with every entry that is still on its way taken as filled. */
static enum err decide_view(const struct engine_state *s, size_t index, struct risk_view *v)
{
    struct money unrealized, notional, cost;
    size_t i;
    enum err e;

    *v = (struct risk_view){
        .paused = !s->entries_allowed,
        .candle_is_synthetic = (s->lanes[index].candle.flags & CANDLE_SYNTHETIC) != 0,
        .equity_peak = s->account.performance.equity_peak,
        .cash_free = s->account.cash,
        .open_positions = (int64_t)s->position_count,
    };
    e = state_equity(s, &v->equity, &unrealized, &v->exposure);
    for (i = 0; i < s->lane_count && e == ERR_OK; i++) {
        const struct position *p = s->lanes[i].position;

        if (!p || s->instruments[i].is_spot)
            continue;
        e = notional_of(p->mark, p->size, ROUND_UP, &notional);
        if (e == ERR_OK)
            e = money_sub(v->cash_free, notional, &v->cash_free);
    }
    for (i = 0; i < s->order_count && e == ERR_OK; i++) {
        const struct order *o = &s->orders[i]->order;

        if (o->purpose != PURPOSE_ENTRY)
            continue;
        v->open_positions++;
        e = notional_of(o->decision_price, order_left(o), ROUND_UP, &notional);
        if (e == ERR_OK)
            e = money_times(notional, s->options.limits.fee_rate, ROUND_UP, &cost);
        if (e == ERR_OK)
            e = money_sub(v->cash_free, cost, &v->cash_free);
        if (e == ERR_OK)
            e = money_times(notional, s->options.limits.cash_reserve, ROUND_UP, &cost);
        if (e == ERR_OK)
            e = money_sub(v->cash_free, cost, &v->cash_free);
        if (e == ERR_OK)
            e = money_sub(v->cash_free, notional, &v->cash_free);
        if (e == ERR_OK)
            e = money_add(v->exposure, notional, &v->exposure);
    }
    return e;
}

/* The stop the rules would set at the decision price, as an amount; 0: unknown. */
static struct price decide_stop(const struct lane *lane, struct price price)
{
    double stop, target;
    struct price level = PRICE_ZERO;

    strategy_run_levels(lane->run, price_to_double(price), &stop, &target);
    if (!isfinite(stop) || price_from_double(stop, ROUND_HALF_EVEN, &level) != ERR_OK ||
        price_sign(level) <= 0)
        return PRICE_ZERO;
    return level;
}

static enum err decide_entry(struct engine_state *s, size_t index, const struct decision *d)
{
    struct lane *lane = &s->lanes[index];
    const struct strategy *strategy = s->options.strategy;
    struct risk_request request = {
        .instrument = &s->instruments[index],
        .direction = strategy_direction(strategy),
        .confidence_known = isfinite(d->confidence),
        .strategy_min_confidence = strategy_min_confidence(strategy),
        .price = lane->last,
        .stop_loss = decide_stop(lane, lane->last),
        .sizing = strategy_sizing(strategy),
    };
    struct intent intent = {.lane = index,
                            .type = ORDER_MARKET,
                            .purpose = PURPOSE_ENTRY,
                            .decision_price = lane->last,
                            .slippage_tolerance = s->options.slippage_tolerance};
    struct risk_verdict verdict;
    struct risk_view view;
    struct signal signal;
    enum err e = decide_view(s, index, &view);

    if (e)
        return e;
    decide_signal_init(s, index, SIGNAL_ENTRY, d, &signal);
    request.confidence = signal.confidence;
    risk_check(&s->options.limits, &view, &request, &verdict);
    signal.side = request.direction == DIRECTION_LONG ? SIDE_BUY : SIDE_SELL;
    signal.decision = verdict.approved ? SIGNAL_ACCEPTED : SIGNAL_DENIED;
    signal.denials = verdict.denials;
    signal.size_asked = verdict.asked;
    signal.size = verdict.approved ? verdict.size : SIZE_ZERO;
    e = decide_record(s, index, &signal);
    if (e || !verdict.approved)
        return e;
    intent.side = signal.side;
    intent.size = verdict.size;
    intent.signal_id = signal.id;
    intent.signal_leaf = &signal.leaf_hash;
    return execution_intend(s, &intent, &lane->entry_order_id);
}

/* In realtime, after a pause or an interval of several candles: the next candle has closed already,
 * so this one's price is not to be had any more.  Exits are still decided on it. */
static bool decide_is_stale(const struct engine_state *s, const struct lane *lane)
{
    const struct feed *f = s->options.feed;

    return s->options.pace == PACE_REALTIME &&
           lane->candle.open_us + 2 * f->timeframe_us(f->self) <= state_now(s);
}

static enum err decide_lane(struct engine_state *s, size_t index)
{
    struct lane *lane = &s->lanes[index];
    const struct position *p = lane->position;
    struct position_view view = {0};
    struct decision d;

    /* There is no next open to trade at, so nothing is decided on the last candle. */
    if (!lane->run || (lane->candle.flags & CANDLE_LAST))
        return ERR_OK;
    if (p) {
        view.is_open = true;
        view.entry_price = price_to_double(position_entry_price(p));
        view.candles_held = p->candles_held;
        view.pnl_ratio =
            (price_to_double(lane->last) / view.entry_price - 1) * (double)p->direction;
    }
    strategy_run_decide(lane->run, &view, &d);
    if (p)
        return decide_exit(s, index, &d);
    if (lane->entry_order_id || decide_is_stale(s, lane))
        return ERR_OK;
    if (d.entry == TRI_UNKNOWN && strategy_run_is_warm(lane->run))
        s->account.signals_unknown++;
    return d.entry == TRI_TRUE ? decide_entry(s, index, &d) : ERR_OK;
}

void decide_all(struct engine_state *s, int64_t at_us)
{
    int64_t timeframe_us = s->options.feed->timeframe_us(s->options.feed->self);
    size_t i;

    for (i = 0; i < s->lane_count; i++) {
        struct lane *lane = &s->lanes[i];
        enum err e;

        if (!lane->has_candle || lane->candle.open_us + timeframe_us != at_us)
            continue;
        e = decide_lane(s, i);
        if (e) {
            s->symbol_errors++;
            LOG_ERROR("symbol_failed", "symbol", s->instruments[i].symbol, "error", err_code(e),
                      NULL);
        }
    }
}
