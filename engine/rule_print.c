/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a syntax tree in its one normal spelling, and says where in a document a part stands. */
#include <stdio.h>

#include "engine/rule_ast.h"
#include "engine/rule_table.h"

/* How tightly each kind binds; a child that binds less tightly needs parentheses. */
enum {
    BIND_OR = 1,
    BIND_AND,
    BIND_NOT,
    BIND_COMPARE,
    BIND_SUM,
    BIND_PRODUCT,
    BIND_UNARY,
    BIND_POST
};

struct diag *rule_diag(const struct rule_place *place, int start, int length, const char *code,
                       const char *message)
{
    struct diag *d = diag_add(place->diags, place->field, code, "%s", message);

    if (!place->is_hidden) {
        d->column = place->column + start + 1;
        d->length = length;
    }
    return d;
}

static double power_of_ten(int exponent)
{
    double power = 1;

    while (exponent-- > 0)
        power *= 10; /* exact up to 10^22 */
    return power;
}

double rule_literal(const struct rule_node *n)
{
    double mantissa = (double)n->mantissa;

    if (n->exponent < 0)
        return mantissa / power_of_ten(-n->exponent);
    return mantissa * power_of_ten(n->exponent);
}

static bool is_elsewhere(const struct rule_node *n)
{
    return n->kind == RULE_AT || n->kind == RULE_OF;
}

/* What is printed for a node: its child where it says nothing new. */
static int printed(const struct rule_ast *ast, int node)
{
    while (is_elsewhere(&ast->nodes[node]) && ast->nodes[node].is_idle)
        node = ast->nodes[node].child[0];
    return node;
}

static int binding(const struct rule_ast *ast, int node)
{
    switch (ast->nodes[printed(ast, node)].kind) {
    case RULE_OR:
        return BIND_OR;
    case RULE_AND:
        return BIND_AND;
    case RULE_NOT:
        return BIND_NOT;
    case RULE_GREATER:
    case RULE_LESS:
    case RULE_GREATER_EQUAL:
    case RULE_LESS_EQUAL:
    case RULE_EQUAL:
    case RULE_NOT_EQUAL:
        return BIND_COMPARE;
    case RULE_ADD:
    case RULE_SUBTRACT:
        return BIND_SUM;
    case RULE_MULTIPLY:
    case RULE_DIVIDE:
    case RULE_REMAINDER:
        return BIND_PRODUCT;
    case RULE_NEGATE:
        return BIND_UNARY;
    default:
        return BIND_POST;
    }
}

static const char *operator_text(int kind)
{
    static const char *const texts[] = {
        [RULE_OR] = " or ",      [RULE_AND] = " and ",          [RULE_GREATER] = " > ",
        [RULE_LESS] = " < ",     [RULE_GREATER_EQUAL] = " >= ", [RULE_LESS_EQUAL] = " <= ",
        [RULE_EQUAL] = " == ",   [RULE_NOT_EQUAL] = " != ",     [RULE_ADD] = " + ",
        [RULE_SUBTRACT] = " - ", [RULE_MULTIPLY] = " * ",       [RULE_DIVIDE] = " / ",
        [RULE_REMAINDER] = " % "};

    return texts[kind];
}

/* "1500", "0.0025", "1e-9": digits where they are short, an exponent otherwise. */
static void print_literal(const struct rule_node *n, struct text *out)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n->mantissa);
    int point = length + n->exponent; /* digits before the decimal point */

    if (n->exponent >= 0 && point <= 15) {
        text_append(out, digits, (size_t)length);
        for (int i = 0; i < n->exponent; i++)
            text_char(out, '0');
    } else if (n->exponent < 0 && point > 0) {
        text_append(out, digits, (size_t)point);
        text_char(out, '.');
        text_append(out, digits + point, (size_t)(length - point));
    } else if (n->exponent < 0 && point > -8) {
        text_string(out, "0.");
        for (int i = point; i < 0; i++)
            text_char(out, '0');
        text_append(out, digits, (size_t)length);
    } else {
        text_format(out, "%se%d", digits, (int)n->exponent);
    }
}

static void print_node(const struct rule_ast *ast, int node, struct text *out);

static void print_child(const struct rule_ast *ast, int node, bool in_parentheses, struct text *out)
{
    if (in_parentheses)
        text_char(out, '(');
    print_node(ast, node, out);
    if (in_parentheses)
        text_char(out, ')');
}

