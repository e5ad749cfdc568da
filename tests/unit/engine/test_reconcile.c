/* SPDX-License-Identifier: Apache-2.0 */
/* The venue's picture against ours: what is found, and what is left alone. */
#include "tests/support/check.h"

#include <string.h>

#include "engine/reconcile.h"
#include "tests/support/amounts.h"

enum {
    ASKED = 1000
};

/* One instrument, one order alive and one that has ended, and a picture that agrees. */
struct scene {
    struct instrument instrument;
    struct order alive, ended[2];
    struct reconcile_order alive_list[1];
    struct reconcile_holding holding;
    struct fill_ids known;
    struct venue_open_order orders[2];
    struct venue_trade trades[2];
    struct venue_position position;
    struct venue_balance balance;
    struct venue_account account;
    struct reconcile_input in;
    struct findings found;
};

static void name_order(struct order *o, const char *id, const char *venue_id)
{
    (void)copy_text(o->client_order_id, sizeof o->client_order_id, id);
    (void)copy_text(o->venue_order_id, sizeof o->venue_order_id, venue_id);
}

static void begin(struct scene *s, const char *symbol)
{
    *s = (struct scene){0};
    assert_ok(instrument_init(&s->instrument, symbol, price("0.5"), size("0.1"), money("10")));
    s->alive.id = 7;
    name_order(&s->alive, "alive", "v7");
    s->ended[1].id = 6;
    s->ended[1].ended_us = 10;
    name_order(&s->ended[1], "ended", "v6");
    s->alive_list[0] = (struct reconcile_order){&s->alive, true};
    s->holding = (struct reconcile_holding){&s->instrument, size("2"), true, size("2")};
    (void)copy_text(s->orders[0].client_order_id, VENUE_CLIENT_ID, "alive");
    (void)copy_text(s->position.symbol, LIMIT_SYMBOL, symbol);
    s->position.size = size("2");
    (void)copy_text(s->balance.asset, LIMIT_ASSET, s->instrument.base);
    s->balance.free = size("0.5");
    s->balance.locked = size("1.5");
    s->account = (struct venue_account){.asked_us = ASKED,
                                        .orders = s->orders,
                                        .order_count = 1,
                                        .trades = s->trades,
                                        .balances = &s->balance,
                                        .balance_count = 1,
                                        .positions = &s->position,
                                        .position_count = 1};
    s->in = (struct reconcile_input){.alive = s->alive_list,
                                     .alive_count = 1,
                                     .ended = s->ended,
                                     .ended_count = 2,
                                     .known = &s->known,
                                     .holdings = &s->holding,
                                     .holding_count = 1,
                                     .account = &s->account};
}

/* Compares; the only finding, or NULL. */
static const struct finding *compare(struct scene *s)
{
    findings_release(&s->found);
    reconcile_compare(&s->in, &s->found);
    assert_true(s->found.count <= 1);
    return s->found.count ? &s->found.list[0] : NULL;
}

static void end(struct scene *s)
{
    findings_release(&s->found);
    fill_ids_release(&s->known);
}

static void tell_trade(struct scene *s, const char *symbol, const char *client, const char *venue)
{
    s->account.trade_count = 1;
    (void)copy_text(s->trades[0].symbol, LIMIT_SYMBOL, symbol);
    (void)copy_text(s->trades[0].venue_fill_id, LIMIT_NAME, "t1");
    (void)copy_text(s->trades[0].client_order_id, VENUE_CLIENT_ID, client);
    (void)copy_text(s->trades[0].venue_order_id, VENUE_ORDER_ID, venue);
}

static void test_the_same_on_both_sides(void **state)
{
    struct scene s;

    (void)state;
    begin(&s, "BTC/USDT:USDT");
    assert_null(compare(&s));
    end(&s);
    begin(&s, "BTC/USDT");
    assert_null(compare(&s));
    end(&s);
}

