/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes in entries of the log: at the lot's decimals, and never rounded. */
#include <string.h>

#include "engine/ledger.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"

static void check_trade(const char *text, const char *wanted)
{
    static const struct leaf_context context = {MODE_PAPER, "s", 1};
    struct fill f = {.id = 1, .symbol = "BTC/USDT", .price = price("100"), .size = size(text)};
    struct instrument i;
    struct leaf leaf;

    assert_ok(instrument_init(&i, "BTC/USDT", price("0.01"), size("0.001"), money("5")));
    assert_ok(ledger_trade(&context, &f, &i, &leaf));
    assert_non_null(strstr(leaf.bytes, wanted));
    leaf_release(&leaf);
}

/* What one stop took of two positions, of which fees in the base asset had left uneven sizes. */
static void test_a_part_of_a_trade_keeps_all_its_decimals(void **state)
{
    (void)state;
    check_trade("0.05", "\"size\": \"0.050\"");
    check_trade("0.049878", "\"size\": \"0.049878\"");
    check_trade("0.049878123456", "\"size\": \"0.049878123456\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_part_of_a_trade_keeps_all_its_decimals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
