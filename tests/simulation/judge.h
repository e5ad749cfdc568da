/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold in every run, whatever fails: checked against the venue's and the journal's own
 * records, never the engine's opinion.
 *
 * The names are those of the invariants in tests/README.md.  The first violation is kept. */
#ifndef TESTS_SIMULATION_JUDGE_H
#define TESTS_SIMULATION_JUDGE_H

#include "tests/simulation/sim_database.h"
#include "tests/simulation/sim_venue.h"

enum {
    JUDGE_UNKNOWNS = 256,
    JUDGE_HASTE = 64,
    JUDGE_FLATTENED = 16,
    JUDGE_TEXT = 400
};

struct instance;
struct command;
struct command_reply;

/* What an operator wants: an order canceled, or an exit sent. */
struct haste {
    int64_t order_id, position_id; /* 0: the order is to be canceled */
    int64_t since_us;              /* nothing is done about it */
};

/* What one life of an instance was told. */
struct judge_life {
    bool is_compared; /* a picture was told since the start or the last gap */
    char unknown[JUDGE_UNKNOWNS][33];
    size_t unknown_count;
    /* The operator's switch: it lapses between these, by what was said to it; 0: not armed. */
    int64_t lapses_from_us, lapses_until_us;
    bool has_lapsed; /* and nobody has told it to go on */
    enum deadman_action action;
};

/* What a lapse or an operator is to close. */
struct flattened {
    int64_t position_id, since_us;
    bool is_durable; /* that it is: no crash forgets it */
};

struct judge {
    const struct sim_venue *venue;
    const struct sim_database *database;
    const struct memory_journal *journal; /* what was said to be durable */
    const struct instrument *instruments;
    struct venue_traits traits;
    struct money start;
    struct money exposure_limit;
    struct ratio max_drawdown; /* 0: none */
    struct money peak;         /* of equity, as far as it is durable */
    int64_t entry_seen;        /* the newest entry that was judged by it */
    int64_t protect_within_us, notice_within_us, take_within_us;
    bool is_calm;             /* nothing gets lost on the way */
    bool has_late;            /* a fill was told after its order's end */
    bool has_foreign;         /* trades that are not ours may happen */
    bool adopts;              /* and what they do to our positions is taken over */
    bool entries_are_stopped; /* the operator was told so, durably */
    struct judge_life lives[SIM_INSTANCES];
    char (*sent)[33]; /* client order ids, in all lives of all instances */
    size_t sent_count, sent_capacity;
    char (*canceled)[33]; /* likewise, whose cancel was asked for */
    size_t canceled_count, canceled_capacity;
    struct haste haste[JUDGE_HASTE];
    size_t haste_count;
    struct flattened flattened[JUDGE_FLATTENED];
    size_t flattened_count;
    bool wants_flat;  /* the operator stopped, closed and canceled everything, durably */
    int64_t begun_us; /* the operator let it go on last */
    int64_t unwatched_us[SIM_SYMBOLS]; /* an entry rests there without the venue's timer */
    int64_t reborn_order;              /* the newest when an instance died last */
    size_t orders_seen;                /* rows whose status was noted */
    enum order_status *statuses;
    size_t status_capacity;
    size_t trades_seen; /* of the venue's, in these sums */
    i128 ours[SIM_SYMBOLS], held[SIM_SYMBOLS];
    int64_t unprotected_us[SIM_SYMBOLS], foreign_us[SIM_SYMBOLS], looked_us;
    int64_t untaken_us[SIM_SYMBOLS];
    char violation[JUDGE_TEXT]; /* "" while all holds */
};

/* ---- judge.c ---- */

