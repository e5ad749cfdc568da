/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is made of: candles, strategies, engine, venue, journal, all from the seed. */
#ifndef TESTS_SIMULATION_SIM_WORLD_H
#define TESTS_SIMULATION_SIM_WORLD_H

#include "engine/engine.h"
#include "exchange/recorded_feed.h"
#include "tests/simulation/sim_database.h"
#include "tests/simulation/sim_run.h"

enum {
    SIM_CANDLES = 60, /* of a minute */
    SIM_STEPS = SIM_CANDLES * 4 + 1
};

/* What goes wrong beside the venue; chances in 1000 of a commit, request, renewal. */
struct trouble {
    int journal_fails, journal_cut, journal_unknown, journal_alone, journal_crashes, disk_fails;
    int submit_crashes, commit_pauses, submit_pauses, renewal_fails;
};

/* One daemon: it trades, stands by, or is dead.  What is on its disk outlives its engine. */
struct instance {
    struct run *run;
    int index;
    struct engine *engine; /* NULL: dead, or standing by */
    struct recorded_feed *recorded;
    struct feed feed;
    struct venue port;
    struct journal journal;
    struct sim_spool spool;
    struct command_reply *reply;
    int64_t epoch;                    /* of the log, as it recovered it */
    int64_t lease_epoch, renew_at_us; /* 0: not ours */
    int64_t lease_until_us;           /* by its own clock */
    bool lease_lost;
    bool is_paused, crash_now;
    int64_t crash_at_us, start_at_us, step_at_us; /* its clock's */
    int64_t cut_until_us, disk_full_until_us;     /* no database, no room */
    size_t disowned_at; /* so much was there when its lost orders were looked for */
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
    struct sim_venue *venue;
    struct sim_database database;
    struct instance instances[SIM_INSTANCES];
    int instance_count; /* 1: without a lease */
    int owner;          /* the instance that recovered last */
    struct judge judge;
    struct trouble trouble;
    int64_t database_down_until_us;
    bool is_calm, has_crashes, has_commands, has_hand, has_spool, is_pausing;
    int64_t start_us, end_us, command_at_us;
    int64_t hand_at_us;   /* the next order by hand, INT64_MAX: none */
    int64_t switch_at_us; /* the next renewal of the operator's switch, INT64_MAX: none */
    int64_t switch_timeout_us;
    enum deadman_action switch_action;
    struct check_random switch_random;
    int64_t stuck_us; /* the newest moment at which nothing could be made durable */
    bool wakes;       /* a command left something to be done: its daemon's turn comes at once */
    uint64_t crashes, steps;
};

struct run *run_new(uint64_t seed, struct sometimes *sometimes);
void run_free(struct run *r);
void run_heal(struct run *r);
int64_t run_crash_time(struct run *r);
void run_watch(struct run *r);
void run_reached(void *self, const char *what);
/* The process stands still, and everything else goes on. */
void run_pause(struct instance *i, int64_t most_us);

/* ---- sim_instance.c ---- */

void instance_open(struct instance *i);
void instance_close(struct instance *i); /* as kill -9 */
/* Has it do what it has to do now; when it has to do something next. */
int64_t instance_turn(struct instance *i);
/* Carries a command out; the reply is the instance's. */
enum err instance_say(struct instance *i, const struct command *c);
/* It trades, as far as it knows. */
bool instance_is_up(const struct instance *i);
/* And nobody has followed it. */
bool instance_is_newest(const struct instance *i);
/* The one that commands go to; NULL: none. */
struct instance *run_active(struct run *r);

/* ---- sim_switch.c ---- */

/* Arms or renews the operator's switch; when that is to be done again. */
int64_t sim_switch(struct run *r);

/* ---- sim_duty.c ---- */

/* Beside the faults: funding, the drawdown that ends entries, the venue's timer, the operator's
 * switch. */
void run_duties(struct run *r, struct sim_venue_options *o);

/* ---- sim_journal.c ---- */

struct journal sim_journal_port(struct instance *i);
bool sim_journal_is_away(const struct instance *i);

#endif
