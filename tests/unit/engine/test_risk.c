/* SPDX-License-Identifier: Apache-2.0 */
/* The risk check: sizing, limits that make smaller, and every denial. */
#include "tests/support/amounts.h"
#include "tests/support/check.h"

#include "engine/risk.h"
#include "engine/signal.h"

/* One question, with everything allowed until a test changes it. */
struct question {
    struct instrument instrument;
    struct risk_limits limits;
    struct risk_view view;
    struct risk_request request;
};

static void question_init(struct question *q)
{
    *q = (struct question){
        .limits = {.min_confidence = ratio("0.5"),
                   .max_position_ratio = ratio("1"),
                   .max_exposure_ratio = ratio("1"),
                   .max_open_positions = 10,
                   .stop_loss_required = true},
        .view = {.equity = money("10000"),
                 .equity_peak = money("10000"),
                 .cash_free = money("10000")},
        .request = {.direction = DIRECTION_LONG,
                    .confidence = ratio("1"),
                    .confidence_known = true,
                    .price = price("100"),
                    .stop_loss = price("95"),
                    .sizing = {.kind = SIZING_EQUITY_PCT, .value = ratio("0.1")}},
    };
    assert_ok(
        instrument_init(&q->instrument, "BTC/USDT", price("0.01"), size("0.001"), money("10")));
}

static struct risk_verdict ask(struct question *q)
{
    struct risk_verdict v;

    q->request.instrument = &q->instrument;
    memset(&v, 0xEE, sizeof v);
    risk_check(&q->limits, &q->view, &q->request, &v);
    assert_int_equal(v.approved, v.denials == 0);
    if (!v.approved) {
        assert_int_equal(size_sign(v.size), 0);
        assert_int_equal(money_sign(v.notional), 0);
        assert_false(v.adjusted);
    }
    return v;
}

static void check_approved(struct question *q, const char *wanted, bool adjusted)
{
    struct risk_verdict v = ask(q);
    char text[AMOUNT_TEXT_MAX];

    assert_int_equal(v.denials, 0);
    size_print(v.size, text);
    assert_string_equal(text, wanted);
    assert_int_equal(v.adjusted, adjusted);
}

static void check_denied(struct question *q, unsigned denials)
{
    assert_int_equal(ask(q).denials, denials);
}

static void test_sizing(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    check_approved(&q, "10", false); /* 10 % of 10000 at 100 */
    assert_int_equal(money_cmp(ask(&q).notional, money("1000")), 0);
    q.request.sizing = (struct sizing){.kind = SIZING_FIXED_BASE, .value = ratio("1.23456")};
    check_approved(&q, "1.234", false);
    q.request.sizing = (struct sizing){.kind = SIZING_FIXED_QUOTE, .value = ratio("333.33")};
    check_approved(&q, "3.333", false);
    q.request.sizing = (struct sizing){.kind = SIZING_RISK_PCT, .value = ratio("0.01")};
    check_approved(&q, "20", false); /* 100 may be lost, 5 each */
    q.request.sizing.max_quote = money("500");
    check_approved(&q, "5", false); /* part of the sizing: asked for 5 */
    q.request.stop_loss = price("99.9");
    q.request.sizing.max_quote = MONEY_ZERO;
    check_approved(&q, "100", true); /* asked for 1000: all cash */
    assert_int_equal(size_cmp(ask(&q).asked, size("1000")), 0);
}

static void test_a_short_by_risk(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.instrument.is_spot = false;
    q.request.direction = DIRECTION_SHORT;
    q.request.stop_loss = price("104");
    q.request.sizing = (struct sizing){.kind = SIZING_RISK_PCT, .value = ratio("0.01")};
    check_approved(&q, "25", false);
    q.instrument.is_spot = true;
    check_denied(&q, DENIED_SHORT_ON_SPOT);
}

static void test_sizes_round_down_to_the_lot(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.instrument.lot = size("0.3");
    q.request.sizing = (struct sizing){.kind = SIZING_FIXED_QUOTE, .value = ratio("299.99")};
    check_approved(&q, "2.7", false);
}

