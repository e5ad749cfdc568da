/* SPDX-License-Identifier: Apache-2.0 */
/* The corpus of strategies that public ones are built like: every one loads, keeps its id, runs and
 * decides what decisions.csv says. */
#include "tests/unit/engine/test_corpus.h"

#include <dirent.h>
#include <stdio.h>

#include "core/text.h"
#include "engine/strategy.h"

enum {
    CORPUS_MAX = 256,
    CORPUS_LEAST = 50,
    HELD_MOST = 300 /* candles after which the pretended position ends by itself */
};

/* One line of decisions.csv. */
struct row {
    char name[LIMIT_NAME];
    char market[16];
    unsigned long counts[7]; /* candles, warm-up, entries, unknown entries, exits, scale in, out */
    char digest[17];
    char quiet[200]; /* why it never enters, empty when it does */
};

static struct row rows[CORPUS_MAX];
static size_t row_count;

/* ---- What is expected ------------------------------------------------------------------------ */

static void read_row(char *line, struct row *r)
{
    char *field = line, *comma;
    int column;

    for (column = 0; column < 11 && field; column++, field = comma ? comma + 1 : NULL) {
        comma = column < 10 ? strchr(field, ',') : NULL;
        if (comma)
            *comma = '\0';
        if (column == 0)
            assert_true(copy_text(r->name, sizeof r->name, field));
        else if (column == 1)
            assert_true(copy_text(r->market, sizeof r->market, field));
        else if (column < 9)
            r->counts[column - 2] = strtoul(field, NULL, 10);
        else if (column == 9)
            assert_true(copy_text(r->digest, sizeof r->digest, field));
        else
            assert_true(copy_text(r->quiet, sizeof r->quiet, field));
    }
    assert_int_equal(column, 11);
}

static int read_all(void **state)
{
    char *text = check_data("strategies/decisions.csv", NULL), *cursor = text, *line;

    (void)check_line(&cursor); /* the head */
    while ((line = check_line(&cursor))) {
        assert_true(row_count < CORPUS_MAX);
        read_row(line, &rows[row_count++]);
    }
    free(text);
    return corpus_read(state);
}

/* ---- Loading --------------------------------------------------------------------------------- */

static void test_every_file_is_listed(void **state)
{
    DIR *folder = opendir(TEST_DATA "/strategies");
    struct dirent *entry;
    size_t files = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        char *dot = strrchr(entry->d_name, '.');
        size_t i = 0;

        if (!dot || strcmp(dot, ".json") != 0)
            continue;
        *dot = '\0';
        while (i < row_count && strcmp(rows[i].name, entry->d_name) != 0)
            i++;
        if (i == row_count)
            fail_msg("strategies/decisions.csv does not have %s", entry->d_name);
        files++;
    }
    closedir(folder);
    assert_int_equal(files, row_count);
    assert_true(files >= CORPUS_LEAST);
}

static void test_canonical_form_keeps_the_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++) {
        struct strategy *s = corpus_load(rows[i].name), *again = NULL;
        size_t length, length_again;
        const char *canonical = strategy_canonical(s, &length);
        struct diag_list diags = {0};

        if (strategy_parse(canonical, length, true, &diags, &again))
            fail_msg("%s: %s: %s", rows[i].name, diags.items[0].field, diags.items[0].message);
        assert_string_equal(strategy_id(again), strategy_id(s));
        assert_string_equal(strategy_canonical(again, &length_again), canonical);
        assert_int_equal(strategy_warnings(again)->count, 0);
        assert_int_equal(strategy_warmup(again), strategy_warmup(s));
        strategy_release(again);
        strategy_release(s);
    }
}

static void test_no_two_are_the_same(void **state)
{
    char ids[CORPUS_MAX][DIGEST_HEX];

    (void)state;
    for (size_t i = 0; i < row_count; i++) {
        struct strategy *s = corpus_load(rows[i].name);

        assert_true(copy_text(ids[i], sizeof ids[i], strategy_id(s)));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
        strategy_release(s);
    }
}

/* ---- Running --------------------------------------------------------------------------------- */

static double price_of(const struct candle *c, int64_t value)
{
    return candle_double(value, c->price_scale);
}

/* What a position of the strategy would look like after one more candle. */
static void hold(struct position_view *p, const struct candle *c, enum direction direction)
{
    double best = price_of(c, direction == DIRECTION_LONG ? c->high : c->low);
    double worst = price_of(c, direction == DIRECTION_LONG ? c->low : c->high);
    double sign = direction == DIRECTION_LONG ? 1 : -1;

    p->candles_held++;
    p->pnl_ratio = sign * (price_of(c, c->close) / p->entry_price - 1);
    best = sign * (best / p->entry_price - 1);
    worst = sign * (worst / p->entry_price - 1);
    p->best_ratio = best > p->best_ratio ? best : p->best_ratio;
    p->worst_ratio = worst < p->worst_ratio ? worst : p->worst_ratio;
}

/* Values from outside, made up of the candle's number: "do_predict" is a truth, the others not. */
static void push_outside(const struct stage *st, struct strategy_run *r, size_t i)
{
    for (size_t j = 0; j < strategy_ext_count(st->s); j++) {
        struct check_random dice = {i * 64 + j};

        strategy_run_set_ext(r, j,
                             strcmp(strategy_ext_name(st->s, j), "do_predict") == 0
                                 ? (double)(i % 3 == 0)
                                 : market_dice(&dice) - 0.25);
    }
}

