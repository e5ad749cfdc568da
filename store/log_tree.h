/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of an account's log in the database: read as tiles, loaded, extended, recomputed.
 *
 * Level 0 of the tiles are the entries' own leaf hashes, higher levels the table log_node.  Each
 * function uses the connection it is given and may be part of a transaction. */
#ifndef STORE_LOG_TREE_H
#define STORE_LOG_TREE_H

#include "engine/log_step.h"
#include "store/pg.h"

/* A tile_reader over a connection; both pointers outlive it.  Its errors are those of the database;
 * ERR_DB_QUERY when rows are missing. */
struct log_tiles {
    struct pg *pg;
    const char *account;
    int64_t timeout_us; /* of one statement */
};
struct tile_reader log_tiles_reader(struct log_tiles *t);

/* Where the log stands, as log_state says; within the transaction of who is to append.  A log of
 * before trees were kept gets its tree and a first checkpoint now, which needs a signer.
 * ERR_DB_QUERY when frontier and root do not fit. */
MUST_USE enum err log_tree_load(struct pg *pg, const char *account, const struct log_signer *signer,
                                struct merkle_frontier *out);
/* Adds the entries of [f->size, size), which are rows already, to the tree: nodes, state and a
 * checkpoint. */
MUST_USE enum err log_tree_extend(struct pg *pg, const char *account,
                                  const struct log_signer *signer, uint64_t size,
                                  struct merkle_frontier *f);

/* ---- Recomputing ---- */

/* What a walk over a log finds wrong first; the sentence is empty when nothing is. */
struct log_finding {
    char sentence[LIMIT_REASON];
};
/* Every entry's hashes from its bytes, every node and the root from the leaf hashes.  Reads all of
 * the log, in constant memory. */
MUST_USE enum err log_tree_recompute(struct pg *pg, const char *account, uint64_t size,
                                     struct log_finding *out);

#endif
