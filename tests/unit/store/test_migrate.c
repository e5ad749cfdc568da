/* SPDX-License-Identifier: Apache-2.0 */
/* Tests migrations: run once, in order, by one daemon at a time, and never on a history that is not
 * this build's. */
#include "tests/unit/store/fixture.h"

#include <pthread.h>

#include "store/migrate.h"

#define MIGRATION(n, text)                                     \
    {                                                          \
        .name = (n), .sql = (text), .length = sizeof(text) - 1 \
    }

static const struct embedded_migration two[] = {
    MIGRATION("0001_a.sql", "CREATE TABLE a (n bigint); INSERT INTO a VALUES (1)"),
    MIGRATION("0002_b.sql", "CREATE TABLE b (n bigint)"),
};
static const struct embedded_migration changed[] = {
    MIGRATION("0001_a.sql", "CREATE TABLE a (n int); INSERT INTO a VALUES (1)"),
    MIGRATION("0002_b.sql", "CREATE TABLE b (n bigint)"),
};
static const struct embedded_migration other[] = {
    MIGRATION("0001_a.sql", "CREATE TABLE a (n bigint); INSERT INTO a VALUES (1)"),
    MIGRATION("0003_c.sql", "CREATE TABLE c (n bigint)"),
};
static const struct embedded_migration failing[] = {
    MIGRATION("0001_a.sql", "CREATE TABLE a (n bigint); INSERT INTO a VALUES (1)"),
    MIGRATION("0002_b.sql", "CREATE TABLE b (n bigint)"),
    MIGRATION("0003_bad.sql", "CREATE TABLE c (n bigint); SELEKT"),
};

static enum err run(const char *url, const struct embedded_migration *items, size_t count,
                    struct diag_list *diags)
{
    const struct migration_list list = {.items = items, .count = count};
    struct pg pg;
    enum err e;

    fixture_connect(url, &pg);
    e = migrate_run(&pg, &list, diags);
    pg_close(&pg);
    return e;
}

static void they_run_once(void **state)
{
    struct diag_list diags = {0};
    char url[FIXTURE_URL];

    (void)state;
    fixture_database(url);
    assert_int_equal(run(url, two, 1, &diags), ERR_OK);
    assert_int_equal(run(url, two, 2, &diags), ERR_OK);
    assert_int_equal(run(url, two, 2, &diags), ERR_OK);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM a"), 1);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM schema_migration"), 2);
    assert_int_equal(diags.count, 0);
}

static void assert_refused(const char *url, const struct embedded_migration *items, size_t count,
                           const char *word)
{
    struct diag_list diags = {0};

    assert_int_equal(run(url, items, count, &diags), ERR_MIGRATION);
    assert_int_equal(diags.count, 1);
    assert_string_equal(diags.items[0].code, word);
}

static void another_history_is_refused(void **state)
{
    struct diag_list diags = {0};
    char url[FIXTURE_URL];

    (void)state;
    fixture_database(url);
    assert_int_equal(run(url, two, 2, &diags), ERR_OK);
    assert_refused(url, changed, 2, "migration_changed");
    assert_refused(url, other, 2, "migration_missing");
    assert_refused(url, two, 1, "migration_newer");
}

static void a_failure_leaves_nothing(void **state)
{
    struct diag_list diags = {0};
    char url[FIXTURE_URL];

    (void)state;
    fixture_database(url);
    assert_int_equal(run(url, failing, 3, &diags), ERR_DB_QUERY);
    assert_string_equal(diags.items[0].field, "0003_bad");
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM schema_migration"), 2);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM pg_class WHERE relname = 'c'"), 0);
}

static void *migrate_thread(void *context)
{
    const struct migration_list list = {.items = embedded_migrations,
                                        .count = embedded_migration_count};
    struct pg_target target;
    struct pg pg = {0};
    enum err e;

    e = pg_target_init(&target, context, 0, NULL);
    if (!e)
        e = pg_connect(&pg, &target, clock_monotonic_us() + fixture_timeout_us, NULL);
    if (!e)
        e = migrate_run(&pg, &list, NULL);
    pg_close(&pg);
    pg_target_release(&target);
    return (void *)(uintptr_t)e;
}

static void several_at_once_take_turns(void **state)
{
    enum {
        THREADS = 4
    };
    pthread_t threads[THREADS];
    char url[FIXTURE_URL];
    void *result;

    (void)state;
    fixture_database(url);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_thread, url), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_int_equal((uintptr_t)result, ERR_OK);
    }
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM schema_migration"),
                     (int64_t)embedded_migration_count);
}

/* What people see of `traderd migrate`, and that every table and amount is described. */
static void the_real_ones_are_complete(void **state)
{
    struct diag_list diags = {0};
    struct text report;
    char url[FIXTURE_URL];

    (void)state;
    fixture_database(url);
    text_init(&report, 4096);
    assert_int_equal(store_migrate(url, true, &report, &diags), ERR_OK);
    assert_non_null(strstr(report.data, "0001_log pending\n"));
    text_clear(&report);
    assert_int_equal(store_migrate(url, false, &report, &diags), ERR_OK);
    assert_non_null(strstr(report.data, "0001_log applied 2"));
    assert_null(strstr(report.data, "pending"));
    fixture_sql(url, "UPDATE schema_migration SET checksum = 'x' WHERE name = '0001_log'");
    text_clear(&report);
    assert_int_equal(store_migrate(url, true, &report, &diags), ERR_OK);
    assert_non_null(strstr(report.data, "changed since it was applied"));
    text_release(&report);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND"
                                         " relnamespace = 'public'::regnamespace AND"
                                         " obj_description(oid, 'pg_class') IS NULL"),
                     0);
    /* NaN and infinity are no amounts. */
    {
        struct pg pg;

        fixture_connect(url, &pg);
        assert_int_equal(pg_exec(&pg, "SELECT 'NaN'::amount", NULL,
                                 clock_monotonic_us() + fixture_timeout_us, NULL),
                         ERR_DB_QUERY);
        assert_int_equal(pg_exec(&pg, "SELECT 'Infinity'::amount", NULL,
                                 clock_monotonic_us() + fixture_timeout_us, NULL),
                         ERR_DB_QUERY);
        pg_close(&pg);
    }
}

static void bad_urls_are_explained(void **state)
{
    struct diag_list diags = {0};
    struct text report;

    (void)state;
    text_init(&report, 4096);
    assert_int_equal(store_migrate("postgresql://[", true, &report, &diags), ERR_INVALID);
    assert_int_equal(store_migrate("host=/nowhere dbname=x", true, &report, &diags),
                     ERR_DB_UNAVAILABLE);
    assert_int_equal(diags.count, 2);
    text_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_run_once),
        cmocka_unit_test(another_history_is_refused),
        cmocka_unit_test(a_failure_leaves_nothing),
        cmocka_unit_test(several_at_once_take_turns),
        cmocka_unit_test(the_real_ones_are_complete),
        cmocka_unit_test(bad_urls_are_explained),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
