/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of core/config.h, shared by its three files only: the table's rows and the values. */
#ifndef CORE_CONFIG_ENTRY_H
#define CORE_CONFIG_ENTRY_H

#include "core/config.h"

struct config_entry {
    const char *name;
    enum config_kind kind;
    const char *initial;
    const char *minimum; /* CONFIG_KIND_ENUM: the allowed words as "a|b|c" */
    const char *maximum;
    const char *unit;
    const char *text;
};

/* One key's value.  text is what was given (a path already joined); beside it the kind's form. */
struct config_value {
    char *text;
    char **items;
    size_t count;
    union {
        bool boolean;
        int64_t integer;
        i128 e12;
        int choice;
    } as;
    char *source;
};

struct config {
    struct config_value values[CONFIG_COUNT_];
};

/* Where a value comes from. */
struct config_origin {
    const char *source; /* "environment", the file's name, ... */
    const char *folder; /* what relative paths are joined to; NULL: the working folder */
    struct diag_list *diags;
};

extern const struct config_entry config_entries[CONFIG_COUNT_];

bool config_kind_is_list(enum config_kind kind);

/* Replaces the key's value by what the text says, lists split at commas.  ERR_INVALID with a diag,
 * and the old value kept, when it is not acceptable. */
MUST_USE enum err config_assign(struct config *c, enum config_key key, const char *text,
                                const struct config_origin *origin);
/* The same for a list whose items are known; the items are copied. */
MUST_USE enum err config_assign_list(struct config *c, enum config_key key, char *const *items,
                                     size_t count, const struct config_origin *origin);

/* Fills an enum key's i-th word in and returns its length; 0 when there are no more. */
size_t config_enum_word(const struct config_entry *entry, int i, const char **word);

#endif
