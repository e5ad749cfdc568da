/* SPDX-License-Identifier: Apache-2.0 */
/* One command under way, shared by its caller and the engine. */
#include "engine/ticket.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/condition.h"

struct ticket *ticket_new(const struct command *c)
{
    struct ticket *t = xcalloc(1, sizeof(*t));

    t->command = *c;
    t->command.strategy = strategy_acquire(c->strategy);
    if (c->kind == COMMAND_ENTRY)
        t->command.entry.object = t->object = xstrndup(c->entry.object, c->entry.length);
    t->references = 2;
    pthread_mutex_init(&t->mutex, NULL);
    condition_init(&t->answered);
    return t;
}

void ticket_release(struct ticket *t)
{
    if (__atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    pthread_mutex_destroy(&t->mutex);
    pthread_cond_destroy(&t->answered);
    strategy_release(t->command.strategy);
    free(t->object);
    free(t);
}

void ticket_answer(struct ticket *t)
{
    pthread_mutex_lock(&t->mutex);
    t->done = true;
    pthread_cond_signal(&t->answered);
    pthread_mutex_unlock(&t->mutex);
    ticket_release(t);
}

enum err ticket_wait_release(struct ticket *t, int64_t timeout_us, struct command_reply *reply)
{
    int64_t deadline_us = clock_monotonic_us() + timeout_us;
    bool in_time = true;
    enum err e;

    pthread_mutex_lock(&t->mutex);
    while (!t->done && in_time)
        in_time = condition_wait_until(&t->answered, &t->mutex, deadline_us);
    e = t->done ? t->reply.error : ERR_ENGINE_TIMEOUT;
    if (t->done)
        *reply = t->reply;
    pthread_mutex_unlock(&t->mutex);
    ticket_release(t);
    return e;
}
