/* SPDX-License-Identifier: Apache-2.0 */
/* Where Binance is: named environments and addresses of the user's choice, and which of them may
 * trade.
 *
 *   testnet     spot: testnet.binance.vision; USD-M: the demo environment, as its own test net is
 *               not kept up any more
 *   demo        demo-api.binance.com, demo-fapi.binance.com
 *   production  api.binance.com, fapi.binance.com: market data only
 *
 * Signed requests go to this machine (loopback) and to the two test environments only: production
 * venues stay closed until the risk controls are done.  Plain http is for loopback alone. */
#ifndef EXCHANGE_BINANCE_PLACE_H
#define EXCHANGE_BINANCE_PLACE_H

#include "core/error.h"
#include "exchange/binance_types.h"

enum {
    BINANCE_URL = 256
};

/* The base URL of an environment ("testnet", "demo", "production"), or of `url` when it is not
 * empty, without a slash at its end.  signs: the client will trade.  ERR_LIVE_CLOSED: it may not
 * trade there; ERR_INVALID: no such environment, or no such URL.  One diag says why. */
MUST_USE enum err binance_place_url(enum binance_market m, const char *environment, const char *url,
                                    bool signs, struct diag_list *diags, char base[BINANCE_URL]);

#endif
