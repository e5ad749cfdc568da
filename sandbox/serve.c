/* SPDX-License-Identifier: Apache-2.0 */
/* One lock around the core; requests that must wait do so on workers. */
#include "sandbox/serve.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/jwriter.h"
#include "core/limits.h"
#include "core/log.h"
#include "http/daemon.h"
#include "http/respond.h"
#include "sandbox/keep.h"

enum {
    WORKERS = 32, /* requests that wait at the same time */
    CONNECTIONS = 512,
    SLICE_US = 20000,
    DRAIN_US = 500000,
    FAULTS_BYTES = 64 * 1024
};

struct serve {
    pthread_mutex_t mutex; /* around box and keep */
    struct box *box;
    struct keep *keep; /* NULL: nothing is kept */
    struct http_server *http;
    _Atomic bool is_ending;
};

/* ---- Answers ---- */

static void answer_with(struct request *rq, struct box_answer *a, int64_t market_us)
{
    for (size_t i = 0; i < a->header_count; i++)
        respond_header(rq, a->headers[i].name, "%s", a->headers[i].value);
    respond_header(rq, "X-Sandbox-Time", "%lld", (long long)(market_us / US_PER_MS));
    if (respond_take(rq, a->status, a->content_type, &a->body))
        respond_problem(rq, ERR_LIMIT);
}

/* What was done is on disk before anybody hears of it; a venue that cannot write ends. */
static void keep_record(const struct serve *s, const struct box_answer *a)
{
    if (!s->keep || a->record.length == 0)
        return;
    if (!a->record.full && !keep_append(s->keep, a->record.data, a->record.length))
        return;
    LOG_ERROR("sandbox_state_lost", "hint", "the state file takes no more; is the disk full?",
              NULL);
    _exit(1);
}

static void wait_us(const struct serve *s, int64_t us)
{
    const int64_t end_us = clock_monotonic_us() + us;

    while (!s->is_ending && clock_monotonic_us() < end_us)
        usleep(SLICE_US);
}

static struct box_request request_of(const struct request *rq)
{
    const char *query = strchr(rq->target, '?');

    return (struct box_request){.method = http_method_name(rq->method),
                                .path = rq->path,
                                .query = query ? query + 1 : "",
                                .body = rq->body ? rq->body : "",
                                .key = rq->headers.api_key};
}

static void execute(struct serve *s, struct request *rq, const struct box_plan *plan)
{
    const struct box_request call = request_of(rq);
    struct box_answer a;

    rq->response.drop = plan->drop_request || plan->drop_answer;
    if (plan->drop_request)
        return;
    box_answer_init(&a);
    pthread_mutex_lock(&s->mutex);
    box_call(s->box, &call, plan, clock_wall_us(), &a);
    keep_record(s, &a);
    answer_with(rq, &a, box_market_us(s->box));
    pthread_mutex_unlock(&s->mutex);
    box_answer_release(&a);
}

/* ---- Control ---- */

static void put_text(struct box_answer *a, int status, const char *text)
{
    a->status = status;
    text_string(&a->body, text);
}

static void control_faults(struct serve *s, struct request *rq, struct box_answer *a)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    char why[512];
    enum err e;

    if (rq->method == HTTP_DELETE) {
        box_faults_clear(s->box, a);
        put_text(a, 200, "{}");
    } else {
        e = box_faults_add(s->box, rq->body ? rq->body : "", clock_wall_us(), diags);
        if (e) {
            struct jwriter w;

            diag_describe(diags, e, why, sizeof why);
            jwriter_init(&w, JSTYLE_COMPACT, &a->body);
            jw_object(&w);
            jw_member_text(&w, "error", why);
            jw_object_end(&w);
            a->status = 400;
        } else {
            put_text(a, 200, "{}");
        }
    }
    free(diags);
}

static void control_step(struct serve *s, struct request *rq, struct box_answer *a)
{
    const char *text = request_parameter(rq, "ms");
    char *end = NULL;
    const long long ms = text ? strtoll(text, &end, 10) : -1;

    if (ms < 0 || ms > INT32_MAX || !end || *end) {
        put_text(a, 400, "{\"error\":\"ms=N is expected, at most 2147483647\"}");
        return;
    }
    box_step(s->box, ms * US_PER_MS, a);
    put_text(a, 200, "{}");
}

