/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator asked to close stays asked for when all attempts came to nothing. */
#include "core/amount_text.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

/* Everything is to close; the stop has left the venue, and the exit is out.  It is 68 s. */
static int64_t close_all(struct script *s)
{
    int64_t stop;

    script_begin(s);
    stop = script_hold(s);
    script_say(s, COMMAND_PAUSE);
    script_say(s, COMMAND_CLOSE_ALL);
    script_play(s, 67);
    script_tell(s, VENUE_CANCELED, stop)->executed_is_known = true;
    script_play(s, 68);
    assert_int_equal(script_newest(s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    return script_newest(s, SCRIPT_SUBMIT)->order.id;
}

/* A stop of what is still held rests again. */
static void rest_stop(struct script *s, double at_s)
{
    assert_int_equal(script_newest(s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    (void)script_tell(s, VENUE_ACCEPTED, script_newest(s, SCRIPT_SUBMIT)->order.id);
    script_play(s, at_s);
}

static void refuse(struct script *s, int64_t id, enum venue_error error, double at_s)
{
    script_tell(s, VENUE_REJECTED, id)->error = error;
    script_play(s, at_s);
}

/* The stop that the second exit waits for has gone: the exit, which is another intent. */
static const struct order *second_exit(struct script *s, int64_t first, double at_s)
{
    int64_t stop = script_newest(s, SCRIPT_CANCEL)->order.id;
    const struct order *exit;

    assert_int_equal(script_newest(s, SCRIPT_CANCEL)->order.purpose, PURPOSE_STOP_LOSS);
    script_tell(s, VENUE_CANCELED, stop)->executed_is_known = true;
    script_play(s, at_s);
    exit = &script_newest(s, SCRIPT_SUBMIT)->order;
    assert_int_equal(exit->purpose, PURPOSE_EXIT);
    assert_true(exit->is_whole);
    assert_int_equal(exit->exit_reason, EXIT_MANUAL);
    assert_int_equal(exit->attempt, 1);
    assert_true(exit->intent_id != script_row(s, first)->intent_id);
    return exit;
}

static void test_a_close_that_a_closed_market_refuses_is_asked_for_again(void **state)
{
    struct script s;
    int64_t first;

    (void)state;
    first = close_all(&s);
    refuse(&s, first, VENUE_ERROR_MARKET, 68.2);
    rest_stop(&s, 68.4); /* meanwhile it is protected */
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    script_play(&s, 68.9);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    script_play(&s, 69.3); /* a second after the refusal */
    refuse(&s, second_exit(&s, first, 69.4)->id, VENUE_ERROR_MARKET, 69.5);
    rest_stop(&s, 69.6);
    script_play(&s, 71);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 2);
    script_play(&s, 71.7); /* two seconds */
    script_fill(&s, second_exit(&s, first, 71.8)->id, "t9",
                script_row(&s, script_newest(&s, SCRIPT_SUBMIT)->order.id)->size);
    script_play(&s, 72);
    assert_int_equal(s.journal.positions[s.journal.position_count - 1].status, POSITION_CLOSED);
    script_end(&s);
}

static void test_a_restart_remembers_it(void **state)
{
    struct script s;
    int64_t first;

    (void)state;
    first = close_all(&s);
    refuse(&s, first, VENUE_ERROR_MARKET, 68.2);
    rest_stop(&s, 68.4);
    script_restart(&s);
    script_play(&s, 70); /* what became of the stop is asked first */
    script_tell(&s, VENUE_STATE, script_newest(&s, SCRIPT_QUERY)->order.id)->state =
        VENUE_ORDER_OPEN;
    script_play(&s, 70.5);
    (void)second_exit(&s, first, 71);
    script_end(&s);
}

/* Somebody closes a part meanwhile, which is refused too. */
static void refuse_part(struct script *s, double at_s)
{
    struct command c = {.kind = COMMAND_CLOSE_POSITION,
                        .mode = MODE_PAPER,
                        .actor = "tester",
                        .id = 1,
                        .size = {AMOUNT_ONE / 10}};

    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
    script_play(s, at_s);
    assert_false(script_newest(s, SCRIPT_SUBMIT)->order.is_whole);
    refuse(s, script_newest(s, SCRIPT_SUBMIT)->order.id, VENUE_ERROR_MARKET, at_s + 0.1);
}

static void test_a_part_that_does_not_leave_does_not_end_it(void **state)
{
    struct script s;
    int64_t first;

    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        first = close_all(&s);
        refuse(&s, first, VENUE_ERROR_MARKET, 68.2);
        rest_stop(&s, 68.4);
        refuse_part(&s, 68.6);
        assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
        if (restarts) {
            script_restart(&s);
            script_play(&s, 70);
            script_tell(&s, VENUE_STATE, script_newest(&s, SCRIPT_QUERY)->order.id)->state =
                VENUE_ORDER_OPEN;
        }
        script_play(&s, 72);
        assert_int_equal(script_count(&s, SCRIPT_CANCEL), 2);
        (void)second_exit(&s, first, 72.5);
        script_end(&s);
    }
}

/* An exit for want of a stop is on its way when the operator asks: it is his from then on. */
static void test_an_exit_that_is_on_its_way_becomes_the_operators(void **state)
{
    struct script s;
    int64_t stop, first;

    (void)state;
    script_begin(&s);
    stop = script_hold(&s);
    (void)script_tell(&s, VENUE_CANCELED, stop);
    script_play(&s, 67.1);
    refuse(&s, script_newest(&s, SCRIPT_SUBMIT)->order.id, VENUE_ERROR_WOULD_TRIGGER, 67.2);
    first = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_int_equal(script_row(&s, first)->exit_reason, EXIT_STOP_LOSS);
    script_say(&s, COMMAND_PAUSE);
    script_say(&s, COMMAND_CLOSE_ALL);
    assert_int_equal(script_row(&s, first)->exit_reason, EXIT_MANUAL);
    refuse(&s, first, VENUE_ERROR_MARKET, 67.4);
    rest_stop(&s, 67.5);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0);
    script_play(&s, 69);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    (void)second_exit(&s, first, 69.2);
    script_end(&s);
}

static void test_what_would_be_refused_again_is_not(void **state)
{
    struct script s;
    int64_t first;

    (void)state;
    first = close_all(&s);
    refuse(&s, first, VENUE_ERROR_REDUCE_ONLY, 68.2);
    rest_stop(&s, 68.4);
    script_play(&s, 200);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    script_end(&s);
}

static void test_its_cancel_ends_it(void **state)
{
    struct command c = {.kind = COMMAND_CANCEL_ORDER, .actor = "tester"};
    struct script s;
    int64_t first;

    (void)state;
    first = close_all(&s);
    script_tell(&s, VENUE_REJECTED, first)->error = VENUE_ERROR_OVERLOAD;
    script_play(&s, 68.2); /* the second attempt waits for its second */
    c.id = first + 1;
    engine_carry_out(s.engine, &c, s.reply);
    assert_ok(s.reply->error);
    script_play(&s, 69);
    rest_stop(&s, 70);
    script_play(&s, 200);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    script_end(&s);
}

/* An entry by hand rests at the venue; it is 63 s. */
static int64_t rest_entry(struct script *s)
{
    struct command c = {.kind = COMMAND_PLACE_ORDER,
                        .mode = MODE_PAPER,
                        .actor = "tester",
                        .symbol = "BTC/USDT:USDT",
                        .order = {.side = SIDE_BUY,
                                  .type = ORDER_LIMIT,
                                  .size = size("10"),
                                  .limit_price = price("99"),
                                  .stop_loss = price("90"),
                                  .expires_us = TIME_NONE}};

    script_begin_idle(s);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 62);
    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
    (void)script_tell(s, VENUE_ACCEPTED, s->reply->order.id);
    script_play(s, 63);
    return s->reply->order.id;
}

