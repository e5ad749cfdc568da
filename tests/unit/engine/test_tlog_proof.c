/* SPDX-License-Identifier: Apache-2.0 */
/* tlog-proof files: the known answer, each flipped byte, and what is no such file. */
#include <stdlib.h>

#include "engine/checkpoint.h"
#include "tests/support/check.h"

static struct vkey known_key(const char *file)
{
    size_t length;
    char *text = check_data(file, &length);
    struct vkey k;

    assert_ok(vkey_parse(text, length, &k));
    free(text);
    return k;
}

static void test_the_known_proof(void **state)
{
    struct vkey log = known_key("proofs/vkey");
    size_t length, entry_length;
    char *bytes = check_data("proofs/leaf1.tlog-proof", &length);
    char *entry = check_data("proofs/leaf1", &entry_length);
    struct checkpoint c;
    struct tlog_proof p;
    struct digest leaf;
    struct text again;

    (void)state;
    merkle_leaf(entry, entry_length, &leaf);
    assert_ok(tlog_proof_parse(bytes, length, &p));
    assert_int_equal(p.index, 1);
    assert_int_equal(p.inclusion.count, 2);
    assert_ok(tlog_proof_verify(&p, &log, &leaf, &c));
    assert_int_equal(c.size, 3);
    text_init(&again, NOTE_BYTES);
    tlog_proof_print(&p, &again);
    assert_int_equal(again.length, length);
    assert_memory_equal(again.data, bytes, length);
    p.index = 0;
    assert_err(tlog_proof_verify(&p, &log, &leaf, &c), ERR_CONFLICT);
    p.index = 3;
    assert_err(tlog_proof_verify(&p, &log, &leaf, &c), ERR_INVALID);
    text_release(&again);
    free(entry);
    free(bytes);
}

static void test_each_flipped_byte_of_a_proof_is_refused(void **state)
{
    struct vkey log = known_key("proofs/vkey");
    size_t length, entry_length;
    char *bytes = check_data("proofs/leaf1.tlog-proof", &length);
    char *entry = check_data("proofs/leaf1", &entry_length);
    struct digest leaf;

    (void)state;
    merkle_leaf(entry, entry_length, &leaf);
    for (size_t i = 0; i < length; i++) {
        struct tlog_proof p;

        bytes[i] = (char)(bytes[i] ^ 1);
        assert_false(tlog_proof_parse(bytes, length, &p) == ERR_OK &&
                     tlog_proof_verify(&p, &log, &leaf, NULL) == ERR_OK);
        bytes[i] = (char)(bytes[i] ^ 1);
    }
    free(entry);
    free(bytes);
}

static void test_proof_files(void **state)
{
    static const char note[] = "note";
    static const struct {
        const char *text;
        enum err wanted;
    } rows[] = {
        {"c2sp.org/tlog-proof@v1\nindex 0\n\nnote", ERR_OK},
        {"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\nnote", ERR_OK},
        {"c2sp.org/tlog-proof@v1\nextra AA\nindex 0\n\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v2\nindex 0\n\nnote", ERR_SYNTAX},
        {"index 0\n\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 00\n\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex \n\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 0\nnote", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 0\n\n", ERR_SYNTAX},
        {"c2sp.org/tlog-proof@v1\n", ERR_SYNTAX},
        {"", ERR_SYNTAX},
    };
    struct tlog_proof p;
    struct text t;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_err(tlog_proof_parse(rows[i].text, strlen(rows[i].text), &p), rows[i].wanted);
    text_init(&t, NOTE_BYTES);
    p = (struct tlog_proof){.index = 5, .checkpoint = note, .checkpoint_length = sizeof(note) - 1};
    p.inclusion.count = MERKLE_PROOF_MAX;
    tlog_proof_print(&p, &t);
    assert_ok(tlog_proof_parse(t.data, t.length, &p));
    t.length -= sizeof(note); /* the blank line and the note: another hash instead */
    text_string(&t, "mHUFA9C6eXSSjc6PGN4tLaVsHDQURP0J30qiglWJNEM=\n\nnote");
    assert_err(tlog_proof_parse(t.data, t.length, &p), ERR_LIMIT);
    text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_known_proof),
        cmocka_unit_test(test_each_flipped_byte_of_a_proof_is_refused),
        cmocka_unit_test(test_proof_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
