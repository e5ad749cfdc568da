/* SPDX-License-Identifier: Apache-2.0 */
/* Which strategies trade: activating, deactivating, going back. */
#include <stdlib.h>
#include <string.h>

#include "handlers/commands.h"
#include "handlers/strategies.h"
#include "handlers/strategy_view.h"
#include "handlers/view.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

/* In the order of enum effective. */
static const char *const effective_words[] = {"now", "next_candle", "when_flat", NULL};

/* The slot as it is afterwards; null where the engine has not said yet. */
static enum err answer_slot(struct request *rq, const struct command_reply *reply, bool is_pending)
{
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "slot");
    if (reply->has_slot) {
        jw_object(&w);
        strategy_view_slot(&w, &reply->slot);
        jw_object_end(&w);
    } else {
        jw_null(&w);
    }
    jw_object_end(&w);
    return respond_take(rq, is_pending ? 202 : 200, MEDIA_JSON, &body);
}

static enum err command_slot(struct request *rq, const struct command *c)
{
    struct command_reply *reply = xcalloc(1, sizeof *reply);
    bool is_pending = false;
    enum err e = command_run(rq, c, reply, &is_pending);

    /* What only asked has changed nothing that would have to become durable. */
    if (!e)
        e = answer_slot(rq, reply, is_pending && !c->validate_only);
    if (c->validate_only)
        rq->executed = false;
    free(reply);
    return e;
}

/* ---- Activating ---- */

static enum err activate_locked(struct request *rq, const char *id, struct command *c)
{
    struct strategy_row row;
    struct strategy *s = NULL;
    enum err e = strategies_artifact(rq, id, &row);

    if (!e && row.retired_us != TIME_NONE)
        return request_fail(rq, ERR_STRATEGY_RETIRED,
                            "It was retired; upload another version of '%s'.", row.name);
    if (!e)
        e = strategies_load(rq, row.id, &s);
    if (e)
        return e;
    c->strategy = s;
    copy_text(c->name, sizeof c->name, row.name);
    e = command_slot(rq, c);
    strategy_release(s);
    return e;
}

static enum err activate(struct request *rq, const char *id, struct command *c)
{
    enum err e;

    strategies_lock();
    e = activate_locked(rq, id, c);
    strategies_unlock();
    return e;
}

/* POST /v1/strategies/{id}/activate: it begins to trade, or takes over from the version before. */
enum err strategies_activate(struct request *rq)
{
    struct command c = {.kind = COMMAND_ACTIVATE};
    int effective = EFFECTIVE_NEXT_CANDLE;
    const struct field fields[] = {
        typed_word("effective", &effective, effective_words),
        typed_bool("validate_only", &c.validate_only),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (e)
        return e;
    c.effective = (enum effective)effective;
    return activate(rq, rq->arguments[0], &c);
}

/* ---- Deactivating ---- */

/* The slot that an id, or the beginning of one, names; outside sources have ids too. */
static bool find_slot(struct engine *engine, const char *prefix, char name[LIMIT_NAME])
{
    struct snapshot *s = engine_snapshot(engine);
    size_t length = strlen(prefix), found = 0;

    for (size_t i = 0; i < s->strategy_count; i++) {
        const struct strategy_slot *slot = &s->strategies[i].slot;

        if (slot->state == SLOT_ENDED || (strncmp(slot->strategy_id, prefix, length) != 0 &&
                                          strncmp(slot->next_id, prefix, length) != 0))
            continue;
        copy_text(name, LIMIT_NAME, slot->name);
        found++;
    }
    snapshot_release(s);
    return found == 1;
}

/* POST /v1/strategies/{id}/deactivate: no entries any more; needs no database. */
enum err strategies_deactivate(struct request *rq)
{
    struct command c = {.kind = COMMAND_DEACTIVATE};
    const struct field fields[] = {
        typed_bool("close_positions", &c.close_positions),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    const char *id = rq->arguments[0];
    struct strategy_row row;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (e)
        return e;
    if (!strategies_is_id(id) || !find_slot(handlers_of(rq)->engine, id, c.name)) {
        e = strategies_find(rq, id, &row);
        return e ? e : request_fail(rq, ERR_NOT_ACTIVE, "'%s' does not trade with it.", row.name);
    }
    return command_slot(rq, &c);
}

/* ---- Going back ---- */

/* The name to go back with, and its version now: what is about to take over counts as taken. */
static enum err rollback_slot(struct request *rq, char name[LIMIT_NAME], char current[DIGEST_HEX])
{
    struct snapshot *s = engine_snapshot(handlers_of(rq)->engine);
    char only[LIMIT_NAME] = "";
    size_t found = 0;

    for (size_t i = 0; i < s->strategy_count; i++) {
        const struct strategy_slot *slot = &s->strategies[i].slot;

        if (slot->is_outside || slot->state == SLOT_ENDED ||
            (name[0] && strcmp(slot->name, name) != 0))
            continue;
        copy_text(current, DIGEST_HEX, slot->next_id[0] ? slot->next_id : slot->strategy_id);
        copy_text(only, LIMIT_NAME, slot->name);
        found++;
    }
    snapshot_release(s);
    if (found == 1) {
        copy_text(name, LIMIT_NAME, only);
        return ERR_OK;
    }
    if (found == 0)
        return name[0] ? request_fail(rq, ERR_NOT_ACTIVE, "No strategy '%s' is active.", name)
                       : request_fail(rq, ERR_NOT_ACTIVE, "No strategy is active.");
    diag_hint(diag_add(request_diags(rq), "/name", "field_required",
                       "Several strategies are active: say which one."),
              "a name of GET /v1/loop's strategies");
    return request_fail(rq, ERR_FIELD, "Several strategies are active: say which one.");
}

/* POST /v1/strategy/rollback: the version before takes over again. */
enum err strategy_rollback(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct command c = {.kind = COMMAND_ACTIVATE, .is_rollback = true};
    int effective = EFFECTIVE_NEXT_CANDLE;
    char name[LIMIT_NAME] = "", current[DIGEST_HEX] = "", previous[DIGEST_HEX] = "";
    const struct field fields[] = {
        typed_text("name", name, sizeof name),
        typed_word("effective", &effective, effective_words),
        typed_bool("validate_only", &c.validate_only),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (!e)
        e = rollback_slot(rq, name, current);
    if (!e)
        e = store_previous_version(h->store, h->account, name, current, previous);
    if (e == ERR_NO_PREVIOUS)
        return request_fail(rq, e, "'%s' has had no version before this one.", name);
    if (e)
        return e;
    c.effective = (enum effective)effective;
    return activate(rq, previous, &c);
}
