/* SPDX-License-Identifier: Apache-2.0 */
/* What the venue takes at most: entries keep within it, exits and stops are never kept from leaving
 * by it. */
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

static void check_size(struct size s, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    (void)size_print(s, text);
    assert_string_equal(text, wanted);
}

/* The venue's bounds are others from now on; the engine begins anew. */
static void bound(struct script *s, const char *market_max, double at_s)
{
    s->instrument.market_max = size(market_max);
    script_restart(s);
    script_play(s, at_s);
    script_agree(s);
    script_play(s, at_s + 1);
}

/* A position of 9.99 with its stop, from 66 s on; the stop's id. */
static int64_t hold(struct script *s)
{
    int64_t entry, stop;

    script_begin(s);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    entry = script_newest(s, SCRIPT_SUBMIT)->order.id;
    script_fill(s, entry, "t1", script_newest(s, SCRIPT_SUBMIT)->order.size);
    script_play(s, 66);
    stop = script_newest(s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(s, VENUE_ACCEPTED, stop);
    script_play(s, 67);
    return stop;
}

static const struct order *newest(const struct script *s)
{
    return &script_newest(s, SCRIPT_SUBMIT)->order;
}

/* Says close; the stop that is in the way is canceled. */
static void leave(struct script *s, int64_t stop, double at_s)
{
    const struct command c = {.kind = COMMAND_CLOSE_POSITION, .id = 1};

    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
    script_play(s, at_s);
    (void)script_tell(s, VENUE_CANCELED, stop);
    script_play(s, at_s + 0.5);
}

static void test_an_entry_is_made_smaller(void **state)
{
    struct script s;

    (void)state;
    script_begin(&s);
    bound(&s, "4.0005", 1);
    script_play(&s, 65);
    check_size(newest(&s)->size, "4");
    check_size(s.journal.signals[0].size_asked, "9.99");
    script_end(&s);
}

static void test_no_entry_when_nothing_it_takes_can_be_traded(void **state)
{
    struct script s;

    (void)state;
    script_begin(&s);
    bound(&s, "0.05", 1); /* worth 5, less than the minimum notional of 10 */
    script_play(&s, 65);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 0);
    assert_true(s.journal.signals[0].denials & DENIED_VENUE_MAXIMUM);
    script_end(&s);
}

/* One entry is out; the second would have a stop and a target that the venue does not take. */
static void test_no_entry_when_its_orders_would_be_too_many(void **state)
{
    struct script s;

    (void)state;
    script_begin(&s);
    s.instrument.orders_max = 2;
    bound(&s, "0", 1);
    script_play(&s, 65);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 0);
    assert_int_equal(s.journal.signals[0].denials, DENIED_VENUE_MAXIMUM);
    s.instrument.orders_max = 3;
    s.instrument.stops_max = 2;
    bound(&s, "0", 66);
    script_play(&s, 125);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

/* 9.99 by orders of 4 at most, with a restart after the first. */
static void test_a_larger_exit_goes_out_one_order_after_the_other(void **state)
{
    struct script s;
    int64_t stop;

    (void)state;
    stop = hold(&s);
    bound(&s, "4", 67);
    (void)script_tell(&s, VENUE_ACCEPTED, stop);
    script_play(&s, 68.5);
    assert_int_equal(newest(&s)->id, stop); /* it was taken when it was larger: it stays */
    leave(&s, stop, 69);
    check_size(newest(&s)->size, "4");
    assert_int_equal(newest(&s)->purpose, PURPOSE_EXIT);
    script_fill(&s, newest(&s)->id, "x1", size("1"));
    script_play(&s, 70);
    check_size(newest(&s)->size, "4"); /* it goes on: nothing else is made */
    script_fill(&s, newest(&s)->id, "x2", size("3"));
    script_play(&s, 70.5);
    check_size(newest(&s)->size, "4");
    assert_int_equal(newest(&s)->exit_reason, EXIT_MANUAL);
    script_fill(&s, newest(&s)->id, "x3", size("4"));
    /* The fill is durable with the order that follows, so that a restart cannot lose it. */
    script_play(&s, 71);
    check_size(newest(&s)->size, "1.99");
    script_restart(&s);
    script_play(&s, 72);
    script_fill(&s, newest(&s)->id, "x4", size("1.99"));
    script_play(&s, 72.5);
    assert_int_equal(s.journal.positions[0].status, POSITION_CLOSED);
    assert_int_equal(s.journal.positions[0].exit_reason, EXIT_MANUAL);
    assert_int_equal(s.journal.fill_count, 5);
    script_end(&s);
}

