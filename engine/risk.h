/* SPDX-License-Identifier: Apache-2.0 */
/* The check every entry passes: approve, approve smaller, or deny with all reasons. */
#ifndef ENGINE_RISK_H
#define ENGINE_RISK_H

#include "engine/account.h"
#include "engine/instrument.h"
#include "engine/position.h"

struct risk_limits {
    struct ratio min_confidence; /* a signal needs MORE than this */
    struct ratio max_position_ratio, max_exposure_ratio, max_drawdown; /* 0: off (drawdown) */
    struct money max_order_notional;                                   /* 0: off */
    int64_t max_open_positions;
    struct ratio fee_rate;     /* cash kept for the fee */
    struct ratio cash_reserve; /* cash kept for slippage: slippage + tolerance as a fraction */
    bool stop_loss_required;
};

/* Everything the check looks at, at decision time. */
struct risk_view {
    bool paused; /* entries are stopped by the operator */
    bool candle_is_synthetic;
    struct money equity;
    struct money equity_peak;
    struct money cash_free; /* cash less what pending entries will cost */
    struct money exposure;  /* notionals of open positions and pending entries */
    struct money symbol_exposure;
    struct size held;       /* by the position that the entry would enlarge */
    int64_t open_positions; /* positions and pending entries */
    bool opposite_open;     /* a position of the other direction on this symbol */
    unsigned gate;          /* enum denial bits of the venue (engine/gate.h) */
    bool is_cooling_down;   /* the strategy waits after its last position on this symbol */
};

struct risk_request {
    const struct instrument *instrument;
    enum direction direction;
    struct ratio confidence;
    bool confidence_known;
    struct ratio strategy_min_confidence;
    struct price price;       /* decision price */
    struct price stop_loss;   /* 0: none */
    struct price take_profit; /* of signals from outside, for the order; not judged here */
    struct sizing sizing;
    struct ratio volatility; /* SIZING_VOL_TARGET: yearly, of the symbol; 0: unknown */
    bool is_exact;           /* a size that somebody named: denied where it is too large */
    bool validate_only;      /* the verdict alone is wanted: the caller records nothing */
};

struct risk_verdict {
    bool approved;
    unsigned denials;      /* enum denial bits */
    struct size asked;     /* from the sizing, rounded down to lot */
    struct size size;      /* approved: > 0, multiple of lot, at least min notional */
    struct money notional; /* of size at the decision price */
    bool adjusted;         /* size < asked */
};

/* Deterministic; all reasons that apply are reported.  Never fails: overflow is a denial. */
void risk_check(const struct risk_limits *limits, const struct risk_view *view,
                const struct risk_request *request, struct risk_verdict *out);

#endif
