/* SPDX-License-Identifier: Apache-2.0 */
/* One key after the other: the entry as openssl signs it, what is refused, who signs which tree. */
#include "tests/support/check.h"

#include <stdlib.h>

#include "core/clock.h"
#include "engine/log_keys.h"
#include "engine/log_step.h"

#define ORIGIN "trader.example/log1"
#define AT_US INT64_C(1705314600000000)    /* 2024-01-15T10:30:00Z */
#define UNTIL_US INT64_C(1707955200000000) /* 2024-02-15T00:00:00Z */

static const struct leaf_context context = {MODE_PAPER, "", AT_US};

static struct ed25519_key *key_of(int byte)
{
    uint8_t seed[ED25519_SEED_BYTES];

    memset(seed, byte, sizeof seed);
    return ed25519_key_new(seed);
}

static struct vkey vkey_of(const struct ed25519_key *key)
{
    uint8_t public_key[ED25519_KEY_BYTES];
    struct vkey v;

    ed25519_public(key, public_key);
    assert_ok(vkey_make(ORIGIN, VKEY_ED25519, public_key, &v));
    return v;
}

/* The leaf that names the next key. */
static void name(struct ed25519_key *old, struct ed25519_key *next, int64_t until_us,
                 struct leaf *out)
{
    struct text object;

    text_init(&object, LIMIT_LEAF_BYTES);
    log_keys_entry(ORIGIN, old, next, until_us, &object);
    assert_ok(ledger_entry(&context, LEAF_KEY, object.data, object.length, out));
    text_release(&object);
}

static void read_leaf(const struct leaf *l, struct record *out)
{
    struct record_fault fault;

    assert_ok(record_parse(l->bytes, l->length, out, &fault));
}

/* The keys of a log that begins with this one. */
static void begin(struct log_keys *keys, const struct ed25519_key *first)
{
    const struct vkey v = vkey_of(first);

    *keys = (struct log_keys){.count = 1};
    keys->keys[0].vkey = v;
}

static const char *add(struct log_keys *keys, struct ed25519_key *old, struct ed25519_key *next,
                       uint64_t index)
{
    struct record r;
    struct leaf l;
    const char *why;

    name(old, next, UNTIL_US, &l);
    read_leaf(&l, &r);
    why = log_keys_add(keys, &r, index);
    leaf_release(&l);
    return why;
}

static void test_the_entry_is_what_openssl_signs(void **state)
{
    char *bytes = check_data("ledger/leaves.txt", NULL), *at, *end;
    struct ed25519_key *old = key_of(1), *next = key_of(2);
    struct leaf l;

    (void)state;
    name(old, next, UNTIL_US, &l);
    at = strstr(bytes, "\nkey\t");
    assert_non_null(at);
    at += 5;
    end = strchr(at, '\t');
    assert_int_equal(l.length, end - at);
    assert_memory_equal(l.bytes, at, l.length);
    leaf_release(&l);
    ed25519_key_free(old);
    ed25519_key_free(next);
    free(bytes);
}

static void test_each_key_is_named_by_the_one_before(void **state)
{
    struct ed25519_key *k[4] = {key_of(1), key_of(2), key_of(3), key_of(4)};
    struct log_keys keys;

    (void)state;
    begin(&keys, k[0]);
    assert_non_null(add(&keys, k[1], k[2], 5)); /* a stranger names it */
    assert_non_null(add(&keys, k[0], k[0], 5)); /* it signs already */
    assert_int_equal(keys.count, 1);
    assert_null(add(&keys, k[0], k[1], 5));
    assert_non_null(add(&keys, k[0], k[2], 6)); /* it has handed over */
    assert_non_null(add(&keys, k[1], k[0], 6)); /* nobody comes back */
    assert_null(add(&keys, k[1], k[2], 6));
    assert_int_equal(keys.count, 3);
    for (int i = 0; i < 4; i++) {
        const struct vkey v = vkey_of(k[i]);

        assert_int_equal(log_keys_has(&keys, &v), i < 3);
    }
    keys.count = 0;
    assert_non_null(add(&keys, k[0], k[1], 5));
    for (int i = 0; i < 4; i++)
        ed25519_key_free(k[i]);
}

static void test_no_changed_entry_holds(void **state)
{
    struct ed25519_key *old = key_of(1), *next = key_of(2);
    struct log_keys keys;
    struct record_fault fault;
    struct record r;
    struct leaf l;
    size_t refused = 0;

    (void)state;
    name(old, next, UNTIL_US, &l);
    for (size_t i = strlen("{\"key\": {"); i < l.length - strlen(", \"mode\": \"paper\"}"); i++) {
        char was = l.bytes[i];

        l.bytes[i] = was == '1' ? '2' : '1';
        begin(&keys, old);
        /* What is behind the object is no part of it. */
        if (!record_parse(l.bytes, l.length, &r, &fault) && r.body.at + r.body.length > l.bytes + i)
            assert_non_null(log_keys_add(&keys, &r, 5));
        refused += keys.count == 1;
        l.bytes[i] = was;
    }
    assert_true(refused > 300);
    leaf_release(&l);
    ed25519_key_free(old);
    ed25519_key_free(next);
}

