/* SPDX-License-Identifier: Apache-2.0 */
/* How a log's genesis names its account: by a digest that nobody can guess, and that its owner can
 * open. */
#ifndef SERVER_ACCOUNT_HASH_H
#define SERVER_ACCOUNT_HASH_H

#include "engine/log_step.h"
#include "store/store.h"

struct account_name {
    const char *data_dir;
    const char *account;
    const struct log_signer *signer; /* of its log */
};

/* What the log says already, where it has begun.  Else the SHA-256 of "SALT\nACCOUNT" where SALT is
 * 64 hex digits that only the holder of the log's key can make, always the same ones; the file
 * account.salt of the data directory (0600) then has them, to be shown to whom the owner likes.
 * ERR_DB_*: the log cannot be read; ERR_IO with a diag: the file cannot be written. */
MUST_USE enum err account_hash(const struct account_name *n, struct store *s,
                               struct diag_list *diags, char hash[DIGEST_HEX]);

#endif
