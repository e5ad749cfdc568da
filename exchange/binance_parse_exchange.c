/* SPDX-License-Identifier: Apache-2.0 */
/* exchangeInfo: rate limits, and each symbol's filters as exact steps and bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/binance_field.h"
#include "exchange/binance_parse.h"

enum {
    SYMBOLS_OF_VENUE = 10000,
    FILTERS = 64,
    LIMITS_OF_VENUE = 32,
    ORDER_TYPES = 64
};

void binance_exchange_release(struct binance_exchange *e)
{
    free(e->items);
    *e = (struct binance_exchange){0};
}

enum err binance_symbol(enum binance_market m, const char *unified, char symbol[BINANCE_SYMBOL])
{
    struct instrument i;

    if (instrument_init(&i, unified, (struct price){1}, (struct size){1}, MONEY_ZERO) != ERR_OK ||
        i.is_spot != (m == BINANCE_SPOT))
        return ERR_INVALID;
    return snprintf(symbol, BINANCE_SYMBOL, "%s%s", i.base, i.quote) < BINANCE_SYMBOL ? ERR_OK
                                                                                      : ERR_INVALID;
}

static bool is_word(const struct jnode *object, const char *key, const char *word)
{
    const struct jnode *n = jnode_member(object, key);

    return jnode_is(n, J_STRING) && strcmp(jnode_text(n), word) == 0;
}

static bool lists_word(const struct jnode *object, const char *key, const char *word)
{
    const struct jnode *list = jnode_member(object, key);

    for (size_t i = 0; jnode_is(list, J_ARRAY) && i < jnode_count(list) && i < ORDER_TYPES; i++) {
        if (jnode_is(jnode_item(list, i), J_STRING) &&
            strcmp(jnode_text(jnode_item(list, i)), word) == 0)
            return true;
    }
    return false;
}

static enum err read_limit(const struct jnode *n, struct binance_exchange *x,
                           struct diag_list *diags)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {
        {"SECOND", US_PER_S},
        {"MINUTE", 60 * US_PER_S},
        {"HOUR", 3600 * US_PER_S},
        {"DAY", US_PER_DAY},
    };
    struct binance_rate_limit l = {0};
    int64_t count = 0;
    enum err e;

    if (!jnode_is(n, J_OBJECT) || x->limit_count == COUNT_OF(x->limits)) {
        (void)diag_add(diags, "rateLimits", "venue_answer",
                       "a rate limit is no object, or there "
                       "are too many");
        return ERR_INVALID;
    }
    e = binance_integer(n, "intervalNum", &count, diags);
    e = e ? e : binance_integer(n, "limit", &l.limit, diags);
    if (e)
        return e;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (is_word(n, "interval", units[i].name) && count >= 1 && count <= 10000)
            l.window_us = units[i].us * count;
    }
    l.is_weight = is_word(n, "rateLimitType", "REQUEST_WEIGHT");
    l.is_orders = is_word(n, "rateLimitType", "ORDERS");
    if (l.window_us == 0 || l.limit < 1 || l.limit > INT32_MAX)
        return ERR_OK; /* an interval we do not know cannot be counted */
    x->limits[x->limit_count++] = l;
    return ERR_OK;
}

/* How far from the market a limit order may lie: USD-M lets buys not rise above nor sells fall
 * below a part of the mark price; spot bounds all four, or both sides alike. */
static enum err read_percent(enum binance_market m, const struct jnode *n, struct instrument *i,
                             struct diag_list *diags)
{
    enum err e = binance_may_ratio(n, "bidMultiplierUp", &i->buy_up, diags);

    e = e ? e : binance_may_ratio(n, "bidMultiplierDown", &i->buy_down, diags);
    e = e ? e : binance_may_ratio(n, "askMultiplierUp", &i->sell_up, diags);
    e = e ? e : binance_may_ratio(n, "askMultiplierDown", &i->sell_down, diags);
    e = e ? e : binance_may_ratio(n, "multiplierUp", &i->buy_up, diags);
    e = e ? e : binance_may_ratio(n, "multiplierDown", &i->sell_down, diags);
    if (!e && m == BINANCE_SPOT && is_word(n, "filterType", "PERCENT_PRICE")) {
        i->sell_up = i->buy_up;
        i->buy_down = i->sell_down;
    }
    return e;
}

