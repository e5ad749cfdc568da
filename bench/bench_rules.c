/* SPDX-License-Identifier: Apache-2.0 */
/* Three indicators, two rules and a simple position over many candles: in blocks, candle by candle,
 * and by a loop written for just this strategy.
 *
 *   bench_rules CANDLES ROUNDS [FILE]   a line of JSON a way: its median time, trades and profit
 *
 * FILE gets the candles as columns of doubles (open, high, low, close) for other programs.  Times
 * are processor time; the ways take turns. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_world.h"

enum {
    RULES_CANDLES_MAX = 20 * 1000 * 1000,
    RULES_ROUNDS_MAX = 25,
    RULES_FAST = 12,
    RULES_SLOW = 26,
    RULES_RSI = 14,
    RULES_HELD_MAX = 288,
    RULES_BLOCK = 256
};

static const char artifact[] =
    "{\"name\":\"bench\",\"timeframe\":\"5m\",\"features\":{\"fast\":\"ema(close, 12)\","
    "\"slow\":\"ema(close, 26)\",\"rsi\":\"rsi(close, 14)\"},\"entry\":{\"condition\":"
    "\"fast > slow and rsi < 70\"},\"exit\":{\"condition\":\"fast < slow or rsi > 80\"},"
    "\"stop_loss\":0.02}";

/* The position, the same code everywhere: in and out at the next open, stop before target. */
struct rules_sim {
    bool is_open, wants_in, wants_out;
    int held;
    double entry, stop, take, profit;
    uint64_t trades;
};

static double rules_price(int64_t hundredths)
{
    return (double)hundredths / 100.0;
}

static void sim_close(struct rules_sim *s, double price)
{
    s->is_open = false;
    s->profit += price * 0.999 / (s->entry * 1.001) - 1;
    s->trades++;
}

static void sim_levels(struct rules_sim *s, const struct candle *c)
{
    double open = rules_price(c->open);

    if (rules_price(c->low) <= s->stop)
        sim_close(s, open < s->stop ? open : s->stop);
    else if (rules_price(c->high) >= s->take)
        sim_close(s, open > s->take ? open : s->take);
}

static inline void sim_candle(struct rules_sim *s, const struct candle *c, bool entry, bool exit)
{
    if (s->wants_out) {
        sim_close(s, rules_price(c->open));
    } else if (s->wants_in) {
        s->is_open = true;
        s->held = 0;
        s->entry = rules_price(c->open);
        s->stop = s->entry * 0.98;
        s->take = s->entry * 1.04;
    }
    if (s->is_open)
        sim_levels(s, c);
    s->held += s->is_open;
    s->wants_in = !s->is_open && entry;
    s->wants_out = s->is_open && (exit || s->held >= RULES_HELD_MAX);
}

static struct strategy *rules_strategy(void)
{
    struct diag_list diags = {0};
    struct strategy *s;
    enum err e = strategy_parse(artifact, strlen(artifact), true, &diags, &s);

    if (e)
        bench_die("the strategy", e, &diags);
    return s;
}

static void in_blocks(const struct strategy *strategy, const struct candle *candles, size_t count,
                      struct rules_sim *sim)
{
    struct strategy_run *run = strategy_run_new(strategy);
    uint8_t entry[RULES_BLOCK], exit[RULES_BLOCK];

    for (size_t at = 0; at < count; at += RULES_BLOCK) {
        size_t n = count - at < RULES_BLOCK ? count - at : RULES_BLOCK;
        struct strategy_block block = {.own = {candles + at, n}, .entry = entry, .exit = exit};

        strategy_run_push_block(run, &block);
        for (size_t k = 0; k < n; k++)
            sim_candle(sim, &candles[at + k], entry[k] == TRI_TRUE, exit[k] == TRI_TRUE);
    }
    strategy_run_free(run);
}

static void one_by_one(const struct strategy *strategy, const struct candle *candles, size_t count,
                       struct rules_sim *sim)
{
    struct strategy_run *run = strategy_run_new(strategy);
    struct position_view position = {0};
    struct decision d;

    for (size_t k = 0; k < count; k++) {
        position.is_open = true; /* asks for the exit on every candle, as a block does */
        strategy_run_push(run, &candles[k]);
        strategy_run_decide(run, &position, &d);
        sim_candle(sim, &candles[k], d.entry == TRI_TRUE, d.exit == TRI_TRUE);
    }
    strategy_run_free(run);
}

/* What the loop below begins with: an average's first value is a mean, as in TA-Lib. */
struct rules_hand {
    double fast, slow, gain, loss, last;
};

static double hand_mean(const struct candle *candles, int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += rules_price(candles[i].close);
    return sum / count;
}

