/* SPDX-License-Identifier: Apache-2.0 */
/* What one execution does: order, trade, balances, position; and how an order ends.
 *
 * Spot charges its fee in what is received, futures in the quote currency. */
#ifndef SANDBOX_TRADE_H
#define SANDBOX_TRADE_H

#include "sandbox/book.h"

/* The market price of a pair, as the line stands now, and where takers trade. */
struct price trade_mark(const struct box *b, size_t pair);
struct price trade_ask(const struct box *b, size_t pair);
struct price trade_bid(const struct box *b, size_t pair);
/* Ask for a buy, bid for a sell. */
struct price trade_taker(const struct box *b, size_t pair, enum box_side side);

struct size trade_rest(const struct box_order *o);
/* The base of a sell, the quote of a buy at `price`: what spot keeps locked for so much. */
struct money trade_lock_of(const struct box_order *o, struct size rest);
/* Locks what the order needs; false, and nothing locked, when spot does not have it. */
bool trade_lock(struct box *b, struct box_order *o) MUST_USE;
void trade_unlock(struct box *b, struct box_order *o);

/* Executes so much of a live order; it is FILLED and out of the book when nothing is left. */
void trade_fill(struct box *b, struct box_order *o, struct price price, struct size size,
                bool is_maker);
/* Ends what is left of a live order, and the other half of its OCO. */
void trade_end(struct box *b, struct box_order *o, enum box_status status);
/* How much of an order the position allows: all unless it is reduce-only. */
struct size trade_allowed(const struct box *b, const struct box_order *o);

#endif
