/* SPDX-License-Identifier: Apache-2.0 */
/* The arrays of a commit: growth, replacement, clearing. */
#include "tests/support/check.h"

#include <stdlib.h>

#include "engine/journal.h"

enum {
    MANY = 100
};

static size_t add_leaf(struct journal_batch *b, int64_t number)
{
    struct leaf_context context = {MODE_PAPER, "", 0};
    struct digest inputs = {{0}};
    struct leaf leaf;
    size_t index;

    assert_ok(ledger_cycle(&context, number, MONEY_ZERO, &inputs, NULL, &leaf));
    index = journal_batch_add_leaf(b, &leaf);
    assert_null(leaf.bytes); /* moved */
    leaf_release(&leaf);     /* and so harmless */
    return index;
}

static void fill_batch(struct journal_batch *b)
{
    for (int i = 0; i < MANY; i++) {
        size_t leaf = add_leaf(b, i);

        assert_int_equal(leaf, i);
        journal_batch_add_signal(b, &(struct signal){.id = i}, leaf);
        journal_batch_add_fill(b, &(struct fill){.id = 2 * i}, leaf);
        journal_batch_add_equity(b, &(struct equity_point){.at_us = 3 * i});
        journal_batch_put_order(b, &(struct order){.id = 4 * i});
        journal_batch_put_position(b, &(struct position){.id = 5 * i});
    }
}

static void check_batch(const struct journal_batch *b)
{
    assert_int_equal(b->leaf_count, MANY);
    assert_int_equal(b->order_count, MANY);
    assert_int_equal(b->position_count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(b->signals[i].id, i);
        assert_int_equal(b->signal_leaf[i], i);
        assert_int_equal(b->fills[i].id, 2 * i);
        assert_int_equal(b->fill_leaf[i], i);
        assert_int_equal(b->equity[i].at_us, 3 * i);
        assert_int_equal(b->orders[i].id, 4 * i);
        assert_int_equal(b->positions[i].id, 5 * i);
        assert_non_null(b->leaves[i].bytes);
    }
}

static void test_a_batch_grows_and_is_used_again(void **state)
{
    struct journal_batch b;

    (void)state;
    journal_batch_init(&b);
    assert_true(journal_batch_is_empty(&b));
    for (int round = 0; round < 2; round++) {
        fill_batch(&b);
        check_batch(&b);
        assert_false(journal_batch_is_empty(&b));
        journal_batch_clear(&b);
        assert_true(journal_batch_is_empty(&b));
        assert_int_equal(b.order_capacity >= MANY, 1);
    }
    fill_batch(&b);
    journal_batch_release(&b);
    assert_null(b.leaves);
    assert_true(journal_batch_is_empty(&b));
    journal_batch_release(&b); /* again: nothing left */
}

static void test_the_account_alone_is_no_row(void **state)
{
    struct journal_batch b;

    (void)state;
    journal_batch_init(&b);
    b.account.cash = (struct money){1};
    assert_true(journal_batch_is_empty(&b));
    journal_batch_release(&b);
}

static void test_the_last_row_of_an_id_wins(void **state)
{
    struct journal_batch b;

    (void)state;
    journal_batch_init(&b);
    for (int round = 1; round <= 3; round++) {
        for (int id = 1; id <= 20; id++) {
            journal_batch_put_order(&b, &(struct order){.id = id, .attempt = round});
            journal_batch_put_position(&b, &(struct position){.id = id, .candles_held = round});
        }
    }
    assert_int_equal(b.order_count, 20);
    assert_int_equal(b.position_count, 20);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(b.orders[i].id, i + 1);
        assert_int_equal(b.orders[i].attempt, 3);
        assert_int_equal(b.positions[i].id, i + 1);
        assert_int_equal(b.positions[i].candles_held, 3);
    }
    journal_batch_release(&b);
}

static void name_a_missing_leaf(void *batch)
{
    journal_batch_add_fill(batch, &(struct fill){.id = 1}, 0);
}

static void test_a_row_names_a_leaf_that_is_there(void **state)
{
    struct journal_batch b;

    (void)state;
    journal_batch_init(&b);
    assert_true(check_aborts(name_a_missing_leaf, &b));
    journal_batch_release(&b);
}

static void test_a_recovery_is_released(void **state)
{
    struct recovery r = {.exists = true, .order_count = 1, .position_count = 1};

    (void)state;
    r.orders = xcalloc(1, sizeof *r.orders);
    r.positions = xcalloc(1, sizeof *r.positions);
    daily_equity_append(&r.daily, 1, MONEY_ZERO);
    recovery_release(&r);
    assert_null(r.orders);
    assert_false(r.exists);
    recovery_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_batch_grows_and_is_used_again),
        cmocka_unit_test(test_the_account_alone_is_no_row),
        cmocka_unit_test(test_the_last_row_of_an_id_wins),
        cmocka_unit_test(test_a_row_names_a_leaf_that_is_there),
        cmocka_unit_test(test_a_recovery_is_released),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
