/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that run what may wait, while the connection that asked is suspended. */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include "core/error.h"

struct worker_pool;

/* Starts `threads` threads with room for `capacity` jobs. */
MUST_USE enum err worker_pool_new(int threads, size_t capacity, void (*run)(void *job),
                                  struct worker_pool **out);
/* Takes no more jobs, finishes those it has, joins its threads; NULL allowed. */
void worker_pool_free(struct worker_pool *p);
/* ERR_LIMIT when full, ERR_SHUTTING_DOWN when ending. */
MUST_USE enum err worker_pool_give(struct worker_pool *p, void *job);

#endif
