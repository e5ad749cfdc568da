/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's thread: mailbox, pace, cycles, patience with the journal, publication.
 *
 * Locks: `publish` guards the newest snapshot's pointer and the wait for a newer one; each call's
 * own mutex guards its reply.  No lock is held while trading. */
#include "engine/engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/condition.h"
#include "core/log.h"
#include "core/queue.h"
#include "engine/cycle.h"
#include "engine/execution.h"
#include "engine/gate.h"
#include "engine/operator.h"
#include "engine/playback.h"
#include "engine/publish.h"
#include "engine/recovery.h"
#include "engine/renewal.h"
#include "engine/state.h"
#include "engine/ticket.h"

enum {
    ENGINE_IDLE_WAIT_US = 500 * 1000,    /* heartbeat while nothing happens */
    ENGINE_PUBLISH_EVERY_US = 50 * 1000, /* while only time passes */
    ENGINE_BACKOFF_MIN_US = 50 * 1000,   /* the journal is away: 0.05 s doubling to 2 s */
    ENGINE_BACKOFF_MAX_US = 2 * 1000 * 1000
};

struct engine {
    struct engine_state state;
    struct cycle_times times;
    struct queue mailbox; /* of struct ticket * */
    pthread_t thread;
    bool running, is_stale; /* is_stale: time has passed that the newest snapshot does not show */
    int stopping;           /* atomic */
    int64_t heartbeat_us;   /* atomic */
    pthread_mutex_t publish;
    pthread_cond_t published; /* CLOCK_MONOTONIC */
    struct snapshot *newest;
    uint64_t seq;
    int64_t published_us, state_since_us;
    enum loop_state published_state;
    char reason[LIMIT_REASON];
    int64_t retry_us, backoff_us; /* monotonic time of the next try to commit; 0: none waits */
    struct playback playback;
    int64_t next_heartbeat_leaf_us; /* realtime: wall time of the next cycle */
    int64_t last_cycle_wall_us;
};

static void engine_publish(struct engine *e)
{
    struct snapshot *fresh = publish_build(&e->state, &e->times), *old;

    if (e->state.loop != e->published_state || e->state_since_us == 0)
        e->state_since_us = fresh->as_of_us;
    e->published_state = e->state.loop;
    fresh->state_since_us = e->state_since_us;
    fresh->last_cycle_wall_us = e->last_cycle_wall_us;
    copy_text(fresh->reason, sizeof(fresh->reason), e->reason);
    pthread_mutex_lock(&e->publish);
    fresh->seq = ++e->seq;
    old = e->newest;
    e->newest = fresh;
    pthread_cond_broadcast(&e->published);
    pthread_mutex_unlock(&e->publish);
    snapshot_release(old);
    e->state.effects = e->is_stale = false;
    e->published_us = state_monotonic_us(&e->state);
}

/* While time flies now and then, and once more when there is nothing to do. */
static void engine_publish_if_due(struct engine *e, bool time_passed)
{
    if (e->state.options.unread && e->state.loop == e->published_state)
        return;
    e->is_stale |= time_passed;
    if (e->state.effects || (e->is_stale && !time_passed) ||
        (time_passed && state_monotonic_us(&e->state) - e->published_us >= ENGINE_PUBLISH_EVERY_US))
        engine_publish(e);
}

static void engine_fail(struct engine *e, const char *reason)
{
    e->state.loop = LOOP_FAILED;
    e->state.entries_allowed = false;
    e->state.effects = true;
    copy_text(e->reason, sizeof(e->reason), reason);
    LOG_ERROR("loop_failed", "reason", e->reason, NULL);
}

/* The database was away: try again, a little later each time.  Critical errors end the loop. */
static void engine_journal_failed(struct engine *e, enum err error)
{
    bool critical = error == ERR_DB_FENCED || error == ERR_DB_QUERY || error == ERR_DB_CONFLICT ||
                    error == ERR_LOG_DIFFERS;

    if (e->state.loop == LOOP_FAILED) {
        e->backoff_us = ENGINE_BACKOFF_MAX_US; /* the first reason is the one to mend */
    } else if (critical) {
        engine_fail(e, err_sentence(error));
        e->backoff_us = ENGINE_BACKOFF_MAX_US;
    } else {
        if (e->backoff_us == 0) {
            LOG_WARN("journal_waits", "reason", err_sentence(error), NULL);
            e->backoff_us = ENGINE_BACKOFF_MIN_US;
        } else if (e->backoff_us < ENGINE_BACKOFF_MAX_US) {
            e->backoff_us *= 2;
        }
        copy_text(e->reason, sizeof(e->reason), "waiting for the database");
    }
    e->retry_us = state_monotonic_us(&e->state) + e->backoff_us;
    e->state.effects = true;
}

