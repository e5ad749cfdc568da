/* SPDX-License-Identifier: Apache-2.0 */
/* Header by header, a table says which are kept and which may come once only. */
#include "http/hygiene.h"

#include <string.h>
#include <strings.h>

#include "core/limits.h"

struct known_header {
    const char *name;
    size_t offset; /* in struct headers_in */
    bool is_list;  /* may be repeated: joined by commas */
};

#define KNOWN(name, member, is_list)                       \
    {                                                      \
        name, offsetof(struct headers_in, member), is_list \
    }
static const struct known_header known[] = {
    KNOWN("Accept", accept, true),
    KNOWN("Authorization", authorization, false),
    KNOWN("Content-Length", content_length, false),
    KNOWN("Content-Type", content_type, false),
    KNOWN("Expect", expect, false),
    KNOWN("Forwarded", forwarded, true),
    KNOWN("Host", host, false),
    KNOWN("Idempotency-Key", idempotency_key, false),
    KNOWN("If-Match", if_match, true),
    KNOWN("If-None-Match", if_none_match, true),
    KNOWN("Prefer", prefer, true),
    KNOWN("Transfer-Encoding", transfer_encoding, false),
    /* Any of these says that a proxy passes on somebody else's request. */
    KNOWN("Via", forwarded, true),
    KNOWN("X-Forwarded-For", forwarded, true),
    KNOWN("X-Forwarded-Host", forwarded, true),
    KNOWN("X-Forwarded-Proto", forwarded, true),
    /* The key of Binance's protocol, which the sandbox venue speaks. */
    KNOWN("X-Mbx-Apikey", api_key, false),
    KNOWN("X-Real-Ip", forwarded, true),
    KNOWN("X-Request-Id", request_id, false),
};

static void fail(struct header_check *h, enum err e, const char *why)
{
    if (!h->error)
        h->error = request_fail(h->rq, e, "%s", why);
}

static bool is_token(const char *s, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = s[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c && strchr("!#$%&'*+-.^_`|~", c))))
            return false;
    }
    return length > 0;
}

static void keep(struct header_check *h, const struct known_header *k, const char *value)
{
    const char **slot = (const char **)(void *)((char *)&h->rq->headers + k->offset);

    if (!*slot) {
        *slot = value;
    } else if (k->is_list) {
        struct text joined;
        text_init(&joined, LIMIT_URI_BYTES);
        text_format(&joined, "%s, %s", *slot, value);
        *slot = arena_strndup(&h->rq->arena, joined.data, joined.length);
        text_release(&joined);
    } else {
        fail(h, ERR_REQUEST, "A header that may come once came twice.");
    }
}

void header_take(struct header_check *h, const char *name, size_t name_length, const char *value,
                 size_t value_length)
{
    if (++h->count > LIMIT_HEADERS) {
        fail(h, ERR_HEADERS_TOO_LARGE, "There are more than 100 headers.");
        return;
    }
    if (!name || !is_token(name, name_length)) {
        fail(h, ERR_REQUEST, "A header's name is not a token.");
        return;
    }
    if (!value) {
        value = "";
        value_length = 0;
    }
    for (size_t i = 0; i < value_length; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            fail(h, ERR_REQUEST, "A header has a control character.");
            return;
        }
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strlen(known[i].name) == name_length &&
            strncasecmp(known[i].name, name, name_length) == 0) {
            keep(h, &known[i], value);
            return;
        }
    }
}

enum err header_finish(struct header_check *h)
{
    const struct headers_in *in = &h->rq->headers;

    if (in->content_length && header_content_length(h->rq) < 0)
        fail(h, ERR_REQUEST, "Content-Length is not a number.");
    if (in->content_length && in->transfer_encoding)
        fail(h, ERR_REQUEST, "Content-Length and Transfer-Encoding exclude each other.");
    if (in->transfer_encoding && strcasecmp(in->transfer_encoding, "chunked") != 0)
        fail(h, ERR_REQUEST, "The only transfer coding is chunked.");
    return h->error;
}

int64_t header_content_length(const struct request *rq)
{
    const char *p = rq->headers.content_length;
    int64_t value = 0;

    if (!p || !*p || strlen(p) > 18)
        return -1;
    for (; *p; p++) {
        if (*p < '0' || *p > '9')
            return -1;
        value = value * 10 + (*p - '0');
    }
    return value;
}

bool header_is_json(const char *content_type)
{
    static const char json[] = "application/json";
    const char *p = content_type;

    if (!p || strncasecmp(p, json, sizeof json - 1) != 0)
        return false;
    p += sizeof json - 1;
    p += strspn(p, " \t");
    if (!*p)
        return true;
    if (*p != ';')
        return false;
    p += strspn(p, "; \t");
    if (!*p)
        return true;
    if (strncasecmp(p, "charset=", 8) != 0)
        return false;
    p += 8;
    return strcasecmp(p, "utf-8") == 0 || strcasecmp(p, "\"utf-8\"") == 0;
}

bool header_host_is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "[::1]"};
    size_t length = 0;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strncasecmp(host, names[i], strlen(names[i])) == 0)
            length = strlen(names[i]);
    /* All of 127.0.0.0/8; a name cannot consist of digits and dots alone. */
    if (strncmp(host, "127.", 4) == 0)
        length = strspn(host, "0123456789.");
    if (length == 0)
        return false;
    host += length;
    return !*host || (*host == ':' && strspn(host + 1, "0123456789") == strlen(host + 1));
}
