/* SPDX-License-Identifier: Apache-2.0 */
/* The database that instances of the engine share, and the spool that each has on its own disk.
 *
 * It refuses what PostgreSQL refuses: commits of an epoch that was followed (TD001 of
 * migrations/0009), commits that begin elsewhere than the log ends (TD002); what is there already
 * is recognised.  `durable` is what was ever said to be durable, spooled commits included: the
 * judge reads that, and compares it with the database once a spool has been brought in. */
#ifndef TESTS_SIMULATION_SIM_DATABASE_H
#define TESTS_SIMULATION_SIM_DATABASE_H

#include "tests/support/memory_journal.h"

enum {
    SIM_INSTANCES = 2
};

/* A commit as it was given, with everything in it: owned. */
struct sim_record {
    struct journal_batch batch;
    int64_t epoch; /* of the instance that wrote it */
};
void sim_record_make(struct sim_record *r, const struct journal_batch *b, int64_t epoch);
void sim_record_release(struct sim_record *r);

/* Outlives its instance. */
struct sim_spool {
    struct sim_record *list;
    size_t count, capacity;
    size_t refused; /* the first so many records were refused, and set aside */
};

struct sim_lease {
    int owner; /* -1: nobody had it yet */
    int64_t epoch, expires_us;
};

struct sim_database {
    struct memory_journal rows;
    struct journal port; /* of the rows */
    int64_t epoch;       /* of the log: who recovered it last */
    struct sim_lease lease;
    struct memory_journal ahead; /* rows and what the newest owner has spooled beyond */
    bool has_ahead;
    struct memory_journal before; /* the rows without a commit that no standby has yet */
    bool has_before;
};

void sim_database_init(struct sim_database *d);
void sim_database_release(struct sim_database *d);

/* What was said to be durable. */
const struct memory_journal *sim_database_durable(const struct sim_database *d);
/* ERR_DB_FENCED: another epoch, or the log ends elsewhere.  *was_there: it was durable before. */
enum err sim_database_commit(struct sim_database *d, const struct journal_batch *b, int64_t epoch,
                             bool *was_there);
/* The same, but only here: it was not replicated, and nobody was told that it is durable. */
void sim_database_commit_alone(struct sim_database *d, const struct journal_batch *b);
/* A standby becomes the server: what it did not have is gone.  False: it had everything. */
bool sim_database_fail_over(struct sim_database *d);
/* It begins where what is durable ends, or is there already. */
bool sim_database_follows(const struct sim_database *d, const struct journal_batch *b);
/* A batch became durable in the spool of the newest owner. */
void sim_database_spooled(struct sim_database *d, const struct journal_batch *b);
/* Nothing is spooled by the newest owner any more; what differs between what was durable and what
 * the rows are, "" when nothing does. */
const char *sim_database_merged(struct sim_database *d);
/* The account is taken over: what others have spooled never enters. */
void sim_database_taken(struct sim_database *d);

void sim_spool_append(struct sim_spool *s, const struct journal_batch *b, int64_t epoch);
size_t sim_spool_waiting(const struct sim_spool *s);
/* All but what was refused. */
void sim_spool_clear(struct sim_spool *s);
/* What waits can never enter: it is kept for people. */
void sim_spool_set_aside(struct sim_spool *s);
void sim_spool_release(struct sim_spool *s);
/* The newest row of an order in it, also among what was refused; NULL: none. */
const struct order *sim_spool_order(const struct sim_spool *s, const char *client_order_id);

#endif
