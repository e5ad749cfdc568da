/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: the queue's bound, what is canceled when, what is listed meanwhile, what is forgotten, and
 * an end while some wait. */
#include "handlers/jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/check.h"
#include "tests/support/world.h"

enum {
    CANDLES = 3000 / CHECK_EVERY,
    MANY_CANDLES = 40000 / CHECK_EVERY, /* whose report takes a moment to write */
    THREADS = 3,
    ROUNDS = 60,
    LOOK_US = 200
};
/* Jobs run at nice 19: a busy machine may let them wait. */
#define DEADLINE_US (200 * US_PER_S)

/* Comes and goes with every candle. */
static const char busy_json[] =
    "{\"version\":1,\"name\":\"busy\",\"symbol\":\"BTC/USDT\",\"timeframe\":\"5m\","
    "\"entry\":{\"condition\":\"close > 0\",\"direction\":\"long\",\"confidence\":0.9},"
    "\"exit\":{\"max_candles\":1},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.2},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}";

/* A feed whose past is told only while the gate is open; it must never be played. */
struct gate {
    struct feed inner;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_open;
    int asked; /* times that the past was asked for */
};

struct fixture {
    struct memory_journal journal;
    struct world world;
    char *csv;
    struct gate gate;
    struct feed feed;
    struct strategy *strategy;
    struct jobs *jobs;
    struct job_wish wish;
};

static enum err gate_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    (void)self, (void)at_us, (void)kind;
    fail_msg("a job plays the loop's feed");
    return ERR_END;
}

static enum err gate_next(void *self, struct feed_event *out)
{
    (void)self, (void)out;
    fail_msg("a job plays the loop's feed");
    return ERR_END;
}

static void gate_rewind(void *self, int64_t shift_us)
{
    (void)self, (void)shift_us;
    fail_msg("a job rewinds the loop's feed");
}

static int64_t gate_timeframe_us(void *self)
{
    const struct feed *inner = &((struct gate *)self)->inner;

    return inner->timeframe_us(inner->self);
}

static int64_t gate_first_us(void *self)
{
    const struct feed *inner = &((struct gate *)self)->inner;

    return inner->first_us(inner->self);
}

static enum err gate_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    struct gate *g = self;

    pthread_mutex_lock(&g->mutex);
    g->asked++;
    while (!g->is_open)
        pthread_cond_wait(&g->changed, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
    return g->inner.history(g->inner.self, until_us, shift_us, most, take, context);
}

static bool gate_candles(void *self, size_t instrument, struct candle_span *out)
{
    const struct feed *inner = &((struct gate *)self)->inner;

    return inner->candles(inner->self, instrument, out);
}

static void gate_set(struct gate *g, bool is_open)
{
    pthread_mutex_lock(&g->mutex);
    g->is_open = is_open;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

static struct fixture *fixture_new(size_t candles)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    struct world_options o = world_options_default();
    struct jobs_options options = {.prefix = "run"};

    f->csv = world_candles(11, candles, 1000);
    o.without_strategy = true;
    o.strategy = busy_json;
    o.symbol_count = 1;
    o.symbols[0] = "BTC/USDT";
    o.csv[0] = f->csv;
    memory_journal_init(&f->journal);
    world_open(&f->world, &o, &f->journal);
    pthread_mutex_init(&f->gate.mutex, NULL);
    pthread_cond_init(&f->gate.changed, NULL);
    f->gate.inner = f->world.feed;
    f->gate.is_open = true;
    f->feed = (struct feed){.self = &f->gate,
                            .peek = gate_peek,
                            .next = gate_next,
                            .rewind = gate_rewind,
                            .timeframe_us = gate_timeframe_us,
                            .first_us = gate_first_us,
                            .history = gate_history};
    assert_ok(strategy_parse(busy_json, sizeof busy_json - 1, true, NULL, &f->strategy));
    f->wish = (struct job_wish){
        .strategies = {f->strategy}, .strategy_count = 1, .terms = trial_terms_default()};
    options.feed = &f->feed;
    options.instruments = f->world.instruments;
    options.instrument_count = 1;
    assert_ok(jobs_new(&options, &f->jobs));
    return f;
}

static int setup(void **state)
{
    *state = fixture_new(CANDLES);
    return 0;
}

static int setup_many(void **state)
{
    *state = fixture_new(MANY_CANDLES);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gate_set(&f->gate, true);
    jobs_free(f->jobs);
    strategy_release(f->strategy);
    world_close(&f->world);
    memory_journal_release(&f->journal);
    pthread_cond_destroy(&f->gate.changed);
    pthread_mutex_destroy(&f->gate.mutex);
    free(f->csv);
    free(f);
    return 0;
}

static enum err submit(struct fixture *f, struct job_view *v)
{
    struct diag_list diags = {0};

