/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of ccxt as our requests: which builder belongs to which call. */
#include "tests/support/binance_calls.h"

#include <stdlib.h>

#include "core/clock.h"
#include "tests/support/check.h"

static const char *text_of(const struct jnode *n)
{
    return jnode_is(n, J_STRING) ? jnode_text(n) : "";
}

static const struct jnode *item(const struct jnode *list, size_t i)
{
    return i < jnode_count(list) ? jnode_item(list, i) : NULL;
}

static const char *text_at(const struct jnode *list, size_t i)
{
    return text_of(item(list, i));
}

static bool given(const struct jnode *list, size_t i)
{
    return item(list, i) && !jnode_is(item(list, i), J_NULL);
}

static int64_t integer_at(const struct jnode *list, size_t i, int64_t other)
{
    return jnode_is(item(list, i), J_INTEGER) ? jnode_integer(item(list, i)) : other;
}

bool binance_call_value(const char *form, const char *key, char *out, size_t capacity)
{
    const size_t length = strlen(key);

    for (const char *at = form; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            const size_t n = strcspn(at + length + 1, "&");

            assert_true(n < capacity);
            memcpy(out, at + length + 1, n);
            out[n] = '\0';
            return true;
        }
    }
    return false;
}

/* The steps of the symbols these requests are about, in 2026. */
static void steps_of(enum binance_market m, const char *symbol, const char **tick, const char **lot)
{
    *tick = m == BINANCE_SPOT || strcmp(symbol, "BTCUSDT") != 0 ? "0.01" : "0.1";
    *lot = m == BINANCE_SPOT && strcmp(symbol, "BTCUSDT") == 0 ? "0.00001" : "0.001";
    if (strcmp(symbol, "ETHUSDT") == 0)
        *lot = "0.0001";
}

static struct size size_given(enum binance_market m, const char *symbol, double value)
{
    const char *tick, *lot;
    struct size exact, step, out;

    steps_of(m, symbol, &tick, &lot);
    assert_ok(size_from_double(value, ROUND_HALF_EVEN, &exact));
    assert_ok(size_parse(lot, strlen(lot), &step));
    assert_ok(size_to_step(exact, step, ROUND_DOWN, &out));
    return out;
}

static struct price price_given(enum binance_market m, const char *symbol, double value)
{
    const char *tick, *lot;
    struct price exact, step, out;

    steps_of(m, symbol, &tick, &lot);
    assert_ok(price_from_double(value, ROUND_HALF_EVEN, &exact));
    assert_ok(price_parse(tick, strlen(tick), &step));
    assert_ok(price_to_step(exact, step, ROUND_HALF_EVEN, &out));
    return out;
}

/* Options an order may have here; another makes it one we never place. */
static bool read_options(enum binance_market m, const struct jnode *options, struct binance_wish *w)
{
    const bool is_market = w->type == BINANCE_MARKET_ORDER;
    const struct jnode *value;
    void *it = NULL;
    const char *key;

    if (!jnode_is(options, J_OBJECT))
        return true;
    while (jnode_next(options, &it, &key, &value)) {
        if (strcmp(key, "clientOrderId") == 0) {
            continue; /* taken from the expected request */
        } else if (strcmp(key, "postOnly") == 0) {
            w->type = BINANCE_LIMIT_MAKER;
        } else if (strcmp(key, "reduceOnly") == 0) {
            w->reduce_only = true;
        } else if (strcmp(key, "stopLossPrice") == 0 || strcmp(key, "triggerPrice") == 0) {
            w->type = is_market ? BINANCE_STOP_LOSS : BINANCE_STOP_LIMIT;
            w->stop = price_given(m, w->symbol, jnode_number(value));
        } else if (strcmp(key, "takeProfitPrice") == 0) {
            w->type = is_market ? BINANCE_TAKE_PROFIT : BINANCE_TAKE_LIMIT;
            w->stop = price_given(m, w->symbol, jnode_number(value));
        } else {
            return false;
        }
    }
    return true;
}

