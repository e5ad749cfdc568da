/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/tokens: making, listing and revoking bearer tokens; only digests of them are kept. */
#include "handlers/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "handlers/handlers.h"
#include "handlers/view.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

static const char *const role_words[] = {"viewer", "trader", "admin", NULL};

void token_make(struct token *out, char text[TOKEN_TEXT_MAX])
{
    uint8_t id[TOKEN_ID_LENGTH / 2], secret[32];
    char hex[TOKEN_ID_LENGTH + 1];

    random_bytes(id, sizeof id);
    random_bytes(secret, sizeof secret);
    hex_print(id, sizeof id, hex);
    memcpy(text, "tk_", 3);
    memcpy(text + 3, hex, TOKEN_ID_LENGTH);
    text[3 + TOKEN_ID_LENGTH] = '_';
    base64url_print(secret, sizeof secret, text + 3 + TOKEN_ID_LENGTH + 1);
    copy_text(out->id, sizeof out->id, hex);
    digest_of(text, strlen(text), &out->secret);
    explicit_bzero(secret, sizeof secret);
}

bool token_of_text(const char *text, char id[24], struct digest *digest)
{
    if (strlen(text) != TOKEN_TEXT_MAX - 1 || strncmp(text, "tk_", 3) != 0 ||
        text[3 + TOKEN_ID_LENGTH] != '_')
        return false;
    memcpy(id, text + 3, TOKEN_ID_LENGTH);
    id[TOKEN_ID_LENGTH] = 0;
    digest_of(text, strlen(text), digest);
    return true;
}

/* GET /v1/tokens: all of them, revoked ones too, newest first. */
enum err tokens_list(struct request *rq)
{
    struct token *rows = NULL;
    size_t count = 0;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = store_tokens(handlers_of(rq)->store, &rows, &count);
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "data");
    jw_array(&w);
    for (size_t i = 0; i < count; i++) {
        jw_object(&w);
        view_token(&w, &rows[i]);
        jw_object_end(&w);
    }
    jw_array_end(&w);
    jw_member_bool(&w, "has_more", false);
    jw_member_null(&w, "next_cursor");
    jw_object_end(&w);
    free(rows);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

static enum err check_room(struct request *rq)
{
    struct token *rows = NULL;
    size_t count = 0, valid = 0;
    enum err e = store_tokens(handlers_of(rq)->store, &rows, &count);

    if (e)
        return e;
    for (size_t i = 0; i < count; i++)
        valid += rows[i].revoked_us == TIME_NONE;
    free(rows);
    if (valid >= LIMIT_TOKENS)
        return request_fail(rq, ERR_LIMIT, "There are %d tokens already; revoke some.",
                            LIMIT_TOKENS);
    return ERR_OK;
}

static void print_created(struct text *out, const struct token *t, const char *secret)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    view_token(&w, t);
    jw_member_text(&w, "secret", secret);
    jw_object_end(&w);
}

static enum err answer_created(struct request *rq, const struct token *t, const char *secret)
{
    struct text body, stored;

    text_init(&body, VIEW_MAX);
    text_init(&stored, VIEW_MAX);
    print_created(&body, t, secret);
    /* No secret goes into the database, not even for a replay: shown once means once. */
    print_created(&stored, t, NULL);
    rq->stored_body = arena_strndup(&rq->arena, stored.data, stored.length);
    text_release(&stored);
    return respond_take(rq, 201, MEDIA_JSON, &body);
}

/* POST /v1/tokens */
enum err tokens_create(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct token t = {.expires_us = TIME_NONE, .last_used_us = TIME_NONE, .revoked_us = TIME_NONE};
    char secret[TOKEN_TEXT_MAX];
    int role = 0;
    int64_t expires_in_s = 0;
    const struct field fields[] = {
        field_required(typed_text("name", t.name, sizeof t.name)),
        field_required(typed_word("role", &role, role_words)),
        typed_integer("expires_in_s", &expires_in_s, 1, INT64_C(10) * 365 * 86400),
    };
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (!e)
        e = check_room(rq);
    if (e)
        return e;
    token_make(&t, secret);
    t.role = (enum role)(role + ROLE_VIEWER);
    t.created_us = clock_wall_us();
    if (expires_in_s > 0)
        t.expires_us = t.created_us + expires_in_s * US_PER_S;
    copy_text(t.created_by, sizeof t.created_by, rq->principal.name);
    rq->executed = true;
    e = store_token_insert(h->store, &t);
    if (e)
        return e;
    h->tokens_changed(h->self);
    handlers_audit(rq, "token.create", t.id, "ok");
    e = answer_created(rq, &t, secret);
    explicit_bzero(secret, sizeof secret);
    return e;
}

/* DELETE /v1/tokens/{id}: from now on it is refused. */
enum err tokens_revoke(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    const char *id = rq->arguments[0];
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    if (strlen(id) >= sizeof rq->principal.id)
        return ERR_NOT_FOUND;
    rq->executed = true;
    e = store_token_revoke(h->store, id, clock_wall_us());
    if (e == ERR_NOT_FOUND)
        return request_fail(rq, e, "There is no token with the id '%s'.", id);
    if (e)
        return e;
    h->tokens_changed(h->self);
    handlers_audit(rq, "token.revoke", id, "ok");
    return respond_empty(rq, 204);
}
