/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep's jobs, ids, documents, rows and order. */
#include "tests/support/check.h"

#include <math.h>
#include <stdlib.h>

#include "core/amount_text.h"
#include "engine/sweep.h"

static const char artifact[] =
    "{\"name\": \"swept\", \"x-note\": \"a \\\"params\\\": {}, in a text\",\n"
    " \"params\": {\"fast\": 3, \"slow\" : 9 , \"part\":0.5},\n"
    " \"entry\": {\"condition\": \"ema(close, params.fast) > ema(close, params.slow) * params.part"
    "\","
    " \"direction\": \"long\", \"confidence\": 0.9},\n"
    " \"stop_loss\": {\"type\": \"pct\", \"value\": 0.02},\n"
    " \"position_sizing\": {\"type\": \"equity_pct\", \"value\": 0.3}}";

struct asked {
    const char *sets[4];
    size_t count;
    int64_t random, seed, shard, shards;
};

static void write_header(const struct asked *a, struct text *out)
{
    struct strategy *s;
    const struct strategy *const *strategies;
    struct backtest_options o = {.strategy_count = 1, .terms = trial_terms_default()};
    struct sweep_definition d = {.artifact = artifact,
                                 .artifact_length = sizeof artifact - 1,
                                 .sets = a->sets,
                                 .set_count = a->count,
                                 .random = a->random,
                                 .seed = a->seed,
                                 .min_trades = 1,
                                 .shard = a->shards ? a->shard : 1,
                                 .shard_count = a->shards ? a->shards : 1,
                                 .feed_id = "candles",
                                 .version = "1",
                                 .options = &o};

    assert_ok(strategy_parse(artifact, sizeof artifact - 1, true, NULL, &s));
    strategies = (const struct strategy *const *)&s;
    o.strategies = strategies;
    sweep_header_write(&d, out);
    strategy_release(s);
}

static struct sweep_plan *plan_of(struct asked a)
{
    struct sweep_plan *p = NULL;
    struct text t;

    text_init(&t, SWEEP_HEADER_BYTES);
    write_header(&a, &t);
    assert_ok(sweep_plan_new(t.data, t.length, NULL, &p));
    text_release(&t);
    return p;
}

static void values_of(const struct sweep_plan *p, int64_t job, char text[256])
{
    size_t at = 0;

    for (size_t i = 0; i < p->axis_count; i++) {
        char value[AMOUNT_TEXT_MAX];
        size_t length = money_print(sweep_value(p, job, i), value);

        assert_true(at + length + 2 < 256);
        if (i > 0)
            text[at++] = ' ';
        memcpy(text + at, value, length);
        at += length;
    }
    text[at] = '\0';
}

static void a_grid_is_expanded_exactly(void **state)
{
    struct sweep_plan *p = plan_of(
        (struct asked){.sets = {"fast=5..11:3", "part=0.1..0.5:0.2", "slow=21,-2"}, .count = 3});
    static const char *const wanted[] = {"5 0.1 21", "5 0.1 -2", "5 0.3 21", "5 0.3 -2",
                                         "5 0.5 21", "5 0.5 -2", "8 0.1 21"};
    char text[256];

    (void)state;
    assert_int_equal(p->jobs, 18);
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        values_of(p, (int64_t)i, text);
        assert_string_equal(text, wanted[i]);
    }
    values_of(p, 17, text);
    assert_string_equal(text, "11 0.5 -2");
    sweep_plan_free(p);
}

static void random_jobs_differ_and_repeat_by_their_seed(void **state)
{
    struct asked a = {
        .sets = {"fast=1..30:1", "slow=1..40:1"}, .count = 2, .random = 1000, .seed = 7};
    struct sweep_plan *p = plan_of(a), *again = plan_of(a), *other;
    bool seen[1200] = {false};
    int64_t moved = 0;

    (void)state;
    a.seed = 8;
    other = plan_of(a);
    assert_int_equal(p->grid, 1200);
    assert_int_equal(p->jobs, 1000);
    for (int64_t i = 0; i < p->jobs; i++) {
        const int64_t fast = (int64_t)(sweep_value(p, i, 0).e12 / AMOUNT_ONE);
        const int64_t slow = (int64_t)(sweep_value(p, i, 1).e12 / AMOUNT_ONE);
        const int64_t at = (fast - 1) * 40 + slow - 1;

        assert_true(at >= 0 && at < 1200 && !seen[at]);
        seen[at] = true;
        assert_true(sweep_value(again, i, 0).e12 == sweep_value(p, i, 0).e12);
        moved += sweep_value(other, i, 1).e12 != sweep_value(p, i, 1).e12;
    }
    assert_true(moved > 900);
    sweep_plan_free(p);
    sweep_plan_free(again);
    sweep_plan_free(other);
}

