/* SPDX-License-Identifier: Apache-2.0 */
/* A strategy artifact: parsed and checked once, then run candle by candle.
 *
 * `struct strategy` is immutable, counted by references and may be shared by threads.  `struct
 * strategy_run` is its state for one symbol: pushed every closed candle in order, asked for a
 * decision after each push.  The same pushes, one by one or in blocks of any size, give the same
 * bits in backtest, paper and live.
 *
 * Doubles live here; sizes and prices that reach an order become amounts in engine/signal.h. */
#ifndef ENGINE_STRATEGY_H
#define ENGINE_STRATEGY_H

#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"
#include "engine/candle.h"

enum direction {
    DIRECTION_LONG = 1,
    DIRECTION_SHORT = -1
};

enum sizing_kind {
    SIZING_FIXED_BASE,
    SIZING_FIXED_QUOTE,
    SIZING_EQUITY_PCT,
    SIZING_RISK_PCT,
    SIZING_VOL_TARGET
};

/* How large an entry is.  value: base units, quote units, or a fraction: of equity, of equity lost
 * at the stop, or the yearly volatility of equity that the position shall bring (equity * value /
 * strategy_run_volatility). */
struct sizing {
    enum sizing_kind kind;
    struct ratio value;
    struct money max_quote; /* 0: none */
};

/* A step of the ROI table: from so long after the entry on, this profit (a fraction of the entry
 * price, before fees; it may be negative) ends the position. */
struct roi_step {
    int64_t after_us;
    struct ratio profit;
};

/* No entry of the strategy on a symbol for so many candles after its position there closed; the
 * longer of the two after a stop loss or trailing stop.  0: none. */
struct cooldown {
    int candles, after_stop_candles;
};

/* Adding to a position, or taking a part of it off, while strategy_run_decide says so. */
struct scaling {
    bool is_used;
    struct ratio part; /* in: of the first entry's size; out: of the size as it is, below 1 */
    int max_count;     /* of one position */
    int min_candles;   /* since the entry or the last step, at least 1 */
};

struct strategy;
struct strategy_run;

/* Parses, compiles and checks an artifact.  Every mistake of the document is one diag: field
 * ("entry.condition"), column, length, code, message, hint; diags may be NULL.
 * stop_loss_required: paper and live demand one.  Unknown keys are warnings (see
 * strategy_warnings), "x-..." keys are ignored.  ERR_SYNTAX: no JSON; ERR_INVALID: a mistake;
 * ERR_LIMIT: longer than LIMIT_JSON_BYTES.  The result has one reference, the caller's. */
MUST_USE enum err strategy_parse(const char *json, size_t length, bool stop_loss_required,
                                 struct diag_list *diags, struct strategy **out);
/* Any thread: one reference more, and one less; NULL is allowed.  The last one frees it. */
struct strategy *strategy_acquire(const struct strategy *s);
void strategy_release(const struct strategy *s);

const char *strategy_name(const struct strategy *s);
/* Hex SHA-256 of the canonical form (sorted keys, defaults filled in, expressions normalised). */
const char *strategy_id(const struct strategy *s);
const char *strategy_canonical(const struct strategy *s, size_t *length);
const struct diag_list *strategy_warnings(const struct strategy *s);
/* Symbols it names; 0 when it trades whatever the feed has. */
size_t strategy_symbol_count(const struct strategy *s);
const char *strategy_symbol(const struct strategy *s, size_t i);
bool strategy_trades(const struct strategy *s, const char *symbol);
/* Symbols its rules read beside the one they trade: close of "BTC/USDT".  Sorted, each once. */
size_t strategy_other_count(const struct strategy *s);
const char *strategy_other_symbol(const struct strategy *s, size_t i);
/* Values from outside that its rules read as ext.NAME, and how old they may be. */
size_t strategy_ext_count(const struct strategy *s);
const char *strategy_ext_name(const struct strategy *s, size_t i);
int64_t strategy_ext_max_age_us(const struct strategy *s, size_t i);
/* 0 when the artifact names no timeframe. */
int64_t strategy_timeframe_us(const struct strategy *s);
/* Candles to be seen before the first decision: the artifact's own startup_bars, or else until what
 * came before the first candle weighs less than 1e-6 in every feature (an EMA of p needs
 * 6.9 * (p + 1), Wilder's average 13.8 * p); in any case the longest lookback + 1. */
int strategy_warmup(const struct strategy *s);
enum direction strategy_direction(const struct strategy *s);
struct sizing strategy_sizing(const struct strategy *s);
struct ratio strategy_min_confidence(const struct strategy *s); /* the artifact's own, 0 if none */
bool strategy_has_trailing(const struct strategy *s);
/* Trailing distance as a fraction of price, 0 when strategy_run_trailing gives the level; and the
 * profit at which it begins. */
struct ratio strategy_trailing_pct(const struct strategy *s);
struct ratio strategy_trailing_activation(const struct strategy *s);
int strategy_max_candles(const struct strategy *s);  /* time exit; 0: none */
size_t strategy_roi_count(const struct strategy *s); /* by time, the first one at 0 or later */
struct roi_step strategy_roi(const struct strategy *s, size_t i);
struct cooldown strategy_cooldown(const struct strategy *s);
struct scaling strategy_scale_in(const struct strategy *s);
struct scaling strategy_scale_out(const struct strategy *s);

/* What research claims in `metrics` (and `fitness`), under one name each: sharpe, win_rate, ...  To
 * be shown; never used, and no part of the canonical form: the id names what trades. */
