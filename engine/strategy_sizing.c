/* SPDX-License-Identifier: Apache-2.0 */
/* The position sizing of an artifact: how large an entry is. */
#include <stdio.h>
#include <string.h>

#include "engine/rule_parse.h"
#include "engine/strategy_parts.h"

/* Largest value: amounts as far as they go, fractions of equity 1, of risk 1/2, volatility 5. */
static const struct {
    const char *name;
    enum sizing_kind kind;
    int64_t most_numerator, most_denominator;
} sizings[] = {{"fixed_base", SIZING_FIXED_BASE, INT64_C(1000000000000), 1},
               {"fixed_quote", SIZING_FIXED_QUOTE, INT64_C(1000000000000), 1},
               {"equity_pct", SIZING_EQUITY_PCT, 1, 1},
               {"risk_pct", SIZING_RISK_PCT, 1, 2},
               {"vol_target", SIZING_VOL_TARGET, 5, 1}};

static void load_sizing_kind(struct loader *l, const struct jnode *n, size_t *kind)
{
    const struct jnode *type = loader_get(n, "type");

    if (!type)
        return;
    for (size_t i = 0; i < COUNT_OF(sizings); i++) {
        if (jnode_is(type, J_STRING) && strcmp(jnode_text(type), sizings[i].name) == 0) {
            *kind = i;
            return;
        }
    }
    diag_hint(loader_error(l, "position_sizing.type", "field_invalid", "this type is not known"),
              "\"fixed_base\", \"fixed_quote\", \"equity_pct\", \"risk_pct\" or \"vol_target\"");
}

/* Deviation of the returns as the rules have it, so that an equal feature is shared; made yearly
 * with the root of the candles of 365 days, for crypto markets never close. */
static void load_volatility(struct loader *l, const struct jnode *period)
{
    struct strategy *s = l->s;
    struct rule_graph *g = &l->set.graph;
    struct rule_place place = {"position_sizing", 0, true, l->diags};
    struct rule_value value = {.type = TYPE_BROKEN};
    struct rule_ast *ast = NULL;
    char rule[64];

    s->volatility_period = 20;
    if (period)
        (void)loader_count(l, period, "position_sizing.period", 2, LIMIT_PERIOD,
                           &s->volatility_period);
    if (s->timeframe_us == 0) {
        if (!loader_get(l->root, "timeframe"))
            diag_hint(loader_error(l, "position_sizing.type", "timeframe_missing",
                                   "vol_target needs to know how many candles a year has"),
                      "\"timeframe\": \"5m\"");
        return;
    }
    (void)snprintf(rule, sizeof rule, "stddev(returns(close, 1), %d, 1)", s->volatility_period);
    if (!rule_parse(rule, strlen(rule), &place, &ast))
        value = rule_compile(&l->set, ast, SCOPE_ENTRY, &place, TYPE_NUMBER);
    rule_ast_free(ast);
    if (value.type == TYPE_BROKEN) {
        l->mistakes++;
        return;
    }
    s->volatility = rule_graph_add(
        g, (struct rule_operation){
               .op = OP_MULTIPLY,
               .a = value.nodes[0],
               .b = rule_graph_constant(g, sqrt((double)(365 * US_PER_DAY / s->timeframe_us)))});
}

static void load_cap(struct loader *l, const struct jnode *n)
{
    const struct jnode *cap = loader_get(n, "max_quote");
    struct ratio value = {0};

    if (!cap || !loader_ratio(l, cap, "position_sizing.max_quote", &value))
        return;
    if (ratio_sign(value) < 0)
        loader_error(l, "position_sizing.max_quote", "out_of_range", "this amount is negative");
    l->s->sizing.max_quote = (struct money){value.e12};
}

static void load_kind_members(struct loader *l, const struct jnode *n)
{
    struct strategy *s = l->s;
    const struct jnode *period = loader_get(n, "period");

    if (s->sizing.kind == SIZING_VOL_TARGET)
        load_volatility(l, period);
    else if (period)
        diag_hint(diag_add(&s->warnings, "position_sizing.period", "not_used",
                           "this size does not depend on a period"),
                  "only vol_target has one");
    if (s->sizing.kind == SIZING_RISK_PCT && !loader_get(l->root, "stop_loss"))
        diag_hint(
            loader_error(l, "position_sizing.type", "stop_loss_missing",
                         "risk_pct sizes by the distance to the stop loss, but there is none"),
            "add stop_loss, or use equity_pct");
}

void load_sizing(struct loader *l)
{
    struct strategy *s = l->s;
    const struct jnode *n =
        loader_section(l, "position_sizing", KEYS("type", "value", "max_quote", "period"));
    const struct jnode *flat = loader_get(l->root, "size_usd");
    const struct jnode *at = n ? loader_get(n, "value") : flat;
    const char *field = n ? "position_sizing.value" : "size_usd";
    size_t kind = n || !flat ? SIZING_EQUITY_PCT : SIZING_FIXED_QUOTE;
    struct ratio most;

    if (n && flat)
        diag_hint(loader_error(l, "size_usd", "given_twice", "this is given twice"),
                  "remove 'size_usd'");
    if (n)
        load_sizing_kind(l, n, &kind);
    s->sizing = (struct sizing){sizings[kind].kind, ratio_of(1, 10), MONEY_ZERO};
    most = ratio_of(sizings[kind].most_numerator, sizings[kind].most_denominator);
    if (at)
        (void)loader_fraction(l, at, field, most, &s->sizing.value);
    else if (n && kind != SIZING_EQUITY_PCT)
        loader_error(l, field, "missing", "this must be given");
    load_cap(l, n);
    load_kind_members(l, n);
}
