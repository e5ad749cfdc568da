/* SPDX-License-Identifier: Apache-2.0 */
/* Order life cycle, the words of orders and signals. */
#include "tests/support/check.h"

#include "core/jwriter.h"
#include "engine/account.h"
#include "engine/order.h"

static void test_moves_are_the_diagram(void **state)
{
    static const char *const allowed[ORDER_STATUS_COUNT_] = {
        /* in the enum's order: new, submitted, accepted, partially filled, filled, ... */
        [ORDER_NEW] = ".s...c..u.",      [ORDER_SUBMITTED] = "..apfcreu.",
        [ORDER_ACCEPTED] = "...pfcre..", [ORDER_PARTIALLY_FILLED] = "...pfc.e..",
        [ORDER_FILLED] = "..........",   [ORDER_CANCELED] = "..........",
        [ORDER_REJECTED] = "..........", [ORDER_EXPIRED] = "..........",
        [ORDER_UNKNOWN] = "..apfcre.A",  [ORDER_ABSENT] = "..........",
    };

    (void)state;
    for (int from = 0; from < ORDER_STATUS_COUNT_; from++)
        for (int to = 0; to < ORDER_STATUS_COUNT_; to++)
            assert_int_equal(order_may_move((enum order_status)from, (enum order_status)to),
                             allowed[from][to] != '.');
}

static void test_nothing_leaves_a_final_status(void **state)
{
    (void)state;
    for (int from = 0; from < ORDER_STATUS_COUNT_; from++) {
        if (!order_is_final((enum order_status)from))
            continue;
        for (int to = 0; to < ORDER_STATUS_COUNT_; to++)
            assert_false(order_may_move((enum order_status)from, (enum order_status)to));
    }
}

static struct order new_order(void)
{
    return (struct order){.status = ORDER_NEW,
                          .submitted_us = TIME_NONE,
                          .filled_us = TIME_NONE,
                          .ended_us = TIME_NONE,
                          .size = {10},
                          .filled = {4}};
}

static void test_moves_stamp_times(void **state)
{
    struct order o = new_order();

    (void)state;
    assert_int_equal((int64_t)order_left(&o).e12, 6);
    order_move(&o, ORDER_SUBMITTED, 10);
    assert_int_equal(o.submitted_us, 10);
    order_move(&o, ORDER_ACCEPTED, 11);
    order_move(&o, ORDER_PARTIALLY_FILLED, 12);
    order_move(&o, ORDER_PARTIALLY_FILLED, 13);
    assert_int_equal(o.submitted_us, 10);
    assert_int_equal(o.updated_us, 13);
    assert_int_equal(o.filled_us, TIME_NONE);
    assert_int_equal(o.ended_us, TIME_NONE);
    order_move(&o, ORDER_FILLED, 14);
    assert_int_equal(o.filled_us, 14);
    assert_int_equal(o.ended_us, 14);
}

static void test_an_end_without_fill_is_no_fill_time(void **state)
{
    struct order o = new_order();

    (void)state;
    order_move(&o, ORDER_CANCELED, 5);
    assert_int_equal(o.submitted_us, TIME_NONE);
    assert_int_equal(o.filled_us, TIME_NONE);
    assert_int_equal(o.ended_us, 5);
    assert_int_equal(o.updated_us, 5);
}

static void move_back(void *context)
{
    order_move(context, ORDER_NEW, 20);
}

static void test_a_forbidden_move_aborts(void **state)
{
    struct order o = new_order();

    (void)state;
    order_move(&o, ORDER_SUBMITTED, 10);
    assert_true(check_aborts(move_back, &o));
}

#define CHECK_WORDS(type, count)                                             \
    do {                                                                     \
        for (int i_ = 0; i_ < (count); i_++) {                               \
            enum type back_ = (enum type)((count)-1 - i_);                   \
                                                                             \
            assert_true(type##_of_name(type##_name((enum type)i_), &back_)); \
            assert_int_equal((int)back_, i_);                                \
            assert_false(type##_of_name("no such word", &back_));            \
            assert_int_equal((int)back_, i_);                                \
        }                                                                    \
    } while (0)

static void test_words_go_there_and_back(void **state)
{
    enum side side = SIDE_BUY;

    (void)state;
    CHECK_WORDS(order_status, ORDER_STATUS_COUNT_);
    CHECK_WORDS(order_type, ORDER_TYPE_COUNT_);
    CHECK_WORDS(order_purpose, PURPOSE_COUNT_);
    CHECK_WORDS(exit_reason, EXIT_REASON_COUNT_);
    assert_true(side_of_name("sell", &side));
    assert_int_equal(side, SIDE_SELL);
    assert_true(side_of_name("buy", &side));
    assert_int_equal(side, SIDE_BUY);
    assert_false(side_of_name("BUY", &side));
    assert_string_equal(side_name(SIDE_SELL), "sell");
    assert_string_equal(exit_reason_name(EXIT_NONE), "");
    assert_string_equal(exit_reason_name(EXIT_SIGNAL), "signal_exit");
    assert_string_equal(signal_action_name(SIGNAL_EXIT), "exit");
    assert_string_equal(signal_decision_name(SIGNAL_DENIED), "denied");
    assert_string_equal(trading_mode_name(MODE_BACKTEST), "backtest");
}

static void test_every_denial_has_its_own_word(void **state)
{
    (void)state;
    for (int i = 0; i < DENIED_COUNT_; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(denial_name(i), denial_name(j));
    assert_string_equal(denial_name(__builtin_ctz(DENIED_CONFIDENCE)), "confidence_too_low");
    assert_string_equal(denial_name(__builtin_ctz(DENIED_NO_STOP_LOSS)), "no_stop_loss");
    assert_string_equal(denial_name(__builtin_ctz(DENIED_MIN_NOTIONAL)), "min_notional");
    assert_string_equal(denial_name(__builtin_ctz(DENIED_OVERFLOW)), "overflow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves_are_the_diagram),
        cmocka_unit_test(test_nothing_leaves_a_final_status),
        cmocka_unit_test(test_moves_stamp_times),
        cmocka_unit_test(test_an_end_without_fill_is_no_fill_time),
        cmocka_unit_test(test_a_forbidden_move_aborts),
        cmocka_unit_test(test_words_go_there_and_back),
        cmocka_unit_test(test_every_denial_has_its_own_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
