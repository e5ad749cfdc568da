/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how the simulator executes: prices, sequence within a candle, OCO, the volume cap. */
#include "tests/unit/engine/test_simulate.h"

static void test_market(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "2");
    struct venue_event e;

    (void)state;
    play_begin(&p);
    p.options.fee_rate = ratio_of("0.001");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10000"));
    accept(&p, &o);
    expect_none(&p);
    play_open(&p, PERPETUAL, 5000, 100); /* another instrument moves nothing */
    expect_none(&p);
    play_open(&p, SPOT, 10100, 100);
    assert_true(p.venue.next_event(p.venue.self, &e));
    assert_int_equal(e.kind, VENUE_FILL);
    assert_int_equal(e.at_us, 0);
    assert_string_equal(e.venue_fill_id, "1-2");
    assert_string_equal(e.fee_currency, "USDT");
    assert_false(e.is_maker);
    assert_true(price_cmp(e.price, price_of("101")) == 0);
    assert_true(size_cmp(e.size, size_of("2")) == 0);
    assert_true(money_cmp(e.fee, money_of("0.202")) == 0);
    assert_cash(&p, "9797.798");
    assert_holding(&p, SPOT, "2");
    play_close(&p, SPOT, OHLCV(10100, 20000, 100, 10100, 100));
    play_open(&p, SPOT, 10100, 100);
    expect_none(&p); /* done */
    play_end(&p);
}

/* 5 % of slippage, a tick of 0.5: both against the trader. */
static void test_slippage_and_tick(void **state)
{
    struct play p;
    struct order buy = order_of(1, SIDE_BUY, ORDER_MARKET, "1");
    struct order sell = exit_of(2, SIDE_SELL, ORDER_MARKET, "1", NULL);
    struct order stop = exit_of(3, SIDE_SELL, ORDER_STOP_MARKET, "1", "90");
    struct order limit = exit_of(4, SIDE_SELL, ORDER_LIMIT, "1", "110");

    (void)state;
    play_begin(&p);
    p.options.slippage = ratio_of("0.05");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10000"));
    hold(&p, SPOT, "3");
    accept(&p, &buy);
    accept(&p, &sell);
    accept(&p, &stop);
    accept(&p, &limit);
    play_open(&p, SPOT, 10010, 100);
    expect(&p, "fill 1 1 @ 105.5 fee 0"); /* 105.105 up */
    expect(&p, "fill 2 1 @ 95 fee 0");    /* 95.095 down */
    play_close(&p, SPOT, OHLCV(10010, 11000, 9000, 10000, 100));
    expect(&p, "fill 3 1 @ 85.5 fee 0"); /* 90 * 0.95 */
    expect(&p, "fill 4 1 @ 110 fee 0 maker");
    expect_none(&p);
    play_end(&p);

    play_begin(&p); /* a sell never gets less than a tick */
    p.options.slippage = ratio_of("0.1");
    play_restart(&p);
    hold(&p, SPOT, "1");
    accept(&p, &sell);
    play_open(&p, SPOT, 30, 100);
    expect(&p, "fill 2 1 @ 0.5 fee 0");
    play_end(&p);
}

static void test_tolerance(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "1");

    (void)state;
    play_begin(&p);
    o.slippage_tolerance = ratio_of("0.01");
    accept(&p, &o);
    play_open(&p, SPOT, 10101, 100);
    expect(&p, "expired 1 slippage_tolerance");
    o.id = 2;
    accept(&p, &o);
    play_open(&p, SPOT, 10100, 100); /* exactly at it */
    expect(&p, "fill 2 1 @ 101 fee 0");
    o.id = 3;
    accept(&p, &o);
    play_open(&p, SPOT, 5000, 100); /* better by far */
    expect(&p, "fill 3 1 @ 50 fee 0");

    o = order_of(4, SIDE_SELL, ORDER_MARKET, "1");
    o.slippage_tolerance = ratio_of("0.01");
    (void)copy_text(o.symbol, sizeof o.symbol, "BTC/USDT:USDT");
    accept(&p, &o);
    play_open(&p, PERPETUAL, 9899, 100);
    expect(&p, "expired 4 slippage_tolerance");
    o.id = 5;
    accept(&p, &o);
    play_open(&p, PERPETUAL, 9900, 100);
    expect(&p, "fill 5 1 @ 99 fee 0");

    o = exit_of(6, SIDE_SELL, ORDER_MARKET, "1", NULL); /* an exit has none */
    o.slippage_tolerance = ratio_of("0.01");
    accept(&p, &o);
    play_open(&p, SPOT, 100, 100);
    expect(&p, "fill 6 1 @ 1 fee 0");
    expect_none(&p);
    play_end(&p);
}

