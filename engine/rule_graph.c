/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the graph: shares equal nodes, folds constants, and lays out the result. */
#include "engine/rule_graph.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rule_kernel.h"

void rule_graph_init(struct rule_graph *g)
{
    *g = (struct rule_graph){0};
    g->day_candles = RULE_DAY_CANDLES;
    g->nodes = xcalloc(RULE_GRAPH_NODES, sizeof *g->nodes);
    g->buckets = xcalloc(RULE_GRAPH_BUCKETS, sizeof *g->buckets);
    ASSERT(rule_graph_constant(g, NAN) == RULE_UNKNOWN);
}

void rule_graph_release(struct rule_graph *g)
{
    free(g->nodes);
    free(g->buckets);
    *g = (struct rule_graph){0};
}

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool is_equal(const struct rule_operation *x, const struct rule_operation *y)
{
    return x->op == y->op && x->a == y->a && x->b == y->b && x->c == y->c && x->n == y->n &&
           x->m == y->m && bits_of(x->k) == bits_of(y->k);
}

static size_t hash_of(const struct rule_operation *x)
{
    const uint64_t parts[] = {x->op,          (uint64_t)x->a, (uint64_t)x->b, (uint64_t)x->c,
                              (uint64_t)x->n, (uint64_t)x->m, bits_of(x->k)};
    uint64_t h = 0;

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        h = (h ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
    return (size_t)(h % RULE_GRAPH_BUCKETS);
}

static int larger(int x, int y)
{
    return x > y ? x : y;
}

/* What the node itself adds to the longest of its operands. */
static void measure(const struct rule_graph *g, struct rule_operation *x)
{
    const struct rule_operation *a = &g->nodes[x->a], *b = &g->nodes[x->b], *c = &g->nodes[x->c];
    int lookback = rule_kernel_lookback(x), settle = rule_kernel_settle(x);

    if (x->op == OP_VWAP)
        settle = g->day_candles;
    x->lookback = lookback + larger(a->lookback, larger(b->lookback, c->lookback));
    x->settle = settle + larger(a->settle, larger(b->settle, c->settle));
}

static int append(struct rule_graph *g, const struct rule_operation *op, size_t bucket)
{
    size_t state = rule_kernel_size(op);

    if (g->count == RULE_GRAPH_NODES || state > RULE_GRAPH_STATE - g->state_bytes) {
        g->is_full = true;
        return RULE_UNKNOWN;
    }
    g->state_bytes += state;
    g->nodes[g->count] = *op;
    g->buckets[bucket] = (int16_t)(g->count + 1);
    return g->count++;
}

int rule_graph_add(struct rule_graph *g, struct rule_operation op)
{
    size_t bucket;

    if (op.op >= OP_ADD && op.op <= OP_WHEN_KNOWN && rule_graph_is_constant(g, op.a) &&
        rule_graph_is_constant(g, op.b) && rule_graph_is_constant(g, op.c))
        return rule_graph_constant(
            g, rule_pure(op.op, g->nodes[op.a].k, g->nodes[op.b].k, g->nodes[op.c].k));
    if (op.op == OP_LAG && (op.n == 0 || rule_graph_is_constant(g, op.a)))
        return op.a;
    for (bucket = hash_of(&op); g->buckets[bucket]; bucket = (bucket + 1) % RULE_GRAPH_BUCKETS) {
        if (is_equal(&g->nodes[g->buckets[bucket] - 1], &op))
            return g->buckets[bucket] - 1;
    }
    op.is_late = op.op >= OP_ENTRY_PRICE || g->nodes[op.a].is_late || g->nodes[op.b].is_late ||
                 g->nodes[op.c].is_late;
    ASSERT(!op.is_late || !rule_op_has_state(op.op));
    if (op.op != OP_CONSTANT)
        measure(g, &op);
    return append(g, &op, bucket);
}

int rule_graph_constant(struct rule_graph *g, double value)
{
    if (isnan(value)) /* one NaN, whatever its bits */
        value = NAN;
    if (value == 0)
        value = 0; /* no second zero */
    return rule_graph_add(g, (struct rule_operation){.op = OP_CONSTANT, .k = value});
}

/* 0: constants, 1: of the candles, 2: late. */
static int group_of(const struct rule_operation *op)
{
    return op->op == OP_CONSTANT ? 0 : op->is_late ? 2 : 1;
}

/* Marks what the roots reach; operands come before their users, so one backward pass does. */
static void mark(const struct rule_graph *g, bool *is_needed, int *const *roots, size_t root_count)
{
    is_needed[RULE_UNKNOWN] = true;
    for (size_t i = 0; i < root_count; i++) {
        if (*roots[i] >= 0)
            is_needed[*roots[i]] = true;
    }
    for (int i = g->count - 1; i >= 0; i--) {
        if (is_needed[i]) {
            is_needed[g->nodes[i].a] = true;
            is_needed[g->nodes[i].b] = true;
            is_needed[g->nodes[i].c] = true;
        }
    }
}

void rule_graph_finish(struct rule_graph *g, int *const *roots, size_t root_count)
{
    bool is_needed[RULE_GRAPH_NODES] = {false};
    int16_t moved[RULE_GRAPH_NODES] = {0};
    struct rule_operation *sorted = xcalloc((size_t)g->count, sizeof *sorted);
    int count = 0;

    mark(g, is_needed, roots, root_count);
    g->state_bytes = 0;
    for (int group = 0; group < 3; group++) {
        for (int i = 0; i < g->count; i++) {
            struct rule_operation op = g->nodes[i];

            if (!is_needed[i] || group_of(&op) != group)
                continue;
            op.a = moved[op.a];
            op.b = moved[op.b];
            op.c = moved[op.c];
            op.state = (uint32_t)g->state_bytes;
            g->state_bytes += rule_kernel_size(&op);
            moved[i] = (int16_t)count;
            sorted[count++] = op;
        }
        if (group == 0)
            g->first_step = count;
        if (group == 1)
            g->first_late = count;
    }
    for (size_t i = 0; i < root_count; i++) {
        if (*roots[i] >= 0)
            *roots[i] = moved[*roots[i]];
    }
    if (count - g->first_late > RULE_GRAPH_LATE)
        g->is_full = true;
    free(g->nodes);
    free(g->buckets);
    g->nodes = sorted;
    g->buckets = NULL;
    g->count = count;
}
