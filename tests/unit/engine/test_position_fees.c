/* SPDX-License-Identifier: Apache-2.0 */
/* Positions whose fees are taken from what is held: exact results, and the dust they leave. */
#include "tests/support/amounts.h"
#include "tests/support/check.h"

#include "engine/cash_move.h"

enum {
    MONEY_SCALE = 8
};

static struct instrument spot(const char *lot)
{
    struct instrument i;

    assert_ok(instrument_init(&i, "BTC/USDT", price("0.01"), size(lot), money("5")));
    return i;
}

static struct position position_of(enum direction d)
{
    return (struct position){.id = 4, .symbol = "BTC/USDT", .direction = d, .closed_us = TIME_NONE};
}

/* As engine/booking.c makes one: what a base fee is worth is rounded like a notional. */
static struct fill fill_of(enum side side, struct price p, struct size s, enum fee_kind kind,
                           struct money fee)
{
    struct fill f = {.symbol = "BTC/USDT", .side = side, .at_us = 77, .price = p, .size = s};

    f.fee = fee;
    f.fee_kind = kind;
    assert_ok(notional_of(p, s, ROUND_HALF_EVEN, &f.notional));
    f.notional = money_to_scale(f.notional, MONEY_SCALE, ROUND_HALF_EVEN);
    if (kind == FEE_BASE) {
        assert_ok(notional_of(p, (struct size){fee.e12}, ROUND_HALF_EVEN, &f.fee_worth));
        f.fee_worth = money_to_scale(f.fee_worth, MONEY_SCALE, ROUND_HALF_EVEN);
    }
    return f;
}

static struct money apply(struct position *p, enum side side, const char *at, const char *s,
                          enum fee_kind kind, const char *fee)
{
    struct fill f = fill_of(side, price(at), size(s), kind, money(fee));

    assert_ok(position_apply_fill(p, &f, EXIT_SIGNAL, MONEY_SCALE));
    return f.pnl;
}

static void test_what_is_left_of_a_buy_is_sold(void **state)
{
    struct position p = position_of(DIRECTION_LONG);

    (void)state;
    assert_true(apply(&p, SIDE_BUY, "100", "1", FEE_BASE, "0.001").e12 == 0);
    assert_true(p.size.e12 == size("0.999").e12);
    assert_true(p.entry_size.e12 == size("1").e12);
    assert_true(p.fee_size.e12 == size("0.001").e12);
    assert_true(p.cost_left.e12 == money("100").e12);
    assert_true(p.entry_fee.e12 == money("0.1").e12);
    assert_true(p.entry_fee_left.e12 == 0);
    assert_true(position_entry_price(&p).e12 == price("100").e12);
    /* 109.89 for what cost 100, less 0.10989. */
    assert_true(apply(&p, SIDE_SELL, "110", "0.999", FEE_QUOTE, "0.10989").e12 ==
                money("9.78011").e12);
    assert_int_equal(p.status, POSITION_CLOSED);
    assert_true(p.realized_pnl.e12 == money("9.78011").e12);
    assert_true(p.dust.e12 == 0);
}

static void test_dust_costs_what_was_paid_for_it(void **state)
{
    const struct instrument i = spot("0.01");
    struct position p = position_of(DIRECTION_LONG);
    struct cash_move m;

    (void)state;
    apply(&p, SIDE_BUY, "100", "1", FEE_BASE, "0.001");
    assert_true(position_sellable(&p, i.lot).e12 == size("0.99").e12);
    /* 100 * 0.99 / 0.999 = 99.0990990990..; 108.9 - 99.0990991 - 0.1089 */
    assert_true(apply(&p, SIDE_SELL, "110", "0.99", FEE_QUOTE, "0.1089").e12 ==
                money("9.6920009").e12);
    assert_int_equal(p.status, POSITION_OPEN);
    assert_true(position_sellable(&p, i.lot).e12 == 0);
    assert_ok(cash_move_of_dust(&p, &i, 99, &m));
    assert_int_equal(m.kind, CASH_DUST);
    assert_true(m.amount.e12 == 0);
    assert_true(m.size.e12 == size("0.009").e12);
    assert_true(m.pnl.e12 == money("-0.9009009").e12);
    assert_string_equal(m.currency, "USDT");
    assert_int_equal(p.status, POSITION_CLOSED);
    assert_int_equal(p.closed_us, 99);
    assert_int_equal(p.exit_reason, EXIT_SIGNAL);
    assert_true(p.dust.e12 == size("0.009").e12 && p.size.e12 == 0);
    assert_true(p.realized_pnl.e12 == money("8.7911").e12); /* 108.9 - 100 - 0.1089 */
}

