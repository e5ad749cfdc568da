/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the column cache: what was written comes back, and whatever is not as it was is refused. */
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/candle_cache.h"
#include "exchange/candle_checksum.h"
#include "exchange/candle_file.h"
#include "exchange/candle_write.h"

#define BTC TEST_DATA "/candles/BTCUSDT-5m-klines.csv"

enum {
    OFFSET_VERSION = 8,
    OFFSET_ORDER = 12,
    OFFSET_FILE_BYTES = 24,
    OFFSET_COUNT = 32,
    OFFSET_TIMEFRAME = 40,
    OFFSET_FIRST = 48,
    OFFSET_LAST = 56,
    OFFSET_SCALE = 64,
    OFFSET_SYMBOL = 72,
    OFFSET_DIGEST = 104,
    OFFSET_COLUMNS = 136,
    OFFSET_ZEROS = 240,
    OFFSET_CHECKSUM = 480,
    OFFSET_END = 500,
    COUNT = 100, /* candles of BTC */
    COLUMN = 832 /* bytes of a column of 100 */
};

struct place {
    char *folder, *path;
    char *bytes;
    size_t length;
};

/* A cache of real candles, in a folder and in memory. */
static void place_open(struct place *p)
{
    struct candle_series s;
    struct text t;

    p->folder = check_folder_new();
    p->path = check_path(p->folder, "btc.tdc");
    assert_ok(candle_file_read(BTC, NULL, &s));
    (void)copy_text(s.symbol, sizeof s.symbol, "BTC/USDT");
    assert_ok(candle_cache_write(p->path, &s, NULL));
    candle_series_release(&s);
    text_init(&t, 1 << 20);
    assert_ok(text_read_file(&t, p->path));
    p->bytes = text_take(&t, &p->length);
}

static void place_close(struct place *p)
{
    free(p->bytes);
    free(p->path);
    check_folder_free(p->folder);
}

static void assert_same(const struct candle_series *a, const struct candle_series *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->timeframe_us, b->timeframe_us);
    assert_int_equal(a->price_scale, b->price_scale);
    assert_int_equal(a->size_scale, b->size_scale);
    assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
    for (size_t i = 0; i < a->count; i++) {
        const struct candle *x = &a->candles[i], *y = &b->candles[i];

        assert_int_equal(x->open_us, y->open_us);
        assert_int_equal(x->open, y->open);
        assert_int_equal(x->high, y->high);
        assert_int_equal(x->low, y->low);
        assert_int_equal(x->close, y->close);
        assert_int_equal(x->volume, y->volume);
        assert_int_equal(x->price_scale, y->price_scale);
        assert_int_equal(x->size_scale, y->size_scale);
        assert_int_equal(x->flags, y->flags);
    }
}

/* Values of the reference implementation for the bytes 0, 1, 2, ... of 32 and 480 of them. */
static void the_checksum_is_xxh64(void **state)
{
    unsigned char bytes[480];
    struct candle_checksum c;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    candle_checksum_init(&c);
    candle_checksum_add(&c, bytes, 32);
    assert_true(candle_checksum_value(&c) == UINT64_C(0xcbf59c5116ff32b4));
    candle_checksum_add(&c, bytes + 32, 64);
    candle_checksum_add(&c, bytes + 96, sizeof bytes - 96);
    assert_true(candle_checksum_value(&c) == UINT64_C(0xb1c6fb41abd6f75c));
}

