/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has beside its faults, each drawn from a random stream of its own: a further one
 * changes nothing of what the seeds without it mean. */
#include "tests/simulation/sim_world.h"

static struct check_random stream(const struct run *r, uint64_t duty)
{
    struct check_random random = {r->seed * 0x9e3779b97f4a7c15ULL ^ duty};

    (void)check_random_next(&random);
    return random;
}

/* A perpetual's funding, far more often than any venue has it. */
static void have_funding(struct run *r, struct sim_venue_options *o)
{
    struct check_random random = stream(r, 0x66756e65);

    if (r->instruments[0].is_spot || sim_below(&random, 3) != 0)
        return;
    o->traits.tells_funding = true;
    o->funding_seed = check_random_next(&random);
    o->funding.paid = 10 + (int)sim_below(&random, 150);
    o->funding.late = sim_below(&random, 2) ? (int)sim_below(&random, 500) : 0;
    o->funding.twice = sim_below(&random, 2) ? (int)sim_below(&random, 500) : 0;
}

/* A timer that ends what rests unless it is set again: where orders by hand rest, for they alone do
 * as entries. */
static void have_timer(struct run *r, struct sim_venue_options *o)
{
    struct check_random random = stream(r, 0x74696d65);

    if (r->instruments[0].is_spot || !r->has_hand || sim_below(&random, 2) != 0)
        return;
    o->traits.has_cancel_after = true;
    o->timer_seed = check_random_next(&random);
}

/* Somebody who arms the operator's dead-man switch, renews it, and forgets to now and then. */
static void have_switch(struct run *r)
{
    struct check_random random = stream(r, 0x73776974);

    r->switch_at_us = INT64_MAX;
    if (sim_below(&random, 6) != 0)
        return;
    r->switch_random.state = check_random_next(&random);
    r->switch_timeout_us = 20 * US_PER_S + (int64_t)sim_below(&random, 100 * 1000000);
    r->switch_action = sim_below(&random, 2) ? DEADMAN_FLATTEN : DEADMAN_PAUSE;
    r->switch_at_us = r->start_us + (int64_t)sim_below(&random, 600 * 1000000);
}

/* Losses that end entries, from 0.1 to 1 %: each position risks 0.06 % of the equity. */
static void have_drawdown(struct run *r)
{
    struct check_random random = stream(r, 0x6c6f7373);

    if (sim_below(&random, 8) == 0)
        r->judge.max_drawdown.e12 = (i128)(1 + sim_below(&random, 10)) * 1000000000;
}

void run_duties(struct run *r, struct sim_venue_options *o)
{
    have_funding(r, o);
    have_drawdown(r);
    have_timer(r, o);
    have_switch(r);
}
