/* SPDX-License-Identifier: Apache-2.0 */
/* A plain thread pool over core/queue.h. */
#include "http/worker.h"

#include <stdlib.h>

#include "core/queue.h"

/* jansson recurses 32 levels and replies of *_ALL commands lie on the stack. */
enum {
    WORKER_STACK_BYTES = 512 * 1024
};

struct worker_pool {
    struct queue queue;
    void (*run)(void *job);
    int thread_count;
    pthread_t threads[];
};

static void *worker_main(void *argument)
{
    struct worker_pool *p = argument;
    void *job;

    for (;;) {
        enum err e = queue_pop(&p->queue, &job, -1);
        if (e == ERR_SHUTTING_DOWN)
            return NULL;
        if (!e)
            p->run(job);
    }
}

enum err worker_pool_new(int threads, size_t capacity, void (*run)(void *job),
                         struct worker_pool **out)
{
    struct worker_pool *p = xcalloc(1, sizeof *p + (size_t)threads * sizeof p->threads[0]);
    pthread_attr_t attributes;

    queue_init(&p->queue, sizeof(void *), capacity);
    p->run = run;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&p->threads[i], &attributes, worker_main, p) != 0) {
            pthread_attr_destroy(&attributes);
            worker_pool_free(p);
            return ERR_IO;
        }
        p->thread_count++;
    }
    pthread_attr_destroy(&attributes);
    *out = p;
    return ERR_OK;
}

void worker_pool_free(struct worker_pool *p)
{
    if (!p)
        return;
    queue_close(&p->queue);
    for (int i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    queue_release(&p->queue);
    free(p);
}

enum err worker_pool_give(struct worker_pool *p, void *job)
{
    return queue_push(&p->queue, &job);
}
