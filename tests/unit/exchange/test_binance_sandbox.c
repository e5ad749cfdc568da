/* SPDX-License-Identifier: Apache-2.0 */
/* Every call of the connector against the sandbox venue: what is sent is taken, and what comes back
 * is read. */
#include <stdlib.h>

#include "core/clock.h"
#include "exchange/binance_parse.h"
#include "tests/support/check.h"
#include "tests/support/venue_world.h"

/* One request to its answer; the verdict is that it was carried out. */
static struct transport_answer done(struct venue_world *w, const struct binance_request *r)
{
    struct transport_answer a;
    struct binance_verdict v;

    assert_ok(binance_client_call(w->client, r, 30 * US_PER_S, &a, &v));
    if (v.error != VENUE_ERROR_NONE)
        fail_msg("%s?%s: %s", r->path, r->parameters, v.reason);
    return a;
}

#define PARSED(a, parse, ...)                                            \
    do {                                                                 \
        struct diag_list diags_ = {0};                                   \
        if (parse((a).body, (a).length, &diags_, __VA_ARGS__) != ERR_OK) \
            fail_msg("%s: %s", diags_.items[0].message, (a).body);       \
        transport_answer_release(&(a));                                  \
    } while (0)

static struct price price(const char *text)
{
    struct price p;

    assert_ok(price_parse(text, strlen(text), &p));
    return p;
}

static struct binance_wish wish(enum binance_type type, enum side side, const char *id)
{
    return (struct binance_wish){.symbol = "BTCUSDT",
                                 .client_id = id,
                                 .side = side,
                                 .type = type,
                                 .size = {INT64_C(10000000000)},
                                 .rate_class = RATE_ENTRY};
}

static struct binance_order placed(struct venue_world *w, const struct binance_wish *what)
{
    struct transport_answer a;
    struct binance_request r;
    struct binance_order o;

    binance_place(w->market, what, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_order, &o);
    assert_string_equal(o.client_id, what->client_id);
    assert_true(o.type == what->type ||
                (w->market == BINANCE_USDM && what->type == BINANCE_LIMIT_MAKER));
    assert_int_equal(o.side, what->side);
    return o;
}

static void test_market_data(void **state)
{
    struct venue_world *w = *state;
    struct transport_answer a;
    struct binance_request r;
    struct binance_ticker ticker;
    struct binance_candles candles;
    struct binance_depth depth;
    int64_t us;

    binance_ask_time(w->market, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_time, &us);
    assert_true(llabs(us - clock_wall_us()) < 30 * US_PER_S);
    binance_ask_ticker(w->market, "BTCUSDT", &r);
    a = done(w, &r);
    PARSED(a, binance_parse_ticker, &ticker);
    assert_int_equal(price_cmp(ticker.last, price("40000")), 0);
    binance_ask_book_ticker(w->market, "BTCUSDT", &r);
    a = done(w, &r);
    PARSED(a, binance_parse_ticker, &ticker);
    assert_true(price_cmp(ticker.bid, ticker.ask) <= 0 && price_sign(ticker.bid) > 0);
    binance_ask_depth(w->market, "BTCUSDT", 5, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_depth, &depth);
    assert_true(depth.bid_count > 0 && depth.ask_count > 0);
    assert_true(price_cmp(depth.bids[0].price, depth.asks[0].price) <= 0);
    binance_depth_release(&depth);
    binance_ask_candles(w->market, "BTCUSDT", "1m", (struct binance_span){TIME_NONE, TIME_NONE, 50},
                        &r);
    a = done(w, &r);
    PARSED(a, binance_parse_candles, &candles);
    assert_int_equal(candles.count, 50);
    assert_int_equal(candles.closes_us[0], candles.items[1].open_us);
    binance_candles_release(&candles);
}

