/* SPDX-License-Identifier: Apache-2.0 */
/* Writes, reads and clears the file of commits that PostgreSQL does not have yet. */
#include "store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/limits.h"
#include "core/log.h"

/* The file: magic, then records of length (4 bytes, little end first), the first 8 bytes of the
 * content's SHA-256, content. */
static const char magic[8] = "TDSPOOL1";

enum {
    MAGIC_BYTES = 8,
    CHECK_BYTES = 8,
    HEAD_BYTES = 4 + CHECK_BYTES
};

struct spool {
    int fd;
    char path[LIMIT_PATH];
    int64_t length; /* of what is good */
    size_t count;
};

static void put_length(uint8_t *to, size_t length)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(length >> (8 * i));
}

static size_t get_length(const uint8_t *from)
{
    size_t length = 0;

    for (int i = 3; i >= 0; i--)
        length = length << 8 | from[i];
    return length;
}

static bool write_at(int fd, const void *data, size_t length, int64_t at)
{
    const char *from = data;

    while (length > 0) {
        ssize_t n = pwrite(fd, from, length, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool read_at(int fd, void *data, size_t length, int64_t at)
{
    char *to = data;

    while (length > 0) {
        ssize_t n = pread(fd, to, length, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

/* The record at `at` of a file of `end` bytes; false when it is not whole.  The caller frees. */
static bool read_record(const struct spool *s, int64_t at, int64_t end, char **bytes,
                        size_t *length)
{
    uint8_t head[HEAD_BYTES];
    struct digest digest;

    if (end - at < HEAD_BYTES || !read_at(s->fd, head, sizeof head, at))
        return false;
    *length = get_length(head);
    if ((int64_t)*length > end - at - HEAD_BYTES)
        return false;
    *bytes = xmalloc(*length + 1);
    if (read_at(s->fd, *bytes, *length, at + HEAD_BYTES)) {
        digest_of(*bytes, *length, &digest);
        if (memcmp(digest.bytes, head + 4, CHECK_BYTES) == 0)
            return true;
    }
    free(*bytes);
    return false;
}

static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

static bool begin_file(struct spool *s)
{
    if (ftruncate(s->fd, 0) != 0 || !write_at(s->fd, magic, MAGIC_BYTES, 0) || fsync(s->fd) != 0)
        return false;
    s->length = MAGIC_BYTES;
    s->count = 0;
    return true;
}

/* Only the newest append can be torn: a whole record behind a bad one means damage. */
static bool has_later_record(const struct spool *s, int64_t end)
{
    for (int64_t at = s->length + 1; at + HEAD_BYTES <= end; at++) {
        char *bytes;
        size_t length;

        if (read_record(s, at, end, &bytes, &length)) {
            free(bytes);
            return true;
        }
    }
    return false;
}

static enum err cut_torn_end(struct spool *s, int64_t end, struct diag_list *diags)
{
    if (has_later_record(s, end)) {
        diag_hint(diag_add(diags, s->path, err_code(ERR_CONFLICT),
                           "the spool is damaged at byte %lld", (long long)s->length),
                  "it holds trades the database lacks: restore it, or move it away and compare "
                  "the positions with the venue");
        return ERR_CONFLICT;
    }
    LOG_WARN("spool_torn", "path", s->path, "records", LOG_NUMBER((int64_t)s->count), "bytes_cut",
             LOG_NUMBER(end - s->length), NULL);
    return ftruncate(s->fd, s->length) != 0 || fsync(s->fd) != 0 ? ERR_IO : ERR_OK;
}

/* Counts what is whole; a torn end is cut. */
static enum err scan(struct spool *s, struct diag_list *diags)
{
    char head[MAGIC_BYTES], *bytes;
    struct stat st;
    size_t length;

    if (fstat(s->fd, &st) != 0)
        return ERR_IO;
    if (st.st_size < MAGIC_BYTES) /* made by a crash: nothing was said to be in it */
        return begin_file(s) ? ERR_OK : ERR_IO;
    if (!read_at(s->fd, head, sizeof head, 0))
        return ERR_IO;
    if (memcmp(head, magic, MAGIC_BYTES) != 0) {
        diag_hint(diag_add(diags, s->path, err_code(ERR_CONFLICT), "this is no spool of traderd"),
                  "move it away; if it was one, it holds trades the database lacks");
        return ERR_CONFLICT;
    }
    s->length = MAGIC_BYTES;
    while (read_record(s, s->length, st.st_size, &bytes, &length)) {
        free(bytes);
        s->length += HEAD_BYTES + (int64_t)length;
        s->count++;
    }
    return s->length < st.st_size ? cut_torn_end(s, st.st_size, diags) : ERR_OK;
}

enum err spool_open(const char *folder, struct diag_list *diags, struct spool **out)
{
    struct spool *s = xcalloc(1, sizeof *s);
    char inner[LIMIT_PATH];
    enum err e = ERR_IO;

    s->fd = -1;
    if (snprintf(inner, sizeof inner, "%s/spool", folder) < (int)sizeof inner &&
        snprintf(s->path, sizeof s->path, "%s/spool/journal", folder) < (int)sizeof s->path &&
        (mkdir(inner, 0700) == 0 || errno == EEXIST))
        s->fd = open(s->path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd >= 0 && sync_folder(inner) && sync_folder(folder))
        e = scan(s, diags);
    if (e == ERR_IO)
        diag_hint(
            diag_add(diags, s->path, err_code(e), "cannot use the spool: %s", strerror(errno)),
            "it must be writable: it keeps exits going while the database is away");
    if (e) {
        spool_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void spool_close(struct spool *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

size_t spool_count(const struct spool *s)
{
    return s->count;
}

enum err spool_append(struct spool *s, const void *bytes, size_t length)
{
    uint8_t head[HEAD_BYTES];
    struct digest digest;

    if (length > (size_t)LIMIT_SPOOL_BYTES ||
        s->length + HEAD_BYTES + (int64_t)length > LIMIT_SPOOL_BYTES)
        return ERR_LIMIT;
    put_length(head, length);
    digest_of(bytes, length, &digest);
    memcpy(head + 4, digest.bytes, CHECK_BYTES);
    if (!write_at(s->fd, bytes, length, s->length + HEAD_BYTES) ||
        !write_at(s->fd, head, sizeof head, s->length) || fdatasync(s->fd) != 0) {
        /* What is half there must not be found by the next start. */
        if (ftruncate(s->fd, s->length) != 0)
            LOG_ERROR("spool_not_cut", "path", s->path, NULL);
        return ERR_IO;
    }
    s->length += HEAD_BYTES + (int64_t)length;
    s->count++;
    return ERR_OK;
}

enum err spool_each(struct spool *s, spool_take_fn *take, void *context)
{
    int64_t at = MAGIC_BYTES;
    enum err e = ERR_OK;

    while (!e && at < s->length) {
        char *bytes;
        size_t length;

        if (!read_record(s, at, s->length, &bytes, &length))
            return ERR_IO;
        e = take(context, bytes, length);
        free(bytes);
        at += HEAD_BYTES + (int64_t)length;
    }
    return e;
}

enum err spool_clear(struct spool *s)
{
    return begin_file(s) ? ERR_OK : ERR_IO;
}

enum err spool_set_aside(struct spool *s, char *path, size_t capacity)
{
    int fd;

    for (int n = 1; n < 1000; n++) {
        if (snprintf(path, capacity, "%s.refused-%d", s->path, n) >= (int)capacity)
            return ERR_LIMIT;
        if (access(path, F_OK) != 0)
            break;
    }
    if (rename(s->path, path) != 0)
        return ERR_IO;
    fd = open(s->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    close(s->fd);
    s->fd = fd;
    return begin_file(s) ? ERR_OK : ERR_IO;
}
