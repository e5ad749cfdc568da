/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what the simulator accepts and what it keeps: checks, balances, OCO, cancel, the book. */
#include "tests/unit/engine/test_simulate.h"

#include "core/limits.h"

static void test_rejections(void **state)
{
    struct play p;
    struct order o;

    (void)state;
    play_begin(&p);
    o = order_of(1, SIDE_BUY, ORDER_MARKET, "1");
    (void)copy_text(o.symbol, sizeof o.symbol, "ETH/USDT");
    submit(&p, &o);
    expect(&p, "rejected 1 unknown_symbol");
    o = order_of(2, SIDE_BUY, ORDER_MARKET, "1.05");
    submit(&p, &o);
    expect(&p, "rejected 2 lot_size");
    o = order_of(3, SIDE_BUY, ORDER_MARKET, "0");
    submit(&p, &o);
    expect(&p, "rejected 3 lot_size");
    o = order_of(4, SIDE_BUY, ORDER_LIMIT, "1");
    o.limit_price = price_of("100.3");
    submit(&p, &o);
    expect(&p, "rejected 4 tick_size");
    o.id = 5;
    o.limit_price = PRICE_ZERO;
    submit(&p, &o);
    expect(&p, "rejected 5 tick_size");
    o = order_of(6, SIDE_BUY, ORDER_MARKET, "0.1");
    o.decision_price = price_of("99.99999999");
    submit(&p, &o);
    expect(&p, "rejected 6 min_notional");
    o.decision_price = price_of("100");
    o.id = 7;
    submit(&p, &o);
    expect(&p, "accepted 7");
    o = order_of(8, SIDE_SELL, ORDER_MARKET, "0.1"); /* a spot sell without the holding */
    submit(&p, &o);
    expect(&p, "rejected 8 insufficient_funds");
    o = order_of(9, SIDE_BUY, ORDER_MARKET, "1000000000000000");
    o.decision_price = price_of("100000000000000");
    submit(&p, &o);
    expect(&p, "rejected 9 amount_overflow");
    hold(&p, SPOT, "0.1"); /* exits pass below the minimum notional */
    o = exit_of(10, SIDE_SELL, ORDER_LIMIT, "0.1", "50");
    submit(&p, &o);
    expect(&p, "accepted 10");
    expect_none(&p);
    play_end(&p);
}

/* Cash of 1000 and a fee of 1 %: 9.9 at 100 cost 999.9. */
static void test_funds(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "10");

    (void)state;
    play_begin(&p);
    p.options.fee_rate = ratio_of("0.01");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("999.9"));
    submit(&p, &o);
    expect(&p, "rejected 1 insufficient_funds");
    o = order_of(2, SIDE_BUY, ORDER_MARKET, "9.9");
    accept(&p, &o);
    o = order_of(3, SIDE_BUY, ORDER_MARKET, "0.1"); /* all is reserved */
    submit(&p, &o);
    expect(&p, "rejected 3 insufficient_funds");
    assert_ok(p.venue.cancel(p.venue.self, &(struct order){.id = 2}, 5));
    expect(&p, "canceled 2 requested");
    o = order_of(4, SIDE_BUY, ORDER_LIMIT, "5"); /* a limit is paid at its own price: 404 */
    o.limit_price = price_of("80");
    accept(&p, &o);
    o = order_of(5, SIDE_BUY, ORDER_MARKET, "5.9"); /* 595.9 is what is left */
    accept(&p, &o);
    o = order_of(6, SIDE_BUY, ORDER_MARKET, "0.1");
    submit(&p, &o);
    expect(&p, "rejected 6 insufficient_funds");
    play_open(&p, SPOT, 5000, 10000);
    expect(&p, "fill 5 5.9 @ 50 fee 2.95");
    assert_cash(&p, "701.95");
    o = order_of(7, SIDE_BUY, ORDER_MARKET, "2.9"); /* 404 are reserved, 297.95 free: 292.9 */
    accept(&p, &o);
    expect_none(&p);
    play_end(&p);
}

