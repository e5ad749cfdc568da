/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep's journal: begun, continued after whatever stopped it, and merged with other shards'. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/sweep.h"

static enum err io_error(struct diag_list *diags, const char *path, const char *what)
{
    (void)diag_add(diags, path, "file", "%s: %s", what, strerror(errno));
    return ERR_IO;
}

static enum err not_a_journal(struct diag_list *diags, const char *path)
{
    diag_hint(diag_add(diags, path, "invalid", "this is not the journal of a sweep"),
              "name a new file, or the journal of this sweep");
    return ERR_INVALID;
}

/* ---- Reading ---- */

struct lines {
    FILE *file;
    const char *path;
    char *line;
    size_t capacity, length; /* without the newline */
    long end;                /* behind the newest whole line */
    int number;
};

/* False at the end, and at a line that was not written to its end. */
static bool next_line(struct lines *l)
{
    const ssize_t got = getline(&l->line, &l->capacity, l->file);

    if (got <= 0 || l->line[got - 1] != '\n') {
        l->length = got > 0 ? (size_t)got : 0;
        return false;
    }
    l->line[got - 1] = '\0';
    l->length = (size_t)got - 1;
    l->end += got;
    l->number++;
    return true;
}

static enum err read_rows(struct lines *l, const struct sweep_plan *p, struct sweep_row *rows,
                          struct diag_list *diags)
{
    while (next_line(l)) {
        struct sweep_row row;
        struct diag *d;
        int64_t job;

        if (sweep_row_parse(p, l->line, l->length, &job, &row) == ERR_OK) {
            rows[job] = row;
            continue;
        }
        d = diag_add(diags, l->path, "invalid", "this line is no row of the sweep");
        d->line = l->number;
        diag_hint(d, "take the line out; its job is run again");
        return ERR_INVALID;
    }
    return ferror(l->file) ? io_error(diags, l->path, "the journal cannot be read") : ERR_OK;
}

static void lines_close(struct lines *l)
{
    if (l->file)
        (void)fclose(l->file);
    free(l->line);
}

/* ---- Opening ---- */

/* NUL ends both: a header has no NUL within. */
static enum err check_header(const struct lines *l, const struct text *header,
                             struct diag_list *diags)
{
    char member[LIMIT_NAME];

    if (l->length == header->length && memcmp(l->line, header->data, header->length) == 0)
        return ERR_OK;
    if (strncmp(l->line, "{\"traderd_sweep\":", 17) != 0)
        return not_a_journal(diags, l->path);
    (void)sweep_header_differs(header->data, l->line, true, member);
    diag_hint(diag_add(diags, l->path, "other_sweep",
                       "this is the journal of another sweep: its '%s' differs", member),
              "give the options it was begun with, or another --journal");
    return ERR_INVALID;
}

static enum err begin(const struct text *header, struct sweep_journal *j)
{
    enum err e;

    if (ftruncate(j->fd, 0) || lseek(j->fd, 0, SEEK_SET) < 0)
        return ERR_IO;
    e = sweep_journal_append(j, header);
    return e ? e : sweep_journal_sync(j);
}

/* Takes what is there; the file then ends behind its last whole line. */
static enum err resume(struct lines *l, const struct text *header, const struct sweep_plan *p,
                       struct sweep_row *rows, struct diag_list *diags)
{
    enum err e;

    if (!next_line(l)) {
        /* Nothing, or a header that was cut: never anybody's other file. */
        if (l->length > header->length ||
            (l->length > 0 && memcmp(l->line, header->data, l->length) != 0))
            return not_a_journal(diags, l->path);
        return ERR_END;
    }
    e = check_header(l, header, diags);
    return e ? e : read_rows(l, p, rows, diags);
}

enum err sweep_journal_open(const char *path, const struct text *header, const struct sweep_plan *p,
                            struct sweep_row *rows, struct diag_list *diags,
                            struct sweep_journal *out)
{
    struct sweep_journal j = {path, open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), false};
    struct lines l = {.path = path};
    enum err e;
    int copy;

    if (j.fd < 0)
        return io_error(diags, path, "the journal cannot be opened");
    if (flock(j.fd, LOCK_EX | LOCK_NB)) {
        (void)diag_add(diags, path, "in_use", "another sweep is writing this journal");
        (void)close(j.fd);
        return ERR_INVALID;
    }
    copy = fcntl(j.fd, F_DUPFD_CLOEXEC, 0);
    l.file = copy < 0 ? NULL : fdopen(copy, "r");
    e = l.file ? resume(&l, header, p, rows, diags) : ERR_IO;
    if (e == ERR_END)
        e = begin(header, &j);
    else if (!e && (ftruncate(j.fd, l.end) || lseek(j.fd, l.end, SEEK_SET) < 0))
        e = ERR_IO;
    if (e == ERR_IO && diags->count == 0)
        (void)io_error(diags, path, "the journal cannot be opened");
    lines_close(&l);
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

struct merge {
    char *first; /* header of the first journal */
    struct sweep_plan *plan;
    struct sweep_row *rows;
};

static enum err merge_header(struct merge *m, const struct lines *l, struct diag_list *diags,
                             struct sweep_plan **plan)
{
    char member[LIMIT_NAME];

    if (sweep_plan_new(l->line, l->length, NULL, plan))
        return not_a_journal(diags, l->path);
    if (!m->first) {
        m->first = xstrndup(l->line, l->length);
        m->rows = xcalloc((size_t)(*plan)->jobs, sizeof *m->rows);
        return sweep_plan_new(l->line, l->length, NULL, &m->plan);
    }
    if (!sweep_header_differs(m->first, l->line, false, member))
        return ERR_OK;
    (void)diag_add(diags, l->path, "other_sweep",
                   "this is the journal of another sweep than the first one: its '%s' differs",
                   member);
    return ERR_INVALID;
}

static enum err merge_one(struct merge *m, const char *path, struct diag_list *diags)
{
    struct lines l = {.file = fopen(path, "re"), .path = path};
    struct sweep_plan *plan = NULL;
    enum err e;

    if (!l.file)
        return io_error(diags, path, "the journal cannot be opened");
    e = next_line(&l) ? merge_header(m, &l, diags, &plan) : not_a_journal(diags, path);
    if (!e)
        e = read_rows(&l, plan, m->rows, diags);
    sweep_plan_free(plan);
    lines_close(&l);
    return e;
}

static enum err check_complete(const struct merge *m, struct diag_list *diags)
{
    int64_t missing = 0, first = 0;

    for (int64_t i = m->plan->jobs; i-- > 0;) {
        if (m->rows[i].is_there)
            continue;
        missing++;
        first = i;
    }
    if (missing == 0)
        return ERR_OK;
    diag_hint(diag_add(diags, "--merge", "incomplete", "%lld of %lld jobs are missing, first %lld",
                       (long long)missing, (long long)m->plan->jobs, (long long)first),
              "give the journals of all shards, each run to its end");
    return ERR_INVALID;
}

enum err sweep_journal_merge(const char *const *paths, size_t count, struct diag_list *diags,
                             struct sweep_plan **plan, struct sweep_row **rows)
{
    struct merge m = {0};
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && !e; i++)
        e = merge_one(&m, paths[i], diags);
    if (!e)
        e = check_complete(&m, diags);
    free(m.first);
    *plan = e ? NULL : m.plan;
    *rows = e ? NULL : m.rows;
    if (!e)
        return ERR_OK;
    sweep_plan_free(m.plan);
    free(m.rows);
    return e;
}
