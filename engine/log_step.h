/* SPDX-License-Identifier: Apache-2.0 */
/* One step of a log: what a commit that appends leaves adds to the tree and to what is signed.
 *
 * Made before the transaction from the frontier the log stands at, stored within it, published
 * after it.  Ed25519 is deterministic, so a step that is made again has the same bytes.  Pure. */
#ifndef ENGINE_LOG_STEP_H
#define ENGINE_LOG_STEP_H

#include "engine/checkpoint.h"
#include "engine/ledger.h"
#include "engine/tile.h"

/* The key that takes over (engine/log_keys.h): it signs, too, from the tree on that holds its
 * entry, and alone when the newest entry is later than old_until_us.  `from` is set by the start-up
 * check, or by the step that appends the entry. */
struct log_rotation {
    struct ed25519_key *key;
    uint64_t from; /* LOG_ROTATION_AHEAD: its entry is not in the log yet */
    int64_t old_until_us;
    bool is_over; /* the old one signed nothing any more when the daemon started */
};
#define LOG_ROTATION_AHEAD UINT64_MAX

/* Who signs; all of it outlives it. */
struct log_signer {
    const char *origin; /* a key name: checkpoint.h */
    struct ed25519_key *key;
    struct log_rotation *next; /* NULL: no other key takes over */
};

/* A hash at height 8 * level that became complete. */
struct log_node {
    unsigned level; /* 1 and up: level 0 are the entries' own leaf hashes */
    uint64_t n;
    struct digest hash;
};

struct log_step {
    struct merkle_frontier after;
    struct digest root;
    struct log_node *nodes; /* by level of completion: a lower one before what it completes */
    size_t node_count, node_capacity;
    struct text note; /* the signed checkpoint of after.size */
};

void log_step_init(struct log_step *s);
void log_step_release(struct log_step *s);
/* From `before` over the leaves; replaces what an earlier call made and keeps its memory. */
void log_step_make(struct log_step *s, const struct log_signer *signer,
                   const struct merkle_frontier *before, const struct leaf *leaves, size_t count);

#endif
