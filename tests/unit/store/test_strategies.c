/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what is kept of strategies: slots, activations, values from outside, documents, and that a
 * database of before has a place for them. */
#include "tests/unit/store/fixture.h"

#include "store/migrate.h"

static const char account_id[] = "sim-paper-main";
static char url[FIXTURE_URL], folder[64];
static struct store *store;
static struct journal journal;
static struct journal_batch batch;

static int begin(void **state)
{
    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    store = fixture_store(url, folder, account_id);
    journal = store_journal(store);
    journal_batch_init(&batch);
    batch.account = fixture_account(account_id);
    (void)fixture_add_leaf(&batch, LEAF_GENESIS, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    journal_batch_release(&batch);
    store_close(store);
    fixture_remove(folder);
    return 0;
}

static void commit(void)
{
    assert_int_equal(journal.commit(journal.self, &batch), ERR_OK);
    journal_batch_clear(&batch);
}

static void put_slot(const char *name, int64_t ordinal, const char *id, enum slot_state state)
{
    struct strategy_slot s;

    memset(&s, 0, sizeof(s));
    s.ordinal = ordinal;
    s.effective = EFFECTIVE_WHEN_FLAT;
    s.from_us = fixture_now_us + ordinal;
    s.state = state;
    (void)copy_text(s.name, sizeof(s.name), name);
    (void)copy_text(s.strategy_id, sizeof(s.strategy_id), id);
    journal_batch_put_slot(&batch, &s);
}

static void put_ext(const char *name, const char *symbol, double value, int64_t at_us)
{
    struct ext_value v;

    memset(&v, 0, sizeof(v));
    v.value = value;
    v.at_us = at_us;
    (void)copy_text(v.name, sizeof(v.name), name);
    (void)copy_text(v.symbol, sizeof(v.symbol), symbol);
    journal_batch_put_ext_value(&batch, &v);
}

static void add_activation(int64_t id, const char *strategy, const char *previous,
                           const char *action)
{
    struct activation a;

    memset(&a, 0, sizeof(a));
    a.id = id;
    a.at_us = fixture_now_us + id * US_PER_S;
    a.effective = EFFECTIVE_NOW;
    (void)copy_text(a.name, sizeof(a.name), "trend");
    (void)copy_text(a.strategy_id, sizeof(a.strategy_id), strategy);
    (void)copy_text(a.previous_id, sizeof(a.previous_id), previous);
    (void)copy_text(a.action, sizeof(a.action), action);
    (void)copy_text(a.actor, sizeof(a.actor), "desk");
    journal_batch_add_activation(&batch, &a);
    batch.account.last_activation_id = id;
}

static void put_position(int64_t id, const char *strategy, const char *strategy_id,
                         enum position_status status)
{
    struct position p;

    memset(&p, 0, sizeof(p));
    p = fixture_position(id);
    p.status = status;
    p.closed_us = status == POSITION_OPEN ? TIME_NONE : fixture_now_us + id;
    (void)copy_text(p.symbol, sizeof(p.symbol), "BTC/USDT");
    (void)copy_text(p.strategy, sizeof(p.strategy), strategy);
    (void)copy_text(p.strategy_id, sizeof(p.strategy_id), strategy_id);
    journal_batch_put_position(&batch, &p);
}

static bool insert(const char *id, const char *name, const char *source)
{
    const struct strategy_upload u = {.id = id,
                                      .name = name,
                                      .canonical = "{}",
                                      .length = 2,
                                      .source = source,
                                      .source_length = strlen(source),
                                      .uploaded_by = "desk"};
    bool is_new = false;

    assert_int_equal(store_strategy_insert(store, &u, &is_new), ERR_OK);
    return is_new;
}

static void insert_configured(const char *id)
{
    const struct strategy_document d = {
        .id = id, .name = "trend", .canonical = "{\"v\":1}", .length = 7};

    assert_int_equal(journal.store_strategy(journal.self, account_id, &d), ERR_OK);
}

/* ---- Slots, activations, values ---- */

static void all_of_it_comes_back_equal(void **state)
{
    struct recovery r = {0};
    struct list_query q = {
        .account = account_id, .from_us = TIME_NONE, .to_us = TIME_NONE, .limit = 10};
    struct journal_batch kept;
    struct activation *activations;
    size_t n;
    bool more;

    (void)state;
    put_slot("trend", 2, "aaa", SLOT_ENDING);
    (void)copy_text(batch.slots[0].next_id, DIGEST_HEX, "bbb");
    put_slot("caf\xc3\xa9 news", 1, "ccc", SLOT_ACTIVE);
    batch.slots[1].is_outside = true;
    batch.slots[1].effective = EFFECTIVE_NEXT_CANDLE;
    put_slot("over", 3, "ddd", SLOT_ENDED);
    add_activation(7, "bbb", "aaa", "rollback");
    put_ext("funding", "", -0.1, fixture_now_us);
    put_ext("funding", "BTC/USDT", 4.9406564584124654e-324, fixture_now_us + 1);
    put_ext("open_interest", "BTC/USDT", 1.7976931348623157e308, fixture_now_us + 2);
    put_ext("zero", "", -0.0, -1);
    assert_int_equal(journal.commit(journal.self, &batch), ERR_OK);
    kept = batch;
    journal_batch_init(&batch);
    batch.account = kept.account;

    assert_int_equal(journal.recover(journal.self, account_id, &r), ERR_OK);
    assert_int_equal(r.slot_count, 2);
    assert_memory_equal(&r.slots[0], &kept.slots[1], sizeof(r.slots[0]));
    assert_memory_equal(&r.slots[1], &kept.slots[0], sizeof(r.slots[1]));
    assert_int_equal(r.ext_value_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(&r.ext_values[i], &kept.ext_values[i], sizeof(r.ext_values[i]));
    assert_int_equal(r.account.last_activation_id, 7);
    assert_int_equal(store_activations(store, &q, &activations, &n, &more), ERR_OK);
    assert_int_equal(n, 1);
    assert_memory_equal(&activations[0], &kept.activations[0], sizeof(activations[0]));
    free(activations);
    recovery_release(&r);
    journal_batch_release(&kept);
}

/* No leaf stands for a value that was set: it must be durable all the same, given twice or once. */
static void rows_without_leaves_are_durable(void **state)
{
    struct recovery r = {0};
    enum err e;

    (void)state;
    commit();
    put_slot("trend", 1, "aaa", SLOT_ACTIVE);
    put_ext("funding", "", 1, fixture_now_us);
    put_ext("gone", "", 1, fixture_now_us);
    add_activation(1, "aaa", "", "activate");
    commit();
    put_slot("trend", 1, "bbb", SLOT_ACTIVE);
    put_ext("funding", "", 2, fixture_now_us);
    put_ext("funding", "ETH/USDT", 3, fixture_now_us);
    put_ext("gone", "", 3, fixture_now_us);
    batch.ext_values[2].is_removed = true;
    add_activation(2, "bbb", "aaa", "activate");
    assert_int_equal(journal.commit(journal.self, &batch), ERR_OK);
    /* The answer was lost. */
    fixture_kill_sessions(url);
    do {
        e = journal.commit(journal.self, &batch);
        if (e)
            (void)usleep(10000);
    } while (e == ERR_DB_UNAVAILABLE);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(journal.recover(journal.self, account_id, &r), ERR_OK);
    assert_int_equal(r.account.log_size, 1);
    assert_int_equal(r.slot_count, 1);
    assert_string_equal(r.slots[0].strategy_id, "bbb");
    assert_int_equal(r.ext_value_count, 2);
    assert_true(r.ext_values[0].value == 2 && r.ext_values[1].value == 3);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM strategy_activation"), 2);
    recovery_release(&r);
}

/* Cooldowns count from the newest closed position of each name and symbol; documents come for all
 * that trades or manages a position. */
static void what_a_restart_needs_is_recovered(void **state)
{
    struct recovery r = {0};

    (void)state;
    insert_configured("aaa");
    (void)insert("bbb", "trend", "{ }");
    (void)insert("ccc", "old", "{ }");
    (void)insert("ddd", "over", "{ }");
    put_slot("trend", 1, "aaa", SLOT_ACTIVE);
    (void)copy_text(batch.slots[0].next_id, DIGEST_HEX, "bbb");
    put_slot("over", 2, "ddd", SLOT_ENDED);
    put_position(1, "trend", "aaa", POSITION_CLOSED);
    put_position(2, "trend", "aaa", POSITION_CLOSED);
    put_position(3, "old", "ccc", POSITION_CLOSED);
    put_position(4, "trend", "ccc", POSITION_OPEN);
    (void)copy_text(batch.positions[0].symbol, LIMIT_SYMBOL, "ETH/USDT");
    commit();
    put_position(5, "trend", "aaa", POSITION_CLOSED);
    commit();
    assert_int_equal(journal.recover(journal.self, account_id, &r), ERR_OK);
    assert_int_equal(r.closed_count, 3);
    assert_int_equal(r.closed[0].id, 1);
    assert_int_equal(r.closed[1].id, 3);
    assert_int_equal(r.closed[2].id, 5);
    assert_int_equal(r.position_count, 1);
    assert_int_equal(r.document_count, 3);
    assert_string_equal(r.documents[0].id, "aaa");
    assert_string_equal(r.documents[0].canonical, "{\"v\":1}");
    assert_int_equal(r.documents[0].length, 7);
    assert_string_equal(r.documents[1].id, "bbb");
    assert_string_equal(r.documents[2].id, "ccc");
    recovery_release(&r);
}

/* ---- Documents ---- */

static void a_document_is_kept_once(void **state)
{
    struct strategy_row row;
    char *text;
    size_t length;

    (void)state;
    assert_true(insert("abc1", "trend", "{ \"a\": 1 }\n"));
    assert_false(insert("abc1", "trend", "{}"));
    assert_int_equal(store_strategy_source(store, "abc1", &text, &length), ERR_OK);
    assert_string_equal(text, "{ \"a\": 1 }\n");
    assert_int_equal(length, 11);
    free(text);
    assert_int_equal(store_strategy_canonical(store, "abc1", &text, &length), ERR_OK);
    assert_string_equal(text, "{}");
    free(text);
    assert_int_equal(store_strategy_source(store, "nope", &text, &length), ERR_NOT_FOUND);

    /* What the configuration named gets its source when it is uploaded, and is not new. */
    insert_configured("abd2");
    assert_int_equal(store_strategy_source(store, "abd2", &text, &length), ERR_OK);
    assert_string_equal(text, "{\"v\":1}");
    free(text);
    assert_int_equal(store_strategy(store, "abd2", &row), ERR_OK);
    assert_string_equal(row.uploaded_by, "");
    assert_false(insert("abd2", "trend", "{ \"v\": 1 }"));
    assert_int_equal(store_strategy(store, "abd", &row), ERR_OK);
    assert_string_equal(row.id, "abd2");
    assert_string_equal(row.name, "trend");
    assert_string_equal(row.uploaded_by, "desk");
    assert_true(row.retired_us == TIME_NONE && row.created_us > 0);
    assert_int_equal(store_strategy(store, "ab", &row), ERR_CONFLICT);
    assert_int_equal(store_strategy(store, "b", &row), ERR_NOT_FOUND);
    assert_int_equal(store_strategy(store, "%", &row), ERR_NOT_FOUND);
}

static void expect(const struct strategy_query *q, const char *ids, bool more)
{
    struct strategy_row *rows;
    struct text found;
    size_t n;
    bool follows;

    text_init(&found, LIMIT_LOG_LINE);
    text_string(&found, "");
    assert_int_equal(store_strategies(store, q, &rows, &n, &follows), ERR_OK);
    for (size_t i = 0; i < n; i++)
        text_format(&found, "%s ", rows[i].id);
    assert_string_equal(found.data, ids);
    assert_int_equal(follows, more);
    free(rows);
    text_release(&found);
}

static void lists_are_filtered_and_paged(void **state)
{
    struct strategy_query q = {.active_ids = "", .limit = 10};
    struct strategy_row row;

    (void)state;
    (void)insert("a", "trend", "{}");
    (void)insert("b", "other", "{}");
    (void)insert("c", "trend", "{}");
    (void)insert("d", "trend", "{}");
    assert_int_equal(store_strategy_retire(store, "a", fixture_now_us), ERR_OK);
    expect(&q, "d c b a ", false);
    q.ascending = true;
    expect(&q, "a b c d ", false);
    q.ascending = false;
    q.limit = 2;
    expect(&q, "d c ", true);
    assert_int_equal(store_strategy(store, "c", &row), ERR_OK);
    q.after = row.ordinal;
    expect(&q, "b a ", false);
    q = (struct strategy_query){.active_ids = "c,b", .limit = 10, .name = "trend"};
    expect(&q, "d c a ", false);
    q.status = STRATEGIES_ACTIVE;
    expect(&q, "c ", false);
    q.status = STRATEGIES_VALIDATED;
    expect(&q, "d ", false);
    q.status = STRATEGIES_RETIRED;
    expect(&q, "a ", false);
    q.active_ids = "";
    q.status = STRATEGIES_ACTIVE;
    expect(&q, "", false);
}

/* Signals name their source as they name a strategy, but it is no artifact. */
static void a_source_of_signals_is_no_artifact(void **state)
{
    static const char canonical[] = "{\"name\":\"desk\",\"source\":\"signals\",\"version\":1}";
    const struct strategy_document d = {
        .id = "a", .name = "desk", .canonical = canonical, .length = sizeof(canonical) - 1};
    const struct strategy_query q = {.active_ids = "", .limit = 10};
    struct strategy_row row;

    (void)state;
    assert_int_equal(journal.store_strategy(journal.self, account_id, &d), ERR_OK);
    (void)insert("b", "trend", "{}");
    expect(&q, "b ", false);
    assert_int_equal(store_strategy(store, "a", &row), ERR_OK);
    assert_true(row.is_outside);
    assert_int_equal(store_strategy(store, "b", &row), ERR_OK);
    assert_false(row.is_outside);
}

static void what_trades_is_not_retired(void **state)
{
    struct strategy_row row;

    (void)state;
    (void)insert("a", "trend", "{}");
    (void)insert("b", "trend", "{}");
    put_slot("trend", 1, "a", SLOT_ENDING);
    (void)copy_text(batch.slots[0].next_id, DIGEST_HEX, "b");
    commit();
    assert_int_equal(store_strategy_retire(store, "a", fixture_now_us), ERR_STRATEGY_ACTIVE);
    assert_int_equal(store_strategy_retire(store, "b", fixture_now_us), ERR_STRATEGY_ACTIVE);
    assert_int_equal(store_strategy_retire(store, "c", fixture_now_us), ERR_NOT_FOUND);
    assert_int_equal(store_strategy(store, "a", &row), ERR_OK);
    assert_true(row.retired_us == TIME_NONE);
    put_slot("trend", 1, "a", SLOT_ENDED);
    commit();
    assert_int_equal(store_strategy_retire(store, "a", fixture_now_us), ERR_OK);
    assert_int_equal(store_strategy_retire(store, "a", fixture_now_us + 1), ERR_OK);
    assert_int_equal(store_strategy(store, "a", &row), ERR_OK);
    assert_true(row.retired_us == fixture_now_us);
}

static void expect_previous(const char *current, const char *previous)
{
    char id[DIGEST_HEX] = "";
    enum err e = store_previous_version(store, account_id, "trend", current, id);

    assert_int_equal(e, previous ? ERR_OK : ERR_NO_PREVIOUS);
    assert_string_equal(id, previous ? previous : "");
}

static void rollback_goes_back_step_by_step(void **state)
{
    struct list_query q = {
        .account = account_id, .from_us = TIME_NONE, .to_us = TIME_NONE, .limit = 2};
    struct activation *rows;
    size_t n;
    bool more;

    (void)state;
    add_activation(1, "a", "", "configure");
    add_activation(2, "b", "a", "activate");
    add_activation(3, "c", "b", "activate");
    expect_previous("c", NULL);
    commit();
    expect_previous("c", "b");
    add_activation(4, "b", "c", "rollback");
    commit();
    expect_previous("b", "a");
    add_activation(5, "a", "b", "rollback");
    commit();
    expect_previous("a", NULL);
    assert_int_equal(store_previous_version(store, "other", "trend", "c", (char[DIGEST_HEX]){0}),
                     ERR_NO_PREVIOUS);

    assert_int_equal(store_activations(store, &q, &rows, &n, &more), ERR_OK);
    assert_true(n == 2 && more && rows[0].id == 5 && rows[1].id == 4);
    free(rows);
    q.strategy = "trend";
    q.strategy_id = "b";
    assert_int_equal(store_activations(store, &q, &rows, &n, &more), ERR_OK);
    assert_true(n == 2 && !more && rows[0].id == 4 && rows[1].id == 2);
    free(rows);
    q.strategy = "another";
    assert_int_equal(store_activations(store, &q, &rows, &n, &more), ERR_OK);
    assert_true(n == 0 && !more);
    free(rows);
}

/* ---- A database of before ---- */

#define OLD_ROWS                                                                               \
    "INSERT INTO account VALUES ('x', 'USDT', 'paper', 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0,"    \
    " NULL, NULL, 'done', 0, decode(repeat('00', 32), 'hex'), false, 'stopped', 0, 0, 0, 0,"   \
    " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 0, 0, 0);"                      \
    "INSERT INTO strategy (id, name, document) VALUES ('aaa', 'trend', '{}');"                 \
    "INSERT INTO account_config VALUES ('x', 'aaa', 'feed');"                                  \
    "INSERT INTO orders VALUES ('x', 9, 9, 1, NULL, 4, 'c', decode(repeat('00', 32), 'hex'),"  \
    " 'BTC/USDT', 'trend', 'aaa', 'buy', 'market', 'entry', 'filled', '', false, 0, 2.5, 2.5," \
    " 1, 0, 0, 0, 0, 0, now(), NULL, NULL, NULL, now(), '');"                                  \
    "INSERT INTO position VALUES ('x', 4, 'BTC/USDT', 'trend', 'aaa', 'long', 'open', 1, 1,"   \
    " 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, NULL, 9, NULL, NULL, NULL, 0, now(), NULL,"    \
    " now(), '')"

static void a_database_of_before_is_taken_over(void **state)
{
    const struct migration_list before = {.items = embedded_migrations, .count = 3};
    struct diag_list diags = {0};
    struct recovery r = {0};
    struct journal j;
    struct strategy_row row;
    char old[FIXTURE_URL], old_folder[64];
    struct store *s;
    struct pg pg;

    (void)state;
    fixture_database(old);
    fixture_folder(old_folder);
    fixture_connect(old, &pg);
    assert_int_equal(migrate_run(&pg, &before, &diags), ERR_OK);
    pg_close(&pg);
    fixture_sql(old, OLD_ROWS);
    fixture_sql(old, "INSERT INTO log_state VALUES ('x', 0, 1, NULL)");

    s = fixture_store(old, old_folder, "x");
    j = store_journal(s);
    assert_int_equal(j.recover(j.self, "x", &r), ERR_OK);
    assert_string_equal(r.account.feed_id, "feed");
    assert_string_equal(r.account.config_strategy_id, "");
    assert_int_equal(r.position_count, 1);
    assert_true(r.positions[0].first_size.e12 == AMOUNT_ONE * 5 / 2);
    assert_true(r.positions[0].roi_target.e12 == 0 && r.positions[0].scale_ins == 0);
    assert_int_equal(r.document_count, 1);
    assert_int_equal(store_strategy(s, "aaa", &row), ERR_OK);
    assert_string_equal(row.uploaded_by, "");
    recovery_release(&r);
    store_close(s);
    fixture_remove(old_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_of_it_comes_back_equal, begin, end),
        cmocka_unit_test_setup_teardown(rows_without_leaves_are_durable, begin, end),
        cmocka_unit_test_setup_teardown(what_a_restart_needs_is_recovered, begin, end),
        cmocka_unit_test_setup_teardown(a_document_is_kept_once, begin, end),
        cmocka_unit_test_setup_teardown(lists_are_filtered_and_paged, begin, end),
        cmocka_unit_test_setup_teardown(a_source_of_signals_is_no_artifact, begin, end),
        cmocka_unit_test_setup_teardown(what_trades_is_not_retired, begin, end),
        cmocka_unit_test_setup_teardown(rollback_goes_back_step_by_step, begin, end),
        cmocka_unit_test(a_database_of_before_is_taken_over),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
