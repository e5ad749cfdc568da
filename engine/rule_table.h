/* SPDX-License-Identifier: Apache-2.0 */
/* Every function a rule may call: its name, its parameters, their kinds, bounds and defaults. */
#ifndef ENGINE_RULE_TABLE_H
#define ENGINE_RULE_TABLE_H

#include "engine/rule_ast.h"

enum rule_function_id {
    /* Of this candle alone. */
    FUNCTION_ABS,
    FUNCTION_MIN,
    FUNCTION_MAX,
    FUNCTION_CLAMP,
    FUNCTION_IF,
    FUNCTION_BETWEEN,
    FUNCTION_LOG,
    FUNCTION_EXP,
    FUNCTION_SQRT,
    /* Looking back. */
    FUNCTION_CROSSED_ABOVE,
    FUNCTION_CROSSED_BELOW,
    FUNCTION_RISING,
    FUNCTION_FALLING,
    /* Indicators. */
    FUNCTION_HIGHEST,
    FUNCTION_LOWEST,
    FUNCTION_CHANGE,
    FUNCTION_LAG,
    FUNCTION_MOM,
    FUNCTION_ROC,
    FUNCTION_RETURNS,
    FUNCTION_SMA,
    FUNCTION_EMA,
    FUNCTION_WMA,
    FUNCTION_DEMA,
    FUNCTION_TEMA,
    FUNCTION_RSI,
    FUNCTION_CMO,
    FUNCTION_STDDEV,
    FUNCTION_ZSCORE,
    FUNCTION_TRIMA,
    FUNCTION_KAMA,
    FUNCTION_T3,
    FUNCTION_TRIX,
    FUNCTION_APO,
    FUNCTION_PPO,
    FUNCTION_ROCP,
    FUNCTION_ROCR,
    FUNCTION_SUM,
    FUNCTION_VAR,
    FUNCTION_MIDPOINT,
    FUNCTION_LINEARREG,
    FUNCTION_LINEARREG_SLOPE,
    FUNCTION_TSF,
    FUNCTION_CORREL,
    FUNCTION_HT_TRENDLINE,
    FUNCTION_HT_DCPERIOD,
    FUNCTION_HT_DCPHASE,
    FUNCTION_HT_SINE,
    FUNCTION_HT_LEAD_SINE,
    FUNCTION_ADXR,
    FUNCTION_PLUS_DM,
    FUNCTION_MINUS_DM,
    FUNCTION_ULTOSC,
    FUNCTION_MIDPRICE,
    FUNCTION_BOP,
    FUNCTION_AD,
    FUNCTION_ADOSC,
    FUNCTION_AROON,
    FUNCTION_AROON_DOWN,
    FUNCTION_AROON_UP,
    FUNCTION_AROON_OSC,
    FUNCTION_CDL_DOJI,
    FUNCTION_CDL_HAMMER,
    FUNCTION_CDL_SHOOTING_STAR,
    FUNCTION_CDL_ENGULFING,
    FUNCTION_CDL_MORNING_STAR,
    FUNCTION_MACD,
    FUNCTION_MACD_SIGNAL,
    FUNCTION_MACD_HIST,
    FUNCTION_BBANDS,
    FUNCTION_BB_UPPER,
    FUNCTION_BB_MIDDLE,
    FUNCTION_BB_LOWER,
    FUNCTION_ATR,
    FUNCTION_NATR,
    FUNCTION_TRANGE,
    FUNCTION_STOCH,
    FUNCTION_STOCH_K,
    FUNCTION_STOCH_D,
    FUNCTION_STOCHF,
    FUNCTION_STOCHF_K,
    FUNCTION_STOCHF_D,
    FUNCTION_STOCHRSI,
    FUNCTION_STOCHRSI_K,
    FUNCTION_STOCHRSI_D,
    FUNCTION_ADX,
    FUNCTION_DX,
    FUNCTION_PLUS_DI,
    FUNCTION_MINUS_DI,
    FUNCTION_CCI,
    FUNCTION_MFI,
    FUNCTION_OBV,
    FUNCTION_WILLR,
    FUNCTION_SAR,
    FUNCTION_SUPERTREND,
    FUNCTION_SUPERTREND_DIRECTION,
    FUNCTION_VWAP,
    FUNCTION_ROLLING_VWAP,
    FUNCTION_VOLUME_RATIO,
    FUNCTION_KELTNER,
    FUNCTION_KELTNER_UPPER,
    FUNCTION_KELTNER_MIDDLE,
    FUNCTION_KELTNER_LOWER,
    FUNCTION_DONCHIAN,
    FUNCTION_DONCHIAN_UPPER,
    FUNCTION_DONCHIAN_MIDDLE,
    FUNCTION_DONCHIAN_LOWER,
    FUNCTION_ICHIMOKU,
    FUNCTION_ICHIMOKU_TENKAN,
    FUNCTION_ICHIMOKU_KIJUN,
    FUNCTION_ICHIMOKU_SPAN_A,
    FUNCTION_ICHIMOKU_SPAN_B,
    FUNCTION_HEIKIN_ASHI,
    FUNCTION_HA_OPEN,
    FUNCTION_HA_HIGH,
    FUNCTION_HA_LOW,
    FUNCTION_HA_CLOSE,
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
    const char *const *members; /* names of several outputs, ended by NULL; NULL: one output */
    bool is_number;             /* with members: used without a dot it is the first */
    uint8_t part;               /* 1, 2, ...: this output of the function `whole`; 0: a function */
    uint8_t whole;              /* enum rule_function_id */
};

/* NULL when there is no such function. */
const struct rule_function *rule_function_find(const char *name, size_t length);
const struct rule_function *rule_function_at(enum rule_function_id id);
enum rule_function_id rule_function_id(const struct rule_function *f);
int rule_function_parameters(const struct rule_function *f);

/* Appends a parameter's default as an expression. */
void rule_default_print(const struct rule_parameter *p, struct text *out);

/* Which child of the call gives each parameter; -1: its default.  False when the number of
 * arguments does not fit.  A call that leaves out the source begins with a constant: is_constant
 * says whether the call's first argument looks like one (a number or a parameter). */
bool rule_bind(const struct rule_function *f, int given, bool first_is_constant,
               int child[FUNCTION_PARAMETERS]);
/* True for literals, params.x, and arithmetic of these: what a missing source is told by. */
bool rule_is_constant(const struct rule_ast *ast, int node);

#endif