/* The bound is exact: one 10^-12 beyond it is beyond it. */
static void test_tolerance_exact(void **state)
{
    struct play p;
    struct order o = order_of(1, SIDE_BUY, ORDER_MARKET, "1");
    struct feed_event e;

    (void)state;
    play_begin(&p);
    o.decision_price = price_of("100.000000000001"); /* bound 101.00000000000101 */
    o.slippage_tolerance = ratio_of("0.01");
    accept(&p, &o);
    o.id = 2;
    e = event_of(&p, SPOT, FEED_OPEN, OHLCV(INT64_C(101000000000002), 0, 0, 0, 100));
    e.candle.price_scale = 12;
    p.venue.market(p.venue.self, &e);
    expect(&p, "expired 1 slippage_tolerance");
    accept(&p, &o);
    e.candle.open--;
    p.venue.market(p.venue.self, &e);
    expect(&p, "fill 2 1 @ 101.5 fee 0");
    play_end(&p);
}

/* Orders of one open fill by id, in whatever order they came. */
static void test_id_order(void **state)
{
    struct play p;
    struct order o = exit_of(0, SIDE_SELL, ORDER_MARKET, "1", NULL);

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "2.5");
    for (size_t i = 0; i < 3; i++) {
        o.id = (const int64_t[]){3, 1, 2}[i];
        accept(&p, &o);
    }
    play_open(&p, SPOT, 10000, 100);
    expect(&p, "fill 1 1 @ 100 fee 0");
    expect(&p, "fill 2 1 @ 100 fee 0");
    expect(&p, "fill 3 0.5 @ 100 fee 0");
    expect(&p, "expired 3 reduce_only");
    play_end(&p);
}

struct touch {
    enum side side;
    enum order_type type;
    const char *level;
    enum limit_fill limit_fill;
    int64_t ohlc[4];
    const char *fill; /* NULL: none */
};

static const struct touch touches[] = {
    /* Sell stop: untouched, touched exactly, gapped through, open exactly at it. */
    {SIDE_SELL, ORDER_STOP_MARKET, "90", 0, {10000, 10000, 9001, 9500}, NULL},
    {SIDE_SELL, ORDER_STOP_MARKET, "90", 0, {10000, 10000, 9000, 9500}, "1 @ 90 fee 0"},
    {SIDE_SELL, ORDER_STOP_MARKET, "90", 0, {8050, 9500, 8000, 9500}, "1 @ 80.5 fee 0"},
    {SIDE_SELL, ORDER_STOP_MARKET, "90", 0, {9000, 9500, 9000, 9500}, "1 @ 90 fee 0"},
    /* Buy stop: the mirror. */
    {SIDE_BUY, ORDER_STOP_MARKET, "110", 0, {10000, 10999, 9000, 10000}, NULL},
    {SIDE_BUY, ORDER_STOP_MARKET, "110", 0, {10000, 11000, 9000, 10000}, "1 @ 110 fee 0"},
    {SIDE_BUY, ORDER_STOP_MARKET, "110", 0, {12000, 12100, 9000, 10000}, "1 @ 120 fee 0"},
    /* Sell limit: touched, a better open, trade-through wanted. */
    {SIDE_SELL, ORDER_LIMIT, "110", 0, {10000, 10999, 9000, 9500}, NULL},
    {SIDE_SELL, ORDER_LIMIT, "110", 0, {10000, 11000, 9000, 9500}, "1 @ 110 fee 0 maker"},
    {SIDE_SELL, ORDER_LIMIT, "110", 0, {11500, 11600, 9000, 9500}, "1 @ 115 fee 0"},
    {SIDE_SELL, ORDER_LIMIT, "110", 0, {11520, 11600, 9000, 9500}, "1 @ 115 fee 0"}, /* to tick */
    {SIDE_SELL, ORDER_LIMIT, "110", 1, {10000, 11049, 9000, 9500}, NULL},
    {SIDE_SELL, ORDER_LIMIT, "110", 1, {10000, 11050, 9000, 9500}, "1 @ 110 fee 0 maker"},
    {SIDE_SELL, ORDER_LIMIT, "110", 1, {11000, 11000, 9000, 9500}, NULL},
    {SIDE_SELL, ORDER_LIMIT, "110", 1, {11500, 11500, 9000, 9500}, "1 @ 115 fee 0"},
    /* Buy limit. */
    {SIDE_BUY, ORDER_LIMIT, "90", 0, {10000, 10000, 9001, 9500}, NULL},
    {SIDE_BUY, ORDER_LIMIT, "90", 0, {10000, 10000, 9000, 9500}, "1 @ 90 fee 0 maker"},
    {SIDE_BUY, ORDER_LIMIT, "90", 0, {8020, 10000, 8000, 9500}, "1 @ 80.5 fee 0"}, /* to tick */
    {SIDE_BUY, ORDER_LIMIT, "90", 1, {10000, 10000, 8951, 9500}, NULL},
    {SIDE_BUY, ORDER_LIMIT, "90", 1, {10000, 10000, 8950, 9500}, "1 @ 90 fee 0 maker"},
};

