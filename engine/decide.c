/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions on closed candles: exit, scaling and entry signals of every lane. */
#include "engine/decide.h"

#include <math.h>
#include <string.h>

#include "core/log.h"
#include "engine/execution.h"
#include "engine/gate.h"
#include "engine/manage.h"
#include "engine/roster.h"

/* Logs a signal and keeps its row; *leaf_hash is what orders refer to. */
enum err decide_record(struct engine_state *s, const struct lane *lane, struct signal *signal)
{
    struct leaf_context context = state_leaf_context(s, signal->strategy);
    struct leaf leaf;
    enum err e;

    signal->id = s->account.last_signal_id + 1;
    e = ledger_signal(&context, signal, lane_instrument(s, lane), &leaf);
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

void decide_signal_init(const struct engine_state *s, const struct lane *lane,
                        enum signal_action action, struct signal *out)
{
    *out = (struct signal){.at_us = state_now(s),
                           .candle_us = lane_tape(s, lane)->candle.open_us,
                           .action = action,
                           .price = lane_tape(s, lane)->last};
    copy_text(out->symbol, sizeof(out->symbol), lane_instrument(s, lane)->symbol);
    copy_text(out->strategy, sizeof(out->strategy), lane->slot->row.name);
    copy_text(out->strategy_id, sizeof(out->strategy_id), lane_strategy_id(lane));
}

/* What the rules said: confidence with 6 decimals, and why. */
static void decide_signal(const struct engine_state *s, const struct lane *lane,
                          enum signal_action action, const struct decision *d, struct signal *out)
{
    decide_signal_init(s, lane, action, out);
    copy_text(out->trigger, sizeof(out->trigger), d->trigger);
    out->confidence = manage_confidence(d->confidence);
}

/* A market order for the next open that takes the position, or a part of it, off. */
static enum err decide_leave(struct engine_state *s, struct lane *lane, struct decision *d,
                             struct size size, enum exit_reason reason)
{
    struct position *p = lane->position;
    struct signal signal;
    enum err e;

    decide_signal(s, lane, SIGNAL_EXIT, d, &signal);
    signal.side = p->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY;
    signal.decision = SIGNAL_ACCEPTED;
    signal.size = size;
    signal.size_asked = size;
    e = decide_record(s, lane, &signal);
    return e ? e : execution_exit(s, lane, size, reason, &signal);
}

/* Exit rule or time exit of an open position; *leaves when there is one. */
static enum err decide_exit(struct engine_state *s, struct lane *lane, struct decision *d,
                            bool *leaves)
{
    struct position *p = lane->position;
    int max_candles = strategy_max_candles(lane->now.strategy);
    bool rule = d->exit == TRI_TRUE;
    bool timed = max_candles > 0 && p->candles_held >= max_candles;

    struct size size = execution_sellable(s, lane);

    *leaves = size_sign(size) == 0 || execution_is_leaving(s, lane);
    if (*leaves || !(rule || timed))
        return ERR_OK;
    *leaves = true;
    copy_text(d->trigger, sizeof(d->trigger), rule ? "exit rule" : "max_candles reached");
    return decide_leave(s, lane, d, size, rule ? EXIT_SIGNAL : EXIT_TIME);
}

/* Another step is due: the rule says so, not too many were taken, the last one is old enough. */
static bool decide_scales(const struct scaling *scaling, enum tristate rule, int64_t taken,
                          const struct position *p)
{
    return scaling->is_used && rule == TRI_TRUE && taken < scaling->max_count &&
           p->candles_held - p->scaled_candles >= scaling->min_candles;
}

/* A part of the position leaves, when both it and what stays can be traded. */
static enum err decide_scale_out(struct engine_state *s, struct lane *lane, struct decision *d)
{
    const struct instrument *instrument = lane_instrument(s, lane);
    struct scaling scaling = strategy_scale_out(lane->now.strategy);
    struct position *p = lane->position;
    struct price price = lane_tape(s, lane)->last;
    struct money off, rest;
    struct size size;
    enum err e;

