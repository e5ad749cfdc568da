/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a strategy on past candles: does it look ahead, is it warm when it decides, what does a
 * late fill cost, are the candles' times what they seem.
 *
 * 1. Truncation: at moments drawn by the seed, features and rules computed from nothing but the
 *    candles until then equal those of the whole run, bit for bit.
 * 2. Warm-up: how much every feature still depends on where it began, by candles since then: the
 *    difference to the whole run in percent of the feature's largest value of the last 100
 *    candles (so that one crossing zero is not blown up), the worst of several places.  After the
 *    strategy's warm-up: more than 0.1 % is a warning, more than 1 % a failure.  A feature that
 *    never forgets (a sum since the beginning) is a warning as long as the rules say the same.
 * 3. Delay: the same trial with market orders filled one candle later.  A strategy that lives on
 *    the next open loses much: more than half of its profit, or all of it, is a warning.
 * 4. Times: candles are known by their open time and used at its end, in order and on the grid of
 *    the timeframe; a longer timeframe's candle is used only after it closed; a last candle that
 *    had not closed yet was dropped.
 * 5. The artifact's own metrics beside the trial's.
 *
 * At most CHECK_SYMBOLS_MAX symbols, the first ones, and only they trade in the trials. */
#ifndef ENGINE_STRATEGY_CHECK_H
#define ENGINE_STRATEGY_CHECK_H

#include "core/jwriter.h"
#include "engine/strategy_rows.h"
#include "engine/trial.h"

enum check_verdict {
    CHECK_PASS,
    CHECK_SKIPPED, /* the reason is in the report's note of that check */
    CHECK_WARN,
    CHECK_FAIL
};
const char *check_verdict_name(enum check_verdict v); /* "pass" "skipped" "warn" "fail" */

enum {
    CHECK_SAMPLES_DEFAULT = 20,
    CHECK_SAMPLES_MAX = 1000,
    CHECK_SYMBOLS_MAX = 16,
    CHECK_CANDLES_DEFAULT = 20000, /* of each symbol, over HTTP */
    CHECK_STARTS_MAX = 96,         /* of the warm-up table */
    CHECK_PLACES = 5,              /* where warm-up is measured */
    CHECK_TIMEFRAMES_MAX = 4
};

struct check_options {
    const struct strategy *strategy;
    const struct feed *feed;              /* only its history is read */
    int64_t until_us, shift_us;           /* the feed's time as of now, and its shift */
    const struct instrument *instruments; /* of the feed */
    size_t instrument_count;
    const struct ext_series *ext; /* of strategy_ext_name(i); NULL: all unknown */
    int64_t candles;              /* the newest of each symbol; 0: all */
    int64_t samples;              /* moments a symbol for the truncation check; 0: the default */
    uint64_t seed;
    int64_t budget; /* candles to be pushed in all: fewer samples when they do not fit; 0: no end */
    struct trial_terms terms; /* of the delay check's trials */
    bool without_trials;
};

/* One value that differed. */
struct check_difference {
    char symbol[LIMIT_SYMBOL];
    char column[2 * LIMIT_NAME]; /* a feature, or entry, exit, confidence, ... */
    int64_t candle_us;
    double whole, truncated;
};

struct check_truncation {
    enum check_verdict verdict;
    int64_t samples;     /* moments compared */
    int64_t compared;    /* values */
    int64_t differences; /* values */
    struct check_difference first;
};

/* A feature, or a rule, over the starts of the table. */
struct check_warmup_row {
    char name[2 * LIMIT_NAME];
    enum check_verdict verdict;
    double percent[CHECK_STARTS_MAX]; /* the worst; NaN: nothing to compare; infinity: unknown */
    double percent_at_warmup;
    int64_t needed_1e3,
        needed_1e6; /* candles until it stays below; 0: not within those there are */
};
struct check_warmup {
    enum check_verdict verdict;
    int64_t candles; /* the strategy's */
    size_t places;   /* compared */
    int64_t starts[CHECK_STARTS_MAX];
    size_t start_count;
    struct check_warmup_row *rows; /* features */
    size_t row_count;
    int64_t decisions, decisions_differ; /* rules compared after the warm-up, and how many differ */
};

struct check_outcome { /* of one trial */
    int64_t trades;
    struct money net_profit; /* equity at the end less the beginning */
    struct statistic sharpe_ratio, win_rate;
    struct ratio max_drawdown;
};
struct check_delay {
    enum check_verdict verdict;
    char note[LIMIT_REASON];
    struct check_outcome on_time, late;
    struct statistic relative_loss; /* 1: the profit is gone */
};

struct check_timeframe { /* candles of a longer timeframe made from the feed's */
    int64_t timeframe_us;
    int64_t compared, differences;
};
struct check_times {
    enum check_verdict verdict;
    int64_t candles, synthetic, resets;
    int64_t early, off_grid, unordered; /* known before their end; off the timeframe; not later */
    int64_t first_us, last_us;          /* open times */
    int64_t future;                     /* closed after until_us: must have been dropped */
    struct check_timeframe longer[CHECK_TIMEFRAMES_MAX];
    size_t longer_count;
};

/* What the artifact says of itself, and what the trial on time gave: no judgement, as the candles
 * need not be the same. */
struct check_claim {
    char name[LIMIT_NAME];
    double claimed;
    double measured; /* NaN: nothing of that name is measured, or it is undefined */
};

struct check_report {
    enum check_verdict verdict; /* the worst of all */
    char name[LIMIT_NAME];
    char id[DIGEST_HEX];
    int64_t timeframe_us;
    uint64_t seed;
    char symbols[CHECK_SYMBOLS_MAX][LIMIT_SYMBOL]; /* checked */
    size_t symbol_count;
    char unknown[LIMIT_REASON]; /* names of symbols and outside values that were not there */
    struct check_truncation truncation;
    struct check_warmup warmup;
    struct check_delay delay;
    struct check_times times;
    struct check_claim *claims;
    size_t claim_count;
    struct trial_result trial; /* on time */
};

/* Any thread, no clock, nothing kept.  ERR_NOT_FOUND: the feed has no candles of a symbol the
 * strategy trades; ERR_INVALID: candles of another timeframe than the artifact's; both with a diag.
 * What the checks found is no error. */
MUST_USE enum err strategy_check_run(const struct check_options *options, struct diag_list *diags,
                                     struct check_report *out);
void check_report_release(struct check_report *r);

/* One JSON object; see docs/strategies.md. */
void check_report_write(struct jwriter *w, const struct check_report *r);
/* Lines for people. */
void check_report_print(struct text *out, const struct check_report *r);

#endif
