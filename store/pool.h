/* SPDX-License-Identifier: Apache-2.0 */
/* A fixed number of connections shared by threads; lost ones are made anew by a thread of its own.
 *
 * One mutex.  A caller waits for a free connection until its deadline (ERR_DB_BUSY); while the
 * server is known to be away it fails at once (ERR_DB_UNAVAILABLE) and the maintainer keeps
 * trying, 0.1 s apart at first and 5 s at most. */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include "store/pg.h"

struct pool;

/* Makes all connections at once; fails when one cannot be made.  The target must outlive it. */
MUST_USE enum err pool_open(const struct pg_target *target, int connections, int64_t timeout_us,
                            struct diag_list *diags, struct pool **out);
/* Nobody may hold a connection any more. */
void pool_close(struct pool *p);
MUST_USE enum err pool_take(struct pool *p, int64_t deadline_us, struct pg **out);
/* Gives it back; an open transaction is rolled back, a broken connection goes to the maintainer. */
void pool_give(struct pool *p, struct pg *pg);

struct pool_stats {
    int connections, in_use, broken;
    uint64_t reconnects;
};
void pool_stats(struct pool *p, struct pool_stats *out);

#endif
