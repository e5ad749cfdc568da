/* SPDX-License-Identifier: Apache-2.0 */
/* The corpus of strategies and its candles: recorded ones brought to a timeframe, made-up ones. */
#ifndef TESTS_UNIT_ENGINE_TEST_CORPUS_H
#define TESTS_UNIT_ENGINE_TEST_CORPUS_H

#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/candle.h"
#include "engine/strategy.h"
#include "exchange/candle_file.h"

enum {
    MARKET_MADE_UP = 20000, /* candles of a made-up market */
    MARKET_SCALE = 2
};

#define MARKET_BEGIN_US (INT64_C(1630540800) * US_PER_S) /* as the recording: 2021-09-02 */

struct market {
    struct candle *candles;
    size_t count;
};

static inline void market_add(struct market *m, const struct candle *c)
{
    if (m->count % 4096 == 0)
        m->candles = xrealloc(m->candles, (m->count + 4096) * sizeof *m->candles);
    m->candles[m->count++] = *c;
}

static inline void market_release(struct market *m)
{
    free(m->candles);
    *m = (struct market){0};
}

/* As the feed fills a gap: flat at the last close, without volume. */
static inline void market_fill(struct market *m, int64_t until_us, int64_t step_us)
{
    struct candle flat = m->candles[m->count - 1];

    flat.open = flat.high = flat.low = flat.close;
    flat.volume = 0;
    flat.flags = CANDLE_SYNTHETIC;
    for (flat.open_us += step_us; flat.open_us < until_us; flat.open_us += step_us)
        market_add(m, &flat);
}

/* A recorded file below tests/data, its gaps filled. */
static inline struct market market_read(const char *name)
{
    struct market m = {0};
    struct candle_series series = {0};
    struct diag_list diags = {0};
    size_t length;
    char *text = check_data(name, &length);

    assert_ok(candle_parse(text, length, name, &diags, &series));
    for (size_t i = 0; i < series.count; i++) {
        if (m.count > 0)
            market_fill(&m, series.candles[i].open_us, series.timeframe_us);
        market_add(&m, &series.candles[i]);
    }
    candle_series_release(&series);
    free(text);
    return m;
}

/* Candles of step_us made of shorter ones; what does not fill a candle at the end is left out. */
static inline struct market market_resampled(const struct market *fine, int64_t step_us)
{
    struct market m = {0};
    int64_t fine_us = fine->candles[1].open_us - fine->candles[0].open_us;
    struct candle c = {0};

    for (size_t i = 0; i < fine->count; i++) {
        const struct candle *f = &fine->candles[i];

        if (f->open_us % step_us == 0) {
            c = *f;
        } else {
            c.high = f->high > c.high ? f->high : c.high;
            c.low = f->low < c.low ? f->low : c.low;
            c.close = f->close;
            c.volume += f->volume;
            c.flags = (uint8_t)(c.flags & f->flags);
        }
        if ((f->open_us + fine_us) % step_us == 0)
            market_add(&m, &c);
    }
    return m;
}

static inline double market_dice(struct check_random *r)
{
    return (double)(check_random_next(r) >> 11) / 9007199254740992.0;
}

/* A walk of steps up to `wild` whose drift turns now and then, with bursts of volume.  Nothing but
 * the four operations goes into it: the same on every machine. */
