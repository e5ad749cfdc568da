/* SPDX-License-Identifier: Apache-2.0 */
/* Several strategies on one account: activated, taking over, rolled back and ended while the loop
 * runs, across crashes. */
#include <stdlib.h>

#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/story.h"

/* Buys `size` when a candle closes above `above` after one at or below it, leaves below `below`. */
#define RULES(name, above, below, size, more)                                       \
    "{\"version\":1,\"name\":\"" name "\",\"timeframe\":\"5m\",\"startup_bars\":1," \
    "\"entry\":{\"condition\":\"close > " above " and close[1] <= " above "\"},"    \
    "\"exit\":{\"condition\":\"close < " below "\"},\"stop_loss\":0.2,"             \
    "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":" size "}" more "}"

static const char first_json[] = RULES("swing", "100.5", "95", "1", "");
static const char second_json[] = RULES("swing", "100.5", "99.5", "2", "");
static const char other_json[] = RULES("other", "100.5", "90", "0.5", "");

static const double closes[] = {100, 101, 102, 102, 99,  99,  101, 102, 102,
                                99,  99,  101, 102, 102, 102, 102, 102};

struct play {
    struct story story;
    char *csv;
};

static void play_begin(struct play *p, const char *json)
{
    p->csv = story_path(closes, COUNT_OF(closes));
    story_begin(&p->story, json, p->csv, "0");
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

static const char *id_of(const char *json, char id[DIGEST_HEX])
{
    struct diag_list diags = {0};
    struct strategy *s = NULL;

    assert_ok(strategy_parse(json, strlen(json), true, &diags, &s));
    memcpy(id, strategy_id(s), DIGEST_HEX);
    strategy_release(s);
    return id;
}

static const struct strategy_slot *slot(const struct play *p, const char *name)
{
    for (size_t i = 0; i < journal(p)->slot_count; i++) {
        if (strcmp(journal(p)->slots[i].name, name) == 0)
            return &journal(p)->slots[i];
    }
    fail_msg("no slot %s", name);
    return NULL;
}

static size_t positions_of(const struct play *p, const char *name, const char *id, bool open)
{
    size_t n = 0;

    for (size_t i = 0; i < journal(p)->position_count; i++) {
        const struct position *q = &journal(p)->positions[i];

        n += strcmp(q->strategy, name) == 0 && (!id || strcmp(q->strategy_id, id) == 0) &&
             (q->status == POSITION_OPEN) == open;
    }
    return n;
}

static void assert_sums(const struct play *p)
{
    i128 cash = (i128)10000 * 1000000000000;

    for (size_t i = 0; i < journal(p)->fill_count; i++) {
        const struct fill *f = &journal(p)->fills[i];

        cash += (f->side == SIDE_BUY ? -f->notional.e12 : f->notional.e12) - f->fee.e12;
    }
    assert_true(cash == journal(p)->account.cash.e12);
}

static void test_two_side_by_side(void **state)
{
    struct play p;
    struct snapshot *s;

    (void)state;
    play_begin(&p, first_json);
    assert_ok(story_activate(&p.story, other_json, EFFECTIVE_NOW));
    assert_true(p.story.reply->has_slot);
    assert_string_equal(p.story.reply->slot.name, "other");
    assert_true(world_run(&p.story.world, 4) == false);
    s = engine_snapshot(p.story.world.engine);
    assert_int_equal(s->strategy_count, 2);
    assert_int_equal(s->position_count, 2);
    assert_string_equal(s->strategies[0].slot.name, "swing");
    assert_string_equal(s->strategies[1].slot.name, "other");
    assert_int_equal(s->strategies[1].open_positions, 1);
    snapshot_release(s);
    assert_true(world_run(&p.story.world, 1000));
    /* The first never sees 95, the other never 90: one position each, kept. */
    assert_int_equal(positions_of(&p, "swing", NULL, true), 1);
    assert_int_equal(positions_of(&p, "other", NULL, true), 1);
    assert_sums(&p);
    play_end(&p);
}

/* Every position names its strategy, whichever commit the crash came at. */
static void test_two_side_by_side_crash_anywhere(void **state)
{
    struct play p;
    size_t leaves;

    (void)state;
    play_begin(&p, second_json);
    assert_ok(story_activate(&p.story, other_json, EFFECTIVE_NOW));
    assert_true(world_run(&p.story.world, 1000));
    leaves = journal(&p)->leaf_count;
    play_end(&p);
    for (uint64_t n = 4; n < 30; n++) {
        play_begin(&p, second_json);
        assert_ok(story_activate(&p.story, other_json, EFFECTIVE_NOW));
        p.story.journal.fault_at = n;
        p.story.journal.fault = n % 2 ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER;
        while (p.story.journal.commit_count < n && !world_run(&p.story.world, 1))
            ;
        story_crash(&p.story);
        assert_true(world_run(&p.story.world, 1000));
        assert_int_equal(journal(&p)->leaf_count, leaves);
        assert_sums(&p);
        play_end(&p);
    }
}

/* The position of the first version leaves by the rule of the second. */
static void test_now_takes_the_position_over(void **state)
{
    char first[DIGEST_HEX], second[DIGEST_HEX];
    struct play p;

    (void)state;
    play_begin(&p, first_json);
    story_run_until_open(&p.story);
    assert_ok(story_activate(&p.story, second_json, EFFECTIVE_NOW));
    assert_string_equal(slot(&p, "swing")->strategy_id, id_of(second_json, second));
    assert_string_equal(slot(&p, "swing")->next_id, "");
    story_crash(&p.story); /* the configuration still says the first: it changes nothing */
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(positions_of(&p, "swing", id_of(first_json, first), false), 1);
    assert_int_equal(journal(&p)->positions[0].exit_reason, EXIT_SIGNAL);
    assert_true(positions_of(&p, "swing", second, false) >= 1);
    assert_sums(&p);
    play_end(&p);
}

/* The candle that is open is still decided on by the old version. */
static void test_next_candle(void **state)
{
    char second[DIGEST_HEX];
    struct play p;

    (void)state;
    play_begin(&p, first_json);
    assert_false(world_run(&p.story.world, 2)); /* minute 5: the candle that will close above */
    assert_ok(story_activate(&p.story, second_json, EFFECTIVE_NEXT_CANDLE));
    assert_string_equal(slot(&p, "swing")->next_id, id_of(second_json, second));
    story_crash(&p.story);
    assert_false(world_run(&p.story.world, 1));
    assert_int_equal(journal(&p)->position_count, 1);
    assert_true(journal(&p)->positions[0].size.e12 == size("1").e12); /* the old one's size */
    assert_false(world_run(&p.story.world, 2));
    assert_string_equal(slot(&p, "swing")->strategy_id, second);
    assert_string_equal(slot(&p, "swing")->next_id, "");
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(journal(&p)->positions[0].exit_reason, EXIT_SIGNAL);
    play_end(&p);
}

/* With when_flat the old rules keep the position to its end; then the new ones enter. */
static void test_when_flat(void **state)
{
    char first[DIGEST_HEX], second[DIGEST_HEX];
    struct play p;

    (void)state;
    play_begin(&p, second_json); /* leaves below 99.5 */
    story_run_until_open(&p.story);
    assert_ok(story_activate(&p.story, first_json, EFFECTIVE_WHEN_FLAT)); /* leaves below 95 */
    assert_string_equal(slot(&p, "swing")->next_id, id_of(first_json, first));
    assert_err(story_activate(&p.story, second_json, EFFECTIVE_WHEN_FLAT), ERR_CONFLICT);
    story_crash(&p.story);
    assert_true(world_run(&p.story.world, 1000));
    assert_string_equal(slot(&p, "swing")->strategy_id, first);
    assert_string_equal(slot(&p, "swing")->next_id, "");
    assert_int_equal(positions_of(&p, "swing", id_of(second_json, second), false), 1);
    assert_int_equal(positions_of(&p, "swing", first, true), 1);
    assert_int_equal(positions_of(&p, "swing", second, true), 0);
    play_end(&p);
}

/* A flat strategy has nothing to wait for. */
static void test_when_flat_and_flat_is_now(void **state)
{
    char second[DIGEST_HEX];
    struct play p;

    (void)state;
    play_begin(&p, first_json);
    assert_ok(story_activate(&p.story, second_json, EFFECTIVE_WHEN_FLAT));
    assert_string_equal(slot(&p, "swing")->strategy_id, id_of(second_json, second));
    assert_string_equal(slot(&p, "swing")->next_id, "");
    play_end(&p);
}

static void test_history_of_activations(void **state)
{
    char first[DIGEST_HEX], second[DIGEST_HEX];
    const struct activation *a;
    struct play p;

    (void)state;
    id_of(first_json, first);
    id_of(second_json, second);
    play_begin(&p, first_json);
    assert_ok(story_activate(&p.story, second_json, EFFECTIVE_NOW));
    assert_ok(story_activate(&p.story, second_json, EFFECTIVE_NOW)); /* is so already */
    assert_ok(story_activate(&p.story, first_json, EFFECTIVE_NOW));
    a = journal(&p)->activations;
    assert_int_equal(journal(&p)->activation_count, 3);
    assert_string_equal(a[0].action, "configure");
    assert_string_equal(a[0].strategy_id, first);
    assert_string_equal(a[0].previous_id, "");
    assert_string_equal(a[1].action, "activate");
    assert_string_equal(a[1].strategy_id, second);
    assert_string_equal(a[1].previous_id, first);
    assert_string_equal(a[1].actor, "tester");
    assert_string_equal(a[2].previous_id, second);
    assert_int_equal(a[2].id, 3);
    play_end(&p);
}

static enum err deactivate(struct play *p, const char *name, bool close)
{
    struct command c = {.kind = COMMAND_DEACTIVATE, .close_positions = close, .actor = "tester"};

    copy_text(c.name, sizeof(c.name), name);
    return world_command(&p->story.world, &c, p->story.reply);
}

/* No entries any more, the position lives on under its rules, and then the slot ends. */
static void test_deactivate_keeps_the_position(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p, second_json);
    story_run_until_open(&p.story);
    assert_ok(deactivate(&p, "swing", false));
    assert_int_equal(slot(&p, "swing")->state, SLOT_ENDING);
    story_crash(&p.story);
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(journal(&p)->position_count, 1);
    assert_int_equal(journal(&p)->positions[0].status, POSITION_CLOSED);
    assert_int_equal(journal(&p)->positions[0].exit_reason, EXIT_SIGNAL);
    assert_int_equal(slot(&p, "swing")->state, SLOT_ENDED);
    assert_err(deactivate(&p, "swing", false), ERR_NOT_ACTIVE);
    play_end(&p);
}

