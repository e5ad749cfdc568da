/* SPDX-License-Identifier: Apache-2.0 */
/* One position: opened by an entry's fills, protected, closed by an exit's: then a round trip.
 *
 * Invariants: size = entry_size - exit_size - fee_size - dust >= 0; cost_left and entry_fee_left
 * are the parts of entry cost and cash fee that belong to `size`; what closes a position takes all
 * that is left, so that the result of a round trip is exact:
 *   realized_pnl = direction * (exit notional - entry notional) - all fees paid in cash.
 * A fee in the base asset makes the position smaller and costs no cash: all that was paid is the
 * cost of what is left.  What is left at the end and cannot be sold, for it is less than a lot or
 * than the minimum notional, is dust: the position closes without it, as if it were worth nothing.
 * Funding is told apart: what the round trip made of the account is position_net. */
#ifndef ENGINE_POSITION_H
#define ENGINE_POSITION_H

#include "engine/fill.h"
#include "engine/instrument.h"

enum position_status {
    POSITION_OPEN,
    POSITION_CLOSED
};

struct position {
    int64_t id;
    char symbol[LIMIT_SYMBOL];
    char strategy[LIMIT_NAME];
    char strategy_id[DIGEST_HEX];
    enum direction direction;
    enum position_status status;
    struct size size;
    struct size entry_size; /* all opening fills, before fees */
    struct size fee_size;   /* taken from what was held as fees; negative: added to a short */
    struct size dust;       /* given up when it closed */
    struct money entry_notional;
    struct money entry_fee; /* in quote, what was paid in base at the fill's price */
    struct money cost_left;
    struct money entry_fee_left;
    struct size exit_size; /* all closing fills */
    struct money exit_notional;
    struct money exit_fee;
    struct money realized_pnl;  /* of closing fills and dust: net of fees, without funding */
    struct money funding;       /* what it got of funding, negative: paid; a row of its own */
    struct price stop_loss;     /* the level as first set; 0: none */
    struct price take_profit;   /* 0: none */
    struct price trailing_stop; /* the raised level; 0: not active yet or none */
    struct price roi_target;    /* the ROI table's level as of now; 0: none */
    struct price extreme;       /* best price since entry (high of a long) */
    struct price worst;         /* worst price since entry */
    struct price mark;          /* newest price seen */
    int64_t signal_id;
    int64_t entry_order_id;
    int64_t stop_order_id;         /* resting at the venue; 0: none */
    int64_t target_order_id;       /* resting at the venue; 0: none */
    int64_t exit_order_id;         /* a market exit on its way; 0: none */
    int64_t scale_ins, scale_outs; /* steps taken */
    int64_t scaled_candles;        /* candles_held at the newest step */
    struct size first_size;        /* the first entry order's: what scale_in.part refers to */
    int64_t candles_held; /* closed candles since the entry fill, the entry's own included */
    int64_t opened_us;
    int64_t closed_us; /* TIME_NONE while open */
    int64_t updated_us;
    enum exit_reason exit_reason; /* of the newest closing fill */
    /* Since when no stop of its size is confirmed to rest at a venue that outlives us; TIME_NONE:
     * one is, or the venue is simulated here.  Not durable: a restart counts anew. */
    int64_t unprotected_since_us;
};

/* Average prices to 12 decimals, half even; 0 while nothing filled. */
struct price position_entry_price(const struct position *p);
struct price position_exit_price(const struct position *p);

/* Books one fill of the position's symbol: an opening fill when its side is the direction's, else a
 * closing one.  Sets the fill's opens, pnl, position_id.  The size of a closing fill must not pass
 * the position's (ERR_CONFLICT, nothing changed): a reduce-only order cannot turn a position.
 * Closes the position when size becomes 0.  money_scale rounds shares. */
MUST_USE enum err position_apply_fill(struct position *p, struct fill *f, enum exit_reason reason,
                                      int money_scale);

/* What an order can sell (a short: buy back) of it: whole lots. */
struct size position_sellable(const struct position *p, struct size lot);

/* Closes it without what is left; *size and *pnl say what that was and what it cost. */
MUST_USE enum err position_give_up(struct position *p, int64_t at_us, struct size *size,
                                   struct money *pnl);

/* Value of the open size at a price, unrealised profit at the mark (before exit fee). */
MUST_USE enum err position_unrealized(const struct position *p, struct money *out);

/* What the position has realised, funding included: what counts as a win or a loss.  A sum beyond
 * all amounts leaves funding out. */
struct money position_net(const struct position *p);

/* A finer candle within the one under way has passed: as position_pass_candle, but not counted. */
void position_pass_detail(struct position *p, struct price high, struct price low,
                          struct price close);
/* One closed candle has passed: counts it, updates extreme, worst and mark. */
void position_pass_candle(struct position *p, struct price high, struct price low,
                          struct price close);

/* The trailing stop that the extreme now allows, rounded to tick on the safe side; false when
 * trailing is not active or the level would not rise (fall, for a short).  strategy.md 5.2: called
 * after the candle's low was tested against the old level. */
bool position_trail(const struct position *p, struct ratio distance, struct ratio activation,
                    struct price tick, struct price *level);

/* The same for a level that the rules give: at most beside the mark, only ever nearer. */
bool position_trail_to(const struct position *p, struct price level, struct ratio activation,
                       struct price tick, struct price *out);

/* The level that protects now: the trailing stop when it is active, else the stop loss. */
struct price position_stop_level(const struct position *p);
/* Where profit is taken now: the nearer of take profit and ROI table, 0 when there is neither;
 * *reason names it. */
struct price position_target_level(const struct position *p, enum exit_reason *reason);

#endif
