/* SPDX-License-Identifier: Apache-2.0 */
/* Writes candles in one transaction: straight into the table where nothing is stored yet, through a
 * temporary one, and compared, where something is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "store/candle_rows.h"
#include "store/candle_store_parts.h"
#include "store/pg_copy.h"
#include "store/tx.h"

enum {
    COPY_ROWS = 1024,          /* of one message to the server */
    PROGRESS_ROWS = 256 * 1024 /* between two words to whoever waits */
};

#define VALUE_MAX INT64_C(999999999999999999)

struct writing {
    const struct candle_write *what;
    struct diag_list *diags;
    int64_t series;              /* id */
    int price_scale, size_scale; /* the finer of those stored and those given */
    int old_price_scale, old_size_scale;
    int64_t old_count;
    struct candle_written done;
};

/* ---- Statements ---- */

/* One statement about the series, $1. */
static enum err change(struct pg *pg, const struct writing *w, const char *sql, int64_t deadline_us)
{
    struct pg_params p;

    params_init(&p);
    params_integer(&p, w->series);
    return pg_exec(pg, sql, &p, deadline_us, NULL);
}

/* One about the candles from the first, $2, to the last, $3, of those given. */
static enum err span(struct pg *pg, const struct writing *w, const char *sql, int64_t deadline_us,
                     PGresult **out)
{
    struct pg_params p;

    params_init(&p);
    params_integer(&p, w->series);
    params_time(&p, w->what->candles[0].open_us);
    params_time(&p, w->what->candles[w->what->count - 1].open_us);
    return pg_exec(pg, sql, &p, deadline_us, out);
}

/* And how many rows it has changed. */
static enum err change_span(struct pg *pg, const struct writing *w, const char *sql,
                            int64_t deadline_us, size_t *changed)
{
    PGresult *r = NULL;
    enum err e = span(pg, w, sql, deadline_us, &r);

    if (!e)
        *changed = (size_t)strtoull(PQcmdTuples(r), NULL, 10);
    PQclear(r);
    return e;
}

/* Makes the series if there is none, and locks its row until the end. */
static enum err lock_series(struct pg *pg, struct writing *w, int64_t deadline_us)
{
    const struct stored_series *s = w->what->series;
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, s->symbol);
    params_text(&p, timeframe_name(s->timeframe_us));
    params_text(&p, s->venue);
    params_integer(&p, s->price_scale);
    params_integer(&p, s->size_scale);
    e = pg_exec(pg,
                "INSERT INTO candle_series (symbol, timeframe, venue, price_scale, size_scale)"
                " VALUES ($1, $2, $3, $4::bigint, $5::bigint) ON CONFLICT DO NOTHING",
                &p, deadline_us, NULL);
    if (e)
        return e;
    p.count = 3;
    e = pg_exec(pg,
                "SELECT id::bigint, price_scale::bigint, size_scale::bigint, candles"
                " FROM candle_series WHERE symbol = $1 AND timeframe = $2 AND venue = $3"
                " FOR UPDATE",
                &p, deadline_us, &r);
    if (!e && PQntuples(r) != 1)
        e = ERR_DB_RETRY; /* it was deleted in between */
    if (!e) {
        w->series = result_integer(r, 0, 0);
        w->old_price_scale = (int)result_integer(r, 0, 1);
        w->old_size_scale = (int)result_integer(r, 0, 2);
        w->old_count = result_integer(r, 0, 3);
        w->price_scale = s->price_scale > w->old_price_scale ? s->price_scale : w->old_price_scale;
        w->size_scale = s->size_scale > w->old_size_scale ? s->size_scale : w->old_size_scale;
    }
    PQclear(r);
    return e;
}

static enum err refuse_scale(const struct writing *w)
{
    diag_hint(diag_add(w->diags, "database", "too_large",
                       "a number has more than 18 digits when written with the %d decimals of "
                       "prices or %d of volumes of all candles of %s",
                       w->price_scale, w->size_scale, w->what->series->symbol),
              "round to fewer decimals");
    return ERR_LIMIT;
}

/* Brings what is stored to finer scales.  A number that has no room is refused by the table. */
static enum err rescale_stored(struct pg *pg, const struct writing *w, int64_t deadline_us)
{
    const int prices = w->price_scale - w->old_price_scale;
    const int sizes = w->size_scale - w->old_size_scale;
    char sql[512];
    enum err e;

