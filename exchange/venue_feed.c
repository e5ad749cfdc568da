/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a venue's klines and tells them as a feed. */
#include "exchange/venue_feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "exchange/candle_track.h"
#include "exchange/kline_page.h"
#include "exchange/waker.h"

#define ASK_AFTER_US (100 * US_PER_MS) /* after the end of a candle */
#define ASK_AGAIN_US (500 * US_PER_MS) /* it had not closed yet */
#define FAIL_FIRST_US (1 * US_PER_S)   /* doubled by each failure, */
#define FAIL_MOST_US (30 * US_PER_S)   /* up to this */
#define ANSWER_US (10 * US_PER_S)
#define ORDERS_APART_US (10 * US_PER_S) /* of shorter candles nothing is opened ahead */

struct track {
    struct instrument instrument;
    char symbol[BINANCE_SYMBOL];
    struct candle_track past;
    struct candle open; /* the one that is under way; open_us 0: not known */
    bool is_asking;
    int64_t ask_at_us, heard_us; /* monotonic */
    int failures;
};

struct venue_feed {
    struct binance_client *client;
    struct transport_box *box;
    struct waker waker;
    pthread_mutex_t mutex; /* tracks' candles and health, which other threads read */
    struct track *tracks;
    size_t count;
    int64_t timeframe_us, patience_us;
    /* What is told next: an instant, whether its opens are on, and of which instrument. */
    int64_t at_us;
    bool is_opens;
    size_t next;
    bool is_ready;      /* the instant's closes are complete */
    int64_t waiting_us; /* monotonic, since some but not all have closed; 0: not */
};

static void lock(struct venue_feed *f)
{
    ASSERT(pthread_mutex_lock(&f->mutex) == 0);
}

static void unlock(struct venue_feed *f)
{
    ASSERT(pthread_mutex_unlock(&f->mutex) == 0);
}

/* ---- Asking ---- */

static void take_candle(struct venue_feed *f, struct track *t, const struct candle *c)
{
    const int64_t gap = candle_track_take(&t->past, c, f->timeframe_us);

    if (gap > 0)
        LOG_WARN("candle_gap", "symbol", t->instrument.symbol, "missing", LOG_NUMBER(gap), NULL);
}

static void take_page(struct venue_feed *f, struct track *t, const struct binance_candles *page,
                      int64_t heard_us)
{
    const size_t closed = kline_closed(page, kline_now(f->client));

    lock(f);
    for (size_t i = 0; i < closed; i++)
        take_candle(f, t, &page->items[i]);
    t->open.open_us = 0;
    if (closed < page->count)
        t->open = page->items[closed];
    t->failures = 0;
    t->heard_us = heard_us;
    unlock(f);
}

/* The instant on the monotonic clock at which the venue's clock shows venue_us. */
static int64_t monotonic_of(struct venue_feed *f, int64_t venue_us)
{
    return clock_monotonic_us() + venue_us - kline_now(f->client);
}

static void ask(struct venue_feed *f, size_t i)
{
    struct track *t = &f->tracks[i];
    const struct candle *last = candle_track_newest(&t->past);
    const int64_t from_us = last ? last->open_us + f->timeframe_us : f->at_us - f->timeframe_us;
    const int64_t missing = (kline_now(f->client) - from_us) / f->timeframe_us + 2;
    struct binance_request r;

    kline_ask(binance_client_market(f->client), t->symbol, f->timeframe_us, from_us,
              missing < 2            ? 2
              : missing < KLINE_PAGE ? (int)missing
                                     : KLINE_PAGE,
              &r);
    t->is_asking = binance_client_send(f->client, &r, INT64_MAX, ANSWER_US, f->box, i) == ERR_OK;
    if (!t->is_asking)
        t->ask_at_us = clock_monotonic_us() + FAIL_FIRST_US;
}

/* When to ask for this symbol again: at the end of its next candle. */
static void plan(struct venue_feed *f, struct track *t, size_t had)
{
    const struct candle *last = candle_track_newest(&t->past);
    const int64_t now_us = clock_monotonic_us();
    int64_t at_us = now_us + ASK_AGAIN_US;

    if (last && t->past.count > had)
        at_us = monotonic_of(f, last->open_us + 2 * f->timeframe_us) + ASK_AFTER_US;
    /* What is decided on that candle, of all symbols, goes out right after it. */
    if (t == f->tracks && f->timeframe_us >= ORDERS_APART_US)
        binance_client_expect(f->client, at_us, f->count);
    /* A full page has more behind it, and a late candle does not wait. */
    t->ask_at_us = at_us;
}

