/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest of an EMA cross with RSI, stop and target: the fast path, the whole engine, and a loop
 * in doubles written for just this strategy.
 *
 *   bench_backtest CANDLES ROUNDS [WAY]   a line of JSON a way: its median time, trades and equity
 *
 * Times are processor time of the run alone, candles in memory; the ways take turns.  The loop in
 * doubles fills at the next open with slippage and fee, tests stop and target, marks equity at
 * every close, keeps the drawdown, each midnight's equity and every fill. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_world.h"
#include "engine/backtest.h"

enum {
    ROUNDS_MAX = 25,
    CANDLES_MAX = 20 * 1000 * 1000,
    WHOLE_MAX = 1000 * 1000, /* candles the whole engine is timed with */
    FAST = 12,
    SLOW = 26,
    RSI = 14
};

static const char artifact[] =
    "{\"name\":\"bench\",\"timeframe\":\"5m\",\"features\":{\"fast\":\"ema(close, 12)\","
    "\"slow\":\"ema(close, 26)\",\"rsi\":\"rsi(close, 14)\"},\"entry\":{\"condition\":"
    "\"crossed_above(fast, slow) and rsi < 70\"},\"exit\":{\"condition\":"
    "\"crossed_below(fast, slow)\"},\"stop_loss\":0.02,\"take_profit\":0.04,"
    "\"position_sizing\":{\"type\":\"fixed_quote\",\"value\":1000}}";

struct outcome {
    uint64_t trades;
    double equity;
};

struct world {
    const struct strategy *strategy;
    struct candle_series series;
    struct instrument instrument;
    struct recorded_feed *recorded;
    struct feed feed;
    struct backtest_options options;
};

static struct outcome outcome_of(struct backtest_result *r)
{
    struct outcome o = {(uint64_t)r->trial.report.total_trades,
                        money_to_double(r->trial.account.performance.equity)};

    backtest_result_release(r);
    return o;
}

static struct outcome play(const struct world *w, enum backtest_path path, bool is_in_memory)
{
    struct backtest_options o = w->options;
    struct feed feed = w->feed;
    struct diag_list diags = {0};
    struct backtest_result r;
    enum err e;

    o.path = path;
    o.feed = &feed;
    if (!is_in_memory)
        feed.candles = NULL;
    e = backtest_run(&o, &diags, &r);
    if (e)
        bench_die("the backtest", e, &diags);
    return outcome_of(&r);
}

static struct outcome by_fast_path(const struct world *w)
{
    return play(w, BACKTEST_ANY, true);
}

static struct outcome by_metrics(const struct world *w)
{
    struct world mine = *w;

    mine.options.metrics_only = true;
    return play(&mine, BACKTEST_ANY, true);
}

static struct outcome by_feed(const struct world *w)
{
    return play(w, BACKTEST_ANY, false);
}

static struct outcome by_engine(const struct world *w)
{
    return play(w, BACKTEST_WHOLE, false);
}

/* ---- The loop in doubles ---- */

struct hand_fill {
    int64_t at_us;
    double price, size, fee, pnl;
};

struct hand {
    double fast, slow, gain, loss, last;
    bool was_above, is_open, wants_in, wants_out;
    double cash, size, entry, stop, take, peak, drawdown;
    int64_t day;
    struct hand_fill *fills;
    double *days;
    size_t fill_count, fill_capacity, day_count, day_capacity;
    uint64_t trades;
};

static double price_of(int64_t hundredths)
{
    return (double)hundredths / 100.0;
}

static void hand_note(struct hand *h, const struct hand_fill *fill)
{
    if (h->fill_count == h->fill_capacity) {
        h->fill_capacity = h->fill_capacity ? 2 * h->fill_capacity : 64;
        h->fills = xrealloc(h->fills, h->fill_capacity * sizeof *h->fills);
    }
    h->fills[h->fill_count++] = *fill;
}

static void hand_buy(struct hand *h, const struct candle *c)
{
    const double price = ceil(price_of(c->open) * 1.0005 * 100) / 100;
    const double size = floor(1000 / h->last * 100000) / 100000;
    const struct hand_fill fill = {c->open_us, price, size, price * size * 0.001, 0};

    h->cash -= price * size + fill.fee;
    h->size = size;
    h->entry = price;
    h->stop = price * 0.98;
    h->take = price * 1.04;
    h->is_open = true;
    hand_note(h, &fill);
}

static void hand_sell(struct hand *h, double price, int64_t at_us)
{
    const double fee = price * h->size * 0.001;
    const struct hand_fill fill = {at_us, price, h->size, fee,
                                   (price - h->entry) * h->size - fee - h->entry * h->size * 0.001};

    h->cash += price * h->size - fee;
    h->size = 0;
    h->is_open = false;
    h->trades++;
    hand_note(h, &fill);
}

static double slipped(double price)
{
    return floor(price * 0.9995 * 100) / 100;
}

static double hand_trade(struct hand *h, const struct candle *c)
{
    const int64_t at_us = c->open_us + 300 * US_PER_S;
    const double open = price_of(c->open), close = price_of(c->close);
    double equity;

    if (h->wants_out)
        hand_sell(h, slipped(open), c->open_us);
    else if (h->wants_in)
        hand_buy(h, c);
    if (h->is_open && price_of(c->low) <= h->stop)
        hand_sell(h, slipped(open < h->stop ? open : h->stop), at_us);
    else if (h->is_open && price_of(c->high) >= h->take)
        hand_sell(h, open > h->take ? open : h->take, at_us);
    equity = h->cash + h->size * close;
    if (equity > h->peak)
        h->peak = equity;
    else if ((h->peak - equity) / h->peak > h->drawdown)
        h->drawdown = (h->peak - equity) / h->peak;
    if (at_us / US_PER_DAY != h->day) {
        h->day = at_us / US_PER_DAY;
        if (h->day_count == h->day_capacity) {
            h->day_capacity = h->day_capacity ? 2 * h->day_capacity : 64;
            h->days = xrealloc(h->days, h->day_capacity * sizeof *h->days);
        }
        h->days[h->day_count++] = equity;
    }
    return equity;
}

