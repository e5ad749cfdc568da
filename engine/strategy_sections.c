/* SPDX-License-Identifier: Apache-2.0 */
/* The entry, exit, protection and sizing sections of an artifact. */
#include <stdio.h>
#include <string.h>

#include "engine/rule_names.h"
#include "engine/strategy_parts.h"

#define KEYS(...)                                      \
    ((struct keys){(const char *const[]){__VA_ARGS__}, \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)})

/* The section as an object, NULL when absent or not one (reported). */
static const struct jnode *section(struct loader *l, const char *name, struct keys known)
{
    const struct jnode *n = jnode_member(l->root, name);
    char prefix[64];

    if (!n || jnode_is(n, J_NULL))
        return NULL;
    if (!jnode_is(n, J_OBJECT)) {
        diag_hint(loader_error(l, name, "type_mismatch", "an object is needed here"), "not %s",
                  jkind_name(jnode_kind(n)));
        return NULL;
    }
    (void)snprintf(prefix, sizeof prefix, "%s.", name);
    loader_check_keys(l, n, prefix, known);
    return n;
}

static void load_direction(struct loader *l, const struct jnode *n, const char *field)
{
    bool is_text = jnode_is(n, J_STRING);

    l->s->direction = DIRECTION_LONG;
    if (!n)
        return;
    if ((is_text && strcmp(jnode_text(n), "long") == 0) ||
        (jnode_is(n, J_INTEGER) && jnode_integer(n) == 1))
        return;
    l->s->direction = DIRECTION_SHORT;
    if ((is_text && strcmp(jnode_text(n), "short") == 0) ||
        (jnode_is(n, J_INTEGER) && jnode_integer(n) == -1))
        return;
    diag_hint(loader_error(l, field, "field_invalid", "this direction is not known"),
              "\"long\" or \"short\"");
}

static void load_confidence(struct loader *l, const struct jnode *entry)
{
    struct strategy *s = l->s;
    const char *field = "entry.confidence";
    const struct jnode *n = loader_member(l, entry, "confidence", "confidence", &field);
    struct ratio value;

    if (n && loader_rule(l, n, field, SCOPE_ENTRY, TYPE_NUMBER, &s->confidence) &&
        rule_graph_is_constant(&l->set.graph, s->confidence.node)) {
        double k = l->set.graph.nodes[s->confidence.node].k;

        if (k < 0 || k > 1)
            diag_hint(loader_error(l, field, "out_of_range", "this confidence is not acceptable"),
                      "from 0 to 1: 85 %% is 0.85");
    }
    field = "entry.min_confidence";
    n = loader_member(l, entry, "min_confidence", "min_confidence", &field);
    if (!n || !loader_ratio(l, n, field, &value))
        return;
    if (ratio_sign(value) < 0 || ratio_cmp(value, ratio_of(1, 1)) > 0)
        diag_hint(loader_error(l, field, "out_of_range", "this confidence is not acceptable"),
                  "from 0 to 1: 85 %% is 0.85");
    s->min_confidence = value;
}

void load_entry(struct loader *l)
{
    const struct jnode *entry = section(
        l, "entry", KEYS("condition", "direction", "confidence", "min_confidence", "trigger"));
    const char *field = "entry.condition";
    const struct jnode *n = loader_member(l, entry, "condition", "entry_condition", &field);

    if (!n)
        diag_hint(loader_error(l, field, "missing", "a strategy needs an entry condition"),
                  "\"entry\": {\"condition\": \"rsi < 30\"}");
    else
        (void)loader_rule(l, n, field, SCOPE_ENTRY, TYPE_TRUTH, &l->s->entry);
    field = "entry.direction";
    n = loader_member(l, entry, "direction", "direction", &field);
    load_direction(l, n, field);
    load_confidence(l, entry);
    field = "entry.trigger";
    n = loader_member(l, entry, "trigger", "trigger", &field);
    if (!n)
        n = loader_member(l, NULL, "", "reason", &field);
    if (n) {
        const char *text = loader_text(l, n, field);

        if (text)
            trigger_parse(l, field, text);
    } else if (l->s->entry.ast) {
        struct text text; /* without a reason of its own, the rule is the reason */

        text_init(&text, 16 * LIMIT_EXPRESSION_BYTES);
        rule_print(l->s->entry.ast, &text);
        if (text.length >= LIMIT_REASON)
            text.data[LIMIT_REASON - 1] = '\0';
        trigger_parse(l, field, text.data);
        text_release(&text);
    }
}

