/* SPDX-License-Identifier: Apache-2.0 */
/* One execution, as the venue told it and as the position booked it. */
#ifndef ENGINE_FILL_H
#define ENGINE_FILL_H

#include "engine/instrument.h"
#include "engine/order.h"

struct fill {
    int64_t id; /* 1, 2, ... of the account: the trade record's id */
    int64_t order_id;
    int64_t position_id;
    char venue_fill_id[LIMIT_NAME]; /* unique per account: a fill told twice is booked once */
    char symbol[LIMIT_SYMBOL];
    char strategy[LIMIT_NAME];
    char strategy_id[DIGEST_HEX];
    enum side side;
    struct price price;
    struct size size;
    struct money notional; /* price * size, to the money scale, half even */
    struct money fee;      /* as the venue told it, in fee_currency */
    char fee_currency[LIMIT_ASSET];
    enum fee_kind fee_kind;
    struct money fee_worth; /* FEE_BASE: fee * price to the money scale, half even; else 0 */
    bool is_maker;
    bool order_done;       /* this fill completed its order: the record's status */
    bool opens;            /* opened or enlarged the position */
    struct money pnl;      /* 0 when opening; closing: net of its fee and the entry fee's share */
    struct money slippage; /* against the decision price, worse is positive */
    int64_t at_us;
    struct digest order_leaf_hash;
    char client_order_id[33];
};

/* What cash pays of the fee, what the position pays of it, and what it comes to in the quote
 * currency; 0 for a fee in a third asset, which is not converted. */
static inline struct money fill_fee_cash(const struct fill *f)
{
    return f->fee_kind == FEE_QUOTE ? f->fee : MONEY_ZERO;
}
static inline struct size fill_fee_size(const struct fill *f)
{
    return f->fee_kind == FEE_BASE ? (struct size){f->fee.e12} : SIZE_ZERO;
}
static inline struct money fill_fee_value(const struct fill *f)
{
    return f->fee_kind == FEE_QUOTE ? f->fee : f->fee_worth;
}

#endif
