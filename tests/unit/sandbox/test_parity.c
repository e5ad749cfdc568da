/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that the sandbox venue and the engine's simulator (adaptive, touch) fill the same orders of
 * the same candles at the same prices. */
#include "tests/unit/engine/test_simulate.h"
#include "tests/unit/sandbox/test_box.h"

enum {
    RUNS = 2000
};

/* What came of a sell limit and a sell stop, or of the market order. */
struct outcome {
    char limit[24], stop[24], market[24];
};

struct setting {
    int64_t candle[4], next_open; /* open high low close, in cents */
    int64_t limit, stop;          /* 0: there is none */
    bool is_oco;
};

static int64_t between(uint64_t *seed, int64_t low, int64_t high)
{
    return low + (int64_t)(next(seed) % (uint64_t)(high - low + 1));
}

static struct setting setting_of(uint64_t seed)
{
    struct setting s = {0};
    const int64_t open = between(&seed, 9900, 10100), close = between(&seed, 9900, 10100);

    s.candle[0] = open;
    s.candle[1] = (open > close ? open : close) + between(&seed, 0, 150);
    s.candle[2] = (open < close ? open : close) - between(&seed, 0, 150);
    s.candle[3] = close;
    s.next_open = between(&seed, 9800, 10200);
    /* Before the candle the price is 100.00; its open may have jumped over either. */
    s.limit = next(&seed) % 3 ? between(&seed, 10010, 10250) : 0;
    s.stop = next(&seed) % 3 ? between(&seed, 9750, 9990) : 0;
    s.is_oco = s.limit && s.stop;
    return s;
}

static void note(char out[24], struct price p)
{
    char text[AMOUNT_TEXT_MAX];

    (void)price_print_scale(p, 2, text);
    (void)copy_text(out, 24, text);
}

static struct order resting(int64_t id, enum order_type type, int64_t cents, bool is_oco)
{
    char level[AMOUNT_TEXT_MAX];
    struct order o;

    (void)price_print(price_from_scaled(cents, 2), level);
    o = exit_of(id, SIDE_SELL, type, "1", level);
    o.oco_group = is_oco ? 1 : 0;
    return o;
}

static void simulate_it(const struct setting *s, struct outcome *out)
{
    struct play p;
    struct venue_event e;

    play_begin(&p);
    assert_ok(instrument_init(&p.instruments[0], "BTC/USDT", price_of("0.01"), size_of("0.001"),
                              money_of("5")));
    p.options.slippage = ratio_of("0.0005");
    p.options.intrabar = INTRABAR_ADAPTIVE;
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("100000"));
    p.venue.hold(p.venue.self, SPOT, size_of("5"));
    if (s->limit) {
        const struct order o = resting(1, ORDER_LIMIT, s->limit, s->is_oco);

        accept(&p, &o);
    }
    if (s->stop) {
        const struct order o = resting(2, ORDER_STOP_MARKET, s->stop, s->is_oco);

        accept(&p, &o);
    }
    play_open(&p, SPOT, s->candle[0], 100);
    play_close(&p, SPOT, OHLCV(s->candle[0], s->candle[1], s->candle[2], s->candle[3], 100));
    {
        const struct order o = order_of(3, SIDE_BUY, ORDER_MARKET, "1");

        submit(&p, &o);
    }
    play_open(&p, SPOT, s->next_open, 100);
    while (p.venue.next_event(p.venue.self, &e))
        if (e.kind == VENUE_FILL)
            note(e.order_id == 1 ? out->limit : e.order_id == 2 ? out->stop : out->market, e.price);
    play_end(&p);
}

static void order(struct bench *t, const char *path, const char *format, double a, double b)
{
    char pairs[256];

    (void)snprintf(pairs, sizeof pairs, format, a, b);
    bench_call(t, "POST", path, pairs);
    assert_int_equal(t->status, 200);
}

/* The orders are sent at the end of candle 0, the market order when candle 2 opens. */
static void box_it(const struct setting *s, struct outcome *out)
{
    const double limit = (double)s->limit / 100, stop = (double)s->stop / 100;
    struct bench t;

    bench_init(&t, 10000);
    bench_candle(&t, 1, s->candle[0], s->candle[1], s->candle[2], s->candle[3]);
    bench_candle(&t, 2, s->next_open, s->next_open, s->next_open, s->next_open);
    assert_ok(ratio_parse("0.0005", 6, &t.options.slippage));
    assert_ok(money_parse("5", 1, &t.options.spot_base));
    bench_begin(&t);
    bench_wait(&t, T_MINUTE - US_PER_MS);
    if (s->is_oco)
        order(&t, "/api/v3/orderList/oco",
              "symbol=BTCUSDT&side=SELL&quantity=1&aboveType=LIMIT_MAKER&abovePrice=%.2f"
              "&belowType=STOP_LOSS&belowStopPrice=%.2f",
              limit, stop);
    else if (s->limit)
        order(&t, "/api/v3/order",
              "symbol=BTCUSDT&side=SELL&quantity=1&type=LIMIT_MAKER&price=%.2f", limit, 0);
    else if (s->stop)
        order(&t, "/api/v3/order",
              "symbol=BTCUSDT&side=SELL&quantity=1&type=STOP_LOSS&stopPrice=%.2f", stop, 0);
    bench_wait(&t, T_MINUTE + US_PER_MS);
    bench_call(&t, "POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1");
    bench_call(&t, "GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    for (int i = 0; i < 3; i++) {
        char path[32];
        const char *price;
        struct price p;
        bool is_limit;

        (void)snprintf(path, sizeof path, "%d.price", i);
        price = bench_get(&t, path);
        if (strcmp(price, "absent") == 0)
            break;
        p = price_of(price);
        (void)snprintf(path, sizeof path, "%d.isMaker", i);
        is_limit = strcmp(bench_get(&t, path), "true") == 0;
        (void)snprintf(path, sizeof path, "%d.isBuyer", i);
        note(strcmp(bench_get(&t, path), "true") == 0 ? out->market
             : is_limit                               ? out->limit
                                                      : out->stop,
             p);
    }
    bench_end(&t);
}

static void test_same_fills(void **state)
{
    int filled = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        const struct setting s = setting_of(seed);
        struct outcome simulated = {0}, boxed = {0};

        simulate_it(&s, &simulated);
        box_it(&s, &boxed);
        if (memcmp(&simulated, &boxed, sizeof boxed) != 0)
            fail_msg("seed %llu, candle %lld %lld %lld %lld then %lld, limit %lld, stop %lld: "
                     "simulated %s %s %s, sandbox %s %s %s",
                     (unsigned long long)seed, (long long)s.candle[0], (long long)s.candle[1],
                     (long long)s.candle[2], (long long)s.candle[3], (long long)s.next_open,
                     (long long)s.limit, (long long)s.stop, simulated.limit, simulated.stop,
                     simulated.market, boxed.limit, boxed.stop, boxed.market);
        filled += boxed.limit[0] || boxed.stop[0];
    }
    assert_in_range(filled, RUNS / 5, RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_fills)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
