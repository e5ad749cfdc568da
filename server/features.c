/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd features`: features and rules of a strategy on recorded candles, as CSV.
 *
 * The same run that trades, so that a notebook can be compared with it.  One row a recorded candle;
 * candles that were filled in are pushed, but have no row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/double_text.h"
#include "core/log.h"
#include "server/options.h"
#include "server/past.h"
#include "server/subcommands.h"

enum {
    BUFFER_BYTES = 64 * 1024,
    ROW_BYTES = 64 + ROW_COLUMNS_MAX * (DOUBLE_TEXT_MAX + 1)
};

/* The CSV under way. */
struct table {
    const struct past *past;
    bool has_symbol;
    bool failed; /* stdout does not take it */
    size_t columns, features;
    size_t length;
    char bytes[BUFFER_BYTES];
};

static void table_flush(struct table *t)
{
    if (!t->failed && fwrite(t->bytes, 1, t->length, stdout) != t->length)
        t->failed = true;
    t->length = 0;
}

static void put(struct table *t, const char *text, size_t length)
{
    ASSERT(t->length + length <= sizeof t->bytes);
    memcpy(t->bytes + t->length, text, length);
    t->length += length;
}

static void put_text(struct table *t, const char *text)
{
    put(t, text, strlen(text));
}

static void put_integer(struct table *t, int64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)value);

    put(t, text, (size_t)n);
}

static bool is_rule_name(const struct strategy *s, const char *name)
{
    size_t features = strategy_feature_count(s);

    for (size_t i = features; i < row_columns(s); i++)
        if (strcmp(row_column_name(s, i), name) == 0)
            return true;
    return strcmp(name, "timestamp") == 0 || strcmp(name, "symbol") == 0;
}

/* A feature that is called like another column is written features.NAME. */
static void put_header(struct table *t)
{
    const struct strategy *s = t->past->strategy;

    put_text(t, t->has_symbol ? "timestamp,symbol" : "timestamp");
    for (size_t i = 0; i < t->columns; i++) {
        const char *name = row_column_name(s, i);

        put_text(t, i < t->features && is_rule_name(s, name) ? ",features." : ",");
        put_text(t, name);
        if (t->length > sizeof t->bytes - ROW_BYTES)
            table_flush(t);
    }
    put_text(t, "\n");
}

static void put_value(struct table *t, double value, bool is_truth)
{
    put(t, ",", 1);
    if (isnan(value))
        return;
    if (is_truth)
        put(t, value != 0 ? "1" : "0", 1);
    else
        t->length += double_print(value, t->bytes + t->length);
}

static void take_row(void *context, const struct row *row)
{
    struct table *t = context;
    double values[ROW_COLUMNS_MAX];

    if (t->failed || (row->candle->flags & CANDLE_SYNTHETIC))
        return;
    if (t->length > sizeof t->bytes - ROW_BYTES)
        table_flush(t);
    row_values(row, values);
    put_integer(t, row->candle->open_us / US_PER_MS);
    if (t->has_symbol) {
        put(t, ",", 1);
        put_text(t, t->past->instruments[row->instrument].symbol);
    }
    for (size_t i = 0; i < t->columns; i++)
        put_value(t, values[i], i == t->features + ROW_ENTRY || i == t->features + ROW_EXIT);
    put(t, "\n", 1);
}

/* Which symbol is printed: NULL for all that the artifact names. */
static enum err choose_symbol(const struct past *p, const char *asked, struct diag_list *diags,
                              const char **out)
{
    const struct strategy *s = p->strategy;
    size_t index;

    *out = asked;
    if (!asked && strategy_symbol_count(s) == 0)
        *out = p->instruments[0].symbol;
    if (!asked && strategy_symbol_count(s) == 1)
        *out = strategy_symbol(s, 0);
    if (!*out) {
        for (size_t i = 0; i < strategy_symbol_count(s); i++)
            if (past_find(p, strategy_symbol(s, i), &index))
                return ERR_OK;
    } else if (past_find(p, *out, &index) && strategy_trades(s, *out)) {
        return ERR_OK;
    }
    diag_hint(diag_add(diags, "symbol", "symbol_missing",
                       "%s is not among the candles, or the strategy does not trade it",
                       *out ? *out : strategy_symbol(s, 0)),
              "these are candles of %s; SYMBOL=FILE names a file's symbol",
              p->instruments[0].symbol);
    return ERR_INVALID;
}

/* How many symbols have rows. */
static size_t count_symbols(const struct past *p, const char *only)
{
    size_t count = 0;

    for (size_t i = 0; i < p->instrument_count; i++)
        count += strategy_trades(p->strategy, p->instruments[i].symbol);
    return only ? 1 : count;
}

static enum err print_table(const struct past *p, const char *only)
{
    struct table *t = xcalloc(1, sizeof *t);
    const struct rows_options options = {
        .strategy = p->strategy,
        .instruments = p->instruments,
        .instrument_count = p->instrument_count,
        .only_symbol = only,
        .from_us = INT64_MIN,
        .ext = p->ext,
        .take = take_row,
        .context = t,
    };
    struct rows *rows = rows_new(&options);
    enum err e;

    t->past = p;
    t->columns = row_columns(p->strategy);
    t->features = strategy_feature_count(p->strategy);
    t->has_symbol = count_symbols(p, only) > 1;
    put_header(t);
    e = p->feed.history(p->feed.self, INT64_MAX, 0, 0, rows_push, rows);
    rows_end(rows);
    table_flush(t);
    if (!e && (t->failed || fflush(stdout)))
        e = ERR_IO;
    rows_free(rows);
    free(t);
    return e;
}

int subcommand_features(int count, char **arguments)
{
    const char *candles[LIMIT_SYMBOLS], *ext[LIMIT_FEATURES], *asked = NULL, *only;
    struct past_files files = {.candles = candles, .ext = ext};
    const struct option options[] = {{"--strategy", &files.strategy, NULL},
                                     {"--symbol", &asked, NULL}};
    struct diag_list *diags;
    struct past past = {0};
    int status = EXIT_USAGE;
    size_t words;
    enum err e;

    if (!options_take_list(&count, arguments, "--candles", candles, COUNT_OF(candles),
                           &files.candle_count) ||
        !options_take_list(&count, arguments, "--ext", ext, COUNT_OF(ext), &files.ext_count) ||
        !options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words))
        return EXIT_USAGE;
    if (!files.strategy || files.candle_count == 0) {
        fprintf(stderr, "usage: traderd features --strategy FILE --candles [SYMBOL=]FILE...\n"
                        "                        [--symbol SYMBOL] [--ext NAME=FILE.csv...]\n");
        return EXIT_USAGE;
    }
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO, 2);
    diags = xcalloc(1, sizeof *diags);
    e = past_open(&files, diags, &past);
    if (!e)
        e = choose_symbol(&past, asked, diags, &only);
    if (e) {
        options_print_diags(diags, e);
    } else {
        status = print_table(&past, only) ? EXIT_FAILED : EXIT_DONE;
        if (status != EXIT_DONE)
            fprintf(stderr, "traderd: the table could not be written\n");
    }
    past_close(&past);
    free(diags);
    return status;
}