static inline struct market market_made_up(uint64_t seed, int64_t step_us, double wild,
                                           double price)
{
    struct check_random r = {seed};
    struct market m = {0};
    double drift = 0;

    for (int i = 0; i < MARKET_MADE_UP; i++) {
        double burst = market_dice(&r), move = (market_dice(&r) + market_dice(&r) - 1) * wild;
        double open = price, close, high, low;

        burst = burst * burst * burst * burst;
        burst = burst * burst;
        if (check_random_next(&r) % 60 == 0)
            drift = (market_dice(&r) - 0.5) * wild * 0.4;
        /* Far from where it began it is pulled back, or a long walk would end at nothing. */
        drift -= (price / 40000 - 1) * wild * 0.0005;
        close = open * (1 + move * (1 + 3 * burst) + drift);
        high = (open > close ? open : close) * (1 + market_dice(&r) * wild * 0.5);
        low = (open < close ? open : close) * (1 - market_dice(&r) * wild * 0.5);
        market_add(&m, &(struct candle){.open_us = MARKET_BEGIN_US + i * step_us,
                                        .open = (int64_t)(open * 100),
                                        .high = (int64_t)(high * 100),
                                        .low = (int64_t)(low * 100),
                                        .close = (int64_t)(close * 100),
                                        .volume = (int64_t)((10 + 90 * burst) * 100),
                                        .price_scale = MARKET_SCALE,
                                        .size_scale = MARKET_SCALE});
        price = (double)m.candles[i].close / 100;
    }
    return m;
}

static struct market corpus_recorded, corpus_shiba;

static inline int corpus_read(void **state)
{
    (void)state;
    corpus_recorded = market_read("../../artifacts/candles/BTCUSDT-5m.csv");
    corpus_shiba = market_read("candles/SHIBUSDT-5m.csv");
    return 0;
}

static inline int corpus_free(void **state)
{
    (void)state;
    market_release(&corpus_recorded);
    market_release(&corpus_shiba);
    return 0;
}

/* The artifact of this name, without a mistake or a warning. */
static inline struct strategy *corpus_load(const char *name)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct strategy *s = NULL;
    char file[LIMIT_NAME + 32];
    size_t length;
    char *text;

    (void)snprintf(file, sizeof file, "strategies/%.63s.json", name);
    text = check_data(file, &length);
    /* A stop loss is demanded: what is here could trade in paper. */
    if (strategy_parse(text, length, true, diags, &s))
        fail_msg("%s: %s: %s (%s)", file, diags->items[0].field, diags->items[0].message,
                 diags->items[0].hint);
    if (strategy_warnings(s)->count > 0)
        fail_msg("%s: warning: %s: %s", file, strategy_warnings(s)->items[0].field,
                 strategy_warnings(s)->items[0].message);
    assert_string_equal(strategy_name(s), name);
    free(text);
    free(diags);
    return s;
}

/* What a strategy sees: its own candles, and those of the other symbols beside them. */
struct stage {
    const struct strategy *s;
    struct market own, others[LIMIT_OTHER_SYMBOLS];
};

static inline struct market candles_of(const char *kind, const char *symbol, int64_t step_us)
{
    uint64_t seed = 1;

    for (const char *p = symbol; *p; p++)
        seed = seed * 31 + (uint64_t)*p;
    if (strcmp(symbol, "SHIB/USDT") == 0)
        return market_resampled(&corpus_shiba, step_us);
    if (strcmp(kind, "wild") == 0)
        return market_made_up(seed, step_us, 0.02, 40000);
    if (strcmp(kind, "calm") == 0 || strncmp(symbol, "BTC/", 4) != 0)
        return market_made_up(seed, step_us, 0.004, 40000);
    return market_resampled(&corpus_recorded, step_us);
}

static inline void stage_open(struct stage *st, const struct strategy *s, const char *kind)
{
    int64_t step_us = strategy_timeframe_us(s);

    *st = (struct stage){.s = s};
    assert_true(strategy_symbol_count(s) > 0 && step_us > 0);
    st->own = candles_of(kind, strategy_symbol(s, 0), step_us);
    for (size_t i = 0; i < strategy_other_count(s); i++)
        st->others[i] = candles_of(kind, strategy_other_symbol(s, i), step_us);
}

static inline void stage_close(struct stage *st)
{
    market_release(&st->own);
    for (size_t i = 0; i < strategy_other_count(st->s); i++)
        market_release(&st->others[i]);
}

#endif
