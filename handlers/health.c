/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz, /livez, /readyz: answered from memory alone, so that a probe never waits. */
#include "core/clock.h"
#include "handlers/handlers.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

struct check {
    const char *name;
    const char *status; /* ok degraded failing */
    bool is_critical;
};

enum {
    CHECKS = 6
};

/* In real time a cycle is due every interval; three missed ones are a fault. */
static bool feed_is_late(const struct snapshot *s)
{
    int64_t age_us = clock_wall_us() - s->last_cycle_wall_us;

    return s->state == LOOP_RUNNING && s->pace[0] == 'r' && s->pace[2] == 'a' &&
           s->last_cycle_wall_us > 0 && age_us > 3 * s->cycle_interval_us + 10 * US_PER_S;
}

static void run_checks(struct handlers *h, const struct snapshot *s, struct check checks[CHECKS])
{
    int64_t now_us = clock_monotonic_us();
    bool alive = now_us - engine_heartbeat_us(h->engine) < HEARTBEAT_MAX_US;
    bool database = atomic_load(&h->database_error) == ERR_OK;
    bool failed = s->state == LOOP_FAILED;

    checks[0] = (struct check){"engine", alive ? "ok" : "failing", true};
    checks[1] = (struct check){"database", database ? "ok" : "failing", true};
    checks[2] = (struct check){"feed", feed_is_late(s) ? "failing" : "ok", true};
    checks[3] = (struct check){"loop", failed ? "degraded" : "ok", false};
    checks[5] = (struct check){"lease", handlers_leads(h) ? "ok" : "degraded", false};
    checks[4] = (struct check){"journal", s->journal_waiting ? "degraded" : "ok", false};
}

static bool is_ok(const struct check *c)
{
    return c->status[0] == 'o';
}

/* GET /healthz: for people and CI; 503 only when a critical check fails. */
enum err health_summary(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct snapshot *s;
    struct check checks[CHECKS];
    const char *status = "ok";
    bool is_failing = false;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    s = engine_snapshot(h->engine);
    run_checks(h, s, checks);
    for (size_t i = 0; i < CHECKS; i++) {
        if (!is_ok(&checks[i]))
            status = "degraded";
        is_failing |= checks[i].is_critical && !is_ok(&checks[i]);
    }
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "status", is_failing ? "failing" : status);
    jw_member_text(&w, "version", h->version);
    jw_member_integer(&w, "uptime_s", (clock_monotonic_us() - h->started_monotonic_us) / US_PER_S);
    jw_member_text(&w, "mode", trading_mode_name(s->account.mode));
    jw_member_text(&w, "loop_state", loop_state_name(s->state));
    jw_key(&w, "checks");
    jw_array(&w);
    for (size_t i = 0; i < CHECKS; i++) {
        jw_object(&w);
        jw_member_text(&w, "name", checks[i].name);
        jw_member_text(&w, "status", checks[i].status);
        jw_member_bool(&w, "critical", checks[i].is_critical);
        jw_object_end(&w);
    }
    jw_array_end(&w);
    jw_object_end(&w);
    snapshot_release(s);
    return respond_take(rq, is_failing ? 503 : 200, MEDIA_JSON, &body);
}

/* "ok", or a line a check; the reason of a failure stays in the log. */
static enum err answer_probe(struct request *rq, const struct check *checks, size_t count,
                             bool verbose)
{
    bool all_ok = true;
    struct text body;

    for (size_t i = 0; i < count; i++)
        all_ok = all_ok && is_ok(&checks[i]);
    text_init(&body, 1024);
    if (verbose || !all_ok)
        for (size_t i = 0; i < count; i++)
            text_format(&body, "[%c]%s %s\n", is_ok(&checks[i]) ? '+' : '-', checks[i].name,
                        is_ok(&checks[i]) ? "ok" : "failed: reason withheld");
    text_string(&body, all_ok ? "ok\n" : "failed\n");
    return respond_take(rq, all_ok ? 200 : 503, MEDIA_TEXT, &body);
}

static enum err probe(struct request *rq, bool ready)
{
    struct handlers *h = handlers_of(rq);
    struct check all[CHECKS], checks[CHECKS];
    bool verbose = false;
    const struct field fields[] = {typed_flag("verbose", &verbose)};
    struct snapshot *s;
    size_t count = 0;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (e)
        return e;
    s = engine_snapshot(h->engine);
    run_checks(h, s, all);
    snapshot_release(s);
    checks[count++] = all[0];
    if (ready) {
        checks[count++] = all[1];
        checks[count++] = all[2];
        checks[count++] = all[5];
        checks[count++] =
            (struct check){"shutdown", atomic_load(&h->is_draining) ? "failing" : "ok", true};
    }
    return answer_probe(rq, checks, count, verbose);
}

/* GET /livez: the process serves and its engine thread lives. */
enum err health_live(struct request *rq)
{
    return probe(rq, false);
}

/* GET /readyz: and it can do its work. */
enum err health_ready(struct request *rq)
{
    return probe(rq, true);
}
