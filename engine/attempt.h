/* SPDX-License-Identifier: Apache-2.0 */
/* The next attempt at an intent whose last one certainly came to nothing (engine/retry.h).
 *
 * Each attempt is an order with a leaf and a client order id of its own, durable before it is sent,
 * sharing the intent's id.  Engine thread. */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include "engine/state.h"

/* `was` has ended without a fill, and is forgotten already: its lane and what it was are told.
 * Makes the next attempt where the rules want one and the intent still makes sense; takes the
 * measures the error asks for.  True when there is one. */
bool attempt_next(struct engine_state *s, const struct live_order *was, enum venue_error error,
                  int64_t retry_after_us);

#endif
