/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a position without a fill: funding that it is charged, or given; and the dust
 * that it leaves behind, which moves no cash but costs what was paid for it.
 *
 * Funding is told by a venue that pays it (engine/income.h: venue_id is set, mark and rate are not
 * known), else computed.  A computed charge is size * mark * rate in the quote currency: longs pay
 * a positive rate and shorts get it, a negative one the other way round.  The notional
 * (size * mark) is rounded half even to 12 decimals, which only marks of many decimals need, and
 * the charge once, half even, to the instrument's money scale. */
#ifndef ENGINE_CASH_MOVE_H
#define ENGINE_CASH_MOVE_H

#include "engine/funding.h"
#include "engine/position.h"

enum cash_kind {
    CASH_FUNDING,
    CASH_DUST,
    CASH_KIND_COUNT_
};
const char *cash_kind_name(enum cash_kind k); /* funding dust */

struct cash_move {
    int64_t id; /* 1, 2, ... of the account */
    enum cash_kind kind;
    int64_t at_us;
    int64_t position_id; /* 0: told by the venue when what it was paid for had closed already */
    char symbol[LIMIT_SYMBOL];
    char strategy[LIMIT_NAME];
    char strategy_id[DIGEST_HEX];
    char currency[LIMIT_ASSET];
    struct size size; /* of the position, never negative */
    struct price mark;
    struct ratio rate;
    struct money amount;       /* what cash changes by: negative when the position pays; dust: 0 */
    char venue_id[LIMIT_NAME]; /* told: the venue's id, unique with the symbol; else "" */
    int64_t venue_us;          /* told: the venue's time of the stamp; else TIME_NONE */
    struct money pnl;          /* dust: what it adds to the position's result; else 0 */
};

/* The move of a position by a rate at a mark; ids and time are the caller's. */
MUST_USE enum err cash_move_of_funding(const struct position *p, const struct instrument *i,
                                       const struct funding *f, struct cash_move *out);

/* Closes the position without what it still holds (engine/position.h); the id is the caller's. */
MUST_USE enum err cash_move_of_dust(struct position *p, const struct instrument *i, int64_t at_us,
                                    struct cash_move *out);

#endif
