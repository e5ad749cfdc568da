/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the journal of a sweep: as one's own and as a shard's it gives the same rows, each
 * of which prints to a line that gives it again; what is refused is told, with the line. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/sweep_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    RANKED_JOBS = 2000 /* ranking more takes longer than reading them */
};

static enum err merge(const uint8_t *data, size_t size, struct sweep_merge *m)
{
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
    struct diag_list diags = {0};
    struct sweep_lines l;
    enum err e;

    ASSERT(file);
    sweep_lines_init(&l, file, "fuzz");
    e = sweep_merge_add(m, &l, &diags);
    ASSERT((e != ERR_OK) == (diags.count > 0));
    ASSERT(e == ERR_OK || e == ERR_INVALID);
    ASSERT(l.end <= (int64_t)size);
    sweep_lines_release(&l);
    (void)fclose(file);
    return e;
}

static bool is_same(const struct sweep_row *a, const struct sweep_row *b)
{
    for (size_t i = 0; i < SWEEP_PARTS; i++)
        for (size_t k = 0; k < SWEEP_METRICS; k++)
            if (a->metrics[i][k] != b->metrics[i][k] &&
                !(isnan(a->metrics[i][k]) && isnan(b->metrics[i][k])))
                return false;
    return a->is_there == b->is_there && strcmp(a->refused, b->refused) == 0;
}

/* The same bytes as the journal of the sweep whose header they begin with. */
static void read_own(const uint8_t *data, size_t size, const struct sweep_merge *m, enum err wanted)
{
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
    struct sweep_row *rows = xcalloc((size_t)m->plan->jobs, sizeof *rows);
    struct diag_list diags = {0};
    struct sweep_lines l;
    struct text header;
    enum err e;

    ASSERT(file);
    text_init(&header, SWEEP_HEADER_BYTES);
    text_string(&header, m->first);
    sweep_lines_init(&l, file, "fuzz");
    e = sweep_read_own(&l, &header, m->plan, rows, &diags);
    ASSERT(e == wanted);
    for (int64_t i = 0; i < m->plan->jobs; i++)
        ASSERT(is_same(&rows[i], &m->rows[i]));
    sweep_lines_release(&l);
    text_release(&header);
    free(rows);
    (void)fclose(file);
}

static void print_and_read_back(const struct sweep_merge *m)
{
    struct text line;

    text_init(&line, SWEEP_LINE_BYTES);
    for (int64_t i = 0; i < m->plan->jobs; i++) {
        struct sweep_row again;
        int64_t job;
        enum err e;

        if (!m->rows[i].is_there)
            continue;
        text_clear(&line);
        sweep_row_write(m->plan, i, &m->rows[i], &line);
        ASSERT(!line.full);
        e = sweep_row_parse(m->plan, line.data, line.length, &job, &again);
        ASSERT(!e && job == i);
        ASSERT(is_same(&again, &m->rows[i]));
    }
    text_release(&line);
}

static void rank(const struct sweep_merge *m)
{
    struct diag_list diags = {0};
    struct sweep_ranking k;

    if (sweep_merge_check(m, &diags)) {
        ASSERT(diags.count > 0);
        return;
    }
    sweep_rank(m->plan, m->rows, &k);
    ASSERT(k.ranked >= 0 && k.ranked <= m->plan->jobs);
    sweep_ranking_release(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sweep_merge m = {0};
    enum err e;

    if (size == 0)
        return 0; /* fmemopen refuses to open nothing */
    e = merge(data, size, &m);
    if (m.plan) {
        read_own(data, size, &m, e);
        print_and_read_back(&m);
        if (m.plan->jobs <= RANKED_JOBS)
            rank(&m);
    }
    sweep_merge_release(&m);
    return 0;
}
