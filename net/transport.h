/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests to the outside: sent by one thread of its own over libcurl, answered into boxes.
 *
 * Nobody who submits ever waits for the network.  A request stands in line by priority; when its
 * turn comes, the transport's thread asks `prepare` for its bytes (so that a signature is made just
 * before it leaves), sends it, and puts one answer into the box it was submitted with.  Every
 * submitted request gets exactly one answer, at its deadline at the latest.
 *
 * A request that may change something (is_idempotent false) goes out on a fresh connection that is
 * closed afterwards: libcurl silently sends a request again when a reused connection dies before
 * the first byte of the answer, a POST too, and no option turns that off (execution.md, finding 1;
 * tests/unit/net/test_transport.c shows it).  TLS sessions are shared, so that the fresh handshake
 * is short; where requests are expected (transport_expect) it is over before they come.  HTTP/1.1
 * only, no redirects, no "Expect: 100-continue", certificates are verified, proxies of the
 * environment are ignored.
 *
 * Order of ending: transport_free first, then the boxes, then the contexts of the requests. */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

enum transport_method {
    TRANSPORT_GET,
    TRANSPORT_POST,
    TRANSPORT_PUT,
    TRANSPORT_DELETE
};

enum transport_outcome {
    TRANSPORT_ANSWERED, /* a whole HTTP answer is there; its status says what it means */
    TRANSPORT_NOT_SENT, /* certainly nothing was sent: no name, no connection, no TLS, no turn */
    TRANSPORT_AMBIGUOUS /* it may have arrived and been carried out, or not */
};

struct transport_answer {
    uint64_t tag;
    enum transport_outcome outcome;
    int status;                /* HTTP status; 0 when none arrived */
    char *body;                /* ended by NUL; never NULL; partial unless ANSWERED */
    size_t length;             /* of body */
    char *headers;             /* "Name: value" lines as they came; never NULL */
    char reason[LIMIT_REASON]; /* a sentence unless ANSWERED */
    int64_t start_us;          /* when libcurl got it, monotonic clock; 0: never */
    int64_t end_us;            /* when the answer was complete or given up */
};
void transport_answer_release(struct transport_answer *a);
/* Copies the value of a header (any case) without blanks around it; false when there is none or it
 * does not fit. */
bool transport_answer_header(const struct transport_answer *a, const char *name, char *value,
                             size_t capacity);

/* What goes out.  headers: "Name: value" lines, each ended by \n. */
struct transport_draft {
    struct text url, headers, body;
};

enum transport_go {
    TRANSPORT_SEND,  /* the draft is complete */
    TRANSPORT_WAIT,  /* not yet: ask again at *again_us (monotonic), others may go first */
    TRANSPORT_REFUSE /* never: the answer is NOT_SENT with the reason */
};

struct transport_request {
    uint64_t tag; /* comes back with the answer */
    enum transport_method method;
    int priority; /* the lowest goes first, equal ones in order of submission */
    bool is_idempotent;
    int64_t deadline_us; /* monotonic clock, waiting in line included */
    size_t max_bytes;    /* of the answer's body; more is an AMBIGUOUS answer */
    void *context;
    /* Both run on the transport's thread and must not wait; `heard` may be NULL and runs before
     * the answer is in its box. */
    enum transport_go (*prepare)(void *context, const struct transport_request *r,
                                 struct transport_draft *out, int64_t *again_us,
                                 char reason[LIMIT_REASON]);
    void (*heard)(void *context, const struct transport_request *r,
                  const struct transport_answer *a);
};

/* Where answers wait for one reader.  `wake` (may be NULL) is called by the transport's thread
 * after each answer and must not wait; its context must then outlive the transport. */
struct transport_box;
struct transport_box *transport_box_new(size_t capacity, void (*wake)(void *context),
                                        void *context);
void transport_box_free(struct transport_box *b); /* ASSERT: no request is on its way */
/* Moves the oldest answer out; waits at most timeout_us (0: not at all).  ERR_AGAIN when none. */
MUST_USE enum err transport_box_take(struct transport_box *b, int64_t timeout_us,
                                     struct transport_answer *out);

struct transport_settings {
    const char *proxy;   /* URL, or NULL for none */
    const char *ca_file; /* PEM certificates to trust; NULL: the system's */
};

struct transport;
/* Copies the settings and starts the thread. */
MUST_USE enum err transport_new(const struct transport_settings *settings, struct transport **out);
/* Gives up what is on its way (answers are put into the boxes) and joins the thread. */
void transport_free(struct transport *t); /* NULL allowed */

/* Any thread.  ERR_LIMIT when the line or the box is full: nothing was sent. */
MUST_USE enum err transport_submit(struct transport *t, struct transport_box *box,
                                   const struct transport_request *r);
/* Any thread.  Requests that are not idempotent are expected at this instant (monotonic clock), so
 * many at about the same time: up to LIMIT_NET_SPARES connections to the origin ("https://host")
 * are opened shortly before and closed some seconds after.  The newest word counts.  A hint:
 * without it, or beyond it, each such request opens its own. */
void transport_expect(struct transport *t, const char *origin, int64_t at_us, size_t count);
/* Submits and waits for the answer: for tools and for start-up, never for the engine's thread. */
MUST_USE enum err transport_call(struct transport *t, const struct transport_request *r,
                                 struct transport_answer *out);

#endif
