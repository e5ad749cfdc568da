/* SPDX-License-Identifier: Apache-2.0 */
/* Plays recorded candles: at each instant all closes, then all opens, in instrument order. */
#include "exchange/recorded_feed.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"

/* One symbol's recording and where its playing has come to. */
struct track {
    struct candle_series series;
    char symbol[LIMIT_SYMBOL];
    size_t next;           /* the recorded candle to open next */
    struct candle current; /* open now: its close is due */
    bool has_current;
};

struct recorded_feed {
    struct track *tracks;
    size_t count;
    int64_t timeframe_us, first_us;
    int64_t shift_us;
    char id[DIGEST_HEX];
    size_t gaps;
    /* The play head, unshifted: the next event is looked for from here. */
    int64_t now_us;
    enum feed_kind kind;
    size_t track;
    bool has_event; /* `event` is the next one, found but not taken */
    struct feed_event event;
};

/* How many candles are missing before a recorded one. */
static int64_t gap_before(const struct track *t, size_t i, int64_t timeframe_us)
{
    const struct candle *c = t->series.candles;

    return i == 0 ? 0 : (c[i].open_us - c[i - 1].open_us) / timeframe_us - 1;
}

/* The candle of this track that opens at an instant: recorded, filled in, or none. */
static bool candle_at(const struct track *t, int64_t timeframe_us, int64_t at_us,
                      struct candle *out)
{
    const struct candle *recorded;
    int64_t gap;

    if (t->next == t->series.count)
        return false;
    recorded = &t->series.candles[t->next];
    gap = gap_before(t, t->next, timeframe_us);
    if (recorded->open_us == at_us) {
        *out = *recorded;
        if (gap > LIMIT_GAP_FILL)
            out->flags |= CANDLE_AFTER_GAP;
        if (t->next + 1 == t->series.count)
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

static void set_event(struct recorded_feed *f, const struct candle *c)
{
    struct feed_event *e = &f->event;

    *e = (struct feed_event){
        .kind = f->kind,
        .instrument = f->track,
        .at_us = f->now_us + f->shift_us,
        .candle = *c,
    };
    e->candle.open_us += f->shift_us;
    if (f->kind == FEED_OPEN)
        e->candle.high = e->candle.low = e->candle.close = c->open;
    f->has_event = true;
}

/* Moves the head to the next instant at which any track opens or closes a candle. */
static bool go_to_next_instant(struct recorded_feed *f)
{
    int64_t next_us = INT64_MAX;

    for (size_t i = 0; i < f->count; i++) {
        const struct track *t = &f->tracks[i];

        if (t->has_current) { /* closes one timeframe later, and nothing can be before that */
            next_us = f->now_us + f->timeframe_us;
            break;
        }
        if (t->next < t->series.count && t->series.candles[t->next].open_us < next_us)
            next_us = t->series.candles[t->next].open_us;
    }
    if (next_us == INT64_MAX)
        return false;
    f->now_us = next_us;
    f->kind = FEED_CLOSE;
    f->track = 0;
    return true;
}

/* Looks at one track at the head; true when it has an event there. */
static bool visit_track(struct recorded_feed *f)
{
    struct track *t = &f->tracks[f->track];

    if (f->kind == FEED_CLOSE) {
        if (!t->has_current)
            return false;
        t->has_current = false;
        set_event(f, &t->current);
        return true;
    }
    if (!candle_at(t, f->timeframe_us, f->now_us, &t->current))
        return false;
    t->has_current = true;
    if (!(t->current.flags & CANDLE_SYNTHETIC))
        t->next++;
    set_event(f, &t->current);
    return true;
}

/* Finds the next event unless it is found already; false at the end. */
static bool find_event(struct recorded_feed *f)
{
    while (!f->has_event) {
        if (f->track < f->count) {
            (void)visit_track(f);
            f->track++;
        } else if (f->kind == FEED_CLOSE) {
            f->kind = FEED_OPEN;
            f->track = 0;
        } else if (!go_to_next_instant(f)) {
            return false;
        }
    }
    return true;
}

static enum err feed_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    struct recorded_feed *f = self;

    if (!find_event(f))
        return ERR_END;
    *at_us = f->event.at_us;
    *kind = f->event.kind;
    return ERR_OK;
}

static enum err feed_next(void *self, struct feed_event *out)
{
    struct recorded_feed *f = self;

    if (!find_event(f))
        return ERR_END;
    *out = f->event;
    f->has_event = false;
    return ERR_OK;
}

static void feed_rewind(void *self, int64_t shift_us)
{
    struct recorded_feed *f = self;

    for (size_t i = 0; i < f->count; i++) {
        f->tracks[i].next = 0;
        f->tracks[i].has_current = false;
    }
    f->shift_us = shift_us;
    f->now_us = f->first_us;
    f->kind = FEED_CLOSE;
    f->track = 0;
    f->has_event = false;
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
static size_t count_gaps(const struct track *t, int64_t timeframe_us)
{
    size_t filled = 0;
    int64_t left_open = 0;
    int64_t first_us = 0;
    char first[TIME_TEXT_MAX];

    for (size_t i = 1; i < t->series.count; i++) {
        int64_t gap = gap_before(t, i, timeframe_us);

        if (gap == 0)
            continue;
        if (filled == 0 && left_open == 0)
            first_us = t->series.candles[i - 1].open_us + timeframe_us;
        if (gap <= LIMIT_GAP_FILL)
            filled += (size_t)gap;
        else
            left_open += gap;
    }
    if (filled > 0 || left_open > 0) {
        time_print(first_us, first);
        LOG_WARN("candle_gaps", "symbol", t->symbol, "filled", LOG_NUMBER(filled), "left_open",
                 LOG_NUMBER(left_open), "first", first, NULL);
    }
    return filled;
}

/* The recording's identity: symbols and digests, in order. */
static void digest_tracks(const struct recorded_feed *f, char id[DIGEST_HEX])
{
    struct identity {
        char symbol[LIMIT_SYMBOL];
        struct digest digest;
    } *all = xcalloc(f->count, sizeof *all);
    struct digest digest;

    for (size_t i = 0; i < f->count; i++) {
        (void)copy_text(all[i].symbol, sizeof all[i].symbol, f->tracks[i].symbol);
        all[i].digest = f->tracks[i].series.digest;
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
    f->tracks = xcalloc(count, sizeof *f->tracks);
    f->count = count;
    f->timeframe_us = series[0].timeframe_us;
    f->first_us = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        struct track *t = &f->tracks[i];

        t->series = series[i];
        series[i] = (struct candle_series){0};
        (void)copy_text(t->symbol, sizeof t->symbol, instruments[i].symbol);
        f->gaps += count_gaps(t, f->timeframe_us);
        if (t->series.candles[0].open_us < f->first_us)
            f->first_us = t->series.candles[0].open_us;
    }
    digest_tracks(f, f->id);
    feed_rewind(f, 0);
    *out = f;
    return ERR_OK;
}

void recorded_feed_free(struct recorded_feed *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        candle_series_release(&f->tracks[i].series);
    free(f->tracks);
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
