/* SPDX-License-Identifier: Apache-2.0 */
/* Cash that moves without a fill: what funding charges a position, or gives it.
 *
 * A charge is size * mark * rate in the quote currency: longs pay a positive rate and shorts get
 * it, a negative one the other way round.  The notional (size * mark) is rounded half even to 12
 * decimals, which only marks of many decimals need, and the charge once, half even, to the
 * instrument's money scale. */
#ifndef ENGINE_CASH_MOVE_H
#define ENGINE_CASH_MOVE_H

#include "engine/funding.h"
#include "engine/position.h"

enum cash_kind {
    CASH_FUNDING,
    CASH_KIND_COUNT_
};
const char *cash_kind_name(enum cash_kind k); /* funding */

struct cash_move {
    int64_t id; /* 1, 2, ... of the account */
    enum cash_kind kind;
    int64_t at_us;
    int64_t position_id;
    char symbol[LIMIT_SYMBOL];
    char strategy[LIMIT_NAME];
    char strategy_id[DIGEST_HEX];
    char currency[LIMIT_ASSET];
    struct size size; /* of the position, never negative */
    struct price mark;
    struct ratio rate;
    struct money amount; /* what cash changes by: negative when the position pays */
};

/* The move of a position by a rate at a mark; ids and time are the caller's. */
MUST_USE enum err cash_move_of_funding(const struct position *p, const struct instrument *i,
                                       const struct funding *f, struct cash_move *out);

#endif
