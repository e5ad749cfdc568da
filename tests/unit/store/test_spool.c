/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the spool: what was written to it enters the database once, in order, or never. */
#include "tests/unit/store/fixture.h"

#include <fcntl.h>

#include "store/journal_pg.h"

static const char account_id[] = "live-main";
enum {
    ROUNDS = 5,
    ROUND_LEAVES = 3
};

static char url[FIXTURE_URL];
static char folder[64];

static int fresh(void **state)
{
    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    return 0;
}

static int away(void **state)
{
    (void)state;
    fixture_remove(folder);
    return 0;
}

static void commit_round(const struct journal *j, int64_t n, bool to_spool)
{
    struct journal_batch b;

    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    b.account.log_size = (n - 1) * ROUND_LEAVES;
    b.account.cycle_count = n;
    fixture_round(&b, n);
    if (to_spool)
        assert_int_equal(j->spool(j->self, &b), ERR_OK);
    else
        assert_int_equal(j->commit(j->self, &b), ERR_OK);
    journal_batch_release(&b);
}

static void recover(const struct journal *j)
{
    struct recovery r = {0};

    assert_int_equal(j->recover(j->self, account_id, &r), ERR_OK);
    recovery_release(&r);
}

static void assert_rounds(int64_t n)
{
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM log_entry"), n * ROUND_LEAVES);
    assert_int_equal(fixture_number(url, "SELECT size FROM log_state"), n * ROUND_LEAVES);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM fill"), n);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM orders"), n);
    assert_int_equal(fixture_number(url, "SELECT cycle_count FROM account"), n);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM trade t JOIN fill f USING (account, "
                                         "id) JOIN log_entry e ON e.idx = t.log_idx"
                                         " WHERE e.kind = 'trade' AND f.size = f.id"),
                     n);
}

static void spool_path(char path[128], const char *suffix)
{
    (void)snprintf(path, 128, "%s/spool/journal%s", folder, suffix);
}

static int64_t file_size(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    ssize_t n = read(in, bytes, sizeof bytes);

    assert_true(n > 0 && n < (ssize_t)sizeof bytes);
    assert_int_equal(write(out, bytes, (size_t)n), n);
    close(in);
    close(out);
}

static void the_next_commit_brings_it_all_into_the_database_in_order(void **state)
{
    struct store *s = fixture_store(url, folder, account_id);
    struct journal j = store_journal(s);
    char path[128];

    (void)state;
    spool_path(path, "");
    recover(&j);
    commit_round(&j, 1, false);
    commit_round(&j, 2, true);
    commit_round(&j, 3, true);
    assert_int_equal(fixture_number(url, "SELECT size FROM log_state"), ROUND_LEAVES);
    assert_true(file_size(path) > 1000);
    commit_round(&j, 4, false);
    assert_rounds(4);
    assert_int_equal(file_size(path), 8);
    j.flush(j.self);
    store_close(s);
    assert_rounds(4);
}

static void a_daemon_that_died_brings_it_in_when_it_starts(void **state)
{
    struct store *s = fixture_store(url, folder, account_id);
    struct journal j = store_journal(s);
    char lines[128], path[128], kept[128];

    (void)state;
    spool_path(path, "");
    spool_path(kept, ".kept");
    recover(&j);
    commit_round(&j, 1, false);
    commit_round(&j, 2, true);
    commit_round(&j, 3, true);
    copy_file(path, kept);
    store_close(s);
    s = fixture_store(url, folder, account_id);
    assert_rounds(3);
    store_close(s);
    /* The log's file has the lines too. */
    (void)snprintf(lines, sizeof lines, "%s/log.jsonl", folder);
    assert_true(file_size(lines) > 0);
    /* It died again between the commit and the clearing: nothing enters twice. */
    copy_file(kept, path);
    s = fixture_store(url, folder, account_id);
    assert_rounds(3);
    assert_int_equal(file_size(path), 8);
    j = store_journal(s);
    recover(&j);
    commit_round(&j, 4, false);
    assert_rounds(4);
    store_close(s);
}

