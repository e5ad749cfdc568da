/* SPDX-License-Identifier: Apache-2.0 */
/* exchangeInfo of both markets: pairs, their filters, the rate limits. */
#include "sandbox/endpoints.h"
#include "sandbox/limits.h"
#include "sandbox/rules.h"

#include <string.h>

static void filter(struct jwriter *w, const char *type)
{
    jw_object(w);
    jw_member_text(w, "filterType", type);
}

static void number_filter(struct jwriter *w, const char *type, const char *key, int64_t value)
{
    filter(w, type);
    jw_member_integer(w, key, value);
    jw_object_end(w);
}

static void size_filter(struct jwriter *w, const char *type, const struct box_rules *r,
                        bool is_market, int scale)
{
    const struct size none = SIZE_ZERO;

    filter(w, type);
    jw_member_size(w, "minQty", is_market ? none : r->lot, scale);
    jw_member_size(w, "maxQty", r->size_max, scale);
    jw_member_size(w, "stepSize", is_market ? none : r->lot, scale);
    jw_object_end(w);
}

static void price_filter(struct jwriter *w, const struct box_rules *r, int scale)
{
    filter(w, "PRICE_FILTER");
    jw_member_price(w, "minPrice", r->tick, scale);
    jw_member_price(w, "maxPrice", r->price_max, scale);
    jw_member_price(w, "tickSize", r->tick, scale);
    jw_object_end(w);
}

static void spot_filters(struct jwriter *w, const struct box_rules *r)
{
    static const char trailing[] =
        "{\"filterType\":\"TRAILING_DELTA\",\"minTrailingAboveDelta\":10,"
        "\"maxTrailingAboveDelta\":2000,\"minTrailingBelowDelta\":10,"
        "\"maxTrailingBelowDelta\":2000}";
    static const char percent[] =
        "{\"filterType\":\"PERCENT_PRICE_BY_SIDE\",\"bidMultiplierUp\":\"5\","
        "\"bidMultiplierDown\":\"0.2\",\"askMultiplierUp\":\"5\",\"askMultiplierDown\":\"0.2\","
        "\"avgPriceMins\":0}";

    jw_key(w, "filters");
    jw_array(w);
    price_filter(w, r, 8);
    size_filter(w, "LOT_SIZE", r, false, 8);
    number_filter(w, "ICEBERG_PARTS", "limit", 10);
    size_filter(w, "MARKET_LOT_SIZE", r, true, 8);
    jw_raw(w, trailing, sizeof trailing - 1);
    jw_raw(w, percent, sizeof percent - 1);
    filter(w, "NOTIONAL");
    jw_member_money(w, "minNotional", r->min_notional, 8);
    jw_member_bool(w, "applyMinToMarket", true);
    jw_member_money(w, "maxNotional", rules_most_notional(), 8);
    jw_member_bool(w, "applyMaxToMarket", false);
    jw_member_integer(w, "avgPriceMins", 0);
    jw_object_end(w);
    number_filter(w, "MAX_NUM_ORDERS", "maxNumOrders", RULES_MAX_ORDERS);
    number_filter(w, "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", RULES_MAX_SPOT_STOPS);
    jw_array_end(w);
}

static void raw_member(struct jwriter *w, const char *key, const char *json)
{
    jw_key(w, key);
    jw_raw(w, json, strlen(json));
}

