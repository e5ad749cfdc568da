/* SPDX-License-Identifier: Apache-2.0 */
/* Witnesses: policies that are right and wrong, quorums, requests and what answers mean. */
#include "engine/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/witness_policy.h"
#include "tests/support/check.h"

enum {
    WITNESSES = 4,
    TEXT_MAX = 64 * 1024
};

struct party {
    struct ed25519_key *key;
    struct vkey vkey;
    char text[VKEY_BYTES];
};

static struct party logger, parties[WITNESSES];

static struct party make_party(const char *name, enum vkey_type type, uint8_t seed_byte)
{
    uint8_t seed[ED25519_SEED_BYTES], public_key[ED25519_KEY_BYTES];
    struct party p;

    memset(seed, seed_byte, sizeof seed);
    p.key = ed25519_key_new(seed);
    ed25519_public(p.key, public_key);
    assert_ok(vkey_make(name, type, public_key, &p.vkey));
    vkey_print(&p.vkey, p.text);
    return p;
}

static int set_up(void **state)
{
    (void)state;
    logger = make_party("trader.example/log1", VKEY_ED25519, 1);
    for (int i = 0; i < WITNESSES; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "witness.example/w%d", i);
        parties[i] = make_party(name, VKEY_COSIGNATURE, (uint8_t)(10 + i));
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ed25519_key_free(logger.key);
    for (int i = 0; i < WITNESSES; i++)
        ed25519_key_free(parties[i].key);
    return 0;
}

static struct text signed_note(uint64_t size)
{
    struct checkpoint c = {.origin = "trader.example/log1", .size = size};
    struct text t;

    memset(c.root.bytes, 7, DIGEST_BYTES);
    text_init(&t, NOTE_BYTES);
    checkpoint_sign(&c, logger.key, &t);
    return t;
}

/* A cosignature line of the note's text. */
static void cosign(const struct party *p, const struct text *note, int64_t at_s, struct text *out)
{
    uint8_t bytes[NOTE_COSIGNATURE_BYTES];
    struct note n;
    struct text message;

    assert_ok(note_parse(note->data, note->length, &n));
    text_init(&message, NOTE_BYTES);
    cosignature_message(at_s, n.text, n.text_length, &message);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)at_s >> (56 - 8 * i));
    ed25519_sign(p->key, message.data, message.length, bytes + 8);
    note_signature_append(&p->vkey, bytes, sizeof bytes, out);
    text_release(&message);
}

/* ---- Policies ---- */

/* "%0" to "%3" are the witnesses' keys, "%L" the log's. */
static void fill_in(const char *pattern, struct text *out)
{
    text_init(out, TEXT_MAX);
    text_string(out, "");
    for (const char *c = pattern; *c; c++) {
        if (*c != '%')
            text_char(out, *c);
        else if (*++c == 'L')
            text_string(out, logger.text);
        else
            text_string(out, parties[*c - '0'].text);
    }
}

static enum err parse(const char *pattern, struct witness_policy *p, struct diag_list *diags)
{
    struct text t;
    enum err e;

    fill_in(pattern, &t);
    e = witness_policy_parse(t.length ? t.data : "", t.length, "policy", diags, p);
    text_release(&t);
    return e;
}

static const char example[] = "# two of three, and one of the others\n"
                              "log %L https://trader.example/v1/log/\n"
                              "\n"
                              "witness X1 %0 https://w0.example/\n"
                              "witness X2\t%1\n"
                              "  witness X3 %2  \n"
                              "group X 2 X1 X2 X3\n"
                              "witness Y %3\n"
                              "group both all X Y\n"
                              "quorum both\n";

static void test_an_example_is_read(void **state)
{
    static struct witness_policy p;
    struct diag_list diags = {0};

    (void)state;
    assert_ok(parse(example, &p, &diags));
    assert_int_equal(p.log_count, 1);
    assert_string_equal(p.logs[0].url, "https://trader.example/v1/log");
    assert_int_equal(p.node_count, 6);
    assert_string_equal(p.nodes[0].url, "https://w0.example");
    assert_string_equal(p.nodes[1].url, "");
    assert_int_equal(p.nodes[3].needed, 2);
    assert_int_equal(p.quorum, 5);
    assert_true(witness_policy_has_log(&p, &logger.vkey));
    assert_false(witness_policy_has_log(&p, &parties[0].vkey));
    assert_ok(parse("quorum none\n", &p, &diags));
    assert_true(witness_policy_has_log(&p, &logger.vkey));
    assert_int_equal(diags.count, 0);
}

