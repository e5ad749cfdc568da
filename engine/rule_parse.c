/* SPDX-License-Identifier: Apache-2.0 */
/* The recursive-descent parser of strategy expressions. */
#include "engine/rule_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_lex.h"

/* A function returns the index of its node, or FAILED after the first mistake was reported. */
enum {
    FAILED = -1
};

struct parser {
    struct rule_ast *ast;
    const struct rule_place *place;
    struct rule_token token;
    int last_end; /* where the token before ended */
    int depth;
};

static int parse_or(struct parser *p);

static int fail(struct parser *p, const struct rule_token *t, const char *code, const char *message,
                const char *hint)
{
    struct diag *d = rule_diag(p->place, t->start, t->length > 0 ? t->length : 1, code, message);

    if (hint)
        diag_hint(d, "%s", hint);
    return FAILED;
}

/* Reports the current token, which fits nowhere. */
static int fail_token(struct parser *p, const char *wanted)
{
    const struct rule_token *t = &p->token;
    char message[160];
    struct text_range {
        int length;
        const char *start;
    } shown = {t->length < 40 ? t->length : 40, p->ast->text + t->start};

    if (t->kind == TOKEN_BAD)
        return fail(p, t, t->code, t->problem, t->hint);
    if (t->kind == TOKEN_END)
        (void)snprintf(message, sizeof message, "the expression ends where %s should follow",
                       wanted);
    else
        (void)snprintf(message, sizeof message, "'%.*s' stands where %s should", shown.length,
                       shown.start, wanted);
    return fail(p, t, "syntax", message, NULL);
}

static void advance(struct parser *p)
{
    p->last_end = p->token.start + p->token.length;
    p->token = rule_lex(p->ast->text, p->last_end);
}

static bool accept(struct parser *p, enum rule_token_kind kind)
{
    if (p->token.kind != kind)
        return false;
    advance(p);
    return true;
}

static int make_node(struct parser *p, enum rule_kind kind, int start)
{
    struct rule_ast *ast = p->ast;

    if (ast->count == LIMIT_INSTRUCTIONS) {
        struct diag *d = rule_diag(p->place, start, p->last_end - start, "expression_too_long",
                                   "the expression has too many parts");
        diag_hint(d, "at most %d; give parts a name under features", LIMIT_INSTRUCTIONS);
        return FAILED;
    }
    ast->nodes[ast->count] =
        (struct rule_node){.kind = (uint8_t)kind, .start = start, .length = p->last_end - start};
    return ast->count++;
}

static int make_binary(struct parser *p, enum rule_kind kind, int left, int right)
{
    int n = make_node(p, kind, p->ast->nodes[left].start);

    if (n == FAILED)
        return FAILED;
    p->ast->nodes[n].child[0] = (int16_t)left;
    p->ast->nodes[n].child[1] = (int16_t)right;
    p->ast->nodes[n].child_count = 2;
    return n;
}

static int make_postfix(struct parser *p, enum rule_kind kind, int child)
{
    int n = make_node(p, kind, p->ast->nodes[child].start);

    if (n == FAILED)
        return FAILED;
    p->ast->nodes[n].child[0] = (int16_t)child;
    p->ast->nodes[n].child_count = 1;
    return n;
}

static bool deeper(struct parser *p)
{
    struct diag *d;

    if (p->depth < LIMIT_EXPRESSION_DEPTH) {
        p->depth++;
        return true;
    }
    d = rule_diag(p->place, p->token.start, p->token.length, "expression_too_deep",
                  "the expression is nested too deeply");
    diag_hint(d, "at most %d levels; give parts a name under features", LIMIT_EXPRESSION_DEPTH);
    return false;
}

/* args := [ or { "," or } ] ")" */
static int parse_arguments(struct parser *p, int call)
{
    int count = 0;

    if (accept(p, TOKEN_CLOSE))
        goto out;
    for (;;) {
        struct rule_token at = p->token;
        int n = parse_or(p);

        if (n == FAILED)
            return FAILED;
        if (count == RULE_ARGUMENTS)
            return fail(p, &at, "argument_count", "too many arguments", NULL);
        p->ast->nodes[call].child[count++] = (int16_t)n;
        if (accept(p, TOKEN_CLOSE))
            break;
        if (!accept(p, TOKEN_COMMA))
            return fail_token(p, "',' or ')'");
    }
out:
    p->ast->nodes[call].child_count = (uint8_t)count;
    p->ast->nodes[call].length = p->last_end - p->ast->nodes[call].start;
    return call;
}

