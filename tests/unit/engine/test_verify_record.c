/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of canonical records takes what the writer writes and nothing else. */
#include "tests/support/check.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/text.h"
#include "engine/verify_record.h"

#define TAIL \
    "\"mode\": \"paper\", \"strategy\": \"\", \"timestamp\": \"2024-01-15T10:30:00.000000Z\"}"

static void test_every_leaf_of_the_ledger_is_taken(void **state)
{
    char *bytes = check_data("ledger/leaves.txt", NULL), *cursor = bytes, *line;
    int count = 0;

    (void)state;
    while ((line = check_line(&cursor))) {
        char *rest = NULL, *name = strtok_r(line, "\t", &rest);
        char *entry = strtok_r(NULL, "\t", &rest);
        struct record_fault fault = {0, ""};
        struct record r;

        if (!entry)
            continue;
        if (record_parse(entry, strlen(entry), &r, &fault))
            fail_msg("%s: byte %zu: %s", name, fault.offset, fault.why);
        assert_true(strncmp(name, leaf_kind_name(r.kind), strlen(leaf_kind_name(r.kind))) == 0);
        assert_int_equal(r.at_us, INT64_C(1705314600000000));
        count++;
    }
    assert_true(count >= 10);
    free(bytes);
}

/* `body` as the kind's object; the sentence, or NULL when it is taken. */
static const char *fault_of(const char *body)
{
    struct record_fault fault = {0, NULL};
    struct record r;
    struct text t;

    text_init(&t, 2 * LIMIT_LEAF_BYTES);
    text_format(&t, "{\"cycle\": %s, " TAIL, body);
    if (!record_parse(t.data, t.length, &r, &fault))
        assert_null(fault.why);
    else
        assert_true(fault.why && fault.offset <= t.length);
    text_release(&t);
    return fault.why;
}

