/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the sandbox venue's fault scripts, and the limits it answers with 429 and 418. */
#include "tests/unit/sandbox/test_invariants.h"

#define SPOT_ORDER "/api/v3/order"
#define BUY "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1"
#define REST "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=90"

static void begin(struct bench *t)
{
    bench_init(t, 10000);
    bench_begin(t);
}

static size_t orders(const struct bench *t)
{
    return t->box->orders.count;
}

static void test_lost(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    bench_faults(&t, "# a comment\n\nnext 1 on order : drop_req\n");
    bench_call(&t, "GET", "/api/v3/openOrders", "");
    assert_int_equal(t.status, 200);
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    assert_int_equal(t.status, 0);
    assert_int_equal(orders(&t), 0);
    bench_faults(&t, "next 1 on POST /api/v3/order : drop_resp");
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    assert_int_equal(t.status, 0);
    assert_int_equal(orders(&t), 1);
    bench_faults(&t, "next 1 on order : dup_req");
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    assert_int_equal(orders(&t), 3);
    expect_member(&t, "orderId", "2");
    /* An id that is in use protects from the second one while the first is open. */
    bench_faults(&t, "next 1 on order : dup_req");
    bench_call(&t, "POST", SPOT_ORDER, REST "&newClientOrderId=x");
    assert_int_equal(orders(&t), 4);
    check_invariants(&t);
    bench_end(&t);
}

static void test_statuses(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    bench_faults(&t, "next 1 : http(503)");
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    assert_int_equal(t.status, 503);
    assert_int_equal(orders(&t), 0);
    bench_faults(&t, "next 1 : exec_http(504)");
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    assert_int_equal(t.status, 504);
    assert_int_equal(orders(&t), 1);
    bench_faults(&t, "next 1 : http(-2019)");
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    assert_int_equal(t.status, 400);
    expect_member(&t, "code", "-2019");
    bench_faults(&t, "next 1 : http(418)");
    bench_call(&t, "GET", "/api/v3/openOrders", "");
    assert_int_equal(t.status, 418);
    assert_non_null(strstr(t.headers, "Retry-After: 120"));
    bench_faults(&t, "next 1 : http(400, {\"code\":-1,\"msg\":\"a (b)\"})");
    bench_call(&t, "GET", "/api/v3/openOrders", "");
    expect_member(&t, "msg", "a (b)");
    bench_faults(&t, "at 10s : maintenance for 30s");
    bench_call(&t, "GET", "/api/v3/openOrders", "");
    assert_int_equal(t.status, 200);
    bench_wait(&t, 10 * US_PER_S);
    bench_call(&t, "GET", "/api/v3/openOrders", "");
    assert_int_equal(t.status, 503);
    bench_wait(&t, 30 * US_PER_S);
    bench_call(&t, "GET", "/api/v3/openOrders", "");
    assert_int_equal(t.status, 200);
    bench_end(&t);
}

static void test_partial(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    bench_faults(&t, "next 1 on order : partial(0.4)");
    bench_call(&t, "POST", SPOT_ORDER,
               "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=101");
    expect_member(&t, "status", "PARTIALLY_FILLED");
    expect_member(&t, "executedQty", "0.40000000");
    bench_wait(&t, US_PER_S - 1);
    bench_call(&t, "GET", SPOT_ORDER, "symbol=BTCUSDT&orderId=1");
    expect_member(&t, "status", "PARTIALLY_FILLED");
    bench_wait(&t, 2);
    bench_call(&t, "GET", SPOT_ORDER, "symbol=BTCUSDT&orderId=1");
    expect_member(&t, "status", "FILLED");
    bench_call(&t, "GET", "/api/v3/myTrades", "symbol=BTCUSDT&orderId=1");
    expect_member(&t, "", "[2]");
    bench_faults(&t, "next 1 on order : partial(0.4)");
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    expect_member(&t, "status", "EXPIRED");
    expect_member(&t, "executedQty", "0.04000000");
    bench_faults(&t, "next 1 on order : partial(0)");
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    expect_member(&t, "status", "EXPIRED");
    expect_member(&t, "executedQty", "0.00000000");
    check_invariants(&t);
    bench_end(&t);
}

