/* SPDX-License-Identifier: Apache-2.0 */
/* Candles of any timeframe, put together from the recorded ones as far as they have been seen. */
#ifndef SANDBOX_CHART_H
#define SANDBOX_CHART_H

#include "sandbox/path.h"

struct chart_candle {
    int64_t open_us;
    struct price open, high, low, close;
    struct size volume;
    struct money quote; /* volume at the mean of open and close: recordings have no more */
};

/* A timeframe by Binance's name; ERR_INVALID when it is none, or not a multiple of the recorded. */
MUST_USE enum err chart_interval(const char *name, int64_t recorded_us, int64_t *us);
/* The start of the timeframe that holds an instant; weeks begin on Monday. */
int64_t chart_floor(int64_t at_us, int64_t interval_us);
/* The first candle of a chart that is complete: whole timeframes only. */
int64_t chart_first_us(const struct path *p, int64_t interval_us);
/* The candle that opens at open_us, as seen at now_us (not earlier); flat where there is none. */
void chart_candle(const struct path *p, int64_t open_us, int64_t interval_us, int64_t now_us,
                  struct chart_candle *out);

#endif
