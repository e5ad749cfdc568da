/* SPDX-License-Identifier: Apache-2.0 */
/* Books that differ, by policy: halted, reported, or taken over by an entry of the log. */
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

/* A position whose stop is accepted, and the account compared once. */
static struct order hold(struct script *s, enum mismatch mismatch)
{
    struct order entry;
    struct order stop;

    script_begin_mismatch(s, mismatch);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    entry = script_newest(s, SCRIPT_SUBMIT)->order;
    (void)script_tell(s, VENUE_ACCEPTED, entry.id);
    script_fill(s, entry.id, "t1", entry.size);
    script_play(s, 66);
    stop = script_newest(s, SCRIPT_SUBMIT)->order;
    assert_int_equal(stop.purpose, PURPOSE_STOP_LOSS);
    (void)script_tell(s, VENUE_ACCEPTED, stop.id);
    script_play(s, 70);
    return stop;
}

static struct size their_cash; /* what pictures show of the quote currency */

/* The venue holds this, and did so in the picture; `trade`: somebody else's, of which the price is
 * known. */
static void picture(struct script *s, struct size theirs, const struct venue_trade *trade)
{
    static struct venue_position position;
    static struct venue_balance balance;
    static struct venue_open_order open[2];
    size_t count = 0;

    position = (struct venue_position){.size = theirs};
    (void)copy_text(position.symbol, sizeof position.symbol, s->instrument.symbol);
    for (size_t i = 0; i < s->journal.order_count && count < 2; i++) {
        const struct order *o = &s->journal.orders[i];

        if (order_is_final(o->status))
            continue;
        (void)copy_text(open[count].client_order_id, 33, o->client_order_id);
        (void)copy_text(open[count++].symbol, LIMIT_SYMBOL, o->symbol);
    }
    balance = (struct venue_balance){.owned = their_cash};
    (void)copy_text(balance.asset, sizeof balance.asset, s->instrument.quote);
    s->account = (struct venue_account){.asked_us = script_newest(s, SCRIPT_RECONCILE)->at_us,
                                        .orders = open,
                                        .order_count = count,
                                        .trades = trade,
                                        .trade_count = trade ? 1 : 0,
                                        .balances = &balance,
                                        .balance_count = 1,
                                        .positions = &position,
                                        .position_count = size_sign(theirs) != 0};
    (void)script_tell(s, VENUE_ACCOUNT, 0);
}

/* Goes on until the account is asked for once more than `count` times, and answers. */
static double answer(struct script *s, double at_s, struct size theirs,
                     const struct venue_trade *trade)
{
    size_t count = script_count(s, SCRIPT_RECONCILE);

    (void)script_tell(s, VENUE_GAP, 0);
    for (int i = 0; i < 200 && script_count(s, SCRIPT_RECONCILE) == count; i++)
        script_play(s, at_s += 0.5);
    assert_true(script_count(s, SCRIPT_RECONCILE) > count);
    picture(s, theirs, trade);
    script_play(s, at_s += 0.5);
    return at_s;
}

static size_t corrections(const struct script *s, const char *text)
{
    size_t n = 0;

    for (size_t i = 0; i < s->journal.leaf_count; i++)
        n += s->journal.leaves[i].kind == LEAF_CORRECT &&
             (!text || strstr(s->journal.leaves[i].bytes, text));
    return n;
}

static struct size half_of(struct size size)
{
    return (struct size){size.e12 / 2000000000 * 1000000000};
}

static void test_halt_and_report_book_nothing(void **state)
{
    (void)state;
    for (int m = MISMATCH_HALT; m <= MISMATCH_REPORT; m++) {
        struct script s;
        struct order stop = hold(&s, (enum mismatch)m);
        struct snapshot *now;
        double at = answer(&s, 70, half_of(stop.size), NULL);

        (void)answer(&s, at, half_of(stop.size), NULL);
        assert_int_equal(corrections(&s, NULL), 0);
        now = engine_snapshot(s.engine);
        assert_int_equal(now->venue.symbols_halted, m == MISMATCH_HALT ? 1 : 0);
        assert_int_equal(now->venue.mismatches, 2);
        snapshot_release(now);
        script_end(&s);
    }
}

