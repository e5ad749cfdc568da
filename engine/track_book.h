/* SPDX-License-Identifier: Apache-2.0 */
/* The open positions of a log, rebuilt from its trade and dust entries alone.
 *
 * Follows the accounting of engine/position.h from the printed amounts: the first fill of a
 * position gives its direction, fills of the other side close it, cost and entry fee go out by
 * shares that are rounded half even at the trade's money scale, and the last fill takes what is
 * left.  Fees in the base asset of a spot symbol are taken from what is held.  So the profit of
 * every closing trade can be computed from prices, sizes and fees. */
#ifndef ENGINE_TRACK_BOOK_H
#define ENGINE_TRACK_BOOK_H

#include "engine/verify_record.h"

enum {
    BOOK_POSITIONS_MAX = 1 << 20 /* open at one time: 1,024 are what the daemon allows */
};

/* A trade entry's members, as numbers. */
struct trade_entry {
    int64_t id, order_id, position_id;
    struct digest order;
    i128 price, size, fee, pnl, notional;
    enum fee_kind fee_kind;
    i128 fee_value;  /* in the account's currency; 0 for a third asset */
    int money_scale; /* the decimals of its pnl */
    int side;        /* 1 buy, -1 sell */
    bool is_filled;  /* status filled, not partially_filled */
    struct value symbol, strategy_id, fee_currency, client_order_id, venue_fill_id;
};
/* NULL, or what is missing or wrong.  quote: the account's currency. */
const char *trade_entry_read(const struct record *r, const char *quote, struct trade_entry *out);
/* A correct entry of the kind adopt, as the trade without order and fee that it counts as. */
const char *adopt_entry_read(const struct record *r, struct trade_entry *out);

struct book_position {
    int64_t id; /* 0: the slot is free */
    char symbol[LIMIT_SYMBOL];
    int direction; /* 1 long, -1 short */
    i128 size, cost_left, fee_left;
    i128 pnl; /* sum of its trades' */
};

/* What a trade did. */
struct book_result {
    bool opens, closed; /* closed: the position is gone */
    i128 pnl;           /* as computed from price, size and fees */
    i128 cost_share, fee_share;
    i128 trip_pnl; /* of a closed position: the sum of its entries' own pnl */
};

struct track_book {
    struct book_position *slots; /* open addressing by id; a power of two of them */
    size_t capacity, count;
    struct book_result last;
};

void book_init(struct track_book *b);
void book_release(struct track_book *b);
struct book_position *book_find(const struct track_book *b, int64_t id); /* NULL: none open */
/* NULL, or why the trade does not fit: a close without a position, more than is open, another
 * symbol, an amount out of range. */
const char *book_apply(struct track_book *b, const struct trade_entry *t);
/* Closes a position without what is left of it, which has to be `size`. */
const char *book_give_up(struct track_book *b, int64_t id, i128 size, i128 pnl);
/* Any order; begin with *at 0. */
const struct book_position *book_next(const struct track_book *b, size_t *at);

#endif
