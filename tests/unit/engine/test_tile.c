/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, widths and bundles of tlog-tiles, and proofs folded out of tiles. */
#include "engine/tile.h"

#include <stdlib.h>

#include "tests/support/check.h"

static void test_paths_there_and_back(void **state)
{
    static const struct {
        const char *path;
        struct tile_address address;
    } rows[] = {
        {"0/000", {false, 0, 0, 256}},
        {"0/x001/x234/067", {false, 0, 1234067, 256}},
        {"0/x001/x234/067.p/1", {false, 0, 1234067, 1}},
        {"1/255.p/255", {false, 1, 255, 255}},
        {"63/x001/000", {false, 63, 1000, 256}},
        {"entries/000", {true, 0, 0, 256}},
        {"entries/x999/999.p/17", {true, 0, 999999, 17}},
        {"0/x018/x446/x744/x073/x709/x551/615", {false, 0, UINT64_MAX, 256}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tile_address a;
        char path[TILE_PATH_BYTES];

        assert_ok(tile_path_parse(rows[i].path, strlen(rows[i].path), &a));
        assert_int_equal(a.is_entries, rows[i].address.is_entries);
        assert_int_equal(a.level, rows[i].address.level);
        assert_int_equal(a.n, rows[i].address.n);
        assert_int_equal(a.width, rows[i].address.width);
        tile_path_print(&a, path);
        assert_string_equal(path, rows[i].path);
    }
}

static void test_other_paths_are_not_found(void **state)
{
    static const char *const bad[] = {
        "",
        "0",
        "0/",
        "/000",
        "0/0",
        "0/00",
        "0/0000",
        "0/00x",
        "00/000",
        "01/000",
        "64/000",
        "-1/000",
        "256/000",
        "4294967296/000",
        "0/x000/001",
        "0/x000/x001/000",
        "0/x1/000",
        "0/x001",
        "0/x001/",
        "0/001/002",
        "0/X001/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/257",
        "0/000.p/01",
        "0/000.p/",
        "0/000.p",
        "0/000/",
        "0/000.p/1/",
        "0/000 ",
        " 0/000",
        "0/+00",
        "entries",
        "entries/",
        "entries/0",
        "Entries/000",
        "entries/000.p/0",
        "0/x018/x446/x744/x073/x709/x551/616",
        "0/x999/x999/x999/x999/x999/x999/999",
        "0/x001/x000/x000/x000/x000/x000/x000/000",
    };
    struct tile_address a = {.n = 77};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(tile_path_parse(bad[i], strlen(bad[i]), &a), ERR_NOT_FOUND);
    assert_err(tile_path_parse("0/000\0", 6, &a), ERR_NOT_FOUND);
    assert_int_equal(a.n, 77);
}

/* The width comes from the signed size, whatever a path claims. */
static void test_widths_follow_the_size(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, 0, 0), 0);
    assert_int_equal(tile_width(1, 0, 0), 1);
    assert_int_equal(tile_width(255, 0, 0), 255);
    assert_int_equal(tile_width(256, 0, 0), 256);
    assert_int_equal(tile_width(256, 0, 1), 0);
    assert_int_equal(tile_width(257, 0, 1), 1);
    assert_int_equal(tile_width(255, 1, 0), 0);
    assert_int_equal(tile_width(256, 1, 0), 1);
    assert_int_equal(tile_width(70000, 0, 273), 112);
    assert_int_equal(tile_width(70000, 1, 0), 256);
    assert_int_equal(tile_width(70000, 1, 1), 17);
    assert_int_equal(tile_width(70000, 2, 0), 1);
    assert_int_equal(tile_width(70000, 3, 0), 0);
    assert_int_equal(tile_width(MERKLE_SIZE_MAX, 7, 0), 127);
    assert_int_equal(tile_width(MERKLE_SIZE_MAX, 8, 0), 0);
    assert_int_equal(tile_width(MERKLE_SIZE_MAX, 63, 0), 0);
    assert_int_equal(tile_width(5, 0, UINT64_MAX), 0);
}

static void test_bundle_of_the_known_answers(void **state)
{
    size_t length, count = 0, n;
    char *bytes = check_data("proofs/bundle", &length);
    struct bundle_reader r = {.at = bytes, .end = bytes + length};
    struct merkle_frontier f = {0};
    struct text again;
    struct digest d;
    const char *entry;
    char root[64];

    (void)state;
    text_init(&again, length);
    while (bundle_next(&r, &entry, &n) == ERR_OK) {
        merkle_leaf(entry, n, &d);
        merkle_append(&f, &d, NULL);
        bundle_append(entry, n, &again);
        count++;
    }
    assert_err(bundle_next(&r, &entry, &n), ERR_END);
    assert_int_equal(count, 3);
    assert_int_equal(again.length, length);
    assert_memory_equal(again.data, bytes, length);
    merkle_root(&f, &d);
    base64_print(d.bytes, DIGEST_BYTES, root);
    assert_string_equal(root, "mHUFA9C6eXSSjc6PGN4tLaVsHDQURP0J30qiglWJNEM=");
    /* Cut anywhere but between entries it is refused. */
    for (size_t cut = 0; cut < length; cut++) {
        enum err e = ERR_OK;

        r = (struct bundle_reader){.at = bytes, .end = bytes + cut};
        while (!e)
            e = bundle_next(&r, &entry, &n);
        assert_true(e == ERR_SYNTAX || (e == ERR_END && r.at == r.end));
    }
    text_release(&again);
    free(bytes);
}

