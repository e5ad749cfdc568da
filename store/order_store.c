/* SPDX-License-Identifier: Apache-2.0 */
/* Reads orders. */
#include "store/list_query.h"
#include "store/tables.h"

/* The id that the venue knows, or the one the user gave. */
static void where_name(struct list_sql *l, const char *name)
{
    if (!name)
        return;
    params_text(&l->params, name);
    text_format(&l->text, " AND (t.client_order_id = $%d OR (t.label <> '' AND t.label = $%d))",
                l->params.count, l->params.count);
}

enum err store_orders(struct store *s, const struct list_query *q, struct order **out,
                      size_t *count, bool *more)
{
    struct list_sql l;
    struct list_rows rows;
    enum err e;

    list_sql_init(&l);
    list_select(&l, &table_order, q->account);
    list_where_common(&l, q);
    list_where_from_to(&l, "t.created_at", q);
    list_where_integer(&l, "t.id = ", q->order_id);
    list_where_integer(&l, "t.position_id = ", q->position_id);
    where_name(&l, q->client_order_id);
    if (q->state != LIST_ANY)
        text_string(&l.text, q->state == LIST_OPEN ? " AND NOT t.is_final" : " AND t.is_final");
    list_page(&l, q);
    e = list_run(s, &l, &table_order, q, &rows);
    list_sql_release(&l);
    if (e)
        return e;
    *out = rows.rows;
    *count = rows.count;
    *more = rows.more;
    return ERR_OK;
}

enum err store_order(struct store *s, const char *account, int64_t id, struct order *out)
{
    struct order made;
    enum err e = list_one(s, &table_order, account, id, &made);

    if (!e)
        *out = made;
    return e;
}
