/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the store: checks the server, migrates, takes the account, levels the files. */
#include "store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "store/checkpoint_file.h"
#include "store/migrate.h"
#include "store/store_parts.h"

static const int64_t setup_us = 30 * US_PER_S;

static struct migration_list migrations(void)
{
    return (struct migration_list){.items = embedded_migrations, .count = embedded_migration_count};
}

/* ---- Statements for the query files ---- */

enum err store_exec(struct store *s, const char *sql, const struct pg_params *params, bool again,
                    PGresult **out)
{
    int64_t deadline_us = clock_monotonic_us() + s->timeout_us;
    enum err e;

    for (int i = 0;; i++) {
        struct pg *pg = NULL;
        bool lost;

        e = pool_take(s->pool, deadline_us, &pg);
        if (e)
            break;
        e = pg_exec(pg, sql, params, deadline_us, out);
        lost = pg->broken;
        pool_give(s->pool, pg);
        if (e != ERR_DB_UNAVAILABLE || !lost || !again || i > 0 ||
            clock_monotonic_us() >= deadline_us)
            break;
        atomic_fetch_add(&s->retries, 1);
    }
    if (e)
        atomic_fetch_add(&s->errors, 1);
    return e;
}

enum err store_tx(struct store *s, enum tx_level level, const struct tx_body *body)
{
    int64_t deadline_us = clock_monotonic_us() + s->timeout_us;
    uint64_t retries = 0;
    struct pg *pg = NULL;
    enum err e = pool_take(s->pool, deadline_us, &pg);

    if (e)
        return e;
    e = tx_run(pg, level, body, deadline_us, &retries);
    pool_give(s->pool, pg);
    atomic_fetch_add(&s->retries, retries);
    return e;
}

int64_t store_changed(const PGresult *r)
{
    return strtoll(PQcmdTuples((PGresult *)(uintptr_t)r), NULL, 10);
}

/* ---- Opening ---- */

static enum err setup_connect(const char *url, struct diag_list *diags, struct pg_target *target,
                              struct pg *pg)
{
    enum err e = pg_target_init(target, url, 0, diags);

    if (e)
        return e;
    e = pg_connect(pg, target, clock_monotonic_us() + setup_us, NULL);
    if (e) {
        diag_hint(diag_add(diags, "database_url", err_code(e), "cannot connect: %s", pg->message),
                  "is the server running, and is the URL right?");
        pg_close(pg);
        pg_target_release(target);
    }
    return e;
}

/* Durability is promised, so it must not be switched off behind our back. */
static enum err setup_check(struct pg *pg, struct diag_list *diags)
{
    PGresult *r = NULL;
    enum err e;

    e = pg_exec(pg,
                "SELECT current_setting('fsync') = 'on',"
                " current_setting('full_page_writes') = 'on',"
                " current_setting('synchronous_commit') <> 'off',"
                " current_setting('server_version_num')::bigint,"
                " current_setting('server_encoding') = 'UTF8'",
                NULL, clock_monotonic_us() + setup_us, &r);
    if (e) {
        (void)diag_add(diags, "database_url", err_code(e), "cannot read settings: %s", pg->message);
        return e;
    }
    if (!result_bool(r, 0, 0) || !result_bool(r, 0, 2)) {
        diag_hint(diag_add(diags, "database_url", "not_durable",
                           "the server has fsync or synchronous_commit off: it may lose commits"),
                  "set fsync = on and synchronous_commit = on");
        e = ERR_INVALID;
    }
    /* Some copy-on-write file systems do without. */
    if (!result_bool(r, 0, 1))
        LOG_WARN("db_full_page_writes_off", NULL);
    if (result_integer(r, 0, 3) < 140000 || !result_bool(r, 0, 4)) {
        diag_hint(diag_add(diags, "database_url", "unsupported",
                           "the database is older than PostgreSQL 14 or not encoded in UTF8"),
                  "use PostgreSQL 14 or newer, and a UTF8 database");
        e = ERR_INVALID;
    }
    PQclear(r);
    return e;
}

enum err store_prepare(const char *url, struct diag_list *diags)
{
    const struct migration_list list = migrations();
    struct pg_target target;
    struct pg pg = {0};
    enum err e = setup_connect(url, diags, &target, &pg);

    if (e)
        return e;
    e = setup_check(&pg, diags);
    if (!e)
        e = migrate_run(&pg, &list, diags);
    pg_close(&pg);
    pg_target_release(&target);
    return e;
}

/* ---- The log ---- */

/* The newest checkpoint is published, whatever the file said before. */
static enum err publish_newest(struct store *s)
{
    struct pg_params p;
    PGresult *r = NULL;
    struct text note;
    size_t length = 0;
    char *bytes;
    enum err e;

    params_init(&p);
    params_text(&p, s->account);
    e = store_exec(s,
                   "SELECT note FROM log_checkpoint WHERE account = $1 ORDER BY size DESC LIMIT 1",
                   &p, true, &r);
    if (e)
        return e;
    if (PQntuples(r) == 1) {
        text_init(&note, CHECKPOINT_BYTES);
        bytes = result_copy(r, 0, 0, &length);
        text_append(&note, bytes, length);
        e = checkpoint_file_write(s->data_dir, &note);
        free(bytes);
        text_release(&note);
    }
    PQclear(r);
    return e;
}

static enum err check_log(struct store *s, const struct log_signer *signer)
{
    const struct log_check check = {
        .account = s->account, .signer = signer, .data_dir = s->data_dir};
    struct pg *pg = NULL;
    enum err e = pool_take(s->pool, clock_monotonic_us() + s->timeout_us, &pg);

