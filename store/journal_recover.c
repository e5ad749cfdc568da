/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a restart needs, in one snapshot, and takes the account over by a new epoch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "store/journal_parts.h"
#include "store/log_tree.h"
#include "store/tables.h"
#include "store/tx.h"

/* A restart may read thousands of rows and years of daily marks. */
static const int64_t recover_us = 60 * US_PER_S;

struct recover_context {
    const char *account;
    const struct log_signer *signer;
    int64_t epoch;
    struct merkle_frontier frontier;
    struct recovery made;
};

/* SELECT of a table's columns for the account; `where` continues the condition. */
static enum err recover_select(struct pg *pg, const struct table *t, const char *account,
                               const char *where, int64_t deadline_us, PGresult **out)
{
    struct pg_params p;
    struct text sql;
    enum err e;

    text_init(&sql, LIMIT_JSON_BYTES);
    text_string(&sql, "SELECT ");
    table_select_list(t, "t", &sql);
    text_format(&sql, " FROM %s t WHERE %s", t->name, where);
    params_init(&p);
    params_text(&p, account);
    e = pg_exec(pg, sql.data, &p, deadline_us, out);
    text_release(&sql);
    return e;
}

static enum err recover_rows(struct pg *pg, const struct table *t, const char *where,
                             const struct recover_context *c, void **rows, size_t *count)
{
    PGresult *r = NULL;
    char *made;
    int n;
    enum err e;

    e = recover_select(pg, t, c->account, where, clock_monotonic_us() + recover_us, &r);
    if (e)
        return e;
    n = PQntuples(r);
    made = xcalloc((size_t)n + 1, t->row_size);
    for (int i = 0; i < n && !e; i++)
        e = table_get(t, r, i, 0, made + (size_t)i * t->row_size);
    PQclear(r);
    if (e) {
        free(made);
        return e;
    }
    *rows = made;
    *count = (size_t)n;
    return ERR_OK;
}

static enum err recover_epoch(struct pg *pg, struct recover_context *c, int64_t deadline_us,
                              int64_t *size)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, c->account);
    e = pg_exec(pg,
                "UPDATE log_state SET epoch = epoch + 1 WHERE account = $1"
                " RETURNING epoch, size,"
                " (SELECT coalesce(max(idx) + 1, 0) FROM log_entry WHERE account = $1)",
                &p, deadline_us, &r);
    if (e)
        return e;
    c->made.exists = PQntuples(r) == 1;
    c->epoch = c->made.exists ? result_integer(r, 0, 0) : 1;
    *size = c->made.exists ? result_integer(r, 0, 1) : 0;
    if (c->made.exists && result_integer(r, 0, 2) != *size) {
        LOG_ERROR("log_damaged", "account", c->account, "state", LOG_NUMBER(*size), "entries",
                  LOG_NUMBER(result_integer(r, 0, 2)), NULL);
        e = ERR_DB_QUERY;
    }
    PQclear(r);
    return e;
}

static enum err recover_account(struct pg *pg, struct recover_context *c, int64_t size)
{
    PGresult *r = NULL;
    enum err e;

    e = recover_select(pg, &table_account, c->account, "t.id = $1",
                       clock_monotonic_us() + recover_us, &r);
    /* A log that was imported into an empty database: the account is to be begun. */
    if (!e && PQntuples(r) == 0)
        c->made.exists = false;
    else if (!e)
        e = table_get(&table_account, r, 0, 0, &c->made.account);
    PQclear(r);
    if (!e && c->made.account.log_size < size)
        LOG_WARN("account_behind_log", "account", c->account, "log", LOG_NUMBER(size),
                 "account_row", LOG_NUMBER(c->made.account.log_size), NULL);
    if (!e && c->made.account.log_size > size) {
        LOG_ERROR("log_damaged", "account", c->account, "state", LOG_NUMBER(size), "account_row",
                  LOG_NUMBER(c->made.account.log_size), NULL);
        e = ERR_DB_QUERY;
    }
    return e;
}

static enum err recover_daily(struct pg *pg, struct recover_context *c, int64_t deadline_us)
{
    struct pg_params p;
    PGresult *r = NULL;
    struct money equity;
    enum err e;

    params_init(&p);
    params_text(&p, c->account);
    e = pg_exec(pg, "SELECT day, equity::text FROM daily_equity WHERE account = $1 ORDER BY day",
                &p, deadline_us, &r);
    for (int i = 0; !e && i < PQntuples(r); i++) {
        e = result_amount(r, i, 1, &equity.e12);
        if (!e)
            daily_equity_append(&c->made.daily, result_integer(r, i, 0), equity);
    }
    PQclear(r);
    return e;
}

/* Documents of all that still trades, or manages a position. */
static enum err recover_documents(struct pg *pg, struct recover_context *c, int64_t deadline_us)
{
    struct pg_params p;
    PGresult *r = NULL;
    size_t n;
    enum err e;

