/* SPDX-License-Identifier: Apache-2.0 */
/* Trading statistics, kept up with every closed round trip and every equity sample.
 *
 * Definitions: strategy.md 3.2.  Sums are exact money; ratios are doubles made at reading time.
 * Undefined statistics carry a reason and become null in JSON. */
#ifndef ENGINE_PERFORMANCE_H
#define ENGINE_PERFORMANCE_H

#include "core/amount.h"
#include "core/clock.h"

struct performance {
    /* Round trips, net of all fees and of funding. */
    int64_t wins, losses, breakeven;
    struct money win_sum, loss_sum; /* loss_sum <= 0 */
    int64_t loss_run, loss_run_max;
    struct money realized_pnl; /* of all closing fills and dust: current_pnl */
    struct money fees_paid;    /* in quote, in base at the fill's price; none of third assets */
    struct money funding_paid; /* by positions, negative: they got it; no part of realized_pnl */
    struct money turnover;     /* sum of notionals */
    /* Equity samples. */
    struct money starting_equity;
    struct money equity; /* newest sample */
    struct money equity_peak;
    struct money max_drawdown_abs;
    struct ratio max_drawdown;  /* positive fraction, 12 decimals */
    int64_t peak_us, trough_us; /* of the newest peak, of the deepest drawdown */
    int64_t first_us, last_us;  /* TIME_NONE before the first sample */
    int64_t day;                /* days since 1970 of the newest sample */
    int64_t bars, bars_exposed; /* equity samples, and those with a position open */
};

/* The daily marks that ratios need: equity at 00:00 UTC of each day (the newest sample before it,
 * or one at exactly that instant), first entry the start balance.  A mark is never changed. */
struct daily_equity {
    int64_t *day; /* days since 1970: the day that begins at the mark */
    struct money *equity;
    size_t count, capacity;
};

void performance_init(struct performance *p, struct money starting_equity);
void performance_trip(struct performance *p, struct money pnl); /* one closed round trip */
void performance_fill(struct performance *p, struct money notional, struct money fee,
                      struct money pnl);
void performance_dust(struct performance *p, struct money pnl); /* what was given up, or adopted */
void performance_funding(struct performance *p, struct money amount); /* what cash changed by */
/* One equity sample; days between get the last value, so that days without change count.  True when
 * at least one new day began (the caller then writes an equity leaf). */
bool performance_sample(struct performance *p, struct daily_equity *daily, struct money equity,
                        bool exposed, int64_t at_us);
/* `count` samples of one equity, a step apart, the first at first_us: the same as so many calls. */
struct equity_stretch {
    struct money equity;
    bool exposed;
    int64_t first_us, step_us, count;
};
void performance_stretch(struct performance *p, struct daily_equity *daily,
                         const struct equity_stretch *s);
/* The part of a sample that is a new peak or a drawdown, alone. */
void performance_drawdown(struct performance *p, struct money equity, int64_t at_us);
/* Equity from here up to the peak is no new drawdown; on the safe side of all roundings. */
struct money performance_quiet_low(const struct performance *p);
void daily_equity_append(struct daily_equity *d, int64_t day, struct money equity);
void daily_equity_release(struct daily_equity *d);

/* A statistic: value, or why it has none. */
struct statistic {
    double value;
    const char *undefined; /* NULL: defined; else e.g. "no losses" */
};

struct performance_report {
    int64_t total_trades, wins, losses, breakeven;
    struct statistic win_rate, avg_win, avg_loss, profit_factor, payoff, expectancy,
        expectancy_ratio, sharpe_ratio, sortino_ratio, volatility, cagr, calmar_ratio, exposure;
    struct ratio max_drawdown;
    struct money max_drawdown_abs, current_pnl, fees_paid, funding_paid, turnover;
    int64_t longest_loss_run;
    double days;
};

/* A ratio of the report by the name that artifacts claim it under; NULL: it is none of them. */
const struct statistic *performance_ratio(const struct performance_report *r, const char *name);

/* periods_per_year 365, risk-free 0, sample deviation (ddof 1). */
void performance_report(const struct performance *p, const struct daily_equity *daily,
                        struct performance_report *out);

#endif
