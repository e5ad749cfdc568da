/* SPDX-License-Identifier: Apache-2.0 */
/* Talks to one PostgreSQL backend without ever blocking past a deadline. */
#include "store/pg.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "store/pg_wait.h"

enum {
    STOP_POLL_MS = 100
};

/* ---- What an error means ---- */

struct sqlstate_rule {
    const char *prefix;
    enum err meaning;
    bool breaks; /* the connection is of no more use */
};

/* The first rule whose prefix fits. */
static const struct sqlstate_rule sqlstate_rules[] = {
    {"40001", ERR_DB_RETRY, false},      /* serialization failure */
    {"40P01", ERR_DB_RETRY, false},      /* deadlock */
    {"23505", ERR_DB_CONFLICT, false},   /* unique violation */
    {"57014", ERR_DB_BUSY, false},       /* statement time-out */
    {"55P03", ERR_DB_BUSY, false},       /* lock time-out */
    {"53300", ERR_DB_BUSY, true},        /* too many connections */
    {"TD001", ERR_DB_FENCED, false},     /* log_advance: another epoch */
    {"TD002", ERR_DB_FENCED, false},     /* log_advance: another size */
    {"57P", ERR_DB_UNAVAILABLE, true},   /* shutting down, starting up, terminated */
    {"08", ERR_DB_UNAVAILABLE, true},    /* connection exceptions */
    {"25P03", ERR_DB_UNAVAILABLE, true}, /* idle in transaction for too long */
    {"25006", ERR_DB_UNAVAILABLE, true}, /* read-only: a standby after a failover */
    {"53", ERR_DB_UNAVAILABLE, false},   /* disk full, out of memory */
    {"58", ERR_DB_UNAVAILABLE, false},   /* I/O error of the server */
};

enum err pg_judge(struct pg *pg, const PGresult *result)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    size_t i, length;

    if (!text)
        text = result ? PQresultErrorMessage(result) : PQerrorMessage(pg->conn);
    (void)copy_text(pg->message, sizeof(pg->message), text ? text : "");
    /* libpq explains at length what a lost connection may mean; the first line will do. */
    length = strcspn(pg->message, "\n");
    pg->message[length] = '\0';
    (void)copy_text(pg->sqlstate, sizeof(pg->sqlstate), state ? state : "");
    if (PQstatus(pg->conn) != CONNECTION_OK || !state) {
        /* A killed backend leaves an error without a state; so do libpq's own refusals. */
        pg->broken = true;
        return strncmp(pg->sqlstate, "53300", 5) == 0 ? ERR_DB_BUSY : ERR_DB_UNAVAILABLE;
    }
    for (i = 0; i < COUNT_OF(sqlstate_rules); i++) {
        if (strncmp(state, sqlstate_rules[i].prefix, strlen(sqlstate_rules[i].prefix)) == 0) {
            pg->broken = pg->broken || sqlstate_rules[i].breaks;
            return sqlstate_rules[i].meaning;
        }
    }
    LOG_WARN("db_statement_refused", "sqlstate", pg->sqlstate, "message", pg->message, NULL);
    return ERR_DB_QUERY;
}

static enum err pg_late(struct pg *pg)
{
    (void)copy_text(pg->message, sizeof(pg->message), "no answer within the deadline");
    pg->sqlstate[0] = '\0';
    pg->broken = true;
    return ERR_DB_UNAVAILABLE;
}

/* A warning of the server may say that a commit did not reach its standby: never silent.  That one
 * has no SQLSTATE of its own and its text is in the server's language, so every warning without one
 * is taken for it.  (57P01, in place of it when the session is ended, is not sent to us.) */
static void pg_notice(void *context, const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct pg *pg = context;

    if ((!severity || strcmp(severity, "WARNING") == 0) && (!state || strncmp(state, "01", 2) == 0))
        pg->warned = true;
    LOG_WARN("db_notice", "sqlstate", state ? state : "", "message", text ? text : "", NULL);
}

/* ---- Waiting ---- */

