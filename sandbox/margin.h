/* SPDX-License-Identifier: Apache-2.0 */
/* Futures' margin: what positions and orders bind, what is left, and when it is not enough.
 *
 * Binance's rules for one asset: initial margin is notional / leverage, maintenance margin is
 * notional * rate - amount by brackets; cross positions share the wallet, an isolated one has what
 * was put behind it. */
#ifndef SANDBOX_MARGIN_H
#define SANDBOX_MARGIN_H

#include "sandbox/book.h"

struct margin {
    struct money wallet, cross_wallet; /* all; all but what stands behind isolated positions */
    struct money profit, cross_profit; /* unrealised */
    struct money of_positions, of_orders, maintenance, cross_maintenance;
    struct money available;
};

struct margin_bracket {
    int64_t cap, cum; /* quote; cum: the amount */
    int leverage;
    int rate_e4;
};
enum {
    MARGIN_BRACKETS = 12
};
extern const struct margin_bracket margin_brackets[MARGIN_BRACKETS];

/* The most a position may be worth at this leverage. */
int64_t margin_cap(int leverage);

struct money margin_profit(const struct box *b, size_t pair, enum box_leg leg);
struct money margin_value(const struct box *b, size_t pair, enum box_leg leg); /* of |amount| */
struct money margin_maintenance(struct money value);
/* notional / leverage, 8 decimals. */
struct money margin_initial(struct money value, int leverage);
/* Of one quote asset, at the prices of now. */
struct margin margin_of(const struct box *b, const char *asset);
/* What an open order binds. */
struct money margin_of_order(const struct box *b, const struct box_order *o);
/* The price at which the position is taken over; 0 when there is none. */
struct price margin_liquidation(const struct box *b, size_t pair, enum box_leg leg);
/* True when an order that opens so much more can be afforded. */
bool margin_affords(const struct box *b, const struct box_order *o, struct price at);
/* True when some wallet or isolated position is below its maintenance margin at b->now_us. */
bool margin_is_short(const struct box *b, size_t *pair);
/* Takes over the positions that margin_is_short means. */
void margin_liquidate(struct box *b, size_t pair);

#endif
