/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd check FILE --candles ...`: what a strategy does on recorded candles. */
#ifndef SERVER_CHECK_CANDLES_H
#define SERVER_CHECK_CANDLES_H

#include "core/base.h"
#include "core/limits.h"

struct check_candles {
    const char *strategy;
    const char *candles[LIMIT_SYMBOLS]; /* [SYMBOL=]FILE */
    size_t candle_count;
    const char *ext[LIMIT_FEATURES]; /* NAME=FILE.csv */
    size_t ext_count;
    const char *seed, *samples; /* NULL: the defaults */
    bool is_json;
};

/* The exit status: failed when a check fails, usage for wrong input. */
int check_candles(const struct check_candles *c);

#endif