void judge_violated(struct judge *j, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int judge_symbol(const struct judge *j, const char *symbol);
/* The durable row of an order; NULL: none. */
const struct order *judge_row(const struct judge *j, const char *client_order_id);
const struct order *judge_row_with(const struct judge *j, int64_t id); /* NULL: none */
bool judge_was_sent(const struct judge *j, const char *client_order_id);
void judge_release(struct judge *j);

/* Before a byte leaves: O2 O3 O4 O5 O8 E1 E2 E3 E8. */
void judge_submit(struct judge *j, const struct instance *i, const struct order *o);
/* The venue has a request that it will not refuse for being late: O8. */
void judge_arrived(struct judge *j, const struct instance *i, const struct order *o);
/* An instance is told an event: what it knows by now. */
void judge_told(struct judge *j, int who, const struct venue_event *e);
void judge_unknown(struct judge *j, int who, const struct order *o);
/* It has died: what it was told is forgotten. */
void judge_crash(struct judge *j, int who);
/* It has slept: no clock of the judge's went on. */
void judge_wake(struct judge *j);
/* From now on what is durable is read there; in `rebase` not all of it is what was durable. */
void judge_read(struct judge *j, const struct memory_journal *journal);
void judge_rebase(struct judge *j);

/* ---- judge_commit.c ---- */

/* After a commit became durable: O2 O6 O9 F2 F3 F4 F5 C1 C2 C3 C4 C5. */
void judge_commit(struct judge *j, const struct journal_batch *b);

/* ---- judge_funding.c ---- */

/* Likewise: C3 C4 of funding. */
void judge_funding(struct judge *j, const struct journal_batch *b);
/* At rest: C1. */
void judge_funding_rest(struct judge *j);

/* What all rows come to: cash, and positions at their marks. */
i128 judge_equity(const struct judge *j);

/* ---- judge_risk.c ---- */

/* Before an entry, or an exit, leaves: E8. */
void judge_entry_selves(struct judge *j, const struct order *o);
void judge_exit_selves(struct judge *j, const struct order *o);
/* A cancel leaves, or a request that replaces it. */
void judge_cancel(struct judge *j, const struct order *o);
bool judge_is_canceled(const struct judge *j, const char *client_order_id);
/* After a commit: E6. */
void judge_drawdown(struct judge *j, const struct journal_batch *b);

/* ---- judge_haste.c ---- */

/* An operator's command was carried out. */
void judge_told_to(struct judge *j, const struct command *c, const struct command_reply *reply);
/* A request about an order leaves: its answer is waited for. */
void judge_request(struct judge *j, const struct order *o);
/* Who was told to has slept; has died. */
void judge_hurry_paused(struct judge *j);
void judge_hurry_ends(struct judge *j);
/* Now and then: L4. */
void judge_haste(struct judge *j, bool is_fair);

/* ---- judge_switch.c ---- */

struct account;

/* The operator's dead-man switch, E9: an engine begins with what is durable of it; it was armed
 * or renewed, by a command that was given at asked_us; an engine has had its turn (true: it has
 * lapsed); the operator tells the loop to go on. */
void judge_switch_begins(struct judge *j, int who, const struct account *a);
void judge_switch_renewed(struct judge *j, int who, const struct command *c, int64_t asked_us);
bool judge_switch_turn(struct judge *j, int who, const struct account *a);
void judge_switch_over(struct judge *j, int who);
/* Likewise E9: positions are to close, durably; what was to close one is canceled, or
 * is in the spool of one that was followed; a crash. */
void judge_close(struct judge *j, int64_t position_id, bool is_durable);
void judge_close_over(struct judge *j);
void judge_close_crash(struct judge *j);
/* Before an entry leaves; after a commit; now and then: E9. */
void judge_switch_entry(struct judge *j, int who, const struct order *o);
void judge_switch_commit(struct judge *j, const struct journal_batch *b);
void judge_switch_watch(struct judge *j, int64_t passed_us, bool is_fair);
/* The venue's timer ends an order: whether it is an entry, E10. */
bool judge_timed_out(struct judge *j, const char *client_order_id);

/* ---- judge_room.c ---- */

/* After an instance's turn: L3. */
void judge_room(struct judge *j, int who, size_t spooled);
/* After a commit: L3. */
void judge_batch_room(struct judge *j, const struct journal_batch *b);

/* ---- judge_adopt.c ---- */

/* What a `correct` entry moved. */
struct adopted {
    int symbol;
    int64_t position_id;
    i128 side, size, notional, pnl; /* side: +1 buy, -1 sell */
};
/* The next one from leaf *at on; false: there is none. */
bool judge_adopted(const struct judge *j, size_t *at, struct adopted *out);
/* What was adopted moved of cash by spot's way of counting. */
i128 judge_adopted_flow(const struct judge *j);
/* Where the venue holds something of an open position of ours: how much more than ours, signed, in
 * whole lots. */
i128 judge_differs(const struct judge *j, int symbol);

/* ---- judge_venue.c ---- */

/* Now and then: E2; while somebody trades and the venue is open: E7. */
void judge_watch(struct judge *j, int64_t now_us, bool is_fair);
/* Trades became somebody else's. */
void judge_recount(struct judge *j);

/* ---- judge_rest.c ---- */

/* Everything has come to rest: O1 O7 O10 F1 F2 F3 C1 D1 D2 D3. */
void judge_rest(struct judge *j);

/* ---- judge_log.c ---- */

struct engine;

/* The verifier reads the log: D2 D3. */
void judge_log(struct judge *j);
/* An engine that has just recovered: D3. */
void judge_restart(struct judge *j, struct engine *e);

#endif
