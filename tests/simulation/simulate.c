/* SPDX-License-Identifier: Apache-2.0 */
/* A campaign of simulated runs: seeds one after another, what they reached, and what went wrong.
 *
 *   simulate [--first N] [--seeds N] [--seed N] [--seconds N] [--verbose] [--no-sometimes]
 *
 * Exit 0: everything held, and every rare path was reached at least once (when there were seeds
 * enough for that to be expected); 1: a violation, with the command that plays its seed again. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "tests/simulation/sim_run.h"

/* Paths that a campaign must have reached, once it had so many runs. */
static const struct path {
    const char *name;
    uint64_t within;
} paths[] = {
#define PATH(name, within) {name, within},
#include "tests/simulation/paths_table.h"
#undef PATH
};

struct options {
    uint64_t first, seeds, seconds;
    bool tells_sometimes, is_verbose;
};

static bool parse(int argc, char **argv, struct options *o)
{
    *o = (struct options){.first = 1, .seeds = 1000, .tells_sometimes = true};
    for (int i = 1; i < argc; i++) {
        uint64_t *number = NULL;

        if (strcmp(argv[i], "--no-sometimes") == 0)
            o->tells_sometimes = false;
        else if (strcmp(argv[i], "--verbose") == 0)
            o->is_verbose = true;
        else if (strcmp(argv[i], "--first") == 0 || strcmp(argv[i], "--seed") == 0)
            number = &o->first;
        else if (strcmp(argv[i], "--seeds") == 0)
            number = &o->seeds;
        else if (strcmp(argv[i], "--seconds") == 0)
            number = &o->seconds;
        else
            return false;
        if (!number)
            continue;
        if (strcmp(argv[i], "--seed") == 0)
            o->seeds = 1;
        if (++i == argc)
            return false;
        *number = strtoull(argv[i], NULL, 10);
    }
    return true;
}

static int tell_sometimes(const struct sometimes *s, const struct options *o, uint64_t runs)
{
    int missing = 0;

    if (!o->tells_sometimes)
        return 0;
    for (size_t i = 0; i < s->count; i++)
        printf("%10llu runs  %s\n", (unsigned long long)s->list[i].runs, s->list[i].name);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        size_t k = 0;

        while (k < s->count && strcmp(s->list[k].name, paths[i].name) != 0)
            k++;
        if (k < s->count)
            continue;
        printf("     never       %s\n", paths[i].name);
        missing += runs >= paths[i].within;
    }
    return missing;
}

/* The same seed gives the same log. */
static bool is_repeatable(uint64_t seed, const struct run_result *first)
{
    struct sometimes ignored = {0};
    struct run_result again;

    sim_run(seed, &ignored, &again);
    return memcmp(&first->log, &again.log, sizeof again.log) == 0;
}

/* Bytes of the heap in use; 0 under a sanitizer, which looks for what is lost itself. */
static size_t heap_now(void)
{
    return mallinfo2().uordblks;
}

/* L3: runs give everything back, but for what the C library keeps of it for itself, which is less
 * than this and no more after many runs. */
static void check_heap(uint64_t done, struct run_result *result)
{
    enum {
        FIRST_RUNS = 10,
        KEPT_BYTES = 512 * 1024
    };
    static size_t before;

    if (done == FIRST_RUNS)
        before = heap_now();
    else if (done > FIRST_RUNS && heap_now() > before + KEPT_BYTES && !result->violation[0])
        (void)snprintf(result->violation, sizeof result->violation,
                       "L3: %zu bytes of %llu runs were not given back", heap_now() - before,
                       (unsigned long long)(done - FIRST_RUNS));
}

int main(int argc, char **argv)
{
    struct options o;
    struct sometimes *sometimes = xcalloc(1, sizeof *sometimes);
    int64_t begun_us = clock_monotonic_us(), took_us;
    uint64_t done = 0, orders = 0, fills = 0, crashes = 0;
    int missing, failed = 0;

    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "usage: simulate [--first N] [--seeds N] [--seed N] [--seconds N]\n");
        free(sometimes);
        return 2;
    }
    log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT, 2);
    (void)log_mute(!o.is_verbose);
    for (uint64_t seed = o.first; done < o.seeds && !failed; seed++, done++) {
        struct run_result result;

        if (o.seconds && clock_monotonic_us() - begun_us > (int64_t)o.seconds * US_PER_S)
            break;
        sim_run(seed, sometimes, &result);
        check_heap(done, &result);
        if (!result.violation[0] && seed % 50 == 0 && !is_repeatable(seed, &result))
            (void)copy_text(result.violation, sizeof result.violation,
                            "D5: the same seed gave another log");
        orders += result.orders;
        fills += result.fills;
        crashes += result.crashes;
        if (result.violation[0]) {
            printf("seed %llu violates %s\nplay it again: make simulate SEED=%llu\n",
                   (unsigned long long)seed, result.violation, (unsigned long long)seed);
            failed = 1;
        }
    }
    took_us = clock_monotonic_us() - begun_us;
    missing = tell_sometimes(sometimes, &o, done);
    printf("%llu runs in %.1f s, %.0f runs/s: %llu orders, %llu fills, %llu crashes; %s\n",
           (unsigned long long)done, (double)took_us / 1e6,
           (double)done * 1e6 / (double)(took_us + 1), (unsigned long long)orders,
           (unsigned long long)fills, (unsigned long long)crashes,
           failed ? "a violation" : "no violation");
    free(sometimes);
    return failed || missing ? 1 : 0;
}
