/* SPDX-License-Identifier: Apache-2.0 */
/* The engine at a venue that outlives it: what was found wrong by simulation, told by hand. */
#include "core/amount_text.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

static void absent(struct script *s, int64_t id)
{
    script_tell(s, VENUE_STATE, id)->state = VENUE_ORDER_ABSENT;
}

static void test_nothing_is_entered_before_the_account_is_compared(void **state)
{
    struct script s;

    (void)state;
    script_begin(&s);
    script_play(&s, 185);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 0);
    assert_int_equal(script_count(&s, SCRIPT_RECONCILE), 3); /* asked anew after a minute each */
    script_agree(&s);
    script_play(&s, 245);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

static void test_an_unknown_outcome_is_asked_about_and_not_sent_again(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = script_enter(&s); /* sent at 60 s, expires at 65 s, proven absent after 73 s */
    (void)script_tell(&s, VENUE_UNKNOWN, id);
    script_play(&s, 70);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, id);
    absent(&s, id);
    script_play(&s, 72); /* said too early: no proof */
    absent(&s, id);
    script_play(&s, 73.5);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    absent(&s, id); /* to what was asked at 72 s */
    script_play(&s, 80);
    absent(&s, id); /* the first that counts */
    script_play(&s, 82);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    absent(&s, id); /* the second */
    script_play(&s, 82.5);
    assert_int_equal(script_row(&s, id)->status, ORDER_ABSENT);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1); /* 1 s later */
    script_play(&s, 84);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.attempt, 2);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.intent_id,
                     script_row(&s, id)->intent_id);
    script_end(&s);
}

static void test_a_fill_told_twice_is_booked_once(void **state)
{
    struct script s;
    int64_t stop;

    (void)state;
    script_begin(&s);
    stop = script_hold(&s);
    assert_int_equal(s.journal.fill_count, 1);
    script_fill(&s, script_row(&s, stop)->id - 1, "t1", (struct size){1000000000});
    script_fill(&s, stop, "t2", (struct size){1000000000});
    script_fill(&s, stop, "t2", (struct size){1000000000});
    script_play(&s, 68);
    assert_int_equal(s.journal.fill_count, 2);
    script_end(&s);
}

static void test_a_late_fill_is_booked(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = script_enter(&s);
    (void)script_tell(&s, VENUE_CANCELED, id); /* and how much was executed it does not say */
    script_play(&s, 66);
    assert_int_equal(script_row(&s, id)->status, ORDER_CANCELED);
    script_fill(&s, id, "t1", (struct size){1000000000});
    script_play(&s, 67);
    assert_int_equal(script_row(&s, id)->status, ORDER_CANCELED);
    assert_true(script_row(&s, id)->filled.e12 == 1000000000);
    assert_int_equal(s.journal.position_count, 1);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    script_end(&s);
}

static void test_an_order_lives_until_all_of_it_was_told(void **state)
{
    struct script s;
    struct venue_event *e;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = script_enter(&s);
    e = script_tell(&s, VENUE_CANCELED, id);
    e->executed_is_known = true;
    e->executed = (struct size){1000000000};
    script_play(&s, 66);
    assert_false(order_is_final(script_row(&s, id)->status));
    /* An answer that lags says that it is open: it has ended all the same. */
    e = script_tell(&s, VENUE_STATE, id);
    e->state = VENUE_ORDER_OPEN;
    script_play(&s, 67);
    script_fill(&s, id, "t1", (struct size){1000000000});
    script_play(&s, 68);
    assert_int_equal(script_row(&s, id)->status, ORDER_CANCELED);
    script_end(&s);
}

static void test_a_refused_stop_leaves_and_does_not_flood(void **state)
{
    struct script s;
    struct venue_event *e;
    size_t exits = 0;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = script_enter(&s);
    script_fill(&s, id, "t1", script_newest(&s, SCRIPT_SUBMIT)->order.size);
    script_play(&s, 66);
    for (double at = 67; at < 115; at += 0.5) { /* whatever it sends is refused */
        e = script_tell(&s, VENUE_REJECTED, script_newest(&s, SCRIPT_SUBMIT)->order.id);
        e->error = VENUE_ERROR_WOULD_TRIGGER;
        script_play(&s, at);
    }
    for (size_t i = 0; i < s.request_count; i++)
        exits += s.requests[i].kind == SCRIPT_SUBMIT && s.requests[i].order.purpose == PURPOSE_EXIT;
    assert_in_range(exits, 3, 8);
    assert_in_range(script_count(&s, SCRIPT_SUBMIT), 2 * exits, 2 * exits + 2);
    script_end(&s);
}

