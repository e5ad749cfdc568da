/* SPDX-License-Identifier: Apache-2.0 */
/* The graph's nodes as loops over columns, made of the same rows as the steps. */
#include "engine/rule_block.h"

#include <stdlib.h>

#include "engine/rule_step.h"

#define A (a[k])
#define B (b[k])
#define C (c[k])
#define STATE (x->state)
#define NOW (&now[k])

#define HEAD(name)                                                                                 \
    static void column_##name(const struct rule_column *x, const struct candle *now, size_t count) \
    {                                                                                              \
        const double *a = x->a, *b = x->b, *c = x->c;                                              \
        double *restrict out = x->out;                                                             \
        (void)now, (void)a, (void)b, (void)c;
#define STEP(op, name, value)          \
    HEAD(name)                         \
    for (size_t k = 0; k < count; k++) \
        out[k] = (value);              \
    }
#define HOT(op, name, value) STEP(op, name##_rare, value)
/* A loop of known length is unrolled and may use wider registers. */
#define PURE(op, name)                           \
    HEAD(name)                                   \
    if (count == RULE_COLUMN) {                  \
        for (size_t k = 0; k < RULE_COLUMN; k++) \
            out[k] = rule_pure(op, A, B, C);     \
    } else {                                     \
        for (size_t k = 0; k < count; k++)       \
            out[k] = rule_pure(op, A, B, C);     \
    }                                            \
    }
#include "engine/rule_step_table.h"
#undef STEP
#undef HOT
#undef PURE

/* The rest of a column from k on, where something rare begins. */
static void rest_of(rule_column_fn *run, const struct rule_column *x, const struct candle *now,
                    size_t k, size_t count)
{
    struct rule_column rest = *x;

    rest.a += k;
    rest.b += k;
    rest.c += k;
    rest.out += k;
    run(&rest, now + k, count - k);
}

/* The two that strategies use most keep their state in registers. */
static void column_ema(const struct rule_column *x, const struct candle *now, size_t count)
{
    struct feature_ema *f = x->state;
    struct feature_ema g = *f;
    const double *a = x->a;
    double *restrict out = x->out;

    for (size_t k = 0; k < count; k++) {
        double next = feature_ema_next(&g, a[k]);

        if (__builtin_expect(isnan(next), 0)) {
            *f = g;
            rest_of(column_ema_rare, x, now, k, count);
            return;
        }
        g.value = next;
        out[k] = next;
    }
    f->value = g.value;
}

static void column_rsi(const struct rule_column *x, const struct candle *now, size_t count)
{
    struct feature_rsi *f = x->state;
    struct feature_rsi g = *f;
    const double *a = x->a;
    double *restrict out = x->out;

    for (size_t k = 0; k < count; k++) {
        if (feature_rsi_is_rare(&g, a[k])) {
            *f = g;
            rest_of(column_rsi_rare, x, now, k, count);
            return;
        }
        feature_rsi_next(&g, a[k]);
        out[k] = feature_rsi_value(&g);
    }
    *f = g;
}

static rule_column_fn *const loops[] = {
#define STEP(op, name, value) [op] = column_##name,
#define HOT(op, name, value) [op] = column_##name,
#define PURE(op, name) [op] = column_##name,
#include "engine/rule_step_table.h"
};

/* A kernel with several outputs: each is in its state only until the next candle. */
static void column_with_parts(const struct rule_column *x, const struct candle *now, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        struct rule_column one = *x;

        one.a += k;
        one.b += k;
        one.c += k;
        one.out += k;
        x->whole(&one, now + k, 1);
        for (int i = 0; i < x->part_count; i++)
            x->parts[i].out[k] = *x->parts[i].from;
    }
}

/* Constants and nodes of the own candles lie side by side in the columns. */
static double *column_of(const struct rule_block *b, int node)
{
    const struct rule_graph *g = b->run->graph;
    int own =
        node < g->first_step ? node : node - g->streams[g->stream_count - 1].first + g->first_step;

    return b->values + (size_t)own * RULE_COLUMN;
}

const double *rule_block_column(const struct rule_block *b, int node)
{
    return column_of(b, node);
}