static bool build_order(enum binance_market m, const struct jnode *in, const char *symbol,
                        const char *id, struct binance_request *out)
{
    struct binance_wish w = {.symbol = symbol, .client_id = id};
    const bool is_market = strcmp(text_at(in, 1), "market") == 0;

    w.side = strcmp(text_at(in, 2), "sell") == 0 ? SIDE_SELL : SIDE_BUY;
    w.type = is_market ? BINANCE_MARKET_ORDER : BINANCE_LIMIT;
    w.size = size_given(m, symbol, jnode_number(item(in, 3)));
    if (is_market && m == BINANCE_SPOT && given(in, 4))
        return false; /* by quote amount: sizes are ours to compute */
    if (given(in, 4))
        w.price = price_given(m, symbol, jnode_number(item(in, 4)));
    if (!read_options(m, item(in, 5), &w))
        return false;
    binance_place(m, &w, out);
    return true;
}

/* A change of an order: the same parameters, but by our name of it in place of the venue's. */
static bool build_edit(enum binance_market m, const struct jnode *in, const char *symbol,
                       const char *id, struct binance_request *out)
{
    struct binance_wish w = {.symbol = symbol, .client_id = id, .type = BINANCE_LIMIT};

    w.side = strcmp(text_at(in, 3), "sell") == 0 ? SIDE_SELL : SIDE_BUY;
    w.size = size_given(m, symbol, jnode_number(item(in, 4)));
    w.price = price_given(m, symbol, jnode_number(item(in, 5)));
    if (m == BINANCE_USDM)
        w.client_id = text_at(in, 0);
    if (m == BINANCE_USDM)
        binance_amend(&w, out);
    else
        binance_replace(&w, text_at(in, 0), out);
    return true;
}

/* Calls about one order: by the venue's id, or by the client's in the options. */
static bool build_named(enum binance_market m, const char *call, const struct jnode *in,
                        const char *symbol, struct binance_request *out)
{
    const struct jnode *options = item(in, 2);
    struct binance_name n = {.symbol = symbol};

    if (strstr(call, "WithClientOrderId"))
        n.client_id = text_at(in, 0);
    else if (jnode_is(options, J_OBJECT) && jnode_member(options, "clientOrderId"))
        n.client_id = jnode_text(jnode_member(options, "clientOrderId"));
    else
        n.id = text_at(in, 0);
    n.is_algo = jnode_is(options, J_OBJECT) && jnode_member(options, "trigger");
    if (strncmp(call, "fetch", 5) == 0)
        binance_ask_order(m, &n, out);
    else
        binance_cancel(m, &n, out);
    return true;
}

static bool build_market_data(enum binance_market m, const char *call, const struct jnode *in,
                              const char *symbol, const char *url, struct binance_request *out)
{
    const bool has_until = jnode_is(item(in, 4), J_OBJECT);
    const int64_t to_ms = has_until && jnode_member(item(in, 4), "until")
                              ? jnode_integer(jnode_member(item(in, 4), "until"))
                              : 0;
    const int64_t since_ms = integer_at(in, strcmp(call, "fetchOHLCV") == 0 ? 2 : 1, 0);

    if (strcmp(call, "fetchTime") == 0)
        binance_ask_time(m, out);
    else if (strcmp(call, "fetchOHLCV") == 0 && strstr(url, "/klines"))
        binance_ask_candles(m, symbol, given(in, 1) ? text_at(in, 1) : "1m",
                            (struct binance_span){since_ms ? since_ms * US_PER_MS : TIME_NONE,
                                                  to_ms ? to_ms * US_PER_MS : TIME_NONE,
                                                  (int)integer_at(in, 3, to_ms ? 1000 : 500)},
                            out);
    else if (strcmp(call, "fetchTicker") == 0)
        binance_ask_ticker(m, symbol, out);
    else if (strcmp(call, "fetchOrderBook") == 0 && !strstr(url, "rpi"))
        binance_ask_depth(m, symbol, (int)integer_at(in, 1, 0), out);
    else if (strcmp(call, "fetchBidsAsks") == 0 && m == BINANCE_USDM && symbol[0])
        binance_ask_book_ticker(m, symbol, out);
    else if (strcmp(call, "fetchFundingRate") == 0 || strcmp(call, "fetchMarkPrice") == 0)
        binance_ask_funding(symbol, out);
    else if (strcmp(call, "fetchFundingRateHistory") == 0)
        binance_ask_funding_history(symbol, since_ms ? since_ms * US_PER_MS : TIME_NONE,
                                    (int)integer_at(in, 2, 0), out);
    else
        return false;
    return true;
}

