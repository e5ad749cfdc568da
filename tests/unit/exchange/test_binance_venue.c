/* SPDX-License-Identifier: Apache-2.0 */
/* The venue port against the sandbox venue: each request has its one answer, each fill is told
 * once, and what is not known is called so. */
#include <stdio.h>

#include "core/clock.h"
#include "tests/support/check.h"
#include "tests/support/venue_world.h"

static void check_size(struct size s, const char *wanted)
{
    char text[AMOUNT_TEXT_MAX];

    (void)size_print(s, text);
    assert_string_equal(text, wanted);
}

static void test_a_market_order_is_told_fill_by_fill(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);
    const struct venue_event *e;

    venue_submit(w, &o);
    e = venue_wait(w, o.id, VENUE_FILL);
    assert_int_equal(venue_count(w, o.id, VENUE_ACCEPTED), 1);
    check_size(venue_filled(w, o.id), "0.01");
    assert_true(e->price.e12 > 0 && e->fee.e12 > 0 && e->venue_fill_id[0] && !e->is_maker);
    assert_string_equal(e->fee_currency, w->market == BINANCE_SPOT ? "BTC" : "USDT");
    assert_string_equal(e->client_order_id, o.client_order_id);
    assert_true(e->venue_order_id[0] != '\0');
    /* It is over: nobody asks for it any more, and nothing is told twice. */
    venue_wait_idle(w);
    venue_rest(w, 1500 * US_PER_MS);
    check_size(venue_filled(w, o.id), "0.01");
    assert_int_equal(w->port.due_us(w->port.self), INT64_MAX);
    assert_int_equal(venue_count(w, o.id, VENUE_ACCEPTED), 1);
}

static void test_a_resting_order_is_canceled(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.01", "30000");
    const struct venue_event *e;

    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_ACCEPTED);
    assert_true(w->port.due_us(w->port.self) < INT64_MAX);
    assert_ok(w->port.cancel(w->port.self, &o, clock_wall_us()));
    e = venue_wait(w, o.id, VENUE_CANCELED);
    assert_true(e->executed_is_known);
    check_size(e->executed, "0");
    venue_rest(w, 1500 * US_PER_MS);
    assert_int_equal(venue_count(w, o.id, VENUE_CANCELED), 1);
    assert_int_equal(venue_count(w, o.id, VENUE_CANCEL_FAILED), 0);
    /* Once more: it is not open, and what became of it is told again. */
    assert_ok(w->port.cancel(w->port.self, &o, clock_wall_us()));
    venue_wait_count(w, o.id, VENUE_CANCELED, 2);
    venue_wait_idle(w);
    assert_int_equal(venue_count(w, o.id, VENUE_CANCELED), 2);
}

static void test_a_filled_order_cannot_be_canceled(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);

    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_FILL);
    assert_ok(w->port.cancel(w->port.self, &o, clock_wall_us()));
    assert_int_equal(venue_wait(w, o.id, VENUE_CANCEL_FAILED)->error, VENUE_ERROR_NOT_OPEN);
    assert_int_equal(venue_count(w, o.id, VENUE_CANCELED), 0);
}

static void test_a_stop_rests_and_is_followed_until_it_has_filled(void **state)
{
    struct venue_world *w = *state;
    struct order entry = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL), stop;
    const struct venue_event *e;

    venue_submit(w, &entry);
    (void)venue_wait(w, entry.id, VENUE_FILL);
    /* On spot the fee was taken from what was bought; the account has more of it. */
    stop = venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "0.01", "39500");
    venue_submit(w, &stop);
    e = venue_wait(w, stop.id, VENUE_ACCEPTED);
    assert_true(e->venue_order_id[0] != '\0');
    venue_rest(w, 1500 * US_PER_MS);
    assert_int_equal(venue_count(w, stop.id, VENUE_FILL), 0);
    venue_step(w, 10 * 60 * US_PER_S);
    e = venue_wait(w, stop.id, VENUE_FILL);
    check_size(venue_filled(w, stop.id), "0.01");
    assert_true(e->price.e12 <= stop.stop_price.e12);
    venue_wait_idle(w);
    venue_rest(w, 1500 * US_PER_MS);
    check_size(venue_filled(w, stop.id), "0.01");
    assert_int_equal(w->port.due_us(w->port.self), INT64_MAX);
}

