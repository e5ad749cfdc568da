/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the store on DATABASE_URL or on a cluster of its own; nothing else knows the difference. */
#include "server/database.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

enum {
    URL_MAX = 2048
};

/* ccxt's names of the venues; paper on a venue's candles is an account of its own. */
void database_account(const struct config *c, char account[LIMIT_NAME])
{
    static const char *const venues[] = {"sim", "binance", "binanceusdm"};

    snprintf(account, LIMIT_NAME, "%s-%s-%s", venues[config_enum(c, CONFIG_venue)],
             config_text(c, CONFIG_mode), config_text(c, CONFIG_account_label));
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

static enum err open_store(const struct config *c, struct store_options *options,
                           struct diag_list *diags, struct database *d)
{
    enum err e;

    options->connections = (int)config_integer(c, CONFIG_database_connections);
    options->timeout_us = config_integer(c, CONFIG_database_timeout_ms) * US_PER_MS;
    options->has_lease = d->lease != NULL;
    e = store_open(options, diags, &d->store);

    if (!e)
        d->journal = store_journal(d->store);
    return e;
}

static enum err take_lease(const struct config *c, const struct database_owner *owner,
                           const char *url, struct diag_list *diags, struct lease **out)
{
    const struct lease_options options = {
        .database_url = url,
        .account = owner->account,
        .owner = owner->owner,
        .holder = owner->holder,
        .length_us = config_integer(c, CONFIG_lease_s) * US_PER_S,
        .timeout_us = config_integer(c, CONFIG_database_timeout_ms) * US_PER_MS,
    };
    struct lease_holder other;
    enum err e = store_prepare(url, diags);

    if (!e)
        e = lease_open(&options, diags, out);
    if (!e)
        e = lease_take(*out, &other);
    if (e == ERR_AGAIN)
        e = owner->stand_by(owner->context, *out, &other, diags);
    return e ? e : lease_keep(*out);
}

enum err database_open(const struct config *c, const char *data_dir, const char *account,
                       struct diag_list *diags, struct database *out)
{
    struct database d = {0};
    char url[URL_MAX];
    struct store_options options = {
        .database_url = url, .data_dir = data_dir, .account_id = account};
    enum err e = database_url(c, data_dir, diags, &d.cluster, url, sizeof url);

    if (!e)
        e = open_store(c, &options, diags, &d);
    explicit_bzero(url, sizeof url);
    if (e)
        database_close(&d);
    else
        *out = d;
    return e;
}

enum err database_open_leased(const struct config *c, const char *data_dir,
                              const struct database_owner *owner, struct diag_list *diags,
                              struct database *out)
{
    struct database d = {0};
    char url[URL_MAX];
    struct store_options options = {.database_url = url,
                                    .data_dir = data_dir,
                                    .account_id = owner->account,
                                    .signer = owner->signer};
    enum err e = database_url(c, data_dir, diags, &d.cluster, url, sizeof url);

    if (!e)
        e = take_lease(c, owner, url, diags, &d.lease);
    if (!e)
        e = open_store(c, &options, diags, &d);
    explicit_bzero(url, sizeof url);
    if (e)
        database_close(&d);
    else
        *out = d;
    return e;
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
    /* After the last write: whoever gets it next finds everything there. */
    lease_close(d->lease);
    if (d->cluster)
        private_pg_stop(d->cluster);
    *d = (struct database){0};
}