static void test_mistakes_are_named_with_their_line(void **state)
{
    static const struct {
        const char *text;
        enum err error;
        int line;
    } rows[] = {
        {"", ERR_SYNTAX, 0},
        {"quorum none", ERR_SYNTAX, 1},
        {"witness A %0\nquorum B\n", ERR_SYNTAX, 2},
        {"quorum none\nquorum none\n", ERR_SYNTAX, 2},
        {"witness A %0\nwitness A %1\nquorum A\n", ERR_CONFLICT, 2},
        {"witness A %0\nwitness B %0\nquorum A\n", ERR_CONFLICT, 2},
        {"log %L\nlog %L\nquorum none\n", ERR_CONFLICT, 2},
        {"log %0\nquorum none\n", ERR_SYNTAX, 1},
        {"witness A %L\nquorum A\n", ERR_SYNTAX, 1},
        {"witness none %0\nquorum none\n", ERR_CONFLICT, 1},
        {"group G any A\nwitness A %0\nquorum G\n", ERR_SYNTAX, 1},
        {"witness A %0\ngroup G 2 A\nquorum G\n", ERR_SYNTAX, 2},
        {"witness A %0\ngroup G 0 A\nquorum G\n", ERR_SYNTAX, 2},
        {"witness A %0\ngroup G 01 A\nquorum G\n", ERR_SYNTAX, 2},
        {"witness A %0\ngroup G any\nquorum G\n", ERR_SYNTAX, 2},
        {"witness A %0\ngroup G any A A\nquorum G\n", ERR_CONFLICT, 2},
        {"witness A %0\ngroup G any A\ngroup H any A\nquorum G\n", ERR_CONFLICT, 3},
        {"witness A %0\r\nquorum A\n", ERR_SYNTAX, 1},
        {"wittness A %0\nquorum A\n", ERR_SYNTAX, 1},
    };
    static struct witness_policy p;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct diag_list diags = {0};

        assert_int_equal(parse(rows[i].text, &p, &diags), rows[i].error);
        assert_int_equal(diags.count, 1);
        assert_string_equal(diags.items[0].field, "policy");
        assert_int_equal(diags.items[0].line, rows[i].line);
        assert_true(diags.items[0].hint[0] != '\0');
    }
}

/* ---- Quorums ---- */

static struct witness_verdict judge(const struct witness_policy *p, unsigned who, int64_t at_s,
                                    bool spoil)
{
    struct text note = signed_note(5);
    struct witness_verdict v;
    struct note parsed;

    for (int i = 0; i < WITNESSES; i++) {
        if (who >> i & 1)
            cosign(&parties[i], &note, at_s + i, &note);
    }
    if (spoil) /* a bit of the last signature, which base64 keeps valid */
        note.data[note.length - 30] = note.data[note.length - 30] == 'A' ? 'B' : 'A';
    assert_ok(note_parse(note.data, note.length, &parsed));
    witness_policy_judge(p, &parsed, &v);
    text_release(&note);
    return v;
}

static void test_a_quorum_is_met_exactly_when_its_groups_are(void **state)
{
    static struct witness_policy p;
    struct diag_list diags = {0};

    (void)state;
    assert_ok(parse(example, &p, &diags));
    for (unsigned who = 0; who < 16; who++) {
        struct witness_verdict v = judge(&p, who, 1000, false);
        int of_x = (int)(who & 1) + (int)(who >> 1 & 1) + (int)(who >> 2 & 1);
        bool met = of_x >= 2 && who >> 3;

        assert_false(v.has_bad);
        assert_int_equal(v.is_met, met);
        assert_int_equal(v.met_s, met ? 1003 : 0); /* the last needed one is Y */
    }
    /* Without Y the third of X is not needed: the quorum was met with the second. */
    assert_ok(
        parse("witness A %0\nwitness B %1\nwitness C %2\ngroup G 2 A B C\nquorum G\n", &p, &diags));
    assert_int_equal(judge(&p, 7, 1000, false).met_s, 1001);
    assert_int_equal(judge(&p, 7, 1000, false).newest_s, 1002);
    assert_ok(parse("quorum none\n", &p, &diags));
    assert_true(judge(&p, 0, 1000, false).is_met);
}

static void test_a_wrong_signature_of_a_known_witness_is_seen(void **state)
{
    static struct witness_policy p;
    struct diag_list diags = {0};

    (void)state;
    assert_ok(parse("witness A %0\nquorum A\n", &p, &diags));
    assert_true(judge(&p, 1, 1000, true).has_bad);
    assert_false(judge(&p, 1, 1000, true).is_met);
    /* Of an unknown one it means nothing. */
    assert_false(judge(&p, 3, 1000, true).has_bad);
    assert_true(judge(&p, 3, 1000, true).is_met);
}

/* ---- Asking ---- */