    params_init(&p);
    params_text(&p, c->account);
    e = pg_exec(pg,
                "SELECT id, document FROM strategy WHERE id IN"
                " (SELECT strategy_id FROM strategy_slot WHERE account = $1 AND state <> 'ended'"
                " UNION SELECT next_id FROM strategy_slot WHERE account = $1 AND state <> 'ended'"
                " UNION SELECT strategy_id FROM position WHERE account = $1 AND status = 'open')"
                " ORDER BY ordinal",
                &p, deadline_us, &r);
    if (e)
        return e;
    n = (size_t)PQntuples(r);
    c->made.documents = xcalloc(n + 1, sizeof(*c->made.documents));
    for (size_t i = 0; i < n; i++) {
        struct recovered_document *d = &c->made.documents[i];

        result_text(r, (int)i, 0, d->id, sizeof(d->id));
        d->canonical = result_copy(r, (int)i, 1, &d->length);
    }
    c->made.document_count = n;
    PQclear(r);
    return ERR_OK;
}

/* The strategies that trade, what came from outside, and what cooldowns count from. */
static enum err recover_strategies(struct pg *pg, struct recover_context *c, int64_t deadline_us)
{
    void *rows = NULL;
    enum err e;

    e = recover_rows(pg, &table_slot, "t.account = $1 AND t.state <> 'ended' ORDER BY t.ordinal", c,
                     &rows, &c->made.slot_count);
    if (e)
        return e;
    c->made.slots = rows;
    e = recover_rows(pg, &table_ext_value,
                     "t.account = $1 ORDER BY t.name COLLATE \"C\", t.symbol COLLATE \"C\"", c,
                     &rows, &c->made.ext_value_count);
    if (e)
        return e;
    c->made.ext_values = rows;
    e = recover_rows(pg, &table_position,
                     "t.account = $1 AND t.id IN (SELECT max(id) FROM position WHERE account = $1"
                     " AND status = 'closed' GROUP BY strategy, symbol) ORDER BY t.id",
                     c, &rows, &c->made.closed_count);
    if (e)
        return e;
    c->made.closed = rows;
    return recover_documents(pg, c, deadline_us);
}

/* Fees in assets that are neither quote nor base, by asset. */
static enum err recover_fees(struct pg *pg, struct recover_context *c)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, c->account);
    e = pg_exec(pg,
                "SELECT fee_currency, sum(fee)::text FROM fill WHERE account = $1 AND fee <> 0"
                " AND fee_currency <> '' AND fee_currency <>"
                " split_part(split_part(symbol, '/', 2), ':', 1) AND (symbol LIKE '%:%'"
                " OR fee_currency <> split_part(symbol, '/', 1)) GROUP BY 1 ORDER BY 1",
                &p, clock_monotonic_us() + recover_us, &r);
    for (int i = 0; !e && i < PQntuples(r); i++) {
        char currency[LIMIT_ASSET];
        struct money sum;

        result_text(r, i, 0, currency, sizeof(currency));
        e = result_amount(r, i, 1, &sum.e12);
        if (!e)
            fee_sums_add(&c->made.other_fees, currency, sum);
    }
    PQclear(r);
    return e;
}

/* What ended lately, its fills, and funding that was told: by id, as all that a restart reads. */
static enum err recover_newest(struct pg *pg, struct recover_context *c)
{
    char where[160];
    void *rows = NULL;
    enum err e;

    (void)snprintf(where, sizeof(where),
                   "t.account = $1 AND t.is_final AND t.id > (SELECT max(id) - %d FROM orders"
                   " WHERE account = $1) ORDER BY t.id",
                   RECOVERY_ENDED);
    e = recover_rows(pg, &table_order, where, c, &rows, &c->made.ended_count);
    if (e)
        return e;
    c->made.ended = rows;
    (void)snprintf(where, sizeof(where),
                   "t.account = $1 AND t.id > (SELECT max(id) - %d FROM fill WHERE account = $1)"
                   " ORDER BY t.id",
                   RECOVERY_FILLS);
    e = recover_rows(pg, &table_fill, where, c, &rows, &c->made.fill_count);
    if (e)
        return e;
    c->made.fills = rows;
    (void)snprintf(where, sizeof(where),
                   "t.account = $1 AND t.venue_id <> '' AND t.id > (SELECT max(id) - %d FROM"
                   " cash_move WHERE account = $1) ORDER BY t.id",
                   RECOVERY_INCOMES);
    e = recover_rows(pg, &table_cash, where, c, &rows, &c->made.income_count);
    if (e)
        return e;
    c->made.incomes = rows;
    return recover_fees(pg, c);
}

static enum err recover_body(struct pg *pg, void *context, int64_t deadline_us)
{
    struct recover_context *c = context;
    void *rows = NULL;
    int64_t size = 0;
    enum err e;

