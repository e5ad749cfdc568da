/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers which request a key was used for, and what was answered. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "store/store_parts.h"

/* A request is answered within seconds; a row that is still without an answer after this was left
 * behind by a daemon that died. */
static const int64_t abandoned_us = 300 * US_PER_S;
static const int64_t expired_us = US_PER_DAY;

enum {
    BEGIN_ATTEMPTS = 4
};

static enum err begin_insert(struct store *s, struct pg_params *p, bool *fresh)
{
    PGresult *r = NULL;
    enum err e;

    /* The row lock of ON CONFLICT makes one of many that come at once the first. */
    e = store_exec(s,
                   "INSERT INTO idempotency AS i (token_id, key, request, created_at)"
                   " VALUES ($1, $2, $3, $4) ON CONFLICT (token_id, key) DO UPDATE SET"
                   " request = EXCLUDED.request, created_at = EXCLUDED.created_at,"
                   " status = NULL, body = NULL, content_type = NULL, location = NULL"
                   " WHERE i.created_at < $5 OR (i.status IS NULL AND i.created_at < $6)"
                   " RETURNING 1",
                   p, false, &r);
    if (!e)
        *fresh = PQntuples(r) == 1;
    PQclear(r);
    return e;
}

/* ERR_AGAIN when the row has gone meanwhile. */
static enum err begin_read(struct store *s, const struct pg_params *key,
                           const struct digest *request, enum idempotency_outcome *outcome,
                           struct idempotency_answer *answer)
{
    struct idempotency_answer made = {0};
    struct digest stored;
    PGresult *r = NULL;
    enum err e;

    e = store_exec(s,
                   "SELECT request, status, body, content_type, location FROM idempotency"
                   " WHERE token_id = $1 AND key = $2",
                   key, true, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_AGAIN;
    if (!e)
        e = result_digest(r, 0, 0, &stored);
    if (e)
        goto out;
    if (memcmp(&stored, request, sizeof(stored)) != 0) {
        *outcome = IDEMPOTENCY_MISMATCH;
    } else if (PQgetisnull(r, 0, 1)) {
        *outcome = IDEMPOTENCY_BUSY;
    } else {
        made.status = (int)result_integer(r, 0, 1);
        made.body = result_copy(r, 0, 2, &made.length);
        result_text(r, 0, 3, made.content_type, sizeof(made.content_type));
        result_text(r, 0, 4, made.location, sizeof(made.location));
        *answer = made;
        *outcome = IDEMPOTENCY_REPLAY;
    }
out:
    PQclear(r);
    return e;
}

enum err store_idempotency_begin(struct store *s, const char *token_id, const char *key,
                                 const struct digest *request, int64_t now_us,
                                 enum idempotency_outcome *outcome,
                                 struct idempotency_answer *answer)
{
    struct pg_params insert, select;
    bool fresh = false;
    enum err e = ERR_AGAIN;

    params_init(&select);
    params_text(&select, token_id);
    params_text(&select, key);
    params_init(&insert);
    params_text(&insert, token_id);
    params_text(&insert, key);
    params_digest(&insert, request);
    params_time(&insert, now_us);
    params_time(&insert, now_us - expired_us);
    params_time(&insert, now_us - abandoned_us);
    for (int i = 0; i < BEGIN_ATTEMPTS && e == ERR_AGAIN; i++) {
        e = begin_insert(s, &insert, &fresh);
        if (!e && fresh) {
            *outcome = IDEMPOTENCY_FRESH;
            return ERR_OK;
        }
        if (!e)
            e = begin_read(s, &select, request, outcome, answer);
    }
    return e == ERR_AGAIN ? ERR_DB_BUSY : e;
}

enum err store_idempotency_finish(struct store *s, const char *token_id, const char *key,
                                  const struct idempotency_answer *answer)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, token_id);
    params_text(&p, key);
    params_integer(&p, answer->status);
    params_bytes(&p, answer->body, answer->length);
    params_text(&p, answer->content_type);
    params_text(&p, answer->location);
    e = store_exec(s,
                   "UPDATE idempotency SET status = $3, body = $4, content_type = $5,"
                   " location = $6 WHERE token_id = $1 AND key = $2",
                   &p, true, &r);
    if (!e && store_changed(r) == 0)
        e = ERR_NOT_FOUND;
    PQclear(r);
    return e;
}

enum err store_idempotency_abandon(struct store *s, const char *token_id, const char *key)
{
    struct pg_params p;

    params_init(&p);
    params_text(&p, token_id);
    params_text(&p, key);
    return store_exec(s,
                      "DELETE FROM idempotency WHERE token_id = $1 AND key = $2"
                      " AND status IS NULL",
                      &p, true, NULL);
}

enum err store_idempotency_prune(struct store *s, int64_t now_us)
{
    struct pg_params p;

    params_init(&p);
    params_time(&p, now_us - expired_us);
    return store_exec(s, "DELETE FROM idempotency WHERE created_at < $1", &p, true, NULL);
}
