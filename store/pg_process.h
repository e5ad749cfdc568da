/* SPDX-License-Identifier: Apache-2.0 */
/* Starts PostgreSQL's programs as their user, in a clean environment, tied to the daemon's life. */
#ifndef STORE_PG_PROCESS_H
#define STORE_PG_PROCESS_H

#include "store/pg_programs.h"

struct pg_process {
    const char *const *argv; /* argv[0] is the program's full path */
    const struct pg_user *user;
    int log_fd;       /* stdout and stderr */
    int keep_fd;      /* inherited, -1: none: a lock that lasts as long as the program */
    int death_signal; /* sent to it when the daemon dies */
};

/* Forks and executes; in the child nothing but async-signal-safe calls are made.  The calling
 * thread must live as long as the program is to run. */
MUST_USE enum err pg_process_start(const struct pg_process *p, pid_t *pid);
/* Waits at most until the deadline; true when it has ended (reaped, status filled in). */
bool pg_process_wait(pid_t pid, int64_t deadline_us, int *status);
/* True when the user can enter the folder and write in it (tried in a child). */
bool pg_user_can_use(const struct pg_user *user, const char *folder);

#endif