static void engine_journal_back(struct engine *e)
{
    if (e->backoff_us && e->state.loop != LOOP_FAILED) {
        LOG_INFO("journal_back", NULL);
        e->reason[0] = '\0';
        e->state.effects = true;
    }
    e->backoff_us = 0;
    e->retry_us = 0;
}

static void engine_finish(struct engine *e)
{
    const struct performance *p = &e->state.account.performance;
    enum err error = cycle_finish(&e->state);

    if (error) {
        engine_journal_failed(e, error);
        return;
    }
    e->state.options.journal->flush(e->state.options.journal->self);
    e->state.loop = LOOP_FINISHED;
    e->state.entries_allowed = false;
    e->state.effects = true;
    LOG_INFO("loop", "state", "finished", "cycles", LOG_NUMBER(e->state.account.cycle_count),
             "round_trips", LOG_NUMBER(p->wins + p->losses + p->breakeven), NULL);
}

/* One instant of the feed; *wait_us is set when nothing is due. */
static enum err engine_cycle(struct engine *e, int64_t *wait_us)
{
    int64_t begun = state_monotonic_us(&e->state), due_us = 0;
    bool was_idle = e->state.step == STEP_IDLE;
    enum err error = cycle_run(&e->state, playback_until(&e->playback, &e->state), &due_us);

    if (error == ERR_AGAIN) {
        *wait_us = playback_wait(&e->playback, &e->state, due_us);
    } else if (error == ERR_END) {
        engine_finish(e);
    } else if (journal_is_error(error)) {
        engine_journal_failed(e, error);
    } else if (error) {
        e->state.cycle_errors++;
        e->state.effects = true;
        LOG_ERROR("cycle_failed", "error", err_code(error), NULL);
        *wait_us = ENGINE_IDLE_WAIT_US;
        error = ERR_AGAIN;
    } else {
        engine_journal_back(e);
        if (was_idle)
            cycle_times_add(&e->times, state_monotonic_us(&e->state) - begun);
        e->last_cycle_wall_us = clock_wall_us();
    }
    return error;
}

static bool engine_is_playing(const struct engine *e)
{
    return e->state.loop == LOOP_RUNNING || e->state.loop == LOOP_PAUSED;
}

/* What waits for the journal goes first: a cycle that stopped half way, or a command's rows. */
static enum err engine_catch_up(struct engine *e, int64_t *wait_us)
{
    enum err error;

    if (e->retry_us) {
        int64_t left = e->retry_us - state_monotonic_us(&e->state);

        if (left > 0) {
            *wait_us = left;
            return ERR_AGAIN;
        }
    }
    if (e->state.loop == LOOP_FAILED) {
        *wait_us = ENGINE_IDLE_WAIT_US;
        return ERR_AGAIN;
    }
    if (e->state.step != STEP_IDLE) {
        error = engine_cycle(e, wait_us);
        if (error || !e->state.closes_wait)
            return error;
    }
    /* Not only durable but sent: a stopped loop has no next cycle that would do it. */
    error = e->state.closes_wait ? operator_settle_closes(&e->state) : execution_flush(&e->state);
    if (error)
        engine_journal_failed(e, error);
    else
        engine_journal_back(e);
    return error;
}

/* Realtime: cycles begin at whole multiples of the interval; all that is due is played, then the
 * cycle's leaf is written. */
static enum err engine_realtime_gate(struct engine *e, int64_t *wait_us)
{
    int64_t now = clock_now(&e->state.clock), interval = e->state.options.cycle_interval_us;
    const struct feed *feed = e->state.options.feed;
    int64_t due = INT64_MAX;
    enum feed_kind kind;

    if (e->next_heartbeat_leaf_us == 0)
        e->next_heartbeat_leaf_us = now / interval * interval + interval;
    if (feed->is_live && feed->peek(feed->self, &due, &kind))
        due = INT64_MAX;
    if (now >= e->next_heartbeat_leaf_us || now >= due)
        return ERR_OK;
    *wait_us = (due < e->next_heartbeat_leaf_us ? due : e->next_heartbeat_leaf_us) - now;
    return ERR_AGAIN;
}

