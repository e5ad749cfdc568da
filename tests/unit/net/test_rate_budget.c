/* SPDX-License-Identifier: Apache-2.0 */
/* The rate budget on a virtual clock: shares, refusals, and that no window of the venue, wherever
 * it begins, ever holds more than its limit. */
#include "net/rate_budget.h"

#include <stdlib.h>

#include "core/clock.h"
#include "tests/support/check.h"

enum {
    EVENTS = 4000,
    MOVES = 12000
};

#define MINUTE (60 * US_PER_S)

static struct rate_cost weight(int64_t n)
{
    return (struct rate_cost){{[RATE_WEIGHT] = n}};
}

/* How much of class c goes at once. */
static int64_t drain(struct rate_budget *b, enum rate_class c, int64_t now_us)
{
    int64_t again_us, n = 0;

    while (rate_budget_take(b, c, weight(1), now_us, &again_us)) {
        rate_budget_done(b, weight(1), true, now_us);
        n++;
    }
    assert_true(again_us > now_us);
    return n;
}

static void test_each_class_has_its_share(void **state)
{
    struct rate_budget b;
    const int64_t t = 1000 * MINUTE;

    (void)state;
    rate_budget_init(&b);
    assert_true(rate_budget_limit(&b, RATE_WEIGHT, MINUTE, 1000));
    assert_int_equal(drain(&b, RATE_DATA, t), 600);
    assert_int_equal(drain(&b, RATE_ENTRY, t), 200);
    assert_int_equal(drain(&b, RATE_EXIT, t), 100);
    assert_int_equal(drain(&b, RATE_SAFE, t), 100);
    assert_int_equal(rate_budget_fullness(&b, t), 1000);
    assert_int_equal(drain(&b, RATE_SAFE, t + MINUTE - US_PER_S), 0);
    assert_int_equal(drain(&b, RATE_DATA, t + MINUTE + 3 * US_PER_S), 600);
}

static void test_the_time_to_ask_again_is_right(void **state)
{
    struct rate_budget b;
    int64_t again_us, t = 77 * MINUTE;

    (void)state;
    rate_budget_init(&b);
    assert_true(rate_budget_limit(&b, RATE_WEIGHT, MINUTE, 100));
    for (int i = 0; i < 6; i++) {
        assert_true(rate_budget_take(&b, RATE_DATA, weight(10), t, &again_us));
        rate_budget_done(&b, weight(10), true, t);
        t += 5 * US_PER_S;
    }
    assert_false(rate_budget_take(&b, RATE_DATA, weight(20), t, &again_us));
    /* Room for 20 comes when the first two, of 77:00 and 77:05, are a minute old. */
    assert_true(again_us > 78 * MINUTE + 5 * US_PER_S);
    assert_true(again_us <= 78 * MINUTE + 8 * US_PER_S);
    assert_false(rate_budget_take(&b, RATE_DATA, weight(20), again_us - 1, &t));
    assert_true(rate_budget_take(&b, RATE_DATA, weight(20), again_us, &t));
    /* More than the whole share can never go; asking again does not spin. */
    assert_false(rate_budget_take(&b, RATE_DATA, weight(70), again_us, &t));
    assert_true(t > again_us);
}

static void test_what_is_on_its_way_counts_however_long_it_takes(void **state)
{
    struct rate_budget b;
    int64_t again_us, t = MINUTE;

    (void)state;
    rate_budget_init(&b);
    assert_true(rate_budget_limit(&b, RATE_ORDERS, 10 * US_PER_S, 10));
    for (int i = 0; i < 8; i++)
        assert_true(rate_budget_take(&b, RATE_ENTRY, (struct rate_cost){{0, 1, 0}}, t, &again_us));
    t += 3600 * US_PER_S;
    assert_false(rate_budget_take(&b, RATE_ENTRY, (struct rate_cost){{0, 1, 0}}, t, &again_us));
    assert_true(rate_budget_take(&b, RATE_ENTRY, weight(1), t, &again_us));
    rate_budget_done(&b, (struct rate_cost){{0, 1, 0}}, false, t); /* one was never sent */
    assert_true(rate_budget_take(&b, RATE_ENTRY, (struct rate_cost){{0, 1, 0}}, t, &again_us));
    assert_false(rate_budget_take(&b, RATE_ENTRY, (struct rate_cost){{0, 1, 0}}, t, &again_us));
}

