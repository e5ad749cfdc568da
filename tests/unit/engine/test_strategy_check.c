/* SPDX-License-Identifier: Apache-2.0 */
/* The checks find what was planted, and nothing in a strategy that is sound. */
#include <math.h>
#include <stdlib.h>

#include "engine/strategy_check_parts.h"
#include "tests/support/check.h"
#include "tests/support/world.h"

#define STEP (300 * US_PER_S)

enum {
    CANDLES = 1200,
    SYMBOLS = 2
};

/* Planted sources: a row is computed from the index of its candle and where the run began. */
struct planted {
    int64_t peeks_at; /* rows of this candle know whether there is a next one; -1: none does */
    double decay;     /* of the share that depends on the beginning: 1 never forgets */
    bool is_read;     /* the entry rule depends on that share */
};

static const char *planted_name(void *self, size_t column)
{
    static const char *const names[] = {"sound",      "forgets",   "entry",      "exit",
                                        "confidence", "stop_loss", "take_profit"};

    (void)self;
    return names[column];
}

static enum err planted_sample(void *self, size_t instrument, int64_t from_us,
                               const int64_t *open_us, size_t count, double *values)
{
    const struct planted *p = self;
    int64_t begin = from_us == INT64_MIN ? 0 : from_us / STEP;

    (void)instrument;
    for (size_t i = 0; i < count; i++) {
        int64_t at = open_us[i] / STEP;
        double *row = values + i * 7;

        row[0] = (double)(at % 97) + 1;
        row[1] = 50 + 40 * pow(p->decay, (double)(at - begin + 1)) * (begin == 0 ? 0 : 1);
        row[2] = at % 3 == 0;
        row[3] = 0;
        row[4] = NAN;
        row[5] = row[6] = NAN;
        if (p->is_read)
            row[2] = row[1] > 50;
        if (at == p->peeks_at && open_us[count - 1] > open_us[i])
            row[2] = 1 - row[2];
    }
    return ERR_OK;
}

static struct check_source planted_source(struct planted *p)
{
    return (struct check_source){
        .self = p, .columns = 7, .name = planted_name, .sample = planted_sample};
}

static struct check_candles planted_candles(size_t count)
{
    struct check_candles c = {.symbol = "BTC/USDT", .count = count};

    c.open_us = xcalloc(count, sizeof *c.open_us);
    for (size_t i = 0; i < count; i++)
        c.open_us[i] = (int64_t)i * STEP;
    return c;
}

static void test_draw(void **state)
{
    struct check_candles c = planted_candles(1000), again = planted_candles(1000);
    struct check_candles few = planted_candles(12);

    (void)state;
    check_draw(&c, 50, 200, 7);
    check_draw(&again, 50, 200, 7);
    assert_int_equal(c.moment_count, 50);
    for (size_t i = 0; i < 50; i++) {
        assert_true(c.moments[i] >= 200 && c.moments[i] < 1000);
        assert_true(i == 0 || c.moments[i] > c.moments[i - 1]);
        assert_int_equal(c.moments[i], again.moments[i]);
    }
    check_draw(&again, 50, 200, 8);
    assert_memory_not_equal(c.moments, again.moments, 50 * sizeof c.moments[0]);
    check_draw(&few, 50, 200, 7); /* fewer candles than asked for: all of them */
    assert_int_equal(few.moment_count, 12);
    assert_int_equal(few.moments[11], 11);
    free(c.open_us);
    free(again.open_us);
    free(few.open_us);
}

/* A rule that knows on one candle what comes next is found, and nothing else. */
static void test_truncation_finds_look_ahead(void **state)
{
    struct planted sound = {.peeks_at = -1}, peeking = {0};
    struct check_source source = planted_source(&sound);
    struct check_candles c = planted_candles(1000);
    struct check_truncation t = {0};

    (void)state;
    check_draw(&c, 40, 100, 1);
    assert_ok(check_truncation_add(&source, &c, &t));
    assert_int_equal(t.verdict, CHECK_PASS);
    assert_int_equal(t.samples, 40);
    assert_int_equal(t.compared, 40 * 7);
    assert_int_equal(t.differences, 0);

    peeking.peeks_at = (int64_t)c.moments[17];
    source = planted_source(&peeking);
    t = (struct check_truncation){0};
    assert_ok(check_truncation_add(&source, &c, &t));
    assert_int_equal(t.verdict, CHECK_FAIL);
    assert_int_equal(t.differences, 1);
    assert_string_equal(t.first.symbol, "BTC/USDT");
    assert_string_equal(t.first.column, "entry");
    assert_int_equal(t.first.candle_us, c.open_us[c.moments[17]]);
    assert_true(t.first.whole == 1 - t.first.truncated);
    free(c.open_us);
}

