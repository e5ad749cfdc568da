/* SPDX-License-Identifier: Apache-2.0 */
/* The wall clock is set while orders are at a venue: nothing is proven by it, and nothing stops. */
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

/* An entry, sent at 60 s, of which nobody knows whether it arrived. */
static int64_t lose(struct script *s)
{
    int64_t id;

    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    id = script_newest(s, SCRIPT_SUBMIT)->order.id;
    (void)script_tell(s, VENUE_UNKNOWN, id);
    script_play(s, 66);
    return id;
}

static void deny(struct script *s, int64_t id, double at_s)
{
    script_tell(s, VENUE_STATE, id)->state = VENUE_ORDER_ABSENT;
    script_play(s, at_s);
}

/* It expires at 65 s, and may be there and not shown until 73 s, whatever the clock says. */
static void test_a_clock_set_forward_proves_no_absence(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = lose(&s);
    script_step_clock(30);
    deny(&s, id, 68);
    deny(&s, id, 70);
    deny(&s, id, 72);
    assert_int_not_equal(script_row(&s, id)->status, ORDER_ABSENT);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    for (int at_s = 76; at_s < 110; at_s += 2)
        deny(&s, id, at_s);
    assert_int_equal(script_row(&s, id)->status, ORDER_ABSENT);
    script_end(&s);
}

static void test_a_clock_set_back_stops_nothing(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    script_begin(&s);
    id = lose(&s);
    script_step_clock(-60);
    for (int at_s = 70; at_s < 110; at_s += 2)
        deny(&s, id, at_s);
    assert_int_equal(script_row(&s, id)->status, ORDER_ABSENT);
    for (size_t i = 1; i < s.journal.leaf_count; i++)
        assert_true(s.journal.leaves[i].at_us >= s.journal.leaves[i - 1].at_us);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_clock_set_forward_proves_no_absence),
        cmocka_unit_test(test_a_clock_set_back_stops_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
