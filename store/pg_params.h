/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of one statement, and the fields of its result; integers and times in binary.
 *
 * Every statement of store/ is sent with its values apart from its text.  Integers are bigint,
 * times timestamptz (both exact in binary), amounts decimal text for numeric.  Results are asked
 * for in binary too, with numeric cast to text in the select list. */
#ifndef STORE_PG_PARAMS_H
#define STORE_PG_PARAMS_H

#include <libpq-fe.h>

#include "core/amount.h"
#include "core/digest.h"

enum {
    PG_PARAMS_MAX = 72,        /* the account row has the most columns */
    PG_PARAMS_BYTES = 6 * 1024 /* numbers and amounts of one row, and texts that were mended */
};

struct pg_params {
    int count;
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
    int formats[PG_PARAMS_MAX];
    size_t used;
    char buffer[PG_PARAMS_BYTES];
};

/* Empties; the big buffer is left as it is. */
void params_init(struct pg_params *p);
void params_integer(struct pg_params *p, int64_t value);
void params_real(struct pg_params *p, double value); /* double precision: the same bits */
void params_bool(struct pg_params *p, bool value);
void params_time(struct pg_params *p, int64_t us); /* TIME_NONE: null */
void params_amount(struct pg_params *p, i128 e12);
/* Borrowed until the statement was sent; NULL: null.  Bytes that are not UTF-8 become '?': text
 * from a venue that was cut in the middle of a character must not stop a commit. */
void params_text(struct pg_params *p, const char *text);
void params_bytes(struct pg_params *p, const void *data, size_t length);
void params_digest(struct pg_params *p, const struct digest *d);
void params_null(struct pg_params *p);

/* Fields of a binary result; a null is 0, "", TIME_NONE. */
int64_t result_integer(const PGresult *r, int row, int column);
double result_real(const PGresult *r, int row, int column);
bool result_bool(const PGresult *r, int row, int column);
int64_t result_time(const PGresult *r, int row, int column);
void result_text(const PGresult *r, int row, int column, char *out, size_t capacity);
/* A numeric cast to text; ERR_DB_QUERY when it is no amount. */
MUST_USE enum err result_amount(const PGresult *r, int row, int column, i128 *out);
/* ERR_DB_QUERY unless it has 32 bytes. */
MUST_USE enum err result_digest(const PGresult *r, int row, int column, struct digest *out);
/* A copy ended by NUL that the caller frees. */
char *result_copy(const PGresult *r, int row, int column, size_t *length);

#endif
