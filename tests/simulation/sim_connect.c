/* SPDX-License-Identifier: Apache-2.0 */
/* The connector: requests on their way, answers and stream events on theirs, and what gets lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"

#include "tests/simulation/sim_parts.h"

static const int64_t time_out_us = 10 * US_PER_S;

void sim_sometimes(const struct sim_venue *v, const char *what)
{
    v->o.watch.sometimes(v->o.watch.self, what);
}

int64_t sim_delay(struct sim_venue *v, int64_t most_us)
{
    return 1000 + (int64_t)sim_below(&v->random, (uint64_t)most_us);
}

static struct thing *add_thing(struct sim_venue *v, enum thing_kind kind, int64_t at_us)
{
    struct thing *t;

    if (v->thing_count == v->thing_capacity) {
        v->thing_capacity = v->thing_capacity ? 2 * v->thing_capacity : 16;
        v->things = xrealloc(v->things, v->thing_capacity * sizeof *v->things);
    }
    t = &v->things[v->thing_count++];
    *t = (struct thing){
        .kind = kind, .at_us = at_us, .seq = v->seq++, .life = v->life, .asked_us = sim_now_us()};
    return t;
}

void sim_later(struct sim_venue *v, enum thing_kind kind, int order, int64_t after_us)
{
    add_thing(v, kind, sim_now_us() + after_us)->order_index = order;
}

/* ---- Events ---- */

struct sim_told *sim_push(struct sim_venue *v, const struct venue_event *e, int64_t at_us)
{
    struct sim_told *told;

    if (!v->is_connected)
        return &v->dropped;
    if (v->event_count == v->event_capacity) {
        v->event_capacity = v->event_capacity ? 2 * v->event_capacity : 16;
        v->events = xrealloc(v->events, v->event_capacity * sizeof *v->events);
    }
    told = &v->events[v->event_count++];
    *told = (struct sim_told){.at_us = at_us, .seq = v->seq++, .event = *e};
    told->event.at_us = at_us;
    return told;
}

void sim_answer(struct sim_venue *v, const struct thing *t, const struct venue_event *e,
                struct venue_account *account)
{
    int64_t at_us = sim_now_us() + sim_delay(v, 120 * US_PER_MS);
    struct sim_told *told;

    if (t->life != v->life || t->is_answer_lost || at_us > t->asked_us + time_out_us) {
        sim_picture_free(account);
        return;
    }
    told = sim_push(v, e, at_us);
    told->account = account;
    told->is_unknown = e->kind == VENUE_UNKNOWN;
    told->order = t->kind == THING_REPLACE ? t->with : t->order;
}

void sim_tell_at(struct sim_venue *v, const struct venue_event *e, int64_t at_us)
{
    sim_push(v, e, at_us);
}

/* The stream goes down: what happens meanwhile is never told. */
static void begin_gap(struct sim_venue *v)
{
    sim_sometimes(v, "stream event lost");
    if (v->gap_until_us == 0 && !sim_chance(&v->random, 300))
        v->gap_until_us = sim_now_us() + sim_delay(v, 20 * US_PER_S);
}

void sim_stream(struct sim_venue *v, int order, const struct venue_event *e)
{
    const struct sim_order *o = &v->orders[order];
    struct venue_event told = *e;
    int64_t most_us = 200 * US_PER_MS;

    (void)copy_text(told.client_order_id, sizeof told.client_order_id, o->client_order_id);
    (void)copy_text(told.venue_order_id, sizeof told.venue_order_id, o->venue_order_id);
    if (sim_chance(&v->random, v->o.faults.stream_lost))
        begin_gap(v);
    else if (v->gap_until_us == 0) {
        if (sim_chance(&v->random, v->o.faults.stream_slow)) {
            sim_sometimes(v, "stream event late");
            most_us = 8 * US_PER_S;
        }
        sim_push(v, &told, sim_now_us() + sim_delay(v, most_us));
        if (sim_chance(&v->random, v->o.faults.stream_twice)) {
            sim_sometimes(v, "stream event twice");
            sim_push(v, &told, sim_now_us() + sim_delay(v, 5 * US_PER_S));
        }
    }
}

const char *sim_fee_currency(const struct sim_venue *v, const struct sim_trade *t)
{
    const struct instrument *i = &v->o.instruments[t->symbol];

    return t->fee_kind == FEE_BASE ? i->base : t->fee_kind == FEE_OTHER ? "BNB" : i->quote;
}