static void what_was_written_is_read(void **state)
{
    static const char *const files[] = {BTC, TEST_DATA "/candles/BTCUSDT-5m-gap.csv",
                                        TEST_DATA "/candles/SHIBUSDT-5m.csv",
                                        TEST_DATA "/candles/BTCUSDT-5m-klines.json"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct candle_series parsed, cached;
        struct candle_cache c;
        char *folder = check_folder_new(), *path = check_path(folder, "x.tdc");

        assert_ok(candle_file_read(files[i], NULL, &parsed));
        (void)copy_text(parsed.symbol, sizeof parsed.symbol, "BTC/USDT");
        assert_ok(candle_cache_write(path, &parsed, NULL));
        assert_ok(candle_file_read(path, NULL, &cached));
        assert_same(&parsed, &cached);
        assert_string_equal(cached.symbol, "BTC/USDT");
        assert_false(cached.has_lines);

        assert_ok(candle_cache_open(path, NULL, &c));
        assert_ok(candle_cache_verify(&c, path, true, NULL));
        assert_int_equal(c.count, parsed.count);
        assert_string_equal(c.symbol, "BTC/USDT");
        assert_memory_equal(&c.digest, &parsed.digest, sizeof c.digest);
        for (size_t k = 0; k < c.count; k++) {
            assert_int_equal(c.open_us[k], parsed.candles[k].open_us);
            assert_int_equal(c.open[k], parsed.candles[k].open);
            assert_int_equal(c.high[k], parsed.candles[k].high);
            assert_int_equal(c.low[k], parsed.candles[k].low);
            assert_int_equal(c.close[k], parsed.candles[k].close);
            assert_int_equal(c.volume[k], parsed.candles[k].volume);
        }
        assert_int_equal((uintptr_t)c.volume % CACHE_ALIGN, 0);
        candle_cache_close(&c);
        candle_series_release(&parsed);
        candle_series_release(&cached);
        free(path);
        check_folder_free(folder);
    }
}

/* Puts the header's checksum right again, so that what it covers is looked at. */
static void sign_header(char *bytes)
{
    struct candle_checksum c;
    uint64_t value;

    candle_checksum_init(&c);
    candle_checksum_add(&c, bytes, OFFSET_CHECKSUM);
    value = candle_checksum_value(&c);
    memcpy(bytes + OFFSET_CHECKSUM, &value, sizeof value);
}

/* And a column's. */
static void sign_column(char *bytes, size_t column)
{
    struct candle_checksum c;
    uint64_t value;

    candle_checksum_init(&c);
    candle_checksum_add(&c, bytes + CACHE_HEADER + column * COLUMN, COLUMN);
    value = candle_checksum_value(&c);
    memcpy(bytes + OFFSET_COLUMNS + 16 * column + 8, &value, sizeof value);
    sign_header(bytes);
}

struct forgery {
    size_t offset;
    int64_t value;
    size_t width;      /* bytes of the value that are written */
    bool is_signed;    /* with a header checksum that is right */
    int signed_column; /* and that of a column; -1: none */
    const char *code, *message;
};

#define AT(column, candle) (CACHE_HEADER + (column)*COLUMN + 8 * (candle))

static const struct forgery forgeries[] = {
    {0, 'x', 1, true, -1, "cache_magic", "no cache of candles"},
    {OFFSET_VERSION, 2, 4, true, -1, "cache_version", "version 2, this build reads 1"},
    {OFFSET_ORDER, 0x04030201, 4, true, -1, "cache_byte_order", "machine of another kind"},
    {OFFSET_COUNT, 99, 8, false, -1, "cache_header", "its checksum is another"},
    {OFFSET_DIGEST, 1, 1, false, -1, "cache_header", "its checksum is another"},
    {16, 1024, 8, true, -1, "cache_header", "unknown layout"},
    {OFFSET_ZEROS, 1, 1, true, -1, "cache_header", "unknown layout"},
    {OFFSET_END, 1, 1, true, -1, "cache_header", "unknown layout"},
    {OFFSET_COUNT, 1, 8, true, -1, "cache_header", "number of candles"},
    {OFFSET_COUNT, -1, 8, true, -1, "cache_header", "number of candles"},
    {OFFSET_COUNT, INT64_C(1) << 61, 8, true, -1, "cache_header", "number of candles"},
    {OFFSET_COUNT, LIMIT_CANDLES, 8, true, -1, "cache_header", "does not lie where"},
    {OFFSET_FILE_BYTES, 5000, 8, true, -1, "cache_header", "does not fit its candles"},
    {OFFSET_SCALE, 13, 4, true, -1, "cache_header", "number of decimals"},
    {OFFSET_SCALE + 4, 255, 4, true, -1, "cache_header", "number of decimals"},
    {OFFSET_TIMEFRAME, 300, 8, true, -1, "cache_header", "timeframe has no name"},
    {OFFSET_TIMEFRAME, 0, 8, true, -1, "cache_header", "timeframe has no name"},
    {OFFSET_FIRST, -1, 8, true, -1, "cache_header", "times of the first and the last"},
    {OFFSET_LAST, 0, 8, true, -1, "cache_header", "times of the first and the last"},
    {OFFSET_LAST, INT64_MAX, 8, true, -1, "cache_header", "times of the first and the last"},
    {OFFSET_SYMBOL, '\n', 1, true, -1, "cache_header", "symbol is no text"},
    {OFFSET_SYMBOL + 31, 'x', 1, true, -1, "cache_header", "symbol is no text"},
    {OFFSET_COLUMNS + 16, 0, 8, true, -1, "cache_header", "does not lie where"},
    {OFFSET_COLUMNS + 16, INT64_C(1) << 62, 8, true, -1, "cache_header", "does not lie where"},
    {AT(4, 50), 1, 1, false, -1, "cache_checksum", "column close is damaged"},
    {AT(0, 0), 1, 1, false, -1, "cache_checksum", "column timestamp is damaged"},
    {AT(6, 0) - 8, 1, 1, false, -1, "cache_checksum", "column volume is damaged"},
    {AT(0, 7), 0, 8, true, 0, "cache_candle", "candle 8 does not open after"},
    {AT(0, 0), -300000000, 8, true, 0, "cache_candle", "candle 1 has a time"},
    {AT(1, 99), 1, 8, true, 1, "cache_candle", "candle 100 has prices"},
    {AT(2, 3), 1, 8, true, 2, "cache_candle", "candle 4 has prices"},
    {AT(3, 3), 0, 8, true, 3, "cache_candle", "candle 4 has prices"},
    {AT(2, 0), INT64_MAX, 8, true, 2, "cache_candle", "candle 1 has a number of more than 18"},
    {AT(5, 9), -1, 8, true, 5, "cache_candle", "candle 10 has prices"},
    {AT(5, 9), INT64_MAX, 8, true, 5, "cache_candle", "candle 10 has a number of more than 18"},
};

