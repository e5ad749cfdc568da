/* SPDX-License-Identifier: Apache-2.0 */
/* A copy plays what its feed plays; a trial trades what paper trades; a delay fills later. */
#include <stdlib.h>

#include "engine/feed_copy.h"
#include "engine/strategy_rows.h"
#include "engine/trial.h"
#include "tests/support/check.h"
#include "tests/support/world.h"

static const char strategy_json[] =
    "{\"version\":1,\"name\":\"cross\",\"timeframe\":\"5m\",\"startup_bars\":30,"
    "\"features\":{\"fast\":\"ema(close,5)\",\"slow\":\"ema(close,20)\"},"
    "\"entry\":{\"condition\":\"crossed_above(fast, slow)\",\"direction\":\"long\","
    "\"confidence\":0.8},"
    "\"exit\":{\"condition\":\"crossed_below(fast, slow)\",\"max_candles\":60},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.01},"
    "\"take_profit\":{\"type\":\"pct\",\"value\":0.03}}";

enum {
    CANDLES = 1500,
    SYMBOLS = 2
};

struct fixture {
    struct memory_journal journal;
    struct world world; /* played to its end by the paper engine */
    char *csv[SYMBOLS];
    struct trial_options options;
    struct feed_copy *copy;
    struct feed feed;
};

static int fixture_setup(void **state)
{
    static const char *const names[SYMBOLS] = {"BTC/USDT", "ETH/USDT"};
    struct fixture *f = xcalloc(1, sizeof *f);
    struct world_options o = world_options_default();
    struct feed_past past;

    o.strategy = strategy_json;
    o.symbol_count = SYMBOLS;
    for (size_t i = 0; i < SYMBOLS; i++) {
        f->csv[i] = world_candles(7 + i, CANDLES + 100 * i, 1000);
        o.symbols[i] = names[i];
        o.csv[i] = f->csv[i];
    }
    memory_journal_init(&f->journal);
    world_open(&f->world, &o, &f->journal);
    assert_true(world_run(&f->world, 100000));
    past = (struct feed_past){.feed = &f->world.feed, .until_us = INT64_MAX};
    assert_ok(feed_copy_new(&past, &f->copy));
    f->feed = feed_copy_port(f->copy);
    f->options = (struct trial_options){.strategy = f->world.strategy,
                                        .feed = &f->feed,
                                        .instruments = f->world.instruments,
                                        .instrument_count = SYMBOLS,
                                        .terms = trial_terms_default()};
    *state = f;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    feed_copy_free(f->copy);
    world_close(&f->world);
    memory_journal_release(&f->journal);
    for (size_t i = 0; i < SYMBOLS; i++)
        free(f->csv[i]);
    free(f);
    return 0;
}

static void assert_same_event(const struct feed_event *a, const struct feed_event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->instrument, b->instrument);
    assert_int_equal(a->at_us, b->at_us);
    assert_int_equal(a->candle.open_us, b->candle.open_us);
    assert_int_equal(a->candle.open, b->candle.open);
    assert_int_equal(a->candle.high, b->candle.high);
    assert_int_equal(a->candle.low, b->candle.low);
    assert_int_equal(a->candle.close, b->candle.close);
    assert_int_equal(a->candle.volume, b->candle.volume);
    assert_int_equal(a->candle.flags, b->candle.flags);
}

static void test_copy(void **state)
{
    struct fixture *f = *state;
    const struct feed *recorded = &f->world.feed, *copy = &f->feed;
    struct feed_event a, b;
    int64_t at_us;
    enum feed_kind kind;

    assert_int_equal(feed_copy_candles(f->copy), SYMBOLS * CANDLES + 100);
    assert_int_equal(copy->first_us(copy->self), recorded->first_us(recorded->self));
    assert_int_equal(copy->timeframe_us(copy->self), 300 * US_PER_S);
    for (int64_t shift = 0; shift < 2; shift++) {
        recorded->rewind(recorded->self, shift * US_PER_S);
        copy->rewind(copy->self, shift * US_PER_S);
        while (recorded->next(recorded->self, &a) == ERR_OK) {
            assert_ok(copy->peek(copy->self, &at_us, &kind));
            assert_ok(copy->next(copy->self, &b));
            assert_int_equal(at_us, b.at_us);
            assert_int_equal(kind, b.kind);
            assert_same_event(&a, &b);
        }
        assert_err(copy->peek(copy->self, &at_us, &kind), ERR_END);
        assert_err(copy->next(copy->self, &b), ERR_END);
    }
}

