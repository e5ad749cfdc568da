/* SPDX-License-Identifier: Apache-2.0 */
/* A stop alone at a spot venue, that moves by one request: it never sells what it has sold already,
 * and what was sold beyond what was held is owed. */
#include <stdlib.h>

#include "tests/support/check.h"
#include "tests/support/log_judge.h"
#include "tests/support/script_venue.h"

/* At 100, so that the next close is above it. */
static void fill(struct script *s, int64_t order_id, const char *id, struct size size)
{
    script_fill(s, order_id, id, size);
    s->events[s->event_count - 1].price = (struct price){INT64_C(100000000000000)};
}

/* A position on spot; its stop has been sent and is not answered. */
static void hold(struct script *s)
{
    int64_t entry;

    script_begin_spot(s, false);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    entry = script_newest(s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(s, VENUE_ACCEPTED, entry);
    fill(s, entry, "t1", script_newest(s, SCRIPT_SUBMIT)->order.size);
    script_play(s, 66);
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

/* It ended, and so much of it had executed. */
static void end(struct script *s, enum venue_event_kind kind, int64_t order_id,
                struct size executed)
{
    struct venue_event *e = script_tell(s, kind, order_id);

    e->executed = executed;
    e->executed_is_known = true;
}

/* The verifier takes an equity entry of the next midnight for what it is. */
static void check_midnight(const struct script *s, const struct snapshot *now)
{
    const struct leaf *newest = &s->journal.leaves[s->journal.leaf_count - 1];
    const struct instrument *instrument = &s->instrument;
    struct equity_point point = {.equity = now->equity,
                                 .cash = s->journal.account.cash,
                                 .unrealized = now->unrealized,
                                 .is_daily = true,
                                 .day = newest->at_us / US_PER_DAY + 1};
    struct leaf_context context = {
        .mode = MODE_PAPER, .strategy = "", .at_us = point.day * US_PER_DAY};
    struct log_judge *l = log_judge_begin(&s->journal);
    struct leaf leaf;

    point.at_us = context.at_us;
    assert_ok(
        ledger_equity(&context, &point, now->positions, now->position_count, &instrument, &leaf));
    verify_log_push(&l->log, leaf.bytes, leaf.length, NULL);
    free(leaf.bytes);
    log_judge_end(l);
    log_judge_free(l);
}

/* A stop of the whole position rests; a higher close makes it trail, and the request that is to
 * replace it is out.  `*next` takes its place. */
static struct order moving(struct script *s, struct order *next)
{
    struct order stop;

    hold(s);
    stop = script_newest(s, SCRIPT_SUBMIT)->order;
    (void)script_tell(s, VENUE_ACCEPTED, stop.id);
    script_play(s, 121);
    assert_int_equal(script_newest(s, SCRIPT_REPLACE)->order.id, stop.id);
    *next = script_newest(s, SCRIPT_REPLACE)->other;
    assert_true(next->size.e12 == stop.size.e12);
    return stop;
}

/* The venue replaces only what nothing was executed of. */
static void refuse(struct script *s, const struct order *stop, const struct order *next)
{
    script_tell(s, VENUE_NOT_SENT, next->id)->error = VENUE_ERROR_NOT_SENT;
    script_tell(s, VENUE_CANCEL_FAILED, stop->id)->error = VENUE_ERROR_NOT_OPEN;
}

/* What is left of the position gets a stop, once the old one is gone and all it executed is known;
 * whether the fill is told before the refusal or after it. */
static void test_a_stop_that_executed_in_part_is_not_moved_at_its_old_size(void **state)
{
    const struct size part = {INT64_C(4000000000000)};

    for (int first = 0; first <= 1; first++) {
        struct order stop, next;
        struct script s;

        (void)state;
        stop = moving(&s, &next);
        if (first)
            fill(&s, stop.id, "t2", part);
        refuse(&s, &stop, &next);
        script_play(&s, 121.2);
        if (!first)
            fill(&s, stop.id, "t2", part);
        script_play(&s, 123);
        assert_int_equal(script_count(&s, SCRIPT_REPLACE), 1);
        assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
        assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, stop.id);
        assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2); /* the entry and the old stop */
        end(&s, VENUE_CANCELED, stop.id, part);
        script_play(&s, 123.1);
        assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3);
        next = script_newest(&s, SCRIPT_SUBMIT)->order;
        assert_int_equal(next.purpose, PURPOSE_STOP_LOSS);
        assert_true(next.size.e12 == stop.size.e12 - part.e12);
        (void)script_tell(&s, VENUE_ACCEPTED, next.id);
        script_play(&s, 124);
        assert_true(is_protected(&s));
        script_end(&s);
    }
}

