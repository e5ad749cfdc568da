/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an artifact: an accepted one must parse from its canonical form to the same id, and
 * give the same decisions again after a reset. */
#include <math.h>
#include <string.h>

#include "engine/strategy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CANDLES = 48
};

static void run(struct strategy_run *r, struct decision decisions[CANDLES])
{
    struct position_view position = {true, 100, 0, 0};
    int64_t price = 10000;
    double stop, take;

    for (int i = 0; i < CANDLES; i++) {
        struct candle c = {.open_us = i * 7 * 3600 * US_PER_S,
                           .open = price,
                           .high = price + 50,
                           .low = price - 40,
                           .close = price + (i % 7) * 5 - 15,
                           .volume = i % 5,
                           .price_scale = 2};

        price = c.close;
        position.candles_held = i;
        strategy_run_push(r, &c);
        memset(&decisions[i], 0, sizeof decisions[i]);
        strategy_run_decide(r, &position, &decisions[i]);
        strategy_run_levels(r, 100, &stop, &take);
        ASSERT(isnan(stop) || stop > 0);
        ASSERT(isnan(take) || take > 0);
        ASSERT(isnan(decisions[i].confidence) ||
               (decisions[i].confidence >= 0 && decisions[i].confidence <= 1));
        for (const char *p = decisions[i].trigger; *p; p++)
            ASSERT(*p >= 0x20 && *p < 0x7f);
        decisions[i].confidence = isnan(decisions[i].confidence) ? -1 : decisions[i].confidence;
    }
}

static void check(const struct strategy *s)
{
    static struct decision first[CANDLES], second[CANDLES];
    struct strategy_run *r = strategy_run_new(s);

    run(r, first);
    strategy_run_reset(r);
    run(r, second);
    ASSERT(memcmp(first, second, sizeof first) == 0);
    strategy_run_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct diag_list diags;
    struct strategy *s, *again;
    const char *canonical;
    size_t length;
    enum err e;

    diags.count = diags.dropped = 0;
    if (strategy_parse((const char *)data, size, size % 2 == 0, &diags, &s)) {
        ASSERT(diags.count > 0);
        return 0;
    }
    ASSERT(diags.count == 0);
    canonical = strategy_canonical(s, &length);
    e = strategy_parse(canonical, length, false, &diags, &again);
    ASSERT(!e);
    ASSERT(strcmp(strategy_id(s), strategy_id(again)) == 0);
    ASSERT(strategy_warmup(s) == strategy_warmup(again));
    ASSERT(strategy_warnings(again)->count == 0);
    check(s);
    strategy_release(again);
    strategy_release(s);
    return 0;
}
