/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold in every run, whatever fails: checked against the venue's and the journal's own
 * records, never the engine's opinion.
 *
 * The names are those of the invariants in the header of judge.c.  The first violation is kept. */
#ifndef TESTS_SIMULATION_JUDGE_H
#define TESTS_SIMULATION_JUDGE_H

#include "tests/simulation/sim_venue.h"
#include "tests/support/memory_journal.h"

enum {
    JUDGE_UNKNOWNS = 256,
    JUDGE_TEXT = 400
};

struct judge {
    const struct sim_venue *venue;
    const struct memory_journal *journal;
    const struct instrument *instruments;
    struct venue_traits traits;
    struct money start;
    struct money exposure_limit;
    int64_t protect_within_us, notice_within_us;
    bool has_foreign;                 /* trades that are not ours may happen */
    bool entries_are_stopped;         /* the operator was told so, durably */
    bool is_compared;                 /* a picture was told since the start or the last gap */
    char unknown[JUDGE_UNKNOWNS][33]; /* told as unknown, in this life of the engine */
    size_t unknown_count;
    size_t orders_seen; /* rows whose status was noted */
    enum order_status *statuses;
    size_t status_capacity;
    int64_t unprotected_us[SIM_SYMBOLS], foreign_us[SIM_SYMBOLS], looked_us;
    char violation[JUDGE_TEXT]; /* "" while all holds */
};

/* Before a byte leaves: O3 O4 O5 O8 E1 E3. */
void judge_submit(struct judge *j, const struct order *o);
/* The engine is told an event: what it knows by now. */
void judge_told(struct judge *j, const struct venue_event *e);
/* After a commit became durable: O2 O6 O9 F4 F5 C1 C2 C3 C5 F2. */
void judge_commit(struct judge *j);
/* Now and then, while the engine runs and the venue is open: E7. */
void judge_watch(struct judge *j, int64_t now_us, bool is_fair);
/* Everything has come to rest: O1 O7 O10 F1 F2 F3 C1 D1 D2. */
void judge_rest(struct judge *j);
/* The engine has died: what it was told is forgotten. */
void judge_crash(struct judge *j);
void judge_release(struct judge *j);

void judge_violated(struct judge *j, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