static void test_values(void **state)
{
    static const char *const good[] = {
        "{}",
        "{\"a\": 1}",
        "{\"a\": -1, \"b\": 0, \"c\": 9007199254740991}",
        "{\"a\": null, \"a0\": true, \"a_\": false}",
        "{\"a\": []}",
        "{\"a\": [1, \"x\", {\"b\": []}], \"b\": {}}",
        "{\"a\": \"\\\"\\\\\\b\\f\\n\\r\\t\"}",
        "{\"a\": \"\\u0000\\u001f\\u007f\\u00e9\\ud83d\\ude00\"}",
        "{\"a\": \"/ ~ {}[]:,\"}",
    };
    static const char *const bad[] = {
        "[]",
        "{\"a\":1}",
        "{\"a\": 1,\"b\": 2}",
        "{\"a\": 1, }",
        "{ \"a\": 1}",
        "{\"a\": 1 }",
        "{\"b\": 1, \"a\": 2}",
        "{\"a\": 1, \"a\": 2}",
        "{\"ab\": 1, \"a\": 2}",
        "{\"A\": 1}",
        "{\"\": 1}",
        "{\"a-b\": 1}",
        "{\"a2345678901234567890123456789012345678901\": 1}",
        "{\"a\": 01}",
        "{\"a\": -0}",
        "{\"a\": +1}",
        "{\"a\": 1.0}",
        "{\"a\": 1e3}",
        "{\"a\": 9007199254740992}",
        "{\"a\": 90071992547409910}",
        "{\"a\": -9007199254740992}",
        "{\"a\": nul}",
        "{\"a\": True}",
        "{\"a\": NaN}",
        "{\"a\": [1,2]}",
        "{\"a\": [1, ]}",
        "{\"a\": [, 1]}",
        "{\"a\": \"\\/\"}",
        "{\"a\": \"\\u0041\"}",
        "{\"a\": \"\\u000a\"}",
        "{\"a\": \"\\u00E9\"}",
        "{\"a\": \"\\ud83d\"}",
        "{\"a\": \"\\ude00\"}",
        "{\"a\": \"\\ud83d\\u0041\"}",
        "{\"a\": \"\\x\"}",
        "{\"a\": \"\xC3\xA9\"}",
        "{\"a\": \"\n\"}",
        "{\"a\": \"\x7F\"}",
        "{\"a\": \"x}",
        "{\"a\": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (fault_of(good[i]))
            fail_msg("refused: %s: %s", good[i], fault_of(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (!fault_of(bad[i]))
            fail_msg("taken: %s", bad[i]);
}

static enum err parse(const char *text)
{
    struct record_fault fault;
    struct record r;

    return record_parse(text, strlen(text), &r, &fault);
}

static void test_envelopes(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{}",
        "null",
        "{" TAIL,
        "{\"cycle\": {}, \"mode\": \"paper\", \"strategy\": \"\"}",
        "{\"cycle\": {}, \"mode\": 1, \"strategy\": \"\", "
        "\"timestamp\": \"2024-01-15T10:30:00.000000Z\"}",
        "{\"cycle\": 1, " TAIL,
        "{\"unheard\": {}, " TAIL,
        "{\"cycle\": {}, \"equity\": {}, " TAIL,
        "{\"cycle\": {}, \"extra\": 1, " TAIL,
        "{\"cycle\": {}, " TAIL " ",
        "{\"cycle\": {}, " TAIL "\n",
        "{\"cycle\": {}, \"mode\": \"paper\", \"strategy\": \"\", \"timestamp\": "
        "\"2024-02-30T10:30:00.000000Z\"}",
    };

    (void)state;
    assert_ok(parse("{\"cycle\": {}, " TAIL));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (parse(bad[i]) == ERR_OK)
            fail_msg("taken: %s", bad[i]);
}

/* Cut anywhere, and with any byte changed, an entry is refused or is another valid one. */
static void test_cut_and_changed_entries(void **state)
{
    static const char entry[] =
        "{\"cycle\": {\"a\": [1, \"\\u00e9\"], \"b\": {\"c\": null}, \"d\": \"x\"}, " TAIL;
    size_t length = sizeof entry - 1;
    struct record_fault fault;
    struct record r;
    char copy[sizeof entry];

    (void)state;
    assert_ok(record_parse(entry, length, &r, &fault));
    for (size_t n = 0; n < length; n++) {
        char *exact = xmalloc(n + 1); /* so that a sanitizer sees a read behind the end */

        memcpy(exact, entry, n);
        assert_err(record_parse(exact, n, &r, &fault), ERR_SYNTAX);
        free(exact);
    }
    for (size_t i = 0; i < length; i++) {
        memcpy(copy, entry, sizeof copy);
        copy[i] = (char)(copy[i] ^ 0x80);
        assert_err(record_parse(copy, length, &r, &fault), ERR_SYNTAX);
    }
}

static void test_members_and_items(void **state)
{
    static const char entry[] = "{\"cycle\": {\"list\": [{\"a\": \"1\"}, {\"a\": \"2\"}], "
                                "\"n\": 7, \"t\": \"x\"}, " TAIL;
    struct record_fault fault;
    struct member members[RECORD_MEMBERS];
    struct value list, item, v;
    size_t offset = 0, count, items = 0;
    struct record r;

    (void)state;
    assert_ok(record_parse(entry, sizeof entry - 1, &r, &fault));
    assert_int_equal(r.kind, LEAF_CYCLE);
    v = record_get(&r, "n");
    assert_int_equal(v.integer, 7);
    assert_int_equal(record_get(&r, "absent").kind, VALUE_ABSENT);
    list = record_get(&r, "list");
    while (value_item(&list, &offset, &item)) {
        assert_ok(value_members(&item, members, &count));
        v = member_get(members, count, "a");
        assert_true(value_is(&v, items == 0 ? "1" : "2"));
        items++;
    }
    assert_int_equal(items, 2);
    v = record_get(&r, "t");
    assert_false(value_item(&v, &offset, &item));
    assert_err(value_members(&v, members, &count), ERR_INVALID);
}

static struct value text_value(const char *text)
{
    return (struct value){.kind = VALUE_TEXT, .at = text, .length = strlen(text)};
}

static bool takes_amount(const char *text)
{
    struct value v = text_value(text);
    int decimals;
    i128 e12;

    return value_amount(&v, &e12, &decimals);
}

static bool takes_id(const char *text)
{
    struct value v = text_value(text);
    int64_t id;

    return value_id(&v, &id);
}

static void test_texts_as_numbers(void **state)
{
    struct value v = text_value("-12.3400");
    struct digest d;
    int decimals;
    i128 e12;

    (void)state;
    assert_true(value_amount(&v, &e12, &decimals));
    assert_true(e12 == -(i128)12340000000000 && decimals == 4);
    assert_true(takes_amount("0") && takes_amount("0.000000000001") && takes_amount("0.00"));
    assert_false(takes_amount("") || takes_amount("-0") || takes_amount("-0.00"));
    assert_false(takes_amount("01") || takes_amount("1.") || takes_amount(".5"));
    assert_false(takes_amount("1e3") || takes_amount("+1") || takes_amount("0.0000000000010"));
    assert_true(takes_id("1") && takes_id("999999999999999999"));
    assert_false(takes_id("0") || takes_id("01") || takes_id("") || takes_id("-1"));
    assert_false(takes_id("1x") || takes_id("1000000000000000000"));
    v = text_value("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    assert_true(value_digest(&v, &d) && d.bytes[1] == 0x11 && d.bytes[31] == 0xff);
    v = text_value("00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF");
    assert_false(value_digest(&v, &d));
}

/* Every day of four centuries and the odd instants, against core/clock.h. */
static void test_times(void **state)
{
    static const char *const bad[] = {
        "2023-02-29T00:00:00.000000Z", "1900-02-29T00:00:00.000000Z", "2024-13-01T00:00:00.000000Z",
        "2024-00-01T00:00:00.000000Z", "2024-01-00T00:00:00.000000Z", "2024-04-31T00:00:00.000000Z",
        "2024-01-01T24:00:00.000000Z", "2024-01-01T00:60:00.000000Z", "2024-01-01T00:00:60.000000Z",
        "2024-01-01 00:00:00.000000Z", "2024-01-01T00:00:00.00000Z",  "2024-01-01T00:00:00.000000+",
        "0000-01-01T00:00:00.000000Z", "2024-01-01T00:00:00,000000Z",
    };
    char text[TIME_TEXT_MAX];
    struct value v;
    int64_t us;

    (void)state;
    for (int64_t day = -135140; day < 146097; day++) { /* 1600 to 2370 */
        time_print(day * US_PER_DAY + day * 7919, text);
        v = text_value(text);
        assert_true(value_time(&v, &us));
        assert_int_equal(us, day * US_PER_DAY + day * 7919);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        v = text_value(bad[i]);
        assert_false(value_time(&v, &us));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_leaf_of_the_ledger_is_taken),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_envelopes),
        cmocka_unit_test(test_cut_and_changed_entries),
        cmocka_unit_test(test_members_and_items),
        cmocka_unit_test(test_texts_as_numbers),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
