/* SPDX-License-Identifier: Apache-2.0 */
/* Where the daemon keeps its files, and the lock that keeps a second daemon out. */
#include "server/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"

void data_dir_choose(const struct config *c, char path[DATA_PATH_MAX])
{
    const char *configured = config_text(c, CONFIG_data_dir);
    const char *chosen = configured;
    char *real;

    if (!*configured)
        chosen = access("migrations", F_OK) == 0 && access("Makefile", F_OK) == 0
                     ? "var"
                     : "/var/lib/traderd";
    copy_text(path, DATA_PATH_MAX, chosen);
    real = realpath(chosen, NULL);
    if (real)
        copy_text(path, DATA_PATH_MAX, real);
    free(real);
}

void data_dir_file(const char *dir, const char *name, char path[DATA_PATH_MAX])
{
    struct text t;

    text_init(&t, DATA_PATH_MAX);
    text_format(&t, "%s/%s", dir, name);
    copy_text(path, DATA_PATH_MAX, t.full ? "" : t.data);
    text_release(&t);
}

static enum err refuse(struct diag_list *diags, const char *path, const char *what, int problem)
{
    struct diag *d = diag_add(diags, "data_dir", "data_dir_unusable", "%s '%s': %s", what, path,
                              strerror(problem));

    diag_hint(d, "choose another directory with --data DIR or TRADERD_DATA");
    return ERR_IO;
}

/* Every missing folder on the way, the last with the given mode. */
static int make_folders(const char *path, mode_t mode)
{
    char part[DATA_PATH_MAX];

    copy_text(part, sizeof part, path);
    for (char *p = strchr(part + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = 0;
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return -1;
        *p = '/';
    }
    return mkdir(part, mode) != 0 && errno != EEXIST ? -1 : 0;
}

enum err data_dir_open(char path[DATA_PATH_MAX], struct diag_list *diags)
{
    /* As root the private cluster runs under another user, who must be able to pass through. */
    mode_t mode = geteuid() == 0 ? 0711 : 0700;
    struct stat st;
    char *real;
    char probe[DATA_PATH_MAX];
    int fd;

    if (make_folders(path, mode) != 0)
        return refuse(diags, path, "cannot make the data directory", errno);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return refuse(diags, path, "this is not a directory", ENOTDIR);
    real = realpath(path, NULL);
    if (!real || !copy_text(path, DATA_PATH_MAX, real)) {
        free(real);
        return refuse(diags, path, "cannot resolve the data directory", errno);
    }
    free(real);
    data_dir_file(path, ".writable", probe);
    fd = open(probe, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse(diags, path, "cannot write into the data directory", errno);
    close(fd);
    unlink(probe);
    return ERR_OK;
}

enum err data_dir_lock(const char *path, struct diag_list *diags, int *fd)
{
    char file[DATA_PATH_MAX], owner[32] = "";
    int lock;
    ssize_t n;

    data_dir_file(path, "traderd.lock", file);
    lock = open(file, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock < 0)
        return refuse(diags, file, "cannot open the lock file", errno);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        struct diag *d;
        n = read(lock, owner, sizeof owner - 1);
        owner[n > 0 ? strcspn(owner, "\n") : 0] = 0;
        close(lock);
        d = diag_add(diags, "data_dir", "data_dir_locked",
                     "another traderd (pid %s) already uses '%s'", *owner ? owner : "unknown",
                     path);
        diag_hint(d, "stop it first, or choose another directory with --data DIR");
        return ERR_CONFLICT;
    }
    snprintf(owner, sizeof owner, "%d\n", (int)getpid());
    if (ftruncate(lock, 0) != 0 || pwrite(lock, owner, strlen(owner), 0) < 0) {
        close(lock);
        return refuse(diags, file, "cannot write the lock file", errno);
    }
    *fd = lock;
    return ERR_OK;
}
