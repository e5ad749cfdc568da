/* SPDX-License-Identifier: Apache-2.0 */
/* The stop loss, take profit and trailing stop of an artifact. */
#include <stdio.h>
#include <string.h>

#include "engine/strategy_parts.h"

static void load_atr_level(struct loader *l, const struct jnode *n, const char *name,
                           struct level *out)
{
    struct rule_graph *g = &l->set.graph;
    const struct jnode *period = loader_get(n, "period");
    char field[64];

    out->period = 14;
    (void)snprintf(field, sizeof field, "%s.period", name);
    if (period)
        (void)loader_count(l, period, field, 1, LIMIT_PERIOD, &out->period);
    out->rule.node = rule_graph_add(
        g, (struct rule_operation){.op = OP_ATR,
                                   .a = rule_graph_add(g, (struct rule_operation){.op = OP_HIGH}),
                                   .b = rule_graph_add(g, (struct rule_operation){.op = OP_LOW}),
                                   .c = rule_graph_add(g, (struct rule_operation){.op = OP_CLOSE}),
                                   .n = out->period});
}

/* "type", "value" and "period" of a level. */
static void load_level_object(struct loader *l, const struct jnode *n, const char *name,
                              struct level *out)
{
    const struct jnode *type = loader_get(n, "type");
    const struct jnode *value = loader_get(n, "value");
    const char *kind = jnode_is(type, J_STRING) ? jnode_text(type) : "";
    char field[64];

    (void)snprintf(field, sizeof field, "%s.value", name);
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
    out->factor = ratio_to_double(out->value);
}

static void load_level(struct loader *l, const char *name, struct level *out)
{
    const struct jnode *n = loader_get(l->root, name);
    char prefix[64];

    if (!n)
        return;
    if (jnode_is(n, J_OBJECT)) {
        (void)snprintf(prefix, sizeof prefix, "%s.", name);
        loader_check_keys(l, n, prefix, KEYS("type", "value", "period"));
        load_level_object(l, n, name, out);
    } else if (jnode_is(n, J_STRING)) {
        if (loader_rule(l, n, name, SCOPE_LEVEL, TYPE_NUMBER, &out->rule))
            out->kind = LEVEL_RULE;
    } else if (loader_fraction(l, n, name, ratio_of(1, 2), &out->value)) {
        out->kind = LEVEL_PCT;
        out->factor = ratio_to_double(out->value);
    }
}

void load_levels(struct loader *l, bool stop_loss_required)
{
    struct diag *d;

    load_level(l, "stop_loss", &l->s->stop);
    load_level(l, "take_profit", &l->s->take);
    if (!stop_loss_required || loader_get(l->root, "stop_loss"))
        return;
    d = loader_missing(l, "stop_loss", "paper and live trading need a stop loss");
    if (d->hint[0])
        return;
    if (loader_get(loader_get(l->root, "params"), "stop_loss"))
        diag_hint(d, "a parameter alone stops nothing: \"stop_loss\": "
                     "{\"type\": \"pct\", \"value\": \"params.stop_loss\"}");
    else
        diag_hint(d, "\"stop_loss\": {\"type\": \"pct\", \"value\": 0.02}");
}

/* {"pct": ...}, or {"type": ..., "value": ...} as for the other levels. */
static void load_distance(struct loader *l, const struct jnode *n)
{
    struct level *out = &l->s->trailing;
    const struct jnode *pct = loader_get(n, "pct");
    bool is_typed = loader_get(n, "type") || loader_get(n, "value");

    if (pct && is_typed) {
        diag_hint(loader_error(l, "trailing_stop.pct", "given_twice", "this is given twice"),
                  "either pct, or type and value");
    } else if (is_typed) {
        load_level_object(l, n, "trailing_stop", out);
    } else if (!pct) {
        diag_hint(loader_error(l, "trailing_stop.pct", "missing", "this must be given"),
                  "{\"pct\": 0.01, \"activate_at\": 0.015}");
    } else if (loader_fraction(l, pct, "trailing_stop.pct", ratio_of(1, 2), &out->value)) {
        out->kind = LEVEL_PCT;
    }
}

void load_trailing(struct loader *l)
{
    struct strategy *s = l->s;
    const struct jnode *n = loader_get(l->root, "trailing_stop");
    const struct jnode *at;

    if (!n)
        return;
    if (!jnode_is(n, J_OBJECT)) {
        if (loader_fraction(l, n, "trailing_stop", ratio_of(1, 2), &s->trailing.value))
            s->trailing.kind = LEVEL_PCT;
        return;
    }
    loader_check_keys(l, n, "trailing_stop.",
                      KEYS("pct", "type", "value", "period", "activate_at"));
    load_distance(l, n);
    at = loader_get(n, "activate_at");
    if (at && loader_ratio(l, at, "trailing_stop.activate_at", &s->trailing_activation) &&
        (ratio_sign(s->trailing_activation) < 0 ||
         ratio_cmp(s->trailing_activation, ratio_of(1, 2)) > 0))
        diag_hint(loader_error(l, "trailing_stop.activate_at", "out_of_range",
                               "this fraction is not acceptable"),
                  "from 0 to 0.5; fractions, not percent: 2 %% is 0.02");
}
