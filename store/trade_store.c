/* SPDX-License-Identifier: Apache-2.0 */
/* Reads trades: the log's own bytes of each fill. */
#include <stdlib.h>

#include "store/list_query.h"

static const char trade_select[] =
    "SELECT t.id, r.log_idx, l.entry, l.proof FROM fill t"
    " JOIN trade r ON r.account = t.account AND r.id = t.id"
    " JOIN log_entry l ON l.account = r.account AND l.idx = r.log_idx"
    " WHERE t.account = $1";

void trade_rows_free(struct trade_row *rows, size_t count)
{
    for (size_t i = 0; rows && i < count; i++)
        free(rows[i].record);
    free(rows);
}

static enum err trade_get(const PGresult *r, int row, struct trade_row *out)
{
    struct trade_row made = {.id = result_integer(r, row, 0),
                             .log_index = result_integer(r, row, 1)};

    if (result_digest(r, row, 3, &made.proof))
        return ERR_DB_QUERY;
    made.record = result_copy(r, row, 2, &made.length);
    *out = made;
    return ERR_OK;
}

enum err store_trades(struct store *s, const struct list_query *q, struct trade_row **out,
                      size_t *count, bool *more)
{
    int limit = q->limit < 1 ? 1 : q->limit > LIMIT_PAGE ? LIMIT_PAGE : q->limit;
    struct list_sql l;
    struct trade_row *rows = NULL;
    PGresult *r = NULL;
    size_t n = 0, made = 0;
    bool next = false;
    enum err e;

    list_sql_init(&l);
    text_string(&l.text, trade_select);
    params_text(&l.params, q->account);
    list_where_common(&l, q);
    list_where_from_to(&l, "t.at", q);
    list_where_integer(&l, "t.order_id = ", q->order_id);
    list_where_integer(&l, "t.position_id = ", q->position_id);
    list_where_text(&l, "t.client_order_id = ", q->client_order_id);
    list_page(&l, q);
    e = store_exec(s, l.text.data, &l.params, true, &r);
    list_sql_release(&l);
    if (e)
        goto out;
    n = (size_t)PQntuples(r);
    next = n > (size_t)limit;
    if (next)
        n = (size_t)limit;
    rows = xcalloc(n + 1, sizeof(*rows));
    for (made = 0; made < n && !e; made++)
        e = trade_get(r, (int)made, &rows[made]);
    if (e)
        goto out;
    *out = rows;
    *count = n;
    *more = next;
    rows = NULL;
out:
    PQclear(r);
    trade_rows_free(rows, made);
    return e;
}

enum err store_trade(struct store *s, const char *account, int64_t id, struct trade_row *out)
{
    struct list_sql l;
    PGresult *r = NULL;
    enum err e;

    list_sql_init(&l);
    text_string(&l.text, trade_select);
    params_text(&l.params, account);
    params_integer(&l.params, id);
    text_string(&l.text, " AND t.id = $2");
    e = store_exec(s, l.text.data, &l.params, true, &r);
    if (!e)
        e = PQntuples(r) == 0 ? ERR_NOT_FOUND : trade_get(r, 0, out);
    PQclear(r);
    list_sql_release(&l);
    return e;
}