static void test_partial_fills_and_scaling_in(void **state)
{
    struct position p = position_of(DIRECTION_LONG);

    (void)state;
    apply(&p, SIDE_BUY, "100", "0.3", FEE_BASE, "0.0003");
    apply(&p, SIDE_BUY, "101", "0.7", FEE_BASE, "0.0007");
    apply(&p, SIDE_BUY, "110", "1", FEE_BASE, "0.001");
    assert_true(p.size.e12 == size("1.998").e12);
    assert_true(p.cost_left.e12 == money("210.7").e12);
    assert_true(position_entry_price(&p).e12 == price("105.35").e12); /* of what was bought */
    apply(&p, SIDE_SELL, "120", "0.5", FEE_QUOTE, "0.06");
    apply(&p, SIDE_SELL, "90", "1.498", FEE_QUOTE, "0.13482");
    assert_int_equal(p.status, POSITION_CLOSED);
    /* 60 + 134.82 - 210.7 - 0.19482 */
    assert_true(p.realized_pnl.e12 == money("-16.07482").e12);
}

/* A pair on the asset that fees are paid in: what is sold takes its fee from what is left. */
static void test_a_sell_may_pay_in_base_too(void **state)
{
    struct position p = position_of(DIRECTION_LONG);

    (void)state;
    apply(&p, SIDE_BUY, "100", "2", FEE_BASE, "0.0015");
    assert_true(apply(&p, SIDE_SELL, "110", "1", FEE_BASE, "0.00075").e12 ==
                money("9.84988742").e12); /* 110 - 200 * 1.00075 / 1.9985 */
    assert_true(p.size.e12 == size("0.99775").e12);
    /* All of it leaves: the fee is somebody else's. */
    apply(&p, SIDE_SELL, "110", "0.99775", FEE_BASE, "0.00075");
    assert_int_equal(p.status, POSITION_CLOSED);
    assert_true(p.fee_size.e12 == size("0.00225").e12);
    assert_true(p.exit_fee.e12 == money("0.165").e12);
    assert_true(p.realized_pnl.e12 == money("19.7525").e12); /* 219.7525 - 200 */
}

static void test_third_assets_touch_nothing(void **state)
{
    struct position p = position_of(DIRECTION_LONG);

    (void)state;
    apply(&p, SIDE_BUY, "100", "1", FEE_OTHER, "0.00013");
    assert_true(p.size.e12 == size("1").e12 && p.entry_fee.e12 == 0);
    assert_true(apply(&p, SIDE_SELL, "110", "1", FEE_OTHER, "0.00014").e12 == money("10").e12);
    assert_true(p.exit_fee.e12 == 0 && p.fee_size.e12 == 0);
}

static void test_a_fee_of_everything_is_refused(void **state)
{
    struct position p = position_of(DIRECTION_LONG);
    struct fill f = fill_of(SIDE_BUY, price("100"), size("1"), FEE_BASE, money("1"));

    (void)state;
    assert_err(position_apply_fill(&p, &f, EXIT_NONE, MONEY_SCALE), ERR_CONFLICT);
    assert_true(p.size.e12 == 0);
}