static void test_a_position_without_a_stop_leaves_after_the_limit(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = script_enter(&s);
    script_fill(&s, id, "t1", script_newest(&s, SCRIPT_SUBMIT)->order.size);
    script_play(&s, 84); /* the stop is sent, and nobody answers */
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    id = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    script_play(&s, 87); /* an exit is wanted, and waits for what may still be a stop */
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    (void)script_tell(&s, VENUE_CANCELED, id);
    script_play(&s, 88);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    script_end(&s);
}

static void test_what_was_new_at_a_crash_is_not_sent_again(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = script_enter(&s);
    script_restart(&s);
    script_play(&s, 66);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, id);
    assert_true(script_count(&s, SCRIPT_RECONCILE) >= 2);
    script_end(&s);
}

/* Another daemon that was followed while its database was away may be sending it just now. */
static void test_an_attempt_that_waited_at_a_crash_is_asked_about(void **state)
{
    const struct script_request *query;
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = script_hold(&s);
    script_say(&s, COMMAND_CLOSE_ALL);
    (void)script_tell(&s, VENUE_CANCELED, id);
    script_play(&s, 68);
    id = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    script_tell(&s, VENUE_NOT_SENT, id)->error = VENUE_ERROR_NOT_SENT;
    script_play(&s, 68.5);
    assert_int_equal(script_row(&s, id + 1)->attempt, 2);
    assert_int_equal(script_row(&s, id + 1)->status, ORDER_NEW); /* in a second */
    script_restart(&s);
    script_play(&s, 72);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.id, id);
    query = script_newest(&s, SCRIPT_QUERY);
    assert_non_null(query);
    assert_int_equal(query->order.id, id + 1);
    script_end(&s);
}

/* The venue ends the rest of a market exit when its book is empty: the wish to close stays. */
static void test_the_rest_of_an_exit_that_expired_leaves_too(void **state)
{
    struct venue_event *e;
    struct script s;
    struct order exit;
    int64_t stop;

    (void)state;
    script_begin(&s);
    stop = script_hold(&s);
    script_say(&s, COMMAND_CLOSE_ALL);
    (void)script_tell(&s, VENUE_CANCELED, stop);
    script_play(&s, 68);
    exit = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(exit.purpose, PURPOSE_EXIT);
    script_fill(&s, exit.id, "t2", (struct size){exit.size.e12 - 4 * AMOUNT_ONE});
    (void)script_tell(&s, VENUE_EXPIRED, exit.id); /* and how much was executed is asked for */
    script_play(&s, 68.5);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.id, exit.id);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, exit.id);
    script_fill(&s, exit.id, "t3", (struct size){AMOUNT_ONE});
    e = script_tell(&s, VENUE_STATE, exit.id);
    e->state = VENUE_ORDER_EXPIRED;
    e->executed_is_known = true;
    e->executed.e12 = exit.size.e12 - 3 * AMOUNT_ONE;
    script_play(&s, 69);
    assert_int_equal(script_row(&s, exit.id)->status, ORDER_EXPIRED);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == 3 * AMOUNT_ONE);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.exit_reason, exit.exit_reason);
    script_end(&s);
}

static void test_the_loop_rests_while_the_database_is_away(void **state)
{
    struct script s;

    (void)state;
    script_begin(&s);
    (void)script_hold(&s);
    s.journal.fault_at = s.journal.commit_count + 1;
    s.journal.fault = JOURNAL_FAULT_BEFORE;
    s.journal.down_for = 40;
    (void)script_tell(&s, VENUE_GAP, 0); /* and something is due meanwhile */
    script_play(&s, 170);                /* fails when it spins */
    script_end(&s);
}

static void test_a_start_compares_first(void **state)
{
    struct script s;
    size_t asked;

    (void)state;
    script_begin(&s);
    script_play(&s, 1);
    script_agree(&s);
    script_play(&s, 2);
    script_say(&s, COMMAND_STOP);
    asked = script_count(&s, SCRIPT_RECONCILE);
    script_play(&s, 119);
    script_say(&s, COMMAND_START);
    script_play(&s, 185);
    assert_true(script_count(&s, SCRIPT_RECONCILE) > asked);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 0); /* nobody has answered */
    script_end(&s);
}

static void test_a_new_stop_rests_before_the_old_one_goes(void **state)
{
    struct script s;
    struct size more;
    int64_t stop, second;

    (void)state;
    script_begin(&s);
    stop = script_hold(&s);
    more = script_row(&s, stop)->size;
    script_fill(&s, stop, "t2", (struct size){more.e12 / 2000000000 * 1000000000});
    script_play(&s, 68); /* triggered in part: it is left to finish */
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0);
    script_tell(&s, VENUE_CANCELED, stop)->executed_is_known = false;
    script_play(&s, 69);
    second = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_true(second > stop);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 ==
                more.e12 - more.e12 / 2000000000 * 1000000000);
    script_end(&s);
}

