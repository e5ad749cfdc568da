/* SPDX-License-Identifier: Apache-2.0 */
/* An order that takes another's place, so that both together never fill more than was wanted.
 *
 * The new order is durable, with its size, before the old one's cancel is asked for; it is sent
 * only when the old one has ended and all its fills are booked, or by the venue's one request that
 * places nothing unless the old one was canceled untouched.  What the old one filled meanwhile
 * makes the new one smaller: as another attempt, for its size is in its leaf.  Engine thread. */
#ifndef ENGINE_REPLACEMENT_H
#define ENGINE_REPLACEMENT_H

#include "engine/state.h"

/* Nothing was executed of it as far as is known here: the venue may be asked to put another in its
 * place, and looks once more.  What was touched is canceled first, and waited for. */
bool replacement_is_untouched(const struct live_order *old);

/* After the end of an order: what waits for its place and would be too large now ends unsent, and
 * has another attempt if something is left. */
void replacement_settle(struct engine_state *s, int64_t ended_id);

/* Before another attempt at an order that replaces one: its size, made smaller by what that one
 * filled since.  False when nothing is left, or nobody knows what that one filled. */
MUST_USE bool replacement_fit(struct engine_state *s, struct order *o);

/* The order that was replaced names the newest attempt at what replaces it. */
void replacement_name(struct engine_state *s, const struct order *by);

/* The order that one request of the venue can put this one in the place of; NULL: there is none, or
 * it was touched already. */
struct live_order *replacement_of(const struct engine_state *s, const struct live_order *by);
/* Such a request is under way, or will be: the old one's cancel goes with it. */
bool replacement_is_awaited(const struct engine_state *s, const struct live_order *old);

#endif