static void ask_trades(enum binance_market m, const char *symbol, const char *order_id, int limit,
                       struct binance_request *out)
{
    const struct binance_trades_of t = {symbol, order_id, NULL, {TIME_NONE, TIME_NONE, limit}};

    binance_ask_trades(m, &t, out);
}

static bool build_account(enum binance_market m, const char *call, const struct jnode *in,
                          const char *symbol, const char *url, struct binance_request *out)
{
    const bool algo = strstr(url, "lgo") != NULL;

    if (strcmp(call, "fetchBalance") == 0)
        binance_ask_account(m, out);
    else if (strcmp(call, "fetchOpenOrders") == 0)
        binance_ask_open_orders(m, symbol, algo, out);
    else if (strcmp(call, "cancelAllOrders") == 0)
        binance_cancel_all(m, symbol, algo, out);
    else if (strcmp(call, "fetchMyTrades") == 0)
        ask_trades(m, symbol, NULL, (int)integer_at(in, 2, 0), out);
    else if (strcmp(call, "fetchOrderTrades") == 0)
        ask_trades(m, symbol, text_at(in, 0), 0, out);
    else if (strcmp(call, "setLeverage") == 0)
        binance_set_leverage(symbol, (int)integer_at(in, 0, 0), out);
    else if (strcmp(call, "setMarginMode") == 0)
        binance_set_margin(symbol, strcmp(text_at(in, 0), "isolated") == 0, out);
    else if (strcmp(call, "setPositionMode") == 0 && !jnode_bool(item(in, 0)))
        binance_set_one_way(out);
    else if ((strcmp(call, "fetchPositions") == 0 || strcmp(call, "fetchPositionsRisk") == 0) &&
             strstr(url, "/v3/positionRisk"))
        binance_ask_positions(out);
    else if (strcmp(call, "fetchFundingHistory") == 0)
        binance_ask_income(symbol, "FUNDING_FEE", (struct binance_span){TIME_NONE, TIME_NONE, 0},
                           out);
    else
        return false;
    return true;
}

/* The venue's symbol of the first argument that is one. */
static void symbol_of(const struct jnode *in, char symbol[BINANCE_SYMBOL])
{
    symbol[0] = '\0';
    for (size_t i = 0; i < jnode_count(in); i++) {
        const struct jnode *n = jnode_item(in, i);

        if (jnode_is(n, J_ARRAY) && jnode_count(n) == 1)
            n = jnode_item(n, 0);
        if (!strchr(text_of(n), '/') || symbol[0])
            continue;
        if (binance_symbol(BINANCE_SPOT, jnode_text(n), symbol) != ERR_OK)
            assert_ok(binance_symbol(BINANCE_USDM, jnode_text(n), symbol));
    }
}

bool binance_call_build(const struct jnode *c, const char *form, struct binance_request *out,
                        enum binance_market *m)
{
    static char symbol[BINANCE_SYMBOL], id[64];
    const char *call = text_of(jnode_member(c, "call")), *url = text_of(jnode_member(c, "url"));
    const struct jnode *in = jnode_member(c, "input");

    *m = strstr(url, "/fapi/") ? BINANCE_USDM : BINANCE_SPOT;
    symbol_of(in, symbol);
    if (!binance_call_value(form, "newClientOrderId", id, sizeof id) &&
        !binance_call_value(form, "clientAlgoId", id, sizeof id))
        id[0] = '\0';
    if (strcmp(call, "createOrder") == 0 && !strstr(url, "/order/test"))
        return build_order(*m, in, symbol, id, out);
    if (strcmp(call, "editOrder") == 0)
        return build_edit(*m, in, symbol, id, out);
    if (strncmp(call, "fetchOrderW", 11) == 0 || strcmp(call, "fetchOrder") == 0 ||
        strncmp(call, "cancelOrderW", 12) == 0 || strcmp(call, "cancelOrder") == 0)
        return build_named(*m, call, in, symbol, out);
    return build_market_data(*m, call, in, symbol, url, out) ||
           build_account(*m, call, in, symbol, url, out);
}
