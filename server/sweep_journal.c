/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep's journal: begun, continued after whatever stopped it, and merged with other shards'. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/sweep.h"
#include "server/sweep_read.h"

static enum err io_error(struct diag_list *diags, const char *path, const char *what)
{
    (void)diag_add(diags, path, "file", "%s: %s", what, strerror(errno));
    return ERR_IO;
}

/* ---- Opening ---- */

static enum err begin(const struct text *header, struct sweep_journal *j)
{
    enum err e;

    if (ftruncate(j->fd, 0) || lseek(j->fd, 0, SEEK_SET) < 0)
        return ERR_IO;
    e = sweep_journal_append(j, header);
    return e ? e : sweep_journal_sync(j);
}

/* Takes what is there; the file then ends behind its last whole line. */
static enum err resume(struct sweep_journal *j, const struct text *header,
                       const struct sweep_plan *p, struct sweep_row *rows, struct diag_list *diags)
{
    const int copy = fcntl(j->fd, F_DUPFD_CLOEXEC, 0);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
    struct sweep_lines l;
    enum err e;

    if (!file) {
        if (copy >= 0)
            (void)close(copy);
        return ERR_IO;
    }
    sweep_lines_init(&l, file, j->path);
    e = sweep_read_own(&l, header, p, rows, diags);
    if (!e && (ftruncate(j->fd, l.end) || lseek(j->fd, l.end, SEEK_SET) < 0))
        e = ERR_IO;
    sweep_lines_release(&l);
    (void)fclose(file);
    return e;
}

enum err sweep_journal_open(const char *path, const struct text *header, const struct sweep_plan *p,
                            struct sweep_row *rows, struct diag_list *diags,
                            struct sweep_journal *out)
{
    struct sweep_journal j = {path, open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), false};
    enum err e;

    if (j.fd < 0)
        return io_error(diags, path, "the journal cannot be opened");
    if (flock(j.fd, LOCK_EX | LOCK_NB)) {
        (void)diag_add(diags, path, "in_use", "another sweep is writing this journal");
        (void)close(j.fd);
        return ERR_INVALID;
    }
    e = resume(&j, header, p, rows, diags);
    if (e == ERR_END)
        e = begin(header, &j);
    if (e == ERR_IO && diags->count == 0)
        (void)io_error(diags, path, "the journal cannot be opened");
    if (e)
        sweep_journal_close(&j);
    else
        *out = j;
    return e;
}

/* ---- Writing ---- */

enum err sweep_journal_append(struct sweep_journal *j, const struct text *line)
{
    struct text t;
    size_t at = 0;

    text_init(&t, line->length + 1);
    text_append(&t, line->data, line->length);
    text_char(&t, '\n');
    while (at < t.length) {
        const ssize_t done = write(j->fd, t.data + at, t.length - at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            break;
        at += (size_t)done;
    }
    j->is_dirty = true;
    text_release(&t);
    return at == line->length + 1 ? ERR_OK : ERR_IO;
}

enum err sweep_journal_sync(struct sweep_journal *j)
{
    if (!j->is_dirty)
        return ERR_OK;
    j->is_dirty = false;
    return fdatasync(j->fd) ? ERR_IO : ERR_OK;
}

void sweep_journal_close(struct sweep_journal *j)
{
    if (j->fd >= 0)
        (void)close(j->fd);
    j->fd = -1;
}

/* ---- Merging ---- */

static enum err merge_one(struct sweep_merge *m, const char *path, struct diag_list *diags)
{
    FILE *file = fopen(path, "re");
    struct sweep_lines l;
    enum err e;

    if (!file)
        return io_error(diags, path, "the journal cannot be opened");
    sweep_lines_init(&l, file, path);
    e = sweep_merge_add(m, &l, diags);
    sweep_lines_release(&l);
    (void)fclose(file);
    return e;
}

enum err sweep_journal_merge(const char *const *paths, size_t count, struct diag_list *diags,
                             struct sweep_plan **plan, struct sweep_row **rows)
{
    struct sweep_merge m = {0};
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && !e; i++)
        e = merge_one(&m, paths[i], diags);
    if (!e)
        e = sweep_merge_check(&m, diags);
    *plan = NULL;
    *rows = NULL;
    if (!e) {
        *plan = m.plan;
        *rows = m.rows;
        m.plan = NULL;
        m.rows = NULL;
    }
    sweep_merge_release(&m);
    return e;
}
