/* SPDX-License-Identifier: Apache-2.0 */
/* Connects the configured venue: transport, client, instruments, feed, and the port for orders. */
#include "server/live.h"

#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/clock.h"
#include "core/log.h"
#include "exchange/binance_parse.h"
#include "exchange/binance_venue.h"
#include "exchange/venue_feed.h"
#include "server/venue_open.h"

enum {
    PAST_CANDLES = 1000, /* one page: enough to warm up what strategies look back to */
    PATIENCE_S = 20      /* a symbol that is late holds the others up for so long */
};
/* Steps change every few months; what is refused for them is asked about at once. */
static const int64_t filters_every_us = 3600 * US_PER_S;

struct live {
    struct venue_link link;
    struct instrument *instruments; /* in the order of the symbols */
    size_t count;
    struct venue_feed *feed;
    struct binance_venue *venue;
};

static enum err open_instruments(const struct config *c, struct live *l, struct diag_list *diags)
{
    const char *quote = config_text(c, CONFIG_quote_currency);

    l->count = l->link.exchange.count;
    l->instruments = xcalloc(l->count + 1, sizeof *l->instruments);
    for (size_t i = 0; i < l->count; i++) {
        const struct instrument *instrument = &l->link.exchange.items[i].instrument;

        l->instruments[i] = *instrument;
        if (strcmp(instrument->quote, quote) == 0)
            continue;
        diag_hint(diag_add(diags, "venue_symbols", "quote_currency",
                           "%s is not quoted in the account's currency %s", instrument->symbol,
                           quote),
                  "set quote_currency to %s", instrument->quote);
        return ERR_INVALID;
    }
    return ERR_OK;
}

/* ---- The account ---- */

/* The keys work, may trade, and there is what the account was given: said at the start, not by the
 * first order. */
static enum err check_account(const struct config *c, struct live *l, struct diag_list *diags)
{
    const char *quote = config_text(c, CONFIG_quote_currency);
    struct money given = config_money(c, CONFIG_starting_equity);
    struct binance_account account = {0};
    struct binance_request r;
    struct binance_verdict v;
    struct transport_answer a;
    enum err e;

    binance_ask_account(binance_client_market(l->link.client), &r);
    /* Positions may wait for this daemon: it does not stand in line with market data. */
    r.rate_class = RATE_EXIT;
    e = binance_client_call(l->link.client, &r, BINANCE_PATIENCE_US, &a, &v);
    if (e)
        return e;
    if (v.error != VENUE_ERROR_NONE) {
        (void)diag_add(diags, "venue_key", venue_error_name(v.error), "%s", v.reason);
        e = ERR_INVALID;
    } else {
        e = binance_parse_account(binance_client_market(l->link.client), a.body, a.length, diags,
                                  &account);
    }
    transport_answer_release(&a);
    if (!e && !account.can_trade) {
        diag_hint(diag_add(diags, "venue_key", "not_permitted", "this key may not trade"),
                  "allow trading for it at the venue, and nothing else");
        e = ERR_INVALID;
    }
    for (size_t i = 0; i < account.count && !e; i++) {
        const struct binance_balance *b = &account.balances[i];
        char free_text[AMOUNT_TEXT_MAX], given_text[AMOUNT_TEXT_MAX];

        if (strcmp(b->asset, quote) != 0 || b->free.e12 >= given.e12)
            continue;
        size_print(b->free, free_text);
        money_print(given, given_text);
        LOG_WARN("capital", "quote", quote, "free", free_text, "starting_equity", given_text, NULL);
    }
    free(account.balances);
    return e;
}

/* Orders of one-way mode are refused in hedge mode: said at the start, not by the first order.  An
 * answer that does not come decides nothing. */
static enum err check_mode(struct live *l, struct diag_list *diags)
{
    struct diag_list unread = {0};
    struct binance_request r;
    struct binance_verdict v;
    struct transport_answer a;
    bool is_hedged = false;
    enum err e;

    if (binance_client_market(l->link.client) == BINANCE_SPOT)
        return ERR_OK;
    binance_ask_position_mode(&r);
    r.rate_class = RATE_EXIT;
    e = binance_client_call(l->link.client, &r, BINANCE_PATIENCE_US, &a, &v);
    if (e)
        return e;
    if (v.error != VENUE_ERROR_NONE)
        LOG_WARN("position_mode_unknown", "reason", v.reason, NULL);
    else if (binance_parse_position_mode(a.body, a.length, &unread, &is_hedged))
        LOG_WARN("position_mode_unknown", "reason", "the answer does not tell it", NULL);
    transport_answer_release(&a);
    if (!is_hedged)
        return ERR_OK;
    diag_hint(diag_add(diags, "venue", "hedge_mode",
                       "the account is in hedge mode; orders here are those of one-way mode"),
              "set the position mode to one-way at the venue, while nothing is open");
    return ERR_INVALID;
}

/* Who asks for protection that the venue does not have must not believe in it. */
static enum err check_timer(const struct config *c, const struct live *l, struct diag_list *diags)
{
    if (config_integer(c, CONFIG_dead_man_s) == 0 ||
        binance_client_market(l->link.client) != BINANCE_SPOT)
        return ERR_OK;
    diag_hint(
        diag_add(diags, "dead_man_s", "unsupported", "this venue has no timer that ends orders"),
        "leave it out; binance_usdm has one");
    return ERR_INVALID;
}

/* ---- Opening ---- */

static enum err open_feed(const struct config *c, const struct strategy *s, struct live *l,
                          struct diag_list *diags)
{
    const char *name = config_text(c, CONFIG_timeframe);
    int64_t timeframe_us = s ? strategy_timeframe_us(s) : 0;

