/* SPDX-License-Identifier: Apache-2.0 */
/* Standing by: another daemon trades the account; probes are answered, and nothing else. */
#ifndef SERVER_STANDBY_H
#define SERVER_STANDBY_H

#include "http/daemon.h"
#include "store/lease.h"

struct standby_options {
    struct http_options http; /* where to listen; callbacks and context are not looked at */
    /* Says where that is, for people, once it listens. */
    void (*greet)(void *context, int port, const struct lease_holder *holder);
    void *context;
    struct lease *lease;
    struct lease_holder holder; /* who has it now */
    const char *account, *version;
    int64_t started_us; /* monotonic */
};

/* Main thread: asks for the lease every half second until it is ours (ERR_OK), or a signal comes
 * (ERR_SHUTTING_DOWN).  *port is where it listened, so that a port of 0 stays the same. */
MUST_USE enum err standby_wait(const struct standby_options *options, struct diag_list *diags,
                               int *port);

#endif
