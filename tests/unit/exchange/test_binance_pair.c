/* SPDX-License-Identifier: Apache-2.0 */
/* Stop and target as one list at the sandbox venue on spot: both or neither, locked once, ended as
 * one; what is not known of a half is found by its own client order id. */
#include "core/clock.h"
#include "tests/support/check.h"
#include "tests/support/venue_world.h"

struct pair {
    struct order stop, target;
};

/* Of 8 of the account's 10, so that two locks would be refused. */
static struct pair send(struct venue_world *w, const char *stop, const char *target)
{
    struct pair p = {venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "8", stop),
                     venue_order(w, SIDE_SELL, ORDER_LIMIT, "8", target)};

    p.target.purpose = PURPOSE_TAKE_PROFIT;
    assert_ok(w->port.submit_pair(w->port.self, &p.stop, &p.target, clock_wall_us()));
    return p;
}

static struct pair accepted(struct venue_world *w, const char *stop, const char *target)
{
    struct pair p = send(w, stop, target);

    (void)venue_wait(w, p.stop.id, VENUE_ACCEPTED);
    (void)venue_wait(w, p.target.id, VENUE_ACCEPTED);
    return p;
}

static bool is_size(struct size s, const char *text)
{
    struct size wanted;

    assert_ok(size_parse(text, strlen(text), &wanted));
    return size_cmp(s, wanted) == 0;
}

static void test_both_rest_and_one_cancel_ends_both(void **state)
{
    struct venue_world *w = *state;
    struct pair p = accepted(w, "39500", "41000");
    struct order again;

    assert_ok(w->port.cancel(w->port.self, &p.stop, clock_wall_us()));
    assert_true(is_size(venue_wait(w, p.stop.id, VENUE_CANCELED)->executed, "0"));
    assert_true(venue_wait(w, p.target.id, VENUE_CANCELED)->executed_is_known);
    venue_wait_idle(w);
    venue_rest(w, 1500 * US_PER_MS);
    assert_int_equal(venue_count(w, p.stop.id, VENUE_CANCELED), 1);
    assert_int_equal(venue_count(w, p.target.id, VENUE_CANCELED), 1);
    assert_int_equal(venue_count(w, p.target.id, VENUE_ACCEPTED), 1);
    assert_int_equal(w->port.due_us(w->port.self), INT64_MAX);
    /* What they had locked is free again. */
    again = venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "10", "39500");
    venue_submit(w, &again);
    (void)venue_wait(w, again.id, VENUE_ACCEPTED);
}

static void test_the_stop_executes_and_the_target_ends(void **state)
{
    struct venue_world *w = *state;
    struct pair p = accepted(w, "39500", "41000");

    venue_step(w, 10 * 60 * US_PER_S);
    (void)venue_wait(w, p.stop.id, VENUE_FILL);
    (void)venue_wait(w, p.target.id, VENUE_EXPIRED);
    assert_true(is_size(venue_filled(w, p.stop.id), "8"));
    assert_int_equal(venue_count(w, p.target.id, VENUE_FILL), 0);
    /* Canceling what has ended tells its end. */
    assert_ok(w->port.cancel(w->port.self, &p.target, clock_wall_us()));
    venue_wait_count(w, p.target.id, VENUE_EXPIRED, 2);
    venue_wait_idle(w);
    assert_int_equal(venue_count(w, p.target.id, VENUE_EXPIRED), 2);
}

static void test_the_target_executes_and_the_stop_ends(void **state)
{
    struct venue_world *w = *state; /* 40500 after ten seconds */
    struct pair p = accepted(w, "39500", "40300");
    const struct venue_event *e = venue_wait(w, p.target.id, VENUE_FILL);

    assert_true(e->is_maker && price_cmp(e->price, p.target.limit_price) >= 0);
    (void)venue_wait(w, p.stop.id, VENUE_EXPIRED);
    assert_true(is_size(venue_filled(w, p.target.id), "8"));
}

static void test_when_one_half_is_refused_both_are(void **state)
{
    static const struct {
        const char *stop, *target;
    } wrong[] = {{"40100", "41000"}, {"39500", "39900"}};
    struct venue_world *w = *state;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct pair p = send(w, wrong[i].stop, wrong[i].target);

        assert_int_equal(venue_wait(w, p.stop.id, VENUE_REJECTED)->error,
                         VENUE_ERROR_WOULD_TRIGGER);
        assert_int_equal(venue_wait(w, p.target.id, VENUE_REJECTED)->error,
                         VENUE_ERROR_WOULD_TRIGGER);
        assert_int_equal(venue_state_count(w, p.stop.client_order_id), 0);
        assert_int_equal(venue_state_count(w, p.target.client_order_id), 0);
    }
    assert_int_equal(w->port.due_us(w->port.self), INT64_MAX);
}