static void test_a_stop_is_canceled(void **state)
{
    struct venue_world *w = *state;
    struct order entry = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL), stop;

    venue_submit(w, &entry);
    (void)venue_wait(w, entry.id, VENUE_FILL);
    stop = venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "0.01", "39500");
    venue_submit(w, &stop);
    (void)venue_wait(w, stop.id, VENUE_ACCEPTED);
    assert_ok(w->port.cancel(w->port.self, &stop, clock_wall_us()));
    assert_true(venue_wait(w, stop.id, VENUE_CANCELED)->executed_is_known);
    venue_step(w, 10 * 60 * US_PER_S);
    venue_rest(w, 1500 * US_PER_MS);
    assert_int_equal(venue_count(w, stop.id, VENUE_FILL), 0);
}

static void test_a_lost_answer_is_unknown_and_found_by_asking(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);
    const struct venue_event *e;

    venue_faults(w, "next 1 on order : drop_resp\n");
    venue_submit(w, &o);
    e = venue_wait(w, o.id, VENUE_UNKNOWN);
    assert_int_equal(e->error, VENUE_ERROR_AMBIGUOUS);
    assert_ok(w->port.query(w->port.self, &o, clock_wall_us()));
    e = venue_wait(w, o.id, VENUE_STATE);
    assert_int_equal(e->state, VENUE_ORDER_FILLED);
    check_size(e->executed, "0.01");
    check_size(venue_filled(w, o.id), "0.01");
    assert_int_equal(venue_state_count(w, o.client_order_id), 1); /* sent once */
}

static void test_a_lost_request_is_unknown_and_absent(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);
    const struct venue_event *e;

    venue_faults(w, "next 1 on order : drop_req\n");
    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_UNKNOWN);
    assert_ok(w->port.query(w->port.self, &o, clock_wall_us()));
    e = venue_wait(w, o.id, VENUE_STATE);
    assert_int_equal(e->state, VENUE_ORDER_ABSENT);
    assert_int_equal(venue_state_count(w, o.client_order_id), 0);
    assert_int_equal(venue_count(w, o.id, VENUE_FILL), 0);
}

static void test_each_refusal_has_its_class(void **state)
{
    static const struct {
        const char *fault;
        enum venue_event_kind kind;
        enum venue_error error;
    } rows[] = {
        {"next 1 on order : http(-2019)", VENUE_REJECTED, VENUE_ERROR_FUNDS},
        {"next 1 on order : http(400, {\"code\":-1111,\"msg\":\"too much precision\"})",
         VENUE_REJECTED, VENUE_ERROR_FILTER},
        {"next 1 on order : http(-1021)", VENUE_REJECTED, VENUE_ERROR_CLOCK},
        {"next 1 on order : http(-2015)", VENUE_REJECTED, VENUE_ERROR_AUTH},
        {"next 1 on order : http(503)", VENUE_UNKNOWN, VENUE_ERROR_AMBIGUOUS},
        {"next 1 on order : exec_http(504)", VENUE_UNKNOWN, VENUE_ERROR_AMBIGUOUS},
        {"next 1 on order : http(-1007)", VENUE_UNKNOWN, VENUE_ERROR_AMBIGUOUS},
    };
    struct venue_world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);
        char script[160];

        (void)snprintf(script, sizeof script, "%s\n", rows[i].fault);
        venue_faults(w, script);
        venue_submit(w, &o);
        assert_int_equal(venue_wait(w, o.id, rows[i].kind)->error, rows[i].error);
    }
}

static void test_what_is_too_late_is_not_sent(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);

    o.request_expires_us = clock_wall_us() + 50 * US_PER_MS;
    venue_submit(w, &o);
    assert_int_equal(venue_wait(w, o.id, VENUE_NOT_SENT)->error, VENUE_ERROR_NOT_SENT);
    assert_int_equal(venue_state_count(w, o.client_order_id), 0);
}

static void test_a_name_that_is_taken(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.01", "30000"), again = o;

    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_ACCEPTED);
    again.id = ++w->last_id;
    venue_submit(w, &again);
    assert_int_equal(venue_wait(w, again.id, VENUE_REJECTED)->error, VENUE_ERROR_DUPLICATE_ID);
}

static void test_a_part_of_an_order(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);
    const struct venue_event *e;

    venue_faults(w, "next 1 on order : partial(0.4)\n");
    venue_submit(w, &o);
    e = venue_wait(w, o.id, VENUE_EXPIRED); /* the rest of a market order ends */
    check_size(e->executed, "0.004");
    check_size(venue_filled(w, o.id), "0.004");
}

static void test_the_venue_cancels_of_its_own(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.01", "30000");

    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_ACCEPTED);
    venue_faults(w, "at 0s : cancel(*)\n");
    (void)venue_wait(w, o.id, VENUE_CANCELED);
}

