/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd candles import`: many files of one symbol become one recording. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/candles.h"
#include "server/candles_database.h"
#include "server/options.h"

struct import {
    const char **files;
    size_t count;
    const char *out, *symbol;
    struct candles_place place;
    bool replaces;
    struct candle_part *parts;
    struct diag_list *diags;
};

/* What was read, file by file: a line that stays where nobody watches, one that moves where
 * somebody does. */
static void show_progress(const struct import *m, size_t i)
{
    const bool is_watched = isatty(STDERR_FILENO);

    if (m->count < 2)
        return;
    fprintf(stderr, "%s[%zu/%zu] %s: ", is_watched ? "\r\x1b[K" : "", i + 1, m->count,
            m->parts[i].name);
    candles_describe(&m->parts[i].series, stderr);
    if (!is_watched || i + 1 == m->count)
        fputc('\n', stderr);
    fflush(stderr);
}

static enum err read_parts(struct import *m)
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < m->count; i++) {
        m->parts[i].name = m->files[i];
        e = candles_read(m->files[i], m->diags, &m->parts[i].series);
        if (!e)
            show_progress(m, i);
    }
    return e;
}

/* Files that tell different symbols are not one recording; --symbol says it is meant so. */
static enum err check_symbols(const struct import *m)
{
    const struct candle_part *first = NULL;

    if (m->symbol)
        return candles_symbol_check(m->symbol, m->diags) ? ERR_OK : ERR_INVALID;
    for (size_t i = 0; i < m->count; i++) {
        const struct candle_part *p = &m->parts[i];

        if (!p->series.symbol[0])
            continue;
        if (!first)
            first = p;
        if (strcmp(first->series.symbol, p->series.symbol) == 0)
            continue;
        diag_hint(diag_add(m->diags, p->name, "symbols_differ", "the file is of %s, %s is of %s",
                           p->series.symbol, first->name, first->series.symbol),
                  "import one symbol at a time, or name it: --symbol %s", first->series.symbol);
        return ERR_INVALID;
    }
    if (first)
        return ERR_OK;
    diag_hint(diag_add(m->diags, m->files[0], "symbol_unknown",
                       "the name of the file does not tell its symbol"),
              "write --symbol BTC/USDT");
    return ERR_INVALID;
}

static enum err run(struct import *m, struct candle_series *made)
{
    enum err e = !m->out || candles_format_of(m->out, m->diags) ? ERR_OK : ERR_INVALID;

    if (!e)
        e = read_parts(m);
    if (!e)
        e = check_symbols(m);
    if (!e)
        e = candle_merge(m->parts, m->count, m->diags, made);
    if (!e && m->symbol)
        (void)copy_text(made->symbol, sizeof made->symbol, m->symbol);
    if (!e && m->out)
        e = candles_write(m->out, made, m->diags);
    if (!e && m->out && strcmp(m->out, "-") != 0) {
        candles_describe(made, stdout);
        printf("; written to %s\n", m->out);
    }
    if (!e && m->place.database)
        e = candles_database_write(&m->place, m->replaces, made, m->diags);
    return e;
}

static const char usage[] =
    "usage: traderd candles import FILE... --out FILE.tdc [--symbol SYMBOL]\n"
    "       traderd candles import FILE... --database URL|config [--venue NAME] [--replace]\n"
    "                              [--symbol SYMBOL] [--config FILE] [--data DIR]\n";

int candles_import(int count, char **arguments)
{
    struct import m = {.files = xcalloc(CANDLES_FILES, sizeof *m.files)};
    const struct option options[] = {{"--out", &m.out, NULL},
                                     {"--symbol", &m.symbol, NULL},
                                     {"--database", &m.place.database, NULL},
                                     {"--config", &m.place.config, NULL},
                                     {"--data", &m.place.data, NULL},
                                     {"--venue", &m.place.venue, NULL},
                                     {"--replace", NULL, &m.replaces}};
    struct candle_series made = {0};
    int status = EXIT_DONE;
    enum err e;

    if (!options_parse(count, arguments, options, COUNT_OF(options), m.files, CANDLES_FILES,
                       &m.count) ||
        m.count == 0 || (!m.out && !m.place.database) ||
        /* The standard output is of candles then, or of words. */
        (m.out && m.place.database && strcmp(m.out, "-") == 0)) {
        fputs(usage, stderr);
        free(m.files);
        return EXIT_USAGE;
    }
    m.parts = xcalloc(m.count, sizeof *m.parts);
    m.diags = xcalloc(1, sizeof *m.diags);
    e = run(&m, &made);
    if (e)
        status = candles_refuse(m.diags, e);
    for (size_t i = 0; i < m.count; i++)
        candle_series_release(&m.parts[i].series);
    candle_series_release(&made);
    free(m.parts);
    free(m.diags);
    free(m.files);
    return status;
}
