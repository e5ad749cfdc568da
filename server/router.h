/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the route of a method and a path. */
#ifndef SERVER_ROUTER_H
#define SERVER_ROUTER_H

#include "handlers/routes.h"

struct router_match {
    const struct route *route;
    unsigned allow; /* bit per enum http_method the path has, OPTIONS and HEAD included */
    size_t argument_count;
    const char *arguments[HTTP_ARGUMENTS]; /* point into segments */
};

/* A literal segment goes before a parameter.  ERR_ROUTE_UNKNOWN: no such path; ERR_METHOD: the path
 * has other methods, see allow (also set for OPTIONS, whose route is NULL with ERR_OK). */
MUST_USE enum err router_find(enum http_method method, const char *const *segments, size_t count,
                              struct router_match *out);

enum {
    ROUTER_ALLOW_MAX = 64
};
/* "GET, HEAD, OPTIONS" */
void router_allow_text(unsigned allow, char text[ROUTER_ALLOW_MAX]);

#endif