    if (p->exit_order_id || !decide_scales(&scaling, d->scale_out, p->scale_outs, p))
        return ERR_OK;
    e = size_times(p->size, scaling.part, ROUND_DOWN, &size);
    if (e == ERR_OK)
        e = size_to_step(size, instrument->lot, ROUND_DOWN, &size);
    if (e == ERR_OK)
        e = notional_of(price, size, ROUND_DOWN, &off);
    if (e == ERR_OK)
        e = notional_of(price, (struct size){p->size.e12 - size.e12}, ROUND_DOWN, &rest);
    if (e || size_sign(size) <= 0 || money_cmp(off, instrument->min_notional) < 0 ||
        money_cmp(rest, instrument->min_notional) < 0)
        return e;
    copy_text(d->trigger, sizeof(d->trigger), "scale_out rule");
    p->scale_outs++;
    p->scaled_candles = p->candles_held;
    return decide_leave(s, lane, d, size, EXIT_SIGNAL);
}

/* Adds what an entry on its way will cost, as if it were filled. */
static enum err decide_view_pending(const struct engine_state *s, const struct live_order *live,
                                    const struct lane *lane, struct risk_view *v)
{
    const struct order *o = &live->order;
    struct ratio extra = {s->options.limits.fee_rate.e12 + s->options.limits.cash_reserve.e12};
    struct money notional, cost;
    enum err e = notional_of(o->decision_price, order_left(o), ROUND_UP, &notional);

    if (e == ERR_OK)
        e = money_times(notional, extra, ROUND_UP, &cost);
    if (e == ERR_OK)
        e = money_add(cost, notional, &cost);
    if (e == ERR_OK)
        e = money_sub(v->cash_free, cost, &v->cash_free);
    if (e == ERR_OK)
        e = money_add(v->exposure, notional, &v->exposure);
    if (e == ERR_OK && live->lane->instrument == lane->instrument)
        e = money_add(v->symbol_exposure, notional, &v->symbol_exposure);
    if (!live->lane->position)
        v->open_positions++;
    return e;
}

static enum err decide_view_position(const struct engine_state *s, const struct lane *of,
                                     const struct lane *lane, struct risk_view *v)
{
    const struct position *p = of->position;
    struct money notional;
    enum err e = notional_of(p->mark, p->size, ROUND_UP, &notional);

    /* A perpetual's margin; what was sold on spot beyond what was held has to be bought back. */
    if (e == ERR_OK && (!lane_instrument(s, of)->is_spot || p->direction == DIRECTION_SHORT))
        e = money_sub(v->cash_free, notional, &v->cash_free);
    if (e == ERR_OK && of->instrument == lane->instrument)
        e = money_add(v->symbol_exposure, notional, &v->symbol_exposure);
    return e;
}

/* The other way round than `direction`: a position or an entry of any strategy on the symbol. */
static bool decide_is_opposed(const struct engine_state *s, const struct lane *lane,
                              enum direction direction)
{
    size_t i;

    for (i = 0; i < s->lane_count; i++) {
        const struct lane *of = s->lanes[i];

        if (of->instrument == lane->instrument && of->position &&
            of->position->direction != direction)
            return true;
    }
    for (i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live->order.purpose == PURPOSE_ENTRY && live->lane->instrument == lane->instrument &&
            (int)live->order.side != (int)direction)
            return true;
    }
    return false;
}

enum err decide_view(const struct engine_state *s, const struct lane *lane,
                     enum direction direction, struct risk_view *v)
{
    struct money unrealized;
    size_t i;
    enum err e;

