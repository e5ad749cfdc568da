/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path's orders and fills: what is intended, at what price, and how it is booked. */
#include "engine/backtest_fast.h"

#include <math.h>
#include <stdlib.h>

#include "core/amount_text.h"
#include "engine/manage.h"

static void fail(struct fast *f, enum err e)
{
    if (e && !f->failed)
        f->failed = e;
}

static bool is_long(const struct fast *f)
{
    return f->opened.direction == DIRECTION_LONG;
}

static struct price candle_amount(const struct fast *f, int64_t value)
{
    return (struct price){(i128)value * f->price_unit};
}

void fast_sync(struct fast *f)
{
    struct position *p = &f->position;

    if (f->best == 0)
        return; /* nothing since */
    if (is_long(f)) {
        p->extreme = price_max(p->extreme, candle_amount(f, f->best));
        p->worst = price_min(p->worst, candle_amount(f, f->worst));
    } else {
        p->extreme = price_min(p->extreme, candle_amount(f, f->best));
        p->worst = price_max(p->worst, candle_amount(f, f->worst));
    }
    p->mark = candle_amount(f, f->mark);
}

/* ---- Equity ---- */

/* The slow way, as engine/state.c has it. */
static enum err equity_of(const struct fast *f, struct price mark, struct money *out)
{
    struct position p = f->position;
    struct money value;
    enum err e;

    p.mark = mark;
    if (f->instrument->is_spot) {
        e = notional_of(mark, p.size, ROUND_HALF_EVEN, &value);
        value = e ? value : money_to_scale(value, f->instrument->money_scale, ROUND_HALF_EVEN);
    } else {
        e = position_unrealized(&p, &value);
    }
    if (!e)
        e = money_add(f->a->cash, value, &value);
    if (!e)
        *out = money_to_scale(value, 8, ROUND_HALF_EVEN);
    return e;
}

/* With lots and ticks as they usually are no product has a decimal to round. */
static void make_linear(struct fast *f)
{
    const i128 step = 10000; /* money of 8 decimals */
    const struct position *p = &f->position;
    const i128 product = p->size.e12 * f->price_unit;

    f->is_linear = f->instrument->money_scale == 8 && p->size.e12 < AMOUNT_ONE * AMOUNT_ONE &&
                   product % (AMOUNT_ONE * step) == 0 && f->a->cash.e12 % step == 0 &&
                   p->cost_left.e12 % step == 0;
    f->slope = product / AMOUNT_ONE;
    f->base = f->a->cash.e12;
    if (f->instrument->is_spot)
        return;
    f->base += is_long(f) ? -p->cost_left.e12 : p->cost_left.e12;
    if (!is_long(f))
        f->slope = -f->slope;
}

struct money fast_equity(struct fast *f, int64_t close)
{
    struct money equity = {0};

    if (!f->has_position)
        return money_to_scale(f->a->cash, 8, ROUND_HALF_EVEN);
    if (f->is_linear)
        return (struct money){f->base + f->slope * close};
    fail(f, equity_of(f, candle_amount(f, close), &equity));
    return equity;
}

/* ---- Orders ---- */

int64_t fast_order_id(struct fast *f)
{
    f->a->last_intent_id++;
    return ++f->a->last_order_id;
}