static void stop_all(struct script *s)
{
    struct command c = {.kind = COMMAND_STOP,
                        .mode = MODE_PAPER,
                        .actor = "tester",
                        .close_positions = true,
                        .cancel_orders = true};

    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
}

static void assert_leaves(const struct script *s, struct size size)
{
    const struct order *o = &script_newest(s, SCRIPT_SUBMIT)->order;

    assert_int_equal(o->purpose, PURPOSE_EXIT);
    assert_int_equal(o->exit_reason, EXIT_MANUAL);
    assert_true(o->size.e12 == size.e12);
}

/* Nothing was held when all was to close; the entry filled before its cancel came. */
static void test_an_entry_that_fills_although_all_is_to_close_leaves_at_once(void **state)
{
    struct script s;
    int64_t entry;

    (void)state;
    entry = rest_entry(&s);
    stop_all(&s);
    script_play(&s, 64);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, entry);
    script_fill(&s, entry, "t1", size("10"));
    script_play(&s, 65);
    assert_leaves(&s, size("10"));
    script_end(&s);
}

/* Nor does a restart forget that. */
static void test_nor_after_a_restart(void **state)
{
    struct script s;
    int64_t entry;

    (void)state;
    entry = rest_entry(&s);
    stop_all(&s);
    script_play(&s, 64);
    script_restart(&s);
    script_fill(&s, entry, "t1", size("10"));
    script_play(&s, 66);
    assert_leaves(&s, size("10"));
    script_end(&s);
}

