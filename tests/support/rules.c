/* SPDX-License-Identifier: Apache-2.0 */
/* The names of rules.h. */
#include "tests/support/rules.h"

#include <stdlib.h>

#include "core/clock.h"
#include "engine/rule_parse.h"
#include "tests/support/check.h"

struct diag_list rules_diags;

void rules_add_feature(struct rule_set *set, const char *name, const char *rule)
{
    struct rule_feature *f = &set->features[set->feature_count++];
    struct rule_place place = {f->field, 0, false, set->diags};

    assert_true(copy_text(f->name, sizeof f->name, name));
    assert_true(copy_text(f->field, sizeof f->field, name));
    assert_ok(rule_parse(rule, strlen(rule), &place, &f->ast));
}

/* A strategy of 5 minutes on ETH/USDT with one outside value. */
struct rule_set *rules_set_new(void)
{
    struct rule_set *set = calloc(1, sizeof *set);

    assert_non_null(set);
    rules_diags.count = 0;
    rule_set_init(set, &rules_diags);
    set->timeframe_us = 300 * US_PER_S;
    assert_true(copy_text(set->own, sizeof set->own, "ETH/USDT"));
    set->ext_count = 2;
    assert_true(copy_text(set->ext[0], LIMIT_NAME, "news"));
    assert_true(copy_text(set->ext[1], LIMIT_NAME, "sentiment"));
    set->parameter_count = 1;
    set->parameters[0] = (struct rule_parameter_value){"fast", 3};
    rules_add_feature(set, "mean", "sma(close, fast)");
    rules_add_feature(set, "bands", "bbands(close, 3)");
    rules_add_feature(set, "quarter", "close @ 15m");
    rules_add_feature(set, "btc", "close of \"BTC/USDT\"");
    rules_add_feature(set, "channel", "donchian(2) @ 15m");
    return set;
}

void rules_set_free(struct rule_set *set)
{
    rule_set_release(set);
    free(set);
}

struct rule_value rules_compile(struct rule_set *set, const char *rule, struct text *normal)
{
    struct rule_place place = {"rule", 0, false, set->diags};
    struct rule_value value = {.type = TYPE_BROKEN};
    struct rule_ast *ast;

    if (rule_parse(rule, strlen(rule), &place, &ast))
        return value;
    value = rule_compile(set, ast, SCOPE_EXIT, &place, TYPE_BROKEN);
    if (normal && value.type != TYPE_BROKEN)
        rule_print(ast, normal);
    rule_ast_free(ast);
    return value;
}