static enum err engine_realtime_done(struct engine *e)
{
    int64_t interval = e->state.options.cycle_interval_us;
    enum err error = cycle_heartbeat(&e->state);

    e->next_heartbeat_leaf_us = clock_now(&e->state.clock) / interval * interval + interval;
    if (journal_is_error(error))
        engine_journal_failed(e, error);
    return ERR_AGAIN;
}

static enum err engine_play(struct engine *e, int64_t *wait_us)
{
    bool realtime = e->state.options.pace == PACE_REALTIME;
    enum err error;

    if (!engine_is_playing(e)) {
        *wait_us = ENGINE_IDLE_WAIT_US;
        return e->state.loop == LOOP_FINISHED ? ERR_END : ERR_AGAIN;
    }
    if (realtime) {
        error = engine_realtime_gate(e, wait_us);
        if (error)
            return error;
    }
    error = engine_cycle(e, wait_us);
    if (realtime && error == ERR_AGAIN)
        error = engine_realtime_done(e);
    return error;
}

void engine_carry_out(struct engine *e, const struct command *c, struct command_reply *reply)
{
    bool was_playing = engine_is_playing(e);

    operator_carry_out(&e->state, c, reply);
    if (!was_playing && engine_is_playing(e)) {
        playback_begin(&e->playback, &e->state);
        e->reason[0] = '\0';
    } else if ((c->kind == COMMAND_PAUSE || c->kind == COMMAND_STOP) &&
               (e->state.loop == LOOP_PAUSED || e->state.loop == LOOP_STOPPED)) {
        copy_text(e->reason, sizeof(e->reason), c->reason);
    }
    if (!reply->durable && !e->retry_us)
        engine_journal_failed(e, ERR_DB_UNAVAILABLE);
    engine_publish(e);
}

/* Nobody has renewed the operator's switch. */
static void engine_lapse(struct engine *e)
{
    struct command_reply *reply = xcalloc(1, sizeof(*reply));
    struct command c;

    for (int step = renewal_lapse_begin(&e->state); renewal_lapse(&e->state, step, &c); step++)
        engine_carry_out(e, &c, reply);
    free(reply);
}

bool engine_take_waiting(struct engine *e, int64_t wait_us)
{
    struct ticket *t;
    bool any = false;

    while (queue_pop(&e->mailbox, &t, any ? 0 : wait_us) == ERR_OK) {
        engine_carry_out(e, &t->command, &t->reply);
        ticket_answer(t);
        any = true;
    }
    return any;
}

/* Any thread: the venue or the feed has something to tell. */
static void engine_wake(void *context)
{
    queue_poke(&((struct engine *)context)->mailbox);
}

static enum err engine_step_once(struct engine *e, int64_t *wait_us)
{
    enum err error = ERR_OK;

    *wait_us = 0;
    if (renewal_has_lapsed(&e->state))
        engine_lapse(e);
    execution_hear(&e->state);
    if (e->state.loop != LOOP_FAILED && gate_log_must_end(&e->state))
        engine_fail(e, e->state.options.log_fault(e->state.options.log));
    if (state_must_commit(&e->state) || e->state.step != STEP_IDLE || e->retry_us ||
        e->state.closes_wait || execution_is_due(&e->state))
        error = engine_catch_up(e, wait_us);
    if (error == ERR_OK)
        error = engine_play(e, wait_us);
    engine_publish_if_due(e, error == ERR_OK);
    *wait_us = renewal_wait(&e->state, execution_wait(&e->state, *wait_us, e->retry_us != 0));
    return error;
}

enum err engine_step_wait(struct engine *e, int64_t *wait_us)
{
    engine_take_waiting(e, 0);
    return engine_step_once(e, wait_us);
}

enum err engine_step(struct engine *e)
{
    int64_t wait_us;

    return engine_step_wait(e, &wait_us);
}

const struct account *engine_account(const struct engine *e)
{
    return &e->state.account;
}

