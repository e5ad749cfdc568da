/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree against RFC 6962's own recursive definitions, known roots, and every mistake. */
#include "engine/merkle.h"

#include <stdlib.h>

#include "tests/support/check.h"

enum {
    MOST = 140 /* sizes that are tried exhaustively */
};

static struct digest leaves[MOST];

static void make_leaves(void)
{
    for (uint64_t i = 0; i < MOST; i++)
        merkle_leaf(&i, sizeof(i), &leaves[i]);
}

static void same(const struct digest *a, const struct digest *b)
{
    assert_memory_equal(a->bytes, b->bytes, DIGEST_BYTES);
}

/* ---- RFC 6962 section 2.1, word by word ---- */

static size_t largest_power_below(size_t n)
{
    size_t k = 1;

    while (k * 2 < n)
        k *= 2;
    return k;
}

static void mth(size_t from, size_t n, struct digest *out)
{
    struct digest left, right;
    size_t k;

    if (n == 0) {
        digest_of("", 0, out);
        return;
    }
    if (n == 1) {
        *out = leaves[from];
        return;
    }
    k = largest_power_below(n);
    mth(from, k, &left);
    mth(from + k, n - k, &right);
    merkle_node(&left, &right, out);
}

static void path(size_t m, size_t from, size_t n, struct merkle_proof *p)
{
    size_t k;

    if (n == 1)
        return;
    k = largest_power_below(n);
    if (m < k) {
        path(m, from, k, p);
        mth(from + k, n - k, &p->hashes[p->count++]);
    } else {
        path(m - k, from + k, n - k, p);
        mth(from, k, &p->hashes[p->count++]);
    }
}

static void subproof(size_t m, size_t from, size_t n, bool whole, struct merkle_proof *p)
{
    size_t k;

    if (m == n) {
        if (!whole)
            mth(from, n, &p->hashes[p->count++]);
        return;
    }
    k = largest_power_below(n);
    if (m <= k) {
        subproof(m, from, k, whole, p);
        mth(from + k, n - k, &p->hashes[p->count++]);
    } else {
        subproof(m - k, from + k, n - k, false, p);
        mth(from, k, &p->hashes[p->count++]);
    }
}

/* ---- A source over the leaves ---- */

static enum err node_of(void *self, unsigned height, uint64_t n, struct digest *out)
{
    size_t width = (size_t)1 << height;

    assert_true((n + 1) * width <= *(const size_t *)self);
    mth((size_t)n * width, width, out);
    return ERR_OK;
}

static struct merkle_source source_of(size_t *size)
{
    return (struct merkle_source){.self = size, .node = node_of};
}

static void frontier_of(size_t size, struct merkle_frontier *f)
{
    *f = (struct merkle_frontier){0};
    for (size_t i = 0; i < size; i++)
        merkle_append(f, &leaves[i], NULL);
}

/* ---- Tests ---- */

static void test_empty_tree_and_empty_leaf_differ(void **state)
{
    static const char empty_tree[] =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    static const char empty_leaf[] =
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    struct merkle_frontier f = {0};
    struct digest d;
    char hex[DIGEST_HEX];

    (void)state;
    merkle_root(&f, &d);
    hex_print(d.bytes, DIGEST_BYTES, hex);
    assert_string_equal(hex, empty_tree);
    merkle_leaf(NULL, 0, &d);
    hex_print(d.bytes, DIGEST_BYTES, hex);
    assert_string_equal(hex, empty_leaf);
    merkle_append(&f, &d, NULL);
    merkle_root(&f, &d);
    hex_print(d.bytes, DIGEST_BYTES, hex);
    assert_string_equal(hex, empty_leaf);
}

/* Two children's hashes given as an entry must not make their parent (second preimage). */
static void test_a_node_is_no_leaf(void **state)
{
    struct digest both[2] = {leaves[0], leaves[1]}, as_leaf, as_node;

    (void)state;
    merkle_leaf(both, sizeof(both), &as_leaf);
    merkle_node(&both[0], &both[1], &as_node);
    assert_memory_not_equal(&as_leaf, &as_node, sizeof(as_leaf));
}

