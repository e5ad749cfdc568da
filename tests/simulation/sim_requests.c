/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that have arrived at the venue, and what it answers, as of now or as of a moment ago. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/sim_parts.h"

/* The venue's clock may differ from ours by as much as the traits say. */
static int64_t venue_time(struct sim_venue *v)
{
    int64_t most_us = v->o.traits.clock_error_us;

    return sim_now_us() - most_us + (int64_t)sim_below(&v->random, (uint64_t)(2 * most_us + 1));
}

static void refuse(struct sim_venue *v, const struct thing *t, enum venue_event_kind kind,
                   const struct order *o, enum venue_error error)
{
    struct venue_event e = {.kind = kind, .order_id = o->id, .error = error};

    if (error == VENUE_ERROR_RATE_LIMIT)
        e.retry_after_us = 3 * US_PER_S;
    if (error == VENUE_ERROR_BANNED)
        e.retry_after_us = v->banned_until_us - sim_now_us();
    (void)copy_text(e.reason, sizeof e.reason, venue_error_name(error));
    sim_answer(v, t, &e, NULL);
}

/* Why nothing is done about a request at all. */
static enum venue_error gate(struct sim_venue *v, const struct order *o)
{
    static const enum venue_error some[] = {
        VENUE_ERROR_RATE_LIMIT, VENUE_ERROR_OVERLOAD, VENUE_ERROR_FUNDS, VENUE_ERROR_CLOCK,
        VENUE_ERROR_RATE_LIMIT, VENUE_ERROR_OVERLOAD, VENUE_ERROR_FUNDS, VENUE_ERROR_OTHER};

    if (o && o->request_expires_us != TIME_NONE && venue_time(v) > o->request_expires_us) {
        sim_sometimes(v, "request expired on its way");
        return VENUE_ERROR_CLOCK;
    }
    if (sim_now_us() < v->banned_until_us)
        return VENUE_ERROR_BANNED;
    if (v->closed_until_us)
        return VENUE_ERROR_MARKET;
    if (sim_chance(&v->random, v->o.faults.silent_ban)) {
        sim_sometimes(v, "banned");
        v->banned_until_us = sim_now_us() + 5 * US_PER_S + (int64_t)sim_below(&v->random, 60000000);
        v->away_us = v->banned_until_us;
        return VENUE_ERROR_BANNED;
    }
    if (o && sim_chance(&v->random, v->o.faults.key_refused)) {
        sim_sometimes(v, "key refused");
        return VENUE_ERROR_AUTH;
    }
    if (o && sim_chance(&v->random, v->o.faults.refused)) {
        sim_sometimes(v, "refused for no reason of ours");
        return some[sim_below(&v->random, COUNT_OF(some))];
    }
    return VENUE_ERROR_NONE;
}

/* It becomes an order: at once, or after having waited inside the venue. */
static void become(struct sim_venue *v, const struct thing *t, const struct order *o)
{
    struct venue_event e = {.kind = VENUE_ACCEPTED, .order_id = o->id};
    enum venue_error error;
    int order;

    error = sim_accept(v, o, &order);
    if (error == VENUE_ERROR_DUPLICATE_ID)
        sim_sometimes(v, "client order id taken");
    if (error == VENUE_ERROR_WOULD_TRIGGER)
        sim_sometimes(v, o->life == LIFE_POST_ONLY ? "post only would take"
                                                   : "stop would trigger at once");
    if (error == VENUE_ERROR_FUNDS)
        sim_sometimes(v, "insufficient funds");
    if (error) {
        refuse(v, t, VENUE_REJECTED, o, error);
        return;
    }
    (void)copy_text(e.venue_order_id, sizeof e.venue_order_id, v->orders[order].venue_order_id);
    if (sim_chance(&v->random, v->o.faults.executed_5xx)) {
        sim_sometimes(v, "executed, but answered as a failure");
        e = (struct venue_event){
            .kind = VENUE_UNKNOWN, .order_id = o->id, .error = VENUE_ERROR_AMBIGUOUS};
    }
    sim_answer(v, t, &e, NULL);
    sim_stream(v, order, &(struct venue_event){.kind = VENUE_ACCEPTED});
    if (o->type == ORDER_MARKET)
        sim_execute_rest(v, order);
    else if (order_is_immediate(o))
        sim_execute_at_once(v, order);
}

