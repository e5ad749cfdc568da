/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps strategy documents and reads the history of their activations. */
#include <string.h>

#include "store/list_query.h"
#include "store/tables.h"

static const struct column strategy_columns[] = {
    COLUMN(strategy_row, ordinal, "ordinal", INTEGER),
    COLUMN_CHARS(strategy_row, id, "id"),
    COLUMN_CHARS(strategy_row, name, "name"),
    COLUMN(strategy_row, created_us, "created_at", TIME),
    COLUMN(strategy_row, retired_us, "retired_at", TIME),
    COLUMN_CHARS(strategy_row, uploaded_by, "uploaded_by"),
    COLUMN(strategy_row, is_outside, "is_outside", BOOL),
};
static const struct table table_strategy = {.name = "strategy",
                                            .columns = strategy_columns,
                                            .count = COUNT_OF(strategy_columns),
                                            .row_size = sizeof(struct strategy_row)};

enum err store_strategy_insert(struct store *s, const struct strategy_upload *u, bool *is_new)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, u->id);
    params_text(&p, u->name);
    params_bytes(&p, u->canonical, u->length);
    params_bytes(&p, u->source, u->source_length);
    params_text(&p, u->uploaded_by);
    /* xmax is 0 in a row that was inserted, not overwritten.  May run twice: then it is not new. */
    e = store_exec(s,
                   "INSERT INTO strategy AS t (id, name, document, source, uploaded_by)"
                   " VALUES ($1, $2, $3::text, $4::text, $5) ON CONFLICT (id) DO UPDATE SET"
                   " source = EXCLUDED.source, uploaded_by = EXCLUDED.uploaded_by"
                   " WHERE t.source IS NULL RETURNING t.xmax = 0",
                   &p, false, &r);
    if (!e)
        *is_new = PQntuples(r) == 1 && result_bool(r, 0, 0);
    PQclear(r);
    return e;
}

/* ---- Reading ---- */

static void strategies_status(struct list_sql *l, const struct strategy_query *q)
{
    const char *condition = "";

    switch (q->status) {
    case STRATEGIES_ANY:
        return;
    case STRATEGIES_VALIDATED:
        condition = "t.retired_at IS NULL AND NOT t.id = ANY (string_to_array(";
        break;
    case STRATEGIES_ACTIVE:
        condition = "t.id = ANY (string_to_array(";
        break;
    case STRATEGIES_RETIRED:
        condition = "t.retired_at IS NOT NULL AND NOT t.id = ANY (string_to_array(";
        break;
    }
    list_where_text(l, condition, q->active_ids);
    text_string(&l->text, "::text, ','))");
}

enum err store_strategies(struct store *s, const struct strategy_query *q,
                          struct strategy_row **out, size_t *count, bool *more)
{
    const struct list_query page = {.ascending = q->ascending, .limit = q->limit};
    int limit = q->limit < 1 ? 1 : q->limit > LIMIT_PAGE ? LIMIT_PAGE : q->limit;
    struct list_sql l;
    struct list_rows rows;
    enum err e;

    list_sql_init(&l);
    text_string(&l.text, "SELECT ");
    table_select_list(&table_strategy, "t", &l.text);
    text_string(&l.text, " FROM strategy t WHERE NOT t.is_outside");
    list_where_text(&l, "t.name = ", q->name);
    strategies_status(&l, q);
    list_where_integer(&l, q->ascending ? "t.ordinal > " : "t.ordinal < ", q->after);
    params_integer(&l.params, limit + 1);
    text_format(&l.text, " ORDER BY t.ordinal%s LIMIT $%d", q->ascending ? "" : " DESC",
                l.params.count);
    e = list_run(s, &l, &table_strategy, &page, &rows);
    list_sql_release(&l);
    if (e)
        return e;
    *out = rows.rows;
    *count = rows.count;
    *more = rows.more;
    return ERR_OK;
}

enum err store_strategy(struct store *s, const char *prefix, struct strategy_row *out)
{
    struct list_sql l;
    struct strategy_row made;
    PGresult *r = NULL;
    enum err e;

