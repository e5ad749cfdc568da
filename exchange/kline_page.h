/* SPDX-License-Identifier: Apache-2.0 */
/* Candles of a venue, page by page: what is asked for, and which rows of an answer are closed. */
#ifndef EXCHANGE_KLINE_PAGE_H
#define EXCHANGE_KLINE_PAGE_H

#include "exchange/binance_client.h"
#include "exchange/binance_parse.h"

enum {
    KLINE_PAGE = 1000 /* rows both markets give at once */
};

/* The interval's name of a timeframe the venue has, or NULL. */
const char *kline_interval(int64_t timeframe_us);

/* The request for the candles from from_us on, at most `most` of them. */
void kline_ask(enum binance_market m, const char *symbol, int64_t timeframe_us, int64_t from_us,
               int most, struct binance_request *out);

/* Of a page: how many rows have closed by now_us (the venue's time): those with a row behind them,
 * and the last one two seconds after its end. */
size_t kline_closed(const struct binance_candles *page, int64_t now_us);
/* ERR_INVALID with a diag unless every row opens on the timeframe's grid and not before from_us. */
MUST_USE enum err kline_check(const struct binance_candles *page, int64_t timeframe_us,
                              int64_t from_us, struct diag_list *diags);

struct kline_query {
    const char *symbol; /* the venue's name */
    int64_t timeframe_us, from_us;
    enum rate_class rate_class; /* a start for whose end positions wait is RATE_EXIT */
};

/* Asks and waits for one page; release it with binance_candles_release.  ERR_IO with a diag when
 * the venue refuses or does not answer. */
MUST_USE enum err kline_page(struct binance_client *c, const struct kline_query *q,
                             struct diag_list *diags, struct binance_candles *out);

/* The venue's time now, or ours while it is not known. */
int64_t kline_now(struct binance_client *c);

#endif