static void test_a_part_that_is_gone_is_taken_over_and_the_stop_resized(void **state)
{
    struct script s;
    struct order stop;
    struct size left;
    double at;

    (void)state;
    stop = hold(&s, MISMATCH_ADOPT);
    left = half_of(stop.size);
    at = answer(&s, 70, left, NULL);
    assert_int_equal(corrections(&s, NULL), 0); /* a picture may be of a moment */
    at = answer(&s, at, left, NULL);
    script_play(&s, at + 1);
    assert_int_equal(corrections(&s, "\"kind\": \"adopt\""), 1);
    assert_int_equal(corrections(&s, "\"side\": \"sell\""), 1);
    assert_true(s.journal.positions[0].size.e12 == left.e12);
    assert_int_equal(s.journal.positions[0].status, POSITION_OPEN);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == left.e12);
    assert_int_equal(s.journal.fill_count, 1); /* it is no trade */
    (void)script_tell(&s, VENUE_ACCEPTED, script_newest(&s, SCRIPT_SUBMIT)->order.id);
    script_play(&s, at + 2);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, stop.id);
    script_tell(&s, VENUE_CANCELED, stop.id)->executed_is_known = true;
    script_play(&s, at + 3);
    at = answer(&s, at + 3, left, NULL); /* and now both are the same */
    assert_int_equal(corrections(&s, NULL), 1);
    script_end(&s);
}

static void test_the_price_is_that_of_the_trade_that_did_it(void **state)
{
    struct script s;
    struct order stop;
    struct size left;
    struct venue_trade trade = {.venue_fill_id = "x1",
                                .venue_order_id = "77",
                                .side = SIDE_SELL,
                                .price = {INT64_C(98500000000000)}};
    double at;

    (void)state;
    stop = hold(&s, MISMATCH_ADOPT);
    left = half_of(stop.size);
    (void)copy_text(trade.symbol, sizeof trade.symbol, s.instrument.symbol);
    trade.size.e12 = stop.size.e12 - left.e12;
    at = answer(&s, 70, left, &trade);
    (void)answer(&s, at, left, &trade);
    assert_int_equal(corrections(&s, "\"price\": \"98.50\""), 1);
    script_end(&s);
}

static void test_a_position_that_is_gone_is_closed(void **state)
{
    struct script s;
    struct order stop;
    double at;

    (void)state;
    stop = hold(&s, MISMATCH_ADOPT);
    at = answer(&s, 70, SIZE_ZERO, NULL);
    at = answer(&s, at, SIZE_ZERO, NULL);
    script_play(&s, at + 1);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    assert_int_equal(s.journal.positions[0].exit_reason, EXIT_MANUAL);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, stop.id);
    script_end(&s);
}

static void test_more_of_an_open_position_is_taken_over(void **state)
{
    struct script s;
    struct order stop;
    struct size more;
    double at;

    (void)state;
    stop = hold(&s, MISMATCH_ADOPT);
    more.e12 = stop.size.e12 + 3000000000;
    at = answer(&s, 70, more, NULL);
    at = answer(&s, at, more, NULL);
    script_play(&s, at + 1);
    assert_int_equal(corrections(&s, "\"side\": \"buy\""), 1);
    assert_true(s.journal.positions[0].size.e12 == more.e12);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == more.e12);
    script_end(&s);
}

/* Somebody sold more than was held: what lies beyond nothing is theirs. */
static void test_the_other_side_is_foreign(void **state)
{
    struct script s;
    struct order stop;
    struct snapshot *now;
    struct size beyond = {-2000000000};
    double at;

    (void)state;
    stop = hold(&s, MISMATCH_ADOPT);
    at = answer(&s, 70, beyond, NULL);
    at = answer(&s, at, beyond, NULL);
    script_tell(&s, VENUE_CANCELED, stop.id)->executed_is_known = true;
    script_play(&s, at + 3);
    at = answer(&s, at + 3, beyond, NULL);
    (void)answer(&s, at, beyond, NULL);
    assert_int_equal(corrections(&s, NULL), 1);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    assert_int_equal(s.journal.position_count, 1);
    now = engine_snapshot(s.engine);
    assert_int_equal(now->venue.symbols_halted, 1);
    assert_int_equal(now->venue.adoptions, 1);
    snapshot_release(now);
    script_end(&s);
}

