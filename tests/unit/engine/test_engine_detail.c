/* SPDX-License-Identifier: Apache-2.0 */
/* Finer candles in the whole loop: what is met first, by hand; properties; crashes at every commit.
 */
#include "tests/unit/engine/test_engine_beside.h"

/* ---- Stop and target in one candle: by hand ---- */

static const char both_csv[] = "timestamp,open,high,low,close,volume\n"
                               "1630540800000,100,100,100,100,50\n"
                               "1630541100000,100,100,100,100,50\n"
                               "1630541400000,100,104,97,100,50\n"
                               "1630541700000,100,100,100,100,50\n";

static void fine(struct candle *c, int64_t minute, int64_t open, int64_t high, int64_t low,
                 int64_t close)
{
    *c = (struct candle){.open_us = FIRST_US + minute * 60 * US_PER_S,
                         .open = open,
                         .high = high,
                         .low = low,
                         .close = close,
                         .volume = 10};
}

static void play_both(const char *csv, const struct candle *detail, size_t count,
                      enum intrabar intrabar, const char *more, struct position *out)
{
    const struct feed_beside beside = {
        .detail = detail, .detail_count = count, .detail_us = 60 * US_PER_S};
    char *json = strategy("long", 50, "0.02", more);
    struct world_options o = options_of(json, csv, &beside);
    struct memory_journal j;

    o.intrabar = intrabar;
    o.slippage_bps = "0";
    run_whole(&o, &j);
    *out = j.positions[0];
    memory_journal_release(&j);
    free(json);
}

static void test_the_finer_candle_that_hits_first_decides(void **state)
{
    static const char target[] = "\"take_profit\":{\"type\":\"pct\",\"value\":0.03},";
    struct candle up[MINUTES], down[MINUTES], one[MINUTES];
    struct position p;

    (void)state;
    fine(&up[0], 10, 100, 101, 99, 101);
    fine(&up[1], 11, 101, 104, 101, 102);
    fine(&up[2], 12, 102, 102, 100, 100);
    fine(&up[3], 13, 100, 100, 97, 98);
    fine(&up[4], 14, 98, 100, 98, 100);
    memcpy(down, up, sizeof down);
    fine(&down[1], 11, 101, 101, 97, 98);
    fine(&down[3], 13, 100, 104, 98, 98);
    memcpy(one, up, sizeof one);
    fine(&one[1], 11, 101, 104, 97, 102); /* both in one finer candle: the stop */

    play_both(both_csv, up, MINUTES, INTRABAR_PESSIMISTIC, target, &p);
    assert_int_equal(p.exit_reason, EXIT_STOP_LOSS);
    assert_int_equal(p.closed_us, FIRST_US + 3 * STEP_US);
    /* Adaptive: the open is nearer the low (3 against 4), so that the low comes first too. */
    play_both(both_csv, up, MINUTES, INTRABAR_ADAPTIVE, target, &p);
    assert_int_equal(p.exit_reason, EXIT_STOP_LOSS);
    play_both(both_csv, up, MINUTES, INTRABAR_DETAIL, target, &p);
    assert_int_equal(p.exit_reason, EXIT_TAKE_PROFIT);
    assert_true(position_exit_price(&p).e12 == price("103").e12);
    assert_int_equal(p.closed_us, FIRST_US + 12 * 60 * US_PER_S);
    play_both(both_csv, down, MINUTES, INTRABAR_DETAIL, target, &p);
    assert_int_equal(p.exit_reason, EXIT_STOP_LOSS);
    assert_true(position_exit_price(&p).e12 == price("98").e12);
    play_both(both_csv, one, MINUTES, INTRABAR_DETAIL, target, &p);
    assert_int_equal(p.exit_reason, EXIT_STOP_LOSS);
    /* Without finer candles of this candle it is played as a whole. */
    play_both(both_csv, up, 0, INTRABAR_DETAIL, target, &p);
    assert_int_equal(p.exit_reason, EXIT_STOP_LOSS);
    assert_int_equal(p.closed_us, FIRST_US + 3 * STEP_US);
}

/* Three answers to one candle: the stop at its price, the target because the open is nearer the
 * high, and the stop at the open of the finer candle that gapped beyond it. */
