/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/features: values from outside that rules read as ext.NAME. */
#include <stdlib.h>
#include <string.h>

#include "engine/rule_compile.h"
#include "handlers/commands.h"
#include "handlers/state.h"
#include "handlers/view.h"
#include "http/field.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

static void view_ext_value(struct jwriter *w, const struct ext_value *v)
{
    jw_object(w);
    jw_member_text(w, "name", v->name);
    jw_member_text(w, "symbol", v->symbol[0] ? v->symbol : NULL);
    jw_member_double(w, "value", v->value);
    jw_member_time(w, "at", v->at_us);
    jw_object_end(w);
}

/* GET /v1/features: the newest value of each name and symbol. */
enum err features_list(struct request *rq)
{
    char name[LIMIT_NAME] = "", symbol[LIMIT_SYMBOL] = "", wait[8] = "";
    const struct field fields[] = {
        typed_text("name", name, sizeof name),
        typed_text("symbol", symbol, sizeof symbol),
        typed_text("wait", wait, sizeof wait),
    };
    struct snapshot *s = NULL;
    int64_t wait_s = 0;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = query_wait(rq, wait, &wait_s);
    if (!e)
        e = state_open(rq, wait_s, &s);
    if (e || !s)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    page_begin(&w);
    for (size_t i = 0; i < s->ext_value_count; i++) {
        const struct ext_value *v = &s->ext_values[i];

        if ((!name[0] || strcmp(name, v->name) == 0) &&
            (!symbol[0] || strcmp(symbol, v->symbol) == 0))
            view_ext_value(&w, v);
    }
    page_end(rq, &w, false, 0);
    view_as_of(&w, s);
    jw_object_end(&w);
    snapshot_release(s);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

/* PUT /v1/features/{name}: what rules read as ext.NAME from now on. */
enum err features_put(struct request *rq)
{
    struct command c = {.kind = COMMAND_SET_EXT, .ext = {.at_us = TIME_NONE}};
    const struct field fields[] = {
        field_required(typed_number("value", &c.ext.value)),
        typed_time("at", &c.ext.at_us),
        typed_text("symbol", c.ext.symbol, sizeof c.ext.symbol),
    };
    const char *name = rq->arguments[0];
    struct command_reply *reply;
    struct jwriter w;
    struct text body;
    bool is_pending = false;
    enum err e = query_parse(rq, NULL, 0);

    if (!e && !rule_name_is_free(name)) {
        diag_hint(diag_add(request_diags(rq), "name", err_code(ERR_FIELD),
                           "No rule can read a value of this name."),
                  "letters, digits and _, at most 63, and not a word of the language");
        return request_fail(rq, ERR_FIELD, "No rule can read a value of this name.");
    }
    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (!e && c.ext.symbol[0])
        e = handlers_check_symbol(rq, c.ext.symbol);
    if (e)
        return e;
    copy_text(c.ext.name, sizeof c.ext.name, name);
    reply = xcalloc(1, sizeof *reply);
    e = command_run(rq, &c, reply, &is_pending);
    /* Not known yet, it is shown as it was given. */
    if (!e && reply->ext.name[0])
        c.ext = reply->ext;
    free(reply);
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_ext_value(&w, &c.ext);
    return respond_take(rq, is_pending ? 202 : 200, MEDIA_JSON, &body);
}

/* DELETE /v1/features/{name}: rules that read it see nothing from now on. */
enum err features_delete(struct request *rq)
{
    struct command c = {.kind = COMMAND_DROP_EXT};
    const struct field fields[] = {typed_text("symbol", c.ext.symbol, sizeof c.ext.symbol)};
    const char *name = rq->arguments[0];
    struct command_reply *reply;
    bool is_pending = false;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (e)
        return e;
    if (strlen(name) >= sizeof c.ext.name)
        return ERR_NOT_FOUND;
    copy_text(c.ext.name, sizeof c.ext.name, name);
    reply = xcalloc(1, sizeof *reply);
    e = command_run(rq, &c, reply, &is_pending);
    free(reply);
    return e ? e : respond_empty(rq, is_pending ? 202 : 204);
}
