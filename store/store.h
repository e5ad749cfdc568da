/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL: opening, migrations, the journal port, and every query the API reads.
 *
 * Thread-safe: each call takes a connection from the pool for its duration, with a deadline
 * (ERR_DB_BUSY).  A lost connection is ERR_DB_UNAVAILABLE and is made anew in the background. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "engine/journal.h"
#include "engine/log_step.h"

struct store;

/* Connects, checks fsync, full_page_writes and synchronous_commit, runs the embedded migrations
 * under an advisory lock; store_open does it too.  For who needs the schema before the account. */
MUST_USE enum err store_prepare(const char *database_url, struct diag_list *diags);

struct store_options {
    const char *database_url; /* a libpq URL or conninfo */
    int connections;
    int64_t timeout_us;              /* of a statement, of waiting for a connection */
    const char *data_dir;            /* where log.jsonl and trades.jsonl are written */
    const char *account_id;          /* whose files those are */
    const struct log_signer *signer; /* of its log, outlives the store; NULL: nothing is appended */
    bool has_lease; /* the account's (store/lease.h): a session of its last holder is ended */
};

/* Connects, checks fsync, full_page_writes and synchronous_commit, runs the embedded migrations
 * under an advisory lock; with a signer it checks the log (store/log_check.h) and repairs the JSONL
 * files against the database.  On error a diag says what failed and what to do.  A log that must
 * not be appended to is none: see store_log_fault. */
MUST_USE enum err store_open(const struct store_options *options, struct diag_list *diags,
                             struct store **out);
void store_close(struct store *s);
/* Why nothing may be appended to the log, and what to do; NULL: it may.  Commits are refused then,
 * everything can be read. */
const char *store_log_fault(const struct store *s);
/* Any thread: others have shown that it is not the log that was published.  The first sentence
 * stays.  Commits go on until the engine refuses them (engine_options.log_fault). */
void store_log_blame(struct store *s, const char *format, ...) PRINTF_LIKE(2, 3);
/* Entries that the database lacks, from lines of log.jsonl: all the file has, or nothing.  The
 * entries both have must be the same, and the tree at the size of the checkpoint that was published
 * last must have its root; a checkpoint of the new size is signed.  The rows of orders, fills and
 * positions stay as they are: a replay makes them again.  No daemon may serve the account.  On
 * errors a diag. */
MUST_USE enum err store_log_import(struct store *s, const struct log_signer *signer,
                                   const char *path, uint64_t *before, uint64_t *after,
                                   struct diag_list *diags);
/* The journal port; valid until store_close.  It has a connection of its own. */
struct journal store_journal(struct store *s);
/* SELECT 1 within timeout_us. */
MUST_USE enum err store_ping(struct store *s, int64_t timeout_us);

struct store_stats {
    int connections, in_use;
    uint64_t commits, commit_retries, reconnects, errors;
    int migration_count;
};
void store_stats(struct store *s, struct store_stats *out);

/* `traderd migrate`: runs what is missing unless status_only, then reports a line a migration
 * ("0001_log applied 2026-01-01T...", "... pending"); usable on a database that store_open would
 * refuse. */
struct text;
MUST_USE enum err store_migrate(const char *database_url, bool status_only, struct text *report,
                                struct diag_list *diags);

/* ---- Reading.  Newest first unless ascending; keyset by id. ---- */
struct list_query {
    const char *account;
    const char *symbol;   /* NULL: any, as for all below */
    const char *strategy; /* name */
    const char *strategy_id;
    int side;            /* enum side; 0 any */
    int64_t order_id;    /* 0 any */
    int64_t position_id; /* 0 any */
    const char *client_order_id;
    int64_t from_us, to_us; /* half open; TIME_NONE: unbounded */
    int64_t after_id;       /* rows after this one in list order; 0: from the start */
    bool ascending;
    int limit; /* 1..LIMIT_PAGE */
    enum {
        LIST_ANY,
        LIST_OPEN,
        LIST_CLOSED
    } state;                      /* orders: not final / final; positions */
    int decision;                 /* signals: 0 any, 1 accepted, 2 denied */
    enum exit_reason exit_reason; /* closed positions; EXIT_NONE any */
};