/* The fill that ends the first of them comes to light only after the restart. */
static void test_a_restart_goes_on_leaving(void **state)
{
    struct script s;
    int64_t stop, first;

    (void)state;
    stop = hold(&s);
    bound(&s, "4", 67);
    (void)script_tell(&s, VENUE_ACCEPTED, stop);
    script_play(&s, 68.5);
    leave(&s, stop, 69);
    first = newest(&s)->id;
    script_restart(&s);
    script_play(&s, 70);
    script_fill(&s, first, "x1", size("4"));
    script_play(&s, 71);
    assert_true(newest(&s)->id > first);
    assert_int_equal(newest(&s)->purpose, PURPOSE_EXIT);
    check_size(newest(&s)->size, "4");
    script_end(&s);
}

/* The bound is new: the venue refuses the exit, and tells by what. */
static void test_a_refused_exit_is_made_anew_by_the_filters_of_now(void **state)
{
    struct script s;
    struct venue_event *e;
    struct instrument rules;
    int64_t stop, first;

    (void)state;
    stop = hold(&s);
    leave(&s, stop, 69);
    first = newest(&s)->id;
    check_size(newest(&s)->size, "9.99");
    script_tell(&s, VENUE_REJECTED, first)->error = VENUE_ERROR_FILTER;
    script_play(&s, 69.6);
    rules = s.instrument;
    rules.market_max = size("4");
    e = script_tell(&s, VENUE_MARKET, 0);
    e->rules = &rules;
    (void)copy_text(e->symbol, sizeof e->symbol, rules.symbol);
    script_play(&s, 71);
    assert_true(newest(&s)->id > first);
    assert_int_equal(newest(&s)->purpose, PURPOSE_EXIT);
    assert_int_equal(newest(&s)->exit_reason, EXIT_MANUAL);
    check_size(newest(&s)->size, "4");
    script_fill(&s, newest(&s)->id, "x1", size("4"));
    script_play(&s, 71.5);
    check_size(newest(&s)->size, "4");
    script_end(&s);
}

/* A stop cannot be that large: what it leaves bare counts, and leaves by and by. */
static void test_what_no_stop_can_cover_leaves_after_the_limit(void **state)
{
    struct script s;
    int64_t stop;

    (void)state;
    stop = hold(&s);
    bound(&s, "4", 67);
    (void)script_tell(&s, VENUE_CANCELED, stop); /* the venue itself took the large one */
    script_play(&s, 69);
    assert_int_equal(newest(&s)->purpose, PURPOSE_STOP_LOSS);
    check_size(newest(&s)->size, "4");
    stop = newest(&s)->id;
    (void)script_tell(&s, VENUE_ACCEPTED, stop);
    script_play(&s, 95);
    assert_int_equal(script_newest(&s, SCRIPT_CANCEL)->order.id, stop);
    (void)script_tell(&s, VENUE_CANCELED, stop);
    script_play(&s, 96);
    assert_int_equal(newest(&s)->purpose, PURPOSE_EXIT);
    check_size(newest(&s)->size, "4");
    script_end(&s);
}

/* A target beyond what the venue lets a limit order ask for would be refused: it is watched. */
static void test_a_target_out_of_bounds_is_not_sent(void **state)
{
    const struct instrument i = {.sell_up = ratio("1.05"), .buy_down = ratio("0.95")};

    (void)state;
    assert_true(instrument_takes_price(&i, false, price("105"), price("100")));
    assert_false(instrument_takes_price(&i, false, price("105.01"), price("100")));
    assert_true(instrument_takes_price(&i, true, price("95"), price("100")));
    assert_false(instrument_takes_price(&i, true, price("94.99"), price("100")));
    assert_true(instrument_takes_price(&i, true, price("500"), price("100")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entry_is_made_smaller),
        cmocka_unit_test(test_no_entry_when_nothing_it_takes_can_be_traded),
        cmocka_unit_test(test_no_entry_when_its_orders_would_be_too_many),
        cmocka_unit_test(test_a_larger_exit_goes_out_one_order_after_the_other),
        cmocka_unit_test(test_a_restart_goes_on_leaving),
        cmocka_unit_test(test_a_refused_exit_is_made_anew_by_the_filters_of_now),
        cmocka_unit_test(test_what_no_stop_can_cover_leaves_after_the_limit),
        cmocka_unit_test(test_a_target_out_of_bounds_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
