/* SPDX-License-Identifier: Apache-2.0 */
/* Runs migrations once each, in order, and refuses a history that is not this build's. */
#include "store/migrate.h"

#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"

/* Any number will do, as long as all builds use the same: "traderd" in ASCII. */
#define MIGRATE_LOCK "32758282930025572"

static const int64_t lock_us = 120 * US_PER_S;      /* another daemon may be migrating */
static const int64_t statement_us = 600 * US_PER_S; /* a migration may rewrite a table */

static int64_t after(int64_t us)
{
    return clock_monotonic_us() + us;
}

/* The build names files ("0001_log.sql"), people and the table name migrations ("0001_log"). */
static void migration_name(const struct embedded_migration *m, char out[LIMIT_NAME])
{
    size_t length;

    (void)copy_text(out, LIMIT_NAME, m->name);
    length = strlen(out);
    if (length > 4 && strcmp(out + length - 4, ".sql") == 0)
        out[length - 4] = '\0';
}

/* What was run, in order: name, checksum, time. */
static enum err migrate_history(struct pg *pg, PGresult **out)
{
    return pg_exec(pg, "SELECT name, checksum, applied_at FROM schema_migration ORDER BY name",
                   NULL, after(statement_us), out);
}

/* How row `i` of the history fits entry `i` of the list: NULL, or what is wrong with it. */
static const char *migrate_compare(const PGresult *history, int i,
                                   const struct migration_list *list)
{
    char name[LIMIT_NAME];
    struct digest checksum;

    if ((size_t)i >= list->count)
        return "unknown to this build";
    migration_name(&list->items[i], name);
    if (strcmp(name, PQgetvalue(history, i, 0)) != 0)
        return "unknown to this build";
    digest_of(list->items[i].sql, list->items[i].length, &checksum);
    if (PQgetlength(history, i, 1) != DIGEST_BYTES ||
        memcmp(checksum.bytes, PQgetvalue(history, i, 1), DIGEST_BYTES) != 0)
        return "changed since it was applied";
    return NULL;
}

/* Where the two part, there are three stories; each asks for something else to be done. */
static enum err migrate_refuse(const PGresult *history, int i, const struct migration_list *list,
                               struct diag_list *diags)
{
    const char *theirs = PQgetvalue(history, i, 0);
    char ours[LIMIT_NAME] = "";
    struct diag *d;

    if ((size_t)i < list->count)
        migration_name(&list->items[i], ours);
    if (strcmp(ours, theirs) == 0) {
        d = diag_add(diags, theirs, "migration_changed",
                     "migration %s was changed after it was applied to this database", theirs);
        diag_hint(d, "restore the file, and put the change into a new migration");
    } else if ((size_t)i >= list->count) {
        d = diag_add(diags, theirs, "migration_newer",
                     "the database is newer than this build: it has migration %s", theirs);
        diag_hint(d, "run the traderd that applied it, or a later one");
    } else {
        d = diag_add(diags, theirs, "migration_missing",
                     "the database has migration %s, this build has %s in its place", theirs, ours);
        diag_hint(d, "run a traderd that has it");
    }
    return ERR_MIGRATION;
}

static enum err migrate_failed(struct pg *pg, enum err e, const char *name, struct diag_list *diags)
{
    (void)diag_add(diags, name, err_code(e), "%s%s%s", pg->sqlstate, pg->sqlstate[0] ? ": " : "",
                   pg->message);
    return e;
}

/* One migration and its row, all or nothing. */
static enum err migrate_apply(struct pg *pg, const struct embedded_migration *m,
                              struct diag_list *diags)
{
    char name[LIMIT_NAME];
    struct pg_params params;
    struct digest checksum;
    PGresult *result = NULL;
    enum err e;

    migration_name(m, name);
    digest_of(m->sql, m->length, &checksum);
    params_init(&params);
    params_text(&params, name);
    params_digest(&params, &checksum);
    e = pg_script(pg, "BEGIN", after(statement_us));
    if (!e)
        e = pg_script(pg, m->sql, after(statement_us));
    if (!e)
        e = pg_exec(pg, "INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)", &params,
                    after(statement_us), NULL);
    if (!e)
        e = pg_exec(pg, "COMMIT", NULL, after(statement_us), &result);
    if (!e && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        e = ERR_DB_QUERY;
    PQclear(result);
    if (e) {
        e = migrate_failed(pg, e, name, diags);
        pg_rollback(pg, after(lock_us));
        return e;
    }
    LOG_INFO("migration_applied", "name", name, NULL);
    return ERR_OK;
}

static enum err migrate_locked(struct pg *pg, const struct migration_list *list,
                               struct diag_list *diags)
{
    PGresult *history = NULL;
    int done = 0, i;
    size_t next;
    enum err e;

    e = pg_script(pg,
                  "CREATE TABLE IF NOT EXISTS schema_migration ("
                  "name text PRIMARY KEY, checksum bytea NOT NULL,"
                  "applied_at timestamptz NOT NULL DEFAULT now());"
                  "COMMENT ON TABLE schema_migration IS"
                  " 'Which migrations were run, and the SHA-256 of their text.'",
                  after(statement_us));
    if (!e)
        e = migrate_history(pg, &history);
    if (e)
        return migrate_failed(pg, e, "schema_migration", diags);
    done = PQntuples(history);
    for (i = 0; i < done && !e; i++) {
        if (migrate_compare(history, i, list))
            e = migrate_refuse(history, i, list, diags);
    }
    for (next = (size_t)done; next < list->count && !e; next++)
        e = migrate_apply(pg, &list->items[next], diags);
    PQclear(history);
    return e;
}

enum err migrate_run(struct pg *pg, const struct migration_list *list, struct diag_list *diags)
{
    enum err e, unlock;

    e = pg_script(pg, "SELECT pg_advisory_lock(" MIGRATE_LOCK ")", after(lock_us));
    if (e)
        return migrate_failed(pg, e, "database_url", diags);
    e = migrate_locked(pg, list, diags);
    unlock = pg_script(pg, "SELECT pg_advisory_unlock(" MIGRATE_LOCK ")", after(lock_us));
    return e ? e : unlock;
}

enum err migrate_status(struct pg *pg, const struct migration_list *list, struct text *report)
{
    PGresult *exists = NULL, *history = NULL;
    int done = 0, i;
    enum err e;

    e = pg_exec(pg, "SELECT to_regclass('schema_migration') IS NOT NULL", NULL, after(statement_us),
                &exists);
    if (!e && result_bool(exists, 0, 0))
        e = migrate_history(pg, &history);
    PQclear(exists);
    if (e)
        return e;
    done = history ? PQntuples(history) : 0;
    for (i = 0; i < done; i++) {
        const char *wrong = migrate_compare(history, i, list);
        char at[TIME_TEXT_MAX];

        time_print(result_time(history, i, 2), at);
        text_format(report, "%s applied %s%s%s\n", PQgetvalue(history, i, 0), at, wrong ? ", " : "",
                    wrong ? wrong : "");
    }
    for (size_t next = (size_t)done; next < list->count; next++) {
        char name[LIMIT_NAME];

        migration_name(&list->items[next], name);
        text_format(report, "%s pending\n", name);
    }
    PQclear(history);
    return ERR_OK;
}
