/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions on closed candles: trailing stops, equity marks, exit and entry signals. */
#ifndef ENGINE_DECIDE_H
#define ENGINE_DECIDE_H

#include "engine/state.h"

/* After a candle's range was tested: the position ages, its trailing stop may rise. */
MUST_USE enum err decide_trail(struct engine_state *s, size_t lane);

/* One sample of the equity curve; finished days leave a mark and an equity leaf. */
void decide_equity(struct engine_state *s, int64_t at_us);

/* Every instrument whose candle closed at at_us: exit rules, then entry rules.  An error in one is
 * logged and counted, the others go on. */
void decide_all(struct engine_state *s, int64_t at_us);

#endif
