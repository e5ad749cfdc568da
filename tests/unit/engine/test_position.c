/* SPDX-License-Identifier: Apache-2.0 */
/* Positions: exact shares of cost and fees, refused fills, trailing stops. */
#include "tests/support/amounts.h"
#include "tests/support/check.h"

#include "core/jwriter.h"
#include "engine/position.h"

enum {
    MONEY_SCALE = 8
};

#define assert_money(m, text)           \
    do {                                \
        char is_[AMOUNT_TEXT_MAX];      \
                                        \
        money_print(m, is_);            \
        assert_string_equal(is_, text); \
    } while (0)
#define assert_price(p, text)           \
    do {                                \
        char is_[AMOUNT_TEXT_MAX];      \
                                        \
        price_print(p, is_);            \
        assert_string_equal(is_, text); \
    } while (0)

static struct position position_of(enum direction d)
{
    return (struct position){.id = 4, .symbol = "BTC/USDT", .direction = d, .closed_us = TIME_NONE};
}

static struct fill fill_of(enum side side, const char *p, const char *s, const char *fee)
{
    struct fill f = {.symbol = "BTC/USDT", .side = side, .at_us = 77};

    f.price = price(p);
    f.size = size(s);
    f.fee = money(fee);
    assert_ok(notional_of(f.price, f.size, ROUND_HALF_EVEN, &f.notional));
    f.notional = money_to_scale(f.notional, MONEY_SCALE, ROUND_HALF_EVEN);
    return f;
}

static struct money apply(struct position *p, enum side side, const char *at, const char *s,
                          const char *fee)
{
    struct fill f = fill_of(side, at, s, fee);

    assert_ok(position_apply_fill(p, &f, EXIT_SIGNAL, MONEY_SCALE));
    assert_int_equal(f.position_id, 4);
    assert_int_equal(f.opens, (int)side == (int)p->direction);
    return f.pnl;
}

static void test_a_long_round_trip(void **state)
{
    struct position p = position_of(DIRECTION_LONG);

    (void)state;
    assert_money(apply(&p, SIDE_BUY, "100", "2", "0.2"), "0");
    assert_int_equal(p.opened_us, 77);
    assert_price(p.extreme, "100");
    assert_price(p.worst, "100");
    assert_price(position_entry_price(&p), "100");
    assert_price(position_exit_price(&p), "0");
    /* Half: 55 - 50 each, less 0.055 and half of 0.2. */
    assert_money(apply(&p, SIDE_SELL, "110", "1", "0.11"), "9.79");
    assert_int_equal(p.status, POSITION_OPEN);
    assert_money(p.cost_left, "100");
    assert_money(apply(&p, SIDE_SELL, "90", "1", "0.09"), "-10.19");
    assert_int_equal(p.status, POSITION_CLOSED);
    assert_int_equal(p.closed_us, 77);
    assert_int_equal(p.exit_reason, EXIT_SIGNAL);
    assert_money(p.realized_pnl, "-0.4");
    assert_money(p.cost_left, "0");
    assert_money(p.entry_fee_left, "0");
    assert_price(position_exit_price(&p), "100");
}

static void test_a_short_gains_when_the_price_falls(void **state)
{
    struct position p = position_of(DIRECTION_SHORT);
    struct money open;

    (void)state;
    apply(&p, SIDE_SELL, "100", "2", "0.2");
    p.mark = price("95");
    assert_ok(position_unrealized(&p, &open));
    assert_money(open, "10");
    assert_money(apply(&p, SIDE_BUY, "90", "2", "0.18"), "19.62");
    assert_int_equal(p.status, POSITION_CLOSED);
}