static void expect_refused(const char *bytes, size_t length, const char *code, const char *message)
{
    struct candle_series s = {.count = 7};
    struct diag_list diags = {0};
    /* A block of its own, so that the sanitizer sees a read past its end. */
    char *copy = xmalloc(length);

    memcpy(copy, bytes, length);
    assert_err(candle_cache_parse(copy, length, "x.tdc", &diags, &s), ERR_CANDLE);
    free(copy);
    assert_int_equal(s.count, 7);
    assert_int_equal(diags.count, 1);
    assert_string_equal(diags.items[0].field, "x.tdc");
    assert_string_equal(diags.items[0].code, code);
    assert_non_null(strstr(diags.items[0].message, message));
    assert_true(diags.items[0].hint[0] != '\0');
}

static void what_is_not_as_it_was_is_refused(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    assert_int_equal(p.length, CACHE_HEADER + CACHE_COLUMNS * COLUMN);
    for (size_t i = 0; i < COUNT_OF(forgeries); i++) {
        const struct forgery *f = &forgeries[i];
        char *bytes = xmalloc(p.length);

        print_message("%zu: %s\n", i, f->message);
        memcpy(bytes, p.bytes, p.length);
        memcpy(bytes + f->offset, &f->value, f->width);
        if (f->signed_column >= 0)
            sign_column(bytes, (size_t)f->signed_column);
        else if (f->is_signed)
            sign_header(bytes);
        expect_refused(bytes, p.length, f->code, f->message);
        free(bytes);
    }
    place_close(&p);
}

/* Every bit of a file is covered by a check: one that is turned over is always seen. */
static void any_flipped_bit_is_seen(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    for (size_t i = 0; i < p.length; i++) {
        struct candle_series s;

        p.bytes[i] ^= (char)(1 << i % 8);
        assert_err(candle_cache_parse(p.bytes, p.length, "x", NULL, &s), ERR_CANDLE);
        p.bytes[i] ^= (char)(1 << i % 8);
    }
    place_close(&p);
}

static void a_cut_file_is_refused(void **state)
{
    struct place p;
    struct candle_series s;

    (void)state;
    place_open(&p);
    for (size_t n = 8; n < p.length; n += 1 + n % 13)
        expect_refused(p.bytes, n, "cache_cut", "bytes, its header says");
    p.bytes = xrealloc(p.bytes, p.length + 1);
    p.bytes[p.length] = '\0';
    expect_refused(p.bytes, p.length + 1, "cache_long", "bytes, its header says");
    for (size_t n = 8; n + 8 < p.length; n += 499) {
        struct diag_list diags = {0};
        struct candle_cache c;

        assert_int_equal(truncate(p.path, (off_t)(p.length - n)), 0);
        assert_err(candle_file_read(p.path, &diags, &s), ERR_CANDLE);
        assert_string_equal(diags.items[0].code, "cache_cut");
        assert_err(candle_cache_open(p.path, NULL, &c), ERR_CANDLE);
    }
    place_close(&p);
}

