/* SPDX-License-Identifier: Apache-2.0 */
/* Tests merging, resampling, gap reports and canonical CSV, on recordings and by properties. */
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "core/text.h"
#include "engine/rule_stream.h"
#include "exchange/candle_cache.h"
#include "exchange/candle_file.h"
#include "exchange/candle_gaps.h"
#include "exchange/candle_merge.h"
#include "exchange/candle_resample.h"
#include "exchange/candle_write.h"
#include "exchange/recorded_feed.h"

#define HEADER CANDLE_CSV_HEADER
#define T0 INT64_C(1630540800000) /* 2021-09-02 00:00 UTC */
#define MINUTE (60 * US_PER_S)
#define HOUR (60 * MINUTE)

/* ---- Made-up recordings ---- */

/* One gap of forty may be too long to be filled. */
static uint64_t gap_max(struct check_random *r)
{
    return check_random_next(r) % 40 == 0 ? 200 : LIMIT_GAP_FILL;
}

/* Minutes with gaps of all lengths and prices of different decimals, the same for the same seed. */
static void make_series(uint64_t seed, size_t count, struct candle_series *out)
{
    struct check_random r = {seed};
    int64_t open_us = T0 * US_PER_MS + (int64_t)(check_random_next(&r) % 90) * MINUTE;
    int64_t price = 1000000;

    *out = (struct candle_series){.timeframe_us = MINUTE, .price_scale = 2, .size_scale = 3};
    out->candles = xcalloc(count, sizeof *out->candles);
    for (; out->count < count; out->count++) {
        struct candle *c = &out->candles[out->count];
        uint64_t dice = check_random_next(&r) % 100;

        if (dice < 8 && out->count > 1)
            open_us += (int64_t)(1 + check_random_next(&r) % gap_max(&r)) * MINUTE;
        *c = (struct candle){.open_us = open_us, .open = price, .price_scale = 2, .size_scale = 3};
        c->close = price + (int64_t)(check_random_next(&r) % 2001) - 1000;
        if (c->close < 1)
            c->close = 1;
        c->high = (c->open > c->close ? c->open : c->close) + (int64_t)(dice % 3);
        c->low = (c->open < c->close ? c->open : c->close);
        c->volume = dice % 5 == 0 ? 0 : (int64_t)(check_random_next(&r) % 100000);
        price = c->close;
        open_us += MINUTE;
    }
    /* A step of the timeframe and a value of the finest decimal are there. */
    out->candles[1].open_us = out->candles[0].open_us + MINUTE;
    out->candles[0].low = 1;
    out->candles[0].volume = 1;
    candle_series_seal(out);
}

static void print_series(const struct candle_series *s, struct text *t)
{
    text_init(t, 1 << 24);
    text_string(t, HEADER);
    for (size_t i = 0; i < s->count; i++)
        candle_csv_line(t, &s->candles[i]);
    assert_false(t->full);
}

/* Value by value: what lies between them is nobody's. */
static bool is_same(const struct candle *a, const struct candle *b)
{
    return a->open_us == b->open_us && a->open == b->open && a->high == b->high &&
           a->low == b->low && a->close == b->close && a->volume == b->volume &&
           a->price_scale == b->price_scale && a->size_scale == b->size_scale &&
           a->flags == b->flags;
}

static void assert_same(const struct candle_series *a, const struct candle_series *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->timeframe_us, b->timeframe_us);
    assert_int_equal(a->price_scale, b->price_scale);
    assert_int_equal(a->size_scale, b->size_scale);
    assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
    for (size_t i = 0; i < a->count; i++)
        assert_true(is_same(&a->candles[i], &b->candles[i]));
}

static void parse(const char *csv, struct candle_series *out)
{
    struct diag_list diags = {0};

    if (candle_parse(csv, strlen(csv), "x.csv", &diags, out))
        fail_msg("%s", diags.items[0].message);
}

/* ---- Canonical CSV ---- */

