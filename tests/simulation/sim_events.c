/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way to the engines: answers, and streams that lose, repeat and delay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct sim_told *sim_push(struct sim_link *l, const struct venue_event *e, int64_t at_us)
{
    struct sim_told *told;

    if (!l->is_connected)
        return &l->venue->dropped;
    if (l->event_count == l->event_capacity) {
        l->event_capacity = l->event_capacity ? 2 * l->event_capacity : 16;
        l->events = xrealloc(l->events, l->event_capacity * sizeof *l->events);
    }
    told = &l->events[l->event_count++];
    *told = (struct sim_told){.at_us = at_us, .seq = l->venue->seq++, .event = *e};
    told->event.at_us = at_us;
    return told;
}

void sim_push_all(struct sim_venue *v, const struct venue_event *e, int64_t most_us)
{
    for (int k = 0; k < SIM_LINKS; k++)
        if (v->links[k].is_connected)
            sim_push(&v->links[k], e, sim_now_us() + sim_delay(v, most_us));
}

void sim_answer(struct sim_venue *v, const struct thing *t, const struct venue_event *e,
                struct venue_account *account)
{
    struct sim_link *l = &v->links[t->link];
    int64_t at_us = sim_now_us() + sim_delay(v, 120 * US_PER_MS);
    struct sim_told *told;

    if (t->life != l->life || t->is_answer_lost || at_us > t->asked_us + time_out_us) {
        sim_picture_free(account);
        return;
    }
    told = sim_push(l, e, at_us);
    told->account = account;
    told->is_unknown = e->kind == VENUE_UNKNOWN;
    told->order = t->kind == THING_REPLACE ? t->with : t->order;
}

/* The stream goes down: what happens meanwhile is never told. */
static void begin_gap(struct sim_link *l)
{
    struct sim_venue *v = l->venue;

    sim_sometimes(v, "stream event lost");
    if (l->gap_until_us == 0 && !sim_chance(&v->random, 300))
        l->gap_until_us = sim_now_us() + sim_delay(v, 20 * US_PER_S);
}

static void stream_to(struct sim_link *l, const struct venue_event *e)
{
    struct sim_venue *v = l->venue;
    int64_t most_us = 200 * US_PER_MS;

    if (sim_chance(&v->random, v->o.faults.stream_lost)) {
        begin_gap(l);
        return;
    }
    if (l->gap_until_us)
        return;
    if (sim_chance(&v->random, v->o.faults.stream_slow)) {
        sim_sometimes(v, "stream event late");
        most_us = 8 * US_PER_S;
    }
    sim_push(l, e, sim_now_us() + sim_delay(v, most_us));
    if (sim_chance(&v->random, v->o.faults.stream_twice)) {
        sim_sometimes(v, "stream event twice");
        sim_push(l, e, sim_now_us() + sim_delay(v, 5 * US_PER_S));
    }
}

void sim_stream(struct sim_venue *v, int order, const struct venue_event *e)
{
    const struct sim_order *o = &v->orders[order];
    struct venue_event told = *e;

    (void)copy_text(told.client_order_id, sizeof told.client_order_id, o->client_order_id);
    (void)copy_text(told.venue_order_id, sizeof told.venue_order_id, o->venue_order_id);
    for (int k = 0; k < SIM_LINKS; k++)
        if (v->links[k].is_connected)
            stream_to(&v->links[k], &told);
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

size_t sim_venue_untaken(const struct sim_venue *v, int link)
{
    const struct sim_link *l = &v->links[link];
    size_t count = 0;

    for (size_t i = 0; i < l->event_count; i++)
        count += l->events[i].at_us <= sim_now_us();
    return count;
}

size_t sim_venue_asked(const struct sim_venue *v, int link)
{
    size_t count = 0;

    for (size_t i = 0; i < v->thing_count; i++)
        count += v->things[i].kind != THING_EXECUTE && v->things[i].link == link &&
                 v->things[i].life == v->links[link].life;
    return count;
}

size_t sim_first_event(const struct sim_link *l)
{
    size_t best = 0;

    for (size_t i = 1; i < l->event_count; i++) {
        const struct sim_told *a = &l->events[i], *b = &l->events[best];

        if (a->at_us < b->at_us || (a->at_us == b->at_us && a->seq < b->seq))
            best = i;
    }
    return best;
}
