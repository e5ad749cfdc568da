/* SPDX-License-Identifier: Apache-2.0 */
/* A trial: the engine itself on past candles and a simulated venue, from the first candle to the
 * last, in memory.
 *
 * The same cycle as paper and live, in mode backtest: nothing is written, the wall clock is not
 * asked, and the same options give the same result bit for bit. */
#ifndef ENGINE_TRIAL_H
#define ENGINE_TRIAL_H

#include "engine/cash_move.h"
#include "engine/feed_join.h"
#include "engine/risk.h"
#include "engine/simulate.h"

/* What fills cost and what risk allows. */
struct trial_terms {
    struct money starting_equity;
    struct ratio fee_rate, slippage, slippage_tolerance, volume_cap; /* fractions */
    enum fee_in fee_in;
    enum intrabar intrabar;
    enum limit_fill limit_fill;
    int delay_candles; /* see engine/simulate.h */
    struct risk_limits limits;
};
/* The defaults of the daemon's configuration; a stop loss is not demanded. */
struct trial_terms trial_terms_default(void);

/* After each instant: the account as it is then.  False ends the trial: ERR_CANCELED. */
typedef bool trial_step_fn(void *context, const struct account *account);

struct trial_options {
    const struct strategy *strategy;
    /* Those that trade on the same account, in this order; the caller has seen that they fit the
     * feed and have names of their own. */
    const struct strategy *const *others;
    size_t other_count;
    const struct feed *feed; /* played from its beginning, by nobody else meanwhile */
    const struct instrument *instruments;
    size_t instrument_count;
    /* One an instrument, or NULL: funding is charged, finer candles played with INTRABAR_DETAIL. */
    const struct feed_beside *beside;
    struct trial_terms terms;
    int64_t from_us;     /* what happened before it only warms the strategies up; 0: nothing did */
    int64_t to_us;       /* candles that end later are not there; 0: all are */
    bool keeps_signals;  /* the result has them */
    int64_t most_steps;  /* ERR_LIMIT after so many instants; 0: no limit */
    trial_step_fn *step; /* NULL: nobody asks */
    void *context;
};

struct trial_result {
    struct performance_report report;
    struct account account; /* as it ended */
    struct money equity;    /* cash and what open positions are worth at the last closes */
    struct daily_equity daily;
    struct position *closed; /* round trips, as they closed */
    size_t closed_count, closed_capacity;
    struct position *open; /* left at the end, by id */
    size_t open_count;
    struct fill *fills; /* as they happened */
    size_t fill_count, fill_capacity;
    struct signal *signals; /* as they were decided on; none unless wanted */
    size_t signal_count, signal_capacity;
    struct cash_move *cash; /* funding, as it was charged */
    size_t cash_count, cash_capacity;
    struct detail_count *details; /* by instrument; NULL unless finer candles were played */
    int64_t symbol_errors;
};

/* Any thread.  ERR_END: the feed has no candles; ERR_LIMIT, ERR_CANCELED: see above; other errors
 * are told by a diag. */
MUST_USE enum err trial_run(const struct trial_options *options, struct diag_list *diags,
                            struct trial_result *out);
void trial_result_release(struct trial_result *r);

#endif
