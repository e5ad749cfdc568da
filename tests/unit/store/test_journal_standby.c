/* SPDX-License-Identifier: Apache-2.0 */
/* Tests commits whose wait for a synchronous standby was cancelled: the server says success and
 * warns, and nothing of it counts before a later commit has waited to its end. */
#include "tests/unit/store/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "store/lease.h"

static const char account_id[] = "sim-paper-main";
static const int64_t patience_us = 60 * US_PER_S;
static const int64_t timeout_us = 3 * US_PER_S; /* two commits run into it */

struct world {
    char url[FIXTURE_URL], folder[64];
    struct store *store;
    struct journal journal;
    pthread_t canceller;
    bool cancelling;
    atomic_bool ending;
    atomic_int cancelled;
};
static struct world world;

/* ---- A server whose standby is away ---- */

static bool is_busy(PGconn *conn)
{
    assert_int_equal(PQconsumeInput(conn), 1);
    return PQisBusy(conn);
}

/* True when a commit that writes waits for a standby, by the server's word: how long it takes says
 * nothing on a busy machine. */
static bool commits_wait(void)
{
    struct pg pg;
    char sql[128];
    bool waits = false;

    fixture_connect(world.url, &pg);
    (void)snprintf(
        sql, sizeof(sql),
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = %d",
        PQbackendPID(pg.conn));
    assert_int_equal(PQsendQuery(pg.conn, "SELECT pg_logical_emit_message(true, 'test', '')"), 1);
    while (!waits && is_busy(pg.conn))
        waits = fixture_number(world.url, sql) == 1;
    pg_close(&pg);
    return waits;
}

static void set_standby(const char *name)
{
    int64_t until_us = clock_monotonic_us() + patience_us;
    char sql[128];

    (void)snprintf(sql, sizeof(sql), "ALTER SYSTEM SET synchronous_standby_names = '%s'", name);
    fixture_sql(world.url, sql);
    fixture_sql(world.url, "SELECT pg_reload_conf()");
    while (commits_wait() != (name[0] != '\0'))
        assert_true(clock_monotonic_us() < until_us);
}

static void *cancel_waits(void *unused)
{
    static const char sql[] =
        "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event = 'SyncRep'";

    (void)unused;
    while (!atomic_load(&world.ending)) {
        atomic_fetch_add(&world.cancelled, (int)fixture_number(world.url, sql));
        (void)usleep(20000);
    }
    return NULL;
}

/* From here on every wait ends soon with a warning. */
static void start_cancelling(void)
{
    atomic_store(&world.ending, false);
    atomic_store(&world.cancelled, 0);
    assert_int_equal(pthread_create(&world.canceller, NULL, cancel_waits, NULL), 0);
    world.cancelling = true;
}

static void join_canceller(void)
{
    atomic_store(&world.ending, true);
    if (world.cancelling)
        assert_int_equal(pthread_join(world.canceller, NULL), 0);
    world.cancelling = false;
}

static void end_cancelling(void)
{
    join_canceller();
    assert_true(atomic_load(&world.cancelled) > 0);
}

static int fresh(void **state)
{
    (void)state;
    fixture_database(world.url);
    fixture_folder(world.folder);
    world.store = fixture_store_within(world.url, world.folder, account_id, timeout_us);
    world.journal = store_journal(world.store);
    return 0;
}

static int away(void **state)
{
    (void)state;
    join_canceller(); /* of a test that failed */
    set_standby("");
    store_close(world.store);
    fixture_remove(world.folder);
    return 0;
}

static enum err commit(const struct journal_batch *b)
{
    return world.journal.commit(world.journal.self, b);
}

static void recover(void)
{
    struct recovery r = {0};

    assert_int_equal(world.journal.recover(world.journal.self, account_id, &r), ERR_OK);
    recovery_release(&r);
}

static enum err commit_at_last(const struct journal_batch *b)
{
    int64_t until_us = clock_monotonic_us() + patience_us;
    enum err e;

    while ((e = commit(b)) == ERR_DB_UNAVAILABLE && clock_monotonic_us() < until_us)
        (void)usleep(10000);
    return e;
}

static int64_t published(void)
{
    char path[128], line[8192];
    int64_t n = 0;
    FILE *f;

    world.journal.flush(world.journal.self);
    (void)snprintf(path, sizeof(path), "%s/log.jsonl", world.folder);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        n++;
    if (f)
        (void)fclose(f);
    return n;
}

/* ---- Tests ---- */