static void test_every_type_of_order(void **state)
{
    static const enum binance_type types[] = {BINANCE_LIMIT,       BINANCE_LIMIT_MAKER,
                                              BINANCE_STOP_LOSS,   BINANCE_STOP_LIMIT,
                                              BINANCE_TAKE_PROFIT, BINANCE_TAKE_LIMIT};
    static const char *const ids[] = {"t0", "t1", "t2", "t3", "t4", "t5"};
    struct venue_world *w = *state;
    struct binance_order o;

    {
        const struct binance_wish buy = wish(BINANCE_MARKET_ORDER, SIDE_BUY, "m1");

        o = placed(w, &buy);
        assert_int_equal(o.status, BINANCE_FILLED);
        assert_int_equal(o.has_fills, w->market == BINANCE_SPOT);
        binance_order_release(&o);
    }
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct binance_wish what = wish(types[i], SIDE_SELL, ids[i]);
        struct binance_name name = {.symbol = "BTCUSDT", .client_id = ids[i]};
        struct transport_answer a;
        struct binance_request r;
        const bool is_algo = binance_is_algo(w->market, types[i]);

        what.price = price(types[i] == BINANCE_STOP_LIMIT ? "38000" : "45000");
        what.stop = price(
            types[i] == BINANCE_STOP_LOSS || types[i] == BINANCE_STOP_LIMIT ? "39000" : "44000");
        what.reduce_only = w->market == BINANCE_USDM && is_algo;
        o = placed(w, &what);
        assert_int_equal(o.is_algo, is_algo);
        binance_order_release(&o);
        name.is_algo = is_algo;
        binance_ask_order(w->market, &name, &r);
        a = done(w, &r);
        PARSED(a, binance_parse_order, &o);
        assert_int_equal(o.status, BINANCE_NEW);
        assert_int_equal(o.reduce_only, what.reduce_only);
        if (types[i] != BINANCE_LIMIT && types[i] != BINANCE_LIMIT_MAKER)
            assert_int_equal(price_cmp(o.stop, what.stop), 0);
        binance_order_release(&o);
        binance_cancel(w->market, &name, &r);
        a = done(w, &r);
        transport_answer_release(&a);
    }
}

static void test_open_orders_trades_and_all_canceled(void **state)
{
    struct venue_world *w = *state;
    struct binance_wish rest = wish(BINANCE_LIMIT, SIDE_BUY, "r1");
    const struct binance_wish buy = wish(BINANCE_MARKET_ORDER, SIDE_BUY, "m1");
    struct binance_trades_of of = {"BTCUSDT", NULL, NULL, {TIME_NONE, TIME_NONE, 0}};
    struct transport_answer a;
    struct binance_request r;
    struct binance_orders orders;
    struct binance_fills fills;
    struct binance_order o;

    rest.price = price("30000");
    o = placed(w, &rest);
    binance_order_release(&o);
    o = placed(w, &buy);
    of.order_id = o.id;
    binance_ask_trades(w->market, &of, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_trades, &fills);
    assert_int_equal(fills.count, 1);
    assert_string_equal(fills.items[0].order_id, o.id);
    binance_order_release(&o);
    of.order_id = NULL;
    of.from_id = fills.items[0].id;
    binance_ask_trades(w->market, &of, &r);
    free(fills.items);
    a = done(w, &r);
    PARSED(a, binance_parse_trades, &fills);
    assert_int_equal(fills.count, 1);
    free(fills.items);
    binance_ask_open_orders(w->market, "BTCUSDT", false, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_orders, &orders);
    assert_int_equal(orders.count, 1);
    assert_string_equal(orders.items[0].client_id, "r1");
    binance_orders_release(&orders);
    binance_cancel_all(w->market, "BTCUSDT", false, &r);
    a = done(w, &r);
    transport_answer_release(&a);
    binance_ask_open_orders(w->market, NULL, false, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_orders, &orders);
    assert_int_equal(orders.count, 0);
    binance_orders_release(&orders);
}

