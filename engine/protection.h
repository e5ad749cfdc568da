/* SPDX-License-Identifier: Apache-2.0 */
/* Stops and targets of positions at the venue, and the clock of a position without a stop.
 *
 * A stop moves in the way the venue allows: by one request where it has replace; the new one first
 * where both may rest beside one another (reduce-only, nothing locked); else the old one goes
 * first.  Where a resting order locks what another would sell the target rests only together with
 * the stop, as one (venue.h, submit_pair): neither is moved, nor placed, without the other.  Where
 * there is no such thing, or the venue refused it, the engine watches the target.  Engine
 * thread. */
#ifndef ENGINE_PROTECTION_H
#define ENGINE_PROTECTION_H

#include "engine/state.h"

/* Brings the protective orders in line with the position: stop at its level and size, target
 * beside it, none while an exit of the whole is on its way.  Idempotent. */
MUST_USE enum err protection_set(struct engine_state *s, struct lane *lane);
/* The same for all lanes that were touched; those that cannot be protected leave. */
void protection_set_touched(struct engine_state *s);

/* At a venue that outlives us: tells the clocks what time it is.  A position whose stop is missing
 * is protected anew, and leaves at the market once that has lasted for the limit. */
void protection_watch(struct engine_state *s);
/* When that has something to do; INT64_MAX: never. */
int64_t protection_due_us(const struct engine_state *s);
/* A position has been unprotected for longer than the limit. */
bool protection_is_overdue(const struct engine_state *s);

/* A new stop may rest beside the old one until that is canceled. */
bool protection_may_overlap(const struct venue_traits *t);

/* An exit came to nothing: the next one for the same reason waits, longer each time. */
void protection_pause_leaving(struct engine_state *s, struct lane *lane);

#endif
