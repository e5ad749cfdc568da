/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that are good until a time of their own: what is left of them is canceled then.
 *
 * The engine cancels; the venue knows nothing of the time.  In a replay the times looked at are
 * those of candles: what executed within the candle before counts.  Engine thread. */
#ifndef ENGINE_EXPIRY_H
#define ENGINE_EXPIRY_H

#include "engine/state.h"

/* Orders whose time has come are not wanted any more. */
void expiry_watch(struct engine_state *s);
/* When that has something to do; INT64_MAX: never. */
int64_t expiry_due_us(const struct engine_state *s);
/* It was canceled because its time had come. */
bool expiry_is_why(const struct order *o);

#endif
