/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables on the monotonic clock. */
#include "core/condition.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"

void condition_init(pthread_cond_t *c)
{
    pthread_condattr_t attributes;

    ASSERT(pthread_condattr_init(&attributes) == 0);
    ASSERT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(c, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

bool condition_wait_until(pthread_cond_t *c, pthread_mutex_t *mutex, int64_t at_us)
{
    struct timespec at = {.tv_sec = (time_t)(at_us / US_PER_S),
                          .tv_nsec = (long)(at_us % US_PER_S) * 1000};

    return pthread_cond_timedwait(c, mutex, &at) != ETIMEDOUT;
}
