/* SPDX-License-Identifier: Apache-2.0 */
/* Instruments with their exact filters, orders of all kinds, and what is broken is refused with the
 * member's name. */
#include "exchange/binance_parse.h"

#include <stdlib.h>

#include "core/clock.h"
#include "tests/support/check.h"

static void check_amount(struct money m, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    (void)money_print(m, text);
    assert_string_equal(text, wanted);
}
#define CHECK(amount, wanted) check_amount((struct money){(amount).e12}, wanted)

static const struct binance_instrument *find(const struct binance_exchange *x, const char *symbol)
{
    for (size_t i = 0; i < x->count; i++) {
        if (strcmp(x->items[i].instrument.symbol, symbol) == 0)
            return &x->items[i];
    }
    fail_msg("%s is missing", symbol);
    return NULL;
}

static void test_instruments_have_their_exact_filters(void **state)
{
    const struct binance_instrument *b;
    struct binance_exchange x;
    size_t length;
    char *json = check_data("binance/exchange_spot.json", &length);

    (void)state;
    assert_ok(binance_parse_exchange(BINANCE_SPOT, json, length, NULL, &x));
    free(json);
    assert_int_equal(x.count, 3);
    assert_int_equal(x.server_us, INT64_C(1633998511098) * US_PER_MS);
    assert_int_equal(x.limit_count, 4);
    assert_true(x.limits[0].is_weight && x.limits[0].limit == 1200);
    assert_int_equal(x.limits[0].window_us, 60 * US_PER_S);
    assert_true(x.limits[1].is_orders && x.limits[1].window_us == 10 * US_PER_S);
    assert_true(x.limits[2].is_orders && x.limits[2].window_us == US_PER_DAY);
    assert_true(!x.limits[3].is_orders && !x.limits[3].is_weight);
    b = find(&x, "BTC/USDT");
    assert_string_equal(b->symbol, "BTCUSDT");
    assert_true(b->instrument.is_spot && b->is_trading && b->has_oco);
    assert_false(b->has_stop_market); /* its order types have STOP_LOSS_LIMIT only */
    CHECK(b->instrument.tick, "0.01");
    CHECK(b->instrument.lot, "0.00001");
    CHECK(b->instrument.min_notional, "10");
    CHECK(b->price_min, "0.01");
    CHECK(b->price_max, "1000000");
    CHECK(b->size_min, "0.00001");
    CHECK(b->size_max, "9000");
    CHECK(b->market_lot, "0");
    CHECK(b->market_max, "100.05381873");
    assert_true(b->notional_min_for_market);
    assert_int_equal(b->orders_max, 200);
    assert_int_equal(b->algo_orders_max, 5);
    CHECK(b->instrument.market_max, "100.05381873"); /* what of it holds for orders of a kind */
    CHECK(b->instrument.limit_max, "9000");
    CHECK(b->instrument.size_min, "0.00001");
    assert_int_equal(b->instrument.orders_max, 200);
    assert_int_equal(b->instrument.stops_max, 5);
    CHECK(b->instrument.buy_up, "5");
    CHECK(b->instrument.sell_up, "5");
    CHECK(b->instrument.buy_down, "0.2");
    CHECK(find(&x, "ETH/BTC")->instrument.tick, "0.000001");
    CHECK(find(&x, "ETH/BTC")->instrument.min_notional, "0.0001");
    binance_exchange_release(&x);

    json = check_data("binance/exchange_usdm.json", &length);
    assert_ok(binance_parse_exchange(BINANCE_USDM, json, length, NULL, &x));
    free(json);
    b = find(&x, "BTC/USDT:USDT");
    assert_false(b->instrument.is_spot);
    assert_true(b->has_stop_market);
    CHECK(b->instrument.tick, "0.01");
    CHECK(b->instrument.lot, "0.001");
    CHECK(b->instrument.min_notional, "5");
    CHECK(b->market_lot, "0.001");
    CHECK(b->market_max, "1000");
    CHECK(b->instrument.buy_up, "1.15"); /* sells may lie above, buys below, as far as they like */
    CHECK(b->instrument.sell_down, "0.85");
    CHECK(b->instrument.sell_up, "0");
    CHECK(b->instrument.buy_down, "0");
    binance_exchange_release(&x);
}

