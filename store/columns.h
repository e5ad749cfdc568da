/* SPDX-License-Identifier: Apache-2.0 */
/* Struct members as table columns: one list a struct says how it is written and how it is read.
 *
 * Insert and select are both made from the list, so what was written comes back equal. */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H

#include "core/text.h"
#include "store/pg_params.h"

enum column_kind {
    COLUMN_INTEGER, /* int64_t, bigint */
    COLUMN_INT,     /* int, unsigned: bigint */
    COLUMN_ID,      /* int64_t, bigint: 0 is null */
    COLUMN_BOOL,
    COLUMN_TEXT,   /* char[] */
    COLUMN_AMOUNT, /* price, size, money, ratio: amount */
    COLUMN_REAL,   /* double, double precision: a finite feature, never money */
    COLUMN_TIME,   /* int64_t us: TIME_NONE is null */
    COLUMN_DIGEST,
    COLUMN_WORD /* an enum, stored by name */
};

struct column {
    const char *name;
    enum column_kind kind;
    size_t offset;
    size_t size;              /* COLUMN_TEXT */
    const char *(*word)(int); /* COLUMN_WORD: NULL for what is no value */
    int first, last;          /* COLUMN_WORD: the values to try when reading */
};

#define COLUMN(type, member, column, k)                                               \
    {                                                                                 \
        .name = (column), .kind = COLUMN_##k, .offset = offsetof(struct type, member) \
    }
#define COLUMN_CHARS(type, member, column)                                              \
    {                                                                                   \
        .name = (column), .kind = COLUMN_TEXT, .offset = offsetof(struct type, member), \
        .size = sizeof(((struct type *)0)->member)                                      \
    }
#define COLUMN_NAMED(type, member, column, names, low, high)                            \
    {                                                                                   \
        .name = (column), .kind = COLUMN_WORD, .offset = offsetof(struct type, member), \
        .word = (names), .first = (low), .last = (high)                                 \
    }

struct table {
    const char *name;
    const struct column *columns;
    size_t count;
    size_t row_size;
    size_t key_count; /* so many of the first columns name a row of the account; 0: one */
};

/* Appends the select list; amounts as text. */
void table_select_list(const struct table *t, const char *alias, struct text *out);
/* "INSERT INTO t (account, columns..., extra) VALUES ($1, ...)"; extra may be NULL.  With upsert,
 * a row of the same account and key columns is overwritten. */
void table_insert_sql(const struct table *t, const char *extra, bool upsert, struct text *out);
/* Adds the row's columns in the order of the list.  The row must outlive the sending. */
void table_put(const struct table *t, const void *row, struct pg_params *p);
/* Reads the columns, the first of them in result column `first`.  The row is set to zero before. */
MUST_USE enum err table_get(const struct table *t, const PGresult *r, int row_number, int first,
                            void *row);

#endif
