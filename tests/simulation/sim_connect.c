/* SPDX-License-Identifier: Apache-2.0 */
/* The connector of an instance: requests on their way, and what gets lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"

#include "tests/simulation/sim_parts.h"

static const int64_t time_out_us = 10 * US_PER_S;

/* The order as it leaves: what is left until its expiry is counted from now, by a clock that never
 * steps, as exchange/binance_venue.c does it.  at_us: the engine's time. */
static struct order leaving(const struct order *o, int64_t at_us)
{
    struct order left = *o;

    if (left.request_expires_us != TIME_NONE)
        left.request_expires_us -= at_us - sim_now_us();
    return left;
}

struct thing *sim_thing(struct sim_link *l, enum thing_kind kind, int64_t at_us)
{
    struct sim_venue *v = l->venue;
    struct thing *t;

    if (v->thing_count == v->thing_capacity) {
        v->thing_capacity = v->thing_capacity ? 2 * v->thing_capacity : 16;
        v->things = xrealloc(v->things, v->thing_capacity * sizeof *v->things);
    }
    t = &v->things[v->thing_count++];
    *t = (struct thing){.kind = kind,
                        .at_us = at_us,
                        .seq = v->seq++,
                        .link = l->index,
                        .life = l->life,
                        .asked_us = sim_now_us()};
    return t;
}

void sim_later(struct sim_venue *v, enum thing_kind kind, int order, int64_t after_us)
{
    sim_thing(&v->links[0], kind, sim_now_us() + after_us)->order_index = order;
}

/* ---- Events ---- */

static const char *in_hundredths(char text[32])
{
    int64_t passed_us = sim_now_us() % (86400 * US_PER_S);

    (void)snprintf(text, 32, "+%lld.%02lld", (long long)(passed_us / US_PER_S),
                   (long long)(passed_us % US_PER_S / 10000));
    return text;
}

static void tell_people(const struct venue_event *e)
{
    static const char *const kinds[] = {"accepted", "rejected",     "not sent", "unknown",
                                        "fill",     "canceled",     "expired",  "cancel failed",
                                        "state",    "query failed", "account",  "account failed",
                                        "market",   "gap"};
    static const char *const states[] = {"absent",   "open",    "filled",
                                         "canceled", "expired", "rejected"};
    char at[32];

    LOG_DEBUG("told", "at", in_hundredths(at), "what", kinds[e->kind], "order",
              LOG_NUMBER(e->order_id), "client_order_id", e->client_order_id, "fill",
              e->venue_fill_id, "state", e->kind == VENUE_STATE ? states[e->state] : "", "reason",
              e->reason, NULL);
}

static bool next_event(void *self, struct venue_event *out)
{
    struct sim_link *l = self;
    const struct sim_watch *watch = &l->venue->o.watch;
    size_t at = sim_first_event(l);
    struct sim_told told;

    if (l->event_count == 0 || l->events[at].at_us > sim_now_us())
        return false;
    told = l->events[at];
    l->events[at] = l->events[--l->event_count];
    sim_picture_free(l->taken);
    l->taken = told.account;
    if (told.is_unknown)
        watch->told_unknown(watch->self, l->index, &told.order);
    watch->told(watch->self, l->index, &told.event);
    *out = told.event;
    tell_people(&told.event);
    return true;
}

static const struct venue_account *account(void *self)
{
    return ((struct sim_link *)self)->taken;
}

static int64_t due_us(void *self)
{
    const struct sim_link *l = self;
    int64_t at_us;

    if (l->event_count == 0)
        return INT64_MAX;
    at_us = l->events[sim_first_event(l)].at_us;
    return at_us <= sim_now_us() ? 0 : at_us;
}

/* ---- Requests ---- */

static struct venue_event refusal(enum venue_event_kind kind, const struct order *o,
                                  enum venue_error error, int64_t retry_after_us)
{
    struct venue_event e = {
        .kind = kind, .order_id = o->id, .error = error, .retry_after_us = retry_after_us};

    (void)copy_text(e.reason, sizeof e.reason, venue_error_name(error));
    return e;
}

/* A request that says nothing of its outcome once the client has waited for long enough. */
static void time_out(struct sim_link *l, const struct order *o, enum venue_event_kind kind)
{
    struct venue_event e = refusal(kind, o, VENUE_ERROR_AMBIGUOUS, 0);
    struct sim_told *told = sim_push(l, &e, sim_now_us() + time_out_us);

    told->is_unknown = kind == VENUE_UNKNOWN;
    told->order = *o;
}

