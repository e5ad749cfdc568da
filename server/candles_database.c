/* SPDX-License-Identifier: Apache-2.0 */
/* Candles between a recording and PostgreSQL, and `traderd candles list`. */
#include "server/candles_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/jwriter.h"
#include "server/candles.h"
#include "server/data_dir.h"
#include "server/database.h"
#include "server/options.h"

enum {
    URL_MAX = 2048,
    ROW_BYTES = 1024 /* of JSON, more than one series takes */
};

/* ---- Opening ---- */

/* The URL of the configuration, its private cluster started if that is what it has. */
static enum err configured_url(const struct candles_place *place, struct diag_list *diags,
                               struct candles_database *d, char url[URL_MAX])
{
    char dir[DATA_PATH_MAX];
    enum err e = ERR_OK;

    d->config = options_config(place->config, place->data, NULL);
    if (!d->config) {
        (void)diag_add(diags, "database", "config", "the configuration is wrong");
        return ERR_INVALID;
    }
    data_dir_choose(d->config, dir);
    /* A private cluster is ours to start only while no daemon has it. */
    if (!*config_text(d->config, CONFIG_database_url)) {
        e = data_dir_open(dir, diags);
        if (!e)
            e = data_dir_lock(dir, diags, &d->lock);
    }
    return e ? e : database_url(d->config, dir, diags, &d->cluster, url, URL_MAX);
}

static enum err given_url(const struct candles_place *place, struct diag_list *diags,
                          char url[URL_MAX])
{
    if (candle_store_has_password(place->database)) {
        diag_hint(diag_add(diags, "database", "secret",
                           "a password among the arguments can be read by other users"),
                  "put the URL into DATABASE_URL and write --database config, or use ~/.pgpass");
        return ERR_INVALID;
    }
    if (!copy_text(url, URL_MAX, place->database)) {
        (void)diag_add(diags, "database", "limit_exceeded", "the URL is too long");
        return ERR_LIMIT;
    }
    return ERR_OK;
}

enum err candles_database_open(const struct candles_place *place, struct diag_list *diags,
                               struct candles_database *out)
{
    char url[URL_MAX];
    enum err e;

    *out = (struct candles_database){.lock = -1};
    e = strcmp(place->database, "config") == 0 ? configured_url(place, diags, out, url)
                                               : given_url(place, diags, url);
    if (!e)
        e = candle_store_open(url, diags, &out->store);
    explicit_bzero(url, sizeof url);
    return e;
}

void candles_database_close(struct candles_database *d)
{
    candle_store_close(d->store);
    if (d->cluster)
        private_pg_stop(d->cluster);
    if (d->lock >= 0)
        close(d->lock);
    if (d->config)
        config_free(d->config);
    *d = (struct candles_database){.lock = -1};
}

/* ---- Writing and reading ---- */

static enum err name_series(const struct candles_place *place, const char *symbol,
                            int64_t timeframe_us, struct diag_list *diags,
                            struct stored_series *out)
{
    *out = (struct stored_series){.timeframe_us = timeframe_us};
    (void)copy_text(out->symbol, sizeof out->symbol, symbol);
    if (copy_text(out->venue, sizeof out->venue, place->venue ? place->venue : "") &&
        text_is_utf8(out->venue, strlen(out->venue)))
        return ERR_OK;
    (void)diag_add(diags, "venue", "invalid", "a venue is text of at most %d bytes",
                   LIMIT_NAME - 1);
    return ERR_INVALID;
}

/* One line that moves, for whoever watches. */
static void show_progress(void *context, size_t done, size_t count)
{
    (void)context;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\x1b[Kstored %s of %s", candles_grouped(done).text,
                candles_grouped(count).text);
        fflush(stderr);
    }
}

enum err candles_database_write(const struct candles_place *place, bool replaces,
                                const struct candle_series *s, struct diag_list *diags)
{
    struct stored_series name;
    struct candle_write w = {.series = &name,
                             .candles = s->candles,
                             .count = s->count,
                             .replaces = replaces,
                             .progress = show_progress};
    struct candle_written done;
    struct candles_database d = {.lock = -1};
    enum err e = name_series(place, s->symbol, s->timeframe_us, diags, &name);

    name.price_scale = s->price_scale;
    name.size_scale = s->size_scale;
    if (!e)
        e = candles_database_open(place, diags, &d);
    if (!e)
        e = candle_store_write(d.store, &w, diags, &done);
    candles_database_close(&d);
    if (isatty(STDERR_FILENO))
        fputs("\r\x1b[K", stderr);
    if (!e) {
        candles_describe(s, stdout);
        printf("; added %s to the database, replaced %s\n", candles_grouped(done.added).text,
               candles_grouped(done.replaced).text);
    }
    return e;
}

