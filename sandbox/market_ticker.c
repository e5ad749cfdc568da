/* SPDX-License-Identifier: Apache-2.0 */
/* Prices of now: tickers, depth, recent trades, premium and funding. */
#include "sandbox/chart.h"
#include "sandbox/endpoints.h"
#include "sandbox/funding.h"
#include "sandbox/trade.h"

#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"

enum {
    DEPTH_DEFAULT = 100,
    DEPTH_MAX = 1000,
    DEPTH_SIZE = 10, /* a level's size: so many quote thousands */
    TRADES_DEFAULT = 500,
    TRADES_MAX = 1000,
    RATES_MAX = 1000
};

static int price_scale(const struct box_pair *p)
{
    return p->market == BOX_SPOT ? 8 : p->rules.price_scale;
}

static int size_scale(const struct box_pair *p)
{
    return p->market == BOX_SPOT ? 8 : p->rules.size_scale;
}

void market_ping(struct call *c)
{
    jw_object(&c->w);
    jw_object_end(&c->w);
}

void market_time(struct call *c)
{
    jw_object(&c->w);
    put_ms(&c->w, "serverTime", c->wall_us);
    jw_object_end(&c->w);
}

/* What each level offers: round lots of about the same value. */
static struct size level_size(const struct box *b, size_t pair)
{
    const struct money worth = {DEPTH_SIZE * 1000 * AMOUNT_ONE};
    struct size s;

    if (money_per_price(worth, trade_mark(b, pair), ROUND_DOWN, &s) ||
        size_to_step(s, b->pairs[pair].rules.lot, ROUND_UP, &s))
        s = b->pairs[pair].rules.lot;
    return size_max(s, b->pairs[pair].rules.lot);
}

/* ---- For one pair, the list of `symbols`, or all of the market ---- */

typedef void put_pair(struct call *c, size_t pair);

static bool put_listed(struct call *c, const char *symbols, put_pair *put)
{
    struct jnode *list = NULL;
    bool is_good = jnode_parse(symbols, strlen(symbols), "symbols", NULL, &list) == ERR_OK &&
                   jnode_is(list, J_ARRAY);
    size_t pair;

    for (size_t i = 0; is_good && i < jnode_count(list); i++) {
        const struct jnode *item = jnode_item(list, i);

        is_good = jnode_is(item, J_STRING) && book_pair(c->b, c->market, jnode_text(item), &pair);
        if (is_good)
            put(c, pair);
    }
    jnode_free(list);
    return is_good || call_fail(c, -1121, "Invalid symbol.");
}

static void put_pairs(struct call *c, put_pair *put)
{
    const char *symbols = asked_get(&c->params, "symbols");
    size_t pair;

    if (asked_get(&c->params, "symbol")) {
        if (call_pair(c, &c->params, &pair))
            put(c, pair);
        return;
    }
    jw_array(&c->w);
    if (symbols)
        (void)put_listed(c, symbols, put);
    for (size_t i = 0; !symbols && i < c->b->pair_count; i++)
        if (c->b->pairs[i].market == c->market)
            put(c, i);
    jw_array_end(&c->w);
}

/* The 24 hours up to now as one candle. */
static struct chart_candle last_day(const struct box *b, const struct box_pair *p)
{
    const int64_t first_us = path_open_us(&p->path, 0);
    const int64_t from_us = b->now_us - US_PER_DAY > first_us ? b->now_us - US_PER_DAY : first_us;
    struct chart_candle day;

    chart_candle(&p->path, from_us, b->now_us - from_us + 1, b->now_us, &day);
    return day;
}

