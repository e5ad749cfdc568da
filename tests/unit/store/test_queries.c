/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what the API reads and keeps: lists with every filter, pages, the equity curve, tokens,
 * idempotency keys, the audit trail. */
#include "store/migrate.h"
#include "tests/unit/store/fixture.h"

#include "store/migrations_embedded.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    ROUNDS = 24
};

static const char account_id[] = "sim-paper-main";
static struct store *store;
static char url[FIXTURE_URL], folder[64];

static int start(void **state)
{
    struct journal_batch b;
    struct journal j;

    if (fixture_start(state))
        return -1;
    fixture_database(url);
    fixture_folder(folder);
    store = fixture_store(url, folder, account_id);
    j = store_journal(store);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    for (int64_t n = 1; n <= ROUNDS; n++) {
        journal_batch_clear(&b);
        fixture_round(&b, n);
        b.orders[0].position_id = n;
        if (n % 6 == 0) {
            b.orders[0].status = ORDER_FILLED;
            b.positions[0].status = POSITION_CLOSED;
            b.positions[0].exit_reason = n % 12 ? EXIT_STOP_LOSS : EXIT_SIGNAL;
        }
        (void)copy_text(b.orders[0].strategy, LIMIT_NAME, n == 7 ? "other" : "momentum");
        if (j.commit(j.self, &b))
            return -1;
    }
    journal_batch_release(&b);
    return 0;
}

static int stop(void **state)
{
    store_close(store);
    fixture_remove(folder);
    return fixture_stop(state);
}

static struct list_query any(void)
{
    return (struct list_query){
        .account = account_id, .from_us = TIME_NONE, .to_us = TIME_NONE, .limit = 500};
}

/* How many rows each list has under the same conditions; -1: not asked. */
static void expect(const struct list_query *q, int orders, int fills, int signals, int positions)
{
    struct order *o;
    struct fill *f;
    struct signal *s;
    struct position *p;
    struct trade_row *t;
    size_t n;
    bool more;

    if (orders >= 0) {
        assert_int_equal(store_orders(store, q, &o, &n, &more), ERR_OK);
        assert_int_equal(n, orders);
        free(o);
    }
    if (fills >= 0) {
        assert_int_equal(store_fills(store, q, &f, &n, &more), ERR_OK);
        assert_int_equal(n, fills);
        free(f);
        assert_int_equal(store_trades(store, q, &t, &n, &more), ERR_OK);
        assert_int_equal(n, fills);
        trade_rows_free(t, n);
    }
    if (signals >= 0) {
        assert_int_equal(store_signals(store, q, &s, &n, &more), ERR_OK);
        assert_int_equal(n, signals);
        free(s);
    }
    if (positions >= 0) {
        assert_int_equal(store_positions(store, q, &p, &n, &more), ERR_OK);
        assert_int_equal(n, positions);
        free(p);
    }
}

static void every_filter_works(void **state)
{
    struct order order;
    struct list_query q;

    (void)state;
    q = any();
    expect(&q, 24, 24, 24, 24);
    q.account = "nobody";
    expect(&q, 0, 0, 0, 0);
    q = any();
    q.symbol = "ETH/USDT";
    expect(&q, 8, 8, 8, 8);
    q.side = SIDE_BUY;
    expect(&q, 4, 4, 4, 4);
    q = any();
    q.side = SIDE_SELL;
    expect(&q, 12, 12, 12, 12);
    q = any();
    q.strategy = "other";
    expect(&q, 1, 0, 0, 0);
    q = any();
    q.strategy_id = "abc";
    expect(&q, 24, 24, 24, 24);
    q = any();
    q.order_id = 5;
    expect(&q, 1, 1, -1, -1);
    q = any();
    q.position_id = 5;
    expect(&q, 1, 1, -1, 1);
    q = any();
    assert_int_equal(store_order(store, account_id, 5, &order), ERR_OK);
    q.client_order_id = order.client_order_id;
    expect(&q, 1, -1, -1, -1);
    q.client_order_id = "c5";
    expect(&q, -1, 1, -1, -1);
    q = any();
    q.from_us = fixture_now_us + 3 * US_PER_S;
    q.to_us = fixture_now_us + 7 * US_PER_S;
    expect(&q, 4, 4, 4, 4);
    q = any();
    q.state = LIST_OPEN;
    expect(&q, 20, -1, -1, 20);
    q.state = LIST_CLOSED;
    expect(&q, 4, -1, -1, 4);
    q.exit_reason = EXIT_SIGNAL;
    expect(&q, -1, -1, -1, 2);
    q = any();
    q.decision = 1;
    expect(&q, -1, -1, 18, -1);
    q.decision = 2;
    expect(&q, -1, -1, 6, -1);
    /* Texts are values, never statements. */
    q = any();
    q.symbol = "x' OR '1'='1";
    q.client_order_id = "\\";
    expect(&q, 0, 0, 0, 0);
}

