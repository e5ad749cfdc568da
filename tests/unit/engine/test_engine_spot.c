/* SPDX-License-Identifier: Apache-2.0 */
/* Protection at a spot venue, where what rests locks what it sells: a stop alone moves by one
 * request; stop and target rest as one pair, end as one, and come back as one. */
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

/* At 100, so that the next close is above it. */
static void fill(struct script *s, int64_t order_id, const char *id, struct size size)
{
    script_fill(s, order_id, id, size);
    s->events[s->event_count - 1].price = (struct price){INT64_C(100000000000000)};
}

/* A position on spot; its protection has been sent and is not answered. */
static void hold(struct script *s, bool pairs)
{
    int64_t entry;

    script_begin_spot(s, pairs);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    entry = script_newest(s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(s, VENUE_ACCEPTED, entry);
    fill(s, entry, "t1", script_newest(s, SCRIPT_SUBMIT)->order.size);
    script_play(s, 66);
}

static void test_a_stop_alone_moves_by_one_request(void **state)
{
    struct script s;
    int64_t stop;

    (void)state;
    hold(&s, false);
    stop = script_newest(&s, SCRIPT_SUBMIT)->order.id;
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    (void)script_tell(&s, VENUE_ACCEPTED, stop);
    script_play(&s, 130); /* a higher close: the stop trails */
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0);
    assert_int_equal(script_count(&s, SCRIPT_REPLACE), 1);
    assert_int_equal(script_newest(&s, SCRIPT_REPLACE)->order.id, stop);
    script_end(&s);
}

/* The pair that was sent last. */
static struct script_request pair_of(const struct script *s)
{
    const struct script_request *r = script_newest(s, SCRIPT_PAIR);

    assert_non_null(r);
    assert_int_equal(r->order.purpose, PURPOSE_STOP_LOSS);
    assert_int_equal(r->other.purpose, PURPOSE_TAKE_PROFIT);
    assert_true(r->order.size.e12 == r->other.size.e12);
    return *r;
}

/* What the engine says of it now; an order that has ended is in the journal alone. */
static enum order_status status_of(const struct script *s, int64_t order_id)
{
    struct snapshot *now = engine_snapshot(s->engine);
    enum order_status status = script_row(s, order_id)->status;

    for (size_t i = 0; i < now->order_count; i++)
        if (now->orders[i].id == order_id)
            status = now->orders[i].status;
    snapshot_release(now);
    return status;
}

static bool is_protected(const struct script *s)
{
    struct snapshot *now = engine_snapshot(s->engine);
    bool is;

    assert_int_equal(now->position_count, 1);
    is = now->positions[0].unprotected_since_us == TIME_NONE;
    snapshot_release(now);
    return is;
}

static struct script_request accept(struct script *s, double at_s)
{
    struct script_request pair = pair_of(s);

    (void)script_tell(s, VENUE_ACCEPTED, pair.order.id);
    (void)script_tell(s, VENUE_ACCEPTED, pair.other.id);
    script_play(s, at_s);
    return pair;
}

/* The half ended, and so much of it had executed. */
static void end(struct script *s, enum venue_event_kind kind, int64_t order_id,
                struct size executed)
{
    struct venue_event *e = script_tell(s, kind, order_id);

    e->executed = executed;
    e->executed_is_known = true;
}

static void test_stop_and_target_go_as_one(void **state)
{
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1); /* the entry */
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    pair = accept(&s, 67);
    assert_int_equal(status_of(&s, pair.order.id), ORDER_ACCEPTED);
    assert_int_equal(status_of(&s, pair.other.id), ORDER_ACCEPTED);
    assert_true(is_protected(&s));
    script_end(&s);
}

static void test_a_pair_moves_by_cancel_and_place(void **state)
{
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    pair = accept(&s, 67);
    script_play(&s, 121); /* the stop trails */
    assert_int_equal(script_count(&s, SCRIPT_REPLACE), 0);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1); /* one ends both */
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, pair.order.id);
    end(&s, VENUE_CANCELED, pair.order.id, SIZE_ZERO);
    script_play(&s, 122);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1); /* the other half may still be there */
    end(&s, VENUE_CANCELED, pair.other.id, SIZE_ZERO);
    script_play(&s, 123);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2);
    assert_false(is_protected(&s));
    assert_true(price_cmp(pair_of(&s).order.stop_price, pair.order.stop_price) > 0);
    (void)accept(&s, 124);
    assert_true(is_protected(&s));
    script_end(&s);
}

static void test_a_cancel_that_failed_is_sent_again(void **state)
{
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    pair = accept(&s, 67);
    script_play(&s, 121);
    script_tell(&s, VENUE_CANCEL_FAILED, pair.order.id)->error = VENUE_ERROR_OVERLOAD;
    script_play(&s, 123);
    assert_true(script_count(&s, SCRIPT_CANCEL) >= 2);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    script_end(&s);
}

