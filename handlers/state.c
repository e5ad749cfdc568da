/* SPDX-License-Identifier: Apache-2.0 */
/* Serves documents of the engine's snapshot as the bytes that were rendered with it. */
#include "handlers/state.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/limits.h"
#include "handlers/handlers.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

static void render_loop(const struct snapshot *s, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    view_loop(&w, s);
    jw_object_end(&w);
}

static void render_account(const struct snapshot *s, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    view_account(&w, s);
    jw_object_end(&w);
}

static void render_metrics(const struct snapshot *s, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    view_metrics(&w, s);
    jw_object_end(&w);
}

/* The first page without filters, which only exists as one document while it has no second page. */
static void list_end(struct jwriter *w, const struct snapshot *s)
{
    jw_array_end(w);
    jw_member_bool(w, "has_more", false);
    jw_member_null(w, "next_cursor");
    view_as_of(w, s);
    jw_object_end(w);
}

static void render_positions(const struct snapshot *s, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    jw_key(&w, "data");
    jw_array(&w);
    for (size_t i = s->position_count; i > 0; i--)
        view_position(&w, &s->positions[i - 1], s->account.mode);
    list_end(&w, s);
}

static void render_orders(const struct snapshot *s, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    jw_key(&w, "data");
    jw_array(&w);
    for (size_t i = s->order_count; i > 0; i--)
        view_order(&w, &s->orders[i - 1], s->account.mode);
    list_end(&w, s);
}

static snapshot_render_fn *const renderers[] = {
    [STATE_LOOP] = render_loop,       [STATE_POSITIONS] = render_positions,
    [STATE_ORDERS] = render_orders,   [STATE_ACCOUNT] = render_account,
    [STATE_METRICS] = render_metrics,
};

const char *state_document(struct snapshot *s, enum state_slot slot, size_t *length)
{
    return snapshot_render(s, (int)slot, renderers[slot], length);
}

enum err state_open(struct request *rq, int64_t wait_s, struct snapshot **out)
{
    struct handlers *h = handlers_of(rq);
    struct snapshot *s = engine_snapshot(h->engine);
    int64_t now_us = clock_monotonic_us();
    bool is_known;
    char etag[48];

    snprintf(etag, sizeof etag, "\"%s-%llu\"", h->boot, (unsigned long long)s->seq);
    is_known = respond_matches(rq, etag);
    /* Without a tag the client has seen nothing: what it waits for is any change from now on. */
    if (wait_s > 0 && rq->wait_deadline_us == 0 && (is_known || !rq->headers.if_none_match)) {
        rq->wait_seq = s->seq;
        rq->wait_deadline_us = now_us + wait_s * US_PER_S;
        rq->next = REQUEST_NEXT_WAIT;
        snapshot_release(s);
        return ERR_AGAIN;
    }
    respond_header(rq, "ETag", "%s", etag);
    if (is_known) {
        snapshot_release(s);
        respond_empty(rq, 304);
        *out = NULL;
        return ERR_OK;
    }
    *out = s;
    return ERR_OK;
}

static void release_snapshot(void *s)
{
    snapshot_release(s);
}

enum err state_answer_take(struct request *rq, int status, struct snapshot *s_take,
                           enum state_slot slot)
{
    size_t length;
    const char *bytes = state_document(s_take, slot, &length);

    return respond_shared(rq, status, MEDIA_JSON, bytes, length, release_snapshot, s_take);
}

enum err state_read(struct request *rq, enum state_slot slot)
{
    char wait[8] = "";
    const struct field fields[] = {typed_text("wait", wait, sizeof wait)};
    struct snapshot *s = NULL;
    int64_t wait_s = 0;
    enum err e;

    e = query_parse(rq, fields, COUNT_OF(fields));
    if (!e)
        e = query_wait(rq, wait, &wait_s);
    if (!e)
        e = state_open(rq, wait_s, &s);
    if (e || !s)
        return e;
    return state_answer_take(rq, 200, s, slot);
}