static void a_document_has_the_values_and_all_else_unchanged(void **state)
{
    struct sweep_plan *p = plan_of((struct asked){.sets = {"slow=40", "fast=12.5"}, .count = 2});
    struct text t;

    (void)state;
    text_init(&t, LIMIT_JSON_BYTES);
    sweep_document(p, 0, &t);
    assert_non_null(
        strstr(t.data, "\"params\": {\"fast\": 12.5, \"slow\" : 40 , \"part\":0.5},\n"));
    assert_non_null(strstr(t.data, "\"x-note\": \"a \\\"params\\\": {}, in a text\""));
    assert_string_equal(strstr(t.data, " \"entry\""), strstr(artifact, " \"entry\""));
    text_release(&t);
    sweep_plan_free(p);
}

static void ids_are_of_the_values_and_shards_share_them(void **state)
{
    struct asked a = {.sets = {"fast=2..9:1"}, .count = 1, .shard = 1, .shards = 3};
    struct sweep_plan *first = plan_of(a), *second, *other;
    char id[SWEEP_ID], same[SWEEP_ID], next[SWEEP_ID];

    (void)state;
    a.shard = 2;
    second = plan_of(a);
    a.sets[0] = "fast=2..10:1";
    other = plan_of(a);
    sweep_job_id(first, 4, id);
    sweep_job_id(second, 4, same);
    sweep_job_id(first, 5, next);
    assert_string_equal(id, same);
    assert_string_not_equal(id, next);
    sweep_job_id(other, 4, next);
    assert_string_not_equal(id, next);
    assert_int_equal(sweep_mine(first) + sweep_mine(second), 6);
    for (int64_t i = 0; i < first->jobs; i++)
        assert_int_equal(sweep_is_mine(first, i) + sweep_is_mine(second, i), i % 3 != 2);
    sweep_plan_free(first);
    sweep_plan_free(second);
    sweep_plan_free(other);
}