/* CVE-2012-2459: a list whose odd last leaf is given twice must have another root. */
static void test_an_odd_leaf_is_not_doubled(void **state)
{
    struct merkle_frontier three, four;
    struct digest a, b, node;

    (void)state;
    frontier_of(3, &three);
    four = three;
    merkle_append(&four, &leaves[2], NULL);
    merkle_root(&three, &a);
    merkle_root(&four, &b);
    assert_memory_not_equal(&a, &b, sizeof(a));
    /* It is not hashed once more on its way up either. */
    merkle_node(&leaves[0], &leaves[1], &node);
    merkle_node(&node, &leaves[2], &node);
    same(&a, &node);
}

static void test_roots_are_those_of_the_definition(void **state)
{
    struct merkle_frontier f = {0}, again;
    uint8_t bytes[MERKLE_FRONTIER_BYTES];

    (void)state;
    for (size_t size = 0; size <= MOST; size++) {
        struct merkle_source s = source_of(&size);
        struct digest wanted, found;
        size_t length;

        mth(0, size, &wanted);
        merkle_root(&f, &found);
        same(&wanted, &found);
        assert_ok(merkle_source_root(&s, size, &found));
        same(&wanted, &found);
        assert_ok(merkle_source_frontier(&s, size, &again));
        assert_true(merkle_frontier_equal(&f, &again));
        length = merkle_frontier_print(&f, bytes);
        assert_int_equal(length, (size_t)__builtin_popcountll(size) * DIGEST_BYTES);
        assert_ok(merkle_frontier_parse(size, bytes, length, &again));
        assert_true(merkle_frontier_equal(&f, &again));
        assert_err(merkle_frontier_parse(size, bytes, length + 1, &again), ERR_SYNTAX);
        assert_err(merkle_frontier_parse(size + 1, bytes, length + DIGEST_BYTES * 9, &again),
                   ERR_SYNTAX);
        if (size < MOST)
            merkle_append(&f, &leaves[size], NULL);
    }
    assert_err(merkle_frontier_parse(MERKLE_SIZE_MAX + 1, bytes, 32, &again), ERR_LIMIT);
}

static void collect(void *self, unsigned height, uint64_t n, const struct digest *hash)
{
    size_t *count = self;
    struct digest wanted;

    mth((size_t)n << height, (size_t)1 << height, &wanted);
    same(&wanted, hash);
    (*count)++;
}

static void test_each_complete_subtree_is_told_once(void **state)
{
    struct merkle_frontier f = {0};
    size_t count = 0, wanted = 0;
    const struct merkle_sink sink = {.self = &count, .node = collect};

    (void)state;
    for (size_t i = 0; i < MOST; i++)
        merkle_append(&f, &leaves[i], &sink);
    for (size_t n = MOST; n > 0; n /= 2)
        wanted += n;
    assert_int_equal(count, wanted);
}

static void proof_is(const struct merkle_proof *found, const struct merkle_proof *wanted)
{
    assert_int_equal(found->count, wanted->count);
    assert_memory_equal(found->hashes, wanted->hashes, wanted->count * sizeof(struct digest));
}

/* Every change to a proof, its length, its position or its root is refused. */
static void refuse_inclusion(size_t index, size_t size, const struct merkle_proof *p,
                             const struct digest *root)
{
    struct merkle_proof bad = *p;
    struct digest other = *root;

    other.bytes[31] ^= 1;
    assert_err(merkle_verify_inclusion(&leaves[index], index, size, p, &other), ERR_CONFLICT);
    assert_err(merkle_verify_inclusion(&leaves[(index + 1) % MOST], index, size, p, root),
               ERR_CONFLICT);
    assert_err(merkle_verify_inclusion(&leaves[index], size, size, p, root), ERR_INVALID);
    assert_err(merkle_verify_inclusion(&leaves[index], UINT64_MAX, size, p, root), ERR_INVALID);
    for (size_t i = 0; i < p->count; i++) {
        bad.hashes[i].bytes[i % 32] ^= 0x10;
        assert_err(merkle_verify_inclusion(&leaves[index], index, size, &bad, root), ERR_CONFLICT);
        bad.hashes[i] = p->hashes[i];
    }
    bad.count = p->count + 1;
    assert_err(merkle_verify_inclusion(&leaves[index], index, size, &bad, root), ERR_INVALID);
    if (p->count > 0) {
        bad.count = p->count - 1;
        assert_err(merkle_verify_inclusion(&leaves[index], index, size, &bad, root), ERR_INVALID);
    }
    if (size > 1)
        assert_int_not_equal(
            merkle_verify_inclusion(&leaves[index], index ? index - 1 : 1, size, p, root), ERR_OK);
}

