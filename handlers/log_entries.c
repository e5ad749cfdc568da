/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/log/statements and /v1/log/corrections: entries about the log itself. */
#include <stdlib.h>

#include "core/jwriter.h"
#include "engine/ledger_about.h"
#include "engine/track.h"
#include "handlers/commands.h"
#include "handlers/log.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

enum {
    PUBLISH_TRIES = 5, /* the log may grow between its statement and the entry */
    REPLACEMENT = 1024
};

/* ---- Statements ---- */

/* Once: of the newest checkpoint, as the entry right behind it.  ERR_AGAIN: there was one more. */
static enum err publish_once(struct handlers *h, struct text *statement,
                             struct command_reply *reply, const char **why)
{
    struct log_note note = {0};
    struct command c = {.kind = COMMAND_ENTRY};
    struct checkpoint checkpoint;
    enum err e = store_log_newest(h->store, h->account, &note);

    text_clear(statement);
    if (!e)
        e = log_note_open(&note, &checkpoint);
    free(note.note);
    if (!e)
        e = log_statement(h->store, h->account, &checkpoint, statement, why);
    if (e)
        return e;
    c.entry.kind = LEAF_STATEMENT;
    c.entry.object = statement->data;
    c.entry.length = statement->length;
    c.entry.at = (int64_t)checkpoint.size;
    return engine_call(h->engine, &c, COMMAND_TIMEOUT_US, reply);
}

enum err log_publish(struct handlers *h, struct text *statement, struct command_reply *reply,
                     const char **why)
{
    enum err e = ERR_AGAIN;

    for (int i = 0; i < PUBLISH_TRIES && e == ERR_AGAIN; i++)
        e = publish_once(h, statement, reply, why);
    return e;
}

/* What became of an entry; statement: NULL, or what it holds. */
static enum err answer_entry(struct request *rq, const struct command_reply *reply, bool is_pending,
                             const struct text *statement)
{
    struct jwriter w;
    struct text body;

    text_init(&body, TRACK_STATEMENT_BYTES + LIMIT_REASON);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "index");
    if (is_pending)
        jw_null(&w);
    else
        jw_integer(&w, reply->entry_index);
    if (statement) {
        jw_key(&w, "statement");
        if (is_pending)
            jw_null(&w);
        else
            jw_raw(&w, statement->data, statement->length);
    }
    jw_object_end(&w);
    if (!is_pending)
        respond_header(rq, "Location", "/v1/log/entry/%lld/proof", (long long)reply->entry_index);
    return respond_take(rq, is_pending ? 202 : 201, MEDIA_JSON, &body);
}

/* POST /v1/log/statements: the figures of the log up to now, as its next entry. */
enum err log_statements_create(struct request *rq)
{
    struct command_reply *reply;
    struct text statement;
    const char *why = NULL;
    bool is_pending;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, NULL, 0);
    if (e)
        return e;
    reply = xcalloc(1, sizeof *reply);
    text_init(&statement, TRACK_STATEMENT_BYTES);
    e = log_publish(handlers_of(rq), &statement, reply, &why);
    rq->executed = !e || e == ERR_ENGINE_TIMEOUT;
    is_pending = e == ERR_ENGINE_TIMEOUT || !reply->durable;
    if (e == ERR_INVALID)
        e = request_fail(rq, ERR_CONFLICT, "No statement can be made of this log: %s.", why);
    else if (e == ERR_AGAIN)
        e = request_fail(rq, ERR_CONFLICT,
                         "The log grows faster than its figures are made: pause the loop first.");
    else if (e == ERR_NOT_FOUND)
        e = request_fail(rq, ERR_CONFLICT, "Nothing was signed yet: the log is empty.");
    else if (!e || e == ERR_ENGINE_TIMEOUT)
        e = answer_entry(rq, reply, is_pending, &statement);
    text_release(&statement);
    free(reply);
    return e;
}

/* ---- Corrections ---- */

static enum err find_wrong(struct request *rq, int64_t index, struct digest *leaf_hash)
{
    struct log_row row = {0};
    enum err e =
        store_log_entry(handlers_of(rq)->store, handlers_of(rq)->account, (uint64_t)index, &row);

    if (!e)
        merkle_leaf(row.entry, row.length, leaf_hash);
    free(row.entry);
    return e == ERR_NOT_FOUND ? request_fail(rq, e, "The log has no entry of this index.") : e;
}

/* POST /v1/log/corrections: says in words that an entry was wrong. */
enum err log_corrections_create(struct request *rq)
{
    char reason[LIMIT_REASON] = "", replacement[REPLACEMENT] = "";
    struct correction_note note = {
        .actor = rq->principal.name, .reason = reason, .replacement = replacement};
    const struct field fields[] = {
        field_required(typed_integer("index", &note.index, 0, INT64_MAX)),
        field_required(typed_text("reason", reason, sizeof reason)),
        field_required(typed_text("replacement", replacement, sizeof replacement)),
    };
    struct command c = {.kind = COMMAND_ENTRY};
    struct command_reply *reply;
    struct text object;
    bool is_pending = false;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (!e)
        e = find_wrong(rq, note.index, &note.leaf_hash);
    if (e)
        return e;
    text_init(&object, LIMIT_LEAF_BYTES);
    about_note(&note, &object);
    c.entry.kind = LEAF_CORRECT;
    c.entry.object = object.data;
    c.entry.length = object.length;
    c.entry.at = -1;
    reply = xcalloc(1, sizeof *reply);
    e = command_run(rq, &c, reply, &is_pending);
    if (!e)
        e = answer_entry(rq, reply, is_pending, NULL);
    text_release(&object);
    free(reply);
    return e;
}
