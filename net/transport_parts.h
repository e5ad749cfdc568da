/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of net/transport.h, shared by its files only: one transfer through libcurl, or on a
 * spare connection past libcurl's HTTP. */
#ifndef NET_TRANSPORT_PARTS_H
#define NET_TRANSPORT_PARTS_H

#include <curl/curl.h>

#include "net/http_reader.h"
#include "net/transport.h"

/* A request on a spare connection: its bytes go out once, by us. */
struct direct {
    struct text request;
    size_t written;
    bool has_failed; /* the connection has, or what came is no HTTP */
    struct http_reader reader;
};

/* One request on its way.  Owned by the transport's thread but while it is in the inbox. */
struct transfer {
    struct transfer *next;
    struct transport_request request;
    struct transport_box *box;
    struct transport_draft draft;
    int64_t again_us; /* `prepare` is asked again then */
    CURL *easy;       /* NULL until it was started */
    struct curl_slist *lines;
    struct direct *direct; /* easy is a spare connection; NULL: libcurl carries it */
    struct text headers, body;
    bool too_large;
    char error[CURL_ERROR_SIZE];
    int64_t start_us;
};

struct transfer *transfer_new(const struct transport_request *r, struct transport_box *box);
void transfer_free(struct transfer *t);
/* Makes the easy handle of a prepared transfer; ERR_IO when libcurl refuses. */
MUST_USE enum err transfer_open(struct transfer *t, CURLSH *share,
                                const struct transport_settings *settings, int64_t now_us);
/* Whom to trust, and over which proxy: of every handle. */
CURLcode transfer_trust(CURL *easy, CURLSH *share, const struct transport_settings *s);
/* What a finished transfer means; the answer's texts are moved out of it. */
void transfer_answer(struct transfer *t, CURLcode code, int64_t now_us,
                     struct transport_answer *out);
/* The answer of a transfer that never reached libcurl. */
void transfer_unsent(struct transfer *t, const char *reason, int64_t now_us,
                     struct transport_answer *out);

/* ---- On a spare connection (direct.c) ---- */

/* Writes a prepared transfer to the connection, which becomes the transfer's. */
void direct_begin(struct transfer *t, CURL *spare, int64_t now_us);
/* Goes on writing and reading without waiting; true when it is over. */
bool direct_step(struct transfer *t);
/* What it waits for. */
void direct_wants(const struct transfer *t, struct curl_waitfd *out);
/* What it means; once any byte may have left it is never NOT_SENT. */
void direct_answer(struct transfer *t, int64_t now_us, struct transport_answer *out);

/* ---- Spare connections (spare.c) ---- */

/* Connections to one origin, open before they are needed, on which nothing was ever sent. */
struct spare {
    CURL *easy;
    bool is_ready;
    int64_t until_us;
};
struct spares {
    CURLM *multi;
    CURLSH *share;
    const struct transport_settings *settings;
    char origin[LIMIT_NET_ORIGIN]; /* "https://host:port" */
    int64_t at_us;                 /* when they are wanted; 0: not */
    size_t wanted;
    bool were_opened; /* for that instant */
    struct spare items[LIMIT_NET_SPARES];
    size_t count;
};

/* In place of what was expected before. */
void spares_expect(struct spares *s, const char *origin, int64_t at_us, size_t count);
/* Opens and closes what is due; returns when to look again. */
int64_t spares_tend(struct spares *s, int64_t now_us);
/* Takes libcurl's word about a connection; false: it is none of these. */
bool spares_hear(struct spares *s, CURL *easy, CURLcode code);
/* Some are on their way. */
bool spares_are_opening(const struct spares *s);
/* What open ones wait for: nothing is to come on them but TLS's tickets and their end.  Appends to
 * the list, which has room for all. */
void spares_wants(const struct spares *s, struct curl_waitfd *waits, unsigned *count);
/* Looks at those for which something came; waits as spares_wants appended it, right before. */
void spares_look(struct spares *s, const struct curl_waitfd *waits);
/* One that is open, for this URL; NULL: there is none.  The caller's, in the multi handle. */
CURL *spares_take(struct spares *s, const char *url, int64_t now_us);
void spares_close(struct spares *s);

#endif
