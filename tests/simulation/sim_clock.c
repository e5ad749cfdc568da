/* SPDX-License-Identifier: Apache-2.0 */
/* The one clock of a simulated run. */
#include "tests/simulation/sim_clock.h"

enum {
    CLOCKS = 2,
    FURTHEST_US = 60000000 /* a machine whose clock nobody sets is not traded on */
};
static int64_t now;
static int64_t ahead_us[CLOCKS]; /* of everybody's time */

int64_t sim_now_us(void)
{
    return now;
}

void sim_set_now(int64_t now_us)
{
    ASSERT(now_us >= now || now_us == 0);
    now = now_us;
    for (int i = 0; i < CLOCKS && now_us == 0; i++)
        ahead_us[i] = 137 * i;
}

static int64_t read_clock(const struct clock *self)
{
    return now + ahead_us[self->fixed_us];
}

struct clock sim_clock(int instance)
{
    return (struct clock){.now_us = read_clock, .fixed_us = instance};
}

int64_t sim_wall_us(int instance)
{
    return now + ahead_us[instance];
}

void sim_step_clock(int instance, int64_t by_us)
{
    const int64_t to_us = ahead_us[instance] + by_us;

    ahead_us[instance] = to_us > FURTHEST_US    ? FURTHEST_US
                         : to_us < -FURTHEST_US ? -FURTHEST_US
                                                : to_us;
}

void sim_agree_clocks(void)
{
    for (int i = 0; i < CLOCKS; i++)
        ahead_us[i] = 0;
}

uint64_t sim_below(struct check_random *r, uint64_t n)
{
    return check_random_next(r) % n;
}

bool sim_chance(struct check_random *r, int per_mille)
{
    return per_mille > 0 && sim_below(r, 1000) < (uint64_t)per_mille;
}
