/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the tree in the database: each commit signs one checkpoint, and a log that is not the one
 * that was published is not appended to. */
#include "store/checkpoint_file.h"
#include "store/log_tree.h"
#include "tests/unit/store/fixture.h"

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

static void world_stop(struct world *w)
{
    store_close(w->store);
    w->store = NULL;
}

/* As a restart does it. */
static void world_start(struct world *w)
{
    struct recovery r = {0};

    w->store = fixture_store(w->url, w->folder, account_id);
    w->journal = store_journal(w->store);
    assert_null(store_log_fault(w->store));
    assert_int_equal(w->journal.recover(w->journal.self, account_id, &r), ERR_OK);
    recovery_release(&r);
}

static void world_close(struct world *w)
{
    store_close(w->store);
    journal_batch_release(&w->batch);
    fixture_remove(w->folder);
}

/* Behind the back of the triggers that keep the log from being changed. */
static void tamper(const struct world *w, const char *table, const char *sql)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "ALTER TABLE %s DISABLE TRIGGER USER; %s; ALTER TABLE %s ENABLE TRIGGER USER",
                   table, sql, table);
    fixture_sql(w->url, text);
}

static void refused(struct world *w, const struct log_signer *signer, const char *part)
{
    const struct store_options options = {.database_url = w->url,
                                          .connections = 2,
                                          .timeout_us = fixture_timeout_us,
                                          .data_dir = w->folder,
                                          .account_id = account_id,
                                          .signer = signer};
    struct diag_list diags = {0};
    struct store *s = NULL;
    struct journal j;
    const char *fault;

    assert_int_equal(store_open(&options, &diags, &s), ERR_OK);
    fault = store_log_fault(s);
    assert_non_null(fault);
    if (!strstr(fault, part))
        fail_msg("\"%s\" does not say \"%s\"", fault, part);
    assert_true(strlen(fault) < LIMIT_REASON - 1);
    j = store_journal(s);
    journal_batch_clear(&w->batch);
    assert_int_equal(j.commit(j.self, &w->batch), ERR_DB_FENCED);
    (void)fixture_add_leaf(&w->batch, LEAF_CONTROL, 1);
    w->batch.account.log_size--; /* for the next one */
    assert_int_equal(j.commit(j.self, &w->batch), ERR_DB_FENCED);
    store_close(s);
}

/* ---- Each commit ---- */

/* Every stored checkpoint is signed and its root is that of the entries below its size. */
static void check_checkpoints(const struct world *w, int64_t wanted)
{
    struct merkle_frontier f = {0};
    PGresult *notes = NULL, *leaves = NULL;
    struct vkey vkey;
    struct pg pg;
    int leaf = 0;

    assert_int_equal(vkey_parse(fixture_vkey(), strlen(fixture_vkey()), &vkey), ERR_OK);
    fixture_connect(w->url, &pg);
    assert_int_equal(pg_exec(&pg, "SELECT size, note FROM log_checkpoint ORDER BY size", NULL,
                             clock_monotonic_us() + fixture_timeout_us, &notes),
                     ERR_OK);
    assert_int_equal(pg_exec(&pg, "SELECT leaf_hash FROM log_entry ORDER BY idx", NULL,
                             clock_monotonic_us() + fixture_timeout_us, &leaves),
                     ERR_OK);
    assert_int_equal(PQntuples(notes), wanted);
    for (int i = 0; i < PQntuples(notes); i++) {
        size_t length;
        char *note = result_copy(notes, i, 1, &length);
        struct checkpoint c;
        struct digest d;

        assert_int_equal(checkpoint_open(note, length, &vkey, &c), ERR_OK);
        assert_int_equal(c.size, result_integer(notes, i, 0));
        for (; leaf < (int)c.size; leaf++) {
            assert_int_equal(result_digest(leaves, leaf, 0, &d), ERR_OK);
            merkle_append(&f, &d, NULL);
        }
        merkle_root(&f, &d);
        assert_memory_equal(&d, &c.root, sizeof(d));
        free(note);
    }
    assert_int_equal(leaf, PQntuples(leaves));
    PQclear(notes);
    PQclear(leaves);
    pg_close(&pg);
}

static void each_commit_signs_one_checkpoint(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    world_commit(&w, 1, 30);
    check_checkpoints(&w, 30);
    /* A commit without leaves signs none; a batch that is given again signs no second one. */
    assert_int_equal(w.journal.commit(w.journal.self, &w.batch), ERR_OK);
    journal_batch_clear(&w.batch);
    assert_int_equal(w.journal.commit(w.journal.self, &w.batch), ERR_OK);
    check_checkpoints(&w, 30);
    world_close(&w);
}

