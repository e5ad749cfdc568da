/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path of backtests gives what the whole engine gives, to the last digit: strategies of
 * the corpus on random candles with gaps, under random terms. */
#include "tests/unit/engine/test_corpus.h"

#include <dirent.h>

#include "core/jwriter.h"
#include "core/log.h"
#include "engine/backtest.h"
#include "exchange/recorded_feed.h"

enum {
    NAMES = 200,
    CANDLES = 3500,
    LONG_CANDLES = 14000, /* so many that a point of the curve has several samples */
    LONG_EVERY = 6,       /* strategies */
    PLAYS = 3,            /* of each strategy */
    STEP_PLAYS = 400,
    JSON_BYTES = 64 * 1024 * 1024
};

struct names {
    char names[NAMES][LIMIT_NAME];
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void read_names(struct names *out)
{
    DIR *folder = opendir(TEST_DATA "/strategies");
    const struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        const char *dot = strstr(entry->d_name, ".json");
        size_t length = dot ? (size_t)(dot - entry->d_name) : 0;

        if (length == 0 || length >= LIMIT_NAME)
            continue;
        assert_true(out->count < NAMES);
        memcpy(out->names[out->count], entry->d_name, length);
        out->names[out->count++][length] = '\0';
    }
    closedir(folder);
    qsort(out->names, out->count, sizeof out->names[0], compare_names);
}

static int64_t pick(struct check_random *r, int64_t least, int64_t most)
{
    return least + (int64_t)(check_random_next(r) % (uint64_t)(most - least + 1));
}

/* At most so many candles with holes of all lengths, and some without volume. */
static struct candle_series holed(const struct market *m, size_t most, struct check_random *r)
{
    struct candle_series s = {.timeframe_us = m->candles[1].open_us - m->candles[0].open_us,
                              .price_scale = m->candles[0].price_scale,
                              .size_scale = m->candles[0].size_scale};
    size_t first;

    most = m->count > most ? most : m->count;
    first = (size_t)pick(r, 0, (int64_t)(m->count - most));
    s.candles = xcalloc(most, sizeof *s.candles);
    for (size_t i = first; i < first + most; i++) {
        struct candle c = m->candles[i];

        if (c.flags & CANDLE_SYNTHETIC)
            continue;
        if (s.count > 2 && pick(r, 0, 400) == 0)
            i += (size_t)pick(r, 1, 40);
        if (pick(r, 0, 50) == 0)
            c.volume = 0;
        s.candles[s.count++] = c;
    }
    return s;
}

static struct ratio ten_thousandths(int64_t n)
{
    return (struct ratio){(i128)n * 100000000};
}

static struct trial_terms random_terms(struct check_random *r)
{
    struct trial_terms t = trial_terms_default();

    t.starting_equity.e12 = (i128)pick(r, 20, 1000000) * 1000000000000;
    t.fee_rate = ten_thousandths(pick(r, 0, 30));
    t.slippage = ten_thousandths(pick(r, 0, 30));
    t.slippage_tolerance = ten_thousandths(pick(r, 0, 1) * pick(r, 1, 100));
    t.intrabar = pick(r, 0, 1) ? INTRABAR_ADAPTIVE : INTRABAR_PESSIMISTIC;
    t.limit_fill = pick(r, 0, 1) ? LIMIT_FILL_THROUGH : LIMIT_FILL_TOUCH;
    t.limits.stop_loss_required = pick(r, 0, 1);
    t.limits.fee_rate = t.fee_rate;
    if (pick(r, 0, 2) == 0)
        t.limits.max_drawdown = ten_thousandths(pick(r, 100, 4000));
    if (pick(r, 0, 2) == 0)
        t.limits.max_position_ratio = ten_thousandths(pick(r, 100, 9000));
    if (pick(r, 0, 3) == 0)
        t.limits.min_confidence = (struct ratio){0};
    return t;
}

static struct instrument random_instrument(const char *symbol, struct check_random *r)
{
    static const int64_t ticks[] = {10000000000, 1000000000, 500000000000, 70000000000};
    static const int64_t lots[] = {10000000, 1000000000, 1, 370000000};
    const struct price tick = {ticks[pick(r, 0, 3)]};
    const struct size lot = {lots[pick(r, 0, 3)]};
    struct instrument i;

    assert_ok(instrument_init(&i, symbol, tick, lot,
                              (struct money){(i128)pick(r, 0, 20) * 1000000000000}));
    return i;
}

/* ---- The comparison ---- */