/* Its cancel alone is another wish: what filled is held, with its stop. */
static void test_an_entry_that_fills_although_it_was_canceled_is_held(void **state)
{
    struct command c = {.kind = COMMAND_CANCEL_ORDER, .actor = "tester"};
    struct script s;

    (void)state;
    c.id = rest_entry(&s);
    engine_carry_out(s.engine, &c, s.reply);
    assert_ok(s.reply->error);
    script_play(&s, 64);
    script_fill(&s, c.id, "t1", size("10"));
    script_play(&s, 65);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    script_end(&s);
}

/* A part was held when all was to close; the rest of the entry fills while the exit is out. */
static void test_what_fills_after_the_exit_was_made_leaves_after_it(void **state)
{
    struct script s;
    int64_t entry, stop, exit;

    (void)state;
    entry = rest_entry(&s);
    script_fill(&s, entry, "t1", size("4"));
    script_play(&s, 64);
    stop = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(&s, VENUE_ACCEPTED, stop);
    script_play(&s, 65);
    stop_all(&s);
    script_play(&s, 66);
    script_tell(&s, VENUE_CANCELED, stop)->executed_is_known = true;
    script_play(&s, 67);
    assert_leaves(&s, size("4"));
    exit = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    script_fill(&s, entry, "t2", size("6"));
    script_play(&s, 68);
    script_fill(&s, exit, "t3", size("4"));
    script_play(&s, 69);
    assert_leaves(&s, size("6"));
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_close_that_a_closed_market_refuses_is_asked_for_again),
        cmocka_unit_test(test_a_restart_remembers_it),
        cmocka_unit_test(test_a_part_that_does_not_leave_does_not_end_it),
        cmocka_unit_test(test_an_exit_that_is_on_its_way_becomes_the_operators),
        cmocka_unit_test(test_what_would_be_refused_again_is_not),
        cmocka_unit_test(test_its_cancel_ends_it),
        cmocka_unit_test(test_an_entry_that_fills_although_all_is_to_close_leaves_at_once),
        cmocka_unit_test(test_nor_after_a_restart),
        cmocka_unit_test(test_an_entry_that_fills_although_it_was_canceled_is_held),
        cmocka_unit_test(test_what_fills_after_the_exit_was_made_leaves_after_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
