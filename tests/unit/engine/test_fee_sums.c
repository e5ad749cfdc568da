/* SPDX-License-Identifier: Apache-2.0 */
/* Fees in third assets: summed by asset, kept over a restart, and no part of cash and profit. */
#include "engine/fee_sums.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

static void test_by_asset(void **state)
{
    struct fill bnb = {.fee_kind = FEE_OTHER, .fee = money("0.01"), .fee_currency = "BNB"};
    struct fill quote = {.fee_kind = FEE_QUOTE, .fee = money("5"), .fee_currency = "USDT"};
    struct fee_sums f = {0};
    char name[] = "A0";

    (void)state;
    fee_sums_fill(&f, &bnb);
    fee_sums_fill(&f, &quote);
    fee_sums_fill(&f, &bnb);
    fee_sums_add(&f, "ABC", money("1"));
    assert_int_equal(f.count, 2);
    assert_string_equal(f.list[0].currency, "ABC");
    assert_string_equal(f.list[1].currency, "BNB");
    assert_true(f.list[1].amount.e12 == money("0.02").e12);
    for (int i = 0; i < 20; i++) {
        name[1] = (char)('0' + i);
        fee_sums_add(&f, name, money("1"));
    }
    assert_int_equal(f.count, FEE_SUMS);
}

static void check(const struct script *s, const char *amount)
{
    struct snapshot *now = engine_snapshot(s->engine);

    assert_int_equal(now->other_fees.count, 1);
    assert_string_equal(now->other_fees.list[0].currency, "BNB");
    assert_true(now->other_fees.list[0].amount.e12 == money(amount).e12);
    assert_true(now->report.fees_paid.e12 == 0);
    assert_true(now->account.cash.e12 == now->account.performance.starting_equity.e12);
    snapshot_release(now);
}

static void pay(struct script *s, const char *id, const char *part)
{
    const int64_t order = script_newest(s, SCRIPT_SUBMIT)->order.id;
    struct venue_event *e = script_tell(s, VENUE_FILL, order);

    e->price = price("101");
    e->size = size(part);
    e->fee = money("0.0125");
    (void)copy_text(e->fee_currency, sizeof e->fee_currency, "BNB");
    (void)copy_text(e->venue_fill_id, sizeof e->venue_fill_id, id);
}

static void test_they_survive_a_restart_and_touch_nothing_else(void **state)
{
    struct script s;

    (void)state;
    script_begin(&s);
    script_play(&s, 1);
    script_agree(&s);
    script_play(&s, 65);
    pay(&s, "t1", "1");
    pay(&s, "t2", "2");
    script_play(&s, 66);
    check(&s, "0.025");
    script_restart(&s);
    check(&s, "0.025");
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_asset),
        cmocka_unit_test(test_they_survive_a_restart_and_touch_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
