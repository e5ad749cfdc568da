/* SPDX-License-Identifier: Apache-2.0 */
/* The table of rule functions and how arguments find their parameters. */
#include "engine/rule_table.h"

#include <math.h>
#include <string.h>

#define ANY(name)                      \
    {                                  \
        name, PARAMETER_ANY, 0, 0, NAN \
    }
#define NUMBER(name)                      \
    {                                     \
        name, PARAMETER_NUMBER, 0, 0, NAN \
    }
#define TRUTH(name)                      \
    {                                    \
        name, PARAMETER_TRUTH, 0, 0, NAN \
    }
#define SOURCE                                \
    {                                         \
        "source", PARAMETER_SOURCE, 0, 0, NAN \
    }
#define PERIOD(name, least, initial)                        \
    {                                                       \
        name, PARAMETER_COUNT, least, LIMIT_PERIOD, initial \
    }
#define DDOF                             \
    {                                    \
        "ddof", PARAMETER_COUNT, 0, 1, 0 \
    }
#define DEVIATIONS                                \
    {                                             \
        "deviations", PARAMETER_FACTOR, 0, 100, 2 \
    }

#define MACD_PARAMETERS                                                              \
    {                                                                                \
        SOURCE, PERIOD("fast", 1, 12), PERIOD("slow", 2, 26), PERIOD("signal", 1, 9) \
    }
#define BANDS_PARAMETERS                                  \
    {                                                     \
        SOURCE, PERIOD("period", 2, 20), DEVIATIONS, DDOF \
    }

static const struct rule_function functions[] = {
    [FUNCTION_CROSSED_ABOVE] = {"crossed_above", false, {NUMBER("a"), NUMBER("b")}},
    [FUNCTION_CROSSED_BELOW] = {"crossed_below", false, {NUMBER("a"), NUMBER("b")}},
    [FUNCTION_ABS] = {"abs", false, {NUMBER("x")}},
    [FUNCTION_MIN] = {"min", false, {NUMBER("a"), NUMBER("b")}},
    [FUNCTION_MAX] = {"max", false, {NUMBER("a"), NUMBER("b")}},
    [FUNCTION_CLAMP] = {"clamp", false, {NUMBER("x"), NUMBER("low"), NUMBER("high")}},
    [FUNCTION_IF] = {"if", false, {TRUTH("condition"), ANY("then"), ANY("else")}},
    [FUNCTION_HIGHEST] = {"highest", true, {SOURCE, PERIOD("period", 1, NAN)}},
    [FUNCTION_LOWEST] = {"lowest", true, {SOURCE, PERIOD("period", 1, NAN)}},
    [FUNCTION_CHANGE] = {"change", true, {SOURCE, {"candles", PARAMETER_COUNT, 1, LIMIT_LAG, 1}}},
    [FUNCTION_RISING] = {"rising", false, {NUMBER("x"), PERIOD("candles", 1, 1)}},
    [FUNCTION_FALLING] = {"falling", false, {NUMBER("x"), PERIOD("candles", 1, 1)}},
    [FUNCTION_BETWEEN] = {"between", false, {NUMBER("x"), NUMBER("low"), NUMBER("high")}},
    [FUNCTION_LOG] = {"log", false, {NUMBER("x")}},
    [FUNCTION_EXP] = {"exp", false, {NUMBER("x")}},
    [FUNCTION_SQRT] = {"sqrt", false, {NUMBER("x")}},
    [FUNCTION_SMA] = {"sma", true, {SOURCE, PERIOD("period", 1, NAN)}},
    [FUNCTION_EMA] = {"ema", true, {SOURCE, PERIOD("period", 1, NAN)}},
    [FUNCTION_WMA] = {"wma", true, {SOURCE, PERIOD("period", 1, NAN)}},
    [FUNCTION_RSI] = {"rsi", true, {SOURCE, PERIOD("period", 1, 14)}},
    [FUNCTION_MACD] = {"macd", true, MACD_PARAMETERS},
    [FUNCTION_MACD_SIGNAL] = {"macd_signal", true, MACD_PARAMETERS},
    [FUNCTION_MACD_HIST] = {"macd_hist", true, MACD_PARAMETERS},
    [FUNCTION_BBANDS] = {"bbands", true, BANDS_PARAMETERS},
    [FUNCTION_BB_UPPER] = {"bb_upper", true, BANDS_PARAMETERS},
    [FUNCTION_BB_MIDDLE] = {"bb_middle", true, BANDS_PARAMETERS},
    [FUNCTION_BB_LOWER] = {"bb_lower", true, BANDS_PARAMETERS},
    [FUNCTION_ATR] = {"atr", true, {PERIOD("period", 1, 14)}},
    [FUNCTION_STDDEV] = {"stddev", true, {SOURCE, PERIOD("period", 2, 20), DDOF}},
};

_Static_assert(COUNT_OF(functions) == FUNCTION_COUNT_, "every function has its row");

const struct rule_function *rule_function_at(enum rule_function_id id)
{
    return &functions[id];
}

enum rule_function_id rule_function_id(const struct rule_function *f)
{
    return (enum rule_function_id)(f - functions);
}

const struct rule_function *rule_function_find(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (strlen(functions[i].name) == length && memcmp(functions[i].name, name, length) == 0)
            return &functions[i];
    }
    return NULL;
}

int rule_function_parameters(const struct rule_function *f)
{
    int n = 0;

    while (n < FUNCTION_PARAMETERS && f->parameters[n].kind != PARAMETER_NONE)
        n++;
    return n;
}

bool rule_bind(const struct rule_function *f, int given, bool first_is_constant,
               int child[FUNCTION_PARAMETERS])
{
    int count = rule_function_parameters(f);
    int next = 0;

    for (int i = 0; i < count; i++) {
        const struct rule_parameter *p = &f->parameters[i];
        /* rsi(14) means rsi(close, 14); ema(5) cannot mean the average of the number 5. */
        bool skips_source =
            p->kind == PARAMETER_SOURCE && (given == 0 || (first_is_constant && given < count));

        if (!skips_source && next < given)
            child[i] = next++;
        else if (skips_source || !isnan(p->initial))
            child[i] = -1;
        else
            return false;
    }
    return next == given;
}

bool rule_is_constant(const struct rule_ast *ast, int node)
{
    const struct rule_node *n = &ast->nodes[node];

    if (n->kind == RULE_LITERAL || n->is_parameter)
        return true;
    if (n->kind == RULE_MEMBER)
        return rule_name_is(ast, n, "params");
    if (n->kind != RULE_NEGATE && n->kind < RULE_ADD)
        return false;
    for (int i = 0; i < n->child_count; i++) {
        if (!rule_is_constant(ast, n->child[i]))
            return false;
    }
    return true;
}