    if (prices == 0 && sizes == 0)
        return ERR_OK;
    (void)snprintf(sql, sizeof sql,
                   "UPDATE candle SET open = open * p.f, high = high * p.f, low = low * p.f,"
                   " close = close * p.f, volume = volume * p.g"
                   " FROM (SELECT power(10::numeric, %d)::bigint AS f,"
                   " power(10::numeric, %d)::bigint AS g) p WHERE series = $1::bigint::integer",
                   prices, sizes);
    e = change(pg, w, sql, deadline_us);
    if (e == ERR_DB_QUERY &&
        (strcmp(pg->sqlstate, "22003") == 0 || strcmp(pg->sqlstate, "23514") == 0))
        return refuse_scale(w);
    if (e)
        return e;
    (void)snprintf(
        sql, sizeof sql,
        "UPDATE candle_series SET price_scale = %d, size_scale = %d WHERE id = $1::bigint",
        w->price_scale, w->size_scale);
    return change(pg, w, sql, deadline_us);
}

/* ---- COPY ---- */

static bool scale(int64_t value, int places, int64_t *out)
{
    for (; places > 0; places--) {
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    }
    *out = value;
    return value <= VALUE_MAX;
}

/* A candle in the scales of the series. */
static bool rescale(const struct writing *w, struct candle *c)
{
    const int prices = w->price_scale - w->what->series->price_scale;
    const int sizes = w->size_scale - w->what->series->size_scale;

    return scale(c->open, prices, &c->open) && scale(c->high, prices, &c->high) &&
           scale(c->low, prices, &c->low) && scale(c->close, prices, &c->close) &&
           scale(c->volume, sizes, &c->volume);
}

static enum err put_rows(struct pg *pg, const struct writing *w, int64_t deadline_us)
{
    const struct candle_write *what = w->what;
    unsigned char *block = xmalloc(COPY_HEADER + COPY_ROWS * CANDLE_ROW_IN + COPY_TRAILER);
    size_t used = COPY_HEADER;
    enum err e = ERR_OK;

    candle_copy_header(block);
    for (size_t i = 0; !e && i < what->count; i++) {
        struct candle c = what->candles[i];

        if (!rescale(w, &c)) {
            e = refuse_scale(w);
            break;
        }
        candle_row_put(&c, (int32_t)w->series, block + used);
        used += CANDLE_ROW_IN;
        if (i + 1 == what->count) {
            candle_copy_trailer(block + used);
            used += COPY_TRAILER;
        } else if ((i + 1) % COPY_ROWS != 0) {
            continue;
        }
        e = pg_copy_in_put(pg, block, used, deadline_us);
        used = 0;
        if (what->progress && (i + 1) % PROGRESS_ROWS == 0)
            what->progress(what->context, i + 1, what->count);
    }
    free(block);
    return e;
}

static enum err copy_into(struct pg *pg, const struct writing *w, const char *table,
                          int64_t deadline_us)
{
    char sql[128];
    enum err e, end;

    (void)snprintf(sql, sizeof sql,
                   "COPY %s (" CANDLE_COLUMNS ", series) FROM STDIN (FORMAT binary)", table);
    e = pg_copy_in_begin(pg, sql, deadline_us);
    if (e)
        return e;
    e = put_rows(pg, w, deadline_us);
    end = pg_copy_in_end(pg, e ? "given up" : NULL, deadline_us);
    return e ? e : end;
}

/* ---- Comparing with what is stored ---- */

#define DIFFERS \
    "(c.open, c.high, c.low, c.close, c.volume) <> (n.open, n.high, n.low, n.close, n.volume)"
#define IN_SPAN \
    "c.series = $1::bigint::integer AND c.open_at BETWEEN $2::timestamptz AND $3::timestamptz"
#define SAME_TIME IN_SPAN " AND c.open_at = n.open_at"

static void print_candle(const PGresult *r, int column, const struct writing *w, char *text,
                         size_t capacity)
{
    char parts[5][AMOUNT_TEXT_MAX];

    for (int i = 0; i < 4; i++)
        (void)price_print(price_from_scaled(result_integer(r, 0, column + i), w->price_scale),
                          parts[i]);
    (void)size_print(size_from_scaled(result_integer(r, 0, column + 4), w->size_scale), parts[4]);
    (void)snprintf(text, capacity, "%s %s %s %s %s", parts[0], parts[1], parts[2], parts[3],
                   parts[4]);
}

/* The first candle that is stored with other values is an error. */
static enum err refuse_differences(struct pg *pg, const struct writing *w, int64_t deadline_us)
{
    char time[TIME_TEXT_MAX], given[5 * AMOUNT_TEXT_MAX], stored[5 * AMOUNT_TEXT_MAX];
    PGresult *r = NULL;
    enum err e;

