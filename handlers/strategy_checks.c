/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/strategies/{id}/check: tries a strategy on past candles, one at a time. */
#include <pthread.h>
#include <stdlib.h>

#include "engine/strategy_check.h"
#include "handlers/strategies.h"
#include "handlers/strategy_past.h"
#include "handlers/view.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

/* Candles pushed in all: some seconds of one processor. */
static const int64_t budget = 20 * 1000 * 1000;

/* A check takes a processor for seconds, and the loop needs one too. */
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

static enum err answer_report(struct request *rq, const struct check_report *report)
{
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    check_report_write(&w, report);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

static enum err run(struct request *rq, struct check_options *o)
{
    const struct handlers *h = handlers_of(rq);
    struct check_report *report = xcalloc(1, sizeof *report);
    struct strategy_past past;
    enum err e;

    strategy_past_init(&past, h->engine, o->strategy);
    o->until_us = past.until_us;
    o->shift_us = past.shift_us;
    o->ext = past.ext;
    o->feed = h->feed;
    o->instruments = h->instruments;
    o->instrument_count = h->instrument_count;
    o->terms = h->terms;
    o->budget = budget;
    e = strategy_check_run(o, request_diags(rq), report);
    if (!e) {
        e = answer_report(rq, report);
        check_report_release(report);
    } else if (e == ERR_NOT_FOUND || e == ERR_INVALID) {
        e = request_fail(rq, ERR_NOT_TRADABLE, "%s.", request_diags(rq)->items[0].message);
    }
    free(report);
    return e;
}

/* POST /v1/strategies/{id}/check */
enum err strategies_check(struct request *rq)
{
    struct check_options o = {.candles = CHECK_CANDLES_DEFAULT, .samples = CHECK_SAMPLES_DEFAULT};
    int64_t seed = 1;
    const struct field fields[] = {
        typed_integer("candles", &o.candles, 1, CHECK_CANDLES_DEFAULT),
        typed_integer("samples", &o.samples, 1, CHECK_SAMPLES_MAX),
        typed_integer("seed", &seed, 0, INT64_MAX),
    };
    struct strategy_row row;
    struct strategy *s = NULL;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (!e)
        e = strategies_artifact(rq, rq->arguments[0], &row);
    if (!e && !handlers_of(rq)->feed)
        e = ERR_NO_FEED;
    if (!e)
        e = strategies_load(rq, row.id, &s);
    if (e)
        return e;
    o.strategy = s;
    o.seed = (uint64_t)seed;
    if (pthread_mutex_trylock(&one) == 0) {
        e = run(rq, &o);
        pthread_mutex_unlock(&one);
    } else {
        rq->retry_after_s = 1;
        e = request_fail(rq, ERR_RATE_LIMITED, "Another check is running; one at a time.");
    }
    strategy_release(s);
    return e;
}
