/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate and the key of the HTTPS listener, read and judged before anything starts. */
#ifndef SERVER_TLS_FILES_H
#define SERVER_TLS_FILES_H

#include "core/config.h"
#include "core/text.h"

struct tls_files {
    struct text certificate, key; /* PEM; empty without TLS */
};

/* Leaves both empty when no certificate is configured.  ERR_INVALID or ERR_IO with a diag that
 * names the key and the file; release either way. */
MUST_USE enum err tls_files_read(const struct config *c, struct diag_list *diags,
                                 struct tls_files *out);
void tls_files_release(struct tls_files *t);

#endif
