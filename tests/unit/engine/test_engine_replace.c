/* SPDX-License-Identifier: Apache-2.0 */
/* Orders by hand at a venue that outlives the engine: replacing one never fills more than was
 * wanted, whatever is told late, lost or forgotten by a crash. */
#include "tests/support/amounts.h"
#include "tests/support/script_venue.h"

static struct command order(enum command_kind kind, int64_t id, const char *much, const char *limit)
{
    return (struct command){.kind = kind,
                            .id = id,
                            .mode = MODE_PAPER,
                            .actor = "tester",
                            .symbol = "BTC/USDT:USDT",
                            .order = {.side = SIDE_BUY,
                                      .type = ORDER_LIMIT,
                                      .size = size(much),
                                      .limit_price = price(limit),
                                      .stop_loss = price("90"),
                                      .expires_us = TIME_NONE}};
}

static int64_t carry_out(struct script *s, const struct command *c)
{
    engine_carry_out(s->engine, c, s->reply);
    if (s->reply->error)
        fail_msg("%s: %s", err_code(s->reply->error), s->reply->detail);
    assert_true(s->reply->has_order);
    return s->reply->order.id;
}

/* A buy of 10 at 99 that rests at the venue. */
static int64_t rest(struct script *s, bool has_replace)
{
    struct command c = order(COMMAND_PLACE_ORDER, 0, "10", "99");
    int64_t id;

    script_begin_idle(s);
    s->port.traits.has_replace = has_replace;
    script_play(s, 1);
    script_agree(s);
    script_play(s, 62);
    id = carry_out(s, &c);
    assert_int_equal(script_newest(s, SCRIPT_SUBMIT)->order.id, id);
    (void)script_tell(s, VENUE_ACCEPTED, id);
    script_play(s, 63);
    return id;
}

static int64_t replace(struct script *s, int64_t id, const char *much)
{
    struct command c = order(COMMAND_REPLACE_ORDER, id, much, "99.5");

    return carry_out(s, &c);
}

static void canceled(struct script *s, int64_t id, const char *executed)
{
    struct venue_event *e = script_tell(s, VENUE_CANCELED, id);

    e->executed_is_known = true;
    e->executed = executed ? size(executed) : SIZE_ZERO;
}

static void test_the_new_order_waits_for_the_old_ones_end(void **state)
{
    struct script s;
    int64_t id, by;

    (void)state;
    id = rest(&s, false);
    by = replace(&s, id, "8");
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    assert_int_equal(s.reply->order.status, ORDER_NEW);
    script_play(&s, 64);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    canceled(&s, id, NULL);
    script_play(&s, 65);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.id, by);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == size("8").e12);
    assert_int_equal(script_row(&s, id)->replaced_by, by);
    script_end(&s);
}

static void test_what_fills_meanwhile_makes_the_new_order_smaller(void **state)
{
    const struct order *sent;
    struct script s;
    int64_t id, by;

    (void)state;
    id = rest(&s, false);
    by = replace(&s, id, "8");
    canceled(&s, id, "3"); /* its trade is told later */
    script_play(&s, 64);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_fill(&s, id, "t1", size("3"));
    script_play(&s, 66);
    sent = &script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(sent->attempt, 2);
    assert_int_equal(sent->purpose, PURPOSE_ENTRY);
    assert_true(sent->size.e12 == size("5").e12);
    assert_int_equal(script_row(&s, by)->status, ORDER_CANCELED);
    assert_int_equal(script_row(&s, id)->replaced_by, sent->id);
    script_end(&s);
}

/* The venue says that it is over, not how much of it was executed: that is asked for first. */
static void test_an_end_that_does_not_say_how_much_is_asked_about(void **state)
{
    struct venue_event *e;
    struct script s;
    int64_t id;

    (void)state;
    id = rest(&s, false);
    (void)replace(&s, id, "8");
    (void)script_tell(&s, VENUE_CANCELED, id);
    script_play(&s, 64);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, id);
    script_fill(&s, id, "t1", size("3"));
    e = script_tell(&s, VENUE_STATE, id);
    e->state = VENUE_ORDER_CANCELED;
    e->executed_is_known = true;
    e->executed = size("3");
    script_play(&s, 67);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.replaces_id, id);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == size("5").e12);
    script_end(&s);
}

