/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of orders by hand share; only engine/operator_order.c and operator_exit.c include
 * this. */
#ifndef ENGINE_OPERATOR_HAND_H
#define ENGINE_OPERATOR_HAND_H

#include "engine/operator_parts.h"

extern const char order_hand_name[]; /* the strategy that their positions belong to */
extern const char order_hand_far[];  /* why a limit is refused that is order_hand_is_far */

static inline bool is_multiple(i128 value, i128 step)
{
    return value % step == 0;
}

/* The price an order is judged by: what it costs at most.  A sell's limit below the market executes
 * at the market. */
struct price order_hand_price(const struct engine_state *s, size_t instrument, enum side side,
                              struct price limit);
/* A limit that the venue would refuse for its distance from the market. */
bool order_hand_is_far(const struct engine_state *s, size_t instrument,
                       const struct order_request *o);
/* ERR_RISK_DENIED with the denials of the reply's signal in words. */
enum err order_hand_denied(struct command_reply *reply);
/* The command's control leaf, with the order it is about. */
MUST_USE enum err order_hand_log(struct engine_state *s, const struct command *c, int64_t order_id);

/* engine/operator_exit.c: reduces what orders by hand hold on the instrument. */
MUST_USE enum err order_hand_reduce(struct engine_state *s, const struct command *c,
                                    size_t instrument, struct command_reply *reply);
/* ERR_OK when an exit of this size may rest beside the stop; `but` gives way to it. */
MUST_USE enum err order_exit_check(const struct engine_state *s, const struct lane *lane,
                                   const struct order_request *o, const struct order *but,
                                   struct command_reply *reply);
MUST_USE enum err order_exit_make(struct engine_state *s, struct lane *lane,
                                  const struct order_request *o, const struct order *replaces,
                                  int64_t *id);

#endif
