/* SPDX-License-Identifier: Apache-2.0 */
/* Binance's words as exact types: markets, orders, fills, balances, instruments.
 *
 * Texts of the venue are bounded; what does not fit is refused by the parsers. */
#ifndef EXCHANGE_BINANCE_TYPES_H
#define EXCHANGE_BINANCE_TYPES_H

#include "engine/candle.h"
#include "engine/instrument.h"
#include "engine/signal.h"

enum binance_market {
    BINANCE_SPOT,
    BINANCE_USDM,
    BINANCE_MARKET_COUNT_
};

enum {
    BINANCE_SYMBOL = 32,    /* BTCUSDT, with NUL */
    BINANCE_CLIENT_ID = 37, /* ^[a-zA-Z0-9-_]{1,36}$ */
    BINANCE_ID = 24,        /* an id as decimal text */
    BINANCE_RATE_LIMITS = 8,
    BINANCE_FILLS = 1000, /* of one order's answer, of one page of trades */
    BINANCE_ORDERS = 4096,
    BINANCE_ASSETS = 4096,
    BINANCE_POSITIONS = 1024,
    BINANCE_KLINES = 1500,
    BINANCE_LEVELS = 5000,
    BINANCE_INCOMES = 1000
};

enum binance_type {
    BINANCE_LIMIT,
    BINANCE_MARKET_ORDER,
    BINANCE_LIMIT_MAKER,   /* spot; on USD-M a limit order with GTX */
    BINANCE_STOP_LOSS,     /* market order at a stop price; USD-M: algo STOP_MARKET */
    BINANCE_STOP_LIMIT,    /* spot STOP_LOSS_LIMIT; USD-M: algo STOP */
    BINANCE_TAKE_PROFIT,   /* market order at a target; USD-M: algo TAKE_PROFIT_MARKET */
    BINANCE_TAKE_LIMIT,    /* spot TAKE_PROFIT_LIMIT; USD-M: algo TAKE_PROFIT */
    BINANCE_TRAILING_STOP, /* read only */
    BINANCE_TYPE_OTHER     /* read only: LIQUIDATION and what comes */
};

enum binance_status {
    BINANCE_NEW, /* also PENDING_NEW and an algo order that waits */
    BINANCE_PARTIALLY_FILLED,
    BINANCE_FILLED,
    BINANCE_CANCELED,
    BINANCE_PENDING_CANCEL,
    BINANCE_REJECTED,
    BINANCE_EXPIRED,    /* also EXPIRED_IN_MATCH */
    BINANCE_TRIGGERED,  /* an algo order that became an ordinary one: actual_id says which */
    BINANCE_STATUS_NONE /* the answer (ACK) does not tell */
};

/* One execution.  At most one id is unique: id with the symbol. */
struct binance_fill {
    char symbol[BINANCE_SYMBOL]; /* empty in an order's own list */
    char id[BINANCE_ID];
    char order_id[BINANCE_ID]; /* empty in an order's own list */
    enum side side;
    struct price price;
    struct size size;
    struct money fee;
    char fee_asset[LIMIT_ASSET];
    bool is_maker;
    int64_t at_us; /* TIME_NONE in an order's own list */
};

struct binance_order {
    char symbol[BINANCE_SYMBOL];
    char id[BINANCE_ID];               /* orderId, or algoId */
    char client_id[BINANCE_CLIENT_ID]; /* of the order itself, in a cancel's answer too */
    char actual_id[BINANCE_ID];        /* of a triggered algo order; else empty */
    bool is_algo;
    enum binance_type type;
    enum binance_status status;
    enum side side;
    bool has_side;
    bool reduce_only;
    struct price price;   /* 0: none */
    struct price stop;    /* 0: none */
    struct price average; /* of what executed; 0: nothing, or not told */
    struct size size, executed;
    struct money quote;         /* what executed, in quote currency */
    int64_t at_us;              /* creation, or the newest time told; TIME_NONE */
    int64_t updated_us;         /* TIME_NONE */
    struct binance_fill *fills; /* spot FULL; else NULL */
    size_t fill_count;
    bool has_fills; /* the list was there (it may be empty) */
};

