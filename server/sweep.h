/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `traderd sweep`: what was asked, the journal, the workers, and what is shown. */
#ifndef SERVER_SWEEP_H
#define SERVER_SWEEP_H

#include "engine/sweep.h"
#include "server/backtest.h"

enum {
    SWEEP_WORKERS = 256,
    SWEEP_JOURNALS = 1000
};

/* The words of the command line; NULL where none was given. */
struct sweep_words {
    struct backtest_words market; /* strategy, candles, terms, range, train */
    const char *sets[SWEEP_AXES];
    size_t set_count;
    const char *merges[SWEEP_JOURNALS];
    size_t merge_count;
    const char *random, *seed, *jobs, *objective, *min_trades, *journal, *out, *table, *shard;
    bool is_json, is_quiet;
};

/* ---- The journal: the header, then a row a line ---- */

struct sweep_journal {
    const char *path;
    int fd; /* locked while open */
    bool is_dirty;
};
/* Opens or begins it and takes the rows that it has.  A last line without its end is dropped.  A
 * journal of another sweep, one that is in use, or a broken line is refused with a diag. */
MUST_USE enum err sweep_journal_open(const char *path, const struct text *header,
                                     const struct sweep_plan *p, struct sweep_row *rows,
                                     struct diag_list *diags, struct sweep_journal *out);
MUST_USE enum err sweep_journal_append(struct sweep_journal *j, const struct text *line);
MUST_USE enum err sweep_journal_sync(struct sweep_journal *j); /* what was appended is durable */
void sweep_journal_close(struct sweep_journal *j);
/* All rows of a finished sweep, from the journals of its shards; *rows is the caller's to free. */
MUST_USE enum err sweep_journal_merge(const char *const *paths, size_t count,
                                      struct diag_list *diags, struct sweep_plan **plan,
                                      struct sweep_row **rows);

/* ---- The run ---- */

struct sweep_run {
    const struct sweep_plan *plan;
    const struct backtest_options *options; /* of the artifact as it is */
    struct sweep_row *rows;                 /* jobs; those that are there are not run */
    struct sweep_journal *journal;          /* or NULL */
    size_t workers;
    bool has_bar;
};
/* Runs what of this shard is missing.  ERR_IO: the journal could not be written; other errors with
 * diags. */
MUST_USE enum err sweep_run(const struct sweep_run *r, struct diag_list *diags);

/* ---- The result: the same bytes from the same rows ---- */

void sweep_print(const struct sweep_plan *p, const struct sweep_row *rows,
                 const struct sweep_ranking *k);
MUST_USE enum err sweep_print_json(const struct sweep_plan *p, const struct sweep_row *rows,
                                   const struct sweep_ranking *k);
MUST_USE enum err sweep_write_csv(const char *path, const struct sweep_plan *p,
                                  const struct sweep_row *rows, const struct sweep_ranking *k,
                                  struct diag_list *diags);
/* ERR_NOT_FOUND with a diag when no job has a rank. */
MUST_USE enum err sweep_write_winner(const char *path, const struct sweep_plan *p,
                                     const struct sweep_row *rows, const struct sweep_ranking *k,
                                     struct diag_list *diags);

#endif
