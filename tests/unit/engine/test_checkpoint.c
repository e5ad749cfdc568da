/* SPDX-License-Identifier: Apache-2.0 */
/* Notes, keys and checkpoints against known answers, and every way to spoil one. */
#include "engine/checkpoint.h"

#include <stdlib.h>

#include "tests/support/check.h"

static void seed_from(uint8_t first, uint8_t seed[ED25519_SEED_BYTES])
{
    for (uint8_t i = 0; i < ED25519_SEED_BYTES; i++)
        seed[i] = (uint8_t)(first + i);
}

static struct vkey known_key(const char *file)
{
    size_t length;
    char *text = check_data(file, &length);
    struct vkey k;

    assert_ok(vkey_parse(text, length, &k));
    free(text);
    return k;
}

/* ---- Keys ---- */

static void test_known_keys(void **state)
{
    static const struct {
        const char *file, *name;
        enum vkey_type type;
        uint8_t first;
    } rows[] = {{"proofs/vkey", "trader.example/log1", VKEY_ED25519, 0x01},
                {"proofs/wvkey", "witness.example/w1", VKEY_COSIGNATURE, 0x21}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t seed[ED25519_SEED_BYTES], public_key[ED25519_KEY_BYTES];
        struct vkey parsed = known_key(rows[i].file), made;
        struct ed25519_key *key;
        char text[VKEY_BYTES], *known = check_data(rows[i].file, NULL);

        seed_from(rows[i].first, seed);
        key = ed25519_key_new(seed);
        ed25519_public(key, public_key);
        assert_ok(vkey_make(rows[i].name, rows[i].type, public_key, &made));
        assert_string_equal(parsed.name, rows[i].name);
        assert_int_equal(parsed.type, rows[i].type);
        assert_memory_equal(parsed.id, made.id, NOTE_ID_BYTES);
        assert_memory_equal(parsed.key, public_key, ED25519_KEY_BYTES);
        vkey_print(&made, text);
        assert_string_equal(text, known);
        ed25519_key_free(key);
        free(known);
    }
}

/* The same public key under two types has two ids (C2SP forbids to use it so). */
static void test_the_type_is_part_of_the_id(void **state)
{
    struct vkey log = known_key("proofs/vkey"), other;

    (void)state;
    assert_ok(vkey_make(log.name, VKEY_COSIGNATURE, log.key, &other));
    assert_memory_not_equal(log.id, other.id, NOTE_ID_BYTES);
}

