/* SPDX-License-Identifier: Apache-2.0 */
/* Orders by hand on paper: limits that rest, protect what they fill, expire, are replaced, and
 * exits that rest beside the stop. */
#include <stdlib.h>

#include "core/amount_text.h"
#include "tests/support/amounts.h"
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

static void begin_capped(struct play *p, const char *cap)
{
    p->csv = story_path(closes, COUNT_OF(closes));
    story_begin(&p->story, idle_json, p->csv, cap);
    assert_false(world_run(&p->story.world, 2)); /* 100 is the newest price */
}

static void begin(struct play *p)
{
    begin_capped(p, "0");
}

static void end(struct play *p)
{
    story_end(&p->story);
    free(p->csv);
}

static void run(struct play *p, uint64_t candles)
{
    assert_false(world_run(&p->story.world, candles));
}

static const struct memory_journal *journal(const struct play *p)
{
    return &p->story.journal;
}

static const struct order *row(const struct play *p, int64_t id)
{
    for (size_t i = 0; i < journal(p)->order_count; i++)
        if (journal(p)->orders[i].id == id)
            return &journal(p)->orders[i];
    fail_msg("no order %lld", (long long)id);
    return NULL;
}

/* A buy of 2 whose stop is at 90. */
static struct command buy(const char *limit)
{
    struct command c = {.kind = COMMAND_PLACE_ORDER,
                        .actor = "tester",
                        .symbol = "BTC/USDT",
                        .order = {.side = SIDE_BUY,
                                  .type = limit ? ORDER_LIMIT : ORDER_MARKET,
                                  .size = size("2"),
                                  .stop_loss = price("90"),
                                  .expires_us = TIME_NONE}};

    if (limit)
        c.order.limit_price = price(limit);
    return c;
}

static struct command reduce(const char *limit, const char *much)
{
    struct command c = buy(limit);

    c.order.side = SIDE_SELL;
    c.order.reduce_only = true;
    c.order.stop_loss = PRICE_ZERO;
    c.order.size = much ? size(much) : SIZE_ZERO;
    return c;
}

static enum err tell(struct play *p, const struct command *c)
{
    return world_command(&p->story.world, c, p->story.reply);
}

/* The id of what was placed, or put in another's place. */
static int64_t place(struct play *p, const struct command *c)
{
    enum err e = tell(p, c);

    if (e)
        fail_msg("%s: %s", err_code(e), p->story.reply->detail);
    assert_true(p->story.reply->has_order && p->story.reply->durable);
    return p->story.reply->order.id;
}

static enum err replace(struct play *p, int64_t id, const char *much, const char *limit)
{
    struct command c = {.kind = COMMAND_REPLACE_ORDER, .id = id, .actor = "tester"};

    if (much)
        c.order.size = size(much);
    if (limit)
        c.order.limit_price = price(limit);
    return tell(p, &c);
}

static void assert_open(const struct play *p, const char *much)
{
    const struct position *held = &journal(p)->positions[journal(p)->position_count - 1];
    const struct order *stop = row(p, held->stop_order_id);

    assert_int_equal(held->status, POSITION_OPEN);
    assert_true(held->size.e12 == size(much).e12);
    assert_true(order_left(stop).e12 == held->size.e12); /* it is protected, all of it */
    assert_true(stop->stop_price.e12 == held->stop_loss.e12);
}

static void test_a_market_order_opens_and_is_protected(void **state)
{
    struct command c = buy(NULL);
    struct play p;

    (void)state;
    begin(&p);
    (void)copy_text(c.order.label, sizeof c.order.label, "mine-1");
    c.order.take_profit = price("103.5");
    (void)place(&p, &c);
    assert_string_equal(p.story.reply->order.label, "mine-1");
    assert_string_equal(p.story.reply->order.strategy, "manual");
    assert_int_equal(p.story.reply->order.status, ORDER_ACCEPTED);
    run(&p, 1);
    assert_open(&p, "2");
    assert_true(journal(&p)->positions[0].stop_loss.e12 == price("90").e12);
    assert_true(journal(&p)->positions[0].take_profit.e12 == price("103.5").e12);
    assert_int_equal(tell(&p, &c), ERR_DUPLICATE_ORDER); /* though it has ended */
    end(&p);
}