static void csv_through_a_cache_is_the_same_bytes(void **state)
{
    char *folder = check_folder_new(), *path = check_path(folder, "x.tdc");
    char *csv = check_path(folder, "x.csv");

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct candle_series made, parsed, cached;
        struct text first, file;

        make_series(seed, 2 + seed * 17, &made);
        print_series(&made, &first);
        assert_ok(candle_parse(first.data, first.length, "x", NULL, &parsed));
        assert_same(&made, &parsed);
        assert_ok(candle_cache_write(path, &parsed, NULL));
        assert_ok(candle_file_read(path, NULL, &cached));
        assert_ok(candle_csv_write(csv, &cached, NULL));
        text_init(&file, 1 << 24);
        assert_ok(text_read_file(&file, csv));
        assert_int_equal(file.length, first.length);
        assert_memory_equal(file.data, first.data, first.length);
        candle_series_release(&made);
        candle_series_release(&parsed);
        candle_series_release(&cached);
        text_release(&first);
        text_release(&file);
    }
    free(csv);
    free(path);
    check_folder_free(folder);
}

static void numbers_are_as_short_as_they_can_be(void **state)
{
    static const char canonical[] = HEADER "1630540800000,100,110.5,0.00000001,105,1.5\n"
                                           "1630541100000,105,110.25,90,100,0\n";
    struct candle_series s;
    struct text t;

    (void)state;
    parse(HEADER "1630540800000,100.000,1.105e2,0.0000000100,105,01.50\n"
                 "1630541100000,105,110.25,90.0,100,0.000\n",
          &s);
    print_series(&s, &t);
    assert_string_equal(t.data, canonical);
    text_release(&t);
    candle_series_release(&s);
}

/* ---- Merging ---- */

/* Part of a series as a part of an import. */
static struct candle_part slice_of(const struct candle_series *s, size_t from, size_t to,
                                   const char *name)
{
    struct candle_part p = {.name = name, .series = *s};

    p.series.count = to - from;
    p.series.candles = xmalloc(p.series.count * sizeof *p.series.candles);
    memcpy(p.series.candles, s->candles + from, p.series.count * sizeof *p.series.candles);
    candle_series_seal(&p.series);
    return p;
}

static void parts_join_to_the_whole_in_any_order(void **state)
{
    enum {
        PARTS = 5
    };
    static const char *const names[PARTS] = {"a", "b", "c", "d", "e"};

    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct candle_part parts[PARTS];
        struct candle_series whole, joined;
        struct check_random r = {seed * 1000};
        const size_t overlap = seed % 3 * 7; /* also none */
        size_t at = 0;

        make_series(seed, 400, &whole);
        for (size_t i = 0; i < PARTS; i++) {
            size_t end = i + 1 == PARTS ? 400 : at + 20 + check_random_next(&r) % 40;

            parts[i] = slice_of(&whole, at, end + overlap < 400 ? end + overlap : 400, names[i]);
            at = end;
        }
        for (size_t i = PARTS - 1; i > 0; i--) {
            size_t k = check_random_next(&r) % (i + 1);
            struct candle_part swap = parts[i];

            parts[i] = parts[k];
            parts[k] = swap;
        }
        assert_ok(candle_merge(parts, PARTS, NULL, &joined));
        assert_same(&whole, &joined);
        for (size_t i = 0; i < PARTS; i++)
            assert_null(parts[i].series.candles);
        candle_series_release(&whole);
        candle_series_release(&joined);
    }
}

/* A file that lies within another, or between its candles. */
static void nested_parts_join(void **state)
{
    struct candle_part parts[3];
    struct candle_series whole, joined;

    (void)state;
    make_series(9, 100, &whole);
    parts[0] = slice_of(&whole, 30, 50, "inner");
    parts[1] = slice_of(&whole, 0, 100, "outer");
    parts[2] = slice_of(&whole, 0, 2, "same beginning");
    assert_ok(candle_merge(parts, 3, NULL, &joined));
    assert_same(&whole, &joined);
    candle_series_release(&joined);
    candle_series_release(&whole);
}

