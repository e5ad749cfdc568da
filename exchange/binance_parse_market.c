/* SPDX-License-Identifier: Apache-2.0 */
/* Market data: time, klines, tickers, depth, funding rates. */
#include <stdlib.h>
#include <string.h>

#include "exchange/binance_field.h"
#include "exchange/binance_parse.h"
#include "exchange/candle_number.h"

enum {
    KLINE_FIELDS = 7 /* open time, open, high, low, close, volume, close time; more follow */
};

enum err binance_parse_time(const char *json, size_t length, struct diag_list *diags, int64_t *us)
{
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = binance_time(root, "serverTime", us, diags);
    jnode_free(root);
    return e;
}

void binance_candles_release(struct binance_candles *c)
{
    free(c->items);
    free(c->closes_us);
    *c = (struct binance_candles){0};
}

/* A price or volume of a row; the text becomes an exact count and its decimals. */
static bool read_number(const struct jnode *n, struct candle_number *out)
{
    return jnode_is(n, J_STRING) &&
           candle_number_parse(jnode_text(n), jnode_text_length(n), out) == NUMBER_GOOD;
}

static bool read_row(const struct jnode *row, struct candle *c, int64_t *close_us)
{
    const int64_t last_ms = INT64_C(253402300799999);
    struct candle_number prices[4], volume;
    int64_t *const places[4] = {&c->open, &c->high, &c->low, &c->close};
    const struct jnode *open, *close;
    int scale = 0;

    if (!jnode_is(row, J_ARRAY) || jnode_count(row) < KLINE_FIELDS)
        return false;
    open = jnode_item(row, 0);
    close = jnode_item(row, 6);
    if (!jnode_is(open, J_INTEGER) || !jnode_is(close, J_INTEGER) || jnode_integer(open) < 0 ||
        jnode_integer(open) > last_ms || jnode_integer(close) < jnode_integer(open) ||
        jnode_integer(close) > last_ms || !read_number(jnode_item(row, 5), &volume))
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (!read_number(jnode_item(row, i + 1), &prices[i]))
            return false;
        scale = prices[i].decimals > scale ? prices[i].decimals : scale;
    }
    *c = (struct candle){.open_us = jnode_integer(open) * US_PER_MS,
                         .volume = volume.value,
                         .price_scale = (uint8_t)scale,
                         .size_scale = (uint8_t)volume.decimals};
    for (size_t i = 0; i < 4; i++) {
        if (!candle_number_scale(prices[i].value, scale - prices[i].decimals, places[i]))
            return false;
    }
    *close_us = (jnode_integer(close) + 1) * US_PER_MS;
    return candle_check(c) == ERR_OK;
}

enum err binance_parse_candles(const char *json, size_t length, struct diag_list *diags,
                               struct binance_candles *out)
{
    struct binance_candles c = {0};
    struct jnode *root;
    enum err e = binance_open(json, length, J_ARRAY, diags, &root);

    if (e)
        return e;
    e = binance_list(root, "klines", BINANCE_KLINES, diags);
    if (!e) {
        c.items = xcalloc(jnode_count(root) + 1, sizeof *c.items);
        c.closes_us = xcalloc(jnode_count(root) + 1, sizeof *c.closes_us);
    }
    for (size_t i = 0; !e && i < jnode_count(root); i++, c.count++) {
        if (read_row(jnode_item(root, i), &c.items[i], &c.closes_us[i]) &&
            (i == 0 || c.items[i].open_us > c.items[i - 1].open_us))
            continue;
        (void)diag_add(diags, "klines", "venue_answer",
                       "row %zu of the klines is no valid candle, or not after the one before",
                       i + 1);
        e = ERR_INVALID;
    }
    jnode_free(root);
    if (e)
        binance_candles_release(&c);
    else
        *out = c;
    return e;
}

enum err binance_parse_ticker(const char *json, size_t length, struct diag_list *diags,
                              struct binance_ticker *out)
{
    struct binance_ticker t = {.at_us = TIME_NONE};
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = binance_text(root, "symbol", t.symbol, sizeof t.symbol, diags);
    e = e ? e : binance_may_price(root, "bidPrice", &t.bid, diags);
    e = e ? e : binance_may_size(root, "bidQty", &t.bid_size, diags);
    e = e ? e : binance_may_price(root, "askPrice", &t.ask, diags);
    e = e ? e : binance_may_size(root, "askQty", &t.ask_size, diags);
    e = e ? e : binance_may_price(root, "lastPrice", &t.last, diags);
    e = e ? e : binance_may_price(root, "openPrice", &t.open, diags);
    e = e ? e : binance_may_price(root, "highPrice", &t.high, diags);
    e = e ? e : binance_may_price(root, "lowPrice", &t.low, diags);
    e = e ? e : binance_may_size(root, "volume", &t.volume, diags);
    e = e ? e : binance_may_money(root, "quoteVolume", &t.quote_volume, diags);
    e = e ? e : binance_may_time(root, "closeTime", &t.at_us, diags);
    e = e ? e : binance_may_time(root, "time", &t.at_us, diags);
    jnode_free(root);
    if (!e)
        *out = t;
    return e;
}

