/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for pages of candles and judges their rows. */
#include "exchange/kline_page.h"

#include <string.h>

#include "core/clock.h"

#define SETTLED_US (2 * US_PER_S) /* so long after its end a candle changes no more */

const char *kline_interval(int64_t timeframe_us)
{
    /* Our names are the venue's own. */
    return timeframe_name(timeframe_us);
}

void kline_ask(enum binance_market m, const char *symbol, int64_t timeframe_us, int64_t from_us,
               int most, struct binance_request *out)
{
    binance_ask_candles(m, symbol, kline_interval(timeframe_us),
                        (struct binance_span){from_us, TIME_NONE, most}, out);
}

size_t kline_closed(const struct binance_candles *page, int64_t now_us)
{
    if (page->count == 0)
        return 0;
    return page->closes_us[page->count - 1] + SETTLED_US <= now_us ? page->count : page->count - 1;
}

enum err kline_check(const struct binance_candles *page, int64_t timeframe_us, int64_t from_us,
                     struct diag_list *diags)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct candle *c = &page->items[i];

        if (c->open_us % timeframe_us == 0 && c->open_us >= from_us &&
            page->closes_us[i] == c->open_us + timeframe_us)
            continue;
        (void)diag_add(diags, "klines", "venue_answer",
                       "row %zu of the klines is not a candle of the timeframe that was asked for",
                       i + 1);
        return ERR_INVALID;
    }
    return ERR_OK;
}

enum err kline_page(struct binance_client *c, const struct kline_query *q, struct diag_list *diags,
                    struct binance_candles *out)
{
    struct transport_answer a;
    struct binance_candles page;
    struct binance_request r;
    struct binance_verdict v;
    enum err e;

    kline_ask(binance_client_market(c), q->symbol, q->timeframe_us, q->from_us, KLINE_PAGE, &r);
    r.rate_class = q->rate_class;
    e = binance_client_call(c, &r, BINANCE_PATIENCE_US, &a, &v);
    if (e) {
        (void)diag_add(diags, binance_client_url(c), "venue_busy", "too many requests wait");
        return ERR_IO;
    }
    if (v.error != VENUE_ERROR_NONE) {
        (void)diag_add(diags, binance_client_url(c), venue_error_name(v.error), "%s", v.reason);
        e = v.error == VENUE_ERROR_MARKET ? ERR_NOT_FOUND : ERR_IO;
    } else {
        e = binance_parse_candles(a.body, a.length, diags, &page);
    }
    transport_answer_release(&a);
    if (e == ERR_SYNTAX || e == ERR_INVALID)
        return ERR_IO; /* cut off, or another server's */
    if (e)
        return e;
    if (kline_check(&page, q->timeframe_us, q->from_us, diags) != ERR_OK) {
        binance_candles_release(&page);
        return ERR_IO;
    }
    *out = page;
    return ERR_OK;
}

int64_t kline_now(struct binance_client *c)
{
    int64_t venue_us, error_us;

    if (binance_client_time(c, clock_monotonic_us(), &venue_us, &error_us) == ERR_OK)
        return venue_us;
    return clock_wall_us();
}
