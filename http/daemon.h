/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: listeners, connections, bodies; every request ends in one callback.
 *
 * Server threads never wait.  A request that must is suspended and given to a worker, or held by
 * the application until something happens; either way it comes back by http_resume. */
#ifndef HTTP_DAEMON_H
#define HTTP_DAEMON_H

#include "http/listen.h"
#include "http/request.h"

enum http_step {
    HTTP_STEP_ANSWER, /* the response is set */
    HTTP_STEP_WORKER, /* run `work` on a worker */
    HTTP_STEP_HOLD    /* give it to `hold` once it is suspended */
};

struct http_callbacks {
    /* Server thread: the headers are here, the target is parsed, the body is still to come.  May
     * change how large that may be (LIMIT_BODY_BYTES).  After an error the body is read and thrown
     * away, and the error answered instead of calling `begin`. */
    enum err (*admit)(struct request *rq, size_t *body_limit);
    /* Server thread: the whole request is here, or a held one came back. */
    enum http_step (*begin)(struct request *rq);
    /* Worker thread; ANSWER or HOLD. */
    enum http_step (*work)(struct request *rq);
    /* The request is suspended and now the application's until http_resume. */
    void (*hold)(struct request *rq);
    /* The answer was sent or the client is gone; a request refused before `begin` comes here
     * too. */
    void (*finished)(struct request *rq, bool sent);
};

struct http_options {
    struct listen_address address;
    const char *unix_path; /* NULL: none */
    int threads, workers, connections;
    const char *tls_certificate, *tls_key; /* PEM texts that outlive the server; NULL: plain */
    struct http_callbacks callbacks;
    void *context; /* request.context */
};

struct http_server;

/* Binds, starts threads and serves.  ERR_IO with a diag when an address cannot be had. */
MUST_USE enum err http_server_new(const struct http_options *options, struct diag_list *diags,
                                  struct http_server **out);
int http_server_port(const struct http_server *s);
size_t http_server_connections(struct http_server *s);

/* Any thread: the held request goes on; when it has no response yet `begin` is called again. */
void http_resume(struct request *rq);

/* Stops accepting, lets what is under way end for at most timeout_us, closes everything.  The
 * application has let go of its held requests before. */
void http_server_free(struct http_server *s, int64_t timeout_us);

#endif