static void test_reduce_only(void **state)
{
    struct play p;
    struct order o;

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "1");
    o = exit_of(1, SIDE_SELL, ORDER_MARKET, "3", NULL);
    accept(&p, &o);
    o = exit_of(2, SIDE_SELL, ORDER_MARKET, "1", NULL);
    accept(&p, &o);
    play_open(&p, SPOT, 10000, 1000);
    expect(&p, "fill 1 1 @ 100 fee 0");
    expect(&p, "expired 1 reduce_only");
    expect(&p, "expired 2 reduce_only");
    assert_holding(&p, SPOT, "0");

    hold(&p, PERPETUAL, "-2");
    o = exit_of(3, SIDE_BUY, ORDER_STOP_MARKET, "5", "110");
    (void)copy_text(o.symbol, sizeof o.symbol, "BTC/USDT:USDT");
    accept(&p, &o);
    o = exit_of(4, SIDE_SELL, ORDER_MARKET, "5", NULL); /* would enlarge the short */
    (void)copy_text(o.symbol, sizeof o.symbol, "BTC/USDT:USDT");
    accept(&p, &o);
    play_open(&p, PERPETUAL, 10000, 1000);
    expect(&p, "expired 4 reduce_only");
    play_close(&p, PERPETUAL, OHLCV(10000, 11000, 10000, 11000, 1000));
    expect(&p, "fill 3 2 @ 110 fee 0");
    expect(&p, "expired 3 reduce_only");
    assert_holding(&p, PERPETUAL, "0");

    hold(&p, SPOT, "1"); /* a spot sell that is not marked so is clipped all the same */
    o = order_of(5, SIDE_SELL, ORDER_MARKET, "1");
    accept(&p, &o);
    hold(&p, SPOT, "0.4");
    play_open(&p, SPOT, 10000, 1000);
    expect(&p, "fill 5 0.4 @ 100 fee 0");
    expect(&p, "expired 5 reduce_only");
    expect_none(&p);
    play_end(&p);
}

/* An exit or stop of a position of its own, which holds 1 of the 3 that the account holds. */
static void accept_of_position(struct play *p, struct order o, enum order_purpose purpose)
{
    o.position_id = 7;
    o.purpose = purpose;
    accept(p, &o);
}

/* Two strategies hold the same instrument: what closes one position takes nothing of the other. */
static void test_two_positions(void **state)
{
    struct play p;
    struct order o;

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "3");
    accept_of_position(&p, exit_of(1, SIDE_SELL, ORDER_STOP_MARKET, "1", "90"), PURPOSE_STOP_LOSS);
    accept_of_position(&p, exit_of(2, SIDE_SELL, ORDER_MARKET, "0.4", NULL), PURPOSE_EXIT);
    accept_of_position(&p, exit_of(3, SIDE_SELL, ORDER_LIMIT, "0.5", "110"), PURPOSE_EXIT);
    play_open(&p, SPOT, 10000, 1000);
    expect(&p, "fill 2 0.4 @ 100 fee 0");
    play_close(&p, SPOT, OHLCV(10000, 10000, 9000, 9000, 1000));
    expect(&p, "fill 1 0.6 @ 90 fee 0"); /* not yet resized: its position has no more */
    expect(&p, "expired 1 reduce_only");
    play_open(&p, SPOT, 11000, 1000);
    play_close(&p, SPOT, OHLCV(11000, 11000, 11000, 11000, 1000));
    expect(&p, "expired 3 reduce_only");
    assert_holding(&p, SPOT, "2");

    /* A stop that has begun comes before an exit of the same candle. */
    accept_of_position(&p, exit_of(4, SIDE_SELL, ORDER_STOP_MARKET, "1", "120"), PURPOSE_STOP_LOSS);
    accept_of_position(&p, exit_of(5, SIDE_SELL, ORDER_LIMIT, "0.5", "119"), PURPOSE_EXIT);
    play_open(&p, SPOT, 11900, 1000);
    play_close(&p, SPOT, OHLCV(11900, 11900, 11900, 11900, 1000));
    expect(&p, "fill 4 1 @ 119 fee 0");
    expect(&p, "expired 5 reduce_only");
    expect_none(&p);
    assert_holding(&p, SPOT, "1");

    /* A restart tells how much the position has; the stop had been made for 1 of it. */
    play_restart(&p);
    hold(&p, SPOT, "3");
    p.venue.own(p.venue.self, 6, size_of("2.4"));
    p.venue.own(p.venue.self, 7, size_of("0.6"));
    o = exit_of(6, SIDE_SELL, ORDER_STOP_MARKET, "1", "90");
    o.position_id = 7;
    o.purpose = PURPOSE_STOP_LOSS;
    o.status = ORDER_ACCEPTED;
    assert_ok(p.venue.restore(p.venue.self, &o));
    play_open(&p, SPOT, 9000, 1000);
    play_close(&p, SPOT, OHLCV(9000, 9000, 9000, 9000, 1000));
    expect(&p, "fill 6 0.6 @ 90 fee 0");
    expect(&p, "expired 6 reduce_only");
    assert_holding(&p, SPOT, "2.4");
    play_end(&p);
}