/* Parts and samples are no columns of their own: who has them at hand copies them. */
static void add_node(struct rule_block *b, int node, struct rule_part **next_part)
{
    const struct rule_graph *g = b->run->graph;
    const struct rule_operation *op = &g->nodes[node];
    struct rule_step step = rule_step_of(b->run, node);
    struct rule_column *x = &b->columns[b->column_count];

    if (op->op == OP_PART)
        return;
    if (op->op == OP_SAMPLE) {
        b->samples[b->sample_count++] = (struct rule_part){
            step.a, column_of(b, node), rule_sample_is_of_other(g, op) ? step.state : NULL};
        return;
    }
    b->column_count++;
    *x = (struct rule_column){.run = loops[op->op],
                              .whole = loops[op->op],
                              .a = column_of(b, op->a),
                              .b = column_of(b, op->b),
                              .c = column_of(b, op->c),
                              .out = column_of(b, node),
                              .state = step.state,
                              .parts = *next_part};
    for (int i = node + 1; i < g->first_late; i++) {
        if (g->nodes[i].op == OP_PART && g->nodes[i].a == node)
            x->parts[x->part_count++] =
                (struct rule_part){rule_step_of(b->run, i).state, column_of(b, i), NULL};
    }
    *next_part += x->part_count;
    if (x->part_count > 0)
        x->run = column_with_parts;
}

void rule_block_init(struct rule_block *b, struct rule_run *run)
{
    const struct rule_graph *g = run->graph;
    const struct rule_stream *own = &g->streams[g->stream_count - 1];
    size_t nodes = (size_t)(own->end - own->first);
    struct rule_part *next_part;

    *b = (struct rule_block){.run = run};
    b->columns = xcalloc(nodes + 1, sizeof *b->columns);
    b->parts = xcalloc(2 * nodes + 1, sizeof *b->parts);
    b->samples = b->parts + nodes;
    b->values = xcalloc(((size_t)g->first_step + nodes) * RULE_COLUMN, sizeof *b->values);
    for (int i = 0; i < g->first_step; i++) {
        for (int k = 0; k < RULE_COLUMN; k++)
            column_of(b, i)[k] = g->nodes[i].k;
    }
    next_part = b->parts;
    for (int i = own->first; i < own->end; i++)
        add_node(b, i, &next_part);
}

void rule_block_release(struct rule_block *b)
{
    free(b->columns);
    free(b->parts);
    free(b->values);
    *b = (struct rule_block){0};
}

static void push_queue(struct rule_run *r, struct rule_queue *q, int64_t open_us)
{
    for (; q->count > 0 && q->candles->open_us <= open_us; q->candles++, q->count--) {
        if (q->candles->flags & CANDLE_AFTER_GAP)
            rule_run_reset_symbol(r, q->symbol);
        rule_run_push_streams(r, q->symbol, q->candles);
    }
}

/* The other streams, candle by candle, and what the own candles read of them. */
static void fill_samples(struct rule_block *b, const struct candle *candles, size_t count,
                         struct rule_queue *queues, int queue_count)
{
    for (size_t k = 0; k < count; k++) {
        for (int i = 0; i < queue_count; i++)
            push_queue(b->run, &queues[i], candles[k].open_us);
        rule_run_push_streams(b->run, 0, &candles[k]);
        for (int i = 0; i < b->sample_count; i++) {
            const struct rule_part *s = &b->samples[i];

            s->out[k] = s->other ? sample_other(s->other, candles[k].open_us, *s->from) : *s->from;
        }
    }
}

void rule_block_push(struct rule_block *b, const struct candle *candles, size_t count,
                     struct rule_queue *queues, int queue_count)
{
    const struct rule_column *x = b->columns, *end = x + b->column_count;

    ASSERT(count > 0 && count <= RULE_COLUMN);
    if (b->run->has_streams)
        fill_samples(b, candles, count, queues, queue_count);
    for (; x < end; x++)
        x->run(x, candles, count);
}

void rule_block_settle(const struct rule_block *b, size_t count)
{
    const struct rule_graph *g = b->run->graph;
    const struct rule_stream *own = &g->streams[g->stream_count - 1];

    for (int i = own->first; i < own->end; i++)
        b->run->values[i] = column_of(b, i)[count - 1];
}
