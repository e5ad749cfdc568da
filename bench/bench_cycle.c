/* SPDX-License-Identifier: Apache-2.0 */
/* Times the trading cycle in memory, beside the strategy's rules alone on the same candles.
 *
 *   bench_cycle STRATEGY.json SYMBOLS CANDLES ROUNDS   a line of JSON: medians over the rounds
 *
 * Time a candle is processor time, the cycles' quantiles are wall time. */
#include <inttypes.h>
#include <stdlib.h>

#include "bench/bench_world.h"
#include "core/log.h"

enum {
    CYCLE_ROUNDS_MAX = 25
};

/* What is measured in each round, and whose median is printed. */
enum cycle_figure {
    FIGURE_ENGINE_NS, /* all candles through the engine */
    FIGURE_RULES_NS,  /* all candles through the rules alone */
    FIGURE_P50_NS,    /* one cycle */
    FIGURE_P99_NS,
    FIGURE_COUNT_
};

struct cycle_result {
    int64_t figures[FIGURE_COUNT_][CYCLE_ROUNDS_MAX];
    size_t cycles; /* the same in every round, as are the counts */
    struct bench_counts counts;
};

static double cycle_sink; /* keeps the compiler from dropping the rules' results */

static void cycle_open(struct bench_world *w, const char *strategy, size_t symbols, size_t candles)
{
    struct candle_series series[BENCH_SYMBOLS_MAX];
    char texts[BENCH_SYMBOLS_MAX][LIMIT_SYMBOL];
    const char *names[BENCH_SYMBOLS_MAX];
    size_t i;

    for (i = 0; i < symbols; i++) {
        bench_candles(i + 1, candles, &series[i]);
        bench_symbol(i, texts[i]);
        names[i] = texts[i];
    }
    bench_world_open(w, bench_strategy(strategy, true), series, names, symbols);
}

/* Every candle through the features and rules of its symbol, instant by instant as the engine does
 * it, and nothing else. */
static int64_t cycle_rules(const char *path, size_t symbols, size_t candles)
{
    struct strategy *strategy = bench_strategy(path, true);
    struct strategy_run *runs[BENCH_SYMBOLS_MAX];
    struct candle_series series[BENCH_SYMBOLS_MAX];
    struct position_view none = {0};
    struct decision decision;
    int64_t begun;
    size_t i, j;

    for (i = 0; i < symbols; i++) {
        bench_candles(i + 1, candles, &series[i]);
        runs[i] = strategy_run_new(strategy);
    }
    begun = bench_cpu_ns();
    for (j = 0; j < candles; j++) {
        for (i = 0; i < symbols; i++) {
            strategy_run_push(runs[i], &series[i].candles[j]);
            strategy_run_decide(runs[i], &none, &decision);
            cycle_sink += decision.confidence;
        }
    }
    begun = bench_cpu_ns() - begun;
    for (i = 0; i < symbols; i++) {
        strategy_run_free(runs[i]);
        candle_series_release(&series[i]);
    }
    strategy_release(strategy);
    return begun;
}

static void cycle_play(const char *strategy, size_t symbols, size_t candles, size_t round,
                       struct cycle_result *r)
{
    int64_t *took = xcalloc(candles + 16, sizeof(*took));
    int64_t begun, before, after;
    struct bench_world w;
    enum err e = ERR_OK;

    cycle_open(&w, strategy, symbols, candles);
    r->cycles = 0;
    begun = bench_cpu_ns();
    before = bench_now_ns();
    while (e != ERR_END) {
        e = engine_step(w.engine);
        after = bench_now_ns();
        if (e == ERR_OK && r->cycles < candles + 16)
            took[r->cycles++] = after - before;
        before = after;
    }
    r->figures[FIGURE_ENGINE_NS][round] = bench_cpu_ns() - begun;
    r->figures[FIGURE_P50_NS][round] = bench_quantile(took, r->cycles, 0.50);
    r->figures[FIGURE_P99_NS][round] = bench_quantile(took, r->cycles, 0.99);
    r->counts = w.counts;
    bench_world_close(&w);
    free(took);
    r->figures[FIGURE_RULES_NS][round] = cycle_rules(strategy, symbols, candles);
}

static void cycle_print(struct cycle_result *r, size_t symbols, size_t candles, size_t rounds)
{
    double all = (double)(symbols * candles);
    int64_t median[FIGURE_COUNT_];
    size_t i;

    for (i = 0; i < FIGURE_COUNT_; i++)
        median[i] = bench_quantile(r->figures[i], rounds, 0.5);
    printf("{\"symbols\": %zu, \"candles\": %zu, \"cycles\": %zu, ", symbols, symbols * candles,
           r->cycles);
    printf("\"ns_per_candle\": %.0f, \"rules_ns_per_candle\": %.0f, ",
           (double)median[FIGURE_ENGINE_NS] / all, (double)median[FIGURE_RULES_NS] / all);
    printf("\"p50_ns\": %" PRId64 ", \"p99_ns\": %" PRId64 ", ", median[FIGURE_P50_NS],
           median[FIGURE_P99_NS]);
    printf("\"commits\": %" PRIu64 ", \"leaves\": %" PRIu64 ", \"fills\": %" PRIu64 ", ",
           r->counts.commits, r->counts.leaves, r->counts.fills);
    printf("\"orders\": %" PRIu64 ", \"positions\": %" PRIu64 "}\n", r->counts.orders,
           r->counts.positions);
}

int main(int argc, char **argv)
{
    static struct cycle_result result;
    size_t symbols, candles, rounds, i;

    if (argc != 5) {
        fprintf(stderr, "usage: bench_cycle STRATEGY.json SYMBOLS CANDLES ROUNDS\n");
        return 2;
    }
    symbols = bench_number(argv[2], BENCH_SYMBOLS_MAX);
    candles = bench_number(argv[3], BENCH_CANDLES_MAX);
    rounds = bench_number(argv[4], CYCLE_ROUNDS_MAX);
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, 2);
    for (i = 0; i < rounds; i++)
        cycle_play(argv[1], symbols, candles, i, &result);
    cycle_print(&result, symbols, candles, rounds);
    return 0;
}
