/* SPDX-License-Identifier: Apache-2.0 */
/* Commands go to the engine's mailbox by value; what cannot be known in time is 202, never an
 * error, because the command may still be carried out. */
#include "handlers/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/view.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

/* What the engine says of a field begins with its name: "at: this is in the future". */
static void tell_field(struct request *rq, const char *detail)
{
    size_t length = strcspn(detail, ": ");
    char pointer[LIMIT_NAME + 1] = "/";

    if (length >= LIMIT_NAME - 1 || strncmp(detail + length, ": ", 2) != 0)
        return;
    memcpy(pointer + 1, detail, length);
    diag_add(request_diags(rq), pointer, err_code(ERR_FIELD), "%s", detail + length + 2);
}

enum err command_run(struct request *rq, const struct command *c, struct command_reply *reply,
                     bool *pending)
{
    struct command mine = *c;
    enum err e;

    copy_text(mine.actor, sizeof mine.actor, rq->principal.name);
    rq->executed = true;
    e = engine_call(handlers_of(rq)->engine, &mine, COMMAND_TIMEOUT_US, reply);
    if (e == ERR_ENGINE_TIMEOUT) {
        *pending = true;
        *reply = (struct command_reply){0};
        return ERR_OK;
    }
    if (e == ERR_ENGINE_BUSY || e == ERR_SHUTTING_DOWN)
        rq->executed = false;
    if (e) {
        if (e == ERR_FIELD)
            tell_field(rq, reply->detail);
        if (reply->detail[0])
            return request_fail(rq, e, "%s", reply->detail);
        return e;
    }
    *pending = !reply->durable;
    return ERR_OK;
}

static void result(struct jwriter *w, const struct command_result *r)
{
    char type[64];

    jw_object(w);
    view_id(w, "id", r->id);
    jw_member_text(w, "symbol", r->symbol);
    jw_member_integer(w, "status", r->error ? err_status(r->error) : 200);
    view_id(w, "order_id", r->order_id);
    if (r->error) {
        snprintf(type, sizeof type, "/problems/%s", err_code(r->error));
        jw_key(w, "problem");
        jw_object(w);
        jw_member_text(w, "type", type);
        jw_member_text(w, "title", err_sentence(r->error));
        jw_member_integer(w, "status", err_status(r->error));
        jw_member_text(w, "code", err_code(r->error));
        jw_object_end(w);
    }
    jw_object_end(w);
}

enum err command_answer_results(struct request *rq, const struct command_reply *reply, bool pending)
{
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "results");
    jw_array(&w);
    for (size_t i = 0; i < reply->result_count; i++)
        result(&w, &reply->results[i]);
    jw_array_end(&w);
    jw_object_end(&w);
    return respond_take(rq, pending ? 202 : 207, MEDIA_JSON, &body);
}

enum err command_all(struct request *rq, enum command_kind kind)
{
    struct command c = {.kind = kind, .cancel_orders = true};
    const struct field fields[] = {
        typed_text("symbol", c.symbol, sizeof c.symbol),
        typed_text("reason", c.reason, sizeof c.reason),
        typed_bool("cancel_orders", &c.cancel_orders),
    };
    /* Only close_all has something to say about orders. */
    size_t count = kind == COMMAND_CLOSE_ALL ? 3 : 2;
    struct command_reply *reply;
    bool is_pending = false;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, count);
    if (e)
        return e;
    reply = xcalloc(1, sizeof *reply);
    e = command_run(rq, &c, reply, &is_pending);
    if (!e)
        e = command_answer_results(rq, reply, is_pending);
    free(reply);
    return e;
}
