/* SPDX-License-Identifier: Apache-2.0 */
/* The orderly end of a daemon that trades at a real venue. */
#ifndef SERVER_SETTLE_H
#define SERVER_SETTLE_H

#include "engine/engine.h"

/* Leaves nothing half done: entries are taken back, what is under way is waited for, every position
 * has its stop; at most for most_us, then the log says so and the next start asks the venue.
 * Nothing may wish for entries any more.  Whoever cannot wait sends a second signal; kill -9 is
 * safe too.  The engine's thread runs. */
void settle_at_venue(struct engine *engine, int64_t most_us);

#endif
