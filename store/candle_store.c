/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the candle store, lists its series, and reads one by COPY. */
#include "store/candle_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "store/candle_rows.h"
#include "store/candle_store_parts.h"
#include "store/migrate.h"
#include "store/pg_copy.h"
#include "store/tx.h"

static const int64_t setup_us = 30 * US_PER_S;

enum err candle_store_refuse(const struct candle_store *s, struct diag_list *diags, enum err e)
{
    if (e && diags && diags->count == 0)
        (void)diag_add(diags, "database", err_code(e), "%s",
                       s->pg.message[0] ? s->pg.message : err_sentence(e));
    return e;
}

/* ---- Opening ---- */

enum err candle_store_open(const char *database_url, struct diag_list *diags,
                           struct candle_store **out)
{
    const struct migration_list list = {.items = embedded_migrations,
                                        .count = embedded_migration_count};
    struct candle_store *s = xcalloc(1, sizeof *s);
    enum err e = pg_target_init(&s->target, database_url, 0, diags);

    if (e) {
        free(s);
        return e;
    }
    e = pg_connect(&s->pg, &s->target, clock_monotonic_us() + setup_us, NULL);
    if (e)
        diag_hint(diag_add(diags, "database", err_code(e), "cannot connect: %s", s->pg.message),
                  "is the server running, and is the URL right?");
    else
        e = migrate_run(&s->pg, &list, diags);
    if (e) {
        candle_store_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void candle_store_close(struct candle_store *s)
{
    if (!s)
        return;
    pg_close(&s->pg);
    pg_target_release(&s->target);
    free(s);
}

bool candle_store_has_password(const char *database_url)
{
    PQconninfoOption *options = PQconninfoParse(database_url, NULL);
    bool found = false;

    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        found = found || (strcmp(o->keyword, "password") == 0 && o->val && *o->val);
    PQconninfoFree(options);
    return found;
}

/* ---- Series ---- */

#define SERIES_COLUMNS                                                                        \
    "id::bigint, venue, symbol, timeframe, price_scale::bigint, size_scale::bigint, candles," \
    " first_at, last_at"

static enum err series_get(const PGresult *r, int row, struct stored_series *out)
{
    struct stored_series s = {0};
    char timeframe[8];

    s.id = result_integer(r, row, 0);
    result_text(r, row, 1, s.venue, sizeof s.venue);
    result_text(r, row, 2, s.symbol, sizeof s.symbol);
    result_text(r, row, 3, timeframe, sizeof timeframe);
    s.price_scale = (int)result_integer(r, row, 4);
    s.size_scale = (int)result_integer(r, row, 5);
    s.count = result_integer(r, row, 6);
    s.first_us = result_time(r, row, 7);
    s.last_us = result_time(r, row, 8);
    if (timeframe_parse(timeframe, &s.timeframe_us))
        return ERR_DB_QUERY;
    *out = s;
    return ERR_OK;
}

enum err candle_store_list(struct candle_store *s, struct diag_list *diags,
                           struct stored_series **out, size_t *count)
{
    struct stored_series *all;
    PGresult *r = NULL;
    size_t n;
    enum err e = pg_exec(&s->pg,
                         "SELECT " SERIES_COLUMNS " FROM candle_series ORDER BY symbol,"
                         " array_position(ARRAY['1s', '1m', '3m', '5m', '15m', '30m', '1h', '2h',"
                         " '4h', '6h', '8h', '12h', '1d'], timeframe), venue",
                         NULL, clock_monotonic_us() + setup_us, &r);

    if (e)
        return candle_store_refuse(s, diags, e);
    n = (size_t)PQntuples(r);
    all = xcalloc(n + 1, sizeof *all);
    for (size_t i = 0; !e && i < n; i++)
        e = series_get(r, (int)i, &all[i]);
    PQclear(r);
    if (e) {
        free(all);
        return candle_store_refuse(s, diags, e);
    }
    *out = all;
    *count = n;
    return ERR_OK;
}

/* ---- Reading ---- */

struct reading {
    struct stored_series *series;
    struct diag_list *diags;
    struct candle *candles;
    size_t count, room;
};

static enum err find_series(struct pg *pg, struct reading *g, int64_t deadline_us)
{
    struct stored_series *s = g->series;
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, s->symbol);
    params_text(&p, timeframe_name(s->timeframe_us));
    params_text(&p, s->venue);
    e = pg_exec(pg,
                "SELECT " SERIES_COLUMNS " FROM candle_series"
                " WHERE symbol = $1 AND timeframe = $2 AND venue = $3",
                &p, deadline_us, &r);
    if (!e && (PQntuples(r) == 0 || result_integer(r, 0, 6) == 0)) {
        diag_hint(diag_add(g->diags, "database", "not_found",
                           "the database has no candles of %s %s%s%s", s->symbol,
                           timeframe_name(s->timeframe_us), s->venue[0] ? " from " : "", s->venue),
                  "traderd candles list --database ... tells what it has");
        e = ERR_NOT_FOUND;
    }
    if (!e)
        e = series_get(r, 0, s);
    if (!e && s->count > LIMIT_CANDLES) {
        (void)diag_add(g->diags, "database", "too_many_candles", "more than %d candles",
                       LIMIT_CANDLES);
        e = ERR_LIMIT;
    }
    PQclear(r);
    return e;
}

static enum err append(struct reading *g, struct candle c)
{
    if (g->count == g->room) {
        if (g->room >= LIMIT_CANDLES)
            return ERR_LIMIT;
        g->room = g->room < 1024 ? 1024 : 2 * g->room;
        g->candles = xrealloc(g->candles, g->room * sizeof *g->candles);
    }
    c.price_scale = (uint8_t)g->series->price_scale;
    c.size_scale = (uint8_t)g->series->size_scale;
    g->candles[g->count++] = c;
    return ERR_OK;
}

/* In a transaction that sees one state, so that the count and the scales are those of the rows. */
static enum err read_body(struct pg *pg, void *context, int64_t deadline_us)
{
    struct reading *g = context;
    char sql[192];
    char *row;
    size_t length;
    bool is_first = true, is_row;
    enum err e = find_series(pg, g, deadline_us), bad = ERR_OK;

