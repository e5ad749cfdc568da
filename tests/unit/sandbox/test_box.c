/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the sandbox venue's spot market: signatures, gates, fills, locks, and playing it again. */
#include "tests/unit/sandbox/test_invariants.h"

/* Binance's documented vectors; the third has query and body. */
static void test_signatures(void **state)
{
    static const char secret[] = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
    char hex[65];

    (void)state;
    asked_sign(secret,
               "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow="
               "5000&timestamp=1499827319559&signature=ignored",
               "", hex);
    assert_string_equal(hex, "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71");
    asked_sign(secret,
               "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&"
               "timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
               "", hex);
    assert_string_equal(hex, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3");
    asked_sign(secret, "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
               "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559", hex);
    assert_string_equal(hex, "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77");
}

/* What would not fit an amount later is refused at once, with the symbol and the reason. */
static void test_refused_series(void **state)
{
    struct bench t;
    struct diag_list diags = {0};

    (void)state;
    bench_init(&t, 10000);
    t.candles[5].high = INT64_C(1000000001);
    assert_int_equal(box_new(&t.options, &diags, &t.box), ERR_INVALID);
    assert_non_null(strstr(diags.items[0].message, "10,000,000"));
    t.candles[5].high = 10000;
    t.candles[5].volume = INT64_C(100000000000000001);
    assert_int_equal(box_new(&t.options, &diags, &t.box), ERR_INVALID);
    assert_string_equal(diags.items[1].code, "too_much");
    t.candles[5].volume = 1;
    t.series.symbol = "BTCUSDT";
    assert_int_equal(box_new(&t.options, &diags, &t.box), ERR_INVALID);
    assert_string_equal(diags.items[2].code, "symbol_invalid");
    t.series.symbol = "BTC/USDT";
    t.series.count = 1;
    assert_int_equal(box_new(&t.options, &diags, &t.box), ERR_INVALID);
    assert_string_equal(diags.items[3].code, "too_short");
    bench_end(&t);
}

static void expect_refused(struct bench *t, int status, const char *code)
{
    assert_int_equal(t->status, status);
    expect_member(t, "code", code);
}

static void send_stamped(struct bench *t, int64_t ms, const char *more)
{
    char pairs[256], hex[65], all[400];

    (void)snprintf(pairs, sizeof pairs, "timestamp=%lld%s", (long long)ms, more);
    asked_sign("secret", pairs, "", hex);
    (void)snprintf(all, sizeof all, "%s&signature=%s", pairs, hex);
    bench_raw(t, "GET", "/api/v3/account", all, "key");
}

static void test_gates(void **state)
{
    const int64_t now_ms = T_START / US_PER_MS;
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_raw(&t, "GET", "/api/v3/account", "timestamp=1", NULL);
    expect_refused(&t, 401, "-2014");
    bench_raw(&t, "GET", "/api/v3/account", "timestamp=1", "kez");
    expect_refused(&t, 401, "-2015");
    bench_raw(&t, "GET", "/api/v3/account", "timestamp=1", "key");
    expect_refused(&t, 400, "-1102");
    bench_raw(&t, "GET", "/api/v3/account", "timestamp=1&signature=00", "key");
    expect_refused(&t, 400, "-1022");
    send_stamped(&t, now_ms - 5001, "");
    expect_refused(&t, 400, "-1021");
    send_stamped(&t, now_ms - 5000, "");
    assert_int_equal(t.status, 200);
    send_stamped(&t, now_ms + 1000, "");
    expect_refused(&t, 400, "-1021");
    send_stamped(&t, now_ms + 999, "");
    assert_int_equal(t.status, 200);
    send_stamped(&t, now_ms - 59000, "&recvWindow=60000");
    assert_int_equal(t.status, 200);
    send_stamped(&t, now_ms, "&recvWindow=60001");
    expect_refused(&t, 400, "-1131");
    bench_call(&t, "GET", "/api/v3/nothing", "");
    assert_int_equal(t.status, 404);
    bench_end(&t);
}

static void expect_balance(struct bench *t, int asset, const char *free, const char *locked)
{
    char path[64];

    bench_call(t, "GET", "/api/v3/account", "");
    (void)snprintf(path, sizeof path, "balances.%d.free", asset);
    expect_member(t, path, free);
    (void)snprintf(path, sizeof path, "balances.%d.locked", asset);
    expect_member(t, path, locked);
}

enum {
    BTC,
    USDT
};

/* Binance answers for a day at once, futures for a week. */
static void test_spans(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_call(&t, "GET", "/api/v3/myTrades",
               "symbol=BTCUSDT&startTime=1700000000000&endTime=1700086400000");
    assert_int_equal(t.status, 200);
    bench_call(&t, "GET", "/api/v3/myTrades",
               "symbol=BTCUSDT&startTime=1700000000000&endTime=1700086400001");
    expect_refused(&t, 400, "-1127");
    bench_call(&t, "GET", "/fapi/v1/userTrades",
               "symbol=BTCUSDT&startTime=1700000000000&endTime=1700604800000");
    assert_int_equal(t.status, 200);
    bench_call(&t, "GET", "/fapi/v1/userTrades",
               "symbol=BTCUSDT&startTime=1700000000000&endTime=1700604800001");
    expect_refused(&t, 400, "-4165");
    bench_end(&t);
}

/* The fee is taken out of what is received. */
static void test_market_orders(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_call(&t, "POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.5");
    assert_int_equal(t.status, 200);
    expect_member(&t, "status", "FILLED");
    expect_member(&t, "price", "0.00000000");
    expect_member(&t, "cummulativeQuoteQty", "50.00000000");
    expect_member(&t, "fills.0.commission", "0.00050000");
    expect_member(&t, "fills.0.commissionAsset", "BTC");
    expect_balance(&t, BTC, "2.49950000", "0.00000000");
    expect_balance(&t, USDT, "9950.00000000", "0.00000000");
    bench_call(&t, "POST", "/api/v3/order", "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1");
    expect_member(&t, "fills.0.commission", "0.10000000");
    expect_balance(&t, USDT, "10049.90000000", "0.00000000");
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=55.555");
    expect_member(&t, "executedQty", "0.55500000");
    bench_call(&t, "POST", "/api/v3/order", "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=5");
    expect_refused(&t, 400, "-2010");
    bench_end(&t);
}

/* 100.00 falls to 90.00 in the second candle, from three eighths of it to five. */
static void test_resting_limit(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10000, 10000, 9000, 10000);
    bench_begin(&t);
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=95"
               "&newClientOrderId=mine");
    expect_member(&t, "status", "NEW");
    expect_balance(&t, USDT, "9905.00000000", "95.00000000");
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=95"
               "&newClientOrderId=mine");
    expect_refused(&t, 400, "-2010");
    bench_wait(&t, T_MINUTE + T_MINUTE / 2 - 1);
    bench_call(&t, "GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine");
    expect_member(&t, "status", "NEW");
    bench_wait(&t, 10 * T_MINUTE);
    bench_call(&t, "GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    expect_member(&t, "0.price", "95.00000000");
    expect_member(&t, "0.isMaker", "true");
    expect_member(&t, "0.time", "1700006490000"); /* exactly half into the candle */
    expect_balance(&t, USDT, "9905.00000000", "0.00000000");
    expect_balance(&t, BTC, "2.99900000", "0.00000000");
    /* The id is free again. */
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=95"
               "&newClientOrderId=mine");
    assert_int_equal(t.status, 200);
    bench_end(&t);
}

