/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into daemon and sandbox alike: their clocks run as ever, and jump when a test says so.
 *
 * The file named by MOVED_CLOCK holds two integers of 64 bits, in microseconds: by how much the
 * wall clock is off from the beginning, and by how much both clocks have jumped since.  A wait that
 * ends at an instant ends when a jump passes that instant, as if the time had gone by. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)
#define SLICE_NS INT64_C(2000000) /* a jump is noticed within it */

static const int64_t nothing[2];
static const int64_t *moved = nothing; /* other libraries ask for the time before it is opened */

__attribute__((constructor)) static void open_file(void)
{
    const char *path = getenv("MOVED_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof nothing, PROT_READ, MAP_SHARED, fd, 0);

    if (map != MAP_FAILED)
        moved = map;
    if (fd >= 0)
        close(fd);
}

static int64_t real_ns(clockid_t id)
{
    struct timespec now = {0};

    (void)syscall(SYS_clock_gettime, id, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int is_wall(clockid_t id)
{
    return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
}

static int64_t moved_ns(clockid_t id)
{
    const int64_t by_us =
        __atomic_load_n(&moved[1], __ATOMIC_SEQ_CST) + (is_wall(id) ? moved[0] : 0);

    return real_ns(id) + by_us * 1000;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    if (!is_wall(id) && id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE &&
        id != CLOCK_MONOTONIC_RAW && id != CLOCK_BOOTTIME)
        return (int)syscall(SYS_clock_gettime, id, now);
    {
        const int64_t ns = moved_ns(id);

        now->tv_sec = ns / NS_PER_S;
        now->tv_nsec = ns % NS_PER_S;
    }
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    const int64_t ns = moved_ns(CLOCK_REALTIME);

    (void)zone;
    now->tv_sec = ns / NS_PER_S;
    now->tv_usec = ns % NS_PER_S / 1000;
    return 0;
}

time_t time(time_t *out)
{
    const time_t now = moved_ns(CLOCK_REALTIME) / NS_PER_S;

    if (out)
        *out = now;
    return now;
}

/* The condition variables of the program are all on the monotonic clock. */
int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict at)
{
    const int64_t end_ns = at->tv_sec * NS_PER_S + at->tv_nsec;

    for (;;) {
        const int64_t left_ns = end_ns - moved_ns(CLOCK_MONOTONIC);
        const int64_t until_ns =
            real_ns(CLOCK_MONOTONIC) + (left_ns < SLICE_NS ? left_ns : SLICE_NS);
        const struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};
        int e;

        if (left_ns <= 0)
            return ETIMEDOUT;
        e = pthread_cond_clockwait(c, mutex, CLOCK_MONOTONIC, &until);
        if (e != ETIMEDOUT)
            return e;
    }
}