/* The network repeated it.  What is told of the copy is told of the order, so only that its id is
 * taken may refuse it: a venue that answers otherwise cannot be dealt with, which is why no request
 * of an order is ever repeated by the transport (net/transfer.c). */
static void arrive_copy(struct sim_venue *v, const struct thing *t)
{
    struct venue_event e = {
        .kind = VENUE_UNKNOWN, .order_id = t->order.id, .error = VENUE_ERROR_AMBIGUOUS};

    bool waits = false;

    for (size_t i = 0; i < v->thing_count; i++)
        waits |= v->things[i].kind == THING_PROCESS && v->things[i].order.id == t->order.id;
    if (waits || venue_time(v) > t->order.request_expires_us || v->closed_until_us ||
        sim_now_us() < v->banned_until_us)
        sim_answer(v, t, &e, NULL);
    else
        become(v, t, &t->order);
}

static void arrive_submit(struct sim_venue *v, const struct thing *t)
{
    struct thing later = *t;
    enum venue_error error;

    if (t->is_copy) {
        arrive_copy(v, t);
        return;
    }
    error = gate(v, &t->order);
    if (error) {
        refuse(v, t, VENUE_REJECTED, &t->order, error);
        return;
    }
    v->o.watch.arrived(v->o.watch.self, t->link, &t->order);
    if (!sim_chance(&v->random, v->o.faults.slow_request)) {
        become(v, t, &t->order);
        return;
    }
    sim_sometimes(v, "venue slow to process");
    sim_later(v, THING_PROCESS, -1,
              (int64_t)sim_below(&v->random, (uint64_t)v->o.traits.processing_us));
    later.kind = THING_PROCESS;
    later.at_us = v->things[v->thing_count - 1].at_us;
    later.seq = v->things[v->thing_count - 1].seq;
    v->things[v->thing_count - 1] = later;
}

/* Two orders as one: the answer tells of both. */
static void arrive_pair(struct sim_venue *v, const struct thing *t)
{
    enum venue_error error = gate(v, &t->order);
    const struct order *ours[2] = {&t->order, &t->with};
    bool is_failure;
    int orders[2];

    if (!error)
        error = sim_accept_pair(v, &t->order, &t->with, orders);
    if (error)
        sim_sometimes(v, "pair refused");
    is_failure = !error && sim_chance(&v->random, v->o.faults.executed_5xx);
    for (int i = 0; i < 2; i++) {
        struct venue_event e = {.kind = VENUE_ACCEPTED, .order_id = ours[i]->id};
        struct thing half = *t;

        half.order = *ours[i];
        if (error) {
            refuse(v, &half, VENUE_REJECTED, ours[i], error);
            continue;
        }
        (void)copy_text(e.venue_order_id, sizeof e.venue_order_id,
                        v->orders[orders[i]].venue_order_id);
        if (is_failure)
            e = (struct venue_event){
                .kind = VENUE_UNKNOWN, .order_id = ours[i]->id, .error = VENUE_ERROR_AMBIGUOUS};
        sim_answer(v, &half, &e, NULL);
        sim_stream(v, orders[i], &(struct venue_event){.kind = VENUE_ACCEPTED});
    }
}

/* A stop may trigger while its cancel is on its way. */
static void race(struct sim_venue *v, const struct thing *t)
{
    int order = sim_find_open(v, t->order.client_order_id);

    if (order < 0 || v->orders[order].type == ORDER_LIMIT ||
        !sim_chance(&v->random, v->o.faults.cancel_race))
        return;
    sim_sometimes(v, size_sign(v->orders[order].executed) > 0 ? "cancel race lost after a part"
                                                              : "cancel race lost");
    sim_execute_rest(v, order);
}

/* Ends an open order at our wish, if there is one. */
static void end_open(struct sim_venue *v, const struct thing *t)
{
    int order = sim_find_open(v, t->order.client_order_id);
    struct venue_event e = {.kind = VENUE_CANCELED,
                            .order_id = t->order.id,
                            .executed_is_known = !sim_chance(&v->random, v->o.faults.ends_unsaid),
                            .reason = "requested"};

    if (order < 0) {
        refuse(v, t, VENUE_CANCEL_FAILED, &t->order, VENUE_ERROR_NOT_OPEN);
        return;
    }
    e.executed = v->orders[order].executed;
    sim_end(v, order, VENUE_ORDER_CANCELED, "requested");
    sim_answer(v, t, &e, NULL);
}

