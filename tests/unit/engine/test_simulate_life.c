/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how the simulator ends limit orders that do not rest, and refuses those that must. */
#include "tests/unit/engine/test_simulate.h"

static struct order limit_of(int64_t id, enum side side, enum order_life life, const char *level)
{
    struct order o = order_of(id, side, ORDER_LIMIT, "2");

    o.life = life;
    o.limit_price = price_of(level);
    return o;
}

static void accept_limit(struct play *p, int64_t id, enum order_life life, const char *level)
{
    struct order o = limit_of(id, SIDE_BUY, life, level);

    accept(p, &o);
}

/* 1 % of slippage: a taker pays 101, but never more than the limit. */
static void test_a_taker_pays_at_most_its_limit(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p);
    p.options.slippage = ratio_of("0.01");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10000"));
    accept_limit(&p, 1, LIFE_IOC, "102");
    accept_limit(&p, 2, LIFE_IOC, "100.5");
    accept_limit(&p, 3, LIFE_FOK, "100");
    accept_limit(&p, 4, LIFE_IOC, "99.5");
    accept_limit(&p, 5, LIFE_FOK, "99.5");
    play_open(&p, SPOT, 10000, 1000);
    expect(&p, "fill 1 2 @ 101 fee 0");
    expect(&p, "fill 2 2 @ 100.5 fee 0");
    expect(&p, "fill 3 2 @ 100 fee 0");
    expect(&p, "expired 4 ioc");
    expect(&p, "expired 5 fok");
    expect_none(&p);
    play_end(&p);
}

/* A fifth of 10 may trade: fok takes it whole or leaves it to the next; ioc takes what is there. */
static void test_liquidity_is_shared(void **state)
{
    struct order whole;
    struct play p;

    (void)state;
    play_begin(&p);
    p.options.volume_cap = ratio_of("0.2");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10000"));
    whole = limit_of(1, SIDE_BUY, LIFE_FOK, "100");
    whole.size = size_of("2.1");
    accept(&p, &whole);
    whole = limit_of(2, SIDE_BUY, LIFE_IOC, "100");
    whole.size = size_of("2.1");
    accept(&p, &whole);
    accept_limit(&p, 3, LIFE_IOC, "100");
    play_open(&p, SPOT, 10000, 1000);
    expect(&p, "expired 1 fok");
    expect(&p, "fill 2 2 @ 100 fee 0");
    expect(&p, "expired 2 ioc");
    expect(&p, "expired 3 ioc");
    expect_none(&p);
    assert_cash(&p, "9800");
    play_end(&p);
}

/* An exit takes no more than is held; a fok exit of more than that is nothing at all. */
static void test_exits_at_once(void **state)
{
    struct order o = exit_of(1, SIDE_SELL, ORDER_LIMIT, "2", "100");
    struct play p;

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "1.5");
    o.life = LIFE_FOK;
    accept(&p, &o);
    o.id = 2;
    o.life = LIFE_IOC;
    accept(&p, &o);
    play_open(&p, SPOT, 10050, 1000);
    expect(&p, "expired 1 fok");
    expect(&p, "fill 2 1.5 @ 100.5 fee 0");
    expect(&p, "expired 2 reduce_only");
    expect_none(&p);
    play_end(&p);
}

/* No trade, no end: the candle without volume has no open that anybody could have had. */
static void test_it_waits_for_an_open_with_trades(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p);
    accept_limit(&p, 1, LIFE_IOC, "99");
    play_open(&p, SPOT, 10000, 0);
    play_close(&p, SPOT, OHLCV(10000, 10000, 10000, 10000, 0));
    expect_none(&p);
    play_open(&p, SPOT, 9900, 1000);
    expect(&p, "fill 1 2 @ 99 fee 0");
    play_end(&p);
}

static void test_post_only(void **state)
{
    struct order o;
    struct play p;

    (void)state;
    play_begin(&p);
    play_close(&p, SPOT, OHLCV(10000, 10000, 10000, 10000, 1000));
    o = limit_of(1, SIDE_BUY, LIFE_POST_ONLY, "100");
    submit(&p, &o);
    expect(&p, "rejected 1 would_take");
    hold(&p, SPOT, "2");
    o = limit_of(2, SIDE_SELL, LIFE_POST_ONLY, "99.5");
    submit(&p, &o);
    expect(&p, "rejected 2 would_take");
    o = limit_of(3, SIDE_SELL, LIFE_POST_ONLY, "100.5");
    accept(&p, &o);
    accept_limit(&p, 4, LIFE_POST_ONLY, "99.5");
    play_open(&p, SPOT, 9800, 1000); /* through it: its own price all the same */
    play_close(&p, SPOT, OHLCV(9800, 10100, 9800, 10100, 1000));
    expect(&p, "fill 4 2 @ 99.5 fee 0 maker");
    expect(&p, "fill 3 2 @ 100.5 fee 0 maker");
    expect_none(&p);
    play_end(&p);
}

/* What an operator closes now takes ioc orders along, at the newest price. */
static void test_settled(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p);
    play_close(&p, SPOT, OHLCV(10000, 10000, 10000, 10000, 1000));
    accept_limit(&p, 1, LIFE_FOK, "101");
    p.venue.settle(p.venue.self, SPOT, play_now(&p));
    expect(&p, "fill 1 2 @ 100 fee 0");
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_taker_pays_at_most_its_limit),
        cmocka_unit_test(test_liquidity_is_shared),
        cmocka_unit_test(test_exits_at_once),
        cmocka_unit_test(test_it_waits_for_an_open_with_trades),
        cmocka_unit_test(test_post_only),
        cmocka_unit_test(test_settled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
