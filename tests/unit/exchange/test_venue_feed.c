/* SPDX-License-Identifier: Apache-2.0 */
/* The feed on a scripted venue with candles of one second: closes before opens, what was missed is
 * told in order, a symbol that does not come is filled, and the past is told again. */
#include "exchange/venue_feed.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "tests/support/check.h"
#include "tests/support/loopback.h"

enum {
    PAST = 40,
    EVENTS = 400
};

struct world {
    struct loopback *server;
    struct transport *transport;
    struct binance_client *client;
    struct venue_feed *own;
    struct feed feed;
    atomic_int asked;
    atomic_int fails;          /* so many answers are 503 */
    _Atomic int64_t b_until_s; /* BBB has no candle from here (unix seconds) on; 0: all */
    _Atomic int64_t hole_from_s, hole_to_s; /* AAA has none that open there */
    struct feed_event events[EVENTS];
    size_t count;
};

/* The price of a symbol's candle that opens at a second. */
static int64_t price_of(char symbol, int64_t s)
{
    return (symbol == 'A' ? 10000 : 20000) + s % 97;
}

static bool has_candle(struct world *w, char symbol, int64_t s)
{
    if (symbol == 'B')
        return w->b_until_s == 0 || s < w->b_until_s;
    return s < w->hole_from_s || s >= w->hole_to_s;
}

static int64_t parameter(const char *target, const char *name)
{
    const char *at = strstr(target, name);

    return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static enum loopback_end serve(void *context, const struct loopback_request *r, struct text *answer)
{
    struct world *w = context;
    const char symbol = strstr(r->target, "AAAUSDT") ? 'A' : 'B';
    const int64_t limit = parameter(r->target, "limit=");
    const int64_t now_s = clock_wall_us() / US_PER_S;
    int64_t s = parameter(r->target, "startTime=") / 1000, rows = 0;
    struct text body;

    assert_non_null(strstr(r->target, "/api/v3/klines?interval=1s"));
    w->asked++;
    if (w->fails > 0) {
        w->fails--;
        loopback_answer(answer, 503, "", "<html>");
        return LOOPBACK_KEEP;
    }
    text_init(&body, 1 << 20);
    text_char(&body, '[');
    for (; s <= now_s && rows < limit; s++) {
        const long long price = (long long)price_of(symbol, s);

        if (!has_candle(w, symbol, s))
            continue;
        text_format(&body,
                    "%s[%lld,\"%lld.00\",\"%lld.50\",\"%lld.00\",\"%lld.25\",\"1.5\",%lld,\"0\",1,"
                    "\"0\",\"0\",\"0\"]",
                    rows++ ? "," : "", (long long)s * 1000, price, price, price, price,
                    (long long)s * 1000 + 999);
    }
    text_char(&body, ']');
    loopback_answer(answer, 200, "", body.data);
    text_release(&body);
    return LOOPBACK_KEEP;
}

static int begin(void **state, int64_t patience_us)
{
    struct world *w = xcalloc(1, sizeof *w);
    char url[64];
    struct instrument instruments[2];
    struct binance_settings s = {
        .market = BINANCE_SPOT, .environment = "production", .url = url, .window_ms = 5000};
    struct venue_feed_options o = {.instruments = instruments,
                                   .instrument_count = 2,
                                   .timeframe_us = US_PER_S,
                                   .past = PAST,
                                   .patience_us = patience_us};

    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_JSON, 2);
    w->server = loopback_new(serve, w);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", loopback_port(w->server));
    assert_ok(transport_new(&(struct transport_settings){0}, &w->transport));
    assert_ok(binance_client_new(&s, w->transport, NULL, &w->client));
    assert_ok(instrument_init(&instruments[0], "AAA/USDT", (struct price){1}, (struct size){1},
                              MONEY_ZERO));
    assert_ok(instrument_init(&instruments[1], "BBB/USDT", (struct price){1}, (struct size){1},
                              MONEY_ZERO));
    o.client = w->client;
    assert_ok(venue_feed_new(&o, NULL, &w->own));
    w->feed = venue_feed_port(w->own);
    *state = w;
    return 0;
}

/* It waits for longer than a busy machine takes. */
static int setup(void **state)
{
    return begin(state, 45 * US_PER_S);
}

static int setup_impatient(void **state)
{
    return begin(state, 4 * US_PER_S);
}

