/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles function calls: finds each argument's parameter, checks it, and emits the function. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_emit.h"
#include "engine/rule_names.h"

static const struct rule_value broken = {.type = TYPE_BROKEN};

static struct rule_value unknown_function(struct emitter *e, int node)
{
    const struct rule_node *n = &e->ast->nodes[node];
    struct nearest near;
    char word[64], message[128];

    (void)snprintf(word, sizeof word, "%.*s", n->name_length < 63 ? n->name_length : 63,
                   e->ast->text + n->name);
    (void)snprintf(message, sizeof message, "there is no function '%s'", word);
    nearest_init(&near, word);
    for (int i = 0; i < FUNCTION_COUNT_; i++)
        nearest_offer(&near, rule_function_at((enum rule_function_id)i)->name);
    nearest_hint(&near, emit_error(e, node, "unknown_function", message), NULL);
    /* The arguments' own mistakes are worth knowing at once. */
    for (int i = 0; i < n->child_count; i++)
        (void)emit_node(e, n->child[i]);
    return broken;
}

/* "ema(source, period)": what would have been right. */
static void hint_signature(struct diag *d, const struct rule_function *f)
{
    char text[128];
    size_t used;

    (void)snprintf(text, sizeof text, "%s(", f->name);
    for (int i = 0; i < rule_function_parameters(f); i++) {
        used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "",
                       f->parameters[i].name);
    }
    diag_hint(d, "%s)", text);
}

static double check_constant(struct emitter *e, int node, const struct rule_parameter *p, int at)
{
    const struct rule_graph *g = &e->set->graph;
    bool is_count = p->kind == PARAMETER_COUNT;
    char message[128];
    double value = g->nodes[at].k;

    if (!rule_graph_is_constant(g, at)) {
        (void)snprintf(message, sizeof message, "%s must be a constant", p->name);
        diag_hint(emit_error(e, node, "not_constant", message),
                  "a number, a parameter, or arithmetic of these");
        return p->least;
    }
    if (!(value >= p->least && value <= p->most) || (is_count && value != floor(value))) {
        (void)snprintf(message, sizeof message, "%s is not acceptable", p->name);
        diag_hint(emit_error(e, node, "out_of_range", message), "a %s from %d to %d",
                  is_count ? "whole number" : "number", (int)p->least, (int)p->most);
        return p->least;
    }
    return value;
}

static void read_argument(struct emitter *e, const struct rule_parameter *p, int i,
                          struct rule_arguments *a)
{
    switch (p->kind) {
    case PARAMETER_NUMBER:
    case PARAMETER_SOURCE:
        a->at[i] = emit_as_number(e, a->child[i], a->value[i]);
        break;
    case PARAMETER_TRUTH:
        a->at[i] = emit_as_truth(e, a->child[i], a->value[i]);
        break;
    case PARAMETER_ANY:
        if (a->value[i].type == TYPE_TRUTH)
            a->at[i] = a->value[i].nodes[0];
        else
            a->at[i] = emit_as_number(e, a->child[i], a->value[i]);
        break;
    case PARAMETER_COUNT:
    case PARAMETER_FACTOR:
        a->at[i] = emit_as_number(e, a->child[i], a->value[i]);
        if (!e->is_broken)
            a->number[i] = check_constant(e, a->child[i], p, a->at[i]);
        break;
    case PARAMETER_NONE:
        break;
    }
}

/* False after a mistake. */
static bool read_arguments(struct emitter *e, int node, const struct rule_function *f,
                           struct rule_arguments *a)
{
    const struct rule_node *n = &e->ast->nodes[node];
    bool was_broken = e->is_broken;
    bool is_good;
    struct rule_value given[RULE_ARGUMENTS];
    int bound[FUNCTION_PARAMETERS];
    char message[96];