static void pages_follow_one_another(void **state)
{
    for (int ascending = 0; ascending < 2; ascending++) {
        struct list_query q = any();
        int64_t expected = ascending ? 1 : ROUNDS;
        bool more = true;

        (void)state;
        q.limit = 7;
        q.ascending = ascending;
        while (more) {
            struct trade_row *t;
            size_t n;

            assert_int_equal(store_trades(store, &q, &t, &n, &more), ERR_OK);
            assert_true(n > 0);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(t[i].id, expected);
                assert_int_equal(t[i].log_index, 3 * (expected - 1) + 2);
                expected += ascending ? 1 : -1;
            }
            q.after_id = t[n - 1].id;
            trade_rows_free(t, n);
        }
        assert_int_equal(expected, ascending ? ROUNDS + 1 : 0);
    }
}

static void single_rows_are_found(void **state)
{
    struct order o = {.id = 99};
    struct position p;
    struct signal s;
    struct trade_row t;
    struct digest d;

    (void)state;
    assert_int_equal(store_order(store, account_id, 1000, &o), ERR_NOT_FOUND);
    assert_int_equal(o.id, 99);
    assert_int_equal(store_position(store, account_id, 3, &p), ERR_OK);
    assert_int_equal(p.id, 3);
    assert_int_equal(store_signal(store, account_id, 3, &s), ERR_OK);
    assert_int_equal(s.id, 3);
    assert_int_equal(store_signal(store, "nobody", 3, &s), ERR_NOT_FOUND);
    assert_int_equal(store_trade(store, account_id, 1000, &t), ERR_NOT_FOUND);
    assert_int_equal(store_trade(store, account_id, 3, &t), ERR_OK);
    digest_of(t.record, t.length, &d);
    assert_memory_equal(&d, &t.proof, sizeof(d));
    free(t.record);
}

static void the_curve_is_thinned(void **state)
{
    struct equity_point *points;
    size_t n;

    (void)state;
    assert_int_equal(store_equity(store, account_id, TIME_NONE, TIME_NONE, 0, 1000, &points, &n),
                     ERR_OK);
    assert_int_equal(n, ROUNDS);
    assert_true(points[0].at_us < points[1].at_us);
    free(points);
    for (size_t most = 2; most <= ROUNDS; most++) {
        assert_int_equal(
            store_equity(store, account_id, TIME_NONE, TIME_NONE, 0, most, &points, &n), ERR_OK);
        assert_in_range(n, 1, most);
        /* The newest sample is always there. */
        assert_int_equal(points[n - 1].at_us, fixture_now_us + ROUNDS * US_PER_S);
        free(points);
    }
    assert_int_equal(store_equity(store, account_id, fixture_now_us + 2 * US_PER_S,
                                  fixture_now_us + 5 * US_PER_S, US_PER_S, 100, &points, &n),
                     ERR_OK);
    assert_int_equal(n, 3);
    free(points);
    assert_int_equal(store_equity(store, "nobody", TIME_NONE, TIME_NONE, 0, 100, &points, &n),
                     ERR_OK);
    assert_int_equal(n, 0);
    free(points);
}

/* ---- Tokens ---- */

static struct token token_of(const char *id, enum role role)
{
    struct token t = {.role = role,
                      .created_us = fixture_now_us,
                      .expires_us = TIME_NONE,
                      .last_used_us = TIME_NONE,
                      .revoked_us = TIME_NONE};