/* A short of 10 at 100, closed in two parts at 90 and 120; margin is its entry notional. */
static void test_perpetual(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_SELL, ORDER_MARKET, "10");

    (void)state;
    play_begin(&p);
    p.options.fee_rate = ratio_of("0.001");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("1500"));
    (void)copy_text(o.symbol, sizeof o.symbol, "BTC/USDT:USDT");
    accept(&p, &o);
    play_open(&p, PERPETUAL, 10000, 10000);
    expect(&p, "fill 1 10 @ 100 fee 1");
    assert_cash(&p, "1499");
    assert_holding(&p, PERPETUAL, "-10");
    o = order_of(2, SIDE_BUY, ORDER_MARKET, "5"); /* 499 are free */
    submit(&p, &o);
    expect(&p, "rejected 2 insufficient_funds");
    o = exit_of(3, SIDE_BUY, ORDER_MARKET, "4", NULL);
    (void)copy_text(o.symbol, sizeof o.symbol, "BTC/USDT:USDT");
    accept(&p, &o);
    play_open(&p, PERPETUAL, 9000, 10000);
    expect(&p, "fill 3 4 @ 90 fee 0.36");
    assert_cash(&p, "1538.64");                     /* + 40 - 0.36 */
    o = order_of(4, SIDE_BUY, ORDER_MARKET, "9.3"); /* 938.64 are free: 930.93 */
    accept(&p, &o);
    assert_ok(p.venue.cancel(p.venue.self, &(struct order){.id = 4}, 0));
    expect(&p, "canceled 4 requested");

    /* Not reduce-only: it turns the position.  6 close at 120 (- 120), 2 open: margin 240. */
    o = order_of(5, SIDE_BUY, ORDER_MARKET, "8");
    (void)copy_text(o.symbol, sizeof o.symbol, "BTC/USDT:USDT");
    accept(&p, &o);
    play_open(&p, PERPETUAL, 12000, 10000);
    expect(&p, "fill 5 8 @ 120 fee 0.96");
    assert_cash(&p, "1417.68");
    assert_holding(&p, PERPETUAL, "2");
    o = order_of(6, SIDE_BUY, ORDER_MARKET, "11.8"); /* 1177.68 are free: 1181.18 */
    submit(&p, &o);
    expect(&p, "rejected 6 insufficient_funds");
    o = order_of(7, SIDE_BUY, ORDER_MARKET, "11.7");
    accept(&p, &o);
    expect_none(&p);
    play_end(&p);
}

