/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the recorded feed: order of events, gaps, the last candle, shifts, rewinding, identity. */
#include "tests/support/check.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "exchange/recorded_feed.h"

#define MINUTE (60 * US_PER_S)

static struct instrument instrument(const char *symbol)
{
    struct instrument i;

    assert_ok(instrument_init(&i, symbol, (struct price){10000000000}, (struct size){10000000},
                              MONEY_ZERO));
    return i;
}

/* A series of 1m candles at these minutes; the open of candle i is base + i. */
static struct candle_series series(const int *minutes, size_t count, int64_t base)
{
    struct candle_series s = {
        .candles = xcalloc(count, sizeof *s.candles), .count = count, .timeframe_us = MINUTE};

    for (size_t i = 0; i < count; i++) {
        int64_t open = base + (int64_t)i;

        s.candles[i] = (struct candle){.open_us = minutes[i] * MINUTE,
                                       .open = open,
                                       .high = open + 2,
                                       .low = open - 1,
                                       .close = open + 1,
                                       .volume = 5};
    }
    s.digest.bytes[0] = (uint8_t)base;
    return s;
}

static void expect(const struct feed *f, enum feed_kind kind, size_t i, int minute, int64_t open,
                   unsigned flags)
{
    struct feed_event e;
    enum feed_kind peeked;
    int64_t at_us;

    assert_ok(f->peek(f->self, &at_us, &peeked));
    assert_ok(f->next(f->self, &e));
    assert_int_equal(e.at_us, at_us);
    assert_int_equal(e.kind, peeked);
    assert_int_equal(e.kind, kind);
    assert_int_equal(e.instrument, i);
    assert_int_equal(e.at_us, minute * MINUTE);
    assert_int_equal(e.candle.open_us, (kind == FEED_OPEN ? minute : minute - 1) * MINUTE);
    assert_int_equal(e.candle.open, open);
    assert_int_equal(e.candle.flags, flags);
    if (kind == FEED_OPEN || (flags & CANDLE_SYNTHETIC)) {
        assert_int_equal(e.candle.high, open);
        assert_int_equal(e.candle.low, open);
        assert_int_equal(e.candle.close, open);
    } else {
        assert_int_equal(e.candle.close, open + 1);
    }
    assert_int_equal(e.candle.volume, flags & CANDLE_SYNTHETIC ? 0 : 5);
}

static void expect_end(const struct feed *f)
{
    struct feed_event e;
    enum feed_kind kind;
    int64_t at_us;

    assert_err(f->peek(f->self, &at_us, &kind), ERR_END);
    assert_err(f->next(f->self, &e), ERR_END);
}

static struct recorded_feed *make(struct candle_series *s, size_t count)
{
    const struct instrument instruments[] = {instrument("BTC/USDT"), instrument("ETH/USDT"),
                                             instrument("SOL/USDT")};
    struct recorded_feed *f;

    assert_ok(recorded_feed_new_take(s, count, instruments, NULL, &f));
    for (size_t i = 0; i < count; i++)
        assert_null(s[i].candles);
    return f;
}

/* Two symbols, one beginning later and ending later, with a hole between. */
static void play_two(const struct feed *f, int shift)
{
    expect(f, FEED_OPEN, 0, shift + 10, 100, 0);
    expect(f, FEED_CLOSE, 0, shift + 11, 100, 0);
    expect(f, FEED_OPEN, 0, shift + 11, 101, CANDLE_LAST);
    expect(f, FEED_OPEN, 1, shift + 11, 200, 0);
    expect(f, FEED_CLOSE, 0, shift + 12, 101, CANDLE_LAST);
    expect(f, FEED_CLOSE, 1, shift + 12, 200, 0);
    expect(f, FEED_OPEN, 1, shift + 12, 201, CANDLE_SYNTHETIC);
    expect(f, FEED_CLOSE, 1, shift + 13, 201, CANDLE_SYNTHETIC);
    expect(f, FEED_OPEN, 1, shift + 13, 201, CANDLE_SYNTHETIC);
    expect(f, FEED_CLOSE, 1, shift + 14, 201, CANDLE_SYNTHETIC);
    expect(f, FEED_OPEN, 1, shift + 14, 201, CANDLE_LAST);
    expect(f, FEED_CLOSE, 1, shift + 15, 201, CANDLE_LAST);
    expect_end(f);
}

