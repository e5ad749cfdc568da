/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a sweep's jobs on threads that share the candles, and keeps journal and progress. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/condition.h"
#include "engine/feed_copy.h"
#include "server/sweep.h"

enum {
    BAR_CELLS = 30,
    LOOK_EVERY_US = 100 * 1000,
    SYNC_EVERY_US = 1000 * 1000
};

struct work {
    const struct sweep_run *run;
    pthread_mutex_t mutex; /* of all below, of the journal and of rows */
    pthread_cond_t changed;
    int64_t next; /* job to look at */
    int64_t total, done;
    size_t active;
    enum err error; /* the first; it ends the work */
    struct diag_list *diags;
};

struct worker {
    struct work *work;
    struct feed_copy *copy;
    pthread_t thread;
};

/* ---- One job ---- */

static void refuse(struct sweep_row *row, const struct diag_list *diags, enum err e)
{
    char text[320];

    *row = (struct sweep_row){.is_there = true};
    diag_describe(diags, e, text, sizeof text);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?'; /* cut anywhere, it stays valid */
    (void)copy_text(row->refused, sizeof row->refused, text);
}

/* What is wrong with all jobs alike, and not with the values of one. */
static bool stops_all(enum err e)
{
    return e == ERR_INVALID || e == ERR_NOT_TRADABLE || e == ERR_END || e == ERR_NAME_TAKEN;
}

static enum err run_job(struct worker *w, int64_t job, struct diag_list *diags,
                        struct sweep_row *row)
{
    const struct work *work = w->work;
    struct backtest_options o = *work->run->options;
    const struct feed feed = feed_copy_port(w->copy);
    struct strategy *strategy = NULL;
    struct backtest_result r;
    struct text document;
    enum err e;

    text_init(&document, 2 * LIMIT_JSON_BYTES);
    sweep_document(work->run->plan, job, &document);
    e = strategy_parse(document.data, document.length, o.terms.limits.stop_loss_required, diags,
                       &strategy);
    text_release(&document);
    if (e) {
        refuse(row, diags, e);
        return ERR_OK;
    }
    o.strategies = (const struct strategy *const *)&strategy;
    o.feed = &feed;
    o.metrics_only = true;
    e = backtest_run(&o, diags, &r);
    strategy_release(strategy);
    if (!e) {
        sweep_measure(&r, work->run->plan->splits, row);
        backtest_result_release(&r);
    } else if (!stops_all(e)) {
        refuse(row, diags, e);
        e = ERR_OK;
    }
    return e;
}

/* ---- The workers; all below holds the mutex but while a job runs ---- */

static bool take_job(struct work *w, int64_t *job)
{
    const struct sweep_plan *p = w->run->plan;

    while (w->next < p->jobs && (w->run->rows[w->next].is_there || !sweep_is_mine(p, w->next)))
        w->next++;
    if (w->error || w->next == p->jobs)
        return false;
    *job = w->next++;
    return true;
}

static enum err keep(struct work *w, int64_t job, const struct sweep_row *row)
{
    struct text line;
    enum err e;

    w->run->rows[job] = *row;
    w->done++;
    if (!w->run->journal)
        return ERR_OK;
    text_init(&line, SWEEP_LINE_BYTES);
    sweep_row_write(w->run->plan, job, row, &line);
    ASSERT(!line.full);
    e = sweep_journal_append(w->run->journal, &line);
    text_release(&line);
    return e;
}

static void *work_on(void *argument)
{
    struct worker *me = argument;
    struct work *w = me->work;
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    int64_t job;

    pthread_mutex_lock(&w->mutex);
    while (take_job(w, &job)) {
        struct sweep_row row;
        enum err e;

        pthread_mutex_unlock(&w->mutex);
        *diags = (struct diag_list){0};
        e = run_job(me, job, diags, &row);
        pthread_mutex_lock(&w->mutex);
        if (!e)
            e = keep(w, job, &row);
        if (e && !w->error) {
            w->error = e;
            *w->diags = *diags;
        }
    }
    w->active--;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    free(diags);
    return NULL;
}

/* ---- The one who waits ---- */

static void draw(const struct work *w, int64_t begun_us)
{
    const int64_t passed_us = clock_monotonic_us() - begun_us;
    const int cells = (int)(w->done * BAR_CELLS / w->total);

    fprintf(stderr, "\r[%.*s%*s] %" PRId64 " of %" PRId64, cells, "##############################",
            BAR_CELLS - cells, "", w->done, w->total);
    if (w->done > 0)
        fprintf(stderr, "  %" PRId64 " s left  ",
                passed_us / w->done * (w->total - w->done) / US_PER_S);
    fflush(stderr);
}

static void watch(struct work *w)
{
    const int64_t begun_us = clock_monotonic_us();
    int64_t synced_us = begun_us;

    pthread_mutex_lock(&w->mutex);
    while (w->active > 0) {
        const int64_t now_us = clock_monotonic_us();

        if (w->run->has_bar)
            draw(w, begun_us);
        if (w->run->journal && now_us - synced_us >= SYNC_EVERY_US) {
            synced_us = now_us;
            if (sweep_journal_sync(w->run->journal) && !w->error)
                w->error = ERR_IO;
        }
        (void)condition_wait_until(&w->changed, &w->mutex, now_us + LOOK_EVERY_US);
    }
    pthread_mutex_unlock(&w->mutex);
    if (w->run->has_bar)
        fprintf(stderr, "\r%*s\r", BAR_CELLS + 48, "");
}

static enum err open_workers(struct work *w, struct worker *workers, size_t count)
{
    const struct feed_past past = {.feed = w->run->options->feed, .until_us = INT64_MAX};
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && !e; i++) {
        workers[i].work = w;
        e = feed_copy_new(&past, &workers[i].copy);
    }
    if (e == ERR_END)
        (void)diag_add(w->diags, "candles", "end", "there are no candles");
    return e;
}

static void start(struct work *w, struct worker *workers, size_t count)
{
    size_t started = 0;

    pthread_mutex_init(&w->mutex, NULL);
    condition_init(&w->changed);
    w->active = count;
    for (; started < count; started++)
        if (pthread_create(&workers[started].thread, NULL, work_on, &workers[started]))
            break;
    if (started < count) {
        pthread_mutex_lock(&w->mutex);
        w->active -= count - started;
        if (started == 0) {
            w->error = ERR_LIMIT;
            (void)diag_add(w->diags, "--jobs", "limit_exceeded", "no thread could be started");
        }
        pthread_mutex_unlock(&w->mutex);
    }
    watch(w);
    for (size_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
}

enum err sweep_run(const struct sweep_run *r, struct diag_list *diags)
{
    struct work w = {.run = r, .diags = diags};
    struct worker *workers = xcalloc(r->workers, sizeof *workers);
    size_t count = r->workers;
    enum err e;

    for (int64_t i = 0; i < r->plan->jobs; i++)
        w.total += sweep_is_mine(r->plan, i) && !r->rows[i].is_there;
    if ((int64_t)count > w.total)
        count = (size_t)w.total;
    e = count > 0 ? open_workers(&w, workers, count) : ERR_OK;
    if (!e && count > 0) {
        start(&w, workers, count);
        e = w.error;
    }
    if (r->journal && sweep_journal_sync(r->journal) && !e)
        e = ERR_IO;
    if (e == ERR_IO && diags->count == 0)
        (void)diag_add(diags, r->journal ? r->journal->path : "candles", "file",
                       "the journal could not be written");
    for (size_t i = 0; i < r->workers; i++)
        feed_copy_free(workers[i].copy);
    free(workers);
    return e;
}
