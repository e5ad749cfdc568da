/* SPDX-License-Identifier: Apache-2.0 */
/* What the API serves of a trade log: checkpoints, tiles, bundles, entries, evidence.
 *
 * Only what is committed is seen.  Thread-safe, as all of store/store.h; texts are freed by the
 * caller.  Sizes and widths come from a checkpoint that was read before. */
#ifndef STORE_LOG_READ_H
#define STORE_LOG_READ_H

#include "engine/tile.h"
#include "store/store.h"

/* A signed checkpoint that is stored. */
struct log_note {
    uint64_t size;
    char *note; /* owned, ended by NUL */
    size_t length;
};
/* The newest one; ERR_NOT_FOUND when nothing was signed yet. */
MUST_USE enum err store_log_newest(struct store *s, const char *account, struct log_note *out);
/* The one of exactly this size; ERR_NOT_FOUND. */
MUST_USE enum err store_log_note(struct store *s, const char *account, uint64_t size,
                                 struct log_note *out);
/* Those of sizes from `from` to `to`, both included, the smallest first; log_notes_free. */
MUST_USE enum err store_log_notes(struct store *s, const char *account, uint64_t from, uint64_t to,
                                  size_t limit, struct log_note **out, size_t *count, bool *more);
void log_notes_free(struct log_note *notes, size_t count);
/* Bytes of all notes up to a size. */
MUST_USE enum err store_log_notes_length(struct store *s, const char *account, uint64_t to,
                                         uint64_t *bytes);

/* A tile_reader for proofs. */
struct log_pool_tiles {
    struct store *store;
    const char *account;
};
struct tile_reader store_log_tiles(struct log_pool_tiles *t);
/* The first `width` entries of bundle n, as tlog-tiles writes them. */
MUST_USE enum err store_log_bundle(struct store *s, const char *account, uint64_t n, unsigned width,
                                   struct text *out);

struct log_row {
    uint64_t index;
    char kind[16];
    char *entry; /* C, owned, ended by NUL */
    size_t length;
    struct digest proof;
};
/* ERR_NOT_FOUND beyond the end. */
MUST_USE enum err store_log_entry(struct store *s, const char *account, uint64_t index,
                                  struct log_row *out);
/* By proof or by leaf hash; ERR_NOT_FOUND. */
MUST_USE enum err store_log_find(struct store *s, const char *account, const struct digest *hash,
                                 uint64_t *index);

/* What others attested of a checkpoint. */
struct log_evidence {
    char kind[16];
    char source[LIMIT_NAME];
    int64_t at_us;
    char *blob; /* owned */
    size_t length;
};
MUST_USE enum err store_log_evidence(struct store *s, const char *account, uint64_t size,
                                     struct log_evidence **out, size_t *count);
void log_evidence_free(struct log_evidence *rows, size_t count);

#endif
