/* SPDX-License-Identifier: Apache-2.0 */
/* One strategy on plain terms over many candles: by the backtest, fast path and whole engine, and
 * by a loop written for just this strategy.
 *
 *   bench_peers ARTIFACT CANDLES|FILE.csv ROUNDS TRADES.csv [CANDLES.csv]
 *
 * A line of JSON a way: median processor and wall time, trades, equity, deepest fall.  They take
 * turns, and one that does not trade like the loop ends the program.  TRADES.csv gets the loop's
 * trades (entry ms, price, exit ms, price), CANDLES.csv the candles that were made up.  The whole
 * engine plays only a recording. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_world.h"
#include "engine/backtest.h"

enum {
    BT_CANDLES_MAX = 20 * 1000 * 1000,
    BT_ROUNDS_MAX = 25,
    BT_FAST = 12,
    BT_SLOW = 26,
    BT_RSI = 14,
    BT_WARMUP = 200,
    BT_EQUITY = 1000 * 1000, /* times 10,000: a whole unit is bought whatever it costs */
    BT_UNITS = 100 * 1000    /* of money in the loop: a fee of 0.001 on hundredths is whole */
};

struct bt_trade {
    int64_t entry_us, exit_us;
    int64_t entry, exit; /* hundredths */
};

/* What a way found: the same of all of them. */
struct bt_result {
    struct bt_trade *trades;
    size_t count, capacity;
    int64_t equity; /* in 1 / BT_UNITS, marked at the last close */
    double drawdown;
};

struct bt {
    struct strategy *strategy;
    struct instrument instrument;
    struct candle_series series; /* the loop's */
    struct recorded_feed *recorded;
    struct feed feed;
};

static void bt_add(struct bt_result *r, const struct bt_trade *t)
{
    if (r->count == r->capacity) {
        r->capacity = r->capacity > 0 ? 2 * r->capacity : 1024;
        r->trades = xrealloc(r->trades, r->capacity * sizeof(*r->trades));
    }
    r->trades[r->count++] = *t;
}

/* ---- The loop ---- */

struct hand {
    double fast, slow, gain, loss, last;
    bool is_open, wants_in, wants_out;
    int64_t cash, peak;
    struct bt_trade trade;
};

static double hand_close(const struct candle *c)
{
    return (double)c->close / 100.0;
}

static double hand_mean(const struct candle *candles, int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += hand_close(&candles[i]);
    return sum / count;
}

static double hand_next(double average, double x, double factor)
{
    return average + (x - average) * factor;
}

static inline void hand_change(struct hand *h, double x)
{
    double change = x - h->last;

    h->gain = (h->gain * (BT_RSI - 1) + (change > 0 ? change : 0)) / BT_RSI;
    h->loss = (h->loss * (BT_RSI - 1) + (change < 0 ? -change : 0)) / BT_RSI;
    h->last = x;
}

/* The averages as of the candle that completes the longest: each begins with a mean. */
static void hand_begin(struct hand *h, const struct candle *candles)
{
    h->fast = hand_mean(candles, BT_FAST);
    h->slow = hand_mean(candles, BT_SLOW);
    for (int i = BT_FAST; i < BT_SLOW; i++)
        h->fast = hand_next(h->fast, hand_close(&candles[i]), 2.0 / (BT_FAST + 1));
    for (int i = 1; i <= BT_RSI; i++) {
        double change = hand_close(&candles[i]) - hand_close(&candles[i - 1]);

        h->gain += (change > 0 ? change : 0) / BT_RSI;
        h->loss += (change < 0 ? -change : 0) / BT_RSI;
    }
    h->last = hand_close(&candles[BT_RSI]);
    for (int i = BT_RSI + 1; i < BT_SLOW; i++)
        hand_change(h, hand_close(&candles[i]));
}

static void hand_fill(struct hand *h, const struct candle *c, struct bt_result *r)
{
    int64_t price = c->open * (BT_UNITS / 100), fee = c->open;

    if (h->wants_in) {
        h->cash -= price + fee;
        h->trade = (struct bt_trade){.entry_us = c->open_us, .entry = c->open};
        h->is_open = true;
    } else {
        h->cash += price - fee;
        h->trade.exit_us = c->open_us;
        h->trade.exit = c->open;
        h->is_open = false;
        bt_add(r, &h->trade);
    }
    h->wants_in = h->wants_out = false;
}