static void test_stop_loss(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10000, 10000, 9000, 9000);
    bench_candle(&t, 2, 8000, 8000, 8000, 8000);
    bench_begin(&t);
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=1&stopPrice=101");
    expect_refused(&t, 400, "-2010"); /* would trigger at once */
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=1&stopPrice=95");
    expect_balance(&t, BTC, "1.00000000", "1.00000000");
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=SELL&type=STOP_LOSS_LIMIT&quantity=1&stopPrice=85&price=84"
               "&timeInForce=GTC");
    bench_wait(&t, 3 * T_MINUTE);
    bench_call(&t, "GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    expect_member(&t, "0.price", "95.00000000");
    expect_member(&t, "", "[1]");
    /* The gap to 80 jumped over stop and limit: it rests now. */
    bench_call(&t, "GET", "/api/v3/openOrders", "");
    expect_member(&t, "0.isWorking", "true");
    expect_member(&t, "0.status", "NEW");
    bench_end(&t);
}

static void test_oco(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_candle(&t, 1, 10000, 10000, 9000, 9000);
    bench_begin(&t);
    bench_call(&t, "POST", "/api/v3/orderList/oco",
               "symbol=BTCUSDT&side=SELL&quantity=1&aboveType=LIMIT_MAKER&abovePrice=110"
               "&belowType=STOP_LOSS&belowStopPrice=95");
    assert_int_equal(t.status, 200);
    expect_member(&t, "listOrderStatus", "EXECUTING");
    expect_member(&t, "orderReports", "[2]");
    expect_balance(&t, BTC, "1.00000000", "1.00000000"); /* once, not twice */
    bench_wait(&t, 3 * T_MINUTE);
    expect_balance(&t, BTC, "1.00000000", "0.00000000");
    bench_call(&t, "GET", "/api/v3/allOrders", "symbol=BTCUSDT");
    expect_member(&t, "0.status", "EXPIRED");
    expect_member(&t, "1.status", "FILLED");
    bench_call(&t, "GET", "/api/v3/orderList", "orderListId=1");
    expect_member(&t, "listOrderStatus", "ALL_DONE");
    bench_call(&t, "POST", "/api/v3/order/oco",
               "symbol=BTCUSDT&side=SELL&quantity=1&price=105&stopPrice=80");
    bench_call(&t, "DELETE", "/api/v3/order", "symbol=BTCUSDT&orderId=4");
    expect_member(&t, "status", "CANCELED");
    expect_balance(&t, BTC, "1.00000000", "0.00000000");
    bench_end(&t);
}

