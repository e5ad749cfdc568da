/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary file, fsync, rename, fsync of the folder. */
#include "exchange/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err refuse(const struct whole_file *f, struct diag_list *diags)
{
    diag_hint(
        diag_add(diags, f->path, "unwritable", "the file cannot be written: %s", strerror(errno)),
        errno == ENOSPC ? "make room on the disk" : "is the folder there and writable?");
    return ERR_IO;
}

enum err whole_file_begin(struct whole_file *f, const char *path, struct diag_list *diags)
{
    struct stat there;
    int n;

    *f = (struct whole_file){.fd = -1};
    /* A rename would put a file in place of a device, a pipe or a folder. */
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        diag_hint(diag_add(diags, path, "unwritable", "this is no regular file"),
                  "name a file; - stands for the standard output where text is written");
        return ERR_IO;
    }
    n = snprintf(f->temporary, sizeof f->temporary, "%s.%ld.part", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof f->temporary) {
        f->temporary[0] = '\0';
        (void)diag_add(diags, "out", "limit_exceeded", "the path is too long");
        return ERR_LIMIT;
    }
    (void)copy_text(f->path, sizeof f->path, path);
    f->fd = open(f->temporary, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (f->fd >= 0)
        return ERR_OK;
    f->temporary[0] = '\0';
    return refuse(f, diags);
}

enum err whole_file_write(struct whole_file *f, const void *data, size_t length,
                          struct diag_list *diags)
{
    const char *at = data;

    while (length > 0) {
        ssize_t n = write(f->fd, at, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse(f, diags);
        at += n;
        length -= (size_t)n;
    }
    return ERR_OK;
}

enum err whole_file_write_at(struct whole_file *f, const void *data, size_t length, int64_t offset,
                             struct diag_list *diags)
{
    const char *at = data;

    while (length > 0) {
        ssize_t n = pwrite(f->fd, at, length, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse(f, diags);
        at += n;
        offset += n;
        length -= (size_t)n;
    }
    return ERR_OK;
}

/* The name is durable when its folder is. */
static bool sync_folder(const char *path)
{
    char folder[LIMIT_PATH];
    const char *slash = strrchr(path, '/');
    bool good;
    int fd;

    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                   slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    good = fsync(fd) == 0 || errno == EINVAL; /* some file systems have nothing to sync */
    close(fd);
    return good;
}

enum err whole_file_commit(struct whole_file *f, struct diag_list *diags)
{
    if (fsync(f->fd) || rename(f->temporary, f->path))
        return refuse(f, diags);
    f->temporary[0] = '\0';
    return sync_folder(f->path) ? ERR_OK : refuse(f, diags);
}

void whole_file_abandon(struct whole_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    if (f->temporary[0])
        (void)unlink(f->temporary);
    f->temporary[0] = '\0';
}