static char *json_of(const struct backtest_options *o, const struct backtest_result *r)
{
    struct text t;
    struct jwriter w;
    const struct backtest_paper paper = {&w, NULL, NULL};
    size_t length;

    text_init(&t, JSON_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    assert_ok(backtest_write(&paper, o, r));
    assert_true(jwriter_ok(&w));
    return text_take(&t, &length);
}

static void assert_same_position(const struct position *a, const struct position *b)
{
    assert_true(a->extreme.e12 == b->extreme.e12);
    assert_true(a->worst.e12 == b->worst.e12);
    assert_true(a->mark.e12 == b->mark.e12);
    assert_true(a->trailing_stop.e12 == b->trailing_stop.e12);
    assert_true(a->roi_target.e12 == b->roi_target.e12);
    assert_true(a->size.e12 == b->size.e12);
    assert_true(a->first_size.e12 == b->first_size.e12);
    assert_true(a->cost_left.e12 == b->cost_left.e12);
    assert_true(a->entry_fee_left.e12 == b->entry_fee_left.e12);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->candles_held, b->candles_held);
    assert_int_equal(a->signal_id, b->signal_id);
    assert_int_equal(a->entry_order_id, b->entry_order_id);
    assert_int_equal(a->stop_order_id, b->stop_order_id);
    assert_int_equal(a->target_order_id, b->target_order_id);
    assert_int_equal(a->exit_order_id, b->exit_order_id);
    assert_int_equal(a->updated_us, b->updated_us);
    assert_string_equal(a->strategy_id, b->strategy_id);
}

/* What the text does not tell. */
static void assert_same_fill(const struct fill *a, const struct fill *b)
{
    assert_string_equal(a->strategy_id, b->strategy_id);
    assert_int_equal(a->fee_kind, b->fee_kind);
    assert_true(a->fee_worth.e12 == b->fee_worth.e12);
}

static void assert_same_account(const struct account *a, const struct account *b)
{
    assert_true(a->cash.e12 == b->cash.e12);
    assert_int_equal(a->last_order_id, b->last_order_id);
    assert_int_equal(a->last_intent_id, b->last_intent_id);
    assert_int_equal(a->last_signal_id, b->last_signal_id);
    assert_int_equal(a->last_position_id, b->last_position_id);
    assert_int_equal(a->cycle_count, b->cycle_count);
    assert_int_equal(a->performance.peak_us, b->performance.peak_us);
    assert_int_equal(a->performance.trough_us, b->performance.trough_us);
    assert_int_equal(a->performance.first_us, b->performance.first_us);
    assert_int_equal(a->performance.bars, b->performance.bars);
    assert_int_equal(a->performance.bars_exposed, b->performance.bars_exposed);
    assert_int_equal(a->performance.day, b->performance.day);
    assert_true(a->performance.equity_peak.e12 == b->performance.equity_peak.e12);
}

static void assert_same(const struct backtest_options *o, const struct backtest_result *fast,
                        const struct backtest_result *whole)
{
    char *a = json_of(o, fast), *b = json_of(o, whole);
    struct position x, y;
    struct fill f, g;
    size_t at = 0;

    while (a[at] && a[at] == b[at])
        at++;
    if (a[at] != b[at])
        fail_msg("%s: '%.200s' instead of '%.200s'", strategy_name(o->strategies[0]),
                 a + (at > 60 ? at - 60 : 0), b + (at > 60 ? at - 60 : 0));
    free(a);
    free(b);
    for (size_t i = 0; i < backtest_closed_count(fast); i++)
        assert_same_position(backtest_closed(fast, i, &x), backtest_closed(whole, i, &y));
    for (size_t i = 0; i < backtest_fill_count(fast); i++)
        assert_same_fill(backtest_fill(fast, i, &f), backtest_fill(whole, i, &g));
    for (size_t i = 0; i < fast->trial.open_count; i++)
        assert_same_position(&fast->trial.open[i], &whole->trial.open[i]);
    assert_same_account(&fast->trial.account, &whole->trial.account);
}

/* ---- The plays ---- */

struct tally {
    size_t plays, is_long, trades, open, windows, denied, rejected;
};

