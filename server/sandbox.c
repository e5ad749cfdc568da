/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd sandbox`: a Binance-compatible venue on recorded candles. */
#include "sandbox/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "exchange/candle_cache.h"
#include "exchange/candle_file.h"
#include "exchange/funding_file.h"
#include "server/lifecycle.h"
#include "server/market.h"
#include "server/options.h"
#include "server/subcommands.h"

enum {
    SPEED_MAX = 1000000
};

static const char usage[] =
    "usage: traderd sandbox --candles [SYMBOL=]FILE... [--listen HOST:PORT] [--speed X]\n"
    "                       [--funding [SYMBOL=]FILE...]\n"
    "                       [--faults FILE] [--state FILE] [--key KEY] [--secret SECRET]\n"
    "                       [--quote N] [--base N] [--margin N]\n"
    "                       [--fee RATE] [--maker-fee RATE] [--taker-fee RATE]\n"
    "                       [--slippage-bps N] [--funding-rate RATE]\n"
    "                       [--weight-limit N] [--seed N]\n";

/* The words behind the options. */
struct words {
    const char *listen, *speed, *faults, *state, *key, *secret;
    const char *quote, *base, *margin;
    const char *fee, *maker_fee, *taker_fee, *slippage, *funding;
    const char *weight, *seed;
};

static bool bad_option(const char *name, const char *value, const char *hint)
{
    fprintf(stderr, "traderd: %s: '%s' is not right; %s\n", name, value, hint);
    return false;
}

/* A decimal of at least zero and at most `most`, as a count of 10^-12. */
static bool read_amount(const char *name, const char *text, int64_t most, i128 *out)
{
    i128 e12 = 0;

    if (amount_parse(text, strlen(text), &e12) || e12 < 0 || e12 > most * AMOUNT_ONE)
        return bad_option(name, text, "a decimal number that is not negative is expected");
    *out = e12;
    return true;
}

static bool read_integer(const char *name, const char *text, int64_t *out)
{
    char *end;
    const long long value = strtoll(text, &end, 10);

    if (!*text || *end || value < -1 || value > INT32_MAX)
        return bad_option(name, text, "a whole number is expected");
    *out = value;
    return true;
}

static bool read_words(const struct words *w, struct box_options *o)
{
    static const int64_t money = INT64_C(1000000000000);
    i128 speed, bps, seed;
    const bool is_good = read_amount("--speed", w->speed, SPEED_MAX, &speed) &&
                         read_amount("--quote", w->quote, money, &o->spot_quote.e12) &&
                         read_amount("--base", w->base, money, &o->spot_base.e12) &&
                         read_amount("--margin", w->margin, money, &o->margin.e12) &&
                         read_amount("--fee", w->fee, 1, &o->spot_fee.e12) &&
                         read_amount("--maker-fee", w->maker_fee, 1, &o->maker_fee.e12) &&
                         read_amount("--taker-fee", w->taker_fee, 1, &o->taker_fee.e12) &&
                         read_amount("--slippage-bps", w->slippage, 1000, &bps) &&
                         read_amount("--funding-rate", w->funding, 1, &o->funding_rate.e12) &&
                         read_amount("--seed", w->seed, INT64_C(1000000000000), &seed) &&
                         read_integer("--weight-limit", w->weight, &o->weight_limit);
    if (!is_good)
        return false;
    o->speed_milli = (int64_t)(speed * 1000 / AMOUNT_ONE);
    o->slippage.e12 = bps / 10000;
    o->seed = (uint64_t)(seed / AMOUNT_ONE);
    o->key = w->key;
    o->secret = w->secret;
    if (strlen(w->key) >= BOX_KEY_MAX || strlen(w->secret) >= BOX_KEY_MAX || !*w->key)
        return bad_option("--key, --secret", w->key, "1 to 128 characters are expected");
    return true;
}

/* The recordings, kept while the venue runs. */
struct recordings {
    struct candle_series *series;
    struct funding_series *fundings;
    char (*symbols)[LIMIT_SYMBOL];
    struct box_series *boxed;
    size_t count, funding_count;
};

/* The words behind --candles and --funding. */
struct items {
    const char *candles[LIMIT_SYMBOLS], *fundings[LIMIT_SYMBOLS];
    size_t candle_count, funding_count;
};

static void recordings_release(struct recordings *r)
{
    for (size_t i = 0; i < r->count; i++)
        candle_series_release(&r->series[i]);
    for (size_t i = 0; i < r->funding_count; i++)
        funding_series_release(&r->fundings[i]);
    free(r->series);
    free(r->fundings);
    free(r->symbols);
    free(r->boxed);
}

static enum err read_candles(const struct items *items, struct diag_list *diags,
                             struct recordings *out)
{
    const char *path;
    enum err e = ERR_OK;

    for (size_t i = 0; i < items->candle_count; i++) {
        e = market_split_item(items->candles[i], NULL, diags, out->symbols[i], &path);
        if (!e)
            e = candle_file_read(path, diags, &out->series[i]);
        if (e)
            break;
        out->count++;
        out->boxed[i] = (struct box_series){.symbol = out->symbols[i],
                                            .candles = out->series[i].candles,
                                            .count = out->series[i].count,
                                            .timeframe_us = out->series[i].timeframe_us,
                                            .price_scale = out->series[i].price_scale};
    }
    return e;
}

/* Rates of BTC/USDT:USDT go with its candles, else with those of BTC/USDT. */
static struct box_series *series_of(const struct recordings *r, const char *symbol)
{
    const size_t pair = strcspn(symbol, ":");

    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->symbols[i], symbol) == 0)
            return &r->boxed[i];
    for (size_t i = 0; i < r->count; i++)
        if (strncmp(r->symbols[i], symbol, pair) == 0 &&
            (r->symbols[i][pair] == 0 || r->symbols[i][pair] == ':'))
            return &r->boxed[i];
    return NULL;
}

static enum err read_fundings(const struct items *items, struct diag_list *diags,
                              struct recordings *out)
{
    for (size_t i = 0; i < items->funding_count; i++) {
        char symbol[LIMIT_SYMBOL];
        struct box_series *series;
        const char *path;
        enum err e = market_split_item(items->fundings[i], NULL, diags, symbol, &path);

        if (e)
            return e;
        series = series_of(out, symbol);
        if (!series) {
            diag_hint(diag_add(diags, "--funding", "symbol_unknown", "there are no candles of %s",
                               symbol),
                      "write SYMBOL=FILE with a symbol of --candles");
            return ERR_INVALID;
        }
        e = funding_file_read(path, diags, &out->fundings[i]);
        if (e)
            return e;
        out->funding_count++;
        series->fundings = out->fundings[i].items;
        series->funding_count = out->fundings[i].count;
    }
    return ERR_OK;
}

static enum err read_recordings(const struct items *items, struct diag_list *diags,
                                struct recordings *out)
{
    enum err e;

    out->series = xcalloc(items->candle_count, sizeof *out->series);
    out->symbols = xcalloc(items->candle_count, sizeof *out->symbols);
    out->boxed = xcalloc(items->candle_count, sizeof *out->boxed);
    out->fundings = xcalloc(items->funding_count + 1, sizeof *out->fundings);
    e = read_candles(items, diags, out);
    return e ? e : read_fundings(items, diags, out);
}

/* Serves until it is told to end. */
static int run(struct serve_options *o, const struct items *items)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct recordings recordings = {0};
    struct serve *s = NULL;
    enum err e = read_recordings(items, diags, &recordings);

    o->box.series = recordings.boxed;
    o->box.series_count = recordings.count;
    if (!e)
        e = serve_new(o, diags, &s);
    if (e) {
        options_print_diags(diags, e);
    } else {
        printf("traderd sandbox: http://%s:%d\n", o->address.host, serve_port(s));
        printf("  key %s; spot /api, USD-M /fapi; try:\n", o->box.key);
        printf("  curl 'http://%s:%d/api/v3/exchangeInfo'\n", o->address.host, serve_port(s));
        (void)fflush(stdout);
        while (!lifecycle_wait(60 * US_PER_S))
            continue;
        lifecycle_arm_second();
    }
    serve_free(s);
    recordings_release(&recordings);
    free(diags);
    return e ? e == ERR_IO ? EXIT_FAILED : EXIT_USAGE : EXIT_DONE;
}

int subcommand_sandbox(int count, char **arguments)
{
    struct words w = {.listen = "127.0.0.1:8090",
                      .speed = "1",
                      .key = "sandbox",
                      .secret = "sandbox",
                      .quote = "1000000",
                      .base = "10",
                      .margin = "1000000",
                      .fee = "0.001",
                      .maker_fee = "0.0002",
                      .taker_fee = "0.0005",
                      .slippage = "5",
                      .funding = "0.0001",
                      .weight = "0",
                      .seed = "1"};
    const struct option options[] = {
        {"--listen", &w.listen, NULL},
        {"--speed", &w.speed, NULL},
        {"--faults", &w.faults, NULL},
        {"--state", &w.state, NULL},
        {"--key", &w.key, NULL},
        {"--secret", &w.secret, NULL},
        {"--quote", &w.quote, NULL},
        {"--base", &w.base, NULL},
        {"--margin", &w.margin, NULL},
        {"--fee", &w.fee, NULL},
        {"--maker-fee", &w.maker_fee, NULL},
        {"--taker-fee", &w.taker_fee, NULL},
        {"--slippage-bps", &w.slippage, NULL},
        {"--funding-rate", &w.funding, NULL},
        {"--weight-limit", &w.weight, NULL},
        {"--seed", &w.seed, NULL},
    };
    struct items items = {0};
    struct serve_options o = {0};
    struct diag_list diags = {0};
    size_t words;

    if (!options_take_list(&count, arguments, "--candles", items.candles, COUNT_OF(items.candles),
                           &items.candle_count) ||
        !options_take_list(&count, arguments, "--funding", items.fundings, COUNT_OF(items.fundings),
                           &items.funding_count) ||
        !options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words))
        return EXIT_USAGE;
    if (items.candle_count == 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!read_words(&w, &o.box))
        return EXIT_USAGE;
    if (listen_parse(w.listen, &diags, &o.address)) {
        options_print_diags(&diags, ERR_INVALID);
        return EXIT_USAGE;
    }
    if (!o.address.is_loopback)
        fprintf(stderr, "traderd: %s is reachable from outside: the sandbox's key is no secret\n",
                w.listen);
    o.box.start_us = clock_wall_us();
    o.state_path = w.state;
    o.faults_path = w.faults;
    lifecycle_init();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_AUTO, 2);
    return run(&o, &items);
}
