/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who places, replaces and cancels orders by hand, at random. */
#ifndef TESTS_SIMULATION_SIM_HAND_H
#define TESTS_SIMULATION_SIM_HAND_H

#include "tests/simulation/sim_world.h"

/* One wish, which the engine may refuse; the time of the next one. */
int64_t sim_hand(struct run *r);

#endif
