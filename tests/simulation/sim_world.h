/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is made of: candles, strategies, engine, venue, journal, all from the seed. */
#ifndef TESTS_SIMULATION_SIM_WORLD_H
#define TESTS_SIMULATION_SIM_WORLD_H

#include "engine/engine.h"
#include "exchange/recorded_feed.h"
#include "tests/simulation/sim_run.h"

enum {
    SIM_CANDLES = 60, /* of a minute */
    SIM_STEPS = SIM_CANDLES * 4 + 1
};

struct run {
    uint64_t seed;
    struct check_random random;
    struct sometimes *sometimes;
    struct instrument instruments[SIM_SYMBOLS];
    int64_t path[SIM_STEPS][SIM_SYMBOLS];
    char *csv[SIM_SYMBOLS];
    const char *strategy_json;
    struct strategy *strategy;
    struct recorded_feed *recorded;
    struct feed feed;
    struct sim_venue *venue;
    struct venue port;
    struct memory_journal journal;
    struct journal memory, journal_port; /* the port with faults around the memory */
    struct engine *engine;               /* NULL: dead */
    struct judge judge;
    struct command_reply *reply;
    int journal_fails, journal_unknown, journal_crashes; /* chances in 1000 of a commit */
    int submit_crashes;                                  /* of a request */
    int64_t journal_down_until_us;
    bool is_calm, crash_now, has_crashes, has_commands;
    int64_t start_us, end_us, crash_at_us, start_at_us, command_at_us;
    uint64_t crashes, steps;
};

struct run *run_new(uint64_t seed, struct sometimes *sometimes);
void run_free(struct run *r);
void run_open_engine(struct run *r);
void run_close_engine(struct run *r); /* as kill -9 */
/* Carries a command out; the reply is the run's. */
enum err run_say(struct run *r, const struct command *c);
void run_heal(struct run *r);
int64_t run_crash_time(struct run *r);
void run_watch(struct run *r);
void run_reached(void *self, const char *what);

#endif
