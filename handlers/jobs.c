/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the list of jobs; the thread takes the oldest that waits, plays it and keeps its report. */
#include "handlers/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "engine/feed_copy.h"

enum {
    PRIORITY = 19 /* behind whatever else wants a processor */
};

struct job {
    int64_t number;
    enum job_state state;
    struct job_wish wish; /* with a reference of its strategy */
    int64_t created_us, started_us, finished_us;
    _Atomic int64_t done, total;
    _Atomic bool is_canceled;
    enum err error;
    char detail[224];
    struct job_result *result;
};

struct jobs {
    struct jobs_options options;
    pthread_mutex_t mutex; /* all below; not what the thread does with the job that runs */
    pthread_cond_t changed;
    pthread_t thread;
    bool is_ending, is_joined;
    int64_t newest;                               /* number */
    struct job *all[JOBS_KEPT + JOBS_QUEUED + 2]; /* by number */
    size_t count;
};

const char *job_state_name(enum job_state s)
{
    static const char *const names[] = {"queued", "running", "succeeded", "failed", "canceled"};

    ASSERT((size_t)s < COUNT_OF(names));
    return names[s];
}

/* ---- The list ---- */

static bool has_ended(const struct job *job)
{
    return job->state != JOB_QUEUED && job->state != JOB_RUNNING;
}

static void job_free(struct job *job)
{
    for (size_t i = 0; i < job->wish.strategy_count; i++)
        strategy_release(job->wish.strategies[i]);
    job_result_release(job->result);
    free(job);
}

static size_t bytes_of(const struct job *job)
{
    return job->result ? job_result_bytes(job->result) : 0;
}

static void end_job(struct job *job, enum job_state state)
{
    job->state = state;
    job->finished_us = clock_wall_us();
}

/* With the mutex held: forgets the oldest of those that have ended while there are too many. */
static void evict(struct jobs *j)
{
    size_t ended = 0, bytes = 0;

    for (size_t i = 0; i < j->count; i++) {
        ended += has_ended(j->all[i]);
        bytes += bytes_of(j->all[i]);
    }
    for (size_t i = 0; i < j->count && (ended > JOBS_KEPT || bytes > JOBS_REPORT_BYTES);) {
        struct job *job = j->all[i];

        if (!has_ended(job)) {
            i++;
            continue;
        }
        ended--;
        bytes -= bytes_of(job);
        job_free(job);
        j->count--;
        memmove(&j->all[i], &j->all[i + 1], (j->count - i) * sizeof *j->all);
    }
}

static struct job *next_queued(const struct jobs *j)
{
    for (size_t i = 0; i < j->count; i++)
        if (j->all[i]->state == JOB_QUEUED)
            return j->all[i];
    return NULL;
}

static double progress_of(const struct job *job)
{
    int64_t done = atomic_load(&job->done), total = atomic_load(&job->total);

    if (job->state == JOB_SUCCEEDED)
        return 1;
    if (total <= 0 || done <= 0)
        return 0;
    return done < total ? (double)done / (double)total : 1;
}

static void view(const struct jobs *j, const struct job *job, struct job_view *out)
{
    const struct job_wish *wish = &job->wish;

    *out = (struct job_view){
        .number = job->number,
        .state = job->state,
        .progress = progress_of(job),
        .from_us = wish->from_us,
        .to_us = wish->to_us,
        .created_us = job->created_us,
        .started_us = job->started_us,
        .finished_us = job->finished_us,
        .error = job->error,
        .result = job_result_acquire(job->result),
    };
    (void)snprintf(out->id, sizeof out->id, "%s-%lld", j->options.prefix, (long long)job->number);
    out->strategy_count = wish->strategy_count;
    for (size_t i = 0; i < wish->strategy_count; i++)
        out->strategies[i] = strategy_acquire(wish->strategies[i]);
    (void)copy_text(out->created_by, sizeof out->created_by, wish->created_by);
    (void)copy_text(out->detail, sizeof out->detail, job->detail);
}

void job_view_release(struct job_view *v)
{
    for (size_t i = 0; i < v->strategy_count; i++)
        strategy_release(v->strategies[i]);
    v->strategy_count = 0;
    job_result_release(v->result);
    v->result = NULL;
}

/* ---- The thread ---- */

static bool tell_progress(void *context, int64_t done, int64_t total)
{
    struct job *job = context;

    atomic_store(&job->total, total);
    atomic_store(&job->done, done);
    return !atomic_load(&job->is_canceled);
}

static bool goes_on(void *context)
{
    struct job *job = context;

    return !atomic_load(&job->is_canceled);
}

