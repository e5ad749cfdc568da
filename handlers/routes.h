/* SPDX-License-Identifier: Apache-2.0 */
/* The routes as data: handlers/routes_table.h made into an enum, prototypes and an array. */
#ifndef HANDLERS_ROUTES_H
#define HANDLERS_ROUTES_H

#include "http/request.h"
#include "store/store.h"

enum route_where {
    ROUTE_INLINE,
    ROUTE_WORKER
};
enum route_repeat {
    ROUTE_REPEAT_N,
    ROUTE_REPEAT_K,
    ROUTE_REPEAT_KEY,
    ROUTE_REPEAT_X
};

enum route_id {
#define ROUTE(method, path, handler, role, where, repeat) ROUTE_ID_##handler,
#include "handlers/routes_table.h"
#undef ROUTE
    ROUTE_COUNT_
};

struct route {
    enum http_method method;
    const char *path;
    enum err (*handler)(struct request *rq);
    enum role role;
    enum route_where where;
    enum route_repeat repeat;
};

extern const struct route routes[ROUTE_COUNT_];

/* Each fills in the response, or returns the error it failed with. */
#define ROUTE(method, path, handler, role, where, repeat) enum err handler(struct request *rq);
#include "handlers/routes_table.h"
#undef ROUTE

#endif