static void test_whose_fee_it_is(void **state)
{
    struct instrument i = spot("0.00001"), perpetual;

    (void)state;
    assert_ok(
        instrument_init(&perpetual, "BTC/USDT:USDT", price("0.1"), size("0.001"), money("5")));
    assert_int_equal(instrument_fee_kind(&i, "USDT"), FEE_QUOTE);
    assert_int_equal(instrument_fee_kind(&i, ""), FEE_QUOTE);
    assert_int_equal(instrument_fee_kind(&i, "BTC"), FEE_BASE);
    assert_int_equal(instrument_fee_kind(&i, "BNB"), FEE_OTHER);
    assert_int_equal(instrument_fee_kind(&perpetual, "USDT"), FEE_QUOTE);
    assert_int_equal(instrument_fee_kind(&perpetual, "BTC"), FEE_OTHER);
}

/* Whatever is paid in what: sizes and the result of a round trip to the last digit. */
static void test_random_round_trips_are_exact(void **state)
{
    const struct instrument instrument = spot("0.001");
    struct check_random r = {20260101};
    size_t dusts = 0;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        const int sign = round % 4 ? 1 : -1;
        struct position p = position_of(sign > 0 ? DIRECTION_LONG : DIRECTION_SHORT);
        i128 held = 0, pnl = 0, cash_fees = 0, worth = 0;

        for (int step = 0; p.status == POSITION_OPEN; step++) {
            bool opens = p.size.e12 == 0 || (step < 9 && check_random_next(&r) % 3 == 0);
            struct size most = position_sellable(&p, instrument.lot);
            struct size s = {(i128)(1 + check_random_next(&r) % 5000) * instrument.lot.e12};
            struct price at = {(i128)(1 + check_random_next(&r) % 9999999) * 10000000000};
            enum fee_kind kind = (enum fee_kind)(check_random_next(&r) % 3);
            struct money fee = {(i128)(check_random_next(&r) % 100000) * 10000};
            struct cash_move m;
            struct fill f;

            if (!opens && most.e12 == 0) {
                assert_ok(cash_move_of_dust(&p, &instrument, 1, &m));
                assert_true(m.size.e12 == sign * held);
                held = 0;
                pnl += m.pnl.e12;
                dusts++;
                break;
            }
            if (!opens && (size_cmp(s, most) > 0 || step > 20))
                s = most;
            f = fill_of(opens == (sign > 0) ? SIDE_BUY : SIDE_SELL, at, s, kind, fee);
            assert_ok(position_apply_fill(&p, &f, EXIT_SIGNAL, MONEY_SCALE));
            held += (int)f.side * s.e12;
            /* A long's last sale cannot pay in what is not there any more. */
            if (kind == FEE_BASE && !(sign > 0 && !opens && held < fee.e12))
                held -= fee.e12;
            else if (kind == FEE_BASE)
                held = 0;
            pnl += f.pnl.e12;
            cash_fees += kind == FEE_QUOTE ? fee.e12 : 0;
            worth += fill_fee_value(&f).e12;
            assert_true(p.size.e12 == sign * held);
            assert_true(p.size.e12 == p.entry_size.e12 - p.exit_size.e12 - p.fee_size.e12);
        }
        assert_true(held == 0);
        assert_true(pnl == p.realized_pnl.e12);
        assert_true(pnl == sign * (p.exit_notional.e12 - p.entry_notional.e12) - cash_fees);
        assert_true(worth == p.entry_fee.e12 + p.exit_fee.e12);
        assert_true(p.cost_left.e12 == 0 && p.entry_fee_left.e12 == 0 && p.size.e12 == 0);
        assert_true(p.entry_size.e12 - p.exit_size.e12 == p.fee_size.e12 + p.dust.e12);
    }
    assert_true(dusts > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left_of_a_buy_is_sold),
        cmocka_unit_test(test_dust_costs_what_was_paid_for_it),
        cmocka_unit_test(test_partial_fills_and_scaling_in),
        cmocka_unit_test(test_a_sell_may_pay_in_base_too),
        cmocka_unit_test(test_third_assets_touch_nothing),
        cmocka_unit_test(test_a_fee_of_everything_is_refused),
        cmocka_unit_test(test_whose_fee_it_is),
        cmocka_unit_test(test_random_round_trips_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
