/* SPDX-License-Identifier: Apache-2.0 */
/* Forks, drops privileges, ties the child to its parent, executes. */
#include "store/pg_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

enum {
    EXIT_NOT_STARTED = 126
};

static bool become(const struct pg_user *user)
{
    if (!user->drop)
        return true;
    return setgroups(0, NULL) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0;
}

/* Whatever the daemon ignores or blocks, the server must not. */
static void reset_signals(void)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGALRM,
                                  SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD};
    sigset_t none;

    for (size_t i = 0; i < COUNT_OF(signals); i++)
        (void)signal(signals[i], SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors above 2 are closed but the kept one, which becomes number 3. */
static bool arrange_files(const struct pg_process *p)
{
    int null_fd = open("/dev/null", O_RDONLY);
    unsigned first = 3;

    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(p->log_fd, STDOUT_FILENO) < 0 ||
        dup2(p->log_fd, STDERR_FILENO) < 0)
        return false;
    if (p->keep_fd >= 0) {
        if (p->keep_fd != 3 && dup2(p->keep_fd, 3) < 0)
            return false;
        if (fcntl(3, F_SETFD, 0) < 0)
            return false;
        first = 4;
    }
    /* close_range exists since Linux 5.9; before it, ours are all CLOEXEC anyway. */
    (void)syscall(SYS_close_range, first, ~0U, 0);
    return true;
}

static void child(const struct pg_process *p, pid_t parent)
{
    char *const environment[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"LC_ALL=C"},
                                 (char[]){"TZ=UTC"}, NULL};

    reset_signals();
    /* A group of its own: Ctrl-C on the terminal is for the daemon, which stops it in order. */
    if (setsid() < 0 || !arrange_files(p) || !become(p->user))
        _exit(EXIT_NOT_STARTED);
    /* After setuid, which forgets it.  If the daemon died before, its signal never comes. */
    if (prctl(PR_SET_PDEATHSIG, p->death_signal) || getppid() != parent)
        _exit(EXIT_NOT_STARTED);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)umask(077);
    if (chdir("/"))
        _exit(EXIT_NOT_STARTED);
    (void)execve(p->argv[0], (char *const *)(uintptr_t)p->argv, environment);
    _exit(EXIT_NOT_STARTED);
}

enum err pg_process_start(const struct pg_process *p, pid_t *pid)
{
    pid_t parent = getpid(), made = fork();

    if (made < 0)
        return ERR_IO;
    if (made == 0)
        child(p, parent);
    *pid = made;
    return ERR_OK;
}

bool pg_process_wait(pid_t pid, int64_t deadline_us, int *status)
{
    const struct timespec pause = {.tv_nsec = 2 * US_PER_MS * 1000};

    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);

        if (got == pid || (got < 0 && errno == ECHILD))
            return true;
        if (clock_monotonic_us() >= deadline_us)
            return false;
        (void)nanosleep(&pause, NULL);
    }
}

bool pg_user_can_use(const struct pg_user *user, const char *folder)
{
    pid_t pid;
    int status = 0;

    if (!user->drop)
        return access(folder, R_OK | W_OK | X_OK) == 0;
    pid = fork();
    if (pid == 0)
        _exit(become(user) && access(folder, R_OK | W_OK | X_OK) == 0 ? 0 : 1);
    if (pid < 0)
        return false;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