static void test_inclusion(void **state)
{
    (void)state;
    for (size_t size = 1; size <= MOST; size += size < 70 ? 1 : 7) {
        struct merkle_source s = source_of(&size);
        struct digest root;

        mth(0, size, &root);
        for (size_t i = 0; i < size; i++) {
            struct merkle_proof wanted = {0}, found;

            path(i, 0, size, &wanted);
            assert_ok(merkle_inclusion(&s, i, size, &found));
            proof_is(&found, &wanted);
            assert_int_equal(merkle_inclusion_length(i, size), wanted.count);
            assert_ok(merkle_verify_inclusion(&leaves[i], i, size, &found, &root));
            refuse_inclusion(i, size, &found, &root);
        }
        assert_err(merkle_inclusion(&s, size, size, &(struct merkle_proof){0}), ERR_INVALID);
    }
}

static void refuse_consistency(size_t old, size_t size, const struct merkle_proof *p)
{
    struct digest old_root, root, other;
    struct merkle_proof bad = *p;

    mth(0, old, &old_root);
    mth(0, size, &root);
    other = old_root;
    other.bytes[0] ^= 1;
    assert_err(merkle_verify_consistency(old, &other, size, &root, p), ERR_CONFLICT);
    other = root;
    other.bytes[0] ^= 1;
    assert_err(merkle_verify_consistency(old, &old_root, size, &other, p), ERR_CONFLICT);
    for (size_t i = 0; i < p->count; i++) {
        bad.hashes[i].bytes[i % 32] ^= 0x10;
        assert_err(merkle_verify_consistency(old, &old_root, size, &root, &bad), ERR_CONFLICT);
        bad.hashes[i] = p->hashes[i];
    }
    bad.count = p->count + 1;
    assert_err(merkle_verify_consistency(old, &old_root, size, &root, &bad), ERR_INVALID);
    if (p->count > 0) {
        bad.count = p->count - 1;
        assert_err(merkle_verify_consistency(old, &old_root, size, &root, &bad), ERR_INVALID);
    }
}

static void test_consistency(void **state)
{
    (void)state;
    for (size_t size = 1; size <= MOST; size += size < 70 ? 1 : 7) {
        struct merkle_source s = source_of(&size);
        struct digest root, old_root;
        struct merkle_proof found;

        mth(0, size, &root);
        for (size_t old = 1; old <= size; old++) {
            struct merkle_proof wanted = {0};

            subproof(old, 0, size, true, &wanted);
            assert_ok(merkle_consistency(&s, old, size, &found));
            proof_is(&found, &wanted);
            assert_int_equal(merkle_consistency_length(old, size), wanted.count);
            mth(0, old, &old_root);
            assert_ok(merkle_verify_consistency(old, &old_root, size, &root, &found));
            refuse_consistency(old, size, &found);
        }
        assert_err(merkle_consistency(&s, 0, size, &found), ERR_INVALID);
        assert_err(merkle_consistency(&s, size + 1, size, &found), ERR_INVALID);
    }
}

/* "Verifies" anything elsewhere; here from nothing follows nothing. */
static void test_consistency_from_nothing_is_refused(void **state)
{
    struct merkle_proof p = {0};
    struct digest empty, root;

    (void)state;
    digest_of("", 0, &empty);
    mth(0, 7, &root);
    assert_err(merkle_verify_consistency(0, &empty, 7, &root, &p), ERR_INVALID);
    assert_err(merkle_verify_consistency(0, &empty, 0, &empty, &p), ERR_INVALID);
    assert_err(merkle_verify_consistency(8, &empty, 7, &root, &p), ERR_INVALID);
}