    if (*name && timeframe_parse(name, &timeframe_us)) {
        diag_hint(diag_add(diags, "timeframe", "invalid", "'%s' is not a timeframe", name),
                  "1m, 5m, 15m, 1h, 4h, 1d and the like");
        return ERR_INVALID;
    }
    if (timeframe_us == 0) {
        diag_hint(diag_add(diags, "timeframe", "required", "nothing says how long candles are"),
                  "set timeframe, for example to 5m");
        return ERR_INVALID;
    }
    {
        const struct venue_feed_options o = {.client = l->link.client,
                                             .instruments = l->instruments,
                                             .instrument_count = l->count,
                                             .timeframe_us = timeframe_us,
                                             .past = PAST_CANDLES,
                                             .patience_us = PATIENCE_S * US_PER_S};

        return venue_feed_new(&o, diags, &l->feed);
    }
}

enum err live_open(const struct config *c, const struct strategy *strategy, struct diag_list *diags,
                   struct live **out)
{
    struct live *l = xcalloc(1, sizeof *l);
    bool trades = config_enum(c, CONFIG_mode) == 1;
    enum err e = venue_link_open(c, diags, &l->link);

    if (!e)
        e = check_timer(c, l, diags);
    if (!e)
        e = open_instruments(c, l, diags);
    if (!e && trades)
        e = check_account(c, l, diags);
    if (!e && trades)
        e = check_mode(l, diags);
    if (!e)
        e = open_feed(c, strategy, l, diags);
    if (!e && trades) {
        const struct binance_venue_options o = {
            .client = l->link.client,
            .instruments = l->link.exchange.items,
            .instrument_count = l->count,
            .window_us = config_integer(c, CONFIG_venue_window_ms) * US_PER_MS,
            .filters_every_us = filters_every_us};

        l->venue = binance_venue_new(&o);
    }
    if (e) {
        live_close(l);
        return e;
    }
    LOG_INFO("venue", "url", binance_client_url(l->link.client), "symbols",
             LOG_NUMBER((int64_t)l->count), "trades", trades ? "yes" : "no", NULL);
    *out = l;
    return ERR_OK;
}

void live_close(struct live *l)
{
    if (!l)
        return;
    /* Nothing answers any more, then nobody listens: exchange/binance_venue.h. */
    transport_free(l->link.transport);
    l->link.transport = NULL;
    binance_venue_free(l->venue);
    venue_feed_free(l->feed);
    venue_link_close(&l->link);
    free(l->instruments);
    free(l);
}

const struct instrument *live_instruments(const struct live *l, size_t *count)
{
    *count = l->count;
    return l->instruments;
}

struct feed live_feed(struct live *l)
{
    return venue_feed_port(l->feed);
}

struct venue live_venue(struct live *l)
{
    ASSERT(l->venue);
    return binance_venue_port(l->venue);
}

/* ---- How it is doing ---- */

static void show_requests(const struct live *l, struct venue_health *out)
{
    static const char *const kinds[RATE_KIND_COUNT_] = {
        [RATE_WEIGHT] = "weight", [RATE_ORDERS] = "orders", [RATE_REQUESTS] = "requests"};
    const int64_t wall_us = clock_wall_us();
    struct binance_usage u;

    binance_client_usage(l->link.client, &u);
    (void)copy_text(out->url, sizeof out->url, binance_client_url(l->link.client));
    for (int i = 0; i < u.limit_count && i < VENUE_LIMITS; i++)
        out->limits[out->limit_count++] = (struct venue_limit){.kind = kinds[u.limits[i].kind],
                                                               .window_us = u.limits[i].window_us,
                                                               .limit = u.limits[i].limit,
                                                               .used = u.limits[i].used,
                                                               .told = u.limits[i].told};
    out->sent = u.sent;
    out->rate_limited = u.rate_limited;
    out->bans = u.bans;
    out->clock_errors = u.clock_errors;
    out->blocked_until_us = u.blocked_for_us > 0 ? wall_us + u.blocked_for_us : TIME_NONE;
    out->banned_until_us = u.banned_for_us > 0 ? wall_us + u.banned_for_us : TIME_NONE;
    out->waiting = u.waiting;
    out->oldest_us = u.oldest_us;
    out->knows_time = u.knows_time;
    out->offset_us = u.offset_us;
    out->time_error_us = u.time_error_us;
    out->venue_us = wall_us + u.offset_us;
}

/* Any thread. */
static void show(const void *self, struct venue_health *out)
{
    const struct live *l = self;
    const struct feed feed = venue_feed_port(l->feed);
    const int64_t timeframe_us = feed.timeframe_us(feed.self);

    *out = (struct venue_health){.symbol_count = l->count};
    show_requests(l, out);
    out->symbols = xcalloc(l->count + 1, sizeof *out->symbols);
    for (size_t i = 0; i < l->count; i++) {
        struct venue_feed_state s;

        venue_feed_status(l->feed, i, &s);
        out->symbols[i] = (struct venue_symbol){
            .candle_us = s.last_open_us == TIME_NONE ? TIME_NONE : s.last_open_us + timeframe_us,
            .silent_us = s.silent_us,
            .filled = s.filled,
            .failures = s.failures};
        (void)copy_text(out->symbols[i].symbol, LIMIT_SYMBOL, l->instruments[i].symbol);
    }
}

struct venue_source live_source(const struct live *l)
{
    return l ? (struct venue_source){show, l} : (struct venue_source){0};
}