static void test_a_lost_answer_is_unknown_of_both_and_found_by_each_name(void **state)
{
    struct venue_world *w = *state;
    struct pair p;

    venue_faults(w, "next 1 on order : drop_resp\n");
    p = send(w, "39500", "41000");
    (void)venue_wait(w, p.stop.id, VENUE_UNKNOWN);
    (void)venue_wait(w, p.target.id, VENUE_UNKNOWN);
    assert_ok(w->port.query(w->port.self, &p.stop, clock_wall_us()));
    assert_ok(w->port.query(w->port.self, &p.target, clock_wall_us()));
    assert_int_equal(venue_wait(w, p.stop.id, VENUE_STATE)->state, VENUE_ORDER_OPEN);
    assert_int_equal(venue_wait(w, p.target.id, VENUE_STATE)->state, VENUE_ORDER_OPEN);
    assert_ok(w->port.cancel(w->port.self, &p.target, clock_wall_us()));
    (void)venue_wait(w, p.stop.id, VENUE_CANCELED);
    (void)venue_wait(w, p.target.id, VENUE_CANCELED);
}

static void test_a_lost_request_is_absent_of_both(void **state)
{
    struct venue_world *w = *state;
    struct pair p;

    venue_faults(w, "next 1 on order : drop_req\n");
    p = send(w, "39500", "41000");
    (void)venue_wait(w, p.stop.id, VENUE_UNKNOWN);
    assert_ok(w->port.query(w->port.self, &p.stop, clock_wall_us()));
    assert_ok(w->port.query(w->port.self, &p.target, clock_wall_us()));
    assert_int_equal(venue_wait(w, p.stop.id, VENUE_STATE)->state, VENUE_ORDER_ABSENT);
    assert_int_equal(venue_wait(w, p.target.id, VENUE_STATE)->state, VENUE_ORDER_ABSENT);
}

static void test_a_cancel_whose_answer_is_lost_is_told_and_can_be_repeated(void **state)
{
    struct venue_world *w = *state;
    struct pair p = accepted(w, "39500", "41000");

    venue_faults(w, "next 1 on DELETE /api/v3/orderList : drop_resp\n");
    assert_ok(w->port.cancel(w->port.self, &p.stop, clock_wall_us()));
    (void)venue_wait(w, p.stop.id, VENUE_CANCEL_FAILED);
    assert_ok(w->port.cancel(w->port.self, &p.stop, clock_wall_us()));
    (void)venue_wait(w, p.stop.id, VENUE_CANCELED);
    (void)venue_wait(w, p.target.id, VENUE_CANCELED);
}

/* Which two were one is not known any more: a cancel of either still ends both. */
static void test_after_a_restart_each_half_is_followed(void **state)
{
    struct venue_world *w = *state;
    struct pair p = accepted(w, "39500", "41000");

    venue_restart(w);
    p.stop.status = p.target.status = ORDER_ACCEPTED;
    assert_ok(w->port.restore(w->port.self, &p.stop));
    assert_ok(w->port.restore(w->port.self, &p.target));
    assert_ok(w->port.cancel(w->port.self, &p.stop, clock_wall_us()));
    (void)venue_wait(w, p.stop.id, VENUE_CANCELED);
    (void)venue_wait(w, p.target.id, VENUE_CANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STILL(name) cmocka_unit_test_setup_teardown(name, venue_world_spot, venue_world_end)
#define MOVING(name) cmocka_unit_test_setup_teardown(name, venue_world_moving, venue_world_end)
        STILL(test_both_rest_and_one_cancel_ends_both),
        STILL(test_the_stop_executes_and_the_target_ends),
        MOVING(test_the_target_executes_and_the_stop_ends),
        STILL(test_when_one_half_is_refused_both_are),
        STILL(test_a_lost_answer_is_unknown_of_both_and_found_by_each_name),
        STILL(test_a_lost_request_is_absent_of_both),
        STILL(test_a_cancel_whose_answer_is_lost_is_told_and_can_be_repeated),
        STILL(test_after_a_restart_each_half_is_followed),
#undef STILL
#undef MOVING
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
