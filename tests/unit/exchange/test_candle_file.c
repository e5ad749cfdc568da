/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reading candles: formats that mean the same, each mistake with its line, recordings. */
#include "tests/support/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/candle_file.h"

#define HEADER "timestamp,open,high,low,close,volume\n"
#define T0 INT64_C(1630540800000)
#define FIRST "1630540800000,100,110,90,105,1.5\n"
#define SECOND "1630541100000,105,110.25,90,100,0\n"

static enum err parse(const char *text, struct diag_list *diags, struct candle_series *out)
{
    *diags = (struct diag_list){0};
    return candle_parse(text, strlen(text), "x.csv", diags, out);
}

static void assert_same(const struct candle_series *a, const struct candle_series *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->price_scale, b->price_scale);
    assert_int_equal(a->size_scale, b->size_scale);
    assert_int_equal(a->timeframe_us, b->timeframe_us);
    assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->candles[i].open_us, b->candles[i].open_us);
        assert_int_equal(a->candles[i].close, b->candles[i].close);
        assert_int_equal(a->candles[i].volume, b->candles[i].volume);
    }
}

static void test_values(void **state)
{
    struct candle_series s;
    struct diag_list diags;
    const struct candle *c;

    (void)state;
    assert_ok(parse(HEADER FIRST SECOND, &diags, &s));
    assert_int_equal(s.count, 2);
    assert_int_equal(s.timeframe_us, 300 * US_PER_S);
    assert_int_equal(s.price_scale, 2);
    assert_int_equal(s.size_scale, 1);
    c = s.candles;
    assert_int_equal(c[0].open_us, T0 * US_PER_MS);
    assert_int_equal(c[0].open, 10000);
    assert_int_equal(c[0].high, 11000);
    assert_int_equal(c[0].low, 9000);
    assert_int_equal(c[0].close, 10500);
    assert_int_equal(c[0].volume, 15);
    assert_int_equal(c[0].price_scale, 2);
    assert_int_equal(c[1].high, 11025);
    assert_int_equal(c[1].volume, 0);
    assert_int_equal(c[1].size_scale, 1);
    candle_series_release(&s);
    assert_null(s.candles);
}

/* Other spellings of the same two candles. */
static void test_spellings(void **state)
{
    static const char *const texts[] = {
        "\xef\xbb\xbf" HEADER FIRST SECOND,
        HEADER FIRST SECOND "\n\r\n\n",
        "timestamp,open,high,low,close,volume\r\n1630540800000,100,110,90,105,1.5\r\n"
        "1630541100000,105,110.25,90,100,0\r\n",
        "Volume,extra,Open_Time, Close ,Low,High,Open,\n1.50,x,1630540800000,105,90,110,100,\n"
        "0.0,,1630541100000,100,90.000,110.250,105.0,\n",
        HEADER "1630540800000,1e2,1.1e+2,9e1,10.5E1,15e-1\n"
               "1.6305411e12,105,11025e-2,90,100,0e9\n",
        "[[1630540800000,100,110,90,105,1.5],[1630541100000,105,110.25,90,100,0]]",
        " [ [ 1630540800000 , \"100\" , \"110\" , \"90\" , \"105\" , \"1.5\" , 1, null, \"\" ] ,\n"
        "\t[\"1630541100000\",105.00,110.25,90,100,0.000,true]\r\n]\n ",
    };
    struct candle_series first, s;
    struct diag_list diags;

    (void)state;
    assert_ok(parse(HEADER FIRST SECOND, &diags, &first));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_ok(parse(texts[i], &diags, &s));
        assert_same(&first, &s);
        candle_series_release(&s);
    }
    /* A value that differs is another recording. */
    assert_ok(parse(HEADER FIRST "1630541100000,105,110.25,90,100,0.1\n", &diags, &s));
    assert_memory_not_equal(&first.digest, &s.digest, sizeof s.digest);
    candle_series_release(&s);
    candle_series_release(&first);
}

struct mistake {
    const char *file, *code;
    int line, column;
    const char *message; /* a part of it */
};

