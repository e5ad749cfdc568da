/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of prices and volatility: stop, target, trailing level, and the yearly swing. */
#include "engine/strategy_parts.h"

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

double strategy_run_trailing(const struct strategy_run *r, double entry_price, double extreme)
{
    (void)r;
    (void)entry_price;
    (void)extreme;
    return NAN;
}

double strategy_run_volatility(const struct strategy_run *r)
{
    (void)r;
    return NAN;
}