static void a_difference_is_named(void **state)
{
    static const char *const fields[] = {"open", "high", "low", "close", "volume"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct candle_part parts[2] = {{.name = "a.csv"}, {.name = "b.csv"}};
        struct candle_series out;
        struct diag_list diags = {0};
        int64_t *values[5];
        char wanted[64];

        parse(HEADER "1630540800000,100,110,90,105,1\n1630540860000,105,111,90,100,2\n"
                     "1630540920000,105,112,90,100,3\n",
              &parts[0].series);
        parse(HEADER "1630540920000,105,112,90,100,3\n1630540980000,105,112,90,100,3.25\n",
              &parts[1].series);
        values[0] = &parts[1].series.candles[0].open;
        values[1] = &parts[1].series.candles[0].high;
        values[2] = &parts[1].series.candles[0].low;
        values[3] = &parts[1].series.candles[0].close;
        values[4] = &parts[1].series.candles[0].volume;
        *values[i] += 1;
        assert_err(candle_merge(parts, 2, &diags, &out), ERR_CONFLICT);
        assert_string_equal(diags.items[0].field, "b.csv");
        assert_int_equal(diags.items[0].line, 2);
        assert_string_equal(diags.items[0].code, "overlap_differs");
        (void)snprintf(wanted, sizeof wanted, "2021-09-02T00:02:00.000000Z: %s is ", fields[i]);
        assert_non_null(strstr(diags.items[0].message, wanted));
        assert_non_null(strstr(diags.items[0].message, "in a.csv:4"));
        candle_series_release(&parts[0].series);
        candle_series_release(&parts[1].series);
    }
}

static void what_does_not_fit_together_is_refused(void **state)
{
    struct candle_part parts[2] = {{.name = "a.csv"}, {.name = "b.csv"}};
    struct candle_series out;
    struct diag_list diags = {0};

    (void)state;
    parse(HEADER "1630540800000,1,1,1,1,1\n1630540860000,1,1,1,1,1\n", &parts[0].series);
    parse(HEADER "1630541100000,1,1,1,1,1\n1630541400000,1,1,1,1,1\n", &parts[1].series);
    assert_err(candle_merge(parts, 2, &diags, &out), ERR_INVALID);
    assert_string_equal(diags.items[0].field, "b.csv");
    assert_non_null(strstr(diags.items[0].message, "candles of 5m, a.csv has 1m"));
    candle_series_release(&parts[1].series);

    /* One has 12 decimals, the other numbers that have no room for them. */
    candle_series_release(&parts[0].series);
    parse(HEADER "1630540800000,1.000000000001,2,1,2,1\n1630540860000,1,1,1,1,1\n",
          &parts[0].series);
    parse(HEADER "1630540920000,1,1,1,1,1\n1630540980000,1,12345678,1,1,1\n", &parts[1].series);
    diags = (struct diag_list){0};
    assert_err(candle_merge(parts, 2, &diags, &out), ERR_LIMIT);
    assert_string_equal(diags.items[0].field, "b.csv");
    assert_int_equal(diags.items[0].line, 3);
    assert_string_equal(diags.items[0].code, "too_large");
    candle_series_release(&parts[0].series);
    candle_series_release(&parts[1].series);
}

/* ---- Resampling ---- */

struct higher {
    struct rule_bucket bucket;
    struct candle *candles;
    size_t count;
    bool is_recorded; /* something in the bucket was */
};

/* What a rule with `@ 1h` sees of a feed; what was filled in as a whole is no recording. */
static void take_event(void *context, const struct feed_event *e)
{
    struct higher *h = context;

    if (e->candle.open_us % h->bucket.timeframe_us == 0)
        h->is_recorded = false;
    h->is_recorded = h->is_recorded || !(e->candle.flags & CANDLE_SYNTHETIC);
    if (rule_bucket_push(&h->bucket, &e->candle) == BUCKET_COMPLETE && h->is_recorded)
        h->candles[h->count++] = h->bucket.candle;
}

static void resampled_is_what_rules_see(void **state)
{
    static const int64_t timeframes[] = {5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR};

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        const int64_t timeframe_us = timeframes[seed % COUNT_OF(timeframes)];
        struct candle_series whole, out;
        struct recorded_feed *recorded;
        struct instrument instrument;
        struct feed feed;
        struct higher h = {0};

        make_series(seed, 3000, &whole);
        assert_ok(candle_resample(&whole, timeframe_us, false, "x", NULL, &out));
        assert_ok(
            instrument_init(&instrument, "A/B", (struct price){1}, (struct size){1}, MONEY_ZERO));
        assert_ok(recorded_feed_new_take(&whole, 1, &instrument, NULL, &recorded));
        rule_bucket_init(&h.bucket, timeframe_us, MINUTE);
        h.candles = xcalloc(3000, sizeof *h.candles);
        feed = recorded_feed_port(recorded);
        assert_ok(feed.history(feed.self, INT64_MAX, 0, 0, take_event, &h));
        assert_true(h.count > 2);
        assert_int_equal(out.count, h.count);
        for (size_t i = 0; i < h.count; i++) {
            const struct candle *a = &out.candles[i], *b = &h.candles[i];

            assert_int_equal(a->open_us, b->open_us);
            assert_true(price_cmp(candle_price(a, a->open), candle_price(b, b->open)) == 0);
            assert_true(price_cmp(candle_price(a, a->high), candle_price(b, b->high)) == 0);
            assert_true(price_cmp(candle_price(a, a->low), candle_price(b, b->low)) == 0);
            assert_true(price_cmp(candle_price(a, a->close), candle_price(b, b->close)) == 0);
            assert_true(size_cmp(candle_volume(a), candle_volume(b)) == 0);
        }
        free(h.candles);
        recorded_feed_free(recorded);
        candle_series_release(&out);
    }
}

