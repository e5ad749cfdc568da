/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest: strategies over recorded candles on one simulated account, and all that is told of
 * it.
 *
 * Trades are the engine's own: engine/trial.h plays the same cycle as paper and live.  Where one
 * strategy trades one symbol on plain terms, without funding and finer candles,
 * engine/backtest_fast.h computes the same fills, positions and equity without the trade log;
 * `path` of the result says which it was.  The same options give the same result bit for bit.
 *
 * Metrics are those of the paper account: round trips that the strategy closed, equity marked at
 * every close of a candle.  What is open at the end is closed at the last close, fee included and
 * without slippage, for reason end_of_data, and told apart: `ended`, `ended_report`. */
#ifndef ENGINE_BACKTEST_H
#define ENGINE_BACKTEST_H

#include "engine/backtest_rounds.h"
#include "engine/backtest_watch.h"
#include "engine/trial.h"

enum backtest_path {
    BACKTEST_ANY,  /* the fast one where it applies */
    BACKTEST_WHOLE /* the whole engine */
};

/* How much of the candles is done: false stops the work (ERR_CANCELED). */
typedef bool backtest_progress_fn(void *context, int64_t done, int64_t total);

struct backtest_options {
    const struct strategy *const *strategies; /* 1 to LIMIT_STRATEGIES, names all different */
    size_t strategy_count;
    const struct feed *feed; /* played from its beginning, by nobody else meanwhile */
    const struct instrument *instruments;
    size_t instrument_count;
    const struct feed_beside *beside; /* one an instrument, or NULL: see engine/trial.h */
    struct trial_terms terms;
    int64_t from_us;    /* candles that open before it only warm up; 0: all trade */
    int64_t to_us;      /* candles that end after it are not there; 0: all are */
    size_t windows;     /* so many equally long windows; 0: none */
    struct ratio split; /* instead: the part of the time that trains; 0: none */
    enum backtest_path path;
    bool keeps_signals;             /* the result has them, and the whole engine plays */
    bool metrics_only;              /* the result has no positions but open ones, and no fills */
    backtest_progress_fn *progress; /* NULL: nobody asks */
    void *context;
};

/* What every table needs of one closed position. */
struct backtest_trip {
    int64_t closed_us, candles_held;
    struct money pnl, fees, turnover; /* pnl: net of fees and funding */
    struct money funding;             /* part of pnl: negative when it was paid */
    double risked; /* profit over what the first stop would have lost; NaN without a stop */
    enum exit_reason reason;
    uint16_t symbol, strategy; /* rows of the tables */
};

/* Closed positions of one kind. */
struct backtest_row {
    char name[LIMIT_NAME]; /* exit reason, symbol or strategy */
    int64_t trades, wins, losses;
    struct money pnl, fees, funding_paid;
    int64_t candles_held; /* of all of them */
};

struct backtest_month {
    int year, month;
    struct money begin, end; /* equity */
    int64_t trades, wins;    /* that closed in it */
    struct money pnl;        /* of those */
};

/* Statistics that need every round trip. */
struct backtest_extras {
    struct statistic sqn, sqn100, expectancy_r, recovery_days, avg_candles_held, total_return;
    bool sqn_of_r; /* of R multiples: every trade had a stop */
};

struct backtest_result {
    struct trial_result trial;     /* report, account, equity, days, open positions */
    struct backtest_rounds rounds; /* closed positions and fills of the fast path: see below */
    struct backtest_watch watch;
    struct backtest_extras extras;
    bool is_fast;
    int64_t candles;           /* of all symbols, that traded */
    int64_t first_us, last_us; /* open of the first of them, end of the last */
    int64_t timeframe_us;
    struct backtest_trip *trips; /* as they closed */
    size_t trip_count, trip_capacity;
    struct position *ended; /* trial.open, closed at the last close */
    size_t ended_count;
    struct performance_report ended_report;              /* as if they counted */
    struct money ended_equity;                           /* cash after that */
    struct backtest_row *reasons, *symbols, *strategies; /* ended ones only in reasons */
    size_t reason_count, symbol_count, strategy_count;
    struct backtest_month *months;
    size_t month_count;
};

