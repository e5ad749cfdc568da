/* SPDX-License-Identifier: Apache-2.0 */
/* Where the evidence lies that is verified: a folder, a tar archive of one, or a base URL.
 *
 * All three have the same names: checkpoint, tile/..., tile/entries/... as tlog-tiles has them;
 * folders and archives may have checkpoints, log.jsonl, trades.jsonl and statement.json besides.
 * Files are mapped, not read, so that memory does not grow with them.  One thread. */
#ifndef SERVER_VERIFY_SOURCE_H
#define SERVER_VERIFY_SOURCE_H

#include "core/base.h"
#include "core/error.h"
#include "core/limits.h"

struct verify_source;

/* A file's bytes until evidence_release. */
struct evidence {
    const char *data; /* never NULL; not ended by NUL */
    size_t length;
    void *map;   /* to be unmapped; NULL */
    char *owned; /* to be freed; NULL */
};

/* token_path: a file with a bearer token for the URL, or NULL; it is sent over TLS and loopback
 * only.  reason gets a sentence on errors. */
MUST_USE enum err source_open(const char *path, const char *token_path, struct verify_source **out,
                              char reason[LIMIT_REASON]);
void source_close(struct verify_source *s);
bool source_is_url(const struct verify_source *s);
/* ERR_NOT_FOUND: there is none; ERR_IO with a reason. */
MUST_USE enum err source_get(struct verify_source *s, const char *name, struct evidence *out,
                             char reason[LIMIT_REASON]);
/* What a server gives by sizes, page by page ("NAME?from=SIZE"), as one file.  last_size: the size
 * that a page ends with; false when it is none.  ERR_NOT_FOUND: there is none, or no server. */
MUST_USE enum err source_get_pages(struct verify_source *s, const char *name,
                                   bool (*last_size)(const char *page, size_t length,
                                                     uint64_t *size),
                                   struct evidence *out, char reason[LIMIT_REASON]);
/* Any file of the system by its path. */
MUST_USE enum err evidence_map(const char *path, struct evidence *out);
void evidence_release(struct evidence *e);

#endif
