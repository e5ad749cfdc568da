/* SPDX-License-Identifier: Apache-2.0 */
/* What the venue tells, booked: order status, fills, positions, cash, statistics and their leaves.
 *
 * Engine thread.  Everything goes into the pending batch; nothing is sent from here. */
#ifndef ENGINE_BOOKING_H
#define ENGINE_BOOKING_H

#include "engine/state.h"

/* Applies one event.  ERR_NOT_FOUND for an order that is not alive (a late or foreign event),
 * ERR_CONFLICT for a fill beyond the order's or the position's size: nothing is changed then. */
MUST_USE enum err booking_apply(struct engine_state *s, const struct venue_event *event);

/* Charges the funding of a FEED_FUNDING event to every position on its instrument, in the order of
 * lanes: cash, the position's funding, a `cash` leaf and row each; then tells the venue what cash
 * is.  The mark is the recording's, else the newest close.  What rounds to nothing leaves nothing.
 * Nothing at a venue that tells funding itself (engine/income.h). */
void booking_funding(struct engine_state *s, const struct feed_event *event);

/* Takes over that the venue holds `theirs` of an instrument of which positions of ours are open:
 * they become smaller, the first lane's first, or the first one larger, by a `correct` entry each
 * at this price and without a fee; protection follows.  Never beyond 0: what the venue holds on the
 * other side, where nothing of ours is open, or of a spot asset beyond our positions, is foreign.
 * ERR_NOT_FOUND: all of the difference is. */
MUST_USE enum err booking_adopt(struct engine_state *s, size_t instrument, struct size theirs,
                                struct price price);

/* Ends an order that was never sent.  again: its intent still stands, so it may have another
 * attempt. */
void booking_end_unsent(struct engine_state *s, int64_t order_id, const char *reason, bool again);

#endif
