/* SPDX-License-Identifier: Apache-2.0 */
/* Backtests as jobs: a bounded queue, one thread that works it off behind everything else, and the
 * newest results.
 *
 * All in memory: an end of the daemon forgets them.  At most JOBS_QUEUED wait, JOBS_KEPT that have
 * ended are kept and JOBS_REPORT_BYTES of their results; the oldest go first.  Any thread. */
#ifndef HANDLERS_JOBS_H
#define HANDLERS_JOBS_H

#include "handlers/job_result.h"

enum {
    JOBS_QUEUED = 8,
    JOBS_KEPT = 32,
    JOB_ID_MAX = 32,
    JOBS_REPORT_BYTES = 128 * 1024 * 1024
};

enum job_state {
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_SUCCEEDED,
    JOB_FAILED,
    JOB_CANCELED
};
const char *job_state_name(enum job_state s);

/* What is to be played; the strategies, all on one account, are borrowed. */
struct job_wish {
    struct strategy *strategies[LIMIT_STRATEGIES];
    size_t strategy_count; /* at least 1 */
    struct trial_terms terms;
    int64_t from_us, to_us; /* 0: without bound */
    size_t windows;
    struct ratio split;
    char created_by[LIMIT_NAME];
};

/* A job as it was at one moment. */
struct job_view {
    int64_t number; /* from 1 on, in the order of submission */
    char id[JOB_ID_MAX];
    enum job_state state;
    double progress;                               /* 0 to 1 */
    struct strategy *strategies[LIMIT_STRATEGIES]; /* references */
    size_t strategy_count;
    int64_t from_us, to_us; /* as wished */
    char created_by[LIMIT_NAME];
    int64_t created_us, started_us, finished_us; /* TIME_NONE: not yet */
    enum err error;                              /* of a failed one */
    char detail[224];                            /* why; may be empty */
    struct job_result *result;                   /* a reference; NULL unless it succeeded */
};
/* Gives the references back. */
void job_view_release(struct job_view *v);

struct jobs_options {
    const struct feed *feed; /* NULL: none, and no job is taken.  Must outlive the jobs */
    const struct instrument *instruments;
    size_t instrument_count;
    const struct feed_beside *beside; /* one an instrument, or NULL: outlives the jobs */
    const char *prefix;               /* of ids; another one in each run of the daemon */
};

struct jobs;

/* Starts the thread. */
MUST_USE enum err jobs_new(const struct jobs_options *options, struct jobs **out);
/* Takes no more jobs, cancels all that have not ended and joins the thread; NULL allowed. */
void jobs_stop(struct jobs *j);
/* Stops them first; NULL allowed. */
void jobs_free(struct jobs *j);

/* ERR_NO_FEED; ERR_NOT_TRADABLE, ERR_INVALID with diags: it does not fit the feed or itself;
 * ERR_QUEUE_FULL, ERR_SHUTTING_DOWN.  Otherwise *out is the caller's to release. */
MUST_USE enum err jobs_submit(struct jobs *j, const struct job_wish *wish, struct diag_list *diags,
                              struct job_view *out);
/* ERR_NOT_FOUND; ERR_GONE: it had ended and is not kept any more. */
MUST_USE enum err jobs_get(struct jobs *j, const char *id, struct job_view *out);
/* The newest with a number below `before` (0: all), at most `most`; returns how many. */
size_t jobs_list(struct jobs *j, int64_t before, size_t most, struct job_view *out, bool *more);
/* A job that waits ends at once, one that runs or writes its report soon, without a result:
 * *is_running.  One that has ended stays as it is.  Errors as jobs_get. */
MUST_USE enum err jobs_cancel(struct jobs *j, const char *id, bool *is_running);

#endif
