/* SPDX-License-Identifier: Apache-2.0 */
/* The journal port on PostgreSQL: one transaction, one round trip a commit.
 *
 * It owns a connection whose session holds the account's advisory lock, so a session that has lost
 * the lock cannot commit.  The epoch of log_state, raised by every recover, refuses what an older
 * daemon still sends.  Used by one thread, the engine's. */
#ifndef STORE_JOURNAL_PG_H
#define STORE_JOURNAL_PG_H

#include <stdatomic.h>

#include "engine/journal.h"
#include "engine/log_step.h"
#include "store/jsonl.h"
#include "store/pg.h"
#include "store/spool.h"

struct journal_pg;

/* Connects and takes the account's lock, waiting a moment for a daemon that is just ending.
 * ERR_DB_FENCED with a diag when another one keeps it.  `seizes`, for who holds the account's lease
 * (store/lease.h): the session of a daemon that lost it is ended, this once; when the lock is lost
 * later, somebody else has the lease.  target and account outlive it; jsonl may be NULL. */
MUST_USE enum err journal_pg_open(const struct pg_target *target, const char *account,
                                  int64_t timeout_us, bool seizes, struct diag_list *diags,
                                  struct journal_pg **out);
void journal_pg_close(struct journal_pg *j);
/* Who signs the checkpoints of commits; outlives it.  Without one only commits without leaves go
 * through, as a process that appends nothing needs no key. */
void journal_pg_set_signer(struct journal_pg *j, const struct log_signer *signer);
/* Refuses every commit from now on with ERR_DB_FENCED: the log is not what was published. */
void journal_pg_refuse(struct journal_pg *j, const char *sentence);
/* Where lines and checkpoints go after each commit. */
void journal_pg_set_jsonl(struct journal_pg *j, struct jsonl *jsonl);
/* What stands in while the database is away; before journal_pg_port.  What it holds goes into the
 * database at once; what can never go there is set aside with an error in the log. */
MUST_USE enum err journal_pg_set_spool(struct journal_pg *j, struct spool *spool);
struct journal journal_pg_port(struct journal_pg *j);

/* Read by any thread. */
struct journal_pg_stats {
    atomic_ullong commits, repeated, reconnects, errors;
};
const struct journal_pg_stats *journal_pg_stats(const struct journal_pg *j);

#endif