static enum err read_filter(enum binance_market m, const struct jnode *n,
                            struct binance_instrument *b, struct diag_list *diags)
{
    struct instrument *i = &b->instrument;
    enum err e = ERR_OK;

    if (!jnode_is(n, J_OBJECT)) {
        (void)diag_add(diags, "filters", "venue_answer", "a filter is not an object");
        return ERR_INVALID;
    }
    if (is_word(n, "filterType", "PRICE_FILTER")) {
        e = binance_price(n, "tickSize", &i->tick, diags);
        e = e ? e : binance_may_price(n, "minPrice", &b->price_min, diags);
        return e ? e : binance_may_price(n, "maxPrice", &b->price_max, diags);
    }
    if (is_word(n, "filterType", "LOT_SIZE")) {
        e = binance_size(n, "stepSize", &i->lot, diags);
        e = e ? e : binance_may_size(n, "minQty", &b->size_min, diags);
        return e ? e : binance_may_size(n, "maxQty", &b->size_max, diags);
    }
    if (is_word(n, "filterType", "MARKET_LOT_SIZE")) {
        e = binance_may_size(n, "stepSize", &b->market_lot, diags);
        e = e ? e : binance_may_size(n, "minQty", &b->market_min, diags);
        return e ? e : binance_may_size(n, "maxQty", &b->market_max, diags);
    }
    if (is_word(n, "filterType", "MIN_NOTIONAL")) {
        b->notional_min_for_market = true;
        e = binance_may_money(n, "minNotional", &i->min_notional, diags);
        e = e ? e : binance_may_money(n, "notional", &i->min_notional, diags);
        return e ? e : binance_may_bool(n, "applyToMarket", &b->notional_min_for_market, diags);
    }
    if (is_word(n, "filterType", "NOTIONAL")) {
        e = binance_may_money(n, "minNotional", &i->min_notional, diags);
        e = e ? e : binance_may_money(n, "maxNotional", &b->notional_max, diags);
        e = e ? e : binance_may_bool(n, "applyMinToMarket", &b->notional_min_for_market, diags);
        return e ? e : binance_may_bool(n, "applyMaxToMarket", &b->notional_max_for_market, diags);
    }
    if (is_word(n, "filterType", "PERCENT_PRICE") ||
        is_word(n, "filterType", "PERCENT_PRICE_BY_SIDE"))
        return read_percent(m, n, i, diags);
    if (is_word(n, "filterType", "MAX_NUM_ORDERS"))
        return binance_integer(n, binance_has(n, "limit") ? "limit" : "maxNumOrders",
                               &b->orders_max, diags);
    if (is_word(n, "filterType", "MAX_NUM_ALGO_ORDERS"))
        return binance_integer(n, binance_has(n, "limit") ? "limit" : "maxNumAlgoOrders",
                               &b->algo_orders_max, diags);
    return ERR_OK;
}

/* BTC/USDT, and BTC/USDT:USDT for perpetuals; false for what we do not trade. */
static bool read_name(enum binance_market m, const struct jnode *n, char unified[LIMIT_SYMBOL])
{
    char base[LIMIT_ASSET], quote[LIMIT_ASSET], margin[LIMIT_ASSET] = "";
    int length;

    if (binance_text(n, "baseAsset", base, sizeof base, NULL) != ERR_OK ||
        binance_text(n, "quoteAsset", quote, sizeof quote, NULL) != ERR_OK)
        return false;
    if (m == BINANCE_USDM &&
        (!is_word(n, "contractType", "PERPETUAL") ||
         binance_text(n, "marginAsset", margin, sizeof margin, NULL) != ERR_OK))
        return false;
    length = snprintf(unified, LIMIT_SYMBOL, m == BINANCE_SPOT ? "%s/%s" : "%s/%s:%s", base, quote,
                      margin);
    return length > 0 && length < LIMIT_SYMBOL;
}

