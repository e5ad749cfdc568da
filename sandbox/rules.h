/* SPDX-License-Identifier: Apache-2.0 */
/* Each pair's filters: made from its prices, checked on each order, refused as Binance words it.
 *
 * The tick is the recording's finest decimal.  The lot is what Binance's own pairs of that price
 * have: on spot about 0.4 of the quote, on futures a hundred times coarser at most. */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include "sandbox/call.h"

enum {
    RULES_MAX_ORDERS = 200,    /* open ones of a pair */
    RULES_MAX_SPOT_STOPS = 5,  /* of them waiting for a price */
    RULES_MAX_USDM_STOPS = 200 /* conditional ones of a pair */
};

/* The dearest price a recording may have, so that a price times a size stays an amount. */
#define RULES_PRICE_MAX INT64_C(10000000)

/* The largest lot or maximum that a script may ask for. */
#define RULES_SIZE_MAX INT64_C(1000000000)

struct money rules_most_notional(void);
/* Another lot, as far as a price times a size stays exact: coarser than wished else. */
void rules_set_lot(struct box_rules *r, struct size lot);
void rules_make(enum box_market market, int price_scale, struct price first, struct box_rules *out);
/* Client ids, amounts, steps, notional, number of orders.  False with the call's error set. */
bool rules_check(struct call *c, const struct box_order *o);
bool rules_check_client_id(struct call *c, const char *name, const char *id);

#endif