/* name := NAME [ "." NAME | "(" args ] */
static int parse_name(struct parser *p)
{
    struct rule_token name = p->token;
    int n;

    advance(p);
    n = make_node(p, RULE_NAME, name.start);
    if (n == FAILED)
        return FAILED;
    p->ast->nodes[n].name = name.start;
    p->ast->nodes[n].name_length = name.length;
    if (accept(p, TOKEN_DOT)) {
        if (p->token.kind != TOKEN_NAME)
            return fail_token(p, "a name");
        p->ast->nodes[n].kind = RULE_MEMBER;
        p->ast->nodes[n].member = p->token.start;
        p->ast->nodes[n].member_length = p->token.length;
        advance(p);
        p->ast->nodes[n].length = p->last_end - name.start;
    } else if (accept(p, TOKEN_OPEN)) {
        p->ast->nodes[n].kind = RULE_CALL;
        return parse_arguments(p, n);
    }
    return n;
}

/* prim := NUMBER | true | false | STRING | name | "(" or ")" */
static int parse_primary(struct parser *p)
{
    struct rule_token t = p->token;
    int n;

    switch (t.kind) {
    case TOKEN_NUMBER:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        advance(p);
        n = make_node(p, t.kind == TOKEN_NUMBER ? RULE_LITERAL : RULE_TRUTH, t.start);
        if (n == FAILED)
            return FAILED;
        p->ast->nodes[n].mantissa = t.kind == TOKEN_NUMBER ? t.mantissa : t.kind == TOKEN_TRUE;
        p->ast->nodes[n].exponent = (int16_t)t.exponent;
        return n;
    case TOKEN_STRING:
        advance(p);
        n = make_node(p, RULE_STRING, t.start);
        if (n == FAILED)
            return FAILED;
        p->ast->nodes[n].name = t.start + 1;
        p->ast->nodes[n].name_length = t.length - 2;
        return n;
    case TOKEN_NAME:
        return parse_name(p);
    case TOKEN_OPEN:
        advance(p);
        n = parse_or(p);
        if (n == FAILED)
            return FAILED;
        if (!accept(p, TOKEN_CLOSE))
            return fail_token(p, "')'");
        return n;
    case TOKEN_NOT:
        return fail(p, &t, "syntax", "'not' cannot stand here", "put it in parentheses: (not x)");
    default:
        return fail_token(p, "a value");
    }
}

/* "[" INT "]", the bracket taken: `child` so many candles ago. */
static int parse_history(struct parser *p, int child)
{
    struct rule_token t = p->token;
    struct rule_node *history;
    double lag;
    int n;

    if (t.kind == TOKEN_MINUS)
        return fail(p, &t, "look_ahead", "a rule cannot look into the future",
                    "x[1] is the candle before");
    if (t.kind != TOKEN_NUMBER)
        return fail_token(p, "a whole number of candles");
    advance(p);
    if (!accept(p, TOKEN_CLOSE_BRACKET))
        return fail_token(p, "']'");
    n = make_postfix(p, RULE_HISTORY, child);
    if (n == FAILED)
        return FAILED;
    history = &p->ast->nodes[n];
    history->mantissa = t.mantissa;
    history->exponent = (int16_t)t.exponent;
    lag = rule_literal(history);
    if (lag > LIMIT_LAG || lag != (double)(int)lag) {
        struct diag *d = rule_diag(p->place, t.start, t.length, "lag_invalid",
                                   "the number of candles to look back is not right");
        diag_hint(d, "a whole number from 0 to %d", LIMIT_LAG);
        return FAILED;
    }
    history->mantissa = (uint64_t)lag;
    history->exponent = 0;
    return n;
}

/* "@" TIMEFRAME */
static int parse_at(struct parser *p, int child)
{
    struct rule_token t;
    int n;

    p->last_end = p->token.start + p->token.length;
    p->token = t = rule_lex_timeframe(p->ast->text, p->last_end);
    if (t.kind != TOKEN_TIMEFRAME)
        return fail_token(p, "a timeframe such as 1h");
    advance(p);
    n = make_postfix(p, RULE_AT, child);
    if (n == FAILED)
        return FAILED;
    p->ast->nodes[n].name = t.start;
    p->ast->nodes[n].name_length = t.length;
    return n;
}

/* "of" STRING */
static int parse_of(struct parser *p, int child)
{
    struct rule_token t;
    int n;

    advance(p);
    t = p->token;
    if (t.kind != TOKEN_STRING)
        return fail_token(p, "a symbol in quotes such as \"BTC/USDT\"");
    advance(p);
    n = make_postfix(p, RULE_OF, child);
    if (n == FAILED)
        return FAILED;
    p->ast->nodes[n].name = t.start + 1;
    p->ast->nodes[n].name_length = t.length - 2;
    return n;
}

/* post := prim { "[" INT "]" | "@" TIMEFRAME | "of" STRING } */
static int parse_postfix(struct parser *p)
{
    int n = parse_primary(p);

    while (n != FAILED) {
        if (p->token.kind == TOKEN_AT)
            n = parse_at(p, n);
        else if (p->token.kind == TOKEN_OF)
            n = parse_of(p, n);
        else if (accept(p, TOKEN_OPEN_BRACKET))
            n = parse_history(p, n);
        else
            break;
    }
    return n;
}

