/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the sandbox venue's futures: positions, margin, conditional orders, liquidation. */
#include "tests/unit/sandbox/test_invariants.h"

#define ORDER "/fapi/v1/order"
#define ALGO "/fapi/v1/algoOrder"

static void refuse(struct bench *t, const char *path, const char *pairs, const char *code)
{
    bench_call(t, "POST", path, pairs);
    assert_int_equal(t->status, 400);
    expect_member(t, "code", code);
}

static void market(struct bench *t, const char *side, const char *size)
{
    char pairs[128];

    (void)snprintf(pairs, sizeof pairs, "symbol=BTCUSDT&side=%s&type=MARKET&quantity=%s", side,
                   size);
    bench_call(t, "POST", ORDER, pairs);
    assert_int_equal(t->status, 200);
}

/* 1,000 of margin, leverage 20: 100 * 100 is 10,000 of notional, 500 of margin. */
static void test_position(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10100, 10100, 10100, 10100);
    bench_begin(&t);
    market(&t, "BUY", "100");
    bench_call(&t, "GET", "/fapi/v3/account", "");
    expect_member(&t, "totalPositionInitialMargin", "500.00000000");
    expect_member(&t, "totalWalletBalance", "995.00000000");
    expect_member(&t, "availableBalance", "495.00000000");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=100", "-2019");
    bench_wait(&t, T_MINUTE);
    bench_call(&t, "GET", "/fapi/v3/positionRisk", "");
    expect_member(&t, "0.positionAmt", "100.0");
    expect_member(&t, "0.entryPrice", "100.00000000");
    expect_member(&t, "0.unRealizedProfit", "100.00000000");
    market(&t, "SELL", "40");
    bench_call(&t, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    expect_member(&t, "1.realizedPnl", "40.00000000");
    expect_member(&t, "1.commission", "2.02000000");
    /* Past zero it turns. */
    market(&t, "SELL", "80");
    bench_call(&t, "GET", "/fapi/v3/positionRisk", "");
    expect_member(&t, "0.positionAmt", "-20.0");
    expect_member(&t, "0.entryPrice", "101.00000000");
    check_invariants(&t);
    bench_end(&t);
}

static void test_reduce_only(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    refuse(&t, ORDER, "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1&reduceOnly=true", "-2022");
    market(&t, "BUY", "1");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&reduceOnly=true", "-2022");
    bench_call(&t, "POST", ORDER,
               "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=3&reduceOnly=true"
               "&newOrderRespType=RESULT");
    expect_member(&t, "executedQty", "1.0");
    expect_member(&t, "status", "EXPIRED");
    bench_call(&t, "GET", "/fapi/v3/positionRisk", "");
    expect_member(&t, "", "[0]");
    bench_end(&t);
}

static void test_refusals(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    refuse(&t, ORDER, "symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=1&stopPrice=90", "-4120");
    refuse(&t, ORDER, "symbol=ETHUSDT&side=SELL&type=MARKET&quantity=1", "-1121");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1&positionSide=LONG", "-4061");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.01", "-1111");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0", "-4003");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTX&quantity=1&price=100",
           "-5022");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=FOK&quantity=1&price=99",
           "-5021");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=99.001",
           "-4014");
    refuse(&t, ORDER,
           "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=99"
           "&newClientOrderId=a%20b",
           "-4015");
    bench_call(&t, "POST", ORDER,
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=99"
               "&newClientOrderId=a");
    assert_int_equal(t.status, 200);
    refuse(&t, ORDER,
           "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=99"
           "&newClientOrderId=a",
           "-4116");
    refuse(&t, "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED", "-4047");
    refuse(&t, "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED", "-4046");
    refuse(&t, "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=200", "-4028");
    refuse(&t, "/fapi/v1/positionSide/dual", "dualSidePosition=false", "-4059");
    bench_end(&t);
}

static void test_conditional(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10000, 10000, 9000, 9000);
    bench_begin(&t);
    market(&t, "BUY", "2");
    refuse(&t, ALGO,
           "symbol=BTCUSDT&side=SELL&type=STOP_MARKET&algoType=CONDITIONAL&quantity=1"
           "&triggerPrice=101",
           "-2021");
    bench_call(&t, "POST", ALGO,
               "symbol=BTCUSDT&side=SELL&type=STOP_MARKET&algoType=CONDITIONAL&closePosition=true"
               "&triggerPrice=95");
    expect_member(&t, "algoStatus", "NEW");
    bench_call(&t, "GET", "/fapi/v1/openAlgoOrders", "");
    expect_member(&t, "", "[1]");
    bench_call(&t, "GET", "/fapi/v1/openOrders", "");
    expect_member(&t, "", "[0]");
    bench_wait(&t, 3 * T_MINUTE);
    bench_call(&t, "GET", "/fapi/v3/positionRisk", "");
    expect_member(&t, "", "[0]");
    bench_call(&t, "GET", ALGO, "algoId=2");
    expect_member(&t, "algoStatus", "FINISHED");
    expect_member(&t, "actualOrderId", "3");
    bench_call(&t, "GET", ORDER, "symbol=BTCUSDT&orderId=3");
    expect_member(&t, "status", "FILLED");
    expect_member(&t, "avgPrice", "95.00000");
    expect_member(&t, "origType", "STOP_MARKET");
    check_invariants(&t);
    bench_end(&t);
}