/* A part of the past: its last candles know that they are. */
static void test_copy_part(void **state)
{
    struct fixture *f = *state;
    const struct feed *recorded = &f->world.feed;
    int64_t first_us = recorded->first_us(recorded->self);
    struct feed_past past = {recorded, first_us + 100 * 300 * US_PER_S, 0, 10, NULL};
    struct feed_copy *part, *again, *none = NULL;
    struct feed feed;
    struct feed_event e;
    size_t last = 0, opens = 0;

    assert_ok(feed_copy_new(&past, &part));
    assert_int_equal(feed_copy_candles(part), SYMBOLS * 10);
    feed = feed_copy_port(part);
    assert_int_equal(feed.first_us(feed.self), first_us + 90 * 300 * US_PER_S);
    while (feed.next(feed.self, &e) == ERR_OK) {
        last += e.kind == FEED_CLOSE && (e.candle.flags & CANDLE_LAST);
        opens += e.kind == FEED_OPEN;
        assert_true(e.at_us <= past.until_us);
    }
    assert_int_equal(last, SYMBOLS);
    assert_int_equal(opens, SYMBOLS * 10);
    past = (struct feed_past){&feed, past.until_us + 50, 50, 4, NULL}; /* its own past again */
    assert_ok(feed_copy_new(&past, &again));
    assert_int_equal(feed_copy_candles(again), SYMBOLS * 4);
    feed_copy_free(again);
    past = (struct feed_past){recorded, first_us, 0, 0, NULL};
    assert_err(feed_copy_new(&past, &none), ERR_END);
    feed_copy_free(part);
    feed_copy_free(none);
}

/* What a history told, folded into one number. */
static void fold(void *context, const struct feed_event *e)
{
    uint64_t *sum = context;

    *sum = *sum * UINT64_C(1099511628211) ^ (uint64_t)e->at_us ^ (uint64_t)e->candle.close << 20 ^
           e->instrument << 7;
}

static uint64_t history_of(const struct feed *f, int64_t until_us, int64_t shift_us, int64_t most)
{
    uint64_t sum = 1;

    assert_ok(f->history(f->self, until_us, shift_us, most, fold, &sum));
    return sum;
}

/* A copy tells its past as the feed tells it; instruments may be left out. */
static void test_copy_history(void **state)
{
    struct fixture *f = *state;
    const struct feed *recorded = &f->world.feed;
    const size_t second[] = {FEED_COPY_LEAVE_OUT, 0};
    struct feed_past past = {recorded, INT64_MAX, 0, 0, second};
    int64_t first_us = recorded->first_us(recorded->self);
    struct feed_copy *copy;
    struct feed feed;
    struct feed_event e;

    for (int64_t candle = 0; candle < CANDLES + 110; candle += 37)
        for (int64_t most = 0; most < 300; most += 33) {
            int64_t until_us = first_us + candle * 300 * US_PER_S + most % 2;

            assert_true(history_of(recorded, until_us, most, most) ==
                        history_of(&f->feed, until_us, most, most));
        }
    assert_true(history_of(&f->feed, INT64_MAX, -5, 7) == history_of(recorded, INT64_MAX, -5, 7));
    assert_ok(feed_copy_new(&past, &copy));
    assert_int_equal(feed_copy_candles(copy), CANDLES + 100);
    feed = feed_copy_port(copy);
    while (feed.next(feed.self, &e) == ERR_OK)
        assert_int_equal(e.instrument, 0);
    feed_copy_free(copy);
}

/* A copy of all that a feed has in memory plays it from there. */
static void test_copy_shares(void **state)
{
    struct fixture *f = *state;
    const struct feed *recorded = &f->world.feed;
    const size_t second[] = {FEED_COPY_LEAVE_OUT, 0};
    struct feed_past past = {recorded, INT64_MAX, 0, 0, second};
    struct candle_span have, copied;
    struct feed_copy *copy;
    struct feed feed;

    assert_true(recorded->candles(recorded->self, 1, &have));
    assert_ok(feed_copy_new(&past, &copy));
    feed = feed_copy_port(copy);
    assert_true(feed.candles(feed.self, 0, &copied));
    assert_ptr_equal(copied.candles, have.candles);
    assert_int_equal(copied.count, have.count);
    feed_copy_free(copy);
    past.until_us = INT64_MAX - 1; /* a part: as long, but recorded */
    assert_ok(feed_copy_new(&past, &copy));
    feed = feed_copy_port(copy);
    assert_true(feed.candles(feed.self, 0, &copied));
    assert_ptr_not_equal(copied.candles, have.candles);
    assert_int_equal(copied.count, have.count);
    feed_copy_free(copy);
}

