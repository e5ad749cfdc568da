/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts coming in: validating them, keeping them, retiring them. */
#include "core/clock.h"
#include "core/jnode.h"
#include "engine/strategy_preview.h"
#include "handlers/strategies.h"
#include "handlers/strategy_past.h"
#include "handlers/strategy_view.h"
#include "handlers/view.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

/* The body must be JSON: of anything else there is nothing more to say. */
static enum err check_body(struct request *rq)
{
    struct jnode *document = NULL;
    bool is_object;
    enum err e;

    if (!request_diags(rq))
        return ERR_LIMIT;
    if (rq->body_length == 0)
        return request_fail(rq, ERR_SYNTAX, "Send the artifact itself as the body.");
    e = jnode_parse(rq->body, rq->body_length, "", request_diags(rq), &document);
    if (e)
        return request_fail(rq, e, "The artifact is not acceptable JSON.");
    is_object = jnode_is(document, J_OBJECT);
    jnode_free(document);
    if (is_object)
        return ERR_OK;
    diag_add(request_diags(rq), "", err_code(ERR_FIELD), "An artifact is a JSON object.");
    return request_fail(rq, ERR_FIELD, "An artifact is a JSON object.");
}

/* ---- POST /v1/strategies ---- */

static enum err answer_created(struct request *rq, int status, const struct strategy_row *row,
                               const struct strategy *parsed)
{
    struct snapshot *s = engine_snapshot(handlers_of(rq)->engine);
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    strategy_view_detail(&w, row, parsed, s);
    snapshot_release(s);
    if (status == 201)
        respond_header(rq, "Location", "/v1/strategies/%s", row->id);
    return respond_take(rq, status, MEDIA_JSON, &body);
}

static enum err keep(struct request *rq, const struct strategy *parsed)
{
    struct handlers *h = handlers_of(rq);
    struct strategy_upload u = {.id = strategy_id(parsed),
                                .name = strategy_name(parsed),
                                .source = rq->body,
                                .source_length = rq->body_length,
                                .uploaded_by = rq->principal.name};
    struct strategy_row row;
    bool is_new = false;
    enum err e;

    u.canonical = strategy_canonical(parsed, &u.length);
    rq->executed = true;
    e = store_strategy_insert(h->store, &u, &is_new);
    if (!e)
        e = store_strategy(h->store, u.id, &row);
    if (e)
        return e;
    if (is_new)
        handlers_audit(rq, "strategy.create", row.id, "ok");
    return answer_created(rq, is_new ? 201 : 200, &row, parsed);
}

/* As it would be kept. */
static enum err preview_kept(struct request *rq, const struct strategy *parsed)
{
    struct strategy_row row = {.created_us = TIME_NONE, .retired_us = TIME_NONE};
    enum err e = store_strategy(handlers_of(rq)->store, strategy_id(parsed), &row);

    if (e && e != ERR_NOT_FOUND)
        return e;
    copy_text(row.id, sizeof row.id, strategy_id(parsed));
    copy_text(row.name, sizeof row.name, strategy_name(parsed));
    return answer_created(rq, 200, &row, parsed);
}

/* POST /v1/strategies: keeps an artifact; the same document twice is one. */
enum err strategies_create(struct request *rq)
{
    bool validate_only = false;
    const struct field fields[] = {typed_flag("validate_only", &validate_only)};
    struct strategy *parsed = NULL;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = check_body(rq);
    if (e)
        return e;
    e = strategy_parse(rq->body, rq->body_length, true, request_diags(rq), &parsed);
    if (e)
        return strategies_fail(rq, e, rq->body, rq->body_length);
    e = validate_only ? preview_kept(rq, parsed) : keep(rq, parsed);
    strategy_release(parsed);
    return e;
}

/* ---- POST /v1/strategies/validate ---- */

static enum err view_preview(struct request *rq, struct jwriter *w, const struct strategy *parsed)
{
    const struct handlers *h = handlers_of(rq);
    struct strategy_past past;
    struct preview_options o = {.strategy = parsed,
                                .feed = h->feed,
                                .instruments = h->instruments,
                                .instrument_count = h->instrument_count};

    if (!parsed || !h->feed) {
        jw_null(w);
        return ERR_OK;
    }
    strategy_past_init(&past, h->engine, parsed);
    o.until_us = past.until_us;
    o.shift_us = past.shift_us;
    o.ext = past.ext;
    return strategy_preview(&o, w);
}

static enum err answer_verdict(struct request *rq, const struct strategy *parsed)
{
    struct jwriter w;
    struct text body;
    enum err e;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_bool(&w, "valid", parsed != NULL);
    jw_member_text(&w, "id", parsed ? strategy_id(parsed) : NULL);
    jw_member_text(&w, "name", parsed ? strategy_name(parsed) : NULL);
    jw_key(&w, "errors");
    strategy_view_errors(&w, request_diags(rq), rq->body, rq->body_length);
    jw_member_integer(&w, "errors_dropped", (int64_t)request_diags(rq)->dropped);
    jw_key(&w, "warnings");
    strategy_view_errors(&w, parsed ? strategy_warnings(parsed) : &(struct diag_list){0}, rq->body,
                         rq->body_length);
    jw_key(&w, "summary");
    if (parsed) {
        jw_object(&w);
        strategy_view_summary(&w, parsed);
        jw_object_end(&w);
    } else {
        jw_null(&w);
    }
    jw_key(&w, "preview");
    e = view_preview(rq, &w, parsed);
    jw_object_end(&w);
    if (!e)
        return respond_take(rq, 200, MEDIA_JSON, &body);
    text_release(&body);
    return e;
}

/* POST /v1/strategies/validate: every mistake of an artifact, and what it would have said of the
 * newest candles; keeps nothing. */
enum err strategies_validate(struct request *rq)
{
    struct strategy *parsed = NULL;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = check_body(rq);
    if (e)
        return e;
    e = strategy_parse(rq->body, rq->body_length, true, request_diags(rq), &parsed);
    if (!e || e == ERR_INVALID)
        e = answer_verdict(rq, parsed);
    strategy_release(parsed);
    return e;
}

/* ---- DELETE /v1/strategies/{id} ---- */

static enum err retire(struct request *rq, const char *id)
{
    struct handlers *h = handlers_of(rq);
    struct snapshot *s = engine_snapshot(h->engine);
    /* The database may be a commit behind. */
    bool is_active = strategy_slot_of(s, id) != NULL;

    snapshot_release(s);
    return is_active ? ERR_STRATEGY_ACTIVE : store_strategy_retire(h->store, id, clock_wall_us());
}

/* DELETE /v1/strategies/{id}: it cannot be activated any more; nothing is erased. */
enum err strategies_retire(struct request *rq)
{
    struct strategy_row row;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = strategies_find(rq, rq->arguments[0], &row);
    if (e)
        return e;
    strategies_lock();
    e = retire(rq, row.id);
    strategies_unlock();
    if (e == ERR_STRATEGY_ACTIVE)
        return request_fail(rq, e, "'%s' trades with it, or is about to; deactivate it first.",
                            row.name);
    if (e)
        return e;
    if (row.retired_us == TIME_NONE)
        handlers_audit(rq, "strategy.retire", row.id, "ok");
    return respond_empty(rq, 204);
}
