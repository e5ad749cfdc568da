/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and replaces the high-water file. */
#include "store/checkpoint_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"

static enum err file_path(const char *folder, const char *ending, char path[LIMIT_PATH])
{
    int n = snprintf(path, LIMIT_PATH, "%s/" CHECKPOINT_FILE "%s", folder, ending);

    if (n > 0 && n < LIMIT_PATH)
        return ERR_OK;
    errno = ENAMETOOLONG;
    return ERR_IO;
}

enum err checkpoint_file_read(const char *folder, struct text *note)
{
    char path[LIMIT_PATH];
    enum err e = file_path(folder, "", path);

    text_clear(note);
    if (!e)
        e = text_read_file(note, path);
    return e == ERR_IO && errno == ENOENT ? ERR_NOT_FOUND : e;
}

static enum err write_and_sync(int fd, const struct text *note)
{
    size_t done = 0;
    ssize_t n;

    while (done < note->length) {
        n = write(fd, note->data + done, note->length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        done += (size_t)n;
    }
    return fsync(fd) ? ERR_IO : ERR_OK;
}

enum err checkpoint_file_write(const char *folder, const struct text *note)
{
    char path[LIMIT_PATH], fresh[LIMIT_PATH];
    enum err e = file_path(folder, "", path);
    int fd, saved;

    if (!e)
        e = file_path(folder, ".new", fresh);
    if (e)
        return e;
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return ERR_IO;
    e = write_and_sync(fd, note);
    saved = errno;
    close(fd);
    errno = saved;
    /* The old name stays until the new file is whole; a crash leaves one or the other. */
    if (!e && rename(fresh, path))
        e = ERR_IO;
    return e;
}
