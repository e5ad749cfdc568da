/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax tree of one expression: flat, bounded, and knowing where each part stood in the text.
 *
 * Children are indices into the same array.  A tree owns a copy of its text; names are ranges of
 * it. */
#ifndef ENGINE_RULE_AST_H
#define ENGINE_RULE_AST_H

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

enum rule_kind {
    RULE_LITERAL, /* mantissa * 10^exponent */
    RULE_TRUTH,   /* true, false: mantissa 1 or 0 */
    RULE_NAME,    /* name */
    RULE_MEMBER,  /* name "." member */
    RULE_CALL,    /* name "(" children ")" */
    RULE_NEGATE,  /* "-" child */
    RULE_NOT,     /* "not" child */
    RULE_HISTORY, /* child "[" mantissa "]" */
    RULE_STRING,  /* name: the text between the quotes */
    RULE_AT,      /* child "@" name: of a higher timeframe */
    RULE_OF,      /* child "of" name: of another symbol */
    RULE_OR,      /* the rest have two children */
    RULE_AND,
    RULE_GREATER,
    RULE_LESS,
    RULE_GREATER_EQUAL,
    RULE_LESS_EQUAL,
    RULE_EQUAL,
    RULE_NOT_EQUAL,
    RULE_ADD,
    RULE_SUBTRACT,
    RULE_MULTIPLY,
    RULE_DIVIDE,
    RULE_REMAINDER
};

enum {
    RULE_ARGUMENTS = 8,
    RULE_ROOT_NONE = -1
};

struct rule_node {
    uint8_t kind; /* enum rule_kind */
    uint8_t child_count;
    bool is_parameter; /* a bare name found to be a parameter: printed as params.name */
    bool is_idle;      /* "@" or "of" what the rule is about anyway: not printed */
    int16_t child[RULE_ARGUMENTS];
    int16_t exponent;
    uint64_t mantissa; /* below 10^15, so that the double is correctly rounded */
    int start, length; /* bytes of the text this node covers, for messages */
    int name, name_length, member, member_length;
};

struct rule_ast {
    char *text;
    int root;
    int count;
    struct rule_node nodes[LIMIT_INSTRUCTIONS];
};

/* Where an expression stands in the document, for messages. */
struct rule_place {
    const char *field; /* "entry.condition" */
    int column;        /* bytes of the field before the expression's text */
    bool is_hidden;    /* the text was made up by the loader: columns would mean nothing */
    struct diag_list *diags;
};

/* Adds a diag about `length` bytes at `start` of an expression; NULL is never returned. */
struct diag *rule_diag(const struct rule_place *place, int start, int length, const char *code,
                       const char *message);

static inline bool rule_name_is(const struct rule_ast *ast, const struct rule_node *n,
                                const char *word)
{
    size_t length = (size_t)n->name_length;

    return __builtin_strlen(word) == length &&
           __builtin_memcmp(ast->text + n->name, word, length) == 0;
}

/* mantissa * 10^exponent, correctly rounded: both factors are exact doubles. */
double rule_literal(const struct rule_node *n);

/* The expression's normal text: one spelling of each operator, one blank around binary ones,
 * minimal parentheses, optional arguments filled in. */
void rule_print(const struct rule_ast *ast, struct text *out);

#endif