    if (e)
        return e;
    e = log_check(pg, &check, &s->fault);
    pool_give(s->pool, pg);
    return e;
}

/* Files that say more than the database are a finding, not a failure: everything can be read. */
static enum err open_files(struct store *s, struct diag_list *diags)
{
    const struct jsonl_source source = store_jsonl_source(s);
    struct diag_list *found = xcalloc(1, sizeof(*found));
    enum err e = jsonl_open(s->data_dir, &source, found, &s->jsonl);

    if (e == ERR_CONFLICT && found->count > 0) {
        (void)snprintf(s->fault.sentence, sizeof(s->fault.sentence), "%s",
                       strcmp(found->items[0].code, "log_longer_than_database") == 0
                           ? "log.jsonl has more entries than the database's log: import it "
                             "(traderd log import FILE), or give another account_label"
                           : "log.jsonl or trades.jsonl differs from the database's log: give each "
                             "database its own data directory, or another account_label");
        LOG_ERROR("log_refused", "account", s->account, "reason", s->fault.sentence, "detail",
                  found->items[0].message, NULL);
        e = ERR_OK;
    } else if (e && diags) {
        *diags = *found;
    }
    free(found);
    return e;
}

static enum err open_log(struct store *s, const struct log_signer *signer, struct diag_list *diags)
{
    enum err e;

    if (!signer)
        return ERR_OK;
    journal_pg_set_signer(s->journal, signer);
    e = check_log(s, signer);
    if (!e && !s->fault.sentence[0])
        e = open_files(s, diags);
    if (!e && !s->fault.sentence[0])
        e = publish_newest(s);
    if (s->fault.sentence[0])
        journal_pg_refuse(s->journal, s->fault.sentence);
    journal_pg_set_jsonl(s->journal, s->jsonl);
    if (e && diags && diags->count == 0)
        (void)diag_add(diags, "account", err_code(e), "the log cannot be checked: %s",
                       err_sentence(e));
    return e;
}

const char *store_log_fault(const struct store *s)
{
    return s->fault.sentence[0] ? s->fault.sentence : atomic_load(&s->late_fault);
}

void store_log_blame(struct store *s, const char *format, ...)
{
    char sentence[LIMIT_REASON], *none = NULL, *copy;
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    copy = xstrdup(sentence);
    if (atomic_compare_exchange_strong(&s->late_fault, &none, copy))
        LOG_ERROR("log_refused", "account", s->account, "reason", sentence, NULL);
    else
        free(copy);
}

enum err store_open(const struct store_options *options, struct diag_list *diags,
                    struct store **out)
{
    struct store *s = xcalloc(1, sizeof(*s));
    enum err e;

    s->url = xstrdup(options->database_url);
    s->data_dir = xstrdup(options->data_dir);
    s->timeout_us = options->timeout_us;
    s->migration_count = (int)embedded_migration_count;
    (void)copy_text(s->account, sizeof(s->account), options->account_id);
    e = store_prepare(s->url, diags);
    if (!e)
        e = pg_target_init(&s->target, s->url, s->timeout_us, diags);
    if (!e)
        e = pool_open(&s->target, options->connections, s->timeout_us, diags, &s->pool);
    /* The account first: its files are nobody's but the daemon's that has it. */
    if (!e)
        e = journal_pg_open(&s->target, s->account, s->timeout_us, options->has_lease, diags,
                            &s->journal);
    if (!e)
        e = spool_open(s->data_dir, diags, &s->spool);
    if (!e) {
        e = journal_pg_set_spool(s->journal, s->spool);
        if (e)
            (void)diag_add(diags, "spool", err_code(e),
                           "what was spooled while the database was away cannot be written to it");
    }
    if (!e)
        e = open_log(s, options->signer, diags);
    if (e) {
        store_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    jsonl_close(s->jsonl);
    journal_pg_close(s->journal);
    spool_close(s->spool);
    pool_close(s->pool);
    pg_target_release(&s->target);
    free(atomic_load(&s->late_fault));
    free(s->url);
    free(s->data_dir);
    free(s);
}

struct journal store_journal(struct store *s)
{
    return journal_pg_port(s->journal);
}

enum err store_ping(struct store *s, int64_t timeout_us)
{
    int64_t deadline_us = clock_monotonic_us() + timeout_us;
    struct pg *pg = NULL;
    enum err e = pool_take(s->pool, deadline_us, &pg);

    if (e)
        return e;
    e = pg_exec(pg, "SELECT 1", NULL, deadline_us, NULL);
    pool_give(s->pool, pg);
    return e;
}

void store_stats(struct store *s, struct store_stats *out)
{
    const struct journal_pg_stats *journal = journal_pg_stats(s->journal);
    struct pool_stats pool;

    pool_stats(s->pool, &pool);
    *out = (struct store_stats){
        .connections = pool.connections,
        .in_use = pool.in_use,
        .commits = atomic_load(&journal->commits) + atomic_load(&journal->repeated),
        .commit_retries = atomic_load(&journal->repeated) + atomic_load(&s->retries),
        .reconnects = pool.reconnects + atomic_load(&journal->reconnects),
        .errors = atomic_load(&s->errors) + atomic_load(&journal->errors),
        .migration_count = s->migration_count,
    };
}

enum err store_migrate(const char *database_url, bool status_only, struct text *report,
                       struct diag_list *diags)
{
    const struct migration_list list = migrations();
    struct pg_target target;
    struct pg pg = {0};
    enum err e = setup_connect(database_url, diags, &target, &pg);

    if (e)
        return e;
    if (!status_only)
        e = migrate_run(&pg, &list, diags);
    if (!e && report)
        e = migrate_status(&pg, &list, report);
    pg_close(&pg);
    pg_target_release(&target);
    return e;
}
