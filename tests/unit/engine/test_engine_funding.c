/* SPDX-License-Identifier: Apache-2.0 */
/* Funding in the whole loop: who pays, by hand; sums; crashes at every commit. */
#include "tests/unit/engine/test_engine_beside.h"

static struct funding stamp(int64_t at_us, const char *rate, const char *mark)
{
    return (struct funding){at_us, ratio(rate), price(mark)};
}

/* What one position was charged, as text with a sign. */
static void assert_charges(const struct memory_journal *j, const char *const *amounts, size_t count)
{
    for (size_t i = 0; i < j->cash_count; i++)
        assert_true(i < count && j->cash[i].amount.e12 == money(amounts[i]).e12);
    assert_int_equal(j->cash_count, count);
}

/* ---- Who pays: by hand ----
 *
 * Candles of 100 flat.  The rule is true from the second close (T+10) on, so that the entry fills
 * at the open of T+10 and, after three candles, the exit at the open of T+25; the next entry is
 * decided at the close of T+25, when the position is still there, and at T+30 otherwise. */
static char *flat_csv(size_t n)
{
    struct text t;

    text_init(&t, n * 64 + 64);
    text_string(&t, "timestamp,open,high,low,close,volume\n");
    for (size_t i = 0; i < n; i++)
        text_format(&t, "%lld,100,100.01,100,100.01,50\n",
                    (long long)(FIRST_US / US_PER_MS + (int64_t)i * 300000));
    return text_take(&t, &n);
}

static void test_held_at_the_stamp(void **state)
{
    const struct funding stamps[] = {
        stamp(FIRST_US, "0.01", "100"),                       /* before anything */
        stamp(FIRST_US + 2 * STEP_US, "0.01", "100"),         /* opened at this open: not held */
        stamp(FIRST_US + 2 * STEP_US + 17000, "0.001", "90"), /* 2 * 90 * 0.001 */
        stamp(FIRST_US + 3 * STEP_US, "-0.0005", "0"),        /* no mark: the close, 100.01 */
        stamp(FIRST_US + 4 * STEP_US, "0", "100"),            /* nothing to move */
        stamp(FIRST_US + 5 * STEP_US, "0.00012345", "100"),   /* leaves at this open: held */
        stamp(FIRST_US + 5 * STEP_US + 1, "0.5", "100"),      /* has left */
    };
    const char *const longs[] = {"-0.18", "0.10001", "-0.02469"};
    const char *const shorts[] = {"0.18", "-0.10001", "0.02469"};

    (void)state;
    for (int is_short = 0; is_short < 2; is_short++) {
        const struct feed_beside beside = {.funding = stamps, .funding_count = COUNT_OF(stamps)};
        char *json = strategy(is_short ? "short" : "long", 3, "0.4", "");
        char *csv = flat_csv(6);
        struct world_options o = options_of(json, csv, &beside);
        const struct position *p;
        struct memory_journal j;
        size_t leaves = 0;

        o.fee_rate = "0";
        o.slippage_bps = "0";
        run_whole(&o, &j);
        assert_charges(&j, is_short ? shorts : longs, 3);
        p = &j.positions[0];
        assert_int_equal(p->status, POSITION_CLOSED);
        assert_true(p->funding.e12 == money(is_short ? "0.10468" : "-0.10468").e12);
        assert_true(p->realized_pnl.e12 == 0);
        assert_true(j.account.performance.realized_pnl.e12 == 0);
        assert_true(j.account.performance.funding_paid.e12 == -p->funding.e12);
        assert_true(j.account.cash.e12 == money("10000").e12 + p->funding.e12);
        assert_int_equal(j.account.performance.losses, !is_short);
        assert_int_equal(j.account.performance.wins, is_short);
        for (size_t i = 0; i < j.leaf_count; i++)
            leaves += j.leaves[i].kind == LEAF_CASH;
        assert_int_equal(leaves, 3);
        memory_journal_release(&j);
        free(json);
        free(csv);
    }
}

/* A stop within the candle that ends at the stamp has closed the position: nothing is due. */
static void test_stopped_before_the_stamp(void **state)
{
    const struct funding stamps[] = {stamp(FIRST_US + 3 * STEP_US, "0.01", "100")};
    const struct feed_beside beside = {.funding = stamps, .funding_count = 1};
    char *json = strategy("long", 50, "0.02", "");
    struct world_options o = options_of(json,
                                        "timestamp,open,high,low,close,volume\n"
                                        "1630540800000,100,100,100,100,50\n"
                                        "1630541100000,100,100,100,100,50\n"
                                        "1630541400000,100,100,90,99.5,50\n"
                                        "1630541700000,99.5,99.5,99.5,99.5,50\n",
                                        &beside);
    struct memory_journal j;

    (void)state;
    run_whole(&o, &j);
    assert_int_equal(j.positions[0].exit_reason, EXIT_STOP_LOSS);
    assert_int_equal(j.cash_count, 0);
    memory_journal_release(&j);
    free(json);
}

static void test_realised_and_funding_are_what_cash_changed_by(void **state)
{
    struct fixture *f = *state;
    struct memory_journal j;

    run_whole(&f->options, &j);
    assert_true(j.cash_count > 10);
    assert_true(j.account.performance.wins + j.account.performance.losses > 10);
    assert_adds_up(&j);
    memory_journal_release(&j);
}

static void test_crash_at_every_commit_with_funding(void **state)
{
    struct fixture *f = *state;

    crash_everywhere(&f->options, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_at_the_stamp),
        cmocka_unit_test(test_stopped_before_the_stamp),
        cmocka_unit_test(test_realised_and_funding_are_what_cash_changed_by),
        cmocka_unit_test(test_crash_at_every_commit_with_funding),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
