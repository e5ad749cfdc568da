/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator's files share; only engine/operator*.c include this. */
#ifndef ENGINE_OPERATOR_PARTS_H
#define ENGINE_OPERATOR_PARTS_H

#include "engine/operator.h"

/* Puts the sentence into the reply and gives the error back. */
enum err operator_refuse(struct command_reply *reply, enum err e, const char *detail);
/* The command's control leaf. */
MUST_USE enum err operator_log(struct engine_state *s, const struct command *c);
/* One position's exit, whole or in part; an exit under way answers as it is. */
MUST_USE enum err operator_close_lane(struct engine_state *s, struct lane *lane, struct size size,
                                      int64_t *order_id);
/* What the command asked for is durable, sent and, where the venue is ours, filled. */
void operator_finish_closes(struct engine_state *s, struct command_reply *reply);
void operator_add_result(struct command_reply *reply, int64_t id, const char *symbol, enum err e,
                         int64_t order_id);

/* engine/operator_strategy.c */
MUST_USE enum err operator_activate(struct engine_state *s, const struct command *c,
                                    struct command_reply *reply);
MUST_USE enum err operator_deactivate(struct engine_state *s, const struct command *c,
                                      struct command_reply *reply);
MUST_USE enum err operator_set_ext(struct engine_state *s, const struct command *c,
                                   struct command_reply *reply);
MUST_USE enum err operator_drop_ext(struct engine_state *s, const struct command *c,
                                    struct command_reply *reply);
/* engine/operator_order.c */
MUST_USE enum err operator_place_order(struct engine_state *s, const struct command *c,
                                       struct command_reply *reply);
MUST_USE enum err operator_replace_order(struct engine_state *s, const struct command *c,
                                         struct command_reply *reply);
/* engine/operator_exit.c: an exit at a price that rests beside the stop, never more than the
 * position.  *id is the order's. */
MUST_USE enum err operator_resting_exit(struct engine_state *s, struct lane *lane,
                                        const struct order_request *o, struct command_reply *reply,
                                        int64_t *id);
/* engine/operator_signal.c */
MUST_USE enum err operator_signal(struct engine_state *s, const struct command *c,
                                  struct command_reply *reply);
/* engine/operator_entry.c */
MUST_USE enum err operator_entry(struct engine_state *s, const struct command *c,
                                 struct command_reply *reply);

#endif
