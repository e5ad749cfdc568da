/* SPDX-License-Identifier: Apache-2.0 */
/* The spool: an append-only file that stands in for PostgreSQL while it is away, so that what makes
 * things safer (exits, cancels, stops) can be made durable and sent nevertheless.
 *
 * It holds whole commits in order, each with a length and a digest; what a crash tore off at the
 * end is cut when the file is opened, for it was never said to be durable.  Its content means
 * nothing here: store/journal_spool.c writes and replays it. */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include "core/error.h"
#include "core/text.h"

struct spool;

/* Opens folder/spool/journal, made when absent (0700, 0600).  ERR_IO or, when the file is damaged
 * before its end, ERR_CONFLICT with a diag; nothing is changed then. */
MUST_USE enum err spool_open(const char *folder, struct diag_list *diags, struct spool **out);
void spool_close(struct spool *s);
/* Records that were appended and not cleared. */
size_t spool_count(const struct spool *s);
/* Returns when the record is on the disk.  ERR_LIMIT beyond LIMIT_SPOOL_BYTES, ERR_IO: the file is
 * as it was before. */
MUST_USE enum err spool_append(struct spool *s, const void *bytes, size_t length);
/* Every record, oldest first, until `take` fails; its error is returned. */
typedef enum err spool_take_fn(void *context, const char *bytes, size_t length);
MUST_USE enum err spool_each(struct spool *s, spool_take_fn *take, void *context);
/* All of it is in the database. */
MUST_USE enum err spool_clear(struct spool *s);
/* It can never enter the database (another daemon took the account over meanwhile): the file gets a
 * name of its own, *path, for people to look at. */
MUST_USE enum err spool_set_aside(struct spool *s, char *path, size_t capacity);

#endif
