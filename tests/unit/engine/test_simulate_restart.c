/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that a venue restarted anywhere tells the same events as one that was never disturbed. */
#include "tests/unit/engine/test_simulate.h"

#include <stdlib.h>

enum {
    CANDLES = 60,
    ORDERS_MAX = 1024,
    MARKETS = 3
};

/* What the journal would know, and what the venue has told so far. */
struct world {
    struct instrument instruments[MARKETS];
    struct simulate_options options;
    struct simulate *simulate;
    struct venue venue;
    struct order orders[ORDERS_MAX]; /* order id is index + 1 */
    size_t order_count;
    struct money cash;
    struct size holding[MARKETS];
    struct feed_event newest[MARKETS];
    bool has_newest[MARKETS];
    char *told;
    size_t told_length, told_capacity;
};

static void tell(struct world *w, const struct venue_event *e)
{
    char text[256], line[512];
    int n;

    describe(e, text);
    n = snprintf(line, sizeof line, "%lld %s %s\n", (long long)e->at_us, text, e->venue_fill_id);
    if (w->told_length + (size_t)n >= w->told_capacity) {
        w->told_capacity = 2 * w->told_capacity + 4096;
        w->told = xrealloc(w->told, w->told_capacity);
    }
    memcpy(w->told + w->told_length, line, (size_t)n + 1);
    w->told_length += (size_t)n;
}

/* Books one event as the engine does. */
static void book(struct world *w, const struct venue_event *e)
{
    struct order *o = &w->orders[e->order_id - 1];
    const size_t i = (size_t)(o->symbol[0] - 'A');
    struct money notional;

    tell(w, e);
    switch (e->kind) {
    case VENUE_ACCEPTED:
        o->status = ORDER_ACCEPTED;
        return;
    case VENUE_REJECTED:
        o->status = ORDER_REJECTED;
        return;
    case VENUE_CANCELED:
        o->status = ORDER_CANCELED;
        return;
    case VENUE_EXPIRED:
        o->status = ORDER_EXPIRED;
        return;
    case VENUE_FILL:
        break;
    default:
        fail_msg("a simulated venue does not say %d", (int)e->kind);
    }
    o->filled.e12 += e->size.e12;
    o->status = size_cmp(o->filled, o->size) == 0 ? ORDER_FILLED : ORDER_PARTIALLY_FILLED;
    assert_true(size_cmp(o->filled, o->size) <= 0);
    assert_ok(notional_of(e->price, e->size, ROUND_HALF_EVEN, &notional));
    notional = money_to_scale(notional, 8, ROUND_HALF_EVEN);
    w->cash.e12 -= (int)o->side * notional.e12 + e->fee.e12;
    w->holding[i].e12 += (int)o->side * e->size.e12;
}

static void drain(struct world *w)
{
    struct venue_event e;

    while (w->venue.next_event(w->venue.self, &e))
        book(w, &e);
}

/* The venue dies, events it had not told yet with it, and another is made from the journal. */
static void restart(struct world *w)
{
    simulate_free(w->simulate);
    w->simulate = simulate_new(&w->options);
    w->venue = simulate_venue(w->simulate);
    for (size_t i = 0; i < MARKETS; i++) {
        if (w->has_newest[i])
            w->venue.market(w->venue.self, &w->newest[i]);
    }
    w->venue.fund(w->venue.self, w->cash);
    for (size_t i = 0; i < MARKETS; i++)
        w->venue.hold(w->venue.self, i, w->holding[i]);
    for (size_t i = 0; i < w->order_count; i++) {
        if (!order_is_final(w->orders[i].status))
            assert_ok(w->venue.restore(w->venue.self, &w->orders[i]));
    }
}

static void market(struct world *w, const struct feed_event *e)
{
    w->venue.market(w->venue.self, e);
    w->newest[e->instrument] = *e;
    w->has_newest[e->instrument] = true;
    drain(w);
}

static struct order random_order(struct world *w, struct check_random *r, int64_t now_us)
{
    static const char *const symbols[MARKETS] = {"A/USDT", "B/USDT", "C/USDT"};
    const uint64_t bits = check_random_next(r);
    char size[32], level[32];
    struct order o;

    (void)snprintf(size, sizeof size, "%u.%u", (unsigned)(bits >> 40) % 4, (unsigned)bits % 10);
    (void)snprintf(level, sizeof level, "%u", 80 + (unsigned)(bits >> 20) % 40);
    o = exit_of((int64_t)w->order_count + 1, bits & 64 ? SIDE_BUY : SIDE_SELL,
                (enum order_type)((bits >> 8) % ORDER_TYPE_COUNT_), size, level);
    o.reduce_only = bits & 128;
    o.oco_group = (bits >> 12) % 4;
    o.slippage_tolerance = ratio_of(bits & 4096 ? "0.02" : "0");
    o.created_us = now_us;
    o.status = ORDER_NEW;
    (void)copy_text(o.symbol, sizeof o.symbol, symbols[(bits >> 16) % MARKETS]);
    return o;
}