static void test_nothing_is_sent_when_all_of_it_filled_meanwhile(void **state)
{
    struct script s;
    int64_t id, by;

    (void)state;
    id = rest(&s, false);
    by = replace(&s, id, "8");
    script_fill(&s, id, "t1", size("10"));
    script_play(&s, 69);
    assert_int_equal(script_row(&s, id)->status, ORDER_FILLED);
    assert_int_equal(script_row(&s, by)->status, ORDER_CANCELED);
    for (size_t i = 1; i < s.request_count; i++)
        assert_false(s.requests[i].kind == SCRIPT_SUBMIT &&
                     s.requests[i].order.purpose == PURPOSE_ENTRY && s.requests[i].order.id != id);
    script_end(&s);
}

/* The crash forgets whether the new order was sent: it is proven not to have been, then made anew,
 * smaller by what the old one filled meanwhile. */
static void test_a_crash_amid_a_replacement(void **state)
{
    const struct order *sent;
    size_t compared = 0;
    struct script s;
    int64_t id, by;

    (void)state;
    id = rest(&s, false);
    by = replace(&s, id, "8");
    script_restart(&s);
    canceled(&s, id, "2");
    script_fill(&s, id, "t1", size("2"));
    script_play(&s, 64);
    sent = &script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(sent->purpose, PURPOSE_STOP_LOSS); /* of what was filled, at once */
    (void)script_tell(&s, VENUE_ACCEPTED, sent->id);
    for (double at = 65; at < 84; at += 0.5) {
        if (script_count(&s, SCRIPT_RECONCILE) > compared)
            script_agree(&s);
        compared = script_count(&s, SCRIPT_RECONCILE);
        script_tell(&s, VENUE_STATE, by)->state = VENUE_ORDER_ABSENT;
        script_play(&s, at);
    }
    assert_int_equal(script_row(&s, by)->status, ORDER_ABSENT);
    sent = script_row(&s, script_row(&s, id)->replaced_by);
    assert_int_equal(sent->intent_id, script_row(&s, by)->intent_id);
    assert_int_equal(sent->replaces_id, id);
    assert_true(sent->size.e12 == size("6").e12);
    script_end(&s);
}

static void test_one_request_replaces_an_untouched_entry(void **state)
{
    struct script s;
    int64_t id, by;

    (void)state;
    id = rest(&s, true);
    by = replace(&s, id, "8");
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0);
    assert_int_equal(script_newest(&s, SCRIPT_REPLACE)->other.id, by);
    canceled(&s, id, NULL);
    (void)script_tell(&s, VENUE_ACCEPTED, by);
    script_play(&s, 64);
    assert_int_equal(script_row(&s, id)->status, ORDER_CANCELED);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

/* The venue places nothing unless it canceled an untouched order: then it goes the long way. */
static void test_one_request_that_came_too_late(void **state)
{
    const struct order *sent;
    struct script s;
    int64_t id, by;

    (void)state;
    id = rest(&s, true);
    by = replace(&s, id, "8");
    script_tell(&s, VENUE_NOT_SENT, by)->error = VENUE_ERROR_NOT_SENT;
    script_tell(&s, VENUE_CANCEL_FAILED, id)->error = VENUE_ERROR_NOT_OPEN;
    script_fill(&s, id, "t1", size("1"));
    script_play(&s, 66);
    assert_int_equal(script_count(&s, SCRIPT_REPLACE), 1);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    canceled(&s, id, "1");
    script_play(&s, 69);
    sent = &script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(sent->replaces_id, id);
    assert_true(sent->size.e12 == size("7").e12);
    script_end(&s);
}

/* The same, and what it executed is told later: asking once more would be refused once more. */
static void test_one_request_refused_before_the_fill_is_told(void **state)
{
    struct script s;
    int64_t id, by;

    (void)state;
    id = rest(&s, true);
    by = replace(&s, id, "8");
    script_tell(&s, VENUE_NOT_SENT, by)->error = VENUE_ERROR_NOT_SENT;
    script_tell(&s, VENUE_CANCEL_FAILED, id)->error = VENUE_ERROR_NOT_OPEN;
    script_play(&s, 66);
    assert_int_equal(script_count(&s, SCRIPT_REPLACE), 1);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    canceled(&s, id, "1");
    script_play(&s, 67);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_fill(&s, id, "t1", size("1"));
    script_play(&s, 70);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.replaces_id, id);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == size("7").e12);
    script_end(&s);
}