static char *report_of(const struct backtest_options *o, const struct backtest_result *r)
{
    struct text t;
    struct jwriter w;
    size_t length;

    text_init(&t, JSON_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    jw_object(&w);
    backtest_write_report(&w, o, r);
    backtest_write_tables(&w, r);
    jw_object_end(&w);
    assert_true(jwriter_ok(&w));
    return text_take(&t, &length);
}

static void assert_same_report(const struct backtest_options *o, const struct backtest_result *a,
                               const struct backtest_result *b)
{
    char *x = report_of(o, a), *y = report_of(o, b);

    assert_string_equal(x, y);
    free(x);
    free(y);
}

/* The feed's history instead of its candles in memory. */
static void assert_same_told(struct backtest_options o, const struct backtest_result *fast)
{
    struct feed teller = *o.feed;
    struct backtest_result told;

    teller.candles = NULL;
    o.feed = &teller;
    assert_ok(backtest_run(&o, NULL, &told));
    assert_true(told.is_fast);
    assert_same(&o, fast, &told);
    backtest_result_release(&told);
    o.metrics_only = true;
    assert_ok(backtest_run(&o, NULL, &told));
    assert_int_equal(backtest_fill_count(&told) + backtest_closed_count(&told), 0);
    assert_same_report(&o, fast, &told);
    backtest_result_release(&told);
}

static void play(const struct strategy *s, struct candle_series *series, struct check_random *r,
                 struct tally *tally)
{
    /* Shorts need a perpetual, whatever symbol the artifact names. */
    const char *symbol = strategy_symbol(s, 0);
    const int64_t step_us = series->timeframe_us, first_us = series->candles[0].open_us;
    const int64_t count = (int64_t)series->count;
    const struct instrument instrument = random_instrument(symbol, r);
    struct backtest_options o = {
        .strategies = &s,
        .strategy_count = 1,
        .instruments = &instrument,
        .instrument_count = 1,
        .terms = random_terms(r),
    };
    struct recorded_feed *recorded;
    struct diag_list diags = {0};
    struct backtest_result fast, whole;
    struct feed feed;

    assert_ok(recorded_feed_new_take(series, 1, &instrument, &diags, &recorded));
    feed = recorded_feed_port(recorded);
    o.feed = &feed;
    if (pick(r, 0, 1))
        o.from_us = first_us + pick(r, 0, count / 3) * step_us + pick(r, 0, 1) * 17;
    if (pick(r, 0, 1))
        o.to_us = first_us + pick(r, count / 2, count) * step_us + pick(r, 0, 1) * 17;
    o.windows = (size_t)pick(r, 0, 7);
    if (backtest_run(&o, &diags, &fast))
        fail_msg("%s: %s", strategy_name(s), diags.items[0].message);
    assert_true(fast.is_fast);
    assert_same_told(o, &fast);
    o.path = BACKTEST_WHOLE;
    assert_ok(backtest_run(&o, &diags, &whole));
    assert_false(whole.is_fast);
    assert_same(&o, &fast, &whole);
    tally->plays++;
    tally->trades += backtest_closed_count(&fast);
    tally->open += fast.trial.open_count;
    tally->windows += fast.watch.window_count;
    tally->denied += (size_t)fast.trial.account.signals_denied;
    tally->rejected += (size_t)fast.trial.account.orders_rejected;
    backtest_result_release(&fast);
    backtest_result_release(&whole);
    recorded_feed_free(recorded);
}

static bool applies(const struct strategy *s)
{
    return strategy_other_count(s) == 0 && !strategy_scale_in(s).is_used &&
           !strategy_scale_out(s).is_used;
}

static void test_fast_is_whole(void **state)
{
    static const char *const kinds[] = {"recorded", "wild", "calm"};
    struct names *names = xcalloc(1, sizeof *names);
    struct tally tally = {0};

    (void)state;
    read_names(names);
    assert_true(names->count > 100);
    for (size_t i = 0; i < names->count; i++) {
        struct strategy *s = corpus_load(names->names[i]);
        struct check_random r = {7 + i};

        for (size_t k = i % CHECK_EVERY; applies(s) && k < PLAYS; k += CHECK_EVERY) {
            const int64_t step_us = strategy_timeframe_us(s);
            /* The recording has candles of 5 minutes, and few days. */
            const bool is_short = step_us < 300 * US_PER_S || step_us > 3600 * US_PER_S;
            const char *kind = k == 0 && is_short ? "wild" : kinds[k];
            struct market m = candles_of(kind, strategy_symbol(s, 0), step_us);
            struct candle_series series;

            series = holed(&m, k == 0 && i % LONG_EVERY == 0 ? LONG_CANDLES : CANDLES, &r);
            tally.is_long += series.count > 3 * BACKTEST_POINTS;
            play(s, &series, &r, &tally);
            market_release(&m);
        }
        strategy_release(s);
    }
    print_message("%zu plays, %zu trades, %zu open, %zu windows, %zu denied, %zu rejected\n",
                  tally.plays, tally.trades, tally.open, tally.windows, tally.denied,
                  tally.rejected);
    assert_true(tally.plays > 150 / CHECK_EVERY && tally.trades > 5000 / CHECK_EVERY);
    assert_true(tally.open > 10 / CHECK_EVERY && tally.denied > 100 / CHECK_EVERY);
    assert_true(tally.is_long > 10 / CHECK_EVERY);
    free(names);
}

/* ---- Steps of a hundredth ---- */

static const char *const steps[] = {
    "{\"name\":\"steps\",\"symbol\":\"BTC/USDT:USDT\",\"timeframe\":\"5m\",\"direction\":\"long\","
    "\"entry\":{\"condition\":\"close > ema(close, 5)\"},"
    "\"exit\":{\"condition\":\"close < ema(close, 40) - 0.05\"},"
    "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":1}}",
    "{\"name\":\"steps\",\"symbol\":\"BTC/USDT:USDT\",\"timeframe\":\"5m\",\"direction\":\"short\","
    "\"entry\":{\"condition\":\"close < ema(close, 5)\"},"
    "\"exit\":{\"condition\":\"close > ema(close, 40) + 0.05\"},"
    "\"position_sizing\":{\"type\":\"fixed_base\",\"value\":1}}",
};