struct binance_orders {
    struct binance_order *items;
    size_t count;
};

struct binance_fills {
    struct binance_fill *items; /* ascending by id as the venue sends them */
    size_t count;
};

struct binance_balance {
    char asset[LIMIT_ASSET];
    struct size free, locked; /* USD-M: available; margin balance less available */
    struct size owned;        /* both; USD-M: the wallet, without what positions are worth */
};

struct binance_account {
    bool can_trade;
    struct binance_balance *balances; /* only those that are not zero */
    size_t count;
};

struct binance_position {
    char symbol[BINANCE_SYMBOL];
    struct size size; /* negative: short */
    struct price entry_price, mark_price, liquidation_price;
    struct money unrealized;
    bool is_isolated;
    int64_t updated_us;
};

struct binance_positions {
    struct binance_position *items; /* only those that are not zero */
    size_t count;
};

struct binance_candles {
    struct candle *items; /* ascending, each of its own scale; the last may still be open */
    int64_t *closes_us;   /* when each ends, as the venue tells */
    size_t count;
};

struct binance_level {
    struct price price;
    struct size size;
};

struct binance_depth {
    int64_t update_id;
    struct binance_level *bids, *asks; /* best first */
    size_t bid_count, ask_count;
};

struct binance_ticker {
    char symbol[BINANCE_SYMBOL];
    struct price bid, ask, last, open, high, low; /* 0: not told */
    struct size bid_size, ask_size, volume;
    struct money quote_volume;
    int64_t at_us; /* TIME_NONE */
};

struct binance_funding {
    char symbol[BINANCE_SYMBOL];
    struct ratio rate;
    struct price mark_price, index_price; /* 0: not told */
    int64_t at_us;                        /* when it was or will be paid */
};

struct binance_fundings {
    struct binance_funding *items;
    size_t count;
};

struct binance_income {
    char symbol[BINANCE_SYMBOL];
    char id[BINANCE_ID];
    char asset[LIMIT_ASSET];
    struct money amount; /* negative: paid */
    int64_t at_us;
};

struct binance_incomes {
    struct binance_income *items;
    size_t count;
};

struct binance_rate_limit {
    bool is_weight, is_orders; /* neither: raw requests */
    int64_t window_us;
    int64_t limit;
};

struct binance_instrument {
    struct instrument instrument; /* with the venue's exact steps */
    char symbol[BINANCE_SYMBOL];
    bool is_trading;
    bool has_oco;
    bool has_stop_market; /* STOP_LOSS, or on USD-M STOP_MARKET, is among the order types */
    struct price price_min, price_max;  /* 0: no bound, as all of these */
    struct size size_min, size_max;     /* LOT_SIZE */
    struct size market_min, market_max; /* MARKET_LOT_SIZE, of market orders */
    struct size market_lot;
    struct money notional_max;
    bool notional_min_for_market, notional_max_for_market;
    int64_t orders_max, algo_orders_max; /* open at once */
};

struct binance_exchange {
    int64_t server_us; /* TIME_NONE when not told */
    struct binance_rate_limit limits[BINANCE_RATE_LIMITS];
    size_t limit_count;
    struct binance_instrument *items;
    size_t count;
    size_t skipped; /* symbols we cannot name: delivery contracts, odd characters */
};

void binance_order_release(struct binance_order *o);
void binance_orders_release(struct binance_orders *l);
void binance_exchange_release(struct binance_exchange *e);
void binance_candles_release(struct binance_candles *c);
void binance_depth_release(struct binance_depth *d);

/* "BTCUSDT" of BTC/USDT or BTC/USDT:USDT; ERR_INVALID when the symbol is not one of this market. */
MUST_USE enum err binance_symbol(enum binance_market m, const char *unified,
                                 char symbol[BINANCE_SYMBOL]);

#endif
