/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the newest candles of one symbol, without short gaps. */
#include "exchange/candle_track.h"

#include <stdlib.h>
#include <string.h>

void candle_track_release(struct candle_track *t)
{
    free(t->candles);
    *t = (struct candle_track){0};
}

const struct candle *candle_track_newest(const struct candle_track *t)
{
    return t->count > 0 ? &t->candles[t->count - 1] : NULL;
}

const struct candle *candle_track_at(const struct candle_track *t, int64_t open_us)
{
    size_t low = 0, high = t->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (t->candles[middle].open_us < open_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->count && t->candles[low].open_us == open_us ? &t->candles[low] : NULL;
}

static void append(struct candle_track *t, const struct candle *c)
{
    if (t->count == TRACK_MOST) {
        memmove(t->candles, t->candles + TRACK_FORGOTTEN,
                (t->count - TRACK_FORGOTTEN) * sizeof *t->candles);
        t->count -= TRACK_FORGOTTEN;
    }
    if (t->count == t->room) {
        t->room = t->room > 0 ? t->room * 2 : 1024;
        t->candles = xrealloc(t->candles, t->room * sizeof *t->candles);
    }
    t->candles[t->count++] = *c;
}

void candle_track_flat(struct candle_track *t, int64_t open_us)
{
    struct candle flat;

    ASSERT(t->count > 0);
    flat = *candle_track_newest(t);
    flat.open_us = open_us;
    flat.open = flat.high = flat.low = flat.close;
    flat.volume = 0;
    flat.flags = CANDLE_SYNTHETIC;
    append(t, &flat);
    t->filled++;
}

int64_t candle_track_take(struct candle_track *t, const struct candle *c, int64_t timeframe_us)
{
    const struct candle *last = candle_track_newest(t);
    struct candle mine = *c;
    int64_t gap;

    if (last && c->open_us <= last->open_us)
        return 0;
    gap = last ? (c->open_us - last->open_us) / timeframe_us - 1 : 0;
    if (gap > LIMIT_GAP_FILL)
        mine.flags |= CANDLE_AFTER_GAP;
    for (int64_t i = gap; i > 0 && gap <= LIMIT_GAP_FILL; i--)
        candle_track_flat(t, c->open_us - i * timeframe_us);
    append(t, &mine);
    return gap;
}

void candle_track_copy(const struct candle_track *from, struct candle_track *to)
{
    *to = (struct candle_track){.count = from->count, .room = from->count, .filled = from->filled};
    if (from->count == 0)
        return;
    to->candles = xcalloc(from->count, sizeof *to->candles);
    memcpy(to->candles, from->candles, from->count * sizeof *to->candles);
}