/* On its way to the venue: NULL when it gets lost there.  `kind`: what the client says when no
 * answer came in time. */
static struct thing *request(struct sim_link *l, enum thing_kind kind, const struct order *o,
                             enum venue_event_kind failure)
{
    struct sim_venue *v = l->venue;
    int64_t way_us = sim_delay(v, 150 * US_PER_MS);
    bool is_copy = false;
    struct thing *t;

    if (sim_chance(&v->random, v->o.faults.lost_request)) {
        sim_sometimes(v, "request lost");
        time_out(l, o, failure);
        return NULL;
    }
    if (sim_chance(&v->random, v->o.faults.slow_request)) {
        sim_sometimes(v, "request slow");
        way_us = sim_delay(v, 25 * US_PER_S);
    }
    if (kind == THING_SUBMIT && v->o.traits.ids == VENUE_IDS_EVER &&
        sim_chance(&v->random, v->o.faults.twice_request)) {
        sim_sometimes(v, "request twice");
        t = sim_thing(l, kind, sim_now_us() + way_us);
        t->order = *o;
        t->is_answer_lost = true; /* the client hears of the second */
        way_us += sim_delay(v, 50 * US_PER_MS);
        is_copy = true;
    }
    t = sim_thing(l, kind, sim_now_us() + way_us);
    t->order = *o;
    t->is_copy = is_copy;
    if (sim_chance(&v->random, v->o.faults.lost_answer)) {
        sim_sometimes(v, "answer lost");
        t->is_answer_lost = true;
    }
    if (t->is_answer_lost || way_us > time_out_us - US_PER_S)
        time_out(l, o, failure);
    if (way_us > time_out_us - US_PER_S)
        t->is_answer_lost = true;
    return t;
}

/* Leaves the engine, unless that is dead; with --verbose one reads it. */
static bool is_dead(const struct sim_link *l, const char *what, const struct order *o)
{
    char at[32], size[AMOUNT_TEXT_MAX], stop[AMOUNT_TEXT_MAX];

    size_print(o->size, size);
    price_print(o->stop_price, stop);
    LOG_DEBUG(what, "at", in_hundredths(at), "order", LOG_NUMBER(o->id), "is",
              order_purpose_name(o->purpose), "side", side_name(o->side), "size", size, "stop",
              stop, "symbol", o->symbol, NULL);
    return l->venue->o.watch.is_dead(l->venue->o.watch.self, l->index);
}

static enum err submit(void *self, const struct order *o, int64_t at_us)
{
    struct sim_link *l = self;
    struct sim_venue *v = l->venue;
    const struct order left = leaving(o, at_us);
    struct venue_event e;

    if (is_dead(l, "submit", o))
        return ERR_OK;
    v->o.watch.submitted(v->o.watch.self, l->index, o);
    v->o.watch.leaves(v->o.watch.self, l->index);
    if (sim_chance(&v->random, v->o.faults.not_sent)) {
        sim_sometimes(v, "request not sent");
        e = refusal(VENUE_NOT_SENT, o, VENUE_ERROR_NOT_SENT, 0);
        sim_push(l, &e, sim_now_us() + sim_delay(v, 2 * US_PER_S));
        return ERR_OK;
    }
    (void)request(l, THING_SUBMIT, &left, VENUE_UNKNOWN);
    return ERR_OK;
}

static void tell_cancel(const struct sim_link *l, const struct order *o)
{
    const struct sim_watch *watch = &l->venue->o.watch;

    watch->canceled(watch->self, l->index, o);
}

static enum err cancel(void *self, const struct order *o, int64_t at_us)
{
    (void)at_us;
    if (!is_dead(self, "cancel", o)) {
        tell_cancel(self, o);
        (void)request(self, THING_CANCEL, o, VENUE_CANCEL_FAILED);
    }
    return ERR_OK;
}

static enum err replace(void *self, const struct order *o, const struct order *with, int64_t at_us)
{
    struct sim_link *l = self;
    struct sim_venue *v = l->venue;
    const struct order left = leaving(with, at_us);
    size_t before;
    struct thing *t;

