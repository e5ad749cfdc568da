/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path's walk: from instant to instant, past those at which nothing can happen. */
#include "engine/backtest_fast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/manage.h"

enum {
    PROGRESS_BLOCKS = 64
};

bool backtest_fast_applies(const struct backtest_options *o)
{
    const struct strategy *s = o->strategies[0];

    return o->strategy_count == 1 && o->instrument_count == 1 && strategy_other_count(s) == 0 &&
           strategy_trades(s, o->instruments[0].symbol) && !strategy_scale_in(s).is_used &&
           !strategy_scale_out(s).is_used && ratio_sign(o->terms.volume_cap) == 0 &&
           o->terms.delay_candles == 0 &&
           (o->terms.fee_in == FEE_IN_QUOTE || !o->instruments[0].is_spot);
}

/* ---- Rules ---- */

/* True when the candle opens at another instant than the one before it closes. */
static bool is_apart(const struct fast *f, size_t i)
{
    return i == 0 || f->candles[i].open_us != f->candles[i - 1].open_us + f->timeframe_us;
}

/* The next candle of the block that opens apart, or the block's end.  No candle opens before the
 * one in front of it ends, so that one distance says of all candles on its way that none is apart.
 */
static size_t find_apart(const struct fast *f, size_t i)
{
    const struct candle *c = f->candles;
    size_t low = i, high = f->first + f->length; /* low is not apart from i; high is, or the end */

    if (c[high - 1].open_us - c[i].open_us == (int64_t)(high - 1 - i) * f->timeframe_us)
        return high;
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;

        if (c[middle].open_us - c[i].open_us == (int64_t)(middle - i) * f->timeframe_us)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* One candle, when something reads the run as of it. */
static void evaluate_one(struct fast *f, size_t i)
{
    /* A position at its entry: the exit rule is asked again where it reads the position. */
    const struct position_view view = {.is_open = f->has_position && !f->reads_position};
    struct decision d;

    strategy_run_push(f->run, &f->candles[i]);
    strategy_run_decide(f->run, &view, &d);
    f->first = i;
    f->length = 1;
    f->next_apart = i + 1;
    f->entry[0] = (uint8_t)d.entry;
    f->exit[0] = (uint8_t)d.exit;
    f->confidence[0] = d.confidence;
}

static void evaluate(struct fast *f, size_t i)
{
    const size_t left = f->count - i;
    struct strategy_block block = {
        .own = {f->candles + i, f->is_stepped       ? 1
                                : left < FAST_BLOCK ? left
                                                    : FAST_BLOCK},
        .entry = f->entry,
        .exit = f->reads_position ? NULL : f->exit,
        .confidence = f->has_confidence ? f->confidence : NULL,
    };

    f->first = i;
    f->length = block.own.count;
    strategy_run_push_block(f->run, &block);
    f->next_apart = find_apart(f, i);
}

static bool is_exit(struct fast *f, size_t i)
{
    struct position_view view;
    struct decision d;

    if (!f->reads_position)
        return f->exit[i - f->first] == TRI_TRUE;
    fast_sync(f);
    manage_view(&f->position, f->position.mark, &view);
    strategy_run_decide(f->run, &view, &d);
    return d.exit == TRI_TRUE;
}

/* ---- Instants ---- */

/* A candle of the position has closed: best and worst price, trailing stop, ROI target. */
static void mark(struct fast *f, const struct candle *c, int64_t at_us)
{
    struct position *p = &f->position;
    const bool is_long = p->direction == DIRECTION_LONG;
    const int64_t best = is_long ? c->high : c->low, worst = is_long ? c->low : c->high;
    struct price level;

    if (f->best == 0 || (is_long ? best > f->best : best < f->best))
        f->best = best;
    if (f->worst == 0 || (is_long ? worst < f->worst : worst > f->worst))
        f->worst = worst;
    f->mark = c->close;
    p->candles_held++;
    if (f->leaving.id || (!f->has_trailing && at_us < f->roi_due_us))
        return;
    fast_sync(f);
    if (f->has_trailing && manage_trail(f->strategy, f->run, p, f->instrument->tick, &level)) {
        p->trailing_stop = level;
        p->updated_us = at_us;
    }
    if (at_us >= f->roi_due_us) {
        p->roi_target = manage_roi(f->strategy, p, f->instrument->tick, at_us - p->opened_us);
        f->roi_due_us = fast_roi_due(f, at_us);
    }
    fast_protect(f);
}

static void decide(struct fast *f, size_t i, int64_t at_us)
{
    const struct candle *c = &f->candles[i];
    const struct price price = candle_price(c, c->close);
    bool rule;

    if (i + 1 == f->count && f->is_ending)
        return; /* there is no next open to trade at */
    if (f->has_position) {
        if (f->leaving.id)
            return;
        rule = is_exit(f, i);
        if (!rule && (f->max_candles == 0 || f->position.candles_held < f->max_candles))
            return;
        f->a->last_signal_id++;
        f->a->signals_accepted++;
        fast_leave(f, rule ? EXIT_SIGNAL : EXIT_TIME, price, at_us);
        return;
    }
    if (f->entering.id)
        return;
    if (f->entry[i - f->first] == TRI_UNKNOWN && f->pushed >= f->warmup)
        f->a->signals_unknown++;
    if (f->entry[i - f->first] == TRI_TRUE)
        fast_enter(f, c, f->confidence[i - f->first], at_us);
}

/* What happens at the open of candle i; apart from a close it is an instant of its own. */
static void open_candle(struct fast *f, size_t i)
{
    const struct candle *c = &f->candles[i];

    if (is_apart(f, i))
        fast_sample(f, fast_equity(f, f->mark), c->open_us);
    if (f->entering.id || f->leaving.id)
        fast_open(f, c);
}

static void close_candle(struct fast *f, size_t i)
{
    const struct candle *c = &f->candles[i];
    const int64_t at_us = c->open_us + f->timeframe_us;

    f->pushed = c->flags & CANDLE_AFTER_GAP ? 1 : f->pushed + 1;
    if (f->has_position && (c->low <= f->low_hit || c->high >= f->high_hit))
        fast_touch(f, c, at_us);
    if (f->has_position)
        mark(f, c, at_us);
    fast_sample(f, fast_equity(f, c->close), at_us);
    decide(f, i, at_us);
    if (i + 1 < f->count)
        open_candle(f, i + 1);
}

/* ---- The walk ---- */

static void begin(struct fast *f, const struct backtest_options *o)
{
    const struct simulate_options venue = {
        .instruments = o->instruments,
        .instrument_count = 1,
        .fee_rate = o->terms.fee_rate,
        .slippage = o->terms.slippage,
        .intrabar = o->terms.intrabar,
        .limit_fill = o->terms.limit_fill,
    };
    const struct instrument *i = f->instrument;

    f->run = strategy_run_new(f->strategy);
    f->venue = simulate_new(&venue);
    f->venue->cash = f->a->cash = o->terms.starting_equity;
    performance_init(f->p, o->terms.starting_equity);
    copy_text(f->a->id, sizeof f->a->id, "trial");
    copy_text(f->a->quote, sizeof f->a->quote, i->quote);
    f->a->mode = MODE_BACKTEST;
    f->a->wanted = WANTED_RUNNING;
    f->reads_position = strategy_exit_reads_position(f->strategy);
    f->is_stepped = f->reads_position || strategy_levels_read_candles(f->strategy);
    f->warmup = strategy_warmup(f->strategy);
    f->has_confidence = strategy_has_confidence(f->strategy);
    for (size_t k = 0; k < FAST_BLOCK; k++)
        f->confidence[k] = 1;
    f->certain = manage_confidence(1);
    f->has_levels = strategy_has_levels(f->strategy);
    f->has_roi = strategy_roi_count(f->strategy) > 0;
    f->has_trailing = strategy_has_trailing(f->strategy);
    f->max_candles = strategy_max_candles(f->strategy);
    f->price_unit = price_from_scaled(1, f->candles[0].price_scale).e12;
    copy_text(f->fill.symbol, sizeof f->fill.symbol, i->symbol);
    copy_text(f->fill.strategy, sizeof f->fill.strategy, strategy_name(f->strategy));
    copy_text(f->fill.strategy_id, sizeof f->fill.strategy_id, strategy_id(f->strategy));
    copy_text(f->fill.fee_currency, sizeof f->fill.fee_currency, i->quote);
    f->fill.order_done = true;
    copy_text(f->opened.symbol, sizeof f->opened.symbol, i->symbol);
    copy_text(f->opened.strategy, sizeof f->opened.strategy, strategy_name(f->strategy));
    copy_text(f->opened.strategy_id, sizeof f->opened.strategy_id, strategy_id(f->strategy));
    f->opened.direction = strategy_direction(f->strategy);
    f->opened.closed_us = TIME_NONE;
    f->opened.unprotected_since_us = TIME_NONE;
    f->r->rounds.position = f->opened;
    f->r->rounds.fill = f->fill;
}

/* Candles that close before the beginning are only pushed; returns the first that is not. */
static size_t warm_up(struct fast *f)
{
    const int64_t from_us = f->o->from_us;
    size_t i = 0;

    while (i < f->count && f->candles[i].open_us + f->timeframe_us < from_us) {
        const struct candle *c = &f->candles[i++];

        strategy_run_push(f->run, c);
        f->pushed = c->flags & CANDLE_AFTER_GAP ? 1 : f->pushed + 1;
    }
    if (i < f->count && is_apart(f, i) && f->candles[i].open_us >= from_us)
        open_candle(f, i);
    return i;
}

static enum err walk(struct fast *f, size_t i)
{
    const struct backtest_options *o = f->o;
    const bool can_skip_held = !f->reads_position && !f->has_trailing && !f->is_stepped;
    int blocks = 0;

    while (i < f->count && !f->failed) {
        if (i >= f->first + f->length || f->length == 0) {
            if (f->is_stepped)
                evaluate_one(f, i);
            else
                evaluate(f, i);
            if (o->progress && ++blocks % PROGRESS_BLOCKS == 0 &&
                !o->progress(o->context, (int64_t)i, (int64_t)f->count))
                return ERR_CANCELED;
        }
        if (i >= f->next_apart)
            f->next_apart = find_apart(f, i);
        if (!f->has_position && !f->entering.id)
            i = fast_skip_flat(f, i);
        else if (can_skip_held && f->has_position && !f->leaving.id)
            i = fast_skip_held(f, i);
        close_candle(f, i++);
    }
    return f->failed;
}

static void finish(struct fast *f)
{
    struct trial_result *t = f->t;

    f->a->cursor_us = f->p->last_us;
    t->equity = f->p->equity;
    t->open = xcalloc(2, sizeof *t->open);
    if (f->has_position) {
        fast_sync(f);
        t->open[t->open_count++] = f->position;
        if (!f->o->metrics_only) {
            f->r->rounds.has_open = true;
            *backtest_rounds_next(&f->r->rounds) =
                (struct backtest_round){.entry = f->entered, .size = f->position.entry_size};
        }
    }
    performance_report(f->p, &t->daily, &t->report);
}

enum err backtest_fast(const struct backtest_options *o, const struct backtest_survey *s,
                       struct backtest_result *r)
{
    struct fast *f = xcalloc(1, sizeof *f);
    enum err e;

    *f = (struct fast){
        .o = o,
        .strategy = o->strategies[0],
        .instrument = &o->instruments[0],
        .candles = s->candles,
        .count = s->kept,
        .is_ending = s->is_ending,
        .timeframe_us = r->timeframe_us,
        .r = r,
        .t = &r->trial,
        .a = &r->trial.account,
        .p = &r->trial.account.performance,
    };
    begin(f, o);
    e = walk(f, warm_up(f));
    if (!e)
        finish(f);
    strategy_run_free(f->run);
    simulate_free(f->venue);
    free(f);
    return e;
}
