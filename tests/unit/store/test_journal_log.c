/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that the log is append-only, has one writer, and takes commits fast enough. */
#include "tests/unit/store/fixture.h"

static const char account_id[] = "sim-paper-main";

/* ---- The log is append-only and has one writer ---- */

static void the_log_cannot_be_changed(void **state)
{
    static const char *const statements[] = {
        "UPDATE log_entry SET kind = 'trade'",
        "DELETE FROM log_entry",
        "TRUNCATE log_entry CASCADE",
    };
    char url[FIXTURE_URL], folder[64];
    struct journal_batch b;
    struct store *s;
    struct journal j;
    struct pg pg;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    fixture_connect(url, &pg);
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        assert_int_equal(pg_script(&pg, statements[i], clock_monotonic_us() + fixture_timeout_us),
                         ERR_DB_QUERY);
        assert_string_equal(pg.sqlstate, "TD003");
    }
    pg_close(&pg);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

static void a_second_store_is_fenced(void **state)
{
    char url[FIXTURE_URL], folder[64], other[64];
    struct diag_list diags = {0};
    struct store *s, *second = NULL;
    struct store_options options;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    fixture_folder(other);
    s = fixture_store(url, folder, account_id);
    options = (struct store_options){.database_url = url,
                                     .connections = 2,
                                     .timeout_us = fixture_timeout_us,
                                     .data_dir = other,
                                     .account_id = account_id};
    assert_int_equal(store_open(&options, &diags, &second), ERR_DB_FENCED);
    assert_non_null(strstr(diags.items[0].message, "another traderd serves this account"));
    options.account_id = "sim-paper-other";
    assert_int_equal(store_open(&options, &diags, &second), ERR_OK);
    store_close(second);
    store_close(s);
    fixture_remove(folder);
    fixture_remove(other);
}

/* A daemon that was taken over while it was cut off must not write any more. */
static void an_older_epoch_is_fenced(void **state)
{
    char url[FIXTURE_URL], folder[64];
    struct journal_batch b;
    struct store *s;
    struct journal j;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    fixture_sql(url, "UPDATE log_state SET epoch = epoch + 1");
    journal_batch_clear(&b);
    assert_int_equal(j.commit(j.self, &b), ERR_DB_FENCED);
    fixture_round(&b, 2);
    assert_int_equal(j.commit(j.self, &b), ERR_DB_FENCED);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM log_entry"), 3);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

/* ---- Large and many ---- */

static void large_batches_do_not_stall(void **state)
{
    char url[FIXTURE_URL], folder[64];
    struct journal_batch b;
    struct store *s;
    struct journal j;
    int64_t begin_us;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    for (int64_t n = 1; n <= 3000; n++)
        fixture_round(&b, n);
    begin_us = clock_monotonic_us();
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    print_message("21000 rows in one commit: %.3f s\n",
                  (double)(clock_monotonic_us() - begin_us) / 1e6);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM log_entry"), 9000);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

static void commits_are_fast(void **state)
{
    enum {
        COMMITS = 2000
    };
    char url[FIXTURE_URL], folder[64];
    struct journal_batch b;
    struct store *s;
    struct journal j;
    int64_t begin_us, took_us;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    begin_us = clock_monotonic_us();
    for (int64_t n = 1; n <= COMMITS; n++) {
        struct order o = fixture_order(n);

        journal_batch_clear(&b);
        (void)fixture_add_leaf(&b, LEAF_ORDER, n);
        journal_batch_put_order(&b, &o);
        assert_int_equal(j.commit(j.self, &b), ERR_OK);
    }
    took_us = clock_monotonic_us() - begin_us;
    print_message("one leaf, one order: %.0f commits/s\n", COMMITS * 1e6 / (double)took_us);
    begin_us = clock_monotonic_us();
    for (int64_t n = COMMITS + 1; n <= 2 * COMMITS; n++) {
        journal_batch_clear(&b);
        fixture_round(&b, n);
        assert_int_equal(j.commit(j.self, &b), ERR_OK);
    }
    took_us = clock_monotonic_us() - begin_us;
    print_message("a whole round (3 leaves, 7 rows): %.0f commits/s\n",
                  COMMITS * 1e6 / (double)took_us);
    begin_us = clock_monotonic_us();
    journal_batch_clear(&b);
    for (int64_t n = 0; n < COMMITS; n++)
        assert_int_equal(j.commit(j.self, &b), ERR_OK);
    took_us = clock_monotonic_us() - begin_us;
    print_message("the cursor only: %.0f commits/s\n", COMMITS * 1e6 / (double)took_us);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM log_entry"), 4 * COMMITS);
    assert_int_equal(fixture_number(url, "SELECT max(idx) + 1 FROM log_entry"), 4 * COMMITS);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_cannot_be_changed), cmocka_unit_test(a_second_store_is_fenced),
        cmocka_unit_test(an_older_epoch_is_fenced),  cmocka_unit_test(large_batches_do_not_stall),
        cmocka_unit_test(commits_are_fast),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
