/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd's callbacks: collects a request, has it answered, queues the answer.
 *
 * One exchange is one request on one connection.  libmicrohttpd calls `access` first with headers
 * only, then with pieces of the body, then with size 0; after a suspension it calls with size 0
 * again.  An answer queued in the first call ends the connection, so only malformed requests and
 * refused expectations are answered there; everything else waits for the last call. */
#include "http/daemon.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "http/connections.h"
#include "http/hygiene.h"
#include "http/respond.h"
#include "http/worker.h"

enum {
    STACK_BYTES = 512 * 1024,
    CONNECTION_MEMORY = 32 * 1024,
    INACTIVITY_S = 15,
    PER_ADDRESS_SHARE = 4 /* of the connections: what one address may have off loopback */
};

struct listener {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    int fd;
    bool is_unix;
    bool is_loopback;
};

struct http_server {
    struct http_callbacks callbacks;
    void *context;
    struct connections *connections;
    struct worker_pool *workers;
    struct listener listeners[2];
    size_t listener_count;
    int port;
    _Atomic bool is_draining;
};

struct exchange {
    struct request request;
    struct http_server *server;
    struct connection *connection;
    struct MHD_Connection *mhd;
    struct text body;
    size_t body_limit;
    int64_t drained;
    enum err error; /* found before the whole request was here */
    bool has_headers, is_complete;
};

/* ---- Connections ---- */

static void describe_peer(struct connection *c, const struct listener *l,
                          struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info;
    struct ucred credentials;
    socklen_t length = sizeof credentials;

    c->peer.is_unix = l->is_unix;
    c->peer.is_loopback = l->is_loopback;
    if (l->is_unix) {
        copy_text(c->peer.address, sizeof c->peer.address, "unix");
        if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0)
            c->peer.is_local_admin = credentials.uid == 0 || credentials.uid == geteuid();
        return;
    }
    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr)
        return;
    if (info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, info->client_addr, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, c->peer.address, sizeof c->peer.address);
    } else if (info->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, info->client_addr, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, c->peer.address, sizeof c->peer.address);
    }
}

static void on_connection(void *self, struct MHD_Connection *mhd, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *l = self;
    const union MHD_ConnectionInfo *info;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *c;

        info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        c = connections_add(l->server->connections, info ? info->connect_fd : -1);
        describe_peer(c, l, mhd);
        *slot = c;
    } else if (*slot) {
        connections_remove(*slot);
        *slot = NULL;
    }
}

static void *on_target(void *self, const char *target, struct MHD_Connection *mhd)
{
    struct listener *l = self;
    struct exchange *x = xcalloc(1, sizeof *x);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    x->server = l->server;
    x->connection = info ? info->socket_context : NULL;
    x->mhd = mhd;
    request_init(&x->request, target);
    x->request.exchange = x;
    x->request.context = l->server->context;
    x->body_limit = LIMIT_BODY_BYTES;
    ASSERT(x->connection);
    x->request.peer = &x->connection->peer;
    connection_enter(x->connection, CONNECTION_READING);
    return x;
}

