/* SPDX-License-Identifier: Apache-2.0 */
/* The rules hold for every log the engine makes, and no entry of it can be left out, moved or
 * repeated unseen. */
#include "tests/support/check.h"
#include "tests/support/world.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "engine/verify_log.h"

/* Trades often, long and (on perpetuals) short, grows and leaves in parts. */
#define STRATEGY(direction)                                                                     \
    "{\"version\":1,\"name\":\"busy\",\"timeframe\":\"5m\",\"features\":{\"fast\":\"ema(close," \
    "3)\",\"slow\":\"ema(close,8)\"},\"entry\":{\"condition\":\"fast > slow or close < open\"," \
    "\"direction\":\"" direction "\"},\"exit\":{\"condition\":\"crossed_below(fast, slow)\","   \
    "\"max_candles\":9},\"stop_loss\":0.004,\"take_profit\":0.006}"

enum {
    CANDLES = 900,
    SYMBOLS = 3
};

struct played {
    struct memory_journal journal;
    char *csv[SYMBOLS];
};

static void play(struct played *p, uint64_t seed, bool perpetual, const char *cap)
{
    static const char *const spot[SYMBOLS] = {"BTC/USDT", "ETH/USDT", "XRP/USDT"};
    static const char *const perps[SYMBOLS] = {"BTC/USDT:USDT", "ETH/USDT:USDT", "XRP/USDT:USDT"};
    struct world_options o = world_options_default();
    struct world w;

    o.strategy = perpetual ? STRATEGY("short") : STRATEGY("long");
    o.volume_cap = cap;
    o.symbol_count = SYMBOLS;
    for (int i = 0; i < SYMBOLS; i++) {
        p->csv[i] = world_candles(seed + (uint64_t)i, CANDLES, 100 + 900 * i);
        o.symbols[i] = perpetual ? perps[i] : spot[i];
        o.csv[i] = p->csv[i];
    }
    memory_journal_init(&p->journal);
    world_open(&w, &o, &p->journal);
    assert_true(world_run(&w, 100000));
    world_close(&w);
}

static void played_release(struct played *p)
{
    for (int i = 0; i < SYMBOLS; i++)
        free(p->csv[i]);
    memory_journal_release(&p->journal);
}

/* Pushes the leaves; `skip` left out, `twice` repeated (SIZE_MAX: none). */
static void judge(const struct played *p, size_t skip, size_t twice, struct verify_report *report,
                  struct digest *root)
{
    struct verify_log *v = xcalloc(1, sizeof *v);

    *report = (struct verify_report){0};
    verify_log_init(v, report);
    for (size_t i = 0; i < p->journal.leaf_count; i++) {
        const struct leaf *l = &p->journal.leaves[i];

        if (i != skip)
            verify_log_push(v, l->bytes, l->length, NULL);
        if (i == twice)
            verify_log_push(v, l->bytes, l->length, NULL);
    }
    verify_log_end(v);
    merkle_root(&v->tree, root);
    verify_log_release(v);
    free(v);
}

static void test_every_log_of_the_engine_keeps_the_rules(void **state)
{
    struct verify_report report;
    struct digest root;
    struct played p;

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        play(&p, seed * 100, seed % 2 == 0, seed % 4 < 2 ? "0.0004" : "0");
        assert_true(p.journal.fill_count > 20);
        judge(&p, SIZE_MAX, SIZE_MAX, &report, &root);
        for (enum property i = 0; i < PROPERTY_COUNT_; i++)
            if (report.findings[i].verdict == VERDICT_FAIL)
                fail_msg("seed %llu: %s: %s", (unsigned long long)seed, property_key(i),
                         report.findings[i].detail);
        assert_int_equal(report.findings[PROPERTY_PROFITS].verdict, VERDICT_PASS);
        assert_int_equal(report.findings[PROPERTY_POSITIONS].verdict, VERDICT_PASS);
        played_release(&p);
    }
}

/* What is missed by nobody but the tree: signals nobody acted on, an order's end without a fill. */
static bool may_go_unnoticed(const struct leaf *l)
{
    return l->kind == LEAF_SIGNAL || l->kind == LEAF_CONTROL || l->kind == LEAF_EQUITY ||
           (l->kind == LEAF_CLOSE && !strstr(l->bytes, "\"status\": \"filled\""));
}

static void test_no_entry_can_be_left_out_or_repeated(void **state)
{
    struct verify_report report;
    struct digest root, other;
    size_t noticed = 0;
    struct played p;

    (void)state;
    play(&p, 4711, true, "0.0004");
    judge(&p, SIZE_MAX, SIZE_MAX, &report, &root);
    for (size_t i = 0; i < p.journal.leaf_count; i += i < 40 ? CHECK_EVERY : 307) {
        const struct leaf *l = &p.journal.leaves[i];

        judge(&p, i, SIZE_MAX, &report, &other);
        assert_false(bytes_equal(&root, &other, sizeof root));
        if (!report_failed(&report) && !may_go_unnoticed(l))
            fail_msg("entry %zu, %s, was left out unnoticed", i, leaf_kind_name(l->kind));
        noticed += report_failed(&report);
        judge(&p, SIZE_MAX, i, &report, &other);
        assert_false(bytes_equal(&root, &other, sizeof root));
        if (!report_failed(&report) && l->kind != LEAF_CONFIG && l->kind != LEAF_SIGNAL &&
            l->kind != LEAF_CONTROL && l->kind != LEAF_CYCLE)
            fail_msg("entry %zu, %s, was repeated unnoticed", i, leaf_kind_name(l->kind));
    }
    assert_true(noticed > 20 / CHECK_EVERY);
    played_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_log_of_the_engine_keeps_the_rules),
        cmocka_unit_test(test_no_entry_can_be_left_out_or_repeated),
    };

    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_JSON, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