static void put_day(struct call *c, size_t pair)
{
    const struct box_pair *p = &c->b->pairs[pair];
    const struct chart_candle day = last_day(c->b, p);
    const struct price change = {day.close.e12 - day.open.e12};
    const struct price average = box_average(day.quote, day.volume);
    const struct size size = level_size(c->b, pair);
    const int ps = price_scale(p), ss = size_scale(p);
    struct jwriter *w = &c->w;
    struct ratio percent = {0}; /* a fraction until it is printed */

    ASSERT(money_ratio((struct money){change.e12}, (struct money){day.open.e12}, ROUND_HALF_EVEN,
                       &percent) == ERR_OK);
    jw_object(w);
    jw_member_text(w, "symbol", p->id);
    jw_member_price(w, "priceChange", change, ps);
    jw_member_price(w, "priceChangePercent", (struct price){percent.e12 * 100}, 3);
    jw_member_price(w, "weightedAvgPrice", average, ps);
    if (p->market == BOX_SPOT)
        jw_member_price(w, "prevClosePrice", day.open, ps);
    jw_member_price(w, "lastPrice", day.close, ps);
    jw_member_size(w, "lastQty", p->rules.lot, ss);
    if (p->market == BOX_SPOT) {
        jw_member_price(w, "bidPrice", trade_bid(c->b, pair), ps);
        jw_member_size(w, "bidQty", size, ss);
        jw_member_price(w, "askPrice", trade_ask(c->b, pair), ps);
        jw_member_size(w, "askQty", size, ss);
    }
    jw_member_price(w, "openPrice", day.open, ps);
    jw_member_price(w, "highPrice", day.high, ps);
    jw_member_price(w, "lowPrice", day.low, ps);
    jw_member_size(w, "volume", day.volume, ss);
    jw_member_money(w, "quoteVolume", day.quote, p->market == BOX_SPOT ? 8 : 2);
    put_ms(w, "openTime", day.open_us);
    put_ms(w, "closeTime", c->b->now_us);
    jw_member_integer(w, "firstId", 1);
    jw_member_integer(w, "lastId", 1 + ms_of(c->b->now_us - day.open_us) / 1000);
    jw_member_integer(w, "count", 1 + ms_of(c->b->now_us - day.open_us) / 1000);
    jw_object_end(w);
}

void market_ticker_day(struct call *c)
{
    put_pairs(c, put_day);
}

static void put_last(struct call *c, size_t pair)
{
    const struct box_pair *p = &c->b->pairs[pair];

    jw_object(&c->w);
    jw_member_text(&c->w, "symbol", p->id);
    jw_member_price(&c->w, "price", trade_mark(c->b, pair), price_scale(p));
    if (p->market == BOX_USDM)
        put_ms(&c->w, "time", c->b->now_us);
    jw_object_end(&c->w);
}

void market_ticker_price(struct call *c)
{
    put_pairs(c, put_last);
}

static void put_best(struct call *c, size_t pair)
{
    const struct box_pair *p = &c->b->pairs[pair];
    const struct size size = level_size(c->b, pair);

    jw_object(&c->w);
    jw_member_text(&c->w, "symbol", p->id);
    jw_member_price(&c->w, "bidPrice", trade_bid(c->b, pair), price_scale(p));
    jw_member_size(&c->w, "bidQty", size, size_scale(p));
    jw_member_price(&c->w, "askPrice", trade_ask(c->b, pair), price_scale(p));
    jw_member_size(&c->w, "askQty", size, size_scale(p));
    if (p->market == BOX_USDM) {
        put_ms(&c->w, "time", c->b->now_us);
        jw_member_integer(&c->w, "lastUpdateId", ms_of(c->b->now_us));
    }
    jw_object_end(&c->w);
}

void market_ticker_best(struct call *c)
{
    put_pairs(c, put_best);
}

void market_average(struct call *c)
{
    size_t pair;

    if (!call_pair(c, &c->params, &pair))
        return;
    jw_object(&c->w);
    jw_member_integer(&c->w, "mins", 0);
    jw_member_price(&c->w, "price", trade_mark(c->b, pair), 8);
    put_ms(&c->w, "closeTime", c->b->now_us);
    jw_object_end(&c->w);
}