    (void)copy_text(t.id, sizeof(t.id), id);
    (void)copy_text(t.name, sizeof(t.name), id);
    (void)copy_text(t.created_by, sizeof(t.created_by), "operator");
    digest_of(id, strlen(id), &t.secret);
    return t;
}

static void the_last_admin_stays(void **state)
{
    struct token a = token_of("a", ROLE_ADMIN), b = token_of("b", ROLE_ADMIN),
                 c = token_of("c", ROLE_VIEWER), expired = token_of("x", ROLE_ADMIN), *list;
    size_t n;

    (void)state;
    expired.expires_us = fixture_now_us - 1;
    assert_int_equal(store_token_insert(store, &a), ERR_OK);
    assert_int_equal(store_token_insert(store, &a), ERR_DB_CONFLICT);
    assert_int_equal(store_token_insert(store, &c), ERR_OK);
    assert_int_equal(store_token_insert(store, &expired), ERR_OK);
    assert_int_equal(store_token_revoke(store, "nope", fixture_now_us), ERR_NOT_FOUND);
    assert_int_equal(store_token_revoke(store, "a", fixture_now_us), ERR_LAST_ADMIN);
    assert_int_equal(store_token_insert(store, &b), ERR_OK);
    assert_int_equal(store_token_revoke(store, "a", fixture_now_us), ERR_OK);
    assert_int_equal(store_token_revoke(store, "a", fixture_now_us + 5), ERR_OK);
    assert_int_equal(store_token_revoke(store, "b", fixture_now_us), ERR_LAST_ADMIN);
    assert_int_equal(store_token_revoke(store, "x", fixture_now_us), ERR_OK);
    assert_int_equal(store_token_revoke(store, "c", fixture_now_us), ERR_OK);
    store_token_used(store, "b", fixture_now_us);
    store_token_used(store, "b", fixture_now_us + US_PER_S);
    assert_int_equal(store_tokens(store, &list, &n), ERR_OK);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].id, "b") == 0) {
            assert_int_equal(list[i].last_used_us, fixture_now_us);
            assert_true(list[i].revoked_us == TIME_NONE);
        } else {
            assert_int_equal(list[i].revoked_us, fixture_now_us);
        }
    }
    free(list);
}

struct revoker {
    const char *id;
    enum err result;
};

static void *revoke_thread(void *context)
{
    struct revoker *r = context;

    r->result = store_token_revoke(store, r->id, fixture_now_us);
    return NULL;
}

/* Two that revoke each other at once: one of them stays. */
static void admins_cannot_revoke_each_other_away(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct revoker r[2] = {{.id = "m"}, {.id = "n"}};
        struct token m = token_of("m", ROLE_ADMIN), n = token_of("n", ROLE_ADMIN);
        pthread_t threads[2];

        fixture_sql(url, "DELETE FROM token");
        assert_int_equal(store_token_insert(store, &m), ERR_OK);
        assert_int_equal(store_token_insert(store, &n), ERR_OK);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, revoke_thread, &r[i]), 0);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true((r[0].result == ERR_OK) != (r[1].result == ERR_OK));
        assert_int_equal(r[r[0].result == ERR_OK].result, ERR_LAST_ADMIN);
    }
}

/* ---- Idempotency ---- */

struct racer {
    atomic_int *fresh, *busy, *wrong;
};

static void *race_thread(void *context)
{
    struct racer *r = context;
    struct idempotency_answer answer = {0};
    enum idempotency_outcome outcome;
    struct digest request;
    enum err e;

    digest_of("race", 4, &request);
    e = store_idempotency_begin(store, "t", "race", &request, fixture_now_us, &outcome, &answer);
    atomic_fetch_add(e                              ? r->wrong
                     : outcome == IDEMPOTENCY_FRESH ? r->fresh
                     : outcome == IDEMPOTENCY_BUSY  ? r->busy
                                                    : r->wrong,
                     1);
    return NULL;
}

static void one_of_many_is_fresh(void **state)
{
    enum {
        THREADS = 32
    };
    atomic_int fresh = 0, busy = 0, wrong = 0;
    struct racer r = {.fresh = &fresh, .busy = &busy, .wrong = &wrong};
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race_thread, &r), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&fresh), 1);
    assert_int_equal(atomic_load(&busy), THREADS - 1);
    assert_int_equal(atomic_load(&wrong), 0);
}