static void test_scaling_in_averages(void **state)
{
    struct position p = position_of(DIRECTION_LONG);
    struct money open;

    (void)state;
    apply(&p, SIDE_BUY, "100", "1", "0.1");
    apply(&p, SIDE_BUY, "110", "2", "0.2");
    assert_price(position_entry_price(&p), "106.666666666667");
    assert_price(p.extreme, "100");
    assert_price(p.mark, "110");
    assert_ok(position_unrealized(&p, &open));
    assert_money(open, "10");
    assert_money(apply(&p, SIDE_SELL, "110", "1", "0"), "3.23333333");
    assert_money(apply(&p, SIDE_SELL, "110", "1", "0"), "3.23333334");
    assert_money(apply(&p, SIDE_SELL, "110", "1", "0"), "3.23333333");
    assert_money(p.realized_pnl, "9.7");
}

static void test_shares_round_once_to_even(void **state)
{
    struct position p = position_of(DIRECTION_LONG);
    struct fill f;

    (void)state;
    apply(&p, SIDE_BUY, "1", "2", "0.00000003");
    f = fill_of(SIDE_SELL, "1", "1", "0");
    assert_ok(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE));
    assert_money(f.pnl, "-0.00000002");
    assert_money(p.entry_fee_left, "0.00000001");
    /* 0.00000002 * 0.25000001 is a little more than half a step; rounded to twelve decimals first
     * it would be a tie and fall to zero. */
    p = position_of(DIRECTION_LONG);
    apply(&p, SIDE_BUY, "1", "1", "0.00000002");
    f = fill_of(SIDE_SELL, "1", "0.25000001", "0");
    assert_ok(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE));
    assert_money(f.pnl, "-0.00000001");
    /* And a little less than half stays below. */
    p = position_of(DIRECTION_LONG);
    apply(&p, SIDE_BUY, "1", "1", "0.00000002");
    f = fill_of(SIDE_SELL, "1", "0.24999999", "0");
    assert_ok(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE));
    assert_money(f.pnl, "0");
}

static void test_a_refused_fill_changes_nothing(void **state)
{
    struct position p = position_of(DIRECTION_LONG), before;
    struct fill f;

    (void)state;
    memset(&before, 0, sizeof before);
    apply(&p, SIDE_BUY, "100", "1", "0.1");
    memcpy(&before, &p, sizeof p);
    f = fill_of(SIDE_SELL, "100", "1.00001", "0");
    assert_err(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE), ERR_CONFLICT);
    f = fill_of(SIDE_SELL, "100", "1", "0");
    f.size = SIZE_ZERO;
    assert_err(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE), ERR_INVALID);
    f = fill_of(SIDE_SELL, "100", "1", "0");
    f.price = PRICE_ZERO;
    assert_err(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE), ERR_INVALID);
    f = fill_of(SIDE_BUY, "100", "1", "0");
    f.notional = money("99999999999999999999999999");
    assert_err(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE), ERR_OVERFLOW);
    assert_int_equal(f.position_id, 0);
    assert_memory_equal(&p, &before, sizeof p);
    f = fill_of(SIDE_SELL, "100", "0.5", "0");
    f.notional = money("60000000000000000000000000");
    assert_ok(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE));
    memcpy(&before, &p, sizeof p);
    f.position_id = 0;
    assert_err(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE), ERR_OVERFLOW);
    assert_int_equal(f.position_id, 0);
    assert_memory_equal(&p, &before, sizeof p);
    apply(&p, SIDE_SELL, "100", "0.5", "0");
    f = fill_of(SIDE_BUY, "100", "1", "0");
    assert_err(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE), ERR_CONFLICT);
}

static struct fill random_fill(struct check_random *r, const struct position *p, bool opens)
{
    bool is_buy = opens == (p->direction == DIRECTION_LONG);
    struct fill f = {.symbol = "BTC/USDT", .side = is_buy ? SIDE_BUY : SIDE_SELL, .at_us = 1};