static int teardown(void **state)
{
    struct world *w = *state;

    transport_free(w->transport);
    venue_feed_free(w->own);
    binance_client_free(w->client);
    loopback_free(w->server);
    free(w);
    return 0;
}

/* The account begins now, as the engine says it. */
static int64_t be_born(struct world *w)
{
    const int64_t birth_us = (clock_wall_us() + US_PER_S - 1) / US_PER_S * US_PER_S;

    assert_int_equal(w->feed.first_us(w->feed.self), 0);
    w->feed.rewind(w->feed.self, birth_us);
    return birth_us;
}

/* Plays as the engine does until so many events have come, at most a minute. */
static void play(struct world *w, size_t count)
{
    const int64_t until_us = clock_monotonic_us() + 60 * US_PER_S;

    while (w->count < count) {
        enum feed_kind kind;
        enum err e = ERR_AGAIN;
        int64_t due_us;

        assert_ok(w->feed.peek(w->feed.self, &due_us, &kind));
        if (due_us <= clock_wall_us())
            e = w->feed.next(w->feed.self, &w->events[w->count]);
        if (e == ERR_AGAIN) { /* the time has come, the candle has not */
            assert_true(clock_monotonic_us() < until_us);
            (void)usleep(5000);
            continue;
        }
        assert_ok(e);
        assert_int_equal(w->events[w->count].at_us, due_us);
        assert_int_equal(w->events[w->count].kind, kind);
        w->count++;
    }
}

static void check_candle(const struct feed_event *e)
{
    const char symbol = e->instrument == 0 ? 'A' : 'B';
    const struct candle *c = &e->candle;

    assert_int_equal(e->at_us, c->open_us + (e->kind == FEED_CLOSE ? US_PER_S : 0));
    if (c->flags & CANDLE_SYNTHETIC)
        return;
    /* A candle that begins without the venue telling so opens at the newest close, which is known
     * by its quarter. */
    if (e->kind == FEED_CLOSE || price_scale_of(candle_price(c, c->open)) == 0)
        assert_true(candle_double(c->open, c->price_scale) ==
                    (double)price_of(symbol, c->open_us / US_PER_S));
    if (e->kind == FEED_CLOSE)
        assert_true(candle_double(c->close, c->price_scale) ==
                    (double)price_of(symbol, c->open_us / US_PER_S) + 0.25);
    else
        assert_true(c->high == c->open && c->low == c->open && c->close == c->open);
}

/* At each instant both closes, then both opens. */
static void check_order(const struct world *w, size_t from, int64_t at_us)
{
    for (size_t i = from; i + 4 <= w->count; i += 4, at_us += US_PER_S) {
        for (size_t k = 0; k < 4; k++) {
            const struct feed_event *e = &w->events[i + k];

            assert_int_equal(e->at_us, at_us);
            assert_int_equal(e->kind, k < 2 ? FEED_CLOSE : FEED_OPEN);
            assert_int_equal(e->instrument, k % 2);
            check_candle(e);
        }
    }
}

static void test_candles_are_told_as_they_close(void **state)
{
    struct world *w = *state;
    const int64_t birth_us = be_born(w);

    play(w, 16);
    check_order(w, 0, birth_us);
    for (size_t i = 0; i < w->count; i++)
        assert_false(w->events[i].candle.flags & CANDLE_SYNTHETIC);
    assert_int_equal(w->feed.timeframe_us(w->feed.self), US_PER_S);
    /* One question a candle and symbol, and a few that came too early. */
    assert_true(w->asked < 60);
}

static void test_a_restart_tells_the_same_again(void **state)
{
    struct world *w = *state;
    const int64_t birth_us = be_born(w);
    struct feed_event before[12];

    play(w, 12);
    memcpy(before, w->events, sizeof before);
    w->count = 0;
    w->feed.rewind(w->feed.self, birth_us);
    play(w, 12);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(w->events[i].at_us, before[i].at_us);
        assert_int_equal(w->events[i].candle.open, before[i].candle.open);
        assert_int_equal(w->events[i].candle.close, before[i].candle.close);
    }
}

static void test_what_was_missed_comes_late_and_in_order(void **state)
{
    struct world *w = *state;
    const int64_t birth_us = be_born(w);
    struct venue_feed_state status;

    play(w, 4);
    w->fails = 4; /* both symbols fail twice: about three seconds */
    play(w, 24);
    check_order(w, 0, birth_us);
    for (size_t i = 0; i < w->count; i++)
        assert_false(w->events[i].candle.flags & CANDLE_SYNTHETIC);
    venue_feed_status(w->own, 0, &status);
    assert_int_equal(status.failures, 0);
    assert_int_equal(status.filled, 0);
    assert_true(status.silent_us < 10 * US_PER_S);
}

