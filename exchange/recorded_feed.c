/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the gaps of recordings, and has them played. */
#include "exchange/recorded_feed.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/feed_player.h"

/* One symbol's recording; nothing changes it once the feed is made. */
struct recording {
    struct candle_series series; /* gaps filled */
    char symbol[LIMIT_SYMBOL];
};

struct recorded_feed {
    struct recording *recordings;
    size_t count;
    char id[DIGEST_HEX];
    size_t gaps;
    struct feed_player *player;
};

/* How many candles are missing before a recorded one. */
static int64_t gap_before(const struct candle_series *s, size_t i)
{
    const struct candle *c = s->candles;

    return i == 0 ? 0 : (c[i].open_us - c[i - 1].open_us) / s->timeframe_us - 1;
}

/* ---- Gaps ---- */

/* Makes room for so many more candles and fills them in, from the newest gap to the oldest. */
static void fill_gaps(struct candle_series *s, size_t filled)
{
    size_t to = s->count + filled;

    if (filled == 0)
        return;
    s->candles = xrealloc(s->candles, to * sizeof *s->candles);
    for (size_t i = s->count; filled > 0; i--) {
        const struct candle c = s->candles[i - 1];
        const int64_t gap = gap_before(s, i - 1);

        s->candles[--to] = c;
        if (gap <= 0 || gap > LIMIT_GAP_FILL)
            continue;
        for (int64_t k = 1; k <= gap; k++) {
            struct candle flat = s->candles[i - 2];

            flat.open_us = c.open_us - k * s->timeframe_us;
            flat.open = flat.high = flat.low = flat.close;
            flat.volume = 0;
            flat.flags = CANDLE_SYNTHETIC;
            s->candles[--to] = flat;
        }
        s->count += (size_t)gap;
        filled -= (size_t)gap;
    }
}

/* Counts the candles to be filled in, marks those behind longer gaps, and warns once a symbol. */
static size_t find_gaps(struct recording *r)
{
    struct candle_series *s = &r->series;
    struct candle *c = s->candles;
    size_t filled = 0;
    int64_t left_open = 0;
    int64_t first_us = 0;
    char first[TIME_TEXT_MAX];

    c[s->count - 1].flags |= CANDLE_LAST;
    if (c[s->count - 1].open_us - c[0].open_us == (int64_t)(s->count - 1) * s->timeframe_us)
        return 0; /* each step is one timeframe at least, so all of them are one */
    for (size_t i = 1; i < s->count; i++) {
        int64_t gap;

        if (c[i].open_us - c[i - 1].open_us == s->timeframe_us)
            continue;
        gap = gap_before(s, i);
        if (filled == 0 && left_open == 0)
            first_us = c[i - 1].open_us + s->timeframe_us;
        if (gap <= LIMIT_GAP_FILL) {
            filled += (size_t)gap;
        } else {
            left_open += gap;
            c[i].flags |= CANDLE_AFTER_GAP;
        }
    }
    time_print(first_us, first);
    LOG_WARN("candle_gaps", "symbol", r->symbol, "filled", LOG_NUMBER(filled), "left_open",
             LOG_NUMBER(left_open), "first", first, NULL);
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

/* Whether memory has room for the recording with its gaps filled. */
static bool is_within_limit(const struct candle_series *s)
{
    const int64_t span_us = s->candles[s->count - 1].open_us - s->candles[0].open_us;
    size_t count = s->count;

    if (span_us / s->timeframe_us < LIMIT_CANDLES) /* even if every gap were filled */
        return true;
    for (size_t i = 1; i < s->count; i++) {
        const int64_t gap = gap_before(s, i);

        count += gap > LIMIT_GAP_FILL ? 0 : (size_t)gap;
    }
    return count <= LIMIT_CANDLES;
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
        if (!is_within_limit(&series[i])) {
            diag_hint(diag_add(diags, "candles", "limit_exceeded",
                               "%s has more than %d candles with its gaps filled",
                               instruments[i].symbol, LIMIT_CANDLES),
                      "give a shorter recording, or candles of a higher timeframe");
            return ERR_LIMIT;
        }
    }
    return ERR_OK;
}

static void start_playing(struct recorded_feed *f)
{
    struct candle_span *spans = xcalloc(f->count, sizeof *spans);

    for (size_t i = 0; i < f->count; i++)
        spans[i] =
            (struct candle_span){f->recordings[i].series.candles, f->recordings[i].series.count};
    f->player = feed_player_new(spans, f->count, f->recordings[0].series.timeframe_us);
    free(spans);
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
    for (size_t i = 0; i < count; i++) {
        struct recording *r = &f->recordings[i];
        size_t filled;

        r->series = series[i];
        series[i] = (struct candle_series){0};
        (void)copy_text(r->symbol, sizeof r->symbol, instruments[i].symbol);
        filled = find_gaps(r);
        fill_gaps(&r->series, filled);
        f->gaps += filled;
    }
    digest_recordings(f, f->id);
    start_playing(f);
    *out = f;
    return ERR_OK;
}

void recorded_feed_free(struct recorded_feed *f)
{
    if (!f)
        return;
    feed_player_free(f->player);
    for (size_t i = 0; i < f->count; i++)
        candle_series_release(&f->recordings[i].series);
    free(f->recordings);
    free(f);
}

struct feed recorded_feed_port(struct recorded_feed *f)
{
    return feed_player_port(f->player);
}

const char *recorded_feed_id(const struct recorded_feed *f)
{
    return f->id;
}

size_t recorded_feed_gaps(const struct recorded_feed *f)
{
    return f->gaps;
}
