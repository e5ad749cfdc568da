/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of sweeps' journals: a header line, then a row a line, from any stream.
 *
 * Memory is that of the rows and of one line: a line that is longer than any of its kind is
 * refused before it is read to its end. */
#ifndef SERVER_SWEEP_READ_H
#define SERVER_SWEEP_READ_H

#include <stdio.h>

#include "engine/sweep.h"

struct sweep_lines {
    FILE *file;       /* the caller's */
    const char *path; /* for what is told of it */
    struct text line; /* the newest, without its newline */
    int64_t end;      /* behind the newest whole line */
    int number;       /* of the newest whole line, from 1 */
    bool is_too_long; /* what follows `end` is */
};
void sweep_lines_init(struct sweep_lines *l, FILE *file, const char *path);
void sweep_lines_release(struct sweep_lines *l); /* leaves the file open */

/* Takes the rows of a journal that must be of just this header.  A last line without its newline
 * was never finished: it is not taken, and l->end is before it.  ERR_END: not even the header is
 * whole, and what is there is how it begins; ERR_INVALID, ERR_IO with a diag. */
MUST_USE enum err sweep_read_own(struct sweep_lines *l, const struct text *header,
                                 const struct sweep_plan *p, struct sweep_row *rows,
                                 struct diag_list *diags);

/* Rows of journals of one sweep, in its shards. */
struct sweep_merge {
    char *first; /* header of the first journal */
    struct sweep_plan *plan;
    struct sweep_row *rows; /* plan->jobs */
};
/* Takes one more journal; *m begins as zeros.  ERR_INVALID, ERR_IO with a diag. */
MUST_USE enum err sweep_merge_add(struct sweep_merge *m, struct sweep_lines *l,
                                  struct diag_list *diags);
/* ERR_INVALID with a diag: the row of a job is missing. */
MUST_USE enum err sweep_merge_check(const struct sweep_merge *m, struct diag_list *diags);
void sweep_merge_release(struct sweep_merge *m);

#endif