static void test_a_replacement_that_cannot_be_sent_is_given_up(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    id = rest(&s, false);
    (void)replace(&s, id, "8");
    script_play(&s, 110); /* the cancel is answered never */
    assert_int_equal(s.journal.order_count, 4);
    for (size_t i = 1; i < 4; i++)
        if (s.journal.orders[i].replaces_id)
            assert_int_equal(s.journal.orders[i].status, ORDER_CANCELED);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    script_end(&s);
}

static void test_an_order_that_is_not_known_is_not_replaced(void **state)
{
    struct command c = order(COMMAND_REPLACE_ORDER, 0, "8", "99.5");
    struct script s;

    (void)state;
    c.id = rest(&s, false);
    (void)script_tell(&s, VENUE_UNKNOWN, c.id);
    script_restart(&s);
    engine_carry_out(s.engine, &c, s.reply);
    assert_int_equal(s.reply->error, ERR_NOT_REPLACEABLE);
    script_end(&s);
}

/* Whatever the loop's state: nobody has to be there for it. */
static void test_an_order_expires_between_cycles(void **state)
{
    struct command c = order(COMMAND_PLACE_ORDER, 0, "10", "99");
    struct script s;
    int64_t id;

    (void)state;
    script_begin_idle(&s);
    script_play(&s, 1);
    script_agree(&s);
    script_play(&s, 62);
    c.order.expires_us = INT64_C(1630540870) * US_PER_S;
    id = carry_out(&s, &c);
    (void)script_tell(&s, VENUE_ACCEPTED, id);
    c = (struct command){.kind = COMMAND_STOP, .mode = MODE_PAPER};
    engine_carry_out(s.engine, &c, s.reply);
    script_play(&s, 69.9);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0);
    script_play(&s, 70.1);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    canceled(&s, id, NULL);
    script_play(&s, 71);
    assert_int_equal(script_row(&s, id)->status, ORDER_EXPIRED);
    script_end(&s);
}

/* A close that waits for what may still be a stop is wanted for as long as that takes. */
static void test_a_close_outlives_an_unknown_stop(void **state)
{
    struct command c = order(COMMAND_PLACE_ORDER, 0, "10", "100.5");
    struct script s;
    int64_t id, stop;

    (void)state;
    script_begin_idle(&s);
    script_play(&s, 1);
    script_agree(&s);
    script_play(&s, 62);
    id = carry_out(&s, &c);
    script_fill(&s, id, "t1", size("10"));
    script_play(&s, 63);
    stop = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(&s, VENUE_UNKNOWN, stop);
    script_play(&s, 64);
    c = (struct command){.kind = COMMAND_CLOSE_ALL, .mode = MODE_PAPER};
    engine_carry_out(s.engine, &c, s.reply);
    assert_ok(s.reply->error);
    script_play(&s, 100);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.id, stop);
    canceled(&s, stop, NULL);
    script_play(&s, 110);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.exit_reason, EXIT_MANUAL);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_new_order_waits_for_the_old_ones_end),
        cmocka_unit_test(test_what_fills_meanwhile_makes_the_new_order_smaller),
        cmocka_unit_test(test_an_end_that_does_not_say_how_much_is_asked_about),
        cmocka_unit_test(test_nothing_is_sent_when_all_of_it_filled_meanwhile),
        cmocka_unit_test(test_a_crash_amid_a_replacement),
        cmocka_unit_test(test_one_request_replaces_an_untouched_entry),
        cmocka_unit_test(test_one_request_that_came_too_late),
        cmocka_unit_test(test_one_request_refused_before_the_fill_is_told),
        cmocka_unit_test(test_a_replacement_that_cannot_be_sent_is_given_up),
        cmocka_unit_test(test_an_order_that_is_not_known_is_not_replaced),
        cmocka_unit_test(test_an_order_expires_between_cycles),
        cmocka_unit_test(test_a_close_outlives_an_unknown_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