static void test_longest_entry(void **state)
{
    char *entry = xcalloc(1, TILE_ENTRY_BYTES);
    struct bundle_reader r;
    struct text t;
    const char *found;
    size_t n;

    (void)state;
    text_init(&t, 3 * TILE_ENTRY_BYTES);
    bundle_append(entry, TILE_ENTRY_BYTES, &t);
    bundle_append("", 0, &t);
    r = (struct bundle_reader){.at = t.data, .end = t.data + t.length};
    assert_ok(bundle_next(&r, &found, &n));
    assert_int_equal(n, TILE_ENTRY_BYTES);
    assert_ok(bundle_next(&r, &found, &n));
    assert_int_equal(n, 0);
    assert_err(bundle_next(&r, &found, &n), ERR_END);
    text_release(&t);
    free(entry);
}

/* ---- A tree of some levels, kept as its tiles are ---- */

enum {
    LEAVES = 66000 /* three levels: 65536 is one hash of level 2 */
};

struct tree {
    struct digest *hashes[3];
    size_t counts[3];
    unsigned reads;
};

static void keep(void *self, unsigned height, uint64_t n, const struct digest *hash)
{
    struct tree *t = self;
    unsigned level = height / TILE_HEIGHT;

    if (height % TILE_HEIGHT != 0)
        return;
    assert_int_equal(n, t->counts[level]);
    t->hashes[level][t->counts[level]++] = *hash;
}

static enum err read_tile(void *self, unsigned level, uint64_t n, unsigned width,
                          struct digest hashes[TILE_WIDTH])
{
    struct tree *t = self;

    assert_true(n * TILE_WIDTH + width <= t->counts[level]);
    memcpy(hashes, &t->hashes[level][n * TILE_WIDTH], width * sizeof(hashes[0]));
    t->reads++;
    return ERR_OK;
}

static void test_proofs_out_of_tiles(void **state)
{
    struct tree t = {0};
    const struct merkle_sink sink = {.self = &t, .node = keep};
    const struct tile_reader reader = {.self = &t, .read = read_tile};
    struct merkle_frontier f = {0}, old = {0}, again;
    struct tile_nodes *nodes = xmalloc(sizeof(*nodes));
    struct merkle_source s;
    struct merkle_proof p;
    struct digest root, old_root;
    static const uint64_t indexes[] = {0, 1, 255, 256, 257, 65535, 65536, LEAVES - 1};

    (void)state;
    for (size_t level = 0; level < 3; level++)
        t.hashes[level] = xcalloc(LEAVES + 1, sizeof(struct digest));
    for (uint64_t i = 0; i < LEAVES; i++) {
        struct digest leaf;

        if (i == 60001)
            old = f;
        merkle_leaf(&i, sizeof(i), &leaf);
        merkle_append(&f, &leaf, &sink);
    }
    merkle_root(&f, &root);
    merkle_root(&old, &old_root);
    tile_nodes_init(nodes, &reader, LEAVES);
    s = tile_nodes_source(nodes);
    assert_ok(merkle_source_frontier(&s, LEAVES, &again));
    assert_true(merkle_frontier_equal(&f, &again));
    for (size_t i = 0; i < COUNT_OF(indexes); i++) {
        tile_nodes_init(nodes, &reader, LEAVES);
        t.reads = 0;
        assert_ok(merkle_inclusion(&s, indexes[i], LEAVES, &p));
        assert_ok(merkle_verify_inclusion(&t.hashes[0][indexes[i]], indexes[i], LEAVES, &p, &root));
        assert_true(t.reads <= 6); /* two of a level at most */
    }
    assert_ok(merkle_consistency(&s, 60001, LEAVES, &p));
    assert_ok(merkle_verify_consistency(60001, &old_root, LEAVES, &root, &p));
    for (size_t level = 0; level < 3; level++)
        free(t.hashes[level]);
    free(nodes);
}

static enum err no_tile(void *self, unsigned level, uint64_t n, unsigned width,
                        struct digest hashes[TILE_WIDTH])
{
    unsigned *calls = self;

    (void)level;
    (void)n;
    (void)width;
    (void)hashes;
    (*calls)++;
    return ERR_IO;
}

static void test_a_tile_that_cannot_be_read_is_asked_again(void **state)
{
    unsigned calls = 0;
    const struct tile_reader reader = {.self = &calls, .read = no_tile};
    struct tile_nodes *nodes = xmalloc(sizeof(*nodes));
    struct merkle_source s;
    struct digest d;

    (void)state;
    tile_nodes_init(nodes, &reader, 300);
    s = tile_nodes_source(nodes);
    assert_err(s.node(s.self, 0, 299, &d), ERR_IO);
    assert_err(s.node(s.self, 0, 299, &d), ERR_IO);
    assert_int_equal(calls, 2);
    free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_there_and_back),
        cmocka_unit_test(test_other_paths_are_not_found),
        cmocka_unit_test(test_widths_follow_the_size),
        cmocka_unit_test(test_bundle_of_the_known_answers),
        cmocka_unit_test(test_longest_entry),
        cmocka_unit_test(test_proofs_out_of_tiles),
        cmocka_unit_test(test_a_tile_that_cannot_be_read_is_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
