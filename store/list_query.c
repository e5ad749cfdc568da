/* SPDX-License-Identifier: Apache-2.0 */
/* Builds and runs the statements of lists; every value is a parameter. */
#include "store/list_query.h"

#include <stdlib.h>

#include "core/jwriter.h"

void list_sql_init(struct list_sql *l)
{
    text_init(&l->text, LIMIT_JSON_BYTES);
    params_init(&l->params);
}

void list_sql_release(struct list_sql *l)
{
    text_release(&l->text);
}

void list_where_text(struct list_sql *l, const char *condition, const char *value)
{
    if (!value)
        return;
    params_text(&l->params, value);
    text_format(&l->text, " AND %s$%d", condition, l->params.count);
}

void list_where_integer(struct list_sql *l, const char *condition, int64_t value)
{
    if (value == 0)
        return;
    params_integer(&l->params, value);
    text_format(&l->text, " AND %s$%d", condition, l->params.count);
}

void list_where_from_to(struct list_sql *l, const char *column, const struct list_query *q)
{
    if (q->from_us != TIME_NONE) {
        params_time(&l->params, q->from_us);
        text_format(&l->text, " AND %s >= $%d", column, l->params.count);
    }
    if (q->to_us != TIME_NONE) {
        params_time(&l->params, q->to_us);
        text_format(&l->text, " AND %s < $%d", column, l->params.count);
    }
}

void list_where_common(struct list_sql *l, const struct list_query *q)
{
    list_where_text(l, "t.symbol = ", q->symbol);
    list_where_text(l, "t.strategy = ", q->strategy);
    list_where_text(l, "t.strategy_id = ", q->strategy_id);
    if (q->side)
        list_where_text(l, "t.side = ", side_name((enum side)q->side));
}

void list_page(struct list_sql *l, const struct list_query *q)
{
    int limit = q->limit < 1 ? 1 : q->limit > LIMIT_PAGE ? LIMIT_PAGE : q->limit;

    list_where_integer(l, q->ascending ? "t.id > " : "t.id < ", q->after_id);
    params_integer(&l->params, limit + 1);
    text_format(&l->text, " ORDER BY t.id%s LIMIT $%d", q->ascending ? "" : " DESC",
                l->params.count);
}

void list_select(struct list_sql *l, const struct table *t, const char *account)
{
    text_string(&l->text, "SELECT ");
    table_select_list(t, "t", &l->text);
    params_text(&l->params, account);
    text_format(&l->text, " FROM %s t WHERE t.account = $1", t->name);
}

enum err list_run(struct store *s, const struct list_sql *l, const struct table *t,
                  const struct list_query *q, struct list_rows *out)
{
    PGresult *r = NULL;
    struct list_rows made = {0};
    int limit = q->limit < 1 ? 1 : q->limit > LIMIT_PAGE ? LIMIT_PAGE : q->limit;
    int n;
    enum err e = store_exec(s, l->text.data, &l->params, true, &r);

    if (e)
        return e;
    n = PQntuples(r);
    made.more = n > limit;
    made.count = (size_t)(made.more ? limit : n);
    made.rows = xcalloc(made.count + 1, t->row_size);
    for (size_t i = 0; i < made.count && !e; i++)
        e = table_get(t, r, (int)i, 0, (char *)made.rows + i * t->row_size);
    PQclear(r);
    if (e) {
        free(made.rows);
        return e;
    }
    *out = made;
    return ERR_OK;
}

enum err list_one(struct store *s, const struct table *t, const char *account, int64_t id,
                  void *row)
{
    struct list_sql l;
    PGresult *r = NULL;
    enum err e;

    list_sql_init(&l);
    list_select(&l, t, account);
    params_integer(&l.params, id);
    text_string(&l.text, " AND t.id = $2");
    e = store_exec(s, l.text.data, &l.params, true, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e)
        e = table_get(t, r, 0, 0, row);
    PQclear(r);
    list_sql_release(&l);
    return e;
}