static int64_t clamped(i128 value)
{
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

/* The candle prices from which on an order is touched, as sim_find_hit sees it. */
static void make_hits(struct fast *f)
{
    const i128 unit = f->price_unit;
    i128 touch = f->target.level.e12;

    if (f->o->terms.limit_fill == LIMIT_FILL_THROUGH)
        touch += (is_long(f) ? 1 : -1) * f->instrument->tick.e12;
    f->low_hit = INT64_MIN;
    f->high_hit = INT64_MAX;
    if (is_long(f)) {
        if (f->stop.id)
            f->low_hit = clamped(f->stop.level.e12 / unit);
        if (f->target.id)
            f->high_hit = clamped((touch + unit - 1) / unit);
        return;
    }
    if (f->stop.id)
        f->high_hit = clamped((f->stop.level.e12 + unit - 1) / unit);
    if (f->target.id) /* through a level below the first tick: never */
        f->low_hit = touch <= 0 ? INT64_MIN : clamped(touch / unit);
}

void fast_protect(struct fast *f)
{
    struct position *p = &f->position;
    enum exit_reason reason;
    struct price level = position_stop_level(p);

    if (price_sign(level) > 0 && (!f->stop.id || price_cmp(level, f->stop.level) != 0)) {
        reason = price_sign(p->trailing_stop) > 0 ? EXIT_TRAILING_STOP : EXIT_STOP_LOSS;
        f->stop = (struct fast_order){
            .id = fast_order_id(f), .level = level, .decision = level, .reason = reason};
        p->stop_order_id = f->stop.id;
    }
    level = position_target_level(p, &reason);
    if (price_sign(level) > 0 && (!f->target.id || price_cmp(level, f->target.level) != 0)) {
        f->target = (struct fast_order){
            .id = fast_order_id(f), .level = level, .decision = level, .reason = reason};
        p->target_order_id = f->target.id;
    }
    make_hits(f);
}

void fast_leave(struct fast *f, enum exit_reason reason, struct price decision, int64_t at_us)
{
    struct position *p = &f->position;

    f->leaving =
        (struct fast_order){.id = fast_order_id(f), .decision = decision, .reason = reason};
    f->stop.id = f->target.id = 0;
    p->stop_order_id = p->target_order_id = 0;
    p->exit_order_id = f->leaving.id;
    p->updated_us = at_us;
    f->low_hit = INT64_MIN;
    f->high_hit = INT64_MAX;
}

/* ---- Fills ---- */

/* The venue's fill as the engine books it: all that is left of an order at one price. */
static enum err make_fill(struct fast *f, const struct fast_order *order, struct price price,
                          struct fill *out)
{
    const int scale = f->instrument->money_scale;
    struct price worse;
    struct money slip;
    enum err e;

    out->id = f->a->last_fill_id + 1;
    out->order_id = order->id;
    out->price = price;
    e = notional_of(price, out->size, ROUND_HALF_EVEN, &out->notional);
    if (!e)
        e = out->side == SIDE_BUY ? price_sub(price, order->decision, &worse)
                                  : price_sub(order->decision, price, &worse);
    if (!e)
        e = notional_of(worse, out->size, ROUND_HALF_EVEN, &slip);
    if (e)
        return e;
    out->notional = money_to_scale(out->notional, scale, ROUND_HALF_EVEN);
    out->slippage = money_to_scale(slip, scale, ROUND_HALF_EVEN);
    return sim_fee(out->notional, f->o->terms.fee_rate, scale, &out->fee);
}

static enum err move_cash(struct fast *f, const struct fill *x, struct money entry_fee_share)
{
    struct money cash = f->a->cash;
    enum err e;

    if (f->instrument->is_spot) {
        e = x->side == SIDE_BUY ? money_sub(cash, x->notional, &cash)
                                : money_add(cash, x->notional, &cash);
        if (!e)
            e = money_sub(cash, x->fee, &cash);
    } else if (x->opens) {
        e = money_sub(cash, x->fee, &cash);
    } else {
        e = money_add(cash, x->pnl, &cash);
        if (!e)
            e = money_add(cash, entry_fee_share, &cash);
    }
    if (!e)
        f->a->cash = f->venue->cash = cash;
    return e;
}

static struct backtest_leg leg_of(const struct fill *x)
{
    return (struct backtest_leg){
        .order_id = x->order_id,
        .at_us = x->at_us,
        .price = x->price,
        .notional = x->notional,
        .fee = x->fee,
        .slippage = x->slippage,
    };
}

static void keep_round(struct fast *f, const struct fill *x)
{
    const struct position *p = &f->position;
    struct backtest_rounds *rounds = &f->r->rounds;

    *backtest_rounds_next(rounds) = (struct backtest_round){
        .entry = f->entered,
        .exit = leg_of(x),
        .size = p->entry_size,
        .pnl = x->pnl,
        .stop_loss = p->stop_loss,
        .take_profit = p->take_profit,
        .trailing_stop = p->trailing_stop,
        .roi_target = p->roi_target,
        .extreme = p->extreme,
        .worst = p->worst,
        .signal_id = p->signal_id,
        .candles_held = p->candles_held,
        .reason = p->exit_reason,
        .exit_is_maker = x->is_maker,
    };
    rounds->count++;
}

/* Books what an order filled: position, cash, statistics. */
static enum err book(struct fast *f, const struct fast_order *order, struct price price)
{
    struct position *p = &f->position;
    struct fill *x = &f->fill;
    const struct money entry_fee = p->entry_fee_left;
    enum err e = make_fill(f, order, price, x);

    if (!e)
        e = position_apply_fill(p, x, order->reason, f->instrument->money_scale);
    if (!e)
        e = move_cash(f, x, (struct money){entry_fee.e12 - p->entry_fee_left.e12});
    if (e) {
        fail(f, e);
        return e;
    }
    f->a->last_fill_id = x->id;
    performance_fill(f->p, x->notional, x->fee, x->pnl);
    return ERR_OK;
}

static void book_exit(struct fast *f, const struct fast_order *order, struct price price,
                      int64_t at_us, bool is_maker)
{
    struct position *p = &f->position;

    fast_sync(f);
    f->fill.side = is_long(f) ? SIDE_SELL : SIDE_BUY;
    f->fill.size = p->size;
    f->fill.at_us = at_us;
    f->fill.is_maker = is_maker;
    if (book(f, order, price))
        return;
    ASSERT(p->status == POSITION_CLOSED);
    performance_trip(f->p, p->realized_pnl);
    backtest_add_trip(f->r, p, 0, 0);
    if (!f->o->metrics_only)
        keep_round(f, &f->fill);
    f->cooldown_until_us = manage_cooldown_end(f->strategy, p, f->timeframe_us);
    f->has_position = false;
    f->stop.id = f->target.id = f->leaving.id = 0;
}

int64_t fast_roi_due(const struct fast *f, int64_t at_us)
{
    const int64_t age_us = at_us - f->position.opened_us;

    for (size_t i = 0; i < strategy_roi_count(f->strategy); i++) {
        struct roi_step step = strategy_roi(f->strategy, i);

        if (step.after_us > age_us)
            return f->position.opened_us + step.after_us;
    }
    return INT64_MAX;
}

/* Levels at the entry price; a stop that is demanded and not there means leaving at once. */
static void protect_entry(struct fast *f, struct price open, int64_t at_us)
{
    struct position *p = &f->position;
    double stop, target;

    if (f->has_levels) {
        strategy_run_levels(f->run, price_to_double(position_entry_price(p)), &stop, &target);
        manage_levels(p, f->instrument, stop, target, &p->stop_loss, &p->take_profit);
    }
    f->roi_due_us = INT64_MAX;
    if (f->has_roi) {
        p->roi_target = manage_roi(f->strategy, p, f->instrument->tick, at_us - p->opened_us);
        f->roi_due_us = fast_roi_due(f, at_us);
    }
    if (f->o->terms.limits.stop_loss_required && price_sign(position_stop_level(p)) == 0)
        fast_leave(f, EXIT_STOP_LOSS, open, at_us);
    else
        fast_protect(f);
}

static void book_entry(struct fast *f, struct price price, struct price open, int64_t at_us)
{
    const struct fast_order *order = &f->entering;
    struct position *p = &f->position;

    *p = f->opened;
    p->id = f->a->last_position_id + 1;
    p->signal_id = order->signal_id;
    p->entry_order_id = order->id;
    p->first_size = order->size;
    f->fill.side = is_long(f) ? SIDE_BUY : SIDE_SELL;
    f->fill.size = order->size;
    f->fill.at_us = at_us;
    f->fill.is_maker = false;
    if (book(f, order, price))
        return;
    f->entered = leg_of(&f->fill);
    f->entering.id = 0;
    f->a->last_position_id = p->id;
    f->has_position = true;
    f->stop.id = f->target.id = f->leaving.id = 0;
    f->best = f->worst = f->mark = 0;
    make_linear(f);
    protect_entry(f, open, at_us);
}

/* The order as the venue has it; what else there is of it stays 0. */
static void sim_form(struct fast *f, const struct fast_order *order, enum order_type type,
                     bool is_entry, struct sim_order *out)
{
    out->id = order->id;
    out->side = is_long(f) == is_entry ? SIDE_BUY : SIDE_SELL;
    out->type = type;
    out->is_entry = is_entry;
    out->reduce_only = !is_entry;
    out->size = order->size;
    out->level = order->level;
    out->decision = order->decision;
    out->tolerance = is_entry ? f->o->terms.slippage_tolerance : (struct ratio){0};
}

void fast_open(struct fast *f, const struct candle *c)
{
    const bool is_entry = f->entering.id != 0;
    const struct fast_order *order = is_entry ? &f->entering : &f->leaving;
    struct sim_order *form = &f->forms[0];
    const struct price open = candle_amount(f, c->open);
    struct price price;

    if (!order->id || c->volume == 0 || (c->flags & CANDLE_SYNTHETIC))
        return;
    sim_form(f, order, ORDER_MARKET, is_entry, form);
    if (sim_is_beyond_tolerance(form, open)) {
        f->entering.id = 0; /* it expires */
        return;
    }
    if (sim_taker_price(f->venue, form, f->o->terms.slippage, open, &price)) {
        fail(f, ERR_OVERFLOW);
        return;
    }
    if (is_entry)
        book_entry(f, price, open, c->open_us);
    else
        book_exit(f, &f->leaving, price, c->open_us, false);
}

void fast_touch(struct fast *f, const struct candle *c, int64_t at_us)
{
    const struct sim_range range = sim_range_of(c);
    struct sim_order *orders = f->forms;
    struct sim_hit hits[2] = {{{0}, 0, 0, false, {0}}};
    size_t count = 0;
    const struct sim_order *o;
    struct price price;

    if (c->volume == 0 || (c->flags & CANDLE_SYNTHETIC))
        return;
    sim_form(f, &f->stop, ORDER_STOP_MARKET, false, &orders[0]);
    sim_form(f, &f->target, ORDER_LIMIT, false, &orders[1]);
    for (int i = 0; i < 2; i++) {
        hits[count].ref = (struct sim_ref){(uint32_t)i, orders[i].id};
        count += orders[i].id && sim_find_hit(f->venue, &orders[i], &range, &hits[count]);
    }
    if (count == 0)
        return;
    if (count == 2 && sim_compare_hits(&hits[0], &hits[1]) > 0)
        hits[0] = hits[1];
    o = &orders[hits[0].ref.slot];
    if (sim_taker_price(f->venue, o, hits[0].is_limit ? (struct ratio){0} : f->o->terms.slippage,
                        hits[0].price, &price)) {
        fail(f, ERR_OVERFLOW);
        return;
    }
    book_exit(f, hits[0].is_limit ? &f->target : &f->stop, price, at_us,
              hits[0].is_limit && price_cmp(hits[0].price, o->level) == 0);
}

/* ---- Entries ---- */

/* What risk says of it; false: denied. */
static bool is_approved(struct fast *f, const struct candle *c, double confidence, int64_t at_us,
                        struct risk_verdict *out)
{
    const struct price price = candle_amount(f, c->close);
    const struct risk_limits *limits = &f->o->terms.limits;
    const struct risk_request request = {
        .instrument = f->instrument,
        .direction = f->opened.direction,
        .confidence = f->has_confidence ? manage_confidence(confidence) : f->certain,
        .confidence_known = isfinite(confidence),
        .strategy_min_confidence = strategy_min_confidence(f->strategy),
        .price = price,
        .stop_loss = f->has_levels ? manage_stop(f->run, price) : PRICE_ZERO,
        .sizing = strategy_sizing(f->strategy),
        .volatility = manage_volatility(f->strategy, f->run),
    };
    const struct risk_view view = {
        .candle_is_synthetic = (c->flags & CANDLE_SYNTHETIC) != 0,
        .is_cooling_down = at_us < f->cooldown_until_us,
        .equity = f->p->equity,
        .equity_peak = f->p->equity_peak,
        .cash_free = f->a->cash,
    };

    /* Most denials need no size to be found out. */
    if (view.is_cooling_down || view.candle_is_synthetic || !request.confidence_known ||
        ratio_cmp(request.confidence, limits->min_confidence) <= 0 ||
        ratio_cmp(request.confidence, request.strategy_min_confidence) <= 0)
        return false;
    risk_check(limits, &view, &request, out);
    return out->denials == 0;
}

void fast_enter(struct fast *f, const struct candle *c, double confidence, int64_t at_us)
{
    struct risk_verdict verdict;

    f->a->last_signal_id++;
    if (!is_approved(f, c, confidence, at_us, &verdict)) {
        f->a->signals_denied++;
        return;
    }
    f->a->signals_accepted++;
    f->entering = (struct fast_order){
        .id = fast_order_id(f),
        .decision = candle_amount(f, c->close),
        .size = verdict.size,
        .signal_id = f->a->last_signal_id,
    };
    sim_form(f, &f->entering, ORDER_MARKET, true, &f->forms[0]);
    if (sim_entry_objection(f->venue, &f->forms[0])) {
        f->a->orders_rejected++;
        f->entering.id = 0;
    }
}
