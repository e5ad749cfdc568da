/* SPDX-License-Identifier: Apache-2.0 */
/* Reads journals line by line and says which line is wrong. */
#include "server/sweep_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char header_start[] = "{\"traderd_sweep\":";

void sweep_lines_init(struct sweep_lines *l, FILE *file, const char *path)
{
    *l = (struct sweep_lines){.file = file, .path = path};
    text_init(&l->line, SWEEP_HEADER_BYTES);
}

void sweep_lines_release(struct sweep_lines *l)
{
    text_release(&l->line);
}

/* False at the end, and at a line that was not written to its end or has more than `most` bytes. */
static bool next_line(struct sweep_lines *l, size_t most)
{
    int c;

    text_clear(&l->line);
    while ((c = getc_unlocked(l->file)) != EOF && c != '\n') {
        l->is_too_long = l->line.length == most;
        if (l->is_too_long)
            return false;
        text_char(&l->line, (char)c);
    }
    if (c == EOF)
        return false;
    l->end += (int64_t)l->line.length + 1;
    l->number++;
    return true;
}

static enum err not_a_journal(const struct sweep_lines *l, struct diag_list *diags)
{
    diag_hint(diag_add(diags, l->path, "invalid", "this is not the journal of a sweep"),
              "name a new file, or the journal of this sweep");
    return ERR_INVALID;
}

static enum err not_a_row(const struct sweep_lines *l, int number, struct diag_list *diags)
{
    struct diag *d = diag_add(diags, l->path, "invalid", "this line is no row of the sweep");

    if (d)
        d->line = number;
    diag_hint(d, "take the line out; its job is run again");
    return ERR_INVALID;
}

static enum err read_rows(struct sweep_lines *l, const struct sweep_plan *p, struct sweep_row *rows,
                          struct diag_list *diags)
{
    while (next_line(l, SWEEP_LINE_BYTES)) {
        struct sweep_row row;
        int64_t job;

        if (sweep_row_parse(p, l->line.data, l->line.length, &job, &row))
            return not_a_row(l, l->number, diags);
        rows[job] = row;
    }
    if (l->is_too_long)
        return not_a_row(l, l->number + 1, diags);
    if (!ferror(l->file))
        return ERR_OK;
    (void)diag_add(diags, l->path, "file", "the journal cannot be read: %s", strerror(errno));
    return ERR_IO;
}

/* ---- One's own ---- */

static enum err check_header(const struct sweep_lines *l, const struct text *header,
                             struct diag_list *diags)
{
    char member[LIMIT_NAME];

    if (l->line.length == header->length && memcmp(l->line.data, header->data, header->length) == 0)
        return ERR_OK;
    if (l->line.length < sizeof header_start ||
        memcmp(l->line.data, header_start, sizeof header_start - 1) != 0)
        return not_a_journal(l, diags);
    (void)sweep_header_differs(header->data, l->line.data, true, member);
    diag_hint(diag_add(diags, l->path, "other_sweep",
                       "this is the journal of another sweep: its '%s' differs", member),
              "give the options it was begun with, or another --journal");
    return ERR_INVALID;
}

enum err sweep_read_own(struct sweep_lines *l, const struct text *header,
                        const struct sweep_plan *p, struct sweep_row *rows, struct diag_list *diags)
{
    enum err e;

    if (!next_line(l, SWEEP_HEADER_BYTES)) {
        /* Nothing, or a header that was cut: never anybody's other file. */
        if (l->is_too_long || l->line.length > header->length ||
            (l->line.length > 0 && memcmp(l->line.data, header->data, l->line.length) != 0))
            return not_a_journal(l, diags);
        return ERR_END;
    }
    e = check_header(l, header, diags);
    return e ? e : read_rows(l, p, rows, diags);
}

/* ---- Those of shards ---- */

static enum err merge_header(struct sweep_merge *m, const struct sweep_lines *l,
                             struct diag_list *diags, struct sweep_plan **plan)
{
    char member[LIMIT_NAME];

    if (sweep_plan_new(l->line.data, l->line.length, NULL, plan))
        return not_a_journal(l, diags);
    if (!m->first) {
        m->first = xstrndup(l->line.data, l->line.length);
        m->rows = xcalloc((size_t)(*plan)->jobs, sizeof *m->rows);
        return sweep_plan_new(l->line.data, l->line.length, NULL, &m->plan);
    }
    if (!sweep_header_differs(m->first, l->line.data, false, member))
        return ERR_OK;
    (void)diag_add(diags, l->path, "other_sweep",
                   "this is the journal of another sweep than the first one: its '%s' differs",
                   member);
    return ERR_INVALID;
}

enum err sweep_merge_add(struct sweep_merge *m, struct sweep_lines *l, struct diag_list *diags)
{
    struct sweep_plan *plan = NULL;
    enum err e = next_line(l, SWEEP_HEADER_BYTES) ? merge_header(m, l, diags, &plan)
                                                  : not_a_journal(l, diags);

    if (!e)
        e = read_rows(l, plan, m->rows, diags);
    sweep_plan_free(plan);
    return e;
}

enum err sweep_merge_check(const struct sweep_merge *m, struct diag_list *diags)
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

void sweep_merge_release(struct sweep_merge *m)
{
    free(m->first);
    sweep_plan_free(m->plan);
    free(m->rows);
    *m = (struct sweep_merge){0};
}