static struct size least_of(struct size a, struct size b)
{
    return size_sign(a) <= 0 ? b : size_sign(b) <= 0 ? a : size_min(a, b);
}

/* What the filters, which were read into b, allow of orders. */
static void set_bounds(const struct binance_instrument *b, struct instrument *made)
{
    const struct instrument *read = &b->instrument;

    /* Market orders of coarser steps are rare: then all orders keep to them. */
    if (size_cmp(b->market_lot, made->lot) > 0) {
        made->lot = b->market_lot;
        made->size_scale = size_scale_of(made->lot);
    }
    made->size_min = size_max(b->size_min, b->market_min);
    made->market_max = least_of(b->size_max, b->market_max);
    made->limit_max = b->size_max;
    made->orders_max = b->orders_max;
    made->stops_max = b->algo_orders_max;
    made->buy_up = read->buy_up;
    made->buy_down = read->buy_down;
    made->sell_up = read->sell_up;
    made->sell_down = read->sell_down;
}

/* *known is false, and nothing an error, for a symbol we cannot name. */
static enum err read_symbol(enum binance_market m, const struct jnode *n,
                            struct binance_instrument *b, bool *known, struct diag_list *diags)
{
    const struct jnode *filters;
    char unified[LIMIT_SYMBOL];
    struct instrument made;
    enum err e;

    *known = false;
    *b = (struct binance_instrument){0};
    if (!jnode_is(n, J_OBJECT)) {
        (void)diag_add(diags, "symbols", "venue_answer", "a symbol is not an object");
        return ERR_INVALID;
    }
    if (!read_name(m, n, unified) ||
        binance_text(n, "symbol", b->symbol, sizeof b->symbol, NULL) != ERR_OK)
        return ERR_OK;
    e = binance_member_list(n, "filters", FILTERS, diags, &filters);
    for (size_t i = 0; !e && i < jnode_count(filters); i++)
        e = read_filter(m, jnode_item(filters, i), b, diags);
    if (e)
        return e;
    /* A step of 0 says that there is none, which no instrument of ours can be. */
    if (instrument_init(&made, unified, b->instrument.tick, b->instrument.lot,
                        b->instrument.min_notional) != ERR_OK)
        return ERR_OK;
    set_bounds(b, &made);
    b->instrument = made;
    b->is_trading = is_word(n, "status", "TRADING");
    b->has_oco = false;
    e = binance_may_bool(n, "ocoAllowed", &b->has_oco, diags);
    b->has_stop_market =
        lists_word(n, "orderTypes", m == BINANCE_SPOT ? "STOP_LOSS" : "STOP_MARKET");
    *known = true;
    return e;
}

static enum err read_exchange(enum binance_market m, const struct jnode *root,
                              struct binance_exchange *x, struct diag_list *diags)
{
    const struct jnode *limits = NULL, *symbols = NULL;
    enum err e = binance_may_time(root, "serverTime", &x->server_us, diags);

    e = e ? e : binance_member_list(root, "symbols", SYMBOLS_OF_VENUE, diags, &symbols);
    if (!e && binance_has(root, "rateLimits"))
        e = binance_member_list(root, "rateLimits", LIMITS_OF_VENUE, diags, &limits);
    for (size_t i = 0; !e && limits && i < jnode_count(limits); i++)
        e = read_limit(jnode_item(limits, i), x, diags);
    if (e)
        return e;
    x->items = xcalloc(jnode_count(symbols) + 1, sizeof *x->items);
    for (size_t i = 0; !e && i < jnode_count(symbols); i++) {
        bool known;

        e = read_symbol(m, jnode_item(symbols, i), &x->items[x->count], &known, diags);
        x->count += !e && known;
        x->skipped += !e && !known;
    }
    return e;
}

enum err binance_parse_exchange(enum binance_market m, const char *json, size_t length,
                                struct diag_list *diags, struct binance_exchange *out)
{
    struct binance_exchange x = {.server_us = TIME_NONE};
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = read_exchange(m, root, &x, diags);
    jnode_free(root);
    if (e)
        binance_exchange_release(&x);
    else
        *out = x;
    return e;
}
