/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and trades that a request asks for. */
#ifndef SANDBOX_FIND_H
#define SANDBOX_FIND_H

#include "sandbox/call.h"

/* The order of `symbol` that the two parameters name, one by number, one by client id; NULL with
 * -1102, or with `code` when there is none.  Orders the venue does not tell yet are none. */
struct box_order *find_order(struct call *c, const struct asked *p, const char *number,
                             const char *client_id, int code);
/* False while a fault keeps an order from being told. */
bool find_is_visible(const struct box *b, const struct box_order *o);

typedef void find_put(struct jwriter *w, const struct box *b, const struct box_order *o);
/* Writes the open orders of `symbol`, or of all pairs. */
void find_open(struct call *c, bool algo, find_put *put);
/* Writes all orders of `symbol` by orderId, startTime, endTime and limit; the newest when nothing
 * is said. */
void find_all(struct call *c, bool algo, find_put *put);

typedef void find_put_trade(struct jwriter *w, const struct box *b, const struct box_trade *t);
/* Writes the account's trades of `symbol` by orderId, fromId, times and limit. */
void find_trades(struct call *c, find_put_trade *put);

#endif
