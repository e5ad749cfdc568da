/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request from the first header to the last byte of its answer.
 *
 * Everything a handler allocates lives in the request's arena and ends with it.  A request belongs
 * to one thread at a time: the server thread, then perhaps a worker, then the server thread. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "core/arena.h"
#include "core/error.h"
#include "core/text.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER,
    HTTP_METHOD_COUNT_
};
const char *http_method_name(enum http_method m); /* "OTHER" for a method we do not serve */
enum http_method http_method_of_name(const char *name);

enum {
    HTTP_SEGMENTS = 16,    /* of a path; more match no route */
    HTTP_PARAMETERS = 32,  /* of a query */
    HTTP_ARGUMENTS = 4,    /* {id} and the like */
    HTTP_HEADERS_OUT = 16, /* that a handler may add */
    HTTP_ID_MAX = 65,
    HTTP_ARENA_MAX = 512 * 1024
};

struct parameter {
    const char *name;
    const char *value;
};

/* Who is at the other end of the connection. */
struct peer {
    char address[64]; /* "127.0.0.1", "::1", "unix" */
    bool is_unix;
    bool is_loopback;    /* the listener's address is a loopback one, or the peer is_unix */
    bool is_local_admin; /* unix peer with uid 0 or the daemon's own */
};

/* Who asks, as far as authentication found out; role is the application's number. */
struct principal {
    char id[24];
    char name[64];
    int role;
    int64_t expires_us; /* INT64_MIN: never */
};

/* Request headers that mean something to us; NULL when absent. */
struct headers_in {
    const char *accept, *api_key, *authorization, *content_type, *content_length, *expect,
        *forwarded, *host, *idempotency_key, *if_match, *if_none_match, *prefer, *request_id,
        *transfer_encoding;
};

struct response {
    int status; /* 0: not answered yet */
    const char *content_type;
    const char *body;
    size_t length;
    int file; /* instead of the body: sent from its beginning, then closed; 0: none */
    void (*release)(void *argument); /* ends the body after it was sent; NULL: nothing to do */
    void *release_argument;
    size_t header_count;
    struct parameter headers[HTTP_HEADERS_OUT]; /* names static, values in the arena */
    bool close;                                 /* end the connection after it */
    bool drop;                                  /* end it in place of an answer */
};

/* What the pipeline does next when a handler returns ERR_AGAIN. */
enum request_next {
    REQUEST_NEXT_NONE,
    REQUEST_NEXT_WORKER,
    REQUEST_NEXT_WAIT
};

struct request {
    enum http_method method;
    const char *target; /* as received */
    const char *path;   /* the target without its query */
    size_t segment_count;
    const char *segments[HTTP_SEGMENTS]; /* percent-decoded, UTF-8 without control characters */
    size_t parameter_count;
    struct parameter parameters[HTTP_PARAMETERS];
    struct headers_in headers;
    const char *body; /* ended by NUL */
    size_t body_length;
    char id[HTTP_ID_MAX];
    const struct peer *peer;
    int64_t started_us; /* monotonic */
    struct arena arena;
    void *context; /* the application's */

    /* Set by the pipeline. */
    const void *route;
    const char *arguments[HTTP_ARGUMENTS];
    size_t argument_count;
    struct principal principal;
    bool on_worker; /* a handler may wait for the engine or the database */
    bool executed;  /* something was begun that a repetition must not begin again */
    enum request_next next;
    uint64_t wait_seq;        /* REQUEST_NEXT_WAIT: until a newer state than this */
    int64_t wait_deadline_us; /* monotonic; 0: not waiting */

    /* Why it failed: becomes the problem's detail and errors. */
    const char *detail;
    struct diag_list *diags;
    const char *errors; /* JSON: the problem's `errors` where diags cannot tell all; NULL */
    int64_t retry_after_s;
    const char *stored_body; /* what an idempotent replay answers instead of the body; NULL: same */

    struct response response;
    struct request *next_waiting; /* owned by whoever holds the suspended request */
    void *exchange;               /* owned by http/daemon.c */
};

void request_init(struct request *rq, const char *target);
void request_release(struct request *rq);

/* Splits and decodes the target.  ERR_REQUEST for a malformed path, ERR_PARAMETER for a malformed
 * query, ERR_URI_TOO_LONG beyond LIMIT_URI_BYTES; detail says which. */
MUST_USE enum err request_parse_target(struct request *rq);

/* Takes the client's X-Request-Id when it is a token of at most 64 characters, else makes one. */
void request_identify(struct request *rq);

/* Remembers why and returns e, so that a handler can `return request_fail(...)`. */
enum err request_fail(struct request *rq, enum err e, const char *format, ...) PRINTF_LIKE(3, 4);
/* The list behind the problem's `errors`. */
struct diag_list *request_diags(struct request *rq);
/* Arena text; aborts never: NULL when the arena is full, which respond turns into ERR_LIMIT. */
const char *request_format(struct request *rq, const char *format, ...) PRINTF_LIKE(2, 3);

/* For a handler of an INLINE route that turns out to wait: true when it must return ERR_AGAIN now,
 * to be called again on a worker. */
bool request_defer(struct request *rq);

/* NULL when the parameter is absent. */
const char *request_parameter(const struct request *rq, const char *name);

#endif