static void test_the_newer_notional_filter_and_odd_symbols(void **state)
{
    static const char json[] =
        "{\"symbols\":[{\"symbol\":\"ABUSDT\",\"status\":\"BREAK\",\"baseAsset\":\"AB\","
        "\"quoteAsset\":\"USDT\",\"orderTypes\":[\"STOP_LOSS\"],\"filters\":["
        "{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"0.10\"},"
        "{\"filterType\":\"LOT_SIZE\",\"minQty\":\"1.00\",\"stepSize\":\"1.00\"},"
        "{\"filterType\":\"MARKET_LOT_SIZE\",\"minQty\":\"20\",\"maxQty\":\"500\","
        "\"stepSize\":\"10\"},{\"filterType\":\"PERCENT_PRICE_BY_SIDE\",\"bidMultiplierUp\":"
        "\"1.2\",\"bidMultiplierDown\":\"0.3\",\"askMultiplierUp\":\"4\","
        "\"askMultiplierDown\":\"0.8\"},"
        "{\"filterType\":\"NOTIONAL\",\"minNotional\":\"5.00\",\"applyMinToMarket\":false,"
        "\"maxNotional\":\"9000000.00\",\"applyMaxToMarket\":true},"
        "{\"filterType\":\"A_NEW_ONE\",\"x\":1.5}]},"
        "{\"symbol\":\"\xE5\xB8\x81USDT\",\"baseAsset\":\"\xE5\xB8\x81\",\"quoteAsset\":\"USDT\","
        "\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"0.1\"},"
        "{\"filterType\":\"LOT_SIZE\",\"stepSize\":\"1\"}]},"
        "{\"symbol\":\"NOUSDT\",\"baseAsset\":\"NO\",\"quoteAsset\":\"USDT\",\"filters\":[]}]}";
    struct binance_exchange x;

    (void)state;
    assert_ok(binance_parse_exchange(BINANCE_SPOT, json, sizeof json - 1, NULL, &x));
    assert_int_equal(x.count, 1);
    assert_int_equal(x.skipped, 2);
    assert_false(x.items[0].is_trading);
    assert_true(x.items[0].has_stop_market);
    assert_false(x.items[0].notional_min_for_market);
    assert_true(x.items[0].notional_max_for_market);
    CHECK(x.items[0].instrument.min_notional, "5");
    CHECK(x.items[0].notional_max, "9000000");
    CHECK(x.items[0].instrument.lot, "10"); /* all orders keep to the coarser step */
    CHECK(x.items[0].instrument.size_min, "20");
    CHECK(x.items[0].instrument.market_max, "500");
    CHECK(x.items[0].instrument.buy_up, "1.2");
    CHECK(x.items[0].instrument.buy_down, "0.3");
    CHECK(x.items[0].instrument.sell_up, "4");
    CHECK(x.items[0].instrument.sell_down, "0.8");
    binance_exchange_release(&x);
}

static void test_symbols(void **state)
{
    char s[BINANCE_SYMBOL];

    (void)state;
    assert_ok(binance_symbol(BINANCE_SPOT, "BTC/USDT", s));
    assert_string_equal(s, "BTCUSDT");
    assert_ok(binance_symbol(BINANCE_USDM, "1000SHIB/USDT:USDT", s));
    assert_string_equal(s, "1000SHIBUSDT");
    assert_err(binance_symbol(BINANCE_USDM, "BTC/USDT", s), ERR_INVALID);
    assert_err(binance_symbol(BINANCE_SPOT, "BTC/USDT:USDT", s), ERR_INVALID);
    assert_err(binance_symbol(BINANCE_SPOT, "BTCUSDT", s), ERR_INVALID);
}

static void test_algo_orders(void **state)
{
    static const char triggered[] =
        "{\"algoId\":\"2146760\",\"clientAlgoId\":\"c1\",\"orderType\":\"TAKE_PROFIT\",\"symbol\":"
        "\"BTCUSDT\",\"side\":\"BUY\",\"quantity\":\"0.010\",\"algoStatus\":\"TRIGGERED\","
        "\"actualOrderId\":\"99\",\"triggerPrice\":\"750.00\",\"price\":\"751\","
        "\"reduceOnly\":true}";
    static const char waiting[] =
        "{\"algoId\":1,\"clientAlgoId\":\"c1\",\"orderType\":\"STOP_MARKET\","
        "\"symbol\":\"BTCUSDT\","
        "\"side\":\"SELL\",\"algoStatus\":\"TRIGGERING\",\"actualOrderId\":\"\"}";
    static const char canceled[] = "{\"algoId\":1,\"code\":\"200\",\"msg\":\"success\"}";
    struct binance_order o;

    (void)state;
    assert_ok(binance_parse_order(triggered, sizeof triggered - 1, NULL, &o));
    assert_true(o.is_algo && o.reduce_only);
    assert_string_equal(o.actual_id, "99");
    assert_int_equal(o.status, BINANCE_TRIGGERED);
    assert_int_equal(o.type, BINANCE_TAKE_LIMIT);
    CHECK(o.stop, "750");
    assert_ok(binance_parse_order(waiting, sizeof waiting - 1, NULL, &o));
    assert_int_equal(o.status, BINANCE_NEW);
    assert_string_equal(o.actual_id, "");
    assert_ok(binance_parse_done(canceled, sizeof canceled - 1, NULL));
    assert_ok(binance_parse_done("{}", 2, NULL));
    assert_err(binance_parse_done("{\"code\":-1,\"msg\":\"x\"}", 21, NULL), ERR_INVALID);
}

