/* SPDX-License-Identifier: Apache-2.0 */
/* How fast candles are read and kept, each beside the least that such work can take.
 *
 *   bench_candles_io csv COUNT ROUNDS             the CSV reader beside a parser without checks
 *   bench_candles_io cache FOLDER COUNT ROUNDS    the cache beside reading as much memory
 *   bench_candles_io copy FOLDER COUNT ROUNDS     the store beside a bare COPY of ready bytes
 *
 * Each prints one line of JSON: medians in seconds. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench_world.h"
#include "core/log.h"
#include "core/text.h"
#include "exchange/candle_cache.h"
#include "exchange/candle_write.h"
#include "store/candle_rows.h"
#include "store/candle_store.h"
#include "store/pg_copy.h"
#include "store/private_pg.h"

enum {
    ROUNDS_MAX = 99,
    COPY_BLOCK_ROWS = 1024,
    OPENS = 100 /* of a cache, for one figure */
};

static void make_series(size_t count, struct candle_series *out)
{
    bench_candles(1, count, out);
    (void)copy_text(out->symbol, sizeof out->symbol, "S000/USDT");
    candle_series_seal(out);
}

static double median(int64_t *ns, size_t rounds)
{
    return (double)bench_quantile(ns, rounds, 0.5) / 1e9;
}

/* ---- CSV ---- */

