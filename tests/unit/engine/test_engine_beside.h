/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds with funding and finer candles beside their candles, and what must hold in them. */
#ifndef TESTS_UNIT_ENGINE_TEST_ENGINE_BESIDE_H
#define TESTS_UNIT_ENGINE_TEST_ENGINE_BESIDE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/world.h"

enum {
    CANDLES = 250,
    MINUTES = 5
};
#define FIRST_US (INT64_C(1630540800000) * 1000)
#define STEP_US (300 * US_PER_S)

static const char holder_json[] =
    "{\"version\":1,\"name\":\"holder\",\"timeframe\":\"5m\",\"startup_bars\":1,"
    "\"features\":{\"mean\":\"sma(close, 2)\"},"
    "\"entry\":{\"condition\":\"mean > 0\",\"direction\":\"%s\",\"confidence\":0.9},"
    "\"exit\":{\"max_candles\":%d},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":%s},%s"
    "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":2}}";

static const char trader_json[] =
    "{\"version\":1,\"name\":\"cross\",\"timeframe\":\"5m\",\"startup_bars\":30,"
    "\"features\":{\"fast\":\"ema(close,5)\",\"slow\":\"ema(close,20)\"},"
    "\"entry\":{\"condition\":\"fast > slow\",\"direction\":\"long\",\"confidence\":0.8},"
    "\"exit\":{\"condition\":\"crossed_below(fast, slow)\",\"max_candles\":60},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.01},"
    "\"take_profit\":{\"type\":\"pct\",\"value\":0.015},"
    "\"trailing_stop\":{\"pct\":0.004,\"activate_at\":0.004},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.3}}";

static inline char *strategy(const char *direction, int most, const char *stop, const char *more)
{
    char *json = xmalloc(1024);

    (void)snprintf(json, 1024, holder_json, direction, most, stop, more);
    return json;
}

static inline struct world_options options_of(const char *json, const char *csv,
                                              const struct feed_beside *beside)
{
    struct world_options o = world_options_default();

    o.strategy = json;
    o.symbols[0] = "BTC/USDT:USDT";
    o.csv[0] = csv;
    o.symbol_count = 1;
    o.beside = beside;
    return o;
}

static inline void run_whole(const struct world_options *o, struct memory_journal *j)
{
    struct world w;

    memory_journal_init(j);
    world_open(&w, o, j);
    assert_true(world_run(&w, 1000000));
    world_close(&w);
}

/* ---- Random worlds ---- */

struct fixture {
    char *csv, *other;
    struct candle_series series;
    struct candle *detail;
    size_t detail_count;
    struct funding *funding;
    size_t funding_count;
    struct feed_beside beside[2];
    struct world_options options;
};

/* Five minutes of a candle: open, a wander within it, high and low somewhere, close. */
static inline void split(const struct candle *c, struct check_random *r, struct candle *out)
{
    const int high = (int)(check_random_next(r) % MINUTES),
              low = (int)(check_random_next(r) % MINUTES);
    int64_t open = c->open;

    for (int i = 0; i < MINUTES; i++) {
        int64_t close =
            i + 1 == MINUTES
                ? c->close
                : c->low + (int64_t)(check_random_next(r) % (uint64_t)(c->high - c->low + 1));

        out[i] = *c;
        out[i].open_us += i * 60 * US_PER_S;
        out[i].open = open;
        out[i].close = close;
        out[i].high = i == high ? c->high : open > close ? open : close;
        out[i].low = i == low ? c->low : open < close ? open : close;
        out[i].volume /= MINUTES;
        open = close;
    }
}

