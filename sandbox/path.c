/* SPDX-License-Identifier: Apache-2.0 */
/* Straight lines within a candle, and where they touch a level. */
#include "sandbox/path.h"

#include "core/base.h"

enum {
    CORNERS = 6,
    EIGHTHS = 8
};

/* When each corner is, in eighths of the candle. */
static const int corner_eighth[CORNERS] = {0, 1, 3, 5, 7, 8};

static void corners_of(const struct candle *c, int64_t price[CORNERS])
{
    const bool high_first = c->high - c->open < c->open - c->low;

    price[0] = c->open;
    price[1] = c->open;
    price[2] = high_first ? c->high : c->low;
    price[3] = high_first ? c->low : c->high;
    price[4] = c->close;
    price[5] = c->close;
}

int64_t path_open_us(const struct path *p, size_t i)
{
    return p->candles[i].open_us + p->shift_us;
}

size_t path_index(const struct path *p, int64_t at_us)
{
    size_t low = 0, high = p->count;

    ASSERT(at_us >= path_open_us(p, 0));
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (path_open_us(p, middle) <= at_us)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct path_line path_line_at(const struct path *p, int64_t at_us)
{
    const size_t i = path_index(p, at_us);
    const struct candle *c = &p->candles[i];
    const int64_t open_us = path_open_us(p, i);
    int64_t price[CORNERS];
    struct path_line line;

    if (at_us >= open_us + p->timeframe_us) {
        line.from_us = open_us + p->timeframe_us;
        line.to_us = i + 1 < p->count ? path_open_us(p, i + 1) : INT64_MAX;
        line.from = line.to = c->close;
        return line;
    }
    corners_of(c, price);
    for (int k = 0;; k++) {
        line.from_us = open_us + p->timeframe_us * corner_eighth[k] / EIGHTHS;
        line.to_us = open_us + p->timeframe_us * corner_eighth[k + 1] / EIGHTHS;
        line.from = price[k];
        line.to = price[k + 1];
        if (at_us < line.to_us)
            return line;
    }
}

int64_t path_on(const struct path_line *l, int64_t at_us)
{
    if (l->from == l->to)
        return l->from;
    return l->from +
           (int64_t)((i128)(l->to - l->from) * (at_us - l->from_us) / (l->to_us - l->from_us));
}

int64_t path_ticks(const struct path *p, int64_t at_us)
{
    const struct path_line l = path_line_at(p, at_us);

    return path_on(&l, at_us);
}

bool path_reaches(const struct path_line *l, int64_t from_us, int64_t level, bool upward,
                  int64_t *at_us)
{
    const int sign = upward ? 1 : -1;
    const i128 here = (i128)sign * path_on(l, from_us);
    const i128 start = (i128)sign * l->from, end = (i128)sign * l->to, goal = (i128)sign * level;
    i128 after;

    if (here >= goal) {
        *at_us = from_us;
        return true;
    }
    if (end < goal || end == start)
        return false;
    after = ((goal - start) * (l->to_us - l->from_us) + (end - start) - 1) / (end - start);
    if (after >= l->to_us - l->from_us)
        return false; /* the next line begins there */
    *at_us = l->from_us + (int64_t)after;
    return true;
}

bool path_candle(const struct path *p, size_t i, int64_t at_us, struct candle *out)
{
    const int64_t open_us = path_open_us(p, i);
    struct candle c = p->candles[i];
    int64_t price[CORNERS];

    if (at_us < open_us)
        return false;
    c.open_us = open_us;
    if (at_us < open_us + p->timeframe_us) {
        const int64_t now = path_ticks(p, at_us);
        int64_t high = c.open, low = c.open;

        corners_of(&p->candles[i], price);
        for (int k = 0; k < CORNERS; k++) {
            if (open_us + p->timeframe_us * corner_eighth[k] / EIGHTHS > at_us)
                break;
            high = price[k] > high ? price[k] : high;
            low = price[k] < low ? price[k] : low;
        }
        c.high = now > high ? now : high;
        c.low = now < low ? now : low;
        c.close = now;
        c.volume = (int64_t)((i128)c.volume * (at_us - open_us) / p->timeframe_us);
    }
    *out = c;
    return true;
}