#define ORDER "\"symbol\":\"BTCUSDT\",\"orderId\":7,\"clientOrderId\":\"n1\""

static void test_replaced_orders(void **state)
{
    static const char done[] =
        "{\"cancelResult\":\"SUCCESS\",\"newOrderResult\":\"SUCCESS\",\"cancelResponse\":{" ORDER
        ",\"origClientOrderId\":\"o1\",\"status\":\"CANCELED\"},\"newOrderResponse\":{" ORDER
        ",\"status\":\"NEW\",\"fills\":[]}}";
    static const char half[] =
        "{\"code\":-2021,\"msg\":\"Order cancel-replace partially failed.\",\"data\":{"
        "\"cancelResult\":\"SUCCESS\",\"newOrderResult\":\"FAILURE\",\"cancelResponse\":{" ORDER
        ",\"origClientOrderId\":\"o1\",\"status\":\"CANCELED\"},\"newOrderResponse\":{"
        "\"code\":-2010,\"msg\":\"Order would immediately match and take.\"}}}";
    static const char none[] =
        "{\"code\":-2022,\"msg\":\"Order cancel-replace failed.\",\"data\":{\"cancelResult\":"
        "\"FAILURE\",\"newOrderResult\":\"NOT_ATTEMPTED\",\"cancelResponse\":{\"code\":-2011,"
        "\"msg\":\"Unknown order sent.\"},\"newOrderResponse\":null}}";
    struct binance_replaced r;

    (void)state;
    assert_ok(binance_parse_replaced(done, sizeof done - 1, NULL, &r));
    assert_true(r.cancel == BINANCE_STEP_DONE && r.place == BINANCE_STEP_DONE);
    assert_string_equal(r.canceled.client_id, "o1");
    assert_string_equal(r.placed.client_id, "n1");
    assert_true(r.placed.has_fills);
    binance_order_release(&r.placed);
    assert_ok(binance_parse_replaced(half, sizeof half - 1, NULL, &r));
    assert_true(r.cancel == BINANCE_STEP_DONE && r.place == BINANCE_STEP_FAILED);
    assert_int_equal(r.place_refusal.code, -2010);
    assert_ok(binance_parse_replaced(none, sizeof none - 1, NULL, &r));
    assert_true(r.cancel == BINANCE_STEP_FAILED && r.place == BINANCE_STEP_NOT_TRIED);
    assert_int_equal(r.cancel_refusal.code, -2011);
    assert_string_equal(r.cancel_refusal.message, "Unknown order sent.");
}

static void test_a_pair(void **state)
{
    static const char json[] =
        "{\"orderListId\":1,\"contingencyType\":\"OCO\",\"orders\":[],\"orderReports\":[{" ORDER
        ",\"status\":\"NEW\",\"type\":\"LIMIT_MAKER\",\"side\":\"SELL\"},{" ORDER
        ",\"status\":\"NEW\",\"type\":\"STOP_LOSS\",\"stopPrice\":\"3.1\"}]}";
    struct binance_orders l;

    (void)state;
    assert_ok(binance_parse_pair(json, sizeof json - 1, NULL, &l));
    assert_int_equal(l.count, 2);
    assert_int_equal(l.items[0].type, BINANCE_LIMIT_MAKER);
    assert_int_equal(l.items[1].type, BINANCE_STOP_LOSS);
    binance_orders_release(&l);
}

