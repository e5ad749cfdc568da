/* SPDX-License-Identifier: Apache-2.0 */
/* Syntax trees to graph nodes: names, types, constants, and every mistake with its place.
 *
 * A rule_set holds what names mean in one artifact.  Features may use one another in any order;
 * each is compiled when first needed, and a circle is an error.  What stands before "@" or "of" is
 * compiled for that timeframe and symbol, features included: graph.stream says which one. */
#ifndef ENGINE_RULE_COMPILE_H
#define ENGINE_RULE_COMPILE_H

#include "engine/rule_ast.h"
#include "engine/rule_graph.h"

enum rule_type {
    TYPE_BROKEN, /* a mistake was reported already: say nothing more */
    TYPE_NUMBER,
    TYPE_TRUTH,
    TYPE_WORD,   /* one of several words, as its index: session, weekday */
    TYPE_SEVERAL /* no number, but members that are */
};

enum {
    RULE_OUTPUTS = 4
};

struct rule_value {
    enum rule_type type;
    int nodes[RULE_OUTPUTS];    /* number and truth are the first */
    const char *const *members; /* names of the nodes, ended by NULL; NULL: just the one */
    const char *const *words;   /* TYPE_WORD: all of them, ended by NULL */
};

/* Appends what a value without a number of its own has instead: "upper, middle, lower". */
void rule_members_print(const struct rule_value *value, char text[64]);

/* Which names an expression may use beyond sources, features and params.x. */
enum rule_scope {
    SCOPE_FEATURE, /* bare parameter names too */
    SCOPE_ENTRY,
    SCOPE_EXIT, /* position.* and entry_price; scaling too */
    SCOPE_LEVEL /* entry_price */
};

enum {
    RULE_PARAMETERS = 64,
    RULE_DEPTH = 512
};

struct rule_parameter_value {
    char name[LIMIT_NAME];
    double value;
};

enum rule_feature_state {
    FEATURE_WAITING,
    FEATURE_BUSY,
    FEATURE_DONE
};

struct rule_feature {
    char name[LIMIT_NAME];
    char field[LIMIT_NAME + 16]; /* "features.rsi" */
    bool is_hidden;              /* see struct rule_place */
    struct rule_ast *ast;        /* NULL: it did not parse */
    enum rule_feature_state state;
    struct rule_value value; /* of the strategy's own candles */
    /* Of each other stream of the graph: FEATURE_DONE where it was compiled. */
    struct rule_feature_elsewhere {
        enum rule_feature_state state;
        struct rule_value value;
    } elsewhere[LIMIT_STREAMS];
};

struct rule_set {
    struct rule_graph graph;
    struct diag_list *diags;
    int parameter_count;
    struct rule_parameter_value parameters[RULE_PARAMETERS];
    int feature_count;
    struct rule_feature features[LIMIT_FEATURES];
    /* Set before the first rule is compiled. */
    int64_t timeframe_us;   /* 0: none named, and then there is no "@" */
    char own[LIMIT_SYMBOL]; /* the only symbol of the artifact, "" otherwise */
    int ext_count;          /* outside values that were declared */
    char ext[LIMIT_FEATURES][LIMIT_NAME];
    /* Found in the rules: symbols that are read beside the own one, in this order.  Streams count
     * them from 1. */
    int other_count;
    char others[LIMIT_OTHER_SYMBOLS][LIMIT_SYMBOL];
    int depth; /* of the compiler's recursion, across features */
};

void rule_set_init(struct rule_set *s, struct diag_list *diags);
void rule_set_release(struct rule_set *s);

/* False for words with a meaning of their own (close, and, params, ...) and for what is no name:
 * [A-Za-z_][A-Za-z0-9_]*, at most LIMIT_NAME - 1 characters. */
bool rule_name_is_free(const char *name);

/* Compiles the feature unless that is done, for the stream that graph.stream says. */
struct rule_value rule_compile_feature(struct rule_set *s, int feature);
/* Compiles an expression and marks bare parameter names in it.  wanted: TYPE_NUMBER, TYPE_TRUTH, or
 * TYPE_BROKEN for anything.  TYPE_BROKEN after a mistake. */
struct rule_value rule_compile(struct rule_set *s, struct rule_ast *ast, enum rule_scope scope,
                               const struct rule_place *place, enum rule_type wanted);

#endif