size_t strategy_metric_count(const struct strategy *s);
const char *strategy_metric_name(const struct strategy *s, size_t i);
double strategy_metric_value(const struct strategy *s, size_t i);

/* The features' names and, for reports, their newest values (NaN: unknown; true is 1).  A feature
 * with members counts as several: "bands.upper".  At most LIMIT_FEATURES. */
size_t strategy_feature_count(const struct strategy *s);
const char *strategy_feature_name(const struct strategy *s, size_t i);

struct strategy_run *strategy_run_new(const struct strategy *s); /* s must outlive it */
void strategy_run_free(struct strategy_run *r);
/* Forgets everything, as just made. */
void strategy_run_reset(struct strategy_run *r);
/* One streaming step of every feature and subexpression.  Synthetic candles are pushed too.  A
 * candle with CANDLE_AFTER_GAP begins anew: what was pushed before is forgotten.  Candles of other
 * symbols that closed at the same instant are pushed before this one; another symbol without a
 * candle of the same open time is unknown. */
void strategy_run_push(struct strategy_run *r, const struct candle *c);
/* The same for strategy_other_symbol(i). */
void strategy_run_push_other(struct strategy_run *r, size_t i, const struct candle *c);
/* What ext.NAME number i is from the next push on; NaN (the beginning): unknown. */
void strategy_run_set_ext(struct strategy_run *r, size_t i, double value);
int64_t strategy_run_pushed(const struct strategy_run *r); /* since new or reset */
bool strategy_run_is_warm(const struct strategy_run *r);
double strategy_run_feature(const struct strategy_run *r, size_t i);

/* What exit and scaling rules may read of an open position: entry_price (the average one),
 * position.bars_held (or candles_held), position.pnl_pct, position.best_pnl_pct,
 * position.worst_pnl_pct, position.scale_ins, position.scale_outs.  The ratios are fractions, as
 * all percentages of an artifact are: 2 % is 0.02. */
struct position_view {
    bool is_open;
    double entry_price;
    int64_t candles_held;
    double pnl_ratio;
    double best_ratio, worst_ratio; /* of the best and worst price since the entry */
    int64_t scale_ins, scale_outs;
};

enum tristate {
    TRI_FALSE = 0,
    TRI_TRUE = 1,
    TRI_UNKNOWN = 2
};

struct decision {
    enum tristate entry; /* of entry.condition; TRI_UNKNOWN before the warm-up is over */
    enum tristate exit;  /* of exit.condition; TRI_FALSE without one or without a position */
    enum tristate scale_in, scale_out; /* of their conditions, likewise */
    double confidence;                 /* 0..1 (clamped); NaN when unknown */
    /* The reason template filled in, printable ASCII; empty unless entry is TRI_TRUE. */
    char trigger[LIMIT_REASON];
};

/* Evaluates the rules on what was pushed so far; no side effects.  position may be NULL: none.
 * Before the warm-up is over everything is unknown but an exit without condition or position. */
void strategy_run_decide(const struct strategy_run *r, const struct position_view *position,
                         struct decision *out);

/* Candles that wait to be pushed, in order of time. */
struct candle_queue {
    const struct candle *candles;
    size_t count;
};

/* Many candles at once, and what strategy_run_push and strategy_run_decide would have said after
 * each of them, bit for bit.  The columns are the caller's, one element a candle; NULL: not
 * wanted. */
struct strategy_block {
    struct candle_queue own;
    /* Of strategy_other_symbol(i): those that open no later than an own candle are pushed before it
     * and taken from the queue. */
    struct candle_queue *others;
    uint8_t *entry; /* enum tristate */
    uint8_t *exit;  /* the same, of a position that is open; see strategy_exit_reads_position */
    double *confidence;
    double *features; /* feature i after candle k: [i * own.count + k] */
};

/* The exit rule depends on the position, so that a block cannot know it. */
bool strategy_exit_reads_position(const struct strategy *s);
/* It has a rule for its confidence; else that is 1 as soon as the warm-up is over. */
bool strategy_has_confidence(const struct strategy *s);
/* strategy_run_levels may give one; else both are NaN always. */
bool strategy_has_levels(const struct strategy *s);
/* strategy_run_levels, _trailing or _volatility depend on the newest push; else they are the same
 * after any. */
bool strategy_levels_read_candles(const struct strategy *s);
/* Pushes all of block->own; exit must be NULL where the rule reads the position.  Pushes one by one
 * and blocks may follow one another. */
void strategy_run_push_block(struct strategy_run *r, struct strategy_block *block);

/* Protective levels for an entry at this price, from the features as of the newest push: NaN where
 * the artifact has none, the value is unknown, or it lies on the wrong side of the entry price
 * (a long's stop must be below it). */
void strategy_run_levels(const struct strategy_run *r, double entry_price, double *stop_loss,
                         double *take_profit);

/* Where a trailing stop that is an ATR multiple or an expression stands now, for a position whose
 * best price is extreme: NaN when unknown, on the wrong side of it, or for other artifacts. */
double strategy_run_trailing(const struct strategy_run *r, double entry_price, double extreme);

/* Yearly volatility of the symbol for SIZING_VOL_TARGET, as a fraction: the standard deviation of
 * the last period's returns times the root of the candles of a year; NaN when unknown, or when
 * nothing moved. */
double strategy_run_volatility(const struct strategy_run *r);

#endif
