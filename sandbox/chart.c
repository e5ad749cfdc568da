/* SPDX-License-Identifier: Apache-2.0 */
/* Puts recorded candles together. */
#include "sandbox/chart.h"

#include <string.h>

#define WEEK_US (7 * US_PER_DAY)

enum err chart_interval(const char *name, int64_t recorded_us, int64_t *us)
{
    int64_t interval = 0;
    enum err e = ERR_OK;

    if (strcmp(name, "1w") == 0)
        interval = WEEK_US;
    else if (strcmp(name, "3d") == 0)
        interval = 3 * US_PER_DAY;
    else
        e = timeframe_parse(name, &interval);
    if (e || interval < recorded_us || interval % recorded_us != 0)
        return ERR_INVALID;
    *us = interval;
    return ERR_OK;
}

int64_t chart_floor(int64_t at_us, int64_t interval_us)
{
    const int64_t monday = interval_us == WEEK_US ? 4 * US_PER_DAY : 0;

    return at_us - (at_us - monday) % interval_us;
}

int64_t chart_first_us(const struct path *p, int64_t interval_us)
{
    const int64_t first = path_open_us(p, 0);
    const int64_t floor = chart_floor(first, interval_us);

    return floor == first ? first : floor + interval_us;
}

static void add(struct chart_candle *out, const struct candle *c)
{
    const struct price open = candle_price(c, c->open), close = candle_price(c, c->close);
    const struct size volume = candle_volume(c);
    struct money quote = MONEY_ZERO;

    out->high = price_max(out->high, candle_price(c, c->high));
    out->low = price_min(out->low, candle_price(c, c->low));
    out->close = close;
    out->volume.e12 += volume.e12;
    ASSERT(notional_of((struct price){(open.e12 + close.e12) / 2}, volume, ROUND_DOWN, &quote) ==
           ERR_OK);
    out->quote.e12 += quote.e12;
}

void chart_candle(const struct path *p, int64_t open_us, int64_t interval_us, int64_t now_us,
                  struct chart_candle *out)
{
    size_t i = path_index(p, open_us);
    bool is_empty = true;
    struct candle c;

    *out = (struct chart_candle){.open_us = open_us};
    if (path_open_us(p, i) < open_us) {
        c = p->candles[i];
        out->open = out->high = out->low = out->close = candle_price(&c, c.close);
        i++;
    }
    for (; i < p->count && path_open_us(p, i) < open_us + interval_us; i++) {
        if (!path_candle(p, i, now_us, &c))
            break;
        if (is_empty)
            out->open = out->high = out->low = candle_price(&c, c.open);
        is_empty = false;
        add(out, &c);
    }
}