    return jobs_submit(f->jobs, &f->wish, &diags, v);
}

static struct job_view submitted(struct fixture *f)
{
    struct job_view v;

    assert_ok(submit(f, &v));
    assert_null(v.result);
    job_view_release(&v); /* the rest of it stays */
    return v;
}

/* Waits for the state; the caller releases the view. */
static struct job_view wait_for(struct fixture *f, const char *id, enum job_state state)
{
    const int64_t end_us = clock_monotonic_us() + DEADLINE_US;
    struct job_view v;

    for (;;) {
        assert_ok(jobs_get(f->jobs, id, &v));
        if (v.state == state)
            return v;
        if (v.state > JOB_RUNNING || clock_monotonic_us() > end_us)
            fail_msg("job %s is %s, %s was waited for", id, job_state_name(v.state),
                     job_state_name(state));
        job_view_release(&v);
        (void)usleep(LOOK_US);
    }
}

static void end_as(struct fixture *f, const char *id, enum job_state state)
{
    struct job_view v = wait_for(f, id, state);

    assert_true((v.result != NULL) == (state == JOB_SUCCEEDED));
    job_view_release(&v);
}

static bool cancel(struct fixture *f, const char *id)
{
    bool is_running = false;

    assert_ok(jobs_cancel(f->jobs, id, &is_running));
    return is_running;
}

/* ---- Queue, cancel, list, end ---- */

static void test_queue_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct job_view runs, waits[JOBS_QUEUED], none;

    gate_set(&f->gate, false);
    runs = submitted(f);
    end_as(f, runs.id, JOB_RUNNING);
    for (size_t i = 0; i < JOBS_QUEUED; i++)
        waits[i] = submitted(f);
    assert_err(submit(f, &none), ERR_QUEUE_FULL);
    assert_false(cancel(f, waits[3].id));
    end_as(f, waits[3].id, JOB_CANCELED);
    waits[3] = submitted(f); /* its place is free */
    assert_int_equal(waits[3].number, JOBS_QUEUED + 2);
    assert_err(submit(f, &none), ERR_QUEUE_FULL);
    gate_set(&f->gate, true);
    end_as(f, runs.id, JOB_SUCCEEDED);
    for (size_t i = 0; i < JOBS_QUEUED; i++)
        end_as(f, waits[i].id, JOB_SUCCEEDED);
}

static void test_cancel_while_running(void **state)
{
    struct fixture *f = *state;
    struct job_view runs, waits;

    gate_set(&f->gate, false);
    runs = submitted(f);
    waits = submitted(f);
    end_as(f, runs.id, JOB_RUNNING);
    assert_true(cancel(f, runs.id));
    assert_true(cancel(f, runs.id));
    end_as(f, runs.id, JOB_RUNNING); /* it cannot see it yet */
    gate_set(&f->gate, true);
    end_as(f, runs.id, JOB_CANCELED);
    end_as(f, waits.id, JOB_SUCCEEDED);
    assert_false(cancel(f, waits.id)); /* what has ended stays */
    end_as(f, waits.id, JOB_SUCCEEDED);
}

/* Its progress is 1 and it still runs. */
static bool is_writing(struct fixture *f, const char *id)
{
    const int64_t end_us = clock_monotonic_us() + DEADLINE_US;
    struct job_view v = {.state = JOB_QUEUED};

    while (v.state <= JOB_RUNNING && !(v.state == JOB_RUNNING && v.progress >= 1)) {
        job_view_release(&v);
        assert_true(clock_monotonic_us() < end_us);
        (void)usleep(LOOK_US);
        assert_ok(jobs_get(f->jobs, id, &v));
    }
    job_view_release(&v);
    return v.state == JOB_RUNNING;
}

static void test_cancel_while_writing(void **state)
{
    struct fixture *f = *state;
    struct job_view job;
    bool was_running = false;

    /* A busy machine may miss the moment, though not every time. */
    for (int i = 0; i < JOBS_KEPT && !was_running; i++) {
        job = submitted(f);
        was_running = is_writing(f, job.id) && cancel(f, job.id);
    }
    assert_true(was_running);
    end_as(f, job.id, JOB_CANCELED);
}

