/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: the graph's nodes as threaded code, one pass a candle. */
#include "engine/rule_run.h"

#include <stdlib.h>

#include "engine/feature_cycle.h"
#include "engine/feature_regression.h"
#include "engine/feature_smooth.h"
#include "engine/feature_trend.h"
#include "engine/feature_volume.h"
#include "engine/feature_window.h"
#include "engine/rule_kernel.h"

/* Exact in binary64, so that one division gives the nearest double. */
static const double power[RULE_RUN_SCALES] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* a > b now and a <= b a candle ago, three-valued: a certain "no" of either half decides. */
static inline double cross_push(struct rule_cross *f, double a, double b)
{
    double is_above = rule_greater(a, b);
    double result = rule_and(is_above, f->was_ready);

    f->was_ready = 1 - is_above;
    return result;
}

/* The last a step does is to jump to the next one: it needs no stack of its own. */
#define STEP(name, value)                                                        \
    static __attribute__((noinline)) void step_##name(const struct rule_step *s, \
                                                      const struct candle *c)    \
    {                                                                            \
        *s->out = (value);                                                       \
        s[1].run(s + 1, c);                                                      \
    }
#define PURE(name, op) STEP(name, rule_pure(op, *s->a, *s->b, *s->c))

STEP(open, (double)c->open / power[c->price_scale])
STEP(high, (double)c->high / power[c->price_scale])
STEP(low, (double)c->low / power[c->price_scale])
STEP(close, (double)c->close / power[c->price_scale])
STEP(volume, (double)c->volume / power[c->size_scale])

STEP(lag, feature_lag_push(s->state, *s->a))
STEP(crossed_above, cross_push(s->state, *s->a, *s->b))
STEP(crossed_below, cross_push(s->state, *s->b, *s->a))
STEP(sma, feature_sma_push(s->state, *s->a))
STEP(ema_rare, feature_ema_push(s->state, *s->a))
STEP(wma, feature_wma_push(s->state, *s->a))
STEP(rsi_rare, feature_rsi_push(s->state, *s->a))
STEP(atr, feature_atr_push(s->state, *s->a, *s->b, *s->c))
STEP(stddev, feature_stddev_push(s->state, *s->a))
STEP(highest, feature_extreme_push(s->state, *s->a))
STEP(lowest, -feature_extreme_push(s->state, -*s->a))
STEP(streak, feature_streak_push(s->state, *s->a))
STEP(cmo, feature_cmo_push(s->state, *s->a))
STEP(wilder, feature_wilder_push(s->state, *s->a))
STEP(cci, feature_cci_push(s->state, *s->a))
STEP(mfi, feature_mfi_push(s->state, *s->a, *s->b))
STEP(obv, feature_obv_push(s->state, *s->a, *s->b))
STEP(vwap, feature_vwap_push(s->state, c->open_us, *s->a, *s->b))
STEP(dmi, feature_dmi_push(s->state, *s->a, *s->b, *s->c))
STEP(sar, feature_sar_push(s->state, *s->a, *s->b, *s->c))
STEP(supertrend, feature_supertrend_push(s->state, *s->a, *s->b, *s->c))
STEP(ha_open, feature_ha_open_push(s->state, *s->a, *s->b, *s->c))
STEP(kama, feature_kama_push(s->state, *s->a))
STEP(dm, feature_dm_push(s->state, *s->a, *s->b))
STEP(highest_age, feature_extreme_age_push(s->state, *s->a))
STEP(lowest_age, feature_extreme_age_push(s->state, -*s->a))
STEP(total, feature_total_push(s->state, *s->a))
STEP(adosc, feature_adosc_push(s->state, *s->a))
STEP(line, feature_line_push(s->state, *s->a))
STEP(correl, feature_correl_push(s->state, *s->a, *s->b))
STEP(cycle, feature_cycle_push(s->state, *s->a))
STEP(cycle_mean, feature_cycle_mean_push(s->state, *s->a, *s->b))
STEP(cycle_phase, feature_cycle_phase_push(s->state, *s->a, *s->b))
STEP(part, *(const double *)s->state)