static void test_a_limit_rests_through_crashes_and_fills_at_its_price(void **state)
{
    struct command c = buy("98.5");
    struct play p;
    int64_t id;

    (void)state;
    begin(&p);
    id = place(&p, &c);
    assert_int_equal(p.story.reply->order.status, ORDER_ACCEPTED);
    run(&p, 5);
    story_crash(&p.story);
    assert_false(order_is_final(row(&p, id)->status));
    c = buy("98");
    assert_int_equal(tell(&p, &c), ERR_RISK_DENIED);
    assert_int_equal(p.story.reply->signal.denials, DENIED_ENTRY_PENDING);
    while (journal(&p)->fill_count == 0)
        run(&p, 1);
    assert_int_equal(row(&p, id)->status, ORDER_FILLED);
    assert_true(journal(&p)->fills[0].price.e12 == price("98.5").e12);
    assert_open(&p, "2");
    end(&p);
}

static void test_an_order_expires_by_the_candles(void **state)
{
    struct command c = buy("98.5");
    struct play p;
    int64_t id;

    (void)state;
    begin(&p);
    c.order.expires_us = 1;
    assert_int_equal(tell(&p, &c), ERR_FIELD);
    assert_non_null(strstr(p.story.reply->detail, "expires_at: "));
    c.order.expires_us = p.story.reply->as_of_us + 15 * 60 * US_PER_S;
    id = place(&p, &c);
    run(&p, 2);
    story_crash(&p.story);
    assert_false(order_is_final(row(&p, id)->status));
    while (!order_is_final(row(&p, id)->status))
        run(&p, 1);
    assert_int_equal(row(&p, id)->status, ORDER_EXPIRED);
    assert_true(row(&p, id)->ended_us == c.order.expires_us);
    assert_string_equal(row(&p, id)->reason, "expires_at has come");
    assert_int_equal(journal(&p)->fill_count, 0);
    end(&p);
}

static void deny(struct play *p, const struct command *c, unsigned denials)
{
    assert_int_equal(tell(p, c), ERR_RISK_DENIED);
    assert_int_equal(p->story.reply->signal.denials, denials);
    assert_int_equal(strncmp(p->story.reply->detail, "denied: ", 8), 0);
    assert_false(p->story.reply->has_order);
}

/* What could be an order is on record when it is denied; what could not is refused. */
static void test_denials(void **state)
{
    struct command c = buy("98");
    struct play p;

    (void)state;
    begin(&p);
    c.order.stop_loss = PRICE_ZERO;
    deny(&p, &c, DENIED_NO_STOP_LOSS);
    c.order.stop_loss = price("98.5");
    deny(&p, &c, DENIED_NO_STOP_LOSS);
    assert_int_equal(journal(&p)->signal_count, 2);
    c = buy("98");
    c.order.size = size("200"); /* nobody named a smaller one */
    deny(&p, &c, DENIED_MAX_EXPOSURE | DENIED_INSUFFICIENT_CASH);
    c = buy("98.005");
    c.order.size.e12 = 1;
    deny(&p, &c, DENIED_TICK_SIZE | DENIED_LOT_SIZE | DENIED_MIN_NOTIONAL);
    assert_int_equal(journal(&p)->signal_count, 3);
    c = buy("98");
    c.order.side = SIDE_SELL;
    c.order.stop_loss = price("110");
    deny(&p, &c, DENIED_SHORT_ON_SPOT);
    c = reduce(NULL, "1");
    deny(&p, &c, DENIED_NO_POSITION);
    c = buy("98");
    c.order.take_profit = price("97");
    assert_int_equal(tell(&p, &c), ERR_FIELD);
    assert_ok(story_say(&p.story, COMMAND_PAUSE, 0));
    c = buy("98");
    deny(&p, &c, DENIED_PAUSED);
    assert_int_equal(journal(&p)->order_count, 0);
    end(&p);
}

