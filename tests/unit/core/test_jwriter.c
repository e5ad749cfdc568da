/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer against CPython's bytes, and its assertions. */
#include "core/jwriter.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/double_text.h"
#include "tests/support/check.h"

enum {
    ROOM = 4096
};

struct leaf {
    const char *fill_id, *order_id, *price, *side, *timestamp;
};

static struct price price_of(const char *text)
{
    struct price p;

    assert_ok(price_parse(text, strlen(text), &p));
    return p;
}

static void write_leaf(struct jwriter *w, const struct leaf *leaf)
{
    int64_t us;

    assert_ok(time_parse(leaf->timestamp, strlen(leaf->timestamp), &us));
    jw_object(w);
    jw_member_text(w, "mode", "live");
    jw_member_text(w, "strategy", "ema-cross");
    jw_member_time(w, "timestamp", us);
    jw_key(w, "trade");
    jw_object(w);
    jw_member_money(w, "fee", (struct money){INT64_C(5000000000)}, 8);
    jw_member_text(w, "fee_ccy", "EUR");
    jw_member_text(w, "fill_id", leaf->fill_id);
    jw_member_text(w, "order_id", leaf->order_id);
    jw_member_price(w, "price", price_of(leaf->price), 2);
    jw_member_size(w, "qty", (struct size){INT64_C(10000000000)}, 8);
    jw_member_text(w, "side", leaf->side);
    jw_member_text(w, "symbol", "BTC/EUR");
    jw_object_end(w);
    jw_object_end(w);
}

/* The foreign record's numbers are what our writer never makes, so they go in as they are. */
static void write_foreign(struct jwriter *w)
{
    jw_object(w);
    jw_member_text(w, "mode", "paper");
    jw_member_text(w, "strategy", "\xC3\xA9\x7F\xF0\x9F\x98\x80\"\\/\b\n");
    jw_member_text(w, "timestamp", "2026-07-01T03:27:00.000000Z");
    jw_key(w, "trade");
    jw_object(w);
    jw_key(w, "e");
    jw_raw(w, "1e+16", 5);
    jw_member_integer(w, "i", INT64_C(9007199254740991));
    jw_key(w, "l");
    jw_array(w);
    jw_array_end(w);
    jw_key(w, "n");
    jw_raw(w, "-0.0", 4);
    jw_member_bool(w, "ok", true);
    jw_key(w, "price");
    jw_raw(w, "1e-05", 5);
    jw_key(w, "qty");
    jw_raw(w, "67012.35", 8);
    jw_member_null(w, "z");
    jw_object_end(w);
    jw_object_end(w);
}

static void same_hash(const struct text *t, const char *proof_line)
{
    char proof[DIGEST_HEX], leaf[DIGEST_HEX], got[DIGEST_HEX];
    struct digest d;

    assert_int_equal(sscanf(proof_line, " proof %64s leaf %64s", proof, leaf), 2);
    digest_of(t->data, t->length, &d);
    hex_print(d.bytes, DIGEST_BYTES, got);
    assert_string_equal(got, proof);
    digest_prefixed(0x00, t->data, t->length, &d);
    hex_print(d.bytes, DIGEST_BYTES, got);
    assert_string_equal(got, leaf);
}

static void test_known_answers(void **state)
{
    static const struct leaf leaves[] = {
        {"TX1", "O1", "62345.45", "buy", "2026-07-01T03:25:45.760055Z"},
        {"TX2", "O2", "62400.10", "sell", "2026-07-01T03:26:45.000001Z"},
    };
    char *data = check_data("proofs/kat.txt", NULL), *cursor = data, *line;
    struct jwriter w;
    struct text t;
    int i;

    (void)state;
    text_init(&t, ROOM);
    assert_non_null(check_line(&cursor)); /* the vkey */
    for (i = 0; i < 3; i++) {
        text_clear(&t);
        jwriter_init(&w, JSTYLE_CANONICAL, &t);
        if (i < 2)
            write_leaf(&w, &leaves[i]);
        else
            write_foreign(&w);
        assert_true(jwriter_ok(&w));
        line = check_line(&cursor);
        assert_non_null(line);
        assert_string_equal(t.data, line + 2);
        line = check_line(&cursor);
        assert_non_null(line);
        same_hash(&t, line);
    }
    text_release(&t);
    free(data);
}

static void test_strings_as_python(void **state)
{
    char *data = check_data("core/strings.txt", NULL), *cursor = data, *line, *wanted;
    char bytes[512];
    size_t length;
    struct jwriter w;
    struct text t;

    (void)state;
    text_init(&t, ROOM);
    while ((line = check_line(&cursor)) != NULL) {
        wanted = strchr(line, ' ');
        assert_non_null(wanted);
        *wanted++ = '\0';
        length = strcmp(line, "-") == 0 ? 0 : strlen(line) / 2;
        assert_ok(hex_parse(line, length * 2, (uint8_t *)bytes, length));
        text_clear(&t);
        jwriter_init(&w, JSTYLE_CANONICAL, &t);
        jw_text_n(&w, bytes, length);
        assert_true(jwriter_ok(&w));
        assert_string_equal(t.data, wanted);
    }
    text_release(&t);
    free(data);
}

static void check_doubles(void)
{
    char *data = check_data("core/doubles.txt", NULL), *cursor = data, *line;
    char got[DOUBLE_TEXT_MAX];
    double value;
    uint64_t bits;

    while ((line = check_line(&cursor)) != NULL) {
        bits = strtoull(line, NULL, 16);
        memcpy(&value, &bits, sizeof(value));
        assert_int_equal(double_print(value, got), strlen(line + 17));
        assert_string_equal(got, line + 17);
    }
    free(data);
}

