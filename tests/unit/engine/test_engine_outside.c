/* SPDX-License-Identifier: Apache-2.0 */
/* Signals and values from outside: the same risk, log and recovery as what rules wish. */
#include <stdlib.h>

#include "core/amount_text.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/story.h"

/* Never enters by itself. */
static const char idle_json[] =
    "{\"name\":\"idle\",\"timeframe\":\"5m\",\"startup_bars\":1,\"stop_loss\":0.1,"
    "\"entry\":{\"condition\":\"close > 100000\"}}";

static const double closes[] = {100, 101, 102, 103, 104, 103, 102, 101,
                                100, 99,  98,  97,  96,  95,  95};

struct play {
    struct story story;
    char *csv;
};

static void play_begin(struct play *p, const char *json)
{
    p->csv = story_path(closes, COUNT_OF(closes));
    story_begin(&p->story, json, p->csv, "0");
    assert_false(world_run(&p->story.world, 2));
}

static void play_end(struct play *p)
{
    story_end(&p->story);
    free(p->csv);
}

static const struct memory_journal *journal(const struct play *p)
{
    return &p->story.journal;
}

static struct command wish(enum signal_action action)
{
    struct command c = {.kind = COMMAND_SIGNAL,
                        .actor = "tester",
                        .name = "radio",
                        .symbol = "BTC/USDT",
                        .reason = "heard it",
                        .signal = {.action = action,
                                   .direction = DIRECTION_LONG,
                                   .confidence = {AMOUNT_ONE},
                                   .sizing = {.kind = SIZING_FIXED_BASE},
                                   .stop_loss_pct = {AMOUNT_ONE / 20}}};

    c.signal.sizing.value = ratio("2");
    return c;
}

static enum err tell(struct play *p, const struct command *c)
{
    return world_command(&p->story.world, c, p->story.reply);
}

static void test_entry_and_exit(void **state)
{
    struct command c = wish(SIGNAL_ENTRY);
    const struct position *first;
    struct play p;

    (void)state;
    play_begin(&p, idle_json);
    c.signal.take_profit = price("103.5");
    assert_ok(tell(&p, &c));
    assert_true(p.story.reply->durable);
    assert_true(p.story.reply->has_signal);
    assert_int_equal(p.story.reply->signal.decision, SIGNAL_ACCEPTED);
    assert_string_equal(p.story.reply->signal.strategy, "radio");
    assert_true(p.story.reply->has_order);
    assert_int_equal(p.story.reply->order.status, ORDER_ACCEPTED);
    assert_true(p.story.reply->order.attached_stop.e12 == price("95").e12); /* 5 % below 100 */
    story_crash(&p.story); /* the levels come with the order */
    assert_false(world_run(&p.story.world, 2));
    first = &journal(&p)->positions[0];
    assert_string_equal(first->strategy, "radio");
    assert_int_equal(strlen(first->strategy_id), 64);
    assert_true(first->stop_loss.e12 == price("95").e12);
    assert_true(first->take_profit.e12 == price("103.5").e12);
    assert_true(first->stop_order_id > 0);
    c = wish(SIGNAL_EXIT);
    assert_ok(tell(&p, &c));
    assert_int_equal(p.story.reply->signal.decision, SIGNAL_ACCEPTED);
    assert_false(world_run(&p.story.world, 1));
    first = &journal(&p)->positions[0];
    assert_int_equal(first->status, POSITION_CLOSED);
    assert_int_equal(first->exit_reason, EXIT_SIGNAL);
    play_end(&p);
}

/* No double tells 68413.4 to 12 decimals: read through one it lay a tick lower. */
static void test_a_level_from_outside_stays_exact(void **state)
{
    struct command c = wish(SIGNAL_ENTRY);
    struct play p;

    (void)state;
    play_begin(&p, idle_json);
    c.signal.take_profit = price("68413.4");
    assert_ok(tell(&p, &c));
    assert_true(p.story.reply->order.attached_target.e12 == price("68413.4").e12);
    assert_false(world_run(&p.story.world, 2));
    assert_true(journal(&p)->positions[0].take_profit.e12 == price("68413.4").e12);
    play_end(&p);
}