static void test_order(void **state)
{
    const int first[] = {10, 11};
    const int second[] = {11, 14};
    struct candle_series s[] = {series(first, 2, 100), series(second, 2, 200)};
    struct recorded_feed *r = make(s, 2);
    struct feed f = recorded_feed_port(r);

    (void)state;
    assert_int_equal(f.timeframe_us(f.self), MINUTE);
    assert_int_equal(f.first_us(f.self), 10 * MINUTE);
    assert_int_equal(recorded_feed_gaps(r), 2);
    play_two(&f, 0);
    f.rewind(f.self, 0);
    play_two(&f, 0);
    f.rewind(f.self, 1000 * MINUTE);
    assert_int_equal(f.first_us(f.self), 10 * MINUTE);
    play_two(&f, 1000);
    f.rewind(f.self, -5 * MINUTE);
    expect(&f, FEED_OPEN, 0, 5, 100, 0);
    f.rewind(f.self, 0); /* in the middle, with an event found but not taken */
    play_two(&f, 0);
    recorded_feed_free(r);
}

/* 24 missing candles are filled, 25 are not, and the next one says so. */
static void test_gap_limit(void **state)
{
    const int minutes[] = {0, LIMIT_GAP_FILL + 1, 2 * LIMIT_GAP_FILL + 3};
    struct candle_series s = series(minutes, 3, 100);
    struct recorded_feed *r = make(&s, 1);
    struct feed f = recorded_feed_port(r);

    (void)state;
    assert_int_equal(recorded_feed_gaps(r), LIMIT_GAP_FILL);
    expect(&f, FEED_OPEN, 0, 0, 100, 0);
    expect(&f, FEED_CLOSE, 0, 1, 100, 0);
    for (int i = 1; i <= LIMIT_GAP_FILL; i++) {
        expect(&f, FEED_OPEN, 0, i, 101, CANDLE_SYNTHETIC);
        expect(&f, FEED_CLOSE, 0, i + 1, 101, CANDLE_SYNTHETIC);
    }
    expect(&f, FEED_OPEN, 0, minutes[1], 101, 0);
    expect(&f, FEED_CLOSE, 0, minutes[1] + 1, 101, 0);
    expect(&f, FEED_OPEN, 0, minutes[2], 102, CANDLE_AFTER_GAP | CANDLE_LAST);
    expect(&f, FEED_CLOSE, 0, minutes[2] + 1, 102, CANDLE_AFTER_GAP | CANDLE_LAST);
    expect_end(&f);
    recorded_feed_free(r);
}

static void test_identity(void **state)
{
    const int minutes[] = {0, 1};
    const struct instrument names[] = {instrument("ETH/USDT"), instrument("BTC/USDT")};
    struct candle_series a = series(minutes, 2, 100), b = series(minutes, 2, 100);
    struct candle_series c = series(minutes, 2, 101), d = series(minutes, 2, 100);
    struct recorded_feed *f[4];

    (void)state;
    f[0] = make(&a, 1);
    f[1] = make(&b, 1);
    f[2] = make(&c, 1);
    assert_ok(recorded_feed_new_take(&d, 1, names, NULL, &f[3]));
    assert_int_equal(strlen(recorded_feed_id(f[0])), 64);
    assert_string_equal(recorded_feed_id(f[0]), recorded_feed_id(f[1]));
    assert_string_not_equal(recorded_feed_id(f[0]), recorded_feed_id(f[2]));
    assert_string_not_equal(recorded_feed_id(f[0]), recorded_feed_id(f[3]));
    for (size_t i = 0; i < COUNT_OF(f); i++)
        recorded_feed_free(f[i]);
    recorded_feed_free(NULL);
}

static void test_refused(void **state)
{
    const int minutes[] = {0, 1};
    const struct instrument names[] = {instrument("ETH/USDT"), instrument("BTC/USDT")};
    struct candle_series s[] = {series(minutes, 2, 100), series(minutes, 2, 100)};
    struct recorded_feed *f = NULL;
    struct diag_list diags = {0};

    (void)state;
    s[1].timeframe_us = 5 * MINUTE;
    assert_err(recorded_feed_new_take(s, 2, names, &diags, &f), ERR_INVALID);
    assert_string_equal(diags.items[0].code, "timeframes_differ");
    assert_string_equal(diags.items[0].message, "ETH/USDT has 1m candles, BTC/USDT has 5m");
    assert_err(recorded_feed_new_take(s, 0, names, &diags, &f), ERR_INVALID);
    assert_null(f);
    candle_series_release(&s[0]); /* still ours */
    assert_err(recorded_feed_new_take(s, 1, names, &diags, &f), ERR_INVALID);
    candle_series_release(&s[1]);
}

