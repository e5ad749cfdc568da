/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the store on DATABASE_URL or on a cluster of its own; nothing else knows the difference. */
#include "server/database.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"

enum {
    URL_MAX = 2048
};

void database_account(const struct config *c, char account[LIMIT_NAME])
{
    snprintf(account, LIMIT_NAME, "sim-paper-%s", config_text(c, CONFIG_account_label));
}

enum err database_url(const struct config *c, const char *data_dir, struct diag_list *diags,
                      struct private_pg **cluster, char *url, size_t capacity)
{
    const char *configured = config_text(c, CONFIG_database_url);

    if (!*configured)
        return private_pg_start(data_dir, diags, cluster, url, capacity);
    if (!copy_text(url, capacity, configured)) {
        diag_add(diags, "database_url", "limit_exceeded", "the URL is too long");
        return ERR_LIMIT;
    }
    return ERR_OK;
}

enum err database_open(const struct config *c, const char *data_dir, const char *account,
                       struct diag_list *diags, struct database *out)
{
    struct database d = {0};
    char url[URL_MAX];
    struct store_options options = {
        .database_url = url,
        .connections = (int)config_integer(c, CONFIG_database_connections),
        .timeout_us = config_integer(c, CONFIG_database_timeout_ms) * US_PER_MS,
        .data_dir = data_dir,
        .account_id = account,
    };
    enum err e = database_url(c, data_dir, diags, &d.cluster, url, sizeof url);

    if (!e)
        e = store_open(&options, diags, &d.store);
    explicit_bzero(url, sizeof url);
    if (e) {
        database_close(&d);
        return e;
    }
    d.journal = store_journal(d.store);
    *out = d;
    return ERR_OK;
}

void database_tend(struct database *d)
{
    if (d->cluster && !private_pg_tend(d->cluster))
        LOG_WARN("private_cluster_down", NULL);
}

void database_close(struct database *d)
{
    if (d->store)
        store_close(d->store);
    if (d->cluster)
        private_pg_stop(d->cluster);
    *d = (struct database){0};
}