static void hear(struct venue_feed *f, const struct transport_answer *a)
{
    struct track *t = &f->tracks[a->tag];
    const struct candle *last = candle_track_newest(&t->past);
    const int64_t from_us = last ? last->open_us + f->timeframe_us : 0;
    struct diag_list diags = {0};
    struct binance_candles page;
    struct binance_verdict v;
    const size_t had = t->past.count;
    int64_t pause_us = FAIL_FIRST_US;

    t->is_asking = false;
    binance_judge(binance_client_market(f->client), a, clock_wall_us(), &v);
    if (v.error == VENUE_ERROR_NONE &&
        binance_parse_candles(a->body, a->length, &diags, &page) == ERR_OK) {
        if (kline_check(&page, f->timeframe_us, from_us, &diags) == ERR_OK) {
            take_page(f, t, &page, a->end_us);
            plan(f, t, had);
            binance_candles_release(&page);
            return;
        }
        binance_candles_release(&page);
    }
    lock(f);
    t->failures++;
    unlock(f);
    for (int i = 1; i < t->failures && pause_us < FAIL_MOST_US; i++)
        pause_us *= 2;
    if (pause_us > FAIL_MOST_US)
        pause_us = FAIL_MOST_US;
    if (v.retry_after_us > pause_us)
        pause_us = v.retry_after_us;
    t->ask_at_us = clock_monotonic_us() + pause_us;
    LOG_WARN("candles_failed", "symbol", t->instrument.symbol, "reason",
             diags.count > 0 ? diags.items[0].message : v.reason, NULL);
}

/* Takes answers in and asks for what is due. */
static void work(struct venue_feed *f)
{
    struct transport_answer a;
    const int64_t now_us = clock_monotonic_us();

    while (transport_box_take(f->box, 0, &a) == ERR_OK) {
        hear(f, &a);
        transport_answer_release(&a);
    }
    for (size_t i = 0; i < f->count; i++) {
        if (!f->tracks[i].is_asking && f->tracks[i].ask_at_us <= now_us)
            ask(f, i);
    }
}

/* ---- Telling ---- */

/* Whether this symbol has something to tell at an instant, now or later. */
static bool is_expected(const struct venue_feed *f, const struct track *t)
{
    return t->past.count == 0 || t->past.candles[0].open_us <= f->at_us - f->timeframe_us;
}

/* True when every symbol's candle that ends at the instant is there, or is not waited for. */
static bool find_ready(struct venue_feed *f)
{
    const int64_t open_us = f->at_us - f->timeframe_us;
    const int64_t now_us = clock_monotonic_us();
    size_t have = 0, late = 0;

    for (size_t i = 0; i < f->count; i++) {
        const struct track *t = &f->tracks[i];

        if (candle_track_at(&t->past, open_us) ||
            (t->past.count > 0 && candle_track_newest(&t->past)->open_us > open_us))
            have++; /* the second: it lies in a gap too long to fill */
        else if (is_expected(f, t))
            late++;
    }
    if (late == 0 || have == 0) {
        f->waiting_us = 0;
        return late == 0 && have > 0;
    }
    if (f->waiting_us == 0)
        f->waiting_us = now_us;
    if (now_us - f->waiting_us < f->patience_us)
        return false;
    f->waiting_us = 0;
    lock(f);
    for (size_t i = 0; i < f->count; i++) {
        struct track *t = &f->tracks[i];
        size_t flat = 0;

        if (t->past.count == 0 || candle_track_newest(&t->past)->open_us >= open_us)
            continue;
        while (flat < t->past.count &&
               (t->past.candles[t->past.count - 1 - flat].flags & CANDLE_SYNTHETIC))
            flat++;
        LOG_WARN("candle_late", "symbol", t->instrument.symbol, NULL);
        if (flat < LIMIT_GAP_FILL &&
            candle_track_newest(&t->past)->open_us == open_us - f->timeframe_us)
            candle_track_flat(&t->past, open_us);
    }
    unlock(f);
    return true;
}