static void push_candle(const struct stage *st, struct strategy_run *r, size_t i)
{
    const struct candle *c = &st->own.candles[i];

    push_outside(st, r, i);
    for (size_t j = 0; j < strategy_other_count(st->s); j++) {
        if (i < st->others[j].count && st->others[j].candles[i].open_us == c->open_us)
            strategy_run_push_other(r, j, &st->others[j].candles[i]);
    }
    strategy_run_push(r, c);
}

static uint64_t mix(uint64_t digest, unsigned value)
{
    return (digest ^ value) * UINT64_C(0x100000001b3); /* FNV-1a */
}

/* Enters when the rule says so, leaves when it says so or after HELD_MOST candles. */
static void play(const struct stage *st, struct strategy_run *run, struct row *r)
{
    struct position_view position = {0};
    uint64_t digest = UINT64_C(0xcbf29ce484222325);

    memset(r->counts, 0, sizeof r->counts);
    r->counts[0] = st->own.count;
    r->counts[1] = (unsigned long)strategy_warmup(st->s);
    for (size_t i = 0; i < st->own.count; i++) {
        const struct candle *c = &st->own.candles[i];
        struct decision d;

        push_candle(st, run, i);
        if (position.is_open)
            hold(&position, c, strategy_direction(st->s));
        strategy_run_decide(run, &position, &d);
        r->counts[2] += d.entry == TRI_TRUE;
        r->counts[3] += d.entry == TRI_UNKNOWN;
        r->counts[4] += d.exit == TRI_TRUE;
        r->counts[5] += d.scale_in == TRI_TRUE;
        r->counts[6] += d.scale_out == TRI_TRUE;
        digest = mix(digest, (unsigned)d.entry + 4 * (unsigned)d.exit + 16 * (unsigned)d.scale_in +
                                 64 * (unsigned)d.scale_out);
        assert_true(d.entry != TRI_TRUE || d.trigger[0] != '\0');
        position.scale_ins += d.scale_in == TRI_TRUE;
        position.scale_outs += d.scale_out == TRI_TRUE;
        if (position.is_open && (d.exit == TRI_TRUE || position.candles_held == HELD_MOST))
            position = (struct position_view){0};
        else if (!position.is_open && d.entry == TRI_TRUE)
            position =
                (struct position_view){.is_open = true, .entry_price = price_of(c, c->close)};
    }
    (void)snprintf(r->digest, sizeof r->digest, "%016llx", (unsigned long long)digest);
}

static void print_row(const struct row *r, struct text *out)
{
    text_clear(out);
    text_format(out, "%s,%s", r->name, r->market);
    for (size_t i = 0; i < COUNT_OF(r->counts); i++)
        text_format(out, ",%lu", r->counts[i]);
    text_format(out, ",%s,%s", r->digest, r->quiet);
}

static void test_decisions(void **state)
{
    struct text wanted, found;
    size_t wrong = 0;

    (void)state;
    text_init(&wanted, 1024);
    text_init(&found, 1024);
    for (size_t i = 0; i < row_count; i++) {
        struct strategy *s = corpus_load(rows[i].name);
        struct strategy_run *run = strategy_run_new(s);
        struct row now = rows[i], again = rows[i];
        struct stage st;

        stage_open(&st, s, rows[i].market);
        play(&st, run, &now);
        strategy_run_reset(run);
        play(&st, run, &again);
        if (strcmp(again.digest, now.digest) != 0)
            fail_msg("%s remembers what was before a reset", rows[i].name);
        print_row(&rows[i], &wanted);
        print_row(&now, &found);
        if (strcmp(wanted.data, found.data) != 0 ||
            (now.counts[2] == 0) != (now.quiet[0] != '\0')) {
            print_message("wanted %s\nfound  %s\n", wanted.data, found.data);
            wrong++;
        }
        strategy_run_free(run);
        stage_close(&st);
        strategy_release(s);
    }
    text_release(&wanted);
    text_release(&found);
    assert_int_equal(wrong, 0);
}

static void test_levels_stand_on_the_right_side(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++) {
        struct strategy *s = corpus_load(rows[i].name);
        double forward = strategy_direction(s) == DIRECTION_LONG ? 1 : -1;
        struct strategy_run *run = strategy_run_new(s);
        unsigned long stops = 0;
        struct stage st;

        stage_open(&st, s, rows[i].market);
        for (size_t j = 0; j < st.own.count; j++) {
            double price = price_of(&st.own.candles[j], st.own.candles[j].close), stop, take, trail;

            push_candle(&st, run, j);
            if (!strategy_run_is_warm(run))
                continue;
            strategy_run_levels(run, price, &stop, &take);
            trail = strategy_run_trailing(run, price, price);
            stops += stop * forward < price * forward;
            assert_false(stop * forward >= price * forward || take * forward <= price * forward);
            assert_false(trail * forward >= price * forward);
        }
        if (stops == 0)
            fail_msg("%s never knows its stop", rows[i].name);
        strategy_run_free(run);
        stage_close(&st);
        strategy_release(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_is_listed),
        cmocka_unit_test(test_canonical_form_keeps_the_id),
        cmocka_unit_test(test_no_two_are_the_same),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_levels_stand_on_the_right_side),
    };

    return cmocka_run_group_tests(tests, read_all, corpus_free);
}