static void explain(struct job *job, const struct diag_list *diags, enum err e)
{
    if (diags->count > 0)
        (void)snprintf(job->detail, sizeof job->detail, "%.*s.", (int)sizeof job->detail - 2,
                       diags->items[0].message);
    else if (e == ERR_LIMIT)
        (void)snprintf(job->detail, sizeof job->detail,
                       "The report has more than %d MiB; give a shorter range.",
                       JOB_REPORT_BYTES / (1024 * 1024));
}

/* Beside the loop, which may be playing the feed at the same time. */
static enum err play(struct jobs *j, struct job *job, struct diag_list *diags,
                     struct job_result **out)
{
    const struct feed_past past = {.feed = j->options.feed, .until_us = INT64_MAX};
    struct backtest_options o = {
        .strategies = (const struct strategy *const *)job->wish.strategies,
        .strategy_count = job->wish.strategy_count,
        .instruments = j->options.instruments,
        .instrument_count = j->options.instrument_count,
        .beside = j->options.beside,
        .terms = job->wish.terms,
        .from_us = job->wish.from_us,
        .to_us = job->wish.to_us,
        .windows = job->wish.windows,
        .split = job->wish.split,
        .progress = tell_progress,
        .context = job,
    };
    struct backtest_result *result = xcalloc(1, sizeof *result);
    struct feed_copy *copy = NULL;
    struct feed feed;
    enum err e = feed_copy_new(&past, &copy);

    if (!e) {
        feed = feed_copy_port(copy);
        o.feed = &feed;
        e = backtest_run(&o, diags, result);
    }
    feed_copy_free(copy);
    if (!e) {
        (void)tell_progress(job, 1, 1); /* the report is still to be written */
        e = job_result_new(&o, result, goes_on, job, out);
        backtest_result_release(result);
    }
    free(result);
    return e;
}

/* With the mutex held, which is given up meanwhile. */
static void run_job(struct jobs *j, struct job *job)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct job_result *result = NULL;
    enum err e;

    job->state = JOB_RUNNING;
    job->started_us = clock_wall_us();
    pthread_mutex_unlock(&j->mutex);
    e = play(j, job, diags, &result);
    pthread_mutex_lock(&j->mutex);
    if (!e && atomic_load(&job->is_canceled)) { /* who canceled it was told that it runs */
        job_result_release(result);
        result = NULL;
        e = ERR_CANCELED;
    }
    job->result = result;
    if (e && e != ERR_CANCELED) {
        job->error = e == ERR_END ? ERR_INVALID : e; /* no candles in what was asked for */
        explain(job, diags, e);
    }
    end_job(job, !e ? JOB_SUCCEEDED : e == ERR_CANCELED ? JOB_CANCELED : JOB_FAILED);
    evict(j);
    free(diags);
}

static void *jobs_main(void *argument)
{
    struct jobs *j = argument;
    struct job *job;

    /* Of this thread alone: on Linux each has its own. */
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), PRIORITY))
        LOG_WARN("job_priority_not_lowered", NULL);
    pthread_mutex_lock(&j->mutex);
    while (!j->is_ending) {
        job = next_queued(j);
        if (job)
            run_job(j, job);
        else
            pthread_cond_wait(&j->changed, &j->mutex);
    }
    pthread_mutex_unlock(&j->mutex);
    return NULL;
}

/* ---- Begin and end ---- */

enum err jobs_new(const struct jobs_options *options, struct jobs **out)
{
    struct jobs *j = xcalloc(1, sizeof *j);

    j->options = *options;
    pthread_mutex_init(&j->mutex, NULL);
    pthread_cond_init(&j->changed, NULL);
    if (pthread_create(&j->thread, NULL, jobs_main, j) != 0) {
        pthread_cond_destroy(&j->changed);
        pthread_mutex_destroy(&j->mutex);
        free(j);
        return ERR_IO;
    }
    *out = j;
    return ERR_OK;
}

void jobs_stop(struct jobs *j)
{
    if (!j || j->is_joined)
        return;
    pthread_mutex_lock(&j->mutex);
    j->is_ending = true;
    for (size_t i = 0; i < j->count; i++) {
        atomic_store(&j->all[i]->is_canceled, true);
        if (j->all[i]->state == JOB_QUEUED)
            end_job(j->all[i], JOB_CANCELED);
    }
    pthread_cond_signal(&j->changed);
    pthread_mutex_unlock(&j->mutex);
    pthread_join(j->thread, NULL);
    j->is_joined = true;
}

