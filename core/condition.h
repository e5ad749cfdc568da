/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables on the monotonic clock: a step of the wall clock must not stretch a wait. */
#ifndef CORE_CONDITION_H
#define CORE_CONDITION_H

#include <pthread.h>

#include "core/base.h"

void condition_init(pthread_cond_t *c); /* pthread_cond_destroy ends it */

/* Waits with the mutex held until signaled or until clock_monotonic_us() reaches at_us (which may
 * be past).  False when that moment has come.  Wakes without reason, as all conditions do. */
bool condition_wait_until(pthread_cond_t *c, pthread_mutex_t *mutex, int64_t at_us);

#endif
