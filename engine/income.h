/* SPDX-License-Identifier: Apache-2.0 */
/* Funding that a venue pays and takes by itself: what the account's picture tells of it, booked
 * once each under the venue's id.
 *
 * A payment belongs to the positions of its symbol that may have been held at its stamp, shared by
 * their sizes of now; the shares are its amount to the last digit.  When all of them have closed
 * meanwhile it moves cash alone: a round trip that is over is not changed any more.  Foreign, told
 * and not booked, is a payment at whose stamp nothing of ours can have been held, whatever daemon's
 * clock said so (one that is off by up to a minute, or by as much as this one's), and one in
 * another currency than the symbol's quote.  Engine thread. */
#ifndef ENGINE_INCOME_H
#define ENGINE_INCOME_H

#include "engine/state.h"

/* Books what the picture tells of before this venue time, INT64_MAX: all of it.  The list is walked
 * from *next on, which is where the next call goes on. */
void income_book(struct engine_state *s, const struct venue_account *a, int64_t before_us,
                 size_t *next);

/* A position has closed: until now its instrument was held. */
void income_note_held(struct engine_state *s, const struct position *p);

/* After a restart: what was booked, and what was held. */
void income_restore(struct engine_state *s, const struct recovery *r);

#endif