static void arrive_cancel(struct sim_venue *v, const struct thing *t)
{
    enum venue_error error = gate(v, NULL);

    if (error) {
        refuse(v, t, VENUE_CANCEL_FAILED, &t->order, error);
        return;
    }
    race(v, t);
    end_open(v, t);
}

/* Something of the order to be replaced was executed. */
static bool is_touched(const struct sim_venue *v, const struct thing *t)
{
    int order = sim_find_open(v, t->order.client_order_id);

    return order < 0 || size_sign(v->orders[order].executed) > 0;
}

static void arrive_replace(struct sim_venue *v, const struct thing *t)
{
    enum venue_error error = gate(v, &t->with);

    if (!error)
        race(v, t);
    if (error) {
        refuse(v, t, VENUE_CANCEL_FAILED, &t->order, error);
        refuse(v, t, VENUE_REJECTED, &t->with, error);
    } else if (is_touched(v, t)) {
        sim_sometimes(v, t->with.purpose == PURPOSE_ENTRY
                             ? "replace of what was executed meanwhile"
                             : "replace of a stop that was executed meanwhile");
        refuse(v, t, VENUE_CANCEL_FAILED, &t->order, VENUE_ERROR_NOT_OPEN);
        refuse(v, t, VENUE_NOT_SENT, &t->with, VENUE_ERROR_NOT_SENT);
    } else {
        end_open(v, t);
        v->o.watch.arrived(v->o.watch.self, t->link, &t->with);
        become(v, t, &t->with);
    }
}

/* ---- What it answers may be of a moment ago ---- */

static int64_t view_time(struct sim_venue *v)
{
    if (!sim_chance(&v->random, v->o.faults.query_lags))
        return sim_now_us();
    return sim_now_us() - (int64_t)sim_below(&v->random, (uint64_t)v->o.traits.query_lag_us);
}

static struct size executed_at(const struct sim_venue *v, int order, int64_t at_us)
{
    struct size sum = SIZE_ZERO;

    for (size_t i = 0; i < v->trade_count; i++)
        if (v->trades[i].order == order && v->trades[i].at_us <= at_us)
            sum.e12 += v->trades[i].size.e12;
    return sum;
}

static enum venue_order_state state_at(const struct sim_order *o, int64_t at_us)
{
    return o->ended_us == TIME_NONE || o->ended_us > at_us ? VENUE_ORDER_OPEN : o->state;
}

static void arrive_query(struct sim_venue *v, const struct thing *t)
{
    struct venue_event e = {
        .kind = VENUE_STATE, .order_id = t->order.id, .state = VENUE_ORDER_ABSENT};
    struct sim_link *l = &v->links[t->link];
    int64_t at_us = view_time(v), answer_us = sim_now_us() + 100 * US_PER_MS;

    if (t->life != l->life)
        return;
    for (size_t i = 0; i < v->order_count; i++) {
        const struct sim_order *o = &v->orders[i];

        if (strcmp(o->client_order_id, t->order.client_order_id) != 0)
            continue;
        if (o->created_us > at_us) {
            sim_sometimes(v, "query lags: not found although there");
            continue;
        }
        e.state = state_at(o, at_us);
        e.executed = executed_at(v, (int)i, at_us);
        e.executed_is_known = true;
        (void)copy_text(e.venue_order_id, sizeof e.venue_order_id, o->venue_order_id);
        for (size_t k = 0; k < v->trade_count; k++) {
            struct venue_event fill;

            if (v->trades[k].order != (int)i || v->trades[k].at_us > at_us)
                continue;
            fill = sim_trade_event(v, k);
            fill.order_id = t->order.id;
            sim_push(l, &fill, answer_us);
        }
    }
    sim_push(l, &e, answer_us);
}

void sim_picture_free(struct venue_account *a)
{
    if (!a)
        return;
    free((void *)(uintptr_t)a->orders);
    free((void *)(uintptr_t)a->trades);
    free((void *)(uintptr_t)a->balances);
    free((void *)(uintptr_t)a->positions);
    free((void *)(uintptr_t)a->incomes);
    free(a);
}

