/* SPDX-License-Identifier: Apache-2.0 */
/* All trading state of one engine, owned by the engine thread; the pieces that act on it are
 * execution (orders and fills), cycle (one step in feed time), operator (commands), recovery.
 *
 * Durability: changes collect in `pending`.  state_commit seals them into `sealed` and gives that
 * to the journal until it is durable; what happens meanwhile collects in `pending` again.  Orders
 * are sent, and cancels asked for, only when nothing waits to become durable (dispatch_send). */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "core/clock.h"
#include "engine/engine.h"
#include "engine/quality.h"
#include "engine/fill_ids.h"

/* What the feed last said of one instrument. */
struct tape {
    struct price last;    /* newest price seen; 0: none yet */
    struct candle candle; /* newest closed one */
    bool has_candle;
    bool is_fresh; /* its candle closed at the instant under way and is not pushed yet */
};

/* A strategy name that trades; see engine/strategy_slot.h.  Owned by engine/roster.c. */
struct slot {
    struct strategy_slot row;
    struct strategy *strategy; /* a reference; NULL: outside, or its document cannot be read */
    struct strategy *next;     /* likewise; NULL: nothing waits */
};

/* A version of a strategy at work on one instrument. */
struct version {
    struct strategy *strategy; /* a reference; NULL: nothing decides but signals from outside */
    struct strategy_run *run;
    size_t others[LIMIT_OTHER_SYMBOLS]; /* instruments of strategy_other_symbol */
};

/* One strategy on one instrument. */
struct lane {
    struct slot *slot;
    size_t instrument;
    size_t place;              /* in engine_state.lanes */
    struct version now;        /* manages the position and makes entries */
    struct version next;       /* takes over: see enum effective */
    struct position *position; /* open one, or NULL; owned */
    int64_t entry_order_id;    /* a pending entry, 0: none */
    int64_t cooldown_until_us; /* no entries on candles that close before; 0: none */
    size_t order_count;        /* living orders that name it */
    bool exit_price_missing;   /* protection was refused: leave at once */
    bool pair_refused;         /* stop and target as one were: the target is watched instead */
    int filter_refusals;       /* of its entries by the venue's filters, in a row */
    bool close_again;          /* an operator's exit of the whole came to nothing: see
                                * execution_goes_on */
    int64_t leave_after_us;    /* the exit before came to nothing: not again before; 0: none */
    int64_t leave_pause_us;    /* how long the newest of these waits was */
    bool touched;              /* in engine_state.touched: its protection is to be looked at */
};

/* An order that has not ended. */
struct live_order {
    struct order order;
    struct lane *lane;
    bool cancel_wanted; /* derived: a protective order its position no longer names, or asked for */
    bool cancel_sent;
    bool gives_way;  /* while its replacement is judged: that one counts in its place */
    bool is_touched; /* the venue would not replace it: it executed, or has ended, untold so far */
    int64_t pair_id; /* the order that was sent with it as one pair and ends with it; 0: none, or
                      * sent before the newest start */
    bool is_fresh;   /* made since the newest dispatch: not durable as far as is known */
    /* The rest is of venues that outlive us; times are the engine's. */
    int64_t hold_until_us; /* a request about it came to nothing: none before; 0: at once */
    bool query_wanted, query_sent;
    int64_t query_after_us; /* not before; 0: at once */
    int64_t query_asked_us;
    /* Monotonic: a step of the wall clock must not prove that an order is absent. */
    int64_t expires_monotonic_us, asked_monotonic_us;
    int64_t watched_us; /* a market order: when it was last looked at; 0: never */
    int queries;        /* in a row without news: they become rarer */
    int absences;       /* answers "not found" to what was asked when it was too late */
    bool has_ended;     /* the venue says so, but not all fills were told */
    enum order_status end;
    struct size executed; /* what the fills must come to */
    char end_reason[LIMIT_REASON];
    bool has_signal_leaf;
    struct digest signal_leaf;    /* for the leaf of the next attempt */
    enum venue_error alike_error; /* the attempts before ended by it, `alike` in a row */
    int alike;
};

/* When a position of ours was held: engine times; until_us 0: an empty place. */
struct held {
    int64_t position_id, from_us, until_us;
};
enum {
    HELD_PERIODS = 16 /* of closed positions of one instrument: funding is told within minutes */
};

