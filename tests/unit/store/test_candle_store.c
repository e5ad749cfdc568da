/* SPDX-License-Identifier: Apache-2.0 */
/* Tests candles in a real PostgreSQL: round trips, writing again, conflicts, and failures that
 * leave nothing. */
#include "tests/unit/store/fixture.h"

#include <pthread.h>

#include "exchange/candle_file.h"
#include "store/candle_store.h"

#define DATA "tests/data/candles/"
#define MINUTE (60 * US_PER_S)

static struct candle_store *open_store(char url[FIXTURE_URL])
{
    struct diag_list diags = {0};
    struct candle_store *s = NULL;

    fixture_database(url);
    if (candle_store_open(url, &diags, &s)) {
        fixture_print(&diags);
        fail();
    }
    return s;
}

static struct stored_series name_of(const char *symbol, int64_t timeframe_us, int price_scale,
                                    int size_scale)
{
    struct stored_series s = {
        .timeframe_us = timeframe_us, .price_scale = price_scale, .size_scale = size_scale};

    (void)copy_text(s.symbol, sizeof s.symbol, symbol);
    (void)copy_text(s.venue, sizeof s.venue, "venue");
    return s;
}

/* Minutes from a start: prices tell which they are. */
static struct candle *make_candles(size_t from, size_t count, int price_scale, int size_scale)
{
    struct candle *all = xcalloc(count, sizeof *all);

    for (size_t i = 0; i < count; i++) {
        const int64_t n = (int64_t)(from + i);

        all[i] = (struct candle){.open_us = INT64_C(1630540800) * US_PER_S + n * MINUTE,
                                 .open = 1000 + n % 1000,
                                 .high = 2001 + n % 1000,
                                 .low = 1000,
                                 .close = 1001,
                                 .volume = n,
                                 .price_scale = (uint8_t)price_scale,
                                 .size_scale = (uint8_t)size_scale};
    }
    return all;
}

static enum err keep(struct candle_store *s, const struct stored_series *name,
                     const struct candle *candles, size_t count, bool replaces,
                     struct diag_list *diags, struct candle_written *done)
{
    const struct candle_write w = {
        .series = name, .candles = candles, .count = count, .replaces = replaces};

    *diags = (struct diag_list){0};
    return candle_store_write(s, &w, diags, done);
}

/* Value by value: what lies between them is nobody's. */
static bool is_same(const struct candle *a, const struct candle *b)
{
    return a->open_us == b->open_us && a->open == b->open && a->high == b->high &&
           a->low == b->low && a->close == b->close && a->volume == b->volume &&
           a->price_scale == b->price_scale && a->size_scale == b->size_scale &&
           a->flags == b->flags;
}

static void assert_stored(struct candle_store *s, struct stored_series name,
                          const struct candle *wanted, size_t wanted_count)
{
    struct diag_list diags = {0};
    struct candle *candles;
    size_t count;

    if (candle_store_read(s, &name, &diags, &candles, &count)) {
        fixture_print(&diags);
        fail();
    }
    assert_int_equal(count, wanted_count);
    assert_int_equal(name.count, wanted_count);
    assert_int_equal(name.first_us, wanted[0].open_us);
    assert_int_equal(name.last_us, wanted[wanted_count - 1].open_us);
    for (size_t i = 0; i < count; i++)
        assert_true(is_same(&candles[i], &wanted[i]));
    free(candles);
}

/* ---- Round trips ---- */

static void recordings_come_back_equal(void **state)
{
    static const char *const files[] = {DATA "BTCUSDT-5m-klines.csv", DATA "BTCUSDT-5m-gap.csv",
                                        DATA "SHIBUSDT-5m.csv", "artifacts/candles/BTCUSDT-5m.csv"};
    static const char *const symbols[] = {"BTC/USDT:USDT", "GAP/USDT", "SHIB/USDT", "BTC/USDT"};
    struct candle_series parsed[COUNT_OF(files)];
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];

    (void)state;
    s = open_store(url);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct stored_series name;

        assert_int_equal(candle_file_read(files[i], NULL, &parsed[i]), ERR_OK);
        name = name_of(symbols[i], parsed[i].timeframe_us, parsed[i].price_scale,
                       parsed[i].size_scale);
        assert_int_equal(keep(s, &name, parsed[i].candles, parsed[i].count, false, &diags, &done),
                         ERR_OK);
        assert_int_equal(done.added, parsed[i].count);
        assert_int_equal(done.replaced, 0);
    }
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct stored_series name = name_of(symbols[i], parsed[i].timeframe_us, 0, 0);

        assert_stored(s, name, parsed[i].candles, parsed[i].count);
        candle_series_release(&parsed[i]);
    }
    candle_store_close(s);
    /* As people see it. */
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM candle_decimal WHERE symbol ="
                                         " 'BTC/USDT' AND open_at = '2021-09-02T00:00:00Z' AND open"
                                         " = 48810.51 AND volume = 358.3069"),
                     1);
}

