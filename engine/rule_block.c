/* SPDX-License-Identifier: Apache-2.0 */
/* The graph's nodes as loops over columns, made of the same rows as the steps. */
#include "engine/rule_block.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rule_step.h"

#define A (a[k])
#define B (b[k])
#define C (c[k])
#define STATE (x->state)
#define NOW (&now[k])
#define CLOSE ((double)NOW->close / power[NOW->price_scale])

#define HEAD(name)                                                                                 \
    static void column_##name(const struct rule_column *x, const struct candle *now, size_t count) \
    {                                                                                              \
        const double *restrict a = x->a, *restrict b = x->b, *restrict c = x->c;                   \
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

typedef int64_t bit_pair __attribute__((vector_size(sizeof(feature_pair))));

/* cross_push for a whole column all of which is known, two candles at a time; false, and nothing
 * done: it is not. */
static inline __attribute__((always_inline)) bool crosses(const struct rule_column *x,
                                                          const double *a, const double *b)
{
    struct rule_cross *f = x->state;
    double *restrict out = x->out;
    double above[RULE_COLUMN + 1];
    bit_pair known = {-1, -1}, is_above;
    feature_pair p, q;

    for (size_t k = 0; k < RULE_COLUMN; k += 2) {
        memcpy(&p, a + k, sizeof p);
        memcpy(&q, b + k, sizeof q);
        is_above = (bit_pair)(p > q);
        known &= is_above | (bit_pair)(p <= q);
        is_above &= (bit_pair)(feature_pair){1, 1};
        memcpy(above + 1 + k, &is_above, sizeof is_above);
    }
    if (!(known[0] & known[1]) || isnan(f->was_ready))
        return false;
    above[0] = 1 - f->was_ready;
    for (size_t k = 0; k < RULE_COLUMN; k++)
        out[k] = above[k + 1] * (1 - above[k]);
    f->was_ready = 1 - above[RULE_COLUMN];
    return true;
}

static void column_above(const struct rule_column *x, const struct candle *now, size_t count)
{
    if (count != RULE_COLUMN || !crosses(x, x->a, x->b))
        column_crossed_above(x, now, count);
}

static void column_below(const struct rule_column *x, const struct candle *now, size_t count)
{
    if (count != RULE_COLUMN || !crosses(x, x->b, x->a))
        column_crossed_below(x, now, count);
}

/* Averages that do not need one another wait for one another's arithmetic when they have loops of
 * their own; together, and with the close that they are of, they share the time of the slowest,
 * which is RSI's.  The columns: the close if has_close, RSI if has_rsi, two EMA. */
static inline __attribute__((always_inline)) void averages(const struct rule_column *x,
                                                           const struct candle *now, size_t count,
                                                           bool has_close, bool has_rsi)
{
    const struct rule_column *rsi = x + has_close, *ema = rsi + has_rsi;
    struct feature_rsi r = {0};
    struct feature_ema f = *(struct feature_ema *)ema[0].state;
    struct feature_ema g = *(struct feature_ema *)ema[1].state;
    feature_pair both = {0, 0};
    size_t k;

    if (has_rsi) {
        r = *(struct feature_rsi *)rsi->state;
        both = (feature_pair){r.gain, r.loss};
    }
    for (k = 0; k < count; k++) {
        double close = has_close ? CLOSE : 0;
        double a = has_close ? close : rsi->a[k];
        double next_f = feature_ema_next(&f, has_close ? close : ema[0].a[k]);
        double next_g = feature_ema_next(&g, has_close ? close : ema[1].a[k]);

        if ((has_rsi && feature_rsi_is_rare(&r, a)) || rule_is_unknown(next_f, next_g))
            break;
        if (has_rsi) {
            both = feature_rsi_pair(both, r.period, a - r.last);
            r.last = a;
            rsi->out[k] = feature_rsi_share(both[0], both[0] + both[1]);
        }
        if (has_close)
            x->out[k] = close;
        ema[0].out[k] = f.value = next_f;
        ema[1].out[k] = g.value = next_g;
    }
    *(struct feature_ema *)ema[0].state = f;
    *(struct feature_ema *)ema[1].state = g;
    if (has_rsi) {
        r.gain = both[0];
        r.loss = both[1];
        *(struct feature_rsi *)rsi->state = r;
    }
    if (k == count)
        return;
    if (has_close)
        rest_of(column_close, x, now, k, count);
    if (has_rsi)
        rest_of(column_rsi, rsi, now, k, count);
    rest_of(column_ema, ema, now, k, count);
    rest_of(column_ema, ema + 1, now, k, count);
}

#define AVERAGES(name, has_close, has_rsi)                                                         \
    static void column_##name(const struct rule_column *x, const struct candle *now, size_t count) \
    {                                                                                              \
        averages(x, now, count, has_close, has_rsi);                                               \
    }
AVERAGES(pair, false, false)
AVERAGES(trio, false, true)
AVERAGES(pair_of_close, true, false)
AVERAGES(trio_of_close, true, true)

static rule_column_fn *const loops[] = {
#define STEP(op, name, value) [op] = column_##name,
#define HOT(op, name, value) [op] = column_##name,
#define PURE(op, name) [op] = column_##name,
#include "engine/rule_step_table.h"
};

static rule_column_fn *loop_of(uint8_t op)
{
    return op == OP_CROSSED_ABOVE   ? column_above
           : op == OP_CROSSED_BELOW ? column_below
                                    : loops[op];
}

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

/* How many columns must be made before this one, at least. */
static int level_of(struct rule_block *b, int node)
{
    const struct rule_operation *op = &b->run->graph->nodes[node];
    const int from[] = {op->a, op->b, op->c};
    int level = 0;

    for (size_t i = 0; op->op != OP_SAMPLE && i < COUNT_OF(from); i++)
        level = b->levels[from[i]] > level ? b->levels[from[i]] : level;
    b->levels[node] = (int16_t)(level + (op->op == OP_PART ? 0 : 1));
    return b->levels[node];
}

/* Parts and samples are no columns of their own: who has them at hand copies them. */
static void add_node(struct rule_block *b, int node, struct rule_part **next_part)
{
    const struct rule_graph *g = b->run->graph;
    const struct rule_operation *op = &g->nodes[node];
    struct rule_step step = rule_step_of(b->run, node);
    struct rule_column *x = &b->columns[b->column_count];
    int level = level_of(b, node);

    if (op->op == OP_PART)
        return;
    if (op->op == OP_SAMPLE) {
        b->samples[b->sample_count++] = (struct rule_part){
            step.a, column_of(b, node), rule_sample_is_of_other(g, op) ? step.state : NULL};
        return;
    }
    b->column_count++;
    *x = (struct rule_column){.run = loop_of(op->op),
                              .whole = loops[op->op],
                              .a = column_of(b, op->a),
                              .b = column_of(b, op->b),
                              .c = column_of(b, op->c),
                              .out = column_of(b, node),
                              .state = step.state,
                              .width = 1,
                              .level = level,
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

static int rank_of(const struct rule_column *x)
{
    return x->run == column_rsi ? 0 : x->run == column_ema ? 1 : x->run == column_close ? 3 : 2;
}

/* By level, averages first and the close last: those of one level do not need one another, and the
 * close is followed by what is made of it. */
static int compare_columns(const void *a, const void *b)
{
    const struct rule_column *x = a, *y = b;

    if (x->level != y->level)
        return x->level - y->level;
    if (rank_of(x) != rank_of(y))
        return rank_of(x) - rank_of(y);
    return x->out < y->out ? -1 : 1;
}

/* The columns from x on that averages() can make together; 1 when there are none. */
static int width_of(const struct rule_column *x, const struct rule_column *end)
{
    bool has_close = x->run == column_close;
    const struct rule_column *first = x + has_close, *ema = first;

    ema += first < end && first->run == column_rsi;
    if (end - ema < 2 || ema[0].run != column_ema || ema[1].run != column_ema)
        return 1;
    if (ema[0].level != first->level || ema[1].level != first->level)
        return 1;
    for (; has_close && first < ema + 2; first++) {
        if (first->a != x->out)
            return 1;
    }
    return (int)(ema + 2 - x);
}

static void join(struct rule_block *b)
{
    struct rule_column *x = b->columns, *end = x + b->column_count;

    for (; x < end; x += x->width) {
        x->width = width_of(x, end);
        if (x->width == 4)
            x->run = column_trio_of_close;
        else if (x->width == 3)
            x->run = x->run == column_close ? column_pair_of_close : column_trio;
        else if (x->width == 2)
            x->run = column_pair;
    }
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
    b->levels = xcalloc((size_t)g->count, sizeof *b->levels);
    next_part = b->parts;
    for (int i = own->first; i < own->end; i++)
        add_node(b, i, &next_part);
    qsort(b->columns, (size_t)b->column_count, sizeof *b->columns, compare_columns);
    join(b);
    free(b->levels);
    b->levels = NULL;
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
    for (; x < end; x += x->width)
        x->run(x, candles, count);
}

void rule_block_settle(const struct rule_block *b, size_t count)
{
    const struct rule_graph *g = b->run->graph;
    const struct rule_stream *own = &g->streams[g->stream_count - 1];

    for (int i = own->first; i < own->end; i++)
        b->run->values[i] = column_of(b, i)[count - 1];
}