/* What the venue, and our comparison with it, say of one instrument. */
struct market {
    enum venue_market_state state;
    bool is_judged; /* what it holds was compared with what we hold since the start */
    bool differs;   /* and was not the same: no entries until it is */
    bool differed;  /* in the newest picture: by these sizes, signed */
    struct size differs_ours, differs_theirs;
    int64_t refused_until_us; /* it refused the symbol: no entries until then; 0: it did not */
    char reason[LIMIT_REASON];
    int64_t moved_us;               /* newest request or event of an order of it; 0: none */
    struct held held[HELD_PERIODS]; /* a ring: engine/income.h */
    size_t held_next;
    /* The venue's timer (engine/deadman.h): what it was told last, when it may end orders at the
     * latest, when it is told again (monotonic). */
    bool timer_is_known, timer_is_set;
    int64_t timer_until_us, timer_next_us;
};

/* How we stand with a venue that outlives us. */
struct dealings {
    int64_t silent_until_us; /* it asked for no request at all until then; 0: none */
    bool entries_halted;     /* until the operator starts anew: key, clock */
    char halt_reason[LIMIT_REASON];
    bool is_compared;    /* since the start, or since events may have been missed */
    bool compare_wanted; /* as soon as may be */
    bool compare_sent;
    int64_t compare_after_us; /* not before */
    int64_t compare_asked_us; /* the newest question: an older one has no answer any more */
    int64_t compare_pause_us; /* until what could not be judged is looked at again */
    int64_t compared_us;      /* TIME_NONE: never */
    int64_t late_fills, mismatches, adoptions; /* counters */
    int64_t foreign_orders, foreign_trades;    /* in the newest picture */
    struct money cash_short;                   /* of the newest picture in which nothing moved */
    int64_t foreign_incomes;                   /* counter */
};

/* Where a cycle stands, so that a journal failure in its middle can be waited out. */
enum cycle_step {
    STEP_IDLE,    /* between cycles */
    STEP_DECIDED, /* closes are done and decided; to be made durable and sent */
    STEP_OPENS,   /* the candles that open now are to be told to the venue */
    STEP_SETTLING /* their fills are to be made durable, protection sent */
};

/* Orders that may end within one command and before its answer: an exit and what it replaces. At a
 * venue that outlives us: orders for which fills may still come to light. */
enum {
    ENDED_ORDERS = 8,
    ENDED_ORDERS_OUTLIVED = LIMIT_ENDED_ORDERS /* the verifiers know as many */
};

struct engine_state {
    struct engine_options options; /* instruments point to the copy below */
    struct instrument *instruments;
    struct clock clock; /* virtual in a replay, the wall clock in realtime */
    struct account account;
    struct daily_equity daily;
    struct tape *tapes;  /* one an instrument */
    struct slot **slots; /* by ordinal */
    size_t slot_count;
    struct lane **lanes; /* by slot, then instrument: the order in which everything is decided */
    size_t lane_count, lane_capacity;
    struct lane **touched; /* lanes whose orders or position changed since execution_drain looked */
    size_t touched_count;
    struct ext_value *ext_values; /* the newest of each name and symbol, sorted so */
    size_t ext_value_count;
    bool roster_changed;        /* a lane or slot may have become superfluous */
    struct live_order **orders; /* by id */
    size_t order_count, order_capacity;
    size_t position_count;
    struct journal_batch pending;
    struct journal_batch sealed;
    bool sealed_active;
    enum loop_state loop;
    bool entries_allowed; /* running, not paused */
    enum cycle_step step;
    int64_t step_at_us; /* feed time of the cycle under way */
    bool effects;       /* something visible changed since the snapshot */
    bool closes_wait;   /* an operator's exits or cancels are still to be sent and settled */
    int64_t cycles_uncommitted;
    uint64_t beacon_round;     /* of the newest cycle leaf that had one */
    int64_t leaf_monotonic_us; /* when the newest leaf was stamped; at first, the start */
    bool spooling;          /* the database is away: commits go to the spool, no entries are made */
    int64_t spool_until_us; /* monotonic: before it the database is not asked again, for exits must
                             * not wait */
    int64_t spool_pause_us;
    int64_t kept_order_id;  /* the newest order that the database has: what follows it is spooled */
    int64_t tried_order_id; /* the newest that it may have: a commit's answer may have been lost */
    int64_t renew_until_us; /* engine/renewal.h; monotonic, 0: not armed */
    int64_t renew_until_wall_us;
    int64_t lapses;              /* counter */
    struct position last_closed; /* the newest closed one, for answers */
    struct order *ended; /* the newest ones, a ring of ended_capacity; the next takes ended_next */
    size_t ended_next, ended_capacity;
    struct fill_ids fill_ids;                 /* unless the venue tells each fill once */
    struct fill_ids incomes, foreign_incomes; /* funding that was booked; that was reported */
    struct market *markets;                   /* one an instrument */
    struct dealings dealings;
    int64_t epoch; /* of the log, which orders of a venue that outlives us name; else 0 */
    int64_t symbol_errors, cycle_errors, journal_failures;
    struct fee_sums other_fees;
    struct fill_quality quality; /* at a venue that outlives us */
};