static void *engine_thread(void *argument)
{
    struct engine *e = argument;
    int64_t wait_us = 0;

    while (!__atomic_load_n(&e->stopping, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&e->heartbeat_us, clock_monotonic_us(), __ATOMIC_RELEASE);
        engine_take_waiting(e, wait_us > ENGINE_IDLE_WAIT_US ? ENGINE_IDLE_WAIT_US : wait_us);
        if (engine_step_once(e, &wait_us) == ERR_OK)
            wait_us = 0;
    }
    return NULL;
}

enum err engine_new(const struct engine_options *options, struct diag_list *diags,
                    struct engine **out)
{
    struct engine *e = xcalloc(1, sizeof(*e));
    enum err error;

    ASSERT(!options->feed || options->venue);
    state_init(&e->state, options);
    queue_init(&e->mailbox, sizeof(struct ticket *), LIMIT_MAILBOX);
    pthread_mutex_init(&e->publish, NULL);
    condition_init(&e->published);
    error = recovery_begin(&e->state, diags);
    if (error) {
        engine_free(e);
        return error;
    }
    if (options->refusal) {
        gate_refuse_log(&e->state, options->refusal);
        engine_fail(e, options->refusal);
    } else {
        operator_resume_wanted(&e->state);
        renewal_begin(&e->state);
    }
    __atomic_store_n(&e->heartbeat_us, clock_monotonic_us(), __ATOMIC_RELEASE);
    if (options->venue && options->venue->listen)
        options->venue->listen(options->venue->self, engine_wake, e);
    if (options->feed && options->feed->listen)
        options->feed->listen(options->feed->self, engine_wake, e);
    playback_begin(&e->playback, &e->state);
    engine_publish(e);
    *out = e;
    return ERR_OK;
}

enum err engine_start(struct engine *e)
{
    ASSERT(!e->running);
    __atomic_store_n(&e->heartbeat_us, clock_monotonic_us(), __ATOMIC_RELEASE);
    if (pthread_create(&e->thread, NULL, engine_thread, e) != 0)
        return ERR_IO;
    e->running = true;
    return ERR_OK;
}

void engine_stop(struct engine *e)
{
    struct ticket *t;

    if (!e->running)
        return;
    __atomic_store_n(&e->stopping, 1, __ATOMIC_RELEASE);
    queue_close(&e->mailbox);
    pthread_join(e->thread, NULL);
    e->running = false;
    while (queue_pop(&e->mailbox, &t, 0) == ERR_OK) {
        t->reply.error = ERR_SHUTTING_DOWN;
        ticket_answer(t);
    }
    /* The cursor's last place, and what a command left waiting for the journal: best effort, a
     * restart would find its way from an older one.  Amid opens the cursor would tell half. */
    if (e->state.step != STEP_OPENS && e->state.account.log_size > 0 &&
        state_commit(&e->state, true) != ERR_OK)
        LOG_WARN("cursor_not_written", NULL);
    e->state.options.journal->flush(e->state.options.journal->self);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    ASSERT(!e->running);
    state_tell_spooled(&e->state);
    snapshot_release(e->newest);
    state_release(&e->state);
    queue_release(&e->mailbox);
    pthread_mutex_destroy(&e->publish);
    pthread_cond_destroy(&e->published);
    free(e);
}

enum err engine_call(struct engine *e, const struct command *c, int64_t timeout_us,
                     struct command_reply *reply)
{
    struct ticket *t = ticket_new(c);
    enum err error = queue_push(&e->mailbox, &t);

    if (error) {
        ticket_answer(t); /* the engine's share of it */
        ticket_release(t);
        return error == ERR_LIMIT ? ERR_ENGINE_BUSY : error;
    }
    return ticket_wait_release(t, timeout_us, reply);
}

struct snapshot *engine_snapshot(struct engine *e)
{
    struct snapshot *s;

    pthread_mutex_lock(&e->publish);
    s = snapshot_acquire(e->newest);
    pthread_mutex_unlock(&e->publish);
    return s;
}

int64_t engine_heartbeat_us(struct engine *e)
{
    return __atomic_load_n(&e->heartbeat_us, __ATOMIC_ACQUIRE);
}

void engine_wait(struct engine *e, uint64_t seq, int64_t timeout_us)
{
    int64_t until_us = clock_monotonic_us() + timeout_us;
    bool in_time = true;

    pthread_mutex_lock(&e->publish);
    while (e->seq <= seq && in_time)
        in_time = condition_wait_until(&e->published, &e->publish, until_us);
    pthread_mutex_unlock(&e->publish);
}
