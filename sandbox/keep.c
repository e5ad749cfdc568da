/* SPDX-License-Identifier: Apache-2.0 */
/* Appends records, and plays them again. */
#include "sandbox/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/jnode.h"
#include "core/limits.h"

enum {
    FILE_MAX = 1024 * 1024 * 1024 /* a million calls */
};

struct keep {
    int fd;
};

void keep_free(struct keep *k)
{
    if (!k)
        return;
    close(k->fd);
    free(k);
}

enum err keep_append(struct keep *k, const char *data, size_t length)
{
    while (length > 0) {
        const ssize_t n = write(k->fd, data, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        data += n;
        length -= (size_t)n;
    }
    return fdatasync(k->fd) ? ERR_IO : ERR_OK;
}

static enum err bad_file(struct diag_list *diags, const char *path, int line, const char *what)
{
    struct diag *d = diag_add(diags, path, "state_file", "%s", what);

    d->line = line;
    diag_hint(d, "give the candles and options it began with, or another --state FILE");
    return ERR_INVALID;
}

/* A new file's name is durable too. */
static void sync_folder(const char *path)
{
    char *copy = xstrdup(path);
    const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(copy);
}

/* When the file's venue began; false when the line is no header. */
static bool header_start(const char *line, size_t length, int64_t *start_us)
{
    struct jnode *root = NULL;
    const struct jnode *start;
    bool is_header;

    if (jnode_parse(line, length, "header", NULL, &root))
        return false;
    start = jnode_is(root, J_OBJECT) ? jnode_member(root, "start") : NULL;
    is_header = start && jnode_is(start, J_INTEGER) && jnode_integer(start) > 0;
    if (is_header)
        *start_us = jnode_integer(start);
    jnode_free(root);
    return is_header;
}

/* Plays the whole lines of a file; *length is how much of it they are. */
static enum err play(const char *path, struct text *file, const struct box_options *options,
                     struct diag_list *diags, struct box **out, size_t *length)
{
    struct box_options o = *options;
    struct box *b = NULL;
    struct text header;
    const char *at = file->data, *end;
    enum err e = ERR_OK;
    bool is_same;

    end = memchr(at, '\n', file->length);
    if (!end || !header_start(at, (size_t)(end - at), &o.start_us))
        return bad_file(diags, path, 1, "this is no file of a sandbox");
    e = box_new(&o, diags, &b);
    if (e)
        return e;
    text_init(&header, LIMIT_JSON_BYTES);
    box_header(b, &header);
    is_same =
        header.length == (size_t)(end - at) + 1 && memcmp(header.data, at, header.length) == 0;
    text_release(&header);
    if (!is_same)
        e = bad_file(diags, path, 1, "the file is of other candles or options");
    for (int line = 2; !e; line++) {
        at = end + 1;
        end = memchr(at, '\n', file->length - (size_t)(at - file->data));
        if (!end)
            break;
        if (box_replay(b, at, (size_t)(end - at)))
            e = bad_file(diags, path, line, "the line is none of ours");
    }
    if (e) {
        box_free(b);
        return e;
    }
    *length = (size_t)(at - file->data);
    *out = b;
    return ERR_OK;
}

static enum err begin_file(struct keep *k, const struct box *b)
{
    struct text header;
    enum err e;

    text_init(&header, LIMIT_JSON_BYTES);
    box_header(b, &header);
    e = header.full ? ERR_LIMIT : keep_append(k, header.data, header.length);
    text_release(&header);
    return e;
}

/* Halts by a fault that nobody remembers end here. */
static enum err end_halts(struct keep *k, struct box *b)
{
    struct box_answer a;
    enum err e;

    box_answer_init(&a);
    box_faults_clear(b, &a);
    e = keep_append(k, a.record.data, a.record.length);
    box_answer_release(&a);
    return e;
}

enum err keep_open(const char *path, const struct box_options *options, struct diag_list *diags,
                   struct box **box, struct keep **keep)
{
    struct keep *k = NULL;
    struct box *b = NULL;
    struct text file;
    size_t length = 0;
    enum err e;

    if (!path)
        return box_new(options, diags, box);
    text_init(&file, FILE_MAX);
    if (text_read_file(&file, path) && errno != ENOENT) {
        e = bad_file(diags, path, 0, "the file cannot be read");
        goto out;
    }
    e = file.length > 0 ? play(path, &file, options, diags, &b, &length)
                        : box_new(options, diags, &b);
    if (e)
        goto out;
    k = xcalloc(1, sizeof *k);
    k->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    e = k->fd < 0 || ftruncate(k->fd, (off_t)length) ? ERR_IO : ERR_OK;
    if (!e)
        e = length > 0 ? end_halts(k, b) : begin_file(k, b);
    if (e) {
        (void)bad_file(diags, path, 0, "the file cannot be written");
        goto out;
    }
    sync_folder(path);
    *keep = k;
    *box = b;
    k = NULL;
    b = NULL;
out:
    keep_free(k);
    box_free(b);
    text_release(&file);
    return e;
}
