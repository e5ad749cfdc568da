/* SPDX-License-Identifier: Apache-2.0 */
/* One transfer through libcurl: its options, its bounded answer, and what its end means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "net/transport_parts.h"

enum {
    READ_SILENT_S = 20, /* of an answer of which nothing came for so long nothing will come */
    CONNECT_MS = 2000,  /* execution.md 4.5: name, TCP and TLS together */
    SPARE_READS = 8     /* idle connections kept for reads */
};

struct transfer *transfer_new(const struct transport_request *r, struct transport_box *box)
{
    struct transfer *t = xcalloc(1, sizeof *t);

    t->request = *r;
    t->box = box;
    text_init(&t->draft.url, LIMIT_NET_URL);
    text_init(&t->draft.headers, LIMIT_NET_HEADERS);
    text_init(&t->draft.body, LIMIT_NET_BODY);
    text_init(&t->headers, LIMIT_NET_HEADERS);
    text_init(&t->body, r->max_bytes + 1);
    return t;
}

void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->lines);
    if (t->direct) {
        text_release(&t->direct->request);
        http_reader_release(&t->direct->reader);
        free(t->direct);
    }
    text_release(&t->draft.url);
    text_release(&t->draft.headers);
    text_release(&t->draft.body);
    text_release(&t->headers);
    text_release(&t->body);
    free(t);
}

/* libcurl gives each header line with its line end; a new status line begins the headers anew, so
 * that those of an interim answer (1xx) are forgotten. */
static size_t take_header(char *data, size_t one, size_t count, void *self)
{
    struct transfer *t = self;
    const size_t length = one * count;

    if (length > 5 && memcmp(data, "HTTP/", 5) == 0)
        text_clear(&t->headers);
    text_append(&t->headers, data, length);
    if (!t->headers.full)
        return length;
    t->too_large = true;
    return 0;
}

static size_t take_body(char *data, size_t one, size_t count, void *self)
{
    struct transfer *t = self;
    const size_t length = one * count;

    if (length > t->request.max_bytes - t->body.length) {
        t->too_large = true;
        return 0;
    }
    text_append(&t->body, data, length);
    return length;
}

/* libcurl's own list of header lines, made of the draft's. */
static bool make_lines(struct transfer *t)
{
    char *at = t->draft.headers.length > 0 ? t->draft.headers.data : NULL;

    /* An empty value takes a header libcurl would add of its own out. */
    t->lines = curl_slist_append(NULL, "Expect:");
    while (t->lines && at && *at) {
        char *end = strchr(at, '\n');
        struct curl_slist *longer;

        if (end)
            *end = '\0';
        longer = curl_slist_append(t->lines, at);
        if (!longer)
            return false;
        t->lines = longer;
        at = end ? end + 1 : NULL;
    }
    return t->lines != NULL;
}

static CURLcode set_method(struct transfer *t)
{
    static const char *const names[] = {
        [TRANSPORT_GET] = "GET",
        [TRANSPORT_POST] = "POST",
        [TRANSPORT_PUT] = "PUT",
        [TRANSPORT_DELETE] = "DELETE",
    };
    const bool has_body = t->request.method == TRANSPORT_POST || t->request.method == TRANSPORT_PUT;
    CURLcode c = curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, names[t->request.method]);

    if (!c && has_body)
        c = curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                             (curl_off_t)t->draft.body.length);
    if (!c && has_body)
        c = curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS,
                             t->draft.body.length > 0 ? t->draft.body.data : "");
    return c;
}

/* Times, and what keeps a request from being sent twice. */
static CURLcode set_safety(struct transfer *t, int64_t now_us)
{
    const long left_ms = (long)((t->request.deadline_us - now_us) / US_PER_MS);
    const long fresh = t->request.is_idempotent ? 0L : 1L;
    CURL *h = t->easy;
    CURLcode c = curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, fresh);

    c = c ? c : curl_easy_setopt(h, CURLOPT_FORBID_REUSE, fresh);
    c = c ? c : curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    c = c ? c : curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    c = c ? c : curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    /* A look-up that hangs must not hold the thread when its transfer is given up. */
    c = c ? c : curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_MAXCONNECTS, (long)SPARE_READS);
    /* A deadline may be far because of the line before the request; silence is not waited for. */
    if (!c && t->request.is_idempotent)
        c = curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
    if (!c && t->request.is_idempotent)
        c = curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, (long)READ_SILENT_S);
    c = c ? c : curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, left_ms > 1 ? left_ms : 1L);
    c = c ? c
          : curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
                             left_ms < CONNECT_MS && left_ms > 1 ? left_ms : (long)CONNECT_MS);
    return c;
}

