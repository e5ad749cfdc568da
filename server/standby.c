/* SPDX-License-Identifier: Apache-2.0 */
/* Answers probes and waits for the lease of an account that another daemon trades. */
#include "server/standby.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/jwriter.h"
#include "core/log.h"
#include "http/respond.h"
#include "server/lifecycle.h"

static const int64_t ask_every_us = US_PER_S / 2;
static const char media_metrics[] = "text/plain; version=0.0.4; charset=utf-8";
static const int64_t drain_us = US_PER_S;

struct standby {
    const struct standby_options *options;
    pthread_mutex_t mutex; /* of holder: written by the main thread, read by the server's */
    struct lease_holder holder;
};

static struct lease_holder standby_holder(struct standby *s)
{
    struct lease_holder holder;

    pthread_mutex_lock(&s->mutex);
    holder = s->holder;
    pthread_mutex_unlock(&s->mutex);
    return holder;
}

static void set_holder(struct standby *s, const struct lease_holder *holder)
{
    pthread_mutex_lock(&s->mutex);
    s->holder = *holder;
    pthread_mutex_unlock(&s->mutex);
}

/* ---- Probes: the shapes of handlers/health.c, for the same tools look at them ---- */

static enum err answer_health(struct request *rq, const struct standby_options *o)
{
    struct jwriter w;
    struct text body;

    text_init(&body, 1024);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "status", "degraded");
    jw_member_text(&w, "version", o->version);
    jw_member_integer(&w, "uptime_s", (clock_monotonic_us() - o->started_us) / US_PER_S);
    jw_member_text(&w, "mode", "paper");
    jw_member_text(&w, "loop_state", "stopped");
    jw_key(&w, "checks");
    jw_array(&w);
    jw_object(&w);
    jw_member_text(&w, "name", "lease");
    jw_member_text(&w, "status", "degraded");
    jw_member_bool(&w, "critical", false);
    jw_object_end(&w);
    jw_array_end(&w);
    jw_object_end(&w);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

static enum err answer(struct request *rq, struct standby *s)
{
    struct lease_holder holder;
    bool reads = rq->method == HTTP_GET || rq->method == HTTP_HEAD;

    if (reads && strcmp(rq->path, "/livez") == 0)
        return respond_static(rq, 200, MEDIA_TEXT, "ok\n");
    if (reads && strcmp(rq->path, "/readyz") == 0)
        return respond_static(rq, 503, MEDIA_TEXT, "[-]lease failed: reason withheld\nfailed\n");
    if (reads && strcmp(rq->path, "/healthz") == 0)
        return answer_health(rq, s->options);
    if (reads && strcmp(rq->path, "/metrics") == 0)
        return respond_static(rq, 200, media_metrics,
                              "# HELP traderd_leader 1 while this daemon trades the account.\n"
                              "# TYPE traderd_leader gauge\n"
                              "traderd_leader 0\n");
    holder = standby_holder(s);
    rq->retry_after_s = 1 + holder.left_us / US_PER_S;
    return request_fail(rq, ERR_STANDBY,
                        "%s trades account %s; this daemon takes over when that one's lease ends "
                        "(%lld s, unless it is renewed).",
                        holder.holder[0] ? holder.holder : "Another daemon", s->options->account,
                        (long long)(holder.left_us / US_PER_S));
}

static enum http_step standby_begin(struct request *rq)
{
    enum err e = answer(rq, rq->context);

    if (e)
        respond_problem(rq, e);
    return HTTP_STEP_ANSWER;
}

static enum err standby_admit(struct request *rq, size_t *body_limit)
{
    (void)rq;
    (void)body_limit;
    return ERR_OK;
}

static void standby_finished(struct request *rq, bool sent)
{
    (void)rq;
    (void)sent;
}

/* ---- Waiting ---- */

static enum err wait_for_lease(struct standby *s)
{
    bool was_well = true;

    for (;;) {
        struct lease_holder other;
        enum err e;

        if (lifecycle_wait(ask_every_us))
            return ERR_SHUTTING_DOWN;
        e = lease_take(s->options->lease, &other);
        if (!e)
            return ERR_OK;
        if (e == ERR_AGAIN)
            set_holder(s, &other);
        else if (was_well)
            LOG_WARN("lease_not_known", "error", err_code(e), NULL);
        was_well = e == ERR_AGAIN;
    }
}

enum err standby_wait(const struct standby_options *options, struct diag_list *diags, int *port)
{
    struct standby s = {.options = options, .holder = options->holder};
    struct http_options http = options->http;
    struct http_server *server = NULL;
    enum err e;

    pthread_mutex_init(&s.mutex, NULL);
    http.callbacks = (struct http_callbacks){
        .admit = standby_admit, .begin = standby_begin, .finished = standby_finished};
    http.context = &s;
    e = http_server_new(&http, diags, &server);
    if (!e) {
        *port = http_server_port(server);
        LOG_INFO("standing_by", "account", options->account, "holder", s.holder.holder, "port",
                 LOG_NUMBER(*port), NULL);
        options->greet(options->context, *port, &s.holder);
        e = wait_for_lease(&s);
        http_server_free(server, drain_us);
    }
    pthread_mutex_destroy(&s.mutex);
    if (!e)
        LOG_INFO("taking_over", "account", options->account, "epoch",
                 LOG_NUMBER(lease_epoch(options->lease)), NULL);
    return e;
}
