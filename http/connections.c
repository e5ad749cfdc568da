/* SPDX-License-Identifier: Apache-2.0 */
/* A linked list under one mutex; the reaper walks it twice a second. */
#include "http/connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/condition.h"
#include "core/log.h"

#define REAP_EVERY_US (US_PER_S / 2)
#define READING_MAX_US (8 * US_PER_S)  /* headers and body of at most 16 MiB */
#define WRITING_MAX_US (60 * US_PER_S) /* a crawling reader */
#define IDLE_MAX_US (75 * US_PER_S)    /* kept alive, or a request line that never ends */

struct connections {
    pthread_mutex_t mutex;
    pthread_cond_t ending;
    pthread_t reaper;
    bool end;
    size_t count;
    struct connection *first;
};

static int64_t phase_limit_us(int phase)
{
    switch (phase) {
    case CONNECTION_NEW:
    case CONNECTION_READING:
        return READING_MAX_US;
    case CONNECTION_WRITING:
        return WRITING_MAX_US;
    case CONNECTION_IDLE:
        return IDLE_MAX_US;
    default:
        return INT64_MAX;
    }
}

static void reap(struct connections *t)
{
    int64_t now_us = clock_monotonic_us();

    for (struct connection *c = t->first; c; c = c->next) {
        int phase = atomic_load(&c->phase);
        if (now_us - atomic_load(&c->since_us) < phase_limit_us(phase))
            continue;
        if (phase != CONNECTION_IDLE)
            LOG_INFO("slow_client_ended", "remote", c->peer.address, "phase", LOG_NUMBER(phase),
                     NULL);
        /* Ends the connection through libmicrohttpd, which sees end of file. */
        shutdown(c->fd, SHUT_RDWR);
        atomic_store(&c->since_us, now_us);
    }
}

static void *reaper_main(void *argument)
{
    struct connections *t = argument;

    pthread_mutex_lock(&t->mutex);
    while (!t->end) {
        if (!condition_wait_until(&t->ending, &t->mutex, clock_monotonic_us() + REAP_EVERY_US))
            reap(t);
    }
    pthread_mutex_unlock(&t->mutex);
    return NULL;
}

enum err connections_new(struct connections **out)
{
    struct connections *t = xcalloc(1, sizeof *t);

    pthread_mutex_init(&t->mutex, NULL);
    condition_init(&t->ending);
    if (pthread_create(&t->reaper, NULL, reaper_main, t) != 0) {
        pthread_cond_destroy(&t->ending);
        pthread_mutex_destroy(&t->mutex);
        free(t);
        return ERR_IO;
    }
    *out = t;
    return ERR_OK;
}

void connections_free(struct connections *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->mutex);
    t->end = true;
    pthread_cond_signal(&t->ending);
    pthread_mutex_unlock(&t->mutex);
    pthread_join(t->reaper, NULL);
    ASSERT(t->count == 0);
    pthread_cond_destroy(&t->ending);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}

struct connection *connections_add(struct connections *t, int fd)
{
    struct connection *c = xcalloc(1, sizeof *c);

    c->fd = fd;
    c->table = t;
    connection_enter(c, CONNECTION_NEW);
    pthread_mutex_lock(&t->mutex);
    c->next = t->first;
    if (t->first)
        t->first->previous = c;
    t->first = c;
    t->count++;
    pthread_mutex_unlock(&t->mutex);
    return c;
}

void connections_remove(struct connection *c)
{
    struct connections *t = c->table;

    pthread_mutex_lock(&t->mutex);
    if (c->previous)
        c->previous->next = c->next;
    else
        t->first = c->next;
    if (c->next)
        c->next->previous = c->previous;
    t->count--;
    pthread_mutex_unlock(&t->mutex);
    free(c);
}

void connection_enter(struct connection *c, enum connection_phase phase)
{
    atomic_store(&c->since_us, clock_monotonic_us());
    atomic_store(&c->phase, (int)phase);
}

size_t connections_count(struct connections *t)
{
    size_t count;

    pthread_mutex_lock(&t->mutex);
    count = t->count;
    pthread_mutex_unlock(&t->mutex);
    return count;
}

void connections_end_idle(struct connections *t)
{
    pthread_mutex_lock(&t->mutex);
    for (struct connection *c = t->first; c; c = c->next) {
        int phase = atomic_load(&c->phase);
        if (phase == CONNECTION_IDLE || phase == CONNECTION_NEW)
            shutdown(c->fd, SHUT_RD);
    }
    pthread_mutex_unlock(&t->mutex);
}
