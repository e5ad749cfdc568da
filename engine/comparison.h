/* SPDX-License-Identifier: Apache-2.0 */
/* When the account is compared with the venue's, and what follows from what differs.
 *
 * At start and whenever the loop is started, after a gap in what the venue told, when an answer
 * says that our picture is wrong, and every so often, whatever the loop's state.  Fills that were
 * never told are booked; orders the venue lacks are asked about; orders of ours that were thought
 * to have ended are canceled; what is foreign is reported and left alone; an instrument whose
 * position differs by a lot or more takes no entries until it does not.  Less of the quote currency
 * than our books have is told: entries will be refused for it.  More is somebody else's.  Engine
 * thread. */
#ifndef ENGINE_COMPARISON_H
#define ENGINE_COMPARISON_H

#include "engine/state.h"

/* Engine time of the next question; INT64_MAX: none is due of itself. */
int64_t comparison_due_us(const struct engine_state *s);
/* Asks if it is due. */
void comparison_send(struct engine_state *s);
/* The picture came, or did not. */
void comparison_answer(struct engine_state *s);
void comparison_failed(struct engine_state *s, int64_t retry_after_us);

#endif
