/* SPDX-License-Identifier: Apache-2.0 */
/* One PostgreSQL connection: every wait has a deadline, every failure an enum err.
 *
 * A connection belongs to one thread at a time, and does not move in memory while it is open.  Once
 * `broken` is set it can only be closed or connected again.  Deadlines are instants of
 * clock_monotonic_us. */
#ifndef STORE_PG_H
#define STORE_PG_H

#include <stdatomic.h>

#include "core/text.h"
#include "store/pg_params.h"

enum {
    PG_PREPARED_MAX = 24,
    PG_TARGET_MAX = 64,
    PG_MESSAGE_MAX = 256
};

/* Where and how to connect: the user's URL and our session settings. */
struct pg_target {
    PQconninfoOption *parsed;
    char *options;
    const char *keywords[PG_TARGET_MAX];
    const char *values[PG_TARGET_MAX];
};

/* A statement that is prepared once a connection; pointers are compared, so keep it static or as
 * long as the connection. */
struct pg_statement {
    const char *name;
    const char *sql;
};

struct pg {
    PGconn *conn;
    bool broken;
    int slot;    /* of the pool */
    bool warned; /* by the server, of the newest statement or pipeline: see pg_committed */
    int prepared_count;
    const char *prepared[PG_PREPARED_MAX];
    char message[PG_MESSAGE_MAX]; /* of the newest error, for diags and logs */
    char sqlstate[6];             /* of the newest error; empty: none was sent */
};

/* Parses a URL or conninfo and adds time-outs, synchronous_commit and the like.  Session settings
 * go into `options`, where a reset keeps them.  timeout_us 0: no statement time-out. */
MUST_USE enum err pg_target_init(struct pg_target *t, const char *url, int64_t timeout_us,
                                 struct diag_list *diags);
void pg_target_release(struct pg_target *t);

/* Connects, or connects anew.  ERR_DB_UNAVAILABLE, ERR_DB_BUSY (too many connections).  `stop`,
 * when given and set by another thread, ends the wait within 100 ms. */
MUST_USE enum err pg_connect(struct pg *pg, const struct pg_target *t, int64_t deadline_us,
                             const atomic_bool *stop);
void pg_close(struct pg *pg);
/* False when the server has closed the connection; never waits. */
bool pg_is_alive(struct pg *pg);

/* One statement with parameters; *out (NULL: not wanted) is a binary result to be cleared by
 * PQclear.  params may be NULL. */
MUST_USE enum err pg_exec(struct pg *pg, const char *sql, const struct pg_params *params,
                          int64_t deadline_us, PGresult **out);
MUST_USE enum err pg_exec_prepared(struct pg *pg, const struct pg_statement *statement,
                                   const struct pg_params *params, int64_t deadline_us,
                                   PGresult **out);
/* Several statements in one text, without parameters: migrations, BEGIN. */
MUST_USE enum err pg_script(struct pg *pg, const char *sql, int64_t deadline_us);
/* Ends whatever transaction is open. */
void pg_rollback(struct pg *pg, int64_t deadline_us);

/* Pipelines: begin, push any number of statements (prepared ones), run.  Nothing waits before
 * pg_pipeline_run, which gives the first error; on one, all later statements were skipped.
 * last, when wanted, is the result of the last statement pushed. */
MUST_USE enum err pg_prepare(struct pg *pg, const struct pg_statement *statement,
                             int64_t deadline_us);
MUST_USE enum err pg_pipeline_begin(struct pg *pg);
MUST_USE enum err pg_pipeline_push(struct pg *pg, const struct pg_statement *statement,
                                   const struct pg_params *params);
MUST_USE enum err pg_pipeline_run(struct pg *pg, int64_t deadline_us, PGresult **last);

/* To be asked after what commits, before the next statement.  ERR_DB_UNAVAILABLE: it was committed
 * here, but the server may have given up waiting for its synchronous standby (somebody cancelled
 * it), which it tells by a warning beside its success.  The commit counts as durable only after
 * another one that waited: a standby gets the write-ahead log in its order. */
MUST_USE enum err pg_committed(struct pg *pg);

/* What an error result (or, with NULL, the connection's state) means; sets message, sqlstate and,
 * where the connection is of no more use, broken. */
enum err pg_judge(struct pg *pg, const PGresult *result);

#endif
