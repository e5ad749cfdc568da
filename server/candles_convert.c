/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd candles resample` and `export`: the same recording in another timeframe or format. */
#include <stdio.h>
#include <string.h>

#include "exchange/candle_resample.h"
#include "server/candles.h"
#include "server/candles_database.h"
#include "server/options.h"

struct convert {
    const char *path, *out, *timeframe, *symbol;
    bool keeps_partial;
    struct candles_place place;
};

static enum err read_timeframe(const char *text, struct diag_list *diags, int64_t *us)
{
    if (!timeframe_parse(text, us))
        return ERR_OK;
    diag_hint(diag_add(diags, "timeframe", "timeframe_unknown", "'%s' is no timeframe", text),
              "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h or 1d");
    return ERR_INVALID;
}

/* Reads, changes the timeframe if one is asked for, and writes. */
static enum err run(const struct convert *c, struct diag_list *diags, struct candle_series *made)
{
    struct candle_series read = {0};
    int64_t timeframe_us = 0;
    enum err e = candles_format_of(c->out, diags) ? ERR_OK : ERR_INVALID;

    if (!e && c->timeframe)
        e = read_timeframe(c->timeframe, diags, &timeframe_us);
    if (!e && c->symbol && !candles_symbol_check(c->symbol, diags))
        e = ERR_INVALID;
    if (!e && c->place.database)
        e = candles_database_read(&c->place, c->symbol, timeframe_us, diags, &read);
    else if (!e)
        e = candles_read(c->path, diags, &read);
    if (!e && c->symbol)
        (void)copy_text(read.symbol, sizeof read.symbol, c->symbol);
    if (!e && c->timeframe && c->path) {
        e = candle_resample(&read, timeframe_us, c->keeps_partial, c->path, diags, made);
    } else {
        *made = read;
        read = (struct candle_series){0};
    }
    if (!e)
        e = candles_write(c->out, made, diags);
    candle_series_release(&read);
    return e;
}

static int convert(const struct convert *c)
{
    struct diag_list diags = {0};
    struct candle_series made = {0};
    enum err e = run(c, &diags, &made);

    if (!e && strcmp(c->out, "-") != 0) {
        candles_describe(&made, stdout);
        printf("; written to %s\n", c->out);
    }
    candle_series_release(&made);
    return e ? candles_refuse(&diags, e) : EXIT_DONE;
}

int candles_resample(int count, char **arguments)
{
    struct convert c = {0};
    const struct option options[] = {{"--timeframe", &c.timeframe, NULL},
                                     {"--out", &c.out, NULL},
                                     {"--symbol", &c.symbol, NULL},
                                     {"--partial", NULL, &c.keeps_partial}};
    size_t words;

    if (!options_parse(count, arguments, options, COUNT_OF(options), &c.path, 1, &words) ||
        words != 1 || !c.timeframe || !c.out) {
        fprintf(stderr, "usage: traderd candles resample FILE --timeframe 1h --out FILE "
                        "[--partial] [--symbol SYMBOL]\n");
        return EXIT_USAGE;
    }
    return convert(&c);
}

/* A file, or a series of the database by its symbol and timeframe. */
static bool is_export(const struct convert *c, size_t words)
{
    if (!c->out)
        return false;
    if (c->place.database)
        return words == 0 && c->symbol && c->timeframe;
    return words == 1 && !c->timeframe && !c->place.venue;
}

int candles_export(int count, char **arguments)
{
    struct convert c = {0};
    const struct option options[] = {{"--out", &c.out, NULL},
                                     {"--symbol", &c.symbol, NULL},
                                     {"--timeframe", &c.timeframe, NULL},
                                     {"--database", &c.place.database, NULL},
                                     {"--config", &c.place.config, NULL},
                                     {"--data", &c.place.data, NULL},
                                     {"--venue", &c.place.venue, NULL}};
    size_t words;

    if (!options_parse(count, arguments, options, COUNT_OF(options), &c.path, 1, &words) ||
        !is_export(&c, words)) {
        fprintf(stderr,
                "usage: traderd candles export FILE --out FILE.csv [--symbol SYMBOL]\n"
                "       traderd candles export --database URL|config --symbol S --timeframe T\n"
                "                              --out FILE [--venue NAME] [--config FILE] "
                "[--data DIR]\n");
        return EXIT_USAGE;
    }
    return convert(&c);
}
