/* SPDX-License-Identifier: Apache-2.0 */
/* Tests connections: deadlines, loss and recovery of the server, transactions that are repeated. */
#include "tests/unit/store/fixture.h"

#include <pthread.h>
#include <signal.h>

#include "store/pool.h"
#include "store/tx.h"

static int64_t in_ms(int64_t ms)
{
    return clock_monotonic_us() + ms * US_PER_MS;
}

static int64_t in_time(void)
{
    return clock_monotonic_us() + fixture_timeout_us;
}

static struct pool *open_pool_within(const char *url, struct pg_target *target, int connections,
                                     int64_t timeout_us)
{
    struct diag_list diags = {0};
    struct pool *p = NULL;

    assert_int_equal(pg_target_init(target, url, timeout_us, &diags), ERR_OK);
    assert_int_equal(pool_open(target, connections, timeout_us, &diags, &p), ERR_OK);
    return p;
}

static struct pool *open_pool(const char *url, struct pg_target *target, int connections)
{
    return open_pool_within(url, target, connections, fixture_timeout_us);
}

static void a_wait_ends_at_its_deadline(void **state)
{
    struct pg_target target;
    struct pool *p;
    struct pg *a, *b, *c;
    int64_t begin_us, took_us;

    (void)state;
    p = open_pool(fixture.url, &target, 2);
    assert_int_equal(pool_take(p, in_ms(100), &a), ERR_OK);
    assert_int_equal(pool_take(p, in_ms(100), &b), ERR_OK);
    begin_us = clock_monotonic_us();
    assert_int_equal(pool_take(p, in_ms(100), &c), ERR_DB_BUSY);
    took_us = clock_monotonic_us() - begin_us;
    assert_in_range(took_us, 95 * US_PER_MS, 10 * US_PER_S);
    pool_give(p, a);
    assert_int_equal(pool_take(p, in_ms(100), &c), ERR_OK);
    /* A transaction that was left open is ended before the next one gets the connection. */
    assert_int_equal(pg_script(c, "BEGIN", in_time()), ERR_OK);
    pool_give(p, c);
    assert_int_equal(pool_take(p, in_ms(100), &c), ERR_OK);
    assert_int_equal(PQtransactionStatus(c->conn), PQTRANS_IDLE);
    pool_give(p, b);
    pool_give(p, c);
    pool_close(p);
    pg_target_release(&target);
}

static void terminated_sessions_are_replaced(void **state)
{
    struct pg_target target;
    struct pool_stats stats;
    struct pool *p;
    struct pg *pg;
    char url[FIXTURE_URL];

    (void)state;
    fixture_database(url);
    p = open_pool(url, &target, 3);
    for (int round = 0; round < 5; round++) {
        enum err e = ERR_DB_UNAVAILABLE;

        fixture_kill_sessions(url);
        /* The server ends sessions in its own time: each of the three may still take one statement
         * down with it, and then it has been replaced. */
        for (int i = 0; i < 4 && e; i++) {
            assert_int_equal(pool_take(p, in_time(), &pg), ERR_OK);
            e = pg_exec(pg, "SELECT 1", NULL, in_time(), NULL);
            pool_give(p, pg);
        }
        assert_int_equal(e, ERR_OK);
    }
    /* One that is lost in use is given back broken, and is mended. */
    assert_int_equal(pool_take(p, in_time(), &pg), ERR_OK);
    fixture_kill_sessions(url);
    assert_int_equal(pg_exec(pg, "SELECT pg_sleep(60)", NULL, in_ms(90000), NULL),
                     ERR_DB_UNAVAILABLE);
    assert_true(pg->broken);
    pool_give(p, pg);
    for (int64_t until_us = in_ms(60000);;) {
        pool_stats(p, &stats);
        if (stats.broken == 0 || clock_monotonic_us() > until_us)
            break;
        (void)usleep(10000);
    }
    assert_int_equal(stats.broken, 0);
    assert_true(stats.reconnects >= 3); /* each was replaced at least once */
    pool_close(p);
    pg_target_release(&target);
}