/* The fee is rounded once: 0.00000001 * 0.5 and a little more is no tie. */
static void test_fee_rounding(void **state)
{
    struct play p;
    struct instrument *i;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "0.00000001");

    (void)state;
    play_begin(&p);
    i = &p.instruments[SPOT];
    assert_ok(instrument_init(i, "BTC/USDT", price_of("0.5"), size_of("0.00000001"), MONEY_ZERO));
    p.options.fee_rate = ratio_of("0.5");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10"));
    accept(&p, &o);
    play_open(&p, SPOT, 100, 1000);
    expect(&p, "fill 1 0.00000001 @ 1 fee 0"); /* 0.000000005: to even */
    p.options.fee_rate = ratio_of("0.500000000001");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10"));
    accept(&p, &o);
    play_open(&p, SPOT, 100, 1000);
    expect(&p, "fill 1 0.00000001 @ 1 fee 0.00000001");
    play_end(&p);
}

static void test_overflow(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "10000000000000000000");
    struct feed_event e;

    (void)state;
    play_begin(&p);
    p.venue.fund(p.venue.self, money_of("99999999999999999999999999"));
    o.decision_price = price_of("1");
    accept(&p, &o);
    e = event_of(&p, SPOT, FEED_OPEN, OHLCV(INT64_MAX, INT64_MAX, 1, 1, 100));
    e.candle.price_scale = 0;
    p.venue.market(p.venue.self, &e);
    expect(&p, "expired 1 amount_overflow");
    assert_cash(&p, "99999999999999999999999999");
    o.id = 2; /* nothing stayed reserved */
    accept(&p, &o);
    play_end(&p);
}

static void test_cancel_and_oco(void **state)
{
    struct play p;
    struct order o;

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "2");
    assert_ok(p.venue.cancel(p.venue.self, &(struct order){.id = 77}, 5));
    expect(&p, "canceled 77 unknown_order");
    for (int64_t id = 1; id <= 3; id++) {
        o = exit_of(id, SIDE_SELL, ORDER_LIMIT, "1", "110");
        o.oco_group = 9;
        accept(&p, &o);
    }
    assert_err(p.venue.submit(p.venue.self, &o, 0), ERR_CONFLICT);
    assert_err(p.venue.restore(p.venue.self, &o), ERR_CONFLICT);
    assert_ok(
        p.venue.cancel(p.venue.self, &(struct order){.id = 2}, 5)); /* a cancel ends no sibling */
    expect(&p, "canceled 2 requested");
    o = exit_of(4, SIDE_SELL, ORDER_LIMIT, "1", "110"); /* no group: 0 is none */
    accept(&p, &o);
    play_close(&p, SPOT, OHLCV(10000, 11000, 10000, 11000, 1000));
    expect(&p, "fill 1 1 @ 110 fee 0 maker");
    expect(&p, "canceled 3 oco");
    expect(&p, "fill 4 1 @ 110 fee 0 maker");
    expect_none(&p);
    play_end(&p);
}

static void test_restore(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "3");
    struct venue_event e;

    (void)state;
    play_begin(&p);
    p.options.volume_cap = ratio_of("0.5");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("400"));
    o.status = ORDER_PARTIALLY_FILLED;
    o.filled = size_of("1");
    assert_ok(p.venue.restore(p.venue.self, &o));
    expect_none(&p);
    o = order_of(2, SIDE_BUY, ORDER_MARKET, "2"); /* 200 of 400 are reserved for the rest */
    o.created_us = 5;
    o.status = ORDER_NEW;
    assert_ok(p.venue.restore(p.venue.self, &o));
    assert_true(p.venue.next_event(p.venue.self, &e));
    assert_int_equal(e.kind, VENUE_ACCEPTED);
    assert_int_equal(e.at_us, 5);
    o.id = 3;
    o.status = ORDER_SUBMITTED;
    assert_ok(p.venue.restore(p.venue.self, &o));
    expect(&p, "rejected 3 insufficient_funds");
    o.id = 4;
    o.status = ORDER_FILLED;
    assert_err(p.venue.restore(p.venue.self, &o), ERR_INVALID);
    o.status = ORDER_ACCEPTED;
    (void)copy_text(o.symbol, sizeof o.symbol, "ETH/USDT");
    assert_err(p.venue.restore(p.venue.self, &o), ERR_NOT_FOUND);
    o = exit_of(5, SIDE_SELL, ORDER_STOP_MARKET, "1", "90"); /* triggered: its rest is at market */
    o.status = ORDER_PARTIALLY_FILLED;
    o.filled = size_of("0.2");
    assert_ok(p.venue.restore(p.venue.self, &o));
    play_open(&p, SPOT, 10000, 1000);
    assert_true(p.venue.next_event(p.venue.self, &e));
    assert_string_equal(e.venue_fill_id, "1-3");
    expect(&p, "fill 2 2 @ 100 fee 0");
    assert_true(p.venue.next_event(p.venue.self, &e));
    assert_string_equal(e.venue_fill_id, "5-1");
    expect_none(&p);
    play_end(&p);
}

