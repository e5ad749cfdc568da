/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a server, never past a deadline; only the pg*.c files include it. */
#ifndef STORE_PG_WAIT_H
#define STORE_PG_WAIT_H

#include "store/pg.h"

/* Sends all that is queued, reading meanwhile. */
MUST_USE enum err pg_flush(struct pg *pg, int64_t deadline_us);
/* The next result; NULL: there is none. */
MUST_USE enum err pg_next(struct pg *pg, int64_t deadline_us, PGresult **out);
/* Until something can be read. */
MUST_USE enum err pg_await_input(struct pg *pg, int64_t deadline_us);
/* The answer to one statement: its last good result (NULL: not wanted), or the first error. */
MUST_USE enum err pg_collect(struct pg *pg, int64_t deadline_us, PGresult **out);

#endif
