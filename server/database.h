/* SPDX-License-Identifier: Apache-2.0 */
/* The database of a process: the configured one, or the private cluster. */
#ifndef SERVER_DATABASE_H
#define SERVER_DATABASE_H

#include "core/config.h"
#include "store/private_pg.h"
#include "store/store.h"

struct database {
    struct private_pg *cluster; /* NULL: DATABASE_URL is used */
    struct store *store;
    struct journal journal;
};

/* "sim-paper-<label>": the account this configuration trades. */
void database_account(const struct config *c, char account[LIMIT_NAME]);

/* The URL only: starts the private cluster when none is configured. */
MUST_USE enum err database_url(const struct config *c, const char *data_dir,
                               struct diag_list *diags, struct private_pg **cluster, char *url,
                               size_t capacity);
MUST_USE enum err database_open(const struct config *c, const char *data_dir, const char *account,
                                struct diag_list *diags, struct database *out);
void database_tend(struct database *d);
void database_close(struct database *d);

#endif