static void statements_end_at_their_deadline(void **state)
{
    enum {
        OURS_MS = 1000
    };
    struct pg_target target;
    struct pool *p;
    struct pg *pg;
    PGresult *r = NULL;
    int64_t servers_ms;

    (void)state;
    p = open_pool_within(fixture.url, &target, 1, OURS_MS * US_PER_MS);
    assert_int_equal(pool_take(p, in_ms(100), &pg), ERR_OK);
    /* The server's own time-out comes first, and leaves the connection usable. */
    assert_int_equal(pg_exec(pg,
                             "SELECT setting::bigint FROM pg_settings"
                             " WHERE name = 'statement_timeout'",
                             NULL, in_time(), &r),
                     ERR_OK);
    servers_ms = result_integer(r, 0, 0);
    PQclear(r);
    assert_in_range(servers_ms, OURS_MS / 2, OURS_MS - OURS_MS / 20);
    assert_int_equal(pg_exec(pg, "SELECT pg_sleep(60)", NULL, in_ms(90000), NULL), ERR_DB_BUSY);
    assert_string_equal(pg->sqlstate, "57014"); /* canceled */
    assert_false(pg->broken);
    /* Ours gives the connection up. */
    assert_int_equal(pg_script(pg, "SET statement_timeout = 0", in_time()), ERR_OK);
    assert_int_equal(pg_exec(pg, "SELECT pg_sleep(60)", NULL, in_ms(50), NULL), ERR_DB_UNAVAILABLE);
    assert_true(pg->broken);
    pool_give(p, pg);
    assert_int_equal(pool_take(p, in_time(), &pg), ERR_OK);
    pool_give(p, pg);
    pool_close(p);
    pg_target_release(&target);
}

static void errors_have_their_meaning(void **state)
{
    static const struct {
        const char *sql;
        enum err meaning;
    } cases[] = {
        {"SELECT 1/0", ERR_DB_QUERY},
        {"SELEKT", ERR_DB_QUERY},
        {"DO $$BEGIN RAISE 'x' USING ERRCODE = '40001'; END$$", ERR_DB_RETRY},
        {"DO $$BEGIN RAISE 'x' USING ERRCODE = '40P01'; END$$", ERR_DB_RETRY},
        {"DO $$BEGIN RAISE 'x' USING ERRCODE = '23505'; END$$", ERR_DB_CONFLICT},
        {"DO $$BEGIN RAISE 'x' USING ERRCODE = '55P03'; END$$", ERR_DB_BUSY},
        {"DO $$BEGIN RAISE 'x' USING ERRCODE = '53100'; END$$", ERR_DB_UNAVAILABLE},
        {"DO $$BEGIN RAISE 'x' USING ERRCODE = '25006'; END$$", ERR_DB_UNAVAILABLE},
    };
    struct pg pg;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fixture_connect(fixture.url, &pg);
        assert_int_equal(pg_exec(&pg, cases[i].sql, NULL, in_time(), NULL), cases[i].meaning);
        pg_close(&pg);
    }
}

/* ---- Threads ---- */

struct crowd {
    struct pool *pool;
    atomic_int good, bad;
};

static void *crowd_thread(void *context)
{
    struct crowd *c = context;

    for (int i = 0; i < 100; i++) {
        struct pg *pg;
        enum err e = pool_take(c->pool, in_time(), &pg);

        if (!e) {
            e = pg_exec(pg, "SELECT 1", NULL, in_time(), NULL);
            pool_give(c->pool, pg);
        }
        atomic_fetch_add(e ? &c->bad : &c->good, 1);
    }
    return NULL;
}

static void many_threads_share_few_connections(void **state)
{
    enum {
        THREADS = 16
    };
    struct pg_target target;
    struct crowd c = {0};
    pthread_t threads[THREADS];
    char url[FIXTURE_URL];

    (void)state;
    fixture_database(url);
    c.pool = open_pool(url, &target, 3);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_thread, &c), 0);
    (void)usleep(20000);
    fixture_kill_sessions(url);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&c.good) + atomic_load(&c.bad), THREADS * 100);
    /* At most the statements that were on their way. */
    assert_in_range(atomic_load(&c.bad), 0, 3);
    pool_close(c.pool);
    pg_target_release(&target);
}

/* ---- Transactions ---- */

struct clash {
    struct pg other;
    int runs;
};

/* Both read what the other writes: one of them must be repeated. */
static enum err clash_body(struct pg *pg, void *context, int64_t deadline_us)
{
    struct clash *c = context;
    enum err e = pg_exec(pg, "SELECT sum(n) FROM t WHERE class = 1", NULL, deadline_us, NULL);