    recovery_release(&c->made);
    c->made = (struct recovery){0};
    c->frontier = (struct merkle_frontier){0};
    e = recover_epoch(pg, c, deadline_us, &size);
    if (e || !c->made.exists)
        return e;
    e = log_tree_load(pg, c->account, c->signer, &c->frontier);
    if (!e)
        e = recover_account(pg, c, size);
    if (!e && !c->made.exists)
        return ERR_OK;
    if (!e)
        e = recover_rows(pg, &table_order, "t.account = $1 AND NOT t.is_final ORDER BY t.id", c,
                         &rows, &c->made.order_count);
    if (e)
        return e;
    c->made.orders = rows;
    e = recover_rows(pg, &table_position, "t.account = $1 AND t.status = 'open' ORDER BY t.id", c,
                     &rows, &c->made.position_count);
    if (e)
        return e;
    c->made.positions = rows;
    e = recover_newest(pg, c);
    if (!e)
        e = recover_strategies(pg, c, deadline_us);
    return e ? e : recover_daily(pg, c, deadline_us);
}

enum err journal_recover(void *self, const char *account_id, struct recovery *out)
{
    struct journal_pg *j = self;
    struct recover_context c = {.account = account_id, .signer = j->signer};
    const struct tx_body body = {.run = recover_body, .context = &c};
    enum err e;

    if (strcmp(j->account, account_id) != 0) {
        /* Another account has another lock: the old session ends with the old one. */
        pg_close(&j->pg);
        j->backend = 0;
        j->epoch = 0;
        (void)copy_text(j->account, sizeof(j->account), account_id);
        j->lock_key = journal_lock_key(account_id);
    }
    e = journal_ready(j);
    if (!e)
        e = journal_drain(j);
    if (!e)
        e = tx_run(&j->pg, TX_READ_COMMITTED, &body, clock_monotonic_us() + recover_us, NULL);
    if (e) {
        recovery_release(&c.made);
        return e;
    }
    j->epoch = c.epoch;
    j->frontier = c.frontier;
    j->account_size = c.made.exists ? c.made.account.log_size : 0;
    *out = c.made;
    out->epoch = c.epoch;
    return ERR_OK;
}

enum err journal_has_leaves(struct journal_pg *j, const struct journal_batch *b, size_t count)
{
    int64_t first = b->account.log_size - (int64_t)b->leaf_count;
    struct pg_params p;
    PGresult *r = NULL;
    struct digest found;
    enum err e;

    params_init(&p);
    params_text(&p, b->account.id);
    params_integer(&p, first);
    params_integer(&p, first + (int64_t)count);
    e = pg_exec(&j->pg,
                "SELECT leaf_hash FROM log_entry WHERE account = $1 AND idx >= $2 AND idx < $3"
                " ORDER BY idx",
                &p, journal_deadline(j), &r);
    if (!e && (size_t)PQntuples(r) != count)
        e = ERR_LOG_DIFFERS;
    for (size_t i = 0; i < count && !e; i++) {
        if (result_digest(r, (int)i, 0, &found) ||
            memcmp(&found, &b->leaves[i].leaf_hash, sizeof(found)) != 0)
            e = ERR_LOG_DIFFERS;
    }
    PQclear(r);
    return e;
}

enum err journal_is_in_log(struct journal_pg *j, const struct journal_batch *b)
{
    int64_t first = b->account.log_size - (int64_t)b->leaf_count;
    struct pg_params p;
    PGresult *r = NULL;
    struct digest found;
    enum err e;

    params_init(&p);
    params_text(&p, b->account.id);
    params_integer(&p, b->account.log_size);
    params_integer(&p, first);
    params_integer(&p, j->epoch);
    e = pg_exec(&j->pg,
                "SELECT e.leaf_hash FROM log_entry e JOIN log_state s ON s.account = e.account"
                " WHERE e.account = $1 AND s.size = $2 AND s.epoch = $4 AND e.idx >= $3"
                " ORDER BY e.idx",
                &p, clock_monotonic_us() + j->timeout_us, &r);
    if (e)
        return e;
    if (b->leaf_count == 0 || (size_t)PQntuples(r) != b->leaf_count)
        e = ERR_DB_FENCED;
    for (int i = 0; !e && i < PQntuples(r); i++) {
        if (result_digest(r, i, 0, &found) ||
            memcmp(&found, &b->leaves[i].leaf_hash, sizeof(found)) != 0)
            e = ERR_DB_FENCED;
    }
    PQclear(r);
    return e;
}

enum err journal_confirm(struct journal_pg *j, const char *account, int64_t epoch)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    params_integer(&p, epoch);
    /* A row is written, if only with what it was: a commit that wrote nothing does not wait. */
    e = pg_exec(&j->pg, "UPDATE log_state SET epoch = epoch WHERE account = $1 AND epoch = $2", &p,
                journal_deadline(j), &r);
    if (!e)
        e = pg_committed(&j->pg);
    if (!e && strcmp(PQcmdTuples(r), "1") != 0)
        e = ERR_DB_FENCED;
    PQclear(r);
    return e;
}
