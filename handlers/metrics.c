/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics in three dialects, /v1/metrics and the equity curve. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "handlers/handlers.h"
#include "handlers/prometheus.h"
#include "handlers/state.h"
#include "handlers/view.h"
#include "http/accept.h"
#include "http/query.h"
#include "http/respond.h"

static const char *const formats[] = {"json", "openmetrics", "prometheus", NULL};

enum scrape_format {
    SCRAPE_JSON,
    SCRAPE_OPENMETRICS_1,
    SCRAPE_OPENMETRICS_0,
    SCRAPE_TEXT
};

/* In the server's order of preference. */
static const struct media offered[] = {
    {"application", "json", NULL},
    {"application", "openmetrics-text", "1.0.0"},
    {"application", "openmetrics-text", "0.0.1"},
    {"text", "plain", "0.0.4"},
};

/* GET /v1/metrics: always JSON. */
enum err metrics_get(struct request *rq)
{
    return state_read(rq, STATE_METRICS);
}

/* The document of /v1/metrics with the process's own members put before its last brace. */
static enum err scrape_json(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct snapshot *s = NULL;
    struct text body;
    const char *document;
    size_t length;
    enum err e = state_open(rq, 0, &s);

    if (e || !s)
        return e;
    document = state_document(s, STATE_METRICS, &length);
    text_init(&body, VIEW_MAX);
    text_append(&body, document, length - 1);
    text_format(&body, ",\"uptime_s\":%lld}",
                (long long)((clock_monotonic_us() - h->started_monotonic_us) / US_PER_S));
    snapshot_release(s);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

/* GET /metrics: JSON for people, OpenMetrics or the text format for Prometheus. */
enum err metrics_scrape(struct request *rq)
{
    static const char *const types[] = {
        MEDIA_JSON, "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/openmetrics-text; version=0.0.1; charset=utf-8",
        "text/plain; version=0.0.4; charset=utf-8"};
    static const int formats_chosen[] = {SCRAPE_JSON, SCRAPE_OPENMETRICS_1, SCRAPE_TEXT};
    int format = -1, chosen;
    const struct field fields[] = {typed_word("format", &format, formats)};
    struct text body;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (e)
        return e;
    chosen = format >= 0 ? formats_chosen[format]
                         : accept_choose(rq->headers.accept, offered, COUNT_OF(offered));
    respond_header(rq, "Vary", "%s", "Accept");
    if (chosen < 0)
        return request_fail(rq, ERR_NOT_ACCEPTABLE,
                            "Available: application/json, application/openmetrics-text "
                            "(1.0.0, 0.0.1), text/plain (0.0.4).");
    if (chosen == SCRAPE_JSON)
        return scrape_json(rq);
    text_init(&body, VIEW_MAX);
    prometheus_print(handlers_of(rq), chosen != SCRAPE_TEXT, &body);
    return respond_take(rq, 200, types[chosen], &body);
}