/* The least that makes candles of such a text: digits, a point, a comma; it believes everything. */
static size_t parse_by_hand(const char *at, const char *end, struct candle *out)
{
    static const int64_t power[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    static const int decimals[] = {0, 2, 2, 2, 2, 5};
    size_t count = 0;

    at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    for (; at < end; count++) {
        int64_t values[6];

        for (int f = 0; f < 6; f++) {
            const char *point = NULL;
            int64_t value = 0;

            for (; *at != ',' && *at != '\n'; at++) {
                if (*at == '.')
                    point = at;
                else
                    value = value * 10 + (*at - '0');
            }
            values[f] = value * power[decimals[f] - (point ? at - point - 1 : 0)];
            at++;
        }
        out[count] = (struct candle){.open_us = values[0] * US_PER_MS,
                                     .open = values[1],
                                     .high = values[2],
                                     .low = values[3],
                                     .close = values[4],
                                     .volume = values[5],
                                     .price_scale = 2,
                                     .size_scale = 5};
    }
    return count;
}

static void check_equal(const struct candle_series *a, const struct candle *b, size_t count)
{
    bool same = a->count == count;

    for (size_t i = 0; same && i < count; i++)
        same = a->candles[i].open_us == b[i].open_us && a->candles[i].open == b[i].open &&
               a->candles[i].high == b[i].high && a->candles[i].low == b[i].low &&
               a->candles[i].close == b[i].close && a->candles[i].volume == b[i].volume;
    if (!same)
        bench_die("the two do not read the same candles", ERR_CANDLE, NULL);
}

static void bench_csv(size_t count, size_t rounds)
{
    int64_t hand[ROUNDS_MAX], reader[ROUNDS_MAX], digest[ROUNDS_MAX];
    struct candle_series s, parsed;
    struct digest d;
    struct text t;

    make_series(count, &s);
    text_init(&t, (size_t)1 << 31);
    text_string(&t, CANDLE_CSV_HEADER);
    for (size_t i = 0; i < s.count; i++)
        candle_csv_line(&t, &s.candles[i]);
    for (size_t i = 0; i < rounds; i++) {
        struct candle *candles = xmalloc(count * sizeof *candles);
        int64_t begun = bench_cpu_ns();
        size_t n = parse_by_hand(t.data, t.data + t.length, candles);

        hand[i] = bench_cpu_ns() - begun;
        begun = bench_cpu_ns();
        if (candle_parse(t.data, t.length, "made up", NULL, &parsed))
            bench_die("made up", ERR_CANDLE, NULL);
        reader[i] = bench_cpu_ns() - begun;
        check_equal(&parsed, candles, n);
        begun = bench_cpu_ns();
        candle_series_digest(parsed.candles, parsed.count, &d);
        digest[i] = bench_cpu_ns() - begun;
        candle_series_release(&parsed);
        free(candles);
    }
    printf("{\"candles\": %zu, \"bytes\": %zu, \"hand_s\": %.6f, \"reader_s\": %.6f, "
           "\"digest_s\": %.6f}\n",
           count, t.length, median(hand, rounds), median(reader, rounds), median(digest, rounds));
    text_release(&t);
    candle_series_release(&s);
}

/* ---- Cache ---- */

static int64_t sum_of(const int64_t *values, size_t count)
{
    int64_t a = 0, b = 0, c = 0, d = 0;
    size_t i = 0;

    for (; i + 4 <= count; i += 4) {
        a ^= values[i];
        b ^= values[i + 1];
        c ^= values[i + 2];
        d ^= values[i + 3];
    }
    for (; i < count; i++)
        a ^= values[i];
    return a ^ b ^ c ^ d;
}

static int64_t sum_of_cache(const struct candle_cache *c)
{
    return sum_of(c->open_us, c->count) ^ sum_of(c->open, c->count) ^ sum_of(c->high, c->count) ^
           sum_of(c->low, c->count) ^ sum_of(c->close, c->count) ^ sum_of(c->volume, c->count);
}

struct cache_times {
    int64_t open[ROUNDS_MAX], first[ROUNDS_MAX], again[ROUNDS_MAX], memory[ROUNDS_MAX];
    int64_t verify[ROUNDS_MAX], load[ROUNDS_MAX];
};

static void must(enum err e, const char *what, const struct diag_list *diags)
{
    if (e)
        bench_die(what, e, diags);
}

static int64_t cache_round(const char *path, const int64_t *memory, struct cache_times *t, size_t i)
{
    struct candle_cache c;
    struct candle_series s;
    int64_t begun = bench_now_ns(), sum;

    for (int k = 0; k < OPENS; k++) {
        must(candle_cache_open(path, NULL, &c), path, NULL);
        candle_cache_close(&c);
    }
    t->open[i] = (bench_now_ns() - begun) / OPENS;
    must(candle_cache_open(path, NULL, &c), path, NULL);
    begun = bench_cpu_ns();
    sum = sum_of_cache(&c);
    t->first[i] = bench_cpu_ns() - begun;
    begun = bench_cpu_ns();
    sum ^= sum_of_cache(&c);
    t->again[i] = bench_cpu_ns() - begun;
    begun = bench_cpu_ns();
    sum ^= sum_of(memory, c.count * CACHE_COLUMNS);
    t->memory[i] = bench_cpu_ns() - begun;
    begun = bench_cpu_ns();
    must(candle_cache_verify(&c, path, false, NULL), path, NULL);
    t->verify[i] = bench_cpu_ns() - begun;
    candle_cache_close(&c);
    begun = bench_cpu_ns();
    must(candle_file_read(path, NULL, &s), path, NULL);
    t->load[i] = bench_cpu_ns() - begun;
    candle_series_release(&s);
    return sum;
}

static void bench_cache(const char *folder, size_t count, size_t rounds)
{
    const size_t values = count * CACHE_COLUMNS;
    int64_t *memory = xmalloc(values * sizeof *memory), sum = 0, begun, written;
    struct cache_times *t = xcalloc(1, sizeof *t);
    struct diag_list diags = {0};
    struct candle_series s;
    char path[LIMIT_PATH];

    (void)snprintf(path, sizeof path, "%s/%zu.tdc", folder, count);
    make_series(count, &s);
    begun = bench_now_ns();
    must(candle_cache_write(path, &s, &diags), path, &diags);
    written = bench_now_ns() - begun;
    candle_series_release(&s);
    for (size_t i = 0; i < values; i++)
        memory[i] = (int64_t)i;
    for (size_t i = 0; i < rounds; i++)
        sum ^= cache_round(path, memory, t, i);
    printf("{\"candles\": %zu, \"bytes\": %zu, \"write_s\": %.6f, \"open_s\": %.9f, "
           "\"first_s\": %.6f, \"again_s\": %.6f, \"memory_s\": %.6f, \"verify_s\": %.6f, "
           "\"load_s\": %.6f, \"sum\": %lld}\n",
           count, values * sizeof *memory, (double)written / 1e9, median(t->open, rounds),
           median(t->first, rounds), median(t->again, rounds), median(t->memory, rounds),
           median(t->verify, rounds), median(t->load, rounds), (long long)sum);
    (void)unlink(path);
    free(t);
    free(memory);
}

/* ---- COPY ---- */

static int64_t deadline(void)
{
    return clock_monotonic_us() + 600 * US_PER_S;
}

/* Rows that are ready to be sent, into the same table, with the same index and checks. */
static int64_t copy_raw(const char *url, const unsigned char *bytes, size_t count)
{
    struct pg_target target;
    struct pg pg = {0};
    size_t length = COPY_HEADER + count * CANDLE_ROW_IN + COPY_TRAILER;
    int64_t begun, took;

    must(pg_target_init(&target, url, 0, NULL), "url", NULL);
    must(pg_connect(&pg, &target, deadline(), NULL), "connect", NULL);
    begun = bench_now_ns();
    must(pg_script(&pg, "BEGIN", deadline()), pg.message, NULL);
    must(pg_copy_in_begin(&pg,
                          "COPY candle (" CANDLE_COLUMNS ", series) FROM STDIN (FORMAT binary)",
                          deadline()),
         pg.message, NULL);
    for (size_t at = 0, n; at < length; at += n) {
        n = length - at < COPY_BLOCK_ROWS * CANDLE_ROW_IN ? length - at
                                                          : COPY_BLOCK_ROWS * CANDLE_ROW_IN;
        must(pg_copy_in_put(&pg, bytes + at, n, deadline()), pg.message, NULL);
    }
    must(pg_copy_in_end(&pg, NULL, deadline()), pg.message, NULL);
    must(pg_script(&pg, "COMMIT", deadline()), pg.message, NULL);
    took = bench_now_ns() - begun;
    must(pg_script(&pg, "TRUNCATE candle", deadline()), pg.message, NULL);
    pg_close(&pg);
    pg_target_release(&target);
    return took;
}

/* Nothing is stored, and no series either. */
static void empty_tables(const char *url)
{
    struct pg_target target;
    struct pg pg = {0};

    must(pg_target_init(&target, url, 0, NULL), "url", NULL);
    must(pg_connect(&pg, &target, deadline(), NULL), "connect", NULL);
    must(pg_script(&pg, "TRUNCATE candle; DELETE FROM candle_series", deadline()), pg.message,
         NULL);
    pg_close(&pg);
    pg_target_release(&target);
}

static void copy_round(const char *url, const struct candle_series *s, int64_t times[3])
{
    struct stored_series name = {.timeframe_us = s->timeframe_us,
                                 .price_scale = s->price_scale,
                                 .size_scale = s->size_scale};
    const struct candle_write w = {.series = &name, .candles = s->candles, .count = s->count};
    struct diag_list diags = {0};
    struct candle_written done;
    struct candle_store *store;
    struct candle *read;
    size_t count;
    int64_t begun;

    (void)copy_text(name.symbol, sizeof name.symbol, s->symbol);
    must(candle_store_open(url, &diags, &store), "store", &diags);
    begun = bench_now_ns();
    must(candle_store_write(store, &w, &diags, &done), "write", &diags);
    times[0] = bench_now_ns() - begun;
    begun = bench_now_ns();
    must(candle_store_write(store, &w, &diags, &done), "write again", &diags);
    times[1] = bench_now_ns() - begun;
    begun = bench_now_ns();
    must(candle_store_read(store, &name, &diags, &read, &count), "read", &diags);
    times[2] = bench_now_ns() - begun;
    free(read);
    candle_store_close(store);
}

static void bench_copy(const char *folder, size_t count, size_t rounds)
{
    int64_t raw[ROUNDS_MAX], store[ROUNDS_MAX], again[ROUNDS_MAX], back[ROUNDS_MAX];
    unsigned char *bytes = xmalloc(COPY_HEADER + count * CANDLE_ROW_IN + COPY_TRAILER);
    struct private_pg *server = NULL;
    struct diag_list diags = {0};
    struct candle_series s;
    struct candle_store *first;
    char url[2048];

    make_series(count, &s);
    candle_copy_header(bytes);
    for (size_t i = 0; i < count; i++)
        candle_row_put(&s.candles[i], 1, bytes + COPY_HEADER + i * CANDLE_ROW_IN);
    candle_copy_trailer(bytes + COPY_HEADER + count * CANDLE_ROW_IN);
    must(private_pg_start(folder, &diags, &server, url, sizeof url), "cluster", &diags);
    must(candle_store_open(url, &diags, &first), "store", &diags);
    candle_store_close(first);
    for (size_t i = 0; i < rounds; i++) {
        int64_t times[3];

        copy_round(url, &s, times);
        store[i] = times[0];
        again[i] = times[1];
        back[i] = times[2];
        empty_tables(url);
        raw[i] = copy_raw(url, bytes, count);
    }
    private_pg_stop(server);
    printf("{\"candles\": %zu, \"raw_s\": %.6f, \"store_s\": %.6f, \"again_s\": %.6f, "
           "\"read_s\": %.6f}\n",
           count, median(raw, rounds), median(store, rounds), median(again, rounds),
           median(back, rounds));
    candle_series_release(&s);
    free(bytes);
}

int main(int argc, char **argv)
{
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_JSON, 2);
    if (argc == 4 && strcmp(argv[1], "csv") == 0)
        bench_csv(bench_number(argv[2], LIMIT_CANDLES), bench_number(argv[3], ROUNDS_MAX));
    else if (argc == 5 && strcmp(argv[1], "cache") == 0)
        bench_cache(argv[2], bench_number(argv[3], LIMIT_CANDLES),
                    bench_number(argv[4], ROUNDS_MAX));
    else if (argc == 5 && strcmp(argv[1], "copy") == 0)
        bench_copy(argv[2], bench_number(argv[3], LIMIT_CANDLES),
                   bench_number(argv[4], ROUNDS_MAX));
    else {
        fprintf(stderr, "usage: bench_candles_io csv COUNT ROUNDS\n"
                        "       bench_candles_io cache|copy FOLDER COUNT ROUNDS\n");
        return 2;
    }
    return 0;
}