    if (is_dead(l, "replace", with))
        return ERR_OK;
    sim_sometimes(v, "replace");
    tell_cancel(l, o);
    v->o.watch.submitted(v->o.watch.self, l->index, with);
    v->o.watch.leaves(v->o.watch.self, l->index);
    before = l->event_count;
    t = request(l, THING_REPLACE, o, VENUE_CANCEL_FAILED);
    if (t)
        t->with = left;
    if (l->event_count > before)
        time_out(l, with, VENUE_UNKNOWN);
    return ERR_OK;
}

static enum err submit_pair(void *self, const struct order *stop, const struct order *target,
                            int64_t at_us)
{
    struct sim_link *l = self;
    struct sim_venue *v = l->venue;
    const struct order first = leaving(stop, at_us), second = leaving(target, at_us);
    size_t before;
    struct thing *t;

    if (is_dead(l, "submit pair", stop))
        return ERR_OK;
    sim_sometimes(v, "pair");
    v->o.watch.submitted(v->o.watch.self, l->index, stop);
    v->o.watch.submitted(v->o.watch.self, l->index, target);
    v->o.watch.leaves(v->o.watch.self, l->index);
    before = l->event_count;
    t = request(l, THING_PAIR, &first, VENUE_UNKNOWN);
    if (t)
        t->with = second;
    if (l->event_count > before)
        time_out(l, target, VENUE_UNKNOWN);
    return ERR_OK;
}

static enum err query(void *self, const struct order *o, int64_t at_us)
{
    struct sim_link *l = self;
    struct sim_venue *v = l->venue;
    struct venue_event e;

    (void)at_us;
    if (is_dead(l, "query", o))
        return ERR_OK;
    if (sim_chance(&v->random, v->o.faults.query_failed)) {
        sim_sometimes(v, "query failed");
        e = refusal(VENUE_QUERY_FAILED, o, VENUE_ERROR_AMBIGUOUS, 0);
        sim_push(l, &e, sim_now_us() + sim_delay(v, 5 * US_PER_S));
        return ERR_OK;
    }
    sim_thing(l, THING_QUERY, sim_now_us() + sim_delay(v, 150 * US_PER_MS))->order = *o;
    return ERR_OK;
}

static enum err reconcile(void *self, int64_t since_us, int64_t at_us)
{
    struct sim_link *l = self;
    struct sim_venue *v = l->venue;
    struct venue_event e = {.kind = VENUE_ACCOUNT_FAILED, .error = VENUE_ERROR_OVERLOAD};
    struct thing *t;

    if (v->o.watch.is_dead(v->o.watch.self, l->index))
        return ERR_OK;
    if (sim_chance(&v->random, v->o.faults.account_failed)) {
        sim_sometimes(v, "account failed");
        sim_push(l, &e, sim_now_us() + sim_delay(v, 5 * US_PER_S));
        return ERR_OK;
    }
    t = sim_thing(l, THING_ACCOUNT, sim_now_us() + sim_delay(v, 400 * US_PER_MS));
    t->since_us = since_us - (at_us - sim_now_us());
    t->engine_us = at_us;
    return ERR_OK;
}

static enum err restore(void *self, const struct order *o)
{
    (void)self;
    (void)o;
    return ERR_OK; /* its events carry the client order id */
}

struct venue sim_venue_port(struct sim_venue *v, int link)
{
    return (struct venue){.self = &v->links[link],
                          .traits = v->o.traits,
                          .submit = submit,
                          .cancel = cancel,
                          .replace = v->o.traits.has_replace ? replace : NULL,
                          .submit_pair = v->o.traits.has_oco ? submit_pair : NULL,
                          .query = query,
                          .reconcile = reconcile,
                          .cancel_after = v->o.traits.has_cancel_after ? sim_cancel_after : NULL,
                          .next_event = next_event,
                          .account = account,
                          .due_us = due_us,
                          .restore = restore};
}

void sim_venue_disconnect(struct sim_venue *v, int link)
{
    struct sim_link *l = &v->links[link];

    for (size_t i = 0; i < l->event_count; i++)
        sim_picture_free(l->events[i].account);
    sim_picture_free(l->taken);
    l->taken = NULL;
    l->event_count = 0;
    l->life++;
    l->is_connected = false;
    l->gap_until_us = 0;
}

void sim_venue_connect(struct sim_venue *v, int link)
{
    v->links[link].is_connected = true;
}