/* What somebody may have changed by hand is no recording any more. */
static enum err check(const struct candle_series *s, struct diag_list *diags)
{
    int64_t previous_us = INT64_MIN;

    for (size_t i = 0; i < s->count; i++) {
        const char *fault = candle_series_fault(&s->candles[i], previous_us, s->timeframe_us);

        if (fault) {
            (void)diag_add(diags, "database", "candle_invalid", "candle %zu of %s %s", i + 1,
                           s->symbol, fault);
            return ERR_CANDLE;
        }
        previous_us = s->candles[i].open_us;
    }
    if (s->count >= 2)
        return ERR_OK;
    (void)diag_add(diags, "database", "too_few", "%s has one candle, at least 2 are needed",
                   s->symbol);
    return ERR_CANDLE;
}

enum err candles_database_read(const struct candles_place *place, const char *symbol,
                               int64_t timeframe_us, struct diag_list *diags,
                               struct candle_series *out)
{
    struct candle_series made = {.timeframe_us = timeframe_us};
    struct candles_database d = {.lock = -1};
    struct stored_series name;
    enum err e = name_series(place, symbol, timeframe_us, diags, &name);

    if (!e)
        e = candles_database_open(place, diags, &d);
    if (!e)
        e = candle_store_read(d.store, &name, diags, &made.candles, &made.count);
    candles_database_close(&d);
    if (e)
        return e;
    made.price_scale = name.price_scale;
    made.size_scale = name.size_scale;
    (void)copy_text(made.symbol, sizeof made.symbol, symbol);
    e = check(&made, diags);
    if (e) {
        candle_series_release(&made);
        return e;
    }
    candle_series_seal(&made);
    *out = made;
    return ERR_OK;
}

/* ---- Listing ---- */

static void print_list(const struct stored_series *all, size_t count)
{
    printf("%-20s %-4s %-12s %14s  %-20s  %s\n", "symbol", "", "venue", "candles", "first", "last");
    for (size_t i = 0; i < count; i++) {
        const struct stored_series *s = &all[i];

        printf("%-20s %-4s %-12s %14s", s->symbol, timeframe_name(s->timeframe_us),
               s->venue[0] ? s->venue : "-", candles_grouped((uint64_t)s->count).text);
        if (s->count > 0)
            printf("  %s  %s", candles_timed(s->first_us).text, candles_timed(s->last_us).text);
        putchar('\n');
    }
}

static void print_json(const struct stored_series *all, size_t count)
{
    struct jwriter w;
    struct text t;

    text_init(&t, (count + 1) * ROW_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    jw_object(&w);
    jw_key(&w, "series");
    jw_array(&w);
    for (size_t i = 0; i < count; i++) {
        const struct stored_series *s = &all[i];

        jw_object(&w);
        jw_member_text(&w, "symbol", s->symbol);
        jw_member_text(&w, "timeframe", timeframe_name(s->timeframe_us));
        jw_member_text(&w, "venue", s->venue);
        jw_member_integer(&w, "candles", s->count);
        jw_member_time(&w, "first", s->first_us);
        jw_member_time(&w, "last", s->last_us);
        jw_member_integer(&w, "price_decimals", s->price_scale);
        jw_member_integer(&w, "volume_decimals", s->size_scale);
        jw_object_end(&w);
    }
    jw_array_end(&w);
    jw_object_end(&w);
    ASSERT(jwriter_ok(&w));
    text_char(&t, '\n');
    (void)fwrite(t.data, 1, t.length, stdout);
    text_release(&t);
}

int candles_list(int count, char **arguments)
{
    struct candles_place place = {0};
    bool is_json = false;
    const struct option options[] = {{"--database", &place.database, NULL},
                                     {"--config", &place.config, NULL},
                                     {"--data", &place.data, NULL},
                                     {"--json", NULL, &is_json}};
    struct candles_database d = {.lock = -1};
    struct stored_series *all = NULL;
    struct diag_list diags = {0};
    size_t words, n = 0;
    enum err e;

    if (!options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words) ||
        !place.database) {
        fprintf(stderr, "usage: traderd candles list --database URL|config [--json]\n"
                        "                            [--config FILE] [--data DIR]\n");
        return EXIT_USAGE;
    }
    e = candles_database_open(&place, &diags, &d);
    if (!e)
        e = candle_store_list(d.store, &diags, &all, &n);
    candles_database_close(&d);
    if (e)
        return candles_refuse(&diags, e);
    if (is_json)
        print_json(all, n);
    else
        print_list(all, n);
    free(all);
    return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}
