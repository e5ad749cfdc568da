/* SPDX-License-Identifier: Apache-2.0 */
/* The venue's dead-man timer: entries that rest there end when this daemon is heard no more.
 *
 * The timer ends every order of a symbol, so it runs only while nothing but entries rests there: as
 * soon as the symbol is held, or a stop, target or exit is out, it is stopped, and stopped again
 * until what it was told before has run out, because the venue's answer is not waited for.  What a
 * daemon before this one may have set is stopped in the same way.  Set anew three times in its
 * length; not while this daemon may make no entries (lease, database), so that those of a daemon
 * that was followed end too.  Engine thread. */
#ifndef ENGINE_DEADMAN_H
#define ENGINE_DEADMAN_H

#include "engine/state.h"

/* Tells the venue what is due now. */
void deadman_keep(struct engine_state *s);
/* When that has something to tell; INT64_MAX: never. */
int64_t deadman_due_us(const struct engine_state *s);

#endif
