/* SPDX-License-Identifier: Apache-2.0 */
/* What may be looked at when a strategy is tried: the feed's past as of now, and the newest values
 * from outside. */
#ifndef HANDLERS_STRATEGY_PAST_H
#define HANDLERS_STRATEGY_PAST_H

#include "engine/engine.h"
#include "engine/strategy_rows.h"

struct strategy_past {
    int64_t until_us, shift_us;
    struct ext_point points[LIMIT_FEATURES];
    struct ext_series ext[LIMIT_FEATURES]; /* by strategy_ext_name */
};

/* Candles that the engine has not worked through are left out; of a feed that it never began, all
 * of the recording counts as past. */
void strategy_past_init(struct strategy_past *p, struct engine *engine, const struct strategy *s);

#endif
