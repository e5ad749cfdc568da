/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the made-up candles of the C benches as files, so that the daemon plays the same ones.
 *
 *   bench_candles FOLDER SYMBOLS CANDLES */
#include <stdlib.h>

#include "bench/bench_world.h"

static void candles_write(const char *folder, size_t i, size_t count)
{
    struct candle_series series;
    char path[LIMIT_PATH];
    FILE *file;

    snprintf(path, sizeof(path), "%s/S%03zuUSDT-5m.csv", folder, i);
    file = fopen(path, "w");
    if (!file)
        bench_die(path, ERR_IO, NULL);
    bench_candles(i + 1, count, &series);
    bench_write(file, &series);
    candle_series_release(&series);
    if (fclose(file) != 0)
        bench_die(path, ERR_IO, NULL);
}

int main(int argc, char **argv)
{
    size_t symbols, candles, i;

    if (argc != 4) {
        fprintf(stderr, "usage: bench_candles FOLDER SYMBOLS CANDLES\n");
        return 2;
    }
    symbols = bench_number(argv[2], BENCH_SYMBOLS_MAX);
    candles = bench_number(argv[3], BENCH_CANDLES_MAX);
    for (i = 0; i < symbols; i++)
        candles_write(argv[1], i, candles);
    return 0;
}
