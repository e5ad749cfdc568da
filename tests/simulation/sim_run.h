/* SPDX-License-Identifier: Apache-2.0 */
/* One run from one seed: the whole engine on a virtual clock against the venue with faults and a
 * journal that fails, restarts at any moment, and an operator.
 *
 * Swarm testing: each seed enables a random subset of the faults, so that rare ones also run
 * alone.  At the end nothing goes wrong any more, everything is closed, and all must come to
 * rest. */
#ifndef TESTS_SIMULATION_SIM_RUN_H
#define TESTS_SIMULATION_SIM_RUN_H

#include "tests/simulation/judge.h"

enum {
    SIM_SOMETIMES_MAX = 160
};

/* Rare paths, and how many runs reached each. */
struct sometimes {
    struct {
        char name[SIM_SOMETIMES_NAME];
        uint64_t runs;
        uint64_t seed; /* the newest run that reached it */
    } list[SIM_SOMETIMES_MAX];
    size_t count;
};

struct run_result {
    char violation[JUDGE_TEXT]; /* "": everything held */
    struct digest log;          /* of all leaves: the same seed gives the same */
    uint64_t orders, fills, crashes;
};

/* Plays a seed. */
void sim_run(uint64_t seed, struct sometimes *sometimes, struct run_result *out);

#endif
