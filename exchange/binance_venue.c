/* SPDX-License-Identifier: Apache-2.0 */
/* The venue port: requests in, events out, and when to look at what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "exchange/binance_venue_parts.h"

enum {
    EVENTS_AT_FIRST = 64
};

#define PROCESSING_US (10 * US_PER_S) /* the venue gives up on its own backend then (-1007) */
#define CLOCK_ERROR_US (1 * US_PER_S) /* requests a second ahead are refused */
#define QUERY_LAG_US (2 * US_PER_S)   /* execution.md 4.3 */
#define READ_TIMEOUT_US (15 * US_PER_S)

/* ---- Events ---- */

struct venue_event *venue_push(struct binance_venue *v, enum venue_event_kind kind)
{
    struct venue_event *e;

    if (v->event_first > 0 && v->event_first == v->event_count)
        v->event_first = v->event_count = 0;
    if (v->event_count == v->event_room) {
        v->event_room = v->event_room > 0 ? v->event_room * 2 : EVENTS_AT_FIRST;
        v->events = xrealloc(v->events, v->event_room * sizeof *v->events);
    }
    e = &v->events[v->event_count++];
    *e = (struct venue_event){.kind = kind, .at_us = clock_wall_us()};
    return e;
}

struct venue_event *venue_push_of(struct binance_venue *v, enum venue_event_kind kind,
                                  const struct watched *w)
{
    struct venue_event *e = venue_push(v, kind);

    e->order_id = w->order.id;
    (void)copy_text(e->client_order_id, sizeof e->client_order_id, w->order.client_order_id);
    (void)copy_text(e->venue_order_id, sizeof e->venue_order_id, w->venue_id);
    (void)copy_text(e->symbol, sizeof e->symbol, w->order.symbol);
    return e;
}

void venue_push_error(struct venue_event *e, const struct binance_verdict *verdict)
{
    e->error = verdict->error;
    e->retry_after_us = verdict->retry_after_us;
    (void)copy_text(e->reason, sizeof e->reason, verdict->reason);
}

/* ---- Jobs ---- */

enum err venue_job_new(struct binance_venue *v, enum job_kind kind, enum job_step step,
                       int64_t order_id, struct job **out)
{
    struct watched *w = order_id ? venue_watched(v, order_id) : NULL;

    for (size_t i = 0; i < COUNT_OF(v->jobs); i++) {
        struct job *j = &v->jobs[i];

        if (j->kind != JOB_NONE)
            continue;
        *j = (struct job){.kind = kind, .step = step, .serial = ++v->serial, .order_id = order_id};
        if (w)
            w->jobs++;
        *out = j;
        return ERR_OK;
    }
    return ERR_LIMIT;
}

void venue_job_end(struct binance_venue *v, struct job *j)
{
    struct watched *w = j->order_id ? venue_watched(v, j->order_id) : NULL;

    if (w && w->jobs > 0)
        w->jobs--;
    j->kind = JOB_NONE;
}

enum err venue_job_send(struct binance_venue *v, struct job *j, const struct binance_request *r,
                        int64_t expires_us, int64_t timeout_us)
{
    const uint64_t place = (uint64_t)(j - v->jobs);

    return binance_client_send(v->client, r, expires_us, timeout_us, v->box,
                               (uint64_t)j->serial << 32 | place);
}

enum err venue_job_look(struct binance_venue *v, struct job *j)
{
    const struct watched *w = venue_watched(v, j->order_id);
    struct binance_name name = {.symbol = w->symbol, .is_algo = w->is_algo};
    struct binance_request r;

    /* A stop that has triggered is an order of its own now. */
    if (w->actual_id[0]) {
        name.id = w->actual_id;
        name.is_algo = false;
    } else {
        name.client_id = w->order.client_order_id;
    }
    j->step = w->actual_id[0] ? STEP_ACTUAL : STEP_LOOK;
    binance_ask_order(v->market, &name, &r);
    return venue_job_send(v, j, &r, INT64_MAX, READ_TIMEOUT_US);
}

/* ---- Requests of the port ---- */

/* An instant of the engine's clock on the monotonic one. */
static int64_t monotonic_of(int64_t engine_us, int64_t at_us)
{
    return engine_us == TIME_NONE ? INT64_MAX : clock_monotonic_us() + engine_us - at_us;
}

static int64_t act_timeout(int64_t expires_us)
{
    const int64_t left_us =
        expires_us == INT64_MAX ? READ_TIMEOUT_US : expires_us - clock_monotonic_us();

    return (left_us > 0 ? left_us : 0) + PROCESSING_US;
}