static void picture_orders(struct sim_venue *v, struct venue_account *a, int64_t at_us)
{
    struct venue_open_order *list = xcalloc(v->order_count + 1, sizeof *list);

    for (size_t i = 0; i < v->order_count; i++) {
        const struct sim_order *o = &v->orders[i];
        struct venue_open_order *to = &list[a->order_count];

        if (o->created_us > at_us || state_at(o, at_us) != VENUE_ORDER_OPEN)
            continue;
        *to = (struct venue_open_order){.side = o->side,
                                        .size = o->size,
                                        .executed = executed_at(v, (int)i, at_us),
                                        .price = o->level};
        (void)copy_text(to->client_order_id, sizeof to->client_order_id, o->client_order_id);
        (void)copy_text(to->venue_order_id, sizeof to->venue_order_id, o->venue_order_id);
        (void)copy_text(to->symbol, sizeof to->symbol, v->o.instruments[o->symbol].symbol);
        a->order_count++;
    }
    a->orders = list;
}

static void picture_trades(struct sim_venue *v, struct venue_account *a, int64_t at_us,
                           int64_t since_us)
{
    struct venue_trade *list = xcalloc(v->trade_count + 1, sizeof *list);

    for (size_t i = 0; i < v->trade_count; i++) {
        const struct sim_trade *t = &v->trades[i];
        struct venue_trade *to = &list[a->trade_count];

        if (t->at_us > at_us || t->at_us < since_us)
            continue;
        *to = (struct venue_trade){
            .side = t->side, .price = t->price, .size = t->size, .fee = t->fee, .at_us = t->at_us};
        sim_trade_id(i, to->venue_fill_id);
        (void)copy_text(to->fee_currency, sizeof to->fee_currency, sim_fee_currency(v, t));
        (void)copy_text(to->symbol, sizeof to->symbol, v->o.instruments[t->symbol].symbol);
        if (t->order >= 0) {
            const struct sim_order *o = &v->orders[t->order];

            (void)copy_text(to->client_order_id, sizeof to->client_order_id, o->client_order_id);
            (void)copy_text(to->venue_order_id, sizeof to->venue_order_id, o->venue_order_id);
        }
        a->trade_count++;
    }
    a->trades = list;
}

static void picture_holdings(struct sim_venue *v, struct venue_account *a, int64_t at_us)
{
    struct venue_balance *balances = xcalloc(SIM_SYMBOLS, sizeof *balances);
    struct venue_position *positions = xcalloc(SIM_SYMBOLS, sizeof *positions);

    for (int i = 0; i < SIM_SYMBOLS; i++) {
        const struct instrument *instrument = &v->o.instruments[i];
        struct size held = v->held[i];

        for (size_t k = 0; k < v->trade_count; k++)
            if (v->trades[k].symbol == i && v->trades[k].at_us > at_us)
                held.e12 -= sim_trade_moved(&v->trades[k]).e12;
        if (size_sign(held) == 0)
            continue;
        if (instrument->is_spot) {
            struct venue_balance *to = &balances[a->balance_count++];

            to->free = held;
            (void)copy_text(to->asset, sizeof to->asset, instrument->base);
        } else {
            struct venue_position *to = &positions[a->position_count++];

            to->size = held;
            (void)copy_text(to->symbol, sizeof to->symbol, instrument->symbol);
        }
    }
    a->balances = balances;
    a->positions = positions;
}

struct venue_account *sim_picture(struct sim_venue *v, const struct thing *t)
{
    struct venue_account *a = xcalloc(1, sizeof *a);

    a->asked_us = t->engine_us;
    a->venue_us = venue_time(v);
    picture_orders(v, a, view_time(v));
    picture_trades(v, a, view_time(v), t->since_us);
    picture_holdings(v, a, view_time(v));
    sim_picture_incomes(v, a, sim_now_us());
    return a;
}

void sim_process(struct sim_venue *v, const struct thing *t)
{
    struct venue_event e = {.kind = VENUE_ACCOUNT};

    switch (t->kind) {
    case THING_SUBMIT:
        arrive_submit(v, t);
        break;
    case THING_PROCESS:
        become(v, t, &t->order);
        break;
    case THING_CANCEL:
        arrive_cancel(v, t);
        break;
    case THING_REPLACE:
        arrive_replace(v, t);
        break;
    case THING_PAIR:
        arrive_pair(v, t);
        break;
    case THING_QUERY:
        arrive_query(v, t);
        break;
    case THING_ACCOUNT:
        sim_answer(v, t, &e, sim_picture(v, t));
        break;
    case THING_TIMER:
        sim_timer_arrive(v, t);
        break;
    case THING_EXECUTE:
        sim_execute_rest(v, t->order_index);
        break;
    }
}
