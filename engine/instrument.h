/* SPDX-License-Identifier: Apache-2.0 */
/* What can be traded: symbol, currencies, steps and minimum notional. */
#ifndef ENGINE_INSTRUMENT_H
#define ENGINE_INSTRUMENT_H

#include "core/amount.h"
#include "core/limits.h"

/* What a fee is taken from. */
enum fee_kind {
    FEE_QUOTE, /* from cash */
    FEE_BASE,  /* spot: from what is held of the base asset */
    FEE_OTHER  /* from an asset that is neither (BNB): told, and no part of cash and profit */
};

struct instrument {
    char symbol[LIMIT_SYMBOL]; /* ccxt's unified one: BTC/USDT, perpetuals BTC/USDT:USDT */
    char base[LIMIT_ASSET];
    char quote[LIMIT_ASSET];
    bool is_spot;              /* false for a symbol with a settlement currency after ':' */
    struct price tick;         /* > 0 */
    struct size lot;           /* > 0 */
    struct money min_notional; /* 0: none */
    /* Bounds of the venue, 0: none.  Of one order: the least, the most of market orders and stops,
     * the most of limit orders.  Of orders and stops open at once.  Of a limit order's price
     * against the market's, by side. */
    struct size size_min, market_max, limit_max;
    int64_t orders_max, stops_max;
    struct ratio buy_up, buy_down, sell_up, sell_down;
    int price_scale; /* decimals of tick, of lot, and of money (8): how leaves print */
    int size_scale;
    int money_scale;
};

/* Splits and checks a unified symbol: [A-Z0-9] parts, 1 to 15 characters each; steps are left at
 * the given values.  ERR_INVALID with nothing written when the symbol or a step is not right. */
MUST_USE enum err instrument_init(struct instrument *out, const char *symbol, struct price tick,
                                  struct size lot, struct money min_notional);

/* Steps and bounds are the same. */
bool instrument_has_rules_of(const struct instrument *i, const struct instrument *other);
/* Takes another's steps and bounds over; decimals only grow, so that nothing loses digits. */
void instrument_take_rules(struct instrument *i, const struct instrument *other);
/* The least size an order may have: a lot or more. */
struct size instrument_least(const struct instrument *i);
/* What of the size one order may have, in whole lots. */
struct size instrument_most(const struct instrument *i, bool is_limit, struct size size);
/* One order may have this size: whole lots, and not too many. */
bool instrument_takes_size(const struct instrument *i, bool is_limit, struct size size);
/* A limit order at this price is within the venue's bounds when the market is at `market`. */
bool instrument_takes_price(const struct instrument *i, bool is_buy, struct price limit,
                            struct price market);

/* Of a fee in this currency; "" is the quote currency. */
enum fee_kind instrument_fee_kind(const struct instrument *i, const char *currency);

/* The symbol a recorded file's name suggests, or false: "BTCUSDT-5m.csv", "binance-BTCUSDT-5m-2021"
 * and "BTC_USDT-5m" all mean BTC/USDT (quotes known: USDT USDC BUSD FDUSD USD EUR BTC ETH BNB). */
bool symbol_of_file(const char *path, char symbol[LIMIT_SYMBOL]);

#endif
