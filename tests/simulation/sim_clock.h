/* SPDX-License-Identifier: Apache-2.0 */
/* The one clock of a simulated run: it stands where the run has put it. */
#ifndef TESTS_SIMULATION_SIM_CLOCK_H
#define TESTS_SIMULATION_SIM_CLOCK_H

#include "core/clock.h"
#include "tests/support/check.h"

/* Monotonic time, of everybody. */
int64_t sim_now_us(void);
void sim_set_now(int64_t now_us);
/* The wall clock of an instance: each may step, and no two of them agree to the microsecond unless
 * they are set so.  A step leaves it a minute off at most. */
struct clock sim_clock(int instance);
int64_t sim_wall_us(int instance);
void sim_step_clock(int instance, int64_t by_us);
void sim_agree_clocks(void);

/* A number in [0, n), and a chance of n in 1000. */
uint64_t sim_below(struct check_random *r, uint64_t n);
bool sim_chance(struct check_random *r, int per_mille);

#endif
