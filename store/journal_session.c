/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the journal's session: connected, holding the account's lock, its statements prepared. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "store/journal_parts.h"
#include "store/tables.h"

static const int64_t lock_wait_us = 3 * US_PER_S;
static const int64_t lock_poll_us = 20 * US_PER_MS;
static const int64_t backoff_most_us = 2 * US_PER_S;

/* ---- Statements ---- */

#define LEAF_SQL                                                              \
    "INSERT INTO log_entry (account, idx, kind, at, entry, proof, leaf_hash)" \
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
#define LEAVES_SQL                                                                       \
    "INSERT INTO log_entry (account, idx, kind, at, entry, proof, leaf_hash)"            \
    " SELECT $1, $2::bigint + u.n - 1, u.kind, u.at, u.entry, u.proof, u.leaf_hash"      \
    " FROM unnest($3::text[], $4::timestamptz[], $5::bytea[], $6::bytea[], $7::bytea[])" \
    " WITH ORDINALITY AS u (kind, at, entry, proof, leaf_hash, n)"
#define NODE_SQL "INSERT INTO log_node (account, level, n, hash) VALUES ($1, $2, $3, $4)"
#define CHECKPOINT_SQL "INSERT INTO log_checkpoint (account, size, note) VALUES ($1, $2, $3)"
#define DAILY_SQL                                                         \
    "INSERT INTO daily_equity (account, day, equity) VALUES ($1, $2, $3)" \
    " ON CONFLICT (account, day) DO UPDATE SET equity = EXCLUDED.equity"
/* A day's mark stays one when another sample of the same instant follows. */
#define EQUITY_CONFLICT_SQL                                              \
    " ON CONFLICT (account, at) DO UPDATE SET equity = EXCLUDED.equity," \
    " cash = EXCLUDED.cash, unrealized = EXCLUDED.unrealized,"           \
    " is_daily = equity.is_daily OR EXCLUDED.is_daily,"                  \
    " day = greatest(equity.day, EXCLUDED.day)"

static char *table_sql(const struct table *t, const char *extra, bool upsert, const char *tail)
{
    struct text sql;

    text_init(&sql, LIMIT_JSON_BYTES);
    table_insert_sql(t, extra, upsert, &sql);
    text_string(&sql, tail);
    return text_take(&sql, NULL);
}

/* account is the one table whose first column is the key and which has no account column. */
static char *account_sql(void)
{
    struct text sql;
    size_t i, n = table_account.count;

    text_init(&sql, LIMIT_JSON_BYTES);
    text_string(&sql, "INSERT INTO account (");
    for (i = 0; i < n; i++)
        text_format(&sql, "%s%s", i ? ", " : "", table_account.columns[i].name);
    text_string(&sql, ") VALUES (");
    for (i = 1; i <= n; i++)
        text_format(&sql, "%s$%zu", i > 1 ? ", " : "", i);
    text_string(&sql, ") ON CONFLICT (id) DO UPDATE SET ");
    for (i = 1; i < n; i++)
        text_format(&sql, "%s%s = EXCLUDED.%s", i > 1 ? ", " : "", table_account.columns[i].name,
                    table_account.columns[i].name);
    return text_take(&sql, NULL);
}

void journal_statements(struct journal_pg *j)
{
    static const char *const names[JOURNAL_STATEMENT_COUNT_] = {
        "begin",    "advance",    "leaf",      "leaves",   "node",    "checkpoint", "signal",
        "position", "order",      "fill",      "trade",    "cash",    "equity",     "daily",
        "slot",     "activation", "ext_value", "ext_drop", "account", "commit",
    };
    char *sql[JOURNAL_STATEMENT_COUNT_] = {
        [STATEMENT_BEGIN] = xstrdup("BEGIN"),
        [STATEMENT_ADVANCE] = xstrdup("SELECT log_advance($1, $2, $3, $4, $5, $6, $7, $8)"),
        [STATEMENT_LEAF] = xstrdup(LEAF_SQL),
        [STATEMENT_LEAVES] = xstrdup(LEAVES_SQL),
        [STATEMENT_NODE] = xstrdup(NODE_SQL),
        [STATEMENT_CHECKPOINT] = xstrdup(CHECKPOINT_SQL),
        [STATEMENT_SIGNAL] = table_sql(&table_signal, "log_idx", false, ""),
        [STATEMENT_POSITION] = table_sql(&table_position, NULL, true, ""),
        [STATEMENT_ORDER] = table_sql(&table_order, NULL, true, ""),
        [STATEMENT_FILL] = table_sql(&table_fill, NULL, false, ""),
        [STATEMENT_TRADE] = xstrdup("INSERT INTO trade (account, id, log_idx) VALUES ($1, $2, $3)"),
        [STATEMENT_CASH] = table_sql(&table_cash, "log_idx", false, ""),
        [STATEMENT_EQUITY] = table_sql(&table_equity, NULL, false, EQUITY_CONFLICT_SQL),
        [STATEMENT_DAILY] = xstrdup(DAILY_SQL),
        [STATEMENT_SLOT] = table_sql(&table_slot, NULL, true, ""),
        /* Overwritten too: without leaves a batch that is given again is not recognised. */
        [STATEMENT_ACTIVATION] = table_sql(&table_activation, NULL, true, ""),
        [STATEMENT_EXT_VALUE] = table_sql(&table_ext_value, NULL, true, ""),
        [STATEMENT_EXT_DROP] =
            xstrdup("DELETE FROM ext_value WHERE account = $1 AND name = $2 AND symbol = $3"),
        [STATEMENT_ACCOUNT] = account_sql(),
        [STATEMENT_COMMIT] = xstrdup("COMMIT"),
    };

    for (int i = 0; i < JOURNAL_STATEMENT_COUNT_; i++)
        j->statements[i] = (struct pg_statement){.name = names[i], .sql = sql[i]};
}

