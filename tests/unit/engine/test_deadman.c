/* SPDX-License-Identifier: Apache-2.0 */
/* The venue's timer: it runs for entries that rest, and is stopped for certain once held. */
#include "core/amount_text.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

/* An entry at a limit that rests at the venue. */
static struct order rest(struct script *s)
{
    struct command c = {.kind = COMMAND_PLACE_ORDER,
                        .mode = MODE_PAPER,
                        .actor = "tester",
                        .symbol = "BTC/USDT:USDT",
                        .order = {.side = SIDE_BUY,
                                  .type = ORDER_LIMIT,
                                  .size = {AMOUNT_ONE},
                                  .limit_price = {95 * AMOUNT_ONE},
                                  .stop_loss = {90 * AMOUNT_ONE},
                                  .expires_us = TIME_NONE}};
    struct order entry;

    script_begin_timer(s);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    assert_int_equal(script_count(s, SCRIPT_TIMER), 0);
    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
    script_play(s, 66);
    entry = script_newest(s, SCRIPT_SUBMIT)->order;
    assert_int_equal(entry.type, ORDER_LIMIT);
    (void)script_tell(s, VENUE_ACCEPTED, entry.id);
    script_play(s, 67);
    return entry;
}

static void test_it_is_set_anew_while_an_entry_rests(void **state)
{
    struct script s;

    (void)state;
    (void)rest(&s);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), 1);
    assert_int_equal(script_newest(&s, SCRIPT_TIMER)->after_us, 30 * US_PER_S);
    script_play(&s, 98);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), 4); /* each 10 s */
    assert_int_equal(script_newest(&s, SCRIPT_TIMER)->after_us, 30 * US_PER_S);
    script_end(&s);
}

/* Whatever the wall clock shows: it would run out in the half minute that is told twice. */
static void test_it_is_set_anew_though_the_clock_is_set_back(void **state)
{
    struct script s;

    (void)state;
    (void)rest(&s);
    script_step_clock(-30);
    script_play(&s, 98);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), 4);
    script_end(&s);
}

static void test_it_is_stopped_as_soon_as_the_entry_fills_and_until_it_has_run_out(void **state)
{
    struct order entry;
    struct script s;
    size_t told;

    (void)state;
    entry = rest(&s);
    script_fill(&s, entry.id, "t1", (struct size){entry.size.e12 / 2});
    script_play(&s, 68);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), 2);
    assert_int_equal(script_newest(&s, SCRIPT_TIMER)->after_us, 0);
    (void)script_tell(&s, VENUE_ACCEPTED, script_newest(&s, SCRIPT_SUBMIT)->order.id);
    script_play(&s, 130);
    told = script_count(&s, SCRIPT_TIMER);
    assert_in_range(told, 5, 8);
    assert_int_equal(script_newest(&s, SCRIPT_TIMER)->after_us, 0);
    script_play(&s, 300);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), told);
    script_end(&s);
}

/* Else it might run out just when the next position's stop has come. */
static void test_it_is_stopped_when_nothing_rests_any_more(void **state)
{
    struct order entry;
    struct script s;
    size_t told;

    (void)state;
    entry = rest(&s);
    (void)script_tell(&s, VENUE_CANCELED, entry.id);
    script_play(&s, 68);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), 2);
    assert_int_equal(script_newest(&s, SCRIPT_TIMER)->after_us, 0);
    script_play(&s, 130);
    told = script_count(&s, SCRIPT_TIMER);
    assert_in_range(told, 4, 8); /* again, should a request have been lost */
    script_play(&s, 300);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), told);
    script_end(&s);
}

/* So it is for an entry at the market, whatever the daemon before this one had set. */
static void test_it_is_stopped_before_an_entry_at_the_market_is_held(void **state)
{
    struct command c = {.kind = COMMAND_PLACE_ORDER,
                        .mode = MODE_PAPER,
                        .actor = "tester",
                        .symbol = "BTC/USDT:USDT",
                        .order = {.side = SIDE_BUY,
                                  .type = ORDER_MARKET,
                                  .size = {AMOUNT_ONE},
                                  .stop_loss = {90 * AMOUNT_ONE},
                                  .expires_us = TIME_NONE}};
    struct script s;

    (void)state;
    script_begin_timer(&s);
    script_play(&s, 1);
    script_agree(&s);
    script_play(&s, 65);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), 0);
    engine_carry_out(s.engine, &c, s.reply);
    assert_ok(s.reply->error);
    script_play(&s, 66);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.type, ORDER_MARKET);
    assert_int_equal(script_count(&s, SCRIPT_TIMER), 1);
    assert_int_equal(script_newest(&s, SCRIPT_TIMER)->after_us, 0);
    script_end(&s);
}

/* The daemon before this one may have set it just before the fill, and died. */
static void test_it_is_stopped_after_a_restart_that_finds_a_position(void **state)
{
    struct order entry;
    struct script s;
    size_t told;

    (void)state;
    entry = rest(&s);
    script_fill(&s, entry.id, "t1", entry.size);
    script_play(&s, 68);
    told = script_count(&s, SCRIPT_TIMER);
    script_restart(&s);
    script_play(&s, 70);
    assert_true(script_count(&s, SCRIPT_TIMER) > told);
    assert_int_equal(script_newest(&s, SCRIPT_TIMER)->after_us, 0);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_set_anew_while_an_entry_rests),
        cmocka_unit_test(test_it_is_set_anew_though_the_clock_is_set_back),
        cmocka_unit_test(test_it_is_stopped_as_soon_as_the_entry_fills_and_until_it_has_run_out),
        cmocka_unit_test(test_it_is_stopped_when_nothing_rests_any_more),
        cmocka_unit_test(test_it_is_stopped_before_an_entry_at_the_market_is_held),
        cmocka_unit_test(test_it_is_stopped_after_a_restart_that_finds_a_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
