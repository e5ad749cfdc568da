/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: one thread that owns all trading state; a mailbox in, snapshots out. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "core/clock.h"
#include "core/error.h"
#include "engine/beacon.h"
#include "engine/command.h"
#include "engine/journal.h"
#include "engine/risk.h"
#include "engine/snapshot.h"
#include "engine/strategy.h"
#include "engine/venue.h"

enum pace {
    PACE_REPLAY,
    PACE_REALTIME
};

/* An instrument of which the venue holds another position than ours. */
enum mismatch {
    MISMATCH_HALT,   /* takes no entries until both are the same */
    MISMATCH_REPORT, /* is told, no more */
    MISMATCH_ADOPT   /* likewise halted, until what the venue holds is taken over (booking_adopt) */
};

struct engine_options {
    char account_id[LIMIT_NAME];
    enum trading_mode mode;
    char quote[LIMIT_ASSET];
    struct money starting_equity;
    const struct strategy *strategy;      /* the configured one, NULL: none */
    const struct instrument *instruments; /* copied */
    size_t instrument_count;
    const struct feed *feed; /* NULL: none */
    const struct venue *venue;
    const struct journal *journal;
    enum pace pace;
    /* Realtime in tests: the clocks to go by; now_us and monotonic_us NULL: the real ones. */
    struct clock clock;
    int64_t (*monotonic_us)(void);
    int64_t replay_speed;      /* recorded seconds a second; 0: as fast as it goes */
    int64_t cycle_interval_us; /* realtime */
    /* At a venue that outlives us: a position without a confirmed stop leaves at the market after
     * this; 0: never.  The account is compared with the venue's so often; 0: only when needed. */
    int64_t unprotected_limit_us;
    int64_t reconcile_interval_us;
    int64_t dead_man_us;    /* see engine/deadman.h; 0: never */
    enum mismatch mismatch; /* what books that differ lead to */
    /* How long this daemon may still make entries for the account (its lease), at most how long
     * their requests are good; NULL: for ever.  Exits need none. */
    int64_t (*lease_left_us)(void *lease);
    void *lease;
    bool autostart;
    bool resumes_paused; /* a loop that was running manages what it holds until it is resumed */
    bool unread; /* snapshots are asked for only before and after: none is made while it plays */
    bool outside_signals; /* the loop may run without a strategy: signals come from outside */
    struct risk_limits limits;
    struct ratio slippage_tolerance; /* fraction, of entries */
    struct genesis genesis;          /* texts outlive engine_new */
    struct config_leaf config;       /* likewise */
    const char *refusal; /* why the log must not be appended to: the loop has failed; else NULL */
    /* The same, found out by others while it runs (any thread): NULL as long as nothing is.  From
     * then on there are no entries, and the loop ends as soon as it holds nothing that must be
     * left.  NULL: nobody is asked. */
    const char *(*log_fault)(const void *log);
    const void *log;
    /* The newest round of a public beacon above `after`, for the next cycle leaf; false when there
     * is none, at once.  NULL: no beacon. */
    bool (*beacon)(void *source, uint64_t after, struct beacon *out);
    void *beacon_source;
};

struct engine;

/* Recovers the account from the journal, or begins it; warms the strategy up from the feed; gives
 * live orders back to the venue.  No thread yet.  On error a diag says what to do. */
MUST_USE enum err engine_new(const struct engine_options *options, struct diag_list *diags,
                             struct engine **out);
/* Starts the thread; the loop continues as it was wanted before the stop. */
MUST_USE enum err engine_start(struct engine *e);
/* Ends the thread after the step under way; what is durable stays, the wanted state is kept. */
void engine_stop(struct engine *e);
void engine_free(struct engine *e); /* stopped or never started */

/* Any thread: posts a command and waits for the answer.  ERR_ENGINE_BUSY: mailbox full;
 * ERR_ENGINE_TIMEOUT: not answered in time (it may still be carried out).  Otherwise the reply's
 * own error is returned. */
MUST_USE enum err engine_call(struct engine *e, const struct command *c, int64_t timeout_us,
                              struct command_reply *reply);

/* Any thread: the newest snapshot, with a reference for the caller. */
struct snapshot *engine_snapshot(struct engine *e);
/* Any thread: monotonic time the engine thread last showed life. */
int64_t engine_heartbeat_us(struct engine *e);
/* Any thread: waits until a snapshot newer than seq is published, or timeout_us. */
void engine_wait(struct engine *e, uint64_t seq, int64_t timeout_us);

/* For tests and benches, without a thread: one step (commands, pending commit, one cycle).  Returns
 * ERR_AGAIN when nothing is due, ERR_END when the feed has ended. */
enum err engine_step(struct engine *e);
/* The same; *wait_us: how long nothing is to be done when it was not ERR_OK. */
enum err engine_step_wait(struct engine *e, int64_t *wait_us);
/* Likewise: the account as the newest step left it, a view that the next one changes. */
const struct account *engine_account(const struct engine *e);
/* Likewise, and before the thread is started: carries out one command at once. */
void engine_carry_out(struct engine *e, const struct command *c, struct command_reply *reply);
/* Likewise: carries out the commands that wait, the first of which may take wait_us to come; true
 * when there was one. */
bool engine_take_waiting(struct engine *e, int64_t wait_us);

#endif