/* ---- The session and its lock ---- */

int64_t journal_lock_key(const char *account)
{
    struct digest d;
    uint64_t key = 0;

    digest_prefixed('L', account, strlen(account), &d);
    for (int i = 0; i < 8; i++)
        key = key << 8 | d.bytes[i];
    return (int64_t)key;
}

static enum err journal_try_lock(struct journal_pg *j, bool *locked)
{
    struct pg_params params;
    PGresult *r = NULL;
    enum err e;

    params_init(&params);
    params_integer(&params, j->lock_key);
    e = pg_exec(&j->pg, "SELECT pg_try_advisory_lock($1::bigint)", &params, journal_deadline(j),
                &r);
    if (!e)
        *locked = result_bool(r, 0, 0);
    PQclear(r);
    return e;
}

/* After a broken network the server may keep our old session, and its lock, for minutes; and who
 * has taken the account's lease over need not wait for a session that its last holder left. */
static enum err journal_end_old_session(struct journal_pg *j)
{
    struct pg_params params;

    params_init(&params);
    params_integer(&params, j->backend);
    params_integer(&params, j->lock_key);
    params_bool(&params, j->seizes);
    return pg_exec(
        &j->pg,
        "SELECT pg_terminate_backend(pid) FROM pg_locks"
        " WHERE (pid = $1::bigint::int OR $3) AND locktype = 'advisory' AND pid <> pg_backend_pid()"
        " AND (classid::bigint << 32 | objid::bigint) = $2",
        &params, journal_deadline(j), NULL);
}

static enum err journal_lock(struct journal_pg *j)
{
    int64_t until_us = clock_monotonic_us() + lock_wait_us;
    const struct timespec pause = {.tv_nsec = lock_poll_us * 1000};
    bool locked = false;
    enum err e;

    for (;;) {
        e = journal_try_lock(j, &locked);
        if (e || locked)
            break;
        if ((j->backend || j->seizes) && (e = journal_end_old_session(j)) != ERR_OK)
            break;
        if (clock_monotonic_us() >= until_us)
            return ERR_DB_FENCED;
        (void)nanosleep(&pause, NULL);
    }
    if (!e)
        j->backend = PQbackendPID(j->pg.conn);
    return e;
}

static enum err journal_connect(struct journal_pg *j)
{
    int64_t deadline_us = journal_deadline(j);
    enum err e = pg_connect(&j->pg, j->target, deadline_us, NULL);

    if (!e)
        e = journal_lock(j);
    for (int i = 0; i < JOURNAL_STATEMENT_COUNT_ && !e; i++)
        e = pg_prepare(&j->pg, &j->statements[i], journal_deadline(j));
    if (e) {
        /* A session without the lock must not live on and be taken for one that has it. */
        j->pg.broken = true;
    }
    return e;
}

enum err journal_ready(struct journal_pg *j)
{
    enum err e;

    if (pg_is_alive(&j->pg))
        return ERR_OK;
    if (clock_monotonic_us() < j->connect_at_us)
        return ERR_DB_UNAVAILABLE;
    e = journal_connect(j);
    if (!e) {
        j->backoff_us = JOURNAL_BACKOFF_US;
        j->connect_at_us = 0;
        atomic_fetch_add(&j->stats.reconnects, 1);
        LOG_INFO("journal_connected", "account", j->account, NULL);
        return ERR_OK;
    }
    j->connect_at_us = clock_monotonic_us() + j->backoff_us;
    j->backoff_us = j->backoff_us * 2 > backoff_most_us ? backoff_most_us : j->backoff_us * 2;
    return e;
}
