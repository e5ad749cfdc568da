/* SPDX-License-Identifier: Apache-2.0 */
/* The row is there before the request is carried out, so of two at once one is told to wait. */
#include "server/idempotency.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "http/respond.h"

enum err idempotency_parse(const char *header, char key[LIMIT_IDEMPOTENCY_KEY + 1])
{
    size_t length = strlen(header), n = 0;
    bool quoted = length >= 2 && header[0] == '"' && header[length - 1] == '"';

    if (quoted) {
        header++;
        length -= 2;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)header[i];
        if (quoted && c == '\\' && i + 1 < length)
            c = (unsigned char)header[++i];
        else if (c == '"')
            return ERR_IDEMPOTENCY_KEY;
        if (c < 0x20 || c > 0x7e || (!quoted && c == ' ') || n == LIMIT_IDEMPOTENCY_KEY)
            return ERR_IDEMPOTENCY_KEY;
        key[n++] = (char)c;
    }
    key[n] = 0;
    return n > 0 ? ERR_OK : ERR_IDEMPOTENCY_KEY;
}

static void digest_request(const struct request *rq, struct digest *out)
{
    struct text t;

    text_init(&t, LIMIT_JSON_BYTES + LIMIT_URI_BYTES + 64);
    text_format(&t, "%s %s\n", http_method_name(rq->method), rq->target);
    text_append(&t, rq->body, rq->body_length);
    digest_of(t.data, t.length, out);
    text_release(&t);
}

static const char *header_of(const struct response *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return "";
}

/* The content types we answer with are static texts; the stored one is one of them. */
static const char *static_type(const char *stored)
{
    return strcmp(stored, MEDIA_PROBLEM) == 0 ? MEDIA_PROBLEM : MEDIA_JSON;
}

static enum err replay(struct request *rq, struct idempotency_answer *answer)
{
    respond_header(rq, "Idempotent-Replayed", "%s", "true");
    if (answer->location[0])
        respond_header(rq, "Location", "%s", answer->location);
    if (answer->length == 0) {
        free(answer->body);
        return respond_empty(rq, answer->status);
    }
    return respond_shared(rq, answer->status, static_type(answer->content_type), answer->body,
                          answer->length, free, answer->body);
}

enum err idempotency_begin(struct idempotency *i, struct store *store, struct request *rq,
                           bool is_safe, bool *replayed)
{
    enum idempotency_outcome outcome = IDEMPOTENCY_FRESH;
    struct idempotency_answer answer = {0};
    struct digest digest;
    enum err e = idempotency_parse(rq->headers.idempotency_key, i->key);

    i->held = false;
    *replayed = false;
    if (e)
        return request_fail(rq, e, "Use 1 to %d visible characters, for example a UUID.",
                            LIMIT_IDEMPOTENCY_KEY);
    digest_request(rq, &digest);
    e = store_idempotency_begin(store, rq->principal.id, i->key, &digest, clock_wall_us(), &outcome,
                                &answer);
    if (e && is_safe) {
        LOG_WARN("idempotency_skipped", "error", err_code(e), "request", rq->id, NULL);
        return ERR_OK;
    }
    if (e)
        return e;
    switch (outcome) {
    case IDEMPOTENCY_FRESH:
        i->held = true;
        return ERR_OK;
    case IDEMPOTENCY_REPLAY:
        *replayed = true;
        return replay(rq, &answer);
    case IDEMPOTENCY_BUSY:
        rq->retry_after_s = 1;
        return ERR_IDEMPOTENCY_BUSY;
    case IDEMPOTENCY_MISMATCH:
        return ERR_IDEMPOTENCY_MISMATCH;
    }
    return ERR_INTERNAL;
}

void idempotency_end(struct idempotency *i, struct store *store, struct request *rq)
{
    const struct response *r = &rq->response;
    struct idempotency_answer answer = {.status = r->status};
    enum err e;

    if (!i->held)
        return;
    if (!rq->executed) {
        e = store_idempotency_abandon(store, rq->principal.id, i->key);
    } else {
        const char *body = rq->stored_body ? rq->stored_body : r->body;
        answer.length = rq->stored_body ? strlen(rq->stored_body) : r->length;
        answer.body = xstrndup(body ? body : "", answer.length);
        if (r->content_type)
            copy_text(answer.content_type, sizeof answer.content_type, r->content_type);
        copy_text(answer.location, sizeof answer.location, header_of(r, "Location"));
        e = store_idempotency_finish(store, rq->principal.id, i->key, &answer);
        free(answer.body);
    }
    if (e)
        LOG_WARN("idempotency_not_stored", "error", err_code(e), "request", rq->id, NULL);
}