/* A call with every parameter written out; one that is not known is printed as it was. */
static void print_call(const struct rule_ast *ast, const struct rule_node *n, struct text *out)
{
    const struct rule_function *f = rule_function_find(ast->text + n->name, (size_t)n->name_length);
    int child[FUNCTION_PARAMETERS];
    bool is_bound = f && rule_bind(f, n->child_count,
                                   n->child_count > 0 && rule_is_constant(ast, n->child[0]), child);
    int count = is_bound ? rule_function_parameters(f) : n->child_count;

    text_append(out, ast->text + n->name, (size_t)n->name_length);
    text_char(out, '(');
    for (int i = 0; i < count; i++) {
        if (i > 0)
            text_string(out, ", ");
        if (!is_bound)
            print_node(ast, n->child[i], out);
        else if (child[i] >= 0)
            print_node(ast, n->child[child[i]], out);
        else if (f->parameters[i].kind == PARAMETER_SOURCE)
            text_string(out, "close");
        else
            rule_default_print(&f->parameters[i], out);
    }
    text_char(out, ')');
}

static void print_binary(const struct rule_ast *ast, const struct rule_node *n, struct text *out)
{
    int mine = binding(ast, (int)(n - ast->nodes));
    int left = binding(ast, n->child[0]);
    int right = binding(ast, n->child[1]);

    /* All group to the left but comparisons, which do not group at all. */
    print_child(ast, n->child[0], left < mine || (left == mine && mine == BIND_COMPARE), out);
    text_string(out, operator_text(n->kind));
    print_child(ast, n->child[1], right <= mine, out);
}

/* One "of" and one "@", in this order, whatever the text's: inner ones say the same or more. */
static void print_elsewhere(const struct rule_ast *ast, int node, struct text *out)
{
    const struct rule_node *of = NULL, *at = NULL;
    const struct rule_node *n = &ast->nodes[node];

    for (; is_elsewhere(n); node = n->child[0], n = &ast->nodes[node]) {
        if (n->is_idle)
            continue;
        if (n->kind == RULE_OF)
            of = n;
        else
            at = n;
    }
    print_child(ast, node, binding(ast, node) < BIND_POST, out);
    if (of)
        text_format(out, " of \"%.*s\"", of->name_length, ast->text + of->name);
    if (at)
        text_format(out, " @ %.*s", at->name_length, ast->text + at->name);
}

static void print_node(const struct rule_ast *ast, int node, struct text *out)
{
    const struct rule_node *n = &ast->nodes[printed(ast, node)];
    int child = n->child[0];

    switch (n->kind) {
    case RULE_LITERAL:
        print_literal(n, out);
        break;
    case RULE_TRUTH:
        text_string(out, n->mantissa ? "true" : "false");
        break;
    case RULE_NAME:
        if (n->is_parameter)
            text_string(out, "params.");
        text_append(out, ast->text + n->name, (size_t)n->name_length);
        break;
    case RULE_MEMBER:
        text_append(out, ast->text + n->name, (size_t)n->name_length);
        text_char(out, '.');
        text_append(out, ast->text + n->member, (size_t)n->member_length);
        break;
    case RULE_CALL:
        print_call(ast, n, out);
        break;
    case RULE_NEGATE:
        text_char(out, '-');
        print_child(ast, child, binding(ast, child) < BIND_UNARY, out);
        break;
    case RULE_NOT:
        text_string(out, "not ");
        print_child(ast, child, binding(ast, child) < BIND_NOT, out);
        break;
    case RULE_HISTORY:
        /* (x @ 1h)[1]: clearer with parentheses, although it binds like that without. */
        print_child(
            ast, child,
            binding(ast, child) < BIND_POST || is_elsewhere(&ast->nodes[printed(ast, child)]), out);
        text_format(out, "[%d]", (int)n->mantissa);
        break;
    case RULE_STRING:
        text_format(out, "\"%.*s\"", n->name_length, ast->text + n->name);
        break;
    case RULE_AT:
    case RULE_OF:
        print_elsewhere(ast, (int)(n - ast->nodes), out);
        break;
    default:
        print_binary(ast, n, out);
        break;
    }
}

void rule_print(const struct rule_ast *ast, struct text *out)
{
    print_node(ast, ast->root, out);
}