/* From 00:02 on, 5 missing after :04, a long gap after :12. */
static const char by_hand[] = HEADER "1630540920000,10,12,9,11,1\n" /* 00:02 */
                                     "1630540980000,11,11,11,11,1\n"
                                     "1630541040000,11,14,10,12,1\n" /* 00:04 */
                                     "1630541400000,13,20,13,15,2\n" /* 00:10 */
                                     "1630541460000,15,16,8,9,2\n"
                                     "1630541520000,9,9.5,9,9,2\n" /* 00:12 */
                                     "1630543200000,7,7,7,7,4\n"   /* 00:40 */
                                     "1630543260000,7,8,7,8,4\n"
                                     "1630543320000,8,8,6,7,4\n"
                                     "1630543380000,7,7,7,7,4\n"
                                     "1630543440000,7,9,7,8,0.5\n" /* 00:44 */
                                     "1630543500000,8,8,8,8,1\n"
                                     "1630543560000,8,8,8,8,1\n"
                                     "1630543620000,8,8,8,8,1\n"
                                     "1630543680000,8,8,8,8,1\n"
                                     "1630543740000,8,8,8,8,1\n"  /* 00:49 */
                                     "1630543800000,8,8,8,8,1\n"; /* 00:50 */

static void buckets_are_whole_or_left_out(void **state)
{
    /* 00:00 has no beginning, 00:05 has only filled candles, 00:10 ends in the long gap. */
    static const char whole[] = HEADER "1630543200000,7,9,6,8,16.5\n" /* 00:40 */
                                       "1630543500000,8,8,8,8,5\n";
    static const char partial[] = HEADER "1630540800000,10,14,9,12,3\n"
                                         "1630541400000,13,20,8,9,6\n"
                                         "1630543200000,7,9,6,8,16.5\n"
                                         "1630543500000,8,8,8,8,5\n"
                                         "1630543800000,8,8,8,8,1\n";
    struct candle_series s, out;
    struct diag_list diags = {0};
    struct text t;

    (void)state;
    parse(by_hand, &s);
    assert_ok(candle_resample(&s, 5 * MINUTE, false, "x", NULL, &out));
    print_series(&out, &t);
    assert_string_equal(t.data, whole);
    assert_int_equal(out.price_scale, 0); /* the 9.5 is not there any more */
    text_release(&t);
    candle_series_release(&out);
    assert_ok(candle_resample(&s, 5 * MINUTE, true, "x", NULL, &out));
    print_series(&out, &t);
    assert_string_equal(t.data, partial);
    text_release(&t);
    candle_series_release(&out);
    assert_err(candle_resample(&s, HOUR, false, "x.csv", &diags, &out), ERR_INVALID);
    assert_string_equal(diags.items[0].code, "too_few");
    assert_err(candle_resample(&s, MINUTE, false, "x.csv", &diags, &out), ERR_INVALID);
    assert_string_equal(diags.items[1].code, "timeframe");
    candle_series_release(&s);
    parse(HEADER "1630540800000,1,1,1,1,1\n1630540980000,1,1,1,1,1\n", &s); /* 3m */
    assert_err(candle_resample(&s, 5 * MINUTE, false, "x.csv", NULL, &out), ERR_INVALID);
    candle_series_release(&s);
    parse(HEADER "1630540800000,1,1,1,1,999999999999999999\n1630540860000,1,1,1,1,1\n", &s);
    assert_err(candle_resample(&s, 3 * MINUTE, true, "x.csv", &diags, &out), ERR_LIMIT);
    assert_string_equal(diags.items[2].code, "too_large");
    candle_series_release(&s);
}