    e->is_broken = false;
    for (int i = 0; i < n->child_count; i++)
        given[i] = emit_node(e, n->child[i]);
    /* After compiling, for bare parameter names are known now. */
    if (!rule_bind(f, n->child_count, n->child_count > 0 && rule_is_constant(e->ast, n->child[0]),
                   bound)) {
        (void)snprintf(message, sizeof message, "%s() does not take %d argument%s", f->name,
                       n->child_count, n->child_count == 1 ? "" : "s");
        hint_signature(emit_error(e, node, "argument_count", message), f);
        return false;
    }
    for (int i = 0; i < rule_function_parameters(f); i++) {
        const struct rule_parameter *p = &f->parameters[i];

        a->child[i] = node;
        if (bound[i] >= 0) {
            a->child[i] = n->child[bound[i]];
            a->value[i] = given[bound[i]];
        } else if (p->kind == PARAMETER_SOURCE) {
            a->value[i] = rule_number(emit_op(e, OP_CLOSE, 0, 0, 0));
        } else {
            a->value[i] = rule_number(emit_constant(e, p->initial));
        }
        if (a->value[i].type != TYPE_BROKEN)
            read_argument(e, p, i, a);
    }
    is_good = !e->is_broken;
    e->is_broken = e->is_broken || was_broken;
    return is_good;
}

/* A streak: rising and falling. */
static struct rule_value emit_streak(struct emitter *e, enum rule_op op,
                                     const struct rule_arguments *a)
{
    return rule_truth(rule_graph_add(
        &e->set->graph,
        (struct rule_operation){.op = (uint8_t)op, .a = a->at[0], .n = (int32_t)a->number[1]}));
}

static struct rule_value emit_if(struct emitter *e, int node, const struct rule_arguments *a)
{
    int at;

    if ((a->value[1].type == TYPE_TRUTH) != (a->value[2].type == TYPE_TRUTH)) {
        emit_error(e, node, "type_mismatch", "both branches of if() must be of the same type");
        return broken;
    }
    at = emit_op(e, OP_IF, a->at[0], a->at[1], a->at[2]);
    return a->value[1].type == TYPE_TRUTH ? rule_truth(at) : rule_number(at);
}

static struct rule_value emit_simple(struct emitter *e, int node, enum rule_function_id id,
                                     const struct rule_arguments *a)
{
    switch (id) {
    case FUNCTION_CROSSED_ABOVE:
        return rule_truth(emit_op(e, OP_CROSSED_ABOVE, a->at[0], a->at[1], 0));
    case FUNCTION_CROSSED_BELOW:
        return rule_truth(emit_op(e, OP_CROSSED_BELOW, a->at[0], a->at[1], 0));
    case FUNCTION_RISING:
        return emit_streak(e, OP_RISING, a);
    case FUNCTION_FALLING:
        return emit_streak(e, OP_FALLING, a);
    case FUNCTION_BETWEEN:
        return rule_truth(emit_op(e, OP_AND, emit_op(e, OP_GREATER_EQUAL, a->at[0], a->at[1], 0),
                                  emit_op(e, OP_LESS_EQUAL, a->at[0], a->at[2], 0), 0));
    case FUNCTION_ABS:
        return rule_number(emit_op(e, OP_ABS, a->at[0], 0, 0));
    case FUNCTION_MIN:
        return rule_number(emit_op(e, OP_MIN, a->at[0], a->at[1], 0));
    case FUNCTION_MAX:
        return rule_number(emit_op(e, OP_MAX, a->at[0], a->at[1], 0));
    case FUNCTION_CLAMP:
        return rule_number(emit_op(e, OP_CLAMP, a->at[0], a->at[1], a->at[2]));
    case FUNCTION_IF:
        return emit_if(e, node, a);
    case FUNCTION_LOG:
        return rule_number(emit_op(e, OP_LOG, a->at[0], 0, 0));
    case FUNCTION_EXP:
        return rule_number(emit_op(e, OP_EXP, a->at[0], 0, 0));
    default:
        return rule_number(emit_op(e, OP_SQRT, a->at[0], 0, 0));
    }
}

struct rule_value emit_call(struct emitter *e, int node)
{
    const struct rule_node *n = &e->ast->nodes[node];
    const struct rule_function *f =
        rule_function_find(e->ast->text + n->name, (size_t)n->name_length);
    struct rule_arguments a = {0};
    enum rule_function_id id;

    if (!f)
        return unknown_function(e, node);
    if (!read_arguments(e, node, f, &a))
        return broken;
    id = rule_function_id(f);
    for (int i = 0; id >= FUNCTION_CROSSED_ABOVE && i < FUNCTION_PARAMETERS; i++) {
        if (emit_refuses_late(e, node, a.at[i]))
            return broken;
    }
    if (id >= FUNCTION_HIGHEST)
        return emit_indicator(e, node, id, &a);
    return emit_simple(e, node, id, &a);
}