/* Closes of which every other is a new low, a new high or the same again. */
static struct candle_series small_steps(struct check_random *r)
{
    struct candle_series s = {.timeframe_us = 300 * US_PER_S, .price_scale = 2};
    const int64_t drift = pick(r, -1, 1);
    int64_t close = 10000;

    s.count = (size_t)pick(r, 100, 700);
    s.candles = xcalloc(s.count, sizeof *s.candles);
    for (size_t i = 0; i < s.count; i++) {
        struct candle *c = &s.candles[i];
        const int64_t open = close;

        close += pick(r, -2, 2) + (pick(r, 0, 9) == 0 ? drift : 0);
        *c = (struct candle){.open_us = (int64_t)(1000000 + i) * s.timeframe_us,
                             .open = open,
                             .high = (open > close ? open : close) + pick(r, 0, 1),
                             .low = (open < close ? open : close) - pick(r, 0, 1),
                             .close = close,
                             .volume = 1000,
                             .price_scale = 2};
    }
    return s;
}

/* So much of a balance that a step is nothing in a ratio of 12 decimals, or so little that it is
 * much; without fees, so that the peak is often reached again. */
static void play_steps(const struct strategy *s, struct check_random *r, size_t *trades)
{
    static const int64_t balances[] = {1000, 1000000, 3000000000, 20000000000, 170000000000};
    struct candle_series series = small_steps(r);
    struct instrument instrument;
    struct backtest_options o = {
        .strategies = &s,
        .strategy_count = 1,
        .instruments = &instrument,
        .instrument_count = 1,
        .terms = trial_terms_default(),
        .windows = (size_t)(pick(r, 0, 1) * pick(r, 1, 3)),
    };
    struct recorded_feed *recorded;
    struct backtest_result fast, whole;
    struct feed feed;

    assert_ok(instrument_init(&instrument, "BTC/USDT:USDT", price_from_scaled(1, 2),
                              size_from_scaled(1, 5), MONEY_ZERO));
    o.terms.starting_equity.e12 = (i128)balances[pick(r, 0, 4)] * 1000000000000;
    o.terms.fee_rate = o.terms.slippage = (struct ratio){0};
    assert_ok(recorded_feed_new_take(&series, 1, &instrument, NULL, &recorded));
    feed = recorded_feed_port(recorded);
    o.feed = &feed;
    assert_ok(backtest_run(&o, NULL, &fast));
    assert_true(fast.is_fast);
    o.path = BACKTEST_WHOLE;
    assert_ok(backtest_run(&o, NULL, &whole));
    assert_same(&o, &fast, &whole);
    *trades += backtest_fill_count(&fast);
    backtest_result_release(&fast);
    backtest_result_release(&whole);
    recorded_feed_free(recorded);
}

static void test_peaks_and_drawdowns_of_small_steps(void **state)
{
    struct check_random r = {11};
    size_t trades = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct diag_list diags = {0};
        struct strategy *s;

        if (strategy_parse(steps[i], strlen(steps[i]), false, &diags, &s))
            fail_msg("%s", diags.items[0].message);
        for (size_t k = 0; k < STEP_PLAYS / CHECK_EVERY; k++)
            play_steps(s, &r, &trades);
        strategy_release(s);
    }
    assert_true(trades > 3 * STEP_PLAYS / CHECK_EVERY);
}

static int setup(void **state)
{
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO, 2);
    return corpus_read(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_is_whole),
        cmocka_unit_test(test_peaks_and_drawdowns_of_small_steps),
    };

    return cmocka_run_group_tests(tests, setup, corpus_free);
}
