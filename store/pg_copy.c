/* SPDX-License-Identifier: Apache-2.0 */
/* libpq's COPY on a connection that never blocks. */
#include "store/pg_copy.h"

#include <limits.h>

#include "store/pg_wait.h"

/* Takes what is left of a statement that was refused, so that the next one can be sent. */
static enum err drain(struct pg *pg, int64_t deadline_us)
{
    PGresult *r = NULL;
    enum err e;

    do {
        PQclear(r);
        e = pg_next(pg, deadline_us, &r);
    } while (!e && r && PQstatus(pg->conn) == CONNECTION_OK);
    if (!e)
        PQclear(r);
    return e;
}

/* Sends the statement and waits until the server is ready to copy. */
static enum err copy_begin(struct pg *pg, const char *sql, ExecStatusType wanted,
                           int64_t deadline_us)
{
    PGresult *r = NULL;
    enum err e, rest;

    if (pg->broken)
        return ERR_DB_UNAVAILABLE;
    if (!PQsendQuery(pg->conn, sql))
        return pg_judge(pg, NULL);
    e = pg_flush(pg, deadline_us);
    if (!e)
        e = pg_next(pg, deadline_us, &r);
    if (e)
        return e;
    if (r && PQresultStatus(r) == wanted) {
        PQclear(r);
        return ERR_OK;
    }
    e = pg_judge(pg, r);
    PQclear(r);
    rest = drain(pg, deadline_us);
    return rest ? rest : e;
}

enum err pg_copy_in_begin(struct pg *pg, const char *sql, int64_t deadline_us)
{
    return copy_begin(pg, sql, PGRES_COPY_IN, deadline_us);
}

enum err pg_copy_in_put(struct pg *pg, const void *data, size_t length, int64_t deadline_us)
{
    ASSERT(length <= INT_MAX);
    for (;;) {
        int n = pg->broken ? -1 : PQputCopyData(pg->conn, data, (int)length);
        enum err e;

        if (n < 0)
            return pg_judge(pg, NULL);
        e = pg_flush(pg, deadline_us);
        if (e || n > 0)
            return e;
    }
}

enum err pg_copy_in_end(struct pg *pg, const char *give_up_reason, int64_t deadline_us)
{
    enum err e;

    if (pg->broken)
        return ERR_DB_UNAVAILABLE;
    for (;;) {
        int n = PQputCopyEnd(pg->conn, give_up_reason);

        if (n < 0)
            return pg_judge(pg, NULL);
        if (n > 0)
            break;
        e = pg_flush(pg, deadline_us);
        if (e)
            return e;
    }
    return pg_collect(pg, deadline_us, NULL);
}

enum err pg_copy_out_begin(struct pg *pg, const char *sql, int64_t deadline_us)
{
    return copy_begin(pg, sql, PGRES_COPY_OUT, deadline_us);
}

enum err pg_copy_out_next(struct pg *pg, int64_t deadline_us, char **row, size_t *length)
{
    for (;;) {
        int n = PQgetCopyData(pg->conn, row, 1);
        enum err e;

        if (n > 0) {
            *length = (size_t)n;
            return ERR_OK;
        }
        if (n < 0) { /* the end, or an error that the result tells */
            e = pg_collect(pg, deadline_us, NULL);
            return e ? e : ERR_END;
        }
        e = pg_await_input(pg, deadline_us);
        if (e)
            return e;
    }
}

void pg_copy_free(char *row)
{
    PQfreemem(row);
}