/* Moves to the next thing to tell at this instant; false when nothing is left there. */
static bool find_event(struct venue_feed *f)
{
    const int64_t open_us = f->at_us - f->timeframe_us;

    while (!f->is_opens || f->next < f->count) {
        if (f->next == f->count) {
            f->is_opens = true;
            f->next = 0;
            continue;
        }
        if (candle_track_at(&f->tracks[f->next].past, open_us))
            return true;
        f->next++;
    }
    return false;
}

/* Finds what is told next; false while nothing is. */
static bool find_next(struct venue_feed *f)
{
    for (;;) {
        if (!f->is_ready)
            f->is_ready = find_ready(f);
        if (!f->is_ready)
            return false;
        if (find_event(f))
            return true;
        f->at_us += f->timeframe_us;
        f->is_ready = f->is_opens = false;
        f->next = 0;
    }
}

static enum err port_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    struct venue_feed *f = self;
    int64_t wait_us = ASK_AGAIN_US, soon_us;

    work(f);
    if (find_next(f)) {
        *at_us = f->at_us;
        *kind = f->is_opens ? FEED_OPEN : FEED_CLOSE;
        return ERR_OK;
    }
    /* Not yet: an instant that lies ahead. */
    for (size_t i = 0; i < f->count; i++)
        if (!f->tracks[i].is_asking && f->tracks[i].ask_at_us - clock_monotonic_us() < wait_us)
            wait_us = f->tracks[i].ask_at_us - clock_monotonic_us();
    soon_us = clock_wall_us() + (wait_us > US_PER_MS ? wait_us : US_PER_MS);
    *at_us = f->at_us > soon_us ? f->at_us : soon_us;
    *kind = FEED_CLOSE;
    return ERR_OK;
}

/* The open of the candle that begins now: the venue's when it told one, else the close before. */
static struct candle opening(const struct venue_feed *f, const struct track *t)
{
    const struct candle *next = candle_track_at(&t->past, f->at_us);
    struct candle c = *candle_track_at(&t->past, f->at_us - f->timeframe_us);

    if (next)
        c = *next;
    else if (t->open.open_us == f->at_us)
        c = t->open;
    else
        c.open = c.close;
    c.open_us = f->at_us;
    c.high = c.low = c.close = c.open;
    c.flags = next ? next->flags : 0;
    return c;
}

static enum err port_next(void *self, struct feed_event *out)
{
    struct venue_feed *f = self;
    const struct track *t;

    if (!find_next(f))
        return ERR_AGAIN;
    t = &f->tracks[f->next];
    *out = (struct feed_event){
        .kind = f->is_opens ? FEED_OPEN : FEED_CLOSE, .instrument = f->next, .at_us = f->at_us};
    out->candle =
        f->is_opens ? opening(f, t) : *candle_track_at(&t->past, f->at_us - f->timeframe_us);
    f->next++;
    return ERR_OK;
}

/* The oldest instant at which something closes; without any candle the next one. */
static int64_t oldest_us(struct venue_feed *f)
{
    int64_t oldest = kline_now(f->client) / f->timeframe_us * f->timeframe_us;

    lock(f);
    for (size_t i = 0; i < f->count; i++) {
        const struct candle_track *t = &f->tracks[i].past;

        if (t->count > 0 && t->candles[0].open_us < oldest)
            oldest = t->candles[0].open_us;
    }
    unlock(f);
    return oldest + f->timeframe_us;
}

static void port_rewind(void *self, int64_t shift_us)
{
    struct venue_feed *f = self;
    const int64_t tf = f->timeframe_us;
    const int64_t from_us = (shift_us + tf - 1) / tf * tf;

    f->at_us = from_us > oldest_us(f) ? from_us : oldest_us(f);
    f->is_ready = f->is_opens = false;
    f->next = 0;
    f->waiting_us = 0;
}

static int64_t port_timeframe(void *self)
{
    return ((struct venue_feed *)self)->timeframe_us;
}

static int64_t port_first(void *self)
{
    (void)self;
    return 0;
}