static void a_cancelled_wait_is_not_durable(void **state)
{
    struct journal_batch b;
    struct store_stats stats;

    (void)state;
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    assert_int_equal(commit(&b), ERR_OK);
    assert_int_equal(published(), 3);
    set_standby("nobody");
    journal_batch_clear(&b);
    fixture_round(&b, 2);
    start_cancelling();
    for (int i = 0; i < 3; i++)
        assert_int_equal(commit(&b), ERR_DB_UNAVAILABLE);
    end_cancelling();
    assert_int_equal(fixture_number(world.url, "SELECT size FROM log_state"), 6);
    assert_int_equal(published(), 3);
    /* Neither when the wait ends with its session and not by a warning. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(commit(&b), ERR_DB_UNAVAILABLE);
    assert_int_equal(published(), 3);
    set_standby("");
    assert_int_equal(commit_at_last(&b), ERR_OK);
    assert_int_equal(published(), 6);
    assert_int_equal(fixture_number(world.url, "SELECT count(*) FROM log_entry"), 6);
    store_stats(world.store, &stats);
    assert_int_equal(stats.commit_retries, 1);
    journal_batch_release(&b);
}

/* Rows alone are not found in the log: each attempt is a commit of its own. */
static void nor_is_one_without_entries(void **state)
{
    struct journal_batch b;
    struct order o = fixture_order(1);

    (void)state;
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    assert_int_equal(commit(&b), ERR_OK);
    set_standby("nobody");
    journal_batch_clear(&b);
    o.status = ORDER_SUBMITTED;
    journal_batch_put_order(&b, &o);
    start_cancelling();
    assert_int_equal(commit(&b), ERR_DB_UNAVAILABLE);
    end_cancelling();
    set_standby("");
    assert_int_equal(commit_at_last(&b), ERR_OK);
    journal_batch_release(&b);
}

/* A restart reads what may be gone after a failover, unless its own commit has waited. */
static void a_restart_relies_on_nothing_of_it(void **state)
{
    struct journal_batch b;
    struct recovery r = {0};

    (void)state;
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    assert_int_equal(commit(&b), ERR_OK);
    set_standby("nobody");
    start_cancelling();
    assert_int_equal(world.journal.recover(world.journal.self, account_id, &r), ERR_DB_UNAVAILABLE);
    end_cancelling();
    set_standby("");
    recover();
    journal_batch_release(&b);
}

static void what_the_spool_brings_waits_too(void **state)
{
    struct journal_batch b;
    char path[128];
    struct stat st;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/spool/journal", world.folder);
    recover();
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    assert_int_equal(commit(&b), ERR_OK);
    journal_batch_clear(&b);
    fixture_round(&b, 2);
    assert_int_equal(world.journal.spool(world.journal.self, &b), ERR_OK);
    journal_batch_clear(&b);
    fixture_round(&b, 3);
    set_standby("nobody");
    start_cancelling();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(commit(&b), ERR_DB_UNAVAILABLE);
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size > 1000); /* kept: the database may yet lose it */
    }
    end_cancelling();
    set_standby("");
    assert_int_equal(commit_at_last(&b), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);
    assert_int_equal(fixture_number(world.url, "SELECT count(*) FROM log_entry"), 9);
    journal_batch_release(&b);
}

/* Or it would be relied on after a failover to a server that never heard of it. */
static void a_lease_is_not_taken_by_it(void **state)
{
    const struct lease_options o = {.database_url = world.url,
                                    .account = "leased",
                                    .owner = "one",
                                    .holder = "test",
                                    .length_us = 30 * US_PER_S,
                                    .timeout_us = timeout_us};
    struct lease_holder other;
    struct lease *l = NULL;

    (void)state;
    assert_int_equal(lease_open(&o, NULL, &l), ERR_OK);
    set_standby("nobody");
    start_cancelling();
    assert_int_equal(lease_take(l, &other), ERR_DB_UNAVAILABLE);
    end_cancelling();
    assert_true(lease_until_us(l) < clock_monotonic_us());
    set_standby("");
    assert_int_equal(lease_take(l, &other), ERR_OK);
    lease_close(l);
}

#define standby_test(f) cmocka_unit_test_setup_teardown(f, fresh, away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        standby_test(a_cancelled_wait_is_not_durable),
        standby_test(nor_is_one_without_entries),
        standby_test(a_restart_relies_on_nothing_of_it),
        standby_test(what_the_spool_brings_waits_too),
        standby_test(a_lease_is_not_taken_by_it),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