static void test_what_is_only_judged_changes_nothing(void **state)
{
    struct command c = buy("98");
    struct play p;
    size_t leaves;

    (void)state;
    begin(&p);
    leaves = journal(&p)->leaf_count;
    c.validate_only = true;
    assert_ok(tell(&p, &c));
    assert_int_equal(p.story.reply->signal.decision, SIGNAL_ACCEPTED);
    assert_true(p.story.reply->signal.size.e12 == size("2").e12);
    c.order.stop_loss = PRICE_ZERO;
    assert_ok(tell(&p, &c));
    assert_int_equal(p.story.reply->signal.denials, DENIED_NO_STOP_LOSS);
    assert_int_equal(journal(&p)->leaf_count, leaves);
    end(&p);
}

static void test_a_notional_is_a_size_at_the_limit(void **state)
{
    struct command c = buy("98");
    struct play p;

    (void)state;
    begin(&p);
    c.order.size = SIZE_ZERO;
    c.order.notional = money("490");
    (void)place(&p, &c);
    assert_true(p.story.reply->order.size.e12 == size("5").e12);
    end(&p);
}

/* Sizes are what is wanted together with what was filled; the old order says which took over. */
static void test_a_resting_order_is_replaced(void **state)
{
    struct command c = buy("98");
    char version[ORDER_VERSION];
    struct play p;
    int64_t id, by;

    (void)state;
    begin(&p);
    (void)copy_text(c.order.label, sizeof c.order.label, "mine");
    id = place(&p, &c);
    order_version(row(&p, id), version);
    assert_int_equal(replace(&p, id, "2", "98"), ERR_FIELD);
    assert_int_equal(replace(&p, id, "200", NULL), ERR_RISK_DENIED);
    assert_int_equal(row(&p, id)->status, ORDER_ACCEPTED); /* it rests as before */
    assert_ok(replace(&p, id, "3", "101.5"));
    by = p.story.reply->order.id;
    assert_int_equal(p.story.reply->order.status, ORDER_ACCEPTED);
    assert_int_equal(p.story.reply->order.replaces_id, id);
    assert_string_equal(p.story.reply->order.label, "mine");
    assert_int_equal(row(&p, id)->status, ORDER_CANCELED);
    assert_int_equal(row(&p, id)->replaced_by, by);
    assert_int_equal(replace(&p, id, "4", NULL), ERR_NOT_REPLACEABLE);
    c = (struct command){.kind = COMMAND_REPLACE_ORDER, .id = by, .actor = "tester"};
    c.order.size = size("4");
    (void)copy_text(c.order.version, sizeof c.order.version, version);
    assert_int_equal(tell(&p, &c), ERR_VERSION);
    story_crash(&p.story);
    run(&p, 2);
    assert_open(&p, "3"); /* at the open, which is better */
    assert_int_equal(replace(&p, journal(&p)->positions[0].stop_order_id, NULL, "80"),
                     ERR_NOT_REPLACEABLE);
    end(&p);
}

static void test_what_was_filled_counts_in_a_replacement(void **state)
{
    struct command c = buy("98.5");
    struct play p;
    int64_t id, by;

    (void)state;
    begin_capped(&p, "0.02"); /* 1 a candle */
    c.order.size = size("5");
    id = place(&p, &c);
    while (journal(&p)->fill_count < 2)
        run(&p, 1);
    assert_open(&p, "2");
    assert_int_equal(replace(&p, id, "2", NULL), ERR_FIELD); /* so much is filled */
    assert_ok(replace(&p, id, "3", NULL));
    by = p.story.reply->order.id;
    assert_true(p.story.reply->order.size.e12 == size("1").e12);
    run(&p, 2);
    assert_int_equal(row(&p, by)->status, ORDER_FILLED);
    assert_open(&p, "3");
    end(&p);
}

static void test_an_exit_rests_beside_the_stop(void **state)
{
    struct command c = buy(NULL);
    struct play p;
    int64_t id;

    (void)state;
    begin(&p);
    (void)place(&p, &c);
    run(&p, 1);
    c = reduce("103.5", "2.5");
    assert_int_equal(tell(&p, &c), ERR_FIELD);
    c = reduce("103.5", "1.5");
    id = place(&p, &c);
    assert_int_equal(p.story.reply->order.purpose, PURPOSE_EXIT);
    c = reduce("103.6", "1"); /* more than the other leaves */
    assert_int_equal(tell(&p, &c), ERR_FIELD);
    assert_open(&p, "2");
    story_crash(&p.story);
    assert_open(&p, "2");
    assert_ok(replace(&p, id, "0.5", NULL));
    id = p.story.reply->order.id;
    c = reduce("103.6", "1");
    (void)place(&p, &c);
    run(&p, 4);
    assert_int_equal(row(&p, id)->status, ORDER_FILLED);
    assert_open(&p, "0.5"); /* the stop has followed */
    c = reduce(NULL, NULL);
    (void)place(&p, &c);
    assert_int_equal(journal(&p)->positions[0].status, POSITION_CLOSED);
    assert_int_equal(journal(&p)->positions[0].exit_reason, EXIT_MANUAL);
    end(&p);
}

