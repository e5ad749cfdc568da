/* SPDX-License-Identifier: Apache-2.0 */
/* The list of waiting requests and the thread that looks after it. */
#include "server/waiters.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"

/* Connections are few; a waiter holds one. */
enum {
    WAITERS_MAX = 128
};
/* How late a new waiter or a deadline may be noticed. */
#define LOOK_US (100 * US_PER_MS)

struct waiters {
    struct engine *engine;
    void (*resume)(struct request *rq);
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    struct request *first;
    size_t count;
    bool ending;
    bool joined;
};

/* Takes out those that are due; the caller resumes them without the lock. */
static struct request *take_due(struct waiters *w, uint64_t seq, int64_t now_us)
{
    struct request *due = NULL, **link = &w->first;

    while (*link) {
        struct request *rq = *link;
        if (w->ending || rq->wait_seq < seq || rq->wait_deadline_us <= now_us) {
            *link = rq->next_waiting;
            rq->next_waiting = due;
            due = rq;
            w->count--;
        } else {
            link = &rq->next_waiting;
        }
    }
    return due;
}

static void resume_all(struct waiters *w, struct request *due)
{
    while (due) {
        struct request *rq = due;
        due = rq->next_waiting;
        w->resume(rq);
    }
}

static void *waiters_main(void *argument)
{
    struct waiters *w = argument;
    uint64_t seq = 0;

    pthread_mutex_lock(&w->mutex);
    while (!w->ending || w->first) {
        struct request *due = take_due(w, seq, clock_monotonic_us());
        bool empty = !w->first;
        struct snapshot *s;

        if (!due && empty) {
            pthread_cond_wait(&w->changed, &w->mutex);
            continue;
        }
        pthread_mutex_unlock(&w->mutex);
        resume_all(w, due);
        if (!empty)
            engine_wait(w->engine, seq, LOOK_US);
        s = engine_snapshot(w->engine);
        seq = s->seq;
        snapshot_release(s);
        pthread_mutex_lock(&w->mutex);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

enum err waiters_new(struct engine *engine, void (*resume)(struct request *rq),
                     struct waiters **out)
{
    struct waiters *w = xcalloc(1, sizeof *w);

    w->engine = engine;
    w->resume = resume;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    if (pthread_create(&w->thread, NULL, waiters_main, w) != 0) {
        pthread_cond_destroy(&w->changed);
        pthread_mutex_destroy(&w->mutex);
        free(w);
        return ERR_IO;
    }
    *out = w;
    return ERR_OK;
}

bool waiters_add(struct waiters *w, struct request *rq)
{
    bool taken;

    pthread_mutex_lock(&w->mutex);
    taken = !w->ending && w->count < WAITERS_MAX;
    if (taken) {
        rq->next_waiting = w->first;
        w->first = rq;
        w->count++;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->mutex);
    return taken;
}

void waiters_stop(struct waiters *w)
{
    if (w->joined)
        return;
    pthread_mutex_lock(&w->mutex);
    w->ending = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    w->joined = true;
}

void waiters_free(struct waiters *w)
{
    if (!w)
        return;
    waiters_stop(w);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}