static void test_a_refused_pair_leaves_the_stop_alone_and_the_target_watched(void **state)
{
    struct script s;
    struct script_request pair;
    const struct script_request *stop;

    (void)state;
    hold(&s, true);
    pair = pair_of(&s);
    script_tell(&s, VENUE_REJECTED, pair.order.id)->error = VENUE_ERROR_FILTER;
    script_tell(&s, VENUE_REJECTED, pair.other.id)->error = VENUE_ERROR_FILTER;
    script_play(&s, 67);
    stop = script_newest(&s, SCRIPT_SUBMIT);
    assert_int_equal(stop->order.purpose, PURPOSE_STOP_LOSS);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    (void)script_tell(&s, VENUE_ACCEPTED, stop->order.id);
    script_play(&s, 121); /* alone it moves by one request */
    assert_int_equal(script_count(&s, SCRIPT_REPLACE), 1);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    script_end(&s);
}

static void test_a_pair_refused_for_a_moment_is_tried_again_as_a_pair(void **state)
{
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    pair = pair_of(&s);
    script_tell(&s, VENUE_REJECTED, pair.order.id)->error = VENUE_ERROR_OVERLOAD;
    script_tell(&s, VENUE_REJECTED, pair.other.id)->error = VENUE_ERROR_OVERLOAD;
    script_play(&s, 68);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2);
    assert_int_equal(pair_of(&s).order.attempt, 2);
    assert_int_equal(pair_of(&s).other.attempt, 2);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

static void test_a_target_filled_in_part_gets_a_new_pair_of_the_rest(void **state)
{
    struct script s;
    struct script_request pair;
    struct size part = {1000000000}, rest;

    (void)state;
    hold(&s, true);
    pair = accept(&s, 67);
    rest.e12 = pair.order.size.e12 - part.e12;
    fill(&s, pair.other.id, "t2", part);
    end(&s, VENUE_EXPIRED, pair.order.id, SIZE_ZERO);
    script_play(&s, 68);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, pair.other.id);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    end(&s, VENUE_CANCELED, pair.other.id, part);
    script_play(&s, 69);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2);
    assert_true(pair_of(&s).order.size.e12 == rest.e12);
    script_end(&s);
}

/* The stop executed in part while the pair was to move, and that is told last: no pair of the old
 * size is placed meanwhile. */
static void test_a_pair_that_moves_waits_for_what_it_executed(void **state)
{
    struct script s;
    struct script_request pair;
    struct size part = {INT64_C(4000000000000)};

    (void)state;
    hold(&s, true);
    pair = accept(&s, 67);
    script_play(&s, 121); /* the stop trails */
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    end(&s, VENUE_CANCELED, pair.order.id, part);
    end(&s, VENUE_EXPIRED, pair.other.id, SIZE_ZERO);
    script_play(&s, 123);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, pair.order.id);
    fill(&s, pair.order.id, "t2", part);
    script_play(&s, 124);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2);
    assert_true(pair_of(&s).order.size.e12 == pair.order.size.e12 - part.e12);
    script_end(&s);
}

static void test_a_half_that_filled_ends_the_position_and_the_other(void **state)
{
    for (int target = 0; target <= 1; target++) {
        struct script s;
        struct script_request pair;
        int64_t gone, left;

        (void)state;
        hold(&s, true);
        pair = accept(&s, 67);
        gone = target ? pair.other.id : pair.order.id;
        left = target ? pair.order.id : pair.other.id;
        fill(&s, gone, "t2", pair.order.size);
        script_play(&s, 68);
        assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
        assert_int_equal(s.journal.positions[0].exit_reason,
                         target ? EXIT_TAKE_PROFIT : EXIT_STOP_LOSS);
        assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, left);
        end(&s, VENUE_EXPIRED, left, SIZE_ZERO);
        script_play(&s, 69);
        assert_int_equal(status_of(&s, left), ORDER_EXPIRED);
        assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
        script_end(&s);
    }
}

static void test_the_other_half_s_end_told_first_moves_nothing_twice(void **state)
{
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    pair = accept(&s, 67);
    end(&s, VENUE_EXPIRED, pair.order.id, SIZE_ZERO); /* the target's fill is told later */
    script_play(&s, 68);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, pair.other.id);
    fill(&s, pair.other.id, "t2", pair.other.size);
    script_play(&s, 70);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    for (size_t i = 0; i < s.journal.order_count; i++)
        assert_true(order_is_final(s.journal.orders[i].status) ||
                    s.journal.orders[i].purpose == PURPOSE_ENTRY);
    script_end(&s);
}

static void absent(struct script *s, const struct script_request *pair)
{
    script_tell(s, VENUE_STATE, pair->order.id)->state = VENUE_ORDER_ABSENT;
    script_tell(s, VENUE_STATE, pair->other.id)->state = VENUE_ORDER_ABSENT;
}