/* Without anybody's word the position is protected to the end. */
static void test_stop_of_an_outside_position_fires(void **state)
{
    struct command c = wish(SIGNAL_ENTRY);
    struct play p;

    (void)state;
    play_begin(&p, idle_json);
    c.signal.stop_loss = price("97.5");
    assert_ok(tell(&p, &c));
    assert_true(p.story.reply->order.attached_stop.e12 == price("97.5").e12);
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(journal(&p)->positions[0].status, POSITION_CLOSED);
    assert_int_equal(journal(&p)->positions[0].exit_reason, EXIT_STOP_LOSS);
    play_end(&p);
}

static void check_denied(struct play *p, const struct command *c, unsigned denials)
{
    size_t before = journal(p)->signal_count;

    assert_ok(tell(p, c));
    assert_int_equal(p->story.reply->signal.decision, SIGNAL_DENIED);
    assert_int_equal(p->story.reply->signal.denials, denials);
    assert_false(p->story.reply->has_order);
    assert_int_equal(journal(p)->signal_count, before + 1);
}

/* A wish that is not granted is on record, with every reason. */
static void test_denials(void **state)
{
    struct command c = wish(SIGNAL_ENTRY);
    struct play p;

    (void)state;
    play_begin(&p, idle_json);
    c.signal.stop_loss_pct = (struct ratio){0};
    check_denied(&p, &c, DENIED_NO_STOP_LOSS);
    c = wish(SIGNAL_ENTRY);
    c.signal.confidence = ratio("0.4");
    check_denied(&p, &c, DENIED_CONFIDENCE);
    c = wish(SIGNAL_ENTRY);
    c.signal.direction = DIRECTION_SHORT;
    check_denied(&p, &c, DENIED_SHORT_ON_SPOT);
    c = wish(SIGNAL_ENTRY);
    c.signal.expires_us = 1;
    check_denied(&p, &c, DENIED_EXPIRED);
    c = wish(SIGNAL_EXIT);
    check_denied(&p, &c, DENIED_NO_POSITION);
    assert_int_equal(journal(&p)->order_count, 0);
    c = wish(SIGNAL_ENTRY);
    assert_ok(tell(&p, &c));
    check_denied(&p, &c, DENIED_POSITION_OPEN); /* the entry is on its way */
    assert_false(world_run(&p.story.world, 1));
    check_denied(&p, &c, DENIED_POSITION_OPEN);
    assert_int_equal(journal(&p)->position_count, 1);
    assert_ok(story_say(&p.story, COMMAND_PAUSE, 0));
    copy_text(c.name, sizeof(c.name), "second");
    check_denied(&p, &c, DENIED_PAUSED);
    c = wish(SIGNAL_EXIT); /* paused or not, leaving is granted */
    assert_ok(tell(&p, &c));
    assert_int_equal(p.story.reply->signal.decision, SIGNAL_ACCEPTED);
    play_end(&p);
}

static void test_refusals_leave_no_trace(void **state)
{
    struct command c = wish(SIGNAL_ENTRY);
    size_t leaves;
    struct play p;

    (void)state;
    play_begin(&p, idle_json);
    leaves = journal(&p)->leaf_count;
    copy_text(c.name, sizeof(c.name), "idle");
    assert_err(tell(&p, &c), ERR_NAME_TAKEN);
    c = wish(SIGNAL_ENTRY);
    copy_text(c.symbol, sizeof(c.symbol), "ETH/USDT");
    assert_err(tell(&p, &c), ERR_FIELD);
    c = wish(SIGNAL_ENTRY);
    c.validate_only = true;
    assert_ok(tell(&p, &c));
    assert_int_equal(p.story.reply->signal.decision, SIGNAL_ACCEPTED);
    assert_true(p.story.reply->signal.size.e12 == size("2").e12);
    c.signal.stop_loss_pct = (struct ratio){0};
    assert_ok(tell(&p, &c));
    assert_int_equal(p.story.reply->signal.denials, DENIED_NO_STOP_LOSS);
    assert_ok(story_say(&p.story, COMMAND_STOP, 0));
    leaves++; /* the stop's own */
    c = wish(SIGNAL_ENTRY);
    assert_err(tell(&p, &c), ERR_NOT_RUNNING);
    assert_int_equal(journal(&p)->leaf_count, leaves);
    assert_int_equal(journal(&p)->signal_count, 0);
    assert_int_equal(journal(&p)->slot_count, 1);
    play_end(&p);
}

