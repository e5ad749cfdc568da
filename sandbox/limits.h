/* SPDX-License-Identifier: Apache-2.0 */
/* Request weight and order counts in windows of wall time: headers, 429, then 418. */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include "sandbox/call.h"

enum {
    LIMITS_SPOT_WEIGHT = 6000, /* a minute */
    LIMITS_USDM_WEIGHT = 2400,
    LIMITS_SPOT_ORDERS_10S = 100,
    LIMITS_SPOT_ORDERS_DAY = 200000,
    LIMITS_USDM_ORDERS_10S = 300,
    LIMITS_USDM_ORDERS_MINUTE = 1200,
    LIMITS_RAW_REQUESTS = 61000
};

struct box_limits *limits_new(void);
void limits_free(struct box_limits *l);

/* The weight a market allows a minute. */
int64_t limits_weight(const struct box *b, enum box_market market);
/* Counts a request; false when it is refused: 429 with Retry-After, and 418 for a time that doubles
 * when a client that was told to wait goes on asking. */
bool limits_take(struct call *c, int weight, int64_t *retry_after_s) MUST_USE;
/* Counts an order that was accepted; before it, false with -1015 when there are too many. */
bool limits_allow_order(struct call *c);
void limits_count_order(struct call *c);
/* X-MBX-USED-WEIGHT, and for orders their counts. */
void limits_headers(const struct call *c, struct box_answer *a);

#endif
