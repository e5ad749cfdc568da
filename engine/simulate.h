/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated venue: fills orders from candles, deterministically (strategy.md 5.2).
 *
 * - A market order fills at the next open of its instrument, price moved by the slippage against
 *   it and rounded to the tick against it; an entry whose open lies further than its tolerance
 *   beyond the decision price, against it, expires instead ("slippage_tolerance").
 * - A stop fills at the worse of open and stop price, moved by slippage; a limit at its price, or
 *   at the open when that is better, without slippage.  Both are tested when the candle has closed,
 *   the candle of the entry included.
 * - One candle that touches stop and target: what the open itself executes goes first; then the
 *   stop (pessimistic), or the path decides (adaptive: an open nearer the high means O-H-L-C, else
 *   O-L-H-C).  On one leg the level nearest the open is first.
 * - A candle whose finer candles the feed told (FEED_DETAIL) is not tested as a whole: each of them
 *   was, in turn, by the same rules.  They share the candle's liquidity.
 * - OCO: as soon as one order of a group executes, the others are canceled ("oco").
 * - A cap on the share of a candle's volume splits fills; all fills of one candle share it, those
 *   at its open included.  The rest of a market order goes on at the next opens; the rest of a stop
 *   is a market order from then on; the rest of a limit stays a limit.  A stop that was touched but
 *   got nothing is untouched.
 * - Nothing fills on a candle without volume.  Money is checked when an order arrives: an entry
 *   that cash cannot pay, or a spot sell without the holding, is rejected ("insufficient_funds"),
 *   an entry below the minimum notional ("min_notional"), an order off the lot or tick ("lot_size",
 *   "tick_size"), and "unknown_symbol", "too_many_orders", "amount_overflow".  Reduce-only orders
 *   never turn a position: they are clipped to it, and what is left over expires ("reduce_only").
 *   Nor does an exit take from another position of its instrument: stop and target know how much
 *   of theirs is left.
 * - Fees are charged in the quote currency: notional * rate, half even at the money scale.  Told to
 *   charge what is received, as Binance does, a spot buy pays size * rate of the base asset, half
 *   even to 8 decimals, and no cash.
 *
 * Fill ids are "<order id>-<size filled so far>", so that a restarted venue tells the same ids
 * again.  Everything the venue knows follows from candles, balances and orders: a restart tells it
 * the candles up to now (`market`; the newest of each instrument is enough), then the balances,
 * and sizes of positions, then the orders.  Two things are not told: what the candle under way has
 * used of the volume cap by its open and its finer candles, and at what price a perpetual's holding
 * was entered (the newest price stands in).
 */
#ifndef ENGINE_SIMULATE_H
#define ENGINE_SIMULATE_H

#include "engine/venue.h"

enum intrabar {
    INTRABAR_PESSIMISTIC,
    INTRABAR_ADAPTIVE,
    INTRABAR_DETAIL /* pessimistic within the finer candles that the feed tells */
};
const char *intrabar_name(enum intrabar i); /* pessimistic adaptive detail */
enum limit_fill {
    LIMIT_FILL_TOUCH,
    LIMIT_FILL_THROUGH
};

enum fee_in {
    FEE_IN_QUOTE,
    FEE_IN_RECEIVED
};
const char *fee_in_name(enum fee_in f); /* quote received */

struct simulate_options {
    const struct instrument *instruments; /* copied */
    size_t instrument_count;
    struct ratio fee_rate;
    enum fee_in fee_in;
    struct ratio slippage;   /* fraction */
    struct ratio volume_cap; /* 0: off */
    enum intrabar intrabar;
    enum limit_fill limit_fill;
    /* Market orders let so many opens pass at which they would have filled: what a strategy loses
     * by being late.  0: none.  A restart begins the wait again; settle does not wait. */
    int delay_candles;
};

struct simulate;

struct simulate *simulate_new(const struct simulate_options *options);
void simulate_free(struct simulate *s); /* NULL allowed */
/* The port; usable while s lives.  submit answers ERR_CONFLICT for an id that is in the book;
 * restore also ERR_INVALID for an order that has ended, ERR_NOT_FOUND for an unknown symbol and
 * ERR_LIMIT when the book is full.  An order whose acceptance was not yet known (new, submitted,
 * unknown) is checked and accepted by restore as submit would have done it. */
struct venue simulate_venue(struct simulate *s);

/* The balances it checks orders against (`fund` and `hold` of the port): set before the first order
 * and after a restart; its own fills keep them up to date.  Positions are base sizes held per
 * instrument (negative: short).  Spot fills move their notional; a perpetual's cash moves by profit
 * and fees alone, and the entry notional of what is held stays in cash as margin that no other
 * entry may use (leverage 1). */
void simulate_set_cash(struct simulate *s, struct money cash);
void simulate_set_holding(struct simulate *s, size_t instrument, struct size holding);
struct money simulate_cash(const struct simulate *s);
struct size simulate_holding(const struct simulate *s, size_t instrument);

#endif
