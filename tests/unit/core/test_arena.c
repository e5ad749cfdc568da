/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: zeroed, aligned memory up to a maximum, freed at once. */
#include "core/arena.h"

#include "tests/support/check.h"

static void test_arena(void **state)
{
    struct arena a;
    char *text;
    unsigned char *bytes;
    size_t i, n, total = 0;

    (void)state;
    arena_init(&a, 20000);
    for (n = 1; (bytes = arena_alloc(&a, n)) != NULL; n += 7) {
        assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
        for (i = 0; i < n; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xFF, n);
        total += n;
    }
    assert_true(total > 15000 && total <= 20000);
    arena_release(&a);
    text = arena_strndup(&a, "hello", 3);
    assert_string_equal(text, "hel");
    assert_non_null(arena_alloc(&a, 0));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, 20001));
    assert_non_null(arena_alloc(&a, 19000));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
