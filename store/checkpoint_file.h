/* SPDX-License-Identifier: Apache-2.0 */
/* The file `checkpoint`: the newest signed note that was published, as high-water mark.
 *
 * A database that is behind it was restored from an older backup: what was published since would be
 * contradicted by new entries at the same indexes. */
#ifndef STORE_CHECKPOINT_FILE_H
#define STORE_CHECKPOINT_FILE_H

#include "core/text.h"

#define CHECKPOINT_FILE "checkpoint"

/* ERR_NOT_FOUND when there is none, ERR_LIMIT when it is no note of ours by its length. */
MUST_USE enum err checkpoint_file_read(const char *folder, struct text *note);
/* Replaces it in one step, durable when this returns.  ERR_IO, errno kept. */
MUST_USE enum err checkpoint_file_write(const char *folder, const struct text *note);

#endif