static void test_touches(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(touches); i++) {
        const struct touch *t = &touches[i];
        struct order o = order_of(1, t->side, t->type, "1");
        char wanted[64];
        struct play p;

        print_message("touch %zu\n", i);
        play_begin(&p);
        p.options.limit_fill = t->limit_fill;
        play_restart(&p);
        p.venue.fund(p.venue.self, money_of("10000"));
        hold(&p, SPOT, "1");
        *(t->type == ORDER_LIMIT ? &o.limit_price : &o.stop_price) = price_of(t->level);
        accept(&p, &o);
        play_open(&p, SPOT, t->ohlc[0], 100);
        expect_none(&p); /* resting orders wait for the close */
        play_close(&p, SPOT, OHLCV(t->ohlc[0], t->ohlc[1], t->ohlc[2], t->ohlc[3], 100));
        (void)snprintf(wanted, sizeof wanted, "fill 1 %s", t->fill ? t->fill : "");
        if (t->fill)
            expect(&p, wanted);
        expect_none(&p);
        play_end(&p);
    }
}

/* A long of 1 with a stop at 90 (order 1) and a target at 110 (order 2), both in one group. */
static void play_protected(struct play *p, enum intrabar intrabar)
{
    struct order stop = exit_of(1, SIDE_SELL, ORDER_STOP_MARKET, "1", "90");
    struct order target = exit_of(2, SIDE_SELL, ORDER_LIMIT, "1", "110");
    struct order other = exit_of(3, SIDE_SELL, ORDER_STOP_MARKET, "1", "10");

    play_begin(p);
    p->options.intrabar = intrabar;
    play_restart(p);
    hold(p, SPOT, "1");
    stop.oco_group = target.oco_group = 5;
    other.oco_group = 6;
    accept(p, &target);
    accept(p, &stop);
    accept(p, &other);
}

static void test_both_touched(void **state)
{
    static const struct {
        enum intrabar intrabar;
        int64_t ohlc[4];
        const char *fill, *canceled;
    } cases[] = {
        {INTRABAR_PESSIMISTIC, {10000, 11000, 9000, 10500}, "fill 1 1 @ 90 fee 0", "2"},
        {INTRABAR_PESSIMISTIC, {10900, 11000, 9000, 9000}, "fill 1 1 @ 90 fee 0", "2"},
        {INTRABAR_PESSIMISTIC, {8900, 11000, 8900, 10000}, "fill 1 1 @ 89 fee 0", "2"},
        /* The open has executed the target before anything else could happen. */
        {INTRABAR_PESSIMISTIC, {11100, 11200, 9000, 10000}, "fill 2 1 @ 111 fee 0", "1"},
        /* Nearer the high: O-H-L-C. */
        {INTRABAR_ADAPTIVE, {10600, 11000, 9000, 10000}, "fill 2 1 @ 110 fee 0 maker", "1"},
        {INTRABAR_ADAPTIVE, {9900, 11000, 9000, 10000}, "fill 1 1 @ 90 fee 0", "2"},
        /* As near to both: O-L-H-C. */
        {INTRABAR_ADAPTIVE, {10000, 11000, 9000, 10000}, "fill 1 1 @ 90 fee 0", "2"},
        {INTRABAR_ADAPTIVE, {8900, 11000, 8800, 10000}, "fill 1 1 @ 89 fee 0", "2"},
        {INTRABAR_ADAPTIVE, {11100, 15000, 8000, 10000}, "fill 2 1 @ 111 fee 0", "1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const int64_t *c = cases[i].ohlc;
        char wanted[64];
        struct play p;

        print_message("both %zu\n", i);
        play_protected(&p, cases[i].intrabar);
        play_open(&p, SPOT, c[0], 100);
        play_close(&p, SPOT, OHLCV(c[0], c[1], c[2], c[3], 100));
        expect(&p, cases[i].fill);
        (void)snprintf(wanted, sizeof wanted, "canceled %s oco", cases[i].canceled);
        expect(&p, wanted);
        expect_none(&p);
        assert_holding(&p, SPOT, "0");
        play_end(&p);
    }
}

/* On one leg the level nearer the open is reached first, whatever the ids say. */
static void test_leg_order(void **state)
{
    struct play p;
    struct order far = exit_of(1, SIDE_SELL, ORDER_STOP_MARKET, "1", "80");
    struct order near = exit_of(2, SIDE_SELL, ORDER_STOP_MARKET, "1", "95");
    struct order same = exit_of(3, SIDE_SELL, ORDER_STOP_MARKET, "1", "95");

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "3");
    accept(&p, &same); /* submitted in another order than the ids' */
    accept(&p, &far);
    accept(&p, &near);
    play_close(&p, SPOT, OHLCV(10000, 10000, 7000, 8000, 100));
    expect(&p, "fill 2 1 @ 95 fee 0");
    expect(&p, "fill 3 1 @ 95 fee 0");
    expect(&p, "fill 1 1 @ 80 fee 0");
    expect_none(&p);
    play_end(&p);
}

