/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon without its database and the one that follows it: what both decide, what is whose. */
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

#include <stdio.h>
#include <unistd.h>

#include "core/log.h"

static enum err spool(void *self, const struct journal_batch *b)
{
    const struct memory_journal *j = self;

    return b->account.log_size >= j->account.log_size ? ERR_OK : ERR_IO;
}

static void lose_database(struct script *s, enum journal_fault fault)
{
    s->journal_port.spool = spool;
    s->journal.fault_at = s->journal.commit_count + 1;
    s->journal.fault = fault;
    s->journal.down_for = 1000;
}

/* A successor has it from the database, which had it before it went away or took it in with its
 * last breath (is_lost), asks the venue about it and takes its absence for good. */
static void test_an_attempt_that_a_successor_has_is_made_anew(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        bool is_over = k % 2, is_lost = k / 2;
        struct script s;
        int64_t id;

        script_begin(&s);
        s.has_lease = true;
        s.lease_left_us = 600 * US_PER_S;
        script_restart(&s);
        id = script_hold(&s);
        script_say(&s, COMMAND_CLOSE_ALL);
        (void)script_tell(&s, VENUE_CANCELED, id);
        script_play(&s, 68);
        id = script_newest(&s, SCRIPT_SUBMIT)->order.id;
        script_tell(&s, VENUE_NOT_SENT, id)->error = VENUE_ERROR_NOT_SENT;
        if (is_lost)
            lose_database(&s, JOURNAL_FAULT_AFTER);
        script_play(&s, 68.5);
        assert_int_equal(script_row(&s, id + 1)->status, ORDER_NEW); /* in a second */
        if (!is_lost)
            lose_database(&s, JOURNAL_FAULT_BEFORE);
        s.lease_left_us = is_over ? 0 : 600 * US_PER_S;
        script_say(&s, COMMAND_PAUSE);
        script_play(&s, 72);
        assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_EXIT);
        assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.id, id + 1 + is_over);
        script_end(&s);
    }
}

/* A daemon that lost its database goes on, and its successor decides the same at the same instant:
 * one client order id must never name two orders. */
static void test_what_two_daemons_decide_alike_are_two_orders(void **state)
{
    struct order made[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct script s;
        int64_t stop;

        script_begin(&s);
        s.journal.epoch = 7 + k;
        script_restart(&s);
        stop = script_hold(&s);
        made[k] = script_newest(&s, SCRIPT_SUBMIT)->order;
        assert_int_equal(made[k].id, stop);
        script_end(&s);
    }
    assert_int_equal(made[0].id, made[1].id);
    assert_int_equal(made[0].created_us, made[1].created_us);
    assert_true(made[0].stop_price.e12 == made[1].stop_price.e12);
    assert_string_not_equal(made[0].client_order_id, made[1].client_order_id);
}

/* Of an order with this client order id. */
static bool is_told(FILE *lines, const struct order *o)
{
    char line[1024];
    bool found = false;

    rewind(lines);
    while (fgets(line, sizeof line, lines))
        found |= strstr(line, "\"order_only_in_spool\"") && strstr(line, o->client_order_id);
    return found;
}

/* A daemon that ends while its database is away says what a successor will not know: the stop that
 * was made since, not the target that rested before. */
static void test_orders_that_only_the_spool_knows_are_told(void **state)
{
    FILE *lines = tmpfile();
    struct order target;
    struct script s;
    int64_t entry;

    (void)state;
    assert_non_null(lines);
    script_begin_target(&s);
    entry = script_enter(&s);
    (void)script_tell(&s, VENUE_ACCEPTED, entry);
    script_fill(&s, entry, "t1", script_newest(&s, SCRIPT_SUBMIT)->order.size);
    script_play(&s, 66);
    target = script_newest(&s, SCRIPT_SUBMIT)->order;
    assert_int_equal(target.purpose, PURPOSE_TAKE_PROFIT);
    (void)script_tell(&s, VENUE_ACCEPTED, target.id);
    (void)script_tell(&s, VENUE_ACCEPTED, target.id - 1);
    script_play(&s, 67);
    s.journal_port.spool = spool;
    s.journal.fault_at = s.journal.commit_count + 1;
    s.journal.fault = JOURNAL_FAULT_BEFORE;
    s.journal.down_for = 1000;
    (void)script_tell(&s, VENUE_CANCELED, target.id - 1);
    script_play(&s, 69);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.id > target.id);
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, fileno(lines));
    script_end(&s);
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, STDERR_FILENO);
    assert_true(is_told(lines, &script_newest(&s, SCRIPT_SUBMIT)->order));
    assert_false(is_told(lines, &target));
    fclose(lines);
}

/* A successor stood by for long, so that its feed hears of the newest candles only when it trades:
 * those that were decided on before it came are the past, and decided on by nobody else. */
static void test_candles_that_were_decided_on_are_not_decided_on_again(void **state)
{
    struct script s;
    int64_t cycles, bars;
    size_t sent;

    (void)state;
    script_begin(&s);
    (void)script_hold(&s);
    script_play(&s, 250);
    cycles = engine_account(s.engine)->cycle_count;
    bars = engine_account(s.engine)->performance.bars;
    sent = script_count(&s, SCRIPT_SUBMIT);
    s.feed_knows_us = 120 * US_PER_S;
    script_restart(&s);
    script_agree(&s);
    script_play(&s, 251);
    s.feed_knows_us = 0;
    script_play(&s, 290);
    assert_int_equal(engine_account(s.engine)->cycle_count, cycles);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), sent);
    script_play(&s, 310);
    assert_int_equal(engine_account(s.engine)->cycle_count, cycles + 1);
    assert_int_equal(engine_account(s.engine)->performance.bars, bars + 1);
    script_end(&s);
}

static enum err full_disk(void *self, const struct journal_batch *b)
{
    (void)self;
    (void)b;
    return ERR_IO;
}

/* Left alone for a second after it did not answer, by the clock that nobody sets; but where the
 * disk takes nothing either, at once. */
static void test_the_database_is_asked_again_in_time(void **state)
{
    struct script s;
    uint64_t asked;

    (void)state;
    script_begin(&s);
    (void)script_hold(&s);
    lose_database(&s, JOURNAL_FAULT_BEFORE);
    script_say(&s, COMMAND_PAUSE);
    asked = s.journal.commit_count;
    script_say(&s, COMMAND_RESUME);
    assert_int_equal(s.journal.commit_count, asked);
    script_step_clock(-30);
    script_play(&s, 70);
    script_say(&s, COMMAND_PAUSE);
    assert_true(s.journal.commit_count > asked);
    asked = s.journal.commit_count;
    s.journal_port.spool = full_disk;
    script_say(&s, COMMAND_RESUME);
    assert_true(s.journal.commit_count > asked);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_attempt_that_a_successor_has_is_made_anew),
        cmocka_unit_test(test_what_two_daemons_decide_alike_are_two_orders),
        cmocka_unit_test(test_orders_that_only_the_spool_knows_are_told),
        cmocka_unit_test(test_the_database_is_asked_again_in_time),
        cmocka_unit_test(test_candles_that_were_decided_on_are_not_decided_on_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