static void measure(double decay, bool is_read, int64_t warmup, struct check_warmup *out)
{
    struct planted p = {.peeks_at = -1, .decay = decay, .is_read = is_read};
    struct check_source source = planted_source(&p);
    struct check_candles c = planted_candles(2000);

    check_draw(&c, 20, warmup, 3);
    check_warmup_begin(&source, warmup, c.count, out);
    assert_ok(check_warmup_add(&source, &c, out));
    check_warmup_end(out);
    assert_int_equal(out->row_count, 2);
    assert_int_equal(out->places, CHECK_PLACES);
    assert_int_equal(out->rows[0].verdict, CHECK_PASS);
    assert_int_equal(out->rows[0].needed_1e6, out->starts[0]);
    assert_true(out->decisions >= 19);
    assert_int_equal(out->decisions_differ, is_read ? out->decisions : 0);
    free(c.open_us);
}

/* 0.97^n: 0.1 % of 50 needs 80 % * 0.97^n < 0.1 %, so 220 candles; a millionth needs 446. */
static void test_warmup_table(void **state)
{
    struct check_warmup w;

    (void)state;
    measure(0.97, false, 450, &w);
    assert_int_equal(w.verdict, CHECK_PASS);
    assert_true(w.rows[1].percent_at_warmup < 1e-4);
    assert_true(w.rows[1].needed_1e3 >= 220 && (double)w.rows[1].needed_1e3 < 220 * 1.16);
    assert_true(w.rows[1].needed_1e6 >= 446 && (double)w.rows[1].needed_1e6 < 446 * 1.16);
    free(w.rows);
    measure(0.97, false, 180, &w); /* 80 % * 0.97^180 = 0.33 % */
    assert_int_equal(w.verdict, CHECK_WARN);
    assert_int_equal(w.rows[1].verdict, CHECK_WARN);
    assert_true(w.rows[1].percent_at_warmup > 0.3 && w.rows[1].percent_at_warmup < 0.4);
    free(w.rows);
    measure(0.97, false, 100, &w);
    assert_int_equal(w.verdict, CHECK_FAIL);
    free(w.rows);
    measure(1, false, 100, &w); /* never forgets, and nobody minds */
    assert_int_equal(w.rows[1].verdict, CHECK_WARN);
    assert_int_equal(w.rows[1].needed_1e3, 0);
    assert_int_equal(w.verdict, CHECK_WARN);
    free(w.rows);
    measure(1, true, 100, &w);
    assert_int_equal(w.rows[1].verdict, CHECK_FAIL);
    assert_int_equal(w.verdict, CHECK_FAIL);
    free(w.rows);
}

static const char sound_json[] =
    "{\"version\":1,\"name\":\"sound\",\"timeframe\":\"5m\","
    "\"features\":{\"fast\":\"ema(close,5)\",\"slow\":\"ema(close,20)\",\"rsi\":\"rsi(14)\"},"
    "\"entry\":{\"condition\":\"crossed_above(fast, slow)\",\"confidence\":0.8,"
    "\"trigger\":\"fast {fast:.2f}\"},"
    "\"exit\":{\"condition\":\"crossed_below(fast, slow)\"},"
    "\"stop_loss\":0.02,\"metrics\":{\"win_rate\":0.9,\"n_trades\":12,\"mood\":3}}";

struct fixture {
    struct strategy *strategy;
    char *csv[SYMBOLS];
    struct candle_series series[SYMBOLS];
    struct instrument instruments[SYMBOLS];
    struct recorded_feed *recorded;
    struct feed feed;
};

static void fixture_begin(struct fixture *f, const char *json)
{
    static const char *const names[SYMBOLS] = {"BTC/USDT", "ETH/USDT"};

    *f = (struct fixture){0};
    assert_ok(strategy_parse(json, strlen(json), false, NULL, &f->strategy));
    for (size_t i = 0; i < SYMBOLS; i++) {
        assert_ok(instrument_init(&f->instruments[i], names[i], price_from_scaled(1, 2),
                                  size_from_scaled(1, 5), MONEY_ZERO));
        f->csv[i] = world_candles(11 + i, CANDLES, 1000);
        assert_ok(candle_parse(f->csv[i], strlen(f->csv[i]), "candles", NULL, &f->series[i]));
    }
    assert_ok(recorded_feed_new_take(f->series, SYMBOLS, f->instruments, NULL, &f->recorded));
    f->feed = recorded_feed_port(f->recorded);
}