static void series_are_listed(void **state)
{
    struct candle *candles = make_candles(0, 3, 1, 0);
    struct stored_series *all;
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];
    size_t count;

    (void)state;
    s = open_store(url);
    assert_int_equal(candle_store_list(s, &diags, &all, &count), ERR_OK);
    assert_int_equal(count, 0);
    free(all);
    for (int i = 0; i < 3; i++) {
        struct stored_series name = name_of(i ? "B/C" : "Z/C", i == 2 ? MINUTE : 60 * MINUTE, 1, 0);

        assert_int_equal(keep(s, &name, candles, 3, false, &diags, &done), ERR_OK);
    }
    assert_int_equal(candle_store_list(s, &diags, &all, &count), ERR_OK);
    assert_int_equal(count, 3);
    assert_string_equal(all[0].symbol, "B/C");
    assert_int_equal(all[0].timeframe_us, MINUTE);
    assert_int_equal(all[1].timeframe_us, 60 * MINUTE);
    assert_string_equal(all[2].symbol, "Z/C");
    assert_string_equal(all[2].venue, "venue");
    assert_int_equal(all[2].count, 3);
    assert_int_equal(all[2].price_scale, 1);
    assert_int_equal(all[2].last_us, candles[2].open_us);
    free(all);
    /* Candles go with their series. */
    candle_store_close(s);
    fixture_sql(url, "DELETE FROM candle_series WHERE symbol = 'B/C'");
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM candle"), 3);
    free(candles);
}

/* ---- Writing again ---- */

static void writing_again_changes_nothing(void **state)
{
    const struct stored_series name = name_of("A/B", MINUTE, 2, 1);
    struct candle *all = make_candles(0, 500, 2, 1);
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];
    int64_t changed;

    (void)state;
    s = open_store(url);
    assert_int_equal(keep(s, &name, all + 100, 200, false, &diags, &done), ERR_OK);
    changed = fixture_number(url, "SELECT max(xmin::text::bigint) FROM candle_series");
    assert_int_equal(keep(s, &name, all + 100, 200, false, &diags, &done), ERR_OK);
    assert_int_equal(done.added, 0);
    assert_int_equal(keep(s, &name, all + 150, 10, true, &diags, &done), ERR_OK);
    assert_int_equal(done.added + done.replaced, 0);
    assert_int_equal(fixture_number(url, "SELECT max(xmin::text::bigint) FROM candle_series"),
                     changed);
    assert_stored(s, name, all + 100, 200);
    /* What overlaps is taken once, what does not is added, on both sides. */
    assert_int_equal(keep(s, &name, all + 250, 250, false, &diags, &done), ERR_OK);
    assert_int_equal(done.added, 200);
    assert_int_equal(keep(s, &name, all, 90, false, &diags, &done), ERR_OK);
    assert_int_equal(done.added, 90);
    assert_int_equal(keep(s, &name, all, 500, false, &diags, &done), ERR_OK);
    assert_int_equal(done.added, 10);
    assert_stored(s, name, all, 500);
    candle_store_close(s);
    free(all);
}

static void a_difference_is_named_or_replaced(void **state)
{
    const struct stored_series name = name_of("A/B", MINUTE, 2, 1);
    struct candle *all = make_candles(0, 50, 2, 1), *other = make_candles(0, 60, 2, 1);
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];

    (void)state;
    s = open_store(url);
    other[7].volume += 5;
    other[9].close += 1;
    assert_int_equal(keep(s, &name, all, 50, false, &diags, &done), ERR_OK);
    assert_int_equal(keep(s, &name, other, 60, false, &diags, &done), ERR_CONFLICT);
    assert_int_equal(diags.count, 1);
    assert_string_equal(diags.items[0].field, "2021-09-02T00:07:00.000000Z");
    assert_string_equal(diags.items[0].code, "candle_differs");
    assert_non_null(strstr(diags.items[0].message, "10.07 20.08 10 10.01 1.2, but"));
    assert_non_null(strstr(diags.items[0].message, "10.07 20.08 10 10.01 0.7 is stored"));
    assert_stored(s, name, all, 50);
    assert_int_equal(keep(s, &name, other, 60, true, &diags, &done), ERR_OK);
    assert_int_equal(done.added, 10);
    assert_int_equal(done.replaced, 2);
    assert_stored(s, name, other, 60);
    candle_store_close(s);
    free(all);
    free(other);
}

