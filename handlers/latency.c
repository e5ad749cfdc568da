/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/metrics/latency: how fast and at what price live orders execute. */
#include "handlers/handlers.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

static void bound_or_null(struct jwriter *w, const char *name, int64_t bound)
{
    if (bound >= 0 && bound != INT64_MAX) {
        jw_member_integer(w, name, bound);
        return;
    }
    jw_key(w, name);
    jw_null(w);
}

static void print_stage(struct jwriter *w, const struct fill_quality *q, enum quality_stage s)
{
    int64_t count = (int64_t)q->time_count[s];

    jw_object(w);
    jw_member_text(w, "stage", quality_stage_name(s));
    jw_member_integer(w, "count", count);
    bound_or_null(w, "mean_us", count ? q->time_total_us[s] / count : -1);
    bound_or_null(w, "p50_us", quality_quantile_us(q, s, 0.5));
    bound_or_null(w, "p95_us", quality_quantile_us(q, s, 0.95));
    bound_or_null(w, "p99_us", quality_quantile_us(q, s, 0.99));
    jw_key(w, "buckets");
    jw_array(w);
    for (size_t i = 0; i <= QUALITY_TIMES; i++) {
        jw_object(w);
        bound_or_null(w, "up_to_us", i < QUALITY_TIMES ? quality_time_us[i] : -1);
        jw_member_integer(w, "count", (int64_t)q->times[s][i]);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
}

static void print_slippage(struct jwriter *w, const struct fill_quality *q)
{
    jw_object(w);
    jw_member_integer(w, "count", (int64_t)q->slippage_count);
    jw_key(w, "mean_bps");
    if (q->slippage_count)
        jw_double(w, q->slippage_total_bps / (double)q->slippage_count);
    else
        jw_null(w);
    jw_key(w, "buckets");
    jw_array(w);
    for (size_t i = 0; i <= QUALITY_BPS; i++) {
        jw_object(w);
        jw_key(w, "up_to_bps");
        if (i < QUALITY_BPS)
            jw_integer(w, quality_slippage_bps[i]);
        else
            jw_null(w);
        jw_member_integer(w, "count", (int64_t)q->slippage[i]);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
}

/* GET /v1/metrics/latency */
enum err metrics_latency(struct request *rq)
{
    struct snapshot *s;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    s = engine_snapshot(handlers_of(rq)->engine);
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "stages");
    jw_array(&w);
    for (int stage = 0; stage < QUALITY_STAGE_COUNT_; stage++)
        print_stage(&w, &s->quality, (enum quality_stage)stage);
    jw_array_end(&w);
    jw_key(&w, "slippage");
    print_slippage(&w, &s->quality);
    jw_object_end(&w);
    snapshot_release(s);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
