/* SPDX-License-Identifier: Apache-2.0 */
/* Records closes in their order, and plays opens and closes from the one list. */
#include "engine/tape.h"

#include <stdlib.h>

#include "core/base.h"
#include "core/limits.h"

struct tape {
    struct feed_event *closes; /* as they were told: by time, then by instrument */
    size_t count, capacity;
    int64_t timeframe_us;
    int64_t shift_us;
    size_t opened, closed; /* so many of the list have been played */
};

static void take_close(void *context, const struct feed_event *e)
{
    struct tape *t = context;

    if (t->count == t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : 1024;
        t->closes = xrealloc(t->closes, t->capacity * sizeof *t->closes);
    }
    t->closes[t->count++] = *e;
}

static void mark_last(struct tape *t)
{
    bool seen[LIMIT_SYMBOLS] = {false};

    for (size_t i = t->count; i-- > 0;) {
        struct feed_event *e = &t->closes[i];

        ASSERT(e->instrument < LIMIT_SYMBOLS);
        if (!seen[e->instrument])
            e->candle.flags |= CANDLE_LAST;
        seen[e->instrument] = true;
    }
}

enum err tape_record(const struct feed_past *past, struct tape **out)
{
    const struct feed *f = past->feed;
    struct tape *t = xcalloc(1, sizeof *t);
    enum err e;

    t->timeframe_us = f->timeframe_us(f->self);
    e = f->history(f->self, past->until_us, past->shift_us, past->most, take_close, t);
    if (!e && t->count == 0)
        e = ERR_END;
    if (e) {
        tape_free(t);
        return e;
    }
    mark_last(t);
    *out = t;
    return ERR_OK;
}

void tape_free(struct tape *t)
{
    if (!t)
        return;
    free(t->closes);
    free(t);
}

size_t tape_candles(const struct tape *t)
{
    return t->count;
}

/* The next event.  All candles are equally long, so they open in the order in which they close. */
static enum err tape_look(const struct tape *t, struct feed_event *out)
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

static enum err tape_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    struct feed_event next;
    enum err e = tape_look(self, &next);

    if (e)
        return e;
    *at_us = next.at_us;
    *kind = next.kind;
    return ERR_OK;
}

static enum err tape_next(void *self, struct feed_event *out)
{
    struct tape *t = self;
    enum err e = tape_look(t, out);

    if (!e)
        *(out->kind == FEED_OPEN ? &t->opened : &t->closed) += 1;
    return e;
}

static void tape_rewind(void *self, int64_t shift_us)
{
    struct tape *t = self;

    t->opened = t->closed = 0;
    t->shift_us = shift_us;
}

static int64_t tape_timeframe_us(void *self)
{
    const struct tape *t = self;

    return t->timeframe_us;
}

static int64_t tape_first_us(void *self)
{
    const struct tape *t = self;

    return t->closes[0].candle.open_us;
}

static enum err tape_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    const struct tape *t = self;
    int64_t skip[LIMIT_SYMBOLS] = {0};
    size_t count = 0;

    for (; count < t->count && t->closes[count].at_us + shift_us <= until_us; count++)
        skip[t->closes[count].instrument]++;
    for (size_t i = 0; i < LIMIT_SYMBOLS; i++)
        skip[i] = most > 0 && skip[i] > most ? skip[i] - most : 0;
    for (size_t i = 0; i < count; i++) {
        struct feed_event e = t->closes[i];

        if (skip[e.instrument]-- > 0)
            continue;
        e.at_us += shift_us;
        e.candle.open_us += shift_us;
        take(context, &e);
    }
    return ERR_OK;
}

struct feed tape_feed(struct tape *t)
{
    return (struct feed){
        .self = t,
        .peek = tape_peek,
        .next = tape_next,
        .rewind = tape_rewind,
        .timeframe_us = tape_timeframe_us,
        .first_us = tape_first_us,
        .history = tape_history,
    };
}
