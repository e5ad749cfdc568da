/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the graph: shares equal nodes, folds constants, and lays out the result. */
#include "engine/rule_graph.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "engine/rule_kernel.h"

void rule_graph_init(struct rule_graph *g)
{
    *g = (struct rule_graph){0};
    g->stream_count = 1;
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
    return x->op == y->op && x->stream == y->stream && x->a == y->a && x->b == y->b &&
           x->c == y->c && x->n == y->n && x->m == y->m && bits_of(x->k) == bits_of(y->k);
}

static size_t hash_of(const struct rule_operation *x)
{
    const uint64_t parts[] = {x->op,          (uint64_t)x->a, (uint64_t)x->b, (uint64_t)x->c,
                              (uint64_t)x->n, (uint64_t)x->m, bits_of(x->k),  x->stream};
    uint64_t h = 0;

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        h = (h ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
    return (size_t)(h % RULE_GRAPH_BUCKETS);
}

static int larger(int x, int y)
{
    return x > y ? x : y;
}

static int bounded(int64_t candles)
{
    return candles > LIMIT_CANDLES ? LIMIT_CANDLES : (int)candles;
}

/* Candles of a coarser stream counted in those of the node's own: at worst the first of the coarse
 * ones had just begun, and all of it is lost. */
static void measure_sample(const struct rule_graph *g, struct rule_operation *x)
{
    const struct rule_operation *a = &g->nodes[x->a];
    int64_t own = g->streams[x->stream].timeframe_us;
    int64_t ratio = own > 0 ? g->streams[a->stream].timeframe_us / own : 1;

    x->lookback = bounded((a->lookback + INT64_C(2)) * ratio - 2);
    x->settle = bounded(a->settle * ratio + ratio - 1);
}

static int day_candles(const struct rule_graph *g, int stream)
{
    int64_t timeframe = g->streams[stream].timeframe_us;

    return timeframe > 0 ? (int)(US_PER_DAY / timeframe) : RULE_DAY_CANDLES;
}

/* What the node itself adds to the longest of its operands. */
static void measure(const struct rule_graph *g, struct rule_operation *x)
{
    const struct rule_operation *a = &g->nodes[x->a], *b = &g->nodes[x->b], *c = &g->nodes[x->c];
    int lookback = rule_kernel_lookback(x), settle = rule_kernel_settle(x);

    if (x->op == OP_SAMPLE) {
        measure_sample(g, x);
        return;
    }
    if (x->op == OP_VWAP)
        settle = day_candles(g, x->stream);
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

/* Sets what an operation has of its operands and of the moment it is added. */
static void place(const struct rule_graph *g, struct rule_operation *op)
{
    const int32_t from[] = {op->a, op->b, op->c};

    op->stream = op->op == OP_CONSTANT ? 0 : (uint8_t)g->stream;
    op->is_late = op->op >= OP_ENTRY_PRICE;
    op->is_outside = op->op == OP_EXT;
    for (size_t i = 0; i < COUNT_OF(from); i++) {
        const struct rule_operation *x = &g->nodes[from[i]];

        op->is_late = op->is_late || x->is_late;
        op->is_outside = op->is_outside || x->is_outside;
        ASSERT(x->op == OP_CONSTANT || op->op == OP_SAMPLE || x->stream == op->stream);
    }
    ASSERT(!(op->is_late || op->is_outside) ||
           (op->stream == 0 && !rule_op_has_state(op->op) && op->op != OP_SAMPLE));
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
    place(g, &op);
    for (bucket = hash_of(&op); g->buckets[bucket]; bucket = (bucket + 1) % RULE_GRAPH_BUCKETS) {
        if (is_equal(&g->nodes[g->buckets[bucket] - 1], &op))
            return g->buckets[bucket] - 1;
    }
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

int rule_graph_sample(struct rule_graph *g, int node)
{
    if (rule_graph_is_constant(g, node))
        return node;
    return rule_graph_add(g, (struct rule_operation){.op = OP_SAMPLE, .a = node});
}

int rule_graph_stream(struct rule_graph *g, int symbol, int64_t timeframe_us)
{
    for (int i = 0; i < g->stream_count; i++) {
        if (g->streams[i].symbol == symbol && g->streams[i].timeframe_us == timeframe_us)
            return i;
    }
    if (g->stream_count == LIMIT_STREAMS)
        return -1;
    g->streams[g->stream_count] =
        (struct rule_stream){.symbol = symbol, .timeframe_us = timeframe_us};
    return g->stream_count++;
}

/* Other symbols before the own one, and coarse before fine. */
static bool is_before(const struct rule_stream *x, const struct rule_stream *y)
{
    if (x->symbol != y->symbol)
        return y->symbol == 0 || (x->symbol != 0 && x->symbol < y->symbol);
    return x->timeframe_us > y->timeframe_us;
}

/* Sorts the streams that are needed; order[i] becomes the old number of the new stream i. */
static void sort_streams(struct rule_graph *g, const bool *is_needed, int order[LIMIT_STREAMS])
{
    struct rule_stream sorted[LIMIT_STREAMS];
    bool is_used[LIMIT_STREAMS] = {true};
    int count = 0;

    for (int i = 0; i < g->count; i++) {
        if (is_needed[i])
            is_used[g->nodes[i].stream] = true;
    }
    for (int i = 0; i < g->stream_count; i++) {
        int at = count;

        if (!is_used[i])
            continue;
        for (; at > 0 && is_before(&g->streams[i], &sorted[at - 1]); at--) {
            sorted[at] = sorted[at - 1];
            order[at] = order[at - 1];
        }
        sorted[at] = g->streams[i];
        order[at] = i;
        count++;
    }
    memcpy(g->streams, sorted, (size_t)count * sizeof sorted[0]);
    g->stream_count = count;
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

/* The nodes in their new order, as far as it is made. */
struct layout {
    const bool *is_needed;
    struct rule_operation *sorted;
    int count;
    int16_t moved[RULE_GRAPH_NODES];
};

enum group {
    GROUP_CONSTANT,
    GROUP_CANDLES,
    GROUP_LATE
};

static enum group group_of(const struct rule_operation *op)
{
    return op->op == OP_CONSTANT ? GROUP_CONSTANT : op->is_late ? GROUP_LATE : GROUP_CANDLES;
}

/* Appends one group; of the nodes of the candles one stream, which becomes number `stream`. */
static void lay_out(struct rule_graph *g, struct layout *l, enum group group, int old, int stream)
{
    for (int i = 0; i < g->count; i++) {
        struct rule_operation op = g->nodes[i];

        if (!l->is_needed[i] || group_of(&op) != group)
            continue;
        if (group == GROUP_CANDLES && op.stream != old)
            continue;
        op.a = l->moved[op.a];
        op.b = l->moved[op.b];
        op.c = l->moved[op.c];
        op.stream = (uint8_t)stream;
        op.state = (uint32_t)g->state_bytes;
        g->state_bytes += rule_kernel_size(&op);
        l->moved[i] = (int16_t)l->count;
        l->sorted[l->count++] = op;
    }
}

void rule_graph_finish(struct rule_graph *g, int *const *roots, size_t root_count)
{
    bool is_needed[RULE_GRAPH_NODES] = {false};
    struct layout l = {.is_needed = is_needed};
    int order[LIMIT_STREAMS];

    mark(g, is_needed, roots, root_count);
    sort_streams(g, is_needed, order);
    l.sorted = xcalloc((size_t)g->count, sizeof *l.sorted);
    g->state_bytes = 0;
    lay_out(g, &l, GROUP_CONSTANT, 0, 0);
    g->first_step = l.count;
    for (int i = 0; i < g->stream_count; i++) {
        g->streams[i].first = l.count;
        lay_out(g, &l, GROUP_CANDLES, order[i], i);
        g->streams[i].end = l.count;
    }
    g->first_late = l.count;
    lay_out(g, &l, GROUP_LATE, 0, g->stream_count - 1);
    for (size_t i = 0; i < root_count; i++) {
        if (*roots[i] >= 0)
            *roots[i] = l.moved[*roots[i]];
    }
    if (l.count - g->first_late > RULE_GRAPH_LATE)
        g->is_full = true;
    free(g->nodes);
    free(g->buckets);
    g->nodes = l.sorted;
    g->buckets = NULL;
    g->count = l.count;
}