    c->runs++;
    if (!e && c->runs == 1) {
        e = pg_script(&c->other,
                      "BEGIN ISOLATION LEVEL SERIALIZABLE;"
                      "SELECT sum(n) FROM t WHERE class = 2;"
                      "INSERT INTO t VALUES (1, 10); COMMIT",
                      deadline_us);
        assert_int_equal(e, ERR_OK);
    }
    return e ? e : pg_exec(pg, "INSERT INTO t VALUES (2, 20)", NULL, deadline_us, NULL);
}

static enum err always_again(struct pg *pg, void *context, int64_t deadline_us)
{
    ++*(int *)context;
    return pg_exec(pg, "DO $$BEGIN RAISE 'x' USING ERRCODE = '40001'; END$$", NULL, deadline_us,
                   NULL);
}

static enum err no_room(struct pg *pg, void *context, int64_t deadline_us)
{
    (void)context;
    return pg_exec(pg, "INSERT INTO t VALUES (3, 30)", NULL, deadline_us, NULL) ? ERR_DB_QUERY
                                                                                : ERR_CONFLICT;
}

static void clashing_transactions_are_repeated(void **state)
{
    struct clash c = {0};
    int attempts = 0;
    const struct tx_body body = {.run = clash_body, .context = &c};
    const struct tx_body hopeless = {.run = always_again, .context = &attempts};
    const struct tx_body refused = {.run = no_room};
    uint64_t retries = 0;
    char url[FIXTURE_URL];
    struct pg pg;

    (void)state;
    fixture_database(url);
    fixture_sql(url, "CREATE TABLE t (class bigint, n bigint); INSERT INTO t VALUES (1, 1)");
    fixture_connect(url, &pg);
    fixture_connect(url, &c.other);
    assert_int_equal(tx_run(&pg, TX_SERIALIZABLE, &body, in_time(), &retries), ERR_OK);
    assert_int_equal(c.runs, 2);
    assert_int_equal(retries, 1);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM t"), 3);
    assert_int_equal(tx_run(&pg, TX_SERIALIZABLE, &hopeless, in_time(), NULL), ERR_DB_BUSY);
    assert_int_equal(attempts, 5);
    assert_int_equal(tx_run(&pg, TX_READ_COMMITTED, &refused, in_time(), NULL), ERR_CONFLICT);
    assert_int_equal(PQtransactionStatus(pg.conn), PQTRANS_IDLE);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM t"), 3);
    pg_close(&pg);
    pg_close(&c.other);
}

/* ---- The server goes away ---- */

static enum err ping(struct store *s)
{
    return store_ping(s, fixture_timeout_us);
}

/* Last of all: it stops the group's server. */
static void an_outage_is_noticed_and_survived(void **state)
{
    struct diag_list diags = {0};
    struct journal_batch b;
    struct store *s;
    struct journal j;
    char url[FIXTURE_URL], same[FIXTURE_URL];
    int64_t begin_us, until_us;
    enum err e;

    (void)state;
    fixture_database(url);
    s = fixture_store(url, fixture.folder, "sim-paper-main");
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account("sim-paper-main");
    fixture_round(&b, 1);
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    private_pg_stop(fixture.server);
    journal_batch_clear(&b);
    fixture_round(&b, 2);
    /* At once, not after any of the time-outs, which are twice as long each. */
    begin_us = clock_monotonic_us();
    assert_int_equal(j.commit(j.self, &b), ERR_DB_UNAVAILABLE);
    assert_in_range(clock_monotonic_us() - begin_us, 0, fixture_timeout_us / 2);
    begin_us = clock_monotonic_us();
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ping(s), ERR_DB_UNAVAILABLE);
    assert_in_range(clock_monotonic_us() - begin_us, 0, fixture_timeout_us / 2);
    assert_int_equal(private_pg_start(fixture.folder, &diags, &fixture.server, same, sizeof(same)),
                     ERR_OK);
    until_us = in_ms(60000);
    while ((e = ping(s)) != ERR_OK && clock_monotonic_us() < until_us)
        (void)usleep(50000);
    assert_int_equal(e, ERR_OK);
    while ((e = j.commit(j.self, &b)) != ERR_OK && clock_monotonic_us() < until_us)
        (void)usleep(50000);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM log_entry"), 6);
    journal_batch_release(&b);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_at_its_deadline),
        cmocka_unit_test(terminated_sessions_are_replaced),
        cmocka_unit_test(statements_end_at_their_deadline),
        cmocka_unit_test(errors_have_their_meaning),
        cmocka_unit_test(many_threads_share_few_connections),
        cmocka_unit_test(clashing_transactions_are_repeated),
        cmocka_unit_test(an_outage_is_noticed_and_survived),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