/* All of the money in one order whose price has eight decimals, filled in parts. */
static void test_exact_to_the_last_digit(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, INT64_C(1234567890123)); /* 12345.67890123 */
    for (int i = 0; i < T_CANDLES; i++)
        t.candles[i].price_scale = 8;
    t.series.price_scale = 8;
    bench_begin(&t);
    for (int i = 1; i < 10; i++) {
        char pairs[256];

        bench_faults(&t, "next 1 on order : partial(0.3337)");
        (void)snprintf(pairs, sizeof pairs,
                       "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.0%d1%d"
                       "&price=12345.67890123",
                       i, i);
        bench_call(&t, "POST", "/api/v3/order", pairs);
        expect_member(&t, "status", "PARTIALLY_FILLED");
        bench_wait(&t, 2 * US_PER_S);
        check_invariants(&t);
    }
    /* The rest to the last lot. */
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=4000");
    check_invariants(&t);
    bench_end(&t);
}

static void test_cancel_replace(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_call(&t, "POST", "/api/v3/order/cancelReplace",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=95"
               "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=9");
    assert_int_equal(t.status, 400);
    expect_member(&t, "code", "-2022");
    expect_member(&t, "data.newOrderResult", "NOT_ATTEMPTED");
    expect_member(&t, "data.cancelResponse.code", "-2011");
    bench_call(&t, "POST", "/api/v3/order/cancelReplace",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=95"
               "&cancelReplaceMode=ALLOW_FAILURE&cancelOrderId=9");
    assert_int_equal(t.status, 409);
    expect_member(&t, "data.newOrderResponse.orderId", "1");
    bench_call(&t, "POST", "/api/v3/order/cancelReplace",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=96"
               "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=1");
    assert_int_equal(t.status, 200);
    expect_member(&t, "cancelResponse.status", "CANCELED");
    expect_member(&t, "newOrderResponse.price", "96.00000000");
    bench_call(&t, "POST", "/api/v3/order/cancelReplace",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=500&price=96"
               "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=2");
    assert_int_equal(t.status, 409);
    expect_member(&t, "code", "-2021");
    expect_member(&t, "data.cancelResult", "SUCCESS");
    expect_member(&t, "data.newOrderResponse.code", "-2010");
    bench_end(&t);
}

