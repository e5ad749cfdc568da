/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted HTTP server on 127.0.0.1, with a thread of its own: whole requests in, any bytes out,
 * connections kept, closed, reset or left hanging as the test says. */
#ifndef TESTS_SUPPORT_LOOPBACK_H
#define TESTS_SUPPORT_LOOPBACK_H

#include "core/text.h"

struct loopback_request {
    char method[8];
    const char *target;  /* path and query */
    const char *headers; /* lines after the first, ended by \r\n */
    const char *body;
    int connection; /* 1, 2, ... in order of accept */
    int number;     /* 1, 2, ... on this connection */
};

enum loopback_end {
    LOOPBACK_KEEP,  /* answer, keep the connection open */
    LOOPBACK_CLOSE, /* answer, then close */
    LOOPBACK_RESET, /* answer what there is, then RST */
    LOOPBACK_HANG   /* no answer; the connection stays open */
};

/* Runs on the server's thread, one request at a time; fills in the raw bytes of the answer. */
typedef enum loopback_end loopback_fn(void *context, const struct loopback_request *r,
                                      struct text *answer);

struct loopback;
struct loopback *loopback_new(loopback_fn *serve, void *context);
void loopback_free(struct loopback *l);
int loopback_port(const struct loopback *l);
int loopback_accepted(const struct loopback *l); /* connections so far; any thread */
/* Appends a whole answer: "HTTP/1.1 STATUS", the header lines given (each ended by \r\n, or ""),
 * Content-Length and the body. */
void loopback_answer(struct text *answer, int status, const char *headers, const char *body);
/* The value of a header line of a request; false when there is none. */
bool loopback_header(const struct loopback_request *r, const char *name, char *value,
                     size_t capacity);
/* A port on 127.0.0.1 where nobody listens. */
int loopback_closed_port(void);

#endif
