/* SPDX-License-Identifier: Apache-2.0 */
/* The type checker and graph emitter of strategy expressions: names, operators and history. */
#include "engine/rule_compile.h"

#include <stdio.h>
#include <string.h>

#include "engine/rule_emit.h"
#include "engine/rule_names.h"

void rule_set_init(struct rule_set *s, struct diag_list *diags)
{
    *s = (struct rule_set){.diags = diags};
    rule_graph_init(&s->graph);
}

struct rule_value rule_number(int node)
{
    return (struct rule_value){.type = TYPE_NUMBER, .nodes = {node}};
}

struct rule_value rule_truth(int node)
{
    return (struct rule_value){.type = TYPE_TRUTH, .nodes = {node}};
}

struct rule_value rule_word(int node, const char *const *words)
{
    return (struct rule_value){.type = TYPE_WORD, .nodes = {node}, .words = words};
}

static const struct rule_value broken = {.type = TYPE_BROKEN};

struct diag *emit_error(struct emitter *e, int node, const char *code, const char *message)
{
    const struct rule_node *n = &e->ast->nodes[node];

    e->is_broken = true;
    return rule_diag(e->place, n->start, n->length, code, message);
}

int emit_op(struct emitter *e, enum rule_op op, int a, int b, int c)
{
    return rule_graph_add(&e->set->graph,
                          (struct rule_operation){.op = (uint8_t)op, .a = a, .b = b, .c = c});
}

int emit_constant(struct emitter *e, double value)
{
    return rule_graph_constant(&e->set->graph, value);
}

void rule_members_print(const struct rule_value *value, char text[64])
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; value->members[i] && used < 64; i++) {
        (void)snprintf(text + used, 64 - used, "%s.%s", i > 0 ? ", " : "", value->members[i]);
        used = strlen(text);
    }
}

static void refuse_word(struct emitter *e, int node, struct rule_value value, const char *message)
{
    char words[96];

    rule_words_print(value.words, words);
    diag_hint(emit_error(e, node, "type_mismatch", message), "compare it by == with one of: %s",
              words);
}

int emit_as_number(struct emitter *e, int node, struct rule_value value)
{
    char members[64];

    if (value.type == TYPE_NUMBER)
        return value.nodes[0];
    if (value.type == TYPE_TRUTH) {
        diag_hint(
            emit_error(e, node, "type_mismatch", "a number is needed, but this is true or false"),
            "if(condition, 1, 0) makes a number of it");
    } else if (value.type == TYPE_SEVERAL) {
        rule_members_print(&value, members);
        diag_hint(emit_error(e, node, "type_mismatch", "these are several values, not one number"),
                  "declare it as a feature and use %s", members);
    } else if (value.type == TYPE_WORD) {
        refuse_word(e, node, value, "a number is needed, but this is a word");
    }
    return RULE_UNKNOWN;
}

int emit_as_truth(struct emitter *e, int node, struct rule_value value)
{
    if (value.type == TYPE_TRUTH)
        return value.nodes[0];
    if (value.type == TYPE_WORD)
        refuse_word(e, node, value, "true or false is needed, but this is a word");
    else if (value.type != TYPE_BROKEN)
        diag_hint(
            emit_error(e, node, "type_mismatch", "true or false is needed, but this is a number"),
            "compare it with something, e.g. rsi > 30");
    return RULE_UNKNOWN;
}

bool emit_refuses_late(struct emitter *e, int node, int value)
{
    const struct rule_operation *op = &e->set->graph.nodes[value];

    if (op->is_outside)
        diag_hint(emit_error(e, node, "no_history", "a value from outside has no history"),
                  "ext.* is known as of now only");
    else if (op->is_late)
        diag_hint(emit_error(e, node, "no_history", "the position has no history"),
                  "position.* and entry_price are known as of now only");
    return op->is_outside || op->is_late;
}

bool emit_refuses_elsewhere(struct emitter *e, int node)
{
    if (e->set->graph.stream == 0)
        return false;
    diag_hint(emit_error(e, node, "no_history",
                         "this is known as of now only, not of another timeframe or symbol"),
              "position.*, entry_price and ext.* cannot stand inside @ or of");
    return true;
}

