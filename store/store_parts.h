/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a store and what its query files share; nothing outside store/ includes it. */
#ifndef STORE_STORE_PARTS_H
#define STORE_STORE_PARTS_H

#include "store/columns.h"
#include "store/journal_pg.h"
#include "store/log_check.h"
#include "store/pool.h"
#include "store/store.h"
#include "store/tx.h"

struct store {
    char *url, *data_dir;
    char account[LIMIT_NAME];
    int64_t timeout_us;
    int migration_count;
    struct pg_target target;
    struct pool *pool;
    struct journal_pg *journal;
    struct jsonl *jsonl;
    struct spool *spool;
    struct log_finding fault;   /* of the start */
    _Atomic(char *) late_fault; /* found out by others since; owned, NULL: none */
    atomic_ullong retries, errors;
};

/* One statement on a connection of the pool, with the store's time-out; out may be NULL.  Where
 * `again` is set (statements that may run twice) it is tried once more on another connection
 * after the first was lost. */
MUST_USE enum err store_exec(struct store *s, const char *sql, const struct pg_params *params,
                             bool again, PGresult **out);
/* A transaction on a connection of the pool. */
MUST_USE enum err store_tx(struct store *s, enum tx_level level, const struct tx_body *body);
/* How many rows a statement without results has changed. */
int64_t store_changed(const PGresult *r);

/* What the files log.jsonl and trades.jsonl are filled from: store/log_store.c. */
struct jsonl_source store_jsonl_source(struct store *s);

#endif