static void test_states(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    bench_faults(&t, "always : lag_query(2s)");
    bench_call(&t, "POST", SPOT_ORDER, REST);
    bench_call(&t, "GET", SPOT_ORDER, "symbol=BTCUSDT&orderId=1");
    expect_member(&t, "code", "-2013");
    bench_wait(&t, 2 * US_PER_S);
    bench_call(&t, "GET", SPOT_ORDER, "symbol=BTCUSDT&orderId=1");
    expect_member(&t, "status", "NEW");
    bench_faults(&t, "always : clock_step(-6s)");
    bench_call(&t, "GET", "/api/v3/account", "");
    expect_member(&t, "code", "-1021");
    bench_raw(&t, "GET", "/api/v3/time", "", NULL);
    expect_member(&t, "serverTime", "1700006396000");
    bench_end(&t);

    begin(&t);
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    bench_faults(&t, "always : dup_fills\nalways : reorder_fills");
    bench_call(&t, "GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    expect_member(&t, "", "[3]");
    expect_member(&t, "0.id", "2");
    expect_member(&t, "1.id", "2");
    expect_member(&t, "2.id", "1");
    bench_faults(&t, "at 1s : halt(BTC/USDT) for 5s");
    bench_wait(&t, 2 * US_PER_S);
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    expect_member(&t, "msg", "Market is closed.");
    bench_wait(&t, 5 * US_PER_S);
    bench_call(&t, "POST", SPOT_ORDER, BUY);
    assert_int_equal(t.status, 200);
    bench_end(&t);
}

static void test_venue_of_its_own(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    bench_call(&t, "POST", SPOT_ORDER, REST);
    bench_call(&t, "POST", "/api/v3/orderList/oco",
               "symbol=BTCUSDT&side=SELL&quantity=1&aboveType=LIMIT_MAKER&abovePrice=110"
               "&belowType=STOP_LOSS&belowStopPrice=95");
    bench_faults(&t, "at 5s : cancel(BTC/USDT)\nat 9s : manual_trade(BTC/USDT, SELL, 0.5)\n"
                     "at 9s : manual_trade(BTC/USDT:USDT, BUY, 3)\nat 10s : "
                     "funding(BTC/USDT:USDT, 0.001)\nat 11s : liquidate(BTC/USDT:USDT)");
    bench_wait(&t, 20 * US_PER_S);
    bench_call(&t, "GET", "/api/v3/allOrders", "symbol=BTCUSDT");
    expect_member(&t, "", "[4]");
    expect_member(&t, "0.status", "CANCELED");
    expect_member(&t, "0.updateTime", "1700006405000"); /* when it was due, not when it was asked */
    expect_member(&t, "2.status", "CANCELED");
    expect_member(&t, "3.clientOrderId", "web_4");
    bench_call(&t, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    expect_member(&t, "", "[2]");
    bench_call(&t, "GET", "/fapi/v1/income", "incomeType=FUNDING_FEE");
    expect_member(&t, "0.income", "-0.30000000");
    check_invariants(&t);
    bench_end(&t);
}

/* The same seed and requests, the same mishaps; another seed, others. */
static void test_chance(void **state)
{
    char seen[3][101] = {""};

    (void)state;
    for (int run = 0; run < 3; run++) {
        struct bench t;
        int lost = 0;

        begin(&t);
        t.box->options.weight_limit = -1;
        bench_faults(&t, run < 2 ? "seed 5\np=0.3 on query : drop_resp"
                                 : "seed 6\np=0.3 on query : drop_resp");
        for (int i = 0; i < 100; i++) {
            bench_call(&t, "GET", "/api/v3/openOrders", "");
            seen[run][i] = t.status ? '.' : 'x';
            lost += t.status == 0;
        }
        assert_in_range(lost, 15, 45);
        bench_end(&t);
    }
    assert_string_equal(seen[0], seen[1]);
    assert_string_not_equal(seen[0], seen[2]);
}

static void test_refused_scripts(void **state)
{
    static const struct {
        const char *script, *where;
    } bad[] = {
        {"sometimes : drop_req", ":1:1: "},
        {"next 1\n", ":1:7: "},
        {"next 0 : drop_req", ":1:7: "},
        {"next 1 : drop_req\nnext 1 : lose", ":2:14: "},
        {"p=1.5 : drop_req", ":1:6: "},
        {"at 5 : drop_req", ":1:6: "},
        {"every 0s : drop_req", ":1:9: "},
        {"next 1 on POST order : drop_req", ":1:21: "},
        {"next 1 : http(99)", ":1:17: "},
        {"next 1 : http(-5)", ":1:17: "},
        {"next 1 : delay_req(5)", ":1:21: "},
        {"next 1 : partial(1)", ":1:19: "},
        {"next 1 : lag_query(5s)", ":1:23: "},
        {"at 1s : manual_trade(BTC/USDT, HOLD, 1)", ":1:32: "},
        {"next 1 : drop_req twice", ":1:19: "},
        {"next 1 : drop_req for -5s", ":1:26: "},
        {"seed x", ":1:6: "},
    };
    struct bench t;

    (void)state;
    begin(&t);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct diag_list diags = {0};
        char why[512];

        assert_int_equal(box_faults_add(t.box, bad[i].script, t.wall_us, &diags), ERR_SYNTAX);
        diag_describe(&diags, ERR_SYNTAX, why, sizeof why);
        if (!strstr(why, bad[i].where))
            fail_msg("%s: %s", bad[i].where, why);
        assert_true(diags.items[0].hint[0] != 0);
    }
    bench_state(&t);
    expect_member(&t, "faults", "[0]");
    bench_end(&t);
}

/* Rules that are done make room; those that are not are refused beyond the limit, whole. */
static void test_room(void **state)
{
    struct bench t;
    struct diag_list diags = {0};

    (void)state;
    begin(&t);
    for (int i = 0; i < 2 * LIMIT_BOX_FAULTS; i++) {
        bench_faults(&t, "next 1 : http(503)");
        bench_raw(&t, "GET", "/api/v3/ping", "", NULL);
        assert_int_equal(t.status, 503);
    }
    for (int i = 0; i < LIMIT_BOX_FAULTS; i++)
        bench_faults(&t, "next 1 on cancel : http(503)");
    assert_int_equal(box_faults_add(t.box, "next 1 : http(503)", t.wall_us, &diags), ERR_LIMIT);
    bench_raw(&t, "GET", "/api/v3/ping", "", NULL);
    assert_int_equal(t.status, 200);
    bench_end(&t);
}

static void test_limits(void **state)
{
    struct bench t;

    (void)state;
    bench_init(&t, 10000);
    t.options.weight_limit = 100;
    bench_begin(&t);
    for (int i = 0; i < 5; i++)
        bench_call(&t, "GET", "/api/v3/account", "");
    assert_int_equal(t.status, 200);
    assert_non_null(strstr(t.headers, "X-MBX-USED-WEIGHT-1M: 100\n"));
    bench_wait(&t, 10 * US_PER_S);
    bench_call(&t, "GET", "/api/v3/account", "");
    assert_int_equal(t.status, 429);
    assert_non_null(strstr(t.headers, "Retry-After: 50\n"));
    bench_call(&t, "GET", "/fapi/v3/account", ""); /* futures count by themselves */
    assert_int_equal(t.status, 200);
    bench_wait(&t, 50 * US_PER_S);
    bench_call(&t, "GET", "/api/v3/account", "");
    assert_int_equal(t.status, 200);
    for (int i = 0; i < 20; i++)
        bench_call(&t, "GET", "/api/v3/account", "");
    assert_int_equal(t.status, 418);
    bench_wait(&t, 119 * US_PER_S);
    bench_call(&t, "GET", "/api/v3/account", "");
    assert_int_equal(t.status, 418);
    bench_wait(&t, 2 * US_PER_S);
    bench_call(&t, "GET", "/api/v3/account", "");
    assert_int_equal(t.status, 200);
    bench_end(&t);
}

static void test_order_limits(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    for (int i = 0; i < 100; i++) {
        bench_call(&t, "POST", SPOT_ORDER, REST);
        bench_call(&t, "DELETE", "/api/v3/openOrders", "symbol=BTCUSDT");
    }
    bench_call(&t, "POST", SPOT_ORDER, REST);
    assert_int_equal(t.status, 429);
    expect_member(&t, "code", "-1015");
    bench_wait(&t, 10 * US_PER_S);
    bench_call(&t, "POST", SPOT_ORDER, REST);
    assert_int_equal(t.status, 200);
    assert_non_null(strstr(t.headers, "X-MBX-ORDER-COUNT-10S: 1\n"));
    assert_non_null(strstr(t.headers, "X-MBX-ORDER-COUNT-1D: 101\n"));
    bench_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_venue_of_its_own),
        cmocka_unit_test(test_chance),
        cmocka_unit_test(test_refused_scripts),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_order_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