/* One leaf: nothing to show, and nothing is what must be shown. */
static void test_a_tree_of_one(void **state)
{
    struct merkle_proof p = {0};

    (void)state;
    assert_ok(merkle_verify_inclusion(&leaves[0], 0, 1, &p, &leaves[0]));
    assert_ok(merkle_verify_consistency(1, &leaves[0], 1, &leaves[0], &p));
    p.count = 1;
    assert_err(merkle_verify_inclusion(&leaves[0], 0, 1, &p, &leaves[0]), ERR_INVALID);
    assert_err(merkle_verify_consistency(1, &leaves[0], 1, &leaves[0], &p), ERR_INVALID);
    p.count = 0;
    assert_err(merkle_verify_inclusion(&leaves[0], 0, 0, &p, &leaves[0]), ERR_INVALID);
}

static enum err any_node(void *self, unsigned height, uint64_t n, struct digest *out)
{
    uint64_t words[2] = {height, n};

    (void)self;
    digest_of(words, sizeof(words), out);
    return ERR_OK;
}

/* Sizes beyond 32 bits: lengths and positions, with nodes that are only made up, so that roots can
 * be folded from the proofs. */
static void test_sizes_of_64_bits(void **state)
{
    static const uint64_t sizes[] = {(1ULL << 32) - 1, (1ULL << 32) + 1, (1ULL << 33) + 12345,
                                     (1ULL << 62) + 7777, MERKLE_SIZE_MAX};
    const struct merkle_source s = {.node = any_node};
    struct merkle_proof p;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        uint64_t size = sizes[i], indexes[] = {0, 1ULL << 31, size / 3, size - 1};

        for (size_t k = 0; k < COUNT_OF(indexes); k++) {
            struct digest root = {{0}}, leaf;

            assert_ok(any_node(NULL, 0, indexes[k], &leaf));
            assert_ok(merkle_inclusion(&s, indexes[k], size, &p));
            assert_int_equal(p.count, merkle_inclusion_length(indexes[k], size));
            assert_err(merkle_verify_inclusion(&leaf, indexes[k], size, &p, &root), ERR_CONFLICT);
        }
        assert_ok(merkle_consistency(&s, size / 3, size, &p));
        assert_int_equal(p.count, merkle_consistency_length(size / 3, size));
    }
    assert_err(merkle_inclusion(&s, 1, MERKLE_SIZE_MAX + 1, &p), ERR_INVALID);
    assert_err(merkle_consistency(&s, 1, MERKLE_SIZE_MAX + 1, &p), ERR_INVALID);
    assert_err(merkle_verify_inclusion(&leaves[0], 1, MERKLE_SIZE_MAX + 1, &p, &leaves[0]),
               ERR_INVALID);
}

static enum err no_node(void *self, unsigned height, uint64_t n, struct digest *out)
{
    (void)self;
    (void)height;
    (void)n;
    (void)out;
    return ERR_DB_UNAVAILABLE;
}

static void test_a_source_that_fails(void **state)
{
    const struct merkle_source s = {.node = no_node};
    struct merkle_frontier f;
    struct merkle_proof p;
    struct digest d;

    (void)state;
    assert_err(merkle_source_root(&s, 5, &d), ERR_DB_UNAVAILABLE);
    assert_err(merkle_source_frontier(&s, 5, &f), ERR_DB_UNAVAILABLE);
    assert_err(merkle_inclusion(&s, 1, 5, &p), ERR_DB_UNAVAILABLE);
    assert_err(merkle_consistency(&s, 1, 5, &p), ERR_DB_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_tree_and_empty_leaf_differ),
        cmocka_unit_test(test_a_node_is_no_leaf),
        cmocka_unit_test(test_an_odd_leaf_is_not_doubled),
        cmocka_unit_test(test_roots_are_those_of_the_definition),
        cmocka_unit_test(test_each_complete_subtree_is_told_once),
        cmocka_unit_test(test_inclusion),
        cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_consistency_from_nothing_is_refused),
        cmocka_unit_test(test_a_tree_of_one),
        cmocka_unit_test(test_sizes_of_64_bits),
        cmocka_unit_test(test_a_source_that_fails),
    };

    make_leaves();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
