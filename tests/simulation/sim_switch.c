/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who keeps the operator's dead-man switch from lapsing, and forgets to now and then. */
#include "tests/simulation/sim_world.h"

/* In time, or far too late. */
static int64_t next_us(struct run *r)
{
    int64_t timeout_us = r->switch_timeout_us;

    if (sim_chance(&r->switch_random, 120))
        return sim_now_us() + timeout_us + (int64_t)sim_below(&r->switch_random, 300 * 1000000);
    return sim_now_us() + timeout_us / 4 +
           (int64_t)sim_below(&r->switch_random, (uint64_t)(timeout_us / 2));
}

int64_t sim_switch(struct run *r)
{
    struct instance *active = run_active(r);
    int64_t asked_us = sim_now_us();
    struct command c = {.kind = COMMAND_DEADMAN, .mode = MODE_PAPER};

    if (!active)
        return sim_now_us() + US_PER_S;
    c.deadman.action = r->switch_action;
    c.deadman.timeout_us = sim_chance(&r->switch_random, 30) ? 0 : r->switch_timeout_us;
    (void)copy_text(c.actor, sizeof c.actor, "renewer");
    (void)instance_say(active, &c);
    run_reached(r, c.deadman.timeout_us > 0 ? "switch armed or renewed" : "switch ended");
    if (!active->reply->error && active->engine)
        judge_switch_renewed(&r->judge, active->index, &c, asked_us);
    return next_us(r);
}
