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

#define CANDLES(initial)                                  \
    {                                                     \
        "candles", PARAMETER_COUNT, 1, LIMIT_LAG, initial \
    }
#define FACTOR(name, initial)                   \
    {                                           \
        name, PARAMETER_FACTOR, 0, 100, initial \
    }
/* The mean deviation is added up anew on every candle: not for thousands. */
#define CCI_PERIOD                            \
    {                                         \
        "period", PARAMETER_COUNT, 2, 500, 14 \
    }
#define ACCELERATION(name, initial)           \
    {                                         \
        name, PARAMETER_FACTOR, 0, 1, initial \
    }
#define DISPLACEMENT                                      \
    {                                                     \
        "displacement", PARAMETER_COUNT, 0, LIMIT_LAG, 26 \
    }

#define T3_FACTOR                             \
    {                                         \
        "factor", PARAMETER_FACTOR, 0, 1, 0.7 \
    }
#define PENETRATION                                \
    {                                              \
        "penetration", PARAMETER_FACTOR, 0, 1, 0.3 \
    }
/* The age of an extreme takes a window of one candle more. */
#define AROON_PARAMETERS PARAMETERS({"period", PARAMETER_COUNT, 2, LIMIT_PERIOD - 1, 14})

#define FUNCTION(text, ...)       \
    {                             \
        .name = text, __VA_ARGS__ \
    }
#define INDICATOR(text, ...)                            \
    {                                                   \
        .name = text, .is_indicator = true, __VA_ARGS__ \
    }
#define PARAMETERS(...) .parameters = {__VA_ARGS__}
#define NO_PARAMETERS .parameters = {{NULL, PARAMETER_NONE, 0, 0, 0}}

#define ONE_PERIOD(least, initial) PARAMETERS(PERIOD("period", least, initial))
#define SOURCE_PERIOD(least, initial) PARAMETERS(SOURCE, PERIOD("period", least, initial))
#define MACD_PARAMETERS \
    PARAMETERS(SOURCE, PERIOD("fast", 1, 12), PERIOD("slow", 2, 26), PERIOD("signal", 1, 9))
#define BANDS_PARAMETERS PARAMETERS(SOURCE, PERIOD("period", 2, 20), DEVIATIONS, DDOF)
#define STOCH_PARAMETERS \
    PARAMETERS(PERIOD("fastk", 1, 5), PERIOD("slowk", 1, 3), PERIOD("slowd", 1, 3))
#define STOCHF_PARAMETERS PARAMETERS(PERIOD("fastk", 1, 5), PERIOD("fastd", 1, 3))
#define STOCHRSI_PARAMETERS \
    PARAMETERS(SOURCE, PERIOD("period", 1, 14), PERIOD("fastk", 1, 14), PERIOD("fastd", 1, 3))
#define SUPERTREND_PARAMETERS PARAMETERS(PERIOD("period", 1, 10), FACTOR("factor", 3))
#define KELTNER_PARAMETERS \
    PARAMETERS(SOURCE, PERIOD("period", 1, 20), FACTOR("factor", 2), PERIOD("atr_period", 1, 10))
#define ICHIMOKU_PARAMETERS                                                             \
    PARAMETERS(PERIOD("tenkan", 1, 9), PERIOD("kijun", 1, 26), PERIOD("senkou", 1, 52), \
               DISPLACEMENT)
#define TWO_MEANS PARAMETERS(SOURCE, PERIOD("fast", 1, 12), PERIOD("slow", 2, 26))
#define PART(function, index) .part = (index), .whole = FUNCTION_##function

static const char *const macd[] = {"macd", "signal", "hist", NULL};
static const char *const bands[] = {"upper", "middle", "lower", NULL};
static const char *const sine[] = {"sine", "lead_sine", NULL};
static const char *const aroon[] = {"down", "up", "osc", NULL};
static const char *const stoch[] = {"k", "d", NULL};
static const char *const supertrend[] = {"line", "direction", NULL};
static const char *const ichimoku[] = {"tenkan", "kijun", "span_a", "span_b", NULL};
static const char *const heikin_ashi[] = {"open", "high", "low", "close", NULL};

