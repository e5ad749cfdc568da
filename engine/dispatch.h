/* SPDX-License-Identifier: Apache-2.0 */
/* Which orders, cancels and questions go to the venue now, and which have to wait for what.
 *
 * At a venue that outlives us:
 * - a later attempt waits until its time, everything while the venue wants silence;
 * - a request that would arrive too late is not sent, but made anew;
 * - an entry passes the gate, and its price and age are looked at, before each attempt;
 * - an exit waits until what protects the position has left the venue, so that not both execute;
 * - a new stop goes first, last or in place of the old one (engine/protection.h).
 * Engine thread. */
#ifndef ENGINE_DISPATCH_H
#define ENGINE_DISPATCH_H

#include "engine/state.h"

/* Sends what is durable and may go: the wanted cancels first.  Entries that were not sent before
 * entries were stopped end instead.  Nothing may wait for the journal (ASSERT). */
void dispatch_send(struct engine_state *s);

/* Engine time at which dispatch_send has something to do: not after now: at once; INT64_MAX:
 * never of itself. */
int64_t dispatch_due_us(const struct engine_state *s);

#endif
