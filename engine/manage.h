/* SPDX-License-Identifier: Apache-2.0 */
/* What an artifact's sections make of an entry and of a position, as amounts.
 *
 * Pure: the strategy, its run and the position are all they look at.  The engine's steps and the
 * fast path of backtests call the same functions. */
#ifndef ENGINE_MANAGE_H
#define ENGINE_MANAGE_H

#include "engine/position.h"
#include "engine/strategy.h"

/* ---- Before an entry ---- */

/* Confidence with 6 decimals; 0 when it is unknown. */
struct ratio manage_confidence(double confidence);
/* The stop the rules would set at the decision price; 0: unknown. */
struct price manage_stop(const struct strategy_run *run, struct price price);
/* Yearly volatility with 6 decimals, 0 when it is unknown or not asked for. */
struct ratio manage_volatility(const struct strategy *s, const struct strategy_run *run);

/* ---- While a position is open ---- */

/* Stop and target wished at its entry price (NaN: none), on the tick and on the safe side (nearer
 * to the market: a long's stop and target round up and down); 0 when unknown or on the wrong
 * side. */
void manage_levels(const struct position *p, const struct instrument *i, double stop, double target,
                   struct price *stop_loss, struct price *take_profit);
/* The same of the levels that came with the order (0: none), exact as they were told. */
void manage_told_levels(const struct position *p, struct price tick, const struct order *o,
                        struct price *stop_loss, struct price *take_profit);
/* The level of the ROI table at this age, from the entry price; 0: none. */
struct price manage_roi(const struct strategy *s, const struct position *p, struct price tick,
                        int64_t age_us);
/* Brings a position's levels onto another tick, to the safe side as above. */
void manage_realign(struct position *p, struct price tick);
/* Where the trailing stop moves to; false when it stays.  run may be NULL: no rules. */
bool manage_trail(const struct strategy *s, const struct strategy_run *run,
                  const struct position *p, struct price tick, struct price *level);
/* What exit and scaling rules may read, at the newest price. */
void manage_view(const struct position *p, struct price last, struct position_view *out);

/* ---- After it has closed ---- */

/* When entries are allowed again: 0 without a cooldown. */
int64_t manage_cooldown_end(const struct strategy *s, const struct position *closed,
                            int64_t timeframe_us);

#endif