struct venue_event sim_trade_event(const struct sim_venue *v, size_t trade)
{
    const struct sim_trade *t = &v->trades[trade];
    const struct instrument *i = &v->o.instruments[t->symbol];
    struct venue_event e = {.kind = VENUE_FILL, .price = t->price, .size = t->size, .fee = t->fee};

    (void)copy_text(e.fee_currency, sizeof e.fee_currency, sim_fee_currency(v, t));
    (void)copy_text(e.symbol, sizeof e.symbol, i->symbol);
    sim_trade_id(trade, e.venue_fill_id);
    return e;
}

void sim_tell_trade(struct sim_venue *v, size_t trade)
{
    struct venue_event e = sim_trade_event(v, trade);

    sim_stream(v, v->trades[trade].order, &e);
}

size_t sim_first_event(const struct sim_venue *v)
{
    size_t best = 0;

    for (size_t i = 1; i < v->event_count; i++) {
        const struct sim_told *a = &v->events[i], *b = &v->events[best];

        if (a->at_us < b->at_us || (a->at_us == b->at_us && a->seq < b->seq))
            best = i;
    }
    return best;
}

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
    struct sim_venue *v = self;
    size_t at = sim_first_event(v);
    struct sim_told told;

    if (v->event_count == 0 || v->events[at].at_us > sim_now_us())
        return false;
    told = v->events[at];
    v->events[at] = v->events[--v->event_count];
    sim_picture_free(v->taken);
    v->taken = told.account;
    if (told.is_unknown)
        v->o.watch.told_unknown(v->o.watch.self, &told.order);
    v->o.watch.told(v->o.watch.self, &told.event);
    *out = told.event;
    tell_people(&told.event);
    return true;
}

static const struct venue_account *account(void *self)
{
    return ((struct sim_venue *)self)->taken;
}