static void test_a_pair_of_spot(void **state)
{
    struct venue_world *w = *state;
    struct binance_wish stop = wish(BINANCE_STOP_LOSS, SIDE_SELL, "s1");
    struct binance_wish target = wish(BINANCE_LIMIT_MAKER, SIDE_SELL, "t1");
    const struct binance_name name = {.symbol = "BTCUSDT", .client_id = "t1"};
    struct transport_answer a;
    struct binance_request r;
    struct binance_orders pair;
    struct binance_order o;

    stop.stop = price("39500");
    target.price = price("41000");
    binance_place_pair(&stop, &target, "pair", &r);
    a = done(w, &r);
    PARSED(a, binance_parse_pair, &pair);
    assert_int_equal(pair.count, 2);
    binance_orders_release(&pair);
    venue_step(w, 10 * 60 * US_PER_S); /* the stop executes, and the target ends with it */
    binance_ask_order(BINANCE_SPOT, &name, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_order, &o);
    assert_true(o.status == BINANCE_EXPIRED || o.status == BINANCE_CANCELED);
    binance_order_release(&o);
}

static void test_settings_and_figures_of_usdm(void **state)
{
    struct venue_world *w = *state;
    const struct binance_wish buy = wish(BINANCE_MARKET_ORDER, SIDE_BUY, "m1");
    struct binance_wish rest = wish(BINANCE_LIMIT, SIDE_BUY, "r1");
    struct binance_positions positions;
    struct binance_fundings fundings;
    struct binance_funding funding;
    struct binance_incomes incomes;
    struct transport_answer a;
    struct binance_request r;
    struct binance_order o;
    bool is_hedged = true;

    binance_ask_position_mode(&r);
    a = done(w, &r);
    PARSED(a, binance_parse_position_mode, &is_hedged);
    assert_false(is_hedged);
    binance_set_leverage("BTCUSDT", 5, &r);
    a = done(w, &r);
    assert_ok(binance_parse_done(a.body, a.length, NULL));
    transport_answer_release(&a);
    binance_set_margin("BTCUSDT", true, &r);
    a = done(w, &r);
    assert_ok(binance_parse_done(a.body, a.length, NULL));
    transport_answer_release(&a);
    o = placed(w, &buy);
    binance_order_release(&o);
    binance_ask_positions(&r);
    a = done(w, &r);
    PARSED(a, binance_parse_positions, &positions);
    assert_int_equal(positions.count, 1);
    assert_true(positions.items[0].is_isolated);
    free(positions.items);
    rest.price = price("30000");
    o = placed(w, &rest);
    binance_order_release(&o);
    rest.price = price("30500");
    binance_amend(&rest, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_order, &o);
    assert_int_equal(price_cmp(o.price, rest.price), 0);
    binance_order_release(&o);
    binance_cancel_after("BTCUSDT", 0, &r);
    a = done(w, &r);
    transport_answer_release(&a);
    binance_ask_funding("BTCUSDT", &r);
    a = done(w, &r);
    PARSED(a, binance_parse_funding, &funding);
    assert_true(funding.at_us > clock_wall_us() - US_PER_DAY);
    venue_faults(w, "next 1 on query : funding(BTC/USDT:USDT, 0.001)\n");
    binance_ask_positions(&r); /* it is paid after this question */
    a = done(w, &r);
    transport_answer_release(&a);
    binance_ask_income("BTCUSDT", "FUNDING_FEE", (struct binance_span){TIME_NONE, TIME_NONE, 0},
                       &r);
    a = done(w, &r);
    PARSED(a, binance_parse_incomes, &incomes);
    assert_int_equal(incomes.count, 1);
    assert_true(money_sign(incomes.items[0].amount) < 0);
    free(incomes.items);
    binance_ask_funding_history("BTCUSDT", TIME_NONE, 10, &r);
    a = done(w, &r);
    PARSED(a, binance_parse_fundings, &fundings);
    free(fundings.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SPOT(name) {#name " (spot)", name, venue_world_spot, venue_world_end, NULL}
#define USDM(name)                                                      \
    {                                                                   \
#name " (USD-M)", name, venue_world_usdm, venue_world_end, NULL \
    }
        SPOT(test_market_data),
        USDM(test_market_data),
        SPOT(test_every_type_of_order),
        USDM(test_every_type_of_order),
        SPOT(test_open_orders_trades_and_all_canceled),
        USDM(test_open_orders_trades_and_all_canceled),
        SPOT(test_a_pair_of_spot),
        USDM(test_settings_and_figures_of_usdm),
#undef SPOT
#undef USDM
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
