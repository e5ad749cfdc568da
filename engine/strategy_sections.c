/* SPDX-License-Identifier: Apache-2.0 */
/* The entry and exit sections of an artifact. */
#include <stdio.h>
#include <string.h>

#include "engine/rule_names.h"
#include "engine/strategy_parts.h"

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

/* Without a reason of its own, the rule is the reason. */
static void load_reason_of_rule(struct loader *l, const char *field)
{
    struct text text;

    text_init(&text, 16 * LIMIT_EXPRESSION_BYTES);
    rule_print(l->s->entry.ast, &text);
    if (text.length >= LIMIT_REASON)
        text.data[LIMIT_REASON - 1] = '\0';
    trigger_parse(l, field, text.data);
    text_release(&text);
}

static void load_trigger(struct loader *l, const struct jnode *entry)
{
    const char *field = "entry.trigger";
    const struct jnode *n = loader_member(l, entry, "trigger", "trigger", &field);

    if (n && jnode_member(l->root, "reason"))
        diag_hint(loader_error(l, "reason", "given_twice", "this is given twice"),
                  "remove 'reason', or '%s'", field);
    if (!n)
        n = loader_member(l, NULL, "", "reason", &field);
    if (n) {
        const char *text = loader_text(l, n, field);

        if (text)
            trigger_parse(l, field, text);
    } else if (l->s->entry.ast) {
        load_reason_of_rule(l, field);
    }
}

/* Some pipelines hand over the numbers of an algorithm that is fixed in their own code. */
static void report_no_entry(struct loader *l, const char *field)
{
    struct diag *d = loader_error(l, field, "missing", "a strategy needs an entry condition");
    const struct jnode *params = loader_get(l->root, "params");
    const char *first = NULL;
    const struct jnode *value;
    void *it = NULL;

    if (jnode_is(params, J_OBJECT) && !loader_get(l->root, "features") &&
        jnode_next(params, &it, &first, &value))
        diag_hint(d,
                  "params belong to an algorithm that is not in the file; write its rule: "
                  "\"entry\": {\"condition\": \"... params.%.24s\"}",
                  first);
    else
        diag_hint(d, "\"entry\": {\"condition\": \"rsi < 30\"}");
}

void load_entry(struct loader *l)
{
    const struct jnode *entry = loader_section(
        l, "entry", KEYS("condition", "direction", "confidence", "min_confidence", "trigger"));
    const char *field = "entry.condition";
    const struct jnode *n = loader_member(l, entry, "condition", "entry_condition", &field);

    if (n)
        (void)loader_rule(l, n, field, SCOPE_ENTRY, TYPE_TRUTH, &l->s->entry);
    else
        report_no_entry(l, field);
    field = "entry.direction";
    n = loader_member(l, entry, "direction", "direction", &field);
    load_direction(l, n, field);
    load_confidence(l, entry);
    load_trigger(l, entry);
}

/* The time exit under the names that are in use; more than one of them is a mistake. */
static void load_max_candles(struct loader *l, const struct jnode *exit)
{
    static const char *const names[] = {"max_candles", "hold_periods", "max_bars", "time_exit"};
    const struct jnode *found = NULL;
    char used[64] = "";

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char nested[64];
        const char *field = nested;
        const struct jnode *n;

        (void)snprintf(nested, sizeof nested, "exit.%s", names[i]);
        n = loader_member(l, exit, names[i], names[i], &field);
        if (n && found) {
            diag_hint(loader_error(l, field, "given_twice", "this is given twice"),
                      "the same as '%s'", used);
        } else if (n) {
            found = n;
            (void)copy_text(used, sizeof used, field);
        }
    }
    if (found)
        (void)loader_count(l, found, used, 0, 100000000, &l->s->max_candles);
}

void load_exit(struct loader *l)
{
    const struct jnode *exit = loader_section(
        l, "exit", KEYS("condition", "max_candles", "hold_periods", "max_bars", "time_exit"));
    const char *field = "exit.condition";
    const struct jnode *n = loader_member(l, exit, "condition", "exit_condition", &field);

    if (n)
        (void)loader_rule(l, n, field, SCOPE_EXIT, TYPE_TRUTH, &l->s->exit);
    load_max_candles(l, exit);
}