static enum idempotency_outcome begin(const char *key, const char *request, int64_t now_us,
                                      struct idempotency_answer *answer)
{
    enum idempotency_outcome outcome;
    struct digest d;

    digest_of(request, strlen(request), &d);
    assert_int_equal(store_idempotency_begin(store, "t", key, &d, now_us, &outcome, answer),
                     ERR_OK);
    return outcome;
}

static void answers_are_replayed(void **state)
{
    struct idempotency_answer answer = {.status = 201,
                                        .body = (char[]){"{\0}"},
                                        .length = 3,
                                        .content_type = "application/json",
                                        .location = "/v1/orders/1"},
                              replay = {0};
    const int64_t now = fixture_now_us;

    (void)state;
    assert_int_equal(begin("k", "a", now, &replay), IDEMPOTENCY_FRESH);
    assert_int_equal(begin("k", "a", now, &replay), IDEMPOTENCY_BUSY);
    assert_int_equal(begin("k", "b", now, &replay), IDEMPOTENCY_MISMATCH);
    assert_int_equal(store_idempotency_abandon(store, "t", "k"), ERR_OK);
    assert_int_equal(begin("k", "b", now, &replay), IDEMPOTENCY_FRESH);
    assert_int_equal(store_idempotency_finish(store, "t", "k", &answer), ERR_OK);
    assert_int_equal(begin("k", "a", now, &replay), IDEMPOTENCY_MISMATCH);
    assert_int_equal(begin("k", "b", now + US_PER_S, &replay), IDEMPOTENCY_REPLAY);
    assert_int_equal(replay.status, 201);
    assert_int_equal(replay.length, 3);
    assert_memory_equal(replay.body, "{\0}", 3);
    assert_string_equal(replay.content_type, "application/json");
    assert_string_equal(replay.location, "/v1/orders/1");
    free(replay.body);
    /* An answer cannot be abandoned; after a day the key is free. */
    assert_int_equal(store_idempotency_abandon(store, "t", "k"), ERR_OK);
    assert_int_equal(begin("k", "a", now + US_PER_DAY + US_PER_S, &replay), IDEMPOTENCY_FRESH);
    /* A daemon died without an answer. */
    assert_int_equal(begin("dead", "a", now, &replay), IDEMPOTENCY_FRESH);
    assert_int_equal(begin("dead", "a", now + 299 * US_PER_S, &replay), IDEMPOTENCY_BUSY);
    assert_int_equal(begin("dead", "a", now + 301 * US_PER_S, &replay), IDEMPOTENCY_FRESH);
    assert_int_equal(store_idempotency_finish(store, "t", "nope", &answer), ERR_NOT_FOUND);
    assert_int_equal(store_idempotency_prune(store, now + 3 * US_PER_DAY), ERR_OK);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM idempotency"), 0);
}

static void actions_are_kept(void **state)
{
    const struct audit_entry entry = {.at_us = fixture_now_us,
                                      .actor = "operator",
                                      .role = "admin",
                                      .action = "token_create",
                                      .target = "a",
                                      .outcome = "ok",
                                      .remote = "127.0.0.1"};
    struct store_stats stats;

    (void)state;
    assert_int_equal(store_audit(store, &entry), ERR_OK);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM audit WHERE request_id = ''"), 1);
    store_stats(store, &stats);
    assert_int_equal(stats.connections, 4);
    assert_int_equal(stats.commits, ROUNDS);
    assert_int_equal(stats.migration_count, embedded_migration_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter_works),
        cmocka_unit_test(pages_follow_one_another),
        cmocka_unit_test(single_rows_are_found),
        cmocka_unit_test(the_curve_is_thinned),
        cmocka_unit_test(the_last_admin_stays),
        cmocka_unit_test(admins_cannot_revoke_each_other_away),
        cmocka_unit_test(one_of_many_is_fresh),
        cmocka_unit_test(answers_are_replayed),
        cmocka_unit_test(actions_are_kept),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