static enum err port_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    struct venue_feed *f = self;
    struct candle_track *copies = xcalloc(f->count, sizeof *copies);
    int64_t at_us;

    (void)shift_us;
    /* What is told may take long: the feed goes on meanwhile. */
    lock(f);
    for (size_t i = 0; i < f->count; i++)
        candle_track_copy(&f->tracks[i].past, &copies[i]);
    unlock(f);
    for (at_us = oldest_us(f); at_us <= until_us; at_us += f->timeframe_us) {
        bool goes_on = false;

        for (size_t i = 0; i < f->count; i++) {
            const struct candle *last = candle_track_newest(&copies[i]);
            const struct candle *c = candle_track_at(&copies[i], at_us - f->timeframe_us);
            struct feed_event e = {.kind = FEED_CLOSE, .instrument = i, .at_us = at_us};

            goes_on |= last && last->open_us >= at_us;
            if (!c || (most > 0 && (until_us - at_us) / f->timeframe_us >= most))
                continue;
            e.candle = *c;
            take(context, &e);
        }
        if (!goes_on)
            break;
    }
    for (size_t i = 0; i < f->count; i++)
        candle_track_release(&copies[i]);
    free(copies);
    return ERR_OK;
}

static void port_listen(void *self, feed_wake_fn *wake, void *context)
{
    waker_set(&((struct venue_feed *)self)->waker, wake, context);
}

struct feed venue_feed_port(struct venue_feed *f)
{
    return (struct feed){.self = f,
                         .is_live = true,
                         .listen = port_listen,
                         .peek = port_peek,
                         .next = port_next,
                         .rewind = port_rewind,
                         .timeframe_us = port_timeframe,
                         .first_us = port_first,
                         .history = port_history};
}

void venue_feed_status(struct venue_feed *f, size_t instrument, struct venue_feed_state *out)
{
    const struct track *t = &f->tracks[instrument];

    lock(f);
    *out = (struct venue_feed_state){
        .last_open_us = t->past.count > 0 ? candle_track_newest(&t->past)->open_us : TIME_NONE,
        .silent_us = clock_monotonic_us() - t->heard_us,
        .filled = t->past.filled,
        .failures = t->failures,
    };
    unlock(f);
}

/* ---- Begin and end ---- */

/* The past of one symbol. */
static enum err begin_track(struct venue_feed *f, struct track *t, int past,
                            struct diag_list *diags)
{
    const int64_t now_us = kline_now(f->client);
    int64_t from_us = (now_us / f->timeframe_us - past) * f->timeframe_us;
    enum err e = binance_symbol(binance_client_market(f->client), t->instrument.symbol, t->symbol);

    if (e) {
        (void)diag_add(diags, "symbol", "symbol_invalid", "'%s' is no symbol of this market",
                       t->instrument.symbol);
        return e;
    }
    while (from_us + f->timeframe_us <= now_us) {
        const struct kline_query q = {t->symbol, f->timeframe_us, from_us, RATE_EXIT};
        struct binance_candles page;
        const size_t had = t->past.count;

        e = kline_page(f->client, &q, diags, &page);
        if (e)
            return e;
        take_page(f, t, &page, clock_monotonic_us());
        binance_candles_release(&page);
        if (t->past.count == had)
            break;
        from_us = candle_track_newest(&t->past)->open_us + f->timeframe_us;
    }
    plan(f, t, 0);
    return ERR_OK;
}

enum err venue_feed_new(const struct venue_feed_options *o, struct diag_list *diags,
                        struct venue_feed **out)
{
    struct venue_feed *f;
    enum err e = ERR_OK;

    ASSERT(o->instrument_count > 0 && o->past >= 1);
    if (!kline_interval(o->timeframe_us)) {
        (void)diag_add(diags, "timeframe", "timeframe_invalid", "the venue has no such timeframe");
        return ERR_INVALID;
    }
    f = xcalloc(1, sizeof *f);
    f->client = o->client;
    f->timeframe_us = o->timeframe_us;
    f->patience_us = o->patience_us;
    f->count = o->instrument_count;
    f->tracks = xcalloc(f->count, sizeof *f->tracks);
    f->box = transport_box_new(f->count, waker_call, &f->waker);
    ASSERT(pthread_mutex_init(&f->mutex, NULL) == 0);
    for (size_t i = 0; !e && i < f->count; i++) {
        f->tracks[i].instrument = o->instruments[i];
        e = begin_track(f, &f->tracks[i], o->past, diags);
    }
    if (e) {
        venue_feed_free(f);
        return e;
    }
    port_rewind(f, 0);
    *out = f;
    return ERR_OK;
}

void venue_feed_free(struct venue_feed *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        candle_track_release(&f->tracks[i].past);
    free(f->tracks);
    transport_box_free(f->box);
    pthread_mutex_destroy(&f->mutex);
    free(f);
}
