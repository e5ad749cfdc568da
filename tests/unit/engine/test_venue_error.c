/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the error classes of venues. */
#include "tests/support/check.h"

#include "engine/venue_error.h"

static void test_every_class_has_a_word_of_its_own(void **state)
{
    enum venue_error back = VENUE_ERROR_NONE;

    (void)state;
    for (int i = 0; i < VENUE_ERROR_COUNT_; i++) {
        assert_true(venue_error_of_name(venue_error_name((enum venue_error)i), &back));
        assert_int_equal(back, i);
    }
    assert_string_equal(venue_error_name(VENUE_ERROR_NONE), "");
    assert_false(venue_error_of_name("unheard_of", &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class_has_a_word_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