static void test_fills_that_were_never_told(void **state)
{
    const struct finding *f;
    struct scene s;

    (void)state;
    begin(&s, "BTC/USDT:USDT");
    s.position.size = size("5"); /* not judged while a fill is missing */
    tell_trade(&s, "BTC/USDT:USDT", "alive", "");
    f = compare(&s);
    assert_int_equal(f->kind, FINDING_FILL);
    assert_int_equal(f->order_id, 7);
    tell_trade(&s, "BTC/USDT:USDT", "", "v6"); /* by the venue's id, of one that has ended */
    assert_int_equal(compare(&s)->order_id, 6);
    assert_true(fill_ids_add(&s.known, "BTC/USDT:USDT", "t1"));
    s.position.size = size("2");
    assert_null(compare(&s));
    end(&s);
}

static void test_foreign_trades_and_orders(void **state)
{
    const struct finding *f;
    struct scene s;

    (void)state;
    begin(&s, "BTC/USDT:USDT");
    tell_trade(&s, "BTC/USDT:USDT", "somebody", "v99");
    assert_int_equal(compare(&s)->kind, FINDING_FOREIGN_TRADE);
    tell_trade(&s, "DOGE/USDT", "somebody", "v99"); /* not ours to trade */
    assert_null(compare(&s));
    s.account.order_count = 2;
    (void)copy_text(s.orders[1].client_order_id, VENUE_CLIENT_ID, "somebody");
    f = compare(&s);
    assert_int_equal(f->kind, FINDING_FOREIGN_ORDER);
    assert_int_equal(f->at, 1);
    end(&s);
}

static void test_orders_that_are_gone_or_back(void **state)
{
    struct scene s;

    (void)state;
    begin(&s, "BTC/USDT:USDT");
    s.account.order_count = 0;
    assert_int_equal(compare(&s)->kind, FINDING_ORDER_GONE);
    s.alive_list[0].is_out = false; /* something of it is under way */
    assert_null(compare(&s));
    s.account.order_count = 2;
    (void)copy_text(s.orders[1].client_order_id, VENUE_CLIENT_ID, "ended");
    assert_int_equal(compare(&s)->kind, FINDING_ORDER_BACK);
    s.ended[1].ended_us = ASKED; /* it ended while the lists travelled */
    assert_null(compare(&s));
    end(&s);
}

static void test_positions_within_a_lot(void **state)
{
    const struct finding *f;
    struct scene s;

    (void)state;
    begin(&s, "BTC/USDT:USDT");
    s.position.size = size("2.05");
    assert_null(compare(&s));
    s.position.size = size("2.1");
    f = compare(&s);
    assert_int_equal(f->kind, FINDING_POSITION);
    assert_true(f->theirs.e12 == size("2.1").e12);
    s.holding.is_quiet = false;
    assert_null(compare(&s));
    s.holding.is_quiet = true;
    s.account.position_count = 0; /* none is told: it is 0 */
    assert_int_equal(compare(&s)->kind, FINDING_POSITION);
    end(&s);
}

static void test_spot_balances_cover_what_we_hold(void **state)
{
    struct scene s;

    (void)state;
    begin(&s, "BTC/USDT");
    s.balance.free = size("100"); /* somebody else's too */
    assert_null(compare(&s));
    s.balance.free = size("0.4");
    assert_int_equal(compare(&s)->kind, FINDING_POSITION);
    /* 0.04 of 2.03, with lots of 0.1: less than a lot, and 2.0 can be sold all the same. */
    s.holding.size = size("2.03");
    s.holding.sellable = size("2");
    s.balance.free = size("0.5");
    assert_null(compare(&s));
    s.balance.free = size("0.49"); /* 1.99: an exit of 2.0 would be refused for ever */
    assert_int_equal(compare(&s)->kind, FINDING_POSITION);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_on_both_sides),
        cmocka_unit_test(test_fills_that_were_never_told),
        cmocka_unit_test(test_foreign_trades_and_orders),
        cmocka_unit_test(test_orders_that_are_gone_or_back),
        cmocka_unit_test(test_positions_within_a_lot),
        cmocka_unit_test(test_spot_balances_cover_what_we_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