    *v = (struct risk_view){
        .paused = !state_may_enter(s),
        .candle_is_synthetic = (lane_tape(s, lane)->candle.flags & CANDLE_SYNTHETIC) != 0,
        .is_cooling_down = state_now(s) < lane->cooldown_until_us,
        .equity_peak = s->account.performance.equity_peak,
        .cash_free = s->account.cash,
        .open_positions = (int64_t)s->position_count,
        .gate = gate_denials(s, lane->instrument) |
                (gate_is_full(s, lane->instrument) ? DENIED_VENUE_MAXIMUM : 0) |
                (gate_lane_is_off(lane) ? DENIED_SYMBOL_HALTED : 0),
        .held = lane->position ? lane->position->size : SIZE_ZERO,
        .opposite_open = decide_is_opposed(s, lane, direction),
    };
    e = state_equity(s, &v->equity, &unrealized, &v->exposure);
    for (i = 0; i < s->lane_count && e == ERR_OK; i++) {
        if (s->lanes[i]->position)
            e = decide_view_position(s, s->lanes[i], lane, v);
    }
    for (i = 0; i < s->order_count && e == ERR_OK; i++) {
        const struct order *o = &s->orders[i]->order;

        /* An order that is being replaced counts by what takes its place. */
        if (o->purpose == PURPOSE_ENTRY && !s->orders[i]->gives_way &&
            !(o->replaced_by && state_order(s, o->replaced_by)))
            e = decide_view_pending(s, s->orders[i], lane, v);
    }
    /* A position that grows is there already. */
    if (lane->position)
        v->open_positions--;
    return e;
}

enum err decide_intend(struct engine_state *s, struct lane *lane, struct signal *signal,
                       struct risk_request *request, const struct risk_view *view,
                       const struct entry_terms *terms)
{
    struct intent intent = {.lane = lane,
                            .type = ORDER_MARKET,
                            .purpose = PURPOSE_ENTRY,
                            .decision_price = signal->price,
                            .slippage_tolerance = s->options.slippage_tolerance};
    struct risk_verdict verdict;
    enum err e;

    request->instrument = lane_instrument(s, lane);
    request->price = signal->price;
    request->confidence = signal->confidence;
    risk_check(&s->options.limits, view, request, &verdict);
    signal->side = request->direction == DIRECTION_LONG ? SIDE_BUY : SIDE_SELL;
    signal->denials |= verdict.denials;
    signal->decision = signal->denials == 0 ? SIGNAL_ACCEPTED : SIGNAL_DENIED;
    signal->size_asked = verdict.asked;
    signal->size = signal->denials == 0 ? verdict.size : SIZE_ZERO;
    if (request->validate_only)
        return ERR_OK;
    e = decide_record(s, lane, signal);
    if (e || signal->denials)
        return e;
    intent.side = signal->side;
    intent.size = verdict.size;
    intent.signal_id = signal->id;
    intent.signal_leaf = &signal->leaf_hash;
    if (!lane->now.run) {
        intent.attached_stop = request->stop_loss;
        intent.attached_target = request->take_profit;
    }
    if (terms) {
        intent.type = terms->type;
        intent.limit_price = terms->limit_price;
        intent.wish = &terms->wish;
        if (terms->type == ORDER_LIMIT) /* its price is its bound */
            intent.slippage_tolerance = (struct ratio){0};
    }
    return execution_intend(s, &intent, &lane->entry_order_id);
}

static enum err decide_entry(struct engine_state *s, struct lane *lane, const struct decision *d)
{
    const struct strategy *strategy = lane->now.strategy;
    struct risk_request request = {
        .direction = strategy_direction(strategy),
        .confidence_known = isfinite(d->confidence),
        .strategy_min_confidence = strategy_min_confidence(strategy),
        .stop_loss = manage_stop(lane->now.run, lane_tape(s, lane)->last),
        .sizing = strategy_sizing(strategy),
        .volatility = manage_volatility(strategy, lane->now.run),
    };
    struct risk_view view;
    struct signal signal;
    enum err e = decide_view(s, lane, request.direction, &view);

    if (e)
        return e;
    decide_signal(s, lane, SIGNAL_ENTRY, d, &signal);
    return decide_intend(s, lane, &signal, &request, &view, NULL);
}

