/* SPDX-License-Identifier: Apache-2.0 */
/* Leaf hashes and roots of a log's past: those that a tree made anew has, as far as it reaches. */
#include "tests/support/check.h"

#include "engine/verify_past.h"

static struct digest leaf_of(uint64_t n)
{
    struct digest d;

    merkle_leaf(&n, sizeof n, &d);
    return d;
}

static void push_many(struct verify_past *p, struct merkle_frontier *tree, uint64_t to)
{
    while (tree->size < to) {
        struct digest leaf = leaf_of(tree->size);

        past_push(p, tree, &leaf);
        merkle_append(tree, &leaf, NULL);
    }
}

static void check_root(const struct verify_past *p, uint64_t size)
{
    struct merkle_frontier tree = {0};
    struct digest wanted, found;

    for (uint64_t n = 0; n < size; n++) {
        struct digest leaf = leaf_of(n);

        merkle_append(&tree, &leaf, NULL);
    }
    merkle_root(&tree, &wanted);
    assert_true(past_root(p, size, &found));
    assert_memory_equal(&wanted, &found, sizeof wanted);
}

static void test_every_root_of_the_past(void **state)
{
    struct merkle_frontier tree = {0};
    struct verify_past p;
    struct digest d, wanted;

    (void)state;
    past_init(&p);
    assert_false(past_leaf(&p, 0, &d));
    assert_false(past_root(&p, 0, &d));
    assert_false(past_root(&p, 1, &d));
    push_many(&p, &tree, 9000);
    for (uint64_t size = 1; size <= 9000; size += size < 600 ? 1 : 811)
        check_root(&p, size);
    check_root(&p, 9000);
    assert_false(past_root(&p, 9001, &d));
    assert_false(past_root(&p, 0, &d));
    wanted = leaf_of(8999);
    assert_true(past_leaf(&p, 8999, &d));
    assert_memory_equal(&wanted, &d, sizeof d);
    assert_false(past_leaf(&p, 9000, &d));
    past_release(&p);
}

static void test_what_is_too_far_back_is_forgotten(void **state)
{
    struct merkle_frontier tree = {0};
    struct verify_past p;
    struct digest d, wanted, root;

    (void)state;
    past_init(&p);
    push_many(&p, &tree, PAST_ENTRIES + 5000);
    assert_false(past_leaf(&p, 4999, &d));
    wanted = leaf_of(5000);
    assert_true(past_leaf(&p, 5000, &d));
    assert_memory_equal(&wanted, &d, sizeof d);
    assert_false(past_root(&p, 5001, &d)); /* its step began before */
    assert_true(past_root(&p, PAST_ENTRIES + 5000, &d));
    merkle_root(&tree, &root);
    assert_memory_equal(&root, &d, sizeof d);
    assert_int_equal(p.capacity, PAST_ENTRIES);
    past_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_root_of_the_past),
        cmocka_unit_test(test_what_is_too_far_back_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