/* The commit decides: before it nothing was taken over, behind it nothing differs. */
static void test_a_crash_at_any_moment_takes_over_once(void **state)
{
    (void)state;
    for (int after = 0; after <= 1; after++) {
        struct script s;
        struct order stop = hold(&s, MISMATCH_ADOPT);
        struct size left = half_of(stop.size);
        double at = answer(&s, 70, left, NULL);

        s.journal.fault_at = s.journal.commit_count + 1;
        s.journal.fault = after ? JOURNAL_FAULT_AFTER : JOURNAL_FAULT_BEFORE;
        s.journal.down_for = 1000;
        at = answer(&s, at, left, NULL);
        s.journal.down_for = 0;
        script_restart(&s);
        script_play(&s, at += 1);
        for (size_t k = 0; k < s.journal.order_count; k++)
            if (!order_is_final(s.journal.orders[k].status))
                script_tell(&s, VENUE_STATE, s.journal.orders[k].id)->state = VENUE_ORDER_OPEN;
        script_play(&s, at += 1);
        for (int i = 0; i < 30; i++) { /* the stop that follows is left without an answer */
            picture(&s, left, NULL);
            script_play(&s, at += 3);
        }
        assert_int_equal(corrections(&s, NULL), 1);
        assert_true(s.journal.positions[0].size.e12 == left.e12);
        script_end(&s);
    }
}

/* What is missing after a picture that shows so much more or less than our books have. */
static i128 short_after(struct script *s, double *at, struct size held, int64_t more,
                        const struct venue_trade *trade)
{
    struct snapshot *now = engine_snapshot(s->engine);
    i128 missing;

    their_cash.e12 = now->account.cash.e12 + more;
    snapshot_release(now);
    *at = answer(s, *at, held, trade);
    now = engine_snapshot(s->engine);
    missing = now->venue.cash_short.e12;
    snapshot_release(now);
    return missing;
}

static void test_less_cash_than_our_books_have_is_told(void **state)
{
    struct script s;
    struct order stop = hold(&s, MISMATCH_HALT);
    double at = 70;

    (void)state;
    assert_true(short_after(&s, &at, stop.size, 0, NULL) == 0);
    assert_true(short_after(&s, &at, stop.size, -5, NULL) == 5);
    assert_true(short_after(&s, &at, stop.size, -3, NULL) == 3);
    assert_true(short_after(&s, &at, stop.size, 1, NULL) == 0); /* somebody else's */
    assert_true(short_after(&s, &at, stop.size, -7, NULL) == 7);
    script_end(&s);
}

static void test_cash_is_not_judged_while_a_fill_is_missing(void **state)
{
    struct script s;
    struct order stop = hold(&s, MISMATCH_HALT);
    struct venue_trade part = {.side = SIDE_SELL,
                               .price = stop.stop_price,
                               .size = half_of(stop.size),
                               .at_us = stop.updated_us};
    double at = 70;

    (void)state;
    (void)copy_text(part.symbol, sizeof part.symbol, stop.symbol);
    (void)copy_text(part.client_order_id, sizeof part.client_order_id, stop.client_order_id);
    (void)copy_text(part.venue_fill_id, sizeof part.venue_fill_id, "t2");
    assert_true(short_after(&s, &at, stop.size, 0, NULL) == 0);
    assert_true(short_after(&s, &at, half_of(stop.size), -5, &part) == 0);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halt_and_report_book_nothing),
        cmocka_unit_test(test_a_part_that_is_gone_is_taken_over_and_the_stop_resized),
        cmocka_unit_test(test_the_price_is_that_of_the_trade_that_did_it),
        cmocka_unit_test(test_a_position_that_is_gone_is_closed),
        cmocka_unit_test(test_more_of_an_open_position_is_taken_over),
        cmocka_unit_test(test_the_other_side_is_foreign),
        cmocka_unit_test(test_less_cash_than_our_books_have_is_told),
        cmocka_unit_test(test_cash_is_not_judged_while_a_fill_is_missing),
        cmocka_unit_test(test_a_crash_at_any_moment_takes_over_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
