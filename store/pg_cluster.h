/* SPDX-License-Identifier: Apache-2.0 */
/* The private cluster's place on disk: folders, locks, access rules, and the cluster itself.
 *
 *   base/owner.lock    held by the daemon
 *   base/server.lock   inherited by initdb and the postmaster: free only when they are gone
 *   base/hba.conf ident.conf   written anew at each start
 *   base/data          the cluster; base/data.tmp while initdb makes it
 *   base/socket        its only way in (or a short folder in /tmp)
 *   base/pg.log        what it says
 *
 * base is data_dir/pg; where the cluster's user cannot get there, /var/lib/traderd/pg-<id>, with
 * the id kept in data_dir/pg/cluster.id. */
#ifndef STORE_PG_CLUSTER_H
#define STORE_PG_CLUSTER_H

#include "store/pg_process.h"

struct pg_cluster {
    struct pg_user user;
    char base[LIMIT_PATH];
    char socket[LIMIT_PATH];
    char programs[LIMIT_PATH];
    int owner_fd; /* -1: not open, as the next two */
    int server_fd;
    int log_fd;
};

/* Everything up to a cluster that is ready to be started; on return both locks are held.
 * ERR_CONFLICT when another daemon uses it; ERR_IO, ERR_NOT_FOUND; a diag says what. */
MUST_USE enum err pg_cluster_prepare(const char *data_dir, struct diag_list *diags,
                                     struct pg_cluster *out);
/* Takes the lock that the postmaster inherits; waits for an old one to end, and after eight seconds
 * tells it to. */
MUST_USE enum err pg_cluster_lock_server(struct pg_cluster *c, int64_t wait_us);
void pg_cluster_unlock_server(struct pg_cluster *c); /* our copy of the lock only */
/* Begins the server's log anew when it has grown too large. */
void pg_cluster_bound_log(struct pg_cluster *c);
/* The end of the server's log, for a diag. */
void pg_cluster_log_tail(const struct pg_cluster *c, char *text, size_t capacity);
void pg_cluster_release(struct pg_cluster *c);

#endif