static void test_three_answers_to_one_candle(void **state)
{
    static const char target[] = "\"take_profit\":{\"type\":\"pct\",\"value\":0.03},";
    static const char csv[] = "timestamp,open,high,low,close,volume\n"
                              "1630540800000,100,100,100,100,50\n"
                              "1630541100000,100,100,100,100,50\n"
                              "1630541400000,100,103,96,100,50\n"
                              "1630541700000,100,100,100,100,50\n";
    const char *const prices[] = {"98", "103", "97"};
    struct candle detail[MINUTES];
    struct position p;

    (void)state;
    fine(&detail[0], 10, 100, 100, 99, 99);
    fine(&detail[1], 11, 97, 98, 96, 98);
    fine(&detail[2], 12, 98, 103, 98, 103);
    fine(&detail[3], 13, 103, 103, 101, 101);
    fine(&detail[4], 14, 101, 101, 100, 100);
    for (int i = INTRABAR_PESSIMISTIC; i <= INTRABAR_DETAIL; i++) {
        play_both(csv, detail, MINUTES, (enum intrabar)i, target, &p);
        assert_int_equal(p.exit_reason, i == INTRABAR_ADAPTIVE ? EXIT_TAKE_PROFIT : EXIT_STOP_LOSS);
        assert_true(position_exit_price(&p).e12 == price(prices[i]).e12);
    }
}

/* The trailing stop is raised by the second finer candle to 104 * 0.99 = 102.96 at most beside its
 * close of 102: 101.99, and the third one, which opens at 102 and falls to 100, meets it. */
static void test_a_trailing_stop_is_raised_within_the_candle(void **state)
{
    static const char trailing[] = "\"trailing_stop\":{\"pct\":0.01,\"activate_at\":0.01},";
    struct candle up[MINUTES];
    struct position p;

    (void)state;
    fine(&up[0], 10, 100, 101, 99, 101);
    fine(&up[1], 11, 101, 104, 101, 102);
    fine(&up[2], 12, 102, 102, 100, 100);
    fine(&up[3], 13, 100, 100, 97, 98);
    fine(&up[4], 14, 98, 100, 98, 100);
    play_both(both_csv, up, MINUTES, INTRABAR_DETAIL, trailing, &p);
    assert_int_equal(p.exit_reason, EXIT_TRAILING_STOP);
    assert_true(position_exit_price(&p).e12 == price("101.99").e12);
    assert_int_equal(p.closed_us, FIRST_US + 13 * 60 * US_PER_S);
    play_both(both_csv, up, MINUTES, INTRABAR_PESSIMISTIC, trailing, &p);
    assert_int_equal(p.exit_reason, EXIT_STOP_LOSS);
}

static void test_crash_at_every_commit_with_finer_candles(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct memory_journal j;
    size_t within = 0;

    o.intrabar = INTRABAR_DETAIL;
    run_whole(&o, &j);
    for (size_t i = 0; i < j.fill_count; i++)
        within += j.fills[i].at_us % STEP_US != 0;
    assert_true(within > 5);
    memory_journal_release(&j);
    crash_everywhere(&o, 10);
}

/* Finer candles that are the candles themselves change nothing; funding of rate 0 neither. */
static void test_the_candles_as_their_own_detail(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct feed_beside beside[2] = {
        {.detail = f->series.candles, .detail_count = f->series.count, .detail_us = STEP_US}};
    struct funding *zero = xcalloc(f->funding_count, sizeof *zero);
    struct memory_journal plain, detail;

    for (size_t i = 0; i < f->funding_count; i++)
        zero[i].at_us = f->funding[i].at_us;
    beside[1].funding = zero;
    beside[1].funding_count = f->funding_count;
    o.beside = NULL;
    run_whole(&o, &plain);
    o.beside = beside;
    o.intrabar = INTRABAR_DETAIL;
    run_whole(&o, &detail);
    assert_true(plain.fill_count > 20);
    assert_same(&plain, &detail);
    memory_journal_release(&plain);
    memory_journal_release(&detail);
    free(zero);
}

/* The cap is a share of the candle, whatever its finer candles do. */
static void test_the_volume_cap_holds_within_the_candle(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct memory_journal j;
    size_t partial = 0, within = 0;

    o.intrabar = INTRABAR_DETAIL;
    o.volume_cap = "0.0005";
    run_whole(&o, &j);
    for (size_t i = 0; i < f->series.count; i++) {
        const struct candle *c = &f->series.candles[i];
        i128 filled = 0;

        for (size_t k = 0; k < j.fill_count; k++)
            if (strcmp(j.fills[k].symbol, "BTC/USDT:USDT") == 0 && j.fills[k].at_us > c->open_us &&
                j.fills[k].at_us < c->open_us + STEP_US)
                filled += j.fills[k].size.e12;
        assert_true(filled <= candle_volume(c).e12 / 2000);
        within += filled > 0;
    }
    assert_true(within > 3);
    for (size_t k = 0; k < j.fill_count; k++)
        partial += !j.fills[k].order_done;
    assert_true(partial > 3);
    memory_journal_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_finer_candle_that_hits_first_decides),
        cmocka_unit_test(test_three_answers_to_one_candle),
        cmocka_unit_test(test_a_trailing_stop_is_raised_within_the_candle),
        cmocka_unit_test(test_crash_at_every_commit_with_finer_candles),
        cmocka_unit_test(test_the_candles_as_their_own_detail),
        cmocka_unit_test(test_the_volume_cap_holds_within_the_candle),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
