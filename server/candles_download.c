/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd candles download`: a venue's past candles into a file, resumable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "exchange/candle_download.h"
#include "exchange/candle_file.h"
#include "server/candles.h"
#include "server/options.h"

enum {
    WINDOW_MS = 5000 /* of signed requests, of which there are none here */
};

struct words {
    const char *venue, *symbol, *timeframe, *from, *to, *out, *environment, *url, *proxy;
};

struct download {
    struct candle_download download;
    struct words words;
    enum binance_market market;
    char part[LIMIT_PATH];
    size_t count;
    struct diag_list *diags;
};

static enum err refuse(struct download *d, const char *field, const char *message, const char *hint)
{
    diag_hint(diag_add(d->diags, field, "option_invalid", "%s", message), "%s", hint);
    return ERR_INVALID;
}

static enum err read_time(struct download *d, const char *field, const char *text, int64_t *out)
{
    char day[32];

    /* A day alone is its first instant. */
    if (strlen(text) == 10 && text[4] == '-') {
        (void)snprintf(day, sizeof day, "%sT00:00:00Z", text);
        text = day;
    }
    if (time_parse(text, strlen(text), out) == ERR_OK)
        return ERR_OK;
    return refuse(d, field, "it is not a time",
                  "write 2024-01-15, 2024-01-15T10:30:00Z or Unix ms");
}

static enum err read_words(struct download *d)
{
    const struct words *w = &d->words;
    const bool is_perpetual = w->symbol && strchr(w->symbol, ':');
    int64_t tf;
    enum err e;

    if (!w->symbol || !w->from || !w->out)
        return refuse(d, "download", "--symbol, --from and --out are needed",
                      "candles download --symbol BTC/USDT --from 2024-01-01 --out btc.csv");
    if (strcmp(w->venue, "binance") != 0)
        return refuse(d, "venue", "there is no such venue", "venues: binance");
    if (timeframe_parse(w->timeframe, &tf) != ERR_OK)
        return refuse(d, "timeframe", "there is no such timeframe", "write 1m, 5m, 1h, 1d, ...");
    d->market = is_perpetual ? BINANCE_USDM : BINANCE_SPOT;
    if (!candles_symbol_check(w->symbol, d->diags))
        return ERR_INVALID;
    d->download.to_us = clock_wall_us();
    e = read_time(d, "from", w->from, &d->download.from_us);
    if (!e && w->to)
        e = read_time(d, "to", w->to, &d->download.to_us);
    if (e)
        return e;
    d->download.symbol = w->symbol;
    d->download.timeframe_us = tf;
    /* The first candle that opens at or after the instant. */
    d->download.from_us = (d->download.from_us + tf - 1) / tf * tf;
    if (d->download.from_us < 0 || d->download.from_us >= d->download.to_us)
        return refuse(d, "from", "nothing lies between --from and --to",
                      "--from is the earlier one");
    if (candles_format_of(w->out, d->diags) == CANDLES_UNKNOWN)
        return ERR_INVALID;
    if (candles_format_of(w->out, NULL) == CANDLES_STDOUT)
        return refuse(d, "out", "a download goes to a file", "so that it can be resumed");
    return ERR_OK;
}

/* Beside the file, with a name that tells what it is the beginning of. */
static enum err name_part(struct download *d)
{
    const char *out = d->words.out;
    char symbol[BINANCE_SYMBOL];
    int n;

    if (access(out, F_OK) == 0)
        return refuse(d, "out", "the file is there already", "remove it, or give another name");
    if (binance_symbol(d->market, d->words.symbol, symbol) != ERR_OK)
        return refuse(d, "symbol", "the venue has no such symbol", "BTC/USDT, or BTC/USDT:USDT");
    n = snprintf(d->part, sizeof d->part, "%s.%s-%s-%lld.part", out, symbol, d->words.timeframe,
                 (long long)(d->download.from_us / US_PER_S));
    if (n < 0 || (size_t)n >= sizeof d->part)
        return refuse(d, "out", "the name is too long", "give a shorter one");
    d->download.path = d->part;
    return ERR_OK;
}

static void show_progress(void *context, size_t count, int64_t open_us)
{
    struct download *d = context;
    const struct candle_download *w = &d->download;
    const int64_t whole_us = w->to_us - w->from_us, done_us = open_us - w->from_us;

    d->count += count;
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\x1b[K%3lld %%  %s candles, up to %s",
            (long long)(done_us * 100 / (whole_us > 0 ? whole_us : 1)),
            candles_grouped(d->count).text, candles_timed(open_us).text);
    fflush(stderr);
}

/* What was downloaded is read as any recording is, and becomes the file that was asked for. */
static enum err finish(struct download *d)
{
    struct candle_series s = {0};
    enum err e = candle_file_read(d->part, d->diags, &s);

    if (e)
        return e;
    (void)copy_text(s.symbol, sizeof s.symbol, d->words.symbol);
    e = candles_write(d->words.out, &s, d->diags);
    if (!e) {
        (void)unlink(d->part);
        printf("%s: ", d->words.out);
        candles_describe(&s, stdout);
        putchar('\n');
    }
    candle_series_release(&s);
    return e;
}

static enum err run(struct download *d)
{
    const struct transport_settings net = {.proxy = d->words.proxy};
    const struct binance_settings settings = {.market = d->market,
                                              .environment = d->words.environment,
                                              .url = d->words.url,
                                              .window_ms = WINDOW_MS};
    struct transport *t = NULL;
    int64_t from_us;
    enum err e;

    e = transport_new(&net, &t);
    if (e)
        return e;
    e = binance_client_new(&settings, t, d->diags, &d->download.client);
    if (!e)
        e = candle_download_run(&d->download, d->diags, &from_us);
    if (d->count > 0 && isatty(STDERR_FILENO))
        fputc('\n', stderr);
    transport_free(t);
    binance_client_free(d->download.client);
    if (!e && from_us > d->download.from_us)
        fprintf(stderr, "traderd: went on at %s\n", candles_timed(from_us).text);
    return e ? e : finish(d);
}

int candles_download(int count, char **arguments)
{
    struct download d = {
        .words = {.venue = "binance", .timeframe = "5m", .environment = "production"}};
    const struct option options[] = {
        {"--venue", &d.words.venue, NULL},
        {"--symbol", &d.words.symbol, NULL},
        {"--timeframe", &d.words.timeframe, NULL},
        {"--from", &d.words.from, NULL},
        {"--to", &d.words.to, NULL},
        {"--out", &d.words.out, NULL},
        {"--environment", &d.words.environment, NULL},
        {"--url", &d.words.url, NULL},
        {"--proxy", &d.words.proxy, NULL},
    };
    struct diag_list diags = {0};
    size_t words;
    enum err e;

    if (!options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words))
        return EXIT_USAGE;
    d.diags = &diags;
    d.download.progress = show_progress;
    d.download.context = &d;
    e = read_words(&d);
    e = e ? e : name_part(&d);
    e = e ? e : run(&d);
    return e ? candles_refuse(&diags, e) : EXIT_DONE;
}