PURE(add, OP_ADD)
PURE(subtract, OP_SUBTRACT)
PURE(multiply, OP_MULTIPLY)
PURE(divide, OP_DIVIDE)
PURE(remainder, OP_REMAINDER)
PURE(negate, OP_NEGATE)
PURE(abs, OP_ABS)
PURE(min, OP_MIN)
PURE(max, OP_MAX)
PURE(clamp, OP_CLAMP)
PURE(log, OP_LOG)
PURE(exp, OP_EXP)
PURE(sqrt, OP_SQRT)
PURE(greater, OP_GREATER)
PURE(less, OP_LESS)
PURE(greater_equal, OP_GREATER_EQUAL)
PURE(less_equal, OP_LESS_EQUAL)
PURE(equal, OP_EQUAL)
PURE(not_equal, OP_NOT_EQUAL)
PURE(and, OP_AND)
PURE(or, OP_OR)
PURE(not, OP_NOT)
PURE(if, OP_IF)
PURE(position, OP_POSITION)
PURE(when_known, OP_WHEN_KNOWN)

/* The two that strategies use most keep their rare cases out of the way. */
static void step_ema(const struct rule_step *s, const struct candle *c)
{
    struct feature_ema *f = s->state;
    double next = feature_ema_next(f, *s->a);

    if (__builtin_expect(isnan(next), 0)) {
        step_ema_rare(s, c);
        return;
    }
    f->value = next;
    *s->out = next;
    s[1].run(s + 1, c);
}

static void step_rsi(const struct rule_step *s, const struct candle *c)
{
    double x = *s->a;

    if (feature_rsi_is_rare(s->state, x)) {
        step_rsi_rare(s, c);
        return;
    }
    feature_rsi_next(s->state, x);
    *s->out = feature_rsi_value(s->state);
    s[1].run(s + 1, c);
}

static void step_stop(const struct rule_step *s, const struct candle *c)
{
    (void)s;
    (void)c;
}

static void (*const steps[])(const struct rule_step *s, const struct candle *c) = {
    [OP_OPEN] = step_open,
    [OP_HIGH] = step_high,
    [OP_LOW] = step_low,
    [OP_CLOSE] = step_close,
    [OP_VOLUME] = step_volume,
    [OP_LAG] = step_lag,
    [OP_CROSSED_ABOVE] = step_crossed_above,
    [OP_CROSSED_BELOW] = step_crossed_below,
    [OP_SMA] = step_sma,
    [OP_EMA] = step_ema,
    [OP_WMA] = step_wma,
    [OP_RSI] = step_rsi,
    [OP_ATR] = step_atr,
    [OP_STDDEV] = step_stddev,
    [OP_HIGHEST] = step_highest,
    [OP_LOWEST] = step_lowest,
    [OP_RISING] = step_streak,
    [OP_FALLING] = step_streak,
    [OP_CMO] = step_cmo,
    [OP_WILDER] = step_wilder,
    [OP_CCI] = step_cci,
    [OP_MFI] = step_mfi,
    [OP_OBV] = step_obv,
    [OP_VWAP] = step_vwap,
    [OP_DMI] = step_dmi,
    [OP_SAR] = step_sar,
    [OP_SUPERTREND] = step_supertrend,
    [OP_HA_OPEN] = step_ha_open,
    [OP_KAMA] = step_kama,
    [OP_DM] = step_dm,
    [OP_HIGHEST_AGE] = step_highest_age,
    [OP_LOWEST_AGE] = step_lowest_age,
    [OP_TOTAL] = step_total,
    [OP_ADOSC] = step_adosc,
    [OP_LINE] = step_line,
    [OP_CORREL] = step_correl,
    [OP_CYCLE] = step_cycle,
    [OP_CYCLE_MEAN] = step_cycle_mean,
    [OP_CYCLE_PHASE] = step_cycle_phase,
    [OP_PART] = step_part,
    [OP_ADD] = step_add,
    [OP_SUBTRACT] = step_subtract,
    [OP_MULTIPLY] = step_multiply,
    [OP_DIVIDE] = step_divide,
    [OP_REMAINDER] = step_remainder,
    [OP_NEGATE] = step_negate,
    [OP_ABS] = step_abs,
    [OP_MIN] = step_min,
    [OP_MAX] = step_max,
    [OP_CLAMP] = step_clamp,
    [OP_LOG] = step_log,
    [OP_EXP] = step_exp,
    [OP_SQRT] = step_sqrt,
    [OP_GREATER] = step_greater,
    [OP_LESS] = step_less,
    [OP_GREATER_EQUAL] = step_greater_equal,
    [OP_LESS_EQUAL] = step_less_equal,
    [OP_EQUAL] = step_equal,
    [OP_NOT_EQUAL] = step_not_equal,
    [OP_AND] = step_and,
    [OP_OR] = step_or,
    [OP_NOT] = step_not,
    [OP_IF] = step_if,
    [OP_POSITION] = step_position,
    [OP_WHEN_KNOWN] = step_when_known,
};

