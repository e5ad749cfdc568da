/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's dead-man switch on a virtual clock: in time it does nothing, late it pauses or
 * flattens, once, whatever became of the daemon meanwhile. */
#include <stdio.h>
#include <string.h>

#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

static void deadman(struct script *s, int64_t timeout_s, enum deadman_action action)
{
    struct command c = {
        .kind = COMMAND_DEADMAN, .actor = "tester", .deadman = {timeout_s * US_PER_S, action}};

    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
}

static enum loop_state loop_of(struct script *s, char reason[LIMIT_REASON])
{
    struct snapshot *now = engine_snapshot(s->engine);
    enum loop_state state = now->state;

    if (reason)
        (void)copy_text(reason, LIMIT_REASON, now->reason);
    snapshot_release(now);
    return state;
}

static bool is_armed(struct script *s)
{
    struct snapshot *now = engine_snapshot(s->engine);
    bool armed = now->renew_until_wall_us != TIME_NONE;

    snapshot_release(now);
    return armed;
}

/* An entry by hand rests at the venue; it is 63 s. */
static int64_t rest(struct script *s)
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
    int64_t id;

    script_begin_idle(s);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 62);
    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
    id = s->reply->order.id;
    (void)script_tell(s, VENUE_ACCEPTED, id);
    script_play(s, 63);
    return id;
}

/* The same, and it has filled: a position with its stop. */
static int64_t hold(struct script *s)
{
    int64_t id = rest(s);

    script_fill(s, id, "t1", size("10"));
    script_play(s, 64);
    (void)script_tell(s, VENUE_ACCEPTED, script_newest(s, SCRIPT_SUBMIT)->order.id);
    script_play(s, 65);
    return id;
}

/* Control leaves of the action. */
static size_t controls(const struct script *s, const char *action)
{
    size_t count = 0;
    char part[64];

    (void)snprintf(part, sizeof part, "\"action\": \"%s\"", action);
    for (size_t i = 0; i < s->journal.leaf_count; i++)
        count += memmem(s->journal.leaves[i].bytes, s->journal.leaves[i].length, part,
                        strlen(part)) != NULL;
    return count;
}

static void test_renewed_in_time_it_does_nothing(void **state)
{
    struct script s;
    size_t leaves;

    (void)state;
    (void)rest(&s);
    deadman(&s, 30, DEADMAN_FLATTEN);
    assert_true(is_armed(&s));
    assert_int_equal(controls(&s, "deadman"), 1);
    for (int at_s = 90; at_s <= 230; at_s += 25) {
        script_play(&s, at_s);
        leaves = s.journal.leaf_count;
        deadman(&s, 30, DEADMAN_FLATTEN);
        assert_int_equal(s.journal.leaf_count, leaves); /* nothing new is said */
    }
    assert_int_equal(loop_of(&s, NULL), LOOP_RUNNING);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0);
    deadman(&s, 0, DEADMAN_FLATTEN);
    assert_false(is_armed(&s));
    script_play(&s, 600);
    assert_int_equal(loop_of(&s, NULL), LOOP_RUNNING);
    assert_int_equal(controls(&s, "deadman"), 2);
    script_end(&s);
}

static void test_late_the_loop_pauses_and_entries_end(void **state)
{
    char reason[LIMIT_REASON];
    struct script s;
    int64_t id;

    (void)state;
    id = rest(&s);
    deadman(&s, 30, DEADMAN_PAUSE);
    script_play(&s, 92.9);
    assert_int_equal(loop_of(&s, NULL), LOOP_RUNNING);
    script_play(&s, 93.1);
    assert_int_equal(loop_of(&s, reason), LOOP_PAUSED);
    assert_string_equal(reason, "dead-man switch: not renewed within 30 s");
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    assert_int_equal(s.journal.account.wanted, WANTED_PAUSED);
    assert_int_equal(s.journal.account.deadman_us, 0);
    assert_false(is_armed(&s));
    assert_int_equal(controls(&s, "pause"), 1);
    assert_int_equal(controls(&s, "cancel_all"), 1);
    script_play(&s, 200);
    assert_int_equal(controls(&s, "cancel_all"), 1); /* once */
    script_end(&s);
}

static void test_pausing_keeps_positions_and_their_stops(void **state)
{
    struct script s;

    (void)state;
    (void)hold(&s);
    deadman(&s, 30, DEADMAN_PAUSE);
    script_play(&s, 120);
    assert_int_equal(loop_of(&s, NULL), LOOP_PAUSED);
    assert_int_equal(script_count(&s, SCRIPT_CANCEL), 0);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    script_end(&s);
}