    f.price.e12 = (i128)(1 + check_random_next(r) % 9999999) * 10000000000;
    f.size.e12 = (i128)(1 + check_random_next(r) % 999999) * 10000000;
    if (!opens && (size_cmp(f.size, p->size) > 0 || check_random_next(r) % 4 == 0))
        f.size = p->size;
    f.fee.e12 = (i128)(check_random_next(r) % 100000) * 10000;
    if (check_random_next(r) % 8 == 0)
        f.fee.e12 = -f.fee.e12; /* a rebate */
    assert_ok(notional_of(f.price, f.size, ROUND_HALF_EVEN, &f.notional));
    f.notional = money_to_scale(f.notional, MONEY_SCALE, ROUND_HALF_EVEN);
    return f;
}

/* sum of pnl = direction * (exit - entry) - fees, to the last digit, in whatever order. */
static void test_random_round_trips_are_exact(void **state)
{
    struct check_random r = {20240115};

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct position p = position_of(round % 2 ? DIRECTION_LONG : DIRECTION_SHORT);
        i128 pnl = 0, sizes = 0, gain;

        for (int step = 0; p.status == POSITION_OPEN; step++) {
            bool opens = size_sign(p.size) == 0 || (step < 12 && check_random_next(&r) % 3 == 0);
            struct fill f = random_fill(&r, &p, opens);

            assert_ok(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE));
            pnl += f.pnl.e12;
            sizes += opens ? f.size.e12 : -f.size.e12;
            assert_true(f.pnl.e12 % 10000 == 0);
            assert_true(p.size.e12 == sizes && sizes >= 0);
            assert_true(p.cost_left.e12 >= 0);
            assert_true(p.cost_left.e12 <= p.entry_notional.e12);
        }
        gain = p.exit_notional.e12 - p.entry_notional.e12;
        gain = p.direction == DIRECTION_LONG ? gain : -gain;
        assert_true(pnl == gain - p.entry_fee.e12 - p.exit_fee.e12);
        assert_true(pnl == p.realized_pnl.e12);
        assert_true(p.cost_left.e12 == 0 && p.entry_fee_left.e12 == 0 && p.size.e12 == 0);
        assert_true(p.entry_size.e12 == p.exit_size.e12);
    }
}

static void test_a_fine_fee_is_not_shared_beyond_itself(void **state)
{
    struct position p = position_of(DIRECTION_LONG);

    (void)state;
    apply(&p, SIDE_BUY, "1", "1", "0.000000006");
    apply(&p, SIDE_SELL, "1", "0.9", "0");
    assert_money(p.entry_fee_left, "0");
    apply(&p, SIDE_SELL, "1", "0.1", "0");
    assert_money(p.realized_pnl, "-0.000000006");
    /* The last fill takes what is left, finer than the scale or not. */
    p = position_of(DIRECTION_LONG);
    apply(&p, SIDE_BUY, "1", "1", "0.000000014");
    assert_money(apply(&p, SIDE_SELL, "1", "0.5", "0"), "-0.00000001");
    assert_money(apply(&p, SIDE_SELL, "1", "0.5", "0"), "-0.000000004");
    assert_money(p.entry_fee_left, "0");
}

static void test_candles_move_the_extremes(void **state)
{
    struct position p = position_of(DIRECTION_LONG);

    (void)state;
    apply(&p, SIDE_BUY, "100", "1", "0");
    position_pass_candle(&p, price("104"), price("99"), price("103"));
    position_pass_candle(&p, price("102"), price("98"), price("101"));
    assert_int_equal(p.candles_held, 2);
    assert_price(p.extreme, "104");
    assert_price(p.worst, "98");
    assert_price(p.mark, "101");
    p = position_of(DIRECTION_SHORT);
    apply(&p, SIDE_SELL, "100", "1", "0");
    position_pass_candle(&p, price("104"), price("99"), price("103"));
    assert_price(p.extreme, "99");
    assert_price(p.worst, "104");
}

