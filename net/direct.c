/* SPDX-License-Identifier: Apache-2.0 */
/* A request on a spare connection.  libcurl only moves bytes here: it has no request that it could
 * send again, and nothing here ever writes a byte twice.  The connection ends with the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "net/transport_parts.h"

enum {
    READ_BYTES = 16 * 1024
};

static const char *const method_names[] = {
    [TRANSPORT_GET] = "GET",
    [TRANSPORT_POST] = "POST",
    [TRANSPORT_PUT] = "PUT",
    [TRANSPORT_DELETE] = "DELETE",
};

/* The draft's header lines; true when one of them is the content's type. */
static bool put_lines(struct text *out, const struct text *headers)
{
    const char *at = headers->length > 0 ? headers->data : "";
    bool has_type = false;

    while (*at) {
        const size_t length = strcspn(at, "\n");

        has_type |= strncasecmp(at, "Content-Type:", 13) == 0;
        text_append(out, at, length);
        text_string(out, "\r\n");
        at += length + (at[length] == '\n');
    }
    return has_type;
}

/* The same lines that libcurl would send. */
static void put_request(const struct transfer *t, struct text *out)
{
    const char *authority = strstr(t->draft.url.data, "://") + 3;
    const int length = (int)strcspn(authority, "/?");
    const char *target = authority + length;
    const bool has_body = t->request.method == TRANSPORT_POST || t->request.method == TRANSPORT_PUT;
    bool has_type;

    text_format(out, "%s %s%s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: traderd\r\nAccept: */*\r\n",
                method_names[t->request.method], *target == '/' ? "" : "/", target, length,
                authority);
    has_type = put_lines(out, &t->draft.headers);
    if (has_body)
        text_format(out, "Content-Length: %zu\r\n", t->draft.body.length);
    if (has_body && !has_type)
        text_string(out, "Content-Type: application/x-www-form-urlencoded\r\n");
    text_string(out, "\r\n");
    if (has_body && t->draft.body.length > 0)
        text_append(out, t->draft.body.data, t->draft.body.length);
}

void direct_begin(struct transfer *t, CURL *spare, int64_t now_us)
{
    struct direct *d = xcalloc(1, sizeof *d);

    t->easy = spare;
    t->direct = d;
    t->start_us = now_us;
    http_reader_init(&d->reader, t->request.max_bytes, &t->headers, &t->body);
    text_init(&d->request, LIMIT_NET_URL + LIMIT_NET_HEADERS + LIMIT_NET_BODY);
    put_request(t, &d->request);
    d->has_failed = d->request.full; /* nothing is written then */
}

/* True while there is more to write and the connection takes it. */
static bool write_some(struct transfer *t)
{
    struct direct *d = t->direct;
    size_t sent = 0;
    CURLcode c;

    if (d->has_failed || d->written == d->request.length)
        return false;
    c = curl_easy_send(t->easy, d->request.data + d->written, d->request.length - d->written,
                       &sent);
    if (c == CURLE_OK) {
        d->written += sent;
        return true;
    }
    if (c != CURLE_AGAIN) {
        d->has_failed = true;
        /* How much of it left is not known. */
        d->written = d->written > 0 ? d->written : 1;
        (void)copy_text(t->error, sizeof t->error, "the connection ended while it was sent");
    }
    return false;
}

static bool read_some(struct transfer *t)
{
    struct direct *d = t->direct;
    char bytes[READ_BYTES];
    size_t got = 0;
    const CURLcode c = curl_easy_recv(t->easy, bytes, sizeof bytes, &got);

    if (c == CURLE_AGAIN)
        return false;
    if (c == CURLE_OK && got > 0) {
        http_reader_take(&d->reader, bytes, got);
        return true;
    }
    if (c == CURLE_OK) {
        http_reader_end(&d->reader);
    } else {
        d->has_failed = true;
        (void)copy_text(t->error, sizeof t->error, "the connection ended before the answer");
    }
    return false;
}

bool direct_step(struct transfer *t)
{
    struct direct *d = t->direct;

    while (write_some(t))
        ;
    while (!d->has_failed && d->written > 0 && !http_reader_is_over(&d->reader) && read_some(t))
        ;
    return d->has_failed || http_reader_is_over(&d->reader);
}

void direct_wants(const struct transfer *t, struct curl_waitfd *out)
{
    curl_socket_t socket = CURL_SOCKET_BAD;

    (void)curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &socket);
    *out = (struct curl_waitfd){.fd = socket, .events = CURL_WAIT_POLLIN};
    if (t->direct->written < t->direct->request.length)
        out->events |= CURL_WAIT_POLLOUT;
}

static const char *reason_of(const struct transfer *t, char text[LIMIT_REASON])
{
    switch (t->direct->reader.step) {
    case HTTP_READER_TOO_LARGE:
        (void)snprintf(text, LIMIT_REASON, "the answer is larger than the %zu bytes allowed",
                       t->request.max_bytes);
        return text;
    case HTTP_READER_BROKEN:
        return "the answer is cut off or no HTTP";
    default:
        return t->error[0] ? t->error : "no whole answer came in time";
    }
}

void direct_answer(struct transfer *t, int64_t now_us, struct transport_answer *out)
{
    const struct direct *d = t->direct;
    char text[LIMIT_REASON];
    size_t length;

    *out = (struct transport_answer){.tag = t->request.tag, .start_us = t->start_us};
    out->end_us = now_us;
    out->status = d->reader.status;
    out->outcome = d->reader.step == HTTP_READER_DONE && !d->has_failed ? TRANSPORT_ANSWERED
                   : d->written == 0                                    ? TRANSPORT_NOT_SENT
                                                                        : TRANSPORT_AMBIGUOUS;
    if (out->outcome != TRANSPORT_ANSWERED)
        (void)copy_text(out->reason, sizeof out->reason, reason_of(t, text));
    out->length = t->body.length;
    out->body = t->body.length > 0 ? text_take(&t->body, &length) : xstrdup("");
    out->headers = t->headers.length > 0 ? text_take(&t->headers, &length) : xstrdup("");
}