/* False when the path is none of ours. */
static bool control(struct serve *s, struct request *rq)
{
    const bool is_state = strcmp(rq->path, "/sandbox/state") == 0;
    const bool is_faults = strcmp(rq->path, "/sandbox/faults") == 0;
    const bool is_step = strcmp(rq->path, "/sandbox/step") == 0;
    struct box_answer a;

    if (!rq->peer->is_loopback || !(is_state || is_faults || is_step))
        return false;
    box_answer_init(&a);
    pthread_mutex_lock(&s->mutex);
    box_move(s->box, clock_wall_us(), &a);
    if (is_state && rq->method == HTTP_GET)
        box_state(s->box, clock_wall_us(), &a);
    else if (is_faults && (rq->method == HTTP_POST || rq->method == HTTP_DELETE))
        control_faults(s, rq, &a);
    else if (is_step && rq->method == HTTP_POST)
        control_step(s, rq, &a);
    else
        put_text(&a, 405, "{\"error\":\"another method is expected\"}");
    keep_record(s, &a);
    answer_with(rq, &a, box_market_us(s->box));
    pthread_mutex_unlock(&s->mutex);
    box_answer_release(&a);
    return true;
}

/* ---- Callbacks ---- */

static enum err on_admit(struct request *rq, size_t *body_limit)
{
    (void)rq;
    (void)body_limit;
    return ERR_OK;
}

static enum http_step on_begin(struct request *rq)
{
    struct serve *s = rq->context;
    const struct box_request call = request_of(rq);
    struct box_plan *plan;

    if (control(s, rq))
        return HTTP_STEP_ANSWER;
    plan = arena_alloc(&rq->arena, sizeof *plan);
    ASSERT(plan);
    pthread_mutex_lock(&s->mutex);
    box_plan(s->box, &call, clock_wall_us(), plan);
    pthread_mutex_unlock(&s->mutex);
    rq->route = plan;
    if (plan->before_us > 0 || plan->after_us > 0)
        return HTTP_STEP_WORKER;
    execute(s, rq, plan);
    return HTTP_STEP_ANSWER;
}

static enum http_step on_work(struct request *rq)
{
    const struct box_plan *plan = rq->route;
    struct serve *s = rq->context;

    wait_us(s, plan->before_us);
    execute(s, rq, plan);
    wait_us(s, plan->after_us);
    return HTTP_STEP_ANSWER;
}

static void on_hold(struct request *rq)
{
    (void)rq;
    ASSERT(false); /* nothing is held */
}

static void on_finished(struct request *rq, bool sent)
{
    (void)rq;
    (void)sent;
}

/* ---- Start and stop ---- */

static enum err start_box(struct serve *s, const struct serve_options *o, struct diag_list *diags)
{
    struct text faults;
    enum err e = keep_open(o->state_path, &o->box, diags, &s->box, &s->keep);

    if (e || !o->faults_path)
        return e;
    text_init(&faults, FAULTS_BYTES);
    if (text_read_file(&faults, o->faults_path)) {
        (void)diag_add(diags, o->faults_path, "unreadable", "the fault script cannot be read");
        e = ERR_INVALID;
    } else {
        e = box_faults_add(s->box, faults.data ? faults.data : "", clock_wall_us(), diags);
    }
    text_release(&faults);
    return e;
}

enum err serve_new(const struct serve_options *options, struct diag_list *diags, struct serve **out)
{
    struct serve *s = xcalloc(1, sizeof *s);
    struct http_options http = {
        .address = options->address,
        .threads = 1,
        .workers = WORKERS,
        .connections = CONNECTIONS,
        .callbacks = {on_admit, on_begin, on_work, on_hold, on_finished},
        .context = s,
    };
    enum err e;

    pthread_mutex_init(&s->mutex, NULL);
    e = start_box(s, options, diags);
    if (!e)
        e = http_server_new(&http, diags, &s->http);
    if (e) {
        serve_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

int serve_port(const struct serve *s)
{
    return http_server_port(s->http);
}

void serve_free(struct serve *s)
{
    if (!s)
        return;
    s->is_ending = true;
    if (s->http)
        http_server_free(s->http, DRAIN_US);
    keep_free(s->keep);
    box_free(s->box);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}