static void by_hand(const struct bt *b, struct bt_result *r)
{
    struct hand h = {.cash = (int64_t)BT_EQUITY * 10000 * BT_UNITS};
    const struct candle *candles = b->series.candles;
    double deepest = 0;

    hand_begin(&h, candles);
    h.peak = h.cash;
    for (size_t k = BT_SLOW; k < b->series.count; k++) {
        const struct candle *c = &candles[k];
        double x = hand_close(c), before = h.fast - h.slow, gap;
        int64_t equity;

        if (h.wants_in || h.wants_out)
            hand_fill(&h, c, r);
        h.fast = hand_next(h.fast, x, 2.0 / (BT_FAST + 1));
        h.slow = hand_next(h.slow, x, 2.0 / (BT_SLOW + 1));
        hand_change(&h, x);
        gap = h.fast - h.slow;
        if (k >= BT_WARMUP - 1) {
            h.wants_in =
                !h.is_open && gap > 0 && before <= 0 && 100 * (h.gain / (h.gain + h.loss)) < 70;
            h.wants_out = h.is_open && gap < 0 && before >= 0;
        }
        equity = h.cash + (h.is_open ? c->close * (BT_UNITS / 100) : 0);
        if (equity >= h.peak)
            h.peak = equity;
        else if ((double)(h.peak - equity) > deepest * (double)h.peak)
            deepest = (double)(h.peak - equity) / (double)h.peak;
        r->equity = equity;
    }
    r->drawdown = deepest;
}

/* ---- The backtest ---- */

static struct ratio bt_ratio(const char *text)
{
    struct ratio r;
    enum err e = ratio_parse(text, strlen(text), &r);

    if (e)
        bench_die(text, e, NULL);
    return r;
}

static void by_backtest(const struct bt *b, enum backtest_path path, struct bt_result *r)
{
    const struct strategy *strategies[] = {b->strategy};
    struct backtest_options o = {.strategies = strategies,
                                 .strategy_count = 1,
                                 .feed = &b->feed,
                                 .instruments = &b->instrument,
                                 .instrument_count = 1,
                                 .terms = trial_terms_default(),
                                 .path = path};
    struct diag_list diags = {0};
    struct backtest_result result;
    struct position space;
    enum err e;

    o.terms.starting_equity = (struct money){10000 * bt_ratio("1000000").e12};
    o.terms.slippage = (struct ratio){0};
    e = backtest_run(&o, &diags, &result);
    if (e)
        bench_die("the backtest", e, &diags);
    if (result.is_fast != (path == BACKTEST_ANY))
        bench_die("the backtest took another path", ERR_INVALID, NULL);
    for (size_t i = 0; i < backtest_closed_count(&result); i++) {
        const struct position *p = backtest_closed(&result, i, &space);
        const struct bt_trade t = {p->opened_us, p->closed_us,
                                   (int64_t)(position_entry_price(p).e12 / 10000000000),
                                   (int64_t)(position_exit_price(p).e12 / 10000000000)};

        bt_add(r, &t);
    }
    r->equity = (int64_t)(result.trial.equity.e12 / 10000000);
    r->drawdown = ratio_to_double(result.trial.report.max_drawdown);
    backtest_result_release(&result);
}

static void by_fast(const struct bt *b, struct bt_result *r)
{
    by_backtest(b, BACKTEST_ANY, r);
}

static void by_whole(const struct bt *b, struct bt_result *r)
{
    by_backtest(b, BACKTEST_WHOLE, r);
}

static const struct bt_way {
    const char *name;
    void (*play)(const struct bt *b, struct bt_result *r);
} ways[] = {{"hand", by_hand}, {"fast", by_fast}, {"whole", by_whole}};

/* ---- All of it ---- */

static bool bt_is_recording(const char *source)
{
    return strspn(source, "0123456789") != strlen(source);
}

static void bt_candles(const char *source, struct candle_series *out)
{
    if (bt_is_recording(source))
        bench_file(source, out);
    else
        bench_candles(1, bench_number(source, BT_CANDLES_MAX), out);
}