/* The same cycle: round trips, fills, equity and statistics are those of the paper account. */
static void test_trial_is_paper(void **state)
{
    struct fixture *f = *state;
    const struct memory_journal *paper = &f->journal;
    struct trial_result r;
    size_t closed = 0;

    assert_ok(trial_run(&f->options, NULL, &r));
    assert_true(r.closed_count > 10);
    for (size_t i = 0; i < paper->position_count; i++) {
        const struct position *p = &paper->positions[i];
        size_t k = 0;

        if (p->status != POSITION_CLOSED)
            continue;
        while (k < r.closed_count && r.closed[k].id != p->id)
            k++;
        assert_true(k < r.closed_count);
        assert_true(r.closed[k].realized_pnl.e12 == p->realized_pnl.e12);
        assert_int_equal(r.closed[k].closed_us, p->closed_us);
        assert_int_equal(r.closed[k].exit_reason, p->exit_reason);
        closed++;
    }
    assert_int_equal(r.closed_count, closed);
    assert_int_equal(r.report.total_trades, (int64_t)closed);
    assert_int_equal(r.fill_count, paper->fill_count);
    assert_int_equal(r.daily.count, paper->daily.count);
    assert_true(r.account.cash.e12 == paper->account.cash.e12);
    assert_int_equal(r.account.mode, MODE_BACKTEST);
    assert_int_equal(r.symbol_errors, 0);
    trial_result_release(&r);
}

/* Entries of the rows, to be looked for. */
struct wanted {
    const struct memory_journal *paper;
    size_t entries, found;
};

static void look_for_signal(void *context, const struct row *row)
{
    struct wanted *w = context;
    struct decision d;

    row_decide(row, &d);
    w->entries += d.entry == TRI_TRUE;
    for (size_t i = 0; i < w->paper->signal_count; i++) {
        const struct signal *s = &w->paper->signals[i];

        if (s->action != SIGNAL_ENTRY || s->candle_us != row->candle->open_us ||
            strcmp(s->symbol, row->instrument == 0 ? "BTC/USDT" : "ETH/USDT") != 0)
            continue;
        assert_int_equal(d.entry, TRI_TRUE);
        assert_true(ratio_to_double(s->confidence) == d.confidence);
        assert_string_equal(s->trigger, d.trigger);
        w->found++;
    }
}

/* What a notebook is given is what the engine decides on: every signal is a row that says so. */
static void test_rows_are_paper(void **state)
{
    struct fixture *f = *state;
    struct wanted w = {.paper = &f->journal};
    const struct rows_options o = {.strategy = f->world.strategy,
                                   .instruments = f->world.instruments,
                                   .instrument_count = SYMBOLS,
                                   .from_us = INT64_MIN,
                                   .take = look_for_signal,
                                   .context = &w};
    struct rows *rows = rows_new(&o);
    size_t signals = 0;

    for (size_t i = 0; i < w.paper->signal_count; i++)
        signals += w.paper->signals[i].action == SIGNAL_ENTRY;
    assert_ok(f->feed.history(f->feed.self, INT64_MAX, 0, 0, rows_push, rows));
    rows_end(rows);
    rows_free(rows);
    assert_true(signals > 10);
    assert_int_equal(w.found, signals);
    assert_true(w.entries >= signals);
}

/* The same options give the same result; a candle later, entries fill a candle later. */
static void test_delay(void **state)
{
    struct fixture *f = *state;
    struct trial_options late = f->options;
    struct trial_result a, b, c;
    int64_t first_us;

    late.terms.delay_candles = 1;
    assert_ok(trial_run(&f->options, NULL, &a));
    assert_ok(trial_run(&f->options, NULL, &b));
    assert_ok(trial_run(&late, NULL, &c));
    assert_int_equal(a.fill_count, b.fill_count);
    for (size_t i = 0; i < a.fill_count; i++) {
        assert_int_equal(a.fills[i].at_us, b.fills[i].at_us);
        assert_true(a.fills[i].price.e12 == b.fills[i].price.e12);
    }
    assert_true(a.equity.e12 == b.equity.e12);
    assert_true(a.equity.e12 != c.equity.e12);
    first_us = a.fills[0].at_us;
    assert_int_equal(c.fills[0].at_us, first_us + 300 * US_PER_S);
    trial_result_release(&a);
    trial_result_release(&b);
    trial_result_release(&c);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct trial_options o = f->options;
    struct trial_result r = {0};

    o.most_steps = 100;
    assert_err(trial_run(&o, NULL, &r), ERR_LIMIT);
    o.instrument_count = 0;
    assert_err(trial_run(&o, NULL, &r), ERR_END);
    assert_null(r.fills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy),           cmocka_unit_test(test_copy_part),
        cmocka_unit_test(test_copy_history),   cmocka_unit_test(test_copy_shares),
        cmocka_unit_test(test_rows_are_paper), cmocka_unit_test(test_trial_is_paper),
        cmocka_unit_test(test_delay),          cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
