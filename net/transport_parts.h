/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of net/transport.h, shared by its files only: one transfer through libcurl. */
#ifndef NET_TRANSPORT_PARTS_H
#define NET_TRANSPORT_PARTS_H

#include <curl/curl.h>

#include "net/transport.h"

/* One request on its way.  Owned by the transport's thread but while it is in the inbox. */
struct transfer {
    struct transfer *next;
    struct transport_request request;
    struct transport_box *box;
    struct transport_draft draft;
    int64_t again_us; /* `prepare` is asked again then */
    CURL *easy;       /* NULL until it was started */
    struct curl_slist *lines;
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
/* What a finished transfer means; the answer's texts are moved out of it. */
void transfer_answer(struct transfer *t, CURLcode code, int64_t now_us,
                     struct transport_answer *out);
/* The answer of a transfer that never reached libcurl. */
void transfer_unsent(struct transfer *t, const char *reason, int64_t now_us,
                     struct transport_answer *out);

#endif