static void test_limits_make_smaller(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.limits.max_order_notional = money("555.5");
    check_approved(&q, "5.555", true);
    question_init(&q);
    q.limits.max_position_ratio = ratio("0.08");
    check_approved(&q, "8", true);
    q.view.symbol_exposure = money("500");
    check_approved(&q, "3", true);
    question_init(&q);
    q.view.exposure = money("9500");
    check_approved(&q, "5", true);
    question_init(&q);
    q.view.cash_free = money("500");
    check_approved(&q, "5", true);
    q.limits.fee_rate = ratio("0.001");
    q.limits.cash_reserve = ratio("0.0105");
    check_approved(&q, "4.943", true); /* 500 / 1.0115 = 494.31... */
    question_init(&q);
    q.limits.max_order_notional = money("1000"); /* exactly what is asked */
    check_approved(&q, "10", false);
}

static void test_a_limit_that_leaves_nothing_is_told(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.view.cash_free = money("9.99");
    check_denied(&q, DENIED_INSUFFICIENT_CASH | DENIED_MIN_NOTIONAL);
    q.view.cash_free = money("10");
    check_approved(&q, "0.1", true);
    q.view.cash_free = money("-3");
    check_denied(&q, DENIED_INSUFFICIENT_CASH | DENIED_MIN_NOTIONAL);
    question_init(&q);
    q.view.exposure = money("10000");
    check_denied(&q, DENIED_MAX_EXPOSURE | DENIED_MIN_NOTIONAL);
    question_init(&q);
    q.view.symbol_exposure = money("9995");
    check_denied(&q, DENIED_MAX_EXPOSURE | DENIED_MIN_NOTIONAL);
    question_init(&q);
    q.limits.max_order_notional = money("9");
    check_denied(&q, DENIED_MIN_NOTIONAL);
    question_init(&q);
    q.request.sizing.value = ratio("0.0009");
    check_denied(&q, DENIED_MIN_NOTIONAL);
    question_init(&q);
    q.request.sizing = (struct sizing){.kind = SIZING_FIXED_BASE, .value = ratio("0.0009")};
    q.instrument.min_notional = MONEY_ZERO;
    check_denied(&q, DENIED_MIN_NOTIONAL); /* less than a lot */
    q.request.sizing.value = ratio("-1");
    check_denied(&q, DENIED_MIN_NOTIONAL);
}

static void test_confidence_must_pass_both(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.request.confidence = ratio("0.5");
    check_denied(&q, DENIED_CONFIDENCE); /* equal is not more */
    q.request.confidence = ratio("0.500001");
    check_approved(&q, "10", false);
    q.request.strategy_min_confidence = ratio("0.7");
    check_denied(&q, DENIED_CONFIDENCE);
    q.request.confidence = ratio("0.7");
    check_denied(&q, DENIED_CONFIDENCE);
    q.request.confidence = ratio("0.8");
    check_approved(&q, "10", false);
    q.request.confidence_known = false;
    check_denied(&q, DENIED_CONFIDENCE);
}

static void test_stop_losses(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.request.stop_loss = PRICE_ZERO;
    check_denied(&q, DENIED_NO_STOP_LOSS);
    q.limits.stop_loss_required = false;
    check_approved(&q, "10", false);
    q.request.stop_loss = price("100"); /* on the wrong side, or no side */
    check_denied(&q, DENIED_NO_STOP_LOSS);
    q.request.stop_loss = PRICE_ZERO;
    q.request.sizing = (struct sizing){.kind = SIZING_RISK_PCT, .value = ratio("0.01")};
    check_denied(&q, DENIED_NO_STOP_LOSS | DENIED_MIN_NOTIONAL);
}

static void test_state_denials(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.view.paused = true;
    check_denied(&q, DENIED_PAUSED);
    question_init(&q);
    q.view.candle_is_synthetic = true;
    check_denied(&q, DENIED_CANDLE_GAP);
    question_init(&q);
    q.view.opposite_open = true;
    check_denied(&q, DENIED_OPPOSITE_POSITION);
    question_init(&q);
    q.view.open_positions = 9;
    check_approved(&q, "10", false);
    q.view.open_positions = 10;
    check_denied(&q, DENIED_MAX_OPEN_POSITIONS);
}

static void test_drawdown(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.view.equity_peak = money("12500");
    check_approved(&q, "10", false); /* off */
    q.limits.max_drawdown = ratio("0.2");
    check_denied(&q, DENIED_MAX_DRAWDOWN); /* exactly 20 % */
    q.view.equity_peak = money("12499.99");
    check_approved(&q, "10", false);
    q.view.equity_peak = money("9000");
    check_approved(&q, "10", false);
}

