/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a request through its steps; every error becomes a problem document in one place. */
#include "server/pipeline.h"

#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "http/hygiene.h"
#include "http/respond.h"
#include "server/idempotency.h"
#include "server/router.h"

static struct service *service_of(const struct request *rq)
{
    return rq->context;
}

static bool is_route(const struct request *rq, enum route_id id)
{
    return rq->route == &routes[id];
}

/* Finds the route.  For OPTIONS the answer is the list of methods. */
static enum err find_route(struct request *rq)
{
    struct router_match m = {0};
    char allow[ROUTER_ALLOW_MAX];
    enum err e = router_find(rq->method, rq->segments, rq->segment_count, &m);

    if (e == ERR_METHOD || (!e && !m.route)) {
        router_allow_text(m.allow, allow);
        respond_header(rq, "Allow", "%s", allow);
        if (e)
            return request_fail(rq, e, "Allowed here: %s.", allow);
        return respond_empty(rq, 204);
    }
    if (e)
        return e;
    rq->route = m.route;
    rq->argument_count = m.argument_count;
    memcpy(rq->arguments, m.arguments, sizeof rq->arguments);
    return ERR_OK;
}

static enum role needed_role(const struct request *rq)
{
    const struct route *route = rq->route;

    if (is_route(rq, ROUTE_ID_metrics_scrape) && !service_of(rq)->metrics_open &&
        !rq->peer->is_unix)
        return ROLE_VIEWER;
    if (service_of(rq)->log_public && strncmp(route->path, "/v1/log/", 8) == 0)
        return ROLE_NONE;
    return route->role;
}

static enum err refuse_credential(struct request *rq, bool presented)
{
    struct service *s = service_of(rq);
    struct throttle_state state = {0};

    respond_header(rq, "WWW-Authenticate", "Bearer realm=\"traderd\"%s",
                   presented ? ", error=\"invalid_token\"" : "");
    /* Only guesses count, not requests that forgot their token. */
    if (presented && !rq->peer->is_unix &&
        throttle_take(s->failed_throttle, rq->peer->address, clock_monotonic_us(), &state)) {
        rq->retry_after_s = state.reset_s;
        return ERR_RATE_LIMITED;
    }
    return request_fail(rq, ERR_UNAUTHORIZED, "%s",
                        presented ? "The token is not known, has expired or was revoked."
                                  : "Send `Authorization: Bearer <token>`; the first token is in "
                                    "the file admin.token of the data directory.");
}

static enum err authenticate(struct request *rq)
{
    struct service *s = service_of(rq);
    enum role needed = needed_role(rq);
    struct throttle_state state = {0};
    bool presented = false;

    if (needed == ROLE_NONE)
        return ERR_OK;
    /* Behind a proxy on the socket all have one address: one guesser must not lock out others. */
    if (rq->headers.authorization && !rq->peer->is_unix &&
        throttle_look(s->failed_throttle, rq->peer->address, clock_monotonic_us(), &state)) {
        rq->retry_after_s = state.reset_s;
        return request_fail(rq, ERR_RATE_LIMITED, "Too many failed attempts from this address.");
    }
    if (auth_identify(s->auth, rq, &presented))
        return refuse_credential(rq, presented);
    if (rq->principal.role < (int)needed) {
        respond_header(rq, "WWW-Authenticate",
                       "Bearer realm=\"traderd\", error=\"insufficient_scope\", scope=\"%s\"",
                       role_name(needed));
        return request_fail(rq, ERR_FORBIDDEN, "This needs role %s; the token has %s.",
                            role_name(needed), role_name((enum role)rq->principal.role));
    }
    return ERR_OK;
}

/* Closing may go on without the database; what opens or creates may not. */
static bool is_safe_direction(const struct request *rq)
{
    return is_route(rq, ROUTE_ID_positions_close) || is_route(rq, ROUTE_ID_positions_close_all);
}

/* What makes things safer is never throttled. */
static bool is_never_throttled(const struct request *rq)
{
    return is_safe_direction(rq) || is_route(rq, ROUTE_ID_loop_stop) ||
           is_route(rq, ROUTE_ID_loop_pause) || is_route(rq, ROUTE_ID_loop_deadman) ||
           is_route(rq, ROUTE_ID_orders_cancel) || is_route(rq, ROUTE_ID_orders_cancel_all) ||
           is_route(rq, ROUTE_ID_strategies_deactivate);
}

static enum err throttle(struct request *rq)
{
    struct service *s = service_of(rq);
    int64_t limit = s->handlers.rate_limit;
    struct throttle_state state = {0};
    enum err e;

    if (limit == 0 || !rq->principal.id[0] || rq->peer->is_unix)
        return ERR_OK;
    e = throttle_take(s->throttle, rq->principal.id, clock_monotonic_us(), &state);
    respond_header(rq, "RateLimit-Policy", "\"default\";q=%lld;w=60", (long long)limit);
    respond_header(rq, "RateLimit", "\"default\";r=%lld;t=%lld", (long long)state.left,
                   (long long)state.reset_s);
    if (e && !is_never_throttled(rq)) {
        rq->retry_after_s = state.reset_s;
        return request_fail(rq, e, "The limit is %lld requests a minute.", (long long)limit);
    }
    return ERR_OK;
}

static bool takes_artifact(const struct request *rq)
{
    return is_route(rq, ROUTE_ID_strategies_create) || is_route(rq, ROUTE_ID_strategies_validate) ||
           is_route(rq, ROUTE_ID_backtests_create);
}

