/* SPDX-License-Identifier: Apache-2.0 */
/* A fill that is told twice is known; the set forgets the oldest only when it is full. */
#include "tests/support/check.h"

#include <stdio.h>

#include "core/limits.h"
#include "engine/fill_ids.h"

static const char *numbered(uint64_t n, char id[24])
{
    (void)snprintf(id, 24, "%llu", (unsigned long long)n);
    return id;
}

static void test_told_twice(void **state)
{
    struct fill_ids f = {0};

    (void)state;
    assert_false(fill_ids_has(&f, "BTC/USDT", "1"));
    assert_true(fill_ids_add(&f, "BTC/USDT", "1"));
    assert_false(fill_ids_add(&f, "BTC/USDT", "1"));
    assert_true(fill_ids_has(&f, "BTC/USDT", "1"));
    /* Venues number trades by symbol; the two parts do not run together. */
    assert_true(fill_ids_add(&f, "ETH/USDT", "1"));
    assert_true(fill_ids_add(&f, "BTC/USDT", "11"));
    assert_false(fill_ids_has(&f, "BTC/USDT1", "1"));
    fill_ids_release(&f);
}

static void test_the_oldest_goes_when_it_is_full(void **state)
{
    const uint64_t all = LIMIT_FILL_IDS + LIMIT_FILL_IDS / 2;
    struct fill_ids f = {0};
    char id[24];

    (void)state;
    for (uint64_t i = 0; i < all; i++)
        assert_true(fill_ids_add(&f, "BTC/USDT", numbered(i, id)));
    assert_int_equal(f.count, LIMIT_FILL_IDS);
    for (uint64_t i = 0; i < all; i++)
        assert_int_equal(fill_ids_has(&f, "BTC/USDT", numbered(i, id)), i >= all - LIMIT_FILL_IDS);
    fill_ids_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_twice),
        cmocka_unit_test(test_the_oldest_goes_when_it_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