/* ---- Gaps ---- */

static void gaps_and_quiet_runs_are_found(void **state)
{
    struct candle_series s;
    struct candle_gaps g;

    (void)state;
    parse(HEADER "1630540800000,1,1,1,1,0\n1630540860000,1,1,1,1,0\n1630540980000,1,1,1,1,0\n"
                 "1630541040000,1,1,1,1,5\n1630544640000,1,1,1,1,0\n1630544700000,1,1,1,1,2\n",
          &s);
    candle_gaps_find(&s, &g);
    assert_int_equal(g.count, 6);
    assert_int_equal(g.expected, 66);
    assert_int_equal(g.missing, 60);
    assert_int_equal(g.filled, 1);
    assert_int_equal(g.gap_count, 2);
    assert_int_equal(g.gaps[0].first_us, INT64_C(1630540920000) * US_PER_MS);
    assert_int_equal(g.gaps[0].last_us, g.gaps[0].first_us);
    assert_int_equal(g.gaps[0].count, 1);
    assert_int_equal(g.gaps[1].first_us, INT64_C(1630541100000) * US_PER_MS);
    assert_int_equal(g.gaps[1].last_us, INT64_C(1630544580000) * US_PER_MS);
    assert_int_equal(g.gaps[1].count, 59);
    assert_int_equal(g.longest_gap, 59);
    assert_int_equal(g.quiet_count, 3); /* a gap parts runs */
    assert_int_equal(g.quiet[0].count, 2);
    assert_int_equal(g.quiet[1].count, 1);
    assert_int_equal(g.quiet_candles, 4);
    assert_int_equal(g.longest_quiet, 2);
    candle_gaps_release(&g);
    candle_series_release(&s);
}

static void duplicates_are_counted_for_a_report(void **state)
{
    static const char csv[] = HEADER "1630540800000,1,1,1,1,1\n1630540800000,1.0,1,1,1,1\n"
                                     "1630540860000,1,1,1,1,1\n1630540860000,1,2.5,1,1,1\n"
                                     "1630540860000,1,1,1,1,1\n1630540920000,1,1,1,1,1\n";
    static const char off_grid[] = HEADER "1630540800000,1,1,1,1,1\n1630540800000,1,1,1,1,1\n"
                                          "1630541100000,1,1,1,1,1\n1630541460000,1,1,1,1,1\n";
    char *folder = check_folder_new(), *path = check_path(folder, "x.csv");
    struct candle_duplicate *d = NULL;
    struct diag_list diags = {0};
    struct candle_series s;
    size_t count;

    (void)state;
    check_write_file(path, csv, sizeof csv - 1);
    assert_err(candle_file_read(path, NULL, &s), ERR_CANDLE);
    assert_ok(candle_file_survey(path, NULL, &s, &d, &count));
    assert_int_equal(s.count, 3);
    assert_int_equal(count, 3);
    assert_int_equal(d[0].line, 3);
    assert_true(d[0].is_equal);
    assert_int_equal(d[1].line, 5);
    assert_false(d[1].is_equal);
    assert_int_equal(d[2].line, 6);
    assert_true(d[2].is_equal);
    assert_false(s.has_lines);
    candle_series_release(&s);
    free(d);
    /* Lines stay right behind them. */
    check_write_file(path, off_grid, sizeof off_grid - 1);
    assert_err(candle_file_survey(path, &diags, &s, &d, &count), ERR_CANDLE);
    assert_string_equal(diags.items[0].code, "off_grid");
    assert_int_equal(diags.items[0].line, 5);
    free(path);
    check_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_through_a_cache_is_the_same_bytes),
        cmocka_unit_test(numbers_are_as_short_as_they_can_be),
        cmocka_unit_test(parts_join_to_the_whole_in_any_order),
        cmocka_unit_test(nested_parts_join),
        cmocka_unit_test(a_difference_is_named),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(resampled_is_what_rules_see),
        cmocka_unit_test(buckets_are_whole_or_left_out),
        cmocka_unit_test(gaps_and_quiet_runs_are_found),
        cmocka_unit_test(duplicates_are_counted_for_a_report),
    };

    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_JSON, 2);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
