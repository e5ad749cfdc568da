/* SPDX-License-Identifier: Apache-2.0 */
/* Tests which finer candles are the inside of a candle, and what is refused. */
#include "engine/detail.h"

#include "engine/feed_copy.h"
#include "engine/feed_join.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"

enum {
    MINUTES = 5
};
#define MINUTE (60 * US_PER_S)

static struct candle candle_of(int64_t minute, int64_t open, int64_t high, int64_t low,
                               int64_t close)
{
    return (struct candle){.open_us = minute * MINUTE,
                           .open = open,
                           .high = high,
                           .low = low,
                           .close = close,
                           .volume = 1,
                           .price_scale = 2};
}

/* The inside of {100, 104, 97, 100}. */
static const int64_t good[MINUTES][4] = {{100, 101, 99, 101},
                                         {101, 104, 101, 102},
                                         {102, 102, 100, 100},
                                         {100, 100, 97, 98},
                                         {98, 100, 98, 100}};

static void fill(struct candle *out, int64_t minute)
{
    for (int i = 0; i < MINUTES; i++)
        out[i] = candle_of(minute + i, good[i][0], good[i][1], good[i][2], good[i][3]);
}

static bool take(struct candle *fine, size_t count, const struct candle *whole, size_t *kept,
                 struct detail_fault *fault)
{
    struct detail d = {.candles = fine,
                       .count = count,
                       .detail_us = MINUTE,
                       .timeframe_us = MINUTES * MINUTE,
                       .tick = price("0.01")};
    const bool is_good = detail_take(&d, whole, fault);

    *kept = d.kept_count;
    detail_release(&d);
    return is_good;
}

static void test_an_inside_makes_the_candle_up(void **state)
{
    const struct candle whole = candle_of(5, 100, 104, 97, 100);
    struct candle fine[MINUTES + 2];
    struct detail_fault fault;
    size_t kept;

    (void)state;
    fill(fine, 5);
    assert_true(take(fine, MINUTES, &whole, &kept, &fault));
    assert_int_equal(kept, MINUTES);
    /* Within a tick (0.01 is one of the scale). */
    fine[0].open++;
    fine[4].close--;
    fine[1].high++;
    assert_true(take(fine, MINUTES, &whole, &kept, &fault));
    assert_int_equal(kept, MINUTES);
    /* Further off, with all of them there: refused, with what and where. */
    fine[1].high++;
    assert_false(take(fine, MINUTES, &whole, &kept, &fault));
    assert_int_equal(fault.at, 1);
    assert_string_equal(fault.what, "high");
    assert_true(fault.made.e12 == price("1.06").e12 && fault.wanted.e12 == price("1.04").e12);
    assert_int_equal(kept, 0);
    /* The same with one missing: no inside. */
    fine[2] = fine[3];
    fine[3] = fine[4];
    assert_true(take(fine, MINUTES - 1, &whole, &kept, &fault));
    assert_int_equal(kept, 0);
    /* One missing that is not needed. */
    fill(fine, 5);
    fine[2] = fine[3];
    fine[3] = fine[4];
    assert_true(take(fine, MINUTES - 1, &whole, &kept, &fault));
    assert_int_equal(kept, MINUTES - 1);
    /* None at all. */
    fill(fine, 10);
    assert_true(take(fine, MINUTES, &whole, &kept, &fault));
    assert_int_equal(kept, 0);
    fill(fine, 0);
    assert_true(take(fine, MINUTES, &whole, &kept, &fault));
    assert_int_equal(kept, 0);
}

static void test_each_price_is_compared(void **state)
{
    static const char *const names[] = {"open", "high", "low", "close"};
    static const size_t at[] = {0, 1, 3, 4};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct candle whole = candle_of(5, 100, 104, 97, 100);
        struct candle fine[MINUTES];
        struct detail_fault fault;
        size_t kept;

        fill(fine, 5);
        *(int64_t *[]){&whole.open, &whole.high, &whole.low, &whole.close}[i] += i == 2 ? -2 : 2;
        assert_false(take(fine, MINUTES, &whole, &kept, &fault));
        assert_string_equal(fault.what, names[i]);
        assert_int_equal(fault.at, at[i]);
    }
}

/* ---- The order of events ---- */

struct past {
    const struct candle *candles;
    size_t count;
};