/* A prefix operator and its operand, one level deeper. */
static int parse_prefixed(struct parser *p, enum rule_kind kind, int (*operand)(struct parser *))
{
    int start = p->token.start;
    int child;
    int n;

    advance(p);
    if (!deeper(p))
        return FAILED;
    child = operand(p);
    p->depth--;
    if (child == FAILED)
        return FAILED;
    n = make_node(p, kind, start);
    if (n == FAILED)
        return FAILED;
    p->ast->nodes[n].child[0] = (int16_t)child;
    p->ast->nodes[n].child_count = 1;
    return n;
}

/* unary := "-" unary | post */
static int parse_unary(struct parser *p)
{
    if (p->token.kind == TOKEN_MINUS)
        return parse_prefixed(p, RULE_NEGATE, parse_unary);
    return parse_postfix(p);
}

/* mul := unary { ( "*" | "/" | "%" ) unary } */
static int parse_product(struct parser *p)
{
    int left = parse_unary(p);

    while (left != FAILED) {
        enum rule_kind kind;
        int right;

        if (p->token.kind == TOKEN_STAR)
            kind = RULE_MULTIPLY;
        else if (p->token.kind == TOKEN_SLASH)
            kind = RULE_DIVIDE;
        else if (p->token.kind == TOKEN_PERCENT)
            kind = RULE_REMAINDER;
        else
            break;
        advance(p);
        right = parse_unary(p);
        left = right == FAILED ? FAILED : make_binary(p, kind, left, right);
    }
    return left;
}

/* add := mul { ( "+" | "-" ) mul } */
static int parse_sum(struct parser *p)
{
    int left = parse_product(p);

    while (left != FAILED && (p->token.kind == TOKEN_PLUS || p->token.kind == TOKEN_MINUS)) {
        enum rule_kind kind = p->token.kind == TOKEN_PLUS ? RULE_ADD : RULE_SUBTRACT;
        int right;

        advance(p);
        right = parse_product(p);
        left = right == FAILED ? FAILED : make_binary(p, kind, left, right);
    }
    return left;
}

static bool is_comparison(enum rule_token_kind kind)
{
    return kind >= TOKEN_GREATER && kind <= TOKEN_NOT_EQUAL;
}

/* cmp := add [ ( ">" | "<" | ">=" | "<=" | "==" | "!=" ) add ] */
static int parse_comparison(struct parser *p)
{
    int left = parse_sum(p);
    enum rule_kind kind;
    int right;

    if (left == FAILED || !is_comparison(p->token.kind))
        return left;
    kind = RULE_GREATER + (p->token.kind - TOKEN_GREATER);
    advance(p);
    right = parse_sum(p);
    if (right == FAILED)
        return FAILED;
    if (is_comparison(p->token.kind))
        return fail(p, &p->token, "chained_comparison", "comparisons cannot be chained",
                    "write a < b and b < c, or between(b, a, c)");
    return make_binary(p, kind, left, right);
}

/* not := ( "not" | "!" ) not | cmp */
static int parse_not(struct parser *p)
{
    if (p->token.kind == TOKEN_NOT)
        return parse_prefixed(p, RULE_NOT, parse_not);
    return parse_comparison(p);
}

/* and := not { ( "and" | "&&" ) not } */
static int parse_and(struct parser *p)
{
    int left = parse_not(p);

    while (left != FAILED && accept(p, TOKEN_AND)) {
        int right = parse_not(p);

        left = right == FAILED ? FAILED : make_binary(p, RULE_AND, left, right);
    }
    return left;
}

/* or := and { ( "or" | "||" ) and } */
static int parse_or(struct parser *p)
{
    int left;

    if (!deeper(p))
        return FAILED;
    left = parse_and(p);
    while (left != FAILED && accept(p, TOKEN_OR)) {
        int right = parse_and(p);

        left = right == FAILED ? FAILED : make_binary(p, RULE_OR, left, right);
    }
    p->depth--;
    return left;
}

enum err rule_parse(const char *text, size_t length, const struct rule_place *place,
                    struct rule_ast **out)
{
    struct parser p = {.place = place};

    if (length > LIMIT_EXPRESSION_BYTES) {
        struct diag *d =
            rule_diag(place, 0, (int)length, "expression_too_long", "the expression is too long");
        diag_hint(d, "at most %d bytes", LIMIT_EXPRESSION_BYTES);
        return ERR_INVALID;
    }
    p.ast = xcalloc(1, sizeof *p.ast);
    p.ast->text = xstrndup(text, length);
    p.token = rule_lex(p.ast->text, 0);
    p.ast->root = parse_or(&p);
    if (p.ast->root != FAILED && p.token.kind != TOKEN_END)
        p.ast->root = fail_token(&p, "an operator or the end");
    if (p.ast->root == FAILED) {
        rule_ast_free(p.ast);
        return ERR_INVALID;
    }
    *out = p.ast;
    return ERR_OK;
}

void rule_ast_free(struct rule_ast *ast)
{
    if (!ast)
        return;
    free(ast->text);
    free(ast);
}
