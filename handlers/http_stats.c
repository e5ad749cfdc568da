/* SPDX-License-Identifier: Apache-2.0 */
/* Counters without a lock: each is one atomic addition. */
#include "handlers/http_stats.h"

#include "handlers/exposition.h"

static const int statuses[HTTP_STATS_STATUSES - 1] = {200, 201, 202, 204, 207, 304, 400, 401,
                                                      403, 404, 405, 406, 409, 412, 413, 414,
                                                      415, 421, 422, 429, 431, 500, 503};
static const int64_t bounds_us[HTTP_STATS_BUCKETS] = {
    100, 250, 1000, 2500, 10000, 25000, 100000, 250000, 1000000, 2500000, 10000000};

static size_t status_index(int status)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i] == status)
            return i;
    return HTTP_STATS_STATUSES - 1;
}

void http_stats_count(struct http_stats *s, const struct route *route, enum http_method method,
                      int status, int64_t duration_us)
{
    size_t r = route ? (size_t)(route - routes) : ROUTE_COUNT_;
    size_t b = 0;

    while (b < HTTP_STATS_BUCKETS && duration_us > bounds_us[b])
        b++;
    atomic_fetch_add_explicit(&s->requests[r][method][status_index(status)], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&s->buckets[r][b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->duration_us[r], (uint64_t)duration_us, memory_order_relaxed);
}

static const char *route_label(size_t r)
{
    return r < ROUTE_COUNT_ ? routes[r].path : "unmatched";
}

/* Two routes may share a path: their histograms are told apart by the method. */
static const char *method_label(size_t r)
{
    return r < ROUTE_COUNT_ ? http_method_name(routes[r].method) : "any";
}

static void print_requests(struct http_stats *s, struct text *out)
{
    for (size_t r = 0; r < HTTP_STATS_ROUTES; r++) {
        for (size_t m = 0; m < HTTP_METHOD_COUNT_; m++) {
            for (size_t c = 0; c < HTTP_STATS_STATUSES; c++) {
                uint64_t n = atomic_load_explicit(&s->requests[r][m][c], memory_order_relaxed);
                if (n == 0)
                    continue;
                text_format(out, "traderd_http_requests_total{route=\"%s\",method=\"%s\",code=",
                            route_label(r), http_method_name((enum http_method)m));
                if (c < COUNT_OF(statuses))
                    text_format(out, "\"%d\"} %llu\n", statuses[c], (unsigned long long)n);
                else
                    text_format(out, "\"other\"} %llu\n", (unsigned long long)n);
            }
        }
    }
}

static void print_durations(struct http_stats *s, size_t r, struct text *out)
{
    static const char family[] = "traderd_http_request_duration_seconds";
    uint64_t sum = 0, counts[HTTP_STATS_BUCKETS + 1], total = 0;

    for (size_t b = 0; b <= HTTP_STATS_BUCKETS; b++) {
        counts[b] = atomic_load_explicit(&s->buckets[r][b], memory_order_relaxed);
        total += counts[b];
    }
    if (total == 0)
        return;
    for (size_t b = 0; b < HTTP_STATS_BUCKETS; b++) {
        sum += counts[b];
        text_format(out, "%s_bucket{route=\"%s\",method=\"%s\",le=\"", family, route_label(r),
                    method_label(r));
        exposition_seconds(out, bounds_us[b]);
        text_format(out, "\"} %llu\n", (unsigned long long)sum);
    }
    text_format(out, "%s_bucket{route=\"%s\",method=\"%s\",le=\"+Inf\"} %llu\n", family,
                route_label(r), method_label(r), (unsigned long long)total);
    text_format(out, "%s_sum{route=\"%s\",method=\"%s\"} ", family, route_label(r),
                method_label(r));
    exposition_seconds(out,
                       (int64_t)atomic_load_explicit(&s->duration_us[r], memory_order_relaxed));
    text_format(out, "\n%s_count{route=\"%s\",method=\"%s\"} %llu\n", family, route_label(r),
                method_label(r), (unsigned long long)total);
}

void http_stats_print(struct http_stats *s, bool openmetrics, struct text *out)
{
    exposition_family(out, openmetrics, EXPOSITION_COUNTER, "traderd_http_requests",
                      "HTTP requests by route template, method and status.");
    print_requests(s, out);
    exposition_family(out, openmetrics, EXPOSITION_HISTOGRAM,
                      "traderd_http_request_duration_seconds",
                      "Time from the request line to the end of the answer.");
    for (size_t r = 0; r < HTTP_STATS_ROUTES; r++)
        print_durations(s, r, out);
}
