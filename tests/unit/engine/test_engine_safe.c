/* SPDX-License-Identifier: Apache-2.0 */
/* The safe direction holds in bad moments: stop, pause, close and cancel while the journal is away,
 * amid partial fills, at the end of the feed and across crashes. */
#include <stdlib.h>

#include "tests/support/check.h"
#include "tests/support/story.h"

#define HEADER "timestamp,open,high,low,close,volume\n"
#define ROW(n, ohlc) "16305408" #n "0000," ohlc ",50\n"
#define EMPTY(n, ohlc) "16305408" #n "0000," ohlc ",0\n"
#define QUIET "100.1,100.3,100,100.2"

/* Enters when a candle closes above 100.4; stop 1 %, exit below 99.9. */
static const char enters_json[] =
    "{\"version\":1,\"name\":\"safe\",\"timeframe\":\"5m\",\"startup_bars\":1,"
    "\"entry\":{\"condition\":\"close > 100.4\"},\"exit\":{\"condition\":\"close < 99.9\"},"
    "\"stop_loss\":0.01}";

static const char quiet_csv[] = HEADER ROW(00, "100,101,99.5,100.5") ROW(30, QUIET) ROW(60, QUIET)
    ROW(90, QUIET) "16305409200000," QUIET ",50\n16305409500000," QUIET ",50\n";

/* A stopped loop has no next cycle: the exit is sent and filled when the journal is back. */
static void test_close_waits_for_the_journal(void **state)
{
    struct story t;

    (void)state;
    story_begin(&t, enters_json, quiet_csv, "0");
    story_run_until_open(&t);
    assert_ok(story_say(&t, COMMAND_STOP, 0));
    story_fault(&t, 1, 0);
    assert_ok(story_say(&t, COMMAND_CLOSE_POSITION, 1));
    assert_false(t.reply->durable);
    story_run_until_back(&t);
    assert_int_equal(t.journal.positions[0].status, POSITION_CLOSED);
    assert_int_equal(t.journal.positions[0].exit_reason, EXIT_MANUAL);
    story_end(&t);
}

/* kill -9 when the exit is durable and its fill is not: the restart goes on with it. */
static void test_close_survives_a_crash(void **state)
{
    struct story t;

    (void)state;
    story_begin(&t, enters_json, quiet_csv, "0");
    story_run_until_open(&t);
    assert_ok(story_say(&t, COMMAND_STOP, 0));
    story_fault(&t, 2, 1);
    assert_ok(story_say(&t, COMMAND_CLOSE_POSITION, 1));
    assert_false(t.reply->durable);
    story_crash(&t);
    assert_int_equal(t.journal.positions[0].status, POSITION_OPEN);
    story_run_until_back(&t);
    assert_int_equal(t.journal.positions[0].status, POSITION_CLOSED);
    story_end(&t);
}

/* An entry that fills in parts: closing what there is ends the rest of it too. */
static void test_close_ends_a_partial_entry(void **state)
{
    struct story t;

    (void)state;
    story_begin(&t, enters_json, quiet_csv, "0.02");
    story_run_until_open(&t);
    assert_int_equal(t.journal.orders[0].status, ORDER_PARTIALLY_FILLED);
    assert_ok(story_say(&t, COMMAND_CLOSE_POSITION, 1));
    assert_true(t.reply->durable);
    assert_int_equal(t.reply->position.status, POSITION_CLOSED);
    assert_int_equal(t.journal.orders[0].status, ORDER_CANCELED);
    assert_true(world_run(&t.world, 100));
    assert_int_equal(t.journal.position_count, 1);
    assert_int_equal(t.journal.fill_count, 2);
    story_end(&t);
}

