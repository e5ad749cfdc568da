/* SPDX-License-Identifier: Apache-2.0 */
/* Documented answers read as a widely used client reads them, to the last digit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/jnode.h"
#include "core/text.h"
#include "exchange/binance_parse.h"
#include "tests/support/check.h"

static const struct jnode *member(const struct jnode *n, const char *key)
{
    const struct jnode *m = jnode_is(n, J_OBJECT) ? jnode_member(n, key) : NULL;

    return jnode_is(m, J_NULL) ? NULL : m;
}

/* Nothing told there, or the same number here. */
static void check_number(const struct jnode *there, const char *key, double ours)
{
    const struct jnode *n = member(there, key);

    if (n && !(fabs(jnode_number(n) - ours) <= 1e-12 * fabs(ours)))
        fail_msg("%s: %.15g there, %.15g here", key, jnode_number(n), ours);
}

static void check_word(const struct jnode *there, const char *key, const char *ours)
{
    const struct jnode *n = member(there, key);

    if (n)
        assert_string_equal(jnode_text(n), ours);
}

static void check_time(const struct jnode *there, const char *key, int64_t us)
{
    const struct jnode *n = member(there, key);

    if (n)
        assert_int_equal(jnode_integer(n) * US_PER_MS, us);
}

static const char *status_word(enum binance_status s)
{
    static const char *const words[] = {
        [BINANCE_NEW] = "open",
        [BINANCE_PARTIALLY_FILLED] = "open",
        [BINANCE_FILLED] = "closed",
        [BINANCE_CANCELED] = "canceled",
        [BINANCE_PENDING_CANCEL] = "canceling",
        [BINANCE_REJECTED] = "rejected",
        [BINANCE_EXPIRED] = "expired",
        [BINANCE_TRIGGERED] = "",
        [BINANCE_STATUS_NONE] = "",
    };

    return words[s];
}

static void check_fills(const struct jnode *there, const struct binance_order *o)
{
    const struct jnode *trades = member(there, "trades");

    assert_int_equal(jnode_count(trades), o->fill_count);
    for (size_t i = 0; i < o->fill_count; i++) {
        const struct jnode *t = jnode_item(trades, i), *fee = member(t, "fee");

        check_word(t, "id", o->fills[i].id);
        check_number(t, "price", price_to_double(o->fills[i].price));
        check_number(t, "amount", size_to_double(o->fills[i].size));
        check_number(fee, "cost", money_to_double(o->fills[i].fee));
        check_word(fee, "currency", o->fills[i].fee_asset);
    }
}

static void check_order(const struct jnode *there, const struct binance_order *o)
{
    const bool market_like = o->type == BINANCE_MARKET_ORDER || o->type == BINANCE_STOP_LOSS ||
                             o->type == BINANCE_TAKE_PROFIT;

    check_word(there, "id", o->id);
    /* Of a spot cancel the other client takes the cancel's own name; ours is the order's. */
    if (strcmp(o->client_id, "myOrder1") != 0)
        check_word(there, "clientOrderId", o->client_id);
    check_time(there, "timestamp", o->at_us);
    check_word(there, "side", o->side == SIDE_SELL ? "sell" : "buy");
    check_word(there, "type", market_like ? "market" : "limit");
    /* The other client hands states it does not know on as they are. */
    if (member(there, "status") && strcmp(jnode_text(member(there, "status")), "PENDING_NEW") != 0)
        check_word(there, "status", status_word(o->status));
    assert_true(member(there, "status") || o->status == BINANCE_STATUS_NONE);
    /* The other client puts the average in the place of a market order's missing price. */
    check_number(there, "price", price_to_double(price_sign(o->price) > 0 ? o->price : o->average));
    check_number(there, "average", price_to_double(o->average));
    check_number(there, "triggerPrice", price_to_double(o->stop));
    check_number(there, "amount", size_to_double(o->size));
    check_number(there, "filled", size_to_double(o->executed));
    check_number(there, "cost", money_to_double(o->quote));
    if (member(there, "reduceOnly"))
        assert_int_equal(jnode_bool(member(there, "reduceOnly")), o->reduce_only);
    check_fills(there, o);
}

static void check_trades(const struct jnode *there, const struct binance_fills *l)
{
    assert_int_equal(jnode_count(there), l->count);
    for (size_t i = 0; i < l->count; i++) {
        const struct jnode *t = jnode_item(there, i);

        check_word(t, "id", l->items[i].id);
        check_word(t, "order", l->items[i].order_id);
        check_word(t, "side", l->items[i].side == SIDE_SELL ? "sell" : "buy");
        check_word(t, "takerOrMaker", l->items[i].is_maker ? "maker" : "taker");
        check_time(t, "timestamp", l->items[i].at_us);
        check_number(t, "price", price_to_double(l->items[i].price));
        check_number(t, "amount", size_to_double(l->items[i].size));
        check_number(member(t, "fee"), "cost", money_to_double(l->items[i].fee));
        check_word(member(t, "fee"), "currency", l->items[i].fee_asset);
    }
}

