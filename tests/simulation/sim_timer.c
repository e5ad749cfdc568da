/* SPDX-License-Identifier: Apache-2.0 */
/* The venue's timer a symbol: all that rests there ends unless it is set again in time. */
#include "tests/simulation/sim_parts.h"

int64_t sim_venue_timer_us(const struct sim_venue *v, int symbol)
{
    return v->timer_us[symbol];
}

/* Lost as other requests are; what it answers nobody waits for. */
enum err sim_cancel_after(void *self, size_t instrument, int64_t after_us, int64_t at_us)
{
    struct sim_link *l = self;
    struct sim_venue *v = l->venue;
    int64_t way_us = 1000 + (int64_t)sim_below(&v->timer_random, 150 * US_PER_MS);
    struct thing *t;

    (void)at_us;
    if (v->o.watch.is_dead(v->o.watch.self, l->index))
        return ERR_OK;
    if (sim_chance(&v->timer_random, v->o.faults.lost_request)) {
        sim_sometimes(v, "timer's request lost");
        return ERR_OK;
    }
    if (sim_chance(&v->timer_random, v->o.faults.slow_request))
        way_us = (int64_t)sim_below(&v->timer_random, 15 * US_PER_S);
    t = sim_thing(l, THING_TIMER, sim_now_us() + way_us);
    t->symbol = (int)instrument;
    t->after_us = after_us;
    return ERR_OK;
}

void sim_timer_arrive(struct sim_venue *v, const struct thing *t)
{
    if (v->closed_until_us || sim_now_us() < v->banned_until_us)
        return;
    v->timer_us[t->symbol] = t->after_us > 0 ? sim_now_us() + t->after_us : TIME_NONE;
    sim_sometimes(v, t->after_us > 0 ? "timer set" : "timer stopped");
}

void sim_timers(struct sim_venue *v, int64_t now_us)
{
    const struct sim_watch *watch = &v->o.watch;

    for (int symbol = 0; symbol < SIM_SYMBOLS; symbol++) {
        if (v->timer_us[symbol] == TIME_NONE || v->timer_us[symbol] > now_us)
            continue;
        v->timer_us[symbol] = TIME_NONE;
        for (size_t i = 0; i < v->order_count; i++) {
            const struct sim_order *o = &v->orders[i];

            if (o->symbol != symbol || o->ended_us != TIME_NONE)
                continue;
            if (!o->is_disowned)
                watch->timed_out(watch->self, o->client_order_id);
            sim_end(v, (int)i, VENUE_ORDER_CANCELED, "its timer ran out");
        }
    }
}