    e = span(pg, w,
             "SELECT n.open_at, n.open, n.high, n.low, n.close, n.volume,"
             " c.open, c.high, c.low, c.close, c.volume FROM candle_new n"
             " JOIN candle c ON " SAME_TIME " WHERE " DIFFERS " ORDER BY 1 LIMIT 1",
             deadline_us, &r);
    if (!e && PQntuples(r) > 0) {
        time_print(result_time(r, 0, 0), time);
        print_candle(r, 1, w, given, sizeof given);
        print_candle(r, 6, w, stored, sizeof stored);
        diag_hint(diag_add(w->diags, time, "candle_differs",
                           "open, high, low, close, volume are %s, but %s is stored", given,
                           stored),
                  "--replace overwrites what is stored");
        e = ERR_CONFLICT;
    }
    PQclear(r);
    return e;
}

static enum err replace_differences(struct pg *pg, struct writing *w, int64_t deadline_us)
{
    return change_span(pg, w,
                       "UPDATE candle c SET open = n.open, high = n.high, low = n.low,"
                       " close = n.close, volume = n.volume FROM candle_new n"
                       " WHERE " SAME_TIME " AND " DIFFERS,
                       deadline_us, &w->done.replaced);
}

static enum err write_beside(struct pg *pg, struct writing *w, int64_t deadline_us)
{
    enum err e;

    /* Both sides are read once and joined, whatever statistics the planner has: a loop over one for
     * each row of the other would take hours, and new tables have no statistics. */
    e = pg_script(pg,
                  "SET LOCAL enable_nestloop = off;"
                  " CREATE TEMPORARY TABLE candle_new (LIKE candle) ON COMMIT DROP",
                  deadline_us);
    if (!e)
        e = copy_into(pg, w, "candle_new", deadline_us);
    if (!e)
        e = w->what->replaces ? replace_differences(pg, w, deadline_us)
                              : refuse_differences(pg, w, deadline_us);
    if (!e)
        e = change_span(pg, w,
                        "INSERT INTO candle (" CANDLE_COLUMNS ", series) SELECT " CANDLE_COLUMNS
                        ", $1::bigint::integer FROM candle_new n WHERE NOT EXISTS"
                        " (SELECT FROM candle c WHERE " SAME_TIME ")",
                        deadline_us, &w->done.added);
    return e;
}

/* True when something is stored between the first and the last of the candles. */
static enum err overlaps(struct pg *pg, const struct writing *w, int64_t deadline_us, bool *out)
{
    PGresult *r = NULL;
    enum err e =
        span(pg, w, "SELECT EXISTS (SELECT FROM candle c WHERE " IN_SPAN ")", deadline_us, &r);

    if (!e)
        *out = result_bool(r, 0, 0);
    PQclear(r);
    return e;
}

static enum err update_series(struct pg *pg, const struct writing *w, int64_t deadline_us)
{
    struct pg_params p;

    if (w->done.added == 0 && w->done.replaced == 0)
        return ERR_OK;
    params_init(&p);
    params_integer(&p, w->series);
    params_integer(&p, w->old_count + (int64_t)w->done.added);
    params_time(&p, w->what->candles[0].open_us);
    params_time(&p, w->what->candles[w->what->count - 1].open_us);
    return pg_exec(pg,
                   "UPDATE candle_series SET candles = $2::bigint,"
                   " first_at = least(first_at, $3::timestamptz),"
                   " last_at = greatest(last_at, $4::timestamptz), updated_at = now()"
                   " WHERE id = $1::bigint",
                   &p, deadline_us, NULL);
}

/* ---- The transaction ---- */

static enum err write_body(struct pg *pg, void *context, int64_t deadline_us)
{
    struct writing *w = context;
    bool is_there = false;
    enum err e;

    w->done = (struct candle_written){0};
    e = lock_series(pg, w, deadline_us);
    if (!e)
        e = rescale_stored(pg, w, deadline_us);
    if (!e)
        e = overlaps(pg, w, deadline_us, &is_there);
    if (e)
        return e;
    if (is_there) {
        e = write_beside(pg, w, deadline_us);
    } else {
        e = copy_into(pg, w, "candle", deadline_us);
        w->done.added = w->what->count;
    }
    return e ? e : update_series(pg, w, deadline_us);
}

enum err candle_store_write(struct candle_store *s, const struct candle_write *w,
                            struct diag_list *diags, struct candle_written *out)
{
    struct writing context = {.what = w, .diags = diags};
    const struct tx_body body = {.run = write_body, .context = &context};
    enum err e;

    ASSERT(w->count > 0);
    e = tx_run(&s->pg, TX_READ_COMMITTED, &body, clock_monotonic_us() + CANDLE_STORE_DEADLINE_US,
               NULL);
    if (e)
        return candle_store_refuse(s, diags, e);
    *out = context.done;
    return ERR_OK;
}