/* Rises to 110, falls by 2 %: 107.80 at the earliest. */
static void test_trailing(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10000, 11000, 10000, 11000);
    bench_candle(&t, 2, 11000, 11000, 10500, 10500);
    bench_begin(&t);
    market(&t, "BUY", "1");
    bench_call(&t, "POST", ALGO,
               "symbol=BTCUSDT&side=SELL&type=TRAILING_STOP_MARKET&algoType=CONDITIONAL&quantity=1"
               "&callbackRate=2&activationPrice=105&reduceOnly=true");
    assert_int_equal(t.status, 200);
    bench_wait(&t, 4 * T_MINUTE);
    bench_call(&t, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    expect_member(&t, "1.price", "107.80");
    bench_end(&t);
}

static void test_funding(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    market(&t, "BUY", "10");
    bench_wait(&t, 8 * 3600 * US_PER_S - 1);
    bench_call(&t, "GET", "/fapi/v1/income", "incomeType=FUNDING_FEE");
    expect_member(&t, "", "[0]");
    bench_wait(&t, 8 * 3600 * US_PER_S + 1);
    bench_call(&t, "GET", "/fapi/v1/income", "incomeType=FUNDING_FEE");
    expect_member(&t, "", "[2]");
    expect_member(&t, "0.income", "-0.10000000");
    expect_member(&t, "0.time", "1700035200000");
    check_invariants(&t);
    bench_end(&t);
}

/* Recorded stamps and marks move with the candles; after the last one the grid goes on. */
static void test_recorded_funding(void **state)
{
    struct funding rates[3] = {{.at_us = T_RECORDED + 60 * US_PER_S}, /* of the past */
                               {.at_us = T_RECORDED + T_CANDLES / 2 * T_MINUTE + 90 * US_PER_S},
                               {.at_us = T_RECORDED + T_CANDLES / 2 * T_MINUTE + 120 * US_PER_S}};
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    assert_int_equal(ratio_parse("0.0003", 6, &rates[0].rate), ERR_OK);
    assert_int_equal(ratio_parse("-0.002", 6, &rates[1].rate), ERR_OK);
    assert_int_equal(ratio_parse("0.001", 5, &rates[2].rate), ERR_OK);
    assert_int_equal(price_parse("102", 3, &rates[2].mark), ERR_OK);
    t.series.fundings = rates;
    t.series.funding_count = 3;
    bench_begin(&t);
    market(&t, "BUY", "10");
    bench_raw(&t, "GET", "/fapi/v1/premiumIndex", "symbol=BTCUSDT", NULL);
    expect_member(&t, "lastFundingRate", "-0.00200000");
    expect_member(&t, "nextFundingTime", "1700006490000");
    bench_wait(&t, 3 * T_MINUTE);
    bench_call(&t, "GET", "/fapi/v1/income", "incomeType=FUNDING_FEE");
    expect_member(&t, "0.income", "2.00000000");
    expect_member(&t, "0.time", "1700006490000");
    expect_member(&t, "1.income", "-1.02000000");
    bench_raw(&t, "GET", "/fapi/v1/fundingRate", "symbol=BTCUSDT", NULL);
    expect_member(&t, "", "[3]");
    expect_member(&t, "0.fundingRate", "0.00030000");
    expect_member(&t, "2.markPrice", "102.00000000");
    bench_raw(&t, "GET", "/fapi/v1/premiumIndex", "symbol=BTCUSDT", NULL);
    expect_member(&t, "nextFundingTime", "1700035200000");
    check_invariants(&t);
    bench_end(&t);
}

/* 990.5 behind 190 at 100: 990.5 - 190 * (100 - p) is less than 0.4 % of 190 * p below 95.1675. */
static void test_liquidation(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10000, 10000, 9000, 9000);
    bench_begin(&t);
    market(&t, "BUY", "190");
    bench_call(&t, "POST", ORDER,
               "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=190&price=120"
               "&reduceOnly=true");
    bench_wait(&t, 3 * T_MINUTE);
    bench_call(&t, "GET", "/fapi/v3/positionRisk", "");
    expect_member(&t, "", "[0]");
    bench_call(&t, "GET", "/fapi/v1/allOrders", "symbol=BTCUSDT");
    expect_member(&t, "1.status", "CANCELED");
    expect_member(&t, "2.clientOrderId", "autoclose-3");
    expect_member(&t, "2.status", "FILLED");
    bench_call(&t, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    expect_member(&t, "1.price", "95.16");
    check_invariants(&t);
    bench_end(&t);
}

