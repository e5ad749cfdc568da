/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to every request before and after its handler:
 *
 *   route -> authenticate -> throttle -> idempotency -> handler -> answer */
#ifndef SERVER_PIPELINE_H
#define SERVER_PIPELINE_H

#include "handlers/handlers.h"
#include "http/daemon.h"
#include "server/auth.h"
#include "server/throttle.h"
#include "server/waiters.h"

struct service {
    struct handlers handlers; /* first: the request's context is both */
    struct auth *auth;
    struct throttle *throttle;        /* requests of a token */
    struct throttle *failed_throttle; /* failed authentications of an address */
    struct waiters *waiters;
    bool log_public;   /* /v1/log needs no token */
    bool metrics_open; /* /metrics needs no token on this listener */
};

extern const struct http_callbacks pipeline_callbacks;

#endif
