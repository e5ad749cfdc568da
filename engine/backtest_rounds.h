/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips as the fast path keeps them: what is the same in all of them is kept once.
 *
 * The fast path opens a position by one fill and closes it by one, so that a round trip is two
 * fills and what the position knew beside them.  A struct position and two struct fill have five
 * times as many bytes, and to get memory for them would be much of what a fill costs. */
#ifndef ENGINE_BACKTEST_ROUNDS_H
#define ENGINE_BACKTEST_ROUNDS_H

#include "engine/position.h"

/* One fill. */
struct backtest_leg {
    int64_t order_id, at_us;
    struct price price;
    struct money notional, fee, slippage;
};

struct backtest_round {
    struct backtest_leg entry, exit;
    struct size size;
    struct money pnl; /* of the exit */
    struct price stop_loss, take_profit, trailing_stop, roi_target, extreme, worst;
    int64_t signal_id, candles_held;
    enum exit_reason reason;
    bool exit_is_maker;
};

/* As they closed; positions are numbered from 1, and the fills of position n are 2n - 1 and 2n. */
struct backtest_rounds {
    struct backtest_round *list;
    size_t count, capacity;
    bool has_open;            /* list[count] has its entry only: the position is still open */
    struct position position; /* names, direction: the same in all of them */
    struct fill fill;
};

/* A new one at the end, not counted yet, of which nothing is set; valid until the next call. */
struct backtest_round *backtest_rounds_next(struct backtest_rounds *r);
void backtest_rounds_release(struct backtest_rounds *r);
/* Position i < count as it closed, and fill i of all, as struct trial_result has them. */
void backtest_rounds_position(const struct backtest_rounds *r, size_t i, struct position *out);
void backtest_rounds_fill(const struct backtest_rounds *r, size_t i, struct fill *out);

#endif