static void test_bad_keys(void **state)
{
    /* base64 of the known key has '+' itself: only the first two part the fields. */
    static const struct {
        const char *text;
        enum err wanted;
    } rows[] = {
        {"", ERR_SYNTAX},
        {"+", ERR_SYNTAX},
        {"++", ERR_SYNTAX},
        {"trader.example/log1", ERR_SYNTAX},
        {"trader.example/log1+0fb518df", ERR_SYNTAX},
        {"+0fb518df+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_SYNTAX},
        {"a b+0fb518df+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_SYNTAX},
        {"trader.example/log1+0fb518d+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_SYNTAX},
        {"trader.example/log1+0FB518DF+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_SYNTAX},
        {"trader.example/log1+0fb518dg+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_SYNTAX},
        {"trader.example/log1+0fb518df+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZ", ERR_SYNTAX},
        {"trader.example/log1+0fb518df+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZkAAAA",
         ERR_SYNTAX},
        {"trader.example/log1+0fb518df+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk\n", ERR_SYNTAX},
        {"trader.example/log2+0fb518df+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_CONFLICT},
        {"trader.example/log1+0fb518de+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_CONFLICT},
        {"trader.example/log1+0fb518df+Anm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", ERR_INVALID},
    };
    struct vkey k;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_err(vkey_parse(rows[i].text, strlen(rows[i].text), &k), rows[i].wanted);
    memset(&k, 0, sizeof(k));
    assert_err(vkey_make("a+b", VKEY_ED25519, k.key, &k), ERR_INVALID);
    assert_err(vkey_make("a b", VKEY_ED25519, k.key, &k), ERR_INVALID);
    assert_err(vkey_make("", VKEY_ED25519, k.key, &k), ERR_INVALID);
    assert_err(vkey_make("a\nb", VKEY_ED25519, k.key, &k), ERR_INVALID);
}

/* ---- The known note ---- */

static void test_the_known_checkpoint(void **state)
{
    struct vkey log = known_key("proofs/vkey"), witness = known_key("proofs/wvkey");
    size_t length;
    char *bytes = check_data("proofs/cp", &length), root[64], hex[DIGEST_HEX];
    struct checkpoint c;
    struct digest d;
    struct note n;
    int64_t at_s = -1;

    (void)state;
    assert_ok(note_parse(bytes, length, &n));
    assert_int_equal(n.count, 2);
    digest_of(n.text, n.text_length, &d);
    hex_print(d.bytes, DIGEST_BYTES, hex);
    assert_string_equal(hex, "e78903878c89a21a7db4d5d8b4d4d7124ddc902e537bddf3bfc95384c9bc8460");
    assert_ok(note_verify(&n, &log, &at_s));
    assert_int_equal(at_s, 0);
    assert_ok(note_verify(&n, &witness, &at_s));
    assert_int_equal(at_s, 1782876420);
    assert_ok(checkpoint_open(bytes, length, &log, &c));
    assert_string_equal(c.origin, "trader.example/log1");
    assert_int_equal(c.size, 3);
    assert_int_equal(c.extensions, 0);
    base64_print(c.root.bytes, DIGEST_BYTES, root);
    assert_string_equal(root, "mHUFA9C6eXSSjc6PGN4tLaVsHDQURP0J30qiglWJNEM=");
    free(bytes);
}

/* Ed25519 is deterministic: our keys give the very bytes other tools gave. */
static void test_signing_gives_the_known_bytes(void **state)
{
    struct vkey log = known_key("proofs/vkey"), witness = known_key("proofs/wvkey");
    uint8_t seed[ED25519_SEED_BYTES], cosignature[NOTE_COSIGNATURE_BYTES] = {0};
    size_t length;
    char *bytes = check_data("proofs/cp", &length);
    struct ed25519_key *key;
    struct checkpoint c;
    struct text made, message;
    struct note n;

    (void)state;
    assert_ok(checkpoint_open(bytes, length, &log, &c));
    text_init(&made, NOTE_BYTES);
    text_init(&message, NOTE_BYTES);
    seed_from(0x01, seed);
    key = ed25519_key_new(seed);
    checkpoint_sign(&c, key, &made);
    assert_ok(note_parse(made.data, made.length, &n));
    ed25519_key_free(key);
    seed_from(0x21, seed);
    key = ed25519_key_new(seed);
    cosignature_message(1782876420, n.text, n.text_length, &message);
    cosignature[4] = 0x6a;
    cosignature[5] = 0x44;
    cosignature[6] = 0x89;
    cosignature[7] = 0x04;
    ed25519_sign(key, message.data, message.length, cosignature + 8);
    note_signature_append(&witness, cosignature, sizeof(cosignature), &made);
    assert_int_equal(made.length, length);
    assert_memory_equal(made.data, bytes, length);
    ed25519_key_free(key);
    text_release(&message);
    text_release(&made);
    free(bytes);
}

/* No byte of a signed note can change without the log's signature or the syntax being broken,
 * unless it belongs to the other signature's line. */
static void test_each_flipped_byte_is_refused(void **state)
{
    struct vkey log = known_key("proofs/vkey"), witness = known_key("proofs/wvkey");
    size_t length;
    char *bytes = check_data("proofs/cp", &length);
    struct checkpoint c;
    struct note n;

    (void)state;
    for (size_t i = 0; i < length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bool log_good, witness_good;

            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            log_good = checkpoint_open(bytes, length, &log, &c) == ERR_OK;
            witness_good = note_parse(bytes, length, &n) == ERR_OK &&
                           note_verify(&n, &witness, NULL) == ERR_OK;
            assert_false(log_good && witness_good);
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
        }
    }
    free(bytes);
}

/* A change to a text, and what it must give. */
static void spoilt(const char *from, const char *to, enum err wanted)
{
    struct vkey log = known_key("proofs/vkey");
    size_t length;
    char *bytes = check_data("proofs/cp", &length), *hit = strstr(bytes, from);
    struct checkpoint c;
    struct text t;

    assert_non_null(hit);
    text_init(&t, 2 * NOTE_BYTES);
    text_append(&t, bytes, (size_t)(hit - bytes));
    text_string(&t, to);
    text_string(&t, hit + strlen(from));
    assert_err(checkpoint_open(t.data, t.length, &log, &c), wanted);
    text_release(&t);
    free(bytes);
}

static void test_notes_that_are_none(void **state)
{
    (void)state;
    spoilt("\n\n\xE2", "\n\xE2", ERR_SYNTAX);              /* no blank line */
    spoilt("log1\n3", "log1\r\n3", ERR_SYNTAX);            /* CRLF */
    spoilt("log1\n3", "log1\t\n3", ERR_SYNTAX);            /* a control character */
    spoilt("log1\n3", "log1\xC3\n3", ERR_SYNTAX);          /* no UTF-8 */
    spoilt("\xE2\x80\x94 trader", "- trader", ERR_SYNTAX); /* a hyphen is no em dash */
    spoilt("\xE2\x80\x94 trader", "\xE2\x80\x93 trader", ERR_SYNTAX);
    spoilt("\xE2\x80\x94 trader", "\xE2\x80\x94trader", ERR_SYNTAX);
    spoilt("log1 D7UY", "log1  D7UY", ERR_SYNTAX);
    spoilt("gryLQ0=\n", "gryLQ0= \n", ERR_SYNTAX);
    spoilt("gryLQ0=\n", "gryLQ0\n", ERR_SYNTAX);
    spoilt("gryLQ0=\n", "gryLQ1=\n", ERR_SYNTAX);   /* stray bits: another text of the same bytes */
    spoilt("iiWPiAA==\n", "iiWPiAA==", ERR_SYNTAX); /* no final newline */
    spoilt("iiWPiAA==\n", "iiWPiAA==\n\n", ERR_SYNTAX);
    spoilt("log1\n3\n", "log1\n03\n", ERR_CONFLICT);
    spoilt("log1\n3\n", "log1\n4\n", ERR_CONFLICT);
    spoilt("trader.example/log1\n3", "trader.example/log2\n3", ERR_CONFLICT);
    spoilt("log1 D7UY", "log2 D7UY", ERR_NOT_FOUND); /* an unknown key's line is passed over */
    spoilt("log1 D7UY", "log1 D8UY", ERR_NOT_FOUND);
}

/* The signed text ends at the last blank line, not at the first. */
static void test_text_ends_at_the_last_blank_line(void **state)
{
    static const char text[] = "a\n\nb\n";
    struct vkey log = known_key("proofs/vkey");
    uint8_t seed[ED25519_SEED_BYTES], signature[ED25519_SIGNATURE_BYTES];
    struct ed25519_key *key;
    struct text made;
    struct note n;

    (void)state;
    seed_from(0x01, seed);
    key = ed25519_key_new(seed);
    text_init(&made, NOTE_BYTES);
    text_string(&made, text);
    ed25519_sign(key, text, sizeof(text) - 1, signature);
    text_char(&made, '\n');
    note_signature_append(&log, signature, sizeof(signature), &made);
    assert_ok(note_parse(made.data, made.length, &n));
    assert_int_equal(n.text_length, sizeof(text) - 1);
    assert_ok(note_verify(&n, &log, NULL));
    /* Signed, but no checkpoint. */
    assert_err(checkpoint_open(made.data, made.length, &log, &(struct checkpoint){0}), ERR_SYNTAX);
    ed25519_key_free(key);
    text_release(&made);
}

static void test_a_valid_note_of_another_log_is_refused(void **state)
{
    struct vkey log = known_key("proofs/vkey");
    struct checkpoint c = {.origin = "trader.example/log2", .size = 1};
    uint8_t seed[ED25519_SEED_BYTES], signature[ED25519_SIGNATURE_BYTES];
    struct ed25519_key *key;
    struct text made;

    (void)state;
    seed_from(0x01, seed);
    key = ed25519_key_new(seed);
    text_init(&made, NOTE_BYTES);
    checkpoint_print(&c, &made);
    ed25519_sign(key, made.data, made.length, signature);
    text_char(&made, '\n');
    note_signature_append(&log, signature, sizeof(signature), &made);
    assert_err(checkpoint_open(made.data, made.length, &log, &c), ERR_INVALID);
    ed25519_key_free(key);
    text_release(&made);
}

static void test_a_second_wrong_signature_condemns_the_note(void **state)
{
    struct vkey log = known_key("proofs/vkey");
    uint8_t wrong[ED25519_SIGNATURE_BYTES] = {1};
    size_t length;
    char *bytes = check_data("proofs/cp", &length);
    struct checkpoint c;
    struct text t;

    (void)state;
    text_init(&t, NOTE_BYTES);
    text_append(&t, bytes, length);
    note_signature_append(&log, wrong, sizeof(wrong), &t);
    assert_err(checkpoint_open(t.data, t.length, &log, &c), ERR_CONFLICT);
    text_release(&t);
    free(bytes);
}

/* A witness may sign with another algorithm: 2420 bytes of ML-DSA-44 after type and time. */
static void test_unknown_algorithms_are_passed_over(void **state)
{
    struct vkey log = known_key("proofs/vkey");
    uint8_t *long_one = xcalloc(1, 4 + 8 + 2420);
    char *encoded = xmalloc(4 * 820), *bytes;
    struct checkpoint c;
    struct text t;
    size_t length;

    (void)state;
    bytes = check_data("proofs/cp", &length);
    text_init(&t, NOTE_BYTES);
    text_append(&t, bytes, length);
    text_string(&t, "\xE2\x80\x94 witness.example/w2 ");
    text_append(&t, encoded, base64_print(long_one, 4 + 8 + 2420, encoded));
    text_char(&t, '\n');
    assert_ok(checkpoint_open(t.data, t.length, &log, &c));
    text_release(&t);
    free(bytes);
    free(encoded);
    free(long_one);
}

static void test_limits(void **state)
{
    struct vkey log = known_key("proofs/vkey");
    uint8_t wrong[ED25519_SIGNATURE_BYTES] = {1};
    struct vkey other;
    struct text t;
    struct note n;

    (void)state;
    assert_ok(vkey_make("w", VKEY_ED25519, log.key, &other));
    text_init(&t, 2 * NOTE_BYTES);
    text_string(&t, "a\n\n");
    for (int i = 0; i < NOTE_SIGNATURES; i++)
        note_signature_append(&other, wrong, sizeof(wrong), &t);
    assert_ok(note_parse(t.data, t.length, &n));
    note_signature_append(&other, wrong, sizeof(wrong), &t);
    assert_err(note_parse(t.data, t.length, &n), ERR_LIMIT);
    text_clear(&t);
    while (t.length <= NOTE_BYTES)
        text_string(&t, "a line of a text that is too long\n");
    assert_err(note_parse(t.data, t.length, &n), ERR_LIMIT);
    assert_err(note_parse("", 0, &n), ERR_SYNTAX);
    assert_err(note_parse("\n", 1, &n), ERR_SYNTAX);
    assert_err(note_parse("\n\n", 2, &n), ERR_SYNTAX);
    assert_err(note_parse("a\n\n", 3, &n), ERR_SYNTAX);
    text_release(&t);
}

static void test_checkpoint_texts(void **state)
{
    static const char root[] = "mHUFA9C6eXSSjc6PGN4tLaVsHDQURP0J30qiglWJNEM=";
    static const struct {
        const char *format;
        enum err wanted;
    } rows[] = {
        {"o\n0\n%s\n", ERR_OK},
        {"o\n9223372036854775807\n%s\n", ERR_OK},
        {"o\n3\n%s\nextension\n", ERR_OK},
        {"o\n9223372036854775808\n%s\n", ERR_SYNTAX},
        {"o\n18446744073709551616\n%s\n", ERR_SYNTAX},
        {"o\n03\n%s\n", ERR_SYNTAX},
        {"o\n+3\n%s\n", ERR_SYNTAX},
        {"o\n-3\n%s\n", ERR_SYNTAX},
        {"o\n\n%s\n", ERR_SYNTAX},
        {"o\n3 \n%s\n", ERR_SYNTAX},
        {"\n3\n%s\n", ERR_SYNTAX},
        {"o\n3\n%s", ERR_SYNTAX},
        {"o\n3\n%s\n\nextension\n", ERR_SYNTAX},
        {"o\n3\n%s \n", ERR_SYNTAX},
        {"o\n3\nAAAA%s\n", ERR_SYNTAX},
        {"o\n3\nmHUF\n", ERR_SYNTAX},
        {"o\n3\n", ERR_SYNTAX},
        {"o\n", ERR_SYNTAX},
        {"", ERR_SYNTAX},
    };
    struct checkpoint c;
    struct text t;

    (void)state;
    text_init(&t, NOTE_BYTES);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *at = strstr(rows[i].format, "%s");

        text_clear(&t);
        text_append(&t, rows[i].format,
                    at ? (size_t)(at - rows[i].format) : strlen(rows[i].format));
        text_string(&t, at ? root : "");
        text_string(&t, at ? at + 2 : "");
        assert_err(checkpoint_parse(t.length ? t.data : "", t.length, &c), rows[i].wanted);
    }
    text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_keys),
        cmocka_unit_test(test_the_type_is_part_of_the_id),
        cmocka_unit_test(test_bad_keys),
        cmocka_unit_test(test_the_known_checkpoint),
        cmocka_unit_test(test_signing_gives_the_known_bytes),
        cmocka_unit_test(test_each_flipped_byte_is_refused),
        cmocka_unit_test(test_notes_that_are_none),
        cmocka_unit_test(test_text_ends_at_the_last_blank_line),
        cmocka_unit_test(test_a_valid_note_of_another_log_is_refused),
        cmocka_unit_test(test_a_second_wrong_signature_condemns_the_note),
        cmocka_unit_test(test_unknown_algorithms_are_passed_over),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_checkpoint_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
