/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of JSON: a thin face over jansson, which no other file includes.
 *
 * Refused with a position: duplicate keys, more than LIMIT_JSON_DEPTH levels (checked before
 * jansson sees the text), invalid UTF-8, NUL, trailing text, NaN, integers beyond 64 bits. */
#ifndef CORE_JNODE_H
#define CORE_JNODE_H

#include "core/amount.h"
#include "core/base.h"
#include "core/error.h"

struct jnode; /* borrowed everywhere but from jnode_parse, whose result jnode_free ends */

enum jkind {
    J_NULL,
    J_BOOL,
    J_INTEGER,
    J_REAL,
    J_STRING,
    J_ARRAY,
    J_OBJECT
};

/* On ERR_SYNTAX one diag with line and column is added (field: the name given). */
MUST_USE enum err jnode_parse(const char *data, size_t length, const char *name,
                              struct diag_list *diags, struct jnode **out);
/* The same for texts of up to max_bytes, in place of LIMIT_JSON_BYTES. */
MUST_USE enum err jnode_parse_large(const char *data, size_t length, size_t max_bytes,
                                    const char *name, struct diag_list *diags, struct jnode **out);
void jnode_free(struct jnode *root); /* NULL allowed */

enum jkind jnode_kind(const struct jnode *n);
const char *jkind_name(enum jkind k); /* "null", "boolean", "integer", "number", "string", ... */
bool jnode_is(const struct jnode *n, enum jkind k); /* false for NULL */

bool jnode_bool(const struct jnode *n);
int64_t jnode_integer(const struct jnode *n);
double jnode_number(const struct jnode *n);    /* of J_INTEGER or J_REAL */
const char *jnode_text(const struct jnode *n); /* ended by NUL, no NUL within */
size_t jnode_text_length(const struct jnode *n);

size_t jnode_count(const struct jnode *n); /* members or items */
const struct jnode *jnode_item(const struct jnode *array, size_t i);
const struct jnode *jnode_member(const struct jnode *object, const char *key); /* NULL if absent */

/* Members in the order of the text: for (it = NULL; jnode_next(object, &it, &key, &value);) */
bool jnode_next(const struct jnode *object, void **iterator, const char **key,
                const struct jnode **value);

/* An amount from a JSON string (exact) or, where numbers_allowed, from a number by its nearest
 * 10^-12.  ERR_INVALID for another kind. */
MUST_USE enum err jnode_money(const struct jnode *n, bool numbers_allowed, struct money *out);

/* Quoted JSON text, compact and with sorted keys, of any node: for canonical forms of documents. */
struct text;
void jnode_print_sorted(const struct jnode *n, struct text *out);

#endif