void load_exit(struct loader *l)
{
    const struct jnode *exit = section(l, "exit", KEYS("condition", "max_candles"));
    const char *field = "exit.condition";
    const struct jnode *n = loader_member(l, exit, "condition", "exit_condition", &field);

    if (n && !jnode_is(n, J_NULL))
        (void)loader_rule(l, n, field, SCOPE_EXIT, TYPE_TRUTH, &l->s->exit);
    field = "exit.max_candles";
    n = loader_member(l, exit, "max_candles", "max_candles", &field);
    if (n && !jnode_is(n, J_NULL))
        (void)loader_count(l, n, field, 100000000, &l->s->max_candles);
}

static void load_atr_level(struct loader *l, const struct jnode *n, const char *name,
                           struct level *out)
{
    struct rule_graph *g = &l->set.graph;
    const struct jnode *period = jnode_member(n, "period");
    char field[64];

    out->period = 14;
    (void)snprintf(field, sizeof field, "%s.period", name);
    if (period && loader_count(l, period, field, LIMIT_PERIOD, &out->period) && out->period == 0) {
        out->period = 14;
        diag_hint(loader_error(l, field, "out_of_range", "this period is not acceptable"),
                  "from 1 to %d", LIMIT_PERIOD);
    }
    out->rule.node = rule_graph_add(
        g, (struct rule_operation){.op = OP_ATR,
                                   .a = rule_graph_add(g, (struct rule_operation){.op = OP_HIGH}),
                                   .b = rule_graph_add(g, (struct rule_operation){.op = OP_LOW}),
                                   .c = rule_graph_add(g, (struct rule_operation){.op = OP_CLOSE}),
                                   .n = out->period});
}

static void load_level_object(struct loader *l, const struct jnode *n, const char *name,
                              struct level *out)
{
    const struct jnode *type = jnode_member(n, "type");
    const struct jnode *value = jnode_member(n, "value");
    const char *kind = jnode_is(type, J_STRING) ? jnode_text(type) : "";
    char prefix[64], field[64];

    (void)snprintf(prefix, sizeof prefix, "%s.", name);
    (void)snprintf(field, sizeof field, "%s.value", name);
    loader_check_keys(l, n, prefix, KEYS("type", "value", "period"));
    if (!value) {
        diag_hint(loader_error(l, field, "missing", "this must be given"),
                  "{\"type\": \"pct\", \"value\": 0.02}");
        return;
    }
    if (strcmp(kind, "pct") == 0) {
        if (loader_fraction(l, value, field, ratio_of(1, 2), &out->value))
            out->kind = LEVEL_PCT;
    } else if (strcmp(kind, "atr_mult") == 0) {
        load_atr_level(l, n, name, out);
        if (!loader_ratio(l, value, field, &out->value))
            return;
        if (ratio_sign(out->value) <= 0 || ratio_cmp(out->value, ratio_of(100, 1)) > 0)
            diag_hint(loader_error(l, field, "out_of_range", "this multiple is not acceptable"),
                      "more than 0, at most 100");
        out->kind = LEVEL_ATR;
    } else if (strcmp(kind, "expr") == 0) {
        if (loader_rule(l, value, field, SCOPE_LEVEL, TYPE_NUMBER, &out->rule))
            out->kind = LEVEL_RULE;
    } else {
        (void)snprintf(field, sizeof field, "%s.type", name);
        diag_hint(loader_error(l, field, "field_invalid", "this type is not known"),
                  "\"pct\", \"atr_mult\" or \"expr\"");
    }
}

static void load_level(struct loader *l, const char *name, struct level *out)
{
    const struct jnode *n = jnode_member(l->root, name);

    if (!n || jnode_is(n, J_NULL))
        return;
    if (jnode_is(n, J_OBJECT)) {
        load_level_object(l, n, name, out);
    } else if (jnode_is(n, J_STRING)) {
        if (loader_rule(l, n, name, SCOPE_LEVEL, TYPE_NUMBER, &out->rule))
            out->kind = LEVEL_RULE;
    } else if (loader_fraction(l, n, name, ratio_of(1, 2), &out->value)) {
        out->kind = LEVEL_PCT;
    }
    out->factor = ratio_to_double(out->value);
}