void binance_depth_release(struct binance_depth *d)
{
    free(d->bids);
    free(d->asks);
    *d = (struct binance_depth){0};
}

static enum err read_levels(const struct jnode *root, const char *key, struct diag_list *diags,
                            struct binance_level **out, size_t *count)
{
    const struct jnode *list;
    enum err e = binance_member_list(root, key, BINANCE_LEVELS, diags, &list);

    if (e)
        return e;
    *out = xcalloc(jnode_count(list) + 1, sizeof **out);
    for (*count = 0; *count < jnode_count(list); (*count)++) {
        const struct jnode *row = jnode_item(list, *count);
        struct money price, size;

        if (!jnode_is(row, J_ARRAY) || jnode_count(row) < 2 ||
            jnode_money(jnode_item(row, 0), false, &price) != ERR_OK ||
            jnode_money(jnode_item(row, 1), false, &size) != ERR_OK || money_sign(price) < 0 ||
            money_sign(size) < 0) {
            (void)diag_add(diags, key, "venue_answer", "level %zu of '%s' is no price and size",
                           *count + 1, key);
            return ERR_INVALID;
        }
        (*out)[*count] = (struct binance_level){{price.e12}, {size.e12}};
    }
    return ERR_OK;
}

enum err binance_parse_depth(const char *json, size_t length, struct diag_list *diags,
                             struct binance_depth *out)
{
    struct binance_depth d = {0};
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = binance_integer(root, "lastUpdateId", &d.update_id, diags);
    e = e ? e : read_levels(root, "bids", diags, &d.bids, &d.bid_count);
    e = e ? e : read_levels(root, "asks", diags, &d.asks, &d.ask_count);
    jnode_free(root);
    if (e)
        binance_depth_release(&d);
    else
        *out = d;
    return e;
}

/* A rate or a price of a funding row; decimals beyond the 12th are cut. */
static enum err read_funding(const struct jnode *n, const char *rate, const char *at,
                             struct binance_funding *f, struct diag_list *diags)
{
    i128 value = 0, mark = 0, index = 0;
    enum err e;

    *f = (struct binance_funding){0};
    if (!jnode_is(n, J_OBJECT)) {
        (void)diag_add(diags, "funding", "venue_answer", "a funding rate is not an object");
        return ERR_INVALID;
    }
    e = binance_text(n, "symbol", f->symbol, sizeof f->symbol, diags);
    if (!e && !binance_has(n, rate)) {
        (void)diag_add(diags, rate, "venue_answer", "'%s' is missing", rate);
        e = ERR_INVALID;
    }
    e = e ? e : binance_rough(n, rate, &value, diags);
    e = e ? e : binance_time(n, at, &f->at_us, diags);
    /* The first payments of a contract have an empty mark price. */
    if (!e && jnode_is(jnode_member(n, "markPrice"), J_STRING) &&
        jnode_text_length(jnode_member(n, "markPrice")) > 0)
        e = binance_rough(n, "markPrice", &mark, diags);
    e = e ? e : binance_rough(n, "indexPrice", &index, diags);
    f->rate = (struct ratio){value};
    f->mark_price = (struct price){mark};
    f->index_price = (struct price){index};
    return e;
}

enum err binance_parse_funding(const char *json, size_t length, struct diag_list *diags,
                               struct binance_funding *out)
{
    struct binance_funding f;
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = read_funding(root, "lastFundingRate", "nextFundingTime", &f, diags);
    jnode_free(root);
    if (!e)
        *out = f;
    return e;
}

enum err binance_parse_fundings(const char *json, size_t length, struct diag_list *diags,
                                struct binance_fundings *out)
{
    struct binance_fundings l = {0};
    struct jnode *root;
    enum err e = binance_open(json, length, J_ARRAY, diags, &root);

    if (e)
        return e;
    e = binance_list(root, "fundingRate", BINANCE_INCOMES, diags);
    if (!e)
        l.items = xcalloc(jnode_count(root) + 1, sizeof *l.items);
    for (; !e && l.count < jnode_count(root); l.count++)
        e = read_funding(jnode_item(root, l.count), "fundingRate", "fundingTime", &l.items[l.count],
                         diags);
    jnode_free(root);
    if (e)
        free(l.items);
    else
        *out = l;
    return e;
}
