/* SPDX-License-Identifier: Apache-2.0 */
/* A target beside its stop where both are orders of their own (reduce-only): the one that executes
 * ends the other, whoever is faster. */
#include <string.h>

#include "core/amount_text.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

struct both {
    struct order stop, target;
};

/* A position whose stop and target are accepted. */
static struct both hold(struct script *s)
{
    struct both b = {0};
    int64_t entry;

    script_begin_target(s);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    entry = script_newest(s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(s, VENUE_ACCEPTED, entry);
    script_fill(s, entry, "t1", script_newest(s, SCRIPT_SUBMIT)->order.size);
    script_play(s, 66);
    assert_int_equal(script_count(s, SCRIPT_SUBMIT), 3);
    for (size_t i = 0; i < s->request_count; i++) {
        const struct order *o = &s->requests[i].order;

        if (s->requests[i].kind != SCRIPT_SUBMIT || o->purpose == PURPOSE_ENTRY)
            continue;
        assert_true(o->reduce_only);
        *(o->purpose == PURPOSE_STOP_LOSS ? &b.stop : &b.target) = *o;
        (void)script_tell(s, VENUE_ACCEPTED, o->id);
    }
    assert_true(b.stop.size.e12 == b.target.size.e12);
    script_play(s, 67);
    return b;
}

static void fill(struct script *s, const struct order *o, const char *id)
{
    script_fill(s, o->id, id, o->size);
}

static void end(struct script *s, enum venue_event_kind kind, int64_t order_id)
{
    script_tell(s, kind, order_id)->executed_is_known = true;
}

static void test_a_target_that_fills_cancels_the_stop(void **state)
{
    struct script s;
    struct both b;

    (void)state;
    b = hold(&s);
    fill(&s, &b.target, "t2");
    script_play(&s, 68);
    assert_int_equal(s.journal.positions[0].exit_reason, EXIT_TAKE_PROFIT);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, b.stop.id);
    end(&s, VENUE_CANCELED, b.stop.id);
    script_play(&s, 69);
    assert_int_equal(script_row(&s, b.stop.id)->status, ORDER_CANCELED);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3);
    script_end(&s);
}

static void test_a_stop_that_fills_cancels_the_target(void **state)
{
    struct script s;
    struct both b;

    (void)state;
    b = hold(&s);
    fill(&s, &b.stop, "t2");
    script_play(&s, 68);
    assert_int_equal(s.journal.positions[0].exit_reason, EXIT_STOP_LOSS);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 1);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, b.target.id);
    end(&s, VENUE_CANCELED, b.target.id);
    script_play(&s, 69);
    assert_int_equal(script_row(&s, b.target.id)->status, ORDER_CANCELED);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3);
    script_end(&s);
}

/* The stop triggers before its cancel arrives: reduce-only, it finds nothing to reduce. */
static void test_a_stop_that_triggers_as_the_target_fills_reduces_nothing(void **state)
{
    struct script s;
    struct both b;

    (void)state;
    b = hold(&s);
    fill(&s, &b.target, "t2");
    script_play(&s, 68);
    script_tell(&s, VENUE_CANCEL_FAILED, b.stop.id)->error = VENUE_ERROR_NOT_OPEN;
    script_play(&s, 69);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, b.stop.id);
    end(&s, VENUE_EXPIRED, b.stop.id);
    script_play(&s, 70);
    assert_int_equal(script_row(&s, b.stop.id)->status, ORDER_EXPIRED);
    assert_int_equal(s.journal.position_count, 1);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3);
    script_end(&s);
}

/* Both executed in parts, of which the sum is the position. */
static void test_both_execute_a_part(void **state)
{
    struct script s;
    struct size half, rest;
    struct both b;

    (void)state;
    b = hold(&s);
    half.e12 = b.stop.size.e12 / 2000000000 * 1000000000;
    rest.e12 = b.stop.size.e12 - half.e12;
    script_fill(&s, b.target.id, "t2", half);
    script_fill(&s, b.stop.id, "t3", rest);
    script_play(&s, 68);
    assert_int_equal(s.journal.position_count, 1);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 2); /* what is left of either */
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3);
    script_end(&s);
}

/* A venue that executes both whole although both only reduce: what was sold beyond leaves. */
static void test_what_both_execute_beyond_the_position_leaves_at_once(void **state)
{
    struct script s;
    struct both b;

    (void)state;
    b = hold(&s);
    fill(&s, &b.target, "t2");
    fill(&s, &b.stop, "t3");
    script_play(&s, 68);
    assert_int_equal(s.journal.position_count, 2);
    assert_int_equal(s.journal.positions[1].direction, DIRECTION_SHORT);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == b.stop.size.e12);
    script_end(&s);
}

