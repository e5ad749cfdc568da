/* SPDX-License-Identifier: Apache-2.0 */
/* The journal port of one instance: the shared database, its spool, and how both fail. */
#include "tests/simulation/sim_world.h"

static const int64_t down_us = 60 * US_PER_S;
static const int64_t disk_full_us = 20 * US_PER_S;
static const int64_t pause_us = 25 * US_PER_S;

bool sim_journal_is_away(const struct instance *i)
{
    return sim_now_us() < i->run->database_down_until_us || sim_now_us() < i->cut_until_us;
}

static bool has_died(struct instance *i, const char *where)
{
    struct run *r = i->run;

    if (!r->has_crashes || !sim_chance(&r->random, r->trouble.journal_crashes))
        return false;
    run_reached(r, where);
    i->crash_now = true;
    return true;
}

static bool goes_away(struct instance *i)
{
    struct run *r = i->run;

    if (sim_chance(&r->random, r->trouble.journal_fails)) {
        run_reached(r, "database away");
        r->database_down_until_us = sim_now_us() + (int64_t)sim_below(&r->random, down_us);
    } else if (sim_chance(&r->random, r->trouble.journal_cut)) {
        run_reached(r, "database away from one instance");
        i->cut_until_us = sim_now_us() + (int64_t)sim_below(&r->random, down_us);
    }
    return sim_journal_is_away(i);
}

/* ---- What was spooled enters ---- */

static enum err drain_one(struct instance *i, const struct sim_record *record)
{
    struct run *r = i->run;
    bool was_there;
    enum err e;

    if (has_died(i, "crash amid the spool"))
        return ERR_DB_UNAVAILABLE;
    e = sim_database_commit(&r->database, &record->batch, record->epoch, &was_there);
    /* Rows without leaves are overwritten by what followed them. */
    if (e == ERR_DB_FENCED && record->epoch == r->database.epoch && record->batch.leaf_count == 0)
        e = ERR_OK;
    if (was_there)
        run_reached(r, "spooled commit was there already");
    if (e == ERR_OK && sim_chance(&r->random, r->trouble.journal_unknown)) {
        run_reached(r, "spooled commit durable, answer lost");
        return ERR_DB_UNAVAILABLE;
    }
    return e;
}

/* Of the spool: ERR_DB_FENCED when another has taken the account over meanwhile. */
static enum err drain(struct instance *i)
{
    struct run *r = i->run;
    const char *what;
    enum err e = ERR_OK;

    if (sim_spool_waiting(&i->spool) == 0)
        return ERR_OK;
    for (size_t k = i->spool.refused; k < i->spool.count && !e; k++)
        e = drain_one(i, &i->spool.list[k]);
    if (e == ERR_DB_FENCED) {
        if (r->instance_count == 1)
            judge_violated(&r->judge, "D3", "the database refuses what was spooled");
        run_reached(r, "spool refused");
        sim_spool_set_aside(&i->spool);
    }
    if (e)
        return e;
    sim_spool_clear(&i->spool);
    what = sim_database_merged(&r->database);
    if (what[0])
        judge_violated(&r->judge, "D3", "the spool was brought in wrongly: %s", what);
    judge_read(&r->judge, sim_database_durable(&r->database));
    run_reached(r, "spool brought in");
    return ERR_OK;
}

/* ---- The port ---- */

static enum err commit_to_database(struct instance *i, const struct journal_batch *b)
{
    struct run *r = i->run;
    bool was_there;
    enum err e;

    if (sim_chance(&r->random, 500) && sim_database_fail_over(&r->database)) {
        run_reached(r, "failover loses a commit");
        judge_rebase(&r->judge);
    }
    e = drain(i);
    if (e)
        return e;
    if (sim_chance(&r->random, r->trouble.journal_alone) && i->epoch == r->database.epoch) {
        run_reached(r, "NOT_DURABLE");
        sim_database_commit_alone(&r->database, b);
        return ERR_DB_UNAVAILABLE;
    }
    e = sim_database_commit(&r->database, b, i->epoch, &was_there);
    if (e == ERR_DB_FENCED && i->epoch != r->database.epoch)
        run_reached(r, "an old epoch's commit is refused");
    else if (e)
        judge_violated(&r->judge, "D3", "the database refuses a commit: %s", err_code(e));
    if (!e && !instance_is_newest(i))
        judge_violated(&r->judge, "O8", "the database takes a commit of an old epoch");
    if (!e)
        judge_commit(&r->judge, b);
    return e;
}