static void check_balances(const struct jnode *there, const struct binance_account *a)
{
    size_t assets = 0;
    const struct jnode *v;
    const char *key;
    void *it = NULL;

    while (jnode_next(jnode_member(there, "total"), &it, &key, &v))
        assets++;
    assert_int_equal(assets, a->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct jnode *b = member(there, a->balances[i].asset);

        assert_non_null(b);
        check_number(b, "free", size_to_double(a->balances[i].free));
        check_number(b, "used", size_to_double(a->balances[i].locked));
    }
}

static void check_positions(const struct jnode *there, const struct binance_positions *l)
{
    assert_int_equal(jnode_count(there), l->count);
    for (size_t i = 0; i < l->count; i++) {
        const struct jnode *p = jnode_item(there, i);

        check_number(p, "contracts", fabs(size_to_double(l->items[i].size)));
        check_word(p, "side", size_sign(l->items[i].size) < 0 ? "short" : "long");
        check_word(p, "marginMode", l->items[i].is_isolated ? "isolated" : "cross");
        check_number(p, "entryPrice", price_to_double(l->items[i].entry_price));
        check_number(p, "markPrice", price_to_double(l->items[i].mark_price));
        check_number(p, "liquidationPrice", price_to_double(l->items[i].liquidation_price));
        check_number(p, "unrealizedPnl", money_to_double(l->items[i].unrealized));
        check_time(p, "timestamp", l->items[i].updated_us);
    }
}

static void check_ticker(const struct jnode *there, const struct binance_ticker *t)
{
    check_number(there, "bid", price_to_double(t->bid));
    check_number(there, "bidVolume", size_to_double(t->bid_size));
    check_number(there, "ask", price_to_double(t->ask));
    check_number(there, "last", price_to_double(t->last));
    check_number(there, "open", price_to_double(t->open));
    check_number(there, "high", price_to_double(t->high));
    check_number(there, "low", price_to_double(t->low));
    check_number(there, "baseVolume", size_to_double(t->volume));
    check_number(there, "quoteVolume", money_to_double(t->quote_volume));
    check_time(there, "timestamp", t->at_us);
}

static void check_candles(const struct jnode *there, const struct binance_candles *c)
{
    assert_int_equal(jnode_count(there), c->count);
    for (size_t i = 0; i < c->count; i++) {
        const struct jnode *row = jnode_item(there, i);
        const struct candle *k = &c->items[i];

        assert_int_equal(jnode_integer(jnode_item(row, 0)) * US_PER_MS, k->open_us);
        assert_true(jnode_number(jnode_item(row, 1)) == candle_double(k->open, k->price_scale));
        assert_true(jnode_number(jnode_item(row, 2)) == candle_double(k->high, k->price_scale));
        assert_true(jnode_number(jnode_item(row, 3)) == candle_double(k->low, k->price_scale));
        assert_true(jnode_number(jnode_item(row, 4)) == candle_double(k->close, k->price_scale));
        assert_true(jnode_number(jnode_item(row, 5)) == candle_double(k->volume, k->size_scale));
    }
}

/* One documented answer; false when no parser of ours is for it. */
static bool check_orders_case(const char *method, const struct jnode *there, const struct text *t)
{
    struct diag_list diags = {0};

    if (strcmp(method, "fetchOpenOrders") == 0) {
        struct binance_orders l;

        assert_ok(binance_parse_orders(t->data, t->length, &diags, &l));
        assert_int_equal(jnode_count(there), l.count);
        for (size_t i = 0; i < l.count; i++)
            check_order(jnode_item(there, i), &l.items[i]);
        binance_orders_release(&l);
    } else if (strstr(method, "Order") && strcmp(method, "fetchOrderBook") != 0) {
        struct binance_order o;

        assert_ok(binance_parse_order(t->data, t->length, &diags, &o));
        check_order(there, &o);
        binance_order_release(&o);
    } else if (strcmp(method, "fetchMyTrades") == 0) {
        struct binance_fills l;

        assert_ok(binance_parse_trades(t->data, t->length, &diags, &l));
        check_trades(there, &l);
        free(l.items);
    } else {
        return false;
    }
    return true;
}

