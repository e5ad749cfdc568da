/* SPDX-License-Identifier: Apache-2.0 */
/* A transport and a scripted server for its tests. */
#ifndef TESTS_UNIT_NET_TEST_TRANSPORT_H
#define TESTS_UNIT_NET_TEST_TRANSPORT_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "net/transport.h"
#include "tests/support/check.h"
#include "tests/support/loopback.h"

/* What the server does and has seen. */
struct world {
    struct loopback *server;
    struct transport *transport;
    atomic_int posts, gets;
    atomic_int last_connection, last_number;
    char seen[4096]; /* the newest request: method, target, headers, body */
    char url[128];
    const char *body;    /* of the requests made */
    const char *headers; /* of the requests made */
    atomic_int waits;    /* how often `prepare` says wait first */
    bool is_held;        /* so does it until the most urgent one may go, and then all */
    atomic_bool may_go;
    atomic_uint asked; /* a bit a tag */
    bool refuses, by_tag;
    char order[16]; /* tags in the order they were prepared in */
};

static inline enum loopback_end serve(void *context, const struct loopback_request *r,
                                      struct text *answer)
{
    struct world *w = context;

    *(strcmp(r->method, "GET") == 0 ? &w->gets : &w->posts) += 1;
    w->last_connection = r->connection;
    w->last_number = r->number;
    (void)snprintf(w->seen, sizeof w->seen, "%s %s\n%s\n%s", r->method, r->target, r->headers,
                   r->body);
    if (strcmp(r->target, "/drop") == 0)
        return LOOPBACK_CLOSE; /* read it whole, answer nothing */
    if (strcmp(r->target, "/reset") == 0)
        return LOOPBACK_RESET;
    if (strcmp(r->target, "/hang") == 0)
        return LOOPBACK_HANG;
    if (strcmp(r->target, "/cut") == 0) {
        text_string(answer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":");
        return LOOPBACK_CLOSE;
    }
    if (strcmp(r->target, "/garbage") == 0) {
        text_string(answer, "\001\002\003 this is not HTTP\r\n\r\n");
        return LOOPBACK_CLOSE;
    }
    if (strcmp(r->target, "/redirect") == 0)
        loopback_answer(answer, 302, "Location: /elsewhere\r\n", "moved");
    else if (strcmp(r->target, "/large") == 0)
        loopback_answer(answer, 200, "", "0123456789012345678901234567890123456789");
    else if (strcmp(r->target, "/interim") == 0) {
        text_string(answer, "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n");
        loopback_answer(answer, 200, "X-Late:  two words \r\n", "late");
    } else
        loopback_answer(answer, 429, "Retry-After: 7\r\n", "{\"code\":-1003}");
    return LOOPBACK_KEEP;
}

static inline enum transport_go prepare(void *context, const struct transport_request *r,
                                        struct transport_draft *out, int64_t *again_us,
                                        char reason[LIMIT_REASON])
{
    struct world *w = context;
    size_t n = strlen(w->order);

    if (w->waits > 0) {
        w->waits--;
        *again_us = clock_monotonic_us() + 20 * US_PER_MS;
        return TRANSPORT_WAIT;
    }
    w->asked |= 1u << r->tag % 32;
    if (w->is_held && !(w->may_go && r->priority == 0)) {
        *again_us = clock_monotonic_us();
        return TRANSPORT_WAIT;
    }
    w->is_held = false;
    if (w->refuses) {
        (void)copy_text(reason, LIMIT_REASON, "not today");
        return TRANSPORT_REFUSE;
    }
    if (n + 1 < sizeof w->order)
        w->order[n] = (char)('0' + r->tag);
    text_string(&out->url, w->url);
    if (w->by_tag) /* every fourth is never answered */
        text_string(&out->url, r->tag % 4 == 3 ? "hang" : "x");
    text_string(&out->headers, w->headers ? w->headers : "");
    text_string(&out->body, w->body ? w->body : "");
    return TRANSPORT_SEND;
}

static inline int setup(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);

    w->server = loopback_new(serve, w);
    assert_ok(transport_new(&(struct transport_settings){0}, &w->transport));
    *state = w;
    return 0;
}

/* The same with connections that are open before there is a request. */
static inline int setup_spares(void **state)
{
    char origin[64];
    struct world *w;

    assert_int_equal(setup(state), 0);
    w = *state;
    (void)snprintf(origin, sizeof origin, "http://127.0.0.1:%d", loopback_port(w->server));
    transport_expect(w->transport, origin, clock_monotonic_us() + US_PER_S, 1000);
    while (loopback_accepted(w->server) < LIMIT_NET_SPARES)
        (void)usleep(1000);
    return 0;
}

static inline int teardown(void **state)
{
    struct world *w = *state;

    transport_free(w->transport);
    loopback_free(w->server);
    free(w);
    return 0;
}

static inline struct transport_request request(struct world *w, enum transport_method m,
                                               const char *path)
{
    char url[sizeof w->url];

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", loopback_port(w->server), path);
    /* Requests of the same test may be on their way: the transport's thread reads it. */
    if (strcmp(url, w->url) != 0)
        (void)copy_text(w->url, sizeof w->url, url);
    return (struct transport_request){.tag = 1,
                                      .method = m,
                                      .is_idempotent = m == TRANSPORT_GET,
                                      .deadline_us = clock_monotonic_us() + 30 * US_PER_S,
                                      .max_bytes = 1000,
                                      .context = w,
                                      .prepare = prepare};
}

static inline struct transport_answer call(struct world *w, enum transport_method m,
                                           const char *path)
{
    struct transport_request r = request(w, m, path);
    struct transport_answer a;

    assert_ok(transport_call(w->transport, &r, &a));
    return a;
}

#endif
