/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a venue that outlives us what became of an order, until it is known.
 *
 * "Not found" proves absence only when it was said twice to what was asked after
 *   request expiry + what the venue may take to process + clock error + lag of its answers
 * because until then the request may still be on its way, or done and not yet shown.  An answer
 * that does not come proves nothing.  All of that is counted by the monotonic clock: the wall clock
 * may be set at any time.  Without request expiry there is no proof: the order stays
 * unknown, its symbol takes no entries, and the operator is told.  Engine thread. */
#ifndef ENGINE_INQUIRY_H
#define ENGINE_INQUIRY_H

#include "engine/state.h"

/* Something about the order is not known: it is asked about as soon as may be. */
void inquiry_want(struct live_order *live);
/* Nothing is to be asked any more. */
void inquiry_settle(struct live_order *live);
/* When the next question about it is due; INT64_MAX: none. */
int64_t inquiry_due_us(const struct live_order *live);
/* Asks if it is due. */
void inquiry_send(struct engine_state *s, struct live_order *live);
/* An answer that never came: what was sent becomes unknown, what was asked is asked again. */
void inquiry_watch(struct engine_state *s, struct live_order *live);
/* When inquiry_watch has something to do; INT64_MAX: never. */
int64_t inquiry_watch_us(const struct engine_state *s, const struct live_order *live);
/* It leaves now: when its request is too late is remembered by the monotonic clock. */
void inquiry_sent(const struct engine_state *s, struct live_order *live);
/* It may have left at any time before this start, by whatever clock. */
void inquiry_found(const struct engine_state *s, struct live_order *live);
/* The question did not reach, or the answer says nothing. */
void inquiry_failed(struct engine_state *s, struct live_order *live, int64_t retry_after_us);
/* Not found: true when it is proven now. */
bool inquiry_not_found(struct engine_state *s, struct live_order *live);

#endif