void load_levels(struct loader *l, bool stop_loss_required)
{
    const struct jnode *stop = jnode_member(l->root, "stop_loss");

    load_level(l, "stop_loss", &l->s->stop);
    load_level(l, "take_profit", &l->s->take);
    if (stop_loss_required && (!stop || jnode_is(stop, J_NULL)))
        diag_hint(
            loader_error(l, "stop_loss", "missing", "paper and live trading need a stop loss"),
            "\"stop_loss\": {\"type\": \"pct\", \"value\": 0.02}");
}

void load_trailing(struct loader *l)
{
    struct strategy *s = l->s;
    const struct jnode *n = jnode_member(l->root, "trailing_stop");
    const struct jnode *at;

    if (!n || jnode_is(n, J_NULL))
        return;
    s->has_trailing = true;
    if (!jnode_is(n, J_OBJECT)) {
        (void)loader_fraction(l, n, "trailing_stop", ratio_of(1, 2), &s->trailing_pct);
        return;
    }
    loader_check_keys(l, n, "trailing_stop.", KEYS("pct", "activate_at"));
    at = jnode_member(n, "pct");
    if (!at)
        diag_hint(loader_error(l, "trailing_stop.pct", "missing", "this must be given"),
                  "{\"pct\": 0.01, \"activate_at\": 0.015}");
    else
        (void)loader_fraction(l, at, "trailing_stop.pct", ratio_of(1, 2), &s->trailing_pct);
    at = jnode_member(n, "activate_at");
    if (at && loader_ratio(l, at, "trailing_stop.activate_at", &s->trailing_activation) &&
        (ratio_sign(s->trailing_activation) < 0 ||
         ratio_cmp(s->trailing_activation, ratio_of(1, 2)) > 0))
        diag_hint(loader_error(l, "trailing_stop.activate_at", "out_of_range",
                               "this fraction is not acceptable"),
                  "from 0 to 0.5; fractions, not percent: 2 %% is 0.02");
}

/* Largest value: amounts as far as they go, fractions of equity 1, of risk 1/2. */
static const struct {
    const char *name;
    enum sizing_kind kind;
    int64_t most_numerator, most_denominator;
} sizings[] = {{"fixed_base", SIZING_FIXED_BASE, INT64_C(1000000000000), 1},
               {"fixed_quote", SIZING_FIXED_QUOTE, INT64_C(1000000000000), 1},
               {"equity_pct", SIZING_EQUITY_PCT, 1, 1},
               {"risk_pct", SIZING_RISK_PCT, 1, 2}};

static void load_sizing_kind(struct loader *l, const struct jnode *n, size_t *kind)
{
    const struct jnode *type = jnode_member(n, "type");

    if (!type)
        return;
    for (size_t i = 0; i < COUNT_OF(sizings); i++) {
        if (jnode_is(type, J_STRING) && strcmp(jnode_text(type), sizings[i].name) == 0) {
            *kind = i;
            return;
        }
    }
    diag_hint(loader_error(l, "position_sizing.type", "field_invalid", "this type is not known"),
              "\"fixed_base\", \"fixed_quote\", \"equity_pct\" or \"risk_pct\"");
}

void load_sizing(struct loader *l)
{
    struct strategy *s = l->s;
    const struct jnode *n = section(l, "position_sizing", KEYS("type", "value", "max_quote"));
    const struct jnode *flat = jnode_member(l->root, "size_usd");
    const struct jnode *at = n ? jnode_member(n, "value") : flat;
    const struct jnode *cap = n ? jnode_member(n, "max_quote") : NULL;
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
    if (cap && !jnode_is(cap, J_NULL)) {
        struct ratio value = {0};

        if (loader_ratio(l, cap, "position_sizing.max_quote", &value) && ratio_sign(value) < 0)
            loader_error(l, "position_sizing.max_quote", "out_of_range", "this amount is negative");
        s->sizing.max_quote = (struct money){value.e12};
    }
    if (s->sizing.kind == SIZING_RISK_PCT && s->stop.kind == LEVEL_NONE &&
        !jnode_member(l->root, "stop_loss"))
        diag_hint(
            loader_error(l, "position_sizing.type", "stop_loss_missing",
                         "risk_pct sizes by the distance to the stop loss, but there is none"),
            "add stop_loss, or use equity_pct");
}
