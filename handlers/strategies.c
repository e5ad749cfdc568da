/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/strategies and /v1/strategy: reading documents, what they say and when they were active. */
#include "handlers/strategies.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/json_diff.h"
#include "handlers/lists.h"
#include "handlers/strategy_view.h"
#include "handlers/view.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

#define MEDIA_PATCH "application/json-patch+json"
#define MEDIA_SCHEMA "application/schema+json"

static pthread_mutex_t change = PTHREAD_MUTEX_INITIALIZER;

void strategies_lock(void)
{
    pthread_mutex_lock(&change);
}

void strategies_unlock(void)
{
    pthread_mutex_unlock(&change);
}

/* ---- Finding and reading ---- */

bool strategies_is_id(const char *text)
{
    size_t length = strlen(text);

    return length >= STRATEGY_PREFIX_MIN && length < DIGEST_HEX &&
           strspn(text, "0123456789abcdef") == length;
}

enum err strategies_find(struct request *rq, const char *id, struct strategy_row *out)
{
    enum err e = ERR_NOT_FOUND;

    if (!strategies_is_id(id))
        return request_fail(rq, e,
                            "A strategy is named by its id or the first %d to 63 digits of "
                            "it.",
                            STRATEGY_PREFIX_MIN);
    e = store_strategy(handlers_of(rq)->store, id, out);
    if (e == ERR_NOT_FOUND)
        return request_fail(rq, e, "There is no strategy whose id begins with %s.", id);
    if (e == ERR_CONFLICT)
        return request_fail(rq, e, "Several ids begin with %s; give more digits.", id);
    return e;
}

enum err strategies_artifact(struct request *rq, const char *id, struct strategy_row *out)
{
    enum err e = strategies_find(rq, id, out);

    if (!e && out->is_outside)
        return request_fail(rq, ERR_NAME_TAKEN,
                            "'%s' is a source of signals and has no rules of its own.", out->name);
    return e;
}

enum err strategies_fail(struct request *rq, enum err e, const char *json, size_t length)
{
    const struct diag_list *diags = request_diags(rq);
    size_t all = diags->count + diags->dropped;
    struct jwriter w;
    struct text errors;

    text_init(&errors, HTTP_ARENA_MAX / 2);
    jwriter_init(&w, JSTYLE_COMPACT, &errors);
    strategy_view_errors(&w, diags, json, length);
    if (jwriter_ok(&w))
        rq->errors = arena_strndup(&rq->arena, errors.data, errors.length);
    text_release(&errors);
    return request_fail(rq, e, "The artifact has %zu mistake%s; see errors.", all,
                        all == 1 ? "" : "s");
}

enum err strategies_load(struct request *rq, const char *id, struct strategy **out)
{
    struct diag_list *diags = request_diags(rq);
    char *text = NULL;
    size_t length = 0;
    enum err e;

    if (!diags)
        return ERR_LIMIT;
    e = store_strategy_canonical(handlers_of(rq)->store, id, &text, &length);
    if (!e)
        e = strategy_parse(text, length, true, diags, out);
    if (e == ERR_SYNTAX || e == ERR_INVALID || e == ERR_LIMIT)
        e = strategies_fail(rq, ERR_INVALID, text, length);
    free(text);
    return e;
}

/* ---- Lists ---- */

/* The ids that count as active, between commas. */
static void active_ids(const struct snapshot *s, struct text *out)
{
    text_string(out, "");
    for (size_t i = 0; i < s->strategy_count; i++) {
        const struct strategy_slot *slot = &s->strategies[i].slot;

        if (slot->is_outside || slot->state == SLOT_ENDED)
            continue;
        text_format(out, "%s%s", out->length ? "," : "", slot->strategy_id);
        if (slot->next_id[0])
            text_format(out, ",%s", slot->next_id);
    }
}

static enum err answer_list(struct request *rq, struct strategy_query *q)
{
    struct handlers *h = handlers_of(rq);
    struct snapshot *s = engine_snapshot(h->engine);
    struct strategy_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    struct text ids, body;
    struct jwriter w;
    enum err e;

