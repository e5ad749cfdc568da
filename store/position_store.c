/* SPDX-License-Identifier: Apache-2.0 */
/* Reads positions and round trips. */
#include "store/list_query.h"
#include "store/tables.h"

enum err store_positions(struct store *s, const struct list_query *q, struct position **out,
                         size_t *count, bool *more)
{
    struct list_sql l;
    struct list_rows rows;
    enum err e;

    list_sql_init(&l);
    list_select(&l, &table_position, q->account);
    list_where_text(&l, "t.symbol = ", q->symbol);
    list_where_text(&l, "t.strategy = ", q->strategy);
    list_where_text(&l, "t.strategy_id = ", q->strategy_id);
    /* A position's side is the side of its entry. */
    if (q->side)
        list_where_text(&l, "t.direction = ", q->side == SIDE_BUY ? "long" : "short");
    list_where_from_to(&l, "t.opened_at", q);
    list_where_integer(&l, "t.id = ", q->position_id);
    if (q->state != LIST_ANY)
        list_where_text(&l, "t.status = ", q->state == LIST_OPEN ? "open" : "closed");
    if (q->exit_reason != EXIT_NONE)
        list_where_text(
            &l, "t.status = 'closed' AND t.exit_reason = ", exit_reason_name(q->exit_reason));
    list_page(&l, q);
    e = list_run(s, &l, &table_position, q, &rows);
    list_sql_release(&l);
    if (e)
        return e;
    *out = rows.rows;
    *count = rows.count;
    *more = rows.more;
    return ERR_OK;
}

enum err store_position(struct store *s, const char *account, int64_t id, struct position *out)
{
    struct position made;
    enum err e = list_one(s, &table_position, account, id, &made);

    if (!e)
        *out = made;
    return e;
}
