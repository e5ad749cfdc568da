/* SPDX-License-Identifier: Apache-2.0 */
/* One append-only file of lines: opened, its torn end cut off, counted, written in one piece. */
#ifndef STORE_JSONL_FILE_H
#define STORE_JSONL_FILE_H

#include "core/limits.h"
#include "core/text.h"

struct jsonl_file {
    int fd;
    char path[LIMIT_PATH];
    int64_t lines;    /* complete ones on disk */
    int64_t length;   /* their bytes */
    struct text last; /* the last complete line, without its newline; of jsonl_file_open only */
};

/* ERR_IO with a diag.  Another process must not write the file meanwhile. */
MUST_USE enum err jsonl_file_open(struct jsonl_file *f, const char *folder, const char *name,
                                  struct diag_list *diags);
void jsonl_file_close(struct jsonl_file *f);
/* All of the lines and to the disk; on ERR_IO the file is as it was before. */
MUST_USE enum err jsonl_file_write(struct jsonl_file *f, const struct text *lines, int64_t count);

#endif