    text_init(&ids, LIMIT_JSON_BYTES);
    active_ids(s, &ids);
    q->active_ids = ids.data;
    e = store_strategies(h->store, q, &rows, &count, &more);
    if (!e) {
        list_begin(&w, &body);
        for (size_t i = 0; i < count; i++) {
            jw_object(&w);
            strategy_view_row(&w, &rows[i], s);
            jw_object_end(&w);
        }
        e = list_answer(rq, &w, &body, more, count ? rows[count - 1].ordinal : 0);
    }
    free(rows);
    text_release(&ids);
    snapshot_release(s);
    return e;
}

/* GET /v1/strategies: every document that is known. */
enum err strategies_list(struct request *rq)
{
    static const char *const statuses[] = {"validated", "active", "retired", NULL};
    static const char *const orders[] = {"desc", "asc", NULL};
    char name[LIMIT_NAME] = "", cursor[32] = "";
    int status = -1, order = 0;
    int64_t limit = LIMIT_PAGE_DEFAULT;
    const struct field fields[] = {
        typed_text("name", name, sizeof name),       typed_word("status", &status, statuses),
        typed_word("order", &order, orders),         typed_integer("limit", &limit, 1, LIMIT_PAGE),
        typed_text("cursor", cursor, sizeof cursor),
    };
    struct strategy_query q = {0};
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = page_after(rq, cursor, &q.after);
    if (e)
        return e;
    q.name = name[0] ? name : NULL;
    q.status = status < 0 ? STRATEGIES_ANY : STRATEGIES_VALIDATED + (unsigned)status;
    q.ascending = order == 1;
    q.limit = (int)limit;
    return answer_list(rq, &q);
}

/* GET /v1/strategy_activations: who made which version trade, and when. */
enum err activations_list(struct request *rq)
{
    struct list_request l;
    struct activation *rows = NULL;
    size_t count = 0;
    int64_t last_id;
    bool more = false;
    struct jwriter w;
    struct text body;
    enum err e = list_parse(rq, LIST_P_STRATEGY | LIST_P_TIMES, &l);

    if (!e)
        e = store_activations(handlers_of(rq)->store, &l.q, &rows, &count, &more);
    if (e)
        return e;
    list_begin(&w, &body);
    for (size_t i = 0; i < count; i++)
        strategy_view_activation(&w, &rows[i]);
    last_id = count ? rows[count - 1].id : 0;
    free(rows);
    return list_answer(rq, &w, &body, more, last_id);
}

/* ---- One document ---- */

static enum err answer_tagged(struct request *rq, const struct digest *tag, const char *media,
                              struct text *body_take)
{
    char etag[DIGEST_HEX + 2] = "\"";

    hex_print(tag->bytes, DIGEST_BYTES, etag + 1);
    etag[DIGEST_HEX] = '"';
    etag[DIGEST_HEX + 1] = '\0';
    respond_header(rq, "ETag", "%s", etag);
    if (respond_matches(rq, etag)) {
        text_release(body_take);
        return respond_empty(rq, 304);
    }
    return respond_take(rq, 200, media, body_take);
}

/* GET /v1/strategies/{id}: what it is, what it does, whether it trades. */
enum err strategies_get(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct strategy_row row;
    struct strategy *parsed = NULL;
    struct snapshot *s;
    struct digest tag;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = strategies_find(rq, rq->arguments[0], &row);
    if (!e && !row.is_outside)
        e = strategies_load(rq, row.id, &parsed);
    /* An older document may use what this version refuses: it is shown all the same. */
    if (e && e != ERR_INVALID)
        return e;
    rq->detail = NULL;
    s = engine_snapshot(h->engine);
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    strategy_view_detail(&w, &row, parsed, s);
    snapshot_release(s);
    strategy_release(parsed);
    digest_of(body.data, body.length, &tag);
    return answer_tagged(rq, &tag, MEDIA_JSON, &body);
}

