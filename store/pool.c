/* SPDX-License-Identifier: Apache-2.0 */
/* Lends connections to threads and mends the broken ones in the background. */
#include "store/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/condition.h"
#include "core/log.h"

enum slot_state {
    SLOT_FREE,
    SLOT_USED,
    SLOT_BROKEN,
    SLOT_MENDING
};

static const int64_t backoff_first_us = 100 * US_PER_MS;
static const int64_t backoff_most_us = 5 * US_PER_S;
static const int64_t connect_us = 5 * US_PER_S;
static const int64_t look_us = US_PER_S; /* how often idle connections are looked at */

struct slot {
    struct pg pg;
    enum slot_state state;
};

struct pool {
    const struct pg_target *target;
    int64_t timeout_us;
    pthread_mutex_t mutex; /* guards all below; a used slot's pg belongs to its holder */
    pthread_cond_t freed;
    pthread_cond_t wanted; /* the maintainer has work, or is to stop */
    pthread_t maintainer;
    atomic_bool stop;
    bool away; /* the newest attempt to connect failed and no connection is good */
    uint64_t reconnects;
    int count;
    struct slot slots[];
};

static struct slot *pool_find(struct pool *p, enum slot_state state)
{
    for (int i = 0; i < p->count; i++) {
        if (p->slots[i].state == state)
            return &p->slots[i];
    }
    return NULL;
}

/* ---- The maintainer ---- */

/* Idle connections whose server has gone are found here, so that an outage is known within a
 * second even when nobody asks. */
static void pool_look(struct pool *p)
{
    for (int i = 0; i < p->count; i++) {
        struct slot *s = &p->slots[i];

        if (s->state == SLOT_FREE && !pg_is_alive(&s->pg))
            s->state = SLOT_BROKEN;
    }
}

/* Called with the mutex held; lets go of it while connecting. */
static bool pool_mend(struct pool *p, struct slot *s)
{
    enum err e;

    s->state = SLOT_MENDING;
    pthread_mutex_unlock(&p->mutex);
    e = pg_connect(&s->pg, p->target, clock_monotonic_us() + connect_us, &p->stop);
    pthread_mutex_lock(&p->mutex);
    s->state = e ? SLOT_BROKEN : SLOT_FREE;
    if (e) {
        if (!p->away && !pool_find(p, SLOT_FREE) && !pool_find(p, SLOT_USED)) {
            p->away = true;
            LOG_WARN("db_away", "message", s->pg.message, NULL);
        }
    } else {
        p->reconnects++;
        if (p->away)
            LOG_INFO("db_back", NULL);
        p->away = false;
    }
    pthread_cond_broadcast(&p->freed);
    return e == ERR_OK;
}

static void *pool_maintain(void *context)
{
    struct pool *p = context;
    int64_t backoff_us = backoff_first_us, next_us = 0;

    pthread_mutex_lock(&p->mutex);
    while (!atomic_load(&p->stop)) {
        int64_t now = clock_monotonic_us();
        struct slot *s;

        pool_look(p);
        s = pool_find(p, SLOT_BROKEN);
        if (s && now >= next_us) {
            if (pool_mend(p, s)) {
                backoff_us = backoff_first_us;
                next_us = 0;
            } else {
                next_us = clock_monotonic_us() + backoff_us;
                backoff_us = backoff_us * 2 > backoff_most_us ? backoff_most_us : backoff_us * 2;
            }
            continue;
        }
        (void)condition_wait_until(&p->wanted, &p->mutex, s ? next_us : now + look_us);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* ---- For callers ---- */

enum err pool_open(const struct pg_target *target, int connections, int64_t timeout_us,
                   struct diag_list *diags, struct pool **out)
{
    size_t size = sizeof(struct pool) + (size_t)connections * sizeof(struct slot);
    struct pool *p = xcalloc(1, size);
    int i;
    enum err e = ERR_OK;

    p->target = target;
    p->timeout_us = timeout_us;
    p->count = connections;
    for (i = 0; i < connections && !e; i++) {
        p->slots[i].pg.slot = i;
        e = pg_connect(&p->slots[i].pg, target, clock_monotonic_us() + connect_us, NULL);
    }
    if (e) {
        diag_hint(diag_add(diags, "database_url", err_code(e), "cannot connect: %s",
                           p->slots[i - 1].pg.message),
                  "is the server running, and is the URL right?");
        while (i-- > 0)
            pg_close(&p->slots[i].pg);
        free(p);
        return e;
    }
    ASSERT(pthread_mutex_init(&p->mutex, NULL) == 0);
    condition_init(&p->freed);
    condition_init(&p->wanted);
    ASSERT(pthread_create(&p->maintainer, NULL, pool_maintain, p) == 0);
    *out = p;
    return ERR_OK;
}

void pool_close(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->stop, true);
    pthread_cond_broadcast(&p->wanted);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->maintainer, NULL);
    for (int i = 0; i < p->count; i++) {
        ASSERT(p->slots[i].state != SLOT_USED);
        pg_close(&p->slots[i].pg);
    }
    pthread_cond_destroy(&p->freed);
    pthread_cond_destroy(&p->wanted);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

enum err pool_take(struct pool *p, int64_t deadline_us, struct pg **out)
{
    enum err e = ERR_OK;
    struct slot *s = NULL;

    pthread_mutex_lock(&p->mutex);
    for (;;) {
        s = pool_find(p, SLOT_FREE);
        if (s && pg_is_alive(&s->pg))
            break;
        if (s) {
            s->state = SLOT_BROKEN;
            pthread_cond_signal(&p->wanted);
            continue;
        }
        if (p->away) {
            e = ERR_DB_UNAVAILABLE;
            break;
        }
        if (!condition_wait_until(&p->freed, &p->mutex, deadline_us)) {
            e = pool_find(p, SLOT_USED) ? ERR_DB_BUSY : ERR_DB_UNAVAILABLE;
            break;
        }
    }
    if (!e) {
        s->state = SLOT_USED;
        *out = &s->pg;
    }
    pthread_mutex_unlock(&p->mutex);
    return e;
}

void pool_give(struct pool *p, struct pg *pg)
{
    /* Before the lock: a round trip must not stop the others. */
    pg_rollback(pg, clock_monotonic_us() + p->timeout_us);
    pthread_mutex_lock(&p->mutex);
    ASSERT(p->slots[pg->slot].state == SLOT_USED);
    p->slots[pg->slot].state = pg->broken ? SLOT_BROKEN : SLOT_FREE;
    if (pg->broken)
        pthread_cond_signal(&p->wanted);
    else
        pthread_cond_signal(&p->freed);
    pthread_mutex_unlock(&p->mutex);
}

void pool_stats(struct pool *p, struct pool_stats *out)
{
    *out = (struct pool_stats){.connections = p->count};
    pthread_mutex_lock(&p->mutex);
    for (int i = 0; i < p->count; i++) {
        out->in_use += p->slots[i].state == SLOT_USED;
        out->broken += p->slots[i].state == SLOT_BROKEN || p->slots[i].state == SLOT_MENDING;
    }
    out->reconnects = p->reconnects;
    pthread_mutex_unlock(&p->mutex);
}
