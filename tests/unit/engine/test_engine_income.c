/* SPDX-License-Identifier: Apache-2.0 */
/* Funding that a venue tells: booked once whenever, in whatever order and however often it is told,
 * for what was held at its stamp, to the last digit; what is not ours is reported. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/log_judge.h"
#include "tests/support/script_venue.h"

enum {
    MOST = 8
};
static struct venue_income told[MOST]; /* what the next picture has */
static size_t told_count;

static struct venue_income *tell(const struct script *s, const char *id, const char *amount,
                                 double at_s)
{
    struct venue_income *in = &told[told_count++];

    assert_true(told_count <= MOST);
    *in = (struct venue_income){.amount = money(amount),
                                .at_us = INT64_C(1630540800000000) + (int64_t)(at_s * 1e6)};
    (void)copy_text(in->id, sizeof in->id, id);
    (void)copy_text(in->symbol, sizeof in->symbol, s->instrument.symbol);
    (void)copy_text(in->currency, sizeof in->currency, "USDT");
    return in;
}

/* The picture as it should be, with what was told. */
static void agree(struct script *s)
{
    script_agree(s);
    s->account.venue_us = s->account.asked_us; /* the clocks agree */
    s->account.incomes = told;
    s->account.income_count = told_count;
}

/* Has the account compared now. */
static void compare(struct script *s, double at_s)
{
    (void)script_tell(s, VENUE_GAP, 0);
    script_play(s, at_s);
    agree(s);
    script_play(s, at_s + 0.5);
}

static void begin(struct script *s)
{
    told_count = 0;
    script_begin(s);
    s->port.traits.tells_funding = true;
}

