/* SPDX-License-Identifier: Apache-2.0 */
/* Reads signals. */
#include "store/list_query.h"
#include "store/tables.h"

enum err store_signals(struct store *s, const struct list_query *q, struct signal **out,
                       size_t *count, bool *more)
{
    struct list_sql l;
    struct list_rows rows;
    enum err e;

    list_sql_init(&l);
    list_select(&l, &table_signal, q->account);
    list_where_common(&l, q);
    list_where_from_to(&l, "t.at", q);
    if (q->decision)
        list_where_text(&l, "t.decision = ",
                        signal_decision_name(q->decision == 1 ? SIGNAL_ACCEPTED : SIGNAL_DENIED));
    list_page(&l, q);
    e = list_run(s, &l, &table_signal, q, &rows);
    list_sql_release(&l);
    if (e)
        return e;
    *out = rows.rows;
    *count = rows.count;
    *more = rows.more;
    return ERR_OK;
}

enum err store_signal(struct store *s, const char *account, int64_t id, struct signal *out)
{
    struct signal made;
    enum err e = list_one(s, &table_signal, account, id, &made);

    if (!e)
        *out = made;
    return e;
}