static void test_who_signs_which_tree(void **state)
{
    struct ed25519_key *k[3] = {key_of(1), key_of(2), key_of(3)};
    struct log_keys keys;

    (void)state;
    begin(&keys, k[0]);
    assert_null(add(&keys, k[0], k[1], 5));
    assert_null(add(&keys, k[1], k[2], 9));
    assert_true(log_keys_signs(&keys, 0, 5, AT_US) && log_keys_signs(&keys, 0, 50, UNTIL_US));
    assert_true(log_keys_signs(&keys, 0, 5, UNTIL_US + 1)); /* nobody was named yet */
    assert_false(log_keys_signs(&keys, 0, 6, UNTIL_US + 1));
    assert_false(log_keys_signs(&keys, 1, 5, AT_US));
    assert_true(log_keys_signs(&keys, 1, 6, AT_US) && log_keys_signs(&keys, 1, 9, UNTIL_US + 1));
    assert_false(log_keys_signs(&keys, 1, 10, UNTIL_US + 1));
    assert_true(log_keys_signs(&keys, 2, 10, UNTIL_US + 1));
    assert_false(log_keys_signs(&keys, 3, 10, AT_US));
    for (int i = 0; i < 3; i++)
        ed25519_key_free(k[i]);
}

/* Signatures on the note of a step that appends one leaf of this kind and time. */
static size_t step(struct log_step *s, const struct log_signer *signer, enum leaf_kind kind,
                   int64_t at_us, struct ed25519_key *expected)
{
    struct leaf l = {.kind = kind, .at_us = at_us};
    const struct vkey v = vkey_of(expected);
    struct merkle_frontier before = s->after;
    struct checkpoint c;
    struct note n;

    log_step_make(s, signer, &before, &l, 1);
    assert_ok(note_parse(s->note.data, s->note.length, &n));
    assert_ok(checkpoint_open(s->note.data, s->note.length, &v, &c));
    assert_int_equal(c.size, before.size + 1);
    return n.count;
}

static void test_both_sign_until_the_old_one_ends(void **state)
{
    struct ed25519_key *old = key_of(1), *next = key_of(2);
    struct log_rotation r = {.key = next, .from = LOG_ROTATION_AHEAD, .old_until_us = UNTIL_US};
    const struct log_signer signer = {.origin = ORIGIN, .key = old, .next = &r};
    const struct log_signer alone = {.origin = ORIGIN, .key = old};
    const struct vkey old_vkey = vkey_of(old), next_vkey = vkey_of(next);
    struct log_step s;
    struct checkpoint c;

    (void)state;
    log_step_init(&s);
    assert_int_equal(step(&s, &alone, LEAF_GENESIS, AT_US, old), 1);
    assert_int_equal(step(&s, &signer, LEAF_CYCLE, AT_US, old), 1);
    assert_int_equal(step(&s, &signer, LEAF_KEY, AT_US, old), 2);
    assert_int_equal(r.from, 3);
    assert_int_equal(step(&s, &signer, LEAF_CYCLE, UNTIL_US, next), 2);
    assert_ok(checkpoint_open(s.note.data, s.note.length, &old_vkey, &c));
    assert_int_equal(step(&s, &signer, LEAF_CYCLE, UNTIL_US + 1, next), 1);
    assert_err(checkpoint_open(s.note.data, s.note.length, &old_vkey, &c), ERR_NOT_FOUND);
    assert_ok(checkpoint_open(s.note.data, s.note.length, &next_vkey, &c));
    log_step_release(&s);
    ed25519_key_free(old);
    ed25519_key_free(next);
}

static void test_a_note_is_opened_by_whoever_signs_it(void **state)
{
    struct ed25519_key *k[3] = {key_of(1), key_of(2), key_of(3)};
    const struct checkpoint early = {.origin = ORIGIN, .size = 4},
                            late = {.origin = ORIGIN, .size = 9};
    struct checkpoint c;
    struct log_keys keys;
    struct text t;

    (void)state;
    begin(&keys, k[0]);
    assert_null(add(&keys, k[0], k[1], 5));
    text_init(&t, CHECKPOINT_BYTES);
    checkpoint_sign(&late, k[1], &t);
    assert_ok(log_keys_open(&keys, t.data, t.length, UNTIL_US + 1, &c));
    assert_int_equal(c.size, 9);
    text_clear(&t);
    checkpoint_sign(&late, k[0], &t);
    assert_ok(log_keys_open(&keys, t.data, t.length, INT64_MIN, &c));
    assert_err(log_keys_open(&keys, t.data, t.length, UNTIL_US + 1, &c), ERR_NOT_FOUND);
    text_clear(&t);
    checkpoint_sign(&early, k[1], &t);
    assert_err(log_keys_open(&keys, t.data, t.length, AT_US, &c), ERR_NOT_FOUND);
    text_clear(&t);
    checkpoint_sign_both(&late, k[2], k[1], &t);
    assert_ok(log_keys_open(&keys, t.data, t.length, AT_US, &c));
    t.data[t.length - 5] ^= 1;
    assert_err(log_keys_open(&keys, t.data, t.length, AT_US, &c), ERR_CONFLICT);
    text_release(&t);
    for (int i = 0; i < 3; i++)
        ed25519_key_free(k[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_entry_is_what_openssl_signs),
        cmocka_unit_test(test_each_key_is_named_by_the_one_before),
        cmocka_unit_test(test_no_changed_entry_holds),
        cmocka_unit_test(test_who_signs_which_tree),
        cmocka_unit_test(test_both_sign_until_the_old_one_ends),
        cmocka_unit_test(test_a_note_is_opened_by_whoever_signs_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
