/* SPDX-License-Identifier: Apache-2.0 */
/* The private PostgreSQL cluster: made, started and stopped by the daemon when it is given none.
 *
 * Unix socket only, peer authentication, fsync on, never as root (it drops to an unprivileged
 * user), and it dies with the daemon (PR_SET_PDEATHSIG).  Start and liveness are judged by PQping.
 * Call start and stop from the main thread: PDEATHSIG follows the thread that forked. */
#ifndef STORE_PRIVATE_PG_H
#define STORE_PRIVATE_PG_H

#include "core/error.h"

struct private_pg;

/* Finds the server's programs, makes the cluster below data_dir/pg when absent (in a temporary
 * folder renamed when complete), waits for an old postmaster to end, starts postgres and waits
 * until it answers.  url gets the conninfo of its database "traderd".  Diags say what failed. */
MUST_USE enum err private_pg_start(const char *data_dir, struct diag_list *diags,
                                   struct private_pg **out, char *url, size_t capacity);
/* True while the postmaster runs; when it died on its own it is started again (with backoff) by
 * this call, which the main loop makes every second. */
bool private_pg_tend(struct private_pg *p);
/* Fast shutdown, waits at most 10 s, then immediate. */
void private_pg_stop(struct private_pg *p);

#endif