static enum err act(struct binance_venue *v, enum job_kind kind, int64_t order_id,
                    const struct binance_request *r, int64_t expires_us, int64_t with_id)
{
    struct job *j;
    enum err e = venue_job_new(v, kind, STEP_ACT, order_id, &j);

    if (e)
        return e;
    j->with_id = with_id;
    e = venue_job_send(v, j, r, expires_us, act_timeout(expires_us));
    if (e)
        venue_job_end(v, j);
    return e;
}

static enum err port_submit(void *self, const struct order *o, int64_t at_us)
{
    struct binance_venue *v = self;
    struct binance_request r;
    struct binance_wish wish;
    struct watched *w;
    enum err e = venue_watch(v, o, &w);

    if (e)
        return e;
    venue_wish(v, w, &wish);
    binance_place(v->market, &wish, &r);
    e = act(v, JOB_SUBMIT, o->id, &r, monotonic_of(o->request_expires_us, at_us), 0);
    if (e)
        venue_unwatch(v, o->id);
    return e;
}

static enum err port_cancel(void *self, const struct order *o, int64_t at_us)
{
    struct binance_venue *v = self;
    struct binance_name name;
    struct binance_request r;
    struct watched *w;
    enum err e = venue_watch(v, o, &w);

    (void)at_us;
    if (e)
        return e;
    e = venue_pair_cancel(v, w, act_timeout(INT64_MAX));
    if (e != ERR_NOT_FOUND)
        return e;
    name = (struct binance_name){.symbol = w->symbol, .is_algo = w->is_algo};
    if (w->actual_id[0]) {
        name.id = w->actual_id;
        name.is_algo = false;
    } else {
        name.client_id = w->order.client_order_id;
    }
    binance_cancel(v->market, &name, &r);
    return act(v, JOB_CANCEL, o->id, &r, INT64_MAX, 0);
}

static enum err port_submit_pair(void *self, const struct order *stop, const struct order *target,
                                 int64_t at_us)
{
    int64_t until_us = monotonic_of(stop->request_expires_us, at_us);
    const int64_t other_us = monotonic_of(target->request_expires_us, at_us);

    if (other_us < until_us)
        until_us = other_us;
    return venue_pair_submit(self, stop, target, until_us, act_timeout(until_us));
}

static enum err port_replace(void *self, const struct order *o, const struct order *with,
                             int64_t at_us)
{
    struct binance_venue *v = self;
    struct watched *old, *new;
    struct binance_request r;
    struct binance_wish wish;
    enum err e = venue_watch(v, o, &old);

    e = e ? e : venue_watch(v, with, &new);
    if (e)
        return e;
    venue_wish(v, new, &wish);
    binance_replace(&wish, o->client_order_id, &r);
    e = act(v, JOB_REPLACE, o->id, &r, monotonic_of(with->request_expires_us, at_us), with->id);
    if (e)
        venue_unwatch(v, with->id);
    return e;
}

static enum err port_query(void *self, const struct order *o, int64_t at_us)
{
    struct binance_venue *v = self;
    struct watched *w;
    struct job *j;
    enum err e = venue_watch(v, o, &w);

    (void)at_us;
    e = e ? e : venue_job_new(v, JOB_QUERY, STEP_LOOK, o->id, &j);
    if (e)
        return e;
    e = venue_job_look(v, j);
    if (e)
        venue_job_end(v, j);
    return e;
}

static enum err port_reconcile(void *self, int64_t since_us, int64_t at_us)
{
    return venue_account_begin(self, since_us, at_us);
}

static enum err port_cancel_after(void *self, size_t instrument, int64_t after_us, int64_t at_us)
{
    struct binance_venue *v = self;
    struct binance_request r;

    (void)at_us;
    binance_cancel_after(v->instruments[instrument].symbol, after_us / US_PER_MS, &r);
    return act(v, JOB_SILENT, 0, &r, INT64_MAX, 0);
}

static enum err port_restore(void *self, const struct order *o)
{
    struct binance_venue *v = self;
    struct watched *w;
    enum err e = venue_watch(v, o, &w);

    if (e)
        return e;
    (void)copy_text(w->venue_id, sizeof w->venue_id, o->venue_order_id);
    w->accepted_told = o->status != ORDER_NEW && o->status != ORDER_SUBMITTED;
    /* What the journal has was told; trade ids are the engine's to know. */
    venue_plan_poll(v, w, clock_monotonic_us());
    return ERR_OK;
}

/* ---- Events of the port ---- */

