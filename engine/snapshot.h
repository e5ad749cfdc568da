/* SPDX-License-Identifier: Apache-2.0 */
/* An immutable view of the engine, published after every change, read by any thread.
 *
 * A reader holds a reference; nothing in it changes.  Documents rendered from it are kept with it,
 * so that many readers of one snapshot cost one rendering. */
#ifndef ENGINE_SNAPSHOT_H
#define ENGINE_SNAPSHOT_H

#include "engine/account.h"
#include "engine/fee_sums.h"
#include "engine/quality.h"
#include "engine/position.h"
#include "engine/strategy_slot.h"

enum loop_state {
    LOOP_STOPPED,
    LOOP_STARTING,
    LOOP_RUNNING,
    LOOP_PAUSING,
    LOOP_PAUSED,
    LOOP_STOPPING,
    LOOP_FINISHED,
    LOOP_HALTED,
    LOOP_FAILED,
    LOOP_STATE_COUNT_
};
const char *loop_state_name(enum loop_state s);

enum {
    SNAPSHOT_DOCUMENTS = 16
};
struct snapshot_document; /* rendered bytes; see snapshot_render */

/* A strategy name that trades, and how far it is. */
struct snapshot_strategy {
    struct strategy_slot slot;
    int64_t since_us; /* engine time of the newest activation */
    int64_t warmup;   /* candles to be seen before it decides */
    int64_t seen;     /* the fewest seen of its symbols */
    size_t symbols;   /* instruments it trades */
    size_t open_positions;
};

/* How we stand with a venue that outlives us; all 0 and false with a simulated one. */
struct snapshot_venue {
    bool is_reconciled;  /* the account was compared since the start or the newest gap */
    bool entries_halted; /* until the loop is started anew: halt_reason */
    char halt_reason[LIMIT_REASON];
    size_t strategies_off;  /* lanes whose entries the venue's filters refused too often */
    size_t symbols_halted;  /* books that differ, refused, or not trading */
    size_t unknown_orders;  /* of which nobody knows whether they exist */
    int64_t unprotected_us; /* of the position that has been without a stop for longest */
    int64_t late_fills, mismatches, adoptions; /* since start */
    int64_t foreign_orders, foreign_trades;    /* in the newest picture */
    int64_t foreign_incomes;                   /* since start */
    struct money cash_short; /* so much less of the quote currency has the venue than our books */
};

struct snapshot {
    uint64_t seq;     /* grows with every publication */
    int64_t as_of_us; /* engine time (candle time in a replay) */
    int64_t wall_us;  /* wall time of publication */
    enum loop_state state;
    int64_t state_since_us;
    char reason[LIMIT_REASON]; /* why it is in this state, when not by plan */
    char feed[LIMIT_REASON];   /* "recorded", "venue" or "" */
    char pace[16];
    bool has_strategy, has_feed;
    char strategy[LIMIT_NAME]; /* the only or first one, for short answers */
    char strategy_id[DIGEST_HEX];
    struct snapshot_strategy *strategies; /* by ordinal; ended ones are gone */
    size_t strategy_count;
    struct ext_value *ext_values; /* by name and symbol */
    size_t ext_value_count;
    int64_t renew_until_wall_us; /* the operator's dead-man switch; TIME_NONE: not armed */
    int64_t lapses;              /* since start: it was not renewed in time */
    int64_t cycle_interval_us;
    int64_t last_cycle_us; /* engine time of the newest cycle, TIME_NONE before */
    int64_t last_cycle_wall_us;
    int64_t cycle_errors, symbol_errors, journal_failures;
    bool journal_waiting;               /* a commit is being retried */
    int64_t cycle_p50_us, cycle_p99_us; /* wall time a cycle took */
    uint64_t cycle_buckets[16];         /* histogram, bounds in snapshot.c: snapshot_bucket_us */
    uint64_t cycle_total_us;
    size_t instrument_count;
    struct snapshot_venue venue;
    struct fill_quality quality;
    struct account account;
    struct performance_report report;
    struct fee_sums other_fees;
    struct money equity, unrealized, exposure;
    struct position *positions;              /* open, by id */
    struct instrument *position_instruments; /* beside each */
    struct price *position_marks;
    size_t position_count;
    struct order *orders; /* not final, by id */
    struct instrument *order_instruments;
    size_t order_count;

    int references;                                          /* atomic */
    struct snapshot_document *documents[SNAPSHOT_DOCUMENTS]; /* atomic pointers */
};

extern const int64_t snapshot_bucket_us[15]; /* upper bounds of cycle_buckets 0..14; 15 is more */

struct snapshot *snapshot_new(void);
struct snapshot *snapshot_acquire(struct snapshot *s);
void snapshot_release(struct snapshot *s); /* NULL allowed */

/* The document in a slot, rendered by the first who asks.  Two threads may render at once; one
 * result is kept.  The bytes live as long as the snapshot. */
struct text;
typedef void snapshot_render_fn(const struct snapshot *s, struct text *out);
const char *snapshot_render(struct snapshot *s, int slot, snapshot_render_fn *render,
                            size_t *length);

#endif
