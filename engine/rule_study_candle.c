/* SPDX-License-Identifier: Apache-2.0 */
/* Oscillators and flows of the whole candle, put together from kernels.
 *
 * Formulas as in TA-Lib: adxr and dm (Wilder 1978), aroon (Chande 1995), ultosc (Williams 1985),
 * bop (Livshin 2001), ad and adosc (Chaikin). */
#include "engine/rule_indicator.h"

static int high(struct emitter *e)
{
    return emit_source(e, "high", 4);
}

static int low(struct emitter *e)
{
    return emit_source(e, "low", 3);
}

static int close_of(struct emitter *e)
{
    return emit_source(e, "close", 5);
}

/* 100 for an extreme of this candle, 0 for one of n candles ago. */
static int emit_freshness(struct emitter *e, enum rule_op op, int x, double n)
{
    int age = emit_kernel(e, op, x, n + 1, 0);

    return emit_op(e, OP_DIVIDE,
                   emit_times(e, 100, emit_op(e, OP_SUBTRACT, emit_constant(e, n), age, 0)),
                   emit_constant(e, n), 0);
}

struct rule_value emit_aroon(struct emitter *e, double n)
{
    int down = emit_freshness(e, OP_LOWEST_AGE, low(e), n);
    int up = emit_freshness(e, OP_HIGHEST_AGE, high(e), n);

    return emit_outputs(down, up, emit_op(e, OP_SUBTRACT, up, down, 0), 0);
}

/* Buying pressure over true range, both of n candles. */
static int emit_pressure(struct emitter *e, double n)
{
    int before = emit_kernel(e, OP_LAG, close_of(e), 1, 0);
    int bottom = emit_op(e, OP_MIN, low(e), before, 0);
    int range = emit_op(e, OP_SUBTRACT, emit_op(e, OP_MAX, high(e), before, 0), bottom, 0);
    int pressure = emit_op(e, OP_SUBTRACT, close_of(e), bottom, 0);

    return emit_op(e, OP_DIVIDE, emit_kernel(e, OP_SMA, pressure, n, 0),
                   emit_kernel(e, OP_SMA, range, n, 0), 0);
}

/* The shortest of three periods counts four times, the middle one twice. */
static int emit_ultosc(struct emitter *e, const double periods[3])
{
    double a = periods[0], b = periods[1], c = periods[2];
    double shortest = fmin(a, fmin(b, c)), longest = fmax(a, fmax(b, c));
    int sum = emit_times(e, 4, emit_pressure(e, shortest));

    sum = emit_op(e, OP_ADD, sum,
                  emit_times(e, 2, emit_pressure(e, a + b + c - shortest - longest)), 0);
    sum = emit_op(e, OP_ADD, sum, emit_pressure(e, longest), 0);
    return emit_op(e, OP_DIVIDE, emit_times(e, 100, sum), emit_constant(e, 7), 0);
}

/* Volume times where in the candle the close is, -1 to 1; nothing in a candle without a range. */
static int emit_money_flow(struct emitter *e)
{
    int up = emit_op(e, OP_SUBTRACT, close_of(e), low(e), 0);
    int down = emit_op(e, OP_SUBTRACT, high(e), close_of(e), 0);
    int place = emit_op(e, OP_DIVIDE, emit_op(e, OP_SUBTRACT, up, down, 0),
                        emit_op(e, OP_SUBTRACT, high(e), low(e), 0), 0);

    return emit_op(e, OP_IF, emit_op(e, OP_GREATER, high(e), low(e), 0),
                   emit_op(e, OP_MULTIPLY, place, emit_source(e, "volume", 6), 0),
                   emit_constant(e, 0));
}

static int emit_bop(struct emitter *e)
{
    return emit_op(e, OP_DIVIDE, emit_op(e, OP_SUBTRACT, close_of(e), emit_source(e, "open", 4), 0),
                   emit_op(e, OP_SUBTRACT, high(e), low(e), 0), 0);
}

static int emit_adxr(struct emitter *e, double n)
{
    int adx = emit_kernel(e, OP_WILDER, emit_candle_kernel(e, OP_DMI, n), n, 0);

    return emit_op(e, OP_DIVIDE, emit_op(e, OP_ADD, adx, emit_kernel(e, OP_LAG, adx, n - 1, 0), 0),
                   emit_constant(e, 2), 0);
}

static int emit_dm(struct emitter *e, double n)
{
    return rule_graph_add(
        &e->set->graph,
        (struct rule_operation){.op = OP_DM, .a = high(e), .b = low(e), .n = (int32_t)n});
}

int emit_candle_study(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a)
{
    double n = a->number[0];

    switch (id) {
    case FUNCTION_ADXR:
        return emit_adxr(e, n);
    case FUNCTION_PLUS_DM:
        return emit_dm(e, n);
    case FUNCTION_MINUS_DM:
        return emit_kernel(e, OP_PART, emit_dm(e, n), 0, 0);
    case FUNCTION_ULTOSC:
        return emit_ultosc(e, a->number);
    case FUNCTION_MIDPRICE:
        return emit_midprice(e, n);
    case FUNCTION_BOP:
        return emit_bop(e);
    case FUNCTION_AD:
        return emit_op(e, OP_TOTAL, emit_money_flow(e), 0, 0);
    default:
        ASSERT(id == FUNCTION_ADOSC);
        return emit_kernel(e, OP_ADOSC, emit_money_flow(e), n, a->number[1]);
    }
}