static void test_a_restart_goes_on_following(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.01", "39100");

    venue_submit(w, &o);
    (void)venue_wait(w, o.id, VENUE_ACCEPTED);
    venue_restart(w);
    o.status = ORDER_ACCEPTED;
    assert_ok(w->port.restore(w->port.self, &o));
    venue_step(w, 10 * 60 * US_PER_S);
    assert_true(venue_wait(w, o.id, VENUE_FILL)->is_maker);
    check_size(venue_filled(w, o.id), "0.01");
}

static void test_a_stop_is_replaced_by_one_request(void **state)
{
    struct venue_world *w = *state;
    struct order entry = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL), stop, next, third;

    venue_submit(w, &entry);
    (void)venue_wait(w, entry.id, VENUE_FILL);
    stop = venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "0.01", "39500");
    venue_submit(w, &stop);
    (void)venue_wait(w, stop.id, VENUE_ACCEPTED);
    next = venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "0.01", "39600");
    assert_ok(w->port.replace(w->port.self, &stop, &next, clock_wall_us()));
    (void)venue_wait(w, next.id, VENUE_ACCEPTED);
    (void)venue_wait(w, stop.id, VENUE_CANCELED);
    /* The old one is gone already: the new one is not placed. */
    third = venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "0.01", "39700");
    assert_ok(w->port.replace(w->port.self, &stop, &third, clock_wall_us()));
    (void)venue_wait(w, third.id, VENUE_NOT_SENT);
    assert_int_equal(venue_state_count(w, third.client_order_id), 0);
    venue_step(w, 10 * 60 * US_PER_S);
    (void)venue_wait(w, next.id, VENUE_FILL);
    assert_int_equal(venue_count(w, stop.id, VENUE_FILL), 0);
}

/* The new order was made of the whole: what had executed would be sold again. */
static void test_a_touched_order_is_not_replaced(void **state)
{
    struct venue_world *w = *state;
    struct order old = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.01", "41000"), next;

    venue_faults(w, "next 1 on order : partial(0.4)\n");
    venue_submit(w, &old);
    (void)venue_wait(w, old.id, VENUE_FILL);
    next = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.01", "30000");
    assert_ok(w->port.replace(w->port.self, &old, &next, clock_wall_us()));
    (void)venue_wait(w, next.id, VENUE_NOT_SENT);
    assert_int_equal(venue_wait(w, old.id, VENUE_CANCEL_FAILED)->error, VENUE_ERROR_NOT_OPEN);
    assert_int_equal(venue_state_count(w, next.client_order_id), 0);
    assert_int_equal(venue_count(w, old.id, VENUE_CANCELED), 0);
    assert_ok(w->port.cancel(w->port.self, &old, clock_wall_us()));
    check_size(venue_wait(w, old.id, VENUE_CANCELED)->executed, "0.004");
}

static void test_the_accounts_picture(void **state)
{
    struct venue_world *w = *state;
    struct order entry = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL), stop, rest;
    const struct venue_account *a;
    bool has_stop = false, has_rest = false, has_quote = false;

    venue_submit(w, &entry);
    (void)venue_wait(w, entry.id, VENUE_FILL);
    stop = venue_order(w, SIDE_SELL, ORDER_STOP_MARKET, "0.01", "39500");
    venue_submit(w, &stop);
    (void)venue_wait(w, stop.id, VENUE_ACCEPTED);
    rest = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.02", "30000");
    venue_submit(w, &rest);
    (void)venue_wait(w, rest.id, VENUE_ACCEPTED);
    assert_ok(w->port.reconcile(w->port.self, clock_wall_us() - 3 * US_PER_DAY, clock_wall_us()));
    assert_err(w->port.reconcile(w->port.self, 0, clock_wall_us()), ERR_AGAIN);
    (void)venue_wait(w, 0, VENUE_ACCOUNT);
    a = w->port.account(w->port.self);
    for (size_t i = 0; i < a->order_count; i++) {
        has_stop |= strcmp(a->orders[i].client_order_id, stop.client_order_id) == 0 &&
                    a->orders[i].price.e12 == stop.stop_price.e12;
        has_rest |= strcmp(a->orders[i].client_order_id, rest.client_order_id) == 0 &&
                    a->orders[i].size.e12 == rest.size.e12;
        assert_string_equal(a->orders[i].symbol, w->symbol);
    }
    assert_true(has_stop && has_rest);
    assert_int_equal(a->order_count, 2);
    for (size_t i = 0; i < a->balance_count; i++)
        has_quote |= strcmp(a->balances[i].asset, "USDT") == 0 && a->balances[i].free.e12 > 0;
    assert_true(has_quote);
    assert_int_equal(a->trade_count, 1);
    check_size(a->trades[0].size, "0.01");
    assert_string_equal(a->trades[0].symbol, w->symbol);
    assert_int_equal(a->position_count, w->market == BINANCE_USDM ? 1 : 0);
    if (w->market == BINANCE_USDM)
        check_size(a->positions[0].size, "0.01");
    venue_faults(w, "next 1 on query : http(503)\n");
    assert_ok(w->port.reconcile(w->port.self, clock_wall_us(), clock_wall_us()));
    assert_int_equal(venue_wait(w, 0, VENUE_ACCOUNT_FAILED)->error, VENUE_ERROR_AMBIGUOUS);
}