/* A full book, its slots used again, ids that share hash buckets. */
static void test_full_book(void **state)
{
    struct play p;
    struct order o;
    char wanted[64];

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "10");
    for (int round = 0; round < 2; round++) {
        for (int64_t i = 1; i <= LIMIT_OPEN_ORDERS; i++) {
            o = exit_of(i + round * 4096, SIDE_SELL, ORDER_LIMIT, "1", "110");
            accept(&p, &o);
        }
        o.id = 99999;
        submit(&p, &o);
        expect(&p, "rejected 99999 too_many_orders");
        o.status = ORDER_ACCEPTED;
        assert_err(p.venue.restore(p.venue.self, &o), ERR_LIMIT);
        for (int64_t i = LIMIT_OPEN_ORDERS; i >= 1; i--)
            assert_ok(p.venue.cancel(
                p.venue.self, &(struct order){.id = (i * 2731) % 4096 + 1 + round * 4096}, 0));
        for (int64_t i = LIMIT_OPEN_ORDERS; i >= 1; i--) {
            (void)snprintf(wanted, sizeof wanted, "canceled %lld requested",
                           (long long)((i * 2731) % 4096 + 1 + round * 4096));
            expect(&p, wanted);
        }
        expect_none(&p);
    }
    play_end(&p);
}

/* A delayed market order lets opens pass, but only those at which it would have filled; stops and
 * limits are at the venue and do not wait. */
static void test_delay(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "2");
    struct order stop = exit_of(2, SIDE_SELL, ORDER_STOP_MARKET, "1", "95");
    struct order leave = exit_of(3, SIDE_SELL, ORDER_MARKET, "1", NULL);

    (void)state;
    play_begin(&p);
    p.options.delay_candles = 2;
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10000"));
    accept(&p, &o);
    play_open(&p, SPOT, 10100, 100);
    expect_none(&p);
    play_close(&p, SPOT, OHLCV(10100, 10100, 10100, 10100, 100));
    play_open(&p, SPOT, 10200, 0); /* nothing fills without volume: no open to let pass */
    play_close(&p, SPOT, OHLCV(10200, 10200, 10200, 10200, 0));
    play_open(&p, SPOT, 10300, 100);
    expect_none(&p);
    play_close(&p, SPOT, OHLCV(10300, 10300, 10300, 10300, 100));
    play_open(&p, SPOT, 10400, 100);
    expect(&p, "fill 1 2 @ 104 fee 0");
    accept(&p, &stop);
    play_close(&p, SPOT, OHLCV(10400, 10400, 9000, 10400, 100));
    expect(&p, "fill 2 1 @ 95 fee 0");
    accept(&p, &leave);
    play_open(&p, SPOT, 10500, 100);
    expect_none(&p);
    p.venue.settle(p.venue.self, SPOT, play_now(&p)); /* an operator does not wait */
    expect(&p, "fill 3 1 @ 105 fee 0");
    expect_none(&p);
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay),          cmocka_unit_test(test_rejections),
        cmocka_unit_test(test_funds),          cmocka_unit_test(test_reduce_only),
        cmocka_unit_test(test_two_positions),  cmocka_unit_test(test_perpetual),
        cmocka_unit_test(test_fee_rounding),   cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_cancel_and_oco), cmocka_unit_test(test_restore),
        cmocka_unit_test(test_full_book),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