/* What may be canceled: an order of which nothing executed, of which a part did, or either. */
static void test_cancel_restrictions(void **state)
{
    static const char moved[] =
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=94"
        "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=1&cancelRestrictions=";
    char text[256];
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    bench_begin(&t);
    bench_faults(&t, "next 1 on order : partial(0.4)");
    bench_call(&t, "POST", "/api/v3/order",
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=110");
    expect_member(&t, "status", "PARTIALLY_FILLED");
    (void)snprintf(text, sizeof text, "%sONLY_NEW", moved);
    bench_call(&t, "POST", "/api/v3/order/cancelReplace", text);
    assert_int_equal(t.status, 400);
    expect_member(&t, "code", "-2022");
    expect_member(&t, "data.cancelResult", "FAILURE");
    expect_member(&t, "data.cancelResponse.code", "-2011");
    expect_member(&t, "data.cancelResponse.msg",
                  "Order was not canceled due to cancel restrictions.");
    expect_member(&t, "data.newOrderResult", "NOT_ATTEMPTED");
    bench_call(&t, "DELETE", "/api/v3/order",
               "symbol=BTCUSDT&orderId=1&cancelRestrictions=ONLY_NEW");
    expect_member(&t, "code", "-2011");
    (void)snprintf(text, sizeof text, "%sONLY_OLD", moved);
    bench_call(&t, "POST", "/api/v3/order/cancelReplace", text);
    expect_member(&t, "code", "-1145");
    expect_member(&t, "msg", "Invalid cancelRestrictions");
    (void)snprintf(text, sizeof text, "%sONLY_PARTIALLY_FILLED", moved);
    bench_call(&t, "POST", "/api/v3/order/cancelReplace", text);
    expect_member(&t, "cancelResponse.executedQty", "0.40000000");
    expect_member(&t, "newOrderResponse.orderId", "2");
    bench_call(&t, "DELETE", "/api/v3/order",
               "symbol=BTCUSDT&orderId=2&cancelRestrictions=ONLY_PARTIALLY_FILLED");
    expect_member(&t, "code", "-2011");
    bench_call(&t, "DELETE", "/api/v3/order",
               "symbol=BTCUSDT&orderId=2&cancelRestrictions=ONLY_NEW");
    expect_member(&t, "status", "CANCELED");
    bench_end(&t);
}

/* A random client of both markets. */
static void act(struct bench *t, uint64_t *seed)
{
    static const char *const types[] = {
        "LIMIT&timeInForce=GTC&price=%d", "LIMIT&timeInForce=IOC&price=%d", "MARKET",
        "STOP_LOSS&stopPrice=%d",         "TAKE_PROFIT&stopPrice=%d",       "LIMIT_MAKER&price=%d",
        "STOP_LOSS&trailingDelta=200"};
    static const char *const algos[] = {
        "STOP_MARKET&triggerPrice=%d", "TAKE_PROFIT_MARKET&triggerPrice=%d",
        "TRAILING_STOP_MARKET&callbackRate=1", "STOP&timeInForce=GTC&price=100&triggerPrice=%d"};
    const char *side = next(seed) % 2 ? "BUY" : "SELL";
    const int price = 90 + (int)(next(seed) % 21);
    char kind[96], pairs[256];

    switch (next(seed) % 8) {
    case 0:
        (void)snprintf(pairs, sizeof pairs, "symbol=BTCUSDT&orderId=%d",
                       1 + (int)(next(seed) % 40));
        bench_call(t, "DELETE", next(seed) % 2 ? "/api/v3/order" : "/fapi/v1/order", pairs);
        break;
    case 1:
    case 2:
        (void)snprintf(kind, sizeof kind, types[next(seed) % 3], price);
        (void)snprintf(pairs, sizeof pairs, "symbol=BTCUSDT&side=%s&quantity=0.%d0&type=%s", side,
                       1 + (int)(next(seed) % 9), kind);
        bench_call(t, "POST", "/fapi/v1/order", pairs);
        break;
    case 3:
        (void)snprintf(kind, sizeof kind, algos[next(seed) % COUNT_OF(algos)], price);
        (void)snprintf(pairs, sizeof pairs,
                       "symbol=BTCUSDT&side=%s&quantity=1&algoType=CONDITIONAL&type=%s", side,
                       kind);
        bench_call(t, "POST", "/fapi/v1/algoOrder", pairs);
        break;
    case 4:
        bench_call(t, "POST", "/api/v3/orderList/oco",
                   "symbol=BTCUSDT&side=SELL&quantity=0.1&aboveType=LIMIT_MAKER&abovePrice=106"
                   "&belowType=STOP_LOSS&belowStopPrice=94");
        break;
    default:
        (void)snprintf(kind, sizeof kind, types[next(seed) % COUNT_OF(types)], price);
        (void)snprintf(pairs, sizeof pairs, "symbol=BTCUSDT&side=%s&quantity=0.%d&type=%s", side,
                       1 + (int)(next(seed) % 9), kind);
        bench_call(t, "POST", "/api/v3/order", pairs);
    }
}

/* What two venues hold that were asked differently often is the same, and so is what a third holds
 * that only played the record. */
static void play_thrice(uint64_t seed)
{
    struct bench often, seldom, again;
    struct bench *all[] = {&often, &seldom, &again};
    uint64_t market = seed, client;

    for (size_t k = 0; k < COUNT_OF(all); k++) {
        bench_init(all[k], 10000);
        all[k]->options.weight_limit = -1;
        market = seed;
        for (int i = 0; i < T_CANDLES / 2; i++)
            bench_candle(all[k], i, 9500 + (int64_t)(next(&market) % 1000),
                         10500 + (int64_t)(next(&market) % 500),
                         9000 + (int64_t)(next(&market) % 500),
                         9500 + (int64_t)(next(&market) % 1000));
        bench_begin(all[k]);
    }
    client = seed;
    for (int i = 0; i < 60; i++) {
        const int64_t wait_us = (int64_t)(next(&client) % (40 * US_PER_S));
        uint64_t one = client, two = client;

        for (int n = 0; n < 5; n++) {
            bench_wait(&often, wait_us / 5);
            bench_call(&often, "GET", "/api/v3/openOrders", "");
        }
        bench_wait(&seldom, wait_us / 5 * 5);
        act(&often, &one);
        act(&seldom, &two);
        assert_int_equal(one, two);
        client = one;
        check_invariants(&seldom);
    }
    for (const char *at = seldom.record.data; at && *at;) {
        const size_t length = strcspn(at, "\n");

        assert_int_equal(box_replay(again.box, at, length), ERR_OK);
        at += length + 1;
    }
    again.wall_us = seldom.wall_us;
    for (size_t k = 0; k < COUNT_OF(all); k++)
        bench_state(all[k]);
    assert_string_equal(often.answer.data, seldom.answer.data);
    assert_string_equal(again.answer.data, seldom.answer.data);
    for (size_t k = 0; k < COUNT_OF(all); k++)
        bench_end(all[k]);
}

static void test_plays_again(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++)
        play_thrice(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_refused_series),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_market_orders),
        cmocka_unit_test(test_resting_limit),
        cmocka_unit_test(test_stop_loss),
        cmocka_unit_test(test_oco),
        cmocka_unit_test(test_exact_to_the_last_digit),
        cmocka_unit_test(test_cancel_replace),
        cmocka_unit_test(test_cancel_restrictions),
        cmocka_unit_test(test_plays_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