/* Arrays are allocated with malloc; the caller frees them.  *more: another row follows. */
MUST_USE enum err store_orders(struct store *s, const struct list_query *q, struct order **out,
                               size_t *count, bool *more);
MUST_USE enum err store_fills(struct store *s, const struct list_query *q, struct fill **out,
                              size_t *count, bool *more);
MUST_USE enum err store_signals(struct store *s, const struct list_query *q, struct signal **out,
                                size_t *count, bool *more);
MUST_USE enum err store_positions(struct store *s, const struct list_query *q,
                                  struct position **out, size_t *count, bool *more);
/* One row by id; ERR_NOT_FOUND. */
MUST_USE enum err store_order(struct store *s, const char *account, int64_t id, struct order *out);
MUST_USE enum err store_position(struct store *s, const char *account, int64_t id,
                                 struct position *out);
MUST_USE enum err store_signal(struct store *s, const char *account, int64_t id,
                               struct signal *out);

/* A trade: the exact canonical record of the log, its proof and its place. */
struct trade_row {
    int64_t id; /* the fill's id */
    int64_t log_index;
    char *record; /* C, owned */
    size_t length;
    struct digest proof;
};
void trade_rows_free(struct trade_row *rows, size_t count);
MUST_USE enum err store_trades(struct store *s, const struct list_query *q, struct trade_row **out,
                               size_t *count, bool *more);
MUST_USE enum err store_trade(struct store *s, const char *account, int64_t id,
                              struct trade_row *out); /* trade_rows_free(out, 1) frees the record
                                                         only when count is given 1 and out was
                                                         allocated; free out->record by free() */

/* The equity curve, oldest first, thinned to at most max_points evenly by time: the last sample of
 * each bucket. */
MUST_USE enum err store_equity(struct store *s, const char *account, int64_t from_us, int64_t to_us,
                               int64_t bucket_us, size_t max_points, struct equity_point **out,
                               size_t *count);
/* ---- Strategy documents: kept once by id, for every account; none is ever erased. ---- */
struct strategy_row {
    int64_t ordinal; /* grows with every new document: pages go by it */
    char id[DIGEST_HEX];
    char name[LIMIT_NAME];
    int64_t created_us;
    int64_t retired_us;           /* TIME_NONE: it may be activated */
    char uploaded_by[LIMIT_NAME]; /* "": it came from a configured file */
    bool is_outside;              /* a source of signals: nothing to activate */
};
struct strategy_upload {
    const char *id, *name;
    const char *canonical;
    size_t length;
    const char *source; /* the exact bytes */
    size_t source_length;
    const char *uploaded_by;
};
/* *is_new false: a document of this id is there already and stays as it is; one that came from a
 * configured file gets its source now. */
MUST_USE enum err store_strategy_insert(struct store *s, const struct strategy_upload *u,
                                        bool *is_new);
struct strategy_query {
    const char *name; /* NULL: any */
    enum {
        STRATEGIES_ANY,
        STRATEGIES_VALIDATED, /* may be activated and is not active */
        STRATEGIES_ACTIVE,
        STRATEGIES_RETIRED
    } status;
    const char *active_ids; /* which ids count as active, between commas; "" none */
    int64_t after;          /* rows after this ordinal in list order; 0: from the start */
    bool ascending;
    int limit; /* 1..LIMIT_PAGE */
};
/* Artifacts only. */
MUST_USE enum err store_strategies(struct store *s, const struct strategy_query *q,
                                   struct strategy_row **out, size_t *count, bool *more);
