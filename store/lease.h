/* SPDX-License-Identifier: Apache-2.0 */
/* The lease of an account: one active daemon at a time, any number that stand by.
 *
 * A row of account_lease says who trades and until when, by the database's clock alone.  The holder
 * renews it every third of its length, and counts it from before the question was sent on its own
 * monotonic clock, less a tenth for clocks that run apart: it stops relying on it before anybody
 * else may take it.  What it still writes after that is refused by the epoch of log_state, which
 * its successor raises (store/journal_pg.h).
 *
 * Source: Gray, Cheriton, "Leases", SOSP 1989; a fencing token as in Kleppmann, "How to do
 * distributed locking", 2016. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "core/config.h"

enum {
    LEASE_OWNER_MAX = 40,
    LEASE_HOLDER_MAX = 128
};

struct lease_options {
    const char *database_url;
    const char *account;
    const char *owner;  /* the same after a restart in the same data directory */
    const char *holder; /* host and process, for people */
    int64_t length_us;
    int64_t timeout_us; /* of a statement */
};

/* Who has it instead. */
struct lease_holder {
    char holder[LEASE_HOLDER_MAX];
    int64_t left_us; /* until it may be taken over, unless it is renewed */
};

struct lease;

/* Connects; the schema must be there already (store_prepare).  Takes nothing yet. */
MUST_USE enum err lease_open(const struct lease_options *options, struct diag_list *diags,
                             struct lease **out);
/* Takes it when it is free, has ended or is ours from an earlier run.  ERR_AGAIN: another has it,
 * *other says who (left_us as of now).  ERR_DB_*: not known; ask again.  One thread. */
MUST_USE enum err lease_take(struct lease *l, struct lease_holder *other);
/* Starts the thread that renews what lease_take took. */
MUST_USE enum err lease_keep(struct lease *l);

/* Any thread.  True once another daemon has it: nothing may be sent any more. */
bool lease_is_lost(struct lease *l);
/* Any thread: the monotonic instant until which it can be relied on; past when it has lapsed. */
int64_t lease_until_us(struct lease *l);
int64_t lease_epoch(const struct lease *l);

/* Ends the thread; gives the lease back when it is still ours, so that a successor need not wait.
 * NULL is allowed. */
void lease_close(struct lease *l);

#endif