/* A position with its stop, from 65 s on; the stop's id. */
static int64_t hold(struct script *s)
{
    int64_t entry, stop;

    script_play(s, 1);
    agree(s);
    script_play(s, 65);
    entry = script_newest(s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(s, VENUE_ACCEPTED, entry);
    script_fill(s, entry, "t1", script_newest(s, SCRIPT_SUBMIT)->order.size);
    script_play(s, 66);
    stop = script_newest(s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(s, VENUE_ACCEPTED, stop);
    script_play(s, 67);
    return stop;
}

static void check_money(struct money m, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    (void)money_print(m, text);
    assert_string_equal(text, wanted);
}

/* Both what the account says and what its log proves. */
static void check_log(const struct script *s)
{
    struct log_judge *l = log_judge_begin(&s->journal);

    log_judge_end(l);
    assert_null(l->log.track.broken);
    assert_true(l->log.track.funding == s->journal.account.performance.funding_paid.e12);
    log_judge_free(l);
}

static int64_t foreign(const struct script *s)
{
    struct snapshot *now = engine_snapshot(s->engine);
    const int64_t count = now->venue.foreign_incomes;

    snapshot_release(now);
    return count;
}

static void test_told_often_and_out_of_order_it_is_booked_once(void **state)
{
    struct script s;
    i128 cash;

    (void)state;
    begin(&s);
    (void)hold(&s);
    cash = s.journal.account.cash.e12;
    (void)tell(&s, "12", "-0.12345678", 90);
    (void)tell(&s, "11", "0.5", 80);
    (void)tell(&s, "12", "-0.12345678", 90);
    compare(&s, 100);
    compare(&s, 102);
    assert_int_equal(s.journal.cash_count, 2);
    script_restart(&s);
    script_play(&s, 103);
    agree(&s);
    script_play(&s, 104);
    compare(&s, 105);
    assert_int_equal(s.journal.cash_count, 2);
    (void)tell(&s, "10", "-1", 70); /* late */
    compare(&s, 107);
    assert_int_equal(s.journal.cash_count, 3);
    assert_string_equal(s.journal.cash[2].venue_id, "10");
    assert_true(s.journal.cash[2].venue_us == told[3].at_us);
    check_money(s.journal.positions[0].funding, "-0.62345678");
    assert_true(s.journal.account.cash.e12 - cash == s.journal.positions[0].funding.e12);
    check_money(s.journal.account.performance.funding_paid, "0.62345678");
    assert_int_equal(foreign(&s), 0);
    check_log(&s);
    script_end(&s);
}

/* The stop executes, and only then the venue tells of a stamp before. */
static void test_when_the_position_has_closed_it_moves_cash_alone(void **state)
{
    struct script s;
    int64_t stop;
    i128 cash;

    (void)state;
    begin(&s);
    stop = hold(&s);
    script_fill(&s, stop, "t2", script_row(&s, stop)->size);
    script_play(&s, 70);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    cash = s.journal.account.cash.e12;
    (void)tell(&s, "1", "-0.25", 68);
    compare(&s, 72);
    assert_int_equal(s.journal.cash_count, 1);
    assert_int_equal(s.journal.cash[0].position_id, 0);
    assert_true(s.journal.account.cash.e12 - cash == -money("0.25").e12);
    check_money(s.journal.positions[0].funding, "0");
    (void)tell(&s, "2", "-0.25", 69); /* known after a restart too */
    script_restart(&s);
    script_play(&s, 73);
    agree(&s);
    script_play(&s, 74);
    assert_int_equal(s.journal.cash_count, 2);
    check_money(s.journal.account.performance.funding_paid, "0.5");
    check_log(&s);
    script_end(&s);
}

/* It was held by one clock and is told by another, which is off by more than a minute. */
static void test_a_clock_that_is_off_makes_nothing_foreign(void **state)
{
    struct script s;
    int64_t stop;

    (void)state;
    begin(&s);
    stop = hold(&s);
    script_fill(&s, stop, "t2", script_row(&s, stop)->size);
    script_play(&s, 70);
    script_restart(&s);
    (void)tell(&s, "1", "-0.25", 68);
    script_play(&s, 73);
    agree(&s);
    s.account.venue_us = s.account.asked_us + 100 * US_PER_S;
    script_play(&s, 74);
    assert_int_equal(foreign(&s), 0);
    assert_int_equal(s.journal.cash_count, 1);
    (void)tell(&s, "2", "-0.25", -120); /* not that much */
    compare(&s, 80);
    assert_int_equal(foreign(&s), 1);
    assert_int_equal(s.journal.cash_count, 1);
    check_log(&s);
    script_end(&s);
}

/* Another round trip has been and gone, and the daemon was started anew, before it is told. */
static void test_what_an_earlier_round_trip_paid_is_known_after_a_restart(void **state)
{
    struct command c = {.kind = COMMAND_PAUSE, .mode = MODE_PAPER};
    struct script s;
    int64_t order;

    (void)state;
    begin(&s);
    order = hold(&s);
    script_fill(&s, order, "t2", script_row(&s, order)->size);
    script_play(&s, 70);
    engine_carry_out(s.engine, &c, s.reply);
    script_play(&s, 200);
    c.kind = COMMAND_RESUME;
    engine_carry_out(s.engine, &c, s.reply);
    script_play(&s, 201);
    agree(&s);
    script_play(&s, 245);
    order = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_int_equal(script_row(&s, order)->purpose, PURPOSE_ENTRY);
    script_fill(&s, order, "t3", script_newest(&s, SCRIPT_SUBMIT)->order.size);
    script_play(&s, 246);
    order = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    script_fill(&s, order, "t4", script_row(&s, order)->size);
    script_play(&s, 247);
    assert_int_equal(s.journal.position_count, 2);
    assert_int_equal(s.journal.positions[1].status, POSITION_CLOSED);
    (void)tell(&s, "1", "-0.25", 68);   /* of the first */
    (void)tell(&s, "2", "-0.125", 246); /* of the second */
    (void)tell(&s, "3", "-4", 150);     /* of neither */
    script_restart(&s);
    script_play(&s, 248);
    agree(&s);
    script_play(&s, 249);
    assert_int_equal(s.journal.cash_count, 2);
    check_money(s.journal.account.performance.funding_paid, "0.375");
    assert_int_equal(foreign(&s), 1);
    check_log(&s);
    script_end(&s);
}

/* The venue's picture has no position any more: seen twice, it is taken over. */
static void take_away(struct script *s, int64_t stop, double at_s)
{
    struct venue_open_order open = {0};

    (void)copy_text(open.client_order_id, sizeof open.client_order_id,
                    script_row(s, stop)->client_order_id);
    (void)copy_text(open.symbol, sizeof open.symbol, s->instrument.symbol);
    for (int i = 0; i < 2; i++) {
        (void)script_tell(s, VENUE_GAP, 0);
        script_play(s, at_s += 6);
        agree(s);
        s->account.position_count = 0;
        s->account.orders = &open;
        s->account.order_count = 1;
        script_play(s, at_s += 0.5);
    }
    assert_int_equal(s->journal.positions[0].status, POSITION_CLOSED);
}

/* What was held from 65 s on was taken over at 213 s; the entry that followed at 240 s. */
static int64_t enter_after_a_takeover(struct script *s)
{
    int64_t order, stop;

    told_count = 0;
    script_begin_mismatch(s, MISMATCH_ADOPT);
    s->port.traits.tells_funding = true;
    stop = hold(s);
    take_away(s, stop, 200);
    (void)script_tell(s, VENUE_CANCELED, stop);
    script_play(s, 214);
    compare(s, 220);
    compare(s, 230); /* nothing has moved since the one before */
    script_play(s, 245);
    order = script_newest(s, SCRIPT_SUBMIT)->order.id;
    assert_int_equal(script_row(s, order)->purpose, PURPOSE_ENTRY);
    return order;
}

/* The newest position of a strategy has a row that says it, even if no fill closed it. */
static void test_what_was_taken_over_was_held_until_its_row_says(void **state)
{
    struct script s;
    int64_t order;

    (void)state;
    order = enter_after_a_takeover(&s);          /* the log goes on, */
    (void)script_tell(&s, VENUE_EXPIRED, order); /* and nothing comes of it */
    script_play(&s, 246);
    script_restart(&s);
    (void)tell(&s, "1", "-0.25", 210);
    (void)tell(&s, "2", "-0.25", 290); /* more than a minute later: another's */
    script_play(&s, 295);
    agree(&s);
    script_play(&s, 296);
    assert_int_equal(s.journal.cash_count, 1);
    assert_string_equal(s.journal.cash[0].venue_id, "1");
    assert_int_equal(foreign(&s), 1);
    script_end(&s);
}

/* What was taken over has no fill that says until when it was held. */
static void test_what_was_taken_over_was_held_until_the_next_fill_at_most(void **state)
{
    struct script s;
    int64_t order;

    (void)state;
    order = enter_after_a_takeover(&s);
    script_fill(&s, order, "t3", script_newest(&s, SCRIPT_SUBMIT)->order.size);
    script_play(&s, 246);
    order = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    script_fill(&s, order, "t4", script_row(&s, order)->size);
    script_play(&s, 247);
    assert_int_equal(s.journal.positions[1].status, POSITION_CLOSED);
    (void)tell(&s, "1", "-0.25", 150); /* of the first, which has one fill, at 65 */
    (void)tell(&s, "2", "-4", -5);     /* before it */
    script_restart(&s);
    script_play(&s, 248);
    agree(&s);
    script_play(&s, 249);
    assert_int_equal(s.journal.cash_count, 1);
    check_money(s.journal.account.performance.funding_paid, "0.25");
    assert_int_equal(foreign(&s), 1);
    check_log(&s);
    script_end(&s);
}

/* The picture after a long time brings the stamps and the fill that closed: each in its turn. */
static void test_what_was_paid_before_the_closing_fill_belongs_to_the_round_trip(void **state)
{
    struct venue_trade closing = {.side = SIDE_SELL, .price = price("99")};
    struct script s;
    int64_t stop;

    (void)state;
    begin(&s);
    stop = hold(&s);
    script_restart(&s);
    script_play(&s, 600);
    (void)tell(&s, "1", "-0.25", 200);
    (void)tell(&s, "2", "-0.35", 400);
    agree(&s);
    closing.size = script_row(&s, stop)->size;
    closing.at_us = told[1].at_us + 1;
    (void)copy_text(closing.venue_fill_id, sizeof closing.venue_fill_id, "t2");
    (void)copy_text(closing.symbol, sizeof closing.symbol, s.instrument.symbol);
    (void)copy_text(closing.fee_currency, sizeof closing.fee_currency, "USDT");
    (void)copy_text(closing.client_order_id, sizeof closing.client_order_id,
                    script_row(&s, stop)->client_order_id);
    s.account.trades = &closing;
    s.account.trade_count = 1;
    s.account.position_count = 0;
    script_play(&s, 601);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    check_money(s.journal.positions[0].funding, "-0.6");
    check_log(&s);
    script_end(&s);
}

static void test_what_is_not_ours_is_reported_once_and_not_booked(void **state)
{
    struct script s;

    (void)state;
    begin(&s);
    (void)tell(&s, "1", "-0.25", -400); /* before anything was held */
    (void)hold(&s);
    (void)copy_text(tell(&s, "2", "-0.25", 80)->symbol, LIMIT_SYMBOL, "ETH/USDT:USDT");
    (void)copy_text(tell(&s, "3", "-0.25", 80)->currency, LIMIT_ASSET, "BNB");
    compare(&s, 90);
    compare(&s, 92);
    assert_int_equal(s.journal.cash_count, 0);
    assert_int_equal(foreign(&s), 3);
    script_end(&s);
}

/* Its entry is out, but what executed of it was not told yet: the next picture decides. */
static void test_it_waits_for_the_fill_it_was_paid_for(void **state)
{
    struct script s;
    int64_t entry;

    (void)state;
    begin(&s);
    script_play(&s, 1);
    agree(&s);
    script_play(&s, 65);
    entry = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    (void)tell(&s, "1", "-0.25", 64);
    compare(&s, 66);
    assert_int_equal(s.journal.cash_count + (size_t)foreign(&s), 0);
    script_fill(&s, entry, "t1", script_row(&s, entry)->size);
    script_play(&s, 68);
    compare(&s, 70);
    assert_int_equal(s.journal.cash_count, 1);
    check_money(s.journal.positions[0].funding, "-0.25");
    script_end(&s);
}

/* Two strategies hold the symbol: the shares are the payment to the last digit. */
static void test_strategies_that_hold_the_symbol_share_it(void **state)
{
    static const char json[] = "{\"version\":1,\"name\":\"second\",\"timeframe\":\"1m\","
                               "\"startup_bars\":1,\"entry\":{\"condition\":\"close > open\"},"
                               "\"stop_loss\":0.01,\"position_sizing\":{\"type\":\"equity_pct\","
                               "\"value\":0.2}}";
    struct command c = {.kind = COMMAND_ACTIVATE, .effective = EFFECTIVE_NOW};
    struct strategy *strategy;
    struct diag_list diags = {0};
    struct script s;
    int64_t second;

    (void)state;
    begin(&s);
    (void)hold(&s);
    assert_ok(strategy_parse(json, strlen(json), true, &diags, &strategy));
    c.strategy = strategy;
    engine_carry_out(s.engine, &c, s.reply);
    assert_ok(s.reply->error);
    script_play(&s, 125);
    second = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_string_equal(script_row(&s, second)->strategy, "second");
    script_fill(&s, second, "t3", script_row(&s, second)->size);
    script_play(&s, 126);
    (void)tell(&s, "7", "-0.00000001", 200);
    (void)tell(&s, "8", "-1", 201);
    compare(&s, 210);
    assert_int_equal(s.journal.cash_count, 4);
    assert_string_equal(s.journal.cash[2].venue_id, "8");
    assert_string_equal(s.journal.cash[3].venue_id, "8+1");
    assert_true(s.journal.cash[0].amount.e12 + s.journal.cash[1].amount.e12 ==
                -money("0.00000001").e12);
    assert_true(s.journal.cash[2].amount.e12 + s.journal.cash[3].amount.e12 == -money("1").e12);
    assert_true(s.journal.cash[2].amount.e12 > -money("0.4").e12);
    check_log(&s);
    strategy_release(strategy);
    script_end(&s);
}

/* Without another reason to compare: half a minute after the stamp. */
static void test_the_venue_is_asked_after_each_stamp(void **state)
{
    const struct command pause = {.kind = COMMAND_PAUSE};
    struct script s;

    (void)state;
    begin(&s);
    engine_carry_out(s.engine, &pause, s.reply); /* no orders, which would make it ask */
    script_play(&s, 1);                          /* it begins at a whole hour */
    agree(&s);
    script_play(&s, 29);
    assert_int_equal(script_count(&s, SCRIPT_RECONCILE), 1);
    for (int hour = 0; hour < 3; hour++) {
        script_play(&s, 3600 * hour + 31);
        assert_int_equal(script_count(&s, SCRIPT_RECONCILE), 2 + hour);
        agree(&s);
        for (int at_s = 600; at_s < 3600; at_s += 600)
            script_play(&s, 3600 * hour + at_s);
        script_play(&s, 3600 * hour + 3629);
        assert_int_equal(script_count(&s, SCRIPT_RECONCILE), 2 + hour);
    }
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_often_and_out_of_order_it_is_booked_once),
        cmocka_unit_test(test_when_the_position_has_closed_it_moves_cash_alone),
        cmocka_unit_test(test_a_clock_that_is_off_makes_nothing_foreign),
        cmocka_unit_test(test_what_an_earlier_round_trip_paid_is_known_after_a_restart),
        cmocka_unit_test(test_what_was_taken_over_was_held_until_its_row_says),
        cmocka_unit_test(test_what_was_taken_over_was_held_until_the_next_fill_at_most),
        cmocka_unit_test(test_what_was_paid_before_the_closing_fill_belongs_to_the_round_trip),
        cmocka_unit_test(test_what_is_not_ours_is_reported_once_and_not_booked),
        cmocka_unit_test(test_it_waits_for_the_fill_it_was_paid_for),
        cmocka_unit_test(test_strategies_that_hold_the_symbol_share_it),
        cmocka_unit_test(test_the_venue_is_asked_after_each_stamp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
