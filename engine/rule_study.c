/* SPDX-License-Identifier: Apache-2.0 */
/* Averages, differences, regressions and cycles of one source, put together from kernels.
 *
 * Formulas as in TA-Lib: trima, trix (Hutson 1983), t3 (Tillson 1998), apo and ppo (Appel),
 * linearreg and its kin, the ht functions (Ehlers 2001). */
#include "engine/rule_indicator.h"

/* TA-Lib begins the Hilbert transform at candle 37 and shows phases from 63 on; the cycle's length
 * by itself begins at 12 and is shown from 32 on. */
enum {
    CYCLE_START = 37,
    CYCLE_FIRST = 60,
    CYCLE_FILL = 3, /* candles the trend line's last average takes */
    LENGTH_START = 12,
    LENGTH_FIRST = 32
};

/* A mean of means: weights rise to the middle of n candles and fall again. */
static int emit_trima(struct emitter *e, int x, double n)
{
    double first = floor((n + 1) / 2);

    return emit_kernel(e, OP_SMA, emit_kernel(e, OP_SMA, x, first, 0), n + 1 - first, 0);
}

/* How much the EMA of the EMA of the EMA changed, in percent. */
static int emit_trix(struct emitter *e, int x, double n)
{
    int triple = x;

    for (int i = 0; i < 3; i++)
        triple = emit_kernel(e, OP_EMA, triple, n, 0);
    return emit_times(
        e, 100,
        emit_op(e, OP_SUBTRACT,
                emit_op(e, OP_DIVIDE, triple, emit_kernel(e, OP_LAG, triple, 1, 0), 0),
                emit_constant(e, 1), 0));
}

/* Six averages, each of the one before; with v the third to sixth are weighted so that three
 * passes of (1 + v) e - v ema(e) result. */
static int emit_t3(struct emitter *e, int x, double n, double v)
{
    const double weights[] = {(1 + v) * (1 + v) * (1 + v), -3 * v * (1 + v) * (1 + v),
                              3 * v * v * (1 + v), -v * v * v};
    int average = x, sum = RULE_UNKNOWN;

    for (int i = 0; i < 6; i++) {
        average = emit_kernel(e, OP_EMA, average, n, 0);
        if (i == 2)
            sum = emit_times(e, weights[0], average);
        if (i > 2)
            sum = emit_op(e, OP_ADD, sum, emit_times(e, weights[i - 2], average), 0);
    }
    return sum;
}

/* Between two means, in price or in percent of the slow one. */
static int emit_price_oscillator(struct emitter *e, const struct rule_arguments *a,
                                 bool is_percentage)
{
    int fast = emit_kernel(e, OP_SMA, a->at[0], a->number[1], 0);
    int slow = emit_kernel(e, OP_SMA, a->at[0], a->number[2], 0);
    int difference = emit_op(e, OP_SUBTRACT, fast, slow, 0);

    if (!is_percentage)
        return difference;
    return emit_times(e, 100, emit_op(e, OP_DIVIDE, difference, slow, 0));
}

static int emit_midpoint(struct emitter *e, int x, double n)
{
    return emit_op(e, OP_DIVIDE,
                   emit_op(e, OP_ADD, emit_kernel(e, OP_HIGHEST, x, n, 0),
                           emit_kernel(e, OP_LOWEST, x, n, 0), 0),
                   emit_constant(e, 2), 0);
}

static int emit_two(struct emitter *e, enum rule_op op, int a, int b, double n, double m)
{
    return rule_graph_add(&e->set->graph,
                          (struct rule_operation){
                              .op = (uint8_t)op, .a = a, .b = b, .n = (int32_t)n, .m = (int32_t)m});
}

static int emit_cycle(struct emitter *e, int x)
{
    return emit_kernel(e, OP_CYCLE, x, CYCLE_FIRST, CYCLE_START);
}

/* The mean over one cycle, smoothed like the price the cycle was measured on. */
static int emit_ht_trendline(struct emitter *e, int x)
{
    return emit_kernel(e, OP_WMA, emit_op(e, OP_CYCLE_MEAN, x, emit_cycle(e, x), 0), 4, 0);
}

/* A phase, unknown until TA-Lib's is known. */
static int emit_phase_part(struct emitter *e, int x, int phase)
{
    return emit_op(e, OP_WHEN_KNOWN, phase, emit_kernel(e, OP_LAG, emit_cycle(e, x), CYCLE_FILL, 0),
                   0);
}

static int emit_phase(struct emitter *e, int x)
{
    return emit_op(e, OP_CYCLE_PHASE, emit_kernel(e, OP_WMA, x, 4, 0), emit_cycle(e, x), 0);
}

struct rule_value emit_ht_sine(struct emitter *e, int x)
{
    int sine = emit_phase(e, x);

    return emit_outputs(emit_phase_part(e, x, sine),
                        emit_phase_part(e, x, emit_kernel(e, OP_PART, sine, 0, 0)), 0, 0);
}

/* The Hilbert transform's. */
static int emit_ht(struct emitter *e, enum rule_function_id id, int x)
{
    switch (id) {
    case FUNCTION_HT_TRENDLINE:
        return emit_ht_trendline(e, x);
    case FUNCTION_HT_DCPERIOD:
        return emit_kernel(e, OP_CYCLE, x, LENGTH_FIRST, LENGTH_START);
    default:
        ASSERT(id == FUNCTION_HT_DCPHASE);
        return emit_phase_part(e, x, emit_kernel(e, OP_PART, emit_phase(e, x), 1, 0));
    }
}

/* The line of least squares: its end, its slope, and where it goes next. */
static int emit_line(struct emitter *e, enum rule_function_id id, int x, double n)
{
    int end = emit_kernel(e, OP_LINE, x, n, 0);
    int slope = emit_kernel(e, OP_PART, end, 0, 0);

    if (id == FUNCTION_LINEARREG)
        return end;
    return id == FUNCTION_LINEARREG_SLOPE ? slope : emit_op(e, OP_ADD, end, slope, 0);
}

int emit_study(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a)
{
    int x = a->at[0], deviation;
    double n = a->number[1];

    switch (id) {
    case FUNCTION_TRIMA:
        return emit_trima(e, x, n);
    case FUNCTION_KAMA:
        return emit_kernel(e, OP_KAMA, x, n, 0);
    case FUNCTION_T3:
        return emit_t3(e, x, n, a->number[2]);
    case FUNCTION_TRIX:
        return emit_trix(e, x, n);
    case FUNCTION_APO:
    case FUNCTION_PPO:
        return emit_price_oscillator(e, a, id == FUNCTION_PPO);
    case FUNCTION_ROCP:
        return emit_returns(e, a);
    case FUNCTION_ROCR:
        return emit_op(e, OP_DIVIDE, x, emit_kernel(e, OP_LAG, x, n, 0), 0);
    case FUNCTION_SUM:
        return emit_times(e, n, emit_kernel(e, OP_SMA, x, n, 0));
    case FUNCTION_VAR:
        deviation = emit_kernel(e, OP_STDDEV, x, n, a->number[2]);
        return emit_op(e, OP_MULTIPLY, deviation, deviation, 0);
    case FUNCTION_MIDPOINT:
        return emit_midpoint(e, x, n);
    case FUNCTION_LINEARREG:
    case FUNCTION_LINEARREG_SLOPE:
    case FUNCTION_TSF:
        return emit_line(e, id, x, n);
    case FUNCTION_CORREL:
        return emit_two(e, OP_CORREL, x, a->at[1], a->number[2], 0);
    default:
        return emit_ht(e, id, x);
    }
}
