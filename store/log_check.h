/* SPDX-License-Identifier: Apache-2.0 */
/* Is the log in the database the one that was published?  Asked before anything is appended.
 *
 * The killer of logs is a database restored from a backup: it would sign other entries at indexes
 * that others hold proofs of (proofs.md 1.9). */
#ifndef STORE_LOG_CHECK_H
#define STORE_LOG_CHECK_H

#include "store/log_tree.h"

struct log_check {
    const char *account;
    const struct log_signer *signer;
    const char *data_dir; /* of the high-water file */
};

enum {
    /* Logs up to this size are recomputed from their bytes at each start; of longer ones the root
     * is recomputed from the stored nodes and the newest entries' leaf hashes. */
    LOG_CHECK_WHOLE = 10000
};

/* The finding's sentence says what is wrong and what to do; empty: append.  ERR_DB_*: it could not
 * be judged.
 *
 * Judged: the genesis names our key; the root of tiles and tail is the stored one; the newest
 * checkpoint is of that size and root and signed by us; the high-water file is of this log, not
 * ahead of it, and its root is the one our tree has at its size. */
MUST_USE enum err log_check(struct pg *pg, const struct log_check *c, struct log_finding *out);

#endif