    list_sql_init(&l);
    text_string(&l.text, "SELECT ");
    table_select_list(&table_strategy, "t", &l.text);
    params_text(&l.params, prefix);
    text_string(&l.text, strlen(prefix) == DIGEST_HEX - 1
                             ? " FROM strategy t WHERE t.id = $1"
                             : " FROM strategy t WHERE starts_with(t.id, $1) LIMIT 2");
    e = store_exec(s, l.text.data, &l.params, true, &r);
    list_sql_release(&l);
    if (!e && PQntuples(r) != 1)
        e = PQntuples(r) ? ERR_CONFLICT : ERR_NOT_FOUND;
    if (!e)
        e = table_get(&table_strategy, r, 0, 0, &made);
    PQclear(r);
    if (!e)
        *out = made;
    return e;
}

static enum err strategy_text(struct store *s, const char *sql, const char *id, char **text,
                              size_t *length)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, id);
    e = store_exec(s, sql, &p, true, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e)
        *text = result_copy(r, 0, 0, length);
    PQclear(r);
    return e;
}

enum err store_strategy_canonical(struct store *s, const char *id, char **text, size_t *length)
{
    return strategy_text(s, "SELECT document FROM strategy WHERE id = $1", id, text, length);
}

enum err store_strategy_source(struct store *s, const char *id, char **text, size_t *length)
{
    return strategy_text(s, "SELECT coalesce(source, document) FROM strategy WHERE id = $1", id,
                         text, length);
}

/* ---- Retiring ---- */

struct retire {
    const char *id;
    int64_t at_us;
};

static enum err retire_body(struct pg *pg, void *context, int64_t deadline_us)
{
    const struct retire *c = context;
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, c->id);
    params_time(&p, c->at_us);
    e = pg_exec(pg,
                "UPDATE strategy SET retired_at = coalesce(retired_at, $2) WHERE id = $1"
                " RETURNING EXISTS (SELECT FROM strategy_slot WHERE state <> 'ended'"
                " AND $1 IN (strategy_id, next_id))",
                &p, deadline_us, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e && result_bool(r, 0, 0))
        e = ERR_STRATEGY_ACTIVE;
    PQclear(r);
    return e;
}

enum err store_strategy_retire(struct store *s, const char *id, int64_t at_us)
{
    struct retire context = {.id = id, .at_us = at_us};
    const struct tx_body body = {.run = retire_body, .context = &context};

    return store_tx(s, TX_READ_COMMITTED, &body);
}

/* ---- Activations ---- */

enum err store_activations(struct store *s, const struct list_query *q, struct activation **out,
                           size_t *count, bool *more)
{
    struct list_sql l;
    struct list_rows rows;
    enum err e;

    list_sql_init(&l);
    list_select(&l, &table_activation, q->account);
    list_where_text(&l, "t.name = ", q->strategy);
    list_where_text(&l, "t.strategy_id = ", q->strategy_id);
    list_where_from_to(&l, "t.at", q);
    list_page(&l, q);
    e = list_run(s, &l, &table_activation, q, &rows);
    list_sql_release(&l);
    if (e)
        return e;
    *out = rows.rows;
    *count = rows.count;
    *more = rows.more;
    return ERR_OK;
}

enum err store_previous_version(struct store *s, const char *account, const char *name,
                                const char *current_id, char out[DIGEST_HEX])
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    params_text(&p, name);
    params_text(&p, current_id);
    /* A rollback is no step forward: the next one goes on to what came before. */
    e = store_exec(s,
                   "SELECT previous_id FROM strategy_activation WHERE account = $1 AND name = $2"
                   " AND strategy_id = $3 AND action IN ('activate', 'configure')"
                   " ORDER BY id DESC LIMIT 1",
                   &p, true, &r);
    if (!e && (PQntuples(r) == 0 || PQgetlength(r, 0, 0) == 0))
        e = ERR_NO_PREVIOUS;
    if (!e)
        result_text(r, 0, 0, out, DIGEST_HEX);
    PQclear(r);
    return e;
}