_Static_assert(COUNT_OF(steps) == OP_WHEN_KNOWN + 1, "every operation of the candles has a step");

static void look_up(struct rule_run *r)
{
    const struct rule_graph *g = r->graph;
    struct rule_step *s = r->steps;

    for (int i = g->first_step; i < g->first_late; i++, s++) {
        const struct rule_operation *op = &g->nodes[i];

        *s = (struct rule_step){
            .run = steps[op->op],
            .a = &r->values[op->a],
            .b = &r->values[op->b],
            .c = &r->values[op->c],
            .out = &r->values[i],
            .state = r->state + op->state,
        };
        if (op->op == OP_PART)
            s->state = r->state + g->nodes[op->a].state + (size_t)op->n * sizeof(double);
    }
    s->run = step_stop;
}

void rule_run_init(struct rule_run *r, const struct rule_graph *graph)
{
    r->graph = graph;
    r->values = xcalloc((size_t)graph->count, sizeof *r->values);
    r->state = xcalloc(graph->state_bytes + 1, 1);
    r->steps = xcalloc((size_t)(graph->first_late - graph->first_step) + 1, sizeof *r->steps);
    look_up(r);
    rule_run_reset(r);
}

void rule_run_release(struct rule_run *r)
{
    free(r->values);
    free(r->state);
    free(r->steps);
    *r = (struct rule_run){0};
}

void rule_run_reset(struct rule_run *r)
{
    for (int i = 0; i < r->graph->count; i++) {
        const struct rule_operation *op = &r->graph->nodes[i];

        r->values[i] = op->op == OP_CONSTANT ? op->k : NAN;
        rule_kernel_init(op, r->state + op->state);
    }
}

double rule_run_late(const struct rule_run *r, int node, const struct rule_context *context)
{
    const struct rule_graph *g = r->graph;
    double late[RULE_GRAPH_LATE];

    for (int i = g->first_late; i <= node; i++) {
        const struct rule_operation *op = &g->nodes[i];
        const int32_t from[3] = {op->a, op->b, op->c};
        double operand[3];
        double *result = &late[i - g->first_late];

        for (int j = 0; j < 3; j++)
            operand[j] =
                from[j] < g->first_late ? r->values[from[j]] : late[from[j] - g->first_late];
        if (op->op == OP_ENTRY_PRICE)
            *result = context->entry_price;
        else if (op->op == OP_CANDLES_HELD)
            *result = context->candles_held;
        else if (op->op == OP_PNL)
            *result = context->pnl;
        else
            *result = rule_pure(op->op, operand[0], operand[1], operand[2]);
    }
    return late[node - g->first_late];
}
