/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: the graph's nodes as threaded code, one pass a candle. */
#include "engine/rule_run.h"

#include <stdlib.h>

#include "engine/feature_smooth.h"
#include "engine/feature_window.h"
#include "engine/rule_kernel.h"

/* Exact in binary64, so that one division gives the nearest double. */
static const double power[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

#define STEP(name, value)                                                      \
    static void step_##name(const struct rule_step *s, const struct candle *c) \
    {                                                                          \
        *s->out = (value);                                                     \
        s[1].run(s + 1, c);                                                    \
    }

STEP(open, (double)c->open / power[c->price_scale])
STEP(high, (double)c->high / power[c->price_scale])
STEP(low, (double)c->low / power[c->price_scale])
STEP(close, (double)c->close / power[c->price_scale])
STEP(volume, (double)c->volume / power[c->size_scale])
STEP(lag, feature_lag_push(s->state, *s->a))
STEP(sma, feature_sma_push(s->state, *s->a))
STEP(ema, feature_ema_push(s->state, *s->a))
STEP(rsi, feature_rsi_push(s->state, *s->a))
STEP(part, *(const double *)s->state)
STEP(add, rule_bounded(*s->a + *s->b))
STEP(subtract, rule_bounded(*s->a - *s->b))
STEP(multiply, rule_bounded(*s->a * * s->b))
STEP(divide, rule_bounded(*s->a / *s->b))
STEP(greater, rule_greater(*s->a, *s->b))
STEP(less, rule_greater(*s->b, *s->a))
STEP(and, rule_and(*s->a, *s->b))
STEP(or, rule_or(*s->a, *s->b))
STEP(pure, rule_pure_rare(s->op, *s->a, *s->b, *s->c))

static void step_kernel(const struct rule_step *s, const struct candle *c)
{
    const double abc[3] = {*s->a, *s->b, *s->c};

    *s->out = rule_kernel_push(s->op, s->state, abc, c);
    s[1].run(s + 1, c);
}

static void step_stop(const struct rule_step *s, const struct candle *c)
{
    (void)s;
    (void)c;
}

static void (*const common[])(const struct rule_step *s, const struct candle *c) = {
    [OP_OPEN] = step_open,         [OP_HIGH] = step_high,     [OP_LOW] = step_low,
    [OP_CLOSE] = step_close,       [OP_VOLUME] = step_volume, [OP_LAG] = step_lag,
    [OP_SMA] = step_sma,           [OP_EMA] = step_ema,       [OP_RSI] = step_rsi,
    [OP_PART] = step_part,         [OP_ADD] = step_add,       [OP_SUBTRACT] = step_subtract,
    [OP_MULTIPLY] = step_multiply, [OP_DIVIDE] = step_divide, [OP_GREATER] = step_greater,
    [OP_LESS] = step_less,         [OP_AND] = step_and,       [OP_OR] = step_or,
};

static void look_up(struct rule_run *r)
{
    const struct rule_graph *g = r->graph;
    struct rule_step *s = r->steps;

    for (int i = g->first_step; i < g->first_late; i++, s++) {
        const struct rule_operation *op = &g->nodes[i];

        *s = (struct rule_step){
            .run = op->op < COUNT_OF(common) ? common[op->op] : NULL,
            .a = &r->values[op->a],
            .b = &r->values[op->b],
            .c = &r->values[op->c],
            .out = &r->values[i],
            .state = r->state + op->state,
            .op = op->op,
        };
        if (op->op == OP_PART)
            s->state = r->state + g->nodes[op->a].state + (size_t)op->n * sizeof(double);
        if (!s->run)
            s->run = rule_op_has_state(op->op) ? step_kernel : step_pure;
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

void rule_run_push(struct rule_run *r, const struct candle *c)
{
    ASSERT(c->price_scale <= AMOUNT_DECIMALS && c->size_scale <= AMOUNT_DECIMALS);
    r->steps->run(r->steps, c);
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