static inline int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    struct check_random r = {77};
    struct diag_list diags = {0};

    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_AUTO, 2); /* not a line a trade */
    f->csv = world_candles(11, CANDLES, 30000);
    f->other = world_candles(12, CANDLES, 2000);
    assert_ok(candle_parse(f->csv, strlen(f->csv), "candles", &diags, &f->series));
    f->detail = xcalloc(CANDLES * MINUTES, sizeof *f->detail);
    for (size_t i = 0; i < f->series.count; i++) {
        if (i % 11 == 3)
            continue; /* without an inside */
        split(&f->series.candles[i], &r, &f->detail[f->detail_count]);
        f->detail_count += MINUTES;
    }
    f->funding_count = CANDLES / 6;
    f->funding = xcalloc(f->funding_count, sizeof *f->funding);
    for (size_t i = 0; i < f->funding_count; i++)
        f->funding[i] = (struct funding){
            .at_us = FIRST_US + (int64_t)i * 6 * STEP_US + (int64_t)(i % 3) * 7000,
            .rate.e12 = (i128)(check_random_next(&r) % 2000000) * 1000 - 700000000,
            .mark.e12 = i % 4 ? (i128)30000 * 1000000000000 + (i128)(i * 12345) : 0};
    f->beside[0] = f->beside[1] =
        (struct feed_beside){.funding = f->funding, .funding_count = f->funding_count};
    f->beside[0].detail = f->detail;
    f->beside[0].detail_count = f->detail_count;
    f->beside[0].detail_us = 60 * US_PER_S;
    f->options = options_of(trader_json, f->csv, f->beside);
    f->options.symbols[1] = "ETH/USDT:USDT";
    f->options.csv[1] = f->other;
    f->options.symbol_count = 2;
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    candle_series_release(&f->series);
    free(f->csv);
    free(f->other);
    free(f->detail);
    free(f->funding);
    free(f);
    return 0;
}

/* Realised + unrealised + funding = equity - start, from fills and moves alone (C2, C3). */
static inline void assert_adds_up(const struct memory_journal *j)
{
    i128 pnl = 0, entry_fees = 0, moved = 0, positions = 0;

    for (size_t i = 0; i < j->fill_count; i++)
        pnl += j->fills[i].pnl.e12;
    for (size_t i = 0; i < j->cash_count; i++) {
        const struct cash_move *m = &j->cash[i];
        /* The product in one piece: 36 decimals, halves to even at the eighth. */
        struct money notional, want;

        assert_ok(notional_of(m->mark, m->size, ROUND_HALF_EVEN, &notional));
        assert_ok(money_times_scale(notional, m->rate, 8, &want));
        assert_true(m->amount.e12 == -want.e12); /* longs only */
        assert_int_equal(m->id, i + 1);
        moved += m->amount.e12;
    }
    for (size_t i = 0; i < j->position_count; i++) {
        positions += j->positions[i].funding.e12;
        entry_fees += j->positions[i].entry_fee_left.e12;
    }
    assert_true(moved == positions);
    assert_true(moved == -j->account.performance.funding_paid.e12);
    assert_true(pnl == j->account.performance.realized_pnl.e12);
    assert_true(j->account.cash.e12 == money("10000").e12 + pnl + moved - entry_fees);
}

static inline void assert_same(const struct memory_journal *a, const struct memory_journal *b)
{
    assert_int_equal(a->leaf_count, b->leaf_count);
    for (size_t i = 0; i < a->leaf_count; i++)
        if (memcmp(&a->leaves[i].proof, &b->leaves[i].proof, sizeof a->leaves[i].proof) != 0)
            fail_msg("leaf %zu differs:\n%.*s\n%.*s", i, (int)a->leaves[i].length,
                     a->leaves[i].bytes, (int)b->leaves[i].length, b->leaves[i].bytes);
}

static inline void crash_at(const struct world_options *o, const struct memory_journal *whole,
                            uint64_t n, enum journal_fault fault)
{
    struct memory_journal j;
    struct world w;

    memory_journal_init(&j);
    j.fault_at = n;
    j.fault = fault;
    world_open(&w, o, &j);
    while (j.commit_count < n)
        assert_false(world_run(&w, 1));
    world_close(&w);
    world_open(&w, o, &j);
    assert_true(world_run(&w, 1000000));
    world_close(&w);
    assert_same(whole, &j);
    assert_adds_up(&j);
    memory_journal_release(&j);
}

static inline void crash_everywhere(const struct world_options *o, size_t moves)
{
    struct memory_journal whole;

    run_whole(o, &whole);
    assert_true(whole.cash_count >= moves);
    assert_true(whole.commit_count > 100);
    for (uint64_t n = 2; n < whole.commit_count; n += CHECK_EVERY)
        crash_at(o, &whole, n, n % 2 ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER);
    memory_journal_release(&whole);
}

#endif
