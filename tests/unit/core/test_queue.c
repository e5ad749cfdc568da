/* SPDX-License-Identifier: Apache-2.0 */
/* Queues: order, the room's end, waiting, closing, many threads. */
#include "core/queue.h"

#include <sched.h>
#include <stdlib.h>

#include "core/clock.h"
#include "tests/support/check.h"

static void test_order_and_room(void **state)
{
    struct queue q;
    int i, out = 0;

    (void)state;
    queue_init(&q, sizeof(int), 3);
    for (int round = 0; round < 5; round++) {
        for (i = 0; i < 3; i++)
            assert_ok(queue_push(&q, &i));
        assert_err(queue_push(&q, &i), ERR_LIMIT);
        assert_int_equal(queue_count(&q), 3);
        for (i = 0; i < 2 + round % 2; i++) {
            assert_ok(queue_pop(&q, &out, 0));
            assert_int_equal(out, i);
        }
        while (!queue_pop(&q, &out, 0))
            ;
    }
    out = 77;
    assert_err(queue_pop(&q, &out, 0), ERR_AGAIN);
    assert_int_equal(out, 77);
    queue_release(&q);
}

static void test_waiting(void **state)
{
    struct queue q;
    int64_t before = clock_monotonic_us(), waited;
    int out;

    (void)state;
    queue_init(&q, sizeof(int), 1);
    assert_err(queue_pop(&q, &out, 20 * US_PER_MS), ERR_AGAIN);
    waited = clock_monotonic_us() - before;
    assert_true(waited >= 20 * US_PER_MS && waited < 10 * US_PER_S);
    queue_release(&q);
}

static void test_a_poke_ends_one_wait(void **state)
{
    struct queue q;
    int64_t out, begun = clock_monotonic_us();

    (void)state;
    queue_init(&q, sizeof out, 2);
    queue_poke(&q);
    queue_poke(&q);
    assert_err(queue_pop(&q, &out, -1), ERR_AGAIN); /* would last for ever */
    assert_err(queue_pop(&q, &out, 20 * US_PER_MS), ERR_AGAIN);
    assert_true(clock_monotonic_us() - begun >= 20 * US_PER_MS);
    queue_release(&q);
}

static void *pop_for_ever(void *context)
{
    static enum err e;
    int out;

    e = queue_pop(context, &out, -1);
    return &e;
}

static void test_closing(void **state)
{
    struct queue q;
    pthread_t reader;
    void *result;
    int item = 5, out = 0;

    (void)state;
    queue_init(&q, sizeof(int), 2);
    assert_int_equal(pthread_create(&reader, NULL, pop_for_ever, &q), 0);
    queue_close(&q);
    pthread_join(reader, &result);
    assert_err(*(enum err *)result, ERR_SHUTTING_DOWN);
    assert_err(queue_push(&q, &item), ERR_SHUTTING_DOWN);
    queue_release(&q);

    queue_init(&q, sizeof(int), 2);
    assert_ok(queue_push(&q, &item));
    queue_close(&q);
    assert_ok(queue_pop(&q, &out, INT64_MAX));
    assert_int_equal(out, 5);
    assert_err(queue_pop(&q, &out, INT64_MAX), ERR_SHUTTING_DOWN);
    queue_release(&q);
}

enum {
    WRITERS = 3,
    ITEMS = 5000
};

static void *write_items(void *context)
{
    int i;

    for (i = 1; i <= ITEMS; i++) {
        while (queue_push(context, &i))
            sched_yield();
    }
    return NULL;
}

static void *sum_items(void *context)
{
    int64_t *sum = xcalloc(1, sizeof(*sum));
    int item;

    while (!queue_pop(context, &item, -1))
        *sum += item;
    return sum;
}

static void test_threads(void **state)
{
    pthread_t writers[WRITERS], readers[2];
    int64_t total = 0;
    struct queue q;
    void *sum;
    size_t i;

    (void)state;
    queue_init(&q, sizeof(int), 16);
    for (i = 0; i < COUNT_OF(readers); i++)
        assert_int_equal(pthread_create(&readers[i], NULL, sum_items, &q), 0);
    for (i = 0; i < COUNT_OF(writers); i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_items, &q), 0);
    for (i = 0; i < COUNT_OF(writers); i++)
        pthread_join(writers[i], NULL);
    queue_close(&q);
    for (i = 0; i < COUNT_OF(readers); i++) {
        pthread_join(readers[i], &sum);
        total += *(int64_t *)sum;
        free(sum);
    }
    assert_true(total == (int64_t)WRITERS * ITEMS * (ITEMS + 1) / 2);
    queue_release(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_room),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_a_poke_ends_one_wait),
        cmocka_unit_test(test_closing),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