/* The engine protects an entry at the open that filled it; the same candle may end it. */
static void test_entry_candle(void **state)
{
    struct play p;
    struct order entry = order_of(1, SIDE_BUY, ORDER_MARKET, "1");
    struct order stop = exit_of(2, SIDE_SELL, ORDER_STOP_MARKET, "1", "99.5");

    (void)state;
    play_begin(&p);
    accept(&p, &entry);
    play_open(&p, SPOT, 10000, 100);
    expect(&p, "fill 1 1 @ 100 fee 0");
    accept(&p, &stop);
    play_close(&p, SPOT, OHLCV(10000, 10100, 9950, 10100, 100));
    expect(&p, "fill 2 1 @ 99.5 fee 0");
    assert_cash(&p, "9999.5");
    play_end(&p);
}

static void test_no_volume(void **state)
{
    struct play p;
    struct order entry = order_of(1, SIDE_BUY, ORDER_MARKET, "1");
    struct order stop = exit_of(2, SIDE_SELL, ORDER_STOP_MARKET, "1", "90");
    struct feed_event synthetic;

    (void)state;
    play_begin(&p);
    hold(&p, SPOT, "1");
    accept(&p, &entry);
    accept(&p, &stop);
    play_open(&p, SPOT, 10000, 0);
    play_close(&p, SPOT, OHLCV(10000, 10000, 8000, 8000, 0));
    synthetic = event_of(&p, SPOT, FEED_OPEN, OHLCV(8000, 8000, 8000, 8000, 100));
    synthetic.candle.flags = CANDLE_SYNTHETIC;
    p.venue.market(p.venue.self, &synthetic);
    expect_none(&p);
    p.candle++;
    play_open(&p, SPOT, 8500, 100);
    expect(&p, "fill 1 1 @ 85 fee 0");
    play_close(&p, SPOT, OHLCV(8500, 9000, 8000, 8000, 100));
    expect(&p, "fill 2 1 @ 85 fee 0"); /* the stop was passed long before */
    play_end(&p);
}

