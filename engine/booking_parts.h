/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of booking share; only engine/booking*.c include this. */
#ifndef ENGINE_BOOKING_PARTS_H
#define ENGINE_BOOKING_PARTS_H

#include "engine/booking.h"

/* Books a fill, once; of an order that has ended (a copy of it) too.  `live` may be gone then. */
MUST_USE enum err booking_fill(struct engine_state *s, struct live_order *live,
                               const struct venue_event *event);
/* Closes the lane's position if what is left of it cannot be sold; was_exit: a fill has just made
 * it smaller. */
MUST_USE enum err booking_dust(struct engine_state *s, struct lane *lane, bool was_exit);
/* Cash after a fill.  entry_fee_share: what of the entry fee its pnl is net of. */
MUST_USE enum err booking_cash(struct engine_state *s, const struct instrument *instrument,
                               const struct fill *f, struct money entry_fee_share);
/* A position that has closed: its last row, its statistics, and its other orders taken away. */
void booking_close_position(struct engine_state *s, struct lane *lane);
/* An order that only reduces has executed beyond its position, at this price, because the venue
 * knows only the sum of what is held: what others held of the symbol is gone, and so is the lane's
 * position that it seems to have opened.  Or it was refused, because others hold the other side:
 * no order could ever close the two.  Two `correct` entries each, no cash but the profit. */
MUST_USE enum err booking_cross(struct engine_state *s, struct lane *lane, struct price price);
/* Writes the order's end into the log and forgets it. */
MUST_USE enum err booking_close_order(struct engine_state *s, int64_t order_id);

#endif
