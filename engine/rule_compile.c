/* SPDX-License-Identifier: Apache-2.0 */
/* The type checker and graph emitter of strategy expressions: names, operators and history. */
#include "engine/rule_compile.h"

#include <stdio.h>
#include <string.h>

#include "engine/rule_emit.h"
#include "engine/rule_names.h"
#include "engine/rule_table.h"

static const struct {
    const char *name;
    enum rule_op op;
} sources[] = {{"open", OP_OPEN},
               {"high", OP_HIGH},
               {"low", OP_LOW},
               {"close", OP_CLOSE},
               {"volume", OP_VOLUME}};

static const char *const means[] = {"hl2", "hlc3", "ohlc4"};
static const char *const reserved[] = {"and",    "or",       "not",        "AND",  "OR",
                                       "NOT",    "true",     "false",      "True", "False",
                                       "params", "position", "entry_price"};

void rule_set_init(struct rule_set *s, struct diag_list *diags)
{
    *s = (struct rule_set){.diags = diags};
    rule_graph_init(&s->graph);
}

bool rule_name_is_free(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length >= LIMIT_NAME || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        if (strcmp(name, sources[i].name) == 0)
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(means); i++) {
        if (strcmp(name, means[i]) == 0)
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(reserved); i++) {
        if (strcmp(name, reserved[i]) == 0)
            return false;
    }
    return true;
}

struct rule_value rule_number(int node)
{
    return (struct rule_value){.type = TYPE_NUMBER, .nodes = {node}};
}

struct rule_value rule_truth(int node)
{
    return (struct rule_value){.type = TYPE_TRUTH, .nodes = {node}};
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

int emit_source(struct emitter *e, const char *name, size_t length)
{
    int high, low, sum;

    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        if (strlen(sources[i].name) == length && memcmp(sources[i].name, name, length) == 0)
            return emit_op(e, sources[i].op, 0, 0, 0);
    }
    if (length < 3 || memcmp(name, length == 3 ? "hl2" : "hlc3", length == 3 ? 3 : 4) != 0) {
        if (length != 5 || memcmp(name, "ohlc4", 5) != 0)
            return -1;
    }
    high = emit_op(e, OP_HIGH, 0, 0, 0);
    low = emit_op(e, OP_LOW, 0, 0, 0);
    sum = emit_op(e, OP_ADD, high, low, 0);
    if (length == 3)
        return emit_op(e, OP_DIVIDE, sum, emit_constant(e, 2), 0);
    sum = emit_op(e, OP_ADD, sum, emit_op(e, OP_CLOSE, 0, 0, 0), 0);
    if (length == 4)
        return emit_op(e, OP_DIVIDE, sum, emit_constant(e, 3), 0);
    sum = emit_op(e, OP_ADD, sum, emit_op(e, OP_OPEN, 0, 0, 0), 0);
    return emit_op(e, OP_DIVIDE, sum, emit_constant(e, 4), 0);
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
    }
    return RULE_UNKNOWN;
}

int emit_as_truth(struct emitter *e, int node, struct rule_value value)
{
    if (value.type == TYPE_TRUTH)
        return value.nodes[0];
    if (value.type != TYPE_BROKEN)
        diag_hint(
            emit_error(e, node, "type_mismatch", "true or false is needed, but this is a number"),
            "compare it with something, e.g. rsi > 30");
    return RULE_UNKNOWN;
}

bool emit_refuses_late(struct emitter *e, int node, int value)
{
    if (!e->set->graph.nodes[value].is_late)
        return false;
    diag_hint(emit_error(e, node, "no_history", "the position has no history"),
              "position.* and entry_price are known as of now only");
    return true;
}

static int find_parameter(const struct rule_set *s, const char *name, size_t length)
{
    for (int i = 0; i < s->parameter_count; i++) {
        if (strlen(s->parameters[i].name) == length &&
            memcmp(s->parameters[i].name, name, length) == 0)
            return i;
    }
    return -1;
}

static int find_feature(const struct rule_set *s, const char *name, size_t length)
{
    for (int i = 0; i < s->feature_count; i++) {
        if (strlen(s->features[i].name) == length && memcmp(s->features[i].name, name, length) == 0)
            return i;
    }
    return -1;
}

static void unknown_name(struct emitter *e, int node, bool is_parameter, const char *word)
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
    for (size_t i = 0; i < COUNT_OF(sources) && !is_parameter; i++)
        nearest_offer(&near, sources[i].name);
    for (size_t i = 0; i < COUNT_OF(means) && !is_parameter; i++)
        nearest_offer(&near, means[i]);
    nearest_offer(&near, "entry_price");
    nearest_hint(&near, d, is_parameter ? "declare it under params" : "declare it under features");
}

/* A name as a word of its own, for messages. */
static void word_of(const struct emitter *e, int start, int length, char word[128])
{
    (void)snprintf(word, 128, "%.*s", length < 127 ? length : 127, e->ast->text + start);
}

/* A mistake in the feature was reported there; here it only spoils the value. */
static struct rule_value use_feature(struct emitter *e, int feature)
{
    struct rule_value value = rule_compile_feature(e->set, feature);