/* ---- Depth and trades ---- */

static void put_side(struct call *c, size_t pair, enum box_side side, int64_t levels)
{
    const struct box_pair *p = &c->b->pairs[pair];
    const struct size size = level_size(c->b, pair);
    struct price price = trade_taker(c->b, pair, side);

    jw_key(&c->w, side == BOX_SELL ? "bids" : "asks");
    jw_array(&c->w);
    for (int64_t i = 0; i < levels && price.e12 > 0; i++) {
        jw_array(&c->w);
        jw_price(&c->w, price, price_scale(p));
        jw_size(&c->w, size, size_scale(p));
        jw_array_end(&c->w);
        price.e12 += (int)side * p->rules.tick.e12;
    }
    jw_array_end(&c->w);
}

void market_depth(struct call *c)
{
    int64_t limit = DEPTH_DEFAULT;
    size_t pair;

    if (!call_pair(c, &c->params, &pair) || !call_integer(c, "limit", 1, 5000, &limit))
        return;
    limit = limit < DEPTH_MAX ? limit : DEPTH_MAX;
    jw_object(&c->w);
    jw_member_integer(&c->w, "lastUpdateId", ms_of(c->b->now_us));
    if (c->market == BOX_USDM) {
        put_ms(&c->w, "E", c->b->now_us);
        put_ms(&c->w, "T", c->b->now_us);
    }
    put_side(c, pair, BOX_SELL, limit);
    put_side(c, pair, BOX_BUY, limit);
    jw_object_end(&c->w);
}

/* The market's trades are not recorded; one a second at the price of then stands for them. */
static bool trades_range(struct call *c, size_t pair, int64_t *from_us, int64_t *count)
{
    const int64_t first_us = path_open_us(&c->b->pairs[pair].path, 0);
    int64_t from_ms = -1, to_ms = ms_of(c->b->now_us), limit = TRADES_DEFAULT, end_us;

    if (!call_integer(c, "startTime", 0, INT64_MAX / US_PER_MS, &from_ms) ||
        !call_integer(c, "endTime", 0, INT64_MAX / US_PER_MS, &to_ms) ||
        !call_integer(c, "limit", 1, INT32_MAX, &limit))
        return false;
    limit = limit < TRADES_MAX ? limit : TRADES_MAX;
    end_us = to_ms * US_PER_MS < c->b->now_us ? to_ms * US_PER_MS : c->b->now_us;
    end_us -= end_us % US_PER_S;
    *from_us = from_ms >= 0 ? (from_ms + 999) / 1000 * US_PER_S : end_us - (limit - 1) * US_PER_S;
    *from_us = *from_us > first_us ? *from_us : first_us + US_PER_S - first_us % US_PER_S;
    *count = *from_us > end_us ? 0 : (end_us - *from_us) / US_PER_S + 1;
    *count = *count < limit ? *count : limit;
    return true;
}

void market_agg_trades(struct call *c)
{
    struct jwriter *w = &c->w;
    int64_t at_us, count;
    size_t pair;

    if (!call_pair(c, &c->params, &pair) || !trades_range(c, pair, &at_us, &count))
        return;
    jw_array(w);
    for (; count > 0; count--, at_us += US_PER_S) {
        const struct box_pair *p = &c->b->pairs[pair];
        const struct price price =
            price_from_scaled(path_ticks(&p->path, at_us), p->path.price_scale);

        jw_object(w);
        jw_member_integer(w, "a", at_us / US_PER_S);
        jw_member_price(w, "p", price, price_scale(p));
        jw_member_size(w, "q", p->rules.lot, size_scale(p));
        jw_member_integer(w, "f", at_us / US_PER_S);
        jw_member_integer(w, "l", at_us / US_PER_S);
        put_ms(w, "T", at_us);
        jw_member_bool(w, "m", at_us / US_PER_S % 2 == 0);
        if (p->market == BOX_SPOT)
            jw_member_bool(w, "M", true);
        jw_object_end(w);
    }
    jw_array_end(w);
}