/* By id or by the beginning of one; ERR_NOT_FOUND, ERR_CONFLICT when several begin so. */
MUST_USE enum err store_strategy(struct store *s, const char *prefix, struct strategy_row *out);
/* free() the text.  The source of a document that was never uploaded is its canonical form. */
MUST_USE enum err store_strategy_canonical(struct store *s, const char *id, char **text,
                                           size_t *length);
MUST_USE enum err store_strategy_source(struct store *s, const char *id, char **text,
                                        size_t *length);
/* ERR_STRATEGY_ACTIVE while a slot that has not ended names it; twice is once. */
MUST_USE enum err store_strategy_retire(struct store *s, const char *id, int64_t at_us);
/* The account's history; of q: account, strategy (the name), strategy_id, from, to and page. */
MUST_USE enum err store_activations(struct store *s, const struct list_query *q,
                                    struct activation **out, size_t *count, bool *more);
/* What a name's version followed when it was newly activated, going back over rollbacks;
 * ERR_NO_PREVIOUS. */
MUST_USE enum err store_previous_version(struct store *s, const char *account, const char *name,
                                         const char *current_id, char out[DIGEST_HEX]);

/* ---- Tokens: only a digest of the secret is stored. ---- */
enum role {
    ROLE_NONE,
    ROLE_VIEWER,
    ROLE_TRADER,
    ROLE_ADMIN
};
const char *role_name(enum role r); /* "" viewer trader admin */
bool role_of_name(const char *name, enum role *out);

struct token {
    char id[24]; /* public */
    char name[LIMIT_NAME];
    enum role role;
    struct digest secret; /* SHA-256 of the whole token text */
    int64_t created_us;
    int64_t expires_us;   /* TIME_NONE: never */
    int64_t last_used_us; /* TIME_NONE: never */
    int64_t revoked_us;   /* TIME_NONE: valid */
    char created_by[LIMIT_NAME];
};
MUST_USE enum err store_token_insert(struct store *s, const struct token *t);
MUST_USE enum err store_tokens(struct store *s, struct token **out, size_t *count); /* newest first,
                                                                       revoked ones too */
/* ERR_NOT_FOUND, or ERR_LAST_ADMIN when it is the last valid admin token. */
MUST_USE enum err store_token_revoke(struct store *s, const char *id, int64_t at_us);
/* Best effort, minute granularity. */
void store_token_used(struct store *s, const char *id, int64_t at_us);

/* ---- Idempotency: a row (token, key) exists before the request is carried out. ---- */
enum idempotency_outcome {
    IDEMPOTENCY_FRESH,
    IDEMPOTENCY_REPLAY,
    IDEMPOTENCY_BUSY,
    IDEMPOTENCY_MISMATCH
};
struct idempotency_answer {
    int status;
    char *body; /* owned by the caller: free() */
    size_t length;
    char content_type[64];
    char location[128];
};
/* FRESH: the row was inserted (or an expired or abandoned one taken over), carry the request out
 * and finish or abandon it.  REPLAY fills in answer. */
MUST_USE enum err store_idempotency_begin(struct store *s, const char *token_id, const char *key,
                                          const struct digest *request, int64_t now_us,
                                          enum idempotency_outcome *outcome,
                                          struct idempotency_answer *answer);
MUST_USE enum err store_idempotency_finish(struct store *s, const char *token_id, const char *key,
                                           const struct idempotency_answer *answer);
/* Validation failed: the key may be used again. */
MUST_USE enum err store_idempotency_abandon(struct store *s, const char *token_id, const char *key);
/* Removes rows older than 24 hours. */
MUST_USE enum err store_idempotency_prune(struct store *s, int64_t now_us);

/* ---- Audit of actions that do not bear on trading (tokens, sessions). ---- */
struct audit_entry {
    int64_t at_us;
    const char *actor, *role, *action, *target, *outcome, *request_id, *remote;
};
MUST_USE enum err store_audit(struct store *s, const struct audit_entry *e);

#endif