static void nodes_are_stored_as_they_become_complete(void **state)
{
    struct log_finding finding;
    struct world w;
    struct pg pg;

    (void)state;
    world_open(&w);
    for (int64_t n = 1; n <= 400; n++)
        fixture_round(&w.batch, n);
    assert_int_equal(w.journal.commit(w.journal.self, &w.batch), ERR_OK);
    world_commit(&w, 401, 30);
    assert_int_equal(fixture_number(w.url, "SELECT count(*) FROM log_node WHERE level = 1"), 5);
    assert_int_equal(fixture_number(w.url, "SELECT count(*) FROM log_node"), 5);
    /* Entry 1100 went in with many others in one statement. */
    assert_int_equal(fixture_number(w.url, "SELECT (extract(epoch FROM at) * 1000000)::bigint"
                                           " FROM log_entry WHERE idx = 1100 AND kind = 'trade'"),
                     fixture_now_us + 367);
    fixture_connect(w.url, &pg);
    assert_int_equal(log_tree_recompute(&pg, account_id, 1290, &finding), ERR_OK);
    assert_string_equal(finding.sentence, "");
    pg_close(&pg);
    check_checkpoints(&w, 31);
    world_close(&w);
}

static void the_published_checkpoint_is_the_newest(void **state)
{
    struct checkpoint c;
    struct vkey vkey;
    struct text note;
    struct world w;

    (void)state;
    assert_int_equal(vkey_parse(fixture_vkey(), strlen(fixture_vkey()), &vkey), ERR_OK);
    text_init(&note, NOTE_BYTES);
    world_open(&w);
    assert_int_equal(checkpoint_file_read(w.folder, &note), ERR_NOT_FOUND);
    world_commit(&w, 1, 5);
    w.journal.flush(w.journal.self);
    assert_int_equal(checkpoint_file_read(w.folder, &note), ERR_OK);
    assert_int_equal(checkpoint_open(note.data, note.length, &vkey, &c), ERR_OK);
    assert_int_equal(c.size, 15);
    world_stop(&w);
    world_start(&w);
    world_commit(&w, 6, 1);
    w.journal.flush(w.journal.self);
    assert_int_equal(checkpoint_file_read(w.folder, &note), ERR_OK);
    assert_int_equal(checkpoint_open(note.data, note.length, &vkey, &c), ERR_OK);
    assert_int_equal(c.size, 18);
    world_close(&w);
    text_release(&note);
}

/* A log from before there were trees. */
static void an_old_log_gets_its_tree(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    for (int64_t n = 1; n <= 400; n++)
        fixture_round(&w.batch, n);
    assert_int_equal(w.journal.commit(w.journal.self, &w.batch), ERR_OK);
    world_stop(&w);
    tamper(&w, "log_node", "DELETE FROM log_node");
    tamper(&w, "log_checkpoint", "DELETE FROM log_checkpoint");
    fixture_sql(w.url, "UPDATE log_state SET root = NULL, frontier = NULL");
    world_start(&w);
    check_checkpoints(&w, 1);
    assert_int_equal(fixture_number(w.url, "SELECT count(*) FROM log_node"), 4);
    world_commit(&w, 401, 3);
    check_checkpoints(&w, 4);
    world_stop(&w);
    world_start(&w);
    world_close(&w);
}

/* ---- What is not appended to ---- */

/* Two databases with the same beginning: the older one is a backup of the other. */
static void a_database_older_than_what_was_published_is_refused(void **state)
{
    struct world newer, older;

    (void)state;
    world_open(&newer);
    world_commit(&newer, 1, 5);
    world_stop(&newer);
    world_open(&older);
    world_commit(&older, 1, 3);
    world_stop(&older);
    (void)snprintf(newer.url, sizeof(newer.url), "%s", older.url);
    newer.batch.account.log_size = 9;
    refused(&newer, fixture_signer(), "has 9 entries, 15 were published: import log.jsonl");
    world_close(&newer);
    world_close(&older);
}

static void an_empty_database_is_older_too(void **state)
{
    struct world w, fresh;

    (void)state;
    world_open(&w);
    world_commit(&w, 1, 2);
    world_stop(&w);
    world_open(&fresh);
    world_stop(&fresh);
    (void)snprintf(w.url, sizeof(w.url), "%s", fresh.url);
    w.batch.account.log_size = 0;
    refused(&w, fixture_signer(), "has 0 entries, 6 were published");
    world_close(&w);
    world_close(&fresh);
}

