/* SPDX-License-Identifier: Apache-2.0 */
/* The database of a process: the configured one, or the private cluster. */
#ifndef SERVER_DATABASE_H
#define SERVER_DATABASE_H

#include "core/config.h"
#include "store/lease.h"
#include "store/private_pg.h"
#include "store/store.h"

struct database {
    struct private_pg *cluster; /* NULL: DATABASE_URL is used */
    struct lease *lease;        /* of who trades; NULL: a command without a daemon */
    struct store *store;
    struct journal journal;
};

/* Who wants the lease.  When somebody else has it, stand_by waits until it is ours or ends with an
 * error. */
struct database_owner {
    const char *account;
    const struct log_signer *signer; /* of the account's log; outlives the database */
    const char *owner, *holder;      /* instance_name */
    enum err (*stand_by)(void *context, struct lease *lease, const struct lease_holder *holder,
                         struct diag_list *diags);
    void *context;
};

/* "sim-paper-<label>", "binance-live-<label>": the account this configuration trades. */
void database_account(const struct config *c, char account[LIMIT_NAME]);

/* The URL only: starts the private cluster when none is configured. */
MUST_USE enum err database_url(const struct config *c, const char *data_dir,
                               struct diag_list *diags, struct private_pg **cluster, char *url,
                               size_t capacity);
MUST_USE enum err database_open(const struct config *c, const char *data_dir, const char *account,
                                struct diag_list *diags, struct database *out);
/* The same for who trades the account: takes its lease first, and keeps it until database_close. */
MUST_USE enum err database_open_leased(const struct config *c, const char *data_dir,
                                       const struct database_owner *owner, struct diag_list *diags,
                                       struct database *out);
void database_tend(struct database *d);
void database_close(struct database *d);

#endif