static void test_a_long_trails_upwards_only(void **state)
{
    struct position p = position_of(DIRECTION_LONG);
    struct ratio distance = ratio("0.02"), activation = ratio("0.03");
    struct price tick = price("0.1"), level = price("1");

    (void)state;
    apply(&p, SIDE_BUY, "100", "1", "0");
    p.stop_loss = price("95");
    position_pass_candle(&p, price("102.9"), price("99"), price("102"));
    assert_false(position_trail(&p, distance, activation, tick, &level));
    assert_price(level, "1");
    assert_price(position_stop_level(&p), "95");
    position_pass_candle(&p, price("103"), price("99"), price("102"));
    assert_true(position_trail(&p, distance, activation, tick, &level));
    assert_price(level, "101"); /* 100.94, up: nearer to the market */
    p.trailing_stop = level;
    assert_price(position_stop_level(&p), "101");
    position_pass_candle(&p, price("103"), price("101.5"), price("102"));
    assert_false(position_trail(&p, distance, activation, tick, &level));
    position_pass_candle(&p, price("110"), price("102"), price("109"));
    assert_true(position_trail(&p, distance, activation, tick, &level));
    assert_price(level, "107.8");
    p.status = POSITION_CLOSED;
    p.trailing_stop = PRICE_ZERO;
    assert_false(position_trail(&p, distance, activation, tick, &level));
}

static void test_the_level_stays_beside_the_close(void **state)
{
    struct position p = position_of(DIRECTION_LONG);
    struct price tick = price("0.1"), level;

    (void)state;
    apply(&p, SIDE_BUY, "100", "1", "0");
    position_pass_candle(&p, price("110"), price("99"), price("101"));
    assert_true(position_trail(&p, ratio("0.02"), ratio("0"), tick, &level));
    assert_price(level, "100.9");
    p.mark = price("101.05"); /* a mark between two ticks */
    assert_true(position_trail(&p, ratio("0.02"), ratio("0"), tick, &level));
    assert_price(level, "101");
    /* Never looser than the stop loss that stands. */
    p.stop_loss = price("101");
    assert_false(position_trail(&p, ratio("0.02"), ratio("0"), tick, &level));
}

static void test_a_short_trails_downwards(void **state)
{
    struct position p = position_of(DIRECTION_SHORT);
    struct price tick = price("0.1"), level;

    (void)state;
    apply(&p, SIDE_SELL, "100", "1", "0");
    p.stop_loss = price("105");
    position_pass_candle(&p, price("101"), price("97.1"), price("98"));
    assert_false(position_trail(&p, ratio("0.02"), ratio("0.03"), tick, &level));
    position_pass_candle(&p, price("101"), price("96.9"), price("97"));
    assert_true(position_trail(&p, ratio("0.02"), ratio("0.03"), tick, &level));
    assert_price(level, "98.8"); /* 98.838, down: nearer to the market */
    p.trailing_stop = level;
    assert_false(position_trail(&p, ratio("0.02"), ratio("0.03"), tick, &level));
    position_pass_candle(&p, price("97"), price("90"), price("95"));
    assert_true(position_trail(&p, ratio("0.02"), ratio("0.03"), tick, &level));
    assert_price(level, "95.1"); /* 91.8 lies below the close */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_round_trip),
        cmocka_unit_test(test_a_short_gains_when_the_price_falls),
        cmocka_unit_test(test_scaling_in_averages),
        cmocka_unit_test(test_shares_round_once_to_even),
        cmocka_unit_test(test_a_refused_fill_changes_nothing),
        cmocka_unit_test(test_random_round_trips_are_exact),
        cmocka_unit_test(test_a_fine_fee_is_not_shared_beyond_itself),
        cmocka_unit_test(test_candles_move_the_extremes),
        cmocka_unit_test(test_a_long_trails_upwards_only),
        cmocka_unit_test(test_the_level_stays_beside_the_close),
        cmocka_unit_test(test_a_short_trails_downwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
