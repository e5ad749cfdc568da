/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what others attested: kept, put under the notes it belongs to, and given page by page. */
#include "store/log_read.h"
#include "tests/unit/store/fixture.h"

static const char account_id[] = "sim-paper-main";

enum {
    ROUNDS = 6 /* of three leaves */
};

struct world {
    char url[FIXTURE_URL], folder[64];
    struct store *store;
};

static void world_open(struct world *w)
{
    struct journal_batch batch;
    struct journal journal;

    fixture_database(w->url);
    fixture_folder(w->folder);
    w->store = fixture_store(w->url, w->folder, account_id);
    journal = store_journal(w->store);
    journal_batch_init(&batch);
    batch.account = fixture_account(account_id);
    for (int64_t n = 1; n <= ROUNDS; n++) {
        journal_batch_clear(&batch);
        fixture_round(&batch, n);
        assert_int_equal(journal.commit(journal.self, &batch), ERR_OK);
    }
    journal_batch_release(&batch);
}

static void world_close(struct world *w)
{
    store_close(w->store);
    fixture_remove(w->folder);
}

static enum err attest(struct world *w, uint64_t size, const char *kind, const char *source,
                       const char *blob)
{
    struct log_evidence row = {.at_us = fixture_now_us + (int64_t)size, .length = strlen(blob)};
    enum err e;

    row.blob = xstrdup(blob);
    (void)copy_text(row.kind, sizeof row.kind, kind);
    (void)copy_text(row.source, sizeof row.source, source);
    e = store_log_attest(w->store, account_id, size, &row);
    free(row.blob);
    return e;
}

/* How the newest note, and the list's, of a size end. */
static void check_endings(struct world *w, uint64_t size, const char *newest, const char *first)
{
    struct log_note one = {0}, *list = NULL;
    size_t count = 0;
    bool more = false;

    assert_int_equal(store_log_note(w->store, account_id, size, &one), ERR_OK);
    assert_true(one.length > strlen(newest));
    assert_string_equal(one.note + one.length - strlen(newest), newest);
    free(one.note);
    assert_int_equal(store_log_notes(w->store, account_id, size, size, 5, &list, &count, &more),
                     ERR_OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].note + list[0].length - strlen(first), first);
    log_notes_free(list, count);
}

static void cosignatures_stand_under_their_note(void **state)
{
    struct log_note *list = NULL;
    struct world w;
    size_t count = 0;
    bool more = true;
    uint64_t size = 0;
    int64_t at_us = 0;

    (void)state;
    world_open(&w);
    assert_int_equal(
        store_log_attested_by(w.store, account_id, LOG_COSIGNATURE, NULL, &size, &at_us),
        ERR_NOT_FOUND);
    assert_int_equal(attest(&w, 6, LOG_COSIGNATURE, "b", "b1\n"), ERR_OK);
    assert_int_equal(attest(&w, 6, LOG_COSIGNATURE, "a", "a1\n"), ERR_OK);
    assert_int_equal(attest(&w, 6, LOG_COSIGNATURE, "b", "b2\n"), ERR_OK);
    assert_int_equal(attest(&w, 9, LOG_COSIGNATURE, "a", "a3\n"), ERR_OK);
    assert_int_equal(attest(&w, 12, LOG_TIMESTAMP, "t", "token"), ERR_OK);
    /* One that is of no checkpoint is refused. */
    assert_int_not_equal(attest(&w, 7, LOG_COSIGNATURE, "a", "x\n"), ERR_OK);
    check_endings(&w, 6, "=\na1\nb2\n", "=\na1\nb1\n");
    check_endings(&w, 9, "=\na3\n", "=\na3\n");
    check_endings(&w, 12, "=\n", "=\n");
    assert_int_equal(store_log_attested(w.store, account_id, 0, 2, &list, &count, &more), ERR_OK);
    assert_int_equal(count, 2);
    assert_true(more);
    assert_int_equal(list[0].size, 6);
    assert_int_equal(list[1].size, 9);
    log_notes_free(list, count);
    assert_int_equal(store_log_attested(w.store, account_id, 10, 2, &list, &count, &more), ERR_OK);
    assert_int_equal(count, 1);
    assert_false(more);
    assert_int_equal(list[0].size, 12);
    log_notes_free(list, count);
    assert_int_equal(
        store_log_attested_by(w.store, account_id, LOG_COSIGNATURE, "b", &size, &at_us), ERR_OK);
    assert_int_equal(size, 6);
    assert_int_equal(at_us, fixture_now_us + 6);
    world_close(&w);
}

static void tokens_are_given_size_by_size(void **state)
{
    struct world w;
    struct text lines;
    uint64_t last = 0;

    (void)state;
    world_open(&w);
    text_init(&lines, 4096);
    assert_int_equal(attest(&w, 3, LOG_TIMESTAMP, "s", "one"), ERR_OK);
    assert_int_equal(attest(&w, 9, LOG_TIMESTAMP, "s", "two"), ERR_OK);
    assert_int_equal(attest(&w, 9, LOG_TIMESTAMP, "t", "three"), ERR_OK);
    assert_int_equal(attest(&w, 15, LOG_TIMESTAMP, "s", "four"), ERR_OK);
    assert_int_equal(store_log_stamps(w.store, account_id, 0, 18, 2, &lines, &last), ERR_OK);
    assert_string_equal(lines.data, "3 b25l\n9 dHdv\n9 dGhyZWU=\n");
    assert_int_equal(last, 9);
    text_clear(&lines);
    assert_int_equal(store_log_stamps(w.store, account_id, last, 14, 2, &lines, &last), ERR_OK);
    assert_int_equal(lines.length, 0);
    assert_int_equal(last, 9);
    assert_int_equal(store_log_stamps(w.store, account_id, last, 15, 2, &lines, &last), ERR_OK);
    assert_string_equal(lines.data, "15 Zm91cg==\n");
    text_release(&lines);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosignatures_stand_under_their_note),
        cmocka_unit_test(tokens_are_given_size_by_size),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