static void test_an_unknown_pair_is_asked_about_and_sent_again_only_as_one(void **state)
{
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    pair = pair_of(&s);
    (void)script_tell(&s, VENUE_UNKNOWN, pair.order.id);
    (void)script_tell(&s, VENUE_UNKNOWN, pair.other.id);
    for (double at = 67; at < 84; at += 1) { /* expired at 70 s, absence counts after 78 s */
        script_play(&s, at);
        absent(&s, &pair);
    }
    script_play(&s, 90);
    assert_int_equal(status_of(&s, pair.order.id), ORDER_ABSENT);
    assert_int_equal(status_of(&s, pair.other.id), ORDER_ABSENT);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

static void test_a_pair_that_may_have_been_sent_before_a_crash_is_not_sent_again(void **state)
{
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    pair = pair_of(&s);
    script_restart(&s);
    script_play(&s, 68);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    assert_int_equal(status_of(&s, pair.order.id), ORDER_UNKNOWN);
    script_tell(&s, VENUE_STATE, pair.order.id)->state = VENUE_ORDER_OPEN;
    script_tell(&s, VENUE_STATE, pair.other.id)->state = VENUE_ORDER_OPEN;
    script_play(&s, 69);
    assert_int_equal(status_of(&s, pair.other.id), ORDER_ACCEPTED);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 1);
    script_play(&s, 121); /* and moves: which two are a pair is not known any more */
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 2);
    end(&s, VENUE_CANCELED, pair.order.id, SIZE_ZERO);
    end(&s, VENUE_CANCELED, pair.other.id, SIZE_ZERO);
    script_play(&s, 122);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2);
    script_end(&s);
}

static void test_an_exit_waits_until_both_halves_have_left(void **state)
{
    struct command c = {.kind = COMMAND_CLOSE_ALL, .mode = MODE_PAPER};
    struct script s;
    struct script_request pair;

    (void)state;
    hold(&s, true);
    pair = accept(&s, 67);
    engine_carry_out(s.engine, &c, s.reply);
    script_play(&s, 68);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    end(&s, VENUE_CANCELED, pair.order.id, SIZE_ZERO);
    script_play(&s, 69);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    end(&s, VENUE_CANCELED, pair.other.id, SIZE_ZERO);
    script_play(&s, 70);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    script_end(&s);
}

/* What rests locks what the exit would sell: it goes first, then the exit and a pair of the rest.
 */
static void test_a_part_leaves_when_the_pair_has_left_it_free(void **state)
{
    struct command c = {.kind = COMMAND_CLOSE_POSITION, .mode = MODE_PAPER, .id = 1};
    struct script s;
    struct script_request pair;
    struct order part;

    (void)state;
    hold(&s, true);
    pair = accept(&s, 67);
    c.percentage.e12 = INT64_C(500000000000);
    engine_carry_out(s.engine, &c, s.reply);
    assert_ok(s.reply->error);
    script_play(&s, 68);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1); /* the entry: the exit waits */
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, pair.order.id);
    end(&s, VENUE_CANCELED, pair.order.id, SIZE_ZERO);
    end(&s, VENUE_CANCELED, pair.other.id, SIZE_ZERO);
    script_play(&s, 69);
    part = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(part.purpose, PURPOSE_EXIT);
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2);
    assert_true(pair_of(&s).order.size.e12 == pair.order.size.e12 - part.size.e12);
    (void)script_tell(&s, VENUE_ACCEPTED, part.id);
    fill(&s, part.id, "t2", part.size);
    (void)accept(&s, 70);
    assert_true(is_protected(&s));
    assert_int_equal(script_count(&s, SCRIPT_PAIR), 2); /* of the right size already */
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_part_leaves_when_the_pair_has_left_it_free),
        cmocka_unit_test(test_a_stop_alone_moves_by_one_request),
        cmocka_unit_test(test_stop_and_target_go_as_one),
        cmocka_unit_test(test_a_pair_moves_by_cancel_and_place),
        cmocka_unit_test(test_a_cancel_that_failed_is_sent_again),
        cmocka_unit_test(test_a_refused_pair_leaves_the_stop_alone_and_the_target_watched),
        cmocka_unit_test(test_a_pair_refused_for_a_moment_is_tried_again_as_a_pair),
        cmocka_unit_test(test_a_target_filled_in_part_gets_a_new_pair_of_the_rest),
        cmocka_unit_test(test_a_pair_that_moves_waits_for_what_it_executed),
        cmocka_unit_test(test_a_half_that_filled_ends_the_position_and_the_other),
        cmocka_unit_test(test_the_other_half_s_end_told_first_moves_nothing_twice),
        cmocka_unit_test(test_an_unknown_pair_is_asked_about_and_sent_again_only_as_one),
        cmocka_unit_test(test_a_pair_that_may_have_been_sent_before_a_crash_is_not_sent_again),
        cmocka_unit_test(test_an_exit_waits_until_both_halves_have_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
