/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated venue with two instruments and short words to drive it, for test_simulate*.c. */
#ifndef TESTS_UNIT_ENGINE_TEST_SIMULATE_H
#define TESTS_UNIT_ENGINE_TEST_SIMULATE_H

#include "tests/support/check.h"

#include <stdio.h>

#include "core/clock.h"
#include "engine/simulate.h"

enum {
    SPOT,
    PERPETUAL,
    INSTRUMENTS
};

#define STEP (300 * US_PER_S)

struct play {
    struct instrument instruments[INSTRUMENTS];
    struct simulate_options options;
    struct simulate *simulate;
    struct venue venue;
    int64_t candle; /* number of the candle under way */
};

static inline struct price price_of(const char *text)
{
    struct price p;

    assert_ok(price_parse(text, strlen(text), &p));
    return p;
}

static inline struct size size_of(const char *text)
{
    struct size s;

    assert_ok(size_parse(text, strlen(text), &s));
    return s;
}

static inline struct money money_of(const char *text)
{
    struct money m;

    assert_ok(money_parse(text, strlen(text), &m));
    return m;
}

static inline struct ratio ratio_of(const char *text)
{
    struct ratio r;

    assert_ok(ratio_parse(text, strlen(text), &r));
    return r;
}

static inline void play_restart(struct play *p)
{
    simulate_free(p->simulate);
    p->simulate = simulate_new(&p->options);
    p->venue = simulate_venue(p->simulate);
}

/* Spot BTC/USDT and perpetual BTC/USDT:USDT, tick 0.5, lot 0.1, 10000 cash, no costs. */
static inline void play_begin(struct play *p)
{
    static const char *const symbols[] = {"BTC/USDT", "BTC/USDT:USDT"};

    *p = (struct play){0};
    for (int i = 0; i < INSTRUMENTS; i++)
        assert_ok(instrument_init(&p->instruments[i], symbols[i], price_of("0.5"), size_of("0.1"),
                                  money_of("10")));
    p->options =
        (struct simulate_options){.instruments = p->instruments, .instrument_count = INSTRUMENTS};
    play_restart(p);
    p->venue.fund(p->venue.self, money_of("10000"));
}

static inline void play_end(struct play *p)
{
    simulate_free(p->simulate);
}

static inline struct order order_of(int64_t id, enum side side, enum order_type type,
                                    const char *size)
{
    struct order o = {.id = id,
                      .side = side,
                      .type = type,
                      .purpose = PURPOSE_ENTRY,
                      .size = size_of(size),
                      .decision_price = price_of("100")};

    (void)copy_text(o.symbol, sizeof o.symbol, "BTC/USDT");
    return o;
}

static inline struct order exit_of(int64_t id, enum side side, enum order_type type,
                                   const char *size, const char *level)
{
    struct order o = order_of(id, side, type, size);

    o.purpose = PURPOSE_EXIT;
    o.reduce_only = true;
    if (type == ORDER_LIMIT)
        o.limit_price = price_of(level);
    if (type == ORDER_STOP_MARKET)
        o.stop_price = price_of(level);
    return o;
}

static inline int64_t play_now(const struct play *p)
{
    return p->candle * STEP;
}

static inline void submit(struct play *p, const struct order *o)
{
    assert_ok(p->venue.submit(p->venue.self, o, play_now(p)));
}

/* Prices and volumes of test candles are in hundredths. */
static inline struct feed_event event_of(const struct play *p, size_t i, enum feed_kind kind,
                                         const int64_t ohlcv[5])
{
    return (struct feed_event){
        .kind = kind,
        .instrument = i,
        .at_us = (p->candle + (kind == FEED_CLOSE)) * STEP,
        .candle = {.open_us = p->candle * STEP,
                   .open = ohlcv[0],
                   .high = kind == FEED_CLOSE ? ohlcv[1] : ohlcv[0],
                   .low = kind == FEED_CLOSE ? ohlcv[2] : ohlcv[0],
                   .close = kind == FEED_CLOSE ? ohlcv[3] : ohlcv[0],
                   .volume = ohlcv[4],
                   .price_scale = 2,
                   .size_scale = 2},
    };
}

static inline void play_open(struct play *p, size_t i, int64_t open, int64_t volume)
{
    struct feed_event e = event_of(p, i, FEED_OPEN, (int64_t[]){open, 0, 0, 0, volume});

    p->venue.market(p->venue.self, &e);
}

#define OHLCV(o, h, l, c, v) ((const int64_t[]){o, h, l, c, v})

/* Closes the candle under way; the next one begins. */
static inline void play_close(struct play *p, size_t i, const int64_t ohlcv[5])
{
    struct feed_event e = event_of(p, i, FEED_CLOSE, ohlcv);

    p->venue.market(p->venue.self, &e);
    p->candle++;
}

static inline void describe(const struct venue_event *e, char text[256])
{
    static const char *const kinds[] = {[VENUE_ACCEPTED] = "accepted",
                                        [VENUE_REJECTED] = "rejected",
                                        [VENUE_FILL] = "fill",
                                        [VENUE_CANCELED] = "canceled",
                                        [VENUE_EXPIRED] = "expired"};
    char price[AMOUNT_TEXT_MAX], size[AMOUNT_TEXT_MAX], fee[AMOUNT_TEXT_MAX];

    if (e->kind != VENUE_FILL) {
        (void)snprintf(text, 256, "%s %lld%s%s", kinds[e->kind], (long long)e->order_id,
                       e->reason[0] ? " " : "", e->reason);
        return;
    }
    (void)price_print(e->price, price);
    (void)size_print(e->size, size);
    (void)money_print(e->fee, fee);
    (void)snprintf(text, 256, "fill %lld %s @ %s fee %s%s", (long long)e->order_id, size, price,
                   fee, e->is_maker ? " maker" : "");
}

/* The next event is this one, as described above. */
static inline void expect(struct play *p, const char *wanted)
{
    struct venue_event e;
    char text[256];

    assert_true(p->venue.next_event(p->venue.self, &e));
    describe(&e, text);
    assert_string_equal(text, wanted);
}

static inline void expect_none(struct play *p)
{
    struct venue_event e;
    char text[256];

    if (p->venue.next_event(p->venue.self, &e)) {
        describe(&e, text);
        fail_msg("unexpected: %s", text);
    }
}

static inline void accept(struct play *p, const struct order *o)
{
    char wanted[64];

    submit(p, o);
    (void)snprintf(wanted, sizeof wanted, "accepted %lld", (long long)o->id);
    expect(p, wanted);
}

static inline void assert_cash(const struct play *p, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    (void)money_print(simulate_cash(p->simulate), text);
    assert_string_equal(text, wanted);
}

static inline void assert_holding(const struct play *p, size_t i, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    (void)size_print(simulate_holding(p->simulate, i), text);
    assert_string_equal(text, wanted);
}

static inline void hold(struct play *p, size_t i, const char *size)
{
    p->venue.hold(p->venue.self, i, size_of(size));
}

#endif