/* One more entry of the same position: a part of the first one's size, under the same limits. */
static enum err decide_scale_in(struct engine_state *s, struct lane *lane, struct decision *d)
{
    const struct strategy *strategy = lane->now.strategy;
    struct scaling scaling = strategy_scale_in(strategy);
    struct position *p = lane->position;
    struct risk_request request = {
        .direction = p->direction,
        .confidence_known = true,
        .stop_loss = position_stop_level(p),
        .sizing = {.kind = SIZING_FIXED_BASE, .max_quote = strategy_sizing(strategy).max_quote},
    };
    struct risk_view view;
    struct signal signal;
    struct size size;
    enum err e;

    if (lane->entry_order_id || !decide_scales(&scaling, d->scale_in, p->scale_ins, p))
        return ERR_OK;
    e = size_times(p->first_size, scaling.part, ROUND_DOWN, &size);
    if (e == ERR_OK)
        e = decide_view(s, lane, request.direction, &view);
    if (e)
        return e;
    request.sizing.value.e12 = size.e12;
    view.is_cooling_down = false;
    d->confidence = 1; /* the entry was the signal; this is its management */
    copy_text(d->trigger, sizeof(d->trigger), "scale_in rule");
    decide_signal(s, lane, SIGNAL_ENTRY, d, &signal);
    e = decide_intend(s, lane, &signal, &request, &view, NULL);
    if (e == ERR_OK && signal.decision == SIGNAL_ACCEPTED) {
        p->scale_ins++;
        p->scaled_candles = p->candles_held;
    }
    return e;
}

/* In realtime, after a pause or an interval of several candles: the next candle has closed already,
 * so this one's price is not to be had any more.  Exits are still decided on it. */
static bool decide_is_stale(const struct engine_state *s, const struct lane *lane)
{
    const struct feed *f = s->options.feed;

    return s->options.pace == PACE_REALTIME &&
           lane_tape(s, lane)->candle.open_us + 2 * f->timeframe_us(f->self) <= state_now(s);
}

/* Exit before taking off, taking off before adding: one of them a candle. */
static enum err decide_position(struct engine_state *s, struct lane *lane, struct decision *d)
{
    bool leaves;
    enum err e = decide_exit(s, lane, d, &leaves);

    if (e || leaves)
        return e;
    e = decide_scale_out(s, lane, d);
    if (e || lane->position->exit_order_id || lane->close_again || decide_is_stale(s, lane) ||
        !roster_may_enter(s, lane))
        return e;
    return decide_scale_in(s, lane, d);
}

static enum err decide_lane(struct engine_state *s, struct lane *lane)
{
    const struct position *p = lane->position;
    struct position_view view = {0};
    struct decision d;

    /* There is no next open to trade at, so nothing is decided on the last candle. */
    if (!lane->now.run || (lane_tape(s, lane)->candle.flags & CANDLE_LAST))
        return ERR_OK;
    if (p)
        manage_view(p, lane_tape(s, lane)->last, &view);
    strategy_run_decide(lane->now.run, &view, &d);
    if (p)
        return decide_position(s, lane, &d);
    if (lane->entry_order_id || decide_is_stale(s, lane) || !roster_may_enter(s, lane))
        return ERR_OK;
    if (d.entry == TRI_UNKNOWN && strategy_run_is_warm(lane->now.run))
        s->account.signals_unknown++;
    return d.entry == TRI_TRUE ? decide_entry(s, lane, &d) : ERR_OK;
}

void decide_all(struct engine_state *s, int64_t at_us)
{
    int64_t timeframe_us = s->options.feed->timeframe_us(s->options.feed->self);
    size_t i;

    for (i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        const struct tape *tape = lane_tape(s, lane);
        enum err e;

        if (!tape->has_candle || tape->candle.open_us + timeframe_us != at_us)
            continue;
        e = decide_lane(s, lane);
        if (e) {
            s->symbol_errors++;
            LOG_ERROR("symbol_failed", "symbol", lane_instrument(s, lane)->symbol, "error",
                      err_code(e), NULL);
        }
    }
}