/* Takes answers in until there is something to tell. */
static void hear(struct binance_venue *v)
{
    struct transport_answer a;

    while (v->event_first == v->event_count && transport_box_take(v->box, 0, &a) == ERR_OK) {
        struct job *j = &v->jobs[(uint32_t)a.tag % VENUE_JOBS];

        atomic_fetch_sub(&v->answers, 1);
        if (j->kind != JOB_NONE && j->serial == a.tag >> 32)
            venue_job_answer(v, j, &a);
        transport_answer_release(&a);
    }
}

/* Looks at the orders whose time has come. */
static void poll_due(struct binance_venue *v)
{
    const int64_t now_us = clock_monotonic_us();

    for (size_t i = 0; i < v->watched_count; i++) {
        struct watched *w = v->watched[i];
        struct job *j;

        if (w->poll_at_us > now_us || w->jobs > 0)
            continue;
        venue_plan_poll(v, w, now_us);
        if (venue_job_new(v, JOB_POLL, STEP_LOOK, w->order.id, &j) == ERR_OK &&
            venue_job_look(v, j) != ERR_OK)
            venue_job_end(v, j);
    }
    venue_market_poll(v, now_us);
}

static bool port_next_event(void *self, struct venue_event *out)
{
    struct binance_venue *v = self;

    if (v->event_first == v->event_count)
        hear(v);
    if (v->event_first == v->event_count) {
        poll_due(v);
        return false;
    }
    *out = v->events[v->event_first++];
    return true;
}

static int64_t port_due_us(void *self)
{
    struct binance_venue *v = self;
    int64_t due_us = v->filters.is_busy ? INT64_MAX : v->filters.at_us;

    if (v->event_first < v->event_count || atomic_load(&v->answers) > 0)
        return 0;
    for (size_t i = 0; i < v->watched_count; i++) {
        if (v->watched[i]->jobs == 0 && v->watched[i]->poll_at_us < due_us)
            due_us = v->watched[i]->poll_at_us;
    }
    return due_us;
}

static const struct venue_account *port_account(void *self)
{
    return &((struct binance_venue *)self)->account.told;
}

static void port_listen(void *self, venue_wake_fn *wake, void *context)
{
    struct binance_venue *v = self;

    waker_set(&v->waker, wake, context);
}

/* On the transport's thread. */
static void woken(void *context)
{
    struct binance_venue *v = context;

    atomic_fetch_add(&v->answers, 1);
    waker_call(&v->waker);
}

struct venue binance_venue_port(struct binance_venue *v)
{
    const bool is_spot = v->market == BINANCE_SPOT;

    return (struct venue){
        .self = v,
        .traits = {.outlives_us = true,
                   .ids = VENUE_IDS_OPEN,
                   .has_reduce_only = !is_spot,
                   .has_oco = is_spot,
                   .has_replace = is_spot,
                   .has_expiry = true,
                   .has_cancel_after = !is_spot,
                   .tells_funding = !is_spot,
                   .rest_locks_size = is_spot,
                   .request_window_us = v->window_us,
                   .processing_us = PROCESSING_US,
                   .clock_error_us = CLOCK_ERROR_US,
                   .query_lag_us = QUERY_LAG_US},
        .submit = port_submit,
        .cancel = port_cancel,
        .replace = is_spot ? port_replace : NULL,
        .submit_pair = is_spot ? port_submit_pair : NULL,
        .query = port_query,
        .reconcile = port_reconcile,
        .cancel_after = is_spot ? NULL : port_cancel_after,
        .next_event = port_next_event,
        .account = port_account,
        .due_us = port_due_us,
        .listen = port_listen,
        .restore = port_restore,
    };
}

struct binance_venue *binance_venue_new(const struct binance_venue_options *o)
{
    struct binance_venue *v = xcalloc(1, sizeof *v);

    v->client = o->client;
    v->market = binance_client_market(o->client);
    v->instruments = xcalloc(o->instrument_count + 1, sizeof *v->instruments);
    if (o->instrument_count > 0)
        memcpy(v->instruments, o->instruments, o->instrument_count * sizeof *v->instruments);
    v->instrument_count = o->instrument_count;
    v->window_us = o->window_us;
    v->box = transport_box_new(VENUE_JOBS, woken, v);
    venue_market_begin(v, o->filters_every_us);
    return v;
}

void binance_venue_free(struct binance_venue *v)
{
    if (!v)
        return;
    transport_box_free(v->box);
    while (v->watched_count > 0)
        venue_unwatch(v, v->watched[0]->order.id);
    free(v->watched);
    free(v->events);
    free(v->instruments);
    venue_market_release(v);
    venue_account_release(&v->account);
    free(v);
}
