/* SPDX-License-Identifier: Apache-2.0 */
/* Signals are waited for by the main thread, so no handler runs while anything is half done. */
#include "server/lifecycle.h"

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void end_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

void lifecycle_init(void)
{
    sigset_t set;

    end_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_DUMPABLE, 0);
}

int lifecycle_wait(int64_t timeout_us)
{
    struct timespec timeout = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
    sigset_t set;
    int number;

    end_signals(&set);
    number = sigtimedwait(&set, NULL, &timeout);
    return number > 0 ? number : 0;
}

static void end_at_once(int number)
{
    static const char text[] = "traderd: second signal, ending at once\n";

    (void)number;
    if (write(2, text, sizeof text - 1) < 0)
        _exit(1);
    _exit(1);
}

void lifecycle_arm_second(void)
{
    struct sigaction action = {.sa_handler = end_at_once};
    sigset_t set;

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    end_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