static void test_deactivate_and_close(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p, first_json);
    story_run_until_open(&p.story);
    assert_ok(deactivate(&p, "swing", true));
    assert_int_equal(p.story.reply->result_count, 1);
    assert_int_equal(journal(&p)->positions[0].status, POSITION_CLOSED);
    assert_int_equal(journal(&p)->positions[0].exit_reason, EXIT_MANUAL);
    assert_int_equal(p.story.reply->slot.state, SLOT_ENDED);
    assert_int_equal(slot(&p, "swing")->state, SLOT_ENDED);
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(journal(&p)->position_count, 1);
    play_end(&p);
}

/* A new configured version takes over at the restart; another name ends the old one. */
static void test_configuration_changes(void **state)
{
    char second[DIGEST_HEX];
    struct play p;

    (void)state;
    play_begin(&p, first_json);
    story_run_until_open(&p.story);
    p.story.options.strategy = second_json;
    story_crash(&p.story);
    assert_string_equal(slot(&p, "swing")->strategy_id, id_of(second_json, second));
    p.story.options.strategy = other_json;
    story_crash(&p.story);
    assert_int_equal(slot(&p, "swing")->state, SLOT_ENDING);
    assert_int_equal(slot(&p, "other")->state, SLOT_ACTIVE);
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(slot(&p, "swing")->state, SLOT_ENDED);
    assert_int_equal(positions_of(&p, "swing", NULL, true), 0);
    assert_int_equal(positions_of(&p, "other", NULL, true), 1);
    play_end(&p);
}

