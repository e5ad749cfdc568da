/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/metrics/equity: the equity curve as columns, thinned to a bucket size. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "handlers/handlers.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

/* Points a curve has when its timeframe is not asked for: what a screen can show. */
enum {
    POINTS_DEFAULT = 1000
};

static const int64_t buckets_us[] = {60 * US_PER_S,        300 * US_PER_S,  900 * US_PER_S,
                                     1800 * US_PER_S,      3600 * US_PER_S, 4 * 3600 * US_PER_S,
                                     12 * 3600 * US_PER_S, 86400 * US_PER_S};

struct range {
    int64_t from_us, to_us, bucket_us;
};

/* "24h", "7d", "4w"; false otherwise. */
static bool period_parse(const char *text, int64_t *us)
{
    char *end;
    long n = strtol(text, &end, 10);
    int64_t unit = *end == 'h' ? 3600 : *end == 'd' ? 86400 : *end == 'w' ? 7 * 86400 : 0;

    if (text[0] < '1' || text[0] > '9' || n > 10000 || unit == 0 || end[1])
        return false;
    *us = n * unit * US_PER_S;
    return true;
}

static enum err apply_period(struct request *rq, const char *period, int64_t now_us,
                             struct range *r)
{
    int64_t us = 0;

    if (!*period)
        return ERR_OK;
    if (!period_parse(period, &us))
        return request_fail(rq, ERR_PARAMETER, "period must be like 24h, 7d or 4w.");
    if (r->from_us != TIME_NONE && r->to_us != TIME_NONE)
        return request_fail(rq, ERR_PARAMETER, "Give at most two of from, to and period.");
    if (r->from_us != TIME_NONE) {
        r->to_us = r->from_us + us;
    } else {
        if (r->to_us == TIME_NONE)
            r->to_us = now_us + 1;
        r->from_us = r->to_us - us;
    }
    return ERR_OK;
}

static int64_t choose_bucket(const struct range *r, const struct snapshot *s)
{
    int64_t first = s->account.performance.first_us, last = s->account.performance.last_us;

    if (first == TIME_NONE || last == TIME_NONE)
        return buckets_us[0];
    if (r->from_us != TIME_NONE && r->from_us > first)
        first = r->from_us;
    if (r->to_us != TIME_NONE && r->to_us < last)
        last = r->to_us;
    for (size_t i = 0; i < COUNT_OF(buckets_us); i++)
        if ((last - first) / buckets_us[i] < POINTS_DEFAULT)
            return buckets_us[i];
    return buckets_us[COUNT_OF(buckets_us) - 1];
}

static enum err read_range(struct request *rq, struct snapshot *s, struct range *r)
{
    char period[12] = "", timeframe[8] = "";
    const struct field fields[] = {
        typed_time("from", &r->from_us),
        typed_time("to", &r->to_us),
        typed_text("period", period, sizeof period),
        typed_text("timeframe", timeframe, sizeof timeframe),
    };
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = apply_period(rq, period, s->as_of_us, r);
    if (!e && r->from_us != TIME_NONE && r->to_us != TIME_NONE && r->from_us > r->to_us)
        e = request_fail(rq, ERR_PARAMETER, "from must not be later than to.");
    if (e)
        return e;
    r->bucket_us = choose_bucket(r, s);
    if (timeframe[0] && timeframe_parse(timeframe, &r->bucket_us))
        return request_fail(rq, ERR_PARAMETER, "timeframe must be one of 1s to 1d, such as 1h.");
    return ERR_OK;
}

static double ratio_of(struct money part, struct money whole)
{
    struct ratio r = {0};

    if (whole.e12 == 0 || money_ratio(part, whole, ROUND_HALF_EVEN, &r))
        return 0;
    return ratio_to_double(r);
}

static struct money less(struct money a, struct money b)
{
    struct money m = {0};

    if (money_sub(a, b, &m))
        return (struct money){0};
    return m;
}

static void print_money_column(struct jwriter *w, const char *key,
                               const struct equity_point *points, size_t count, struct money base)
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; i < count; i++)
        jw_money(w, less(points[i].equity, base), -1);
    jw_array_end(w);
}

static void print_ratios(struct jwriter *w, const struct equity_point *points, size_t count,
                         struct money base)
{
    struct money peak = base;

    jw_key(w, "pnl_ratio");
    jw_array(w);
    for (size_t i = 0; i < count; i++)
        jw_double(w, ratio_of(less(points[i].equity, base), base));
    jw_array_end(w);
    /* From the peak of this very curve; a positive fraction. */
    jw_key(w, "drawdown");
    jw_array(w);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || money_cmp(points[i].equity, peak) > 0)
            peak = points[i].equity;
        jw_double(w, ratio_of(less(peak, points[i].equity), peak));
    }
    jw_array_end(w);
}

/* GET /v1/metrics/equity */
enum err metrics_equity(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct snapshot *s = engine_snapshot(h->engine);
    struct range r = {TIME_NONE, TIME_NONE, 0};
    struct money base = s->account.performance.starting_equity;
    struct equity_point *points = NULL;
    size_t count = 0;
    struct jwriter w;
    struct text body;
    enum err e = read_range(rq, s, &r);

    snapshot_release(s);
    if (!e)
        e = store_equity(h->store, h->account, r.from_us, r.to_us, r.bucket_us, LIMIT_EQUITY_POINTS,
                         &points, &count);
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "timeframe", timeframe_name(r.bucket_us));
    jw_member_money(&w, "base_value", base, -1);
    jw_key(&w, "timestamp");
    jw_array(&w);
    for (size_t i = 0; i < count; i++)
        jw_time(&w, points[i].at_us);
    jw_array_end(&w);
    print_money_column(&w, "equity", points, count, MONEY_ZERO);
    print_money_column(&w, "pnl", points, count, base);
    print_ratios(&w, points, count, base);
    jw_object_end(&w);
    free(points);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
