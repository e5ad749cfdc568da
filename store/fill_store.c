/* SPDX-License-Identifier: Apache-2.0 */
/* Reads fills. */
#include "store/list_query.h"
#include "store/tables.h"

enum err store_fills(struct store *s, const struct list_query *q, struct fill **out, size_t *count,
                     bool *more)
{
    struct list_sql l;
    struct list_rows rows;
    enum err e;

    list_sql_init(&l);
    list_select(&l, &table_fill, q->account);
    list_where_common(&l, q);
    list_where_from_to(&l, "t.at", q);
    list_where_integer(&l, "t.order_id = ", q->order_id);
    list_where_integer(&l, "t.position_id = ", q->position_id);
    list_where_text(&l, "t.client_order_id = ", q->client_order_id);
    list_page(&l, q);
    e = list_run(s, &l, &table_fill, q, &rows);
    list_sql_release(&l);
    if (e)
        return e;
    *out = rows.rows;
    *count = rows.count;
    *more = rows.more;
    return ERR_OK;
}
