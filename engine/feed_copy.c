/* SPDX-License-Identifier: Apache-2.0 */
/* Records closes in their order, and plays opens and closes from the one list. */
#include "engine/feed_copy.h"

#include <stdlib.h>
#include <string.h>

#include "core/base.h"
#include "core/limits.h"

/* Which of the closes are an instrument's. */
struct lane_index {
    size_t *at;
    size_t count, capacity;
};

struct feed_copy {
    struct feed_event *closes; /* as they were told: by time, then by instrument */
    size_t count, capacity;
    struct lane_index *lanes; /* by instrument */
    size_t lane_count;
    const size_t *place_of; /* while it is recorded */
    int64_t timeframe_us;
    int64_t shift_us;
    size_t opened, closed; /* so many of the list have been played */
};

static struct lane_index *lane_of(struct feed_copy *t, size_t instrument)
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
    struct lane_index *lane;

    if (place == FEED_COPY_LEAVE_OUT)
        return;
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : 1024;
        t->closes = xrealloc(t->closes, t->capacity * sizeof *t->closes);
    }
    lane = lane_of(t, place);
    if (lane->count == lane->capacity) {
        lane->capacity = lane->capacity ? 2 * lane->capacity : 1024;
        lane->at = xrealloc(lane->at, lane->capacity * sizeof *lane->at);
    }
    lane->at[lane->count++] = t->count;
    t->closes[t->count] = *e;
    t->closes[t->count++].instrument = place;
}

enum err feed_copy_new(const struct feed_past *past, struct feed_copy **out)
{
    const struct feed *f = past->feed;
    struct feed_copy *t = xcalloc(1, sizeof *t);
    enum err e;

    t->timeframe_us = f->timeframe_us(f->self);
    t->place_of = past->place_of;
    e = f->history(f->self, past->until_us, past->shift_us, past->most, take_close, t);
    t->place_of = NULL;
    if (!e && t->count == 0)
        e = ERR_END;
    if (e) {
        feed_copy_free(t);
        return e;
    }
    for (size_t i = 0; i < t->lane_count; i++)
        if (t->lanes[i].count > 0)
            t->closes[t->lanes[i].at[t->lanes[i].count - 1]].candle.flags |= CANDLE_LAST;
    *out = t;
    return ERR_OK;
}

void feed_copy_free(struct feed_copy *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->lane_count; i++)
        free(t->lanes[i].at);
    free(t->lanes);
    free(t->closes);
    free(t);
}

size_t feed_copy_candles(const struct feed_copy *t)
{
    return t->count;
}

/* The next event.  All candles are equally long, so they open in the order in which they close. */
static enum err copy_look(const struct feed_copy *t, struct feed_event *out)
{
    const struct feed_event *close = &t->closes[t->closed];
    const struct feed_event *open = &t->closes[t->opened];
    struct candle *c = &out->candle;

    if (t->closed == t->count)
        return ERR_END;
    if (t->opened < t->count && open->candle.open_us < close->at_us) {
        *out = *open;
        out->kind = FEED_OPEN;
        out->at_us = c->open_us;
        c->high = c->low = c->close = c->open;
    } else {
        *out = *close;
    }
    out->at_us += t->shift_us;
    c->open_us += t->shift_us;
    return ERR_OK;
}

static enum err copy_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    struct feed_event next;
    enum err e = copy_look(self, &next);

    if (e)
        return e;
    *at_us = next.at_us;
    *kind = next.kind;
    return ERR_OK;
}

static enum err copy_next(void *self, struct feed_event *out)
{
    struct feed_copy *t = self;
    enum err e = copy_look(t, out);

    if (!e)
        *(out->kind == FEED_OPEN ? &t->opened : &t->closed) += 1;
    return e;
}

static void copy_rewind(void *self, int64_t shift_us)
{
    struct feed_copy *t = self;

    t->opened = t->closed = 0;
    t->shift_us = shift_us;
}

static int64_t copy_timeframe_us(void *self)
{
    const struct feed_copy *t = self;

    return t->timeframe_us;
}

static int64_t copy_first_us(void *self)
{
    const struct feed_copy *t = self;

    return t->closes[0].candle.open_us;
}

/* How many of the closes are known by then. */
static size_t count_until(const struct feed_copy *t, int64_t until_us)
{
    size_t low = 0, high = t->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->closes[middle].at_us <= until_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where the newest `most` of a lane's closes before `end` begin. */
static size_t first_of(const struct lane_index *lane, size_t end, int64_t most)
{
    size_t low = 0, high = lane->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (lane->at[middle] < end)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return end;
    return lane->at[most > 0 && low > (size_t)most ? low - (size_t)most : 0];
}

static enum err copy_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    const struct feed_copy *t = self;
    size_t *first = xcalloc(t->lane_count, sizeof *first);
    size_t begin, end;
    int64_t last_us;

    if (__builtin_sub_overflow(until_us, shift_us, &last_us))
        last_us = INT64_MAX;
    begin = end = count_until(t, last_us);
    for (size_t i = 0; i < t->lane_count; i++) {
        first[i] = first_of(&t->lanes[i], end, most);
        if (first[i] < begin)
            begin = first[i];
    }
    for (size_t i = begin; i < end; i++) {
        struct feed_event e = t->closes[i];

        if (i < first[e.instrument])
            continue;
        e.at_us += shift_us;
        e.candle.open_us += shift_us;
        take(context, &e);
    }
    free(first);
    return ERR_OK;
}

struct feed feed_copy_port(struct feed_copy *t)
{
    return (struct feed){
        .self = t,
        .peek = copy_peek,
        .next = copy_next,
        .rewind = copy_rewind,
        .timeframe_us = copy_timeframe_us,
        .first_us = copy_first_us,
        .history = copy_history,
    };
}
