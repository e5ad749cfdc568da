/* SPDX-License-Identifier: Apache-2.0 */
/* Prepares the private cluster: finds the programs, takes the locks, makes the cluster once. */
#include "store/pg_cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "store/pg_folders.h"

static const int64_t initdb_us = 120 * US_PER_S;
static const int64_t old_server_us = 10 * US_PER_S; /* to end by itself after a kill -9 */
static const int64_t insist_us = 8 * US_PER_S;      /* then it is told to, without manners */
static const int64_t poll_us = 5 * US_PER_MS;

enum {
    LOG_BYTES_MAX = 4 * 1024 * 1024,
    SMALL_FILE = 4096
};

static enum err cluster_failed(const struct pg_cluster *c, struct diag_list *diags,
                               const char *what)
{
    (void)diag_add(diags, c->base, "io", "%s: %s", what, strerror(errno));
    return ERR_IO;
}

/* ---- Locks ---- */

static int lock_open(const struct pg_cluster *c, const char *name)
{
    char path[LIMIT_PATH];

    if (!path_join(path, c->base, name))
        return -1;
    return open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static enum err lock_owner(struct pg_cluster *c, struct diag_list *diags)
{
    c->owner_fd = lock_open(c, "owner.lock");
    if (c->owner_fd < 0)
        return cluster_failed(c, diags, "cannot open owner.lock");
    if (flock(c->owner_fd, LOCK_EX | LOCK_NB) == 0)
        return ERR_OK;
    if (errno != EWOULDBLOCK)
        return cluster_failed(c, diags, "cannot lock owner.lock");
    diag_hint(diag_add(diags, c->base, "conflict", "another traderd uses this data directory"),
              "stop it first, or give another --data");
    return ERR_CONFLICT;
}

/* The postmaster of a daemon that was killed: its process id, when that process works in our
 * cluster's folder (numbers are used again by others).  0: none. */
static pid_t old_postmaster(const struct pg_cluster *c)
{
    char data[LIMIT_PATH], path[LIMIT_PATH], link[LIMIT_PATH];
    struct text pid_file;
    long pid = 0;
    ssize_t n;

    if (!path_join(data, c->base, "data") || !path_join(path, data, "postmaster.pid"))
        return 0;
    text_init(&pid_file, SMALL_FILE);
    if (text_read_file(&pid_file, path) == ERR_OK && pid_file.length > 0)
        pid = strtol(pid_file.data, NULL, 10);
    text_release(&pid_file);
    if (pid <= 1)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/%ld/cwd", pid);
    n = readlink(path, link, sizeof(link) - 1);
    if (n <= 0)
        return 0;
    link[n] = '\0';
    return strcmp(link, data) == 0 ? (pid_t)pid : 0;
}

enum err pg_cluster_lock_server(struct pg_cluster *c, int64_t wait_us)
{
    const struct timespec pause = {.tv_nsec = poll_us * 1000};
    int64_t begin_us = clock_monotonic_us();
    bool asked = false, insisted = false;

    pg_cluster_unlock_server(c);
    c->server_fd = lock_open(c, "server.lock");
    if (c->server_fd < 0)
        return ERR_IO;
    while (flock(c->server_fd, LOCK_EX | LOCK_NB)) {
        int64_t waited_us = clock_monotonic_us() - begin_us;
        pid_t old = old_postmaster(c);

        if (!asked && old) {
            /* It got this signal when its daemon died; saying it again does no harm. */
            LOG_INFO("private_pg_waits_for_old_server", "pid", LOG_NUMBER(old), NULL);
            (void)kill(old, SIGINT);
            asked = true;
        }
        if (!insisted && old && waited_us > insist_us) {
            (void)kill(old, SIGQUIT);
            insisted = true;
        }
        if (waited_us > wait_us) {
            pg_cluster_unlock_server(c);
            return ERR_CONFLICT;
        }
        (void)nanosleep(&pause, NULL);
    }
    return ERR_OK;
}

void pg_cluster_unlock_server(struct pg_cluster *c)
{
    if (c->server_fd >= 0)
        (void)close(c->server_fd);
    c->server_fd = -1;
}

/* ---- The server's log ---- */

static enum err open_log(struct pg_cluster *c)
{
    char path[LIMIT_PATH];

    if (!path_join(path, c->base, "pg.log"))
        return ERR_IO;
    c->log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
    return c->log_fd < 0 ? ERR_IO : ERR_OK;
}

void pg_cluster_bound_log(struct pg_cluster *c)
{
    struct stat s;

    /* The server appends by the same open file, so it just goes on at the new end. */
    if (fstat(c->log_fd, &s) == 0 && s.st_size > LOG_BYTES_MAX && ftruncate(c->log_fd, 0))
        LOG_WARN("private_pg_log_not_truncated", "message", strerror(errno), NULL);
}

void pg_cluster_log_tail(const struct pg_cluster *c, char *text, size_t capacity)
{
    struct stat s;
    off_t from = 0;
    ssize_t n;

    text[0] = '\0';
    if (fstat(c->log_fd, &s))
        return;
    if (s.st_size > (off_t)capacity - 1)
        from = s.st_size - (off_t)(capacity - 1);
    n = pread(c->log_fd, text, capacity - 1, from);
    if (n < 0)
        n = 0;
    text[n] = '\0';
    for (char *at = text; *at; at++) {
        if (*at == '\n')
            *at = at[1] ? '|' : '\0';
    }
}

/* ---- The cluster ---- */

/* Who may come in: over the socket, the cluster's user, root and the daemon's user; all become the
 * role trader. */
static enum err write_access(const struct pg_cluster *c)
{
    struct text ident;
    enum err e;

    text_init(&ident, SMALL_FILE);
    text_format(&ident, "owner \"%s\" trader\n", c->user.name);
    if (strcmp(c->user.name, c->user.caller) != 0)
        text_format(&ident, "owner \"%s\" trader\n", c->user.caller);
    if (strcmp(c->user.caller, "root") != 0)
        text_string(&ident, "owner root trader\n");
    e = file_replace(c->base, "ident.conf", ident.data, 0644);
    text_release(&ident);
    return e ? e : file_replace(c->base, "hba.conf", "local all all peer map=owner\n", 0644);
}

/* The major version in data/PG_VERSION; 0 when there is no cluster yet. */
static int cluster_version(const struct pg_cluster *c)
{
    char path[LIMIT_PATH];
    struct text version;
    int number = 0;

    if (!path_join(path, c->base, "data/PG_VERSION"))
        return 0;
    text_init(&version, SMALL_FILE);
    if (text_read_file(&version, path) == ERR_OK && version.length > 0)
        number = (int)strtol(version.data, NULL, 10);
    text_release(&version);
    return number;
}

static enum err run_initdb(const struct pg_cluster *c, const char *folder, struct diag_list *diags)
{
    locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    char program[LIMIT_PATH], tail[160];
    const char *argv[] = {program,
                          "-D",
                          folder,
                          "-U",
                          "trader",
                          "-E",
                          "UTF8",
                          utf8 ? "--locale=C.UTF-8" : "--locale=C",
                          "--data-checksums",
                          "--auth-local=peer",
                          "--auth-host=reject",
                          NULL};
    struct pg_process process = {.argv = argv,
                                 .user = &c->user,
                                 .log_fd = c->log_fd,
                                 .keep_fd = c->server_fd,
                                 .death_signal = SIGTERM};
    int status = 0;
    pid_t pid;

    if (utf8)
        freelocale(utf8);
    if (!path_join(program, c->programs, "initdb") || pg_process_start(&process, &pid))
        return cluster_failed(c, diags, "cannot start initdb");
    if (!pg_process_wait(pid, clock_monotonic_us() + initdb_us, &status)) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    pg_cluster_log_tail(c, tail, sizeof(tail));
    (void)diag_add(diags, c->base, "initdb_failed", "initdb failed: %s", tail);
    return ERR_IO;
}

/* A crash at any point leaves data.tmp, which is thrown away, or data, which is complete. */
static enum err make_cluster(const struct pg_cluster *c, struct diag_list *diags)
{
    char made[LIMIT_PATH], data[LIMIT_PATH];
    enum err e;

    if (!path_join(made, c->base, "data.tmp") || !path_join(data, c->base, "data"))
        return ERR_IO;
    if (folder_remove(made) || folder_make_for(made, &c->user))
        return cluster_failed(c, diags, "cannot make the cluster's folder");
    LOG_INFO("private_pg_created", "folder", data, "programs", c->programs, NULL);
    e = run_initdb(c, made, diags);
    if (e)
        return e;
    if (rename(made, data))
        return cluster_failed(c, diags, "cannot rename the new cluster");
    folder_sync(c->base);
    return ERR_OK;
}

enum err pg_cluster_prepare(const char *data_dir, struct diag_list *diags, struct pg_cluster *out)
{
    struct pg_cluster c = {.owner_fd = -1, .server_fd = -1, .log_fd = -1};
    int version;
    enum err e;

    e = pg_user_choose(diags, &c.user);
    if (!e)
        e = folder_choose_base(data_dir, &c.user, diags, c.base);
    if (!e)
        e = lock_owner(&c, diags);
    if (!e)
        e = folder_choose_socket(c.base, &c.user, diags, c.socket);
    if (!e && (open_log(&c) || write_access(&c)))
        e = cluster_failed(&c, diags, "cannot write the cluster's files");
    if (!e) {
        e = pg_cluster_lock_server(&c, old_server_us);
        if (e)
            (void)diag_add(diags, c.base, err_code(e),
                           "an old PostgreSQL of this data directory does not end");
    }
    version = e ? 0 : cluster_version(&c);
    if (!e)
        e = pg_programs_find(version, diags, c.programs);
    if (!e && version == 0)
        e = make_cluster(&c, diags);
    if (e) {
        pg_cluster_release(&c);
        return e;
    }
    pg_cluster_bound_log(&c);
    *out = c;
    return ERR_OK;
}

void pg_cluster_release(struct pg_cluster *c)
{
    pg_cluster_unlock_server(c);
    /* A short socket folder in /tmp is made anew when needed; one still in use is not empty. */
    if (c->socket[0] && strncmp(c->socket, c->base, strlen(c->base)) != 0)
        (void)rmdir(c->socket);
    if (c->log_fd >= 0)
        (void)close(c->log_fd);
    if (c->owner_fd >= 0)
        (void)close(c->owner_fd);
    c->log_fd = -1;
    c->owner_fd = -1;
}
