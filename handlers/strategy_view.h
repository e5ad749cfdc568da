/* SPDX-License-Identifier: Apache-2.0 */
/* Strategies as JSON: what an artifact says, where it stands, and what is wrong with it. */
#ifndef HANDLERS_STRATEGY_VIEW_H
#define HANDLERS_STRATEGY_VIEW_H

#include "core/jwriter.h"
#include "engine/snapshot.h"
#include "store/store.h"

/* Mistakes or warnings as an array: each with the JSON pointer and the artifact's own name of the
 * field, and with the expression itself where the document (NULL: not known) has one there. */
void strategy_view_errors(struct jwriter *w, const struct diag_list *diags, const char *json,
                          size_t length);

/* Members that say what the artifact does, without the braces. */
void strategy_view_summary(struct jwriter *w, const struct strategy *s);

/* Members of a stored document: id, name, status and who brought it. */
void strategy_view_row(struct jwriter *w, const struct strategy_row *row, const struct snapshot *s);

/* The whole of one: its row, its slot (null: it does not trade), what it does and what it is warned
 * of (null: this version of the program does not accept it any more). */
void strategy_view_detail(struct jwriter *w, const struct strategy_row *row,
                          const struct strategy *parsed, const struct snapshot *s);

/* Members of a slot. */
void strategy_view_slot(struct jwriter *w, const struct strategy_slot *slot);
/* The slots of a snapshot as an array, with how far each is. */
void strategy_view_slots(struct jwriter *w, const struct snapshot *s);

void strategy_view_activation(struct jwriter *w, const struct activation *a);

/* The slot that trades this document or is about to; NULL: none does. */
const struct snapshot_strategy *strategy_slot_of(const struct snapshot *s, const char *id);

#endif
