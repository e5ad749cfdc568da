/* SPDX-License-Identifier: Apache-2.0 */
/* Token cache: found by public id, compared by digest without telling by time where they differ. */
#include "server/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/jwriter.h"
#include "handlers/tokens.h"

struct cached {
    struct token token;
    _Atomic int64_t used_us; /* TIME_NONE: not since the last flush */
};

struct auth {
    struct store *store;
    pthread_rwlock_t lock;
    struct cached *tokens;
    size_t count;
};

struct auth *auth_new(struct store *store)
{
    struct auth *a = xcalloc(1, sizeof *a);

    a->store = store;
    pthread_rwlock_init(&a->lock, NULL);
    return a;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    pthread_rwlock_destroy(&a->lock);
    free(a->tokens);
    free(a);
}

static struct cached *find(struct cached *tokens, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(tokens[i].token.id, id) == 0)
            return &tokens[i];
    return NULL;
}

enum err auth_refresh(struct auth *a)
{
    struct token *rows = NULL;
    struct cached *fresh, *old;
    size_t count = 0;
    enum err e = store_tokens(a->store, &rows, &count);

    if (e)
        return e;
    fresh = xcalloc(count + 1, sizeof *fresh);
    pthread_rwlock_wrlock(&a->lock);
    for (size_t i = 0; i < count; i++) {
        const struct cached *before = find(a->tokens, a->count, rows[i].id);
        fresh[i].token = rows[i];
        atomic_store(&fresh[i].used_us, before ? atomic_load(&before->used_us) : TIME_NONE);
    }
    old = a->tokens;
    a->tokens = fresh;
    a->count = count;
    pthread_rwlock_unlock(&a->lock);
    free(old);
    free(rows);
    return ERR_OK;
}

void auth_flush_used(struct auth *a)
{
    size_t count;
    char id[24];

    for (size_t i = 0;; i++) {
        int64_t used_us = TIME_NONE;

        pthread_rwlock_rdlock(&a->lock);
        count = a->count;
        if (i < count) {
            used_us = atomic_exchange(&a->tokens[i].used_us, TIME_NONE);
            copy_text(id, sizeof id, a->tokens[i].token.id);
        }
        pthread_rwlock_unlock(&a->lock);
        if (i >= count)
            return;
        if (used_us != TIME_NONE)
            store_token_used(a->store, id, used_us);
    }
}

/* The digest is compared for an unknown id too, so that ids cannot be guessed by time. */
static bool accept_token(struct auth *a, const char *text, struct principal *out)
{
    static const struct digest nobody = {{0}};
    int64_t now_us = clock_wall_us();
    struct cached *c;
    struct digest digest;
    char id[24];
    bool good;

    if (!token_of_text(text, id, &digest))
        return false;
    pthread_rwlock_rdlock(&a->lock);
    c = find(a->tokens, a->count, id);
    good = bytes_equal(digest.bytes, c ? c->token.secret.bytes : nobody.bytes, DIGEST_BYTES);
    good = good && c && c->token.revoked_us == TIME_NONE &&
           (c->token.expires_us == TIME_NONE || c->token.expires_us > now_us);
    if (good) {
        *out = (struct principal){.role = (int)c->token.role, .expires_us = c->token.expires_us};
        copy_text(out->id, sizeof out->id, c->token.id);
        copy_text(out->name, sizeof out->name, c->token.name);
        atomic_store(&c->used_us, now_us);
    }
    pthread_rwlock_unlock(&a->lock);
    return good;
}

enum err auth_identify(struct auth *a, struct request *rq, bool *presented)
{
    const char *header = rq->headers.authorization;

    *presented = header != NULL;
    if (!header) {
        /* Whoever may open the socket as root or as ourselves owns the data anyway; but a proxy
         * that runs as one of these speaks for strangers. */
        if (!rq->peer->is_local_admin || rq->headers.forwarded)
            return ERR_UNAUTHORIZED;
        rq->principal = (struct principal){
            .id = "local", .name = "operator", .role = ROLE_ADMIN, .expires_us = TIME_NONE};
        return ERR_OK;
    }
    if (strncasecmp(header, "Bearer ", 7) != 0)
        return ERR_UNAUTHORIZED;
    header += 7;
    header += strspn(header, " ");
    return accept_token(a, header, &rq->principal) ? ERR_OK : ERR_UNAUTHORIZED;
}