/* Half of a volume of 2.3 is 1.1 lots of 0.1: the open and the close share it. */
static void test_volume_cap(void **state)
{
    struct play p;
    struct order entry = order_of(1, SIDE_BUY, ORDER_MARKET, "1.5");
    struct order second = order_of(2, SIDE_BUY, ORDER_MARKET, "1");
    struct order stop = exit_of(3, SIDE_SELL, ORDER_STOP_MARKET, "2", "90");
    struct order target = exit_of(4, SIDE_SELL, ORDER_LIMIT, "2", "110");
    struct venue_event e;

    (void)state;
    play_begin(&p);
    p.options.volume_cap = ratio_of("0.5");
    play_restart(&p);
    p.venue.fund(p.venue.self, money_of("10000"));
    hold(&p, SPOT, "2");
    accept(&p, &entry);
    play_open(&p, SPOT, 10000, 230);
    expect(&p, "fill 1 1.1 @ 100 fee 0");
    accept(&p, &second);
    accept(&p, &stop);
    play_close(&p, SPOT, OHLCV(10000, 10000, 9000, 9500, 230));
    expect_none(&p); /* nothing was left for the stop, so it still rests */

    play_open(&p, SPOT, 9500, 200);
    assert_true(p.venue.next_event(p.venue.self, &e));
    assert_string_equal(e.venue_fill_id, "1-1.5");
    assert_true(size_cmp(e.size, size_of("0.4")) == 0);
    expect(&p, "fill 2 0.6 @ 95 fee 0");
    play_close(&p, SPOT, OHLCV(9500, 9500, 9050, 9100, 200));
    expect_none(&p);

    play_open(&p, SPOT, 9200, 280);
    expect(&p, "fill 2 0.4 @ 92 fee 0");
    play_close(&p, SPOT, OHLCV(9200, 9200, 8000, 8000, 280));
    expect(&p, "fill 3 1 @ 90 fee 0");
    play_open(&p, SPOT, 9900, 60); /* triggered: it goes on at any price */
    expect(&p, "fill 3 0.3 @ 99 fee 0");
    play_close(&p, SPOT, OHLCV(9900, 9900, 9900, 9900, 60));
    play_open(&p, SPOT, 9950, 1000);
    expect(&p, "fill 3 0.7 @ 99.5 fee 0");
    expect_none(&p);

    accept(&p, &target); /* a limit's rest stays a limit */
    play_close(&p, SPOT, OHLCV(9950, 11000, 9950, 11000, 160));
    expect(&p, "fill 4 2 @ 110 fee 0 maker");
    play_end(&p);
}

static void test_limit_remainder(void **state)
{
    struct play p;
    struct order target = exit_of(1, SIDE_SELL, ORDER_LIMIT, "2", "110");

    (void)state;
    play_begin(&p);
    p.options.volume_cap = ratio_of("0.1");
    play_restart(&p);
    hold(&p, SPOT, "2");
    accept(&p, &target);
    play_close(&p, SPOT, OHLCV(10000, 12000, 9950, 11000, 599));
    expect(&p, "fill 1 0.5 @ 110 fee 0 maker");
    play_open(&p, SPOT, 10000, 10000);
    play_close(&p, SPOT, OHLCV(10000, 10900, 9950, 10900, 10000));
    expect_none(&p);
    play_close(&p, SPOT, OHLCV(12000, 12000, 11000, 11000, 10000));
    expect(&p, "fill 1 1.5 @ 120 fee 0");
    play_end(&p);
}

static void test_settle(void **state)
{
    struct play p;
    struct order o = exit_of(1, SIDE_SELL, ORDER_MARKET, "1", NULL);
    struct order stop = exit_of(2, SIDE_SELL, ORDER_STOP_MARKET, "1", "200");
    struct venue_event e;

    (void)state;
    play_begin(&p);
    p.options.slippage = ratio_of("0.01");
    p.options.volume_cap = ratio_of("0.1");
    play_restart(&p);
    hold(&p, SPOT, "3");
    accept(&p, &o);
    accept(&p, &stop);
    p.venue.settle(p.venue.self, SPOT, 7);
    expect_none(&p); /* no price was ever seen */
    play_close(&p, SPOT, OHLCV(10000, 10000, 9000, 9500, 0));
    p.venue.settle(p.venue.self, PERPETUAL, 7);
    expect_none(&p);
    p.venue.settle(p.venue.self, SPOT, 7);
    assert_true(p.venue.next_event(p.venue.self, &e));
    assert_int_equal(e.at_us, 7);
    assert_true(price_cmp(e.price, price_of("94")) == 0); /* 95 * 0.99 = 94.05 */
    assert_true(size_cmp(e.size, size_of("1")) == 0);
    expect_none(&p); /* a resting stop stays */
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market),          cmocka_unit_test(test_slippage_and_tick),
        cmocka_unit_test(test_tolerance),       cmocka_unit_test(test_touches),
        cmocka_unit_test(test_tolerance_exact), cmocka_unit_test(test_id_order),
        cmocka_unit_test(test_both_touched),    cmocka_unit_test(test_leg_order),
        cmocka_unit_test(test_entry_candle),    cmocka_unit_test(test_no_volume),
        cmocka_unit_test(test_volume_cap),      cmocka_unit_test(test_limit_remainder),
        cmocka_unit_test(test_settle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
