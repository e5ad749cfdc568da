/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of the trade log: canonical bytes and hashes of everything that is logged.
 *
 * Canonical bytes, proof and leaf hash are those of proofs.md 1.1: proof = SHA-256(C), leaf hash =
 * SHA-256(0x00 || C).  The envelope is {"<kind>": {...}, "mode", "strategy", "timestamp"}, keys
 * sorted.  Amounts have the instrument's fixed scales.  Pure; the caller stamps the time. */
#ifndef ENGINE_LEDGER_H
#define ENGINE_LEDGER_H

#include "core/digest.h"
#include "engine/account.h"
#include "engine/beacon.h"
#include "engine/cash_move.h"

enum {
    LEDGER_LIST_MAX = 50 /* items of a list that are written out; longer ones are digested */
};

enum leaf_kind {
    LEAF_GENESIS,
    LEAF_CONFIG,
    LEAF_CYCLE,
    LEAF_SIGNAL,
    LEAF_ORDER,
    LEAF_TRADE,
    LEAF_CLOSE,
    LEAF_EQUITY,
    LEAF_CONTROL,
    LEAF_CASH,
    LEAF_CORRECT,
    LEAF_ANCHOR,
    LEAF_STATEMENT,
    LEAF_KEY,
    LEAF_KIND_COUNT_
};
const char *leaf_kind_name(enum leaf_kind k);

struct leaf {
    enum leaf_kind kind;
    int64_t at_us;
    char *bytes; /* C, owned: leaf_release */
    size_t length;
    struct digest proof;
    struct digest leaf_hash;
};
void leaf_release(struct leaf *l);

/* What every envelope says. */
struct leaf_context {
    enum trading_mode mode;
    const char *strategy; /* name; "" for leaves no strategy made */
    int64_t at_us;
};

struct genesis {
    const char *origin;
    const char *vkey;
    const char *build;        /* version+revision */
    const char *account_hash; /* hex, salted */
    const char *quote;
    struct money starting_equity;
    int64_t cycle_interval_s;
    const char *pace;        /* "replay" "realtime" */
    const char *predecessor; /* the last signed checkpoint of the log that this one follows; NULL */
};
/* A strategy that may trade from a config leaf on. */
struct declared_strategy {
    const char *id, *name;
    const char *next_id; /* takes over by and by; "" when nothing waits */
};
/* Declared rules: what a verifier must know to judge what follows. */
struct config_leaf {
    const struct declared_strategy *strategies; /* by ordinal: "strategies":[{id,name,next_id}] */
    size_t strategy_count;
    const char *feed_id; /* hex digest of the recorded candles, or the venue's name */
    struct ratio fee_rate, slippage_bps, slippage_tolerance_bps, volume_cap, min_confidence;
    struct ratio max_position_ratio, max_exposure_ratio, max_drawdown;
    struct money max_order_notional;
    int64_t max_open_positions;
    const char *intrabar, *limit_fill;
    bool fee_in_received; /* a simulated venue's fees; said only when they are */
    const struct instrument *instruments;
    size_t instrument_count;
};
struct control {
    const char *action; /* start, pause, resume, stop, close_position, close_all, ... */
    const char *actor;  /* token name, or "operator" */
    const char *reason;
    int64_t target; /* position or order id, 0: none */
};

/* A booking without an order: the venue holds more or less than the trades made of a position, and
 * that is taken over.  It moves position and cash exactly as a trade of this side, size and price
 * without a fee would (engine/position.h: book it by position_apply_fill), so `size` is the
 * difference and never more than what it makes smaller; what turns a position is two of them.
 * `pnl` is what position_apply_fill made.  Verifiers compute it again, and tell that such figures
 * rest on the trader's word.  The envelope names the position's strategy, which was declared. */
struct correction {
    const char *reason;
    int64_t position_id;
    const char *symbol, *strategy_id;
    enum side side; /* buy: more of a long, less of a short */
    struct size size;
    struct price price; /* the newest that is known: the mark */
    struct money pnl;   /* 0 when it opens or enlarges */
};

/* Each builds one leaf; ERR_LIMIT when it would pass LIMIT_LEAF_BYTES. */
MUST_USE enum err ledger_genesis(const struct leaf_context *, const struct genesis *,
                                 struct leaf *);
MUST_USE enum err ledger_config(const struct leaf_context *, const struct config_leaf *,
                                struct leaf *);
/* beacon: NULL when there is none. */
MUST_USE enum err ledger_cycle(const struct leaf_context *, int64_t number, struct money equity,
                               const struct digest *inputs, const struct beacon *beacon,
                               struct leaf *);
MUST_USE enum err ledger_signal(const struct leaf_context *, const struct signal *,
                                const struct instrument *, struct leaf *);
/* signal_leaf: NULL for orders no signal asked for.  Fills in the order's leaf_hash and
 * client_order_id.  epoch: of the log, as this daemon recovered it; with it no two daemons make the
 * same leaf, and so the same client order id, of what they decide alike at the same microsecond.
 * 0: no member, where no order outlives its daemon. */
MUST_USE enum err ledger_order(const struct leaf_context *, struct order *,
                               const struct digest *signal_leaf, const struct instrument *,
                               int64_t epoch, struct leaf *);
MUST_USE enum err ledger_trade(const struct leaf_context *, const struct fill *,
                               const struct instrument *, struct leaf *);
MUST_USE enum err ledger_close(const struct leaf_context *, const struct order *,
                               const struct instrument *, struct leaf *);
MUST_USE enum err ledger_equity(const struct leaf_context *, const struct equity_point *,
                                const struct position *open, size_t open_count,
                                const struct instrument *const *instruments, struct leaf *);
MUST_USE enum err ledger_cash(const struct leaf_context *, const struct cash_move *,
                              const struct instrument *, struct leaf *);
MUST_USE enum err ledger_control(const struct leaf_context *, const struct control *,
                                 struct leaf *);
/* Of the kind "adopt". */
MUST_USE enum err ledger_correct(const struct leaf_context *, const struct correction *,
                                 const struct instrument *, struct leaf *);
/* A leaf whose object is there already (engine/ledger_about.h).  ERR_INVALID unless all of it is
 * canonical. */
MUST_USE enum err ledger_entry(const struct leaf_context *, enum leaf_kind kind, const char *object,
                               size_t length, struct leaf *);

/* The JSONL line of a leaf: C with ", \"proof\": \"<hex>\"}" in place of the last brace, and a
 * newline. */
struct text;
void ledger_line(const char *canonical, size_t length, const struct digest *proof,
                 struct text *out);

#endif