    if (value.type == TYPE_BROKEN)
        e->is_broken = true;
    return value;
}

static struct rule_value emit_name(struct emitter *e, int node)
{
    struct rule_node *n = &e->ast->nodes[node];
    const char *name = e->ast->text + n->name;
    size_t length = (size_t)n->name_length;
    int at = emit_source(e, name, length);
    int parameter = find_parameter(e->set, name, length);
    char word[128];

    if (at >= 0)
        return rule_number(at);
    at = find_feature(e->set, name, length);
    if (e->scope == SCOPE_FEATURE && parameter >= 0) {
        /* "rsi": "rsi(close, rsi)" can only mean the parameter; elsewhere both would make sense. */
        if (at < 0 || e->place->field == e->set->features[at].field) {
            n->is_parameter = true;
            return rule_number(emit_constant(e, e->set->parameters[parameter].value));
        }
        word_of(e, n->name, n->name_length, word);
        diag_hint(emit_error(e, node, "ambiguous", "this is a feature and a parameter"),
                  "write params.%s, or rename one of them", word);
        return broken;
    }
    if (at >= 0)
        return use_feature(e, at);
    if (rule_name_is(e->ast, n, "entry_price")) {
        if (e->scope == SCOPE_EXIT || e->scope == SCOPE_LEVEL)
            return rule_number(emit_op(e, OP_ENTRY_PRICE, 0, 0, 0));
        diag_hint(emit_error(e, node, "not_here", "there is no entry price yet"),
                  "it can be used in exit, stop_loss and take_profit");
        return broken;
    }
    word_of(e, n->name, n->name_length, word);
    unknown_name(e, node, false, word);
    return broken;
}

static struct rule_value emit_position(struct emitter *e, int node, const char *member)
{
    enum rule_op op;

    if (strcmp(member, "bars_held") == 0 || strcmp(member, "candles_held") == 0)
        op = OP_CANDLES_HELD;
    else if (strcmp(member, "pnl_pct") == 0)
        op = OP_PNL;
    else if (strcmp(member, "entry_price") == 0)
        op = OP_ENTRY_PRICE;
    else {
        diag_hint(emit_error(e, node, "unknown_name", "a position has no such member"),
                  "position.bars_held, position.pnl_pct, position.entry_price");
        return broken;
    }
    if (e->scope != SCOPE_EXIT) {
        diag_hint(emit_error(e, node, "not_here", "there is no position here"),
                  "position.* can be used in exit.condition");
        return broken;
    }
    return rule_number(emit_op(e, op, 0, 0, 0));
}

static struct rule_value emit_feature_member(struct emitter *e, int node, int feature,
                                             const char *member)
{
    struct rule_value value = use_feature(e, feature);
    char members[64];
    struct diag *d;

    if (value.type == TYPE_BROKEN)
        return broken;
    for (int i = 0; value.members && value.members[i]; i++) {
        if (strcmp(member, value.members[i]) == 0)
            return rule_number(value.nodes[i]);
    }
    d = emit_error(e, node, "unknown_name", "this feature has no such member");
    if (value.members) {
        rule_members_print(&value, members);
        diag_hint(d, "use %s", members);
    } else {
        diag_hint(d, "it is one value; use it without a dot");
    }
    return broken;
}

static struct rule_value emit_member(struct emitter *e, int node)
{
    const struct rule_node *n = &e->ast->nodes[node];
    char word[128], member[128], whole[256];
    int at;

    word_of(e, n->name, n->name_length, word);
    word_of(e, n->member, n->member_length, member);
    if (strcmp(word, "position") == 0)
        return emit_position(e, node, member);
    (void)snprintf(whole, sizeof whole, "%s.%s", word, member);
    if (strcmp(word, "params") == 0) {
        at = find_parameter(e->set, member, strlen(member));
        if (at >= 0)
            return rule_number(emit_constant(e, e->set->parameters[at].value));
        unknown_name(e, node, true, whole);
        return broken;
    }
    at = find_feature(e->set, word, strlen(word));
    if (at >= 0)
        return emit_feature_member(e, node, at, member);
    unknown_name(e, node, false, word);
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
    at = value.type == TYPE_TRUTH ? value.nodes[0] : emit_as_number(e, child, value);
    if (n->mantissa > 0 && emit_refuses_late(e, node, at))
        return broken;
    at = rule_graph_add(&e->set->graph,
                        (struct rule_operation){.op = OP_LAG, .a = at, .n = (int32_t)n->mantissa});
    return value.type == TYPE_TRUTH ? rule_truth(at) : rule_number(at);
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
    struct rule_value left = emit_node(e, n->child[0]);
    struct rule_value right = emit_node(e, n->child[1]);
    bool is_logic = n->kind == RULE_OR || n->kind == RULE_AND;
    bool is_equality = n->kind == RULE_EQUAL || n->kind == RULE_NOT_EQUAL;
    int a, b, at;

    if (is_logic || (is_equality && left.type == TYPE_TRUTH && right.type == TYPE_TRUTH)) {
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