/* The same when a signal, or the crash of the daemon just after it, ends the position. */
static void test_exit_ends_a_partial_entry(void **state)
{
    static const char csv[] = HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.1,100.3,99.8,99.85")
        ROW(60, QUIET) ROW(90, QUIET) "16305409200000," QUIET ",50\n";
    struct story t;
    uint64_t commits;
    size_t k;

    (void)state;
    story_begin(&t, enters_json, csv, "0.02");
    assert_true(world_run(&t.world, 100));
    assert_int_equal(t.journal.fill_count, 2);
    assert_int_equal(t.journal.position_count, 1);
    commits = t.journal.commit_count;
    story_end(&t);
    for (k = 2; k < commits; k++) {
        story_begin(&t, enters_json, csv, "0.02");
        story_fault(&t, k, 0);
        t.journal.fault = JOURNAL_FAULT_AFTER;
        while (t.journal.commit_count < t.journal.fault_at)
            if (world_run(&t.world, 1))
                break;
        story_crash(&t);
        assert_true(world_run(&t.world, 100));
        assert_int_equal(t.journal.fill_count, 2);
        assert_int_equal(t.journal.position_count, 1);
        story_end(&t);
    }
}

/* A part too small to be a size is refused: 0 would have meant all of it. */
static void test_tiny_part_is_not_all(void **state)
{
    struct command c = {.kind = COMMAND_CLOSE_POSITION, .id = 1, .percentage = {1}};
    struct story t;

    (void)state;
    story_begin(&t, enters_json, quiet_csv, "0.0000003");
    story_run_until_open(&t);
    assert_true(t.journal.positions[0].size.e12 == 10000000); /* one lot */
    assert_err(world_command(&t.world, &c, t.reply), ERR_FIELD);
    c.percentage = (struct ratio){0};
    c.size.e12 = -1;
    assert_err(world_command(&t.world, &c, t.reply), ERR_FIELD);
    assert_int_equal(t.journal.positions[0].status, POSITION_OPEN);
    story_end(&t);
}

/* kill -9 between the command's leaf and the cancel: the wish is not forgotten. */
static void test_cancel_survives_a_crash(void **state)
{
    struct story t;

    (void)state;
    story_begin(&t, enters_json, quiet_csv, "0.02");
    story_run_until_open(&t);
    story_fault(&t, 2, 1);
    assert_ok(story_say(&t, COMMAND_CANCEL_ORDER, 1));
    assert_false(t.reply->durable);
    story_crash(&t);
    assert_true(world_run(&t.world, 100));
    assert_int_equal(t.journal.orders[0].status, ORDER_CANCELED);
    assert_int_equal(t.journal.fill_count, 1);
    story_end(&t);
}

/* Paused while the entry waits for the journal: it is never sent, nor by a restart. */
static void pause_amid_outage(enum command_kind kind, bool crashes)
{
    struct story t;

    story_begin(&t, enters_json, quiet_csv, "0");
    assert_false(world_run(&t.world, 1)); /* midnight's mark */
    story_fault(&t, 1, crashes ? 0 : 1);
    while (!story_waits(&t))
        assert_false(world_run(&t.world, 1));
    if (crashes)
        story_fault(&t, 3,
                    0); /* the entry and the command become durable, the end of the entry not */
    assert_ok(story_say(&t, kind, 0));
    if (crashes)
        story_crash(&t);
    else
        story_run_until_back(&t);
    assert_int_equal(t.journal.order_count, 1);
    assert_int_equal(t.journal.fill_count, 0);
    (void)world_run(&t.world, 100);
    assert_int_equal(t.journal.orders[0].status, ORDER_CANCELED);
    assert_int_equal(t.journal.fill_count, 0);
    story_end(&t);
}

static void test_pause_stops_unsent_entries(void **state)
{
    (void)state;
    pause_amid_outage(COMMAND_PAUSE, false);
    pause_amid_outage(COMMAND_STOP, false);
    pause_amid_outage(COMMAND_PAUSE, true);
    pause_amid_outage(COMMAND_STOP, true);
}

/* No volume after the signal, then the end: the entry does not live on for ever. */
static void test_entry_ends_with_the_feed(void **state)
{
    struct story t;

    (void)state;
    story_begin(&t, enters_json,
                HEADER ROW(00, "100,101,99.5,100.5") EMPTY(30, QUIET) EMPTY(60, QUIET), "0");
    assert_true(world_run(&t.world, 100));
    assert_int_equal(t.journal.order_count, 1);
    assert_int_equal(t.journal.orders[0].status, ORDER_CANCELED);
    story_end(&t);
}

