/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the lease: one holder at a time, by the database's clock, and nobody relies on it late. */
#include "tests/unit/store/fixture.h"

#include <time.h>

#include "store/lease.h"

/* A lease's statements have a third of its length: a busy machine must be able to keep that. */
enum {
    LENGTH_MS = 3000
};

static char url[FIXTURE_URL];

static int fresh(void **state)
{
    struct diag_list diags = {0};

    (void)state;
    fixture_database(url);
    assert_int_equal(store_prepare(url, &diags), ERR_OK);
    return 0;
}

static struct lease *open_lease(const char *owner)
{
    const struct lease_options o = {.database_url = url,
                                    .account = "sim-paper-main",
                                    .owner = owner,
                                    .holder = owner,
                                    .length_us = LENGTH_MS * US_PER_MS,
                                    .timeout_us = fixture_timeout_us};
    struct diag_list diags = {0};
    struct lease *l = NULL;

    assert_int_equal(lease_open(&o, &diags, &l), ERR_OK);
    return l;
}

static void sleep_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* Until it can be had, or the deadline. */
static enum err take_within(struct lease *l, int64_t ms)
{
    int64_t until_us = clock_monotonic_us() + ms * US_PER_MS;
    struct lease_holder other;
    enum err e;

    while ((e = lease_take(l, &other)) == ERR_AGAIN && clock_monotonic_us() < until_us)
        sleep_ms(20);
    return e;
}

static void await_loss(struct lease *l)
{
    int64_t until_us = clock_monotonic_us() + 60 * US_PER_S;

    while (!lease_is_lost(l) && clock_monotonic_us() < until_us)
        sleep_ms(20);
    assert_true(lease_is_lost(l));
}

static bool is_relied_on(struct lease *l)
{
    return !lease_is_lost(l) && clock_monotonic_us() < lease_until_us(l);
}

static void a_second_one_waits_until_the_first_gives_it_back(void **state)
{
    struct lease *a = open_lease("a"), *b = open_lease("b");
    struct lease_holder other;

    (void)state;
    assert_false(is_relied_on(a));
    assert_int_equal(lease_take(a, &other), ERR_OK);
    assert_int_equal(lease_epoch(a), 1);
    assert_true(is_relied_on(a));
    assert_int_equal(lease_keep(a), ERR_OK);
    /* Longer than it lasts: it was renewed. */
    assert_int_equal(take_within(b, LENGTH_MS + LENGTH_MS / 5), ERR_AGAIN);
    assert_int_equal(lease_take(b, &other), ERR_AGAIN);
    assert_string_equal(other.holder, "a");
    assert_in_range(other.left_us, 1, LENGTH_MS * US_PER_MS);
    assert_true(is_relied_on(a));
    assert_false(is_relied_on(b));
    lease_close(a);
    assert_int_equal(lease_take(b, &other), ERR_OK);
    assert_int_equal(lease_epoch(b), 2);
    lease_close(b);
}

static void the_first_has_stopped_relying_on_it_before_another_can_take_it(void **state)
{
    struct lease *a = open_lease("a"), *b = open_lease("b");
    struct lease_holder other;

    (void)state;
    assert_int_equal(lease_take(a, &other), ERR_OK);
    /* Never renewed: as a daemon that was paused. */
    assert_int_equal(take_within(b, 20 * LENGTH_MS), ERR_OK);
    assert_true(is_relied_on(b));
    assert_false(is_relied_on(a));
    /* When it wakes, its renewal finds that it was taken over. */
    assert_int_equal(lease_keep(b), ERR_OK);
    assert_int_equal(lease_keep(a), ERR_OK);
    await_loss(a);
    /* Closing the old one does not give back what is not its own. */
    lease_close(a);
    a = open_lease("a");
    assert_int_equal(lease_take(a, &other), ERR_AGAIN);
    lease_close(a);
    lease_close(b);
}

static void who_restarts_in_the_same_place_need_not_wait(void **state)
{
    struct lease *a = open_lease("a"), *again = open_lease("a");
    struct lease_holder other;

    (void)state;
    assert_int_equal(lease_take(a, &other), ERR_OK);
    assert_int_equal(lease_take(again, &other), ERR_OK);
    assert_int_equal(lease_epoch(again), 2);
    /* The earlier run, were it still there, would be refused. */
    assert_int_equal(lease_keep(a), ERR_OK);
    await_loss(a);
    lease_close(a);
    lease_close(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_second_one_waits_until_the_first_gives_it_back, fresh),
        cmocka_unit_test_setup(the_first_has_stopped_relying_on_it_before_another_can_take_it,
                               fresh),
        cmocka_unit_test_setup(who_restarts_in_the_same_place_need_not_wait, fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
