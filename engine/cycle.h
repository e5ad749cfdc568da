/* SPDX-License-Identifier: Apache-2.0 */
/* One trading cycle: everything that happens at one instant of the feed.  Start reading here.
 *
 *   closes   the venue matches resting orders against the candles that just closed, or against the
 *            finer ones within them; fills become positions, trades and proofs
 *   funding  what is stamped now is charged to the positions there are
 *   equity   marked at the closes
 *   decide   features, rules, signals, risk, order intents        (entries only while running)
 *   commit   all of it durable, cursor included                    STEP_DECIDED
 *   send     cancels, then new orders
 *   opens    market orders fill at the opens; positions get their stops and targets   STEP_OPENS
 *   commit   durable again, then the protection is sent            STEP_SETTLING
 *
 * An instant at which nothing but finer candles end or funding is due has neither equity nor
 * decisions.  When the journal is away the step stays where it is and cycle_run continues there. */
#ifndef ENGINE_CYCLE_H
#define ENGINE_CYCLE_H

#include "engine/state.h"

/* Runs, or goes on with, one cycle.  ERR_AGAIN: nothing is due until *due_us (feed time).
 * ERR_END: the feed has ended.  ERR_DB_*: call again later.  Other errors are the feed's. */
MUST_USE enum err cycle_run(struct engine_state *s, int64_t until_us, int64_t *due_us);

/* A replay writes its cursor at least this often, so that a restart has little to do again. */
enum {
    CYCLE_CURSOR_EVERY = 2000
};

/* In realtime: one `cycle` leaf with equity, after all that was due is done. */
MUST_USE enum err cycle_heartbeat(struct engine_state *s);

/* The feed has ended: no open will come for entries that still wait, so they end, for every order
 * has an end in the log; then all is durable. */
MUST_USE enum err cycle_finish(struct engine_state *s);

#endif
