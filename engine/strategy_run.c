/* SPDX-License-Identifier: Apache-2.0 */
/* One symbol's run of a strategy: push a candle, then ask what the rules say. */
#include <stdlib.h>
#include <string.h>

#include "engine/strategy_parts.h"

static const double certain = 1;

struct strategy_run *strategy_run_new(const struct strategy *s)
{
    struct strategy_run *r = xcalloc(1, sizeof *r);

    r->s = s;
    rule_run_init(&r->rules, &s->graph);
    /* Neither can read a position: they are nodes of the candles. */
    r->entry = &r->rules.values[s->entry.node];
    r->confidence =
        s->confidence.node == NODE_NONE ? &certain : &r->rules.values[s->confidence.node];
    return r;
}

void strategy_run_free(struct strategy_run *r)
{
    if (!r)
        return;
    if (r->block)
        rule_block_release(r->block);
    free(r->block);
    rule_run_release(&r->rules);
    free(r);
}

void strategy_run_reset(struct strategy_run *r)
{
    r->pushed = 0;
    rule_run_reset(&r->rules);
}

/* Apart from the usual way: a gap, or other streams than the own candles. */
static __attribute__((noinline)) void push_streams(struct strategy_run *r, const struct candle *c)
{
    if (c->flags & CANDLE_AFTER_GAP) {
        r->pushed = 0;
        rule_run_reset_symbol(&r->rules, 0);
    }
    if (r->rules.has_streams)
        rule_run_push_streams(&r->rules, 0, c);
}

void strategy_run_push(struct strategy_run *r, const struct candle *c)
{
    if (__builtin_expect((c->flags & CANDLE_AFTER_GAP) || r->rules.has_streams, 0))
        push_streams(r, c);
    rule_run_push(&r->rules, c);
    r->pushed++;
}

int64_t strategy_run_pushed(const struct strategy_run *r)
{
    return r->pushed;
}

bool strategy_run_is_warm(const struct strategy_run *r)
{
    return r->pushed >= r->s->warmup;
}

double strategy_run_feature(const struct strategy_run *r, size_t i)
{
    ASSERT(i < r->s->feature_count);
    return rule_run_value(&r->rules, r->s->features[i].node, NULL);
}

static enum tristate tristate_of(double value)
{
    return isnan(value) ? TRI_UNKNOWN : (enum tristate)(int)value; /* it is 0 or 1 */
}

static double clamped(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x; /* NaN stays */
}

/* Apart, so that the way without a position keeps its stack empty. */
static __attribute__((noinline)) enum tristate ask_of(const struct strategy_run *r, int node,
                                                      const struct position_view *position)
{
    const struct rule_context context = {
        .entry_price = position->entry_price,
        .candles_held = (double)position->candles_held,
        .pnl = position->pnl_ratio,
        .pnl_best = position->best_ratio,
        .pnl_worst = position->worst_ratio,
        .scale_ins = (double)position->scale_ins,
        .scale_outs = (double)position->scale_outs,
    };

    if (node == NODE_NONE)
        return TRI_FALSE;
    if (!strategy_run_is_warm(r))
        return TRI_UNKNOWN;
    return tristate_of(rule_run_value(&r->rules, node, &context));
}

void strategy_run_decide(const struct strategy_run *r, const struct position_view *position,
                         struct decision *out)
{
    bool is_warm = strategy_run_is_warm(r);
    bool is_open = position && position->is_open;

    out->entry = is_warm ? tristate_of(*r->entry) : TRI_UNKNOWN;
    out->exit = is_open ? ask_of(r, r->s->exit.node, position) : TRI_FALSE;
    out->scale_in = is_open ? ask_of(r, r->s->scale_in_rule.node, position) : TRI_FALSE;
    out->scale_out = is_open ? ask_of(r, r->s->scale_out_rule.node, position) : TRI_FALSE;
    out->confidence = is_warm ? clamped(*r->confidence) : NAN;
    out->trigger[0] = '\0';
    if (out->entry != TRI_TRUE)
        return;
    if (r->s->trigger.is_constant)
        memcpy(out->trigger, r->s->trigger.constant, sizeof out->trigger);
    else
        trigger_print(&r->s->trigger, &r->rules, out->trigger);
}

void strategy_run_push_other(struct strategy_run *r, size_t i, const struct candle *c)
{
    int symbol;

    ASSERT(i < r->s->other_count);
    symbol = r->s->other_at[i] + 1;
    if (c->flags & CANDLE_AFTER_GAP)
        rule_run_reset_symbol(&r->rules, symbol);
    rule_run_push_streams(&r->rules, symbol, c);
}

void strategy_run_set_ext(struct strategy_run *r, size_t i, double value)
{
    ASSERT(i < r->s->ext_count);
    r->rules.ext[i] = rule_bounded(value);
}