static void bt_open(const char *artifact, const char *source, struct bt *b)
{
    struct price tick = {bt_ratio("0.01").e12};
    struct size lot = {bt_ratio("0.00001").e12};
    struct diag_list diags = {0};
    struct candle_series series;
    enum err e = instrument_init(&b->instrument, "BTC/USDT", tick, lot, MONEY_ZERO);

    if (e)
        bench_die("the instrument", e, NULL);
    b->strategy = bench_strategy(artifact, false);
    bt_candles(source, &b->series);
    b->series.candles[b->series.count - 1].flags |= CANDLE_LAST;
    bt_candles(source, &series);
    e = recorded_feed_new_take(&series, 1, &b->instrument, &diags, &b->recorded);
    if (e)
        bench_die("candles", e, &diags);
    if (recorded_feed_gaps(b->recorded) > 0 || b->series.count < BT_WARMUP ||
        b->series.price_scale != 2)
        bench_die("without gaps, 200 candles or more, prices in hundredths", ERR_INVALID, NULL);
    b->feed = recorded_feed_port(b->recorded);
}

static FILE *bt_file(const char *path)
{
    FILE *file = fopen(path, "w");

    if (!file)
        bench_die(path, ERR_IO, NULL);
    return file;
}

static void bt_write_trades(const char *path, const struct bt_result *r)
{
    FILE *file = bt_file(path);

    for (size_t i = 0; i < r->count; i++) {
        const struct bt_trade *t = &r->trades[i];

        fprintf(file, "%" PRId64 ",%.2f,%" PRId64 ",%.2f\n", t->entry_us / US_PER_MS,
                (double)t->entry / 100.0, t->exit_us / US_PER_MS, (double)t->exit / 100.0);
    }
    if (fclose(file) != 0)
        bench_die(path, ERR_IO, NULL);
}

static void bt_compare(const struct bt_result *a, const struct bt_result *b)
{
    if (a->count != b->count || a->equity != b->equity ||
        memcmp(a->trades, b->trades, a->count * sizeof(*a->trades)) != 0) {
        fprintf(stderr, "%zu trades and %zu, equity %" PRId64 " and %" PRId64 ": not the same\n",
                a->count, b->count, a->equity, b->equity);
        exit(1);
    }
}

static void bt_play(const struct bt *b, size_t way_count, size_t rounds, const char *path)
{
    static int64_t cpu[COUNT_OF(ways)][BT_ROUNDS_MAX], wall[COUNT_OF(ways)][BT_ROUNDS_MAX];
    struct bt_result results[COUNT_OF(ways)] = {0};

    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < way_count; i++) {
            int64_t cpu_begun = bench_cpu_ns(), wall_begun = bench_now_ns();

            free(results[i].trades);
            results[i] = (struct bt_result){0};
            ways[i].play(b, &results[i]);
            cpu[i][round] = bench_cpu_ns() - cpu_begun;
            wall[i][round] = bench_now_ns() - wall_begun;
            bt_compare(&results[0], &results[i]);
        }
    }
    for (size_t i = 0; i < way_count; i++)
        printf(
            "{\"way\": \"%s\", \"candles\": %zu, \"cpu\": %.9f, \"wall\": %.9f, \"trades\": %zu, "
            "\"equity\": %.5f, \"drawdown\": %.9g}\n",
            ways[i].name, b->series.count, (double)bench_quantile(cpu[i], rounds, 0.5) / 1e9,
            (double)bench_quantile(wall[i], rounds, 0.5) / 1e9, results[i].count,
            (double)results[i].equity / BT_UNITS, results[i].drawdown);
    bt_write_trades(path, &results[0]);
    for (size_t i = 0; i < way_count; i++)
        free(results[i].trades);
}

int main(int argc, char **argv)
{
    struct bt b = {0};
    size_t way_count;

    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: bench_peers ARTIFACT CANDLES|FILE.csv ROUNDS TRADES.csv "
                        "[CANDLES.csv]\n");
        return 2;
    }
    bt_open(argv[1], argv[2], &b);
    way_count = bt_is_recording(argv[2]) ? COUNT_OF(ways) : COUNT_OF(ways) - 1;
    bt_play(&b, way_count, bench_number(argv[3], BT_ROUNDS_MAX), argv[4]);
    if (argc == 6) {
        FILE *file = bt_file(argv[5]);

        bench_write(file, &b.series);
        if (fclose(file) != 0)
            bench_die(argv[5], ERR_IO, NULL);
    }
    candle_series_release(&b.series);
    recorded_feed_free(b.recorded);
    strategy_release(b.strategy);
    return 0;
}
