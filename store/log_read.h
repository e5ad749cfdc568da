/* SPDX-License-Identifier: Apache-2.0 */
/* What the API serves of a trade log: checkpoints, tiles, bundles, entries, evidence.
 *
 * Only what is committed is seen.  Thread-safe, as all of store/store.h; texts are freed by the
 * caller.  Sizes and widths come from a checkpoint that was read before. */
#ifndef STORE_LOG_READ_H
#define STORE_LOG_READ_H

#include "engine/checkpoint.h"
#include "engine/tile.h"
#include "store/store.h"

/* A signed checkpoint that is stored, with the cosignatures it has: one of each witness, the first
 * it gave in lists of notes and the newest where one note is asked for. */
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
/* Those that others attested, from a size on. */
MUST_USE enum err store_log_attested(struct store *s, const char *account, uint64_t from,
                                     size_t limit, struct log_note **out, size_t *count,
                                     bool *more);

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
/* The newest key entry, or the genesis: who signs. */
MUST_USE enum err store_log_newest_key(struct store *s, const char *account, struct log_row *out);
/* By proof, or by the leaf hash of an order or signal; ERR_NOT_FOUND. */
MUST_USE enum err store_log_find(struct store *s, const char *account, const struct digest *hash,
                                 uint64_t *index);

enum {
    LOG_SOURCE = NOTE_NAME + 16
};

/* What others attested of a checkpoint. */
#define LOG_COSIGNATURE "cosignature" /* the signature line of a C2SP note */
#define LOG_TIMESTAMP "rfc3161"       /* a DER TimeStampResp of the note's text */
struct log_evidence {
    char kind[16];
    char source[LOG_SOURCE]; /* who: a witness's "name+id", an authority's address */
    int64_t at_us;
    char *blob; /* owned */
    size_t length;
};
MUST_USE enum err store_log_evidence(struct store *s, const char *account, uint64_t size,
                                     struct log_evidence **out, size_t *count);
void log_evidence_free(struct log_evidence *rows, size_t count);
/* Keeps one more, of a checkpoint that is stored. */
MUST_USE enum err store_log_attest(struct store *s, const char *account, uint64_t size,
                                   const struct log_evidence *row);
/* The largest size that a source (NULL: any) attested, and when last; ERR_NOT_FOUND: none. */
MUST_USE enum err store_log_attested_by(struct store *s, const char *account, const char *kind,
                                        const char *source, uint64_t *size, int64_t *at_us);
/* Appends a line "SIZE BASE64" for each time stamp token of the next `sizes` stamped sizes above
 * `after` and up to `to`.  *last: the largest of them, `after` when there are none. */
MUST_USE enum err store_log_stamps(struct store *s, const char *account, uint64_t after,
                                   uint64_t to, int sizes, struct text *lines, uint64_t *last);

#endif