static double hand_next(double average, double x, double factor)
{
    return average + (x - average) * factor;
}

static struct rules_hand hand_begin(const struct candle *candles)
{
    struct rules_hand h = {.fast = hand_mean(candles, RULES_FAST),
                           .slow = hand_mean(candles, RULES_SLOW),
                           .last = rules_price(candles[0].close)};

    for (int i = RULES_FAST; i < RULES_SLOW; i++)
        h.fast = hand_next(h.fast, rules_price(candles[i].close), 2.0 / (RULES_FAST + 1));
    for (int i = 1; i < RULES_SLOW; i++) {
        double x = rules_price(candles[i].close), change = x - h.last;
        double gain = change > 0 ? change : 0, loss = change < 0 ? -change : 0;

        h.last = x;
        if (i <= RULES_RSI) {
            h.gain += gain;
            h.loss += loss;
        }
        if (i == RULES_RSI) {
            h.gain /= RULES_RSI;
            h.loss /= RULES_RSI;
        } else if (i > RULES_RSI) {
            h.gain = (h.gain * (RULES_RSI - 1) + gain) / RULES_RSI;
            h.loss = (h.loss * (RULES_RSI - 1) + loss) / RULES_RSI;
        }
    }
    return h;
}

static void by_hand(const struct strategy *strategy, const struct candle *candles, size_t count,
                    struct rules_sim *sim)
{
    size_t warm = (size_t)strategy_warmup(strategy) - 1;
    struct rules_hand h = hand_begin(candles);

    for (size_t k = RULES_SLOW; k < count; k++) {
        double x = rules_price(candles[k].close), change = x - h.last, rsi, total;

        h.fast = hand_next(h.fast, x, 2.0 / (RULES_FAST + 1));
        h.slow = hand_next(h.slow, x, 2.0 / (RULES_SLOW + 1));
        h.gain = (h.gain * (RULES_RSI - 1) + (change > 0 ? change : 0)) / RULES_RSI;
        h.loss = (h.loss * (RULES_RSI - 1) + (change < 0 ? -change : 0)) / RULES_RSI;
        h.last = x;
        total = h.gain + h.loss;
        rsi = total > 0 ? 100 * (h.gain / total) : 0;
        if (k >= warm)
            sim_candle(sim, &candles[k], h.fast > h.slow && rsi < 70, h.fast < h.slow || rsi > 80);
    }
}

static const struct rules_way {
    const char *name;
    void (*play)(const struct strategy *s, const struct candle *candles, size_t count,
                 struct rules_sim *sim);
} ways[] = {{"hand", by_hand}, {"block", in_blocks}, {"single", one_by_one}};

static void rules_write(const char *path, const struct candle_series *series)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        bench_die(path, ERR_IO, NULL);
    for (int column = 0; column < 4; column++) {
        for (size_t i = 0; i < series->count; i++) {
            const struct candle *c = &series->candles[i];
            const int64_t prices[] = {c->open, c->high, c->low, c->close};
            double x = rules_price(prices[column]);

            if (fwrite(&x, sizeof x, 1, file) != 1)
                bench_die(path, ERR_IO, NULL);
        }
    }
    if (fclose(file) != 0)
        bench_die(path, ERR_IO, NULL);
}

int main(int argc, char **argv)
{
    int64_t took[COUNT_OF(ways)][RULES_ROUNDS_MAX];
    struct rules_sim sims[COUNT_OF(ways)];
    struct strategy *strategy = rules_strategy();
    struct candle_series series;
    size_t count, rounds;

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: bench_rules CANDLES ROUNDS [FILE]\n");
        return 2;
    }
    count = bench_number(argv[1], RULES_CANDLES_MAX);
    rounds = bench_number(argv[2], RULES_ROUNDS_MAX);
    bench_candles(1, count, &series);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
            int64_t begun = bench_cpu_ns();

            sims[i] = (struct rules_sim){0};
            ways[i].play(strategy, series.candles, count, &sims[i]);
            took[i][round] = bench_cpu_ns() - begun;
        }
    }
    for (size_t i = 0; i < COUNT_OF(ways); i++)
        printf("{\"way\": \"%s\", \"candles\": %zu, \"ns\": %" PRId64
               ", \"warmup\": %d, \"trades\": %" PRIu64 ", \"profit\": \"%a\"}\n",
               ways[i].name, count, bench_quantile(took[i], rounds, 0.5), strategy_warmup(strategy),
               sims[i].trades, sims[i].profit);
    if (argc == 4)
        rules_write(argv[3], &series);
    candle_series_release(&series);
    strategy_release(strategy);
    return 0;
}