/* A source of signals enters the symbol too; its entry fills whole, its stop rests. */
static struct order another_holds(struct script *s, struct size size)
{
    struct command c = {.kind = COMMAND_SIGNAL,
                        .mode = MODE_PAPER,
                        .name = "radio",
                        .symbol = "BTC/USDT:USDT",
                        .signal = {.action = SIGNAL_ENTRY,
                                   .direction = DIRECTION_LONG,
                                   .confidence = {AMOUNT_ONE},
                                   .sizing = {.kind = SIZING_FIXED_BASE, .value = {size.e12}},
                                   .stop_loss = {AMOUNT_ONE}}};
    struct order entry;

    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
    script_play(s, 67.5);
    entry = script_newest(s, SCRIPT_SUBMIT)->order;
    assert_string_equal(entry.strategy, "radio");
    (void)script_tell(s, VENUE_ACCEPTED, entry.id);
    script_fill(s, entry.id, "r1", entry.size);
    script_play(s, 68);
    entry = script_newest(s, SCRIPT_SUBMIT)->order;
    assert_int_equal(entry.purpose, PURPOSE_STOP_LOSS);
    assert_true(entry.size.e12 == size.e12);
    (void)script_tell(s, VENUE_ACCEPTED, entry.id);
    return entry;
}

/* Reduce-only bounds the sum at the venue: what both sold beyond one strategy's position was
 * another's, and is booked so; nobody is left with what nobody holds. */
static void test_what_both_execute_beyond_is_taken_of_what_another_holds(void **state)
{
    size_t corrections = 0, last = 0;
    struct order other;
    struct script s;
    struct both b;

    (void)state;
    b = hold(&s);
    other = another_holds(&s, (struct size){2 * b.stop.size.e12});
    fill(&s, &b.target, "t2");
    fill(&s, &b.stop, "t3");
    script_play(&s, 69);
    assert_int_equal(s.journal.position_count, 3);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    assert_int_equal(s.journal.positions[2].status, POSITION_CLOSED);
    assert_int_equal(s.journal.positions[1].status, POSITION_OPEN);
    assert_true(s.journal.positions[1].size.e12 == b.stop.size.e12);
    for (size_t i = 0; i < s.journal.leaf_count; i++) {
        corrections += s.journal.leaves[i].kind == LEAF_CORRECT;
        last = s.journal.leaves[i].kind == LEAF_CORRECT ? i : last;
    }
    assert_int_equal(corrections, 2);
    assert_non_null(strstr(s.journal.leaves[last].bytes, "of another strategy"));
    /* Its stop is of what is left; nothing else is sent. */
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    assert_string_equal(script_newest(&s, SCRIPT_SUBMIT)->order.strategy, "radio");
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.id > other.id);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == b.stop.size.e12);
    script_end(&s);
}

/* A venue would let it take our own target, or end one of the two. */
static void test_an_entry_that_would_meet_our_target_is_not_sent(void **state)
{
    struct command c = {.kind = COMMAND_PLACE_ORDER,
                        .mode = MODE_PAPER,
                        .actor = "tester",
                        .symbol = "BTC/USDT:USDT",
                        .order = {.side = SIDE_BUY,
                                  .type = ORDER_LIMIT,
                                  .size = size("1"),
                                  .stop_loss = price("90"),
                                  .expires_us = TIME_NONE}};
    struct script s;
    struct both b;

    (void)state;
    b = hold(&s);
    for (size_t i = 0; i < 2; i++) {
        const struct order *row;

        c.order.limit_price = i == 0 ? b.target.limit_price : price("101");
        engine_carry_out(s.engine, &c, s.reply);
        assert_int_equal(s.reply->error, ERR_OK);
        script_play(&s, 68 + (double)i);
        row = script_row(&s, s.reply->order.id);
        assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3 + i);
        assert_true((row->status == ORDER_CANCELED) == (i == 0));
        assert_true(i > 0 || strstr(row->reason, "our own order"));
    }
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entry_that_would_meet_our_target_is_not_sent),
        cmocka_unit_test(test_a_target_that_fills_cancels_the_stop),
        cmocka_unit_test(test_a_stop_that_fills_cancels_the_target),
        cmocka_unit_test(test_a_stop_that_triggers_as_the_target_fills_reduces_nothing),
        cmocka_unit_test(test_both_execute_a_part),
        cmocka_unit_test(test_what_both_execute_beyond_the_position_leaves_at_once),
        cmocka_unit_test(test_what_both_execute_beyond_is_taken_of_what_another_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