static void fill_some(struct script *s, int64_t id, const char *fill, i128 lots)
{
    script_fill(s, id, fill, (struct size){lots * 1000000000});
}

/* A stop that may only reduce has sold more than is known to be held: the entry has bought more. */
/* An exit at a limit whose next attempt waits, while the stop executes a part of what it is for. */
static void test_an_exit_that_rests_is_of_no_more_than_is_left(void **state)
{
    struct command c = {.kind = COMMAND_CLOSE_POSITION,
                        .id = 1,
                        .mode = MODE_PAPER,
                        .order = {.type = ORDER_LIMIT, .expires_us = TIME_NONE}};
    struct order stop, exit;
    struct script s;

    (void)state;
    script_begin(&s);
    (void)script_hold(&s);
    stop = script_newest(&s, SCRIPT_SUBMIT)->order;
    c.order.limit_price = (struct price){INT64_C(120000000000000)};
    engine_carry_out(s.engine, &c, s.reply);
    assert_ok(s.reply->error);
    exit = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_true(order_is_resting_exit(&exit) && exit.size.e12 == stop.size.e12);
    script_tell(&s, VENUE_REJECTED, exit.id)->error = VENUE_ERROR_RATE_LIMIT;
    script_play(&s, 67.5);
    script_fill(&s, stop.id, "t2", (struct size){INT64_C(4000000000000)});
    script_play(&s, 72);
    exit = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_true(order_is_resting_exit(&exit));
    assert_int_equal(exit.attempt, 3);
    assert_true(exit.size.e12 == stop.size.e12 - INT64_C(4000000000000));
    script_end(&s);
}

static void test_a_fill_beyond_the_position_waits_for_the_entry(void **state)
{
    int64_t entry, first, second;
    struct venue_event *e;
    struct script s;

    (void)state;
    script_begin(&s);
    entry = script_enter(&s);
    (void)script_tell(&s, VENUE_ACCEPTED, entry);
    fill_some(&s, entry, "t1", 4);
    script_play(&s, 66);
    first = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(&s, VENUE_ACCEPTED, first);
    script_play(&s, 67);
    fill_some(&s, entry, "t2", 3);
    script_play(&s, 68);
    second = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_true(second > first);
    (void)script_tell(&s, VENUE_ACCEPTED, second);
    fill_some(&s, second, "t4", 7);
    fill_some(&s, first, "t5", 3); /* of t3, which is told later */
    script_play(&s, 69);
    assert_int_equal(s.journal.fill_count, 3);
    assert_true(script_count(&s, SCRIPT_QUERY) >= 2);
    fill_some(&s, entry, "t3", 3);
    script_play(&s, 70);
    fill_some(&s, first, "t5", 3);
    e = script_tell(&s, VENUE_EXPIRED, first);
    e->executed = (struct size){INT64_C(3000000000)};
    e->executed_is_known = true;
    script_play(&s, 71);
    assert_int_equal(s.journal.fill_count, 5);
    for (size_t i = 0; i < s.journal.fill_count; i++)
        assert_int_equal(s.journal.fills[i].opens, s.journal.fills[i].side == SIDE_BUY);
    for (size_t i = 0; i < s.journal.position_count; i++)
        assert_int_equal(s.journal.positions[i].status, POSITION_CLOSED);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_entered_before_the_account_is_compared),
        cmocka_unit_test(test_an_unknown_outcome_is_asked_about_and_not_sent_again),
        cmocka_unit_test(test_a_fill_told_twice_is_booked_once),
        cmocka_unit_test(test_a_late_fill_is_booked),
        cmocka_unit_test(test_an_order_lives_until_all_of_it_was_told),
        cmocka_unit_test(test_a_refused_stop_leaves_and_does_not_flood),
        cmocka_unit_test(test_a_position_without_a_stop_leaves_after_the_limit),
        cmocka_unit_test(test_what_was_new_at_a_crash_is_not_sent_again),
        cmocka_unit_test(test_an_attempt_that_waited_at_a_crash_is_asked_about),
        cmocka_unit_test(test_the_rest_of_an_exit_that_expired_leaves_too),
        cmocka_unit_test(test_the_loop_rests_while_the_database_is_away),
        cmocka_unit_test(test_a_start_compares_first),
        cmocka_unit_test(test_a_new_stop_rests_before_the_old_one_goes),
        cmocka_unit_test(test_an_exit_that_rests_is_of_no_more_than_is_left),
        cmocka_unit_test(test_a_fill_beyond_the_position_waits_for_the_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
