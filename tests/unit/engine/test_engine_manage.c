/* SPDX-License-Identifier: Apache-2.0 */
/* What manages an open position, figured out by hand: ROI table, scaling in and out, cooldown,
 * trailing stops of the rules. */
#include <stdlib.h>

#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/story.h"

/* Buys 1 when a candle closes above 100.5; `more` are further sections. */
#define BUYS(more)                                                                         \
    "{\"version\":1,\"name\":\"managed\",\"timeframe\":\"5m\",\"startup_bars\":1,"         \
    "\"entry\":{\"condition\":\"close > 100.5 and close[1] <= 100.5\"},\"stop_loss\":0.1," \
    "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":1}," more "}"

struct path {
    struct story story;
    char *csv;
};

/* Without fee and slippage, so that prices are those of the path. */
static void path_begin(struct path *p, const char *json, const double *closes, size_t count)
{
    struct world_options o = world_options_default();

    p->csv = story_path(closes, count);
    o.strategy = json;
    o.symbols[0] = "BTC/USDT";
    o.csv[0] = p->csv;
    o.symbol_count = 1;
    o.fee_rate = "0";
    o.slippage_bps = "0";
    story_open(&p->story, &o);
}

static void path_end(struct path *p)
{
    story_end(&p->story);
    free(p->csv);
}

static const struct position *first_position(const struct path *p)
{
    assert_true(p->story.journal.position_count > 0);
    return &p->story.journal.positions[0];
}

static void assert_exit(const struct path *p, const char *at, enum exit_reason reason)
{
    const struct position *first = first_position(p);

    assert_int_equal(first->status, POSITION_CLOSED);
    assert_string_equal(exit_reason_name(first->exit_reason), exit_reason_name(reason));
    assert_true(position_exit_price(first).e12 == price(at).e12);
}

