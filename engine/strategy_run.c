/* SPDX-License-Identifier: Apache-2.0 */
/* One symbol's run of a strategy: push a candle, then ask what the rules say. */
#include <stdlib.h>

#include "engine/strategy_parts.h"

struct strategy_run {
    const struct strategy *s;
    int64_t pushed;
    struct rule_run rules;
    const double *entry, *confidence; /* where the newest values are */
};

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
    rule_run_release(&r->rules);
    free(r);
}

void strategy_run_reset(struct strategy_run *r)
{
    r->pushed = 0;
    rule_run_reset(&r->rules);
}

void strategy_run_push(struct strategy_run *r, const struct candle *c)
{
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
    return (enum tristate)((value != 0) + (value != value)); /* NaN is both */
}

static double clamped(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x; /* NaN stays */
}

void strategy_run_decide(const struct strategy_run *r, const struct position_view *position,
                         struct decision *out)
{
    const struct strategy *s = r->s;
    bool is_open = position && position->is_open;

    out->entry = TRI_UNKNOWN;
    out->exit = is_open && s->exit.node != NODE_NONE ? TRI_UNKNOWN : TRI_FALSE;
    out->confidence = NAN;
    out->trigger[0] = '\0';
    if (!strategy_run_is_warm(r))
        return;
    out->entry = tristate_of(*r->entry);
    out->confidence = clamped(*r->confidence);
    if (out->exit == TRI_UNKNOWN) {
        const struct rule_context context = {position->entry_price, (double)position->candles_held,
                                             position->pnl_ratio};

        out->exit = tristate_of(rule_run_value(&r->rules, s->exit.node, &context));
    }
    if (out->entry == TRI_TRUE && s->trigger.count > 0)
        trigger_print(&s->trigger, &r->rules, out->trigger);
}

/* side: +1 for a level above the entry price, -1 for one below.  A level on the wrong side would
 * be hit at once or never: it counts as unknown. */
static double level_price(const struct strategy_run *r, const struct level *level,
                          double entry_price, int side)
{
    const struct rule_context context = {entry_price, NAN, NAN};
    double price = NAN;

    switch (level->kind) {
    case LEVEL_NONE:
        return NAN;
    case LEVEL_PCT:
        price = entry_price * (1 + side * level->factor);
        break;
    case LEVEL_ATR:
        price = entry_price +
                side * level->factor * rule_run_value(&r->rules, level->rule.node, &context);
        break;
    case LEVEL_RULE:
        price = rule_run_value(&r->rules, level->rule.node, &context);
        break;
    }
    return price > 0 && (side > 0 ? price > entry_price : price < entry_price) ? price : NAN;
}

void strategy_run_levels(const struct strategy_run *r, double entry_price, double *stop_loss,
                         double *take_profit)
{
    int forward = r->s->direction == DIRECTION_LONG ? 1 : -1;

    *stop_loss = level_price(r, &r->s->stop, entry_price, -forward);
    *take_profit = level_price(r, &r->s->take, entry_price, forward);
}
