/* SPDX-License-Identifier: Apache-2.0 */
/* A campaign of simulated runs: seeds one after another, what they reached, and what went wrong.
 *
 *   simulate [--first N] [--seeds N] [--seed N] [--seconds N] [--verbose] [--no-sometimes]
 *
 * Exit 0: everything held, and every rare path was reached at least once (when there were seeds
 * enough for that to be expected); 1: a violation, with the command that plays its seed again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "tests/simulation/sim_run.h"

enum {
    ENOUGH_SEEDS = 500
};

/* Paths that a campaign must have reached. */
static const char *const wanted[] = {
    "absence proven",
    "second attempt",
    "third attempt",
    "a later attempt filled",
    "outcome unknown",
    "request lost",
    "answer lost",
    "request slow",
    "request expired on its way",
    "venue slow to process",
    "request not sent",
    "executed, but answered as a failure",
    "refused for no reason of ours",
    "banned",
    "stream event lost",
    "stream event twice",
    "stream event late",
    "stream gap",
    "query failed",
    "query lags: not found although there",
    "account failed",
    "the venue cancels on its own",
    "partial fill",
    "market order expires after a part",
    "cancel race lost",
    "canceled after a part",
    "stop executed",
    "stop would trigger at once",
    "exit made anew for what was left",
    "replace",
    "pair",
    "pair refused",
    "half of a pair filled in part",
    "target executed",
    "insufficient funds",
    "foreign trade",
    "maintenance",
    "operator command",
    "crash",
    "crash with an order that may have been sent",
    "crash before a commit",
    "crash after a commit",
    "crash while sending",
    "commit durable, answer lost",
    "fee in what is received",
    "fee in a third asset",
    "dust",
    "database away",
    "not sent any more: too late",
    "entry denied: unknown order",
    "entry denied: not reconciled",
    "entry denied: symbol halted",
    "commit spooled",
    "spool brought in",
    "a restart brings the spool in",
    "spooled commit was there already",
    "spooled commit durable, answer lost",
    "spool refused",
    "disk full",
    "crash with a spool",
    "crash before spooling",
    "crash after spooling",
    "crash amid the spool",
    "everything closed while the database is away",
    "database away from one instance",
    "NOT_DURABLE",
    "failover loses a commit",
    "paused before a commit",
    "paused between commit and send",
    "paused while sending",
    "takeover",
    "takeover from one that had spooled",
    "lease not renewed",
    "an old epoch's commit is refused",
    "a daemon that was followed stands by",
    "spooled by an instance that was followed",
    "an order of an instance that was followed",
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

static int tell_sometimes(const struct sometimes *s, const struct options *o)
{
    int missing = 0;

    if (!o->tells_sometimes)
        return 0;
    for (size_t i = 0; i < s->count; i++)
        printf("%10llu runs  %s\n", (unsigned long long)s->list[i].runs, s->list[i].name);
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        size_t k = 0;

        while (k < s->count && strcmp(s->list[k].name, wanted[i]) != 0)
            k++;
        if (k == s->count) {
            printf("     never       %s\n", wanted[i]);
            missing++;
        }
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
    missing = tell_sometimes(sometimes, &o);
    printf("%llu runs in %.1f s, %.0f runs/s: %llu orders, %llu fills, %llu crashes; %s\n",
           (unsigned long long)done, (double)took_us / 1e6,
           (double)done * 1e6 / (double)(took_us + 1), (unsigned long long)orders,
           (unsigned long long)fills, (unsigned long long)crashes,
           failed ? "a violation" : "no violation");
    free(sometimes);
    return failed || (done >= ENOUGH_SEEDS && missing) ? 1 : 0;
}
