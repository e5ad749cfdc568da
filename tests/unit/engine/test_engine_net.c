/* SPDX-License-Identifier: Apache-2.0 */
/* Two strategies on one symbol whose venue knows only the sum: positions on both sides of it, which
 * no order can close, are set off against each other. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/log_judge.h"
#include "tests/support/script_venue.h"

static const char second_json[] =
    "{\"version\":1,\"name\":\"second\",\"timeframe\":\"1m\",\"startup_bars\":1,"
    "\"entry\":{\"condition\":\"close > open\"},\"stop_loss\":0.01,\"cooldown\":30,"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}";

static void say(struct script *s, struct command *c)
{
    engine_carry_out(s->engine, c, s->reply);
    assert_ok(s->reply->error);
}

/* The newest order that was sent of a strategy. */
static struct order newest_of(const struct script *s, const char *strategy)
{
    for (size_t i = s->request_count; i-- > 0;)
        if (s->requests[i].kind == SCRIPT_SUBMIT &&
            strcmp(s->requests[i].order.strategy, strategy) == 0)
            return s->requests[i].order;
    fail_msg("%s sent nothing", strategy);
    return (struct order){0};
}

static void reject(struct script *s, int64_t order_id, enum venue_error error)
{
    script_tell(s, VENUE_REJECTED, order_id)->error = error;
}

/* The account as the venue has it, when it is asked about. */
static void agree(struct script *s, double at_s)
{
    script_play(s, at_s);
    script_agree(s);
    script_play(s, at_s + 0.1);
}

/* `second` has bought at 125 s, sold at 130 and does not buy again; its stop's id. */
static int64_t second_was_in(struct script *s)
{
    struct command c = {.kind = COMMAND_ACTIVATE, .effective = EFFECTIVE_NOW};
    struct diag_list diags = {0};
    struct strategy *second;
    struct order entry, stop;

    agree(s, 1);
    assert_ok(strategy_parse(second_json, strlen(second_json), true, &diags, &second));
    c.strategy = second;
    say(s, &c);
    strategy_release(second);
    script_play(s, 65);
    entry = newest_of(s, "second");
    reject(s,
           script_newest(s, SCRIPT_SUBMIT)->order.id == entry.id
               ? s->requests[s->request_count - 2].order.id
               : script_newest(s, SCRIPT_SUBMIT)->order.id,
           VENUE_ERROR_OTHER);
    (void)script_tell(s, VENUE_ACCEPTED, entry.id);
    script_fill(s, entry.id, "t1", entry.size);
    script_play(s, 66);
    stop = newest_of(s, "second");
    assert_int_equal(stop.purpose, PURPOSE_STOP_LOSS);
    (void)script_tell(s, VENUE_ACCEPTED, stop.id);
    script_play(s, 67);
    c = (struct command){.kind = COMMAND_CLOSE_POSITION, .id = 1};
    say(s, &c);
    script_play(s, 68);
    (void)script_tell(s, VENUE_CANCELED, stop.id); /* how much of it executed is not said */
    script_play(s, 68.5);
    script_fill(s, newest_of(s, "second").id, "t2", entry.size);
    script_play(s, 69);
    assert_int_equal(s->journal.positions[0].status, POSITION_CLOSED);
    return stop.id;
}

static void check_log(const struct script *s)
{
    struct log_judge *l = log_judge_begin(&s->journal);

    log_judge_end(l);
    log_judge_free(l);
}

static void test_both_sides_of_the_sum_are_set_off(void **state)
{
    const struct size over = {INT64_C(50000000000)};
    const struct position *long_one, *short_one;
    struct order entry, back;
    struct script s;
    int64_t stop;

    (void)state;
    script_begin(&s);
    stop = second_was_in(&s);
    agree(&s, 100);
    script_play(&s, 125); /* the first strategy buys, */
    entry = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(entry.purpose, PURPOSE_ENTRY);
    reject(&s, entry.id, VENUE_ERROR_OVERLOAD); /* a second later again, */
    script_play(&s, 125.2);
    script_fill(&s, stop, "t3", over); /* and meanwhile the stop turns out to have sold. */
    agree(&s, 125.4);
    back = newest_of(&s, "second");
    assert_int_equal(back.side, SIDE_BUY);
    assert_true(size_cmp(back.size, over) == 0 && back.reduce_only);
    script_play(&s, 128);
    entry = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(entry.purpose, PURPOSE_ENTRY);
    script_fill(&s, entry.id, "t4", entry.size);
    script_play(&s, 128.5);
    assert_int_equal(s.journal.position_count, 3);
    short_one = &s.journal.positions[1];
    long_one = &s.journal.positions[2];
    assert_int_equal(short_one->direction, DIRECTION_SHORT);
    assert_int_equal(short_one->status, POSITION_OPEN);
    reject(&s, back.id, VENUE_ERROR_REDUCE_ONLY);
    script_play(&s, 129);
    short_one = &s.journal.positions[1];
    long_one = &s.journal.positions[2];
    assert_int_equal(short_one->status, POSITION_CLOSED);
    assert_int_equal(long_one->status, POSITION_OPEN);
    assert_true(long_one->size.e12 == entry.size.e12 - over.e12);
    check_log(&s);
    script_end(&s);
}

/* On spot, where it was sold out of what the other one holds: too little to be bought back. */
static void test_a_debt_below_what_can_be_ordered_is_the_others_loss(void **state)
{
    const struct size over = {INT64_C(50000000000)}; /* 5 USDT */
    const struct position *first, *short_one;
    struct order entry;
    struct script s;
    int64_t stop;

    (void)state;
    script_begin_spot(&s, false);
    stop = second_was_in(&s);
    agree(&s, 100);
    script_play(&s, 125);
    entry = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(entry.purpose, PURPOSE_ENTRY);
    script_fill(&s, entry.id, "t3", entry.size);
    script_play(&s, 126);
    script_fill(&s, stop, "t4", over);
    script_play(&s, 127);
    assert_int_equal(s.journal.position_count, 3);
    first = &s.journal.positions[1];
    short_one = &s.journal.positions[2];
    assert_int_equal(short_one->direction, DIRECTION_SHORT);
    assert_int_equal(short_one->status, POSITION_CLOSED);
    assert_int_equal(first->status, POSITION_OPEN);
    assert_true(first->size.e12 == entry.size.e12 - over.e12);
    check_log(&s);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_sides_of_the_sum_are_set_off),
        cmocka_unit_test(test_a_debt_below_what_can_be_ordered_is_the_others_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
