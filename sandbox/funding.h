/* SPDX-License-Identifier: Apache-2.0 */
/* Funding of the perpetuals: at recorded stamps, moved as the candles are, else every 8 hours at
 * one rate; and what was before the venue began. */
#ifndef SANDBOX_FUNDING_H
#define SANDBOX_FUNDING_H

#include "sandbox/book.h"

/* Finds each pair's first stamp after now; the candles have been moved. */
void funding_begin(struct box *b);
/* The next stamp of any pair: INT64_MAX without futures. */
int64_t funding_next_us(const struct box *b);
/* Pays what is due at b->now_us. */
void funding_be_due(struct box *b);

/* The rate at the pair's next stamp. */
struct ratio funding_rate(const struct box *b, size_t pair);
/* Longs pay rate * value at the mark (0: the price of now), shorts get it; it is remembered. */
void funding_pay(struct box *b, size_t pair, struct ratio rate, struct price mark);

typedef void funding_put(void *context, const struct box_funding *f);
/* Tells the stamps from from_us up to the start of the venue, at most `limit`; how many. */
int64_t funding_past(const struct box *b, size_t pair, int64_t from_us, int64_t limit,
                     funding_put *put, void *context);

#endif