enum {
    TOLD_MAX = 256
};

/* What a history told. */
struct told {
    struct feed_event events[TOLD_MAX];
    size_t count;
};

static void take_told(void *context, const struct feed_event *e)
{
    struct told *t = context;

    assert_true(t->count < TOLD_MAX);
    t->events[t->count++] = *e;
}

static void expect_same_event(const struct feed_event *a, const struct feed_event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->instrument, b->instrument);
    assert_int_equal(a->at_us, b->at_us);
    assert_memory_equal(&a->candle, &b->candle, offsetof(struct candle, price_scale));
    assert_int_equal(a->candle.flags, b->candle.flags);
}

/* A history is the closes of the whole playing up to until, at most so many of each instrument. */
static void expect_history(const struct feed *f, const struct told *all, int64_t until_us,
                           int64_t shift_us, int64_t most)
{
    struct told told = {0};
    int64_t left[3] = {0}, skip[3];
    size_t at = 0;

    for (size_t i = 0; i < all->count; i++)
        left[all->events[i].instrument] += all->events[i].at_us <= until_us;
    for (size_t i = 0; i < 3; i++)
        skip[i] = most > 0 && left[i] > most ? left[i] - most : 0;
    assert_ok(f->history(f->self, until_us, shift_us, most, take_told, &told));
    for (size_t i = 0; i < all->count; i++) {
        const struct feed_event *e = &all->events[i];

        if (e->at_us > until_us || skip[e->instrument]-- > 0)
            continue;
        assert_true(at < told.count);
        expect_same_event(&told.events[at++], e);
    }
    assert_int_equal(told.count, at);
}

static void play_closes(const struct feed *f, struct told *out)
{
    struct feed_event e;

    while (f->next(f->self, &e) == ERR_OK)
        if (e.kind == FEED_CLOSE)
            take_told(out, &e);
}

/* Whatever is asked for at whatever time: what next() gives, and playing is not disturbed. */
static void test_history(void **state)
{
    const int first[] = {10, 11, 14, 15, 20, 70, 71, 74}; /* a hole that is not filled at 20 */
    const int second[] = {12, 13, 16, 68, 72, 73};
    const int third[] = {40, 41, 45, 46, 47, 48};
    struct candle_series s[] = {series(first, 8, 100), series(second, 6, 200),
                                series(third, 6, 300)};
    struct recorded_feed *r = make(s, 3);
    struct feed f = recorded_feed_port(r);
    struct feed_event e;

    (void)state;
    for (int shift = -7; shift <= 1000; shift += 1007) {
        struct told all = {0};

        f.rewind(f.self, shift * MINUTE);
        play_closes(&f, &all);
        for (int until = 0; until < 90; until++)
            for (int most = 0; most < 40; most++)
                expect_history(&f, &all, (until + shift) * MINUTE + (most == 7), shift * MINUTE,
                               most);
        expect_history(&f, &all, INT64_MAX, shift * MINUTE, 3);
        expect_history(&f, &all, INT64_MAX, shift * MINUTE, 0);
    }
    f.rewind(f.self, 0);
    expect(&f, FEED_OPEN, 0, 10, 100, 0);
    expect(&f, FEED_CLOSE, 0, 11, 100, 0);
    assert_ok(f.history(f.self, 0, 0, 0, take_told, NULL)); /* nothing closed by then */
    expect(&f, FEED_OPEN, 0, 11, 101, 0);
    assert_ok(f.next(f.self, &e));
    recorded_feed_free(r);
}

/* The candles in memory are those that history tells. */
static void test_candles(void **state)
{
    const int first[] = {10, 11, 14, 15, 20, 70, 71, 74};
    const int second[] = {12, 13, 16};
    struct candle_series s[] = {series(first, 8, 100), series(second, 3, 200)};
    struct recorded_feed *r = make(s, 2);
    struct feed f = recorded_feed_port(r);
    size_t at[2] = {0};
    struct candle_span spans[2], none;
    struct told told = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_true(f.candles(f.self, i, &spans[i]));
    assert_false(f.candles(f.self, 2, &none));
    assert_ok(f.history(f.self, INT64_MAX, 0, 0, take_told, &told));
    assert_int_equal(told.count, spans[0].count + spans[1].count);
    for (size_t i = 0; i < told.count; i++) {
        const size_t k = told.events[i].instrument;
        struct feed_event e = told.events[i];

        e.candle = spans[k].candles[at[k]++];
        expect_same_event(&e, &told.events[i]);
    }
    recorded_feed_free(r);
}

