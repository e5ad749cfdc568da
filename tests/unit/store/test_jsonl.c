/* SPDX-License-Identifier: Apache-2.0 */
/* Tests log.jsonl and trades.jsonl: they follow the database, and are mended at the start. */
#include "tests/unit/store/fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store/checkpoint_file.h"

static const char account_id[] = "sim-paper-main";

struct world {
    char url[FIXTURE_URL], folder[64];
    struct store *store;
    struct journal journal;
    struct journal_batch batch;
};

static void world_open(struct world *w)
{
    fixture_database(w->url);
    fixture_folder(w->folder);
    w->store = fixture_store(w->url, w->folder, account_id);
    w->journal = store_journal(w->store);
    journal_batch_init(&w->batch);
    w->batch.account = fixture_account(account_id);
}

static void world_commit(struct world *w, int64_t first, int64_t count)
{
    for (int64_t n = first; n < first + count; n++) {
        journal_batch_clear(&w->batch);
        fixture_round(&w->batch, n);
        assert_int_equal(w->journal.commit(w->journal.self, &w->batch), ERR_OK);
    }
}

static void world_reopen(struct world *w)
{
    store_close(w->store);
    w->store = fixture_store(w->url, w->folder, account_id);
    w->journal = store_journal(w->store);
}

static void world_close(struct world *w)
{
    store_close(w->store);
    journal_batch_release(&w->batch);
    fixture_remove(w->folder);
}

static void path_of(const struct world *w, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", w->folder, name);
}

static void read_file(const struct world *w, const char *name, struct text *out)
{
    char path[128];

    path_of(w, name, path);
    text_init(out, 16 * 1024 * 1024);
    assert_int_equal(text_read_file(out, path), ERR_OK);
}

static int64_t lines_of(const struct text *t)
{
    int64_t n = 0;

    for (size_t i = 0; i < t->length; i++)
        n += t->data[i] == '\n';
    return n;
}

/* Until the writer has come round, a minute at most: it is due after 200 ms. */
static void await_lines(const struct world *w, const char *name, int64_t lines)
{
    const int64_t until_us = clock_monotonic_us() + 60 * US_PER_S;

    while (clock_monotonic_us() < until_us) {
        struct text t;
        int64_t n;

        read_file(w, name, &t);
        n = lines_of(&t);
        text_release(&t);
        if (n >= lines)
            return;
        (void)usleep(20000);
    }
    fail_msg("%s has not reached %lld lines", name, (long long)lines);
}

/* The files say exactly what the database has. */
static void check_files(const struct world *w, int64_t rounds)
{
    struct text log, trades, expected_log, expected_trades;

    text_init(&expected_log, 16 * 1024 * 1024);
    text_init(&expected_trades, 16 * 1024 * 1024);
    for (int64_t n = 1; n <= rounds; n++) {
        static const enum leaf_kind kinds[] = {LEAF_SIGNAL, LEAF_ORDER, LEAF_TRADE};

        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
            struct leaf l =
                n == 1 && i == 0 ? fixture_first_leaf(kinds[i], 0) : fixture_leaf(kinds[i], n, 0);

            ledger_line(l.bytes, l.length, &l.proof, &expected_log);
            if (kinds[i] == LEAF_TRADE)
                ledger_line(l.bytes, l.length, &l.proof, &expected_trades);
            leaf_release(&l);
        }
    }
    read_file(w, "log.jsonl", &log);
    read_file(w, "trades.jsonl", &trades);
    assert_int_equal(lines_of(&log), 3 * rounds);
    assert_int_equal(log.length, expected_log.length);
    assert_int_equal(trades.length, expected_trades.length);
    if (rounds > 0) {
        assert_memory_equal(log.data, expected_log.data, log.length);
        assert_memory_equal(trades.data, expected_trades.data, trades.length);
    }
    text_release(&log);
    text_release(&trades);
    text_release(&expected_log);
    text_release(&expected_trades);
}

static void cut_file(const struct world *w, const char *name, off_t length)
{
    char path[128];

    path_of(w, name, path);
    assert_int_equal(truncate(path, length), 0);
}

