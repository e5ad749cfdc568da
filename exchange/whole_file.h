/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is there whole or not at all: written beside its place, then renamed. */
#ifndef EXCHANGE_WHOLE_FILE_H
#define EXCHANGE_WHOLE_FILE_H

#include "core/error.h"
#include "core/limits.h"

struct whole_file {
    int fd;
    char path[LIMIT_PATH];
    char temporary[LIMIT_PATH];
};

/* ERR_IO with a diag, as for all below; ERR_LIMIT when the path is too long. */
MUST_USE enum err whole_file_begin(struct whole_file *f, const char *path, struct diag_list *diags);
MUST_USE enum err whole_file_write(struct whole_file *f, const void *data, size_t length,
                                   struct diag_list *diags);
/* At an offset, over what is there. */
MUST_USE enum err whole_file_write_at(struct whole_file *f, const void *data, size_t length,
                                      int64_t offset, struct diag_list *diags);
/* Makes the bytes and then the name durable.  Without it, or after an error, end with _abandon. */
MUST_USE enum err whole_file_commit(struct whole_file *f, struct diag_list *diags);
/* Removes what was written; harmless after a commit. */
void whole_file_abandon(struct whole_file *f);

#endif