static void test_doubles_as_python(void **state)
{
    (void)state;
    check_doubles();
    /* Not every machine has a locale with a decimal comma; where one is, it must not matter. */
    if (setlocale(LC_ALL, "de_DE.UTF-8")) {
        check_doubles();
        setlocale(LC_ALL, "C");
    }
}

static void test_compact(void **state)
{
    struct digest d = {{0xAB}};
    struct jwriter w;
    struct text t;

    (void)state;
    text_init(&t, ROOM);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    jw_object(&w);
    jw_member_text(&w, "Z-first", "h\xC3\xA9\x7F/\x01\t");
    jw_member_text(&w, "none", NULL);
    jw_member_integer(&w, "big", INT64_MIN);
    jw_member_double(&w, "x", 0.1);
    jw_member_double(&w, "nan", (double)NAN);
    jw_member_double(&w, "inf", -(double)INFINITY);
    jw_member_time(&w, "t", TIME_NONE);
    jw_member_time(&w, "u", 0);
    jw_member_ratio(&w, "r", (struct ratio){INT64_C(1000000000)});
    jw_member_price(&w, "p", (struct price){INT64_C(1500000000000)}, -1);
    jw_key(&w, "a");
    jw_array(&w);
    jw_bool(&w, false);
    jw_null(&w);
    jw_object(&w);
    jw_object_end(&w);
    jw_array_end(&w);
    jw_member_digest(&w, "d", &d);
    assert_false(jwriter_ok(&w));
    jw_object_end(&w);
    assert_true(jwriter_ok(&w));
    assert_string_equal(
        t.data, "{\"Z-first\":\"h\xC3\xA9\x7F/\\u0001\\t\",\"none\":null,"
                "\"big\":-9223372036854775808,\"x\":0.1,\"nan\":null,\"inf\":null,\"t\":null,"
                "\"u\":\"1970-01-01T00:00:00.000000Z\",\"r\":\"0.001\",\"p\":\"1.5\","
                "\"a\":[false,null,{}],"
                "\"d\":\"ab00000000000000000000000000000000000000000000000000000000000000\"}");
    text_release(&t);
}

static void test_invalid_utf8(void **state)
{
    struct jwriter w;
    struct text t;

    (void)state;
    text_init(&t, ROOM);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    jw_text(&w, "a\xFF\xC0\xAF\xED\xA0\x80z\xE2\x82");
    assert_true(text_is_utf8(t.data, t.length));
    text_clear(&t);
    jwriter_init(&w, JSTYLE_CANONICAL, &t);
    jw_text(&w, "a\xFFz");
    assert_string_equal(t.data, "\"a\\ufffdz\"");
    text_release(&t);
}

static void test_full(void **state)
{
    struct jwriter w;
    struct text t;

    (void)state;
    text_init(&t, 10);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    jw_text(&w, "more than ten bytes");
    assert_false(jwriter_ok(&w));
    text_release(&t);
}

enum misuse {
    MISUSE_ORDER,
    MISUSE_TWICE,
    MISUSE_LETTER,
    MISUSE_EMPTY,
    MISUSE_LONG,
    MISUSE_INTEGER,
    MISUSE_DOUBLE,
    MISUSE_NO_KEY,
    MISUSE_TWO_KEYS,
    MISUSE_WRONG_END,
    MISUSE_DEPTH,
    MISUSE_COUNT_
};

static void misuse(void *context)
{
    struct jwriter w;
    struct text t;
    int i;

    text_init(&t, ROOM);
    jwriter_init(&w, JSTYLE_CANONICAL, &t);
    jw_object(&w);
    jw_member_null(&w, "b");
    switch (*(enum misuse *)context) {
    case MISUSE_ORDER:
        jw_key(&w, "a");
        break;
    case MISUSE_TWICE:
        jw_key(&w, "b");
        break;
    case MISUSE_LETTER:
        jw_key(&w, "cC");
        break;
    case MISUSE_EMPTY:
        jw_key(&w, "");
        break;
    case MISUSE_LONG:
        jw_key(&w, "c1234567890123456789012345678901234567890");
        break;
    case MISUSE_INTEGER:
        jw_member_integer(&w, "c", INT64_C(9007199254740992));
        break;
    case MISUSE_DOUBLE:
        jw_member_double(&w, "c", 0.5);
        break;
    case MISUSE_NO_KEY:
        jw_null(&w);
        break;
    case MISUSE_TWO_KEYS:
        jw_key(&w, "c");
        jw_key(&w, "d");
        break;
    case MISUSE_WRONG_END:
        jw_array_end(&w);
        break;
    default:
        jw_key(&w, "c");
        for (i = 0; i < JWRITER_DEPTH; i++)
            jw_array(&w);
        break;
    }
}

static void test_profile_is_asserted(void **state)
{
    enum misuse m;

    (void)state;
    for (m = 0; m < MISUSE_COUNT_; m++) {
        if (!check_aborts(misuse, &m))
            fail_msg("misuse %d was not noticed", (int)m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),       cmocka_unit_test(test_strings_as_python),
        cmocka_unit_test(test_doubles_as_python),   cmocka_unit_test(test_compact),
        cmocka_unit_test(test_invalid_utf8),        cmocka_unit_test(test_full),
        cmocka_unit_test(test_profile_is_asserted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
