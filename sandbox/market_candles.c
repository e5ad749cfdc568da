/* SPDX-License-Identifier: Apache-2.0 */
/* klines, of trades, mark and index price: all the same prices here. */
#include "sandbox/chart.h"
#include "sandbox/endpoints.h"

#include <string.h>

enum {
    KLINES_DEFAULT = 500,
    KLINES_SPOT = 1000,
    KLINES_USDM = 1500
};

static void put_row(struct jwriter *w, const struct chart_candle *k, int64_t interval_us,
                    const struct box_pair *p)
{
    const int prices = p->market == BOX_SPOT ? 8 : p->rules.price_scale;
    const int sizes = p->market == BOX_SPOT ? 8 : p->rules.size_scale;

    jw_array(w);
    jw_integer(w, ms_of(k->open_us));
    jw_price(w, k->open, prices);
    jw_price(w, k->high, prices);
    jw_price(w, k->low, prices);
    jw_price(w, k->close, prices);
    jw_size(w, k->volume, sizes);
    jw_integer(w, ms_of(k->open_us + interval_us) - 1);
    jw_money(w, k->quote, 8);
    jw_integer(w, k->volume.e12 > 0 ? 1 : 0);
    jw_size(w, (struct size){k->volume.e12 / 2}, sizes);
    jw_money(w, (struct money){k->quote.e12 / 2}, 8);
    jw_text(w, "0");
    jw_array_end(w);
}

static void put_klines(struct call *c, size_t pair)
{
    const struct box_pair *p = &c->b->pairs[pair];
    const int64_t now_us = c->b->now_us;
    const int64_t most = p->market == BOX_SPOT ? KLINES_SPOT : KLINES_USDM;
    const char *interval = asked_get(&c->params, "interval");
    int64_t from_ms = -1, to_ms = INT64_MAX / US_PER_MS, limit = KLINES_DEFAULT;
    int64_t step, open_us, end_us, first_us;

    if (!interval) {
        call_missing(c, "interval");
        return;
    }
    if (chart_interval(interval, p->path.timeframe_us, &step)) {
        call_fail(c, -1120, "Invalid interval.");
        return;
    }
    if (!call_integer(c, "startTime", 0, to_ms, &from_ms) ||
        !call_integer(c, "endTime", 0, to_ms, &to_ms) ||
        !call_integer(c, "limit", 1, INT32_MAX, &limit))
        return;
    limit = limit < most ? limit : most;
    first_us = chart_first_us(&p->path, step);
    end_us = to_ms * US_PER_MS < now_us ? to_ms * US_PER_MS : now_us;
    if (from_ms >= 0) {
        open_us = chart_floor(from_ms * US_PER_MS, step);
        open_us += open_us < from_ms * US_PER_MS ? step : 0;
    } else {
        open_us = chart_floor(end_us, step) - (limit - 1) * step;
    }
    open_us = open_us > first_us ? open_us : first_us;
    jw_array(&c->w);
    for (int64_t n = 0; n < limit && open_us <= end_us; n++, open_us += step) {
        struct chart_candle k;

        chart_candle(&p->path, open_us, step, now_us, &k);
        put_row(&c->w, &k, step, p);
    }
    jw_array_end(&c->w);
}

void market_klines(struct call *c)
{
    size_t pair;

    if (call_pair(c, &c->params, &pair))
        put_klines(c, pair);
}

void market_index_klines(struct call *c)
{
    const char *name = asked_get(&c->params, "pair");
    size_t pair;

    if (!name)
        call_missing(c, "pair");
    else if (!book_pair(c->b, c->market, name, &pair))
        call_fail(c, -1121, "Invalid pair.");
    else
        put_klines(c, pair);
}
