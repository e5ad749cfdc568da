/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that may wait for the database but that no request should wait for. */
#include "server/ticker.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/condition.h"
#include "core/log.h"

enum {
    TOKENS_EVERY = 5,
    USED_EVERY = 60,
    PRUNE_EVERY = 600
}; /* ticks of a second */
#define PING_TIMEOUT_US US_PER_S

struct ticker {
    struct service *service;
    pthread_mutex_t mutex;
    pthread_cond_t ending;
    pthread_t thread;
    bool end;
};

static void ping(struct handlers *h)
{
    enum err before = (enum err)atomic_load(&h->database_error);
    enum err e = store_ping(h->store, PING_TIMEOUT_US);

    atomic_store(&h->database_error, (int)e);
    atomic_store(&h->database_checked_us, clock_monotonic_us());
    if (e && !before)
        LOG_WARN("database_lost", "error", err_code(e), NULL);
    if (!e && before)
        LOG_INFO("database_back", NULL);
}

static void tick(struct service *s, int64_t n)
{
    struct handlers *h = &s->handlers;

    ping(h);
    if (atomic_load(&h->database_error))
        return;
    if (n % TOKENS_EVERY == 0 && auth_refresh(s->auth))
        LOG_WARN("tokens_not_refreshed", NULL);
    if (n % USED_EVERY == 0)
        auth_flush_used(s->auth);
    if (n % PRUNE_EVERY == 0 && store_idempotency_prune(h->store, clock_wall_us()))
        LOG_WARN("idempotency_not_pruned", NULL);
}

static void *ticker_main(void *argument)
{
    struct ticker *t = argument;

    pthread_mutex_lock(&t->mutex);
    for (int64_t n = 1; !t->end; n++) {
        int64_t next_us = clock_monotonic_us() + US_PER_S;

        while (!t->end && condition_wait_until(&t->ending, &t->mutex, next_us))
            ;
        if (t->end)
            break;
        pthread_mutex_unlock(&t->mutex);
        tick(t->service, n);
        pthread_mutex_lock(&t->mutex);
    }
    pthread_mutex_unlock(&t->mutex);
    return NULL;
}

enum err ticker_new(struct service *service, struct ticker **out)
{
    struct ticker *t = xcalloc(1, sizeof *t);

    t->service = service;
    pthread_mutex_init(&t->mutex, NULL);
    condition_init(&t->ending);
    if (pthread_create(&t->thread, NULL, ticker_main, t) != 0) {
        pthread_cond_destroy(&t->ending);
        pthread_mutex_destroy(&t->mutex);
        free(t);
        return ERR_IO;
    }
    *out = t;
    return ERR_OK;
}

void ticker_free(struct ticker *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->mutex);
    t->end = true;
    pthread_cond_signal(&t->ending);
    pthread_mutex_unlock(&t->mutex);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->ending);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}
