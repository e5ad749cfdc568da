/* SPDX-License-Identifier: Apache-2.0 */
/* Requests counted by route, method and status, and how long they took. */
#ifndef HANDLERS_HTTP_STATS_H
#define HANDLERS_HTTP_STATS_H

#include <stdatomic.h>

#include "core/text.h"
#include "handlers/routes.h"

enum {
    HTTP_STATS_ROUTES = ROUTE_COUNT_ + 1,
    HTTP_STATS_STATUSES = 24,
    HTTP_STATS_BUCKETS = 11
};

struct http_stats {
    _Atomic uint64_t requests[HTTP_STATS_ROUTES][HTTP_METHOD_COUNT_][HTTP_STATS_STATUSES];
    _Atomic uint64_t buckets[HTTP_STATS_ROUTES][HTTP_STATS_BUCKETS + 1];
    _Atomic uint64_t duration_us[HTTP_STATS_ROUTES];
};

/* route NULL: none matched. */
void http_stats_count(struct http_stats *s, const struct route *route, enum http_method method,
                      int status, int64_t duration_us);

/* The families traderd_http_requests_total and traderd_http_request_duration_seconds. */
void http_stats_print(struct http_stats *s, bool openmetrics, struct text *out);

#endif