/* The fill is told later than all else: nothing is placed before it is known. */
static void test_what_a_stop_executed_is_asked_for_before_another_is_placed(void **state)
{
    const struct size part = {INT64_C(4000000000000)};
    struct order stop, next;
    struct script s;

    (void)state;
    stop = moving(&s, &next);
    refuse(&s, &stop, &next);
    script_play(&s, 123);
    assert_int_equal(script_count(&s, SCRIPT_REPLACE), 1);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, stop.id);
    end(&s, VENUE_CANCELED, stop.id, part);
    script_play(&s, 124);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, stop.id);
    fill(&s, stop.id, "t2", part);
    script_play(&s, 125);
    next = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(next.purpose, PURPOSE_STOP_LOSS);
    assert_true(next.size.e12 == stop.size.e12 - part.e12);
    script_end(&s);
}

/* Known before the request goes out: it would only be refused. */
static void test_a_stop_known_to_have_executed_is_canceled_not_replaced(void **state)
{
    const struct size part = {INT64_C(4000000000000)};
    struct order stop, next;
    struct script s;

    (void)state;
    stop = moving(&s, &next);
    script_tell(&s, VENUE_REJECTED, next.id)->error = VENUE_ERROR_OVERLOAD;
    script_tell(&s, VENUE_CANCEL_FAILED, stop.id)->error = VENUE_ERROR_OVERLOAD;
    script_play(&s, 121.2);
    fill(&s, stop.id, "t2", part);
    script_play(&s, 124);
    assert_int_equal(script_count(&s, SCRIPT_REPLACE), 1);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, stop.id);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2);
    script_end(&s);
}

/* More was sold than was held, of what another strategy has: until it is bought back that is a
 * debt, and equity is what is left after it. */
static void test_what_was_sold_beyond_is_owed(void **state)
{
    struct snapshot *now;
    struct script s;
    struct order stop;
    struct size beyond = {INT64_C(1000000000000)};

    (void)state;
    hold(&s);
    stop = script_newest(&s, SCRIPT_SUBMIT)->order;
    (void)script_tell(&s, VENUE_ACCEPTED, stop.id);
    script_play(&s, 130); /* it trails: replaced, and the venue never said how much it executed */
    (void)script_tell(&s, VENUE_CANCELED, stop.id);
    fill(&s, script_newest(&s, SCRIPT_REPLACE)->other.id, "t2", stop.size);
    fill(&s, stop.id, "t3", beyond);
    script_play(&s, 131);
    now = engine_snapshot(s.engine);
    assert_int_equal(now->position_count, 1);
    assert_int_equal(now->positions[0].direction, DIRECTION_SHORT);
    assert_true(now->positions[0].size.e12 == beyond.e12);
    /* Marked at its own fill. */
    assert_true(now->equity.e12 == s.journal.account.cash.e12 - 100 * beyond.e12);
    check_midnight(&s, now);
    snapshot_release(now);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stop_that_executed_in_part_is_not_moved_at_its_old_size),
        cmocka_unit_test(test_what_a_stop_executed_is_asked_for_before_another_is_placed),
        cmocka_unit_test(test_a_stop_known_to_have_executed_is_canceled_not_replaced),
        cmocka_unit_test(test_what_was_sold_beyond_is_owed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
