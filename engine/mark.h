/* SPDX-License-Identifier: Apache-2.0 */
/* What a closed candle does to open positions and to equity. */
#ifndef ENGINE_MARK_H
#define ENGINE_MARK_H

#include "engine/state.h"

/* Marks the lane's position at its newest candle, moves its trailing stop and its ROI target, and
 * brings its protection in line.  After the candle was pushed into the lane's run. */
MUST_USE enum err mark_position(struct engine_state *s, struct lane *lane);
/* A finer candle has closed within the one under way: moves the trailing stop by it, with what the
 * rules knew at the newest close. */
MUST_USE enum err mark_detail(struct engine_state *s, struct lane *lane, const struct candle *c);
/* The level of the ROI table as of now, from the entry price; protection follows separately. */
void mark_roi(struct engine_state *s, struct lane *lane);
/* Samples equity at this instant; a finished day leaves a mark and a leaf. */
void mark_equity(struct engine_state *s, int64_t at_us);

#endif