static const struct mistake mistakes[] = {
    {"no_header.csv", "no_header", 1, 1, "there is no header"},
    {"missing_column.csv", "missing_column", 1, 0, "column close is missing"},
    {"duplicate_column.csv", "duplicate_column", 1, 38, "column open is there twice"},
    {"cut_line.csv", "cut_line", 11, 0, "does not end"},
    {"columns.csv", "columns", 6, 0, "has 5 columns, the header has 6"},
    {"not_a_number.csv", "not_a_number", 5, 19, "high is not a number: \"11O\""},
    {"empty_field.csv", "not_a_number", 5, 30, "volume is empty"},
    {"not_finite.csv", "not_finite", 7, 26, "close is not a finite number: \"NaN\""},
    {"negative.csv", "negative", 8, 30, "volume is negative: \"-1\""},
    {"zero_price.csv", "zero_price", 9, 23, "low is 0"},
    {"high_below_low.csv", "high_below_low", 4, 18, "high 80 is below low 90"},
    {"outside_range.csv", "outside_range", 10, 26,
     "close 110.01 is not between low 90 and high 110"},
    {"unsorted.csv", "unsorted", 7, 1, "earlier than the one before"},
    {"duplicate.csv", "duplicate", 7, 1, "is there twice"},
    {"off_grid.csv", "off_grid", 11, 0, "1630543740000 is not a multiple of 5m"},
    {"timeframe.csv", "timeframe", 3, 0, "300 ms, is no timeframe"},
    {"timestamp_unit.csv", "timestamp_unit", 2, 1, "not a time in milliseconds"},
    {"too_few.csv", "too_few", 2, 0, "1 candles"},
    {"too_many_decimals.csv", "too_many_decimals", 3, 15, "open has more than 12 decimals"},
    {"too_large.csv", "too_large", 3, 30, "volume has more than 18 digits"},
    {"too_large_scaled.csv", "too_large", 2, 0, "8 of volumes"},
    {"blank_line.csv", "blank_line", 6, 0, "the line is empty"},
    {"line_too_long.csv", "line_too_long", 4, 0, "more than 1024 bytes"},
    {"empty.csv", "empty", 0, 0, "the file is empty"},
    {"cut.json", "cut", 2, 27, "in the middle of candle 2"},
    {"json.json", "json", 2, 1, "expected a candle's '['"},
    {"columns.json", "columns", 2, 0, "candle 2 has 5 values"},
    {"off_grid.json", "off_grid", 5, 0, "is not a multiple of 5m"},
    {"cut.csv.gz", "packed_broken", 0, 0, "gzip data is cut"},
    {"cut.csv.zst", "packed_broken", 0, 0, "zstd data is cut"},
    {"broken.csv.gz", "packed_broken", 0, 0, "gzip data is broken"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        const struct mistake *m = &mistakes[i];
        struct candle_series s = {.count = 7};
        struct diag_list diags = {0};
        char path[256];

        (void)snprintf(path, sizeof path, "%s/candles/broken/%s", TEST_DATA, m->file);
        print_message("%s\n", m->file);
        assert_err(candle_file_read(path, &diags, &s), ERR_CANDLE);
        assert_int_equal(s.count, 7);
        assert_int_equal(diags.count, 1);
        assert_string_equal(diags.items[0].field, path);
        assert_string_equal(diags.items[0].code, m->code);
        assert_int_equal(diags.items[0].line, m->line);
        assert_int_equal(diags.items[0].column, m->column);
        assert_non_null(strstr(diags.items[0].message, m->message));
        assert_true(diags.items[0].hint[0] != '\0');
    }
}

/* A recording of any length that was cut anywhere is refused, whatever its format. */
static void test_cut_anywhere(void **state)
{
    static const char *const names[] = {
        "candles/BTCUSDT-5m-klines.csv", "candles/BTCUSDT-5m-klines.csv.gz",
        "candles/BTCUSDT-5m-klines.csv.zst", "candles/BTCUSDT-5m-klines.json"};

    (void)state;
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        size_t length;
        char *data = check_data(names[n], &length);

        for (size_t cut = 1; cut < length; cut += 1 + cut % 7) {
            /* An own block, so that the sanitizer sees a read past its end. */
            char *part = xmalloc(length - cut);
            struct candle_series s = {0};

            memcpy(part, data, length - cut);
            if (n == 0 && part[length - cut - 1] == '\n' && cut < length - 400) {
                /* Cut at a line's end: a shorter recording. */
                assert_ok(candle_parse(part, length - cut, "x", NULL, &s));
                candle_series_release(&s);
            } else {
                assert_err(candle_parse(part, length - cut, "x", NULL, &s), ERR_CANDLE);
            }
            free(part);
        }
        free(data);
    }
}

