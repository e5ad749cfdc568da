/* SPDX-License-Identifier: Apache-2.0 */
/* A run's memory, its streams and gaps, and the nodes that are computed when asked. */
#include "engine/rule_run.h"

#include <stdlib.h>

#include "engine/rule_kernel.h"

/* Steps of one stream after the other, each ended by one that stops. */
static void look_up(struct rule_run *r)
{
    const struct rule_graph *g = r->graph;
    struct rule_step *s = r->all_steps;

    for (int i = 0; i < g->stream_count; i++) {
        r->feeds[i].steps = s;
        for (int node = g->streams[i].first; node < g->streams[i].end; node++)
            *s++ = rule_step_of(r, node);
        *s++ = rule_step_last();
    }
    r->steps = r->feeds[g->stream_count - 1].steps;
}

void rule_run_init(struct rule_run *r, const struct rule_graph *graph)
{
    size_t count = (size_t)(graph->first_late - graph->first_step + graph->stream_count);

    *r = (struct rule_run){.graph = graph, .has_streams = graph->stream_count > 1};
    r->values = xcalloc((size_t)graph->count, sizeof *r->values);
    r->state = xcalloc(graph->state_bytes + 1, 1);
    r->all_steps = xcalloc(count, sizeof *r->all_steps);
    r->borders = xcalloc((size_t)graph->count, sizeof *r->borders);
    for (int i = 0; i < graph->count; i++) {
        const struct rule_operation *from = &graph->nodes[graph->nodes[i].a];

        r->borders[i] = (struct rule_border){&r->feeds[from->stream], from->settle};
    }
    look_up(r);
    rule_run_reset(r);
}

void rule_run_release(struct rule_run *r)
{
    free(r->values);
    free(r->state);
    free(r->all_steps);
    free(r->borders);
    *r = (struct rule_run){0};
}

static void reset_nodes(struct rule_run *r, int first, int end)
{
    for (int i = first; i < end; i++) {
        const struct rule_operation *op = &r->graph->nodes[i];

        r->values[i] = op->op == OP_CONSTANT ? op->k : NAN;
        rule_kernel_init(op, r->state + op->state);
    }
}

static void reset_stream(struct rule_run *r, int i)
{
    reset_nodes(r, r->graph->streams[i].first, r->graph->streams[i].end);
    r->feeds[i].open_us = TIME_NONE;
}

static int64_t base_timeframe(const struct rule_graph *g)
{
    return g->streams[g->stream_count - 1].timeframe_us;
}

static void restart_symbol(struct rule_run *r, int symbol, int64_t count)
{
    const struct rule_graph *g = r->graph;

    for (int i = 0; i < g->stream_count; i++) {
        if (g->streams[i].symbol != symbol)
            continue;
        reset_stream(r, i);
        r->feeds[i].count = count;
        rule_bucket_init(&r->feeds[i].bucket, g->streams[i].timeframe_us, base_timeframe(g));
    }
}

void rule_run_reset(struct rule_run *r)
{
    reset_nodes(r, 0, r->graph->first_step);
    for (int symbol = 0; symbol <= LIMIT_OTHER_SYMBOLS; symbol++)
        restart_symbol(r, symbol, LIMIT_CANDLES);
    for (int i = 0; i < LIMIT_OTHER_SYMBOLS; i++)
        r->is_seen[i] = false;
    r->is_begun = false;
    for (int i = 0; i < LIMIT_FEATURES; i++)
        r->ext[i] = NAN;
}

void rule_run_reset_symbol(struct rule_run *r, int symbol)
{
    restart_symbol(r, symbol, symbol > 0 && r->is_seen[symbol - 1] ? 0 : LIMIT_CANDLES);
}

/* One that begins later than the own candles is not covered by their warm-up. */
static void see_other(struct rule_run *r, int symbol)
{
    bool *is_seen = &r->is_seen[symbol - 1];

    if (!*is_seen && r->is_begun)
        restart_symbol(r, symbol, 0);
    *is_seen = true;
}

static void push_feed(struct rule_feed *feed, const struct candle *c)
{
    feed->open_us = c->open_us;
    feed->count += feed->count < LIMIT_CANDLES;
    feed->steps->run(feed->steps, c);
}

void rule_run_push_streams(struct rule_run *r, int symbol, const struct candle *c)
{
    const struct rule_graph *g = r->graph;

    ASSERT((c->price_scale | c->size_scale) < RULE_RUN_SCALES);
    if (symbol == 0)
        r->is_begun = true;
    else
        see_other(r, symbol);
    for (int i = 0; i < g->stream_count - 1; i++) {
        struct rule_feed *feed = &r->feeds[i];

        if (g->streams[i].symbol != symbol)
            continue;
        if (g->streams[i].timeframe_us == base_timeframe(g)) {
            push_feed(feed, c);
            continue;
        }
        switch (rule_bucket_push(&feed->bucket, c)) {
        case BUCKET_GOES_ON:
            break;
        case BUCKET_LOST:
            reset_stream(r, i);
            feed->count = 0;
            break;
        case BUCKET_COMPLETE:
            push_feed(feed, &feed->bucket.candle);
            break;
        }
    }
}

const struct rule_context rule_context_unknown = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};

static double told(uint8_t op, const struct rule_context *context)
{
    switch (op) {
    case OP_ENTRY_PRICE:
        return context->entry_price;
    case OP_CANDLES_HELD:
        return context->candles_held;
    case OP_PNL:
        return context->pnl;
    case OP_PNL_BEST:
        return context->pnl_best;
    case OP_PNL_WORST:
        return context->pnl_worst;
    case OP_SCALE_INS:
        return context->scale_ins;
    default:
        ASSERT(op == OP_SCALE_OUTS);
        return context->scale_outs;
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
        *result = op->op >= OP_ENTRY_PRICE ? told(op->op, context)
                                           : rule_pure(op->op, operand[0], operand[1], operand[2]);
    }
    return late[node - g->first_late];
}
