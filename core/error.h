/* SPDX-License-Identifier: Apache-2.0 */
/* The one error type, its look-ups, and the list that explains what exactly was wrong. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include "core/base.h"

enum err {
    ERR_OK = 0,
#define ERR(name, code, status, sentence) ERR_##name,
#include "core/error_table.h"
#undef ERR
    ERR_COUNT_
};

/* Constant texts and numbers of core/error_table.h; any thread. */
const char *err_code(enum err e);
int err_status(enum err e);
const char *err_sentence(enum err e);

/* One thing that is wrong, where, and what would be right. */
struct diag {
    char field[96];    /* JSON pointer, config key, file name, or path like entry.condition */
    int line;          /* 1-based, 0 when it has no meaning */
    int column;        /* 1-based, 0 when it has no meaning */
    int length;        /* characters concerned, 0 when unknown */
    char code[32];     /* stable machine word, e.g. unknown_name */
    char message[224]; /* a sentence for people */
    char hint[128];    /* what would be right; may be empty */
};

enum {
    DIAG_MAX = 16
};

/* Errors collected in one go, so that a user mends all of them at once. */
struct diag_list {
    size_t count;
    size_t dropped; /* how many more did not fit */
    struct diag items[DIAG_MAX];
};

/* Appends one entry and returns it for line, column, length and hint to be filled in.  When the
 * list is full a spare entry is returned and the drop counted.  A NULL list is allowed. */
struct diag *diag_add(struct diag_list *list, const char *field, const char *code,
                      const char *format, ...) PRINTF_LIKE(4, 5);
void diag_hint(struct diag *d, const char *format, ...) PRINTF_LIKE(2, 3);

/* "field:line:column: message (hint)" of the first entry, or the error's sentence when empty. */
void diag_describe(const struct diag_list *list, enum err e, char *text, size_t capacity);

#endif