/* An exit of the whole takes everything else of the position away. */
static void test_a_resting_exit_ends_with_its_position(void **state)
{
    struct command c = buy(NULL);
    struct play p;
    int64_t id;

    (void)state;
    begin(&p);
    (void)place(&p, &c);
    run(&p, 1);
    c = (struct command){.kind = COMMAND_CLOSE_POSITION,
                         .id = journal(&p)->positions[0].id,
                         .order = {.type = ORDER_LIMIT, .limit_price = price("120")}};
    id = place(&p, &c);
    assert_true(row(&p, id)->size.e12 == size("2").e12);
    assert_open(&p, "2");
    c.order = (struct order_request){0};
    assert_ok(tell(&p, &c));
    assert_int_equal(journal(&p)->positions[0].status, POSITION_CLOSED);
    assert_int_equal(row(&p, id)->status, ORDER_CANCELED);
    assert_ok(story_say(&p.story, COMMAND_CANCEL_ORDER, id) ? ERR_OK : ERR_INVALID);
    run(&p, 3);
    assert_int_equal(journal(&p)->fill_count, 2); /* it was not flipped */
    end(&p);
}

/* Reduce-only goes by the venue's sum: what another strategy holds must not be sold with it. */
static void test_no_exit_rests_where_another_strategy_holds_the_symbol(void **state)
{
    struct command c = {.kind = COMMAND_SIGNAL,
                        .name = "radio",
                        .symbol = "BTC/USDT",
                        .signal = {.action = SIGNAL_ENTRY,
                                   .direction = DIRECTION_LONG,
                                   .confidence = {AMOUNT_ONE},
                                   .sizing = {.kind = SIZING_FIXED_BASE, .value = {AMOUNT_ONE}},
                                   .stop_loss = price("90")}};
    struct play p;

    (void)state;
    begin(&p);
    assert_ok(tell(&p, &c));
    c = buy(NULL);
    (void)place(&p, &c);
    run(&p, 1);
    assert_int_equal(journal(&p)->position_count, 2);
    c = reduce("120", "1");
    assert_int_equal(tell(&p, &c), ERR_CONFLICT);
    c = reduce(NULL, NULL); /* at the market it may */
    (void)place(&p, &c);
    end(&p);
}

static void test_a_position_by_hand_grows_by_hand(void **state)
{
    struct command c = buy(NULL);
    struct play p;

    (void)state;
    begin(&p);
    (void)place(&p, &c);
    run(&p, 1);
    c = buy("101.5");
    c.order.stop_loss = PRICE_ZERO; /* the position has one */
    (void)place(&p, &c);
    run(&p, 2);
    assert_open(&p, "4");
    assert_int_equal(journal(&p)->position_count, 1);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_market_order_opens_and_is_protected),
        cmocka_unit_test(test_a_limit_rests_through_crashes_and_fills_at_its_price),
        cmocka_unit_test(test_an_order_expires_by_the_candles),
        cmocka_unit_test(test_denials),
        cmocka_unit_test(test_what_is_only_judged_changes_nothing),
        cmocka_unit_test(test_a_notional_is_a_size_at_the_limit),
        cmocka_unit_test(test_a_resting_order_is_replaced),
        cmocka_unit_test(test_what_was_filled_counts_in_a_replacement),
        cmocka_unit_test(test_an_exit_rests_beside_the_stop),
        cmocka_unit_test(test_a_resting_exit_ends_with_its_position),
        cmocka_unit_test(test_no_exit_rests_where_another_strategy_holds_the_symbol),
        cmocka_unit_test(test_a_position_by_hand_grows_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
