/* SPDX-License-Identifier: Apache-2.0 */
/* Port: durable storage of everything one step of the engine changed, all or nothing. */
#ifndef ENGINE_JOURNAL_H
#define ENGINE_JOURNAL_H

#include "engine/account.h"
#include "engine/fee_sums.h"
#include "engine/ledger.h"
#include "engine/strategy_slot.h"

/* Rows of one commit.  Orders and positions are written as they are afterwards (insert or update
 * by id); signals, fills, cash moves and equity points are new.  Leaves get the indexes
 * account.log_size - leaf_count ... account.log_size - 1.  Fill i's trade leaf is
 * leaves[fill_leaf[i]], signal i's leaves[signal_leaf[i]], cash move i's leaves[cash_leaf[i]].
 * Arrays are owned by the batch. */
struct journal_batch {
    struct leaf *leaves;
    struct signal *signals;
    struct order *orders;
    struct fill *fills;
    struct position *positions;
    struct equity_point *equity;
    struct strategy_slot *slots;    /* as they are afterwards, by name */
    struct activation *activations; /* new */
    struct ext_value *ext_values;   /* as they are afterwards, by name and symbol */
    struct cash_move *cash;         /* new */
    size_t *signal_leaf;
    size_t *fill_leaf;
    size_t *cash_leaf;
    size_t leaf_count, signal_count, order_count, fill_count, position_count, equity_count,
        slot_count, activation_count, ext_value_count, cash_count;
    size_t leaf_capacity, signal_capacity, order_capacity, fill_capacity, position_capacity,
        equity_capacity, slot_capacity, activation_capacity, ext_value_capacity, cash_capacity;
    struct account account; /* as it is afterwards */
};

/* True for errors of the database: the batch is kept, and the loop waits or has failed. */
bool journal_is_error(enum err e);

void journal_batch_init(struct journal_batch *b);
void journal_batch_clear(struct journal_batch *b); /* empties, keeps the arrays */
void journal_batch_release(struct journal_batch *b);
bool journal_batch_is_empty(const struct journal_batch *b); /* no rows; the account counts not */
/* Append; the leaf's bytes move into the batch.  put_* replace an earlier row of the same id. */
size_t journal_batch_add_leaf(struct journal_batch *b, struct leaf *leaf_take);
void journal_batch_add_signal(struct journal_batch *b, const struct signal *s, size_t leaf);
void journal_batch_add_fill(struct journal_batch *b, const struct fill *f, size_t leaf);
void journal_batch_add_cash(struct journal_batch *b, const struct cash_move *m, size_t leaf);
void journal_batch_add_equity(struct journal_batch *b, const struct equity_point *e);
void journal_batch_put_order(struct journal_batch *b, const struct order *o);
void journal_batch_put_position(struct journal_batch *b, const struct position *p);
void journal_batch_put_slot(struct journal_batch *b, const struct strategy_slot *s);
void journal_batch_add_activation(struct journal_batch *b, const struct activation *a);
void journal_batch_put_ext_value(struct journal_batch *b, const struct ext_value *v);

/* Orders that ended lately, of which fills may still come to light, and fills that may be told
 * again. */
enum {
    RECOVERY_ENDED = LIMIT_ENDED_ORDERS,
    RECOVERY_FILLS = 4096,
    RECOVERY_INCOMES = 16 * 1024 /* three a day of 180 symbols for a month, the longest look back */
};

/* What a restart needs. */
struct recovery {
    bool exists; /* false: a new account, nothing else is set but the epoch */
    /* Of the log since this recovery: no other daemon has had it, nor this one before.  0: there is
     * none. */
    int64_t epoch;
    struct account account;
    struct order *orders; /* not final ones, by id */
    size_t order_count;
    struct position *positions; /* open ones, by id */
    size_t position_count;
    struct daily_equity daily;
    struct strategy_slot *slots; /* not ended ones, by ordinal */
    size_t slot_count;
    struct ext_value *ext_values;
    size_t ext_value_count;
    struct order *ended; /* the newest final ones, at most RECOVERY_ENDED, by id */
    size_t ended_count;
    struct fill *fills; /* the newest, at most RECOVERY_FILLS, by id */
    size_t fill_count;
    struct fee_sums other_fees; /* of all fills */
    struct cash_move *incomes;  /* the newest the venue told, at most RECOVERY_INCOMES, by id */
    size_t income_count;
    struct position *closed; /* the newest closed one of each strategy name and symbol */
    size_t closed_count;
    /* Documents of every artifact that a slot (strategy_id, next_id) or an open position names. */
    struct recovered_document {
        char id[DIGEST_HEX];
        char *canonical; /* owned */
        size_t length;
    } * documents;
    size_t document_count;
};
void recovery_release(struct recovery *r);

/* A strategy's document, stored before the first leaf names it. */
struct strategy_document {
    const char *id, *name;
    const char *canonical;
    size_t length;
};

struct journal {
    void *self;
    /* Blocks until durable (synchronous commit) or the deadline.  ERR_DB_UNAVAILABLE,
     * ERR_DB_BUSY, ERR_DB_RETRY: give the same batch again; a batch that did become durable
     * although the answer was lost is recognised and answered ERR_OK.  ERR_DB_FENCED,
     * ERR_LOG_DIFFERS, ERR_DB_QUERY: critical. */
    enum err (*commit)(void *self, const struct journal_batch *b);
    /* Blocks until the batch is durable in the spool of this machine, for commit has just failed
     * because the database is away: whatever makes things safer may then be sent.  Batches go on
     * to the spool until a commit succeeds, which brings all of them into the database first, in
     * their order.  ERR_IO, ERR_LIMIT.  NULL: there is no spool. */
    enum err (*spool)(void *self, const struct journal_batch *b);
    /* Refuses every commit from now on with ERR_DB_FENCED, for a reason that can be shown.  NULL:
     * commits cannot be refused. */
    void (*refuse)(void *self, const char *sentence);
    enum err (*recover)(void *self, const char *account_id, struct recovery *out);
    enum err (*store_strategy)(void *self, const char *account_id,
                               const struct strategy_document *d);
    /* Writes what is still buffered (JSONL files); called at pauses and at the end. */
    void (*flush)(void *self);
};

#endif
