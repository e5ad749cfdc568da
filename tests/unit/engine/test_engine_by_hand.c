/* SPDX-License-Identifier: Apache-2.0 */
/* Short stories whose every figure was worked out on paper: the fill rules in the whole loop. */
#include "tests/support/check.h"
#include "tests/support/world.h"

#define HEADER "timestamp,open,high,low,close,volume\n"
#define ROW(n, ohlc) "16305408" #n "0000," ohlc ",50\n"

/* Enters when a candle closes above 100.4; stop 1 %, target 3 %, exit below 99.9. */
static const char strategy_json[] =
    "{\"version\":1,\"name\":\"by_hand\",\"timeframe\":\"5m\",\"startup_bars\":1,"
    "\"entry\":{\"condition\":\"close > 100.4\"},\"exit\":{\"condition\":\"close < 99.9\"},"
    "\"stop_loss\":0.01,\"take_profit\":0.03}";

static void play(const char *csv, struct memory_journal *j)
{
    struct world_options o = world_options_default();
    struct world w;

    o.strategy = strategy_json;
    o.symbols[0] = "BTC/USDT";
    o.csv[0] = csv;
    o.symbol_count = 1;
    memory_journal_init(j);
    world_open(&w, &o, j);
    assert_true(world_run(&w, 1000));
    world_close(&w);
}

static void assert_money(struct money m, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    money_print(m, text);
    assert_string_equal(text, wanted);
}

static void assert_price(struct price p, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    price_print(p, text);
    assert_string_equal(text, wanted);
}

static void assert_size(struct size s, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    size_print(s, text);
    assert_string_equal(text, wanted);
}

/* Bought at 100.60 + 5 bps = 100.6503, against us 100.66.  Size 10 % of 10000 at the close 100.50 =
 * 9.95024.  Stop 100.66 * 0.99 = 99.6534, safe side 99.66.  The next candle opens at 98: filled
 * there, less 5 bps = 97.951, against us 97.95. */
static void test_gap_through_the_stop(void **state)
{
    struct memory_journal j;
    const struct position *p;

    (void)state;
    play(HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.6,101,100,100.2")
             ROW(60, "98,98.5,97,98.2") ROW(90, "98.2,98.3,98,98.1"),
         &j);
    assert_int_equal(j.fill_count, 2);
    p = &j.positions[0];
    assert_price(j.fills[0].price, "100.66");
    assert_size(j.fills[0].size, "9.95024");
    assert_money(j.fills[0].fee, "1.00159116");
    assert_money(j.fills[0].pnl, "0");
    assert_price(p->stop_loss, "99.66");
    assert_price(p->take_profit, "103.67");
    assert_price(j.fills[1].price, "97.95");
    assert_money(j.fills[1].fee, "0.97462601");
    assert_money(j.fills[1].pnl, "-28.94136757");
    assert_int_equal(p->exit_reason, EXIT_STOP_LOSS);
    assert_int_equal(p->status, POSITION_CLOSED);
    assert_money(j.account.cash, "9971.05863243");
    memory_journal_release(&j);
}

/* The entry's own candle touches the target 103.67: sold there, no slippage for a limit. */
static void test_target_in_the_entry_candle(void **state)
{
    struct memory_journal j;

    (void)state;
    play(HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.6,104,100,100.2")
             ROW(60, "100.2,100.3,100,100.1") ROW(90, "100.1,100.3,100,100.1"),
         &j);
    assert_int_equal(j.fill_count, 2);
    assert_price(j.fills[1].price, "103.67");
    assert_true(j.fills[1].is_maker);
    assert_int_equal(j.positions[0].exit_reason, EXIT_TAKE_PROFIT);
    assert_int_equal(j.positions[0].candles_held, 0);
    memory_journal_release(&j);
}

/* One candle touches stop and target: the stop comes first. */
static void test_stop_before_target(void **state)
{
    struct memory_journal j;

    (void)state;
    play(HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.6,104,99.5,100.2")
             ROW(60, "100.2,100.3,100,100.1") ROW(90, "100.1,100.3,100,100.1"),
         &j);
    assert_int_equal(j.fill_count, 2);
    assert_price(j.fills[1].price, "99.61"); /* 99.66 less 5 bps = 99.61017, against us */
    assert_int_equal(j.positions[0].exit_reason, EXIT_STOP_LOSS);
    memory_journal_release(&j);
}

/* A close below 99.9 sells at the next open; that candle's low under the stop comes too late. */
static void test_signal_exit_is_not_preempted(void **state)
{
    struct memory_journal j;

    (void)state;
    play(HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.6,101,99.7,99.8")
             ROW(60, "99.9,100,90,91") ROW(90, "91,92,90,91"),
         &j);
    assert_int_equal(j.fill_count, 2);
    assert_price(j.fills[1].price, "99.85"); /* 99.90 less 5 bps = 99.85005 */
    assert_int_equal(j.positions[0].exit_reason, EXIT_SIGNAL);
    memory_journal_release(&j);
}

/* The open is 2 % above the decision price, the tolerance 1 %: no fill, the order expires. */
static void test_slippage_tolerance(void **state)
{
    struct memory_journal j;

    (void)state;
    play(HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "102.6,103,100,100.2")
             ROW(60, "100.2,100.3,100,100.1") ROW(90, "100.1,100.3,100,100.1"),
         &j);
    assert_int_equal(j.fill_count, 0);
    assert_int_equal(j.orders[0].status, ORDER_EXPIRED);
    assert_string_equal(j.orders[0].reason, "slippage_tolerance");
    assert_money(j.account.cash, "10000");
    memory_journal_release(&j);
}

/* The last candle decides nothing, because there is no open to trade at. */
static void test_last_candle_decides_nothing(void **state)
{
    struct memory_journal j;

    (void)state;
    play(HEADER ROW(00, "100,100.3,99.5,100.1") ROW(30, "100.1,100.3,100,100.1")
             ROW(60, "100.2,100.9,100,100.8"),
         &j);
    assert_int_equal(j.signal_count, 0);
    assert_int_equal(j.order_count, 0);
    memory_journal_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gap_through_the_stop),
        cmocka_unit_test(test_target_in_the_entry_candle),
        cmocka_unit_test(test_stop_before_target),
        cmocka_unit_test(test_signal_exit_is_not_preempted),
        cmocka_unit_test(test_slippage_tolerance),
        cmocka_unit_test(test_last_candle_decides_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
