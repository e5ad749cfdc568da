/* SPDX-License-Identifier: Apache-2.0 */
/* The files of migrations/ as the build put them into the binary, in order of their names. */
#ifndef STORE_MIGRATIONS_EMBEDDED_H
#define STORE_MIGRATIONS_EMBEDDED_H

#include <stddef.h>

struct embedded_migration {
    const char *name; /* "0001_core" */
    const char *sql;
    size_t length;
};

extern const struct embedded_migration embedded_migrations[];
extern const size_t embedded_migration_count;

#endif