CURLcode transfer_trust(CURL *easy, CURLSH *share, const struct transport_settings *s)
{
    CURL *h = easy;
    CURLcode c = curl_easy_setopt(h, CURLOPT_SHARE, share);

    c = c ? c : curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* An empty proxy is none, whatever the environment says. */
    c = c ? c : curl_easy_setopt(h, CURLOPT_PROXY, s->proxy ? s->proxy : "");
    c = c ? c : curl_easy_setopt(h, CURLOPT_NOPROXY, "");
    if (!c && s->ca_file)
        c = curl_easy_setopt(h, CURLOPT_CAINFO, s->ca_file);
    return c;
}

enum err transfer_open(struct transfer *t, CURLSH *share, const struct transport_settings *settings,
                       int64_t now_us)
{
    CURLcode c;

    t->easy = curl_easy_init();
    if (!t->easy || !make_lines(t))
        return ERR_IO;
    t->start_us = now_us;
    c = curl_easy_setopt(t->easy, CURLOPT_URL, t->draft.url.data);
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lines);
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "traderd");
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, take_header);
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
    c = c ? c : curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    c = c ? c : set_method(t);
    c = c ? c : set_safety(t, now_us);
    c = c ? c : transfer_trust(t->easy, share, settings);
    return c ? ERR_IO : ERR_OK;
}

/* Nothing left this machine: libcurl wrote no byte of the request, and never came so far that it
 * was about to.  Whatever is in doubt is not "unsent". */
static bool was_unsent(const struct transfer *t, CURLcode code)
{
    curl_off_t pretransfer_us = 1;
    long request_bytes = 1;

    if (curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_bytes) != CURLE_OK ||
        curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us) != CURLE_OK)
        return false;
    if (request_bytes != 0 || pretransfer_us != 0)
        return false;
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_OPERATION_TIMEDOUT: /* while connecting, by the two checks above */
    case CURLE_ABORTED_BY_CALLBACK:
        return true;
    default:
        return false;
    }
}

static char *texts(struct text *t)
{
    size_t length;
    char *taken = t->length > 0 ? text_take(t, &length) : NULL;

    return taken ? taken : xstrdup("");
}

void transfer_answer(struct transfer *t, CURLcode code, int64_t now_us,
                     struct transport_answer *out)
{
    const char *detail = t->error[0] ? t->error : curl_easy_strerror(code);
    long status = 0;

    *out = (struct transport_answer){.tag = t->request.tag, .start_us = t->start_us};
    out->end_us = now_us;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    out->status = (int)status;
    out->length = t->body.length;
    out->body = texts(&t->body);
    out->headers = texts(&t->headers);
    if (code == CURLE_OK && status > 0) {
        out->outcome = TRANSPORT_ANSWERED;
        return;
    }
    out->outcome = was_unsent(t, code) ? TRANSPORT_NOT_SENT : TRANSPORT_AMBIGUOUS;
    if (t->too_large)
        (void)snprintf(out->reason, sizeof out->reason,
                       "the answer is larger than the %zu bytes allowed", t->request.max_bytes);
    else
        (void)snprintf(out->reason, sizeof out->reason, "%.120s (libcurl %d)", detail, (int)code);
}

void transfer_unsent(struct transfer *t, const char *reason, int64_t now_us,
                     struct transport_answer *out)
{
    *out = (struct transport_answer){.tag = t->request.tag,
                                     .outcome = TRANSPORT_NOT_SENT,
                                     .body = xstrdup(""),
                                     .headers = xstrdup(""),
                                     .end_us = now_us};
    (void)copy_text(out->reason, sizeof out->reason, reason);
}

void transport_answer_release(struct transport_answer *a)
{
    free(a->body);
    free(a->headers);
    a->body = a->headers = NULL;
}

bool transport_answer_header(const struct transport_answer *a, const char *name, char *value,
                             size_t capacity)
{
    const size_t length = strlen(name);
    const char *line = a->headers;

    while (line && *line) {
        const char *end = line + strcspn(line, "\r\n");

        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *from = line + length + 1;

            from += strspn(from, " \t");
            while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            if ((size_t)(end - from) >= capacity)
                return false;
            memcpy(value, from, (size_t)(end - from));
            value[end - from] = '\0';
            return true;
        }
        line = end + strspn(end, "\r\n");
    }
    return false;
}