/* Only what stands behind it counts: 200 - 40 * (100 - p) is less than 0.4 % of 40 * p below
 * 95.3815, with 800 untouched. */
static void test_isolated(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10000, 10000, 9000, 9000);
    bench_begin(&t);
    bench_call(&t, "POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    market(&t, "BUY", "40"); /* 200 of margin */
    bench_call(&t, "GET", "/fapi/v2/positionRisk", "symbol=BTCUSDT");
    expect_member(&t, "0.isolatedWallet", "200.00000000");
    expect_member(&t, "0.marginType", "isolated");
    bench_wait(&t, 3 * T_MINUTE);
    bench_call(&t, "GET", "/fapi/v3/positionRisk", "");
    expect_member(&t, "", "[0]");
    bench_call(&t, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    expect_member(&t, "1.price", "95.38");
    check_invariants(&t);
    bench_end(&t);
}

static void test_hedge(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_call(&t, "POST", "/fapi/v1/positionSide/dual", "dualSidePosition=true");
    assert_int_equal(t.status, 200);
    refuse(&t, ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1", "-4061");
    bench_call(&t, "POST", ORDER,
               "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=2&positionSide=LONG");
    bench_call(&t, "POST", ORDER,
               "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1&positionSide=SHORT");
    refuse(&t, ORDER, "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=3&positionSide=LONG", "-2022");
    bench_call(&t, "GET", "/fapi/v3/positionRisk", "");
    expect_member(&t, "0.positionAmt", "2.0");
    expect_member(&t, "1.positionAmt", "-1.0");
    check_invariants(&t);
    bench_end(&t);
}

static void test_batch_and_modify(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_call(&t, "POST", "/fapi/v1/batchOrders",
               "batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type"
               "%22%3A%22LIMIT%22%2C%22timeInForce%22%3A%22GTC%22%2C%22quantity%22%3A%221%22%2C"
               "%22price%22%3A%2290%22%7D%2C%7B%22symbol%22%3A%22BTCUSDT%22%7D%5D");
    assert_int_equal(t.status, 200);
    expect_member(&t, "0.status", "NEW");
    expect_member(&t, "1.code", "-1102");
    bench_call(&t, "PUT", ORDER, "symbol=BTCUSDT&orderId=1&side=BUY&quantity=2&price=91");
    expect_member(&t, "price", "91.00");
    expect_member(&t, "origQty", "2.0");
    bench_call(&t, "PUT", ORDER, "symbol=BTCUSDT&orderId=1&side=BUY&quantity=2&price=91");
    expect_member(&t, "code", "-5027");
    bench_call(&t, "PUT", ORDER, "symbol=BTCUSDT&orderId=1&side=BUY&quantity=2&price=100");
    expect_member(&t, "status", "FILLED");
    bench_call(&t, "POST", ORDER,
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=90");
    bench_call(&t, "DELETE", "/fapi/v1/batchOrders", "symbol=BTCUSDT&orderIdList=%5B2%2C9%5D");
    expect_member(&t, "0.status", "CANCELED");
    expect_member(&t, "1.code", "-2011");
    check_invariants(&t);
    bench_end(&t);
}

/* The dead-man timer takes plain orders with it, and only when it is not fed. */
static void test_countdown(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_call(&t, "POST", ORDER,
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=90");
    bench_call(&t, "POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=10000");
    expect_member(&t, "countdownTime", "10000");
    bench_wait(&t, 9 * US_PER_S);
    bench_call(&t, "POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=10000");
    bench_wait(&t, 9 * US_PER_S);
    bench_call(&t, "GET", "/fapi/v1/openOrders", "");
    expect_member(&t, "", "[1]");
    bench_wait(&t, 2 * US_PER_S);
    bench_call(&t, "GET", "/fapi/v1/openOrders", "");
    expect_member(&t, "", "[0]");
    bench_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_position),         cmocka_unit_test(test_reduce_only),
        cmocka_unit_test(test_refusals),         cmocka_unit_test(test_conditional),
        cmocka_unit_test(test_trailing),         cmocka_unit_test(test_funding),
        cmocka_unit_test(test_recorded_funding), cmocka_unit_test(test_liquidation),
        cmocka_unit_test(test_isolated),         cmocka_unit_test(test_hedge),
        cmocka_unit_test(test_batch_and_modify), cmocka_unit_test(test_countdown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