static void fixture_end(struct fixture *f)
{
    recorded_feed_free(f->recorded);
    strategy_release(f->strategy);
    for (size_t i = 0; i < SYMBOLS; i++)
        free(f->csv[i]);
}

static struct check_options check_options(const struct fixture *f)
{
    return (struct check_options){.strategy = f->strategy,
                                  .feed = &f->feed,
                                  .until_us = INT64_MAX / 2,
                                  .instruments = f->instruments,
                                  .instrument_count = SYMBOLS,
                                  .seed = 1,
                                  .terms = trial_terms_default()};
}

static void test_sound_strategy(void **state)
{
    struct fixture f;
    struct check_options o;
    struct check_report r;

    (void)state;
    fixture_begin(&f, sound_json);
    o = check_options(&f);
    assert_ok(strategy_check_run(&o, NULL, &r));
    assert_int_equal(r.symbol_count, SYMBOLS);
    assert_int_equal(r.truncation.verdict, CHECK_PASS);
    assert_int_equal(r.truncation.samples, SYMBOLS * CHECK_SAMPLES_DEFAULT);
    /* Eight columns candle by candle, six of them in blocks. */
    assert_int_equal(r.truncation.compared, SYMBOLS * CHECK_SAMPLES_DEFAULT * (8 + 6));
    assert_int_equal(r.warmup.verdict, CHECK_PASS);
    assert_int_equal(r.warmup.decisions_differ, 0);
    assert_string_equal(r.warmup.rows[2].name, "rsi");
    assert_true(r.warmup.rows[2].percent_at_warmup < 1e-3);
    assert_true(r.warmup.rows[0].needed_1e3 < r.warmup.rows[1].needed_1e3);
    assert_int_equal(r.times.candles, SYMBOLS * CANDLES);
    assert_int_equal(r.times.verdict, CHECK_PASS);
    assert_true(r.delay.on_time.trades > 5);
    assert_true(r.delay.on_time.net_profit.e12 != r.delay.late.net_profit.e12);
    assert_int_equal(r.claim_count, 3);
    for (size_t i = 0; i < r.claim_count; i++) {
        const struct check_claim *c = &r.claims[i];

        if (strcmp(c->name, "win_rate") == 0)
            assert_true(c->claimed == 0.9 && c->measured == r.trial.report.win_rate.value);
        else if (strcmp(c->name, "trades") == 0)
            assert_true(c->claimed == 12 && c->measured == (double)r.delay.on_time.trades);
        else
            assert_true(c->claimed == 3 && isnan(c->measured));
    }
    assert_int_equal(r.times.longer_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(r.times.longer[i].compared > CANDLES / 2);
        assert_int_equal(r.times.longer[i].differences, 0);
    }
    check_report_release(&r);

    o.candles = 300; /* a window of the newest */
    o.without_trials = true;
    assert_ok(strategy_check_run(&o, NULL, &r));
    assert_int_equal(r.times.candles, SYMBOLS * 300);
    assert_int_equal(r.truncation.verdict, CHECK_PASS);
    assert_int_equal(r.delay.verdict, CHECK_SKIPPED);
    check_report_release(&r);
    o.budget = SYMBOLS * 300 * 9; /* pays for four moments a symbol */
    assert_ok(strategy_check_run(&o, NULL, &r));
    assert_int_equal(r.truncation.samples, SYMBOLS * 4);
    check_report_release(&r);
    fixture_end(&f);
}

/* A feed whose past is wrong in one way at one candle. */
struct wrong_feed {
    struct feed feed;
    const struct feed *right;
    int64_t early_us, off_us; /* how much candle 500 is told too soon, and its open moved */
    int64_t told;
    feed_take_fn *take;
    void *context;
};

static void take_wrong(void *context, const struct feed_event *e)
{
    struct wrong_feed *w = context;
    struct feed_event wrong = *e;

    if (++w->told == 500) {
        wrong.at_us -= w->early_us;
        wrong.candle.open_us -= w->off_us;
    }
    w->take(w->context, &wrong);
}

static enum err wrong_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                              feed_take_fn *take, void *context)
{
    struct wrong_feed *w = self;

    w->told = 0;
    w->take = take;
    w->context = context;
    return w->right->history(w->right->self, until_us, shift_us, most, take_wrong, w);
}

static int64_t wrong_timeframe_us(void *self)
{
    const struct wrong_feed *w = self;

    return w->right->timeframe_us(w->right->self);
}