/* Whether the options fit one another, without a look at the candles: ERR_INVALID,
 * ERR_NOT_TRADABLE, ERR_NAME_TAKEN with diags.  Asks the feed's timeframe only.  Any thread. */
MUST_USE enum err backtest_check(const struct backtest_options *o, struct diag_list *diags);
/* Any thread.  ERR_INVALID, ERR_NOT_TRADABLE with diags: the options do not fit one another;
 * ERR_END: no candles in the range; ERR_CANCELED. */
MUST_USE enum err backtest_run(const struct backtest_options *options, struct diag_list *diags,
                               struct backtest_result *out);
void backtest_result_release(struct backtest_result *r);

/* Positions as they closed and fills as they happened, of either path; none with metrics_only.  The
 * answer lies in the result, or in *space, where it is made. */
size_t backtest_closed_count(const struct backtest_result *r);
size_t backtest_fill_count(const struct backtest_result *r);
const struct position *backtest_closed(const struct backtest_result *r, size_t i,
                                       struct position *space);
const struct fill *backtest_fill(const struct backtest_result *r, size_t i, struct fill *space);

/* What of ours a metric that an artifact claims is to be compared with, made in *space where it has
 * to be; NULL: nothing. */
const struct statistic *backtest_measured(const struct backtest_result *r, const char *claim,
                                          struct statistic *space);

/* The lists of the result as JSON, in their order. */
enum backtest_list {
    BACKTEST_LIST_POSITIONS,
    BACKTEST_LIST_TRADES,
    BACKTEST_LIST_FUNDING,
    BACKTEST_LIST_EQUITY,
    BACKTEST_LIST_CURVE,
    BACKTEST_LISTS
};

/* A row of a list that was just written, and where in the writer's text. */
struct backtest_place {
    enum backtest_list list;
    size_t row, begin, end;
};

/* Told of each row; may take away what is in the writer's text.  false: no more is wanted. */
typedef bool backtest_row_fn(void *context, const struct backtest_place *place);

/* What is written upon; row may be NULL. */
struct jwriter;
struct backtest_paper {
    struct jwriter *writer;
    backtest_row_fn *row;
    void *context;
};

/* The result as one JSON object: metrics, method, config, warnings, strategies, windows, months,
 * exit_reasons, symbols, positions, trades, funding, equity, equity_curve.  ERR_CANCELED: no more
 * of it was wanted; the text is of no use then. */
MUST_USE enum err backtest_write(const struct backtest_paper *paper,
                                 const struct backtest_options *o, const struct backtest_result *r);
/* Parts of it, as members of the object under way. */
void backtest_write_report(struct jwriter *w, const struct backtest_options *o,
                           const struct backtest_result *r);
void backtest_write_tables(struct jwriter *w, const struct backtest_result *r);
void backtest_write_instruments(struct jwriter *w, const struct backtest_options *o);
/* What was played beside the candles, and what is to be doubted about the result: members `funding`
 * and `detail` of the object under way, and its member `warnings`. */
void backtest_write_beside(struct jwriter *w, const struct backtest_options *o,
                           const struct backtest_result *r);
void backtest_write_warnings(struct jwriter *w, const struct backtest_options *o,
                             const struct backtest_result *r);
/* Tells each warning, a sentence, once.  r NULL: what can be said before anything was played. */
typedef void backtest_warn_fn(void *context, const char *sentence);
void backtest_warn(const struct backtest_options *o, const struct backtest_result *r,
                   backtest_warn_fn *warn, void *context);
/* The value of its member `metrics`. */
void backtest_write_metrics(struct jwriter *w, const struct backtest_result *r);
/* The newest positions, at most so many, those that the end closed last; and the curve.  Errors as
 * backtest_write. */
MUST_USE enum err backtest_write_positions(const struct backtest_paper *paper,
                                           const struct backtest_result *r, size_t most);
MUST_USE enum err backtest_write_curve(const struct backtest_paper *paper,
                                       const struct backtest_result *r);

#endif