static void test_a_symbol_that_does_not_come_is_filled(void **state)
{
    struct world *w = *state;
    const int64_t birth_us = be_born(w);
    struct venue_feed_state status;
    bool was_filled = false;

    w->b_until_s = birth_us / US_PER_S;
    play(w, 16);
    w->b_until_s = 0;
    play(w, 40);
    check_order(w, 0, birth_us);
    for (size_t i = 0; i < w->count; i++) {
        const struct candle *c = &w->events[i].candle;

        assert_false(w->events[i].instrument == 0 && (c->flags & CANDLE_SYNTHETIC));
        was_filled |= (c->flags & CANDLE_SYNTHETIC) != 0;
        assert_false((c->flags & CANDLE_SYNTHETIC) && c->volume != 0);
    }
    assert_true(was_filled);
    /* The venue tells it again: the newest are real ones. */
    assert_false(w->events[w->count - 1].candle.flags & CANDLE_SYNTHETIC);
    venue_feed_status(w->own, 1, &status);
    assert_true(status.filled > 0);
}

static void test_a_hole_at_the_venue_is_filled_flat(void **state)
{
    struct world *w = *state;
    const int64_t birth_us = be_born(w), now_s = clock_wall_us() / US_PER_S;
    int64_t flat = 0;

    w->hole_from_s = now_s + 2;
    w->hole_to_s = now_s + 4;
    w->b_until_s = 0;
    play(w, 32);
    check_order(w, 0, birth_us);
    for (size_t i = 0; i < w->count; i++) {
        const struct feed_event *e = &w->events[i];

        if (e->kind == FEED_CLOSE && e->instrument == 0 && (e->candle.flags & CANDLE_SYNTHETIC)) {
            assert_true(e->candle.open_us / US_PER_S >= now_s + 2);
            assert_true(e->candle.open_us / US_PER_S < now_s + 4);
            flat++;
        }
    }
    assert_int_equal(flat, 2);
}

struct told {
    int64_t last_us;
    size_t count;
};

static void take(void *context, const struct feed_event *e)
{
    struct told *t = context;

    assert_int_equal(e->kind, FEED_CLOSE);
    assert_true(e->at_us >= t->last_us);
    check_candle(e);
    t->last_us = e->at_us;
    t->count++;
}

static void test_the_past_is_there_from_the_beginning(void **state)
{
    struct world *w = *state;
    const int64_t now_us = clock_wall_us() / US_PER_S * US_PER_S;
    struct told all = {0}, few = {0};

    assert_ok(w->feed.history(w->feed.self, now_us, 0, 0, take, &all));
    assert_true(all.count >= 2 * (PAST - 4) && all.count <= 2 * (PAST + 4));
    assert_true(all.last_us > now_us - 5 * US_PER_S);
    assert_ok(w->feed.history(w->feed.self, all.last_us, 0, 3, take, &few));
    assert_int_equal(few.count, 6);
    assert_int_equal(few.last_us, all.last_us);
}

static void test_a_venue_that_does_not_answer(void **state)
{
    struct world *w = *state;
    struct instrument i;
    struct diag_list diags = {0};
    struct venue_feed *f;
    struct venue_feed_options o = {.client = w->client,
                                   .instruments = &i,
                                   .instrument_count = 1,
                                   .timeframe_us = US_PER_S,
                                   .past = 1,
                                   .patience_us = US_PER_S};

    assert_ok(instrument_init(&i, "AAA/USDT", (struct price){1}, (struct size){1}, MONEY_ZERO));
    w->fails = 1;
    assert_err(venue_feed_new(&o, &diags, &f), ERR_IO);
    assert_int_equal(diags.count, 1);
    o.timeframe_us = 7 * US_PER_S;
    assert_err(venue_feed_new(&o, NULL, &f), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(test_candles_are_told_as_they_close),
        T(test_a_restart_tells_the_same_again),
        T(test_what_was_missed_comes_late_and_in_order),
        cmocka_unit_test_setup_teardown(test_a_symbol_that_does_not_come_is_filled, setup_impatient,
                                        teardown),
        T(test_a_hole_at_the_venue_is_filled_flat),
        T(test_the_past_is_there_from_the_beginning),
        T(test_a_venue_that_does_not_answer),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