/* GET /v1/strategies/{id}/document: the bytes as they were uploaded. */
enum err strategies_document(struct request *rq)
{
    struct strategy_row row;
    struct digest tag;
    struct text body;
    char *source = NULL;
    size_t length = 0;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = strategies_find(rq, rq->arguments[0], &row);
    if (!e)
        e = store_strategy_source(handlers_of(rq)->store, row.id, &source, &length);
    if (e)
        return e;
    digest_of(source, length, &tag);
    text_init(&body, VIEW_MAX);
    text_append(&body, source, length);
    free(source);
    return answer_tagged(rq, &tag, MEDIA_JSON, &body);
}

static enum err read_canonical(struct request *rq, const char *prefix, struct jnode **out)
{
    struct strategy_row row;
    char *text = NULL;
    size_t length = 0;
    enum err e = strategies_find(rq, prefix, &row);

    if (!e)
        e = store_strategy_canonical(handlers_of(rq)->store, row.id, &text, &length);
    if (!e)
        e = jnode_parse(text, length, "", NULL, out);
    free(text);
    return e;
}

/* GET /v1/strategies/{id}/diff?against=: what turns the other document into this one. */
enum err strategies_diff(struct request *rq)
{
    char against[DIGEST_HEX] = "";
    const struct field fields[] = {typed_text("against", against, sizeof against)};
    struct jnode *from = NULL, *to = NULL;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e && !against[0])
        e = request_fail(rq, ERR_PARAMETER, "Say `against` which strategy: ?against=<id>.");
    if (!e)
        e = read_canonical(rq, rq->arguments[0], &to);
    if (!e)
        e = read_canonical(rq, against, &from);
    if (!e) {
        text_init(&body, VIEW_MAX);
        jwriter_init(&w, JSTYLE_COMPACT, &body);
        json_diff(&w, from, to);
        e = respond_take(rq, 200, MEDIA_PATCH, &body);
    }
    jnode_free(from);
    jnode_free(to);
    return e;
}

/* GET /v1/strategies/schema: what editors and pipelines check an artifact with. */
enum err strategies_schema(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    respond_header(rq, "ETag", "%s", h->schema_etag);
    if (respond_matches(rq, h->schema_etag))
        return respond_empty(rq, 304);
    return respond_shared(rq, 200, MEDIA_SCHEMA, h->schema, h->schema_length, NULL, NULL);
}

/* ---- The one that trades ---- */

static bool first_active(struct engine *engine, char id[DIGEST_HEX])
{
    struct snapshot *s = engine_snapshot(engine);
    bool found = false;

    for (size_t i = 0; i < s->strategy_count && !found; i++) {
        found = !s->strategies[i].slot.is_outside;
        if (found)
            copy_text(id, DIGEST_HEX, s->strategies[i].slot.strategy_id);
    }
    snapshot_release(s);
    return found;
}

static enum err answer_strategy(struct request *rq, const struct strategy *s)
{
    struct jwriter w;
    struct text body;
    size_t length;
    const char *document = strategy_canonical(s, &length);

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "id", strategy_id(s));
    jw_member_text(&w, "name", strategy_name(s));
    strategy_view_summary(&w, s);
    jw_key(&w, "document");
    jw_raw(&w, document, length);
    jw_object_end(&w);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

/* GET /v1/strategy: the first active artifact in its canonical form. */
enum err strategy_get(struct request *rq)
{
    char id[DIGEST_HEX] = "", etag[DIGEST_HEX + 2] = "\"";
    struct strategy *s = NULL;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    if (!first_active(handlers_of(rq)->engine, id))
        return request_fail(rq, ERR_NOT_FOUND,
                            "No strategy is active; configure `strategy`, or upload one and "
                            "activate it.");
    copy_text(etag + 1, sizeof etag - 1, id);
    etag[DIGEST_HEX] = '"';
    etag[DIGEST_HEX + 1] = '\0';
    respond_header(rq, "ETag", "%s", etag);
    if (respond_matches(rq, etag))
        return respond_empty(rq, 304);
    e = strategies_load(rq, id, &s);
    if (e)
        return e;
    e = answer_strategy(rq, s);
    strategy_release(s);
    return e;
}