static void on_completed(void *self, struct MHD_Connection *mhd, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *slot;

    (void)self;
    (void)mhd;
    if (!x)
        return;
    *slot = NULL;
    if (x->request.id[0] == 0)
        request_identify(&x->request);
    x->server->callbacks.finished(&x->request, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    connection_enter(x->connection, CONNECTION_IDLE);
    text_release(&x->body);
    request_release(&x->request);
    free(x);
}

/* ---- Answers ---- */

static struct MHD_Response *make_response(struct response *r)
{
    struct MHD_Response *m;

    /* libmicrohttpd takes the bytes as writable but only reads them. */
    if (r->file) {
        m = MHD_create_response_from_fd64(r->length, r->file);
        r->file = m ? 0 : r->file;
    } else if (r->release) {
        m = MHD_create_response_from_buffer_with_free_callback_cls(
            r->length, (void *)(uintptr_t)r->body, r->release, r->release_argument);
        r->release = m ? NULL : r->release;
    } else {
        m = MHD_create_response_from_buffer(r->length, (void *)(uintptr_t)(r->body ? r->body : ""),
                                            MHD_RESPMEM_PERSISTENT);
    }
    return m;
}

static enum MHD_Result queue_answer(struct exchange *x)
{
    struct response *r = &x->request.response;
    struct MHD_Response *m;
    bool has_cache_control = false;
    enum MHD_Result result;

    if (r->drop)
        return MHD_NO; /* which closes the connection */
    m = make_response(r);
    if (!m)
        return MHD_NO;
    if (r->content_type)
        MHD_add_response_header(m, "Content-Type", r->content_type);
    for (size_t i = 0; i < r->header_count; i++) {
        MHD_add_response_header(m, r->headers[i].name, r->headers[i].value);
        has_cache_control |= strcmp(r->headers[i].name, "Cache-Control") == 0;
    }
    if (!has_cache_control)
        MHD_add_response_header(m, "Cache-Control", "no-store");
    MHD_add_response_header(m, "X-Request-Id", x->request.id);
    MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
    if (r->close || x->server->is_draining)
        MHD_add_response_header(m, "Connection", "close");
    connection_enter(x->connection, CONNECTION_WRITING);
    result = MHD_queue_response(x->mhd, (unsigned int)r->status, m);
    MHD_destroy_response(m);
    return result;
}

static enum MHD_Result refuse(struct exchange *x, enum err e)
{
    respond_problem(&x->request, e);
    return queue_answer(x);
}

/* ---- Steps of a request ---- */

static void run_job(void *job)
{
    struct request *rq = job;
    struct exchange *x = rq->exchange;

    rq->on_worker = true;
    if (x->server->callbacks.work(rq) == HTTP_STEP_HOLD)
        x->server->callbacks.hold(rq);
    else
        http_resume(rq);
}

void http_resume(struct request *rq)
{
    struct exchange *x = rq->exchange;

    MHD_resume_connection(x->mhd);
}

static enum MHD_Result proceed(struct exchange *x)
{
    struct request *rq = &x->request;
    enum http_step step = HTTP_STEP_ANSWER;
    enum err e;

    if (!rq->response.status) {
        connection_enter(x->connection, CONNECTION_WORKING);
        rq->on_worker = false;
        step = x->server->callbacks.begin(rq);
    }
    if (step == HTTP_STEP_ANSWER)
        return queue_answer(x);
    if (x->server->is_draining)
        return refuse(x, ERR_SHUTTING_DOWN);
    /* Suspended before anybody else sees it: whoever gets it may resume it at once. */
    MHD_suspend_connection(x->mhd);
    if (step == HTTP_STEP_HOLD) {
        x->server->callbacks.hold(rq);
        return MHD_YES;
    }
    e = worker_pool_give(x->server->workers, rq);
    if (e) {
        respond_problem(rq, e == ERR_SHUTTING_DOWN ? e : ERR_ENGINE_BUSY);
        http_resume(rq);
    }
    return MHD_YES;
}

static enum MHD_Result take_header(void *self, enum MHD_ValueKind kind, const char *name,
                                   size_t name_length, const char *value, size_t value_length)
{
    (void)kind;
    header_take(self, name, name_length, value, value_length);
    return MHD_YES;
}

static enum MHD_Result take_headers(struct exchange *x, const char *method)
{
    struct request *rq = &x->request;
    struct header_check check = {.rq = rq};
    int64_t declared;
    enum err e;

    x->has_headers = true;
    rq->method = http_method_of_name(method);
    rq->path = "/";
    MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, take_header, &check);
    request_identify(rq);
    e = header_finish(&check);
    if (e) {
        rq->response.close = true;
        return refuse(x, e);
    }
    x->error = request_parse_target(rq);
    if (!x->error)
        x->error = x->server->callbacks.admit(rq, &x->body_limit);
    text_init(&x->body, x->body_limit + 1);
    declared = header_content_length(rq);
    if (!x->error && declared > (int64_t)x->body_limit)
        x->error = ERR_BODY_TOO_LARGE;
    if (x->error && (declared > LIMIT_DRAIN_BYTES || (declared > 0 && rq->headers.expect))) {
        rq->response.close = true;
        return refuse(x, x->error);
    }
    return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *x, const char *data, size_t *size)
{
    size_t length = *size;

    *size = 0;
    if (!x->error && x->body.length + length <= x->body_limit) {
        text_append(&x->body, data, length);
        return MHD_YES;
    }
    /* Read and thrown away, so that the client is still there to see the answer. */
    if (!x->error)
        x->error = ERR_BODY_TOO_LARGE;
    x->drained += (int64_t)length;
    return x->drained > LIMIT_DRAIN_BYTES ? MHD_NO : MHD_YES;
}

static enum err complete(struct exchange *x)
{
    struct request *rq = &x->request;

    if (x->body.length > 0) {
        rq->body = x->body.data;
        rq->body_length = x->body.length;
    }
    x->is_complete = true;
    if (x->error) {
        rq->response.close = x->drained > 0;
        return x->error;
    }
    if (rq->peer->is_loopback && !rq->peer->is_unix && rq->headers.host &&
        !header_host_is_loopback(rq->headers.host))
        return request_fail(rq, ERR_MISDIRECTED,
                            "On a loopback address Host must be localhost, 127.0.0.1 or [::1].");
    return ERR_OK;
}

