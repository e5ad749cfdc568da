/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: HOST:PORT taken apart, bound, and a unix socket with an owner. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "core/error.h"

struct listen_address {
    char host[256];
    char port[8];
    bool is_loopback;
};

/* "127.0.0.1:8080", "localhost:0", "[::1]:8080".  ERR_INVALID with a diag otherwise. */
MUST_USE enum err listen_parse(const char *text, struct diag_list *diags,
                               struct listen_address *out);

/* Binds and listens; *port gets the real one.  ERR_IO with a diag that names the address. */
MUST_USE enum err listen_tcp(const struct listen_address *a, struct diag_list *diags, int *fd,
                             int *port);
/* Replaces a socket nobody listens on any more; mode 0660. */
MUST_USE enum err listen_unix(const char *path, struct diag_list *diags, int *fd);

#endif
