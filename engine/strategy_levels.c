/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of prices and volatility: stop, target, trailing level, and the yearly swing. */
#include "engine/strategy_parts.h"

/* side: +1 for a level above `from`, -1 for one below: the entry price, or the best price since.  A
 * level on the wrong side would be hit at once or never: it counts as unknown. */
static double level_price(const struct strategy_run *r, const struct level *level,
                          double entry_price, double from, int side)
{
    struct rule_context context = rule_context_unknown;
    double price = NAN;

    context.entry_price = entry_price;
    switch (level->kind) {
    case LEVEL_NONE:
        return NAN;
    case LEVEL_PCT:
        price = from * (1 + side * level->factor);
        break;
    case LEVEL_ATR:
        price = from + side * level->factor * rule_run_value(&r->rules, level->rule.node, &context);
        break;
    case LEVEL_RULE:
        price = rule_run_value(&r->rules, level->rule.node, &context);
        break;
    }
    return price > 0 && (side > 0 ? price > from : price < from) ? price : NAN;
}

void strategy_run_levels(const struct strategy_run *r, double entry_price, double *stop_loss,
                         double *take_profit)
{
    int forward = r->s->direction == DIRECTION_LONG ? 1 : -1;

    *stop_loss = level_price(r, &r->s->stop, entry_price, entry_price, -forward);
    *take_profit = level_price(r, &r->s->take, entry_price, entry_price, forward);
}

double strategy_run_trailing(const struct strategy_run *r, double entry_price, double extreme)
{
    const struct level *level = &r->s->trailing;
    int forward = r->s->direction == DIRECTION_LONG ? 1 : -1;

    if (level->kind == LEVEL_PCT)
        return NAN; /* strategy_trailing_pct, in exact amounts */
    return level_price(r, level, entry_price, extreme, -forward);
}

double strategy_run_volatility(const struct strategy_run *r)
{
    double value =
        r->s->volatility == NODE_NONE ? NAN : rule_run_value(&r->rules, r->s->volatility, NULL);

    return value > 0 ? value : NAN;
}