static void test_list_while_running(void **state)
{
    struct fixture *f = *state;
    struct job_view made[3], rows[4];
    bool more = false;

    gate_set(&f->gate, false);
    for (size_t i = 0; i < COUNT_OF(made); i++)
        made[i] = submitted(f);
    end_as(f, made[0].id, JOB_RUNNING);
    assert_int_equal(jobs_list(f->jobs, 0, 2, rows, &more), 2);
    assert_true(more);
    assert_string_equal(rows[0].id, made[2].id);
    assert_int_equal(rows[0].state, JOB_QUEUED);
    for (size_t i = 0; i < 2; i++)
        job_view_release(&rows[i]);
    assert_int_equal(jobs_list(f->jobs, rows[1].number, 4, rows, &more), 1);
    assert_false(more);
    assert_string_equal(rows[0].id, made[0].id);
    assert_int_equal(rows[0].state, JOB_RUNNING);
    assert_null(rows[0].result);
    assert_true(rows[0].started_us != TIME_NONE && rows[0].finished_us == TIME_NONE);
    assert_ptr_equal(rows[0].strategies[0], f->strategy);
    job_view_release(&rows[0]);
    gate_set(&f->gate, true);
    end_as(f, made[2].id, JOB_SUCCEEDED);
    assert_int_equal(jobs_list(f->jobs, 0, 4, rows, &more), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rows[i].state, JOB_SUCCEEDED);
        job_view_release(&rows[i]);
    }
}

static void test_ids(void **state)
{
    static const char *const wrong[] = {"",       "1",     "run",    "run-",  "run-0",
                                        "run-01", "run-2", "run-1 ", "walk-1"};
    struct fixture *f = *state;
    struct job_view v = submitted(f);
    bool is_running;

    assert_string_equal(v.id, "run-1");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_err(jobs_get(f->jobs, wrong[i], &v), ERR_NOT_FOUND);
        assert_err(jobs_cancel(f->jobs, wrong[i], &is_running), ERR_NOT_FOUND);
    }
    for (size_t i = 0; i <= JOBS_KEPT; i++) {
        end_as(f, v.id, JOB_SUCCEEDED);
        v = submitted(f);
    }
    end_as(f, v.id, JOB_SUCCEEDED);
    assert_err(jobs_get(f->jobs, "run-1", &v), ERR_GONE);
    assert_err(jobs_cancel(f->jobs, "run-2", &is_running), ERR_GONE);
    end_as(f, "run-3", JOB_SUCCEEDED);
}

struct opening {
    struct fixture *f;
    const char *runs;
};

/* Opens the gate once the end has canceled what waits. */
static void *open_later(void *context)
{
    const struct opening *o = context;
    struct job_view v;

    v = wait_for(o->f, o->runs, JOB_RUNNING);
    job_view_release(&v);
    v = wait_for(o->f, "run-2", JOB_CANCELED);
    job_view_release(&v);
    gate_set(&o->f->gate, true);
    return NULL;
}

static void test_stop_cancels_what_waits_and_runs(void **state)
{
    struct fixture *f = *state;
    struct job_view runs, none;
    struct opening o = {f, runs.id};
    pthread_t thread;

    gate_set(&f->gate, false);
    runs = submitted(f);
    end_as(f, runs.id, JOB_RUNNING);
    (void)submitted(f);
    (void)submitted(f);
    assert_int_equal(pthread_create(&thread, NULL, open_later, &o), 0);
    jobs_stop(f->jobs);
    assert_int_equal(pthread_join(thread, NULL), 0);
    end_as(f, "run-1", JOB_CANCELED);
    end_as(f, "run-2", JOB_CANCELED);
    end_as(f, "run-3", JOB_CANCELED);
    assert_err(submit(f, &none), ERR_SHUTTING_DOWN);
    assert_int_equal(f->gate.asked, 1);
    jobs_stop(f->jobs);
}

/* What the feed has in memory is played there. */
static void test_nothing_is_copied(void **state)
{
    struct fixture *f = *state;
    struct job_view v;

    f->feed.candles = gate_candles;
    v = submitted(f);
    end_as(f, v.id, JOB_SUCCEEDED);
    assert_ok(ratio_parse("0.9", 3, &f->wish.terms.volume_cap)); /* by the whole engine */
    v = submitted(f);
    end_as(f, v.id, JOB_SUCCEEDED);
    assert_int_equal(f->gate.asked, 0);
}

static void *use(void *context)
{
    struct fixture *f = context;
    struct job_view v, rows[JOBS_QUEUED];
    bool is_running, more;

    for (int i = 0; i < ROUNDS; i++) {
        const enum err e = submit(f, &v);
        const size_t count = jobs_list(f->jobs, 0, COUNT_OF(rows), rows, &more);

        for (size_t k = 0; k < count; k++)
            job_view_release(&rows[k]);
        if (e) {
            assert_err(e, ERR_QUEUE_FULL);
            (void)usleep(LOOK_US);
            continue;
        }
        job_view_release(&v);
        if (i % 2 == 0)
            assert_ok(jobs_cancel(f->jobs, v.id, &is_running));
        if (jobs_get(f->jobs, v.id, &v) == ERR_OK)
            job_view_release(&v);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, f), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    jobs_stop(f->jobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_queue_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_while_running, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_while_writing, setup_many, teardown),
        cmocka_unit_test_setup_teardown(test_list_while_running, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_cancels_what_waits_and_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_threads, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
