/* SPDX-License-Identifier: Apache-2.0 */
/* The common part of every list: conditions from a list_query, order, page, rows. */
#ifndef STORE_LIST_QUERY_H
#define STORE_LIST_QUERY_H

#include "store/store_parts.h"

/* A statement that grows together with its parameters. */
struct list_sql {
    struct text text;
    struct pg_params params;
};

void list_sql_init(struct list_sql *l);
void list_sql_release(struct list_sql *l);
/* " AND <condition>$n", when there is something to compare with. */
void list_where_text(struct list_sql *l, const char *condition, const char *value);
void list_where_integer(struct list_sql *l, const char *condition, int64_t value); /* not for 0 */
void list_where_from_to(struct list_sql *l, const char *column, const struct list_query *q);
/* symbol, strategy, strategy_id and side of alias t: what all lists have. */
void list_where_common(struct list_sql *l, const struct list_query *q);
/* After the last row seen, in the order asked for, one more than the page. */
void list_page(struct list_sql *l, const struct list_query *q);

/* Begins "SELECT columns FROM table t WHERE t.account = $1". */
void list_select(struct list_sql *l, const struct table *t, const char *account);
struct list_rows {
    void *rows; /* of the table's struct; the receiver frees them */
    size_t count;
    bool more;
};
/* Runs it and reads the rows of a table's columns. */
MUST_USE enum err list_run(struct store *s, const struct list_sql *l, const struct table *t,
                           const struct list_query *q, struct list_rows *out);
/* The one row with this id, or ERR_NOT_FOUND. */
MUST_USE enum err list_one(struct store *s, const struct table *t, const char *account, int64_t id,
                           void *row);

#endif
