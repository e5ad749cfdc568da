/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: one switch over the graph's nodes a candle. */
#include "engine/rule_run.h"

#include <stdlib.h>

#include "engine/feature_smooth.h"
#include "engine/feature_window.h"

/* The comparison of the candle before: 1 when a crossing is possible. */
struct cross {
    double was_ready;
};

size_t rule_state_size(const struct rule_operation *op)
{
    switch (op->op) {
    case OP_LAG:
        return feature_lag_size(op->n);
    case OP_CROSSED_ABOVE:
    case OP_CROSSED_BELOW:
        return sizeof(struct cross);
    case OP_SMA:
    case OP_WMA:
    case OP_STDDEV:
        return feature_window_size(op->n);
    case OP_EMA:
        return sizeof(struct feature_ema);
    case OP_RSI:
        return sizeof(struct feature_rsi);
    case OP_ATR:
        return sizeof(struct feature_atr);
    case OP_HIGHEST:
    case OP_LOWEST:
        return feature_extreme_size(op->n);
    case OP_RISING:
    case OP_FALLING:
        return sizeof(struct feature_streak);
    default:
        return 0;
    }
}

static void state_init(const struct rule_operation *op, void *state)
{
    switch (op->op) {
    case OP_LAG:
        feature_lag_init(state, op->n);
        break;
    case OP_CROSSED_ABOVE:
    case OP_CROSSED_BELOW:
        *(struct cross *)state = (struct cross){NAN};
        break;
    case OP_SMA:
    case OP_WMA:
    case OP_STDDEV:
        feature_window_init(state, op->n, op->m);
        break;
    case OP_EMA:
        feature_ema_init(state, op->n, op->m);
        break;
    case OP_RSI:
        feature_rsi_init(state, op->n);
        break;
    case OP_ATR:
        feature_atr_init(state, op->n);
        break;
    case OP_HIGHEST:
    case OP_LOWEST:
        feature_extreme_init(state, op->n);
        break;
    case OP_RISING:
    case OP_FALLING:
        feature_streak_init(state, op->n, op->op == OP_RISING ? 1 : -1);
        break;
    default:
        break;
    }
}

void rule_run_init(struct rule_run *r, const struct rule_graph *graph)
{
    r->graph = graph;
    r->values = xcalloc((size_t)graph->count, sizeof *r->values);
    r->state = xcalloc(graph->state_bytes + 1, 1);
    rule_run_reset(r);
}

void rule_run_release(struct rule_run *r)
{
    free(r->values);
    free(r->state);
    *r = (struct rule_run){0};
}

void rule_run_reset(struct rule_run *r)
{
    for (int i = 0; i < r->graph->count; i++) {
        const struct rule_operation *op = &r->graph->nodes[i];

        r->values[i] = op->op == OP_CONSTANT ? op->k : NAN;
        state_init(op, r->state + op->state);
    }
}

/* a > b now and a <= b a candle ago, three-valued: a certain "no" of either half decides. */
static double cross_push(struct cross *f, double a, double b)
{
    double is_above = rule_pure(OP_GREATER, a, b, NAN);
    double result = rule_pure(OP_AND, is_above, f->was_ready, NAN);

    f->was_ready = 1 - is_above;
    return result;
}

static double step(const struct rule_operation *op, const double *v, void *state,
                   const struct candle *c)
{
    double a = v[op->a];

    switch (op->op) {
    case OP_OPEN:
        return candle_double(c->open, c->price_scale);
    case OP_HIGH:
        return candle_double(c->high, c->price_scale);
    case OP_LOW:
        return candle_double(c->low, c->price_scale);
    case OP_CLOSE:
        return candle_double(c->close, c->price_scale);
    case OP_VOLUME:
        return candle_double(c->volume, c->size_scale);
    case OP_LAG:
        return feature_lag_push(state, a);
    case OP_CROSSED_ABOVE:
        return cross_push(state, a, v[op->b]);
    case OP_CROSSED_BELOW:
        return cross_push(state, v[op->b], a);
    case OP_SMA:
        return feature_sma_push(state, a);
    case OP_EMA:
        return feature_ema_push(state, a);
    case OP_WMA:
        return feature_wma_push(state, a);
    case OP_RSI:
        return feature_rsi_push(state, a);
    case OP_ATR:
        return feature_atr_push(state, a, v[op->b], v[op->c]);
    case OP_STDDEV:
        return feature_stddev_push(state, a);
    case OP_HIGHEST:
        return feature_extreme_push(state, a);
    case OP_LOWEST:
        return -feature_extreme_push(state, -a);
    case OP_RISING:
    case OP_FALLING:
        return feature_streak_push(state, a);
    default:
        return rule_pure(op->op, a, v[op->b], v[op->c]);
    }
}

void rule_run_push(struct rule_run *r, const struct candle *c)
{
    const struct rule_graph *g = r->graph;

    for (int i = g->first_step; i < g->first_late; i++)
        r->values[i] = step(&g->nodes[i], r->values, r->state + g->nodes[i].state, c);
}

double rule_run_value(const struct rule_run *r, int node, const struct rule_context *context)
{
    const struct rule_graph *g = r->graph;
    double late[RULE_GRAPH_LATE];

    if (node < g->first_late)
        return r->values[node];
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
