/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: references and documents, also from many threads at once. */
#include "tests/support/check.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/text.h"
#include "engine/snapshot.h"

enum {
    THREADS = 8,
    ROUNDS = 500,
    RENDERS = 4
};

static int renderings;

static void render_sequence(const struct snapshot *s, struct text *out)
{
    __atomic_fetch_add(&renderings, 1, __ATOMIC_RELAXED);
    text_format(out, "number %llu", (unsigned long long)s->seq);
}

static void render_nothing(const struct snapshot *s, struct text *out)
{
    (void)s;
    (void)out;
}

static void test_a_document_is_rendered_once(void **state)
{
    struct snapshot *s = snapshot_new();
    const char *first;
    size_t length = 0;

    (void)state;
    s->seq = 7;
    renderings = 0;
    first = snapshot_render(s, 3, render_sequence, &length);
    assert_string_equal(first, "number 7");
    assert_int_equal(length, 8);
    length = 0;
    assert_ptr_equal(snapshot_render(s, 3, render_sequence, &length), first);
    assert_int_equal(length, 8);
    assert_int_equal(renderings, 1);
    assert_ptr_not_equal(snapshot_render(s, 4, render_sequence, &length), first);
    assert_int_equal(renderings, 2);
    assert_string_equal(snapshot_render(s, SNAPSHOT_DOCUMENTS - 1, render_nothing, &length), "");
    assert_int_equal(length, 0);
    snapshot_release(s);
}

static void test_the_last_reference_frees(void **state)
{
    struct snapshot *s = snapshot_new();
    size_t length;

    (void)state;
    s->positions = xcalloc(2, sizeof *s->positions);
    s->position_instruments = xcalloc(2, sizeof *s->position_instruments);
    s->position_marks = xcalloc(2, sizeof *s->position_marks);
    s->orders = xcalloc(2, sizeof *s->orders);
    s->order_instruments = xcalloc(2, sizeof *s->order_instruments);
    assert_ptr_equal(snapshot_acquire(s), s);
    snapshot_release(s);
    assert_string_equal(snapshot_render(s, 0, render_sequence, &length), "number 0");
    snapshot_release(s);
    snapshot_release(NULL);
}

struct reader {
    struct snapshot *snapshot; /* a reference of its own */
    const char *documents[RENDERS];
};

static void *read_documents(void *argument)
{
    struct reader *r = argument;
    size_t length;

    for (int i = 0; i < RENDERS; i++) {
        struct snapshot *s = snapshot_acquire(r->snapshot);

        r->documents[i] = snapshot_render(s, i, render_sequence, &length);
        if (length != strlen(r->documents[i]))
            r->documents[i] = NULL;
        snapshot_release(s);
    }
    return NULL;
}

static void test_many_readers_see_one_document(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct snapshot *s = snapshot_new();
        struct reader readers[THREADS];
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++) {
            readers[i] = (struct reader){.snapshot = snapshot_acquire(s)};
            assert_int_equal(pthread_create(&threads[i], NULL, read_documents, &readers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (int i = 0; i < THREADS; i++) {
            assert_non_null(readers[i].documents[0]);
            for (int n = 0; n < RENDERS; n++)
                assert_ptr_equal(readers[i].documents[n], readers[0].documents[n]);
            snapshot_release(s);
        }
        snapshot_release(s);
    }
}

static void *release_it(void *snapshot)
{
    size_t length;

    (void)snapshot_render(snapshot, 1, render_sequence, &length);
    snapshot_release(snapshot);
    return NULL;
}

static void test_any_thread_may_be_the_last(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct snapshot *s = snapshot_new();
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, release_it, snapshot_acquire(s)), 0);
        snapshot_release(s);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void test_words_and_buckets(void **state)
{
    (void)state;
    assert_string_equal(loop_state_name(LOOP_STOPPED), "stopped");
    assert_string_equal(loop_state_name(LOOP_FAILED), "failed");
    for (int i = 0; i < LOOP_STATE_COUNT_; i++)
        assert_non_null(loop_state_name((enum loop_state)i));
    for (size_t i = 1; i < COUNT_OF(snapshot_bucket_us); i++)
        assert_true(snapshot_bucket_us[i - 1] < snapshot_bucket_us[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_document_is_rendered_once),
        cmocka_unit_test(test_the_last_reference_frees),
        cmocka_unit_test(test_many_readers_see_one_document),
        cmocka_unit_test(test_any_thread_may_be_the_last),
        cmocka_unit_test(test_words_and_buckets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