static void spot_pair(struct jwriter *w, const struct box_pair *p)
{
    jw_object(w);
    jw_member_text(w, "symbol", p->id);
    jw_member_text(w, "status", p->is_halted ? "BREAK" : "TRADING");
    jw_member_text(w, "baseAsset", p->base);
    jw_member_integer(w, "baseAssetPrecision", 8);
    jw_member_text(w, "quoteAsset", p->quote);
    jw_member_integer(w, "quotePrecision", 8);
    jw_member_integer(w, "quoteAssetPrecision", 8);
    jw_member_integer(w, "baseCommissionPrecision", 8);
    jw_member_integer(w, "quoteCommissionPrecision", 8);
    raw_member(w, "orderTypes",
               "[\"LIMIT\",\"LIMIT_MAKER\",\"MARKET\",\"STOP_LOSS\",\"STOP_LOSS_LIMIT\","
               "\"TAKE_PROFIT\",\"TAKE_PROFIT_LIMIT\"]");
    jw_member_bool(w, "icebergAllowed", true);
    jw_member_bool(w, "ocoAllowed", true);
    jw_member_bool(w, "otoAllowed", false);
    jw_member_bool(w, "quoteOrderQtyMarketAllowed", true);
    jw_member_bool(w, "allowTrailingStop", true);
    jw_member_bool(w, "cancelReplaceAllowed", true);
    jw_member_bool(w, "isSpotTradingAllowed", true);
    jw_member_bool(w, "isMarginTradingAllowed", false);
    spot_filters(w, &p->rules);
    raw_member(w, "permissions", "[]");
    raw_member(w, "permissionSets", "[[\"SPOT\"]]");
    jw_member_text(w, "defaultSelfTradePreventionMode", "EXPIRE_MAKER");
    raw_member(w, "allowedSelfTradePreventionModes",
               "[\"EXPIRE_TAKER\",\"EXPIRE_MAKER\",\"EXPIRE_BOTH\"]");
    jw_object_end(w);
}

static void usdm_filters(struct jwriter *w, const struct box_rules *r)
{
    jw_key(w, "filters");
    jw_array(w);
    price_filter(w, r, r->price_scale);
    size_filter(w, "LOT_SIZE", r, false, r->size_scale);
    filter(w, "MARKET_LOT_SIZE");
    jw_member_size(w, "minQty", r->lot, r->size_scale);
    jw_member_size(w, "maxQty", r->size_max, r->size_scale);
    jw_member_size(w, "stepSize", r->lot, r->size_scale);
    jw_object_end(w);
    number_filter(w, "MAX_NUM_ORDERS", "limit", RULES_MAX_ORDERS);
    number_filter(w, "MAX_NUM_ALGO_ORDERS", "limit", RULES_MAX_USDM_STOPS);
    filter(w, "MIN_NOTIONAL");
    jw_member_money(w, "notional", r->min_notional, -1);
    jw_object_end(w);
    filter(w, "PERCENT_PRICE");
    jw_member_text(w, "multiplierUp", "5.0000");
    jw_member_text(w, "multiplierDown", "0.2000");
    jw_member_text(w, "multiplierDecimal", "4");
    jw_object_end(w);
    jw_array_end(w);
}

static void usdm_pair(struct jwriter *w, const struct box_pair *p)
{
    jw_object(w);
    jw_member_text(w, "symbol", p->id);
    jw_member_text(w, "pair", p->id);
    jw_member_text(w, "contractType", "PERPETUAL");
    jw_member_integer(w, "deliveryDate", INT64_C(4133404800000));
    jw_member_integer(w, "onboardDate", INT64_C(1569398400000));
    jw_member_text(w, "status", p->is_halted ? "SETTLING" : "TRADING");
    jw_member_text(w, "maintMarginPercent", "2.5000");
    jw_member_text(w, "requiredMarginPercent", "5.0000");
    jw_member_text(w, "baseAsset", p->base);
    jw_member_text(w, "quoteAsset", p->quote);
    jw_member_text(w, "marginAsset", p->quote);
    jw_member_integer(w, "pricePrecision", p->rules.price_scale);
    jw_member_integer(w, "quantityPrecision", p->rules.size_scale);
    jw_member_integer(w, "baseAssetPrecision", 8);
    jw_member_integer(w, "quotePrecision", 8);
    jw_member_text(w, "underlyingType", "COIN");
    raw_member(w, "underlyingSubType", "[]");
    jw_member_text(w, "triggerProtect", "0.0500");
    jw_member_text(w, "liquidationFee", "0.000000");
    jw_member_text(w, "marketTakeBound", "0.05");
    usdm_filters(w, &p->rules);
    raw_member(w, "orderTypes",
               "[\"LIMIT\",\"MARKET\",\"STOP\",\"STOP_MARKET\",\"TAKE_PROFIT\","
               "\"TAKE_PROFIT_MARKET\",\"TRAILING_STOP_MARKET\"]");
    raw_member(w, "timeInForce", "[\"GTC\",\"IOC\",\"FOK\",\"GTX\",\"GTD\"]");
    jw_object_end(w);
}