/* So many holes that filling them would fill the memory. */
static void test_too_many_gaps(void **state)
{
    const size_t count = LIMIT_CANDLES / (LIMIT_GAP_FILL + 1) + 2;
    int *minutes = xcalloc(count, sizeof *minutes);
    const struct instrument names[] = {instrument("BTC/USDT")};
    struct diag_list diags = {0};
    struct recorded_feed *f;
    struct candle_series s;

    (void)state;
    for (size_t i = 0; i < count; i++)
        minutes[i] = (int)i * (LIMIT_GAP_FILL + 1);
    s = series(minutes, count, 100);
    assert_err(recorded_feed_new_take(&s, 1, names, &diags, &f), ERR_LIMIT);
    assert_string_equal(diags.items[0].code, "limit_exceeded");
    for (size_t i = 0; i < count; i++) /* as long, but the holes too long to be filled */
        s.candles[i].open_us = (int64_t)i * (LIMIT_GAP_FILL + 2) * MINUTE;
    assert_ok(recorded_feed_new_take(&s, 1, names, NULL, &f));
    assert_int_equal(recorded_feed_gaps(f), 0);
    recorded_feed_free(f);
    free(minutes);
}

static void count_told(void *context, const struct feed_event *e)
{
    *(size_t *)context += e->kind == FEED_CLOSE;
}

static void *tell_in_thread(void *argument)
{
    const struct feed *f = argument;
    size_t right = 0;

    for (int most = 1; most <= 100; most++) {
        size_t told = 0;

        if (f->history(f->self, INT64_MAX, 0, most, count_told, &told) == ERR_OK)
            right += told == (size_t)most;
    }
    return (void *)(uintptr_t)right;
}

/* Others may ask for the past while somebody plays and rewinds. */
static void test_history_in_threads(void **state)
{
    int minutes[200];
    struct candle_series s;
    struct recorded_feed *r;
    struct feed_event e;
    pthread_t threads[3];
    struct feed f;

    (void)state;
    for (int i = 0; i < 200; i++)
        minutes[i] = i + (i > 50) + (i > 150) * 30;
    s = series(minutes, 200, 100);
    r = make(&s, 1);
    f = recorded_feed_port(r);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, tell_in_thread, &f), 0);
    for (int round = 0; round < 50; round++) {
        while (f.next(f.self, &e) == ERR_OK)
            ;
        f.rewind(f.self, round);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *right;

        assert_int_equal(pthread_join(threads[i], &right), 0);
        assert_int_equal((uintptr_t)right, 100);
    }
    recorded_feed_free(r);
}

/* Real recordings: nothing out of order, every candle opened and closed once. */
static void test_recordings(void **state)
{
    const struct instrument names[] = {instrument("BTC/USDT"), instrument("ETH/USDT")};
    struct candle_series s[2];
    struct recorded_feed *r;
    struct feed_event e, last = {.kind = FEED_OPEN, .at_us = INT64_MIN};
    size_t opens = 0, closes = 0, synthetic = 0;
    struct feed f;

    (void)state;
    assert_ok(candle_file_read(TEST_DATA "/candles/BTCUSDT-5m-gap.csv", NULL, &s[0]));
    assert_ok(candle_file_read(TEST_DATA "/candles/ETHUSDT-5m-gap.csv", NULL, &s[1]));
    assert_ok(recorded_feed_new_take(s, 2, names, NULL, &r));
    assert_int_equal(recorded_feed_gaps(r), 48);
    f = recorded_feed_port(r);
    while (f.next(f.self, &e) == ERR_OK) {
        assert_true(
            e.at_us > last.at_us ||
            (e.at_us == last.at_us &&
             (e.kind > last.kind || (e.kind == last.kind && e.instrument > last.instrument))));
        *(e.kind == FEED_OPEN ? &opens : &closes) += 1;
        synthetic += (e.candle.flags & CANDLE_SYNTHETIC) != 0;
        assert_ok(candle_check(&e.candle));
        last = e;
    }
    assert_int_equal(opens, 2 * 624);
    assert_int_equal(closes, 2 * 624);
    assert_int_equal(synthetic, 2 * 48);
    recorded_feed_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_gap_limit),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_recordings),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_candles),
        cmocka_unit_test(test_too_many_gaps),
        cmocka_unit_test(test_history_in_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
