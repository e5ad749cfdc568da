/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at the venue as time passes: requests arrive, prices move, the world interferes. */
#include "tests/simulation/sim_parts.h"

/* One step of the prices, and what the world does of itself. */
static void step(struct sim_venue *v)
{
    if (v->closed_until_us && sim_now_us() >= v->closed_until_us) {
        v->closed_until_us = 0;
        sim_tell_market(v, "", VENUE_MARKET_TRADING, "maintenance");
    }
    if (v->closed_until_us || sim_now_us() < v->banned_until_us)
        v->away_us = sim_now_us();
    if (v->closed_until_us == 0) {
        sim_match_all(v);
        if (sim_chance(&v->random, v->o.faults.maintenance)) {
            sim_sometimes(v, "maintenance");
            v->closed_until_us = sim_now_us() + sim_delay(v, 240 * US_PER_S);
            sim_tell_market(v, "", VENUE_MARKET_MAINTENANCE, "maintenance");
        }
    }
    sim_mischief(v);
    sim_funding(v);
}

static void end_gap(struct sim_link *l)
{
    struct venue_event e = {.kind = VENUE_GAP};

    if (l->gap_until_us == 0 || sim_now_us() < l->gap_until_us)
        return;
    l->gap_until_us = 0;
    sim_sometimes(l->venue, "stream gap");
    sim_push(l, &e, sim_now_us());
}

static size_t first_thing(const struct sim_venue *v)
{
    size_t best = 0;

    for (size_t i = 1; i < v->thing_count; i++) {
        const struct thing *a = &v->things[i], *b = &v->things[best];

        if (a->at_us < b->at_us || (a->at_us == b->at_us && a->seq < b->seq))
            best = i;
    }
    return best;
}

int64_t sim_venue_due_us(const struct sim_venue *v)
{
    int64_t at_us = v->next_step_us;

    if (v->thing_count > 0 && v->things[first_thing(v)].at_us < at_us)
        at_us = v->things[first_thing(v)].at_us;
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (v->timer_us[i] != TIME_NONE && v->timer_us[i] < at_us)
            at_us = v->timer_us[i];
    for (const struct sim_link *l = v->links; l < v->links + SIM_LINKS; l++) {
        int64_t told_us = l->event_count ? l->events[sim_first_event(l)].at_us : INT64_MAX;

        if (l->gap_until_us && l->gap_until_us < at_us)
            at_us = l->gap_until_us;
        if (told_us > sim_now_us() && told_us < at_us)
            at_us = told_us;
    }
    return at_us;
}

void sim_venue_advance(struct sim_venue *v, int64_t now_us)
{
    while (v->thing_count > 0) {
        size_t at = first_thing(v);
        struct thing t = v->things[at];

        if (t.at_us > now_us)
            break;
        v->things[at] = v->things[--v->thing_count];
        sim_process(v, &t);
    }
    sim_timers(v, now_us);
    if (v->next_step_us <= now_us) {
        v->next_step_us += v->o.step_us;
        step(v);
    }
    for (int k = 0; k < SIM_LINKS; k++)
        end_gap(&v->links[k]);
}

/* ---- When all is over ---- */

void sim_venue_tidy(struct sim_venue *v)
{
    for (size_t i = 0; i < v->order_count; i++)
        if (v->orders[i].is_disowned && v->orders[i].ended_us == TIME_NONE)
            sim_end(v, (int)i, VENUE_ORDER_CANCELED, "canceled by its owner");
    for (int i = 0; i < SIM_SYMBOLS && !v->o.adopts; i++) {
        struct size left = v->foreign[i];

        if (size_sign(left) != 0)
            sim_trade(v, -1, i, size_sign(left) > 0 ? SIDE_SELL : SIDE_BUY, size_abs(left));
    }
}

void sim_venue_heal(struct sim_venue *v)
{
    v->o.faults = (struct sim_faults){0};
    sim_end_mischief(v);
    sim_end_funding(v);
    sim_venue_tidy(v);
    v->closed_until_us = v->closed_until_us ? sim_now_us() : 0;
    v->banned_until_us = 0;
}

bool sim_venue_was_away(const struct sim_venue *v, int64_t since_us)
{
    return v->away_us != TIME_NONE && v->away_us >= since_us;
}