static void put_limit(struct jwriter *w, const char *type, const char *interval, int count,
                      int64_t limit)
{
    jw_object(w);
    jw_member_text(w, "rateLimitType", type);
    jw_member_text(w, "interval", interval);
    jw_member_integer(w, "intervalNum", count);
    jw_member_integer(w, "limit", limit);
    jw_object_end(w);
}

static void put_limits(struct call *c)
{
    struct jwriter *w = &c->w;

    jw_key(w, "rateLimits");
    jw_array(w);
    put_limit(w, "REQUEST_WEIGHT", "MINUTE", 1, limits_weight(c->b, c->market));
    if (c->market == BOX_SPOT) {
        put_limit(w, "ORDERS", "SECOND", 10, LIMITS_SPOT_ORDERS_10S);
        put_limit(w, "ORDERS", "DAY", 1, LIMITS_SPOT_ORDERS_DAY);
        put_limit(w, "RAW_REQUESTS", "MINUTE", 5, LIMITS_RAW_REQUESTS);
    } else {
        put_limit(w, "ORDERS", "SECOND", 10, LIMITS_USDM_ORDERS_10S);
        put_limit(w, "ORDERS", "MINUTE", 1, LIMITS_USDM_ORDERS_MINUTE);
    }
    jw_array_end(w);
}

static void put_pair(struct call *c, size_t i)
{
    if (c->market == BOX_SPOT)
        spot_pair(&c->w, &c->b->pairs[i]);
    else
        usdm_pair(&c->w, &c->b->pairs[i]);
}

static void put_all_pairs(struct call *c)
{
    const char *one = asked_get(&c->params, "symbol");
    const char *list = asked_get(&c->params, "symbols");
    char quoted[BOX_ID + 2];

    jw_key(&c->w, "symbols");
    jw_array(&c->w);
    for (size_t i = 0; i < c->b->pair_count; i++) {
        const struct box_pair *p = &c->b->pairs[i];

        quoted[0] = '"';
        (void)copy_text(quoted + 1, sizeof quoted - 2, p->id);
        quoted[strlen(p->id) + 1] = '"';
        quoted[strlen(p->id) + 2] = 0;
        if (p->market != c->market || (one && strcmp(one, p->id) != 0) ||
            (list && !strstr(list, quoted)))
            continue;
        put_pair(c, i);
    }
    jw_array_end(&c->w);
}

static void put_margin_assets(struct call *c)
{
    jw_key(&c->w, "assets");
    jw_array(&c->w);
    for (size_t i = 0; i < c->b->asset_count; i++) {
        if (c->b->assets[i].market != BOX_USDM)
            continue;
        jw_object(&c->w);
        jw_member_text(&c->w, "asset", c->b->assets[i].name);
        jw_member_bool(&c->w, "marginAvailable", true);
        jw_member_text(&c->w, "autoAssetExchange", "0");
        jw_object_end(&c->w);
    }
    jw_array_end(&c->w);
}

void market_info(struct call *c)
{
    const char *one = asked_get(&c->params, "symbol");
    size_t pair;

    if (one && !book_pair(c->b, c->market, one, &pair)) {
        call_fail(c, -1121, "Invalid symbol.");
        return;
    }
    jw_object(&c->w);
    jw_member_text(&c->w, "timezone", "UTC");
    put_ms(&c->w, "serverTime", c->wall_us);
    if (c->market == BOX_USDM) {
        jw_member_text(&c->w, "futuresType", "U_MARGINED");
        put_margin_assets(c);
    }
    put_limits(c);
    raw_member(&c->w, "exchangeFilters", "[]");
    put_all_pairs(c);
    jw_object_end(&c->w);
}
