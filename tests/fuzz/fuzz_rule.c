/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a rule: what is accepted must survive its own normal text, compile to the same
 * node again, and only ever give numbers within bounds, 0, 1 or unknown. */
#include <stdlib.h>
#include <string.h>

#include "engine/rule_compile.h"
#include "engine/rule_parse.h"
#include "engine/rule_run.h"

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

static void run(struct rule_set *set, struct rule_value value)
{
    const struct rule_context context = {100, 3, 0.01, 0.02, -0.03, 1, 0};
    int node = value.nodes[0];
    int *roots[] = {&node};
    struct rule_run r;
    int64_t price = 10000;

    rule_graph_finish(&set->graph, roots, 1);
    if (set->graph.is_full)
        return;
    rule_run_init(&r, &set->graph);
    for (int i = 0; i < 64; i++) {
        struct candle c = {.open_us = i * 7 * 3600 * US_PER_S,
                           .open = price,
                           .high = price + 50,
                           .low = price - 40,
                           .close = price + (i % 7) * 5 - 15,
                           .volume = i % 5,
                           .price_scale = 2};
        double x;

        price = c.close;
        rule_run_push(&r, &c);
        x = rule_run_value(&r, node, &context);
        ASSERT(isnan(x) || fabs(x) <= 1.001 * RULE_NUMBER_MAX);
        ASSERT(value.type != TYPE_TRUTH || isnan(x) || x == 0 || x == 1);
    }
    rule_run_release(&r);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum rule_scope scopes[] = {SCOPE_FEATURE, SCOPE_EXIT};
    static struct diag_list diags;

    for (size_t i = 0; i < COUNT_OF(scopes); i++) {
        struct rule_place place = {"rule", 0, false, &diags};
        struct rule_set *set = malloc(sizeof *set);
        struct rule_ast *ast;

        if (!set)
            return 0;
        diags.count = diags.dropped = 0;
        rule_set_init(set, &diags);
        set->parameter_count = 2;
        set->parameters[0] = (struct rule_parameter_value){"fast", 5};
        set->parameters[1] = (struct rule_parameter_value){"k", -0.5};
        add_feature(set, "m", "macd(close, 3, 6, 2)");
        add_feature(set, "b", "bbands(hl2, 4)");
        add_feature(set, "s", "stoch(3, 2, 2)");
        add_feature(set, "c", "ichimoku(2, 3, 5, 2)");
        add_feature(set, "st", "supertrend(3, 1)");
        add_feature(set, "up", "rising(close, 2)");
        if (!rule_parse((const char *)data, size, &place, &ast)) {
            check(set, ast, scopes[i]);
            rule_ast_free(ast);
        }
        rule_set_release(set);
        free(set);
    }
    return 0;
}
