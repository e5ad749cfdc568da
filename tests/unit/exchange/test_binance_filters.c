/* SPDX-License-Identifier: Apache-2.0 */
/* What is traded and by which filters, against the sandbox venue: what changes is told, a refused
 * entry after the filters of now, everything else at once. */
#include <stdio.h>

#include "core/clock.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/venue_world.h"

#define NEVER_US (3600 * US_PER_S)

static void script(struct venue_world *w, const char *deed)
{
    char line[128];

    (void)snprintf(line, sizeof line, deed, w->symbol);
    venue_faults(w, line);
}

/* Where in the collection the newest of a kind is. */
static size_t place(const struct venue_world *w, enum venue_event_kind kind)
{
    for (size_t i = w->count; i-- > 0;)
        if (w->events[i].kind == kind)
            return i;
    fail_msg("no event %d", (int)kind);
    return 0;
}

static void test_a_refused_entry_is_told_after_the_filters_of_now(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.012", NULL);
    const struct venue_event *e;

    venue_watch_filters(w, NEVER_US);
    script(w, "always : lot(%s, 0.01)\n");
    venue_step(w, US_PER_S);
    venue_submit(w, &o);
    e = venue_wait(w, o.id, VENUE_REJECTED);
    assert_int_equal(e->error, VENUE_ERROR_FILTER);
    assert_true(place(w, VENUE_MARKET) < place(w, VENUE_REJECTED));
    e = &w->events[place(w, VENUE_MARKET)];
    assert_string_equal(e->symbol, w->symbol);
    assert_int_equal(e->market, VENUE_MARKET_TRADING);
    assert_true(size_cmp(e->rules->lot, size("0.01")) == 0);
    /* By them it is taken; and what is as it was is not told again. */
    o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);
    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_FILL);
    assert_int_equal(venue_count(w, 0, VENUE_MARKET), 1);
}

/* The venue cannot say what it trades by: the refusal is not kept back for that. */
static void test_a_refused_entry_is_told_though_the_filters_are_not(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.0100000001", NULL);

    venue_watch_filters(w, NEVER_US);
    venue_faults(w, "next 1 on market : http(503)\n");
    venue_submit(w, &o);
    assert_int_equal(venue_wait(w, o.id, VENUE_REJECTED)->error, VENUE_ERROR_FILTER);
    assert_int_equal(venue_count(w, 0, VENUE_MARKET), 0);
}

static void test_an_exit_hears_of_its_refusal_at_once(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_SELL, ORDER_MARKET, "5", NULL);

    venue_watch_filters(w, NEVER_US);
    o.purpose = PURPOSE_EXIT;
    script(w, "always : max_size(%s, 3)\n");
    venue_step(w, US_PER_S);
    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_REJECTED);
    (void)venue_wait(w, 0, VENUE_MARKET);
    assert_true(place(w, VENUE_REJECTED) < place(w, VENUE_MARKET));
    assert_true(size_cmp(w->events[place(w, VENUE_MARKET)].rules->market_max, size("3")) == 0);
}

static void test_a_symbol_that_stops_and_trades_again_is_told(void **state)
{
    struct venue_world *w = *state;
    const struct venue_event *e;

    venue_watch_filters(w, US_PER_S / 2);
    script(w, "at 0s : halt(%s) for 20s\n");
    venue_step(w, US_PER_S);
    e = venue_wait(w, 0, VENUE_MARKET);
    assert_int_equal(e->market, VENUE_MARKET_HALTED);
    assert_true(e->reason[0] && e->rules);
    venue_rest(w, 1200 * US_PER_MS);
    assert_int_equal(venue_count(w, 0, VENUE_MARKET), 1);
    w->count = 0;
    venue_step(w, 30 * US_PER_S);
    assert_int_equal(venue_wait(w, 0, VENUE_MARKET)->market, VENUE_MARKET_TRADING);
}

/* It is said at once by a port that finds the symbol standing. */
static void test_a_symbol_that_stands_at_the_start_is_told(void **state)
{
    struct venue_world *w = *state;

    script(w, "at 0s : halt(%s)\n");
    venue_step(w, US_PER_S);
    venue_watch_filters(w, NEVER_US);
    assert_int_equal(venue_wait(w, 0, VENUE_MARKET)->market, VENUE_MARKET_HALTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SPOT(name) {#name " (spot)", name, venue_world_spot, venue_world_end, NULL}
#define USDM(name)                                                      \
    {                                                                   \
#name " (USD-M)", name, venue_world_usdm, venue_world_end, NULL \
    }
        SPOT(test_a_refused_entry_is_told_after_the_filters_of_now),
        USDM(test_a_refused_entry_is_told_after_the_filters_of_now),
        SPOT(test_a_refused_entry_is_told_though_the_filters_are_not),
        USDM(test_a_refused_entry_is_told_though_the_filters_are_not),
        SPOT(test_an_exit_hears_of_its_refusal_at_once),
        USDM(test_an_exit_hears_of_its_refusal_at_once),
        SPOT(test_a_symbol_that_stops_and_trades_again_is_told),
        USDM(test_a_symbol_that_stops_and_trades_again_is_told),
        SPOT(test_a_symbol_that_stands_at_the_start_is_told),
#undef SPOT
#undef USDM
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
