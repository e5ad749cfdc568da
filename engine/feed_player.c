/* SPDX-License-Identifier: Apache-2.0 */
/* At each instant all closes, then all opens, in the order of the instruments. */
#include "engine/feed_player.h"

#include <stdlib.h>
#include <string.h>

#include "core/base.h"

/* Where the playing of one span has come to: opened - closed is 0 or 1. */
struct track {
    const struct candle *candles;
    size_t opened, closed, end;
};

/* A play head, unshifted: the next event is looked for from here. */
struct head {
    struct track *tracks;
    size_t count;
    int64_t timeframe_us, shift_us;
    int64_t now_us;
    enum feed_kind kind;
    size_t track;
    bool has_event; /* `event` is the next one, found but not taken */
    struct feed_event event;
};

struct feed_player {
    struct candle_span *spans;
    size_t count;
    int64_t timeframe_us, first_us;
    struct head head; /* of the one who plays; a history has its own */
};

/* ---- The head ---- */

static void set_event(struct head *h, const struct candle *c)
{
    struct feed_event *e = &h->event;

    e->kind = h->kind;
    e->instrument = h->track;
    e->at_us = h->now_us + h->shift_us;
    e->candle = *c;
    e->candle.open_us += h->shift_us;
    if (h->kind == FEED_OPEN)
        e->candle.high = e->candle.low = e->candle.close = c->open;
    h->has_event = true;
}

/* Moves the head to the next instant at which any track opens or closes a candle. */
static bool go_to_next_instant(struct head *h)
{
    int64_t next_us = INT64_MAX;

    for (size_t i = 0; i < h->count; i++) {
        const struct track *t = &h->tracks[i];

        if (t->opened > t->closed) { /* ends a timeframe later, and nothing can be before that */
            next_us = h->now_us + h->timeframe_us;
            break;
        }
        if (t->opened < t->end && t->candles[t->opened].open_us < next_us)
            next_us = t->candles[t->opened].open_us;
    }
    if (next_us == INT64_MAX)
        return false;
    h->now_us = next_us;
    h->kind = FEED_CLOSE;
    h->track = 0;
    return true;
}

/* Takes what one track has at the head's instant. */
static void visit_track(struct head *h)
{
    struct track *t = &h->tracks[h->track];

    if (h->kind == FEED_CLOSE) {
        if (t->opened > t->closed)
            set_event(h, &t->candles[t->closed++]);
        return;
    }
    if (t->opened < t->end && t->candles[t->opened].open_us == h->now_us)
        set_event(h, &t->candles[t->opened++]);
}

/* Finds the next event unless it is found already; false at the end. */
static bool find_event(struct head *h)
{
    while (!h->has_event) {
        if (h->track < h->count) {
            visit_track(h);
            h->track++;
        } else if (h->kind == FEED_CLOSE) {
            h->kind = FEED_OPEN;
            h->track = 0;
        } else if (!go_to_next_instant(h)) {
            return false;
        }
    }
    return true;
}

/* Before the first event. */
static void head_init(struct head *h, const struct feed_player *p, int64_t shift_us)
{
    *h = (struct head){
        .tracks = xcalloc(p->count, sizeof *h->tracks),
        .count = p->count,
        .timeframe_us = p->timeframe_us,
        .shift_us = shift_us,
        .now_us = p->first_us,
        .kind = FEED_CLOSE,
    };
    for (size_t i = 0; i < p->count; i++)
        h->tracks[i] = (struct track){.candles = p->spans[i].candles, .end = p->spans[i].count};
}

/* ---- The port ---- */

static enum err player_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    struct head *h = &((struct feed_player *)self)->head;

    if (!find_event(h))
        return ERR_END;
    *at_us = h->event.at_us;
    *kind = h->event.kind;
    return ERR_OK;
}

static enum err player_next(void *self, struct feed_event *out)
{
    struct head *h = &((struct feed_player *)self)->head;

    if (!find_event(h))
        return ERR_END;
    *out = h->event;
    h->has_event = false;
    return ERR_OK;
}

static void player_rewind(void *self, int64_t shift_us)
{
    struct feed_player *p = self;

    free(p->head.tracks);
    head_init(&p->head, p, shift_us);
}

static int64_t player_timeframe_us(void *self)
{
    return ((const struct feed_player *)self)->timeframe_us;
}

static int64_t player_first_us(void *self)
{
    return ((const struct feed_player *)self)->first_us;
}

/* How many candles open at this time or before. */
static size_t count_until(const struct candle_span *s, int64_t open_us)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->candles[middle].open_us <= open_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err player_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                               feed_take_fn *take, void *context)
{
    const struct feed_player *p = self;
    struct head h;
    int64_t last_us; /* the newest open whose close is told */

    if (__builtin_sub_overflow(until_us, shift_us + p->timeframe_us, &last_us))
        last_us = INT64_MAX;
    head_init(&h, p, shift_us);
    h.now_us = INT64_MAX;
    for (size_t i = 0; i < h.count; i++) {
        struct track *t = &h.tracks[i];

        t->end = count_until(&p->spans[i], last_us);
        if (most > 0 && t->end > (size_t)most)
            t->opened = t->closed = t->end - (size_t)most;
        if (t->opened < t->end && t->candles[t->opened].open_us < h.now_us)
            h.now_us = t->candles[t->opened].open_us;
    }
    while (find_event(&h)) {
        if (h.event.kind == FEED_CLOSE)
            take(context, &h.event);
        h.has_event = false;
    }
    free(h.tracks);
    return ERR_OK;
}

static bool player_candles(void *self, size_t instrument, struct candle_span *out)
{
    const struct feed_player *p = self;

    if (instrument >= p->count)
        return false;
    *out = p->spans[instrument];
    return true;
}

struct feed feed_player_port(struct feed_player *p)
{
    return (struct feed){
        .self = p,
        .peek = player_peek,
        .next = player_next,
        .rewind = player_rewind,
        .timeframe_us = player_timeframe_us,
        .first_us = player_first_us,
        .history = player_history,
        .candles = player_candles,
    };
}

/* ---- Its life ---- */

struct feed_player *feed_player_new(const struct candle_span *spans, size_t count,
                                    int64_t timeframe_us)
{
    struct feed_player *p = xcalloc(1, sizeof *p);

    *p = (struct feed_player){.spans = xcalloc(count, sizeof *spans),
                              .count = count,
                              .timeframe_us = timeframe_us,
                              .first_us = INT64_MAX};
    memcpy(p->spans, spans, count * sizeof *spans);
    for (size_t i = 0; i < count; i++) {
        const struct candle_span *s = &spans[i];

        if (s->count == 0)
            continue;
        ASSERT(s->candles[s->count - 1].flags & CANDLE_LAST);
        if (s->candles[0].open_us < p->first_us)
            p->first_us = s->candles[0].open_us;
    }
    ASSERT(p->first_us < INT64_MAX);
    head_init(&p->head, p, 0);
    return p;
}

void feed_player_free(struct feed_player *p)
{
    if (!p)
        return;
    free(p->head.tracks);
    free(p->spans);
    free(p);
}