static bool check_account_case(const char *method, const char *description,
                               const struct jnode *there, const struct text *t)
{
    struct diag_list diags = {0};

    if (strcmp(method, "fetchBalance") == 0) {
        struct binance_account a;
        const bool is_spot = strstr(description, "spot") != NULL;

        assert_ok(binance_parse_account(is_spot ? BINANCE_SPOT : BINANCE_USDM, t->data, t->length,
                                        &diags, &a));
        check_balances(there, &a);
        assert_true(a.can_trade);
        free(a.balances);
    } else if (strcmp(method, "fetchPositions") == 0) {
        struct binance_positions l;

        assert_ok(binance_parse_positions(t->data, t->length, &diags, &l));
        check_positions(there, &l);
        free(l.items);
    } else if (strcmp(method, "fetchFundingHistory") == 0) {
        struct binance_incomes l;

        assert_ok(binance_parse_incomes(t->data, t->length, &diags, &l));
        assert_int_equal(jnode_count(there), l.count);
        check_word(jnode_item(there, 0), "id", l.items[0].id);
        check_word(jnode_item(there, 0), "code", l.items[0].asset);
        check_number(jnode_item(there, 0), "amount", money_to_double(l.items[0].amount));
        check_time(jnode_item(there, 0), "timestamp", l.items[0].at_us);
        free(l.items);
    } else {
        return false;
    }
    return true;
}

static bool check_market_case(const char *method, const struct jnode *there, const struct text *t)
{
    struct diag_list diags = {0};

    if (strcmp(method, "fetchOHLCV") == 0) {
        struct binance_candles c;

        assert_ok(binance_parse_candles(t->data, t->length, &diags, &c));
        check_candles(there, &c);
        binance_candles_release(&c);
    } else if (strcmp(method, "fetchTicker") == 0) {
        struct binance_ticker k;

        assert_ok(binance_parse_ticker(t->data, t->length, &diags, &k));
        check_ticker(there, &k);
    } else if (strcmp(method, "fetchOrderBook") == 0) {
        struct binance_depth d;
        const struct jnode *bid = jnode_item(member(there, "bids"), 0);

        assert_ok(binance_parse_depth(t->data, t->length, &diags, &d));
        assert_int_equal(jnode_integer(member(there, "nonce")), d.update_id);
        assert_int_equal(jnode_count(member(there, "bids")), d.bid_count);
        assert_int_equal(jnode_count(member(there, "asks")), d.ask_count);
        assert_true(jnode_number(jnode_item(bid, 0)) == price_to_double(d.bids[0].price));
        assert_true(jnode_number(jnode_item(bid, 1)) == size_to_double(d.bids[0].size));
        binance_depth_release(&d);
    } else if (strcmp(method, "fetchFundingRate") == 0) {
        struct binance_funding f;

        assert_ok(binance_parse_funding(t->data, t->length, &diags, &f));
        check_number(there, "fundingRate", ratio_to_double(f.rate));
        check_number(there, "markPrice", price_to_double(f.mark_price));
        check_number(there, "indexPrice", price_to_double(f.index_price));
        check_time(there, "fundingTimestamp", f.at_us);
    } else if (strcmp(method, "fetchFundingRateHistory") == 0) {
        struct binance_fundings l;

        assert_ok(binance_parse_fundings(t->data, t->length, &diags, &l));
        assert_int_equal(jnode_count(there), l.count);
        check_number(jnode_item(there, 0), "fundingRate", ratio_to_double(l.items[0].rate));
        check_time(jnode_item(there, 1), "timestamp", l.items[1].at_us);
        free(l.items);
    } else if (strcmp(method, "fetchTime") == 0) {
        int64_t us;

        assert_ok(binance_parse_time(t->data, t->length, &diags, &us));
        assert_int_equal(us, jnode_integer(there) * US_PER_MS);
    } else {
        return false;
    }
    return true;
}

static void test_documented_answers(void **state)
{
    size_t length, checked = 0, other = 0;
    char *json = check_data("binance/answers.json", &length);
    const struct jnode *cases;
    struct jnode *root;

    (void)state;
    assert_ok(jnode_parse(json, length, "answers", NULL, &root));
    cases = jnode_member(root, "cases");
    for (size_t i = 0; i < jnode_count(cases); i++) {
        const struct jnode *c = jnode_item(cases, i), *there = jnode_member(c, "parsed");
        const char *method = jnode_text(jnode_member(c, "method"));
        const char *description = jnode_text(jnode_member(c, "description"));
        struct text t;

        text_init(&t, 1 << 20);
        jnode_print_sorted(jnode_member(c, "answer"), &t);
        if (check_orders_case(method, there, &t) ||
            check_account_case(method, description, there, &t) ||
            check_market_case(method, there, &t)) {
            checked++;
        } else {
            /* Leverage is read by nobody: the answer only says that it was set. */
            assert_true(strcmp(method, "setLeverage") == 0 ||
                        strcmp(method, "fetchLeverageTiers") == 0);
            assert_ok(strcmp(method, "setLeverage") == 0
                          ? binance_parse_done(t.data, t.length, NULL)
                          : ERR_OK);
            other++;
        }
        text_release(&t);
    }
    assert_int_equal(checked, 47);
    assert_int_equal(other, 2);
    jnode_free(root);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_documented_answers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