/* Bought at 101 at minute 10.  At minute 25 the step of 15 minutes is in force: 101 * 1.02. */
static void test_roi_by_its_step(void **state)
{
    static const double closes[] = {100, 101, 101.5, 102, 102.5, 103.5, 104, 104};
    struct path p;

    (void)state;
    path_begin(&p, BUYS("\"roi\":{\"0\":0.05,\"15\":0.02,\"120\":0}"), closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_exit(&p, "103.02", EXIT_ROI);
    path_end(&p);
}

static void test_nearer_take_profit_wins(void **state)
{
    static const double closes[] = {100, 101, 101.5, 102, 102.5, 103.5, 104, 104};
    struct path p;

    (void)state;
    path_begin(&p, BUYS("\"roi\":{\"0\":0.05,\"15\":0.02},\"take_profit\":0.015"), closes,
               COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_exit(&p, "102.51", EXIT_TAKE_PROFIT); /* 102.515 rounded towards the market */
    path_end(&p);
}

/* A step below the market: the target is a limit that the next open is better than. */
static void test_roi_of_nothing_takes_what_is_there(void **state)
{
    static const double closes[] = {100, 101, 101.2, 101.3, 101.4, 101.5, 101.6, 101.6};
    struct path p;

    (void)state;
    path_begin(&p, BUYS("\"roi\":{\"0\":0.05,\"15\":-0.01}"), closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_exit(&p, "101.4", EXIT_ROI);
    path_end(&p);
}

/* Two steps of the first size, not more, two candles apart; the stop grows with the position. */
static void test_scale_in(void **state)
{
    static const double closes[] = {100, 101, 99.5, 99, 98.9, 98.8, 98.7, 98.6, 98.5, 98.4, 98.4};
    struct path p;
    const struct position *first;
    const struct memory_journal *j;
    size_t i, entries = 0;

    (void)state;
    path_begin(&p,
               BUYS("\"scale_in\":{\"condition\":\"position.pnl_pct < -0.01\",\"part\":1,"
                    "\"max_count\":2,\"min_candles\":2}"),
               closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    j = &p.story.journal;
    first = first_position(&p);
    assert_int_equal(first->status, POSITION_OPEN);
    assert_int_equal(first->scale_ins, 2);
    assert_true(first->entry_size.e12 == size("3").e12);
    /* 101, then at the opens after the second and the fourth candle held. */
    assert_true(first->entry_notional.e12 == money("298.8").e12);
    for (i = 0; i < j->order_count; i++) {
        const struct order *o = &j->orders[i];

        entries += o->purpose == PURPOSE_ENTRY;
        if (o->id == first->stop_order_id)
            assert_true(o->size.e12 == size("3").e12);
    }
    assert_int_equal(entries, 3);
    /* The stop follows the rules only where it protects more: 101 * 0.9 stays. */
    assert_true(first->stop_loss.e12 == price("90.9").e12);
    path_end(&p);
}

static void test_scale_in_moves_the_target(void **state)
{
    static const double closes[] = {100, 101, 99, 99, 99, 99};
    struct path p;

    (void)state;
    path_begin(&p,
               BUYS("\"take_profit\":0.1,"
                    "\"scale_in\":{\"condition\":\"position.pnl_pct < -0.01\",\"part\":1}"),
               closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_true(first_position(&p)->take_profit.e12 == price("110").e12);
    path_end(&p);
}

/* Half of what is there, twice: 1, 0.5, 0.25; the profit of the parts adds up. */
static void test_scale_out(void **state)
{
    static const double closes[] = {100, 101, 103, 104, 105, 106, 107, 107};
    struct path p;
    const struct position *first;

    (void)state;
    path_begin(&p,
               BUYS("\"scale_out\":{\"condition\":\"position.pnl_pct > 0.01 and "
                    "position.scale_outs < 5\",\"part\":0.5,\"max_count\":2}"),
               closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    first = first_position(&p);
    assert_int_equal(first->status, POSITION_OPEN);
    assert_int_equal(first->scale_outs, 2);
    assert_true(first->size.e12 == size("0.25").e12);
    /* 0.5 at 103 and 0.25 at 104. */
    assert_true(first->realized_pnl.e12 == money("1.75").e12);
    path_end(&p);
}

/* What is left would be worth less than the venue takes: nothing leaves. */
static void test_scale_out_leaves_no_crumbs(void **state)
{
    static const double closes[] = {100, 101, 103, 104, 105, 106, 107, 107};
    struct path p;

    (void)state;
    path_begin(&p, BUYS("\"scale_out\":{\"condition\":\"position.pnl_pct > 0.01\",\"part\":0.95}"),
               closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(first_position(&p)->scale_outs, 0);
    assert_true(first_position(&p)->size.e12 == size("1").e12);
    path_end(&p);
}

/* Steps of 1 without wicks: ATR is 1, so the stop stands 2 below the best price. */
static void test_trailing_by_atr(void **state)
{
    static const double closes[] = {99, 100, 99, 100, 101, 102, 103, 104, 105, 106, 105, 103, 102};
    struct path p;

    (void)state;
    path_begin(&p,
               BUYS("\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":2,\"period\":2,"
                    "\"activate_at\":0.02}"),
               closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_exit(&p, "104", EXIT_TRAILING_STOP);
    path_end(&p);
}

static void test_trailing_by_rule(void **state)
{
    static const double closes[] = {99, 100, 99, 100, 101, 102, 103, 104, 105, 106, 105, 103, 102};
    struct path p;

    (void)state;
    path_begin(&p,
               BUYS("\"trailing_stop\":{\"type\":\"expr\",\"value\":\"highest(high, 3) - 1.5\"}"),
               closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_exit(&p, "104.5", EXIT_TRAILING_STOP);
    path_end(&p);
}

/* Stopped on the fall to 90; the next wish comes at once and is denied until the time is over. */
static void test_cooldown(void **state)
{
    static const double closes[] = {100, 101, 90, 101, 100, 101, 100, 101, 100, 101, 100, 101, 101};
    struct path p;
    const struct memory_journal *j;
    size_t i, denied = 0;

    (void)state;
    path_begin(&p, BUYS("\"cooldown\":{\"candles\":1,\"after_stop_candles\":6}"), closes,
               COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    j = &p.story.journal;
    assert_int_equal(first_position(&p)->exit_reason, EXIT_STOP_LOSS);
    for (i = 0; i < j->signal_count; i++)
        denied += j->signals[i].denials == DENIED_COOLDOWN;
    assert_int_equal(denied, 3); /* at minutes 20, 30 and 40; closed at 15, free from 45 on */
    assert_int_equal(j->position_count, 2);
    assert_true(j->positions[1].opened_us >= j->positions[0].closed_us + 6 * 300 * US_PER_S);
    path_end(&p);
}

/* A restart in the middle knows how long to wait. */
static void test_cooldown_survives_a_crash(void **state)
{
    static const double closes[] = {100, 101, 90, 101, 100, 101, 100, 101, 100, 101, 100, 101, 101};
    struct path p;
    int steps;

    (void)state;
    path_begin(&p, BUYS("\"cooldown\":{\"candles\":1,\"after_stop_candles\":6}"), closes,
               COUNT_OF(closes));
    for (steps = 0; steps < 5; steps++) {
        assert_false(world_run(&p.story.world, 1));
        story_crash(&p.story);
    }
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(p.story.journal.position_count, 2);
    assert_true(p.story.journal.positions[1].opened_us >=
                p.story.journal.positions[0].closed_us + 6 * 300 * US_PER_S);
    path_end(&p);
}

/* Volatility of nothing: the size is not known, so there is none. */
static void test_unknown_volatility_is_no_size(void **state)
{
    static const char json[] =
        "{\"version\":1,\"name\":\"flat\",\"timeframe\":\"5m\",\"startup_bars\":1,"
        "\"entry\":{\"condition\":\"close > 1\"},\"stop_loss\":0.1,"
        "\"position_sizing\":{\"type\":\"vol_target\",\"value\":0.5,\"period\":3}}";
    static const double closes[] = {100, 100, 100, 100, 100, 100, 100, 100};
    struct path p;

    (void)state;
    path_begin(&p, json, closes, COUNT_OF(closes));
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(p.story.journal.position_count, 0);
    assert_true(p.story.journal.signal_count > 0);
    assert_true(p.story.journal.signals[0].denials & DENIED_VOLATILITY_UNKNOWN);
    path_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roi_by_its_step),
        cmocka_unit_test(test_nearer_take_profit_wins),
        cmocka_unit_test(test_roi_of_nothing_takes_what_is_there),
        cmocka_unit_test(test_scale_in),
        cmocka_unit_test(test_scale_in_moves_the_target),
        cmocka_unit_test(test_scale_out),
        cmocka_unit_test(test_scale_out_leaves_no_crumbs),
        cmocka_unit_test(test_trailing_by_atr),
        cmocka_unit_test(test_trailing_by_rule),
        cmocka_unit_test(test_cooldown),
        cmocka_unit_test(test_cooldown_survives_a_crash),
        cmocka_unit_test(test_unknown_volatility_is_no_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