/* What was activated by hand outlives a restart, beside the configured one. */
static void test_activated_by_hand_outlives_a_restart(void **state)
{
    struct play p;
    struct snapshot *s;

    (void)state;
    play_begin(&p, first_json);
    assert_ok(story_activate(&p.story, other_json, EFFECTIVE_NOW));
    assert_ok(deactivate(&p, "swing", false));
    story_crash(&p.story);
    s = engine_snapshot(p.story.world.engine);
    assert_int_equal(s->strategy_count, 1);
    assert_string_equal(s->strategies[0].slot.name, "other");
    snapshot_release(s);
    assert_true(world_run(&p.story.world, 1000));
    assert_int_equal(positions_of(&p, "swing", NULL, false), 0);
    assert_int_equal(positions_of(&p, "other", NULL, true), 1);
    play_end(&p);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    struct play p;
    size_t leaves;

    (void)state;
    play_begin(&p, first_json);
    leaves = journal(&p)->leaf_count;
    assert_err(story_activate(&p.story, RULES("eth", "1", "1", "1", ",\"symbol\":\"ETH/USDT\""),
                              EFFECTIVE_NOW),
               ERR_NOT_TRADABLE);
    assert_string_equal(p.story.reply->detail, "the feed has no candles of ETH/USDT");
    assert_err(story_activate(&p.story,
                              "{\"name\":\"slow\",\"timeframe\":\"1h\",\"stop_loss\":0.1,"
                              "\"entry\":{\"condition\":\"close > 1\"}}",
                              EFFECTIVE_NOW),
               ERR_NOT_TRADABLE);
    assert_int_equal(journal(&p)->leaf_count, leaves);
    assert_int_equal(journal(&p)->slot_count, 1);
    play_end(&p);
}