static void test_what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *json, *field;
        enum err error;
    } rows[] = {
        {"", "answer", ERR_SYNTAX},
        {"{\"symbol\":", "answer", ERR_SYNTAX},
        {"[]", "answer", ERR_SYNTAX},
        {"<html>", "answer", ERR_SYNTAX},
        {"{" ORDER "} x", "answer", ERR_SYNTAX},
        {"{}", "symbol", ERR_INVALID},
        {"{\"symbol\":\"BTCUSDT\",\"clientOrderId\":\"n1\"}", "orderId", ERR_INVALID},
        {"{\"symbol\":\"BTCUSDT\",\"orderId\":-1,\"clientOrderId\":\"n1\"}", "orderId",
         ERR_INVALID},
        {"{\"symbol\":\"BTCUSDT\",\"orderId\":1.5,\"clientOrderId\":\"n1\"}", "orderId",
         ERR_INVALID},
        {"{" ORDER ",\"price\":1.5}", "price", ERR_INVALID},
        {"{" ORDER ",\"price\":\"1e5\"}", "price", ERR_INVALID},
        {"{" ORDER ",\"price\":\"-1\"}", "order", ERR_INVALID},
        {"{" ORDER ",\"executedQty\":\"0.1234567890123\"}", "executedQty", ERR_INVALID},
        {"{" ORDER ",\"status\":\"SOLD\"}", "status", ERR_INVALID},
        {"{" ORDER ",\"side\":\"SHORT\"}", "side", ERR_INVALID},
        {"{" ORDER ",\"updateTime\":-5}", "updateTime", ERR_INVALID},
        {"{" ORDER ",\"fills\":{}}", "fills", ERR_INVALID},
        {"{" ORDER ",\"fills\":[1]}", "fills", ERR_INVALID},
        {"{" ORDER ",\"fills\":[{\"price\":\"1\",\"qty\":\"1\",\"commission\":\"0\","
         "\"commissionAsset\":\"BNB\"}]}",
         "tradeId", ERR_INVALID},
        {"{\"symbol\":\"BTCUSDT\",\"orderId\":1,\"clientOrderId\":"
         "\"0123456789012345678901234567890123456789\"}",
         "clientOrderId", ERR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct diag_list diags = {0};
        struct binance_order o;

        assert_err(binance_parse_order(rows[i].json, strlen(rows[i].json), &diags, &o),
                   rows[i].error);
        assert_int_equal(diags.count, 1);
        assert_string_equal(diags.items[0].field, rows[i].field);
    }
}

static void test_candles_that_are_none(void **state)
{
    static const char *const rows[] = {
        "[[1,\"1\",\"1\",\"1\",\"1\",\"1\"]]",     /* too few members */
        "[[1,1.0,\"1\",\"1\",\"1\",\"1\",2]]",     /* a binary fraction */
        "[[1,\"1\",\"0.5\",\"1\",\"1\",\"1\",2]]", /* high below open */
        "[[1,\"0\",\"0\",\"0\",\"0\",\"1\",2]]",   /* no price */
        "[[1,\"1\",\"1\",\"1\",\"1\",\"-1\",2]]",  /* volume below 0 */
        "[[5,\"1\",\"1\",\"1\",\"1\",\"1\",2]]",   /* ends before it begins */
        "[[1,\"1\",\"1\",\"1\",\"1\",\"1\",2],[1,\"1\",\"1\",\"1\",\"1\",\"1\",2]]",
        "[{}]",
        "{}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct binance_candles c;
        struct diag_list diags = {0};

        assert_true(binance_parse_candles(rows[i], strlen(rows[i]), &diags, &c) != ERR_OK);
        assert_int_equal(diags.count, 1);
    }
}

/* Every prefix of a good answer is refused: nothing cut off is ever taken for whole. */
static void test_truncated_bodies(void **state)
{
    static const char json[] =
        "{" ORDER ",\"status\":\"FILLED\",\"executedQty\":\"10.0\",\"fills\":[{\"price\":\"4\","
        "\"qty\":\"10\",\"commission\":\"4\",\"commissionAsset\":\"USDT\",\"tradeId\":56}]}";
    struct binance_order o;

    (void)state;
    for (size_t n = 0; n < sizeof json - 1; n++)
        assert_err(binance_parse_order(json, n, NULL, &o), ERR_SYNTAX);
    assert_ok(binance_parse_order(json, sizeof json - 1, NULL, &o));
    assert_int_equal(o.fill_count, 1);
    binance_order_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instruments_have_their_exact_filters),
        cmocka_unit_test(test_the_newer_notional_filter_and_odd_symbols),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_algo_orders),
        cmocka_unit_test(test_replaced_orders),
        cmocka_unit_test(test_a_pair),
        cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_candles_that_are_none),
        cmocka_unit_test(test_truncated_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
