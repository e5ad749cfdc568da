/* SPDX-License-Identifier: Apache-2.0 */
/* One command under way, shared by its caller and the engine; the last to leave frees it. */
#ifndef ENGINE_TICKET_H
#define ENGINE_TICKET_H

#include <pthread.h>

#include "engine/command.h"

struct ticket {
    pthread_mutex_t mutex;
    pthread_cond_t answered; /* CLOCK_MONOTONIC */
    int references;          /* atomic */
    bool done;
    struct command command;
    char *object; /* of command.entry, owned */
    struct command_reply reply;
};

/* With two references: the caller's and the engine's. */
struct ticket *ticket_new(const struct command *c) MUST_USE;
void ticket_release(struct ticket *t);
/* Engine: the reply is complete; gives up the engine's reference. */
void ticket_answer(struct ticket *t);
/* Caller: waits for the answer, copies it, gives up the caller's reference. */
MUST_USE enum err ticket_wait_release(struct ticket *t, int64_t timeout_us,
                                      struct command_reply *reply);

#endif
