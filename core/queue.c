/* SPDX-License-Identifier: Apache-2.0 */
/* Hands fixed-size items from many threads to many, in order, within a fixed room. */
#include "core/queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/condition.h"

void queue_init(struct queue *q, size_t item_size, size_t capacity)
{
    ASSERT(item_size > 0 && capacity > 0);
    *q = (struct queue){.item_size = item_size, .capacity = capacity};
    q->items = xcalloc(capacity, item_size);
    ASSERT(pthread_mutex_init(&q->mutex, NULL) == 0);
    condition_init(&q->filled);
}

void queue_release(struct queue *q)
{
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->mutex);
    free(q->items);
    q->items = NULL;
    q->count = 0;
}

static void lock(struct queue *q)
{
    ASSERT(pthread_mutex_lock(&q->mutex) == 0);
}

static void unlock(struct queue *q)
{
    ASSERT(pthread_mutex_unlock(&q->mutex) == 0);
}

static unsigned char *slot(struct queue *q, size_t index)
{
    return q->items + (index % q->capacity) * q->item_size;
}

enum err queue_push(struct queue *q, const void *item)
{
    enum err e = ERR_OK;

    lock(q);
    if (q->closed) {
        e = ERR_SHUTTING_DOWN;
    } else if (q->count == q->capacity) {
        e = ERR_LIMIT;
    } else {
        memcpy(slot(q, q->head + q->count), item, q->item_size);
        q->count++;
        pthread_cond_signal(&q->filled);
    }
    unlock(q);
    return e;
}

/* Waits with the mutex held until something is there, the queue is poked or closed, or time is up.
 * A wait longer than a century is for ever. */
static void wait_for_item(struct queue *q, int64_t timeout_us)
{
    const int64_t for_ever_us = INT64_C(36525) * US_PER_DAY; /* a century */
    bool in_time = timeout_us != 0;
    int64_t until_us;

    if (timeout_us < 0 || timeout_us > for_ever_us)
        timeout_us = for_ever_us;
    until_us = clock_monotonic_us() + timeout_us;
    while (q->count == 0 && !q->closed && !q->poked && in_time)
        in_time = condition_wait_until(&q->filled, &q->mutex, until_us);
    q->poked = false;
}

enum err queue_pop(struct queue *q, void *item, int64_t timeout_us)
{
    enum err e = ERR_OK;

    lock(q);
    wait_for_item(q, timeout_us);
    if (q->count > 0) {
        memcpy(item, slot(q, q->head), q->item_size);
        q->head = (q->head + 1) % q->capacity;
        q->count--;
    } else {
        e = q->closed ? ERR_SHUTTING_DOWN : ERR_AGAIN;
    }
    unlock(q);
    return e;
}

void queue_poke(struct queue *q)
{
    lock(q);
    q->poked = true;
    pthread_cond_signal(&q->filled);
    unlock(q);
}

void queue_close(struct queue *q)
{
    lock(q);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    unlock(q);
}

size_t queue_count(struct queue *q)
{
    size_t count;

    lock(q);
    count = q->count;
    unlock(q);
    return count;
}
