/* SPDX-License-Identifier: Apache-2.0 */
/* Opens, measures and extends one file of JSON lines. */
#include "store/jsonl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

enum {
    SCAN_BYTES = 256 * 1024,
    LINE_MAX_BYTES = LIMIT_LEAF_BYTES + 128
};

static enum err file_failed(const struct jsonl_file *f, const char *what, struct diag_list *diags)
{
    (void)diag_add(diags, f->path, "io", "%s failed: %s", what, strerror(errno));
    return ERR_IO;
}

/* Counts newlines and finds where the last complete line ends and begins. */
static enum err file_scan(struct jsonl_file *f, int64_t *line_start)
{
    char *bytes = xmalloc(SCAN_BYTES);
    int64_t at = 0, newest = 0, before = 0;
    enum err e = ERR_OK;
    ssize_t n;

    for (;;) {
        const char *hit, *from = bytes;

        n = pread(f->fd, bytes, SCAN_BYTES, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        while ((hit = memchr(from, '\n', (size_t)(bytes + n - from))) != NULL) {
            before = newest;
            newest = at + (hit - bytes) + 1;
            f->lines++;
            from = hit + 1;
        }
        at += n;
    }
    if (n < 0)
        e = ERR_IO;
    free(bytes);
    f->length = newest;
    *line_start = before;
    return e;
}

/* Keeps the last line's text, to be compared with the database's. */
static enum err file_read_last(struct jsonl_file *f, int64_t line_start)
{
    size_t length = (size_t)(f->length - line_start), got = 0;
    char *line;
    ssize_t n;

    if (length == 0)
        return ERR_OK;
    if (length > LINE_MAX_BYTES)
        length = LINE_MAX_BYTES; /* no line of ours: it will not compare equal */
    line = xmalloc(length);
    while (got < length) {
        n = pread(f->fd, line + got, length - got, line_start + (int64_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    if (got == length)
        text_append(&f->last, line, length - 1);
    free(line);
    return got == length ? ERR_OK : ERR_IO;
}

enum err jsonl_file_open(struct jsonl_file *f, const char *folder, const char *name,
                         struct diag_list *diags)
{
    int64_t line_start = 0, end;
    int n;

    *f = (struct jsonl_file){.fd = -1};
    text_init(&f->last, LINE_MAX_BYTES);
    n = snprintf(f->path, sizeof(f->path), "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof(f->path)) {
        errno = ENAMETOOLONG;
        return file_failed(f, "open", diags);
    }
    f->fd = open(f->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (f->fd < 0)
        return file_failed(f, "open", diags);
    if (file_scan(f, &line_start))
        return file_failed(f, "read", diags);
    end = lseek(f->fd, 0, SEEK_END);
    if (end > f->length) {
        LOG_WARN("jsonl_torn_line_cut", "file", f->path, "bytes", LOG_NUMBER(end - f->length),
                 NULL);
        if (ftruncate(f->fd, f->length))
            return file_failed(f, "truncate", diags);
    }
    if (file_read_last(f, line_start))
        return file_failed(f, "read", diags);
    return ERR_OK;
}

void jsonl_file_close(struct jsonl_file *f)
{
    if (f->fd >= 0)
        (void)close(f->fd);
    f->fd = -1;
    text_release(&f->last);
}

enum err jsonl_file_write(struct jsonl_file *f, const struct text *lines, int64_t count)
{
    size_t done = 0;
    ssize_t n;

    while (done < lines->length) {
        n = write(f->fd, lines->data + done, lines->length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            goto failed;
        done += (size_t)n;
    }
    if (lines->length > 0 && fdatasync(f->fd))
        goto failed;
    f->length += (int64_t)lines->length;
    f->lines += count;
    return ERR_OK;
failed:
    LOG_ERROR("jsonl_write_failed", "file", f->path, "message", strerror(errno), NULL);
    /* Half a line must not stay: the next write would glue itself to it. */
    if (ftruncate(f->fd, f->length))
        LOG_ERROR("jsonl_truncate_failed", "file", f->path, "message", strerror(errno), NULL);
    return ERR_IO;
}