static enum err past_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take_event, void *context)
{
    const struct past *p = self;

    (void)until_us;
    (void)shift_us;
    (void)most;
    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; k < 2; k++) {
            struct feed_event e = {.kind = FEED_CLOSE,
                                   .instrument = k,
                                   .at_us = p->candles[i].open_us + MINUTES * MINUTE,
                                   .candle = p->candles[i]};

            take_event(context, &e);
        }
    return ERR_OK;
}

static int64_t past_timeframe_us(void *self)
{
    (void)self;
    return MINUTES * MINUTE;
}

static void test_order_at_one_instant(void **state)
{
    /* Minute, kind, instrument of each event; funding of the second instrument has its own time. */
    static const struct {
        int64_t at;
        enum feed_kind kind;
        size_t instrument;
    } want[] = {
        {300000, FEED_OPEN, 0},    {300000, FEED_OPEN, 1},    {360000, FEED_DETAIL, 1},
        {420000, FEED_DETAIL, 1},  {480000, FEED_DETAIL, 1},  {540000, FEED_DETAIL, 1},
        {600000, FEED_DETAIL, 1},  {600000, FEED_CLOSE, 0},   {600000, FEED_CLOSE, 1},
        {600000, FEED_FUNDING, 0}, {600000, FEED_FUNDING, 1}, {600000, FEED_OPEN, 0},
        {600000, FEED_OPEN, 1},    {600017, FEED_FUNDING, 0}, {900000, FEED_CLOSE, 0},
        {900000, FEED_CLOSE, 1},   {900000, FEED_FUNDING, 1},
    };
    const struct candle candles[] = {candle_of(5, 100, 104, 97, 100),
                                     candle_of(10, 100, 100, 100, 100)};
    const struct funding one[] = {{.at_us = 1000}, {.at_us = 600000000}, {.at_us = 600017000}};
    const struct funding two[] = {{.at_us = 600000000}, {.at_us = 900000000}, {.at_us = 900000001}};
    struct candle fine[MINUTES];
    const struct feed_beside beside[] = {{.funding = one, .funding_count = 3},
                                         {.funding = two,
                                          .funding_count = 3,
                                          .detail = fine,
                                          .detail_count = MINUTES,
                                          .detail_us = MINUTE}};
    struct past past = {candles, 2};
    const struct feed told = {
        .self = &past, .history = past_history, .timeframe_us = past_timeframe_us};
    const struct feed_past all = {.feed = &told, .until_us = INT64_MAX};
    struct feed_copy *copy;
    struct feed base, feed;
    struct feed_join *join;

    (void)state;
    fill(fine, 5);
    assert_ok(feed_copy_new(&all, &copy));
    base = feed_copy_port(copy);
    join = feed_join_new(&(struct feed_join_options){
        .feed = &base, .beside = beside, .count = 2, .with_detail = true});
    feed = feed_join_port(join);
    for (int64_t shift = 0; shift < 2; shift++) {
        const int64_t shift_us = shift * 7000000;
        struct feed_event e;
        enum feed_kind kind;
        int64_t at_us;

        feed.rewind(feed.self, shift_us);
        for (size_t i = 0; i < COUNT_OF(want); i++) {
            assert_ok(feed.peek(feed.self, &at_us, &kind));
            assert_ok(feed.next(feed.self, &e));
            assert_int_equal(e.at_us, want[i].at * US_PER_MS + shift_us);
            assert_int_equal(e.kind, want[i].kind);
            assert_int_equal(e.instrument, want[i].instrument);
            assert_int_equal(at_us, e.at_us);
            assert_int_equal(kind, e.kind);
            if (e.kind == FEED_CLOSE)
                assert_int_equal(e.has_detail, e.instrument == 1 && want[i].at == 600000);
        }
        assert_err(feed.peek(feed.self, &at_us, &kind), ERR_END);
        assert_err(feed.next(feed.self, &e), ERR_END);
        assert_int_equal(feed_join_counted(join, 1).with, 1);
        assert_int_equal(feed_join_counted(join, 1).without, 1);
        assert_int_equal(feed_join_counted(join, 0).without, 2);
    }
    feed_join_free(join);
    feed_copy_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_inside_makes_the_candle_up),
        cmocka_unit_test(test_each_price_is_compared),
        cmocka_unit_test(test_order_at_one_instant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
