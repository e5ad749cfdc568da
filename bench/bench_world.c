/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the world the C benches run in: recorded feed, simulated venue, a counting journal. */
#include "bench/bench_world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/text.h"

void bench_die(const char *what, enum err e, const struct diag_list *diags)
{
    char text[512];

    diag_describe(diags, e, text, sizeof(text));
    fprintf(stderr, "%s: %s\n", what, text);
    exit(1);
}

static int64_t bench_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t bench_now_ns(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

int64_t bench_cpu_ns(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

size_t bench_number(const char *text, size_t max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || value < 1 || value > max) {
        fprintf(stderr, "%s: a number from 1 to %zu is wanted\n", text, max);
        exit(2);
    }
    return (size_t)value;
}

static int bench_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int64_t bench_quantile(int64_t *values, size_t count, double fraction)
{
    size_t i = (size_t)((double)count * fraction);

    ASSERT(count > 0);
    qsort(values, count, sizeof(values[0]), bench_compare);
    return values[i < count ? i : count - 1];
}

/* Blanks "symbol": "...", out of an artifact: without one it trades whatever the feed has. */
static void bench_drop_symbol(struct text *json)
{
    char *begin = strstr(json->data, "\"symbol\":");
    char *end = begin ? strchr(begin, ',') : NULL;

    if (end)
        memset(begin, ' ', (size_t)(end - begin) + 1);
}

struct strategy *bench_strategy(const char *path, bool for_all)
{
    struct diag_list diags = {0};
    struct strategy *strategy;
    struct text json;
    enum err e;

    text_init(&json, LIMIT_JSON_BYTES);
    e = text_read_file(&json, path);
    if (e)
        bench_die(path, e, NULL);
    if (for_all)
        bench_drop_symbol(&json);
    e = strategy_parse(json.data, json.length, false, &diags, &strategy);
    if (e)
        bench_die(path, e, &diags);
    text_release(&json);
    return strategy;
}

/* SplitMix64. */
static uint64_t bench_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static double bench_uniform(uint64_t *state)
{
    return (double)(bench_random(state) >> 11) / 9007199254740992.0;
}

void bench_candles(uint64_t seed, size_t n, struct candle_series *out)
{
    uint64_t state = seed * UINT64_C(7919) + 1;
    double price = 100 + 50000 * bench_uniform(&state), drift = 0;
    int64_t open_us = INT64_C(1630540800) * US_PER_S, timeframe_us = 300 * US_PER_S;
    size_t i;

    *out = (struct candle_series){.count = n,
                                  .timeframe_us = timeframe_us,
                                  .price_scale = BENCH_SCALE_PRICE,
                                  .size_scale = BENCH_SCALE_SIZE};
    out->candles = xcalloc(n, sizeof(*out->candles));
    for (i = 0; i < n; i++) {
        struct candle *c = &out->candles[i];
        double u = bench_uniform(&state) - 0.5, v = bench_uniform(&state);
        double close, high, low;

        /* Trends of about forty candles, so that a strategy finds something to trade. */
        if (bench_random(&state) % 40 == 0)
            drift = (bench_uniform(&state) - 0.5) * 0.003;
        close = price * (1 + u * 0.006 + drift);
        if (close < 10 || close > 1e7)
            close = 1000;
        high = (price > close ? price : close) * (1 + v * 0.002);
        low = (price < close ? price : close) * (1 - v * 0.002);
        *c = (struct candle){.open_us = open_us + (int64_t)i * timeframe_us,
                             .open = (int64_t)(price * 100),
                             .high = (int64_t)(high * 100) + 1,
                             .low = (int64_t)(low * 100),
                             .close = (int64_t)(close * 100),
                             .volume = (int64_t)((10 + v * 100) * 100000),
                             .price_scale = BENCH_SCALE_PRICE,
                             .size_scale = BENCH_SCALE_SIZE};
        price = close;
    }
    digest_of(out->candles, n * sizeof(*out->candles), &out->digest);
}

void bench_file(const char *path, struct candle_series *out)
{
    struct diag_list diags = {0};
    enum err e = candle_file_read(path, &diags, out);

    if (e)
        bench_die(path, e, &diags);
}

void bench_symbol(size_t i, char symbol[LIMIT_SYMBOL])
{
    snprintf(symbol, LIMIT_SYMBOL, "S%03zu/USDT", i);
}

void bench_write(FILE *file, const struct candle_series *series)
{
    size_t i;

    fprintf(file, "timestamp,open,high,low,close,volume\n");
    for (i = 0; i < series->count; i++) {
        const struct candle *c = &series->candles[i];

        fprintf(file, "%lld,%.2f,%.2f,%.2f,%.2f,%.5f\n", (long long)(c->open_us / US_PER_MS),
                candle_double(c->open, c->price_scale), candle_double(c->high, c->price_scale),
                candle_double(c->low, c->price_scale), candle_double(c->close, c->price_scale),
                candle_double(c->volume, c->size_scale));
    }
}

static enum err bench_commit(void *self, const struct journal_batch *b)
{
    struct bench_counts *counts = self;

    counts->commits++;
    counts->leaves += b->leaf_count;
    counts->orders += b->order_count;
    counts->fills += b->fill_count;
    counts->positions += b->position_count;
    return ERR_OK;
}

static enum err bench_recover(void *self, const char *account_id, struct recovery *out)
{
    (void)self;
    (void)account_id;
    memset(out, 0, sizeof(*out));
    return ERR_OK;
}

static enum err bench_store_strategy(void *self, const char *account_id,
                                     const struct strategy_document *d)
{
    (void)self;
    (void)account_id;
    (void)d;
    return ERR_OK;
}

static void bench_flush(void *self)
{
    (void)self;
}

static struct ratio bench_ratio(const char *text)
{
    struct ratio r;
    enum err e = ratio_parse(text, strlen(text), &r);

    if (e)
        bench_die(text, e, NULL);
    return r;
}

static struct money bench_money(const char *text)
{
    return (struct money){bench_ratio(text).e12};
}

static void bench_open_feed(struct bench_world *w, struct candle_series *series,
                            const char *const *symbols)
{
    struct price tick = {bench_ratio("0.01").e12};
    struct size lot = {bench_ratio("0.00001").e12};
    struct diag_list diags = {0};
    enum err e;
    size_t i;

    for (i = 0; i < w->symbol_count; i++) {
        e = instrument_init(&w->instruments[i], symbols[i], tick, lot, bench_money("10"));
        if (e)
            bench_die(symbols[i], e, NULL);
        w->candle_count += series[i].count;
    }
    e = recorded_feed_new_take(series, w->symbol_count, w->instruments, &diags, &w->recorded);
    if (e)
        bench_die("candles", e, &diags);
    w->feed = recorded_feed_port(w->recorded);
}

static void bench_open_venue(struct bench_world *w)
{
    struct simulate_options o = {.instruments = w->instruments,
                                 .instrument_count = w->symbol_count,
                                 .fee_rate = bench_ratio("0.001"),
                                 .slippage = bench_ratio("0.0005")};

    w->simulate = simulate_new(&o);
    w->venue = simulate_venue(w->simulate);
}

/* The daemon's defaults but for the number of positions: one for every symbol. */
static struct engine_options bench_options(struct bench_world *w)
{
    struct engine_options o = {.mode = MODE_PAPER,
                               .pace = PACE_REPLAY,
                               .quote = "USDT",
                               .account_id = "sim-paper-bench",
                               .starting_equity = bench_money("10000"),
                               .strategy = w->strategy,
                               .instruments = w->instruments,
                               .instrument_count = w->symbol_count,
                               .feed = &w->feed,
                               .venue = &w->venue,
                               .journal = &w->journal,
                               .autostart = true,
                               .cycle_interval_us = 300 * US_PER_S,
                               .slippage_tolerance = bench_ratio("0.01")};

    o.limits = (struct risk_limits){.min_confidence = bench_ratio("0.5"),
                                    .max_position_ratio = bench_ratio("1"),
                                    .max_exposure_ratio = bench_ratio("1"),
                                    .max_open_positions = BENCH_SYMBOLS_MAX,
                                    .fee_rate = bench_ratio("0.001"),
                                    .cash_reserve = bench_ratio("0.0105"),
                                    .stop_loss_required = true};
    o.genesis = (struct genesis){.origin = "traderd.local/bench",
                                 .vkey = "key",
                                 .build = "bench",
                                 .account_hash = "00",
                                 .quote = "USDT",
                                 .starting_equity = o.starting_equity,
                                 .cycle_interval_s = 300,
                                 .pace = "replay"};
    o.config = (struct config_leaf){.feed_id = recorded_feed_id(w->recorded),
                                    .fee_rate = o.limits.fee_rate,
                                    .min_confidence = o.limits.min_confidence,
                                    .max_open_positions = BENCH_SYMBOLS_MAX,
                                    .intrabar = "pessimistic",
                                    .limit_fill = "touch"};
    return o;
}

void bench_world_open(struct bench_world *w, struct strategy *strategy_take,
                      struct candle_series *series_take, const char *const *symbols, size_t count)
{
    struct diag_list diags = {0};
    struct engine_options o;
    enum err e;

    ASSERT(count >= 1 && count <= BENCH_SYMBOLS_MAX);
    *w = (struct bench_world){.strategy = strategy_take, .symbol_count = count};
    w->journal = (struct journal){.self = &w->counts,
                                  .commit = bench_commit,
                                  .recover = bench_recover,
                                  .store_strategy = bench_store_strategy,
                                  .flush = bench_flush};
    bench_open_feed(w, series_take, symbols);
    bench_open_venue(w);
    o = bench_options(w);
    e = engine_new(&o, &diags, &w->engine);
    if (e)
        bench_die("engine", e, &diags);
}

void bench_world_close(struct bench_world *w)
{
    engine_free(w->engine);
    simulate_free(w->simulate);
    recorded_feed_free(w->recorded);
    strategy_release(w->strategy);
}
