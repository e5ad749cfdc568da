/* SPDX-License-Identifier: Apache-2.0 */
/* Strategies of the corpus trade through the engine: positions open, and close for the reasons that
 * their sections give. */
#include "tests/unit/engine/test_corpus.h"

#include <stdio.h>

#include "core/log.h"
#include "core/text.h"
#include "engine/strategy.h"
#include "tests/support/world.h"

enum {
    TRADES_CANDLES = 12000, /* of a made-up or recorded market; the rest proves nothing more */
    REASONS = EXIT_END_OF_DATA + 1,
    SYMBOLS = 3
};

/* What a play must have shown. */
struct play {
    const char *name;
    const char *market;
    enum exit_reason wanted[4]; /* each at least once; EXIT_NONE: no more */
    bool scales_in, scales_out;
};

/* Every kind of exit, sizing, direction, informative symbol and timeframe is among them. */
static const struct play plays[] = {
    {"macd_above_zero", "recorded", {EXIT_SIGNAL, EXIT_ROI}, false, false},
    {"rsi_tema_rebound", "wild", {EXIT_ROI, EXIT_STOP_LOSS}, false, false},
    {"risk_reward_fixed",
     "recorded",
     {EXIT_STOP_LOSS, EXIT_TAKE_PROFIT, EXIT_TRAILING_STOP},
     false,
     false},
    {"atr_trailing", "recorded", {EXIT_STOP_LOSS, EXIT_TRAILING_STOP}, false, false},
    {"us_session_bears", "recorded", {EXIT_TIME, EXIT_STOP_LOSS, EXIT_TAKE_PROFIT}, false, false},
    {"sar_trailing", "recorded", {EXIT_TRAILING_STOP}, false, false},
    {"chandelier", "wild", {EXIT_TRAILING_STOP, EXIT_SIGNAL}, false, false},
    {"band_dip_mfi", "wild", {EXIT_ROI, EXIT_SIGNAL, EXIT_TRAILING_STOP}, false, false},
    {"obv_trend_short", "wild", {EXIT_ROI, EXIT_STOP_LOSS}, false, false},
    {"supertrend_short", "wild", {EXIT_ROI, EXIT_SIGNAL}, false, false},
    {"donchian_atr", "wild", {EXIT_STOP_LOSS, EXIT_ROI}, false, false},
    {"dca_dips", "wild", {EXIT_SIGNAL}, true, false},
    {"volatility_break_adds", "wild", {EXIT_STOP_LOSS}, true, false},
    {"half_at_profit", "wild", {EXIT_SIGNAL}, false, true},
    {"order_of_extremes", "calm", {EXIT_STOP_LOSS, EXIT_TAKE_PROFIT}, false, true},
    {"btc_filter_15m", "calm", {EXIT_SIGNAL, EXIT_ROI}, false, false},
    {"exit_by_profit", "recorded", {EXIT_SIGNAL}, false, false},
    {"stepped_stop", "wild", {EXIT_SIGNAL, EXIT_STOP_LOSS}, false, false},
    {"hilbert_trend", "recorded", {EXIT_SIGNAL}, false, false},
    {"v_bottom_hourly_trend", "recorded", {EXIT_ROI}, false, false},
};

static char *csv_of(const struct market *m)
{
    struct text t;
    size_t length, first = m->count > TRADES_CANDLES ? m->count - TRADES_CANDLES : 0;

    text_init(&t, m->count * 160 + 64);
    text_string(&t, "timestamp,open,high,low,close,volume\n");
    for (size_t i = first; i < m->count; i++) {
        const struct candle *c = &m->candles[i];
        double prices[4] = {
            candle_double(c->open, c->price_scale), candle_double(c->high, c->price_scale),
            candle_double(c->low, c->price_scale), candle_double(c->close, c->price_scale)};

        text_format(&t, "%lld,%.2f,%.2f,%.2f,%.2f,%.5f\n", (long long)(c->open_us / US_PER_MS),
                    prices[0], prices[1], prices[2], prices[3],
                    candle_double(c->volume, c->size_scale));
    }
    return text_take(&t, &length);
}

struct outcome {
    unsigned long closed[REASONS], scale_ins, scale_outs, open;
};

