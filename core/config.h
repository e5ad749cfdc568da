/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: one table of keys read from a JSON file, then the environment, then options.
 *
 * Later sources win.  An unknown key, a wrong type or a value out of bounds is an error that names
 * the key, where it came from and what would be right; all errors are reported at once.  Keys that
 * begin with "x-" and the key "$schema" in the file are ignored. */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/amount.h"
#include "core/error.h"
#include "core/limits.h"

enum config_key {
#define CONFIG(name, kind, initial, minimum, maximum, unit, text) CONFIG_##name,
#include "core/config_table.h"
#undef CONFIG
    CONFIG_COUNT_
};

enum config_kind {
    CONFIG_KIND_TEXT,
    CONFIG_KIND_SECRET_FILE,
    CONFIG_KIND_PATH,
    CONFIG_KIND_BOOL,
    CONFIG_KIND_INTEGER,
    CONFIG_KIND_RATIO,
    CONFIG_KIND_MONEY,
    CONFIG_KIND_ENUM,
    CONFIG_KIND_LIST,
    CONFIG_KIND_PATH_LIST
};

struct config; /* opaque; made by config_new */
struct text;

/* All keys at their defaults. */
struct config *config_new(void);
void config_free(struct config *c);

/* Reads a JSON file's members.  Paths in it become relative to the file's folder. */
MUST_USE enum err config_read_file(struct config *c, const char *path, struct diag_list *diags);
/* The same from bytes; folder is what relative paths are joined to (may be NULL). */
MUST_USE enum err config_read_json(struct config *c, const char *json, size_t length,
                                   const char *name, const char *folder, struct diag_list *diags);
/* TRADERD_* (and DATABASE_URL) of an environment such as `environ`; an unknown TRADERD_ name is an
 * error, but TRADERD_DATA is an alias of TRADERD_DATA_DIR and TRADERD_CONFIG is ignored. */
MUST_USE enum err config_read_environment(struct config *c, char *const *environment,
                                          struct diag_list *diags);
/* One key from text, as an option or the environment would give it. */
MUST_USE enum err config_set(struct config *c, const char *name, const char *value,
                             const char *source, struct diag_list *diags);

/* Values; the kind must be the key's (ASSERT). */
/* Of TEXT, PATH, ENUM and SECRET_FILE keys. */
const char *config_text(const struct config *c, enum config_key key);
bool config_bool(const struct config *c, enum config_key key);
int64_t config_integer(const struct config *c, enum config_key key);
struct ratio config_ratio(const struct config *c, enum config_key key);
struct money config_money(const struct config *c, enum config_key key);
int config_enum(const struct config *c, enum config_key key); /* index in the table's list */
size_t config_list_count(const struct config *c, enum config_key key);
const char *config_list_item(const struct config *c, enum config_key key, size_t i);
/* Splits a "NAME=VALUE" item: true and *value set when the name matches. */
bool config_list_lookup(const struct config *c, enum config_key key, const char *name,
                        const char **value);
/* "default", the file's name, "environment" or "option". */
const char *config_source(const struct config *c, enum config_key key);

/* `traderd config show` (JSON, passwords in URLs as ***) and `traderd config schema` (JSON Schema
 * 2020-12). */
void config_print(const struct config *c, struct text *out);
void config_print_schema(struct text *out);

#endif
