/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's dead-man switch: unless it is renewed in time, the loop pauses or flattens.
 *
 * Armed, renewed and ended by COMMAND_DEADMAN.  Its time runs on the monotonic clock, whatever the
 * feed's time does and whether or not the loop runs.  That it is armed is durable, its expiry is
 * not: while no daemon ran nobody could have renewed it, so a start, or a takeover, begins its time
 * anew.  When it is over the loop pauses, entries that wait end and, to flatten, every position
 * closes; then the switch is off.  Engine thread. */
#ifndef ENGINE_RENEWAL_H
#define ENGINE_RENEWAL_H

#include "engine/state.h"

MUST_USE enum err renewal_command(struct engine_state *s, const struct command *c);
/* The engine begins: what is armed has its whole time. */
void renewal_begin(struct engine_state *s);
bool renewal_has_lapsed(const struct engine_state *s);
/* Its time is over: the first step of renewal_lapse. */
int renewal_lapse_begin(struct engine_state *s);
/* The commands in whose place it stands, one a step; false when that was all.  The last one ends
 * it: a crash before that begins its time anew. */
bool renewal_lapse(const struct engine_state *s, int step, struct command *out);
/* A wait until the next step, cut to when its time is over. */
int64_t renewal_wait(const struct engine_state *s, int64_t wait_us);

#endif
