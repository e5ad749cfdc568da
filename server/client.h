/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a running daemon over its unix socket: the smallest HTTP client that will do. */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "core/text.h"

/* True when a daemon listens there. */
bool client_can_reach(const char *socket_path);
/* One request; body NULL: none.  ERR_IO when the daemon cannot be reached or hangs up. */
MUST_USE enum err client_request(const char *socket_path, const char *method, const char *path,
                                 const char *body, int *status, struct text *answer);

#endif