static void what_another_daemon_overtook_is_set_aside(void **state)
{
    struct store *s = fixture_store(url, folder, account_id);
    struct journal j = store_journal(s);
    char aside[128];

    (void)state;
    recover(&j);
    commit_round(&j, 1, false);
    commit_round(&j, 2, true);
    fixture_sql(url, "UPDATE log_state SET epoch = epoch + 1");
    store_close(s);
    s = fixture_store(url, folder, account_id);
    spool_path(aside, ".refused-1");
    assert_true(file_size(aside) > 1000);
    assert_rounds(1);
    j = store_journal(s);
    recover(&j);
    commit_round(&j, 2, false);
    assert_rounds(2);
    store_close(s);
}

/* ---- The file alone ---- */

struct seen {
    size_t count;
    char last[32];
};

static enum err see(void *context, const char *bytes, size_t length)
{
    struct seen *seen = context;

    seen->count++;
    assert_true(length < sizeof seen->last);
    memcpy(seen->last, bytes, length);
    seen->last[length] = '\0';
    return ERR_OK;
}

static struct spool *open_spool(enum err expected)
{
    struct diag_list diags = {0};
    struct spool *s = NULL;

    assert_int_equal(spool_open(folder, &diags, &s), expected);
    assert_int_equal(diags.count, expected ? 1 : 0);
    return s;
}

static void write_records(void)
{
    struct spool *s = open_spool(ERR_OK);

    for (int i = 0; i < ROUNDS; i++) {
        char text[16];

        assert_int_equal(spool_count(s), i);
        (void)snprintf(text, sizeof text, "record %d", i);
        assert_int_equal(spool_append(s, text, strlen(text)), ERR_OK);
    }
    spool_close(s);
}

static void a_torn_end_is_cut_wherever_it_was_torn(void **state)
{
    enum {
        RECORD = 12 + 8
    };
    char path[128];

    (void)state;
    spool_path(path, "");
    for (int cut = 1; cut <= RECORD; cut++) {
        struct seen seen = {0};
        struct spool *s;

        write_records();
        assert_int_equal(truncate(path, file_size(path) - cut), 0);
        s = open_spool(ERR_OK);
        assert_int_equal(spool_count(s), ROUNDS - 1);
        assert_int_equal(spool_append(s, "after", 5), ERR_OK);
        assert_int_equal(spool_each(s, see, &seen), ERR_OK);
        assert_int_equal(seen.count, ROUNDS);
        assert_string_equal(seen.last, "after");
        assert_int_equal(spool_clear(s), ERR_OK);
        assert_int_equal(spool_count(s), 0);
        spool_close(s);
    }
}

static void damage_before_the_end_is_refused_and_nothing_is_cut(void **state)
{
    char path[128];
    int fd;
    int64_t size;

    (void)state;
    spool_path(path, "");
    write_records();
    size = file_size(path);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 8 + 12 + 2), 1);
    close(fd);
    (void)open_spool(ERR_CONFLICT);
    assert_int_equal(file_size(path), size);
    /* Another file in its place. */
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "not a spool at all", 18), 18);
    close(fd);
    (void)open_spool(ERR_CONFLICT);
    assert_int_equal(file_size(path), 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_next_commit_brings_it_all_into_the_database_in_order,
                                        fresh, away),
        cmocka_unit_test_setup_teardown(a_daemon_that_died_brings_it_in_when_it_starts, fresh,
                                        away),
        cmocka_unit_test_setup_teardown(what_another_daemon_overtook_is_set_aside, fresh, away),
        cmocka_unit_test_setup_teardown(a_torn_end_is_cut_wherever_it_was_torn, fresh, away),
        cmocka_unit_test_setup_teardown(damage_before_the_end_is_refused_and_nothing_is_cut, fresh,
                                        away),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
