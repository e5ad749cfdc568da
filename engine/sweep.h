/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep: one artifact backtested with many values of its params, and the best of them found.
 *
 * What is swept is told by one JSON line, the header: the artifact, its axes, the terms, what
 * identifies the candles.  From it alone come the jobs (each with an index and an id), so that a
 * journal, which begins with it, can be continued, and journals of shards merged.  Each job leaves
 * one row of fixed size; memory does not grow with the number of trades or candles. */
#ifndef ENGINE_SWEEP_H
#define ENGINE_SWEEP_H

#include "core/digest.h"
#include "core/text.h"
#include "engine/backtest.h"
#include "engine/deflated_sharpe.h"

enum {
    SWEEP_AXES = 16,
    SWEEP_VALUES = 10000, /* of one axis */
    SWEEP_JOBS = 100000,  /* rows stay in memory: some 40 MB */
    SWEEP_ID = 17,        /* 16 hex digits and NUL */
    SWEEP_HEADER_BYTES = 3 * LIMIT_JSON_BYTES,
    SWEEP_LINE_BYTES = 4096 /* of a row */
};

enum sweep_metric {
    SWEEP_SHARPE,
    SWEEP_SORTINO,
    SWEEP_CALMAR,
    SWEEP_TOTAL_RETURN,
    SWEEP_CAGR,
    SWEEP_MAX_DRAWDOWN,
    SWEEP_PROFIT_FACTOR,
    SWEEP_WIN_RATE,
    SWEEP_EXPECTANCY,
    SWEEP_TRADES,
    SWEEP_METRICS
};
const char *sweep_metric_name(enum sweep_metric m); /* sharpe_ratio, ... */
MUST_USE enum err sweep_metric_parse(const char *name, enum sweep_metric *out);

/* The parts of the time that are judged. */
enum sweep_part {
    SWEEP_WHOLE,
    SWEEP_TRAIN, /* the whole again when nothing is split off */
    SWEEP_TEST,  /* without a value then */
    SWEEP_PARTS
};

/* What one job leaves. */
struct sweep_row {
    bool is_there;
    char refused[96]; /* why the artifact cannot be run with these values; "": it ran */
    double metrics[SWEEP_PARTS][SWEEP_METRICS]; /* NaN: no value */
    struct return_shape shape;                  /* of the training part */
};

/* A decimal of up to 12 places, counted as money is so that 0.1 * 3 is 0.3. */
struct sweep_axis {
    char name[LIMIT_NAME];
    struct money *values;
    size_t count;
    size_t begin, end; /* where the value stands in the artifact */
};

struct sweep_plan {
    char *artifact;
    size_t artifact_length;
    char strategy[LIMIT_NAME];
    struct sweep_axis axes[SWEEP_AXES]; /* the last one turns fastest */
    size_t axis_count;
    int64_t grid; /* all combinations */
    int64_t jobs; /* those that are tried */
    bool is_random;
    uint64_t seed;
    enum sweep_metric objective;
    int64_t min_trades;
    bool splits;                /* into train and test */
    int64_t shard, shard_count; /* job i is this shard's when i % shard_count == shard - 1 */
    char id[DIGEST_HEX];        /* of the header without the shard */
};

/* What a header is written from. */
struct sweep_definition {
    const char *artifact;
    size_t artifact_length;
    const char *const *sets; /* NAME=A..B:STEP or NAME=V,V,... */
    size_t set_count;
    int64_t random; /* so many of all combinations; 0: all */
    int64_t seed;
    enum sweep_metric objective;
    int64_t min_trades;
    int64_t shard, shard_count; /* 1 of 1: all jobs */
    const char *feed_id, *version;
    const struct backtest_options *options; /* strategies, terms, instruments, range, split */
};
void sweep_header_write(const struct sweep_definition *d, struct text *out); /* no newline */
/* The first member in which two headers differ, the shard left out unless asked for; false: none.
 */
bool sweep_header_differs(const char *mine, const char *theirs, bool with_shard,
                          char member[LIMIT_NAME]);

/* From a header.  Diags name what of --set or of the header is wrong. */
MUST_USE enum err sweep_plan_new(const char *header, size_t length, struct diag_list *diags,
                                 struct sweep_plan **out);
void sweep_plan_free(struct sweep_plan *p); /* NULL allowed */

/* The functions below read a plan only: any thread. */
struct money sweep_value(const struct sweep_plan *p, int64_t job, size_t axis);
void sweep_job_id(const struct sweep_plan *p, int64_t job, char id[SWEEP_ID]);
bool sweep_is_mine(const struct sweep_plan *p, int64_t job);
int64_t sweep_mine(const struct sweep_plan *p); /* how many are */
/* The artifact with the job's values; all else stays as it was written. */
void sweep_document(const struct sweep_plan *p, int64_t job, struct text *out);

void sweep_measure(const struct backtest_result *r, bool splits, struct sweep_row *out);
/* A row as one line of JSON, without newline, and back.  ERR_INVALID: it is no row of this plan. */
void sweep_row_write(const struct sweep_plan *p, int64_t job, const struct sweep_row *row,
                     struct text *out);
MUST_USE enum err sweep_row_parse(const struct sweep_plan *p, const char *line, size_t length,
                                  int64_t *job, struct sweep_row *out);

struct sweep_ranking {
    int64_t *order; /* jobs: the best first, then those without a rank, by index */
    int64_t ranked;
    int64_t trials;             /* jobs that ran */
    double variance, threshold; /* of their Sharpe ratios per day; see deflated_sharpe.h */
};
/* Of all rows, each of which is there.  Ties go to the lower index. */
void sweep_rank(const struct sweep_plan *p, const struct sweep_row *rows,
                struct sweep_ranking *out);
void sweep_ranking_release(struct sweep_ranking *r);
/* Why a row has no rank, or NULL. */
const char *sweep_unranked(const struct sweep_plan *p, const struct sweep_row *row);

/* The document of a job with what was measured as its `metrics`. */
void sweep_winner(const struct sweep_plan *p, int64_t job, const struct sweep_row *row,
                  double deflated, struct text *out);

/* Where an object of a valid document has the value of a member; false: it has none.  object is
 * the offset of its "{". */
bool sweep_member(const char *json, size_t object, const char *key, size_t *begin, size_t *end);

#endif