/* A header may tell another digest than that of its candles: the full check sees it. */
static void a_forged_digest_is_seen_by_verify(void **state)
{
    struct diag_list diags = {0};
    struct candle_series s;
    struct candle_cache c;
    struct place p;

    (void)state;
    place_open(&p);
    p.bytes[OFFSET_DIGEST] ^= 1;
    sign_header(p.bytes);
    check_write_file(p.path, p.bytes, p.length);
    assert_ok(candle_file_read(p.path, NULL, &s));
    candle_series_release(&s);
    assert_ok(candle_cache_open(p.path, NULL, &c));
    assert_ok(candle_cache_verify(&c, p.path, false, NULL));
    assert_err(candle_cache_verify(&c, p.path, true, &diags), ERR_CANDLE);
    assert_string_equal(diags.items[0].code, "cache_digest");
    candle_cache_close(&c);
    candle_cache_close(&c);
    place_close(&p);
}

/* A reader that has the old file keeps it; who opens anew gets the new one; nothing else stays. */
static void a_write_replaces_the_file_at_once(void **state)
{
    struct candle_series shib;
    struct candle_cache old, new;
    struct place p;
    struct stat about;
    char *other;

    (void)state;
    place_open(&p);
    assert_ok(candle_cache_open(p.path, NULL, &old));
    assert_ok(candle_file_read(TEST_DATA "/candles/SHIBUSDT-5m.csv", NULL, &shib));
    assert_ok(candle_cache_write(p.path, &shib, NULL));
    assert_ok(candle_cache_verify(&old, "old", true, NULL));
    assert_int_equal(old.open[0], 2023487);
    assert_ok(candle_cache_open(p.path, NULL, &new));
    assert_int_equal(new.open[0], 719);
    candle_cache_close(&old);
    candle_cache_close(&new);

    /* Where it cannot be written, the old one stays. */
    other = check_path(p.folder, "no/such/folder.tdc");
    assert_err(candle_cache_write(other, &shib, NULL), ERR_IO);
    free(other);
    assert_err(candle_cache_write(p.folder, &shib, NULL), ERR_IO);
    assert_int_equal(stat(p.path, &about), 0);
    assert_int_equal(about.st_size, p.length);
    assert_int_equal(unlink(p.path), 0);
    assert_int_equal(rmdir(p.folder), 0); /* nothing else is in it */
    assert_int_equal(mkdir(p.folder, 0700), 0);
    candle_series_release(&shib);
    place_close(&p);
}

static void symbols_are_told(void **state)
{
    char symbol[LIMIT_SYMBOL] = "";
    struct candle_series s;
    struct place p;

    (void)state;
    place_open(&p);
    assert_true(candle_cache_symbol(p.path, symbol));
    assert_string_equal(symbol, "BTC/USDT");
    assert_false(candle_cache_symbol(BTC, symbol));
    assert_false(candle_cache_symbol("/nonexistent", symbol));
    assert_false(candle_cache_symbol(p.folder, symbol));
    assert_ok(candle_file_read(BTC, NULL, &s));
    assert_ok(candle_cache_write(p.path, &s, NULL));
    assert_false(candle_cache_symbol(p.path, symbol));
    candle_series_release(&s);
    place_close(&p);
}

/* A packed cache is unpacked like any other file; bytes of one are one. */
static void bytes_are_recognised(void **state)
{
    struct candle_series s;
    struct place p;

    (void)state;
    place_open(&p);
    assert_ok(candle_parse(p.bytes, p.length, "x", NULL, &s));
    assert_int_equal(s.count, COUNT);
    candle_series_release(&s);
    assert_true(candle_cache_is(p.bytes, 8));
    assert_false(candle_cache_is(p.bytes, 7));
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_xxh64),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(what_is_not_as_it_was_is_refused),
        cmocka_unit_test(any_flipped_bit_is_seen),
        cmocka_unit_test(a_cut_file_is_refused),
        cmocka_unit_test(a_forged_digest_is_seen_by_verify),
        cmocka_unit_test(a_write_replaces_the_file_at_once),
        cmocka_unit_test(symbols_are_told),
        cmocka_unit_test(bytes_are_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