/* Artifacts are larger than anything else, so memory for one is given to those who may send it. */
static enum err pipeline_admit(struct request *rq, size_t *body_limit)
{
    struct router_match m = {0};
    enum err e;

    if (router_find(rq->method, rq->segments, rq->segment_count, &m))
        return ERR_OK;
    rq->route = m.route;
    if (takes_artifact(rq)) {
        e = authenticate(rq);
        if (e)
            return e;
        *body_limit = LIMIT_JSON_BYTES;
    }
    rq->route = NULL;
    return ERR_OK;
}

static enum err check_body(struct request *rq)
{
    const struct route *route = rq->route;

    if (rq->body_length == 0 ||
        (route->method != HTTP_POST && route->method != HTTP_PUT && route->method != HTTP_PATCH))
        return ERR_OK;
    if (!header_is_json(rq->headers.content_type))
        return request_fail(rq, ERR_MEDIA_TYPE,
                            "Send the body with `Content-Type: application/json`.");
    return ERR_OK;
}

static enum err check_key(struct request *rq)
{
    const struct route *route = rq->route;

    if (route->repeat != ROUTE_REPEAT_KEY || rq->headers.idempotency_key)
        return ERR_OK;
    return request_fail(rq, ERR_IDEMPOTENCY_KEY,
                        "Send an `Idempotency-Key` header, a new one for each signal or job, so "
                        "that a repeated request is carried out once.");
}

static enum err prepare(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    enum err e = find_route(rq);

    if (e || rq->response.status)
        return e;
    e = authenticate(rq);
    if (!e)
        e = throttle(rq);
    if (!e)
        e = check_body(rq);
    if (!e)
        e = check_key(rq);
    if (!e && atomic_load(&h->is_draining) && rq->method != HTTP_GET && rq->method != HTTP_HEAD)
        e = ERR_SHUTTING_DOWN;
    return e;
}

static bool has_key(const struct request *rq)
{
    const struct route *route = rq->route;

    return (route->repeat == ROUTE_REPEAT_K || route->repeat == ROUTE_REPEAT_KEY) &&
           rq->headers.idempotency_key;
}

static enum http_step call_handler(struct request *rq)
{
    const struct route *route = rq->route;
    enum err e;

    rq->next = REQUEST_NEXT_NONE;
    e = route->handler(rq);
    if (e == ERR_AGAIN && rq->next == REQUEST_NEXT_WORKER)
        return HTTP_STEP_WORKER;
    if (e == ERR_AGAIN && rq->next == REQUEST_NEXT_WAIT)
        return HTTP_STEP_HOLD;
    if (e)
        respond_problem(rq, e);
    return HTTP_STEP_ANSWER;
}

static enum http_step pipeline_begin(struct request *rq)
{
    const struct route *route;
    enum err e;

    if (!rq->route) {
        e = prepare(rq);
        if (e)
            respond_problem(rq, e);
        if (rq->response.status)
            return HTTP_STEP_ANSWER;
    }
    route = rq->route;
    if (route->where == ROUTE_WORKER || has_key(rq))
        return HTTP_STEP_WORKER;
    return call_handler(rq);
}

static enum http_step pipeline_work(struct request *rq)
{
    struct idempotency idempotency;
    struct store *store = handlers_of(rq)->store;
    bool replayed = false;
    enum http_step step;
    enum err e;

    /* A command in the safe direction does not wait for a database that is known to be away. */
    if (!has_key(rq) ||
        (is_safe_direction(rq) && atomic_load(&handlers_of(rq)->database_error) != ERR_OK))
        return call_handler(rq);
    e = idempotency_begin(&idempotency, store, rq, is_safe_direction(rq), &replayed);
    if (e)
        respond_problem(rq, e);
    if (e || replayed)
        return HTTP_STEP_ANSWER;
    step = call_handler(rq);
    idempotency_end(&idempotency, store, rq);
    return step;
}

static void pipeline_hold(struct request *rq)
{
    if (!waiters_add(service_of(rq)->waiters, rq))
        http_resume(rq);
}

static void log_request(const struct request *rq, int64_t duration_us, bool sent)
{
    int status = rq->response.status;
    bool reads = rq->method == HTTP_GET || rq->method == HTTP_HEAD || rq->method == HTTP_OPTIONS;
    enum log_level level = LOG_LEVEL_DEBUG;

    if (!reads)
        level = LOG_LEVEL_INFO;
    if (status >= 500)
        level = LOG_LEVEL_WARN;
    if (!log_enabled(level))
        return;
    log_write(level, "http_request", "id", rq->id, "method", http_method_name(rq->method), "path",
              rq->path ? rq->path : "", "status", LOG_NUMBER(status), "duration_us",
              LOG_NUMBER(duration_us), "token", rq->principal.id, "remote", rq->peer->address,
              "sent", sent ? "yes" : "no", NULL);
}

static void pipeline_finished(struct request *rq, bool sent)
{
    int64_t duration_us = clock_monotonic_us() - rq->started_us;

    http_stats_count(&handlers_of(rq)->stats, rq->route, rq->method, rq->response.status,
                     duration_us);
    log_request(rq, duration_us, sent);
}

const struct http_callbacks pipeline_callbacks = {
    .admit = pipeline_admit,
    .begin = pipeline_begin,
    .work = pipeline_work,
    .hold = pipeline_hold,
    .finished = pipeline_finished,
};