static void test_times(void **state)
{
    struct wrong_feed w = {.early_us = 1};
    struct check_options o;
    struct check_report r;
    struct fixture f;

    (void)state;
    fixture_begin(&f, sound_json);
    w.right = &f.feed;
    w.feed =
        (struct feed){.self = &w, .history = wrong_history, .timeframe_us = wrong_timeframe_us};
    o = check_options(&f);
    o.feed = &w.feed;
    o.without_trials = true;
    assert_ok(strategy_check_run(&o, NULL, &r));
    assert_int_equal(r.times.early, 1);
    assert_int_equal(r.times.off_grid, 0);
    assert_int_equal(r.times.verdict, CHECK_FAIL);
    assert_int_equal(r.verdict, CHECK_FAIL);
    check_report_release(&r);
    w.early_us = w.off_us = 3 * STEP; /* as long, but before the one it follows */
    assert_ok(strategy_check_run(&o, NULL, &r));
    assert_int_equal(r.times.early, 0);
    assert_int_equal(r.times.unordered, 1);
    assert_int_equal(r.times.verdict, CHECK_FAIL);
    check_report_release(&r);
    w.early_us = w.off_us = US_PER_S;
    assert_ok(strategy_check_run(&o, NULL, &r));
    assert_int_equal(r.times.off_grid, 1);
    check_report_release(&r);
    fixture_end(&f);
}

/* A user who types too small a start: the table says so, with what would be enough. */
static void test_slow_feature(void **state)
{
    static const char json[] =
        "{\"version\":1,\"name\":\"slow\",\"timeframe\":\"5m\",\"startup_bars\":60,"
        "\"features\":{\"slow\":\"ema(close - 1000, 50)\"},"
        "\"entry\":{\"condition\":\"slow > 0\"},\"stop_loss\":0.02}";
    struct fixture f;
    struct check_options o;
    struct check_report r;
    struct text text;

    (void)state;
    fixture_begin(&f, json);
    o = check_options(&f);
    o.without_trials = true;
    assert_ok(strategy_check_run(&o, NULL, &r));
    assert_int_equal(r.warmup.candles, 60);
    assert_int_equal(r.warmup.rows[0].verdict, CHECK_FAIL);
    assert_int_equal(r.verdict, CHECK_FAIL);
    assert_true(r.warmup.rows[0].needed_1e6 > 150 && r.warmup.rows[0].needed_1e6 < 500);
    text_init(&text, 1 << 20);
    check_report_print(&text, &r);
    assert_non_null(strstr(text.data, "fail     slow"));
    assert_non_null(strstr(text.data, "pass     truncation: 40 moments"));
    text_release(&text);
    check_report_release(&r);
    fixture_end(&f);
}

static void test_refused(void **state)
{
    static const char hourly[] =
        "{\"name\":\"a\",\"timeframe\":\"1h\",\"entry\":{\"condition\":\"close > 1\"}}";
    static const char other[] =
        "{\"name\":\"a\",\"symbol\":\"XRP/USDT\",\"entry\":{\"condition\":\"close > 1\"}}";
    struct diag_list diags = {0};
    struct check_options o;
    struct check_report r;
    struct fixture f;

    (void)state;
    fixture_begin(&f, hourly);
    o = check_options(&f);
    assert_err(strategy_check_run(&o, &diags, &r), ERR_INVALID);
    assert_string_equal(diags.items[0].message, "the strategy wants candles of 1h, these have 5m");
    fixture_end(&f);
    fixture_begin(&f, other);
    o = check_options(&f);
    assert_err(strategy_check_run(&o, &diags, &r), ERR_NOT_FOUND);
    assert_string_equal(diags.items[1].hint, "give candles of XRP/USDT");
    fixture_end(&f);
}

static void test_report_json(void **state)
{
    struct fixture f;
    struct check_options o;
    struct check_report r;
    struct jwriter w;
    struct text text;

    (void)state;
    fixture_begin(&f, sound_json);
    o = check_options(&f);
    assert_ok(strategy_check_run(&o, NULL, &r));
    text_init(&text, 1 << 20);
    jwriter_init(&w, JSTYLE_COMPACT, &text);
    check_report_write(&w, &r);
    assert_true(jwriter_ok(&w));
    assert_non_null(strstr(text.data, "\"timeframe\":\"5m\""));
    assert_non_null(strstr(text.data, "\"symbols\":[\"BTC/USDT\",\"ETH/USDT\"]"));
    assert_non_null(strstr(text.data, "\"differences\":0,\"first\":null"));
    text_release(&text);
    check_report_release(&r);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draw),         cmocka_unit_test(test_truncation_finds_look_ahead),
        cmocka_unit_test(test_warmup_table), cmocka_unit_test(test_sound_strategy),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_slow_feature),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_report_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