    if (e)
        return e;
    g->count = 0;
    g->room = (size_t)g->series->count;
    g->candles = xrealloc(g->candles, g->room * sizeof *g->candles);
    (void)snprintf(sql, sizeof sql,
                   "COPY (SELECT " CANDLE_COLUMNS " FROM candle WHERE series = %lld"
                   " ORDER BY open_at) TO STDOUT (FORMAT binary)",
                   (long long)g->series->id);
    e = pg_copy_out_begin(pg, sql, deadline_us);
    while (!e) {
        struct candle c;

        e = pg_copy_out_next(pg, deadline_us, &row, &length);
        if (e)
            break;
        if (!bad)
            bad = candle_row_get(row, length, is_first, &c, &is_row);
        if (!bad && is_row)
            bad = append(g, c);
        is_first = false;
        pg_copy_free(row);
    }
    return e == ERR_END ? bad : e;
}

enum err candle_store_read(struct candle_store *s, struct stored_series *series,
                           struct diag_list *diags, struct candle **out, size_t *count)
{
    struct reading g = {.series = series, .diags = diags};
    const struct tx_body body = {.run = read_body, .context = &g};
    enum err e = tx_run(&s->pg, TX_REPEATABLE_READ, &body,
                        clock_monotonic_us() + CANDLE_STORE_DEADLINE_US, NULL);

    if (e) {
        free(g.candles);
        return candle_store_refuse(s, diags, e);
    }
    *out = g.candles;
    *count = g.count;
    return ERR_OK;
}