static enum MHD_Result on_access(void *self, struct MHD_Connection *mhd, const char *path,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **slot)
{
    struct exchange *x = *slot;
    enum err e;

    (void)self;
    (void)mhd;
    (void)path;
    (void)version;
    if (!x->has_headers)
        return take_headers(x, method);
    if (*size > 0)
        return take_body(x, data, size);
    if (!x->is_complete) {
        e = complete(x);
        if (e)
            return refuse(x, e);
    }
    return proceed(x);
}

/* ---- Start and stop ---- */

static size_t keep_escapes(void *self, struct MHD_Connection *mhd, char *text)
{
    (void)self;
    (void)mhd;
    return strlen(text);
}

static void on_log(void *self, const char *format, va_list arguments)
{
    char line[256];
    size_t length;

    (void)self;
    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    vsnprintf(line, sizeof line, format, arguments);
    length = strlen(line);
    while (length > 0 && line[length - 1] == '\n')
        line[--length] = 0;
    LOG_DEBUG("http_library", "text", line, NULL);
}

static enum err start_listener(struct http_server *s, const struct http_options *o, int fd,
                               bool is_unix, struct diag_list *diags)
{
    struct listener *l = &s->listeners[s->listener_count];
    bool is_tls = o->tls_certificate && !is_unix;
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                         MHD_USE_ERROR_LOG | (is_tls ? MHD_USE_TLS : 0U);
    int threads = is_unix ? 1 : o->threads;
    struct MHD_OptionItem extra[6];
    size_t n = 0;

    *l = (struct listener){.server = s, .fd = fd, .is_unix = is_unix};
    l->is_loopback = is_unix || o->address.is_loopback;
    if (threads > 1)
        extra[n++] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, threads, NULL};
    if (is_tls) {
        extra[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0,
                                             (void *)(uintptr_t)o->tls_certificate};
        extra[n++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->tls_key};
        extra[n++] = (struct MHD_OptionItem){
            MHD_OPTION_HTTPS_PRIORITIES, 0,
            (void *)(uintptr_t) "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"};
    }
    /* One stranger must not take every connection; on this machine everybody has one address. */
    if (!l->is_loopback)
        extra[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                             o->connections / PER_ADDRESS_SHARE, NULL};
    extra[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    l->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, l, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)(is_unix ? 64 : o->connections), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)INACTIVITY_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_URI_LOG_CALLBACK, on_target, l,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, l, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        l, MHD_OPTION_ARRAY, extra, MHD_OPTION_END);
    if (!l->daemon) {
        struct diag *d = diag_add(diags, is_tls ? "tls_cert" : "listen", "http_start",
                                  "the HTTP server did not start");
        if (is_tls)
            diag_hint(d, "check that tls_cert and tls_key are PEM files that fit together");
        close(fd);
        return ERR_IO;
    }
    s->listener_count++;
    return ERR_OK;
}

enum err http_server_new(const struct http_options *options, struct diag_list *diags,
                         struct http_server **out)
{
    struct http_server *s = xcalloc(1, sizeof *s);
    int fd;
    enum err e;

    s->callbacks = options->callbacks;
    s->context = options->context;
    e = connections_new(&s->connections);
    if (!e)
        e = worker_pool_new(options->workers, (size_t)options->connections + 64, run_job,
                            &s->workers);
    if (!e)
        e = listen_tcp(&options->address, diags, &fd, &s->port);
    if (!e)
        e = start_listener(s, options, fd, false, diags);
    if (!e && options->unix_path) {
        e = listen_unix(options->unix_path, diags, &fd);
        if (!e)
            e = start_listener(s, options, fd, true, diags);
    }
    if (e) {
        http_server_free(s, 0);
        return e;
    }
    *out = s;
    return ERR_OK;
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

size_t http_server_connections(struct http_server *s)
{
    return connections_count(s->connections);
}

void http_server_free(struct http_server *s, int64_t timeout_us)
{
    int64_t end_us = clock_monotonic_us() + timeout_us;

    s->is_draining = true;
    for (size_t i = 0; i < s->listener_count; i++)
        MHD_quiesce_daemon(s->listeners[i].daemon);
    while (s->connections && connections_count(s->connections) > 0 &&
           clock_monotonic_us() < end_us) {
        connections_end_idle(s->connections);
        usleep(5000);
    }
    /* Ends every job, so that nothing is suspended: libmicrohttpd aborts otherwise. */
    worker_pool_free(s->workers);
    for (size_t i = 0; i < s->listener_count; i++) {
        MHD_stop_daemon(s->listeners[i].daemon);
        close(s->listeners[i].fd);
    }
    connections_free(s->connections);
    free(s);
}