/* Opens, orders, closes for a while; restarts where `when` says so, if it is given. */
static void play(struct world *w, uint64_t seed, struct check_random *when)
{
    struct check_random r = {seed};
    int64_t last[MARKETS] = {100, 100, 100};

    for (int64_t c = 0; c < CANDLES; c++) {
        const int64_t now_us = c * STEP;
        const bool crash = when && check_random_next(when) % 3 == 0;
        size_t wanted = check_random_next(&r) % 5;
        struct feed_event closes[MARKETS];

        for (; wanted > 0 && w->order_count < ORDERS_MAX; wanted--) {
            w->orders[w->order_count] = random_order(w, &r, now_us);
            w->order_count++;
        }
        if (check_random_next(&r) % 4 == 0 && w->order_count > 0) {
            struct order *o = &w->orders[check_random_next(&r) % w->order_count];

            if (!order_is_final(o->status) && o->status != ORDER_NEW) {
                assert_ok(w->venue.cancel(w->venue.self, o, now_us));
                drain(w);
            }
        }
        for (size_t i = 0; i < w->order_count; i++) {
            if (w->orders[i].status == ORDER_NEW)
                assert_ok(w->venue.submit(w->venue.self, &w->orders[i], now_us));
        }
        if (crash) /* before the answers became durable */
            restart(w);
        drain(w);
        for (size_t i = 0; i < MARKETS; i++) {
            const uint64_t bits = check_random_next(&r);
            int64_t open = last[i] + (int64_t)(bits % 9) - 4;
            int64_t high = open + (int64_t)((bits >> 8) % 12);
            int64_t low = open - (int64_t)((bits >> 16) % 12);
            struct feed_event e = {.kind = FEED_OPEN, .instrument = i, .at_us = now_us};

            open = open < 60 ? 60 : open;
            high = high < open ? open : high;
            low = low > open ? open : low;
            low = low < 50 ? 50 : low;
            e.candle = (struct candle){.open_us = now_us,
                                       .open = open,
                                       .high = open,
                                       .low = open,
                                       .close = open,
                                       .volume = (int64_t)((bits >> 24) % 8)};
            closes[i] = e;
            closes[i].kind = FEED_CLOSE;
            closes[i].at_us += STEP;
            closes[i].candle.high = high;
            closes[i].candle.low = low;
            closes[i].candle.close = last[i] =
                low + (int64_t)((bits >> 32) % 100) * (high - low) / 99;
            market(w, &e);
        }
        /* With a cap the candle's used share would be lost: simulate.h says so. */
        if (when && ratio_sign(w->options.volume_cap) == 0 && check_random_next(when) % 3 == 0)
            restart(w);
        for (size_t i = 0; i < MARKETS; i++)
            market(w, &closes[i]);
        assert_int_equal(money_cmp(w->cash, simulate_cash(w->simulate)), 0);
        for (size_t i = 0; i < MARKETS; i++) {
            assert_int_equal(size_cmp(w->holding[i], simulate_holding(w->simulate, i)), 0);
            assert_true(size_sign(w->holding[i]) >= 0);
        }
        if (when && check_random_next(when) % 3 == 0)
            restart(w);
    }
}

static struct world *world_new(uint64_t seed)
{
    static const char *const symbols[MARKETS] = {"A/USDT", "B/USDT", "C/USDT"};
    struct world *w = xcalloc(1, sizeof *w);

    for (int i = 0; i < MARKETS; i++)
        assert_ok(instrument_init(&w->instruments[i], symbols[i], price_of("0.5"), size_of("0.1"),
                                  money_of("10")));
    w->options = (struct simulate_options){
        .instruments = w->instruments,
        .instrument_count = MARKETS,
        .fee_rate = ratio_of("0.001"),
        .slippage = ratio_of("0.0005"),
        .volume_cap = ratio_of(seed & 1 ? "0.3" : "0"),
        .intrabar = seed & 2 ? INTRABAR_ADAPTIVE : INTRABAR_PESSIMISTIC,
        .limit_fill = seed & 4 ? LIMIT_FILL_THROUGH : LIMIT_FILL_TOUCH,
    };
    w->cash = money_of("1500"); /* little enough to run out now and then */
    w->told = xstrdup("");
    restart(w);
    return w;
}

static void world_free(struct world *w)
{
    simulate_free(w->simulate);
    free(w->told);
    free(w);
}

static void test_restarts(void **state)
{
    static const char *const wanted[] = {"fill",         "oco",       "reduce_only",
                                         "tolerance",    "requested", "insufficient_funds",
                                         "min_notional", "maker"};
    bool seen[COUNT_OF(wanted)] = {false};

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct check_random when = {seed + 1000};
        struct world *undisturbed = world_new(seed);
        struct world *disturbed = world_new(seed);

        play(undisturbed, seed, NULL);
        play(disturbed, seed, &when);
        assert_string_equal(undisturbed->told, disturbed->told);
        for (size_t i = 0; i < COUNT_OF(wanted); i++)
            seen[i] = seen[i] || strstr(undisturbed->told, wanted[i]);
        world_free(undisturbed);
        world_free(disturbed);
    }
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_true(seen[i]); /* the plays were rich enough to mean something */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_restarts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