void market_trades(struct call *c)
{
    struct jwriter *w = &c->w;
    int64_t at_us, count;
    size_t pair;

    if (!call_pair(c, &c->params, &pair) || !trades_range(c, pair, &at_us, &count))
        return;
    jw_array(w);
    for (; count > 0; count--, at_us += US_PER_S) {
        const struct box_pair *p = &c->b->pairs[pair];
        const struct price price =
            price_from_scaled(path_ticks(&p->path, at_us), p->path.price_scale);

        jw_object(w);
        jw_member_integer(w, "id", at_us / US_PER_S);
        jw_member_price(w, "price", price, price_scale(p));
        jw_member_size(w, "qty", p->rules.lot, size_scale(p));
        jw_member_money(w, "quoteQty", box_notional(price, p->rules.lot), 8);
        put_ms(w, "time", at_us);
        jw_member_bool(w, "isBuyerMaker", at_us / US_PER_S % 2 == 0);
        if (p->market == BOX_SPOT)
            jw_member_bool(w, "isBestMatch", true);
        jw_object_end(w);
    }
    jw_array_end(w);
}

/* ---- Funding ---- */

static void put_premium(struct call *c, size_t pair)
{
    const struct box_pair *p = &c->b->pairs[pair];
    const struct price mark = trade_mark(c->b, pair);
    struct jwriter *w = &c->w;

    jw_object(w);
    jw_member_text(w, "symbol", p->id);
    jw_member_price(w, "markPrice", mark, 8);
    jw_member_price(w, "indexPrice", mark, 8);
    jw_member_price(w, "estimatedSettlePrice", mark, 8);
    jw_member_price(w, "lastFundingRate", (struct price){funding_rate(c->b, pair).e12}, 8);
    jw_member_text(w, "interestRate", "0.00010000");
    put_ms(w, "nextFundingTime", p->next_funding_us);
    put_ms(w, "time", c->b->now_us);
    jw_object_end(w);
}

void usdm_premium(struct call *c)
{
    put_pairs(c, put_premium);
}

static void put_rate(void *context, const struct box_funding *f)
{
    struct call *c = context;

    jw_object(&c->w);
    jw_member_text(&c->w, "symbol", c->b->pairs[f->pair].id);
    jw_member_price(&c->w, "fundingRate", (struct price){f->rate.e12}, 8);
    put_ms(&c->w, "fundingTime", f->at_us);
    jw_member_price(&c->w, "markPrice", f->mark, 8);
    jw_object_end(&c->w);
}

void usdm_funding_rate(struct call *c)
{
    int64_t from_ms = 0, to_ms = INT64_MAX / US_PER_MS, limit = 100, count;
    const struct box_funding *f;
    size_t pair;

    if (!call_pair(c, &c->params, &pair) || !call_integer(c, "startTime", 0, to_ms, &from_ms) ||
        !call_integer(c, "endTime", 0, to_ms, &to_ms) ||
        !call_integer(c, "limit", 1, RATES_MAX, &limit))
        return;
    jw_array(&c->w);
    count = funding_past(c->b, pair, from_ms * US_PER_MS, limit, put_rate, c);
    for (size_t i = 0; (f = book_funding(c->b, i)) && count < limit; i++) {
        if (f->pair != pair || ms_of(f->at_us) < from_ms || ms_of(f->at_us) > to_ms)
            continue;
        put_rate(c, f);
        count++;
    }
    jw_array_end(&c->w);
}

void empty_list(struct call *c)
{
    jw_array(&c->w);
    jw_array_end(&c->w);
}

void coinm_info(struct call *c)
{
    static const char none[] = "{\"symbols\":[]}";

    jw_raw(&c->w, none, sizeof none - 1);
}
