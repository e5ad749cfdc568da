/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs an account's log: its key, and what it is called by. */
#ifndef SERVER_LOG_IDENTITY_H
#define SERVER_LOG_IDENTITY_H

#include "engine/log_step.h"

struct log_identity {
    char origin[NOTE_NAME]; /* "traderd.local/<beginning of the key>/<account>" */
    char vkey[VKEY_BYTES];
    struct log_signer signer; /* points into this struct, which must not move */
};

/* Loads data_dir/log.key, or makes it. */
MUST_USE enum err log_identity_open(const char *data_dir, const char *account,
                                    struct diag_list *diags, struct log_identity *out);
void log_identity_close(struct log_identity *l);

#endif