static void test_429_lets_a_few_cancels_through_and_418_nothing(void **state)
{
    struct rate_budget b;
    int64_t again_us, t = MINUTE;

    (void)state;
    rate_budget_init(&b);
    assert_true(rate_budget_limit(&b, RATE_WEIGHT, MINUTE, 1000));
    rate_budget_blocked(&b, t, t + 20 * US_PER_S);
    for (enum rate_class c = RATE_EXIT; c < RATE_CLASS_COUNT_; c++) {
        assert_false(rate_budget_take(&b, c, weight(1), t, &again_us));
        assert_int_equal(again_us, t + 20 * US_PER_S);
    }
    assert_int_equal(drain(&b, RATE_SAFE, t), RATE_GRACE);
    /* The venue says it again: longer, but no new grace. */
    rate_budget_blocked(&b, t + US_PER_S, t + 40 * US_PER_S);
    assert_int_equal(drain(&b, RATE_SAFE, t + 30 * US_PER_S), 0);
    assert_true(rate_budget_take(&b, RATE_DATA, weight(1), t + 40 * US_PER_S, &again_us));

    rate_budget_banned(&b, t + 120 * US_PER_S);
    rate_budget_banned(&b, t + 90 * US_PER_S);
    assert_false(rate_budget_take(&b, RATE_SAFE, weight(1), t + 119 * US_PER_S, &again_us));
    assert_int_equal(again_us, t + 120 * US_PER_S);
    assert_true(rate_budget_take(&b, RATE_SAFE, weight(1), t + 120 * US_PER_S, &again_us));
}

static void test_what_others_use_is_learned(void **state)
{
    struct rate_state states[RATE_LIMITS];
    struct rate_budget b;
    const int64_t t = 9 * MINUTE;

    (void)state;
    rate_budget_init(&b);
    assert_true(rate_budget_limit(&b, RATE_WEIGHT, MINUTE, 1000));
    assert_int_equal(drain(&b, RATE_DATA, t), 600);
    assert_int_equal(rate_budget_states(&b, t, states), 1);
    assert_true(states[0].used == 600 && states[0].told == -1 && states[0].limit == 1000);
    rate_budget_used(&b, RATE_WEIGHT, MINUTE, 500, t); /* fewer than ours: an older window */
    assert_int_equal(rate_budget_fullness(&b, t), 600);
    assert_int_equal(rate_budget_states(&b, t, states), 1);
    assert_true(states[0].used == 600 && states[0].told == 500);
    rate_budget_used(&b, RATE_WEIGHT, MINUTE, 900, t);
    assert_int_equal(rate_budget_fullness(&b, t), 900);
    assert_int_equal(drain(&b, RATE_ENTRY, t), 0);
    rate_budget_used(&b, RATE_WEIGHT, 2 * MINUTE, 1000, t); /* no such limit */
    assert_int_equal(drain(&b, RATE_SAFE, t), 100);
}

static void test_limits_that_make_no_sense(void **state)
{
    struct rate_budget b;

    (void)state;
    rate_budget_init(&b);
    assert_false(rate_budget_limit(&b, RATE_WEIGHT, 0, 10));
    assert_false(rate_budget_limit(&b, RATE_WEIGHT, MINUTE, 0));
    for (int i = 0; i < RATE_LIMITS; i++)
        assert_true(rate_budget_limit(&b, RATE_WEIGHT, MINUTE + i, 10));
    assert_false(rate_budget_limit(&b, RATE_WEIGHT, MINUTE - 1, 10));
    assert_true(rate_budget_limit(&b, RATE_WEIGHT, MINUTE, 20)); /* known: changed */
    assert_int_equal(b.limits[0].limit, 20);
}

