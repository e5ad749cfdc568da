/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles whole expressions and features: each once, circles refused. */
#include <stdio.h>

#include "engine/rule_emit.h"
#include "engine/rule_parse.h"

void rule_set_release(struct rule_set *s)
{
    for (int i = 0; i < s->feature_count; i++)
        rule_ast_free(s->features[i].ast);
    s->feature_count = 0;
    rule_graph_release(&s->graph);
}

/* The normal text must be a rule by itself: written-out defaults make it longer. */
static bool is_printable(const struct rule_ast *ast, const struct rule_place *place)
{
    struct rule_place hidden = *place;
    struct rule_ast *again;
    struct text text;
    enum err e;

    hidden.is_hidden = true;
    text_init(&text, 16 * LIMIT_EXPRESSION_BYTES);
    rule_print(ast, &text);
    ASSERT(!text.full);
    e = rule_parse(text.data, text.length, &hidden, &again);
    if (!e)
        rule_ast_free(again);
    text_release(&text);
    return !e;
}

struct rule_value rule_compile(struct rule_set *s, struct rule_ast *ast, enum rule_scope scope,
                               const struct rule_place *place, enum rule_type wanted)
{
    struct emitter e = {.set = s, .ast = ast, .place = place, .scope = scope};
    bool was_full = s->graph.is_full;
    struct rule_value value;

    s->graph.streams[0].timeframe_us = s->timeframe_us;
    value = emit_node(&e, ast->root);

    if (value.type != TYPE_BROKEN && wanted == TYPE_NUMBER)
        value = rule_number(emit_as_number(&e, ast->root, value));
    if (value.type != TYPE_BROKEN && wanted == TYPE_TRUTH)
        value = rule_truth(emit_as_truth(&e, ast->root, value));
    if (s->graph.is_full && !was_full) {
        struct diag *d = emit_error(&e, ast->root, "too_complex",
                                    "the strategy needs too many operations or too much memory");
        diag_hint(d, "at most %d operations and %d MB of windows", RULE_GRAPH_NODES,
                  RULE_GRAPH_STATE >> 20);
    }
    if (!e.is_broken && s->graph.stream == 0 && !is_printable(ast, place))
        e.is_broken = true;
    return e.is_broken ? (struct rule_value){.type = TYPE_BROKEN} : value;
}

/* For the strategy's own candles. */
static struct rule_value compile_here(struct rule_set *s, struct rule_feature *f)
{
    struct rule_place place = {f->field, 0, f->is_hidden, s->diags};
    int stream = s->graph.stream;

    if (f->state == FEATURE_BUSY) {
        diag_hint(
            diag_add(s->diags, f->field, "circular", "feature '%s' is defined by itself", f->name),
            "x[1] of another feature or of close is the past");
        return (struct rule_value){.type = TYPE_BROKEN};
    }
    if (f->state == FEATURE_WAITING && f->ast) {
        f->state = FEATURE_BUSY;
        s->graph.stream = 0;
        f->value = rule_compile(s, f->ast, SCOPE_FEATURE, &place, TYPE_BROKEN);
        s->graph.stream = stream;
    }
    f->state = FEATURE_DONE;
    return f->value;
}

struct rule_value rule_compile_feature(struct rule_set *s, int feature)
{
    struct rule_feature *f = &s->features[feature];
    struct rule_place place = {f->field, 0, f->is_hidden, s->diags};
    struct rule_feature_elsewhere *elsewhere = &f->elsewhere[s->graph.stream];
    /* First of all here: so its own mistakes and circles are found, and found once. */
    struct rule_value value = compile_here(s, f);

    if (s->graph.stream == 0 || value.type == TYPE_BROKEN)
        return value;
    if (elsewhere->state == FEATURE_WAITING) {
        elsewhere->state = FEATURE_DONE;
        elsewhere->value = rule_compile(s, f->ast, SCOPE_FEATURE, &place, TYPE_BROKEN);
    }
    return elsewhere->value;
}
