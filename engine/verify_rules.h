/* SPDX-License-Identifier: Apache-2.0 */
/* What the entries of an honest log have in common, checked as they go by.
 *
 * Each trade names by leaf hash an order entry before it and keeps within its size, side, symbol
 * and limit; each order is closed once, as its trades say, and what it trades later is counted;
 * nothing trades that no config entry declared; equity entries report the positions and the cash
 * that the trades make; the profit of a trade follows from prices, sizes and fees
 * (engine/track_book.h).  proofs.md 1.10.
 *
 * Memory: a copy of each open order's entry and of the LIMIT_ENDED_ORDERS that ended last, 32 bytes
 * a signal, a fill and a payment, those of engine/verify_past.h. */
#ifndef ENGINE_VERIFY_RULES_H
#define ENGINE_VERIFY_RULES_H

#include "engine/log_keys.h"
#include "engine/track.h"
#include "engine/verify_past.h"
#include "engine/verify_report.h"
#include "engine/verify_set.h"

enum {
    RULES_OPEN_ORDERS_MAX = 1 << 20, /* open at one time: 4,096 are what the daemon allows */
    RULES_STRATEGIES_MAX = 1 << 20   /* declared in the life of a log */
};

struct open_order; /* engine/verify_orders.c */

/* Whether the evidence holds what the log says others attested. */
enum attested {
    ATTESTED_HERE,
    ATTESTED_OTHERWISE, /* something else of this size and source is there */
    ATTESTED_ABSENT
};
struct attested_source {
    void *self;
    enum attested (*find)(void *self, uint64_t size, const struct value *kind,
                          const struct value *source, const struct digest *digest);
};

/* Entries that count as told, and what they come to. */
struct sum_told {
    uint64_t count;
    i128 amount;
};

struct verify_rules {
    struct verify_report *report; /* borrowed */
    const struct track *track;    /* borrowed: its book is told of a trade before the rules are */
    uint64_t index;               /* of the entry at hand */
    int64_t last_us;              /* of the newest that could be read */
    struct verify_past past;      /* the entries before it */
    const struct merkle_frontier *tree;         /* of them; borrowed */
    const struct attested_source *attestations; /* borrowed; NULL: no evidence of others */
    struct open_order **orders;                 /* open addressing by leaf hash */
    size_t order_capacity, order_count;
    struct open_order *ended[LIMIT_ENDED_ORDERS]; /* a ring; NULL: not used yet */
    size_t ended_next;
    uint64_t late_trades;     /* of orders that had ended */
    uint64_t reduce_openings; /* orders that may only reduce and have opened a position */
    struct verify_set signals, fills, payments, strategies;
    int64_t last_order_id, last_trade_id;
    uint64_t trade_order; /* index of the newest trade's order; UINT64_MAX: it has none */
    /* Cycles. */
    int64_t cycles, last_cycle, last_cycle_us, interval_us, silences;
    /* Positions. */
    bool cash_known;
    i128 cash;
    uint64_t marks, unproven_marks;          /* equity entries; those whose equity is only stated */
    int64_t last_day;                        /* of the newest of them, in days since 1970 */
    uint64_t trades;                         /* entries that could be read */
    int64_t first_trade_day, last_trade_day; /* of them */
    uint64_t other_fees;                     /* trades whose fee is no part of cash and profit */
    struct sum_told told_funding, flows;     /* flows: money that was paid in or out */
    /* Corrections. */
    uint64_t notes, unread_notes; /* unread: of entries too far back to compare */
    struct sum_told adopted;      /* positions, and their pnl */
    /* What the log says of itself. */
    struct log_keys keys;
    uint64_t statements, anchors, unseen_anchors; /* unseen: the evidence is not here */
};

void rules_init(struct verify_rules *v, struct verify_report *report, const struct track *track,
                const struct merkle_frontier *tree);
void rules_release(struct verify_rules *v);
/* A statement entry, before track_push is told of it: it is of all entries before it. */
void rules_statement(struct verify_rules *v, const struct record *r);
/* The next entry, after track_push was told of it. */
void rules_push(struct verify_rules *v, const struct record *r, const char *bytes, size_t length,
                const struct digest *leaf_hash);
/* Behind it, whether or not it could be read; the tree is still without it. */
void rules_pass(struct verify_rules *v, const struct digest *leaf_hash);
/* Behind the last entry: what holds passes. */
void rules_end(struct verify_rules *v);

/* Shared by the rules' files. */
void rules_order(struct verify_rules *v, const struct record *r, const char *bytes, size_t length,
                 const struct digest *leaf_hash);
void rules_trade_order(struct verify_rules *v, const struct record *r, const struct trade_entry *t);
void rules_close(struct verify_rules *v, const struct record *r);
void rules_orders_end(struct verify_rules *v);
void rules_orders_release(struct verify_rules *v);
/* The entry's strategy was declared before. */
void rules_declared(struct verify_rules *v, const struct record *r);
void rules_trade_day(struct verify_rules *v, int64_t at_us);
void rules_trade_money(struct verify_rules *v, const struct trade_entry *t);
void rules_cash(struct verify_rules *v, const struct record *r);
void rules_equity(struct verify_rules *v, const struct record *r);
void rules_correct(struct verify_rules *v, const struct record *r);
void rules_key(struct verify_rules *v, const struct record *r);
void rules_anchor(struct verify_rules *v, const struct record *r);
void rules_about_end(struct verify_rules *v);
void rules_positions_end(struct verify_rules *v);
void rules_told(struct sum_told *sum, i128 amount);

#endif