static void bad_sets_are_told(void **state)
{
    static const struct {
        const char *set, *told;
    } table[] = {
        {"fast", "name of a param"},       {"=1", "name of a param"},
        {"fast=1..5", "needs a step"},     {"fast=5..1:1", "must go up"},
        {"fast=1..5:0", "must go up"},     {"fast=1..x:1", "a number is needed"},
        {"fast=1,,2", "must be a number"}, {"fast=", "must be a number"},
        {"fast=1,2,1.0", "twice"},         {"fast=1..100000:1", "more than 10000"},
        {"quick=1", "no param 'quick'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct diag_list diags = {0};
        struct sweep_plan *p = NULL;
        struct text t;

        text_init(&t, SWEEP_HEADER_BYTES);
        write_header(&(struct asked){.sets = {table[i].set}, .count = 1}, &t);
        assert_err(sweep_plan_new(t.data, t.length, &diags, &p), ERR_INVALID);
        assert_int_equal(diags.count, 1);
        if (!strstr(diags.items[0].message, table[i].told))
            fail_msg("%s: %s", table[i].set, diags.items[0].message);
        text_release(&t);
    }
}

static struct sweep_row row_of(double objective, double trades)
{
    struct sweep_row row = {.is_there = true, .shape = {objective / 19, -0.25, 4, 100}};

    for (size_t part = 0; part < SWEEP_PARTS; part++) {
        for (size_t m = 0; m < SWEEP_METRICS; m++)
            row.metrics[part][m] = part == SWEEP_TEST ? NAN : 0.1 * (double)m;
        row.metrics[part][SWEEP_SHARPE] = objective;
        row.metrics[part][SWEEP_TRADES] = trades;
    }
    return row;
}

static void a_row_reads_back_bit_by_bit(void **state)
{
    struct sweep_plan *p = plan_of((struct asked){.sets = {"fast=2..9:1"}, .count = 1});
    const struct sweep_row row = row_of(1.0 / 3, 12);
    struct sweep_row back;
    struct text t, again;
    int64_t job = -1;

    (void)state;
    text_init(&t, SWEEP_LINE_BYTES);
    text_init(&again, SWEEP_LINE_BYTES);
    sweep_row_write(p, 5, &row, &t);
    assert_ok(sweep_row_parse(p, t.data, t.length, &job, &back));
    assert_int_equal(job, 5);
    sweep_row_write(p, 5, &back, &again);
    assert_string_equal(t.data, again.data);
    assert_true(isnan(back.metrics[SWEEP_TEST][SWEEP_CAGR]));
    for (size_t cut = 0; cut < t.length; cut++)
        assert_err(sweep_row_parse(p, t.data, cut, &job, &back), ERR_INVALID);
    t.data[strlen("{\"job\":")] = '6'; /* its id is another one's */
    assert_err(sweep_row_parse(p, t.data, t.length, &job, &back), ERR_INVALID);
    text_release(&t);
    text_release(&again);
    sweep_plan_free(p);
}

static void order_is_by_objective_then_by_index(void **state)
{
    struct sweep_plan *p = plan_of((struct asked){.sets = {"fast=2..8:1"}, .count = 1});
    struct sweep_row rows[7];
    struct sweep_ranking k;
    static const int64_t wanted[] = {4, 1, 3, 6, 0, 2, 5};

    (void)state;
    rows[0] = row_of(9, 0); /* no trades */
    rows[1] = row_of(2, 9);
    rows[2] = row_of(NAN, 9);
    rows[3] = row_of(2, 9);
    rows[4] = row_of(3, 9);
    rows[5] = (struct sweep_row){.is_there = true, .refused = "params.fast: no"};
    rows[6] = row_of(-1, 9);
    sweep_rank(p, rows, &k);
    assert_int_equal(k.ranked, 4);
    assert_int_equal(k.trials, 6);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_int_equal(k.order[i], wanted[i]);
    assert_true(k.threshold > 0);
    sweep_ranking_release(&k);
    p->objective = SWEEP_MAX_DRAWDOWN; /* less is better */
    rows[6].metrics[SWEEP_TRAIN][SWEEP_MAX_DRAWDOWN] = 0.01;
    sweep_rank(p, rows, &k);
    assert_int_equal(k.order[0], 6);
    assert_int_equal(k.order[1], 1);
    sweep_ranking_release(&k);
    sweep_plan_free(p);
}

static void the_winner_is_an_artifact_with_its_metrics(void **state)
{
    struct sweep_plan *p = plan_of((struct asked){.sets = {"fast=4"}, .count = 1});
    const struct sweep_row row = row_of(1.25, 12);
    struct strategy *s;
    struct text t;

    (void)state;
    text_init(&t, LIMIT_JSON_BYTES);
    sweep_winner(p, 0, &row, 0.5, &t);
    assert_ok(strategy_parse(t.data, t.length, true, NULL, &s));
    assert_int_equal(strategy_warnings(s)->count, 0);
    assert_string_equal(strategy_metric_name(s, 0), "sharpe");
    assert_true(fabs(strategy_metric_value(s, 0) - 1.25) < 1e-15);
    assert_non_null(strstr(t.data, "\"total_trades\": 12,"));
    strategy_release(s);
    text_release(&t);
    sweep_plan_free(p);
}

static void headers_tell_what_differs(void **state)
{
    struct asked a = {.sets = {"fast=4"}, .count = 1, .shard = 1, .shards = 2};
    struct text mine, theirs;
    char member[LIMIT_NAME];

    (void)state;
    text_init(&mine, SWEEP_HEADER_BYTES);
    text_init(&theirs, SWEEP_HEADER_BYTES);
    write_header(&a, &mine);
    a.shard = 2;
    write_header(&a, &theirs);
    assert_false(sweep_header_differs(mine.data, theirs.data, false, member));
    assert_true(sweep_header_differs(mine.data, theirs.data, true, member));
    assert_string_equal(member, "shard");
    text_clear(&theirs);
    a.sets[0] = "fast=5";
    write_header(&a, &theirs);
    assert_true(sweep_header_differs(mine.data, theirs.data, false, member));
    assert_string_equal(member, "set");
    text_release(&mine);
    text_release(&theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_is_expanded_exactly),
        cmocka_unit_test(random_jobs_differ_and_repeat_by_their_seed),
        cmocka_unit_test(a_document_has_the_values_and_all_else_unchanged),
        cmocka_unit_test(ids_are_of_the_values_and_shards_share_them),
        cmocka_unit_test(bad_sets_are_told),
        cmocka_unit_test(a_row_reads_back_bit_by_bit),
        cmocka_unit_test(order_is_by_objective_then_by_index),
        cmocka_unit_test(the_winner_is_an_artifact_with_its_metrics),
        cmocka_unit_test(headers_tell_what_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
