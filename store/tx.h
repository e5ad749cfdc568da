/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that begins, commits and rolls back transactions of the API's connections.
 *
 * (The journal's commit is a pipeline of its own, store/journal_pg.c.) */
#ifndef STORE_TX_H
#define STORE_TX_H

#include "store/pg.h"

enum tx_level {
    TX_READ_COMMITTED,
    TX_REPEATABLE_READ,
    TX_SERIALIZABLE
};

/* What happens inside; it may run several times, so it must set all it gives out anew each time.
 * Any error rolls back. */
struct tx_body {
    enum err (*run)(struct pg *pg, void *context, int64_t deadline_us);
    void *context;
};

/* Runs the body in a transaction and commits.  After a serialization failure or a deadlock it is
 * run again, five times at most and within the deadline: then ERR_DB_BUSY.  ERR_DB_UNAVAILABLE
 * after a lost connection, or when the server did not wait for its standby (pg_committed): whether
 * it was committed for good is unknown. */
MUST_USE enum err tx_run(struct pg *pg, enum tx_level level, const struct tx_body *body,
                         int64_t deadline_us, uint64_t *retries);

#endif
