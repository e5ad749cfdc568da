/* SPDX-License-Identifier: Apache-2.0 */
/* Which orders execute: at once when they arrive, later as the price moves. */
#ifndef SANDBOX_MATCH_H
#define SANDBOX_MATCH_H

#include "sandbox/book.h"

/* True when a limit at this price would execute at once. */
bool match_crosses(const struct box *b, size_t pair, enum box_side side, struct price limit);
/* True when the price is at or beyond a waiting order's stop already. */
bool match_is_triggered(const struct box *b, const struct box_order *o);
/* Executes what a new live order, its money locked, executes at once. */
void match_arrive(struct box *b, struct box_order *o);
/* Everything that happens before an instant of market time: fills, triggers, funding, expiries,
 * liquidations, in the order of time, then of ids. */
void match_advance(struct box *b, int64_t to_us);

#endif