static void offer_name(void *self, const char *name)
{
    nearest_offer(self, name);
}

void emit_unknown_name(struct emitter *e, int node, bool is_parameter, const char *word)
{
    const struct rule_set *s = e->set;
    struct nearest near;
    char message[160];
    char name[LIMIT_NAME + 8];
    struct diag *d;

    (void)snprintf(message, sizeof message, "unknown name '%.100s'", word);
    d = emit_error(e, node, "unknown_name", message);
    nearest_init(&near, word);
    for (int i = 0; i < s->parameter_count; i++) {
        (void)snprintf(name, sizeof name, "params.%s", s->parameters[i].name);
        if (is_parameter || strcmp(s->parameters[i].name, word) != 0)
            nearest_offer(&near, name);
        else {
            diag_hint(d, "did you mean '%s'?", name);
            return;
        }
    }
    for (int i = 0; i < s->feature_count && !is_parameter; i++)
        nearest_offer(&near, s->features[i].name);
    if (!is_parameter)
        rule_builtin_each(offer_name, &near);
    nearest_offer(&near, "entry_price");
    nearest_hint(&near, d, is_parameter ? "declare it under params" : "declare it under features");
}

void emit_word(const struct emitter *e, int start, int length, char word[128])
{
    (void)snprintf(word, 128, "%.*s", length < 127 ? length : 127, e->ast->text + start);
}

static struct rule_value emit_name(struct emitter *e, int node)
{
    struct rule_node *n = &e->ast->nodes[node];
    const char *name = e->ast->text + n->name;
    size_t length = (size_t)n->name_length;
    struct rule_value value = emit_builtin(e, name, length);
    int parameter = emit_find_parameter(e->set, name, length);
    char word[128];
    int at;

    if (value.type != TYPE_BROKEN)
        return value;
    at = emit_find_feature(e->set, name, length);
    if (e->scope == SCOPE_FEATURE && parameter >= 0) {
        /* "rsi": "rsi(close, rsi)" can only mean the parameter; elsewhere both would make sense. */
        if (at < 0 || e->place->field == e->set->features[at].field) {
            n->is_parameter = true;
            return rule_number(emit_constant(e, e->set->parameters[parameter].value));
        }
        emit_word(e, n->name, n->name_length, word);
        diag_hint(emit_error(e, node, "ambiguous", "this is a feature and a parameter"),
                  "write params.%s, or rename one of them", word);
        return broken;
    }
    if (at >= 0)
        return emit_feature(e, at);
    if (rule_name_is(e->ast, n, "entry_price"))
        return emit_entry_price(e, node);
    emit_word(e, n->name, n->name_length, word);
    emit_unknown_name(e, node, false, word);
    return broken;
}

static struct rule_value emit_prefix(struct emitter *e, int node)
{
    const struct rule_node *n = &e->ast->nodes[node];
    int child = n->child[0];
    struct rule_value value = emit_node(e, child);
    int at;

    if (n->kind == RULE_NOT)
        return rule_truth(emit_op(e, OP_NOT, emit_as_truth(e, child, value), 0, 0));
    if (n->kind == RULE_NEGATE)
        return rule_number(emit_op(e, OP_NEGATE, emit_as_number(e, child, value), 0, 0));
    if (value.type == TYPE_BROKEN)
        return broken;
    if (value.type == TYPE_SEVERAL)
        at = emit_as_number(e, child, value);
    else
        at = value.nodes[0];
    if (e->is_broken || (n->mantissa > 0 && emit_refuses_late(e, node, at)))
        return broken;
    value.members = NULL;
    value.nodes[0] = rule_graph_add(
        &e->set->graph, (struct rule_operation){.op = OP_LAG, .a = at, .n = (int32_t)n->mantissa});
    return value;
}

