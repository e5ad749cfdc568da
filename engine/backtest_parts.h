/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a backtest share.  Only backtest*.c include it. */
#ifndef ENGINE_BACKTEST_PARTS_H
#define ENGINE_BACKTEST_PARTS_H

#include "engine/backtest.h"

/* The candles that a run will see: counted, and of a single symbol kept. */
struct backtest_survey {
    int64_t count; /* that trade */
    int64_t first_us, last_us;
    bool keeps;
    bool is_mixed;                /* candles of several scales */
    const struct candle *candles; /* all of them, when it keeps them */
    size_t kept;
    bool is_ending; /* no open follows the last one */
    struct candle *own;
    size_t capacity;
};

/* True when the fast path gives what the whole engine would. */
bool backtest_fast_applies(const struct backtest_options *o);
/* Over the survey's candles. */
MUST_USE enum err backtest_fast(const struct backtest_options *o, const struct backtest_survey *s,
                                struct backtest_result *r);

/* Appends what the tables need of a position that closed. */
void backtest_add_trip(struct backtest_result *r, const struct position *p, size_t symbol,
                       size_t strategy);

/* Everything that follows from trips and equity (backtest_tables.c). */
MUST_USE enum err backtest_tables(const struct backtest_options *o, struct backtest_result *r);

#endif