static void append_to(const struct world *w, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    path_of(w, name, path);
    file = fopen(path, "a");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void they_follow_commits(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    check_files(&w, 0);
    world_commit(&w, 1, 20);
    w.journal.flush(w.journal.self);
    check_files(&w, 20);
    /* Without flush they come soon enough. */
    world_commit(&w, 21, 5);
    await_lines(&w, "trades.jsonl", 25);
    check_files(&w, 25);
    /* A batch that is given again is not written again. */
    assert_int_equal(w.journal.commit(w.journal.self, &w.batch), ERR_OK);
    w.journal.flush(w.journal.self);
    check_files(&w, 25);
    world_commit(&w, 26, 500);
    world_close(&w);
}

static void they_are_mended_at_the_start(void **state)
{
    struct world w;
    char path[128];

    (void)state;
    world_open(&w);
    world_commit(&w, 1, 300);
    world_reopen(&w);
    check_files(&w, 300);
    /* Missing. */
    path_of(&w, "log.jsonl", path);
    assert_int_equal(unlink(path), 0);
    world_reopen(&w);
    check_files(&w, 300);
    path_of(&w, "trades.jsonl", path);
    assert_int_equal(unlink(path), 0);
    world_reopen(&w);
    check_files(&w, 300);
    /* Torn in the middle of a line, and of the very first one. */
    cut_file(&w, "log.jsonl", 1000);
    cut_file(&w, "trades.jsonl", 777);
    world_reopen(&w);
    check_files(&w, 300);
    cut_file(&w, "log.jsonl", 10);
    cut_file(&w, "trades.jsonl", 0);
    world_reopen(&w);
    check_files(&w, 300);
    /* Rubbish behind the last line is cut off. */
    store_close(w.store);
    append_to(&w, "log.jsonl", "{\"half\": ");
    append_to(&w, "trades.jsonl", "{\"half\": ");
    w.store = fixture_store(w.url, w.folder, account_id);
    w.journal = store_journal(w.store);
    check_files(&w, 300);
    world_commit(&w, 301, 3);
    w.journal.flush(w.journal.self);
    check_files(&w, 303);
    world_close(&w);
}

/* It can be read, but nothing is appended. */
static void refuse(struct world *w, const char *beginning)
{
    struct store *s = fixture_store(w->url, w->folder, account_id);
    struct journal j = store_journal(s);

    assert_non_null(store_log_fault(s));
    assert_memory_equal(store_log_fault(s), beginning, strlen(beginning));
    assert_true(strlen(store_log_fault(s)) < LIMIT_REASON - 1); /* not cut */
    assert_int_equal(j.commit(j.self, &w->batch), ERR_DB_FENCED);
    store_close(s);
    assert_int_equal(fixture_number(w->url, "SELECT count(*) FROM log_entry"), 9);
}

static void a_file_that_knows_more_is_refused(void **state)
{
    struct world w;
    struct text before;

    (void)state;
    world_open(&w);
    world_commit(&w, 1, 3);
    store_close(w.store);
    read_file(&w, "log.jsonl", &before);
    append_to(&w, "log.jsonl", "{\"more\": 1}\n");
    refuse(&w, "log.jsonl has more entries than");
    cut_file(&w, "log.jsonl", (off_t)before.length - 2);
    append_to(&w, "log.jsonl", "x\n");
    refuse(&w, "log.jsonl or trades.jsonl differs");
    cut_file(&w, "log.jsonl", (off_t)before.length - 2);
    append_to(&w, "trades.jsonl", "{\"more\": 1}\n");
    refuse(&w, "log.jsonl has more entries than");
    text_release(&before);
    w.store = NULL;
    world_close(&w);
}

/* Lines that could not be written are fetched from the database later on. */
static void a_full_disk_is_survived(void **state)
{
    struct world w;
    char path[128];

    (void)state;
    assert_int_equal(access("/dev/full", W_OK), 0);
    world_open(&w);
    world_commit(&w, 1, 2);
    w.journal.flush(w.journal.self);
    path_of(&w, "log.jsonl", path);
    /* The open file cannot be taken away from the store; but its descriptor can be turned into one
     * on which every write fails. */
    {
        char link[64], name[128];
        int full = open("/dev/full", O_WRONLY | O_CLOEXEC), saved = -1, fd;

        assert_true(full >= 0);
        for (fd = 3; fd < 256; fd++) {
            ssize_t n;

            (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
            n = readlink(link, name, sizeof(name) - 1);
            if (n > 0 && (name[n] = '\0', strcmp(name, path) == 0))
                break;
        }
        assert_true(fd < 256);
        saved = dup(fd);
        assert_int_equal(dup2(full, fd), fd);
        world_commit(&w, 3, 2);
        w.journal.flush(w.journal.self);
        assert_int_equal(dup2(saved, fd), fd);
        assert_int_equal(close(saved), 0);
        assert_int_equal(close(full), 0);
    }
    world_commit(&w, 5, 2);
    w.journal.flush(w.journal.self);
    check_files(&w, 6);
    world_commit(&w, 7, 1);
    w.journal.flush(w.journal.self);
    check_files(&w, 7);
    world_close(&w);
}

struct watcher {
    const struct world *world;
    atomic_bool end;
    atomic_int seen;
    int ahead;
};

static int64_t size_of_note(const struct text *note)
{
    const char *newline = note->length ? strchr(note->data, '\n') : NULL;

    return newline ? strtoll(newline + 1, NULL, 10) : 0;
}

/* What a kill -9 at this moment would leave: the note first, then the lines, which only grow. */
static void *watch(void *argument)
{
    struct watcher *w = argument;
    int64_t size = 0;

    while (!atomic_load(&w->end)) {
        struct text note, lines;
        int64_t newest;

        text_init(&note, 4096);
        (void)!checkpoint_file_read(w->world->folder, &note);
        newest = size_of_note(&note);
        text_release(&note);
        if (newest == size)
            continue;
        size = newest;
        read_file(w->world, "log.jsonl", &lines);
        w->ahead += lines_of(&lines) < size;
        w->seen++;
        text_release(&lines);
    }
    return NULL;
}

static void the_high_water_file_is_never_ahead(void **state)
{
    struct world w;
    struct watcher watcher = {.world = &w};
    pthread_t thread;
    int64_t n = 1;

    (void)state;
    world_open(&w);
    assert_int_equal(pthread_create(&thread, NULL, watch, &watcher), 0);
    /* A thread that has not had its turn has seen nothing. */
    for (; n <= 400 || (watcher.seen <= 5 && n <= 40000); n++) {
        world_commit(&w, n, 1);
        if (n % 16 == 0)
            w.journal.flush(w.journal.self);
    }
    world_commit(&w, n, 3000);
    w.journal.flush(w.journal.self);
    atomic_store(&watcher.end, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(watcher.seen > 5);
    assert_int_equal(watcher.ahead, 0);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_follow_commits),
        cmocka_unit_test(they_are_mended_at_the_start),
        cmocka_unit_test(a_file_that_knows_more_is_refused),
        cmocka_unit_test(a_full_disk_is_survived),
        cmocka_unit_test(the_high_water_file_is_never_ahead),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
