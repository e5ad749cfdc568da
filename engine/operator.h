/* SPDX-License-Identifier: Apache-2.0 */
/* An operator's commands, carried out between cycles on the engine thread.
 *
 *   stopped ──start──► running ──pause──► paused ──resume──► running
 *      ▲                  │  └─ feed ends ─► finished
 *      └──────stop────────┴──────────────────┘            failed: a critical error; restart
 *
 * Every command that bears on trading leaves a `control` leaf.  The safe direction (stop, pause,
 * close, cancel) is carried out whether or not the database answers: reply.durable tells. */
#ifndef ENGINE_OPERATOR_H
#define ENGINE_OPERATOR_H

#include "engine/state.h"

void operator_carry_out(struct engine_state *s, const struct command *c,
                        struct command_reply *reply);

/* Sends what commands asked for and, where the venue is ours, fills it at the newest price.
 * ERR_DB_*: call again (engine_state.closes_wait says so). */
MUST_USE enum err operator_settle_closes(struct engine_state *s);

/* The state that the wanted one leads to, when the thread begins. */
void operator_resume_wanted(struct engine_state *s);

#endif
