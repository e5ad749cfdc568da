/* SPDX-License-Identifier: Apache-2.0 */
/* What the roster's files share; only engine/roster*.c include this. */
#ifndef ENGINE_ROSTER_PARTS_H
#define ENGINE_ROSTER_PARTS_H

#include "engine/roster.h"

/* A version at work on one instrument, its other symbols found (they must be there); the reference
 * is its own. */
void version_init(struct engine_state *s, struct version *v, const struct strategy *strategy);
void version_release(struct version *v);

/* A new slot at its place by ordinal; the row is copied. */
struct slot *roster_add_slot(struct engine_state *s, const struct strategy_slot *row);
/* The lane of the slot on the instrument, made when there is none; roster_sort afterwards. */
struct lane *roster_need_lane(struct engine_state *s, struct slot *slot, size_t instrument);
/* Lanes in the order of slots and instruments again, with room in `touched` for all of them. */
void roster_sort(struct engine_state *s);

/* The version the slot's entries come from in the end. */
static inline const struct strategy *slot_newest(const struct slot *slot)
{
    return slot->next ? slot->next : slot->strategy;
}

/* What waits on the lane takes over now. */
void roster_take_over(struct engine_state *s, struct lane *lane);
/* Tells the versions that wait on these lanes the feed's past: they know nothing yet. */
MUST_USE enum err roster_warm(struct engine_state *s, struct lane *const *lanes, size_t count);

#endif
