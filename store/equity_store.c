/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the equity curve, thinned to what a chart can show. */
#include <stdlib.h>

#include "core/jwriter.h"
#include "store/list_query.h"
#include "store/tables.h"

/* The first and last instant asked for, as far as there are samples; false when there are none. */
static enum err equity_span(struct store *s, const char *account, int64_t *from_us, int64_t *to_us,
                            bool *any)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    params_time(&p, *from_us);
    params_time(&p, *to_us);
    e = store_exec(s,
                   "SELECT min(at), max(at) FROM equity WHERE account = $1"
                   " AND ($2::timestamptz IS NULL OR at >= $2)"
                   " AND ($3::timestamptz IS NULL OR at < $3)",
                   &p, true, &r);
    if (!e) {
        *any = !PQgetisnull(r, 0, 0);
        *from_us = result_time(r, 0, 0);
        *to_us = result_time(r, 0, 1);
    }
    PQclear(r);
    return e;
}

static enum err equity_read(const PGresult *r, struct equity_point **out, size_t *count)
{
    size_t n = (size_t)PQntuples(r);
    struct equity_point *points = xcalloc(n + 1, sizeof(*points));
    enum err e = ERR_OK;

    for (size_t i = 0; i < n && !e; i++)
        e = table_get(&table_equity, r, (int)i, 0, &points[i]);
    if (e) {
        free(points);
        return e;
    }
    *out = points;
    *count = n;
    return ERR_OK;
}

enum err store_equity(struct store *s, const char *account, int64_t from_us, int64_t to_us,
                      int64_t bucket_us, size_t max_points, struct equity_point **out,
                      size_t *count)
{
    struct list_sql l;
    PGresult *r = NULL;
    int64_t least_us, most = max_points < 2 ? 2 : (int64_t)max_points;
    bool any = false;
    enum err e = equity_span(s, account, &from_us, &to_us, &any);

    if (e)
        return e;
    if (!any) {
        *out = xcalloc(1, sizeof(**out));
        *count = 0;
        return ERR_OK;
    }
    /* Buckets begin at whole multiples of their width, so one more than the span has may begin. */
    least_us = (to_us - from_us) / (most - 1) + 1;
    if (bucket_us < least_us)
        bucket_us = least_us;
    list_sql_init(&l);
    text_string(&l.text, "SELECT ");
    table_select_list(&table_equity, "t", &l.text);
    text_string(&l.text, " FROM equity t JOIN (SELECT max(at) AS at FROM equity WHERE account = $1"
                         " AND at BETWEEN $2 AND $3 GROUP BY date_bin("
                         "$4::bigint * interval '1 microsecond', at, timestamptz 'epoch')) b"
                         " ON t.at = b.at WHERE t.account = $1 ORDER BY t.at");
    params_text(&l.params, account);
    params_time(&l.params, from_us);
    params_time(&l.params, to_us);
    params_integer(&l.params, bucket_us);
    e = store_exec(s, l.text.data, &l.params, true, &r);
    if (!e)
        e = equity_read(r, out, count);
    PQclear(r);
    list_sql_release(&l);
    return e;
}