static const struct rule_function functions[] = {
    [FUNCTION_ABS] = FUNCTION("abs", PARAMETERS(NUMBER("x"))),
    [FUNCTION_MIN] = FUNCTION("min", PARAMETERS(NUMBER("a"), NUMBER("b"))),
    [FUNCTION_MAX] = FUNCTION("max", PARAMETERS(NUMBER("a"), NUMBER("b"))),
    [FUNCTION_CLAMP] = FUNCTION("clamp", PARAMETERS(NUMBER("x"), NUMBER("low"), NUMBER("high"))),
    [FUNCTION_IF] = FUNCTION("if", PARAMETERS(TRUTH("condition"), ANY("then"), ANY("else"))),
    [FUNCTION_BETWEEN] =
        FUNCTION("between", PARAMETERS(NUMBER("x"), NUMBER("low"), NUMBER("high"))),
    [FUNCTION_LOG] = FUNCTION("log", PARAMETERS(NUMBER("x"))),
    [FUNCTION_EXP] = FUNCTION("exp", PARAMETERS(NUMBER("x"))),
    [FUNCTION_SQRT] = FUNCTION("sqrt", PARAMETERS(NUMBER("x"))),
    [FUNCTION_CROSSED_ABOVE] = FUNCTION("crossed_above", PARAMETERS(NUMBER("a"), NUMBER("b"))),
    [FUNCTION_CROSSED_BELOW] = FUNCTION("crossed_below", PARAMETERS(NUMBER("a"), NUMBER("b"))),
    [FUNCTION_RISING] = FUNCTION("rising", PARAMETERS(NUMBER("x"), PERIOD("candles", 1, 1))),
    [FUNCTION_FALLING] = FUNCTION("falling", PARAMETERS(NUMBER("x"), PERIOD("candles", 1, 1))),
    [FUNCTION_HIGHEST] = INDICATOR("highest", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_LOWEST] = INDICATOR("lowest", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_CHANGE] = INDICATOR("change", PARAMETERS(SOURCE, CANDLES(1))),
    [FUNCTION_LAG] = INDICATOR("lag", PARAMETERS(SOURCE, CANDLES(1))),
    [FUNCTION_MOM] = INDICATOR("mom", PARAMETERS(SOURCE, CANDLES(10))),
    [FUNCTION_ROC] = INDICATOR("roc", PARAMETERS(SOURCE, CANDLES(10))),
    [FUNCTION_RETURNS] = INDICATOR("returns", PARAMETERS(SOURCE, CANDLES(1))),
    [FUNCTION_SMA] = INDICATOR("sma", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_EMA] = INDICATOR("ema", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_WMA] = INDICATOR("wma", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_DEMA] = INDICATOR("dema", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_TEMA] = INDICATOR("tema", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_RSI] = INDICATOR("rsi", SOURCE_PERIOD(1, 14)),
    [FUNCTION_CMO] = INDICATOR("cmo", SOURCE_PERIOD(1, 14)),
    [FUNCTION_STDDEV] = INDICATOR("stddev", PARAMETERS(SOURCE, PERIOD("period", 2, 20), DDOF)),
    [FUNCTION_ZSCORE] = INDICATOR("zscore", PARAMETERS(SOURCE, PERIOD("period", 2, 20), DDOF)),
    [FUNCTION_TRIMA] = INDICATOR("trima", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_KAMA] = INDICATOR("kama", SOURCE_PERIOD(2, NAN)),
    [FUNCTION_T3] = INDICATOR("t3", PARAMETERS(SOURCE, PERIOD("period", 1, 5), T3_FACTOR)),
    [FUNCTION_TRIX] = INDICATOR("trix", SOURCE_PERIOD(1, 30)),
    [FUNCTION_APO] = INDICATOR("apo", TWO_MEANS),
    [FUNCTION_PPO] = INDICATOR("ppo", TWO_MEANS),
    [FUNCTION_ROCP] = INDICATOR("rocp", PARAMETERS(SOURCE, CANDLES(10))),
    [FUNCTION_ROCR] = INDICATOR("rocr", PARAMETERS(SOURCE, CANDLES(10))),
    [FUNCTION_SUM] = INDICATOR("sum", SOURCE_PERIOD(1, NAN)),
    [FUNCTION_VAR] = INDICATOR("var", PARAMETERS(SOURCE, PERIOD("period", 2, 20), DDOF)),
    [FUNCTION_MIDPOINT] = INDICATOR("midpoint", SOURCE_PERIOD(1, 14)),
    [FUNCTION_LINEARREG] = INDICATOR("linearreg", SOURCE_PERIOD(2, 14)),
    [FUNCTION_LINEARREG_SLOPE] = INDICATOR("linearreg_slope", SOURCE_PERIOD(2, 14)),
    [FUNCTION_TSF] = INDICATOR("tsf", SOURCE_PERIOD(2, 14)),
    [FUNCTION_CORREL] =
        INDICATOR("correl", PARAMETERS(NUMBER("a"), NUMBER("b"), PERIOD("period", 2, 30))),
    [FUNCTION_HT_TRENDLINE] = INDICATOR("ht_trendline", PARAMETERS(SOURCE)),
    [FUNCTION_HT_DCPERIOD] = INDICATOR("ht_dcperiod", PARAMETERS(SOURCE)),
    [FUNCTION_HT_DCPHASE] = INDICATOR("ht_dcphase", PARAMETERS(SOURCE)),
    [FUNCTION_HT_SINE] =
        INDICATOR("ht_sine", PARAMETERS(SOURCE), .members = sine, .is_number = true),
    [FUNCTION_HT_LEAD_SINE] = INDICATOR("ht_lead_sine", PARAMETERS(SOURCE), PART(HT_SINE, 2)),
    [FUNCTION_ADXR] = INDICATOR("adxr", ONE_PERIOD(2, 14)),
    [FUNCTION_PLUS_DM] = INDICATOR("plus_dm", ONE_PERIOD(2, 14)),
    [FUNCTION_MINUS_DM] = INDICATOR("minus_dm", ONE_PERIOD(2, 14)),
    [FUNCTION_ULTOSC] =
        INDICATOR("ultosc", PARAMETERS(PERIOD("first", 1, 7), PERIOD("second", 1, 14),
                                       PERIOD("third", 1, 28))),
    [FUNCTION_MIDPRICE] = INDICATOR("midprice", ONE_PERIOD(1, 14)),
    [FUNCTION_BOP] = INDICATOR("bop", NO_PARAMETERS),
    [FUNCTION_AD] = INDICATOR("ad", NO_PARAMETERS),
    [FUNCTION_ADOSC] = INDICATOR("adosc", PARAMETERS(PERIOD("fast", 2, 3), PERIOD("slow", 2, 10))),
    [FUNCTION_AROON] = INDICATOR("aroon", AROON_PARAMETERS, .members = aroon),
    [FUNCTION_AROON_DOWN] = INDICATOR("aroon_down", AROON_PARAMETERS, PART(AROON, 1)),
    [FUNCTION_AROON_UP] = INDICATOR("aroon_up", AROON_PARAMETERS, PART(AROON, 2)),
    [FUNCTION_AROON_OSC] = INDICATOR("aroon_osc", AROON_PARAMETERS, PART(AROON, 3)),
    [FUNCTION_CDL_DOJI] = INDICATOR("cdl_doji", NO_PARAMETERS),
    [FUNCTION_CDL_HAMMER] = INDICATOR("cdl_hammer", NO_PARAMETERS),
    [FUNCTION_CDL_SHOOTING_STAR] = INDICATOR("cdl_shooting_star", NO_PARAMETERS),
    [FUNCTION_CDL_ENGULFING] = INDICATOR("cdl_engulfing", NO_PARAMETERS),
    [FUNCTION_CDL_MORNING_STAR] = INDICATOR("cdl_morning_star", PARAMETERS(PENETRATION)),
    [FUNCTION_MACD] = INDICATOR("macd", MACD_PARAMETERS, .members = macd, .is_number = true),
    [FUNCTION_MACD_SIGNAL] = INDICATOR("macd_signal", MACD_PARAMETERS, PART(MACD, 2)),
    [FUNCTION_MACD_HIST] = INDICATOR("macd_hist", MACD_PARAMETERS, PART(MACD, 3)),
    [FUNCTION_BBANDS] = INDICATOR("bbands", BANDS_PARAMETERS, .members = bands),
    [FUNCTION_BB_UPPER] = INDICATOR("bb_upper", BANDS_PARAMETERS, PART(BBANDS, 1)),
    [FUNCTION_BB_MIDDLE] = INDICATOR("bb_middle", BANDS_PARAMETERS, PART(BBANDS, 2)),
    [FUNCTION_BB_LOWER] = INDICATOR("bb_lower", BANDS_PARAMETERS, PART(BBANDS, 3)),
    [FUNCTION_ATR] = INDICATOR("atr", ONE_PERIOD(1, 14)),
    [FUNCTION_NATR] = INDICATOR("natr", ONE_PERIOD(1, 14)),
    [FUNCTION_TRANGE] = INDICATOR("trange", NO_PARAMETERS),
    [FUNCTION_STOCH] = INDICATOR("stoch", STOCH_PARAMETERS, .members = stoch),
    [FUNCTION_STOCH_K] = INDICATOR("stoch_k", STOCH_PARAMETERS, PART(STOCH, 1)),
    [FUNCTION_STOCH_D] = INDICATOR("stoch_d", STOCH_PARAMETERS, PART(STOCH, 2)),
    [FUNCTION_STOCHF] = INDICATOR("stochf", STOCHF_PARAMETERS, .members = stoch),
    [FUNCTION_STOCHF_K] = INDICATOR("stochf_k", STOCHF_PARAMETERS, PART(STOCHF, 1)),
    [FUNCTION_STOCHF_D] = INDICATOR("stochf_d", STOCHF_PARAMETERS, PART(STOCHF, 2)),
    [FUNCTION_STOCHRSI] = INDICATOR("stochrsi", STOCHRSI_PARAMETERS, .members = stoch),
    [FUNCTION_STOCHRSI_K] = INDICATOR("stochrsi_k", STOCHRSI_PARAMETERS, PART(STOCHRSI, 1)),
    [FUNCTION_STOCHRSI_D] = INDICATOR("stochrsi_d", STOCHRSI_PARAMETERS, PART(STOCHRSI, 2)),
    [FUNCTION_ADX] = INDICATOR("adx", ONE_PERIOD(2, 14)),
    [FUNCTION_DX] = INDICATOR("dx", ONE_PERIOD(2, 14)),
    [FUNCTION_PLUS_DI] = INDICATOR("plus_di", ONE_PERIOD(2, 14)),
    [FUNCTION_MINUS_DI] = INDICATOR("minus_di", ONE_PERIOD(2, 14)),
    [FUNCTION_CCI] = INDICATOR("cci", PARAMETERS(CCI_PERIOD)),
    [FUNCTION_MFI] = INDICATOR("mfi", ONE_PERIOD(1, 14)),
    [FUNCTION_OBV] = INDICATOR("obv", NO_PARAMETERS),
    [FUNCTION_WILLR] = INDICATOR("willr", ONE_PERIOD(1, 14)),
    [FUNCTION_SAR] =
        INDICATOR("sar", PARAMETERS(ACCELERATION("step", 0.02), ACCELERATION("most", 0.2))),
    [FUNCTION_SUPERTREND] =
        INDICATOR("supertrend", SUPERTREND_PARAMETERS, .members = supertrend, .is_number = true),
    [FUNCTION_SUPERTREND_DIRECTION] =
        INDICATOR("supertrend_direction", SUPERTREND_PARAMETERS, PART(SUPERTREND, 2)),
    [FUNCTION_VWAP] = INDICATOR("vwap", NO_PARAMETERS),
    [FUNCTION_ROLLING_VWAP] = INDICATOR("rolling_vwap", ONE_PERIOD(1, 20)),
    [FUNCTION_VOLUME_RATIO] = INDICATOR("volume_ratio", ONE_PERIOD(1, 20)),
    [FUNCTION_KELTNER] = INDICATOR("keltner", KELTNER_PARAMETERS, .members = bands),
    [FUNCTION_KELTNER_UPPER] = INDICATOR("keltner_upper", KELTNER_PARAMETERS, PART(KELTNER, 1)),
    [FUNCTION_KELTNER_MIDDLE] = INDICATOR("keltner_middle", KELTNER_PARAMETERS, PART(KELTNER, 2)),
    [FUNCTION_KELTNER_LOWER] = INDICATOR("keltner_lower", KELTNER_PARAMETERS, PART(KELTNER, 3)),
    [FUNCTION_DONCHIAN] = INDICATOR("donchian", ONE_PERIOD(1, 20), .members = bands),
    [FUNCTION_DONCHIAN_UPPER] = INDICATOR("donchian_upper", ONE_PERIOD(1, 20), PART(DONCHIAN, 1)),
    [FUNCTION_DONCHIAN_MIDDLE] = INDICATOR("donchian_middle", ONE_PERIOD(1, 20), PART(DONCHIAN, 2)),
    [FUNCTION_DONCHIAN_LOWER] = INDICATOR("donchian_lower", ONE_PERIOD(1, 20), PART(DONCHIAN, 3)),
    [FUNCTION_ICHIMOKU] = INDICATOR("ichimoku", ICHIMOKU_PARAMETERS, .members = ichimoku),
    [FUNCTION_ICHIMOKU_TENKAN] =
        INDICATOR("ichimoku_tenkan", ICHIMOKU_PARAMETERS, PART(ICHIMOKU, 1)),
    [FUNCTION_ICHIMOKU_KIJUN] = INDICATOR("ichimoku_kijun", ICHIMOKU_PARAMETERS, PART(ICHIMOKU, 2)),
    [FUNCTION_ICHIMOKU_SPAN_A] =
        INDICATOR("ichimoku_span_a", ICHIMOKU_PARAMETERS, PART(ICHIMOKU, 3)),
    [FUNCTION_ICHIMOKU_SPAN_B] =
        INDICATOR("ichimoku_span_b", ICHIMOKU_PARAMETERS, PART(ICHIMOKU, 4)),
    [FUNCTION_HEIKIN_ASHI] = INDICATOR("heikin_ashi", NO_PARAMETERS, .members = heikin_ashi),
    [FUNCTION_HA_OPEN] = INDICATOR("ha_open", NO_PARAMETERS, PART(HEIKIN_ASHI, 1)),
    [FUNCTION_HA_HIGH] = INDICATOR("ha_high", NO_PARAMETERS, PART(HEIKIN_ASHI, 2)),
    [FUNCTION_HA_LOW] = INDICATOR("ha_low", NO_PARAMETERS, PART(HEIKIN_ASHI, 3)),
    [FUNCTION_HA_CLOSE] = INDICATOR("ha_close", NO_PARAMETERS, PART(HEIKIN_ASHI, 4)),
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

/* All defaults are small and have two decimals at most. */
void rule_default_print(const struct rule_parameter *p, struct text *out)
{
    int hundredths = (int)lround(p->initial * 100);

    text_format(out, "%d", hundredths / 100);
    if (hundredths % 10 != 0)
        text_format(out, ".%02d", hundredths % 100);
    else if (hundredths % 100 != 0)
        text_format(out, ".%d", hundredths % 100 / 10);
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
