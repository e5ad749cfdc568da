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
    int price_scale;           /* decimals of tick, of lot, and of money (8): how leaves print */
    int size_scale;
    int money_scale;
};

/* Splits and checks a unified symbol: [A-Z0-9] parts, 1 to 15 characters each; steps are left at
 * the given values.  ERR_INVALID with nothing written when the symbol or a step is not right. */
MUST_USE enum err instrument_init(struct instrument *out, const char *symbol, struct price tick,
                                  struct size lot, struct money min_notional);

/* Of a fee in this currency; "" is the quote currency. */
enum fee_kind instrument_fee_kind(const struct instrument *i, const char *currency);

/* The symbol a recorded file's name suggests, or false: "BTCUSDT-5m.csv", "binance-BTCUSDT-5m-2021"
 * and "BTC_USDT-5m" all mean BTC/USDT (quotes known: USDT USDC BUSD FDUSD USD EUR BTC ETH BNB). */
bool symbol_of_file(const char *path, char symbol[LIMIT_SYMBOL]);

#endif
