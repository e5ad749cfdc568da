/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that place, change, cancel and look for orders. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "exchange/binance_request_parts.h"

static const struct {
    const char *spot, *usdm;
    bool has_price, has_stop;
} types[] = {
    [BINANCE_LIMIT] = {"LIMIT", "LIMIT", true, false},
    [BINANCE_MARKET_ORDER] = {"MARKET", "MARKET", false, false},
    [BINANCE_LIMIT_MAKER] = {"LIMIT_MAKER", "LIMIT", true, false},
    [BINANCE_STOP_LOSS] = {"STOP_LOSS", "STOP_MARKET", false, true},
    [BINANCE_STOP_LIMIT] = {"STOP_LOSS_LIMIT", "STOP", true, true},
    [BINANCE_TAKE_PROFIT] = {"TAKE_PROFIT", "TAKE_PROFIT_MARKET", false, true},
    [BINANCE_TAKE_LIMIT] = {"TAKE_PROFIT_LIMIT", "TAKE_PROFIT", true, true},
};

static const char *const lives[] = {
    [LIFE_GTC] = "GTC", [LIFE_IOC] = "IOC", [LIFE_FOK] = "FOK", [LIFE_POST_ONLY] = "GTX"};

static const char *venue_side(enum side s)
{
    return s == SIDE_BUY ? "BUY" : "SELL";
}

static void add_size(struct binance_request *out, const char *name, struct size s)
{
    char text[AMOUNT_TEXT_MAX];

    (void)size_print(s, text);
    binance_add(out, name, text);
}

static void add_price(struct binance_request *out, const char *name, struct price p)
{
    char text[AMOUNT_TEXT_MAX];

    (void)price_print(p, text);
    binance_add(out, name, text);
}

bool binance_is_algo(enum binance_market m, enum binance_type type)
{
    return m == BINANCE_USDM && type < COUNT_OF(types) && types[type].has_stop;
}

/* An order costs no address weight on USD-M, and one of the account's orders everywhere. */
static void begin_order(struct binance_request *out, enum binance_market m,
                        enum transport_method method, const char *path, enum rate_class c)
{
    binance_begin(out, method, path, c, m == BINANCE_SPOT ? 1 : 0);
    out->is_signed = true;
    out->cost.of[RATE_ORDERS] = 1;
}

/* Size, price, time in force and stop price, in the venue's usual order. */
static void add_terms(enum binance_market m, const struct binance_wish *w,
                      struct binance_request *out)
{
    const bool is_algo = binance_is_algo(m, w->type);

    add_size(out, "quantity", w->size);
    if (types[w->type].has_price)
        add_price(out, "price", w->price);
    if (types[w->type].has_price && !is_algo &&
        !(m == BINANCE_SPOT && w->type == BINANCE_LIMIT_MAKER))
        binance_add(out, "timeInForce",
                    lives[w->type == BINANCE_LIMIT_MAKER ? LIFE_POST_ONLY : w->life]);
    if (types[w->type].has_stop)
        add_price(out, is_algo ? "triggerPrice" : "stopPrice", w->stop);
    if (m == BINANCE_USDM && w->reduce_only)
        binance_add(out, "reduceOnly", "true");
}

void binance_place(enum binance_market m, const struct binance_wish *w, struct binance_request *out)
{
    const bool is_algo = binance_is_algo(m, w->type);
    const char *path = m == BINANCE_SPOT ? "/api/v3/order"
                       : is_algo         ? "/fapi/v1/algoOrder"
                                         : "/fapi/v1/order";

    ASSERT(w->type < COUNT_OF(types));
    begin_order(out, m, TRANSPORT_POST, path, w->rate_class);
    binance_add(out, "symbol", w->symbol);
    binance_add(out, "side", venue_side(w->side));
    binance_add(out, is_algo ? "clientAlgoId" : "newClientOrderId", w->client_id);
    /* FULL brings the fills of an order that executes at once; USD-M has no such answer. */
    binance_add(out, "newOrderRespType", m == BINANCE_SPOT ? "FULL" : "RESULT");
    binance_add(out, "type", m == BINANCE_SPOT ? types[w->type].spot : types[w->type].usdm);
    add_terms(m, w, out);
    if (is_algo)
        binance_add(out, "algoType", "CONDITIONAL");
}

/* One half under the names that begin with its place; parameters in the documentation's order. */
static void add_half(const struct binance_wish *w, const char *place, struct binance_request *out)
{
    const bool is_stop = types[w->type].has_stop;
    char name[32];

    (void)snprintf(name, sizeof name, "%sType", place);
    binance_add(out, name, types[w->type].spot);
    (void)snprintf(name, sizeof name, "%sClientOrderId", place);
    binance_add(out, name, w->client_id);
    (void)snprintf(name, sizeof name, "%sPrice", place);
    if (types[w->type].has_price)
        add_price(out, name, w->price);
    (void)snprintf(name, sizeof name, "%sStopPrice", place);
    if (is_stop)
        add_price(out, name, w->stop);
    (void)snprintf(name, sizeof name, "%sTimeInForce", place);
    if (is_stop && types[w->type].has_price)
        binance_add(out, name, "GTC");
}

void binance_place_pair(const struct binance_wish *stop, const struct binance_wish *target,
                        const char *list_id, struct binance_request *out)
{
    /* A sell's target lies above the market and its stop below; a buy's the other way round. */
    const bool is_sell = stop->side == SIDE_SELL;

    struct binance_wish limit = *target;

    ASSERT(types[stop->type].has_stop && strcmp(stop->symbol, target->symbol) == 0);
    limit.type = BINANCE_LIMIT_MAKER; /* the only limit order that a pair may have */
    begin_order(out, BINANCE_SPOT, TRANSPORT_POST, "/api/v3/orderList/oco", stop->rate_class);
    out->cost.of[RATE_ORDERS] = 2;
    binance_add(out, "symbol", stop->symbol);
    binance_add(out, "listClientOrderId", list_id);
    binance_add(out, "side", venue_side(stop->side));
    add_size(out, "quantity", stop->size);
    add_half(is_sell ? &limit : stop, "above", out);
    add_half(is_sell ? stop : &limit, "below", out);
    binance_add(out, "newOrderRespType", "RESULT");
}

