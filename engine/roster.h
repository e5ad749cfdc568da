/* SPDX-License-Identifier: Apache-2.0 */
/* Which strategies trade what: slots and lanes coming, taking over and going.
 *
 * A version of a strategy takes over as engine/strategy_slot.h says.  What it needs of the past it
 * gets from the feed's history, from the first candle on, so that a restart, which tells the whole
 * past again, has the same bits.  Engine thread. */
#ifndef ENGINE_ROSTER_H
#define ENGINE_ROSTER_H

#include "engine/state.h"

/* Who asks for a change, and how it is called in the history. */
struct roster_change {
    const char *action; /* "activate" "rollback" "configure" "deactivate" */
    const char *actor;
    enum effective effective;
    bool validate_only; /* judge, change nothing */
};

struct slot *roster_slot(const struct engine_state *s, const char *name); /* NULL: none */
struct lane *roster_lane(const struct engine_state *s, const struct slot *slot,
                         size_t instrument); /* NULL: none */
/* The version's id: what orders and positions of the lane carry. */
const char *lane_strategy_id(const struct lane *lane);

/* Makes a version trade.  Refusals put a sentence into detail: ERR_NO_FEED, ERR_NOT_TRADABLE (the
 * feed lacks what it trades or reads, or has another timeframe), ERR_NAME_TAKEN, ERR_CONFLICT (a
 * change that waits for positions to close), ERR_LIMIT; ERR_DB_*: its document cannot be stored.
 * What runs already stays as it is: ERR_OK. */
MUST_USE enum err roster_activate(struct engine_state *s, const struct strategy *strategy,
                                  const struct roster_change *change, char detail[LIMIT_REASON]);
/* No entries any more; the slot ends with its last position.  ERR_NOT_ACTIVE. */
MUST_USE enum err roster_deactivate(struct engine_state *s, const char *name,
                                    const struct roster_change *change, char detail[LIMIT_REASON]);
/* The slot of an outside source of signals with its lanes, made when there is none. */
MUST_USE enum err roster_outside(struct engine_state *s, const char *name,
                                 const struct roster_change *change, struct slot **out,
                                 char detail[LIMIT_REASON]);

/* Slots, lanes and positions as the journal has them; runs are made but know nothing yet. */
MUST_USE enum err roster_restore(struct engine_state *s, const struct recovery *r,
                                 struct diag_list *diags);
/* After roster_restore and on a new account: the configured artifact, when it is another one than
 * at the newest start. */
MUST_USE enum err roster_configure(struct engine_state *s, struct diag_list *diags);

/* Tells a closed candle; roster_push then pushes all that closed at this instant into the runs:
 * other symbols first.  Takes over what was waiting for a candle. */
void roster_tape(struct engine_state *s, const struct feed_event *e);
void roster_push(struct engine_state *s, int64_t at_us);
/* A position or entry of the lane has ended: when_flat takes over. */
void roster_flat(struct engine_state *s, struct lane *lane);
/* Ends and removes what has nothing left to do, and declares the change. */
MUST_USE enum err roster_sweep(struct engine_state *s);

/* True when the lane's version makes entries on the newest candle. */
bool roster_may_enter(const struct engine_state *s, const struct lane *lane);
/* When entries are allowed again after this position: 0 without a cooldown. */
int64_t roster_cooldown_end(const struct engine_state *s, const struct lane *lane,
                            const struct position *closed);

/* Place of the value among the sorted ones, or where it would stand. */
size_t roster_ext_place(const struct engine_state *s, const char *name, const char *symbol,
                        bool *found);

/* A config leaf when what it declares has changed. */
MUST_USE enum err roster_declare(struct engine_state *s);

void roster_release(struct engine_state *s);

#endif