static void hand_average(struct hand *h, size_t k, double x, double change)
{
    const double gain = change > 0 ? change : 0, loss = change < 0 ? -change : 0;

    if (k < FAST)
        h->fast += x / FAST;
    else
        h->fast += (x - h->fast) * (2.0 / (FAST + 1));
    if (k < SLOW)
        h->slow += x / SLOW;
    else
        h->slow += (x - h->slow) * (2.0 / (SLOW + 1));
    if (k <= RSI) {
        h->gain += gain / RSI;
        h->loss += loss / RSI;
        return;
    }
    h->gain = (h->gain * (RSI - 1) + gain) / RSI;
    h->loss = (h->loss * (RSI - 1) + loss) / RSI;
}

static struct outcome by_hand(const struct world *w)
{
    const size_t warm = (size_t)strategy_warmup(w->strategy) - 1;
    const struct candle *candles = w->series.candles;
    struct hand h = {.cash = 10000, .peak = 10000, .last = price_of(candles[0].close)};
    double equity = 10000;
    struct outcome o;

    for (size_t k = 0; k < w->series.count; k++) {
        const struct candle *c = &candles[k];
        const double x = price_of(c->close), change = x - h.last;
        bool is_above, ups;

        equity = hand_trade(&h, c);
        hand_average(&h, k, x, change);
        h.last = x;
        is_above = h.fast > h.slow;
        ups = 100 * (h.gain / (h.gain + h.loss)) < 70;
        h.wants_in = !h.is_open && k >= warm && is_above && !h.was_above && ups;
        h.wants_out = h.is_open && !is_above && h.was_above;
        h.was_above = is_above;
    }
    o = (struct outcome){h.trades, equity};
    free(h.fills);
    free(h.days);
    return o;
}

/* ---- The race ---- */

static const struct way {
    const char *name;
    struct outcome (*play)(const struct world *w);
    size_t most;
} ways[] = {
    {"hand", by_hand, CANDLES_MAX},       {"fast", by_fast_path, CANDLES_MAX},
    {"metrics", by_metrics, CANDLES_MAX}, {"feed", by_feed, CANDLES_MAX},
    {"engine", by_engine, WHOLE_MAX},
};

static void open_world(struct world *w, size_t candles)
{
    struct diag_list diags = {0};
    struct candle_series copy;
    struct strategy *s;
    enum err e = strategy_parse(artifact, strlen(artifact), true, &diags, &s);

    if (e)
        bench_die("the strategy", e, &diags);
    w->strategy = s;
    bench_candles(1, candles, &w->series);
    w->series.candles[w->series.count - 1].flags |= CANDLE_LAST;
    e = instrument_init(&w->instrument, "BTC/USDT", price_from_scaled(1, 2), size_from_scaled(1, 5),
                        (struct money){10 * (i128)INT64_C(1000000000000)});
    if (e)
        bench_die("the instrument", e, NULL);
    copy = w->series;
    copy.candles = xmalloc(copy.count * sizeof *copy.candles);
    memcpy(copy.candles, w->series.candles, copy.count * sizeof *copy.candles);
    e = recorded_feed_new_take(&copy, 1, &w->instrument, &diags, &w->recorded);
    if (e)
        bench_die("the feed", e, &diags);
    w->feed = recorded_feed_port(w->recorded);
    w->options = (struct backtest_options){
        .strategies = &w->strategy,
        .strategy_count = 1,
        .instruments = &w->instrument,
        .instrument_count = 1,
        .terms = trial_terms_default(),
    };
}

static bool is_asked(const struct way *way, size_t candles, const char *only)
{
    return candles <= way->most && (!only || strcmp(only, way->name) == 0);
}

int main(int count, char **arguments)
{
    int64_t times[COUNT_OF(ways)][ROUNDS_MAX];
    struct outcome outcomes[COUNT_OF(ways)] = {{0, 0}};
    struct world w = {0};
    size_t candles, rounds;

    if (count != 3 && count != 4) {
        fputs("usage: bench_backtest CANDLES ROUNDS [WAY]\n", stderr);
        return 2;
    }
    candles = bench_number(arguments[1], CANDLES_MAX);
    rounds = bench_number(arguments[2], ROUNDS_MAX);
    open_world(&w, candles);
    for (size_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
            int64_t begun = bench_cpu_ns();

            if (is_asked(&ways[i], candles, arguments[3]))
                outcomes[i] = ways[i].play(&w);
            times[i][r] = bench_cpu_ns() - begun;
        }
    }
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        int64_t ns = bench_quantile(times[i], rounds, 0.5);

        if (is_asked(&ways[i], candles, arguments[3]))
            printf("{\"way\":\"%s\",\"ns\":%" PRId64 ",\"ns_per_candle\":%.2f,\"trades\":%" PRIu64
                   ",\"equity\":%.8f}\n",
                   ways[i].name, ns, (double)ns / (double)candles, outcomes[i].trades,
                   outcomes[i].equity);
    }
    recorded_feed_free(w.recorded);
    candle_series_release(&w.series);
    strategy_release((struct strategy *)(uintptr_t)w.strategy);
    return 0;
}