/* The engine's time: candle time in a replay, never behind the newest leaf. */
int64_t state_now(const struct engine_state *s);

/* Monotonic time, of the test's clock where there is one. */
int64_t state_monotonic_us(const struct engine_state *s);

/* Remembers that a lane's protection is to be looked at. */
void state_touch(struct engine_state *s, struct lane *lane);
/* Index of the instrument; false when the feed has none of the symbol. */
bool state_instrument(const struct engine_state *s, const char *symbol, size_t *index);
static inline const struct instrument *lane_instrument(const struct engine_state *s,
                                                       const struct lane *lane)
{
    return &s->instruments[lane->instrument];
}
static inline struct tape *lane_tape(const struct engine_state *s, const struct lane *lane)
{
    return &s->tapes[lane->instrument];
}
struct live_order *state_order(const struct engine_state *s,
                               int64_t id); /* NULL: ended or unknown */
/* The order an event is about, by our id, else by the ids the venue gave; NULL: not alive. */
struct live_order *state_order_of(struct engine_state *s, const struct venue_event *e);
/* Likewise among the newest that have ended. */
struct order *state_ended_of(struct engine_state *s, const struct venue_event *e);
void state_keep_ended(struct engine_state *s, const struct order *o);
/* What the market did, for a venue that is simulated. */
void state_tell_market(const struct engine_state *s, const struct feed_event *e);
struct live_order *state_add_order(struct engine_state *s, const struct order *o,
                                   struct lane *lane);
void state_drop_order(struct engine_state *s, int64_t id);
/* An order is not wanted any more; sets the id that named it to 0. */
void state_want_cancel(struct engine_state *s, int64_t *order_id);
/* What is left of a lane's entry is not wanted any more: an exit has begun. */
void state_end_entry(struct engine_state *s, struct lane *lane);

/* The envelope for leaves of now. */
struct leaf_context state_leaf_context(const struct engine_state *s, const char *strategy);
/* Adds a leaf to `pending`, stamped already; returns its place. */
size_t state_add_leaf(struct engine_state *s, struct leaf *leaf_take);

/* Cash plus what open positions are worth at their marks; unrealized alone and exposure too. */
MUST_USE enum err state_equity(const struct engine_state *s, struct money *equity,
                               struct money *unrealized, struct money *exposure);

/* Entries may be decided and sent: running, not paused, the database there, the lease ours, the
 * operator's switch renewed (a process that was paused in a cycle has not looked at it). */
static inline bool state_may_enter(const struct engine_state *s)
{
    const struct engine_options *o = &s->options;

    return s->entries_allowed && !s->spooling &&
           (s->renew_until_us == 0 || s->renew_until_us > state_monotonic_us(s)) &&
           (!o->lease_left_us || o->lease_left_us(o->lease) > 0);
}
/* When a request made now, or sent from from_us on, is too late: the venue's window and, for an
 * entry, the end of the lease.  TIME_NONE: never. */
int64_t state_expiry(const struct engine_state *s, enum order_purpose purpose, int64_t from_us);

/* True when leaves wait to become durable. */
bool state_must_commit(const struct engine_state *s);
/* Makes everything durable; with `cursor` even when there is nothing but the account's cursor.
 * Where a real venue waits for exits and the database is away, in the spool.
 * ERR_DB_*: nothing was lost, call again.  */
MUST_USE enum err state_commit(struct engine_state *s, bool cursor);

/* A line for people each order that may be at the venue and that only the spool knows: a successor
 * whose database never gets it will not take it for its own. */
void state_tell_spooled(const struct engine_state *s);

void state_init(struct engine_state *s, const struct engine_options *options);
void state_release(struct engine_state *s);

#endif
