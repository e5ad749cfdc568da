/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as known at a venue that outlives the engine: absence, a compared account, a symbol
 * that was judged; and a stop that is refused while the loop ends. */
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

static int64_t enter(struct script *s)
{
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    assert_int_equal(script_count(s, SCRIPT_SUBMIT), 1);
    return script_newest(s, SCRIPT_SUBMIT)->order.id;
}

static void absent(struct script *s, int64_t id)
{
    script_tell(s, VENUE_STATE, id)->state = VENUE_ORDER_ABSENT;
}

static unsigned denials(const struct script *s)
{
    assert_true(s->journal.signal_count > 0);
    return s->journal.signals[s->journal.signal_count - 1].denials;
}

/* A late request might still become an order there: nothing proves that it will not. */
static void test_a_venue_without_expiry_proves_no_absence(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    s.traits.has_expiry = false;
    s.port.traits = s.traits;
    script_restart(&s);
    id = enter(&s);
    (void)script_tell(&s, VENUE_UNKNOWN, id);
    for (double at = 70; at < 400; at += 10) {
        script_play(&s, at);
        absent(&s, id);
    }
    assert_false(order_is_final(script_row(&s, id)->status));
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

/* Its answers lag: what it acknowledged is there. */
static void test_what_was_acknowledged_is_never_absent(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = enter(&s);
    (void)copy_text(script_tell(&s, VENUE_ACCEPTED, id)->venue_order_id, VENUE_ORDER_ID, "v1");
    script_play(&s, 66);
    (void)script_tell(&s, VENUE_GAP, 0);
    for (double at = 70; at < 200; at += 5) {
        script_play(&s, at);
        absent(&s, id);
    }
    assert_int_not_equal(script_row(&s, id)->status, ORDER_ABSENT);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

static void test_one_negative_answer_proves_nothing(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = enter(&s);
    (void)script_tell(&s, VENUE_UNKNOWN, id);
    script_play(&s, 100);
    absent(&s, id); /* long after it could have become an order */
    script_play(&s, 100.4);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_tell(&s, VENUE_STATE, id)->state = VENUE_ORDER_OPEN; /* and it is there after all */
    script_play(&s, 110);
    absent(&s, id);
    script_play(&s, 115);
    absent(&s, id);
    script_play(&s, 119);
    assert_int_not_equal(script_row(&s, id)->status, ORDER_ABSENT);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

/* The account was compared, but this symbol had an order under way: nothing is entered in it. */
static void test_a_symbol_that_was_never_judged_takes_no_entries(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = enter(&s);
    script_restart(&s);
    script_play(&s, 66); /* nobody knows yet what became of the entry */
    script_agree(&s);
    script_play(&s, 67);
    script_tell(&s, VENUE_STATE, id)->state = VENUE_ORDER_CANCELED;
    script_play(&s, 125); /* a candle that would be entered on */
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    assert_true(denials(&s) & DENIED_NOT_RECONCILED);
    for (double at = 130; at <= 170; at += 10) { /* by now it is quiet */
        script_agree(&s);
        script_play(&s, at);
    }
    script_play(&s, 185);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2);
    script_end(&s);
}

static void test_a_picture_of_before_a_gap_does_not_count(void **state)
{
    struct script s;
    int64_t before_us;

    (void)state;
    script_begin(&s);
    script_play(&s, 1);
    before_us = script_newest(&s, SCRIPT_RECONCILE)->at_us;
    (void)script_tell(&s, VENUE_GAP, 0);
    script_play(&s, 2);
    assert_int_equal(script_count(&s, SCRIPT_RECONCILE), 2);
    script_agree(&s);
    s.account.asked_us = before_us; /* the answer to the first question comes now */
    script_play(&s, 65);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 0);
    assert_true(denials(&s) & DENIED_NOT_RECONCILED);
    script_agree(&s);
    script_play(&s, 125);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

/* However the loop ends, a position is never left without a stop. */
static void test_a_stop_that_is_refused_while_the_loop_ends_makes_it_leave(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = enter(&s);
    script_fill(&s, id, "t1", script_newest(&s, SCRIPT_SUBMIT)->order.size);
    script_play(&s, 66);
    id = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    script_say(&s, COMMAND_CANCEL_ALL); /* what an orderly end begins with */
    script_say(&s, COMMAND_STOP);
    script_play(&s, 67);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0); /* the stop is not an entry */
    script_tell(&s, VENUE_REJECTED, id)->error = VENUE_ERROR_WOULD_TRIGGER;
    script_play(&s, 68);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    script_fill(&s, script_newest(&s, SCRIPT_SUBMIT)->order.id, "t2",
                script_newest(&s, SCRIPT_SUBMIT)->order.size);
    script_play(&s, 69);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_venue_without_expiry_proves_no_absence),
        cmocka_unit_test(test_what_was_acknowledged_is_never_absent),
        cmocka_unit_test(test_one_negative_answer_proves_nothing),
        cmocka_unit_test(test_a_symbol_that_was_never_judged_takes_no_entries),
        cmocka_unit_test(test_a_picture_of_before_a_gap_does_not_count),
        cmocka_unit_test(test_a_stop_that_is_refused_while_the_loop_ends_makes_it_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
