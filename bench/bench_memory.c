/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the same world again and again in one process: its memory must not grow.
 *
 *   bench_memory STRATEGY.json SYMBOL CANDLES.csv ROUNDS   a line of JSON a round
 *
 * The time of a round is the processor time of the replay, on a journal without a disk. */
#include <stdlib.h>
#include <string.h>

#include "bench/bench_world.h"
#include "core/log.h"

enum {
    MEMORY_ROUNDS_MAX = 1000
};

/* A kB figure of this process: "VmRSS" or "VmHWM". */
static long memory_status(const char *name)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kb = -1;

    while (file && kb < 0 && fgets(line, sizeof(line), file)) {
        if (strncmp(line, name, strlen(name)) == 0)
            kb = strtol(line + strlen(name) + 1, NULL, 10);
    }
    if (file)
        fclose(file);
    return kb;
}

static void memory_round(size_t round, const char *strategy, const char *symbol, const char *path)
{
    struct candle_series series;
    struct bench_counts counts;
    struct bench_world w;
    int64_t begun;
    size_t candles;
    enum err e;

    bench_file(path, &series);
    bench_world_open(&w, bench_strategy(strategy, false), &series, &symbol, 1);
    candles = w.candle_count;
    begun = bench_cpu_ns();
    do {
        e = engine_step(w.engine);
    } while (e != ERR_END);
    begun = bench_cpu_ns() - begun;
    counts = w.counts;
    bench_world_close(&w);
    printf("{\"round\": %zu, \"candles\": %zu, \"seconds\": %.6f, \"commits\": %llu, "
           "\"leaves\": %llu, \"fills\": %llu, \"rss_kb\": %ld, \"peak_kb\": %ld}\n",
           round, candles, (double)begun / 1e9, (unsigned long long)counts.commits,
           (unsigned long long)counts.leaves, (unsigned long long)counts.fills,
           memory_status("VmRSS:"), memory_status("VmHWM:"));
}

int main(int argc, char **argv)
{
    size_t rounds, i;

    if (argc != 5) {
        fprintf(stderr, "usage: bench_memory STRATEGY.json SYMBOL CANDLES.csv ROUNDS\n");
        return 2;
    }
    rounds = bench_number(argv[4], MEMORY_ROUNDS_MAX);
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, 2);
    for (i = 1; i <= rounds; i++)
        memory_round(i, argv[1], argv[2], argv[3]);
    return 0;
}
