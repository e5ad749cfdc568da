/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `traderd backtest`: what was asked, what is opened for it, and how it is shown. */
#ifndef SERVER_BACKTEST_H
#define SERVER_BACKTEST_H

#include "engine/backtest.h"
#include "server/market.h"

/* The words of the command line; NULL where none was given. */
struct backtest_words {
    const char *strategies[LIMIT_STRATEGIES];
    size_t strategy_count;
    const char *candles[LIMIT_SYMBOLS];
    size_t candle_count;
    const char *fundings[LIMIT_SYMBOLS], *details[LIMIT_SYMBOLS];
    size_t funding_count, detail_count;
    const char *ticks[LIMIT_SYMBOLS], *lots[LIMIT_SYMBOLS], *minima[LIMIT_SYMBOLS];
    size_t tick_count, lot_count, minimum_count;
    const char *config, *from, *to, *fee, *fee_in, *slippage, *tolerance, *volume_cap, *intrabar,
        *limit_fill, *starting_equity, *min_confidence, *max_drawdown, *max_open_positions,
        *windows, *train, *trades, *signals, *report;
    bool is_json, is_whole, is_quiet;
};

/* Artifacts and candles, open, and the options made of them. */
struct backtest_market {
    struct config *config;
    struct strategy *strategies[LIMIT_STRATEGIES];
    struct market market;
    struct backtest_options options;
};

/* Configuration, then the words, make the terms.  Diags name option or file, line and what would be
 * right.  backtest_close ends it, on error too. */
MUST_USE enum err backtest_open(const struct backtest_words *words, struct diag_list *diags,
                                struct backtest_market *out);
void backtest_close(struct backtest_market *m);

/* Tables for people, on stdout. */
void backtest_print(const struct backtest_options *o, const struct backtest_result *r);
/* One page that opens from disk without a network. */
MUST_USE enum err backtest_write_page(const char *path, const struct backtest_options *o,
                                      const struct backtest_result *r);
/* Every fill as CSV; every signal that was kept. */
MUST_USE enum err backtest_write_trades(const char *path, const struct backtest_result *r);
MUST_USE enum err backtest_write_signals(const char *path, const struct backtest_result *r);

#endif
