/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal's own files share (store/journal_*.c); no other file includes it. */
#ifndef STORE_JOURNAL_PARTS_H
#define STORE_JOURNAL_PARTS_H

#include "core/clock.h"
#include "engine/log_step.h"
#include "store/journal_pg.h"
#include "store/spool.h"

/* The statements of a commit, in the order in which they are sent. */
enum journal_statement {
    STATEMENT_BEGIN,
    STATEMENT_ADVANCE,
    STATEMENT_LEAF,
    STATEMENT_LEAVES,
    STATEMENT_NODE,
    STATEMENT_CHECKPOINT,
    STATEMENT_SIGNAL,
    STATEMENT_POSITION,
    STATEMENT_ORDER,
    STATEMENT_FILL,
    STATEMENT_TRADE,
    STATEMENT_CASH,
    STATEMENT_EQUITY,
    STATEMENT_DAILY,
    STATEMENT_SLOT,
    STATEMENT_ACTIVATION,
    STATEMENT_EXT_VALUE,
    STATEMENT_EXT_DROP,
    STATEMENT_ACCOUNT,
    STATEMENT_COMMIT,
    JOURNAL_STATEMENT_COUNT_
};

struct journal_pg {
    const struct pg_target *target;
    struct pg pg;
    int64_t timeout_us;
    struct jsonl *jsonl;
    struct spool *spool; /* NULL: none */
    struct text *record; /* where statements go in place of the pipeline; NULL: the pipeline */
    struct pg_statement statements[JOURNAL_STATEMENT_COUNT_];
    char account[LIMIT_NAME]; /* whose lock the session holds */
    int64_t lock_key;
    bool seizes;                       /* ends whatever session has the lock: see journal_pg_open */
    int backend;                       /* process id of the newest session that held the lock */
    int64_t epoch;                     /* 0: not known yet */
    const struct log_signer *signer;   /* NULL: nothing can be appended */
    struct merkle_frontier frontier;   /* of what is durable */
    struct log_step step;              /* of the commit under way */
    size_t in_log;                     /* its first leaves that the log has already */
    int64_t account_size;              /* entries the account's row has made its own */
    char refusal[LIMIT_REASON];        /* nothing may be appended; empty: it may */
    int64_t connect_at_us, backoff_us; /* when a lost connection is next tried, and how far apart */
    struct journal_pg_stats stats;
};

/* How long after a lost connection the next try may be, at first. */
#define JOURNAL_BACKOFF_US (50 * US_PER_MS)

static inline int64_t journal_deadline(const struct journal_pg *j)
{
    return clock_monotonic_us() + j->timeout_us;
}

/* store/journal_session.c */
void journal_statements(struct journal_pg *j); /* makes their texts; journal_pg_close frees them */
/* Connected, locked and prepared, or an error at once. */
MUST_USE enum err journal_ready(struct journal_pg *j);
/* Any 64 bits that are the account's own. */
int64_t journal_lock_key(const char *account);
/* store/journal_pg.c: tree and checkpoint of a batch into j->step.  An account that is behind its
 * log, after an import, makes its entries again: ERR_LOG_DIFFERS when they are others.
 * ERR_DB_FENCED when the log does not stand where the batch begins. */
MUST_USE enum err journal_step(struct journal_pg *j, const struct journal_batch *b);
/* It is durable: the next one begins behind it. */
void journal_stepped(struct journal_pg *j, const struct journal_batch *b);
/* The statements of a commit but for BEGIN and COMMIT. */
MUST_USE enum err journal_push(struct journal_pg *j, const struct journal_batch *b);
/* store/journal_leaves.c: leaves [from, to) of the batch as one statement. */
MUST_USE enum err journal_push_leaves(struct journal_pg *j, const struct journal_batch *b,
                                      size_t from, size_t to);
/* One statement into the pipeline, or the spool's record. */
MUST_USE enum err journal_push_one(struct journal_pg *j, enum journal_statement s,
                                   const struct pg_params *p);
/* store/journal_spool.c */
void journal_record(struct text *out, enum journal_statement s, const struct pg_params *p);
enum err journal_spool(void *self, const struct journal_batch *b);
/* What the spool holds goes into the database first.  ERR_DB_FENCED: it never can, for another
 * daemon took the account over meanwhile; it was set aside, and the log has it. */
MUST_USE enum err journal_drain(struct journal_pg *j);
/* store/journal_recover.c */
enum err journal_recover(void *self, const char *account_id, struct recovery *out);
/* ERR_OK when the batch is in the log already, entry by entry; ERR_DB_FENCED when it is not. */
MUST_USE enum err journal_is_in_log(struct journal_pg *j, const struct journal_batch *b);
/* Commits again, changing nothing, so that all before it is as durable: what was found in the log
 * may have lost its wait for the standby with its session, or by a warning (pg_committed).
 * ERR_DB_UNAVAILABLE: it is not; ERR_DB_FENCED: the account has another epoch. */
MUST_USE enum err journal_confirm(struct journal_pg *j, const char *account, int64_t epoch);
/* ERR_LOG_DIFFERS unless the log has the first `count` leaves of the batch in their places. */
MUST_USE enum err journal_has_leaves(struct journal_pg *j, const struct journal_batch *b,
                                     size_t count);

#endif