static void test_target_behind_the_price_is_refused(void **state)
{
    struct command c = wish(SIGNAL_ENTRY);
    struct play p;

    (void)state;
    play_begin(&p, idle_json);
    c.signal.take_profit = price("99");
    assert_err(tell(&p, &c), ERR_FIELD);
    assert_int_equal(journal(&p)->order_count, 0);
    play_end(&p);
}

/* Crashed anywhere between the wish and the end, there is one order and one position. */
static void test_one_order_whatever_crashes(void **state)
{
    uint64_t n;

    (void)state;
    for (n = 1; n < 8; n++) {
        struct command c = wish(SIGNAL_ENTRY);
        struct play p;

        play_begin(&p, idle_json);
        p.story.journal.fault_at = p.story.journal.commit_count + n;
        p.story.journal.fault = n % 2 ? JOURNAL_FAULT_AFTER : JOURNAL_FAULT_BEFORE;
        assert_ok(tell(&p, &c));
        while (p.story.journal.commit_count < p.story.journal.fault_at &&
               !world_run(&p.story.world, 1))
            ;
        story_crash(&p.story);
        assert_true(world_run(&p.story.world, 1000));
        assert_true(journal(&p)->position_count <= 1);
        /* Not durable is not answered durable. */
        if (p.story.reply->durable || n > 2)
            assert_int_equal(journal(&p)->position_count, 1);
        play_end(&p);
    }
}

/* Enters while a value from outside, at most ten minutes old, says so. */
static const char mood_json[] =
    "{\"name\":\"mood\",\"timeframe\":\"5m\",\"startup_bars\":1,\"stop_loss\":0.3,"
    "\"ext\":{\"mood\":{\"max_age_s\":600}},"
    "\"entry\":{\"condition\":\"ext.mood > 0.5\",\"trigger\":\"mood {ext.mood:.2f}\"},"
    "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":1}}";

static enum err set_mood(struct play *p, double value, const char *symbol, int64_t at_us)
{
    struct command c = {.kind = COMMAND_SET_EXT,
                        .actor = "tester",
                        .ext = {.name = "mood", .value = value, .at_us = at_us}};

    copy_text(c.ext.symbol, sizeof(c.ext.symbol), symbol);
    return tell(p, &c);
}

static void test_value_from_outside(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p, mood_json);
    assert_false(world_run(&p.story.world, 1));
    assert_int_equal(journal(&p)->signal_count, 0); /* unknown: no signal, but counted */
    assert_ok(set_mood(&p, 0.75, "", TIME_NONE));
    assert_true(p.story.reply->durable);
    story_crash(&p.story); /* durable before the answer */
    assert_false(world_run(&p.story.world, 1));
    assert_int_equal(journal(&p)->signal_count, 1);
    assert_string_equal(journal(&p)->signals[0].trigger, "mood 0.75");
    play_end(&p);
}

/* The symbol's own value counts before the one of all. */
static void test_own_value_first(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p, mood_json);
    assert_ok(set_mood(&p, 0.9, "", TIME_NONE));
    assert_ok(set_mood(&p, 0.1, "BTC/USDT", TIME_NONE));
    assert_int_equal(journal(&p)->ext_value_count, 2);
    assert_false(world_run(&p.story.world, 1));
    assert_int_equal(journal(&p)->signal_count, 0);
    play_end(&p);
}

