/* SPDX-License-Identifier: Apache-2.0 */
/* COPY in and out of one connection, with a deadline as everywhere.
 *
 * Between _begin and _end (or the end of _next) the connection can do nothing else.  Whatever goes
 * wrong, end the copy and then roll back. */
#ifndef STORE_PG_COPY_H
#define STORE_PG_COPY_H

#include "store/pg.h"

/* "COPY ... FROM STDIN". */
MUST_USE enum err pg_copy_in_begin(struct pg *pg, const char *sql, int64_t deadline_us);
MUST_USE enum err pg_copy_in_put(struct pg *pg, const void *data, size_t length,
                                 int64_t deadline_us);
/* Ends it: with a reason the server throws the rows away and this returns an error. */
MUST_USE enum err pg_copy_in_end(struct pg *pg, const char *give_up_reason, int64_t deadline_us);

/* "COPY ... TO STDOUT".  _next gives the bytes of one row, to be freed by pg_copy_free; ERR_END
 * behind the last one.  A copy that is not read to its end breaks the connection. */
MUST_USE enum err pg_copy_out_begin(struct pg *pg, const char *sql, int64_t deadline_us);
MUST_USE enum err pg_copy_out_next(struct pg *pg, int64_t deadline_us, char **row, size_t *length);
void pg_copy_free(char *row);

#endif
