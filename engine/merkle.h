/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree of RFC 6962 section 2.1 (= RFC 9162 2.1): appending, roots, proofs.
 *
 * A leaf's hash is SHA-256(0x00 || entry), a node's SHA-256(0x01 || left || right), the empty
 * tree's root SHA-256("").  Only hashes of complete subtrees are ever named: node (height, n)
 * covers the leaves [n * 2^height, (n + 1) * 2^height).  Sizes are below 2^63.  Pure; any
 * thread. */
#ifndef ENGINE_MERKLE_H
#define ENGINE_MERKLE_H

#include "core/digest.h"

enum {
    MERKLE_LEVELS = 63,   /* heights of a tree below 2^63 leaves */
    MERKLE_PROOF_MAX = 64 /* hashes of the longest proof of such a tree */
};
#define MERKLE_SIZE_MAX ((uint64_t)INT64_MAX)

void merkle_leaf(const void *entry, size_t length, struct digest *out);
void merkle_node(const struct digest *left, const struct digest *right, struct digest *out);

/* ---- Appending ---- */

/* What an appender keeps: for each bit h that is set in size, the hash of the complete subtree of
 * 2^h leaves that stands there.  Zeroed: the empty tree. */
struct merkle_frontier {
    uint64_t size;
    struct digest hashes[MERKLE_LEVELS];
};

/* Told of each node that becomes complete, from the leaf (height 0) upwards. */
struct merkle_sink {
    void *self;
    void (*node)(void *self, unsigned height, uint64_t n, const struct digest *hash);
};

/* sink: NULL when nobody asks. */
void merkle_append(struct merkle_frontier *f, const struct digest *leaf,
                   const struct merkle_sink *sink);
void merkle_root(const struct merkle_frontier *f, struct digest *out);
bool merkle_frontier_equal(const struct merkle_frontier *a, const struct merkle_frontier *b);

/* The hashes as bytes, from the greatest height down: popcount(size) * 32 of them. */
enum {
    MERKLE_FRONTIER_BYTES = MERKLE_LEVELS * DIGEST_BYTES
};
size_t merkle_frontier_print(const struct merkle_frontier *f, uint8_t bytes[MERKLE_FRONTIER_BYTES]);
/* ERR_SYNTAX when there are not popcount(size) hashes; ERR_LIMIT above MERKLE_SIZE_MAX. */
MUST_USE enum err merkle_frontier_parse(uint64_t size, const uint8_t *bytes, size_t length,
                                        struct merkle_frontier *out);

/* ---- Proofs from stored nodes ---- */

/* Gives hashes of complete subtrees; its errors are passed on. */
struct merkle_source {
    void *self;
    enum err (*node)(void *self, unsigned height, uint64_t n, struct digest *out);
};

struct merkle_proof {
    size_t count;
    struct digest hashes[MERKLE_PROOF_MAX];
};

MUST_USE enum err merkle_source_root(const struct merkle_source *s, uint64_t size,
                                     struct digest *out);
MUST_USE enum err merkle_source_frontier(const struct merkle_source *s, uint64_t size,
                                         struct merkle_frontier *out);
/* PATH(index, D[size]); ERR_INVALID when index >= size. */
MUST_USE enum err merkle_inclusion(const struct merkle_source *s, uint64_t index, uint64_t size,
                                   struct merkle_proof *out);
/* PROOF(old, D[size]); ERR_INVALID when old is 0 (that would prove nothing) or above size. */
MUST_USE enum err merkle_consistency(const struct merkle_source *s, uint64_t old, uint64_t size,
                                     struct merkle_proof *out);

/* ---- Verification ---- */

/* How many hashes the proof must have; 0 for what no proof exists of. */
size_t merkle_inclusion_length(uint64_t index, uint64_t size);
size_t merkle_consistency_length(uint64_t old, uint64_t size);

/* ERR_INVALID: index >= size, old 0 or above size, or a proof of another length (judged before
 * anything is hashed); ERR_CONFLICT: it does not lead to the root(s).  A root proves nothing unless
 * a signature over it was verified. */
MUST_USE enum err merkle_verify_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
                                          const struct merkle_proof *p, const struct digest *root);
MUST_USE enum err merkle_verify_consistency(uint64_t old, const struct digest *old_root,
                                            uint64_t size, const struct digest *root,
                                            const struct merkle_proof *p);

#endif