/* A position's sizes and profit add up, whatever happened to it. */
static void check_position(const struct position *p, enum direction direction)
{
    assert_int_equal(p->direction, direction);
    assert_true(size_sign(p->entry_size) > 0);
    assert_true(size_cmp(p->exit_size, p->entry_size) <= 0);
    assert_true(price_sign(p->stop_loss) > 0);
    if (p->status != POSITION_CLOSED)
        return;
    assert_int_equal(size_sign(p->size), 0);
    assert_int_equal(size_cmp(p->exit_size, p->entry_size), 0);
    assert_true(p->exit_reason != EXIT_NONE);
}

static struct outcome count(const struct memory_journal *j, const struct strategy *s)
{
    struct outcome o = {0};

    for (size_t i = 0; i < j->position_count; i++) {
        const struct position *p = &j->positions[i];

        check_position(p, strategy_direction(s));
        if (p->status == POSITION_CLOSED)
            o.closed[p->exit_reason]++;
        else
            o.open++;
        o.scale_ins += (unsigned long)p->scale_ins;
        o.scale_outs += (unsigned long)p->scale_outs;
    }
    return o;
}

/* A reason can only be what the artifact has a section for, and what is wanted must be there. */
static bool is_as_wanted(const struct play *play, const struct outcome *o, const struct strategy *s)
{
    bool good = (strategy_roi_count(s) > 0 || o->closed[EXIT_ROI] == 0) &&
                (strategy_has_trailing(s) || o->closed[EXIT_TRAILING_STOP] == 0) &&
                (strategy_max_candles(s) > 0 || o->closed[EXIT_TIME] == 0) &&
                play->scales_in == (o->scale_ins > 0) && play->scales_out == (o->scale_outs > 0);

    for (size_t i = 0; i < COUNT_OF(play->wanted) && play->wanted[i] != EXIT_NONE; i++)
        good &= o->closed[play->wanted[i]] > 0;
    return good;
}

static void print_outcome(const struct play *play, const struct outcome *o)
{
    print_message("%s: ", play->name);
    for (int reason = 0; reason < REASONS; reason++) {
        if (o->closed[reason] > 0)
            print_message("%s %lu ", exit_reason_name((enum exit_reason)reason), o->closed[reason]);
    }
    print_message("in %lu out %lu open %lu\n", o->scale_ins, o->scale_outs, o->open);
}

static struct outcome trade(const struct play *play, size_t *wrong)
{
    struct world_options o = world_options_default();
    struct strategy *s = corpus_load(play->name);
    struct memory_journal journal;
    struct stage st;
    struct outcome outcome;
    char *csv[SYMBOLS];
    struct world w;

    stage_open(&st, s, play->market);
    o.strategy = strategy_canonical(s, &(size_t){0});
    o.symbol_count = 1 + strategy_other_count(s);
    assert_true(o.symbol_count <= SYMBOLS);
    for (size_t i = 0; i < o.symbol_count; i++) {
        csv[i] = csv_of(i == 0 ? &st.own : &st.others[i - 1]);
        o.csv[i] = csv[i];
        o.symbols[i] = i == 0 ? strategy_symbol(s, 0) : strategy_other_symbol(s, i - 1);
    }
    memory_journal_init(&journal);
    world_open(&w, &o, &journal);
    assert_true(world_run(&w, UINT64_C(1) << 40));
    world_close(&w);
    outcome = count(&journal, s);
    if (!is_as_wanted(play, &outcome, s)) {
        print_outcome(play, &outcome);
        *wrong += 1;
    }
    memory_journal_release(&journal);
    for (size_t i = 0; i < o.symbol_count; i++)
        free(csv[i]);
    stage_close(&st);
    strategy_release(s);
    return outcome;
}

static void test_positions_close_for_the_reasons_of_their_sections(void **state)
{
    static const enum exit_reason all[] = {EXIT_STOP_LOSS, EXIT_TAKE_PROFIT, EXIT_TRAILING_STOP,
                                           EXIT_SIGNAL,    EXIT_TIME,        EXIT_ROI};
    unsigned long seen[REASONS] = {0};
    size_t wrong = 0;

    (void)state;
    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_AUTO, 2); /* not a line a trade */
    for (size_t i = 0; i < COUNT_OF(plays); i++) {
        struct outcome o = trade(&plays[i], &wrong);

        for (int reason = 0; reason < REASONS; reason++)
            seen[reason] += o.closed[reason];
    }
    assert_int_equal(wrong, 0);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        assert_true(seen[all[i]] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions_close_for_the_reasons_of_their_sections),
    };

    return cmocka_run_group_tests(tests, corpus_read, corpus_free);
}