static void test_recorded(void **state)
{
    static const char *const same[] = {"BTCUSDT-5m-klines.csv", "BTCUSDT-5m-klines.csv.gz",
                                       "BTCUSDT-5m-klines.csv.zst", "BTCUSDT-5m-klines.json"};
    struct candle_series all[COUNT_OF(same)], shib, gap;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        char path[256];

        (void)snprintf(path, sizeof path, "%s/candles/%s", TEST_DATA, same[i]);
        assert_ok(candle_file_read(path, NULL, &all[i]));
        assert_same(&all[0], &all[i]);
    }
    assert_int_equal(all[0].count, 100);
    assert_int_equal(all[0].price_scale, 2);
    assert_int_equal(all[0].size_scale, 5);
    assert_int_equal(all[0].candles[0].open, 2023487);
    assert_int_equal(all[0].candles[0].volume, 168888193);
    assert_ok(candle_file_read(TEST_DATA "/candles/SHIBUSDT-5m.csv", NULL, &shib));
    assert_int_equal(shib.price_scale, 8);
    assert_int_equal(shib.candles[0].open, 719);
    assert_int_equal(shib.candles[0].volume, INT64_C(160724819770));
    assert_ok(candle_file_read(TEST_DATA "/candles/BTCUSDT-5m-gap.csv", NULL, &gap));
    assert_int_equal(gap.count, 600);
    assert_int_equal(gap.candles[300].open_us - gap.candles[299].open_us, 25 * 300 * US_PER_S);
    for (size_t i = 0; i < gap.count; i++)
        assert_ok(candle_check(&gap.candles[i]));
    for (size_t i = 0; i < COUNT_OF(same); i++)
        candle_series_release(&all[i]);
    candle_series_release(&shib);
    candle_series_release(&gap);
}

/* Several gzip members or zstd frames are one text, as cat makes them. */
static void test_members(void **state)
{
    static const char *const names[] = {"candles/BTCUSDT-5m-klines.csv.gz",
                                        "candles/BTCUSDT-5m-klines.csv.zst"};

    (void)state;
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        struct diag_list diags = {0};
        struct candle_series s;
        size_t length;
        char *data = check_data(names[n], &length);
        char *twice = xmalloc(2 * length);

        memcpy(twice, data, length);
        memcpy(twice + length, data, length);
        /* The second member's header is no candle: proof that it was unpacked too. */
        assert_err(candle_parse(twice, 2 * length, "x", &diags, &s), ERR_CANDLE);
        assert_string_equal(diags.items[0].code, "not_a_number");
        assert_int_equal(diags.items[0].line, 102);
        free(twice);
        free(data);
    }
}

static void test_files(void **state)
{
    struct diag_list diags = {0};
    struct candle_series s = {0};

    (void)state;
    assert_err(candle_file_read("/nonexistent/x.csv", &diags, &s), ERR_IO);
    assert_string_equal(diags.items[0].code, "unreadable");
    assert_non_null(strstr(diags.items[0].message, strerror(ENOENT)));
    assert_err(candle_file_read(TEST_DATA, &diags, &s), ERR_IO);
    assert_err(parse("\x1f\x8b", &diags, &s), ERR_CANDLE);
    assert_err(parse("[]", &diags, &s), ERR_CANDLE);
    assert_string_equal(diags.items[0].code, "too_few");
    assert_err(parse("{}", &diags, &s), ERR_CANDLE);
    assert_string_equal(diags.items[0].code, "json");
    assert_err(parse("[[1,2,2,2,2,6]] x", &diags, &s), ERR_CANDLE);
    assert_string_equal(diags.items[0].code, "json");
    assert_non_null(strstr(diags.items[0].message, "expected the end of the text"));
    assert_err(parse("[[1,\"2\\n\",2,2,2,6]]", &diags, &s), ERR_CANDLE);
    assert_non_null(strstr(diags.items[0].message, "expected a plain string"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),   cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_recorded), cmocka_unit_test(test_members),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