/* Candles with more decimals make the stored ones finer, and those with fewer are made finer. */
static void scales_grow_together(void **state)
{
    struct candle *coarse = make_candles(0, 10, 2, 0), *fine = make_candles(10, 10, 4, 3);
    struct candle *wanted = make_candles(0, 20, 4, 3), *more = make_candles(20, 2, 12, 0);
    struct stored_series name = name_of("A/B", MINUTE, 2, 0);
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];

    (void)state;
    s = open_store(url);
    assert_int_equal(keep(s, &name, coarse, 10, false, &diags, &done), ERR_OK);
    name = name_of("A/B", MINUTE, 4, 3);
    assert_int_equal(keep(s, &name, fine, 10, false, &diags, &done), ERR_OK);
    for (size_t i = 0; i < 10; i++) {
        wanted[i].open *= 100;
        wanted[i].high *= 100;
        wanted[i].low *= 100;
        wanted[i].close *= 100;
        wanted[i].volume *= 1000;
    }
    assert_stored(s, name, wanted, 20);
    name = name_of("A/B", MINUTE, 2, 0);
    assert_int_equal(keep(s, &name, coarse, 10, false, &diags, &done), ERR_OK);
    assert_int_equal(done.added + done.replaced, 0);
    assert_stored(s, name, wanted, 20);

    /* 12 decimals leave no room for what is stored, nor the stored ones for what is large. */
    fixture_sql(url, "UPDATE candle SET high = 100000000000000 WHERE open_at ="
                     " '2021-09-02T00:00:00Z'");
    name = name_of("A/B", MINUTE, 12, 0);
    assert_int_equal(keep(s, &name, more, 2, false, &diags, &done), ERR_LIMIT);
    assert_string_equal(diags.items[0].code, "too_large");
    name = name_of("A/B", MINUTE, 0, 0);
    more[0].high = INT64_C(999999999999999999);
    assert_int_equal(keep(s, &name, more, 2, false, &diags, &done), ERR_LIMIT);
    assert_string_equal(diags.items[0].code, "too_large");
    wanted[0].high = INT64_C(100000000000000);
    assert_stored(s, name, wanted, 20);
    candle_store_close(s);
    free(coarse);
    free(fine);
    free(wanted);
    free(more);
}

/* ---- Failures ---- */

/* The table refuses the last row: none of the rows before stays, nor the series. */
static void a_refused_row_leaves_nothing(void **state)
{
    const struct stored_series name = name_of("A/B", MINUTE, 2, 1);
    struct candle *all = make_candles(0, 5000, 2, 1);
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];

    (void)state;
    s = open_store(url);
    all[4999].low = 5000;
    assert_int_equal(keep(s, &name, all, 5000, false, &diags, &done), ERR_DB_QUERY);
    assert_int_equal(diags.count, 1);
    assert_non_null(strstr(diags.items[0].message, "candle_is_sound"));
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM candle"), 0);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM candle_series"), 0);
    /* The connection is of use all the same. */
    assert_int_equal(keep(s, &name, all, 4999, false, &diags, &done), ERR_OK);
    assert_stored(s, name, all, 4999);
    candle_store_close(s);
    free(all);
}

/* A COPY that the server does not even begin leaves the connection of use. */
static void a_copy_that_cannot_begin_is_an_error(void **state)
{
    struct stored_series name = name_of("A/B", MINUTE, 2, 1);
    struct candle *all = make_candles(0, 10, 2, 1), *read;
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];
    size_t count;

    (void)state;
    s = open_store(url);
    assert_int_equal(keep(s, &name, all, 10, false, &diags, &done), ERR_OK);
    fixture_sql(url, "ALTER TABLE candle RENAME close TO gone");
    assert_int_equal(keep(s, &name, all, 10, false, &diags, &done), ERR_DB_QUERY);
    assert_int_equal(diags.count, 1);
    diags = (struct diag_list){0};
    assert_int_equal(candle_store_read(s, &name, &diags, &read, &count), ERR_DB_QUERY);
    assert_non_null(strstr(diags.items[0].message, "close"));
    fixture_sql(url, "ALTER TABLE candle RENAME gone TO close");
    assert_stored(s, name, all, 10);
    candle_store_close(s);
    free(all);
}

struct interruption {
    const char *url;
    size_t told;
};

