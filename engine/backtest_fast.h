/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path of a backtest: one strategy, one symbol, plain terms.
 *
 * It decides, prices, books and counts by the functions of the engine and of the simulated venue,
 * and only where something can happen: nothing can while there is no position and no entry signal,
 * and in a position nothing can while the candle's range reaches neither stop nor target and no
 * exit is due.  What it leaves out is what only the trade log needs: leaves, their hashes, client
 * order ids and the venue's fill ids.  tests/unit/engine/test_backtest_fast.c holds both paths
 * against each other.  Only backtest_fast*.c include this. */
#ifndef ENGINE_BACKTEST_FAST_H
#define ENGINE_BACKTEST_FAST_H

#include "engine/backtest_parts.h"
#include "engine/simulate_book.h"

enum {
    FAST_BLOCK = 1024 /* candles whose rules are evaluated together */
};

/* An order of ours: resting at the venue (stop, target) or waiting for an open. */
struct fast_order {
    int64_t id; /* 0: none */
    struct price level, decision;
    struct size size;
    int64_t signal_id;
    enum exit_reason reason;
};

struct fast {
    const struct backtest_options *o;
    const struct strategy *strategy;
    const struct instrument *instrument;
    const struct candle *candles;
    size_t count;
    bool is_ending; /* no open follows the last one */
    int64_t timeframe_us;
    struct strategy_run *run;
    struct simulate *venue; /* its prices, objections and cash; orders are kept here */
    struct backtest_result *r;
    struct trial_result *t;
    struct account *a;
    struct performance *p;
    int64_t cooldown_until_us;
    enum err failed; /* an amount out of range: the whole engine has to say what then happens */

    /* Rules of candles first .. first + length - 1. */
    size_t first, length;
    size_t next_apart; /* the next one that opens apart from a close, or their end */
    bool is_stepped;   /* one by one: something reads the run as of the newest candle */
    bool reads_position, has_confidence;
    uint8_t entry[FAST_BLOCK], exit[FAST_BLOCK];
    double confidence[FAST_BLOCK];
    int64_t pushed; /* since the beginning or the newest gap */
    int warmup;

    /* Constants of the strategy. */
    struct fill fill; /* the one under way, its names filled in */
    struct position opened;
    struct ratio certain; /* the confidence of a strategy that tells none */
    bool has_roi, has_trailing, has_levels;
    int max_candles;
    i128 price_unit; /* of a candle's price of 1, in 10^-12 */

    /* The position and its orders. */
    bool has_position;
    struct position position;    /* but for what is below: see fast_sync */
    struct backtest_leg entered; /* its fill */
    struct fast_order entering, stop, target, leaving;
    struct sim_order forms[2]; /* what the venue is asked about */
    int64_t best, worst, mark; /* candle prices since the last fast_sync */
    int64_t low_hit, high_hit; /* a candle that reaches one of them touches an order */
    int64_t roi_due_us;        /* the next step of the ROI table begins */
    bool is_linear;            /* equity = base + slope * close, exactly */
    i128 base, slope;

    /* Where equity may be without a mark, a new drawdown or a day to be noted. */
    i128 quiet_low;
    int64_t quiet_until_us;
};

/* Amounts of candle prices, lost in struct position until they are synced. */
void fast_sync(struct fast *f);
/* What the account is worth at a close. */
struct money fast_equity(struct fast *f, int64_t close);
/* The account is worth this at an instant. */
void fast_sample(struct fast *f, struct money equity, int64_t at_us);
/* From candle i, which is evaluated, to the first at whose close something may happen, or which is
 * the last of those that are evaluated or follow one another without a hole.  Without a position
 * and without an order: */
size_t fast_skip_flat(struct fast *f, size_t i);
/* In a position, without an order to leave (backtest_fast_hold.c): */
size_t fast_skip_held(struct fast *f, size_t i);
/* How many of the bytes from k on, before end, have nothing of these bits. */
size_t fast_count_without(const uint8_t *bytes, size_t k, size_t end, uint8_t bits);
/* A new order id, and what it stands for in the account's counters. */
int64_t fast_order_id(struct fast *f);
/* When the next step of the ROI table begins; INT64_MAX: never. */
int64_t fast_roi_due(const struct fast *f, int64_t at_us);
/* Brings stop and target orders in line with the position's levels. */
void fast_protect(struct fast *f);
/* An order to leave at the next open: cancels what protects. */
void fast_leave(struct fast *f, enum exit_reason reason, struct price decision, int64_t at_us);
/* What waits for an open is executed at it. */
void fast_open(struct fast *f, const struct candle *c);
/* What rests is executed by a candle that has closed and touches it. */
void fast_touch(struct fast *f, const struct candle *c, int64_t at_us);
/* An entry signal: risk, intent, the venue's word. */
void fast_enter(struct fast *f, const struct candle *c, double confidence, int64_t at_us);

#endif