/* The journal is away: nothing is half activated. */
static void test_activation_without_a_journal(void **state)
{
    struct command c = {.kind = COMMAND_ACTIVATE, .validate_only = true, .actor = "tester"};
    struct diag_list diags = {0};
    struct strategy *s = NULL;
    struct play p;

    (void)state;
    play_begin(&p, first_json);
    assert_ok(strategy_parse(other_json, strlen(other_json), true, &diags, &s));
    c.strategy = s;
    assert_ok(world_command(&p.story.world, &c, p.story.reply));
    assert_int_equal(journal(&p)->slot_count, 1);
    story_fault(&p.story, 1, 3);
    assert_ok(story_activate(&p.story, other_json, EFFECTIVE_NOW));
    assert_false(p.story.reply->durable);
    story_run_until_back(&p.story);
    assert_int_equal(slot(&p, "other")->state, SLOT_ACTIVE);
    strategy_release(s);
    play_end(&p);
}

/* One says up, the other down: the second is denied while the first has a position. */
static void test_opposite_sides_are_denied(void **state)
{
    static const char short_json[] =
        "{\"name\":\"down\",\"timeframe\":\"5m\",\"startup_bars\":1,\"stop_loss\":0.2,"
        "\"entry\":{\"condition\":\"close > 101.5\",\"direction\":\"short\"},"
        "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":1}}";
    struct world_options o = world_options_default();
    struct play p;
    size_t opposed = 0;

    (void)state;
    p.csv = story_path(closes, COUNT_OF(closes));
    o.strategy = first_json;
    o.symbols[0] = "BTC/USDT:USDT";
    o.csv[0] = p.csv;
    o.symbol_count = 1;
    story_open(&p.story, &o);
    assert_ok(story_activate(&p.story, short_json, EFFECTIVE_NOW));
    assert_true(world_run(&p.story.world, 1000));
    for (size_t i = 0; i < journal(&p)->signal_count; i++)
        opposed += journal(&p)->signals[i].denials == DENIED_OPPOSITE_POSITION;
    assert_true(opposed > 0);
    assert_int_equal(positions_of(&p, "down", NULL, true), 0);
    assert_int_equal(positions_of(&p, "swing", NULL, true), 1);
    play_end(&p);
}

/* Warm at once: it knows the past as if it had always been there. */
static void test_late_is_as_warm_as_early(void **state)
{
    static const char warm_json[] =
        "{\"name\":\"warm\",\"timeframe\":\"5m\",\"stop_loss\":0.2,\"features\":{\"a\":\"ema(3)\"},"
        "\"entry\":{\"condition\":\"close > a\",\"trigger\":\"{a:.8f}\"},\"startup_bars\":3,"
        "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":0.5}}";
    char early[LIMIT_REASON];
    struct play p;

    (void)state;
    play_begin(&p, warm_json);
    assert_true(world_run(&p.story.world, 1000));
    copy_text(early, sizeof(early), journal(&p)->signals[0].trigger);
    play_end(&p);
    play_begin(&p, RULES("idle", "1000", "1", "1", ""));
    assert_false(world_run(&p.story.world, 3));
    assert_ok(story_activate(&p.story, warm_json, EFFECTIVE_NOW));
    assert_true(world_run(&p.story.world, 1000));
    assert_string_equal(journal(&p)->signals[0].trigger, early);
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_side_by_side),
        cmocka_unit_test(test_two_side_by_side_crash_anywhere),
        cmocka_unit_test(test_now_takes_the_position_over),
        cmocka_unit_test(test_next_candle),
        cmocka_unit_test(test_when_flat),
        cmocka_unit_test(test_when_flat_and_flat_is_now),
        cmocka_unit_test(test_history_of_activations),
        cmocka_unit_test(test_deactivate_keeps_the_position),
        cmocka_unit_test(test_deactivate_and_close),
        cmocka_unit_test(test_configuration_changes),
        cmocka_unit_test(test_activated_by_hand_outlives_a_restart),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_activation_without_a_journal),
        cmocka_unit_test(test_opposite_sides_are_denied),
        cmocka_unit_test(test_late_is_as_warm_as_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