/* One request of the property test. */
struct event {
    int64_t counted_us; /* when the venue counts it, between sending and answer */
    int64_t end_us;
    struct rate_cost cost;
    bool is_open;
};

static int by_time(const void *a, const void *b)
{
    const struct event *left = a, *right = b;

    return (left->counted_us > right->counted_us) - (left->counted_us < right->counted_us);
}

/* No stretch of a window's length holds more than the limit: two pointers over the sorted list. */
static void check_windows(struct event *events, int count, enum rate_kind kind, int64_t window_us,
                          int64_t limit)
{
    int64_t sum = 0;
    int first = 0;

    for (int i = 0; i < count; i++) {
        sum += events[i].cost.of[kind];
        while (events[first].counted_us <= events[i].counted_us - window_us)
            sum -= events[first++].cost.of[kind];
        assert_true(sum <= limit);
    }
}

static void play(uint64_t seed)
{
    static struct event events[EVENTS];
    struct check_random r = {seed};
    struct rate_budget b;
    int64_t now_us = (int64_t)(check_random_next(&r) % (100 * MINUTE)), again_us;
    int count = 0, taken[RATE_CLASS_COUNT_] = {0};

    rate_budget_init(&b);
    assert_true(rate_budget_limit(&b, RATE_WEIGHT, MINUTE, 600));
    assert_true(rate_budget_limit(&b, RATE_ORDERS, 10 * US_PER_S, 30));
    for (int move = 0; move < MOVES && count < EVENTS; move++) {
        const enum rate_class c = (enum rate_class)(check_random_next(&r) % RATE_CLASS_COUNT_);
        struct rate_cost cost = weight(1 + (int64_t)(check_random_next(&r) % 20));

        cost.of[RATE_ORDERS] = c != RATE_DATA;
        now_us += (int64_t)(check_random_next(&r) % (move % 997 == 0 ? 90 * US_PER_S : 200000));
        for (int i = 0; i < count; i++) {
            if (events[i].is_open && events[i].end_us <= now_us) {
                rate_budget_done(&b, events[i].cost, true, now_us);
                events[i].is_open = false;
            }
        }
        if (rate_budget_take(&b, c, cost, now_us, &again_us)) {
            const int64_t takes_us = 1000 + (int64_t)(check_random_next(&r) % (15 * US_PER_S));

            events[count++] = (struct event){
                .counted_us = now_us + (int64_t)(check_random_next(&r) % (uint64_t)(takes_us + 1)),
                .end_us = now_us + takes_us,
                .cost = cost,
                .is_open = true,
            };
            taken[c]++;
        } else {
            assert_true(again_us > now_us);
        }
    }
    assert_true(count > 500 && taken[RATE_DATA] > 0 && taken[RATE_SAFE] > 0);
    qsort(events, (size_t)count, sizeof *events, by_time);
    check_windows(events, count, RATE_WEIGHT, MINUTE, 600);
    check_windows(events, count, RATE_ORDERS, 10 * US_PER_S, 30);
}

static void test_no_window_of_the_venue_is_ever_overfull(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        play(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_class_has_its_share),
        cmocka_unit_test(test_the_time_to_ask_again_is_right),
        cmocka_unit_test(test_what_is_on_its_way_counts_however_long_it_takes),
        cmocka_unit_test(test_429_lets_a_few_cancels_through_and_418_nothing),
        cmocka_unit_test(test_what_others_use_is_learned),
        cmocka_unit_test(test_limits_that_make_no_sense),
        cmocka_unit_test(test_no_window_of_the_venue_is_ever_overfull),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