/* Ends the writer's session in the middle of its COPY. */
static void interrupt(void *context, size_t done, size_t count)
{
    struct interruption *i = context;

    assert_true(done < count);
    if (i->told++ == 0)
        fixture_kill_sessions(i->url);
}

static void an_interrupted_copy_leaves_nothing(void **state)
{
    enum {
        MANY = 600 * 1000
    };
    const struct stored_series name = name_of("A/B", MINUTE, 2, 1);
    struct candle *all = make_candles(0, MANY, 2, 1);
    struct interruption i = {0};
    struct candle_write w = {.series = &name, .count = MANY, .progress = interrupt, .context = &i};
    struct diag_list diags;
    struct candle_written done;
    struct candle_store *s;
    char url[FIXTURE_URL];

    (void)state;
    s = open_store(url);
    assert_int_equal(keep(s, &name, all, 1000, false, &diags, &done), ERR_OK);
    i.url = url;
    w.candles = all;
    diags = (struct diag_list){0};
    assert_int_equal(candle_store_write(s, &w, &diags, &done), ERR_DB_UNAVAILABLE);
    assert_true(i.told > 0);
    assert_int_equal(diags.count, 1);
    candle_store_close(s);
    assert_int_equal(candle_store_open(url, &diags, &s), ERR_OK);
    assert_stored(s, name, all, 1000);
    candle_store_close(s);
    free(all);
}

struct racer {
    const char *url;
    const struct candle *candles;
    size_t count;
    enum err result;
};

static void *race(void *context)
{
    const struct stored_series name = name_of("A/B", MINUTE, 2, 1);
    struct racer *r = context;
    struct candle_write w = {.series = &name, .candles = r->candles, .count = r->count};
    struct candle_store *s = NULL;
    struct candle_written done;

    r->result = candle_store_open(r->url, NULL, &s);
    if (!r->result)
        r->result = candle_store_write(s, &w, NULL, &done);
    candle_store_close(s);
    return NULL;
}

/* Writers of one series take turns: overlapping halves make a whole, nothing is there twice. */
static void writers_at_once_take_turns(void **state)
{
    enum {
        WRITERS = 4,
        EACH = 3000,
        STEP = 2000
    };
    const struct stored_series name = name_of("A/B", MINUTE, 2, 1);
    const size_t total = STEP * (WRITERS - 1) + EACH;
    struct candle *all = make_candles(0, total, 2, 1);
    struct racer racers[WRITERS];
    pthread_t threads[WRITERS];
    struct candle_store *s;
    char url[FIXTURE_URL];

    (void)state;
    s = open_store(url);
    for (size_t i = 0; i < WRITERS; i++) {
        racers[i] = (struct racer){.url = url, .candles = all + i * STEP, .count = EACH};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(racers[i].result, ERR_OK);
    }
    assert_stored(s, name, all, total);
    candle_store_close(s);
    free(all);
}

static void what_is_not_there_is_said(void **state)
{
    struct stored_series name = name_of("A/B", MINUTE, 0, 0);
    struct diag_list diags = {0};
    struct candle *candles;
    struct candle_store *s;
    char url[FIXTURE_URL];
    size_t count;

    (void)state;
    s = open_store(url);
    assert_int_equal(candle_store_read(s, &name, &diags, &candles, &count), ERR_NOT_FOUND);
    assert_non_null(strstr(diags.items[0].message, "no candles of A/B 1m from venue"));
    candle_store_close(s);
    diags = (struct diag_list){0};
    assert_int_equal(candle_store_open("host=/nowhere dbname=x", &diags, &s), ERR_DB_UNAVAILABLE);
    assert_int_equal(diags.count, 1);
    assert_true(candle_store_has_password("postgresql://me:secret@host/db"));
    assert_true(candle_store_has_password("host=h password=secret"));
    assert_false(candle_store_has_password("postgresql://me@host/db"));
    assert_false(candle_store_has_password("postgresql://["));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recordings_come_back_equal),
        cmocka_unit_test(series_are_listed),
        cmocka_unit_test(writing_again_changes_nothing),
        cmocka_unit_test(a_difference_is_named_or_replaced),
        cmocka_unit_test(scales_grow_together),
        cmocka_unit_test(a_refused_row_leaves_nothing),
        cmocka_unit_test(a_copy_that_cannot_begin_is_an_error),
        cmocka_unit_test(an_interrupted_copy_leaves_nothing),
        cmocka_unit_test(writers_at_once_take_turns),
        cmocka_unit_test(what_is_not_there_is_said),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
