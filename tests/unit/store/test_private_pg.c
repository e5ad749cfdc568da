/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the private cluster: made once, survives kill -9 of the daemon and of the server, and is
 * used by one daemon at a time. */
#include "tests/unit/store/fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static double seconds(int64_t begin_us)
{
    return (double)(clock_monotonic_us() - begin_us) / 1e6;
}

static struct private_pg *start(const char *folder, char url[FIXTURE_URL])
{
    struct diag_list diags = {0};
    struct private_pg *p = NULL;

    if (private_pg_start(folder, &diags, &p, url, FIXTURE_URL)) {
        fixture_print(&diags);
        fail();
    }
    return p;
}

static void starts_cold_and_warm(void **state)
{
    char folder[64], url[FIXTURE_URL];
    int64_t begin_us = clock_monotonic_us();
    struct private_pg *p;

    (void)state;
    fixture_folder(folder);
    p = start(folder, url);
    print_message("cold start %.3f s\n", seconds(begin_us));
    assert_true(private_pg_tend(p));
    fixture_sql(url, "CREATE TABLE t (n bigint); INSERT INTO t VALUES (42)");
    begin_us = clock_monotonic_us();
    private_pg_stop(p);
    print_message("stop %.3f s\n", seconds(begin_us));
    begin_us = clock_monotonic_us();
    p = start(folder, url);
    print_message("warm start %.3f s\n", seconds(begin_us));
    assert_int_equal(fixture_number(url, "SELECT n FROM t"), 42);
    private_pg_stop(p);
    fixture_remove(folder);
}

static void a_second_daemon_is_refused(void **state)
{
    char folder[64], url[FIXTURE_URL];
    struct diag_list diags = {0};
    struct private_pg *p, *second = NULL;

    (void)state;
    fixture_folder(folder);
    p = start(folder, url);
    assert_int_equal(private_pg_start(folder, &diags, &second, url, FIXTURE_URL), ERR_CONFLICT);
    assert_non_null(strstr(diags.items[0].message, "another traderd"));
    private_pg_stop(p);
    fixture_remove(folder);
}

/* A child runs the daemon's part, is killed, and the parent finds rows it had committed. */
static void survives_a_killed_daemon(void **state)
{
    char folder[64], url[FIXTURE_URL], byte;
    int ready[2], status;

    (void)state;
    fixture_folder(folder);
    for (int round = 1; round <= 5; round++) {
        int64_t begin_us = clock_monotonic_us();
        pid_t pid;

        assert_int_equal(pipe(ready), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(ready[0]);
            (void)start(folder, url);
            fixture_sql(url, "CREATE TABLE IF NOT EXISTS t (n bigint); INSERT INTO t VALUES (1)");
            (void)!write(ready[1], "x", 1);
            (void)pause();
            _exit(0);
        }
        (void)close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        (void)close(ready[0]);
        print_message("round %d up after %.3f s\n", round, seconds(begin_us));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    {
        struct private_pg *p = start(folder, url);

        assert_int_equal(fixture_number(url, "SELECT count(*) FROM t"), 5);
        private_pg_stop(p);
    }
    fixture_remove(folder);
}

/* Killed at any moment of the very first start: the next start still works. */
static void survives_a_kill_during_initdb(void **state)
{
    static const int delays_ms[] = {5, 60, 200, 400, 600};
    char folder[64], url[FIXTURE_URL];
    struct private_pg *p;
    int status;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(delays_ms); i++) {
        pid_t pid;

        fixture_folder(folder);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)start(folder, url);
            (void)pause();
            _exit(0);
        }
        (void)usleep((useconds_t)delays_ms[i] * 1000);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        p = start(folder, url);
        assert_int_equal(fixture_number(url, "SELECT 7::bigint"), 7);
        private_pg_stop(p);
        fixture_remove(folder);
    }
}

