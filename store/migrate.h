/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the schema to what this build needs, or says why it will not. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/migrations_embedded.h"
#include "store/pg.h"

/* The migrations to have run, in order; tests give lists of their own. */
struct migration_list {
    const struct embedded_migration *items;
    size_t count;
};

/* Under an advisory lock: checks that what was run is what this build knows (name and SHA-256, in
 * order), then runs what is missing, each in a transaction of its own.  ERR_MIGRATION with a diag
 * that names the migration which was changed, is missing from this build, or is newer than it.
 * The connection must have no statement time-out. */
MUST_USE enum err migrate_run(struct pg *pg, const struct migration_list *list,
                              struct diag_list *diags);
/* One line a migration: "0001_log applied 2026-01-01T00:00:00.000000Z", "... pending", "... changed
 * since it was applied", "... unknown to this build".  Changes nothing. */
MUST_USE enum err migrate_status(struct pg *pg, const struct migration_list *list,
                                 struct text *report);

#endif
