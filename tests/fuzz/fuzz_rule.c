/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a rule: what is accepted must survive its own normal text, compile to the same
 * node again, only ever give numbers within bounds, 0, 1 or unknown, and the same in blocks. */
#include <stdlib.h>
#include <string.h>

#include "engine/rule_block.h"
#include "engine/rule_compile.h"
#include "engine/rule_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_feature(struct rule_set *set, const char *name, const char *rule)
{
    struct rule_feature *f = &set->features[set->feature_count++];
    struct rule_place place = {f->field, 0, false, set->diags};
    enum err e;

    ASSERT(copy_text(f->name, sizeof f->name, name));
    ASSERT(copy_text(f->field, sizeof f->field, name));
    e = rule_parse(rule, strlen(rule), &place, &f->ast);
    ASSERT(!e);
}

enum {
    CANDLES = 64
};

/* Five minutes each, a gap, a hole; the other symbols miss some. */
static void make_candles(struct candle candles[CANDLES])
{
    int64_t price = 10000, open_us = 6 * 3600 * US_PER_S;

    for (int i = 0; i < CANDLES; i++) {
        open_us += (i == 40 ? 100 : i == 50 ? 2 : 1) * 300 * US_PER_S;
        candles[i] = (struct candle){.open_us = open_us,
                                     .open = price,
                                     .high = price + 50,
                                     .low = price - 40,
                                     .close = price + (i % 7) * 5 - 15,
                                     .volume = i % 5,
                                     .price_scale = 2,
                                     .flags = i == 40 ? CANDLE_AFTER_GAP : 0};
        price = candles[i].close;
    }
}

static void push(struct rule_run *r, int symbol, const struct candle *c)
{
    if (c->flags & CANDLE_AFTER_GAP)
        rule_run_reset_symbol(r, symbol);
    rule_run_push_streams(r, symbol, c);
}

/* The same in blocks, bit for bit. */
static void run_blocks(const struct rule_set *set, int node, const struct candle *candles,
                       const double *wanted)
{
    struct rule_run r;
    struct rule_block b;
    size_t count;

    rule_run_init(&r, &set->graph);
    rule_block_init(&b, &r);
    r.ext[0] = 0.5;
    for (size_t at = 0; at < CANDLES; at += count) {
        struct rule_queue queues[LIMIT_OTHER_SYMBOLS];

        count = at == 0 ? 7 : at < 40 ? 11 : 24; /* 7 18 29 40 64: a gap begins a block */
        for (int i = 0; i < set->other_count; i++)
            queues[i] = (struct rule_queue){candles + at, count, i + 1};
        if (candles[at].flags & CANDLE_AFTER_GAP)
            rule_run_reset_symbol(&r, 0);
        rule_block_push(&b, candles + at, count, queues, set->other_count);
        ASSERT(memcmp(rule_block_column(&b, node), wanted + at, count * sizeof *wanted) == 0);
    }
    rule_block_release(&b);
    rule_run_release(&r);
}

static void run(struct rule_set *set, struct rule_value value)
{
    const struct rule_context context = {100, 3, 0.01, 0.02, -0.03, 1, 0};
    int node = value.nodes[0];
    int *roots[] = {&node};
    struct candle candles[CANDLES];
    double values[CANDLES];
    struct rule_run r;

    rule_graph_finish(&set->graph, roots, 1);
    if (set->graph.is_full)
        return;
    make_candles(candles);
    rule_run_init(&r, &set->graph);
    r.ext[0] = 0.5;
    for (int i = 0; i < CANDLES; i++) {
        double x;

        for (int k = 1; k <= set->other_count; k++)
            push(&r, k, &candles[i]);
        push(&r, 0, &candles[i]);
        rule_run_push(&r, &candles[i]);
        x = values[i] = rule_run_value(&r, node, &context);
        ASSERT(isnan(x) || fabs(x) <= 1.001 * RULE_NUMBER_MAX);
        ASSERT(value.type != TYPE_TRUTH || isnan(x) || x == 0 || x == 1);
        ASSERT(value.type != TYPE_WORD || isnan(x) || (x >= 0 && x < 7));
    }
    rule_run_release(&r);
    if (node < set->graph.first_late)
        run_blocks(set, node, candles, values);
}

static void check(struct rule_set *set, struct rule_ast *ast, enum rule_scope scope)
{
    struct rule_place place = {"rule", 0, false, set->diags};
    struct rule_value value = rule_compile(set, ast, scope, &place, TYPE_BROKEN), same;
    struct rule_ast *again;
    struct text first, second;
    enum err e;

    if (value.type == TYPE_BROKEN)
        return;
    text_init(&first, 1 << 20);
    text_init(&second, 1 << 20);
    rule_print(ast, &first);
    e = rule_parse(first.data, first.length, &place, &again);
    ASSERT(!e);
    rule_print(again, &second);
    ASSERT(strcmp(first.data, second.data) == 0);
    same = rule_compile(set, again, scope, &place, TYPE_BROKEN);
    ASSERT(same.type == value.type && same.nodes[0] == value.nodes[0]);
    rule_ast_free(again);
    text_release(&first);
    text_release(&second);
    run(set, value);
}

static void set_names(struct rule_set *set)
{
    set->timeframe_us = 300 * US_PER_S;
    set->ext_count = 1;
    ASSERT(copy_text(set->own, sizeof set->own, "ETH/USDT"));
    ASSERT(copy_text(set->ext[0], sizeof set->ext[0], "mood"));
    set->parameter_count = 2;
    set->parameters[0] = (struct rule_parameter_value){"fast", 5};
    set->parameters[1] = (struct rule_parameter_value){"k", -0.5};
    add_feature(set, "m", "macd(close, 3, 6, 2)");
    add_feature(set, "b", "bbands(hl2, 4)");
    add_feature(set, "s", "stoch(3, 2, 2)");
    add_feature(set, "c", "ichimoku(2, 3, 5, 2)");
    add_feature(set, "st", "supertrend(3, 1)");
    add_feature(set, "up", "rising(close, 2)");
    add_feature(set, "q", "ema(close, 2) @ 15m");
    add_feature(set, "o", "close of \"BTC/USDT\"");
}

/* The scope of features has all names but those of a position. */
static size_t scopes_of(const struct rule_ast *ast)
{
    return strstr(ast->text, "position") || strstr(ast->text, "entry_price") ? 2 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum rule_scope scopes[] = {SCOPE_FEATURE, SCOPE_EXIT};
    static struct diag_list diags;
    struct rule_place place = {"rule", 0, false, &diags};
    size_t count = 1;

    for (size_t i = 0; i < count; i++) {
        struct rule_set *set;
        struct rule_ast *ast;

        diags.count = diags.dropped = 0;
        if (rule_parse((const char *)data, size, &place, &ast))
            return 0; /* most inputs: all the rest would be in vain */
        count = scopes_of(ast);
        set = xcalloc(1, sizeof *set);
        rule_set_init(set, &diags);
        set_names(set);
        check(set, ast, scopes[i]);
        rule_ast_free(ast);
        rule_set_release(set);
        free(set);
    }
    return 0;
}
