/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of fixed-size items, many writers and readers, full is an error. */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include <pthread.h>

#include "core/base.h"
#include "core/error.h"

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled; /* CLOCK_MONOTONIC */
    unsigned char *items;
    size_t item_size, capacity, count, head;
    bool closed, poked;
};

void queue_init(struct queue *q, size_t item_size, size_t capacity);
void queue_release(struct queue *q);
/* Copies the item in.  ERR_LIMIT when full, ERR_SHUTTING_DOWN when closed. */
MUST_USE enum err queue_push(struct queue *q, const void *item);
/* Copies the oldest item out.  Waits at most timeout_us (0: not at all, < 0: for ever).
 * ERR_AGAIN when none came, ERR_SHUTTING_DOWN when closed and empty. */
MUST_USE enum err queue_pop(struct queue *q, void *item, int64_t timeout_us);
/* Ends one reader's wait, the next one's when nobody waits now: it gets ERR_AGAIN at once when
 * there is no item. */
void queue_poke(struct queue *q);
void queue_close(struct queue *q); /* wakes all readers; what is in the queue can still be popped */
size_t queue_count(struct queue *q);

#endif
