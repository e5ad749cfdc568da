/* SPDX-License-Identifier: Apache-2.0 */
/* One entry and its proof of inclusion, as files and answers hold them.  Pure. */
#ifndef SERVER_VERIFY_ENTRY_PROOF_H
#define SERVER_VERIFY_ENTRY_PROOF_H

#include "engine/checkpoint.h"

struct entry_proof {
    struct tlog_proof proof;
    char *entry; /* owned */
    size_t length;
    char *envelope; /* owned, what proof.checkpoint is of; NULL: within the file */
};

/* What GET /v1/log/entry/INDEX/proof answers: a transparency log entry as Sigstore writes it.
 * False when it is none; release it in either case. */
bool entry_proof_read(const char *data, size_t length, struct entry_proof *s);
/* The entry alone: its bytes, or the line of a JSONL file that stands for it. */
void entry_proof_keep(struct entry_proof *s, const char *data, size_t length);
void entry_proof_release(struct entry_proof *s);

#endif
