/* SPDX-License-Identifier: Apache-2.0 */
/* Suspended reads that wait for a newer state: one thread watches the engine for all of them. */
#ifndef SERVER_WAITERS_H
#define SERVER_WAITERS_H

#include "engine/engine.h"
#include "http/request.h"

struct waiters;

/* resume is called for each request once its state is newer or its deadline has passed. */
MUST_USE enum err waiters_new(struct engine *engine, void (*resume)(struct request *rq),
                              struct waiters **out);
/* False when there are too many or it is ending: the caller resumes the request itself. */
bool waiters_add(struct waiters *w, struct request *rq) MUST_USE;
/* Resumes all; no more are taken. */
void waiters_stop(struct waiters *w);
void waiters_free(struct waiters *w); /* NULL allowed */

#endif