static void another_history_is_refused(void **state)
{
    struct world w, other;

    (void)state;
    world_open(&w);
    world_commit(&w, 1, 3);
    world_stop(&w);
    world_open(&other);
    world_commit(&other, 1, 2);
    world_commit(&other, 7, 2);
    world_stop(&other);
    (void)snprintf(w.url, sizeof(w.url), "%s", other.url);
    w.batch.account.log_size = 12;
    refused(&w, fixture_signer(), "another one than was published at size 9");
    world_close(&w);
    world_close(&other);
}

static void another_key_is_refused(void **state)
{
    static const uint8_t seed[ED25519_SEED_BYTES] = {8};
    struct log_signer other = {.origin = fixture_signer()->origin};
    char path[128];
    struct world w;

    (void)state;
    other.key = ed25519_key_new(seed);
    world_open(&w);
    world_commit(&w, 1, 3);
    world_stop(&w);
    refused(&w, &other, "another log.key");
    /* Whatever is in the folder. */
    (void)snprintf(path, sizeof(path), "%s/checkpoint", w.folder);
    assert_int_equal(unlink(path), 0);
    refused(&w, &other, "another log.key");
    world_close(&w);
    ed25519_key_free(other.key);
}

static void a_strange_checkpoint_file_is_refused(void **state)
{
    struct world w;
    struct text note;

    (void)state;
    world_open(&w);
    world_commit(&w, 1, 3);
    world_stop(&w);
    text_init(&note, NOTE_BYTES);
    assert_int_equal(checkpoint_file_read(w.folder, &note), ERR_OK);
    note.data[note.length - 10] ^= 1;
    assert_int_equal(checkpoint_file_write(w.folder, &note), ERR_OK);
    refused(&w, fixture_signer(), "not signed by this log's key");
    text_clear(&note);
    assert_int_equal(checkpoint_file_write(w.folder, &note), ERR_OK);
    refused(&w, fixture_signer(), "not signed by this log's key");
    world_close(&w);
    text_release(&note);
}

static void a_changed_database_is_refused(void **state)
{
    static const struct {
        const char *table, *sql, *part;
    } rows[] = {
        {"log_entry", "UPDATE log_entry SET entry = entry || ' '::bytea WHERE idx = 700",
         "entry 700 of the log"},
        {"log_entry", "UPDATE log_entry SET proof = sha256('x') WHERE idx = 3",
         "entry 3 of the log"},
        {"log_entry", "UPDATE log_entry SET leaf_hash = sha256('x') WHERE idx = 3",
         "entry 3 of the log"},
        {"log_entry",
         "UPDATE log_entry SET entry = '{}', proof = sha256('{}'),"
         " leaf_hash = sha256('\\x00'::bytea || '{}') WHERE idx = 5",
         "node 0 of level 1"},
        {"log_entry",
         "UPDATE log_entry SET entry = '{}', proof = sha256('{}'),"
         " leaf_hash = sha256('\\x00'::bytea || '{}') WHERE idx = 1190",
         "does not give the root"},
        {"log_node", "UPDATE log_node SET hash = sha256('x') WHERE n = 2",
         "does not give the root"},
        {"log_node", "DELETE FROM log_node WHERE n = 2", "does not give the root"},
        {"log_state", "UPDATE log_state SET root = sha256('x')", "does not give the root"},
        {"log_state", "UPDATE log_state SET frontier = ''", "does not give the root"},
        {"log_checkpoint", "DELETE FROM log_checkpoint", "does not verify"},
        {"log_checkpoint", "UPDATE log_checkpoint SET note = replace(note, '1200', '1201')",
         "does not verify"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world w;

        world_open(&w);
        for (int64_t n = 1; n <= 400; n++)
            fixture_round(&w.batch, n);
        assert_int_equal(w.journal.commit(w.journal.self, &w.batch), ERR_OK);
        world_stop(&w);
        tamper(&w, rows[i].table, rows[i].sql);
        refused(&w, fixture_signer(), rows[i].part);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_commit_signs_one_checkpoint),
        cmocka_unit_test(nodes_are_stored_as_they_become_complete),
        cmocka_unit_test(the_published_checkpoint_is_the_newest),
        cmocka_unit_test(an_old_log_gets_its_tree),
        cmocka_unit_test(a_database_older_than_what_was_published_is_refused),
        cmocka_unit_test(an_empty_database_is_older_too),
        cmocka_unit_test(another_history_is_refused),
        cmocka_unit_test(another_key_is_refused),
        cmocka_unit_test(a_strange_checkpoint_file_is_refused),
        cmocka_unit_test(a_changed_database_is_refused),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