static void test_late_everything_closes(void **state)
{
    struct script s;

    (void)state;
    (void)hold(&s);
    deadman(&s, 30, DEADMAN_FLATTEN);
    script_play(&s, 96);
    assert_int_equal(loop_of(&s, NULL), LOOP_PAUSED);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.purpose, PURPOSE_STOP_LOSS);
    script_tell(&s, VENUE_CANCELED, script_newest(&s, SCRIPT_CANCEL)->order.id)->executed_is_known =
        true;
    script_play(&s, 97);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == size("10").e12);
    assert_int_equal(controls(&s, "close_all"), 1);
    script_end(&s);
}

/* Nobody could renew it while no daemon ran: its whole time begins with the new one. */
static void test_a_restart_begins_its_time_anew(void **state)
{
    struct script s;

    (void)state;
    (void)hold(&s);
    deadman(&s, 30, DEADMAN_FLATTEN);
    script_play(&s, 80);
    script_restart(&s);
    assert_true(is_armed(&s));
    script_play(&s, 109);
    assert_int_equal(loop_of(&s, NULL), LOOP_RUNNING);
    script_play(&s, 111);
    assert_int_equal(loop_of(&s, NULL), LOOP_PAUSED);
    assert_int_equal(controls(&s, "close_all"), 1);
    script_restart(&s);
    assert_false(is_armed(&s));
    assert_int_equal(loop_of(&s, NULL), LOOP_PAUSED);
    script_end(&s);
}

static void test_a_step_of_the_wall_clock_is_no_time(void **state)
{
    struct script s;

    (void)state;
    (void)rest(&s);
    deadman(&s, 30, DEADMAN_PAUSE);
    script_step_clock(600);
    script_play(&s, 92);
    assert_int_equal(loop_of(&s, NULL), LOOP_RUNNING);
    script_play(&s, 94);
    assert_int_equal(loop_of(&s, NULL), LOOP_PAUSED);
    script_end(&s);
}

/* The safe direction needs no database: what it said is durable, and sent, when that is back. */
static void test_late_while_the_database_is_away(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    id = rest(&s);
    deadman(&s, 30, DEADMAN_PAUSE);
    script_play(&s, 70);
    s.journal.fault_at = s.journal.commit_count + 1;
    s.journal.fault = JOURNAL_FAULT_BEFORE;
    s.journal.down_for = 20;
    script_play(&s, 93.5);
    assert_int_equal(loop_of(&s, NULL), LOOP_PAUSED);
    assert_int_equal(s.journal.account.deadman_us, 30 * US_PER_S);
    script_play(&s, 180);
    assert_int_equal(s.journal.account.deadman_us, 0);
    assert_int_equal(s.journal.account.wanted, WANTED_PAUSED);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, id);
    script_end(&s);
}

/* Also a loop that does not run: what waits and what is held is not left to itself. */
static void test_a_stopped_loop_is_flattened_too(void **state)
{
    struct command stop = {.kind = COMMAND_STOP, .actor = "tester", .reason = "lunch"};
    char reason[LIMIT_REASON];
    struct script s;

    (void)state;
    (void)hold(&s);
    deadman(&s, 30, DEADMAN_FLATTEN);
    engine_carry_out(s.engine, &stop, s.reply);
    assert_ok(s.reply->error);
    deadman(&s, 30, DEADMAN_FLATTEN);
    script_play(&s, 97);
    assert_int_equal(loop_of(&s, reason), LOOP_STOPPED);
    assert_string_equal(reason, "lunch"); /* that is why it is stopped */
    assert_int_equal(controls(&s, "close_all"), 1);
    assert_int_equal(controls(&s, "pause"), 0);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renewed_in_time_it_does_nothing),
        cmocka_unit_test(test_late_the_loop_pauses_and_entries_end),
        cmocka_unit_test(test_pausing_keeps_positions_and_their_stops),
        cmocka_unit_test(test_late_everything_closes),
        cmocka_unit_test(test_a_restart_begins_its_time_anew),
        cmocka_unit_test(test_a_step_of_the_wall_clock_is_no_time),
        cmocka_unit_test(test_late_while_the_database_is_away),
        cmocka_unit_test(test_a_stopped_loop_is_flattened_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