void binance_cancel_pair(const char *symbol, const char *list_id, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_DELETE, "/api/v3/orderList", RATE_SAFE, 1);
    out->is_signed = true;
    binance_add(out, "symbol", symbol);
    binance_add(out, "listClientOrderId", list_id);
}

void binance_replace(const struct binance_wish *w, const char *old_id, struct binance_request *out)
{
    begin_order(out, BINANCE_SPOT, TRANSPORT_POST, "/api/v3/order/cancelReplace", w->rate_class);
    binance_add(out, "symbol", w->symbol);
    binance_add(out, "side", venue_side(w->side));
    binance_add(out, "type", types[w->type].spot);
    binance_add(out, "newClientOrderId", w->client_id);
    binance_add(out, "newOrderRespType", "FULL");
    add_terms(BINANCE_SPOT, w, out);
    binance_add(out, "cancelReplaceMode", "STOP_ON_FAILURE");
    binance_add(out, "cancelOrigClientOrderId", old_id);
    binance_add(out, "cancelRestrictions", "ONLY_NEW");
}

void binance_amend(const struct binance_wish *w, struct binance_request *out)
{
    begin_order(out, BINANCE_USDM, TRANSPORT_PUT, "/fapi/v1/order", w->rate_class);
    binance_add(out, "symbol", w->symbol);
    binance_add(out, "side", venue_side(w->side));
    add_size(out, "quantity", w->size);
    add_price(out, "price", w->price);
    binance_add(out, "origClientOrderId", w->client_id);
}

/* "symbol" and one of the ids; algo orders are found by their id alone. */
static void add_name(enum binance_market m, const struct binance_name *n,
                     struct binance_request *out)
{
    const bool is_algo = m == BINANCE_USDM && n->is_algo;

    ASSERT(!n->client_id != !n->id);
    out->is_signed = true;
    binance_add(out, "symbol", n->symbol);
    if (n->id)
        binance_add(out, is_algo ? "algoId" : "orderId", n->id);
    else
        binance_add(out, is_algo ? "clientAlgoId" : "origClientOrderId", n->client_id);
}

static const char *order_path(enum binance_market m, const struct binance_name *n)
{
    if (m == BINANCE_SPOT)
        return "/api/v3/order";
    return n->is_algo ? "/fapi/v1/algoOrder" : "/fapi/v1/order";
}

void binance_ask_order(enum binance_market m, const struct binance_name *n,
                       struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, order_path(m, n), RATE_EXIT, m == BINANCE_SPOT ? 4 : 1);
    add_name(m, n, out);
}

void binance_cancel(enum binance_market m, const struct binance_name *n,
                    struct binance_request *out)
{
    binance_begin(out, TRANSPORT_DELETE, order_path(m, n), RATE_SAFE, 1);
    add_name(m, n, out);
}

void binance_cancel_all(enum binance_market m, const char *symbol, bool algo,
                        struct binance_request *out)
{
    const char *path = m == BINANCE_SPOT ? "/api/v3/openOrders"
                       : algo            ? "/fapi/v1/algoOpenOrders"
                                         : "/fapi/v1/allOpenOrders";

    binance_begin(out, TRANSPORT_DELETE, path, RATE_SAFE, 1);
    out->is_signed = true;
    binance_add(out, "symbol", symbol);
}

void binance_ask_open_orders(enum binance_market m, const char *symbol, bool algo,
                             struct binance_request *out)
{
    const char *path = m == BINANCE_SPOT ? "/api/v3/openOrders"
                       : algo            ? "/fapi/v1/openAlgoOrders"
                                         : "/fapi/v1/openOrders";
    const int64_t all = m == BINANCE_SPOT ? 80 : 40;

    binance_begin(out, TRANSPORT_GET, path, RATE_EXIT, !symbol ? all : m == BINANCE_SPOT ? 6 : 1);
    out->max_bytes = LIMIT_NET_LARGE;
    out->is_signed = true;
    if (symbol)
        binance_add(out, "symbol", symbol);
}

void binance_ask_trades(enum binance_market m, const struct binance_trades_of *t,
                        struct binance_request *out)
{
    const int64_t spot = t->order_id ? 5 : 20;

    binance_begin(out, TRANSPORT_GET,
                  m == BINANCE_SPOT ? "/api/v3/myTrades" : "/fapi/v1/userTrades", RATE_EXIT,
                  m == BINANCE_SPOT ? spot : 5);
    out->is_signed = true;
    binance_add(out, "symbol", t->symbol);
    if (t->order_id)
        binance_add(out, "orderId", t->order_id);
    if (t->span.from_us != TIME_NONE)
        binance_add_integer(out, "startTime", t->span.from_us / US_PER_MS);
    if (t->span.to_us != TIME_NONE)
        binance_add_integer(out, "endTime", t->span.to_us / US_PER_MS);
    if (t->from_id)
        binance_add(out, "fromId", t->from_id);
    if (t->span.limit > 0)
        binance_add_integer(out, "limit", t->span.limit);
}

void binance_cancel_after(const char *symbol, int64_t after_ms, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_POST, "/fapi/v1/countdownCancelAll", RATE_SAFE, 10);
    out->is_signed = true;
    binance_add(out, "symbol", symbol);
    binance_add_integer(out, "countdownTime", after_ms);
}