static void test_the_picture_has_the_funding_that_was_paid(void **state)
{
    struct venue_world *w = *state;
    struct order entry = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);
    const struct venue_account *a;

    venue_submit(w, &entry);
    (void)venue_wait(w, entry.id, VENUE_FILL);
    venue_faults(w, "next 3 on GET /fapi/v3/positionRisk : funding(BTC/USDT:USDT, 0.001)\n");
    for (size_t i = 0; i < 2; i++) {
        assert_ok(w->port.reconcile(w->port.self, clock_wall_us(), clock_wall_us()));
        w->count = 0;
        (void)venue_wait(w, 0, VENUE_ACCOUNT);
        a = w->port.account(w->port.self);
        assert_int_equal(a->income_count, i + 1); /* told again: the overlap is hours */
        assert_string_equal(a->incomes[i].symbol, w->symbol);
        assert_string_equal(a->incomes[i].currency, "USDT");
        assert_true(a->incomes[i].id[0] && money_sign(a->incomes[i].amount) < 0);
        assert_true(a->incomes[i].at_us <= a->venue_us + 5 * US_PER_S &&
                    a->incomes[i].at_us > a->venue_us - US_PER_DAY);
    }
    assert_true(a->incomes[0].at_us <= a->incomes[1].at_us);
    assert_string_not_equal(a->incomes[0].id, a->incomes[1].id);
}

static void test_what_it_cannot_take(void **state)
{
    struct venue_world *w = *state;
    struct order o = venue_order(w, SIDE_BUY, ORDER_MARKET, "0.01", NULL);

    (void)copy_text(o.symbol, sizeof o.symbol, "ETH/USDT");
    assert_err(w->port.submit(w->port.self, &o, clock_wall_us()), ERR_NOT_FOUND);
    assert_int_equal(w->port.due_us(w->port.self), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SPOT(name) {#name " (spot)", name, venue_world_spot, venue_world_end, NULL}
#define USDM(name)                                                      \
    {                                                                   \
#name " (USD-M)", name, venue_world_usdm, venue_world_end, NULL \
    }
        SPOT(test_a_market_order_is_told_fill_by_fill),
        USDM(test_a_market_order_is_told_fill_by_fill),
        SPOT(test_a_resting_order_is_canceled),
        USDM(test_a_resting_order_is_canceled),
        SPOT(test_a_filled_order_cannot_be_canceled),
        USDM(test_a_filled_order_cannot_be_canceled),
        SPOT(test_a_stop_rests_and_is_followed_until_it_has_filled),
        USDM(test_a_stop_rests_and_is_followed_until_it_has_filled),
        SPOT(test_a_stop_is_canceled),
        USDM(test_a_stop_is_canceled),
        SPOT(test_a_lost_answer_is_unknown_and_found_by_asking),
        USDM(test_a_lost_answer_is_unknown_and_found_by_asking),
        SPOT(test_a_lost_request_is_unknown_and_absent),
        SPOT(test_each_refusal_has_its_class),
        USDM(test_each_refusal_has_its_class),
        SPOT(test_what_is_too_late_is_not_sent),
        SPOT(test_a_name_that_is_taken),
        USDM(test_a_name_that_is_taken),
        SPOT(test_a_part_of_an_order),
        SPOT(test_the_venue_cancels_of_its_own),
        SPOT(test_a_restart_goes_on_following),
        USDM(test_a_restart_goes_on_following),
        SPOT(test_a_stop_is_replaced_by_one_request),
        SPOT(test_a_touched_order_is_not_replaced),
        SPOT(test_the_accounts_picture),
        USDM(test_the_accounts_picture),
        USDM(test_the_picture_has_the_funding_that_was_paid),
        SPOT(test_what_it_cannot_take),
#undef SPOT
#undef USDM
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