static int64_t due_us(void *self)
{
    const struct sim_venue *v = self;
    int64_t at_us;

    if (v->event_count == 0)
        return INT64_MAX;
    at_us = v->events[sim_first_event(v)].at_us;
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
static void time_out(struct sim_venue *v, const struct order *o, enum venue_event_kind kind)
{
    struct venue_event e = refusal(kind, o, VENUE_ERROR_AMBIGUOUS, 0);
    struct sim_told *told = sim_push(v, &e, sim_now_us() + time_out_us);

    told->is_unknown = kind == VENUE_UNKNOWN;
    told->order = *o;
}

/* On its way to the venue: NULL when it gets lost there.  `kind`: what the client says when no
 * answer came in time. */
static struct thing *request(struct sim_venue *v, enum thing_kind kind, const struct order *o,
                             enum venue_event_kind failure)
{
    int64_t way_us = sim_delay(v, 150 * US_PER_MS);
    struct thing *t;

    if (sim_chance(&v->random, v->o.faults.lost_request)) {
        sim_sometimes(v, "request lost");
        time_out(v, o, failure);
        return NULL;
    }
    if (sim_chance(&v->random, v->o.faults.slow_request)) {
        sim_sometimes(v, "request slow");
        way_us = sim_delay(v, 25 * US_PER_S);
    }
    t = add_thing(v, kind, sim_now_us() + way_us);
    t->order = *o;
    if (sim_chance(&v->random, v->o.faults.lost_answer)) {
        sim_sometimes(v, "answer lost");
        t->is_answer_lost = true;
    }
    if (t->is_answer_lost || way_us > time_out_us - US_PER_S)
        time_out(v, o, failure);
    if (way_us > time_out_us - US_PER_S)
        t->is_answer_lost = true;
    return t;
}

/* Leaves the engine, unless that is dead; with --verbose one reads it. */
static bool is_dead(const struct sim_venue *v, const char *what, const struct order *o)
{
    char at[32], size[AMOUNT_TEXT_MAX], stop[AMOUNT_TEXT_MAX];

    size_print(o->size, size);
    price_print(o->stop_price, stop);
    LOG_DEBUG(what, "at", in_hundredths(at), "order", LOG_NUMBER(o->id), "is",
              order_purpose_name(o->purpose), "side", side_name(o->side), "size", size, "stop",
              stop, "symbol", o->symbol, NULL);
    return v->o.watch.is_dead(v->o.watch.self);
}

static enum err submit(void *self, const struct order *o, int64_t at_us)
{
    struct sim_venue *v = self;
    struct venue_event e;

    (void)at_us;
    if (is_dead(v, "submit", o))
        return ERR_OK;
    v->o.watch.submitted(v->o.watch.self, o);
    if (sim_chance(&v->random, v->o.faults.not_sent)) {
        sim_sometimes(v, "request not sent");
        e = refusal(VENUE_NOT_SENT, o, VENUE_ERROR_NOT_SENT, 0);
        sim_push(v, &e, sim_now_us() + sim_delay(v, 2 * US_PER_S));
        return ERR_OK;
    }
    (void)request(v, THING_SUBMIT, o, VENUE_UNKNOWN);
    return ERR_OK;
}

static enum err cancel(void *self, const struct order *o, int64_t at_us)
{
    (void)at_us;
    if (!is_dead(self, "cancel", o))
        (void)request(self, THING_CANCEL, o, VENUE_CANCEL_FAILED);
    return ERR_OK;
}

static enum err replace(void *self, const struct order *o, const struct order *with, int64_t at_us)
{
    struct sim_venue *v = self;
    size_t before = v->event_count;
    struct thing *t;

    (void)at_us;
    if (is_dead(v, "replace", with))
        return ERR_OK;
    sim_sometimes(v, "replace");
    v->o.watch.submitted(v->o.watch.self, with);
    t = request(v, THING_REPLACE, o, VENUE_CANCEL_FAILED);
    if (t)
        t->with = *with;
    if (v->event_count > before)
        time_out(v, with, VENUE_UNKNOWN);
    return ERR_OK;
}

static enum err query(void *self, const struct order *o, int64_t at_us)
{
    struct sim_venue *v = self;
    struct venue_event e;

    (void)at_us;
    if (is_dead(v, "query", o))
        return ERR_OK;
    if (sim_chance(&v->random, v->o.faults.query_failed)) {
        sim_sometimes(v, "query failed");
        e = refusal(VENUE_QUERY_FAILED, o, VENUE_ERROR_AMBIGUOUS, 0);
        sim_push(v, &e, sim_now_us() + sim_delay(v, 5 * US_PER_S));
        return ERR_OK;
    }
    add_thing(v, THING_QUERY, sim_now_us() + sim_delay(v, 150 * US_PER_MS))->order = *o;
    return ERR_OK;
}

static enum err reconcile(void *self, int64_t since_us, int64_t at_us)
{
    struct sim_venue *v = self;
    struct venue_event e = {.kind = VENUE_ACCOUNT_FAILED, .error = VENUE_ERROR_OVERLOAD};

    (void)at_us;
    if (v->o.watch.is_dead(v->o.watch.self))
        return ERR_OK;
    if (sim_chance(&v->random, v->o.faults.account_failed)) {
        sim_sometimes(v, "account failed");
        sim_push(v, &e, sim_now_us() + sim_delay(v, 5 * US_PER_S));
        return ERR_OK;
    }
    add_thing(v, THING_ACCOUNT, sim_now_us() + sim_delay(v, 400 * US_PER_MS))->since_us = since_us;
    return ERR_OK;
}

static enum err restore(void *self, const struct order *o)
{
    (void)self;
    (void)o;
    return ERR_OK; /* its events carry the client order id */
}

struct venue sim_venue_port(struct sim_venue *v)
{
    return (struct venue){.self = v,
                          .traits = v->o.traits,
                          .submit = submit,
                          .cancel = cancel,
                          .replace = v->o.traits.has_replace ? replace : NULL,
                          .query = query,
                          .reconcile = reconcile,
                          .next_event = next_event,
                          .account = account,
                          .due_us = due_us,
                          .restore = restore};
}

void sim_venue_disconnect(struct sim_venue *v)
{
    for (size_t i = 0; i < v->event_count; i++)
        sim_picture_free(v->events[i].account);
    sim_picture_free(v->taken);
    v->taken = NULL;
    v->event_count = 0;
    v->life++;
    v->is_connected = false;
    v->gap_until_us = 0;
}

void sim_venue_connect(struct sim_venue *v)
{
    v->is_connected = true;
}

void sim_venue_heal(struct sim_venue *v)
{
    v->o.faults = (struct sim_faults){0};
    for (int i = 0; i < SIM_SYMBOLS; i++) { /* who traded beside us gives back what was ours */
        struct size left = v->foreign[i];

        if (size_sign(left) != 0)
            sim_trade(v, -1, i, size_sign(left) > 0 ? SIDE_SELL : SIDE_BUY, size_abs(left));
    }
    v->closed_until_us = v->closed_until_us ? sim_now_us() : 0;
    v->banned_until_us = 0;
}

bool sim_venue_was_away(const struct sim_venue *v, int64_t since_us)
{
    return v->away_us != TIME_NONE && v->away_us >= since_us;
}