/* Until the socket has one of the events; false at the deadline or when stopped. */
static bool pg_poll(const struct pg *pg, short events, int64_t deadline_us, const atomic_bool *stop)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};

    for (;;) {
        int64_t left = deadline_us - clock_monotonic_us();
        int64_t ms = (left + US_PER_MS - 1) / US_PER_MS;
        int n;

        if (left <= 0 || (stop && atomic_load(stop)))
            return false;
        if (stop && ms > STOP_POLL_MS)
            ms = STOP_POLL_MS;
        n = poll(&fd, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

/* Sends all that is queued, reading meanwhile: a server whose answers nobody reads stops
 * reading. */
enum err pg_flush(struct pg *pg, int64_t deadline_us)
{
    for (;;) {
        int n = PQflush(pg->conn);

        if (n < 0)
            return pg_judge(pg, NULL);
        if (n == 0)
            return ERR_OK;
        if (!pg_poll(pg, POLLIN | POLLOUT, deadline_us, NULL))
            return pg_late(pg);
        if (!PQconsumeInput(pg->conn))
            return pg_judge(pg, NULL);
    }
}

enum err pg_await_input(struct pg *pg, int64_t deadline_us)
{
    if (!pg_poll(pg, POLLIN, deadline_us, NULL))
        return pg_late(pg);
    return PQconsumeInput(pg->conn) ? ERR_OK : pg_judge(pg, NULL);
}

enum err pg_next(struct pg *pg, int64_t deadline_us, PGresult **out)
{
    while (PQisBusy(pg->conn)) {
        enum err e = pg_await_input(pg, deadline_us);

        if (e)
            return e;
    }
    *out = PQgetResult(pg->conn);
    return ERR_OK;
}

static bool result_is_good(const PGresult *r)
{
    ExecStatusType s = PQresultStatus(r);

    return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK;
}

/* The answer to one statement: its last good result, or the first error. */
enum err pg_collect(struct pg *pg, int64_t deadline_us, PGresult **out)
{
    PGresult *kept = NULL, *r = NULL;
    enum err first = ERR_OK, e = pg_flush(pg, deadline_us);

    while (!e) {
        e = pg_next(pg, deadline_us, &r);
        if (e || !r)
            break;
        if (!first && !result_is_good(r))
            first = pg_judge(pg, r);
        PQclear(kept);
        kept = r;
        if (PQstatus(pg->conn) != CONNECTION_OK)
            e = first ? first : pg_judge(pg, NULL);
    }
    if (!e)
        e = first;
    if (!e && !kept)
        e = pg_judge(pg, NULL);
    if (!e && out) {
        *out = kept;
        kept = NULL;
    }
    PQclear(kept);
    return e;
}

/* ---- Connecting ---- */

static enum err pg_connect_poll(struct pg *pg, int64_t deadline_us, const atomic_bool *stop)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return pg_judge(pg, NULL);
    for (;;) {
        if (!pg_poll(pg, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_us, stop))
            return pg_late(pg);
        status = PQconnectPoll(pg->conn);
        if (status == PGRES_POLLING_OK)
            return ERR_OK;
        if (status == PGRES_POLLING_FAILED)
            return pg_judge(pg, NULL);
    }
}

enum err pg_connect(struct pg *pg, const struct pg_target *t, int64_t deadline_us,
                    const atomic_bool *stop)
{
    enum err e;

    pg_close(pg);
    pg->conn = PQconnectStartParams(t->keywords, t->values, 0);
    if (!pg->conn)
        return ERR_DB_UNAVAILABLE;
    e = pg_connect_poll(pg, deadline_us, stop);
    if (e) {
        pg->broken = true;
        return e;
    }
    PQsetNoticeReceiver(pg->conn, pg_notice, pg);
    if (PQsetnonblocking(pg->conn, 1))
        return pg_judge(pg, NULL);
    pg->broken = false;
    return ERR_OK;
}

void pg_close(struct pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->prepared_count = 0;
    pg->broken = true;
}

bool pg_is_alive(struct pg *pg)
{
    struct pollfd fd;

    if (pg->broken || !pg->conn)
        return false;
    fd = (struct pollfd){.fd = PQsocket(pg->conn), .events = POLLIN};
    /* Between statements a server speaks only to say good-bye, or that its settings were loaded
     * anew, and then a new connection does no harm. */
    if (poll(&fd, 1, 0) != 0) {
        (void)copy_text(pg->message, sizeof(pg->message), "the server ended the connection");
        pg->sqlstate[0] = '\0';
        pg->broken = true;
        return false;
    }
    return true;
}

/* ---- Statements ---- */

enum err pg_exec(struct pg *pg, const char *sql, const struct pg_params *params,
                 int64_t deadline_us, PGresult **out)
{
    int n = params ? params->count : 0;

    if (pg->broken)
        return ERR_DB_UNAVAILABLE;
    pg->warned = false;
    if (!PQsendQueryParams(pg->conn, sql, n, NULL, n ? params->values : NULL,
                           n ? params->lengths : NULL, n ? params->formats : NULL, 1))
        return pg_judge(pg, NULL);
    return pg_collect(pg, deadline_us, out);
}

static bool pg_is_prepared(const struct pg *pg, const struct pg_statement *statement)
{
    for (int i = 0; i < pg->prepared_count; i++) {
        if (pg->prepared[i] == statement->name)
            return true;
    }
    return false;
}

enum err pg_prepare(struct pg *pg, const struct pg_statement *statement, int64_t deadline_us)
{
    enum err e;

    if (pg->broken)
        return ERR_DB_UNAVAILABLE;
    if (pg_is_prepared(pg, statement))
        return ERR_OK;
    ASSERT(pg->prepared_count < PG_PREPARED_MAX);
    if (!PQsendPrepare(pg->conn, statement->name, statement->sql, 0, NULL))
        return pg_judge(pg, NULL);
    e = pg_collect(pg, deadline_us, NULL);
    if (!e)
        pg->prepared[pg->prepared_count++] = statement->name;
    return e;
}

static bool pg_send_prepared(struct pg *pg, const struct pg_statement *statement,
                             const struct pg_params *params)
{
    int n = params ? params->count : 0;

    return PQsendQueryPrepared(pg->conn, statement->name, n, n ? params->values : NULL,
                               n ? params->lengths : NULL, n ? params->formats : NULL, 1) == 1;
}

enum err pg_exec_prepared(struct pg *pg, const struct pg_statement *statement,
                          const struct pg_params *params, int64_t deadline_us, PGresult **out)
{
    enum err e = pg_prepare(pg, statement, deadline_us);

    if (e)
        return e;
    pg->warned = false;
    if (!pg_send_prepared(pg, statement, params))
        return pg_judge(pg, NULL);
    return pg_collect(pg, deadline_us, out);
}

enum err pg_script(struct pg *pg, const char *sql, int64_t deadline_us)
{
    if (pg->broken)
        return ERR_DB_UNAVAILABLE;
    pg->warned = false;
    if (!PQsendQuery(pg->conn, sql))
        return pg_judge(pg, NULL);
    return pg_collect(pg, deadline_us, NULL);
}

enum err pg_committed(struct pg *pg)
{
    if (!pg->warned)
        return ERR_OK;
    (void)copy_text(pg->message, sizeof(pg->message),
                    "committed here, but perhaps not at the synchronous standby");
    pg->sqlstate[0] = '\0';
    return ERR_DB_UNAVAILABLE;
}

void pg_rollback(struct pg *pg, int64_t deadline_us)
{
    PGTransactionStatusType s;

    if (pg->broken)
        return;
    s = PQtransactionStatus(pg->conn);
    if (s == PQTRANS_IDLE)
        return;
    if ((s != PQTRANS_INTRANS && s != PQTRANS_INERROR) || pg_script(pg, "ROLLBACK", deadline_us))
        pg->broken = true;
}

/* ---- Pipelines ---- */

enum err pg_pipeline_begin(struct pg *pg)
{
    if (pg->broken)
        return ERR_DB_UNAVAILABLE;
    pg->warned = false;
    return PQenterPipelineMode(pg->conn) ? ERR_OK : pg_judge(pg, NULL);
}

enum err pg_pipeline_push(struct pg *pg, const struct pg_statement *statement,
                          const struct pg_params *params)
{
    ASSERT(pg_is_prepared(pg, statement));
    return pg_send_prepared(pg, statement, params) ? ERR_OK : pg_judge(pg, NULL);
}

enum err pg_pipeline_run(struct pg *pg, int64_t deadline_us, PGresult **last)
{
    PGresult *kept = NULL, *r = NULL;
    enum err first = ERR_OK, e;
    bool synced = false;

    e = PQpipelineSync(pg->conn) ? pg_flush(pg, deadline_us) : pg_judge(pg, NULL);
    while (!e && !synced) {
        e = pg_next(pg, deadline_us, &r);
        if (e)
            break;
        if (!r) {
            /* The end of one statement's results; a lost connection has nothing but ends. */
            if (PQstatus(pg->conn) != CONNECTION_OK)
                e = first ? first : pg_judge(pg, NULL);
            continue;
        }
        synced = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        if (!synced && !first && !result_is_good(r))
            first = pg_judge(pg, r);
        if (synced) {
            PQclear(r);
        } else {
            PQclear(kept);
            kept = r;
        }
    }
    if (!e && !PQexitPipelineMode(pg->conn))
        e = pg_judge(pg, NULL);
    if (!e)
        e = first;
    if (!e && last) {
        *last = kept;
        kept = NULL;
    }
    PQclear(kept);
    return e;
}
