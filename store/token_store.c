/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps API tokens: made, listed, revoked, never without an admin. */
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"
#include "store/store_parts.h"

static const char *const role_names[] = {"", "viewer", "trader", "admin"};

const char *role_name(enum role r)
{
    ASSERT(r <= ROLE_ADMIN);
    return role_names[r];
}

bool role_of_name(const char *name, enum role *out)
{
    for (int r = ROLE_VIEWER; r <= ROLE_ADMIN; r++) {
        if (strcmp(role_names[r], name) == 0) {
            *out = (enum role)r;
            return true;
        }
    }
    return false;
}

static const char *word_role(int v)
{
    return v == ROLE_NONE ? NULL : role_name((enum role)v);
}

static const struct column token_columns[] = {
    COLUMN_CHARS(token, id, "id"),
    COLUMN_CHARS(token, name, "name"),
    COLUMN_NAMED(token, role, "role", word_role, ROLE_VIEWER, ROLE_ADMIN),
    COLUMN(token, secret, "secret", DIGEST),
    COLUMN(token, created_us, "created_at", TIME),
    COLUMN(token, expires_us, "expires_at", TIME),
    COLUMN(token, last_used_us, "last_used_at", TIME),
    COLUMN(token, revoked_us, "revoked_at", TIME),
    COLUMN_CHARS(token, created_by, "created_by"),
};
static const struct table table_token = {.name = "token",
                                         .columns = token_columns,
                                         .count = COUNT_OF(token_columns),
                                         .row_size = sizeof(struct token)};

enum err store_token_insert(struct store *s, const struct token *t)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    table_put(&table_token, t, &p);
    params_integer(&p, LIMIT_TOKENS);
    e = store_exec(s,
                   "INSERT INTO token (id, name, role, secret, created_at, expires_at,"
                   " last_used_at, revoked_at, created_by)"
                   " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE"
                   " (SELECT count(*) FROM token WHERE revoked_at IS NULL) < $10",
                   &p, false, &r);
    if (!e && store_changed(r) == 0)
        e = ERR_LIMIT;
    PQclear(r);
    return e;
}

enum err store_tokens(struct store *s, struct token **out, size_t *count)
{
    struct text sql;
    struct token *tokens = NULL;
    PGresult *r = NULL;
    size_t n = 0;
    enum err e;

    text_init(&sql, LIMIT_URI_BYTES);
    text_string(&sql, "SELECT ");
    table_select_list(&table_token, "t", &sql);
    text_string(&sql, " FROM token t ORDER BY t.created_at DESC, t.id DESC");
    e = store_exec(s, sql.data, NULL, true, &r);
    text_release(&sql);
    if (!e) {
        n = (size_t)PQntuples(r);
        tokens = xcalloc(n + 1, sizeof(*tokens));
    }
    for (size_t i = 0; i < n && !e; i++)
        e = table_get(&table_token, r, (int)i, 0, &tokens[i]);
    PQclear(r);
    if (e) {
        free(tokens);
        return e;
    }
    *out = tokens;
    *count = n;
    return ERR_OK;
}

/* ---- Revoking ---- */

struct revoke {
    const char *id;
    int64_t at_us;
};

static enum err revoke_body(struct pg *pg, void *context, int64_t deadline_us)
{
    const struct revoke *c = context;
    struct pg_params p;
    PGresult *r = NULL;
    bool found = false, is_valid_admin = false, revoked = false;
    int others = 0;
    enum err e;

    params_init(&p);
    params_text(&p, c->id);
    params_time(&p, c->at_us);
    /* All admin tokens are locked in one order, so that two that revoke each other's cannot both
     * believe that the other one stays. */
    e = pg_exec(pg,
                "SELECT id = $1, role = 'admin' AND revoked_at IS NULL"
                " AND (expires_at IS NULL OR expires_at > $2), revoked_at IS NOT NULL FROM token"
                " WHERE role = 'admin' OR id = $1 ORDER BY id FOR UPDATE",
                &p, deadline_us, &r);
    for (int i = 0; !e && i < PQntuples(r); i++) {
        bool valid = result_bool(r, i, 1);

        if (result_bool(r, i, 0)) {
            found = true;
            is_valid_admin = valid;
            revoked = result_bool(r, i, 2);
        } else {
            others += valid;
        }
    }
    PQclear(r);
    if (e || revoked)
        return e;
    if (!found)
        return ERR_NOT_FOUND;
    if (is_valid_admin && others == 0)
        return ERR_LAST_ADMIN;
    return pg_exec(pg, "UPDATE token SET revoked_at = $2 WHERE id = $1", &p, deadline_us, NULL);
}

enum err store_token_revoke(struct store *s, const char *id, int64_t at_us)
{
    struct revoke context = {.id = id, .at_us = at_us};
    const struct tx_body body = {.run = revoke_body, .context = &context};

    return store_tx(s, TX_READ_COMMITTED, &body);
}

void store_token_used(struct store *s, const char *id, int64_t at_us)
{
    struct pg_params p;

    params_init(&p);
    params_text(&p, id);
    params_time(&p, at_us);
    if (store_exec(s,
                   "UPDATE token SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL"
                   " OR last_used_at < $2::timestamptz - interval '1 minute')",
                   &p, true, NULL))
        return; /* best effort: the next use says it again */
}