static enum err journal_commit(void *self, const struct journal_batch *b)
{
    struct instance *i = self;
    struct run *r = i->run;
    enum err e;

    if (i->crash_now)
        return ERR_DB_UNAVAILABLE; /* the process is dead */
    if (sim_chance(&r->random, r->trouble.commit_pauses)) {
        run_reached(r, "paused before a commit");
        run_pause(i, pause_us);
    }
    if (sim_journal_is_away(i) || goes_away(i))
        return ERR_DB_UNAVAILABLE;
    if (has_died(i, "crash before a commit"))
        return ERR_DB_UNAVAILABLE;
    e = commit_to_database(i, b);
    if (e)
        return e;
    if (has_died(i, "crash after a commit"))
        return ERR_DB_UNAVAILABLE;
    if (sim_chance(&r->random, r->trouble.journal_unknown)) {
        run_reached(r, "commit durable, answer lost");
        return ERR_DB_UNAVAILABLE;
    }
    if (sim_chance(&r->random, r->trouble.commit_pauses)) {
        run_reached(r, "paused between commit and send");
        run_pause(i, pause_us);
    }
    return ERR_OK;
}

static enum err journal_spool(void *self, const struct journal_batch *b)
{
    struct instance *i = self;
    struct run *r = i->run;

    if (i->crash_now)
        return ERR_IO;
    if (sim_chance(&r->random, r->trouble.disk_fails)) {
        run_reached(r, "disk full");
        i->disk_full_until_us = sim_now_us() + (int64_t)sim_below(&r->random, disk_full_us);
    }
    if (sim_now_us() < i->disk_full_until_us || has_died(i, "crash before spooling"))
        return ERR_IO;
    if (instance_is_newest(i) && !sim_database_follows(&r->database, b)) {
        judge_violated(&r->judge, "D3", "a commit is spooled, and the one before it is nowhere");
        return ERR_IO;
    }
    run_reached(r, "commit spooled");
    sim_spool_append(&i->spool, b, i->epoch);
    if (instance_is_newest(i)) {
        sim_database_spooled(&r->database, b);
        judge_read(&r->judge, sim_database_durable(&r->database));
        judge_commit(&r->judge, b);
    } else {
        run_reached(r, "spooled by an instance that was followed");
    }
    return has_died(i, "crash after spooling") ? ERR_IO : ERR_OK;
}

/* As the daemon starts: its spool is brought in, then the account is taken over. */
static enum err journal_recover_(void *self, const char *account, struct recovery *out)
{
    struct instance *i = self;
    struct run *r = i->run;
    bool has_spooled = sim_spool_waiting(&i->spool) > 0;
    enum err e;

    if (sim_journal_is_away(i) || goes_away(i))
        return ERR_DB_UNAVAILABLE;
    e = drain(i);
    if (e && e != ERR_DB_FENCED)
        return e;
    if (has_spooled && !e)
        run_reached(r, "a restart brings the spool in");
    for (size_t k = 0; r->owner != i->index && k < r->database.rows.order_count; k++)
        if (r->database.rows.orders[k].status == ORDER_NEW ||
            r->database.rows.orders[k].status == ORDER_SUBMITTED)
            run_reached(r, "takeover with an order that may have been sent");
    r->owner = i->index;
    judge_hurry_ends(&r->judge);
    i->epoch = ++r->database.epoch;
    if (r->database.has_ahead) { /* of another, which may never come back */
        run_reached(r, "takeover from one that had spooled");
        r->judge.entries_are_stopped = false;
        judge_close_over(&r->judge);
        judge_rebase(&r->judge);
    }
    sim_database_taken(&r->database);
    judge_read(&r->judge, sim_database_durable(&r->database));
    e = r->database.port.recover(&r->database.rows, account, out);
    out->epoch = i->epoch;
    return e;
}

static enum err journal_store(void *self, const char *account, const struct strategy_document *d)
{
    struct instance *i = self;

    return i->run->database.port.store_strategy(&i->run->database.rows, account, d);
}

static void journal_flush(void *self)
{
    (void)self;
}

struct journal sim_journal_port(struct instance *i)
{
    return (struct journal){.self = i,
                            .commit = journal_commit,
                            .spool = i->run->has_spool ? journal_spool : NULL,
                            .recover = journal_recover_,
                            .store_strategy = journal_store,
                            .flush = journal_flush};
}
