/* SPDX-License-Identifier: Apache-2.0 */
/* Every function a rule may call: its name, its parameters, their kinds, bounds and defaults. */
#ifndef ENGINE_RULE_TABLE_H
#define ENGINE_RULE_TABLE_H

#include "engine/rule_ast.h"

enum rule_function_id {
    FUNCTION_CROSSED_ABOVE,
    FUNCTION_CROSSED_BELOW,
    FUNCTION_ABS,
    FUNCTION_MIN,
    FUNCTION_MAX,
    FUNCTION_CLAMP,
    FUNCTION_IF,
    FUNCTION_HIGHEST,
    FUNCTION_LOWEST,
    FUNCTION_CHANGE,
    FUNCTION_RISING,
    FUNCTION_FALLING,
    FUNCTION_BETWEEN,
    FUNCTION_LOG,
    FUNCTION_EXP,
    FUNCTION_SQRT,
    FUNCTION_SMA,
    FUNCTION_EMA,
    FUNCTION_WMA,
    FUNCTION_RSI,
    FUNCTION_MACD,
    FUNCTION_MACD_SIGNAL,
    FUNCTION_MACD_HIST,
    FUNCTION_BBANDS,
    FUNCTION_BB_UPPER,
    FUNCTION_BB_MIDDLE,
    FUNCTION_BB_LOWER,
    FUNCTION_ATR,
    FUNCTION_STDDEV,
    FUNCTION_COUNT_
};

enum rule_parameter_kind {
    PARAMETER_NONE,
    PARAMETER_NUMBER, /* any number */
    PARAMETER_TRUTH,  /* true or false */
    PARAMETER_ANY,    /* either: the branches of if(); both must be the same */
    PARAMETER_SOURCE, /* a number that `close` stands in for when it is left out */
    PARAMETER_COUNT,  /* a constant whole number within [least, most] */
    PARAMETER_FACTOR  /* a constant number within [least, most] */
};

enum {
    FUNCTION_PARAMETERS = 5
};

struct rule_parameter {
    const char *name;
    enum rule_parameter_kind kind;
    double least, most;
    double initial; /* NaN: must be given */
};

struct rule_function {
    const char *name;
    bool is_indicator; /* may be the "type" of a feature object, or a shorthand such as rsi_14 */
    struct rule_parameter parameters[FUNCTION_PARAMETERS];
};

/* NULL when there is no such function. */
const struct rule_function *rule_function_find(const char *name, size_t length);
const struct rule_function *rule_function_at(enum rule_function_id id);
enum rule_function_id rule_function_id(const struct rule_function *f);
int rule_function_parameters(const struct rule_function *f);

/* Which child of the call gives each parameter; -1: its default.  False when the number of
 * arguments does not fit.  A call that leaves out the source begins with a constant: is_constant
 * says whether the call's first argument looks like one (a number or a parameter). */
bool rule_bind(const struct rule_function *f, int given, bool first_is_constant,
               int child[FUNCTION_PARAMETERS]);
/* True for literals, params.x, and arithmetic of these: what a missing source is told by. */
bool rule_is_constant(const struct rule_ast *ast, int node);

#endif