static pid_t postmaster_of(const char *folder)
{
    char path[128], text[32] = "";
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/pg/data/postmaster.pid", folder);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    (void)fclose(file);
    return (pid_t)strtol(text, NULL, 10);
}

static void restarts_a_killed_server(void **state)
{
    char folder[64], url[FIXTURE_URL];
    struct private_pg *p;
    int64_t until_us;
    bool up = false;
    pid_t pid;

    (void)state;
    fixture_folder(folder);
    p = start(folder, url);
    fixture_sql(url, "CREATE TABLE t (n bigint); INSERT INTO t VALUES (42)");
    pid = postmaster_of(folder);
    assert_int_equal(kill(pid, SIGKILL), 0);
    until_us = clock_monotonic_us() + 60 * US_PER_S;
    while (!up && clock_monotonic_us() < until_us) {
        (void)usleep(50000);
        (void)private_pg_tend(p);
        up = PQping(url) == PQPING_OK;
    }
    assert_true(up);
    assert_true(private_pg_tend(p));
    assert_int_not_equal(postmaster_of(folder), pid);
    assert_int_equal(fixture_number(url, "SELECT n FROM t"), 42);
    private_pg_stop(p);
    fixture_remove(folder);
}

/* A socket path may have 107 bytes; a data directory may be longer, and have blanks in its name. */
static void long_and_odd_paths_work(void **state)
{
    char folder[64], path[400], url[FIXTURE_URL];
    struct private_pg *p;

    (void)state;
    fixture_folder(folder);
    (void)snprintf(path, sizeof(path), "%s/it's a, \"very\" long \\ name/%0100d/var", folder, 7);
    p = start(path, url);
    assert_int_equal(fixture_number(url, "SELECT 7::bigint"), 7);
    private_pg_stop(p);
    (void)snprintf(path, sizeof(path), "%s/it's a, \"b\" \\", folder);
    p = start(path, url);
    assert_int_equal(fixture_number(url, "SELECT 7::bigint"), 7);
    private_pg_stop(p);
    fixture_remove(folder);
}

/* Root's own folders are closed to the cluster's user: it is kept elsewhere, and found again.
 * Anybody else's are open to themselves. */
static void closed_folders_work(void **state)
{
    char folder[64], path[128], url[FIXTURE_URL], id[32] = "", other[128];
    struct private_pg *p;
    FILE *file;

    (void)state;
    fixture_folder(folder);
    assert_int_equal(chmod(folder, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/data", folder);
    p = start(path, url);
    fixture_sql(url, "CREATE TABLE t (n bigint); INSERT INTO t VALUES (42)");
    private_pg_stop(p);
    p = start(path, url);
    assert_int_equal(fixture_number(url, "SELECT n FROM t"), 42);
    private_pg_stop(p);
    if (geteuid() == 0) {
        (void)snprintf(path, sizeof(path), "%s/data/pg/cluster.id", folder);
        file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(id, sizeof(id), file));
        (void)fclose(file);
        (void)snprintf(other, sizeof(other), "/var/lib/traderd/pg-%s", id);
        fixture_remove(other);
    } else {
        (void)snprintf(path, sizeof(path), "%s/data/pg/data/PG_VERSION", folder);
        assert_int_equal(access(path, R_OK), 0);
    }
    fixture_remove(folder);
}

static void says_what_is_wrong(void **state)
{
    struct diag_list diags = {0};
    struct private_pg *p = NULL;
    char url[FIXTURE_URL];

    (void)state;
    assert_int_equal(private_pg_start("/proc/nowhere", &diags, &p, url, sizeof(url)), ERR_IO);
    assert_int_equal(diags.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_cold_and_warm),     cmocka_unit_test(a_second_daemon_is_refused),
        cmocka_unit_test(survives_a_killed_daemon), cmocka_unit_test(survives_a_kill_during_initdb),
        cmocka_unit_test(restarts_a_killed_server), cmocka_unit_test(long_and_odd_paths_work),
        cmocka_unit_test(closed_folders_work),      cmocka_unit_test(says_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
