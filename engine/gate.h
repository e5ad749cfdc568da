/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps entries from a venue that outlives us: unknown orders, missing protection, books that
 * differ, halted markets.  Exits and cancels pass no gate.  Engine thread. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "engine/state.h"

/* Bits of enum denial; 0: entries on the instrument may be made and sent. */
unsigned gate_denials(const struct engine_state *s, size_t instrument);

/* The venue takes no further orders of it, should an entry need a stop and a target too. */
bool gate_is_full(const struct engine_state *s, size_t instrument);

/* A venue's filters refused an entry of the lane, for the n-th time in a row; the second ends its
 * entries until the loop is started anew, or the venue tells of other rules. */
void gate_filter_refused(struct engine_state *s, struct lane *lane, const char *reason);
bool gate_lane_is_off(const struct lane *lane);

/* The venue does not trade it, or refused it, or its books and ours differ. */
bool gate_symbol_is_halted(const struct engine_state *s, size_t instrument);

/* Until the operator starts the loop anew: then nothing is halted any more, and the account is
 * compared before the next entry, for while the loop stood nobody looked. */
void gate_halt_entries(struct engine_state *s, const char *reason);
void gate_start_anew(struct engine_state *s);
/* The log is not what was published: nothing is appended to it any more. */
void gate_refuse_log(struct engine_state *s, const char *reason);
/* Asks whether that was found out (engine_options.log_fault).  Until then it is false; afterwards
 * entries are halted, however often the operator starts anew, while exits and cancels of what a
 * venue holds go on and are logged; true as soon as nothing is held: the log is refused now. */
bool gate_log_must_end(struct engine_state *s);
/* The venue refuses the symbol: no entries until it says that it trades, or for some minutes. */
void gate_refused(struct engine_state *s, size_t instrument, const char *reason);
/* The venue told the state of one market or of all, and perhaps by which rules it trades. */
void gate_market(struct engine_state *s, const struct venue_event *e);

#endif