/* Told at minute 5, eleven minutes old at minute 16: unknown, so the rule is. */
static void test_stale_value_is_unknown(void **state)
{
    struct snapshot *s;
    int64_t unknown, now;
    struct play p;

    (void)state;
    play_begin(&p, mood_json);
    assert_ok(story_say(&p.story, COMMAND_PAUSE, 0));
    now = p.story.reply->as_of_us;
    assert_ok(set_mood(&p, 0.75, "", now));
    assert_false(world_run(&p.story.world, 2)); /* minutes 10 and 15: wished and denied */
    assert_int_equal(journal(&p)->signal_count, 2);
    assert_ok(story_say(&p.story, COMMAND_PAUSE, 0)); /* is so already; publishes */
    s = engine_snapshot(p.story.world.engine);
    unknown = s->account.signals_unknown;
    snapshot_release(s);
    assert_false(world_run(&p.story.world, 1));
    assert_ok(story_say(&p.story, COMMAND_PAUSE, 0));
    s = engine_snapshot(p.story.world.engine);
    assert_int_equal(s->account.signals_unknown, unknown + 1);
    assert_int_equal(s->ext_value_count, 1);
    assert_int_equal(s->ext_values[0].at_us, now);
    snapshot_release(s);
    assert_int_equal(journal(&p)->signal_count, 2);
    play_end(&p);
}

static void test_values_that_are_refused(void **state)
{
    int64_t now;
    struct play p;

    (void)state;
    play_begin(&p, mood_json);
    assert_ok(story_say(&p.story, COMMAND_START, 0));
    now = p.story.reply->as_of_us;
    assert_err(set_mood(&p, 0.5, "", now + 1), ERR_FIELD);
    assert_err(set_mood(&p, 0.5, "ETH/USDT", now), ERR_FIELD);
    assert_err(set_mood(&p, __builtin_nan(""), "", now), ERR_FIELD);
    assert_err(set_mood(&p, __builtin_inf(), "", now), ERR_FIELD);
    assert_ok(set_mood(&p, 0.5, "", now));
    assert_ok(set_mood(&p, 0.5, "", now)); /* said twice is said once */
    assert_err(set_mood(&p, 0.6, "", now - 1), ERR_STALE);
    assert_int_equal(journal(&p)->ext_value_count, 1);
    assert_true(journal(&p)->ext_values[0].value > 0.49 && journal(&p)->ext_values[0].value < 0.51);
    play_end(&p);
}

static enum err drop_mood(struct play *p, const char *symbol)
{
    struct command c = {.kind = COMMAND_DROP_EXT, .actor = "tester", .ext = {.name = "mood"}};

    copy_text(c.ext.symbol, sizeof(c.ext.symbol), symbol);
    return tell(p, &c);
}

/* Forgotten is unknown, after a crash too. */
static void test_value_is_dropped(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p, mood_json);
    assert_err(drop_mood(&p, ""), ERR_NOT_FOUND);
    assert_ok(set_mood(&p, 0.9, "", TIME_NONE));
    assert_ok(set_mood(&p, 0.9, "BTC/USDT", TIME_NONE));
    assert_ok(drop_mood(&p, "BTC/USDT"));
    assert_int_equal(journal(&p)->ext_value_count, 1);
    assert_err(drop_mood(&p, "BTC/USDT"), ERR_NOT_FOUND);
    assert_ok(drop_mood(&p, ""));
    assert_true(p.story.reply->durable);
    assert_int_equal(journal(&p)->ext_value_count, 0);
    story_crash(&p.story);
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(journal(&p)->signal_count, 0);
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry_and_exit),
        cmocka_unit_test(test_a_level_from_outside_stays_exact),
        cmocka_unit_test(test_stop_of_an_outside_position_fires),
        cmocka_unit_test(test_denials),
        cmocka_unit_test(test_refusals_leave_no_trace),
        cmocka_unit_test(test_target_behind_the_price_is_refused),
        cmocka_unit_test(test_one_order_whatever_crashes),
        cmocka_unit_test(test_value_from_outside),
        cmocka_unit_test(test_own_value_first),
        cmocka_unit_test(test_stale_value_is_unknown),
        cmocka_unit_test(test_values_that_are_refused),
        cmocka_unit_test(test_value_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
