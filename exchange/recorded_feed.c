/* SPDX-License-Identifier: Apache-2.0 */
/* Plays recorded candles: at each instant all closes, then all opens, in instrument order. */
#include "exchange/recorded_feed.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"

/* One symbol's recording; nothing changes it once the feed is made. */
struct recording {
    struct candle_series series;
    char symbol[LIMIT_SYMBOL];
};

/* Where the playing of one recording has come to. */
struct track {
    const struct candle_series *series;
    int64_t from_us;       /* candles that open before are not played */
    size_t next;           /* the recorded candle to open next */
    struct candle current; /* open now: its close is due */
    bool has_current;
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

struct recorded_feed {
    struct recording *recordings;
    size_t count;
    int64_t timeframe_us, first_us;
    char id[DIGEST_HEX];
    size_t gaps;
    struct head head; /* of the one who plays; a history has its own */
};

/* How many candles are missing before a recorded one. */
static int64_t gap_before(const struct candle_series *s, size_t i)
{
    const struct candle *c = s->candles;

    return i == 0 ? 0 : (c[i].open_us - c[i - 1].open_us) / s->timeframe_us - 1;
}

/* The candle of this track that opens at an instant: recorded, filled in, or none. */
static bool candle_at(const struct track *t, int64_t at_us, struct candle *out)
{
    const struct candle *recorded;
    int64_t gap;

    if (t->next == t->series->count || at_us < t->from_us)
        return false;
    recorded = &t->series->candles[t->next];
    gap = gap_before(t->series, t->next);
    if (recorded->open_us == at_us) {
        *out = *recorded;
        if (gap > LIMIT_GAP_FILL)
            out->flags |= CANDLE_AFTER_GAP;
        if (t->next + 1 == t->series->count)
            out->flags |= CANDLE_LAST;
        return true;
    }
    if (gap == 0 || gap > LIMIT_GAP_FILL || recorded[-1].open_us >= at_us)
        return false;
    *out = recorded[-1];
    out->open_us = at_us;
    out->open = out->high = out->low = out->close;
    out->volume = 0;
    out->flags = CANDLE_SYNTHETIC;
    return true;
}

static void set_event(struct head *h, const struct candle *c)
{
    struct feed_event *e = &h->event;

    *e = (struct feed_event){
        .kind = h->kind,
        .instrument = h->track,
        .at_us = h->now_us + h->shift_us,
        .candle = *c,
    };
    e->candle.open_us += h->shift_us;
    if (h->kind == FEED_OPEN)
        e->candle.high = e->candle.low = e->candle.close = c->open;
    h->has_event = true;
}

/* When a track that has nothing open begins its next candle; INT64_MAX: never. */
static int64_t next_open(const struct head *h, const struct track *t)
{
    if (t->next == t->series->count)
        return INT64_MAX;
    return h->now_us < t->from_us ? t->from_us : t->series->candles[t->next].open_us;
}

/* Moves the head to the next instant at which any track opens or closes a candle. */
static bool go_to_next_instant(struct head *h)
{
    int64_t next_us = INT64_MAX;

    for (size_t i = 0; i < h->count; i++) {
        const struct track *t = &h->tracks[i];
        int64_t opens_us;

        if (t->has_current) { /* closes one timeframe later, and nothing can be before that */
            next_us = h->now_us + h->timeframe_us;
            break;
        }
        opens_us = next_open(h, t);
        if (opens_us < next_us)
            next_us = opens_us;
    }
    if (next_us == INT64_MAX)
        return false;
    h->now_us = next_us;
    h->kind = FEED_CLOSE;
    h->track = 0;
    return true;
}

/* Looks at one track at the head; true when it has an event there. */
static bool visit_track(struct head *h)
{
    struct track *t = &h->tracks[h->track];

    if (h->kind == FEED_CLOSE) {
        if (!t->has_current)
            return false;
        t->has_current = false;
        set_event(h, &t->current);
        return true;
    }
    if (!candle_at(t, h->now_us, &t->current))
        return false;
    t->has_current = true;
    if (!(t->current.flags & CANDLE_SYNTHETIC))
        t->next++;
    set_event(h, &t->current);
    return true;
}

/* Finds the next event unless it is found already; false at the end. */
static bool find_event(struct head *h)
{
    while (!h->has_event) {
        if (h->track < h->count) {
            (void)visit_track(h);
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

static enum err feed_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    struct head *h = &((struct recorded_feed *)self)->head;

    if (!find_event(h))
        return ERR_END;
    *at_us = h->event.at_us;
    *kind = h->event.kind;
    return ERR_OK;
}

static enum err feed_next(void *self, struct feed_event *out)
{
    struct head *h = &((struct recorded_feed *)self)->head;

    if (!find_event(h))
        return ERR_END;
    *out = h->event;
    h->has_event = false;
    return ERR_OK;
}

/* A head before the first event of the recordings. */
static void head_init(struct head *h, const struct recorded_feed *f, int64_t shift_us)
{
    *h = (struct head){
        .tracks = xcalloc(f->count, sizeof *h->tracks),
        .count = f->count,
        .timeframe_us = f->timeframe_us,
        .shift_us = shift_us,
        .now_us = f->first_us,
        .kind = FEED_CLOSE,
    };
    for (size_t i = 0; i < f->count; i++) {
        h->tracks[i].series = &f->recordings[i].series;
        h->tracks[i].from_us = f->recordings[i].series.candles[0].open_us;
    }
}

static void feed_rewind(void *self, int64_t shift_us)
{
    struct recorded_feed *f = self;

    free(f->head.tracks);
    head_init(&f->head, f, shift_us);
}

/* How many recorded candles open at this time or before. */
static size_t count_until(const struct candle_series *s, int64_t open_us)
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

/* Moves a track's beginning to where `most` candles, filled in ones counted, open until last_us. */
static void skip_to_newest(struct track *t, int64_t last_us, int64_t most)
{
    const struct candle_series *s = t->series;
    size_t i = count_until(s, last_us);
    int64_t left = most;

    /* The gap that is being filled at last_us counts as far as it has come. */
    if (i < s->count && i > 0 && gap_before(s, i) <= LIMIT_GAP_FILL) {
        int64_t filled = (last_us - s->candles[i - 1].open_us) / s->timeframe_us;

        t->next = i;
        t->from_us = s->candles[i - 1].open_us + (filled - most + 1) * s->timeframe_us;
        if (filled >= most)
            return;
        left -= filled;
    }
    for (; i > 0 && left > 0; left--) {
        int64_t gap;

        t->next = --i;
        t->from_us = s->candles[i].open_us;
        gap = gap_before(s, i);
        if (gap == 0 || gap > LIMIT_GAP_FILL)
            continue;
        if (gap > left - 1)
            gap = left - 1;
        t->from_us -= gap * s->timeframe_us;
        left -= gap;
    }
}

static enum err feed_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    const struct recorded_feed *f = self;
    struct head h;
    int64_t last_us; /* the newest open whose close is told */

    if (__builtin_sub_overflow(until_us, shift_us + f->timeframe_us, &last_us))
        last_us = INT64_MAX;
    head_init(&h, f, shift_us);
    if (most > 0) {
        h.now_us = INT64_MAX;
        for (size_t i = 0; i < h.count; i++) {
            skip_to_newest(&h.tracks[i], last_us, most);
            if (h.tracks[i].from_us < h.now_us)
                h.now_us = h.tracks[i].from_us;
        }
    }
    while (find_event(&h) && h.event.at_us <= until_us) {
        if (h.event.kind == FEED_CLOSE)
            take(context, &h.event);
        h.has_event = false;
    }
    free(h.tracks);
    return ERR_OK;
}

static int64_t feed_timeframe_us(void *self)
{
    const struct recorded_feed *f = self;

    return f->timeframe_us;
}

static int64_t feed_first_us(void *self)
{
    const struct recorded_feed *f = self;

    return f->first_us;
}

/* Counts the candles to be filled in, and warns once a symbol. */
static size_t count_gaps(const struct recording *r)
{
    const struct candle_series *s = &r->series;
    size_t filled = 0;
    int64_t left_open = 0;
    int64_t first_us = 0;
    char first[TIME_TEXT_MAX];

    for (size_t i = 1; i < s->count; i++) {
        int64_t gap = gap_before(s, i);

        if (gap == 0)
            continue;
        if (filled == 0 && left_open == 0)
            first_us = s->candles[i - 1].open_us + s->timeframe_us;
        if (gap <= LIMIT_GAP_FILL)
            filled += (size_t)gap;
        else
            left_open += gap;
    }
    if (filled > 0 || left_open > 0) {
        time_print(first_us, first);
        LOG_WARN("candle_gaps", "symbol", r->symbol, "filled", LOG_NUMBER(filled), "left_open",
                 LOG_NUMBER(left_open), "first", first, NULL);
    }
    return filled;
}

/* The recording's identity: symbols and digests, in order. */
static void digest_recordings(const struct recorded_feed *f, char id[DIGEST_HEX])
{
    struct identity {
        char symbol[LIMIT_SYMBOL];
        struct digest digest;
    } *all = xcalloc(f->count, sizeof *all);
    struct digest digest;

    for (size_t i = 0; i < f->count; i++) {
        (void)copy_text(all[i].symbol, sizeof all[i].symbol, f->recordings[i].symbol);
        all[i].digest = f->recordings[i].series.digest;
    }
    digest_of(all, f->count * sizeof *all, &digest);
    hex_print(digest.bytes, sizeof digest.bytes, id);
    free(all);
}

static enum err check_series(const struct candle_series *series, size_t count,
                             const struct instrument *instruments, struct diag_list *diags)
{
    if (count == 0) {
        diag_hint(diag_add(diags, "candles", "no_candles", "there is no recording to play"),
                  "name at least one candle file");
        return ERR_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (series[i].count == 0) {
            (void)diag_add(diags, "candles", "no_candles", "the recording of %s has no candles",
                           instruments[i].symbol);
            return ERR_INVALID;
        }
        if (series[i].timeframe_us != series[0].timeframe_us) {
            const char *one = timeframe_name(series[0].timeframe_us);
            const char *other = timeframe_name(series[i].timeframe_us);

            diag_hint(diag_add(diags, "candles", "timeframes_differ",
                               "%s has %s candles, %s has %s", instruments[0].symbol,
                               one ? one : "other", instruments[i].symbol, other ? other : "other"),
                      "give all symbols candles of one timeframe");
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

enum err recorded_feed_new_take(struct candle_series *series, size_t count,
                                const struct instrument *instruments, struct diag_list *diags,
                                struct recorded_feed **out)
{
    struct recorded_feed *f;
    enum err e = check_series(series, count, instruments, diags);

    if (e)
        return e;
    f = xcalloc(1, sizeof *f);
    f->recordings = xcalloc(count, sizeof *f->recordings);
    f->count = count;
    f->timeframe_us = series[0].timeframe_us;
    f->first_us = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        struct recording *r = &f->recordings[i];

        r->series = series[i];
        series[i] = (struct candle_series){0};
        (void)copy_text(r->symbol, sizeof r->symbol, instruments[i].symbol);
        f->gaps += count_gaps(r);
        if (r->series.candles[0].open_us < f->first_us)
            f->first_us = r->series.candles[0].open_us;
    }
    digest_recordings(f, f->id);
    feed_rewind(f, 0);
    *out = f;
    return ERR_OK;
}

void recorded_feed_free(struct recorded_feed *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        candle_series_release(&f->recordings[i].series);
    free(f->recordings);
    free(f->head.tracks);
    free(f);
}

struct feed recorded_feed_port(struct recorded_feed *f)
{
    return (struct feed){
        .self = f,
        .peek = feed_peek,
        .next = feed_next,
        .rewind = feed_rewind,
        .timeframe_us = feed_timeframe_us,
        .first_us = feed_first_us,
        .history = feed_history,
    };
}

const char *recorded_feed_id(const struct recorded_feed *f)
{
    return f->id;
}

size_t recorded_feed_gaps(const struct recorded_feed *f)
{
    return f->gaps;
}
