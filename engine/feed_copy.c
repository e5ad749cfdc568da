/* SPDX-License-Identifier: Apache-2.0 */
/* Plays the candles where the feed has them, or records what its history tells. */
#include "engine/feed_copy.h"

#include <stdlib.h>
#include <string.h>

#include "core/base.h"
#include "core/limits.h"
#include "engine/feed_player.h"

/* One instrument of the copy. */
struct lane {
    struct candle *own; /* NULL: the feed's */
    size_t capacity;
    struct candle_span span;
};

struct feed_copy {
    struct lane *lanes;
    size_t lane_count;
    const size_t *place_of; /* while it is recorded */
    bool is_mixed;          /* an instrument has candles of several scales */
    struct feed_player *player;
};

static struct lane *lane_of(struct feed_copy *t, size_t instrument)
{
    ASSERT(instrument < LIMIT_SYMBOLS);
    if (instrument >= t->lane_count) {
        t->lanes = xrealloc(t->lanes, (instrument + 1) * sizeof *t->lanes);
        memset(t->lanes + t->lane_count, 0, (instrument + 1 - t->lane_count) * sizeof *t->lanes);
        t->lane_count = instrument + 1;
    }
    return &t->lanes[instrument];
}

static void take_close(void *context, const struct feed_event *e)
{
    struct feed_copy *t = context;
    size_t place = t->place_of ? t->place_of[e->instrument] : e->instrument;
    struct lane *lane;

    if (place == FEED_COPY_LEAVE_OUT)
        return;
    lane = lane_of(t, place);
    if (lane->span.count == lane->capacity) {
        lane->capacity = lane->capacity ? 2 * lane->capacity : 1024;
        lane->own = xrealloc(lane->own, lane->capacity * sizeof *lane->own);
        lane->span.candles = lane->own;
    }
    lane->own[lane->span.count++] = e->candle;
    t->is_mixed |= lane->own[0].price_scale != e->candle.price_scale;
}

static enum err record(struct feed_copy *t, const struct feed_past *past)
{
    const struct feed *f = past->feed;
    enum err e;

    t->place_of = past->place_of;
    e = f->history(f->self, past->until_us, past->shift_us, past->most, take_close, t);
    t->place_of = NULL;
    for (size_t i = 0; i < t->lane_count; i++)
        if (t->lanes[i].own)
            t->lanes[i].own[t->lanes[i].span.count - 1].flags |= CANDLE_LAST;
    return e;
}

/* All of the feed's candles, as they lie in memory. */
static void borrow(struct feed_copy *t, const struct feed_past *past)
{
    struct candle_span span;

    for (size_t i = 0; past->feed->candles(past->feed->self, i, &span); i++) {
        const size_t place = past->place_of ? past->place_of[i] : i;

        if (place != FEED_COPY_LEAVE_OUT)
            lane_of(t, place)->span = span;
    }
}

/* False: there are no candles. */
static bool start_playing(struct feed_copy *t, int64_t timeframe_us)
{
    struct candle_span *spans = xcalloc(t->lane_count + 1, sizeof *spans);
    size_t count = 0;

    for (size_t i = 0; i < t->lane_count; i++) {
        spans[i] = t->lanes[i].span;
        count += spans[i].count;
    }
    if (count > 0)
        t->player = feed_player_new(spans, t->lane_count, timeframe_us);
    free(spans);
    return count > 0;
}

enum err feed_copy_new(const struct feed_past *past, struct feed_copy **out)
{
    const struct feed *f = past->feed;
    struct feed_copy *t = xcalloc(1, sizeof *t);
    enum err e = ERR_OK;

    if (f->candles && past->until_us == INT64_MAX && past->shift_us == 0 && past->most == 0)
        borrow(t, past);
    else
        e = record(t, past);
    if (!e && !start_playing(t, f->timeframe_us(f->self)))
        e = ERR_END;
    if (e) {
        feed_copy_free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

void feed_copy_free(struct feed_copy *t)
{
    if (!t)
        return;
    feed_player_free(t->player);
    for (size_t i = 0; i < t->lane_count; i++)
        free(t->lanes[i].own);
    free(t->lanes);
    free(t);
}

size_t feed_copy_candles(const struct feed_copy *t)
{
    size_t count = 0;

    for (size_t i = 0; i < t->lane_count; i++)
        count += t->lanes[i].span.count;
    return count;
}

struct feed feed_copy_port(struct feed_copy *t)
{
    struct feed feed = feed_player_port(t->player);

    if (t->is_mixed)
        feed.candles = NULL;
    return feed;
}
