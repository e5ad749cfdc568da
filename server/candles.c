/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd candles`: finds the part that is asked for, and what all parts need. */
#include "server/candles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/instrument.h"
#include "exchange/candle_cache.h"
#include "exchange/candle_file.h"
#include "exchange/candle_write.h"
#include "server/options.h"
#include "server/subcommands.h"

static const char usage[] =
    "usage: traderd candles import FILE... --out FILE.tdc [--symbol SYMBOL]\n"
    "       traderd candles import FILE... --database URL|config [--venue NAME] [--replace]\n"
    "       traderd candles gaps FILE [--json]\n"
    "       traderd candles show FILE [--limit N] [--tail]\n"
    "       traderd candles verify FILE.tdc...\n"
    "       traderd candles resample FILE --timeframe 1h --out FILE [--partial]\n"
    "       traderd candles export FILE --out FILE.csv\n"
    "       traderd candles export --database URL|config --symbol S --timeframe T --out FILE\n"
    "       traderd candles list --database URL|config [--json]\n"
    "       traderd candles download --symbol S --from T --out FILE [--to T] [--timeframe 5m]\n"
    "                [--venue binance] [--environment testnet|demo|production] [--url URL]\n"
    "FILE is CSV, JSON klines (each also .gz or .zst) or a cache (.tdc); --out is a cache by the\n"
    "name FILE.tdc, CSV by the name FILE.csv, or - for CSV on the standard output.  --database\n"
    "config is the database of the configuration ([--config FILE] [--data DIR]).\n";

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
} parts[] = {
    {"import", candles_import}, {"gaps", candles_gaps},         {"show", candles_show},
    {"verify", candles_verify}, {"resample", candles_resample}, {"export", candles_export},
    {"list", candles_list},     {"download", candles_download},
};

int subcommand_candles(int count, char **arguments)
{
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO, 2);
    for (size_t i = 0; count > 0 && i < COUNT_OF(parts); i++) {
        if (strcmp(arguments[0], parts[i].name) != 0)
            continue;
        return parts[i].run(count - 1, arguments + 1);
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}

enum err candles_read(const char *path, struct diag_list *diags, struct candle_series *out)
{
    enum err e = candle_file_read(path, diags, out);

    if (!e && !out->symbol[0] && !symbol_of_file(path, out->symbol))
        out->symbol[0] = '\0';
    return e;
}

bool candles_symbol_check(const char *symbol, struct diag_list *diags)
{
    struct instrument i;

    if (!instrument_init(&i, symbol, (struct price){1}, (struct size){1}, MONEY_ZERO))
        return true;
    diag_hint(diag_add(diags, "symbol", "symbol_invalid", "'%s' is not a symbol", symbol),
              "symbols are written BASE/QUOTE, for example BTC/USDT");
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

enum candles_format candles_format_of(const char *path, struct diag_list *diags)
{
    if (strcmp(path, "-") == 0)
        return CANDLES_STDOUT;
    if (ends_with(path, ".tdc"))
        return CANDLES_CACHE;
    if (ends_with(path, ".csv"))
        return CANDLES_CSV;
    diag_hint(
        diag_add(diags, "out", "format_unknown", "the name '%s' does not tell a format", path),
        "write FILE.tdc for a cache, FILE.csv for CSV, or - for CSV to a pipe");
    return CANDLES_UNKNOWN;
}

enum err candles_print(const struct candle_series *s, size_t first, size_t count,
                       struct diag_list *diags)
{
    enum {
        BUFFER_BYTES = 64 * 1024
    };
    struct text t;
    bool good = true;

    text_init(&t, BUFFER_BYTES);
    text_string(&t, CANDLE_CSV_HEADER);
    for (size_t i = first; good && i < first + count; i++) {
        candle_csv_line(&t, &s->candles[i]);
        if (t.length < BUFFER_BYTES - CANDLE_CSV_LINE)
            continue;
        good = fwrite(t.data, 1, t.length, stdout) == t.length;
        text_clear(&t);
    }
    good = good && fwrite(t.data, 1, t.length, stdout) == t.length && fflush(stdout) == 0;
    text_release(&t);
    if (!good)
        (void)diag_add(diags, "out", "unwritable", "the standard output does not take it");
    return good ? ERR_OK : ERR_IO;
}

enum err candles_write(const char *path, const struct candle_series *s, struct diag_list *diags)
{
    switch (candles_format_of(path, diags)) {
    case CANDLES_CACHE:
        if (s->symbol[0])
            return candle_cache_write(path, s, diags);
        diag_hint(diag_add(diags, "symbol", "symbol_unknown",
                           "the name of the file does not tell its symbol"),
                  "write --symbol BTC/USDT");
        return ERR_INVALID;
    case CANDLES_CSV:
        return candle_csv_write(path, s, diags);
    case CANDLES_STDOUT:
        return candles_print(s, 0, s->count, diags);
    case CANDLES_UNKNOWN:
        break;
    }
    return ERR_INVALID;
}

struct grouped candles_grouped(uint64_t value)
{
    struct grouped g;
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    size_t at = 0;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            g.text[at++] = ',';
        g.text[at++] = digits[i];
    }
    g.text[at] = '\0';
    return g;
}

struct timed candles_timed(int64_t us)
{
    struct timed t;
    char text[TIME_TEXT_MAX];

    time_print(us, text);
    (void)snprintf(t.text, sizeof t.text, "%.19sZ", text);
    return t;
}

void candles_describe(const struct candle_series *s, FILE *stream)
{
    fprintf(stream, "%s%s%s, %s candles, %s to %s", s->symbol, s->symbol[0] ? " " : "",
            timeframe_name(s->timeframe_us), candles_grouped(s->count).text,
            candles_timed(s->candles[0].open_us).text,
            candles_timed(s->candles[s->count - 1].open_us).text);
}

int candles_refuse(const struct diag_list *diags, enum err e)
{
    options_print_diags(diags, e);
    switch (e) {
    case ERR_INVALID:
    case ERR_CANDLE:
    case ERR_LIMIT:
    case ERR_CONFLICT:
    case ERR_NOT_FOUND:
        return EXIT_USAGE;
    default:
        return EXIT_FAILED;
    }
}