void jobs_free(struct jobs *j)
{
    if (!j)
        return;
    jobs_stop(j);
    for (size_t i = 0; i < j->count; i++)
        job_free(j->all[i]);
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->mutex);
    free(j);
}

/* ---- What is asked of them ---- */

static enum err check_wish(const struct jobs *j, const struct job_wish *wish,
                           struct diag_list *diags)
{
    const struct backtest_options o = {
        .strategies = (const struct strategy *const *)wish->strategies,
        .strategy_count = wish->strategy_count,
        .feed = j->options.feed,
        .instruments = j->options.instruments,
        .instrument_count = j->options.instrument_count,
        .beside = j->options.beside,
        .terms = wish->terms,
        .from_us = wish->from_us,
        .to_us = wish->to_us,
        .windows = wish->windows,
    };

    return j->options.feed ? backtest_check(&o, diags) : ERR_NO_FEED;
}

static enum err enqueue(struct jobs *j, struct job *job)
{
    size_t queued = 0;

    if (j->is_ending)
        return ERR_SHUTTING_DOWN;
    for (size_t i = 0; i < j->count; i++)
        queued += j->all[i]->state == JOB_QUEUED;
    if (queued >= JOBS_QUEUED)
        return ERR_QUEUE_FULL;
    ASSERT(j->count < COUNT_OF(j->all));
    job->number = ++j->newest;
    j->all[j->count++] = job;
    pthread_cond_signal(&j->changed);
    return ERR_OK;
}

enum err jobs_submit(struct jobs *j, const struct job_wish *wish, struct diag_list *diags,
                     struct job_view *out)
{
    struct job *job;
    enum err e = check_wish(j, wish, diags);

    if (e)
        return e;
    job = xcalloc(1, sizeof *job);
    job->wish = *wish;
    for (size_t i = 0; i < wish->strategy_count; i++)
        job->wish.strategies[i] = strategy_acquire(wish->strategies[i]);
    job->created_us = clock_wall_us();
    job->started_us = job->finished_us = TIME_NONE;
    pthread_mutex_lock(&j->mutex);
    e = enqueue(j, job);
    if (!e)
        view(j, job, out);
    pthread_mutex_unlock(&j->mutex);
    if (e)
        job_free(job);
    return e;
}

/* The number of an id of this run, 0 of any other text: one thing has one name. */
static int64_t number_of(const struct jobs *j, const char *id)
{
    size_t prefix = strlen(j->options.prefix), digits;

    if (strncmp(id, j->options.prefix, prefix) != 0 || id[prefix] != '-')
        return 0;
    id += prefix + 1;
    digits = strspn(id, "0123456789");
    if (digits == 0 || digits > 18 || id[digits] || id[0] == '0')
        return 0;
    return strtoll(id, NULL, 10);
}

/* With the mutex held. */
static enum err find(const struct jobs *j, const char *id, struct job **out)
{
    int64_t number = number_of(j, id);

    for (size_t i = 0; i < j->count; i++) {
        if (j->all[i]->number == number) {
            *out = j->all[i];
            return ERR_OK;
        }
    }
    return number > 0 && number <= j->newest ? ERR_GONE : ERR_NOT_FOUND;
}

enum err jobs_get(struct jobs *j, const char *id, struct job_view *out)
{
    struct job *job;
    enum err e;

    pthread_mutex_lock(&j->mutex);
    e = find(j, id, &job);
    if (!e)
        view(j, job, out);
    pthread_mutex_unlock(&j->mutex);
    return e;
}

size_t jobs_list(struct jobs *j, int64_t before, size_t most, struct job_view *out, bool *more)
{
    size_t count = 0;

    *more = false;
    pthread_mutex_lock(&j->mutex);
    for (size_t i = j->count; i > 0 && !*more; i--) {
        if (before > 0 && j->all[i - 1]->number >= before)
            continue;
        *more = count == most;
        if (!*more)
            view(j, j->all[i - 1], &out[count++]);
    }
    pthread_mutex_unlock(&j->mutex);
    return count;
}

enum err jobs_cancel(struct jobs *j, const char *id, bool *is_running)
{
    struct job *job;
    enum err e;

    pthread_mutex_lock(&j->mutex);
    e = find(j, id, &job);
    if (!e) {
        *is_running = job->state == JOB_RUNNING;
        atomic_store(&job->is_canceled, true);
        if (job->state == JOB_QUEUED) {
            end_job(job, JOB_CANCELED);
            evict(j);
        }
    }
    pthread_mutex_unlock(&j->mutex);
    return e;
}