static void test_all_reasons_at_once(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.request.direction = DIRECTION_SHORT;
    q.request.stop_loss = PRICE_ZERO;
    q.request.confidence = ratio("0.1");
    q.limits.max_drawdown = ratio("0.1");
    q.view = (struct risk_view){.paused = true,
                                .candle_is_synthetic = true,
                                .opposite_open = true,
                                .open_positions = 99,
                                .equity = money("1000"),
                                .equity_peak = money("10000"),
                                .exposure = money("5000"),
                                .symbol_exposure = money("5000")};
    check_denied(&q, DENIED_OVERFLOW - 1);
}

static void test_overflow_is_a_denial(void **state)
{
    struct question q;

    (void)state;
    question_init(&q);
    q.request.price = PRICE_ZERO;
    q.request.stop_loss = PRICE_ZERO;
    check_denied(&q, DENIED_NO_STOP_LOSS | DENIED_OVERFLOW);
    question_init(&q);
    q.request.price = price("0.000000000001");
    q.request.stop_loss = PRICE_ZERO;
    q.limits.stop_loss_required = false;
    q.view.equity = q.view.cash_free = money("99999999999999999999999999");
    assert_true(ask(&q).denials & DENIED_OVERFLOW);
    question_init(&q);
    q.view.equity = money("99999999999999999999999999");
    q.limits.max_position_ratio = ratio("10");
    check_denied(&q, DENIED_OVERFLOW);
}

/* Whatever is approved keeps every limit, is a multiple of the lot and not more than was asked. */
static void test_random_approvals_keep_the_limits(void **state)
{
    struct check_random r = {7};
    int approved = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct question q;
        struct risk_verdict v;
        struct money notional, allowed, cost;
        struct ratio factor;

        question_init(&q);
        q.request.price.e12 = (i128)(1 + check_random_next(&r) % 10000000) * 10000000000;
        q.request.stop_loss.e12 =
            q.request.price.e12 * (50 + (int)(check_random_next(&r) % 49)) / 100;
        q.request.sizing.kind = (enum sizing_kind)(check_random_next(&r) % 4);
        q.request.sizing.value.e12 = (i128)(check_random_next(&r) % 1000000000) * 1000;
        if (q.request.sizing.kind == SIZING_FIXED_QUOTE)
            q.request.sizing.value.e12 *= 10000;
        q.view.cash_free.e12 = (i128)(check_random_next(&r) % 1000000) * INT64_C(10000000000);
        q.view.exposure.e12 = (i128)(check_random_next(&r) % 1000000) * INT64_C(10000000000);
        q.limits.fee_rate = ratio("0.001");
        q.limits.cash_reserve = ratio("0.0105");
        q.limits.max_order_notional.e12 = (i128)(check_random_next(&r) % 5000) * 1000000000000;
        v = ask(&q);
        if (!v.approved)
            continue;
        approved++;
        assert_true(size_sign(v.size) > 0 && v.size.e12 % q.instrument.lot.e12 == 0);
        assert_true(size_cmp(v.size, v.asked) <= 0);
        assert_int_equal(v.adjusted, size_cmp(v.size, v.asked) < 0);
        assert_ok(notional_of(q.request.price, v.size, ROUND_UP, &notional));
        assert_true(money_cmp(notional, q.instrument.min_notional) >= 0);
        assert_ok(money_sub(q.view.equity, q.view.exposure, &allowed));
        assert_true(money_cmp(notional, allowed) <= 0);
        if (money_sign(q.limits.max_order_notional) > 0)
            assert_true(money_cmp(notional, q.limits.max_order_notional) <= 0);
        factor = ratio("1.0115");
        assert_ok(money_times(notional, factor, ROUND_DOWN, &cost));
        assert_true(money_cmp(cost, q.view.cash_free) <= 0);
    }
    assert_true(approved > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizing),
        cmocka_unit_test(test_a_short_by_risk),
        cmocka_unit_test(test_sizes_round_down_to_the_lot),
        cmocka_unit_test(test_limits_make_smaller),
        cmocka_unit_test(test_a_limit_that_leaves_nothing_is_told),
        cmocka_unit_test(test_confidence_must_pass_both),
        cmocka_unit_test(test_stop_losses),
        cmocka_unit_test(test_state_denials),
        cmocka_unit_test(test_drawdown),
        cmocka_unit_test(test_all_reasons_at_once),
        cmocka_unit_test(test_overflow_is_a_denial),
        cmocka_unit_test(test_random_approvals_keep_the_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
