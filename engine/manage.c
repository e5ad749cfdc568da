/* SPDX-License-Identifier: Apache-2.0 */
/* From doubles and sections of an artifact to prices, ratios and instants of a position. */
#include "engine/manage.h"

#include <math.h>

#include "core/amount_text.h"

static struct ratio six_decimals(struct ratio r, enum rounding rounding)
{
    return (struct ratio){money_to_scale((struct money){r.e12}, 6, rounding).e12};
}

struct ratio manage_confidence(double confidence)
{
    struct ratio r;

    if (!isfinite(confidence) || ratio_from_double(confidence, ROUND_HALF_EVEN, &r))
        return (struct ratio){0};
    return six_decimals(r, ROUND_HALF_EVEN);
}

struct price manage_stop(const struct strategy_run *run, struct price price)
{
    double stop, target;
    struct price level;

    strategy_run_levels(run, price_to_double(price), &stop, &target);
    if (!isfinite(stop) || price_from_double(stop, ROUND_HALF_EVEN, &level) ||
        price_sign(level) <= 0)
        return PRICE_ZERO;
    return level;
}

struct ratio manage_volatility(const struct strategy *s, const struct strategy_run *run)
{
    double volatility = NAN;
    struct ratio r;

    if (strategy_sizing(s).kind == SIZING_VOL_TARGET)
        volatility = strategy_run_volatility(run);
    if (!isfinite(volatility) || ratio_from_double(volatility, ROUND_HALF_EVEN, &r))
        return (struct ratio){0};
    return six_decimals(r, ROUND_UP);
}

static struct price level_price(double level)
{
    struct price p;

    if (!isfinite(level) || price_from_double(level, ROUND_HALF_EVEN, &p))
        return PRICE_ZERO;
    return p;
}

/* On the tick, and on the right side of the entry; else 0. */
static struct price level_near(struct price level, struct price entry, bool above,
                               struct price tick, enum rounding rounding)
{
    struct price p;

    if (price_sign(level) <= 0 || price_to_step(level, tick, rounding, &p) || price_sign(p) <= 0)
        return PRICE_ZERO;
    if (above ? price_cmp(p, entry) <= 0 : price_cmp(p, entry) >= 0)
        return PRICE_ZERO;
    return p;
}

static void levels_near(const struct position *p, struct price tick, struct price *stop_loss,
                        struct price *take_profit)
{
    const struct price entry = position_entry_price(p);
    const bool is_long = p->direction == DIRECTION_LONG;

    *stop_loss = level_near(*stop_loss, entry, !is_long, tick, is_long ? ROUND_UP : ROUND_DOWN);
    *take_profit = level_near(*take_profit, entry, is_long, tick, is_long ? ROUND_DOWN : ROUND_UP);
}

void manage_levels(const struct position *p, const struct instrument *i, double stop, double target,
                   struct price *stop_loss, struct price *take_profit)
{
    *stop_loss = level_price(stop);
    *take_profit = level_price(target);
    levels_near(p, i->tick, stop_loss, take_profit);
}

void manage_told_levels(const struct position *p, struct price tick, const struct order *o,
                        struct price *stop_loss, struct price *take_profit)
{
    *stop_loss = o->attached_stop;
    *take_profit = o->attached_target;
    levels_near(p, tick, stop_loss, take_profit);
}

/* Onto the tick; where that fails it stays. */
static void realign(struct price *level, struct price tick, enum rounding rounding)
{
    struct price p;

    if (price_sign(*level) > 0 && !price_to_step(*level, tick, rounding, &p) && price_sign(p) > 0)
        *level = p;
}

void manage_realign(struct position *p, struct price tick)
{
    const bool is_long = p->direction == DIRECTION_LONG;

    realign(&p->stop_loss, tick, is_long ? ROUND_UP : ROUND_DOWN);
    realign(&p->trailing_stop, tick, is_long ? ROUND_UP : ROUND_DOWN);
    realign(&p->take_profit, tick, is_long ? ROUND_DOWN : ROUND_UP);
    realign(&p->roi_target, tick, is_long ? ROUND_DOWN : ROUND_UP);
}

struct price manage_roi(const struct strategy *s, const struct position *p, struct price tick,
                        int64_t age_us)
{
    const bool is_long = p->direction == DIRECTION_LONG;
    struct ratio profit = {0}, factor;
    bool found = false;
    struct price level;

    for (size_t i = 0; i < strategy_roi_count(s); i++) {
        struct roi_step step = strategy_roi(s, i);

        if (step.after_us > age_us)
            break;
        profit = step.profit;
        found = true;
    }
    if (!found)
        return PRICE_ZERO;
    factor.e12 = AMOUNT_ONE + (is_long ? profit.e12 : -profit.e12);
    /* Rounded towards the market, like every target. */
    if (price_times(position_entry_price(p), factor, is_long ? ROUND_DOWN : ROUND_UP, &level) ||
        price_to_step(level, tick, is_long ? ROUND_DOWN : ROUND_UP, &level) ||
        price_sign(level) <= 0)
        return PRICE_ZERO;
    return level;
}

/* Where the rules want the trailing stop: false when they do not say. */
static bool trailing_level(const struct strategy_run *run, const struct position *p,
                           struct price *out)
{
    double level = strategy_run_trailing(run, price_to_double(position_entry_price(p)),
                                         price_to_double(p->extreme));

    return isfinite(level) && price_from_double(level, ROUND_HALF_EVEN, out) == ERR_OK &&
           price_sign(*out) > 0;
}

bool manage_trail(const struct strategy *s, const struct strategy_run *run,
                  const struct position *p, struct price tick, struct price *level)
{
    const struct ratio activation = strategy_trailing_activation(s);
    const struct ratio distance = strategy_trailing_pct(s);
    struct price wanted;

    if (!strategy_has_trailing(s))
        return false;
    if (ratio_sign(distance) > 0)
        return position_trail(p, distance, activation, tick, level);
    return trailing_level(run, p, &wanted) && position_trail_to(p, wanted, activation, tick, level);
}

static double profit_ratio(const struct position *p, double entry, struct price at)
{
    return (price_to_double(at) / entry - 1) * (double)p->direction;
}

void manage_view(const struct position *p, struct price last, struct position_view *out)
{
    double entry = price_to_double(position_entry_price(p));

    *out = (struct position_view){.is_open = true,
                                  .entry_price = entry,
                                  .candles_held = p->candles_held,
                                  .pnl_ratio = profit_ratio(p, entry, last),
                                  .best_ratio = profit_ratio(p, entry, p->extreme),
                                  .worst_ratio = profit_ratio(p, entry, p->worst),
                                  .scale_ins = p->scale_ins,
                                  .scale_outs = p->scale_outs};
}

int64_t manage_cooldown_end(const struct strategy *s, const struct position *closed,
                            int64_t timeframe_us)
{
    const bool stopped =
        closed->exit_reason == EXIT_STOP_LOSS || closed->exit_reason == EXIT_TRAILING_STOP;
    const struct cooldown c = strategy_cooldown(s);
    const int64_t candles =
        stopped && c.after_stop_candles > c.candles ? c.after_stop_candles : c.candles;

    if (candles == 0 || closed->closed_us == TIME_NONE)
        return 0;
    return closed->closed_us + candles * timeframe_us;
}