static struct rule_value emit_binary(struct emitter *e, int node)
{
    static const uint8_t ops[] = {
        [RULE_OR] = OP_OR,
        [RULE_AND] = OP_AND,
        [RULE_GREATER] = OP_GREATER,
        [RULE_LESS] = OP_LESS,
        [RULE_GREATER_EQUAL] = OP_GREATER_EQUAL,
        [RULE_LESS_EQUAL] = OP_LESS_EQUAL,
        [RULE_EQUAL] = OP_EQUAL,
        [RULE_NOT_EQUAL] = OP_NOT_EQUAL,
        [RULE_ADD] = OP_ADD,
        [RULE_SUBTRACT] = OP_SUBTRACT,
        [RULE_MULTIPLY] = OP_MULTIPLY,
        [RULE_DIVIDE] = OP_DIVIDE,
        [RULE_REMAINDER] = OP_REMAINDER,
    };
    const struct rule_node *n = &e->ast->nodes[node];
    struct rule_value left, right;
    bool is_logic = n->kind == RULE_OR || n->kind == RULE_AND;
    bool is_equality = n->kind == RULE_EQUAL || n->kind == RULE_NOT_EQUAL;
    int a, b, at;

    if (is_equality && (e->ast->nodes[n->child[0]].kind == RULE_STRING ||
                        e->ast->nodes[n->child[1]].kind == RULE_STRING))
        return emit_word_comparison(e, node);
    left = emit_node(e, n->child[0]);
    right = emit_node(e, n->child[1]);
    if (is_equality && left.type == TYPE_WORD && right.type == TYPE_WORD) {
        if (left.words != right.words)
            emit_error(e, node, "type_mismatch", "these are words of different kinds");
        a = left.nodes[0];
        b = right.nodes[0];
    } else if (is_logic || (is_equality && left.type == TYPE_TRUTH && right.type == TYPE_TRUTH)) {
        a = emit_as_truth(e, n->child[0], left);
        b = emit_as_truth(e, n->child[1], right);
    } else {
        a = emit_as_number(e, n->child[0], left);
        b = emit_as_number(e, n->child[1], right);
    }
    if (e->is_broken) /* of the operands or before: no further complaint is worth reading */
        return n->kind < RULE_ADD ? rule_truth(RULE_UNKNOWN) : rule_number(RULE_UNKNOWN);
    at = emit_op(e, ops[n->kind], a, b, 0);
    return n->kind < RULE_ADD ? rule_truth(at) : rule_number(at);
}

struct rule_value emit_node(struct emitter *e, int node)
{
    const struct rule_node *n = &e->ast->nodes[node];
    struct rule_value value;

    if (e->set->depth >= RULE_DEPTH) {
        emit_error(e, node, "expression_too_deep", "the features build on one another too deeply");
        return broken;
    }
    e->set->depth++;
    switch (n->kind) {
    case RULE_LITERAL:
        value = rule_number(emit_constant(e, rule_literal(n)));
        break;
    case RULE_TRUTH:
        value = rule_truth(emit_constant(e, (double)n->mantissa));
        break;
    case RULE_STRING:
        diag_hint(emit_error(e, node, "string_not_allowed", "a text has no meaning here"),
                  "names stand without quotes; session == \"us\" compares a word");
        value = broken;
        break;
    case RULE_AT:
    case RULE_OF:
        value = emit_elsewhere(e, node);
        break;
    case RULE_NAME:
        value = emit_name(e, node);
        break;
    case RULE_MEMBER:
        value = emit_member(e, node);
        break;
    case RULE_CALL:
        value = emit_call(e, node);
        break;
    case RULE_NEGATE:
    case RULE_NOT:
    case RULE_HISTORY:
        value = emit_prefix(e, node);
        break;
    default:
        value = emit_binary(e, node);
        break;
    }
    e->set->depth--;
    /* Operands are constants and yet there is no value: 1/0, log(-1). */
    if (!e->is_broken && value.type == TYPE_NUMBER && value.nodes[0] == RULE_UNKNOWN &&
        !e->set->graph.is_full) {
        diag_hint(emit_error(e, node, "no_value", "this constant has no value"),
                  "a division by zero, or a number beyond 1e150");
        value = broken;
    }
    return value;
}