static void test_a_request_has_its_parts(void **state)
{
    static struct merkle_proof proof = {.count = 2};
    struct text note = signed_note(9), body;

    (void)state;
    memset(proof.hashes[0].bytes, 0, DIGEST_BYTES);
    memset(proof.hashes[1].bytes, 0xff, DIGEST_BYTES);
    text_init(&body, NOTE_BYTES);
    witness_request(4, &proof, note.data, note.length, &body);
    assert_true(strncmp(body.data,
                        "old 4\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                        "//////////////////////////////////////////8=\n\ntrader.example/log1\n9\n",
                        6 + 45 + 45 + 1 + 22) == 0);
    text_release(&note);
    text_release(&body);
}

static enum witness_answer answer(int status, const char *body, uint64_t *known)
{
    struct text note = signed_note(9), lines;
    const struct witness_question q = {.witness = &parties[0].vkey,
                                       .old = 4,
                                       .size = 9,
                                       .note = note.data,
                                       .note_length = note.length};
    enum witness_answer a;
    int64_t at_s;

    text_init(&lines, NOTE_BYTES);
    a = witness_judge(&q, status, body, strlen(body), &lines, &at_s, known);
    assert_int_equal(lines.length, 0);
    text_release(&note);
    text_release(&lines);
    return a;
}

static void test_answers_mean_what_the_protocol_says(void **state)
{
    uint64_t known = 0;

    (void)state;
    assert_int_equal(answer(409, "6\n", &known), WITNESS_BEHIND);
    assert_int_equal(known, 6);
    assert_int_equal(answer(409, "0\n", &known), WITNESS_BEHIND);
    assert_int_equal(answer(409, "4\n", &known), WITNESS_ALARM);
    assert_int_equal(answer(409, "10\n", &known), WITNESS_ALARM);
    assert_int_equal(answer(409, "06\n", &known), WITNESS_REFUSED);
    assert_int_equal(answer(409, "6", &known), WITNESS_REFUSED);
    assert_int_equal(answer(409, "99999999999999999999\n", &known), WITNESS_REFUSED);
    assert_int_equal(answer(422, "", &known), WITNESS_ALARM);
    assert_int_equal(answer(429, "", &known), WITNESS_LATER);
    assert_int_equal(answer(503, "", &known), WITNESS_LATER);
    assert_int_equal(answer(404, "", &known), WITNESS_REFUSED);
    assert_int_equal(answer(403, "", &known), WITNESS_REFUSED);
    assert_int_equal(answer(200, "", &known), WITNESS_REFUSED);
    assert_int_equal(answer(200, "hello\n\xe2\x80\x94 a b\n", &known), WITNESS_REFUSED);
}

static void test_only_the_witness_s_newest_right_line_is_taken(void **state)
{
    struct text note = signed_note(9), other = signed_note(8), body, lines, expected;
    struct witness_question q = {.witness = &parties[0].vkey,
                                 .old = 4,
                                 .size = 9,
                                 .note = note.data,
                                 .note_length = note.length};
    int64_t at_s;
    uint64_t known;

    (void)state;
    text_init(&body, NOTE_BYTES);
    text_init(&lines, NOTE_BYTES);
    text_init(&expected, NOTE_BYTES);
    cosign(&parties[1], &note, 500, &body);
    cosign(&parties[0], &note, 600, &body);
    cosign(&parties[0], &note, 700, &body);
    cosign(&parties[0], &note, 650, &body);
    cosign(&parties[0], &note, 700, &expected);
    assert_int_equal(witness_judge(&q, 200, body.data, body.length, &lines, &at_s, &known),
                     WITNESS_COSIGNED);
    assert_int_equal(at_s, 700);
    assert_string_equal(lines.data, expected.data);
    /* A signature of another checkpoint is no answer. */
    text_clear(&body);
    text_clear(&lines);
    cosign(&parties[0], &other, 700, &body);
    assert_int_equal(witness_judge(&q, 200, body.data, body.length, &lines, &at_s, &known),
                     WITNESS_REFUSED);
    assert_int_equal(lines.length, 0);
    text_release(&note);
    text_release(&other);
    text_release(&body);
    text_release(&lines);
    text_release(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_example_is_read),
        cmocka_unit_test(test_mistakes_are_named_with_their_line),
        cmocka_unit_test(test_a_quorum_is_met_exactly_when_its_groups_are),
        cmocka_unit_test(test_a_wrong_signature_of_a_known_witness_is_seen),
        cmocka_unit_test(test_a_request_has_its_parts),
        cmocka_unit_test(test_answers_mean_what_the_protocol_says),
        cmocka_unit_test(test_only_the_witness_s_newest_right_line_is_taken),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