/* Stop is remembered although the loop stood already, for want of a strategy. */
static void test_stop_without_strategy_is_remembered(void **state)
{
    struct story t;

    (void)state;
    story_begin(&t, enters_json, quiet_csv, "0");
    assert_false(world_run(&t.world, 1));
    t.options.without_strategy = true;
    story_crash(&t);
    assert_int_equal(story_loop_of(&t), LOOP_STOPPED);
    assert_ok(story_say(&t, COMMAND_STOP, 0));
    t.options.without_strategy = false;
    story_crash(&t);
    assert_int_equal(story_loop_of(&t), LOOP_STOPPED);
    story_end(&t);
}

/* The entry fills below its own stop, so there is no stop to place: the position has to go, and a
 * canceled exit comes again. */
static void test_unprotected_position_must_leave(void **state)
{
    static const char json[] =
        "{\"version\":1,\"name\":\"safe\",\"timeframe\":\"5m\",\"startup_bars\":1,"
        "\"entry\":{\"condition\":\"close > 100.4\"},"
        "\"stop_loss\":{\"type\":\"expr\",\"value\":\"100 + 0 * entry_price\"}}";
    static const char csv[] = HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "99.9,100.3,99,100.2")
        ROW(60, QUIET) ROW(90, QUIET);
    struct story t;

    (void)state;
    story_begin(&t, json, csv, "0");
    story_run_until_open(&t);
    assert_int_equal(t.journal.positions[0].stop_order_id, 0);
    assert_int_equal(t.journal.positions[0].exit_order_id, 2);
    assert_ok(story_say(&t, COMMAND_CANCEL_ORDER, 2));
    assert_int_equal(t.journal.orders[1].status, ORDER_CANCELED);
    assert_true(world_run(&t.world, 100));
    assert_int_equal(t.journal.positions[0].status, POSITION_CLOSED);
    story_end(&t);
}

static enum err (*whole_submit)(void *self, const struct order *o, int64_t at_us);

/* A venue that refuses every take profit, for its tick. */
static enum err submit_no_target(void *self, const struct order *o, int64_t at_us)
{
    struct order refused = *o;

    if (o->purpose == PURPOSE_TAKE_PROFIT)
        refused.limit_price.e12++;
    return whole_submit(self, &refused, at_us);
}

/* A refused target is not asked for again and again; the stop stays. */
static void test_refused_target_is_given_up(void **state)
{
    static const char json[] =
        "{\"version\":1,\"name\":\"safe\",\"timeframe\":\"5m\",\"startup_bars\":1,"
        "\"entry\":{\"condition\":\"close > 100.4\"},\"stop_loss\":0.01,\"take_profit\":0.03}";
    struct story t;

    (void)state;
    story_begin(&t, json, quiet_csv, "0");
    whole_submit = t.world.venue.submit;
    t.world.venue.submit = submit_no_target;
    assert_true(world_run(&t.world, 100));
    assert_int_equal(t.journal.order_count, 3);
    assert_int_equal(t.journal.account.orders_rejected, 1);
    assert_int_equal(t.journal.positions[0].status, POSITION_OPEN);
    assert_int_equal(t.journal.positions[0].stop_order_id, 2);
    assert_int_equal(t.journal.positions[0].target_order_id, 0);
    story_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_waits_for_the_journal),
        cmocka_unit_test(test_close_survives_a_crash),
        cmocka_unit_test(test_close_ends_a_partial_entry),
        cmocka_unit_test(test_exit_ends_a_partial_entry),
        cmocka_unit_test(test_tiny_part_is_not_all),
        cmocka_unit_test(test_cancel_survives_a_crash),
        cmocka_unit_test(test_pause_stops_unsent_entries),
        cmocka_unit_test(test_entry_ends_with_the_feed),
        cmocka_unit_test(test_stop_without_strategy_is_remembered),
        cmocka_unit_test(test_unprotected_position_must_leave),
        cmocka_unit_test(test_refused_target_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
